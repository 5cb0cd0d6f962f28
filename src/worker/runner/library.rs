//! The dictionaries that callers have learned, by name.

use std::sync::Arc;

use crate::csc::dictionary::Dictionary;
use crate::engines::{DictionaryChoice, dictionary_names};
use crate::storage::{Database, LearnedDictionary, StorageError};

/// The dictionaries that callers have learned. Each sees its own.
#[derive(Clone, Debug)]
pub struct Library(Database);

impl Library {
    /// Where learned dictionaries are kept.
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// Replaces the name of a learned dictionary by the dictionary. A name that nobody gave stays
    /// as it is: the engines know what to say about it.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn resolve(
        &self,
        owner: &str,
        choice: &mut Option<DictionaryChoice>,
    ) -> Result<(), StorageError> {
        let Some(DictionaryChoice::Named(name)) = choice else { return Ok(()) };
        if dictionary_names().any(|known| known == name) {
            return Ok(());
        }
        let Some(row) = self.0.find_dictionary(owner, name).await? else { return Ok(()) };
        let dictionary = Arc::new(Self::read(&row)?);
        *choice = Some(DictionaryChoice::Given { name: row.name, dictionary });
        Ok(())
    }

    /// The dictionary of that row.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if it is none.
    pub fn read(row: &LearnedDictionary) -> Result<Dictionary, StorageError> {
        Dictionary::from_bytes(&row.file).map_err(|error| StorageError::Corrupt {
            what: format!("the dictionary {}", row.name),
            source: error.into(),
        })
    }

    /// Gives a dictionary its name; `false` if another one has it.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn add(&self, row: &LearnedDictionary) -> Result<bool, StorageError> {
        if self.0.add_dictionary(row).await? {
            return Ok(true);
        }
        let there = self.0.find_dictionary(&row.owner, &row.name).await?;
        // The same bytes under the same name are the same dictionary, from an attempt before.
        Ok(there.is_some_and(|there| there.file == row.file))
    }

    /// A dictionary of that owner, if there is one of this name.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn find(
        &self,
        owner: &str,
        name: &str,
    ) -> Result<Option<LearnedDictionary>, StorageError> {
        self.0.find_dictionary(owner, name).await
    }

    /// All dictionaries of that owner, by name.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn list(&self, owner: &str) -> Result<Vec<LearnedDictionary>, StorageError> {
        self.0.list_dictionaries(owner).await
    }

    /// Forgets a dictionary; `false` if there is none of this name.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn remove(&self, owner: &str, name: &str) -> Result<bool, StorageError> {
        Ok(self.0.remove_dictionary(owner, name).await?.is_some())
    }
}
