//! The pictures of a request, from its inputs to what comes back.

use bytes::Bytes;

use super::tensors::{self, TensorPicture};
use super::{IMAGE, MASK, told};
use crate::engines::{
    EngineError, Environment, Observer, Options, Request, Stage, Task, Warning, process, restore,
};
use crate::http::error::ApiError;
use crate::http::v2::datatype;
use crate::http::v2::errors::shown;
use crate::http::v2::request::invalid;
use crate::http::v2::value::{BYTES, Files, Value};
use crate::imaging::{
    EncodeOptions, ImageFormat, ImageLimits, ImagingError, Mask, Metadata, Picture, Raster, encode,
    inspect,
};
use crate::inference::Tensor;
use crate::worker::Watch;

/// The pictures of a request.
#[derive(Debug)]
pub(super) enum Sent {
    /// Encoded files, with no mask, one mask for all, or one for each.
    Files { images: Vec<Bytes>, masks: Vec<Bytes> },
    /// One picture as numbers, and white where it is hidden.
    Numbers { image: TensorPicture, mask: Option<Raster> },
}

/// What comes back.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) value: Value,
    /// Of all pictures, each once.
    pub(super) warnings: Vec<Warning>,
}

impl Sent {
    /// Reads the inputs of a request.
    pub(super) fn read(inputs: Vec<(String, Value)>, task: Task) -> Result<Self, ApiError> {
        let (mut image, mut mask) = (None, None);
        for (name, value) in inputs {
            let place = match name.as_str() {
                IMAGE => &mut image,
                MASK => &mut mask,
                other => {
                    let other = shown(other);
                    return Err(invalid(format!(
                        "the model has no input `{other}`; of pictures it takes {IMAGE}, {MASK}"
                    )));
                }
            };
            if place.replace(value).is_some() {
                return Err(invalid(format!("input `{name}` is given twice")));
            }
        }
        let image = image.ok_or_else(|| invalid(format!("input `{IMAGE}` is missing")))?;
        if mask.is_none() && task == Task::Inpaint {
            return Err(invalid(format!("input `{MASK}` is missing: it says where the holes are")));
        }
        match (image, mask) {
            (Value::Files(image), mask) => Self::files(&image, mask),
            (Value::Numbers(image), mask) => Self::numbers(image, mask),
        }
    }

    fn files(image: &Files, mask: Option<Value>) -> Result<Self, ApiError> {
        let images = list(IMAGE, image)?;
        if images.is_empty() {
            return Err(invalid(format!("input `{IMAGE}` is empty")));
        }
        let masks = match mask {
            None => Vec::new(),
            Some(Value::Files(mask)) => list(MASK, &mask)?,
            Some(Value::Numbers(_)) => {
                return Err(invalid(format!("input `{MASK}` must be {BYTES}, as `{IMAGE}` is")));
            }
        };
        match masks.len() {
            0 | 1 => {}
            count if count == images.len() => {}
            count => {
                let images = images.len();
                return Err(invalid(format!(
                    "input `{MASK}` has {count} elements for {images} of `{IMAGE}`: one is for \
                     all, else each has its own"
                )));
            }
        }
        Ok(Self::Files { images, masks })
    }

    fn numbers(image: Tensor, mask: Option<Value>) -> Result<Self, ApiError> {
        let (datatype, shape) = (datatype::name(image.element()), image.shape().to_vec());
        let image = TensorPicture::of(image).ok_or_else(|| {
            invalid(format!(
                "input `{IMAGE}` is {datatype} {shape:?}, but pictures are {BYTES} [N], \
                 UINT8 [1, height, width, channels] or FP32 [1, channels, height, width], with \
                 1, 3 or 4 channels"
            ))
        })?;
        let mask = match mask {
            None => None,
            Some(Value::Numbers(mask)) => {
                let holes = tensors::holes(&mask, &image.layout);
                Some(holes.map_err(|reason| invalid(format!("input `{MASK}` {reason}")))?)
            }
            Some(Value::Files(_)) => {
                let reason = format!("input `{MASK}` must be numbers, as `{IMAGE}` is");
                return Err(invalid(reason));
            }
        };
        Ok(Self::Numbers { image, mask })
    }

    /// Pictures.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Files { images, .. } => images.len(),
            Self::Numbers { .. } => 1,
        }
    }

    /// Pixels of all pictures, by headers and shapes. Together they may be as many as those of one
    /// picture, or what comes back could take any amount of memory.
    pub(super) fn pixels(&self, limits: &ImageLimits) -> Result<u64, ApiError> {
        match self {
            Self::Files { images, .. } => {
                let pixels = |(index, image): (usize, &Bytes)| {
                    let header = inspect(image, limits).map_err(EngineError::Image);
                    let header = header.map_err(|error| about(error, index, images.len()));
                    header.map(|header| header.pixels())
                };
                let actual: u64 =
                    images.iter().enumerate().map(pixels).sum::<Result<_, ApiError>>()?;
                let limit = limits.max_pixels;
                if actual > limit {
                    return Err(told(ImagingError::TooManyPixels { limit, actual })
                        .about(&format!("all of `{IMAGE}`")));
                }
                Ok(actual)
            }
            Self::Numbers { image, .. } => {
                let tensors::Layout { height, width, model, depth } = image.layout;
                limits.check_raster(height, width, model, depth).map_err(told)?;
                Ok(height as u64 * width as u64)
            }
        }
    }

    /// Restores the pictures, one after another.
    ///
    /// # Errors
    /// What is wrong with the first that has no result.
    pub(super) fn restore(
        self,
        task: Task,
        options: &Options,
        environment: &Environment,
        watch: &Watch,
    ) -> Result<Restored, ApiError> {
        match self {
            Self::Files { images, masks } => {
                restore_files(&images, &masks, task, options, environment, watch)
            }
            Self::Numbers { image, mask } => {
                restore_numbers(image, mask, task, options, environment, watch)
            }
        }
    }
}

/// The elements of a tensor of files with one axis.
fn list(name: &str, files: &Files) -> Result<Vec<Bytes>, ApiError> {
    match files.shape() {
        [_] => Ok(files.elements().to_vec()),
        shape => {
            Err(invalid(format!("input `{name}` is {BYTES} {shape:?}, but it is {BYTES} [N]")))
        }
    }
}

fn restore_files(
    images: &[Bytes],
    masks: &[Bytes],
    task: Task,
    options: &Options,
    environment: &Environment,
    watch: &Watch,
) -> Result<Restored, ApiError> {
    let mut options = options.clone();
    options.output.format.get_or_insert(ImageFormat::Png);
    let (mut restored, mut warnings) = (Vec::with_capacity(images.len()), Vec::new());
    for (index, image) in images.iter().enumerate() {
        // Not every picture has something to compute, where this is asked too.
        if !watch.goes_on() {
            return Err(EngineError::Cancelled.into());
        }
        let mask = if masks.len() > 1 { masks.get(index) } else { masks.first() };
        let request = Request { task, image, mask: mask.map(|mask| &**mask), options: &options };
        let answer = process(&request, environment, watch);
        let answer = answer.map_err(|error| about(error, index, images.len()))?;
        restored.push(answer.bytes.into());
        for warning in answer.report.warnings {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    Ok(Restored { value: Value::Files(Files::list(restored)), warnings })
}

fn restore_numbers(
    image: TensorPicture,
    holes: Option<Raster>,
    task: Task,
    options: &Options,
    environment: &Environment,
    watch: &Watch,
) -> Result<Restored, ApiError> {
    watch.enter(Stage::Decode);
    let mask = holes.map(|holes| Mask::of(holes, &options.mask)).transpose();
    let mask = mask.map_err(|error| told(EngineError::Mask(error)))?;
    let raster = image.raster(mask.as_ref());
    let mut raster = raster.map_err(|reason| invalid(format!("input `{IMAGE}`: {reason}")))?;
    let report = restore(task, options, &mut raster, mask.as_ref(), environment, watch);
    let mut warnings = report.map_err(told)?.warnings;
    watch.enter(Stage::Encode);
    let output = options.output;
    let Some(format) = output.format else {
        let value = Value::Numbers(image.restored(raster, mask.as_ref()));
        return Ok(Restored { value, warnings });
    };
    let picture = Picture { raster, metadata: Metadata::default(), format };
    let encoding = EncodeOptions { format, quality: output.quality, metadata: output.metadata };
    let encoded = encode(&picture, &encoding).map_err(told)?;
    warnings.extend(encoded.losses.into_iter().map(Warning::from));
    Ok(Restored { value: Value::Files(Files::list(vec![encoded.bytes.into()])), warnings })
}

/// Says which picture it is about, if there are more.
fn about(error: EngineError, index: usize, count: usize) -> ApiError {
    let error = told(error);
    if count > 1 { error.about(&format!("{IMAGE}[{index}]")) } else { error }
}
