//! Settings of the blob store.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::auth::Secret;

/// Where the files of jobs are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobConfig {
    /// Where; `None` is the folder `blobs` below the folder of the service.
    pub url: Option<BlobUrl>,
    /// Address of an S3 service that is not Amazon's.
    pub s3_endpoint: Option<Url>,
    /// Region of the bucket.
    pub s3_region: S3Region,
    /// Id of the access key; `None` asks the environment of the machine for credentials.
    pub s3_access_key_id: Option<String>,
    /// The secret that goes with it.
    pub s3_secret_access_key: Option<Secret>,
}

/// Where blobs are kept: `file:PATH`, `s3://BUCKET/PREFIX`, or `memory:` until the process ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobUrl {
    /// In a folder.
    Folder(PathBuf),
    /// In a bucket, below a prefix that may be empty.
    S3 {
        /// Name of the bucket.
        bucket: String,
        /// What every key begins with.
        prefix: String,
    },
    /// In memory, for tests.
    Memory,
}

/// The text does not say where blobs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `file:PATH`, `s3://BUCKET/PREFIX` or `memory:`")]
pub struct InvalidBlobUrl;

impl FromStr for BlobUrl {
    type Err = InvalidBlobUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBlobUrl> {
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(place) = text.strip_prefix("s3://") {
            let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            let is_plain = prefix.bytes().all(|byte| is_name(byte) || byte == b'/');
            if bucket.is_empty() || !bucket.bytes().all(is_name) || !is_plain {
                return Err(InvalidBlobUrl);
            }
            let prefix = prefix.trim_matches('/').to_owned();
            return Ok(Self::S3 { bucket: bucket.to_owned(), prefix });
        }
        let path = match text.strip_prefix("file:") {
            // `file:///path` names no host, so two of the slashes say nothing.
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            None if text.contains(':') => return Err(InvalidBlobUrl),
            None => text,
        };
        if path.is_empty() { Err(InvalidBlobUrl) } else { Ok(Self::Folder(PathBuf::from(path))) }
    }
}

impl fmt::Display for BlobUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(formatter, "file:{}", path.display()),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(formatter, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(formatter, "s3://{bucket}/{prefix}"),
            Self::Memory => formatter.write_str("memory:"),
        }
    }
}

/// The name of a region, which a client signs even where it means nothing to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Region(String);

/// The text is not the name of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a region, such as eu-central-1")]
pub struct InvalidRegion;

impl Default for S3Region {
    fn default() -> Self {
        Self("us-east-1".to_owned())
    }
}

impl FromStr for S3Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, InvalidRegion> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_name = (1..=64).contains(&text.len()) && text.bytes().all(is_plain);
        if is_name { Ok(Self(text.to_owned())) } else { Err(InvalidRegion) }
    }
}

impl fmt::Display for S3Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_a_bucket_or_memory() {
        for (text, shown) in [
            ("memory:", "memory:"),
            ("file:/var/blobs", "file:/var/blobs"),
            ("file:///var/blobs", "file:/var/blobs"),
            ("blobs", "file:blobs"),
            ("s3://bucket", "s3://bucket"),
            ("s3://bucket/", "s3://bucket"),
            ("s3://bucket/some/prefix/", "s3://bucket/some/prefix"),
        ] {
            let place = text.parse::<BlobUrl>().unwrap();
            assert_eq!(place.to_string(), shown);
            assert_eq!(shown.parse(), Ok(place));
        }
        for bad in ["", "file:", "s3://", "s3:///x", "s3://user:secret@bucket", "gs://bucket"] {
            assert_eq!(bad.parse::<BlobUrl>(), Err(InvalidBlobUrl), "{bad}");
        }
    }
}
