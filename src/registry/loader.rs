//! From the files of a version to a model at work: read, verify, inspect, start.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::lease::{Living, Loaded, Sheet};
use super::shelf::Shelf;
use super::table::Key;
use super::{Manifest, ModelsConfig, RegistryError, triton};
use crate::inference::{
    BackendError, BackendFactory, Executor, ExecutorConfig, LibrarySearch, ModelSource, Runtime,
    SessionOptions, Signature, resident_estimate,
};
use crate::onnx::{InspectLimits, inspect};
use crate::telemetry::Metrics;

/// Files that were found to be whole and to fit together, not yet loaded.
pub(super) struct Prepared {
    sheet: Sheet,
    factory: BackendFactory,
}

/// Where models come from and what they are loaded with.
#[derive(Debug)]
pub(super) struct Loader {
    pub(super) shelf: Shelf,
    pub(super) config: ModelsConfig,
    pub(super) search: LibrarySearch,
    pub(super) living: Living,
    pub(super) metrics: Arc<Metrics>,
}

impl Loader {
    /// What the model of a version is for, by its manifest alone.
    pub(super) fn manifest(&self, (name, version): &Key) -> Result<Manifest, RegistryError> {
        let [manifest, _] = self.shelf.read_texts(name, *version)?;
        Ok(Manifest::parse(manifest.as_deref().unwrap_or_default())?)
    }

    /// Reads and checks the files of a version.
    pub(super) fn prepare(&self, key: &Key) -> Result<Prepared, RegistryError> {
        // Before a large file is read for nothing.
        let runtime = Runtime::load(&self.search).map_err(RegistryError::Runtime)?;
        let (name, version) = key;
        let [manifest, triton] = self.shelf.read_texts(name, *version)?;
        let manifest = Manifest::parse(manifest.as_deref().unwrap_or_default())?;
        let limit = self.config.max_bytes;
        let bytes = self.shelf.read_model(name, *version, limit)?;
        let digest = sha256(&bytes);
        if let Some(expected) = &manifest.sha256
            && !expected.eq_ignore_ascii_case(&digest)
        {
            return Err(RegistryError::Checksum { expected: expected.clone(), actual: digest });
        }
        let limits = InspectLimits { bytes: limit, ..InspectLimits::default() };
        let inspection = inspect(&bytes, &limits)?;
        let instances = self.config.sessions_of_a_model().get() as u64;
        let needed = resident_estimate(&inspection).saturating_mul(instances);
        let signature = Signature { inputs: inspection.inputs, outputs: inspection.outputs };
        manifest.check(&signature)?;

        let by_triton = triton.as_deref().and_then(triton::max_batch_size);
        let max_batch = match manifest.batchable {
            Some(false) => 1,
            _ => by_triton.map_or(self.config.max_batch, |most| most.max(1)),
        };
        let patience = self.config.deadline;
        let sheet = Sheet { key: key.clone(), manifest, bytes: needed, max_batch, patience };
        let factory = self.factory(runtime, key, digest);
        Ok(Prepared { sheet, factory })
    }

    /// Loads the very file that was checked, however often: it is read each time, so that it need
    /// not be kept in memory, and from memory, so that nothing beside it is.
    fn factory(&self, runtime: &'static Runtime, key: &Key, digest: String) -> BackendFactory {
        let (shelf, limit) = (self.shelf.clone(), self.config.max_bytes);
        let threads = self.config.threads_of_a_session();
        let options =
            SessionOptions { device: self.config.device, threads, ..SessionOptions::default() };
        let (name, version) = key.clone();
        Arc::new(move || {
            let failed = |reason: String| BackendError { reason };
            let bytes = shelf.read_model(&name, version, limit);
            let bytes = bytes.map_err(|error| failed(error.to_string()))?;
            if sha256(&bytes) != digest {
                return Err(failed("model.onnx was changed while it was in use".to_owned()));
            }
            runtime.factory(ModelSource::Memory(Arc::from(bytes)), options)()
        })
    }

    /// Loads a model and starts its threads. Takes as long as the runtime does.
    pub(super) fn start(&self, prepared: Prepared) -> Result<Loaded, RegistryError> {
        let Prepared { sheet, factory } = prepared;
        let config = ExecutorConfig {
            instances: self.config.sessions_of_a_model(),
            queue_length: self.config.queue_length,
            max_batch: sheet.max_batch,
            deadline: sheet.patience,
            ..ExecutorConfig::default()
        };
        let executor =
            Executor::start(sheet.key.0.as_str(), &factory, config).map_err(RegistryError::Load)?;
        // What the runtime sees is what requests are checked against.
        sheet.manifest.check(executor.handle().signature())?;
        Ok(Loaded::new(sheet, executor, &self.living, &self.metrics))
    }
}

impl Prepared {
    /// Memory that it will take, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.sheet.bytes
    }
}

/// SHA-256 in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
