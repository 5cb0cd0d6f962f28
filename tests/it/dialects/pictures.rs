//! Pictures and masks of every kind that clients send.

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cogd::imaging::{BitDepth, ColorModel, ImageFormat, Raster, Samples};

use crate::support::images::{file, scene};

/// Columns of all pictures here.
pub(super) const WIDTH: usize = 32;
/// Rows of all pictures here.
pub(super) const HEIGHT: usize = 24;

/// Whether a pixel is one of the sixteen that masks here hide.
pub(super) fn is_hidden(y: usize, x: usize) -> bool {
    (10..14).contains(&y) && (14..18).contains(&x)
}

/// A PNG of these pixels, as many channels as `model` has.
pub(super) fn png<const N: usize>(
    model: ColorModel,
    pixel: impl Fn(usize, usize) -> [u8; N],
) -> Vec<u8> {
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (y, x)));
    let samples = pixels.flat_map(|(y, x)| pixel(y, x)).collect();
    let raster = Raster::from_samples(HEIGHT, WIDTH, model, Samples::Eight(samples)).unwrap();
    file(&raster, ImageFormat::Png)
}

/// A photograph of a kind.
pub(super) fn photograph(format: ImageFormat) -> Vec<u8> {
    file(&photograph_raster(), format)
}

/// Its pixels.
pub(super) fn photograph_raster() -> Raster {
    scene(HEIGHT, WIDTH, ColorModel::Rgb, BitDepth::Eight)
}

/// The photograph with its hole rubbed out, and nonsense where it was.
pub(super) fn rubbed_out() -> Vec<u8> {
    let raster = photograph_raster();
    png(ColorModel::RgbAlpha, |y, x| {
        if is_hidden(y, x) {
            return [255, 0, 255, 0];
        }
        let [r, g, b] =
            [0, 1, 2].map(|channel| u8::try_from(raster.sample(channel, y, x)).unwrap());
        [r, g, b, 255]
    })
}

/// White on black.
pub(super) fn white_on_black() -> Vec<u8> {
    png(ColorModel::Grey, |y, x| [if is_hidden(y, x) { 255 } else { 0 }])
}

/// Black on white.
pub(super) fn black_on_white() -> Vec<u8> {
    png(ColorModel::Grey, |y, x| [if is_hidden(y, x) { 0 } else { 255 }])
}

/// White and opaque, but for the hole.
pub(super) fn transparent_hole() -> Vec<u8> {
    png(ColorModel::RgbAlpha, |y, x| [255, 255, 255, if is_hidden(y, x) { 0 } else { 255 }])
}

/// White on black with an alpha channel that says nothing.
pub(super) fn opaque_white_on_black() -> Vec<u8> {
    png(ColorModel::RgbAlpha, |y, x| {
        let level = if is_hidden(y, x) { 255 } else { 0 };
        [level, level, level, 255]
    })
}

/// A stroke as the page of `IOPaint` paints it: half transparent, with an edge that is hardly seen.
pub(super) fn stroke() -> Vec<u8> {
    png(ColorModel::RgbAlpha, |y, x| match is_hidden(y, x) {
        true if y == 10 => [255, 204, 0, 1],
        true => [255, 204, 0, 187],
        false => [0; 4],
    })
}

/// Whether exactly the hole of `answer` differs from the photograph; alpha apart.
pub(super) fn only_the_hole_differs(answer: &Raster) -> bool {
    let photograph = photograph_raster();
    let mut inside = false;
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let same = (0..3)
                .all(|channel| answer.sample(channel, y, x) == photograph.sample(channel, y, x));
            if !is_hidden(y, x) && !same {
                return false;
            }
            inside |= is_hidden(y, x) && !same;
        }
    }
    inside
}

/// A data URL.
pub(super) fn data_url(bytes: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(bytes))
}

/// Bytes from base64.
pub(super) fn from_base64(text: &serde_json::Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

/// A request with no body.
pub(super) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}
