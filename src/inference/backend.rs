//! What computes: one loaded network that is run by one thread.

use std::sync::Arc;

use super::{Placement, Signature, Tensor};

/// Why a network was not loaded or did not compute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BackendError {
    /// What the runtime said.
    pub reason: String,
}

impl BackendError {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// A loaded network.
pub trait Backend: Send {
    /// What goes in and comes out.
    fn signature(&self) -> &Signature;

    /// Where it runs.
    fn placement(&self) -> &Placement;

    /// Computes all outputs; inputs and outputs in the order of the signature.
    ///
    /// # Errors
    /// [`BackendError`] with what the runtime said.
    fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, BackendError>;
}

/// Loads a network, again and again: once for every thread, and anew after a fault.
pub type BackendFactory = Arc<dyn Fn() -> Result<Box<dyn Backend>, BackendError> + Send + Sync>;
