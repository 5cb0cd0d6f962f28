//! How a restoration came about: its iterations, what they leave unexplained, and what simpler ways
//! would have made of the same picture.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::fillers::{harmonic, telea};
use crate::imaging::{
    self, ColorModel, EncodeOptions, ImageFormat, Mask, Metadata, Picture, Raster, Samples,
};
use crate::numerics::Plane;

use super::color;
use super::context::Observer;
use super::error::EngineError;
use super::inpaint::{hidden_in, write_region};
use super::notes::{Noted, Step};
use super::regions;
use super::spec::{ParameterFault, fault};

/// How much is told of a restoration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportDetail {
    /// What was done.
    #[default]
    Summary,
    /// Also every iteration, and a map of what the codes do not explain.
    Full,
}

/// A simple way to fill holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Filler {
    /// As smooth as can be: the Laplace equation.
    Harmonic,
    /// Telea's fast marching.
    Telea,
}

impl Filler {
    /// Every filler.
    pub const ALL: [Self; 2] = [Self::Harmonic, Self::Telea];

    /// The name to ask for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Harmonic => "harmonic",
            Self::Telea => "telea",
        }
    }
}

/// Fillers to compare with, each once. In text, their names with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fillers(Vec<Filler>);

/// A name is not that of a filler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be names out of harmonic, telea, with commas between them")]
pub struct UnknownFiller;

impl FromStr for Fillers {
    type Err = UnknownFiller;

    fn from_str(text: &str) -> Result<Self, UnknownFiller> {
        let mut fillers = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let filler = Filler::ALL.into_iter().find(|filler| filler.name() == name);
            let filler = filler.ok_or(UnknownFiller)?;
            if !fillers.contains(&filler) {
                fillers.push(filler);
            }
        }
        Ok(Self(fillers))
    }
}

impl<'de> Deserialize<'de> for Fillers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Names {
            List(Vec<String>),
            Text(String),
        }
        let names = match Names::deserialize(deserializer)? {
            Names::List(names) => names.join(","),
            Names::Text(text) => text,
        };
        names.parse().map_err(de::Error::custom)
    }
}

/// What is to be told of a restoration beside its result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExplainOptions {
    /// How much is told of it.
    pub report: ReportDetail,
    /// What it is compared with.
    pub compare: Fillers,
    /// How many drafts are shown of it while it is done, 0 to [`ExplainOptions::MOST_PREVIEWS`],
    /// to those who follow a job.
    pub previews: u8,
}

impl ExplainOptions {
    /// Pixels of the largest picture that is compared: each comparison is another picture.
    pub const MOST_COMPARED: u64 = 4_194_304;
    /// The most drafts: each costs as much as another iteration and a small picture.
    pub const MOST_PREVIEWS: u8 = 32;

    /// Whether anything is to be told beside the summary.
    pub fn is_any(&self) -> bool {
        self.report == ReportDetail::Full || !self.compare.0.is_empty()
    }

    /// Whether a picture of so many pixels can be compared.
    pub(super) fn check_size(&self, pixels: u64) -> Result<(), ParameterFault> {
        let limit = Self::MOST_COMPARED;
        if self.compare.0.is_empty() || pixels <= limit {
            return Ok(());
        }
        let message = format!("is for pictures of at most {limit} pixels");
        Err(ParameterFault {
            limit: Some(limit as f64),
            actual: Some(pixels as f64),
            ..fault("compare", message)
        })
    }
}

/// How a restoration came about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The iterations of the solver, in order; none for a network.
    pub iterations: Vec<IterationReport>,
    /// What the codes of the last iteration do not explain of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub residual_map: Option<ResidualMap>,
    /// The same picture, filled in simpler ways.
    pub comparisons: Vec<Comparison>,
}

/// One iteration of the solver, over all places that were worked on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IterationReport {
    /// Which one, counted from 1.
    #[schema(minimum = 1)]
    pub iteration: usize,
    /// The threshold of the codes, of full range; absent where a filter without one was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub threshold: Option<f32>,
    /// Half of the squares of what the threshold took and of the thresholds of what it kept, for
    /// each coefficient: what thresholding makes small.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub objective: Option<f64>,
    /// Root-mean-square change of the unknown samples, of full range, where it was largest.
    #[schema(minimum = 0)]
    pub residual: f32,
    /// Share of the coefficients that are zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub sparsity: Option<f64>,
}

/// A grey PNG of how much of each pixel the codes do not explain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResidualMap {
    /// The PNG in base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    #[schema(format = Byte, value_type = String)]
    pub image: Vec<u8>,
    /// What white stands for, of full range. Black is zero, and grey is in proportion.
    #[schema(minimum = 0)]
    pub white: f32,
    /// Pixels of the picture on each side of a pixel of the map, which has the largest of them.
    #[schema(minimum = 1)]
    pub scale: usize,
}

/// The picture with its holes filled in a simpler way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// The way.
    pub filler: Filler,
    /// The picture in base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    #[schema(format = Byte, value_type = String)]
    pub image: Vec<u8>,
    /// Its media type.
    #[schema(example = "image/png")]
    pub media_type: String,
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(de::Error::custom)
}

/// Puts what was noted into words and a picture.
pub(super) fn tell(noted: Noted) -> Result<Explanation, EngineError> {
    let Noted { steps, unexplained } = noted;
    let iterations = steps.iter().enumerate().map(|(index, step)| {
        let Step { threshold, codes, residual } = *step;
        IterationReport {
            iteration: index + 1,
            threshold: codes.objective().map(|_| threshold),
            objective: codes.objective(),
            residual,
            sparsity: codes.sparsity(),
        }
    });
    let residual_map = unexplained.as_ref().map(draw).transpose()?;
    Ok(Explanation { iterations: iterations.collect(), residual_map, comparisons: Vec::new() })
}

/// Pixels of the largest map.
const MOST_MAPPED: usize = 1 << 20;

fn draw(unexplained: &Plane<f32>) -> Result<ResidualMap, EngineError> {
    let (height, width) = (unexplained.height(), unexplained.width());
    let scale = (1..=height.max(width).max(1))
        .find(|scale| height.div_ceil(*scale) * width.div_ceil(*scale) <= MOST_MAPPED);
    let scale = scale.unwrap_or(1);
    let map = Plane::from_fn(height.div_ceil(scale), width.div_ceil(scale), |y, x| {
        let rows = y * scale..((y + 1) * scale).min(height);
        let columns = || x * scale..((x + 1) * scale).min(width);
        let all = rows.flat_map(|y| columns().map(move |x| (y, x)));
        all.map(|(y, x)| unexplained.at(y, x)).fold(0.0, f32::max)
    });
    let white = map.as_slice().iter().copied().fold(0.0, f32::max);
    let level = |value: &f32| {
        let share = if white > 0.0 { value / white } else { 0.0 };
        nearest(share.clamp(0.0, 1.0) * 255.0)
    };
    let samples = Samples::Eight(map.as_slice().iter().map(level).collect());
    let raster = Raster::from_samples(map.height(), map.width(), ColorModel::Grey, samples);
    let raster = raster.expect("there is one sample for each pixel of the map");
    let format = ImageFormat::Png;
    let picture = Picture { raster, metadata: Metadata::default(), format };
    let encoded = imaging::encode(&picture, &EncodeOptions::new(format));
    Ok(ResidualMap { image: encoded.map_err(EngineError::Image)?.bytes, white, scale })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0 to 255")]
fn nearest(level: f32) -> u8 {
    (level + 0.5) as u8
}

/// The picture as the fillers make it, which see as much of it as the solver does.
///
/// # Errors
/// [`EngineError::Cancelled`] when `observer` says so, which is asked before every place.
pub(super) fn compare(
    fillers: &Fillers,
    picture: &Picture,
    mask: &Mask,
    options: EncodeOptions,
    observer: &dyn Observer,
) -> Result<Vec<Comparison>, EngineError> {
    let work = regions::around_holes(mask);
    let fill = |&filler: &Filler| {
        let mut filled = picture.clone();
        for place in &work {
            observer.check().map_err(|_| EngineError::Cancelled)?;
            let hidden = hidden_in(mask, place.read);
            let mut planes = color::read(&picture.raster, place.read);
            match filler {
                Filler::Harmonic => {
                    for plane in &mut planes {
                        harmonic::fill(plane, &hidden);
                    }
                }
                Filler::Telea => telea::fill(&mut planes, &hidden),
            }
            write_region(&mut filled.raster, planes, place, mask);
        }
        let encoded = imaging::encode(&filled, &options).map_err(EngineError::Image)?;
        let media_type = options.format.media_type().to_owned();
        Ok(Comparison { filler, image: encoded.bytes, media_type })
    };
    fillers.0.iter().map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fillers_are_named_in_a_list_or_in_text() {
        let both = Fillers(vec![Filler::Telea, Filler::Harmonic]);
        for json in [r#""telea, harmonic,telea""#, r#"["telea", "harmonic"]"#] {
            assert_eq!(serde_json::from_str::<Fillers>(json).unwrap(), both, "{json}");
        }
        assert!(serde_json::from_str::<Fillers>(r#""patchmatch""#).is_err());
        assert!("".parse::<Fillers>().is_ok_and(|fillers| fillers.0.is_empty()));
    }

    #[test]
    fn a_map_has_its_largest_value_white_and_is_never_large() {
        let plane = Plane::from_fn(1500, 1400, |y, x| if (y, x) == (7, 3) { 0.25 } else { 0.0 });
        let map = draw(&plane).unwrap();
        assert_eq!(map.scale, 2);
        assert!((map.white - 0.25).abs() < 1e-9);
        let raster = imaging::decode(&map.image, &imaging::ImageLimits::default()).unwrap().raster;
        assert_eq!((raster.height(), raster.width()), (750, 700));
        assert_eq!((raster.sample(0, 3, 1), raster.sample(0, 0, 0)), (255, 0));
    }

    #[test]
    fn what_is_told_reads_back_as_it_was() {
        let comparison = Comparison {
            filler: Filler::Telea,
            image: vec![1, 2, 255],
            media_type: "image/png".to_owned(),
        };
        let told = Explanation { comparisons: vec![comparison], ..Explanation::default() };
        let json = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), told);
    }
}
