//! `cogd restore`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::builder::PossibleValuesParser;

use crate::engines::{
    Answer, EngineChoice, Environment, ExplainOptions, NetworkError, Options, OutputOptions,
    Request, RestoreSpec, Task, process,
};
use crate::imaging::{ImageFormat, ImageLimits, MaskChannel, MaskOptions, MetadataPolicy};
use crate::numerics::Threads;
use crate::worker::ThreadCount;

use super::progress::Bar;
use super::{dictionary, files, networks};

/// Repair image files, without a server
///
/// With a mask the holes are filled and every other pixel is kept; without one the noise is
/// removed.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// Images, or folders of images
    #[arg(required = true, value_name = "IN")]
    images: Vec<PathBuf>,

    /// Mask for all images, or a folder with a mask of the same name for each
    #[arg(long, value_name = "FILE|DIR")]
    mask: Option<PathBuf>,

    /// Result file, or a folder for the results
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,

    /// What to do [default: inpaint with a mask, reconstruct without]
    #[arg(long, value_enum)]
    task: Option<TaskName>,

    /// Engine to use: `auto`, `csc`, or a network of the models, as NAME or NAME:VERSION
    #[arg(long, value_name = "NAME", default_value = "auto")]
    engine: EngineChoice,

    /// Folder of models, NAME/VERSION/model.onnx with model.toml beside it
    #[arg(long, value_name = "DIR")]
    models_dir: Option<PathBuf>,

    /// Iterations, 1 to 1000 [default: what the engine does best with]
    #[arg(long, value_name = "N")]
    iterations: Option<u32>,

    /// Dictionary to use, by name or as a file [default: dct]
    #[arg(long, value_name = "NAME|FILE")]
    dictionary: Option<String>,

    /// Standard deviation of the noise in 8-bit levels [default: estimated]
    #[arg(long, value_name = "LEVELS")]
    sigma: Option<f32>,

    /// Where the mask says what is missing
    #[arg(long, value_enum, default_value = "luma")]
    mask_channel: ChannelName,

    /// Take dark mask pixels as holes
    #[arg(long)]
    mask_invert: bool,

    /// Widen the holes by so many pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    mask_dilate: u32,

    /// Blend the result into the picture over so many pixels around the holes
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    mask_feather: u32,

    /// Format of the results [default: by the name of OUT, else as the input]
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(["png", "jpeg", "webp", "tiff", "bmp"]))]
    format: Option<String>,

    /// JPEG quality, 1 to 100
    #[arg(long, value_name = "N", default_value_t = OutputOptions::default().quality)]
    quality: u8,

    /// Leave out colour profile and EXIF block
    #[arg(long)]
    strip: bool,

    /// Threads to compute with
    #[arg(long, value_name = "N|auto", default_value = "auto")]
    threads: ThreadCount,

    /// Print what was done as JSON, a line for each image
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum TaskName {
    /// Fill the holes of the mask
    Inpaint,
    /// Remove noise, and fill the holes of a mask if there is one
    Reconstruct,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ChannelName {
    /// Bright pixels are holes
    Luma,
    /// Opaque pixels are holes
    Alpha,
    /// Transparent pixels are holes if there are any, else bright ones
    Auto,
}

impl Restore {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let images = files::images(&self.images)?;
        let several = images.len() > 1 || self.images.iter().any(|path| path.is_dir());
        ensure!(
            !several || !self.output.is_file(),
            "{} is a file, but there is more than one result; name a folder",
            self.output.display()
        );
        if several {
            std::fs::create_dir_all(&self.output)
                .with_context(|| format!("cannot make the folder {}", self.output.display()))?;
        }
        let environment = Environment {
            limits: ImageLimits::default(),
            threads: Threads::new(self.threads.resolve().get())?,
            networks: networks::open(self.models_dir.as_deref())?,
        };
        let mut failures = 0;
        for image in &images {
            if let Err(error) = self.restore(image, several, &environment) {
                if !several {
                    return Err(error);
                }
                failures += 1;
                // The other images are still wanted; there is nobody to tell if this fails.
                let _ = writeln!(std::io::stderr(), "cogd: {}: {error:#}", image.display());
            }
        }
        if failures > 0 {
            bail!("{failures} of {} images could not be restored", images.len());
        }
        Ok(())
    }

    fn restore(&self, path: &Path, several: bool, environment: &Environment) -> anyhow::Result<()> {
        let image = files::read(path)?;
        let mask = self
            .mask
            .as_ref()
            .map(|place| files::partner(place, path).and_then(|mask| files::read(&mask)))
            .transpose()?;
        let task = match (self.task, &mask) {
            (Some(TaskName::Inpaint), _) | (None, Some(_)) => Task::Inpaint,
            (Some(TaskName::Reconstruct), _) | (None, None) => Task::Reconstruct,
        };
        let into_folder = several || self.output.is_dir();
        let options = self.options(into_folder)?;
        let request = Request { task, image: &image, mask: mask.as_deref(), options: &options };
        let bar = Bar::new(path);
        let answer = process(&request, environment, &bar).map_err(explain)?;
        bar.finish();
        let target = if into_folder {
            let name = path.with_extension(answer.format.extension());
            self.output.join(name.file_name().context("the image has no file name")?)
        } else {
            self.output.clone()
        };
        files::write(&target, &answer.bytes)?;
        self.tell(path, &target, &answer)
    }

    fn options(&self, into_folder: bool) -> anyhow::Result<Options> {
        let dictionary = self.dictionary.as_deref().map(dictionary::choose).transpose()?;
        let by_name = if into_folder { None } else { files::format_of(&self.output) };
        Ok(Options {
            restore: RestoreSpec {
                engine: self.engine.clone(),
                iterations: self.iterations,
                dictionary,
                sigma: self.sigma,
            },
            mask: MaskOptions {
                channel: match self.mask_channel {
                    ChannelName::Luma => MaskChannel::Luma,
                    ChannelName::Alpha => MaskChannel::Alpha,
                    ChannelName::Auto => MaskChannel::Auto,
                },
                invert: self.mask_invert,
                dilate: self.mask_dilate,
                feather: self.mask_feather,
            },
            output: OutputOptions {
                format: self.format.as_deref().and_then(ImageFormat::from_name).or(by_name),
                quality: self.quality,
                metadata: if self.strip { MetadataPolicy::Strip } else { MetadataPolicy::Keep },
                ..OutputOptions::default()
            },
            explain: ExplainOptions::default(),
        })
    }

    fn tell(&self, path: &Path, target: &Path, answer: &Answer) -> anyhow::Result<()> {
        for warning in &answer.report.warnings {
            // A warning that nobody reads is no reason to fail.
            let _ = writeln!(std::io::stderr(), "cogd: {}: {warning}", path.display());
        }
        if !self.json {
            return Ok(());
        }
        let mut line = serde_json::to_value(&answer.report)?;
        line["image"] = path.to_string_lossy().into();
        line["output"] = target.to_string_lossy().into();
        super::print(&format!("{line}\n"))
    }
}

/// Names every parameter that cannot be used, not only the first.
fn explain(error: crate::engines::EngineError) -> anyhow::Error {
    use crate::engines::EngineError;
    match error {
        EngineError::InvalidParameters(faults) => {
            let lines: Vec<String> = faults
                .iter()
                .map(|fault| match fault.actual {
                    Some(actual) => format!("{} {}, not {actual}", fault.field, fault.message),
                    None => format!("{}: {}", fault.field, fault.message),
                })
                .collect();
            anyhow::anyhow!("{}", lines.join("; "))
        }
        EngineError::UnknownDictionary { name, known } => {
            anyhow::anyhow!("there is no dictionary `{name}`; there is {}", known.join(", "))
        }
        EngineError::Network(NetworkError::Unknown { name, known }) if known.is_empty() => {
            anyhow::anyhow!("there is no engine `{name}`; --models-dir names a folder of networks")
        }
        EngineError::Network(NetworkError::Unknown { name, known }) => {
            anyhow::anyhow!("there is no engine `{name}`; there is auto, csc, {}", known.join(", "))
        }
        other => other.into(),
    }
}
