//! The file from which an interrupted `cogd learn` goes on.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cli::files;

const MAGIC: &[u8; 8] = b"COGDCKP1";
const DIGEST: usize = 32;

/// What a state was learned from and how; it is of no use to a run that differs in any of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Origin {
    /// All settings by name.
    pub(super) settings: serde_json::Map<String, serde_json::Value>,
    /// SHA-256 of the training files.
    pub(super) data: Vec<u8>,
}

/// Writes a state with its origin, all of it or nothing.
///
/// Layout: magic, length of the origin (u32, little-endian), origin as JSON, state, SHA-256 of
/// all of it.
pub(super) fn save(path: &Path, origin: &Origin, state: &[u8]) -> anyhow::Result<()> {
    let header = serde_json::to_vec(origin)?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend(u32::try_from(header.len())?.to_le_bytes());
    bytes.extend(header);
    bytes.extend(state);
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    files::write(path, &bytes)
}

/// The state in the file, if there is one; an error if it is damaged or of another origin.
pub(super) fn load(path: &Path, origin: &Origin) -> anyhow::Result<Option<Vec<u8>>> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = files::read(path)?;
    let (stored, state) = parse(&bytes)
        .with_context(|| format!("{} is not a whole checkpoint of this version", path.display()))?;
    for (name, wanted) in &origin.settings {
        let found = stored.settings.get(name).unwrap_or(&serde_json::Value::Null);
        ensure!(
            found == wanted,
            "{} was made with other settings: {name} was {found} and is {wanted} now",
            path.display()
        );
    }
    if stored != *origin {
        bail!("{} was made with other images", path.display());
    }
    Ok(Some(state.to_vec()))
}

fn parse(bytes: &[u8]) -> Option<(Origin, &[u8])> {
    let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
    if Sha256::digest(body)[..] != *digest {
        return None;
    }
    let (length, rest) = body.strip_prefix(MAGIC)?.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (header, state) = rest.split_at_checked(length)?;
    Some((serde_json::from_slice(header).ok()?, state))
}
