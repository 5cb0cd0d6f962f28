//! Masks: widened, narrowed, turned round, and cut to a frame.

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;

use super::errors::{BodyErrors, KeyErrors};
use super::request::{self, Members};
use crate::http::ApiState;
use crate::http::error::ApiError;
use crate::imaging::{
    ColorModel, EncodeOptions, ImageFormat, ImageLimits, Mask, MaskOptions, Metadata, Picture,
    Raster, Samples, decode, encode, inspect,
};
use crate::worker::Watch;

/// How the page paints holes: red, green, blue, alpha.
const STROKE: [u8; 4] = [255, 203, 0, 186];
/// How the page paints everything else.
const CLEAR: [u8; 4] = [0; 4];
/// By how much a mask changes unless it is said.
const DEFAULT_KERNEL: u32 = 5;

/// What is to be done with a mask.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: members are read one by one")]
pub(super) struct AdjustBody {
    /// The mask in base64, bare or as a data URL.
    #[schema(format = Byte)]
    mask: String,
    /// What is to be done with its holes.
    #[schema(pattern = "^(expand|shrink|reverse)$")]
    operate: String,
    /// By how many pixels.
    #[schema(minimum = 0, maximum = 1024, nullable = false)]
    kernel_size: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Expand,
    Shrink,
    Reverse,
}

/// Change a mask.
///
/// Its holes grow or shrink by so many pixels, or change places with what is known.
#[utoipa::path(
    post, path = "/api/v1/adjust_mask", tag = "restoration", request_body = AdjustBody,
    responses(
        (
            status = 200, description = "The mask, painted where there are holes and clear elsewhere",
            content_type = "image/png", body = Vec<u8>,
        ),
        KeyErrors, BodyErrors,
    ),
)]
pub(super) async fn adjust_mask(
    State(state): State<ApiState>,
    request: Request,
) -> Result<Response, ApiError> {
    let (mask, operation, by) = request::read(request, &state, members).await?;
    let limits = state.environment.limits.clone();
    let header = inspect(&mask, &limits)?;
    let work = move |_: &Watch| adjust(&mask, operation, by, &limits);
    let finished = state.pool.submit(header.pixels(), work)?.wait().await?.transpose()?;
    let media_type = ImageFormat::Png.media_type();
    Ok(([(CONTENT_TYPE, media_type)], finished.value).into_response())
}

fn members(members: &mut Members) -> Option<(Bytes, Operation, u32)> {
    let mask = members.picture("mask");
    let operation = match members.text("operate").as_deref() {
        Some("expand") => Some(Operation::Expand),
        Some("shrink") => Some(Operation::Shrink),
        Some("reverse") => Some(Operation::Reverse),
        _ => {
            let message = "must be one of `expand`, `shrink`, `reverse`";
            members.fault("operate", message.to_owned(), None, None);
            None
        }
    };
    let by = members.whole("kernel_size", 0, MaskOptions::MAX_DILATE.into());
    let by = by.and_then(|by| u32::try_from(by).ok()).unwrap_or(DEFAULT_KERNEL);
    Some((mask?, operation?, by))
}

fn adjust(
    bytes: &[u8],
    operation: Operation,
    by: u32,
    limits: &ImageLimits,
) -> Result<Vec<u8>, ApiError> {
    // What is hidden shrinks by what is known growing.
    let (invert, dilate) = match operation {
        Operation::Expand => (false, by),
        Operation::Shrink => (true, by),
        Operation::Reverse => (true, 0),
    };
    let raster = decode(bytes, limits)?.raster;
    let mask = Mask::of(raster, &MaskOptions { invert, dilate, ..MaskOptions::default() })?;
    let is_hole = |weight: u8| (weight > 0) != matches!(operation, Operation::Shrink);
    let weights = mask.weights().as_slice().iter();
    let samples = weights.flat_map(|&weight| if is_hole(weight) { STROKE } else { CLEAR });
    png(mask.height(), mask.width(), ColorModel::RgbAlpha, samples.collect())
}

/// The part of a picture in which holes count, in pixels; it may reach beyond the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    left: i64,
    top: i64,
    width: i64,
    height: i64,
}

impl Frame {
    /// The frame of a request.
    pub(super) fn read(members: &mut Members) -> Option<Self> {
        const FAR: i64 = 1 << 20;
        let mut side = |name, least| members.whole(name, least, FAR);
        let (left, top) = (side("croper_x", -FAR), side("croper_y", -FAR));
        let (width, height) = (side("croper_width", 0), side("croper_height", 0));
        Some(Self { left: left?, top: top?, width: width?, height: height? })
    }

    fn holds(self, y: usize, x: usize) -> bool {
        let inside = |at: usize, first: i64, length: i64| {
            (first..first + length).contains(&i64::try_from(at).unwrap_or(i64::MAX))
        };
        inside(y, self.top, self.height) && inside(x, self.left, self.width)
    }
}

/// A mask that has no holes outside of a frame.
pub(super) fn keep_inside(
    bytes: &[u8],
    frame: Frame,
    limits: &ImageLimits,
) -> Result<Bytes, ApiError> {
    let raster = decode(bytes, limits).map_err(|error| ApiError::from(error).about("mask"))?.raster;
    let mask = Mask::of(raster, &MaskOptions::default())?;
    let (height, width) = (mask.height(), mask.width());
    let samples = (0..height * width).map(|at| {
        let (y, x) = (at / width, at % width);
        if mask.weight(y, x) > 0 && frame.holds(y, x) { u8::MAX } else { 0 }
    });
    png(height, width, ColorModel::Grey, samples.collect()).map(Bytes::from)
}

fn png(
    height: usize,
    width: usize,
    model: ColorModel,
    samples: Vec<u8>,
) -> Result<Vec<u8>, ApiError> {
    let format = ImageFormat::Png;
    let raster = Raster::from_samples(height, width, model, Samples::Eight(samples))
        .ok_or_else(|| ApiError::internal("a mask has other samples than pixels"))?;
    let picture = Picture { raster, metadata: Metadata::default(), format };
    let encoded = encode(&picture, &EncodeOptions::new(format)).map_err(ApiError::internal)?;
    Ok(encoded.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The holes of a PNG that has white in some columns of a row.
    fn row(samples: &[u8]) -> Vec<u8> {
        png(1, samples.len(), ColorModel::Grey, samples.to_vec()).unwrap()
    }

    fn holes(bytes: &[u8]) -> Vec<bool> {
        let raster = decode(bytes, &ImageLimits::default()).unwrap().raster;
        assert_eq!(raster.model(), ColorModel::RgbAlpha);
        (0..raster.width())
            .map(|x| {
                let pixel = [0, 1, 2, 3].map(|channel| raster.sample(channel, 0, x));
                assert!([STROKE, CLEAR].map(|pixel| pixel.map(u16::from)).contains(&pixel));
                pixel[3] > 0
            })
            .collect()
    }

    #[test]
    fn holes_grow_shrink_and_change_places() {
        let mask = row(&[0, 0, 255, 255, 255, 255, 0, 0]);
        let adjusted = |operation, by| {
            holes(&adjust(&mask, operation, by, &ImageLimits::default()).unwrap())
                .into_iter()
                .map(|hole| if hole { '#' } else { '.' })
                .collect::<String>()
        };
        assert_eq!(adjusted(Operation::Expand, 1), ".######.");
        assert_eq!(adjusted(Operation::Shrink, 1), "...##...");
        assert_eq!(adjusted(Operation::Reverse, 1), "##....##");
    }

    #[test]
    fn a_frame_may_reach_beyond_the_picture_and_keeps_what_lies_in_it() {
        let mask = row(&[255; 8]);
        let frame = Frame { left: -56, top: -3, width: 59, height: 9 };
        let kept = keep_inside(&mask, frame, &ImageLimits::default()).unwrap();
        let raster = decode(&kept, &ImageLimits::default()).unwrap().raster;
        let kept: Vec<_> = (0..8).map(|x| raster.sample(0, 0, x)).collect();
        assert_eq!(kept, [255, 255, 255, 0, 0, 0, 0, 0]);
    }
}
