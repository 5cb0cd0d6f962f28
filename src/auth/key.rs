//! API keys: made once, shown once, kept only as a hash.

use std::fmt::{self, Write as _};
use std::hint::black_box;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// What every key begins with, so that scanners for leaked secrets can find it.
const PREFIX: &str = "cogd";
/// Digits of the public part.
const ID_DIGITS: usize = 16;
/// Digits of the secret part: 256 bits, which no hash needs to be slow for.
const SECRET_DIGITS: usize = 64;

/// A key, `cogd_<id>_<secret>`. Only its holder has it; the service keeps a [`KeyHash`].
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    text: String,
}

/// The text does not have the form of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a key of the form cogd_<id>_<secret>")]
pub struct MalformedKey;

impl ApiKey {
    /// A new key from the randomness of the system.
    ///
    /// # Errors
    /// If the system has none to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let (mut id, mut secret) = ([0; ID_DIGITS / 2], [0; SECRET_DIGITS / 2]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        Ok(Self::from_random(id, secret))
    }

    /// The key made of this randomness.
    pub fn from_random(id: [u8; ID_DIGITS / 2], secret: [u8; SECRET_DIGITS / 2]) -> Self {
        Self { text: format!("{PREFIX}_{}_{}", hexadecimal(&id), hexadecimal(&secret)) }
    }

    /// The public part, by which the key is found and named in logs.
    pub fn id(&self) -> &str {
        &self.text[PREFIX.len() + 1..][..ID_DIGITS]
    }

    /// The whole key, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What the service keeps of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.text.as_bytes()).into())
    }
}

impl FromStr for ApiKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let is_hexadecimal = |text: &str, digits: usize| {
            text.len() == digits
                && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let rest = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('_'));
        let (id, secret) = rest.and_then(|rest| rest.split_once('_')).ok_or(MalformedKey)?;
        if is_hexadecimal(id, ID_DIGITS) && is_hexadecimal(secret, SECRET_DIGITS) {
            Ok(Self { text: text.to_owned() })
        } else {
            Err(MalformedKey)
        }
    }
}

/// Shows which key it is, and nothing to call with.
impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{PREFIX}_{}_[redacted]", self.id())
    }
}

/// The SHA-256 of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash(pub [u8; 32]);

impl KeyHash {
    /// Whether this is the hash of `key`; takes the same time wherever they differ.
    pub fn matches(&self, key: &ApiKey) -> bool {
        let other = key.hash();
        let pairs = self.0.iter().zip(&other.0);
        let difference = pairs.fold(0, |difference, (left, right)| {
            // Kept from the optimiser, which could leave the loop at the first difference.
            black_box(difference | (left ^ right))
        });
        difference == 0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hash of a key]")
    }
}

/// In hexadecimal, as the database keeps it.
impl fmt::Display for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hexadecimal(&self.0))
    }
}

/// The text is not the hash of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct MalformedHash;

impl FromStr for KeyHash {
    type Err = MalformedHash;

    fn from_str(text: &str) -> Result<Self, MalformedHash> {
        let mut hash = [0; 32];
        if text.len() != 2 * hash.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(MalformedHash);
        }
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = str::from_utf8(digits).map_err(|_| MalformedHash)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| MalformedHash)?;
        }
        Ok(Self(hash))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all that is written to it");
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_has_its_form_and_is_found_by_its_id() {
        let key = ApiKey::from_random([0xab; 8], [0x01; 32]);
        assert_eq!(key.reveal(), format!("cogd_abababababababab_{}", "01".repeat(32)));
        assert_eq!(key.id(), "abababababababab");
        assert_eq!(key.reveal().parse(), Ok(key));
    }

    #[test]
    fn generated_keys_differ() {
        let (one, other) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
        assert_ne!(one, other);
        assert_ne!(one.id(), other.id());
    }

    #[test]
    fn only_the_key_itself_matches_its_hash() {
        let key = ApiKey::from_random([1; 8], [2; 32]);
        assert!(key.hash().matches(&key));
        let mut secret = [2; 32];
        secret[31] ^= 1;
        assert!(!key.hash().matches(&ApiKey::from_random([1; 8], secret)));
        assert!(!key.hash().matches(&ApiKey::from_random([3; 8], [2; 32])));
        assert_eq!(key.hash().to_string().parse(), Ok(key.hash()));
        assert_eq!("é".repeat(32).parse::<KeyHash>(), Err(MalformedHash));
    }

    #[test]
    fn neither_a_key_nor_its_hash_is_shown_by_accident() {
        let key = ApiKey::from_random([1; 8], [0x77; 32]);
        assert_eq!(format!("{key:?}"), "cogd_0101010101010101_[redacted]");
        assert_eq!(format!("{:?}", key.hash()), "[hash of a key]");
    }

    #[test]
    fn what_does_not_have_the_form_is_no_key() {
        let whole = ApiKey::from_random([1; 8], [2; 32]).reveal().to_owned();
        for bad in [
            "",
            "cogd",
            "cogd_",
            "cogd_01_02",
            &whole[1..],
            &whole[..whole.len() - 1],
            &whole.to_uppercase(),
            &format!("{whole} "),
            &whole.replace('_', "-"),
        ] {
            assert_eq!(bad.parse::<ApiKey>(), Err(MalformedKey), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_refused(text in ".{0,120}") {
            if let Ok(key) = text.parse::<ApiKey>() {
                prop_assert_eq!(key.reveal(), text.as_str());
            }
        }
    }
}
