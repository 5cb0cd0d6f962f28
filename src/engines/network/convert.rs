//! Pictures to tensors and back, as the manifest says.

use half::f16;

use super::Network;
use super::error::NetworkError;
use super::fit::Size;
use crate::inference::{
    Colour, ElementType, Hidden, ImageInput, Layout, Manifest, MaskInput, Place, ResultOutput,
    Tensor, TensorData, ValueInfo,
};
use crate::numerics::Plane;

/// A piece of a picture, as large as the network takes it. Hidden samples hold nothing of the
/// picture that is to be kept from the network.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The channels: one of grey, or red, green and blue. Black is 0 and white is 1.
    pub(super) channels: Vec<Plane<f32>>,
    /// What is hidden.
    pub(super) hidden: Plane<bool>,
}

/// What the tensors of a network look like.
pub(super) struct Conversion<'a> {
    network: &'a dyn Network,
    image: &'a ImageInput,
    image_element: ElementType,
    mask: Option<(&'a MaskInput, ElementType)>,
    joins_mask: bool,
}

impl<'a> Conversion<'a> {
    /// # Errors
    /// [`NetworkError::Unsuitable`] if the network takes no image.
    pub(super) fn of(network: &'a dyn Network) -> Result<Self, NetworkError> {
        let manifest: &Manifest = network.manifest();
        let inputs = &network.signature().inputs;
        let unsuitable = |reason: &str| {
            let reason = reason.to_owned();
            NetworkError::Unsuitable { network: network.name(), reason }
        };
        let element = |name: &str| {
            let input = inputs.iter().find(|input: &&ValueInfo| input.name == name);
            input
                .map(|input| input.element)
                .ok_or_else(|| unsuitable("lacks an input that its manifest names"))
        };
        let image = manifest.image.as_ref();
        let image = image.ok_or_else(|| unsuitable("has no manifest that names an image"))?;
        let mask = manifest.mask.as_ref();
        let mask = mask.map(|mask| Ok((mask, element(&mask.name)?))).transpose()?;
        Ok(Self {
            network,
            image,
            image_element: element(&image.name)?,
            mask,
            joins_mask: manifest.joins_mask(),
        })
    }

    /// Channels of the images that the network takes.
    pub(super) fn channels(&self) -> usize {
        if self.image.colour == Colour::Gray { 1 } else { 3 }
    }

    /// The inputs of the network for one piece.
    ///
    /// # Panics
    /// If the piece has not the channels of the network.
    pub(super) fn inputs(&self, piece: &Piece) -> Result<Vec<(String, Tensor)>, NetworkError> {
        assert_eq!(piece.channels.len(), self.channels(), "channels of the network");
        let size = (piece.hidden.height(), piece.hidden.width());
        let mask = self.mask.map(|(mask, element)| {
            let value = |hidden| if hidden { mask.hole } else { mask.known };
            (mask, element, piece.hidden.map(value))
        });
        let mut planes: Vec<Plane<f32>> =
            (0..self.channels()).map(|index| self.image_plane(piece, index)).collect();
        let Some((mask, element, values)) = mask else {
            return Ok(vec![self.tensor(&self.image.name, self.image_element, size, &planes)?]);
        };
        if self.joins_mask {
            match mask.place {
                Place::First => planes.insert(0, values),
                Place::Last => planes.push(values),
            }
            return Ok(vec![self.tensor(&self.image.name, self.image_element, size, &planes)?]);
        }
        Ok(vec![
            self.tensor(&self.image.name, self.image_element, size, &planes)?,
            self.tensor(&mask.name, element, size, &[values])?,
        ])
    }

    /// One channel of the image, the first one of the network first, in the numbers of the network.
    fn image_plane(&self, piece: &Piece, index: usize) -> Plane<f32> {
        let image = self.image;
        let source = if image.colour == Colour::Bgr { 2 - index } else { index };
        let [low, high] = image.range;
        let mean = image.mean.get(index).copied().unwrap_or(0.0);
        let deviation = image.std.get(index).copied().unwrap_or(1.0);
        let number = |sample: f32| (low + sample * (high - low) - mean) / deviation;
        let mut plane = piece.channels[source].map(number);
        if image.hidden == Hidden::Zero {
            for (sample, hidden) in plane.as_mut_slice().iter_mut().zip(piece.hidden.as_slice()) {
                if *hidden {
                    *sample = 0.0;
                }
            }
        }
        plane
    }

    fn tensor(
        &self,
        name: &str,
        element: ElementType,
        (height, width): Size,
        planes: &[Plane<f32>],
    ) -> Result<(String, Tensor), NetworkError> {
        let (shape, numbers) = match self.image.layout {
            Layout::Nchw => (
                vec![1, planes.len(), height, width],
                planes.iter().flat_map(Plane::as_slice).copied().collect(),
            ),
            Layout::Nhwc => (
                vec![1, height, width, planes.len()],
                (0..height * width)
                    .flat_map(|at| planes.iter().map(move |plane| plane.as_slice()[at]))
                    .collect(),
            ),
        };
        let unsuitable =
            |reason: String| NetworkError::Unsuitable { network: self.network.name(), reason };
        let data = from_numbers(element, numbers)
            .ok_or_else(|| unsuitable(format!("takes {element}, which holds no image")))?;
        let tensor = Tensor::new(shape, data).map_err(|error| unsuitable(error.to_string()))?;
        Ok((name.to_owned(), tensor))
    }

    /// The channels of the result for a piece of this size, black 0 and white 1, nothing beyond.
    ///
    /// # Errors
    /// [`NetworkError::Output`] if it is missing, has another size, or holds what is no number.
    pub(super) fn result(
        &self,
        outputs: Vec<(String, Tensor)>,
        size: Size,
    ) -> Result<Vec<Plane<f32>>, NetworkError> {
        self.read(outputs, size, |number, [low, high]| {
            ((number - low) / (high - low)).clamp(0.0, 1.0)
        })
    }

    /// What a network makes of one channel as a difference to it, where black and white are one
    /// apart.
    ///
    /// # Errors
    /// [`NetworkError`] by the network.
    ///
    /// # Panics
    /// If the piece has not one channel, or the network takes more.
    pub(super) fn difference(&self, piece: &Piece) -> Result<Plane<f32>, NetworkError> {
        let size = (piece.hidden.height(), piece.hidden.width());
        let outputs = self.outputs(piece)?;
        let mut channels = self.read(outputs, size, |number, [low, high]| number / (high - low))?;
        Ok(channels.swap_remove(0))
    }

    /// The channels of the result, `sample` made of every number and the range of the result.
    fn read(
        &self,
        outputs: Vec<(String, Tensor)>,
        (height, width): Size,
        sample: impl Fn(f64, [f64; 2]) -> f64,
    ) -> Result<Vec<Plane<f32>>, NetworkError> {
        let network = || self.network.name();
        let fault = |reason: String| NetworkError::Output { network: network(), reason };
        let output: &ResultOutput = self.network.manifest().output.as_ref().ok_or_else(|| {
            let reason = "has no manifest that names a result".to_owned();
            NetworkError::Unsuitable { network: network(), reason }
        })?;
        let mut outputs = outputs.into_iter();
        let tensor = outputs.find(|(name, _)| *name == output.name).map(|(_, tensor)| tensor);
        let tensor = tensor.ok_or_else(|| fault(format!("lacks `{}`", output.name)))?;
        let channels = self.channels();
        let expected = match self.image.layout {
            Layout::Nchw => [1, channels, height, width],
            Layout::Nhwc => [1, height, width, channels],
        };
        if tensor.shape() != expected {
            return Err(fault(format!("has the shape {:?} and not {expected:?}", tensor.shape())));
        }
        let numbers = tensor.data().to_f64();
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(fault("has infinite numbers, or what is none".to_owned()));
        }
        let range = output.range.map(f64::from);
        #[expect(clippy::cast_possible_truncation, reason = "samples have single precision")]
        let sample = |number: f64| sample(number, range) as f32;
        let plane = |channel: usize| {
            let channel = if self.image.colour == Colour::Bgr { 2 - channel } else { channel };
            Plane::from_fn(height, width, |y, x| {
                sample(match self.image.layout {
                    Layout::Nchw => numbers[(channel * height + y) * width + x],
                    Layout::Nhwc => numbers[(y * width + x) * channels + channel],
                })
            })
        };
        Ok((0..channels).map(plane).collect())
    }

    /// Runs the network on a piece of any number of channels. A network of one channel computes
    /// each of them by itself; one of three is given grey three times, and the mean of what it
    /// makes of it counts.
    ///
    /// # Errors
    /// [`NetworkError`] by the network.
    pub(super) fn run(&self, piece: Piece) -> Result<Vec<Plane<f32>>, NetworkError> {
        let Piece { mut channels, hidden } = piece;
        let once = |channels: Vec<Plane<f32>>, hidden: Plane<bool>| {
            let size = (hidden.height(), hidden.width());
            self.result(self.outputs(&Piece { channels, hidden })?, size)
        };
        match (channels.len(), self.channels()) {
            (given, taken) if given == taken => once(channels, hidden),
            (_, 1) => {
                let mut results = Vec::with_capacity(channels.len());
                for channel in channels {
                    results.extend(once(vec![channel], hidden.clone())?);
                }
                Ok(results)
            }
            _ => {
                channels.resize(self.channels(), channels[0].clone());
                let [red, green, blue] = &once(channels, hidden)?[..] else {
                    unreachable!("the result has the channels of the network")
                };
                Ok(vec![Plane::from_fn(red.height(), red.width(), |y, x| {
                    (red.at(y, x) + green.at(y, x) + blue.at(y, x)) / 3.0
                })])
            }
        }
    }

    /// All outputs for a piece with the channels of the network.
    pub(super) fn outputs(&self, piece: &Piece) -> Result<Vec<(String, Tensor)>, NetworkError> {
        let inputs = self.inputs(piece)?;
        let network = || self.network.name();
        self.network.run(inputs).map_err(|source| NetworkError::Run { network: network(), source })
    }
}

/// Numbers as elements of a type, rounded where it has whole numbers alone; `None` for types that
/// hold no image.
#[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
#[expect(clippy::cast_sign_loss, reason = "a cast saturates")]
fn from_numbers(element: ElementType, numbers: Vec<f32>) -> Option<TensorData> {
    use ElementType as E;
    let numbers_of = numbers.iter().copied();
    Some(match element {
        E::F32 => numbers.into(),
        E::F16 => numbers_of.map(f16::from_f32).collect::<Vec<_>>().into(),
        E::U8 => numbers_of.map(|n| n.round() as u8).collect::<Vec<_>>().into(),
        E::I32 => numbers_of.map(|n| n.round() as i32).collect::<Vec<_>>().into(),
        E::I64 => numbers_of.map(|n| n.round() as i64).collect::<Vec<_>>().into(),
        E::Bool => numbers_of.map(|n| n != 0.0).collect::<Vec<_>>().into(),
        _ => return None,
    })
}
