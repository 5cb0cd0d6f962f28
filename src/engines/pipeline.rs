//! From files to a file: the one road for every restoration.

use std::sync::Arc;

use crate::csc::{DEFAULT_ROUNDS, InpaintParams, Transform8};
use crate::imaging::{self, EncodeOptions, ImageFormat, Mask, MetadataPolicy, Picture};

use super::context::{Environment, Observer, Stage};
use super::dictionaries::DictionaryChoice;
use super::error::EngineError;
use super::inpaint::{self, Summary};
use super::network::{self, Network};
use super::outcome::{Answer, Report, Warning};
use super::reconstruct;
use super::spec::{self, EngineChoice, Options, Request, Task};

/// Restores a picture.
///
/// Known pixels of [`Task::Inpaint`] come back bit-exact in lossless formats, and what stands in
/// hidden pixels has no influence on any byte of the answer. The same request gives the same
/// bytes, whatever the number of threads.
///
/// # Errors
/// See [`EngineError`]; all but `Solver` are the caller's to mend.
pub fn process(
    request: &Request<'_>,
    environment: &Environment,
    observer: &dyn Observer,
) -> Result<Answer, EngineError> {
    let Request { task, options, .. } = *request;
    validate(request)?;
    let engine = Engine::choose(request, environment)?;
    observer.enter(Stage::Decode);
    let mut picture =
        imaging::decode(request.image, &environment.limits).map_err(EngineError::Image)?;
    let (width, height) = (picture.raster.width(), picture.raster.height());
    let mask = request
        .mask
        .map(|bytes| Mask::decode(bytes, &options.mask, &environment.limits, width, height))
        .transpose()
        .map_err(EngineError::Mask)?;
    let mut report = Report {
        task,
        engine: engine.name(),
        dictionary: engine.dictionary(),
        width,
        height,
        iterations: 0,
        regions: 0,
        mask_coverage: mask.as_ref().map_or(0.0, Mask::coverage),
        residual: 0.0,
        sigma: None,
        warnings: Vec::new(),
    };
    if mask.as_ref().is_some_and(Mask::is_empty) {
        report.warnings.push(Warning::EmptyMask);
    }
    let mask = mask.filter(|mask| !mask.is_empty());

    observer.enter(Stage::Solve);
    let work = Work { request, environment, observer };
    let mask = mask.as_ref();
    let summary = match &engine {
        Engine::Csc { transform, .. } => by_csc(&mut picture, mask, transform, &work, &mut report)?,
        Engine::Network(network) => by_network(&mut picture, mask, &**network, &work, &mut report)?,
    };
    report.iterations = summary.iterations;
    report.regions = summary.regions;
    report.residual = summary.residual;

    observer.enter(Stage::Encode);
    let format = options.output.format.unwrap_or(picture.format);
    let untouched = summary.regions == 0;
    let bytes = if untouched && may_pass_through(format, &picture, options) {
        request.image.to_vec()
    } else {
        encode(&picture, format, options, &mut report)?
    };
    Ok(Answer { bytes, format, report })
}

/// Checks everything that can be checked without the files.
fn validate(request: &Request<'_>) -> Result<(), EngineError> {
    let mut faults = request.options.validate(request.task).err().unwrap_or_default();
    if request.task == Task::Inpaint && request.mask.is_none() {
        faults.push(spec::fault("mask", "is required: it says where the holes are".to_owned()));
    }
    if faults.is_empty() { Ok(()) } else { Err(EngineError::InvalidParameters(faults)) }
}

/// What solves.
enum Engine {
    /// Our own solver.
    Csc { transform: Transform8, dictionary: String },
    /// A network.
    Network(Arc<dyn Network>),
}

impl Engine {
    fn choose(request: &Request<'_>, environment: &Environment) -> Result<Self, EngineError> {
        let restore = &request.options.restore;
        match &restore.engine {
            EngineChoice::Auto | EngineChoice::Csc => {
                let dictionary = restore.dictionary.clone().unwrap_or_default();
                let transform = dictionary.transform()?;
                Ok(Self::Csc { transform, dictionary: dictionary.name().to_owned() })
            }
            EngineChoice::Network(name) => {
                network::find(name, request.task, &*environment.networks).map(Self::Network)
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Csc { .. } => "csc".to_owned(),
            Self::Network(network) => network.name(),
        }
    }

    fn dictionary(&self) -> Option<String> {
        match self {
            Self::Csc { dictionary, .. } => Some(dictionary.clone()),
            Self::Network(_) => None,
        }
    }
}

/// What is asked, and what there is to do it with.
struct Work<'a> {
    request: &'a Request<'a>,
    environment: &'a Environment,
    observer: &'a dyn Observer,
}

fn by_csc(
    picture: &mut Picture,
    mask: Option<&Mask>,
    transform: &Transform8,
    work: &Work<'_>,
    report: &mut Report,
) -> Result<Summary, EngineError> {
    let Work { request, environment, observer } = *work;
    let spec = &request.options.restore;
    let (raster, threads) = (&mut picture.raster, &environment.threads);
    let iterations = spec.iterations.map(|n| n as usize);
    if request.task == Task::Inpaint {
        let params = iterations.map_or_else(InpaintParams::default, InpaintParams::with_iterations);
        return mask.map_or(Ok(Summary::default()), |mask| {
            inpaint::inpaint(raster, mask, transform, &params, threads, observer)
        });
    }
    let sigmas = match spec.sigma {
        Some(sigma) => Some(vec![sigma / 255.0; raster.model().color_channels()]),
        None => reconstruct::estimate(raster, mask),
    };
    let mut summary = Summary::default();
    if let Some(mask) = mask {
        let params = InpaintParams::default();
        summary = inpaint::inpaint(raster, mask, transform, &params, threads, observer)?;
    }
    let Some(sigmas) = sigmas else {
        report.warnings.push(Warning::NoiseUnknown);
        return Ok(summary);
    };
    let sigma = reconstruct::sigma_of(&sigmas);
    report.sigma = Some(sigma * 255.0);
    if sigma > 0.0 {
        let rounds = iterations.unwrap_or(DEFAULT_ROUNDS);
        summary = reconstruct::reconstruct(raster, &sigmas, transform, rounds, threads, observer)?;
    }
    Ok(summary)
}

fn by_network(
    picture: &mut Picture,
    mask: Option<&Mask>,
    network: &dyn Network,
    work: &Work<'_>,
    report: &mut Report,
) -> Result<Summary, EngineError> {
    let Work { request, environment, observer } = *work;
    let raster = &mut picture.raster;
    if request.task == Task::Inpaint {
        let Some(mask) = mask else { return Ok(Summary::default()) };
        let (summary, was_shrunk) = network::inpaint(raster, mask, network, observer)?;
        report.warnings.extend(was_shrunk.then_some(Warning::Enlarged));
        return Ok(summary);
    }
    let takes_mask = network.manifest().mask.is_some();
    if let Some(mask) = mask.filter(|_| !takes_mask) {
        // It takes everything for known, so there must be something everywhere.
        let transform = DictionaryChoice::default().transform()?;
        let (params, threads) = (InpaintParams::default(), &environment.threads);
        inpaint::inpaint(raster, mask, &transform, &params, threads, observer)?;
    }
    network::denoise(raster, mask.filter(|_| takes_mask), network, observer)
}

/// Whether the file that came in is the file to give back when no pixel was changed.
fn may_pass_through(format: ImageFormat, picture: &Picture, options: &Options) -> bool {
    format == picture.format && options.output.metadata == MetadataPolicy::Keep
}

fn encode(
    picture: &Picture,
    format: ImageFormat,
    options: &Options,
    report: &mut Report,
) -> Result<Vec<u8>, EngineError> {
    let options = EncodeOptions {
        format,
        quality: options.output.quality,
        metadata: options.output.metadata,
    };
    let encoded = imaging::encode(picture, &options).map_err(EngineError::Image)?;
    report.warnings.extend(encoded.losses.into_iter().map(Warning::from));
    Ok(encoded.bytes)
}
