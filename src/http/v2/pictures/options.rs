//! What the parameters of a request ask of a restoration.

use super::Engine;
use crate::engines::{Options, Task};
use crate::http::error::ApiError;
use crate::http::upload::{TENSOR_FORM, Wishes};
use crate::http::v2::parameters::Parameters;
use crate::http::v2::request::invalid;

/// The format of files that come back, as it is named here.
const ENCODING: &str = "output_encoding";
/// Its name elsewhere.
const FORMAT: &str = "output_format";
const TASK: &str = "task";
const ENGINE: &str = "engine";

/// What is asked of a restoration.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) task: Task,
    pub(super) options: Options,
}

impl Asked {
    /// Reads the parameters that there are elsewhere under the same names. What nobody knows is
    /// passed over, as the protocol does.
    ///
    /// # Errors
    /// All values that cannot be used.
    pub(super) fn read(parameters: &Parameters, engine: &Engine) -> Result<Self, ApiError> {
        let mut wishes = Wishes { task: engine.task(), ..Wishes::default() };
        let mut faults = Vec::new();
        for (name, value) in parameters.iter() {
            let known = if name == ENCODING { FORMAT } else { name };
            if known == ENGINE {
                faults
                    .push(format!("`{ENGINE}` has no place here: the model of the path restores"));
            } else if let Err(expected) = TENSOR_FORM.set(&mut wishes, known, value) {
                faults.push(format!("`{name}` {expected}"));
            }
        }
        if !faults.is_empty() {
            return Err(invalid(format!("parameters: {}", faults.join("; "))));
        }
        let Wishes { task, mut options, .. } = wishes;
        if let Engine::Network(_) = engine
            && task != engine.task()
        {
            return Err(invalid(format!("parameters: `{TASK}` is not what this network is for")));
        }
        options.restore.engine = engine.choice();
        Ok(Self { task, options })
    }
}
