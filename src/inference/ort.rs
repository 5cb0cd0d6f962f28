//! ONNX Runtime: the only file that knows it.

use std::error::Error as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::ep::{self, ExecutionProviderDispatch};
use ort::logging::LogLevel;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Outlet, TensorElementType, TensorRef, ValueType};

use super::library;
use super::tensor::{Tensor, TensorData};
use super::{
    Backend, BackendError, BackendFactory, Device, Dimension, ElementType, LibraryError,
    LibrarySearch, Placement, Signature, ValueInfo,
};

/// Why the runtime cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// Its library was not found.
    #[error(transparent)]
    Missing(#[from] LibraryError),
    /// Its library was found, but is not one, is too old, or lacks a library it needs.
    #[error("{} cannot be loaded as ONNX Runtime: {reason}", path.display())]
    Unusable {
        /// The library.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
}

/// The runtime of this process: there is one, and it stays.
#[derive(Debug)]
pub struct Runtime {
    environment: Environment,
    library: PathBuf,
    build: String,
}

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Held while the runtime is loaded, so that two threads do not load it twice.
static LOADING: Mutex<()> = Mutex::new(());

impl Runtime {
    /// Loads the library, or gives the runtime that this process has loaded before, whatever its
    /// library: a process cannot have two.
    ///
    /// # Errors
    /// [`RuntimeError`] if it is missing or cannot be used. It may be tried again.
    pub fn load(search: &LibrarySearch) -> Result<&'static Self, RuntimeError> {
        let _loading = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = RUNTIME.get() {
            return Ok(runtime);
        }
        let library = search.find()?;
        let unusable = |reason: String| RuntimeError::Unusable { path: library.clone(), reason };
        let builder = ort::init_from(&library).map_err(|error| unusable(why_not_loaded(&error)))?;
        let environment = builder
            .with_name("cogd")
            .with_telemetry(false)
            .with_logger(Arc::new(log))
            .build()
            .map_err(|error| unusable(error.to_string()))?;
        // What is worth telling comes back as an error; the rest is for those who ask for it.
        environment.set_log_level(LogLevel::Warning);
        let build = ort::info().to_owned();
        Ok(RUNTIME.get_or_init(|| Self { environment, library: library.clone(), build }))
    }

    /// The runtime, if this process has loaded one.
    pub fn loaded() -> Option<&'static Self> {
        RUNTIME.get()
    }

    /// The library that was loaded.
    pub fn library(&self) -> &Path {
        &self.library
    }

    /// The version of the library, where that can be told.
    pub fn version(&self) -> Option<String> {
        library::version(&self.library)
    }

    /// What the library says of its build.
    pub fn build(&self) -> &str {
        &self.build
    }

    /// A way to load a model again and again.
    pub fn factory(&'static self, model: ModelSource, options: SessionOptions) -> BackendFactory {
        Arc::new(move || {
            let session = OrtSession::load(&self.environment, &model, options)?;
            Ok(Box::new(session))
        })
    }
}

/// What the system's loader said: which library or symbol it missed.
fn why_not_loaded(error: &ort::LoadDynamicError) -> String {
    match error {
        ort::LoadDynamicError::Dlopen { error, .. } => {
            error.source().map_or_else(|| error.to_string(), ToString::to_string)
        }
        other => other.to_string(),
    }
}

/// Messages of the runtime go where all others go.
fn log(level: LogLevel, category: &str, _: &str, location: &str, message: &str) {
    match level {
        LogLevel::Verbose | LogLevel::Info => tracing::debug!(category, location, message),
        LogLevel::Warning => tracing::info!(category, location, message),
        LogLevel::Error | LogLevel::Fatal => tracing::warn!(category, location, message),
    }
}

/// Where the bytes of a model are.
#[derive(Clone, Debug)]
pub enum ModelSource {
    /// In memory, where they stay as long as the model may be loaded anew.
    Memory(Arc<[u8]>),
    /// In a file, which is read when the model is loaded.
    File(PathBuf),
}

/// How a model is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionOptions {
    /// What it runs on.
    pub device: Device,
    /// Threads of one session, the caller's included.
    pub threads: NonZeroUsize,
    /// Whether the memory for results between layers is kept from run to run. It is faster, and
    /// goes back to the system when the model is unloaded.
    pub arena: bool,
    /// Whether threads that wait for work burn time instead of sleeping: a little faster alone,
    /// much slower beside others.
    pub spin: bool,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self { device: Device::Auto, threads: NonZeroUsize::MIN, arena: true, spin: false }
    }
}

struct OrtSession {
    session: Session,
    signature: Signature,
    placement: Placement,
}

impl OrtSession {
    fn load(
        environment: &Environment,
        model: &ModelSource,
        options: SessionOptions,
    ) -> Result<Self, BackendError> {
        let requested = options.device;
        let on = |device: Device| commit(environment, model, options, device);
        let (session, used, fallback) = if requested == Device::Auto {
            match on(Device::Cuda(0)) {
                Ok(session) => (session, Device::Cuda(0), None),
                Err(error) => (on(Device::Cpu)?, Device::Cpu, Some(error.reason)),
            }
        } else {
            (on(requested)?, requested, None)
        };
        let signature = Signature {
            inputs: session.inputs().iter().map(describe).collect::<Result<_, _>>()?,
            outputs: session.outputs().iter().map(describe).collect::<Result<_, _>>()?,
        };
        let placement = Placement { requested, used, fallback };
        Ok(Self { session, signature, placement })
    }
}

fn commit(
    environment: &Environment,
    model: &ModelSource,
    options: SessionOptions,
    device: Device,
) -> Result<Session, BackendError> {
    let mut builder = configure(environment, options, device)?;
    Ok(match model {
        ModelSource::Memory(bytes) => builder.commit_from_memory(bytes)?,
        ModelSource::File(path) => builder.commit_from_file(path)?,
    })
}

impl From<ort::Error> for BackendError {
    fn from(error: ort::Error) -> Self {
        Self::new(error.message())
    }
}

fn configure(
    environment: &Environment,
    options: SessionOptions,
    device: Device,
) -> ort::Result<SessionBuilder> {
    Ok(Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(options.threads.get())?
        .with_inter_threads(1)?
        .with_parallel_execution(false)?
        .with_intra_op_spinning(options.spin)?
        .with_memory_pattern(options.arena)?
        .with_execution_providers(providers(device, options.arena)?)?)
}

/// What computes, the preferred first; all of it must be there.
fn providers(device: Device, arena: bool) -> ort::Result<Vec<ExecutionProviderDispatch>> {
    let number = |number: u32| {
        let too_large = |_| ort::Error::new(format!("there is no GPU number {number}"));
        i32::try_from(number).map_err(too_large)
    };
    let cuda = |device| -> ort::Result<_> {
        Ok(ep::CUDA::default().with_device_id(number(device)?).build())
    };
    let processor = ep::CPU::default().with_arena_allocator(arena).build();
    let wanted = match device {
        Device::Auto | Device::Cpu => vec![processor],
        Device::Cuda(device) => {
            check_compiled::<ep::CUDA>()?;
            vec![cuda(device)?, processor]
        }
        Device::TensorRt(device) => {
            check_compiled::<ep::TensorRT>()?;
            let compiler = ep::TensorRT::default().with_device_id(number(device)?).build();
            // What the compiler cannot translate runs on the same GPU.
            vec![compiler, cuda(device)?, processor]
        }
    };
    Ok(wanted.into_iter().map(ExecutionProviderDispatch::error_on_failure).collect())
}

/// Says in our own words what the commonest fault is: a library for the processor only.
fn check_compiled<P: ep::ExecutionProvider>() -> ort::Result<()> {
    if P::is_available()? {
        return Ok(());
    }
    Err(ort::Error::new(format!(
        "this ONNX Runtime was built without {}; `scripts/fetch-onnxruntime --gpu` fetches one \
         that has it",
        P::NAME
    )))
}

fn describe(outlet: &Outlet) -> Result<ValueInfo, BackendError> {
    let name = outlet.name().to_owned();
    let unsupported = || BackendError::new(format!("`{name}` is not a tensor of numbers"));
    let ValueType::Tensor { ty, shape, dimension_symbols } = outlet.dtype() else {
        return Err(unsupported());
    };
    let element = element_type(*ty).ok_or_else(unsupported)?;
    let axis = |(index, &length): (usize, &i64)| match u64::try_from(length) {
        Ok(length) => Dimension::Fixed(length),
        Err(_) => match dimension_symbols.get(index).map(String::as_str) {
            None | Some("") => Dimension::Unknown,
            Some(symbol) => Dimension::Named(symbol.to_owned()),
        },
    };
    // The runtime does not tell a number without axes from a tensor of unknown axes.
    let shape = (!shape.is_empty()).then(|| shape.iter().enumerate().map(axis).collect());
    Ok(ValueInfo { name, element, shape })
}

macro_rules! element_types {
    ($($ours:ident = $theirs:ident),* $(,)?) => {
        fn element_type(theirs: TensorElementType) -> Option<ElementType> {
            match theirs {
                $(TensorElementType::$theirs => Some(ElementType::$ours),)*
                _ => None,
            }
        }

        /// Shows a tensor to the runtime without copying it.
        fn show(tensor: &Tensor) -> ort::Result<SessionInputValue<'_>> {
            let shape = tensor.shape();
            Ok(match tensor.data() {
                $(TensorData::$ours(elements) => {
                    TensorRef::from_array_view((shape, &elements[..]))?.into()
                })*
            })
        }

        /// Copies a result out of the runtime.
        fn take(value: &DynValue) -> ort::Result<(Vec<usize>, TensorData)> {
            let theirs = value.dtype().tensor_type();
            match theirs {
                $(Some(TensorElementType::$theirs) => {
                    let (shape, elements) = value.try_extract_tensor()?;
                    let length = |&length: &i64| usize::try_from(length).unwrap_or(0);
                    let shape = shape.iter().map(length).collect();
                    Ok((shape, TensorData::$ours(elements.to_vec())))
                })*
                _ => Err(ort::Error::new("an output is not a tensor of numbers")),
            }
        }
    };
}

element_types! {
    Bool = Bool, U8 = Uint8, I8 = Int8, U16 = Uint16, I16 = Int16, U32 = Uint32, I32 = Int32,
    U64 = Uint64, I64 = Int64, F16 = Float16, Bf16 = Bfloat16, F32 = Float32, F64 = Float64,
}

impl Backend for OrtSession {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn run(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, BackendError> {
        let shown = inputs.iter().map(show).collect::<ort::Result<Vec<_>>>()?;
        let given = self.session.run(&shown[..])?;
        let output = |info: &ValueInfo| {
            let missing = || BackendError::new(format!("output `{}` is missing", info.name));
            let (shape, data) = take(given.get(&info.name).ok_or_else(missing)?)?;
            Tensor::new(shape, data).map_err(|error| BackendError::new(error.to_string()))
        };
        self.signature.outputs.iter().map(output).collect()
    }
}
