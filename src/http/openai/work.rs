//! Does an edit where all restorations are done.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::parameters::Parameters;
use super::request::Edit;
use crate::engines::{
    EngineChoice, EngineError, Environment, NetworkError, Observer, Options, Report, Request, Task,
    check_engine, process,
};
use crate::http::ApiState;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::problem::ProblemCode;
use crate::imaging::{Header, ImagingError, inspect};
use crate::worker::Watch;

/// How the models of `OpenAI` are called that edit images.
const THEIRS: [&str; 4] = ["gpt-image", "chatgpt-image", "dall-e", "gpt-4o"];

/// An edit that has been checked as far as headers go.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) images: Vec<Bytes>,
    /// `None` where each image is its own mask.
    pub(super) mask: Option<Bytes>,
    pub(super) options: Options,
    /// Of all images together: what admission counts.
    pub(super) pixels: u64,
    /// The mask has to have something transparent.
    pub(super) is_strict: bool,
}

/// An image that was repaired.
#[derive(Debug)]
pub(super) struct Edited {
    pub(super) bytes: Bytes,
    pub(super) report: Report,
}

impl Order {
    /// Checks an edit before anything of it is decoded.
    pub(super) async fn check(
        state: &ApiState,
        edit: Edit,
    ) -> Result<(Self, Parameters), ApiError> {
        let Edit { images, mask, mut parameters } = edit;
        let is_strict = state.config.openai_strict_mask && !parameters.has_channel;
        super::parameters::read_mask_by_rule(&mut parameters, mask.is_some(), is_strict);
        let options = &mut parameters.options;
        options.restore.engine = engine(state, parameters.model.as_deref(), options).await?;
        options.validate(Task::Inpaint).map_err(EngineError::InvalidParameters)?;
        if let Some(mask) = mask.as_ref().filter(|_| is_strict) {
            let header = inspect(mask, &state.environment.limits).map_err(EngineError::Mask)?;
            if !header.model.has_alpha() {
                return Err(mask_is_opaque());
            }
        }
        let mut pixels = 0;
        for (index, image) in images.iter().enumerate() {
            let check = || {
                let header = inspect(image, &state.environment.limits)?;
                check_size(&header, parameters.size)?;
                if mask.is_none() && !header.model.has_alpha() {
                    return Err(nothing_transparent());
                }
                Ok(header.pixels())
            };
            let found = check().map_err(|error| about(error, index, images.len()))?;
            pixels += found;
        }
        // Together they may be as many as those of one, or results could take any memory.
        let limit = state.environment.limits.max_pixels;
        if pixels > limit {
            let error = ImagingError::TooManyPixels { limit, actual: pixels };
            return Err(ApiError::from(error).about("all images"));
        }
        let options = std::mem::take(&mut parameters.options);
        Ok((Self { images, mask, options, pixels, is_strict }, parameters))
    }

    /// Puts the dictionary in the place of its name.
    pub(super) async fn resolve(
        &mut self,
        state: &ApiState,
        caller: &Caller,
    ) -> Result<(), ApiError> {
        let dictionary = &mut self.options.restore.dictionary;
        Ok(state.workshop.library().resolve(caller.owner(), dictionary).await?)
    }

    /// Repairs the images, one after another.
    ///
    /// # Errors
    /// What is wrong with the first that has no result.
    pub(super) fn carry_out(
        &self,
        environment: &Environment,
        observer: &dyn Observer,
        watch: &Watch,
    ) -> Result<Vec<Edited>, ApiError> {
        let edit = |(index, image): (usize, &Bytes)| {
            // Not every picture has something to compute, where this is asked too.
            if !watch.goes_on() {
                return Err(EngineError::Cancelled.into());
            }
            let mask = Some(self.mask_of(image).as_ref());
            let request = Request { task: Task::Inpaint, image, mask, options: &self.options };
            let edited = process(&request, environment, observer).map_err(ApiError::from);
            let edited = edited.and_then(|answer| {
                self.check_mask(&answer.report)?;
                Ok(Edited { bytes: answer.bytes.into(), report: answer.report })
            });
            edited.map_err(|error| about(error, index, self.images.len()))
        };
        self.images.iter().enumerate().map(edit).collect()
    }

    /// The mask of an image.
    pub(super) fn mask_of<'a>(&'a self, image: &'a Bytes) -> &'a Bytes {
        self.mask.as_ref().unwrap_or(image)
    }

    /// Whether there was a hole where there had to be one.
    pub(super) fn check_mask(&self, report: &Report) -> Result<(), ApiError> {
        if report.mask_coverage > 0.0 {
            return Ok(());
        }
        match &self.mask {
            None => Err(nothing_transparent()),
            Some(_) if self.is_strict => Err(mask_is_opaque()),
            Some(_) => Ok(()),
        }
    }
}

fn nothing_transparent() -> ApiError {
    ApiError::invalid_field(
        "image",
        "has nothing transparent, and there is no mask: rub out what is to be repaired, or send a \
         mask that is transparent there",
    )
}

fn mask_is_opaque() -> ApiError {
    ApiError::invalid_field(
        "mask",
        "has nothing transparent: what is to be repaired must be (http.openai_strict_mask is on)",
    )
}

fn check_size(header: &Header, asked: Option<(usize, usize)>) -> Result<(), ApiError> {
    let Header { width, height, .. } = *header;
    if asked.is_none_or(|asked| asked == (width, height)) {
        return Ok(());
    }
    let message = format!("must be `auto` or the size of the image, {width}x{height}");
    Err(ApiError::invalid_field("size", message))
}

/// Says which image it is about, if there are more.
fn about(error: ApiError, index: usize, count: usize) -> ApiError {
    if count > 1 { error.about(&format!("image[{index}]")) } else { error }
}

/// The engine that a model stands for. The names of `OpenAI`'s own models stand for the engine that
/// is asked for otherwise, as clients cannot be told to leave them out.
async fn engine(
    state: &ApiState,
    model: Option<&str>,
    options: &Options,
) -> Result<EngineChoice, ApiError> {
    let asked = options.restore.engine.clone();
    let Some(name) = model else { return check(state, "engine", asked).await };
    let is_theirs = THEIRS.iter().any(|theirs| name.starts_with(theirs));
    let found = match name.parse::<EngineChoice>() {
        Ok(choice) => check(state, "model", choice).await,
        Err(_) => Err(unknown(name)),
    };
    match found {
        Err(error) if is_theirs && error.code() == ProblemCode::UnknownModel => {
            check(state, "engine", asked).await
        }
        found => found,
    }
}

async fn check(
    state: &ApiState,
    field: &'static str,
    choice: EngineChoice,
) -> Result<EngineChoice, ApiError> {
    let networks = Arc::clone(&state.environment.networks);
    let asked = choice.clone();
    // A manifest may have to be read from its file.
    let check = spawn_blocking(move || check_engine(&asked, Task::Inpaint, &*networks));
    match check.await.map_err(ApiError::internal)? {
        Ok(()) => Ok(choice),
        Err(EngineError::Network(NetworkError::Unknown { name, .. })) if field == "model" => {
            Err(unknown(&name.to_string()))
        }
        Err(EngineError::Network(error)) => Err(ApiError::of_network(field, error)),
        Err(error) => Err(error.into()),
    }
}

/// There is no such model.
pub(super) fn unknown(name: &str) -> ApiError {
    let name: String = name.chars().take(120).collect();
    ApiError::new(ProblemCode::UnknownModel, format!("there is no model `{name}`"))
}
