//! The dictionaries that can be named, and those that a caller brings along.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::csc::dictionary::{Dictionary, DictionaryError, DictionaryKind, TrainingRecord};
use crate::csc::{Learned8, Transform8};
use crate::imaging::{
    self, ColorModel, EncodeOptions, ImageFormat, ImagingError, Metadata, Picture, Raster, Samples,
};

use super::error::EngineError;

/// A dictionary of the program.
struct BuiltIn {
    name: &'static str,
    summary: &'static str,
    /// The file it was learned into; the cosine transform was not learned.
    file: Option<&'static [u8]>,
}

/// The dictionaries of the program, the default first.
const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "dct",
        summary: "The cosine transform of 8x8 blocks: fixed, fast, good on every picture.",
        file: None,
    },
    BuiltIn {
        name: "learned8",
        summary: "An orthonormal transform of 8x8 blocks, learned from photographs of CID22 \
                  (Cloudinary, CC BY-SA 4.0) and Unsplash: slower than dct and no better.",
        file: Some(include_bytes!("../../assets/dictionaries/learned8.dict")),
    },
];

impl BuiltIn {
    fn find(name: &str) -> Result<&'static Self, EngineError> {
        BUILT_IN.iter().find(|entry| entry.name == name).ok_or_else(|| {
            EngineError::UnknownDictionary {
                name: name.to_owned(),
                known: dictionary_names().map(ToOwned::to_owned).collect(),
            }
        })
    }

    fn dictionary(&self) -> Result<Dictionary, DictionaryError> {
        self.file.map_or_else(|| Ok(Dictionary::cosine(8)), Dictionary::from_bytes)
    }
}

/// The names of the dictionaries of the program, the default first.
pub fn dictionary_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|entry| entry.name)
}

/// A dictionary to restore with. In JSON it is its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum DictionaryChoice {
    /// One of the program's.
    Named(String),
    /// One that the caller has.
    Given {
        /// What to call it in reports.
        name: String,
        /// The dictionary: an orthonormal transform of 8×8 blocks, its mean first.
        dictionary: Arc<Dictionary>,
    },
}

impl From<String> for DictionaryChoice {
    fn from(name: String) -> Self {
        Self::Named(name)
    }
}

impl From<DictionaryChoice> for String {
    fn from(choice: DictionaryChoice) -> Self {
        choice.name().to_owned()
    }
}

impl Default for DictionaryChoice {
    fn default() -> Self {
        Self::Named(BUILT_IN[0].name.to_owned())
    }
}

impl DictionaryChoice {
    /// What reports call it.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) | Self::Given { name, .. } => name,
        }
    }

    /// The transform that the solver uses for groups of blocks.
    ///
    /// # Errors
    /// [`EngineError::UnknownDictionary`] if none has the name, [`EngineError::Dictionary`] if the
    /// solver cannot use it.
    pub fn transform(&self) -> Result<Transform8, EngineError> {
        let learned = match self {
            Self::Named(name) => match BuiltIn::find(name)?.file {
                None => return Ok(Transform8::Cosine),
                Some(file) => {
                    Dictionary::from_bytes(file).and_then(|file| Learned8::try_from(&file))
                }
            },
            Self::Given { dictionary, .. } => Learned8::try_from(dictionary.as_ref()),
        };
        Ok(Transform8::Learned(learned?))
    }
}

/// A dictionary in a form that programs can read.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DictionaryDescription {
    /// The name to ask for.
    #[schema(example = "dct")]
    pub name: String,
    /// What it is, in a sentence.
    pub summary: String,
    /// What its filters are.
    pub kind: DictionaryKind,
    /// Side of a filter in pixels.
    #[schema(minimum = 1, example = 8)]
    pub side: usize,
    /// Number of filters.
    #[schema(minimum = 1, example = 64)]
    pub filters: usize,
    /// Whether it is used when none is named.
    pub default: bool,
    /// How it was learned; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub record: Option<TrainingRecord>,
}

impl DictionaryDescription {
    /// Describes a dictionary that is not the program's.
    pub fn learned(name: String, dictionary: &Dictionary) -> Self {
        let record = dictionary.record();
        Self {
            name,
            summary: format!("Learned from {}.", record.data),
            kind: dictionary.kind(),
            side: dictionary.side(),
            filters: dictionary.count(),
            default: false,
            record: Some(record.clone()),
        }
    }

    fn of(entry: &BuiltIn) -> Result<Self, EngineError> {
        let described = Self::learned(entry.name.to_owned(), &entry.dictionary()?);
        Ok(Self {
            summary: entry.summary.to_owned(),
            default: entry.name == BUILT_IN[0].name,
            record: described.record.filter(|_| entry.file.is_some()),
            ..described
        })
    }
}

/// All dictionaries of the program, the default first.
///
/// # Errors
/// [`EngineError::Dictionary`] if one was damaged when the program was built.
pub fn describe_dictionaries() -> Result<Vec<DictionaryDescription>, EngineError> {
    BUILT_IN.iter().map(DictionaryDescription::of).collect()
}

/// The dictionary of the program that has this name.
///
/// # Errors
/// [`EngineError::UnknownDictionary`] if none has.
pub fn describe_dictionary(name: &str) -> Result<DictionaryDescription, EngineError> {
    DictionaryDescription::of(BuiltIn::find(name)?)
}

/// All filters of a dictionary of the program as one PNG.
///
/// # Errors
/// [`EngineError::UnknownDictionary`] if none has the name.
pub fn dictionary_sheet(name: &str) -> Result<Vec<u8>, EngineError> {
    draw_sheet(&BuiltIn::find(name)?.dictionary()?).map_err(EngineError::Image)
}

/// All filters of a dictionary as one PNG.
///
/// # Errors
/// What the encoder says.
///
/// # Panics
/// Never: the sheet has one sample a pixel.
pub fn draw_sheet(dictionary: &Dictionary) -> Result<Vec<u8>, ImagingError> {
    /// Size of a tap on the sheet, in pixels.
    const ZOOM: usize = 4;
    let sheet = dictionary.sheet(ZOOM);
    let (height, width) = (sheet.height(), sheet.width());
    let blank = Samples::Eight(vec![0; height * width]);
    let mut raster = Raster::from_samples(height, width, ColorModel::Grey, blank)
        .expect("there is one sample a pixel");
    raster.write_where(0, raster.region(), &sheet, |_, _| u8::MAX);
    let format = ImageFormat::Png;
    let picture = Picture { raster, metadata: Metadata::default(), format };
    imaging::encode(&picture, &EncodeOptions::new(format)).map(|encoded| encoded.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dictionary_of_the_program_can_be_used_and_described() {
        for (index, entry) in describe_dictionaries().unwrap().into_iter().enumerate() {
            let choice = DictionaryChoice::from(entry.name.clone());
            assert!(choice.transform().is_ok(), "{}", entry.name);
            assert_eq!((entry.side, entry.filters), (8, 64));
            assert_eq!(entry.default, index == 0);
            assert_eq!(describe_dictionary(&entry.name).unwrap(), entry);
        }
        assert_eq!(DictionaryChoice::default().transform().unwrap(), Transform8::Cosine);
    }

    #[test]
    fn a_name_nobody_gave_is_refused_with_those_there_are() {
        let refused = DictionaryChoice::from("nobody's".to_owned()).transform();
        let Err(EngineError::UnknownDictionary { name, known }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((name.as_str(), known[0].as_str()), ("nobody's", "dct"));
    }

    #[test]
    fn a_dictionary_the_solver_cannot_use_is_refused() {
        let dictionary = Arc::new(Dictionary::cosine(4));
        let given = DictionaryChoice::Given { name: "small".to_owned(), dictionary };
        let fault = DictionaryError::Side { supported: 8, actual: 4 };
        assert!(matches!(given.transform(), Err(EngineError::Dictionary(found)) if found == fault));
    }
}
