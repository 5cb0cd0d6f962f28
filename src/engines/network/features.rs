//! What a network makes of a picture, as it is: the tensors that come out.

use super::NetworkName;
use super::convert::{Conversion, Piece};
use super::fit::Sizes;
use super::inpaint::{show, tell};
use crate::engines::context::{Environment, Observer, Stage};
use crate::engines::error::EngineError;
use crate::imaging;
use crate::inference::Tensor;
use crate::numerics::Plane;

/// What a network made of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The network with its version.
    pub network: String,
    /// Rows and columns of the upright picture.
    pub picture: (usize, usize),
    /// Rows and columns that it takes in the tensor, at its top left: fewer if it was shrunk.
    pub shown: (usize, usize),
    /// Rows and columns of the tensor.
    pub tensor: (usize, usize),
    /// The outputs in the order of the network, by name.
    pub outputs: Vec<(String, Tensor)>,
}

/// Shows a whole picture to a network and gives back all that it computes. The picture is shrunk
/// if the network does not take it as it is; nothing of it is hidden.
///
/// # Errors
/// [`EngineError`]; [`NetworkError::Unsuitable`](super::NetworkError::Unsuitable) if the network
/// takes no image.
pub fn features(
    image: &[u8],
    name: &NetworkName,
    environment: &Environment,
    observer: &dyn Observer,
) -> Result<Features, EngineError> {
    observer.enter(Stage::Decode);
    let raster = imaging::decode(image, &environment.limits).map_err(EngineError::Image)?.raster;
    observer.enter(Stage::Solve);
    let network = environment.networks.find(name)?;
    observer.engage("features", &network.name());
    let (conversion, sizes) = (Conversion::of(&*network)?, Sizes::of(&*network)?);
    let region = raster.region();
    let fit = sizes.fit((region.height, region.width));
    let Piece { mut channels, hidden } = show(&raster, None, region, &fit);
    match (&channels[..], conversion.channels()) {
        ([red, green, blue], 1) => channels = vec![luma(red, green, blue)],
        ([grey], 3) => channels = vec![grey.clone(), grey.clone(), grey.clone()],
        _ => {}
    }
    tell(observer, 0, 1)?;
    let outputs = conversion.outputs(&Piece { channels, hidden })?;
    Ok(Features {
        network: network.name(),
        picture: (region.height, region.width),
        shown: fit.shrunk,
        tensor: fit.padded,
        outputs,
    })
}

/// The brightness of ITU-R BT.601.
fn luma(red: &Plane<f32>, green: &Plane<f32>, blue: &Plane<f32>) -> Plane<f32> {
    Plane::from_fn(red.height(), red.width(), |y, x| {
        0.299 * red.at(y, x) + 0.587 * green.at(y, x) + 0.114 * blue.at(y, x)
    })
}
