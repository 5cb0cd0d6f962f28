//! An image and a mask in, the repaired image out.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use utoipa::ToSchema;

use super::errors::{BodyErrors, KeyErrors};
use super::mask::{Frame, keep_inside};
use super::request::{self, Members};
use super::settings::samplers;
use crate::engines::{self, EngineChoice, EngineError, Options, RestoreSpec, Task, process};
use crate::http::ApiState;
use crate::http::answer::{Rendered, respond, server_timing};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::intake;
use crate::http::negotiate::Representation;
use crate::imaging::{ImageFormat, inspect};
use crate::worker::Watch;

/// Header of the seed, which the page reads as a number.
pub(in crate::http) const SEED: &str = "x-seed";

/// What the page sends, as far as it is looked at.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: members are read one by one")]
pub(super) struct InpaintBody {
    /// The image in base64, bare or as a data URL.
    #[schema(format = Byte)]
    image: String,
    /// What is hidden: an image of the same size, bright where it is, whatever its transparency.
    #[schema(format = Byte)]
    mask: String,
    /// An engine; one that is not known stands for `auto`.
    #[schema(example = "auto", nullable = false)]
    sd_sampler: Option<String>,
    /// Iterations of the solver.
    #[schema(minimum = 1, maximum = 1000, nullable = false)]
    sd_steps: Option<u32>,
    /// Comes back as `X-Seed`; the same request gives the same picture whatever it is.
    #[schema(minimum = -1, maximum = 4_294_967_295_i64, nullable = false)]
    sd_seed: Option<i64>,
    /// Whether only what lies in a frame is repaired.
    #[schema(nullable = false)]
    use_croper: Option<bool>,
    /// Left edge of the frame.
    #[schema(nullable = false)]
    croper_x: Option<i32>,
    /// Upper edge of the frame.
    #[schema(nullable = false)]
    croper_y: Option<i32>,
    /// Width of the frame.
    #[schema(nullable = false)]
    croper_width: Option<i32>,
    /// Height of the frame.
    #[schema(nullable = false)]
    croper_height: Option<i32>,
    /// Pictures are not extended here: anything but false is refused.
    #[schema(nullable = false)]
    use_extender: Option<bool>,
}

/// A request as far as it is looked at.
#[derive(Debug)]
struct Inpainting {
    image: Bytes,
    mask: Bytes,
    sampler: Option<String>,
    steps: Option<u32>,
    seed: i64,
    frame: Option<Frame>,
}

/// Repair the masked pixels of an image.
///
/// Bright pixels of the mask are repaired, whatever its transparency. How pictures are cut or
/// shrunk for a network (`hd_strategy`) means nothing here: only the surroundings of holes are
/// looked at, at full size.
#[utoipa::path(
    post, path = "/api/v1/inpaint", tag = "restoration", request_body = InpaintBody,
    responses(
        (
            status = 200, description = "The repaired image, in the format it came in",
            content(
                (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"),
                (Vec<u8> = "image/bmp"),
            ),
            headers(
                ("X-Seed" = i64, description = "The seed that was sent, or 0"),
                ("X-Mask-Coverage" = String, description = "Share of the image that was hidden"),
                ("X-Mask-Interpretation" = String, description = "What counted as a hole: luma"),
            ),
        ),
        KeyErrors, BodyErrors,
    ),
)]
pub(super) async fn inpaint(
    State(state): State<ApiState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let Inpainting { image, mask, sampler, steps, seed, frame } =
        request::read(request, &state, members).await?;
    let mut options = Options::default();
    if let Some(sampler) = sampler.filter(|sampler| !sampler.is_empty())
        && samplers(&state).await?.contains(&sampler)
    {
        options.restore.engine = sampler.parse().map_err(ApiError::internal)?;
    }
    if !matches!(options.restore.engine, EngineChoice::Network(_)) {
        options.restore.iterations = steps;
    }
    options.validate(Task::Inpaint).map_err(EngineError::InvalidParameters)?;
    intake::check_engine(&state, Task::Inpaint, &options).await?;
    let header = inspect(&image, &state.environment.limits)?;
    // The page puts the answer into an `<img>`, which shows everything but TIFF.
    let shown = Some(header.format).filter(|format| *format != ImageFormat::Tiff);
    let format = shown.unwrap_or(ImageFormat::Png);
    options.output.format = Some(format);
    let dictionary = &mut options.restore.dictionary;
    state.workshop.library().resolve(caller.owner(), dictionary).await?;

    let environment = Arc::clone(&state.environment);
    let work = move |watch: &Watch| {
        let mask = match frame {
            Some(frame) => keep_inside(&mask, frame, &environment.limits)?,
            None => mask,
        };
        let request = engines::Request {
            task: Task::Inpaint,
            image: &image,
            mask: Some(&mask),
            options: &options,
        };
        let answer = process(&request, &environment, watch)?;
        Rendered::new(answer, Representation::Image(format)).map_err(ApiError::internal)
    };
    let finished = state.pool.submit(header.pixels(), work)?.wait().await?.transpose()?;
    let timing = server_timing(finished.timings.milliseconds());
    let mut response: Response<Body> = respond(finished.value, &timing);
    response.headers_mut().insert(HeaderName::from_static(SEED), HeaderValue::from(seed.max(0)));
    Ok(response)
}

fn members(members: &mut Members) -> Option<Inpainting> {
    let (image, mask) = (members.picture("image"), members.picture("mask"));
    let sampler = members.text("sd_sampler");
    let steps = members.whole("sd_steps", 1, RestoreSpec::MAX_ITERATIONS.into());
    let seed = members.whole("sd_seed", -1, u32::MAX.into()).unwrap_or(0);
    let frame = if members.switch("use_croper") { Frame::read(members) } else { None };
    if members.switch("use_extender") {
        let message = "must be false: pictures are repaired here, not extended";
        members.fault("use_extender", message.to_owned(), None, None);
    }
    Some(Inpainting {
        image: image?,
        mask: mask?,
        sampler,
        steps: steps.and_then(|steps| u32::try_from(steps).ok()),
        seed,
        frame,
    })
}
