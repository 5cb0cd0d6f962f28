//! From files to a file: the one road for every restoration.

use std::sync::Arc;

use crate::csc::{DEFAULT_ROUNDS, InpaintParams, Transform8};
use crate::imaging::{
    self, EncodeOptions, ImageFormat, ImagingError, Mask, MetadataPolicy, Picture, Raster,
};
use crate::inference::{Fill, ModelTask};

use super::context::{Environment, Observer, Stage};
use super::dictionaries::DictionaryChoice;
use super::error::EngineError;
use super::explain::{self, ReportDetail};
use super::inpaint::{self, Method, Summary};
use super::network::{self, Network, Refiner};
use super::notes::{Note, Notes};
use super::outcome::{Answer, Report, Warning};
use super::reconstruct;
use super::spec::{self, EngineChoice, Options, OutputOptions, Request, Task};

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
    validate(task, options, request.mask.is_some())?;
    let engine = Engine::choose(task, options, environment)?;
    observer.engage(task.name(), &engine.name());
    observer.enter(Stage::Decode);
    let mut picture =
        imaging::decode(request.image, &environment.limits).map_err(EngineError::Image)?;
    let (width, height) = (picture.raster.width(), picture.raster.height());
    let mask = request
        .mask
        .map(|bytes| Mask::decode(bytes, &options.mask, &environment.limits, width, height))
        .transpose()
        .map_err(EngineError::Mask)?;
    let explain = &options.explain;
    explain
        .check_size(width as u64 * height as u64)
        .map_err(|fault| EngineError::InvalidParameters(vec![fault]))?;
    let before = explain.is_any().then(|| picture.clone());
    let notes = (explain.report == ReportDetail::Full).then(|| Notes::new(observer, height, width));
    let watching: &dyn Observer = notes.as_ref().map_or(observer, |notes| notes);
    let work = Work { task, options, environment, observer: watching };
    let mut report = work.solve(&engine, &mut picture.raster, mask.as_ref())?;

    let format = options.output.format.unwrap_or(picture.format);
    let explanation = match before {
        Some(before) => {
            let mut explanation = notes
                .map(|notes| explain::tell(notes.into_noted()))
                .transpose()?
                .unwrap_or_default();
            if let Some(mask) = mask.as_ref().filter(|mask| !mask.is_empty()) {
                let encoding = encoding(format, options);
                explanation.comparisons =
                    explain::compare(&options.explain.compare, &before, mask, encoding, observer)?;
            }
            Some(explanation)
        }
        None => None,
    };
    observer.enter(Stage::Encode);
    let untouched = report.regions == 0;
    let bytes = if untouched && may_pass_through(format, &picture, options) {
        request.image.to_vec()
    } else {
        if !untouched {
            picture.metadata.remove_previews();
        }
        encode(&picture, format, options, &mut report)?
    };
    Ok(Answer { bytes, format, report, explanation })
}

/// Restores a picture that is no file, in place, by the same rules as [`process`]: the part of it
/// between decoding and encoding. The caller has checked its size against the limits, and has
/// made the mask with the options.
///
/// # Errors
/// See [`EngineError`]; [`ImagingError::MaskSize`] if the mask has another size.
pub fn restore(
    task: Task,
    options: &Options,
    raster: &mut Raster,
    mask: Option<&Mask>,
    environment: &Environment,
    observer: &dyn Observer,
) -> Result<Report, EngineError> {
    validate(task, options, mask.is_some())?;
    if let Some(mask) = mask {
        let expected = (raster.width(), raster.height());
        let actual = (mask.width(), mask.height());
        if expected != actual {
            return Err(EngineError::Mask(ImagingError::MaskSize { expected, actual }));
        }
    }
    let engine = Engine::choose(task, options, environment)?;
    observer.engage(task.name(), &engine.name());
    Work { task, options, environment, observer }.solve(&engine, raster, mask)
}

/// Checks everything that can be checked without the pictures.
fn validate(task: Task, options: &Options, has_mask: bool) -> Result<(), EngineError> {
    let mut faults = options.validate(task).err().unwrap_or_default();
    if task == Task::Inpaint && !has_mask {
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
    /// The solver or its start alone, and a network that refines what it finds.
    Refined { transform: Transform8, dictionary: Option<String>, network: Arc<dyn Network> },
}

impl Engine {
    fn choose(
        task: Task,
        options: &Options,
        environment: &Environment,
    ) -> Result<Self, EngineError> {
        let restore = &options.restore;
        match &restore.engine {
            EngineChoice::Auto | EngineChoice::Csc => {
                let dictionary = restore.dictionary.clone().unwrap_or_default();
                let transform = dictionary.transform()?;
                Ok(Self::Csc { transform, dictionary: dictionary.name().to_owned() })
            }
            EngineChoice::Network(name) => {
                let network = network::find(name, task, &*environment.networks)?;
                let manifest = network.manifest();
                if manifest.task != ModelTask::Refine {
                    return Ok(Self::Network(network));
                }
                // What it was trained on is what the solver finds by itself.
                let dictionary = DictionaryChoice::default();
                let transform = dictionary.transform()?;
                let solves = manifest.start == Fill::Csc;
                let dictionary = solves.then(|| dictionary.name().to_owned());
                Ok(Self::Refined { transform, dictionary, network })
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Csc { .. } => EngineChoice::SOLVER.to_owned(),
            Self::Network(network) | Self::Refined { network, .. } => network.name(),
        }
    }

    fn dictionary(&self) -> Option<String> {
        match self {
            Self::Csc { dictionary, .. } => Some(dictionary.clone()),
            Self::Refined { dictionary, .. } => dictionary.clone(),
            Self::Network(_) => None,
        }
    }
}

/// What is asked, and what there is to do it with.
struct Work<'a> {
    task: Task,
    options: &'a Options,
    environment: &'a Environment,
    observer: &'a dyn Observer,
}

impl Work<'_> {
    fn solve(
        &self,
        engine: &Engine,
        raster: &mut Raster,
        mask: Option<&Mask>,
    ) -> Result<Report, EngineError> {
        let mut report = Report {
            task: self.task,
            engine: engine.name(),
            dictionary: engine.dictionary(),
            width: raster.width(),
            height: raster.height(),
            iterations: 0,
            regions: 0,
            mask_coverage: mask.map_or(0.0, Mask::coverage),
            mask_interpretation: mask.and_then(Mask::reading),
            residual: 0.0,
            sigma: None,
            warnings: Vec::new(),
        };
        if mask.is_some_and(Mask::is_empty) {
            report.warnings.push(Warning::EmptyMask);
        }
        let mask = mask.filter(|mask| !mask.is_empty());
        self.observer.enter(Stage::Solve);
        if let Some(mask) = mask.filter(|_| self.options.output.opaque_holes) {
            raster.make_opaque(mask);
        }
        let summary = match engine {
            Engine::Csc { transform, .. } => by_csc(raster, mask, transform, self, &mut report)?,
            Engine::Network(network) => by_network(raster, mask, &**network, self, &mut report)?,
            Engine::Refined { transform, network, .. } => {
                refined(raster, mask, transform, &**network, self)?
            }
        };
        report.iterations = summary.iterations;
        report.regions = summary.regions;
        report.residual = summary.residual;
        Ok(report)
    }
}

fn by_csc(
    raster: &mut Raster,
    mask: Option<&Mask>,
    transform: &Transform8,
    work: &Work<'_>,
    report: &mut Report,
) -> Result<Summary, EngineError> {
    let Work { task, options, environment, observer } = *work;
    let (spec, threads) = (&options.restore, &environment.threads);
    let iterations = spec.iterations.map(|n| n as usize);
    if task == Task::Inpaint {
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
        observer.note(Note::HolesFilled);
        let rounds = iterations.unwrap_or(DEFAULT_ROUNDS);
        summary = reconstruct::reconstruct(raster, &sigmas, transform, rounds, threads, observer)?;
    }
    Ok(summary)
}

/// Fills holes and refines what was found. A network that begins with the harmonic fill gets a
/// solver without iterations.
fn refined(
    raster: &mut Raster,
    mask: Option<&Mask>,
    transform: &Transform8,
    network: &dyn Network,
    work: &Work<'_>,
) -> Result<Summary, EngineError> {
    let Work { environment, observer, .. } = *work;
    let Some(mask) = mask else { return Ok(Summary::default()) };
    let params = match network.manifest().start {
        Fill::Harmonic => InpaintParams::with_iterations(0),
        Fill::Csc => {
            let iterations = network.manifest().iterations.map(|n| n as usize);
            iterations.map_or_else(InpaintParams::default, InpaintParams::with_iterations)
        }
    };
    let refiner = Refiner::of(network)?;
    let settling = network.manifest().settling.map_or(0, |n| n as usize);
    let method = Method { transform, params: &params, refiner: Some(&refiner), settling };
    inpaint::fill(raster, mask, &method, &environment.threads, observer)
}

fn by_network(
    raster: &mut Raster,
    mask: Option<&Mask>,
    network: &dyn Network,
    work: &Work<'_>,
    report: &mut Report,
) -> Result<Summary, EngineError> {
    let Work { task, environment, observer, .. } = *work;
    if task == Task::Inpaint {
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

fn encoding(format: ImageFormat, options: &Options) -> EncodeOptions {
    let OutputOptions { quality, metadata, .. } = options.output;
    EncodeOptions { format, quality, metadata }
}

fn encode(
    picture: &Picture,
    format: ImageFormat,
    options: &Options,
    report: &mut Report,
) -> Result<Vec<u8>, EngineError> {
    let encoded = imaging::encode(picture, &encoding(format, options));
    let encoded = encoded.map_err(EngineError::Image)?;
    report.warnings.extend(encoded.losses.into_iter().map(Warning::from));
    Ok(encoded.bytes)
}
