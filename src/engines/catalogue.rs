//! What can be asked for, in a form that programs can read.

use serde::Serialize;
use utoipa::ToSchema;

use super::dictionaries::{DictionaryChoice, dictionary_names};
use super::network::{self, Networks};
use super::spec::{EngineChoice, RestoreSpec, Task};
use crate::csc::{DEFAULT_ROUNDS, InpaintParams};
use crate::inference::{Manifest, ModelName, ModelTask};

/// An engine and its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EngineDescription {
    /// The name to ask for.
    #[schema(example = "csc")]
    pub name: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// The tasks it can do.
    pub tasks: Vec<Task>,
    /// Whether it can make up content that was not in the picture.
    pub generative: bool,
    /// Its licence, if it is a network that came with one.
    pub licence: Option<String>,
    /// Where it comes from, if it is a network that says so.
    pub source: Option<String>,
    /// Why it cannot be asked for at present, as far as that is known.
    pub unavailable: Option<String>,
    /// The dictionaries it can use, the default first; none for networks.
    pub dictionaries: Vec<&'static str>,
    /// Its parameters.
    pub parameters: Vec<ParameterDescription>,
}

/// A parameter of an engine.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ParameterDescription {
    /// The name to give it by.
    #[schema(example = "iterations")]
    pub name: &'static str,
    /// `integer`, `number` or `string`.
    #[schema(example = "integer")]
    pub kind: &'static str,
    /// The tasks that take it.
    pub tasks: Vec<Task>,
    /// Smallest value.
    pub minimum: Option<f64>,
    /// Largest value.
    pub maximum: Option<f64>,
    /// What is used when it is not given; absent when that depends on the picture.
    #[schema(value_type = Value)]
    pub default: Option<serde_json::Value>,
    /// What it does.
    pub help: &'static str,
}

/// All engines, `auto` first, then our own, then networks by name.
pub fn catalogue(networks: &dyn Networks) -> Vec<EngineDescription> {
    let csc = EngineDescription {
        name: "csc".to_owned(),
        summary: "Convolutional sparse coding: falling thresholds on shifted blocks, then on \
                  groups of similar blocks."
            .to_owned(),
        tasks: vec![Task::Inpaint, Task::Reconstruct],
        generative: false,
        licence: None,
        source: None,
        unavailable: None,
        dictionaries: dictionary_names().collect(),
        parameters: parameters(),
    };
    let auto = EngineDescription {
        name: "auto".to_owned(),
        summary: "What needs no ONNX Runtime and gives the same everywhere: always csc.".to_owned(),
        ..csc.clone()
    };
    let obstacle = networks.obstacle();
    let networks = networks.list().into_iter().filter_map(|(name, manifest)| {
        // One that is called as an engine of our own can be had only with its version.
        let choice: EngineChoice = name.as_str().parse().ok()?;
        let can_be_asked_for = matches!(choice, EngineChoice::Network(_));
        let tasks = network::tasks(&manifest).to_vec();
        (can_be_asked_for && !tasks.is_empty()).then(|| {
            let unavailable = obstacle.clone();
            EngineDescription { unavailable, ..describe(&name, manifest, tasks) }
        })
    });
    [auto, csc].into_iter().chain(networks).collect()
}

fn describe(name: &ModelName, manifest: Manifest, tasks: Vec<Task>) -> EngineDescription {
    let given = |text: String| (!text.is_empty()).then_some(text);
    EngineDescription {
        name: name.to_string(),
        summary: given(manifest.description).unwrap_or_else(|| "A network.".to_owned()),
        generative: manifest.task == ModelTask::Inpaint,
        tasks,
        licence: given(manifest.licence),
        source: given(manifest.source),
        unavailable: None,
        dictionaries: Vec::new(),
        parameters: Vec::new(),
    }
}

fn parameters() -> Vec<ParameterDescription> {
    let most = Some(RestoreSpec::MAX_ITERATIONS.into());
    vec![
        ParameterDescription {
            name: "iterations",
            kind: "integer",
            tasks: vec![Task::Inpaint],
            minimum: Some(1.0),
            maximum: most,
            default: Some(InpaintParams::DEFAULT_ITERATIONS.into()),
            help: "More iterations are slower and, up to about 150, better.",
        },
        ParameterDescription {
            name: "iterations",
            kind: "integer",
            tasks: vec![Task::Reconstruct],
            minimum: Some(1.0),
            maximum: most,
            default: Some(DEFAULT_ROUNDS.into()),
            help: "Shifts that are averaged when noise is removed; holes take the default of \
                   inpaint.",
        },
        ParameterDescription {
            name: "dictionary",
            kind: "string",
            tasks: vec![Task::Inpaint, Task::Reconstruct],
            minimum: None,
            maximum: None,
            default: Some(DictionaryChoice::default().name().into()),
            help: "The filters that pictures are made of.",
        },
        ParameterDescription {
            name: "sigma",
            kind: "number",
            tasks: vec![Task::Reconstruct],
            minimum: Some(0.0),
            maximum: Some(RestoreSpec::MAX_SIGMA.into()),
            default: None,
            help: "Standard deviation of the noise in 8-bit levels; estimated when not given.",
        },
    ]
}
