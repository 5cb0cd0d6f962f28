//! Models as engines of restorations.

use std::sync::Arc;
use std::time::Instant;

use super::{Lease, Manifest, ModelName, Registry, RegistryError, RegistryFault, Version};
use crate::engines::{Network, NetworkError, NetworkName, Networks};
use crate::inference::{InferenceError, Runtime, Signature, Tensor};

/// Each method may wait for files, a load or a model, so none is for asynchronous code.
impl Networks for Registry {
    fn list(&self) -> Vec<(ModelName, Manifest)> {
        let newest = |name: ModelName| {
            let manifest = self.manifest(&name, None).ok()?;
            Some((name, manifest))
        };
        self.names().into_iter().filter_map(newest).collect()
    }

    fn obstacle(&self) -> Option<String> {
        if Runtime::loaded().is_some() {
            return None;
        }
        let search = &self.loader.search;
        // Where it was looked for is nobody's business but the operator's.
        search.find().err().map(|_| "ONNX Runtime is not installed".to_owned())
    }

    fn look_up(&self, name: &NetworkName) -> Result<Manifest, NetworkError> {
        self.manifest(&name.model, name.version).map_err(|fault| self.refused(name, fault))
    }

    fn find(&self, name: &NetworkName) -> Result<Arc<dyn Network>, NetworkError> {
        let lease = self.lease_or_load_blocking(&name.model, name.version);
        Ok(Arc::new(lease.map_err(|fault| self.refused(name, fault))?))
    }
}

impl Network for Lease {
    fn name(&self) -> String {
        format!("{}:{}", Lease::name(self), self.version())
    }

    fn manifest(&self) -> &Manifest {
        Lease::manifest(self)
    }

    fn signature(&self) -> &Signature {
        Lease::signature(self)
    }

    fn run(&self, inputs: Vec<(String, Tensor)>) -> Result<Vec<(String, Tensor)>, InferenceError> {
        let answer = self.run_blocking(inputs, Instant::now() + self.patience());
        Ok(answer?.outputs)
    }
}

impl Registry {
    /// What a version is for, or the newest: of the model that answers, else by its files.
    fn manifest(
        &self,
        name: &ModelName,
        version: Option<Version>,
    ) -> Result<Manifest, RegistryFault> {
        match self.look_up(name, version)? {
            super::Lookup::Ready(model) => Ok(Lease::new(model).manifest().clone()),
            super::Lookup::Load(key) => self.loader.manifest(&key).map_err(Arc::new),
        }
    }

    /// The models there are, in order.
    fn names(&self) -> Vec<ModelName> {
        let mut names: Vec<_> = self.index().into_iter().map(|entry| entry.name).collect();
        names.dedup();
        names
    }

    fn refused(&self, name: &NetworkName, fault: RegistryFault) -> NetworkError {
        let name = name.clone();
        match &*fault {
            RegistryError::UnknownModel { .. } | RegistryError::UnknownVersion { .. } => {
                let known =
                    self.list().into_iter().filter(|(_, manifest)| manifest.image.is_some());
                let known = known.map(|(name, _)| name.to_string()).collect();
                NetworkError::Unknown { name, known }
            }
            _ => NetworkError::Unavailable { name, source: Box::new(fault) },
        }
    }
}
