//! Who is calling.

use std::collections::BTreeSet;

use super::Scope;

/// Who is calling: the holder of a key, or anybody where no key is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The id of the key; empty where none is asked for.
    pub id: String,
    /// The name of the key.
    pub name: String,
    /// What the key may be used for.
    pub scopes: BTreeSet<Scope>,
}

impl Principal {
    /// Anybody, who may do everything: no key is asked for.
    pub fn open() -> Self {
        Self { id: String::new(), name: "anybody".to_owned(), scopes: Scope::ALL.into() }
    }

    /// The owner of the jobs it creates.
    pub fn owner(&self) -> &str {
        &self.id
    }

    /// Whether no key was asked for.
    pub fn is_open(&self) -> bool {
        self.id.is_empty()
    }

    /// Whether it may do what needs this scope. [`Scope::Admin`] may do everything.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.is_admin()
    }

    /// Whether it may see and end the jobs of others.
    pub fn is_admin(&self) -> bool {
        self.scopes.contains(&Scope::Admin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_gives_what_it_names_and_admin_gives_everything() {
        let with = |scopes: &[Scope]| Principal {
            id: "a".to_owned(),
            name: "a".to_owned(),
            scopes: scopes.iter().copied().collect(),
        };
        assert!(with(&[Scope::Restore]).may(Scope::Restore));
        assert!(!with(&[Scope::Restore, Scope::Infer]).may(Scope::Learn));
        assert!(!with(&[]).may(Scope::Restore));
        for scope in Scope::ALL {
            assert!(with(&[Scope::Admin]).may(scope));
            assert!(Principal::open().may(scope));
        }
    }
}
