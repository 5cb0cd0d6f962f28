//! The key that addresses are signed with, kept so that they outlive a restart.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The file of a key, in the folder of the service.
const FILE: &str = "url.key";
/// Fewest bytes of a key.
const SHORTEST: usize = 32;

/// A key for signatures (HMAC-SHA256). It is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

/// The text is too short for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a secret of at least 32 characters")]
pub struct InvalidKey;

impl SigningKey {
    /// A new key, which is kept nowhere.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn generate() -> io::Result<Self> {
        let mut key = vec![0; SHORTEST];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        Ok(Self(key))
    }

    /// The key that is kept in this folder; a new one, if there is none yet.
    ///
    /// # Errors
    /// If the file can be neither read nor made, or holds no key.
    pub fn keep(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        match std::fs::read(&path) {
            Ok(key) => return Self::of_file(key),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let key = Self::generate()?;
        // Readable for nobody else, and whole when it appears under its name.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&key.0)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(key),
            // Another process was faster, and its key is the one.
            Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => {
                Self::of_file(std::fs::read(&path)?)
            }
            Err(failed) => Err(failed.error),
        }
    }

    fn of_file(key: Vec<u8>) -> io::Result<Self> {
        let whole = (key.len() >= SHORTEST).then_some(Self(key));
        whole.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the file holds no key"))
    }

    /// The signature of a text, in letters that need no escaping in an address.
    pub fn sign(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(text).finalize().into_bytes())
    }

    /// Whether this is the signature of a text, in a time that does not tell how much of it is.
    pub fn verify(&self, text: &str, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        self.mac(text).verify_slice(&signature).is_ok()
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0);
        mac.expect("any length is a key").chain_update(text)
    }
}

impl FromStr for SigningKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        if text.len() >= SHORTEST { Ok(Self(text.as_bytes().to_vec())) } else { Err(InvalidKey) }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_key_is_found_again_and_signs_alike() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::keep(folder.path()).unwrap();
        assert_eq!(SigningKey::keep(folder.path()).unwrap(), key);
        let signature = key.sign("a text");
        assert!(key.verify("a text", &signature));
        assert!(!key.verify("another text", &signature));
        assert!(!key.verify("a text", &signature[1..]));
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(!SigningKey::keep(elsewhere.path()).unwrap().verify("a text", &signature));
    }

    #[test]
    fn what_is_no_key_is_refused_and_none_is_shown() {
        assert_eq!("short".parse::<SigningKey>(), Err(InvalidKey));
        let key: SigningKey = "0123456789abcdef0123456789abcdef".parse().unwrap();
        assert!(!format!("{key:?}").contains("0123"));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "cut").unwrap();
        assert!(SigningKey::keep(folder.path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_a_kept_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        SigningKey::keep(folder.path()).unwrap();
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
