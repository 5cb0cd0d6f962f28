//! A network that is a closure: for tests of everything around a network, without a runtime.

use std::sync::Arc;

use super::{Backend, BackendError, BackendFactory, Device, Placement, Signature, Tensor};

/// What a fake network computes.
pub type Compute = dyn Fn(&[Tensor]) -> Result<Vec<Tensor>, BackendError> + Send + Sync;

struct Fake {
    signature: Signature,
    placement: Placement,
    compute: Arc<Compute>,
}

impl Backend for Fake {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, BackendError> {
        (self.compute)(inputs)
    }
}

/// Makes fake networks that all share one closure.
pub fn factory(
    signature: Signature,
    compute: impl Fn(&[Tensor]) -> Result<Vec<Tensor>, BackendError> + Send + Sync + 'static,
) -> BackendFactory {
    let compute: Arc<Compute> = Arc::new(compute);
    Arc::new(move || {
        let placement = Placement { requested: Device::Cpu, used: Device::Cpu, fallback: None };
        let (signature, compute) = (signature.clone(), Arc::clone(&compute));
        Ok(Box::new(Fake { signature, placement, compute }))
    })
}
