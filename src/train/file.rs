//! A network in a file: safetensors, with what is computed and how it was learned in the metadata.
//!
//! Numbers are named `network/…`; a file from which learning goes on also holds `state/…`,
//! `average/…` and `memory/…`. Format: <https://huggingface.co/docs/safetensors/index>.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::optimizer::Memory;
use super::trainer::TrainState;
use crate::network::{Array, Graph, Parameters};

/// Key of our entry in the metadata.
const KEY: &str = "cogd.network";
const VERSION: u32 = 1;

/// A network and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkFile {
    /// What is computed.
    pub graph: Graph,
    /// With which numbers.
    pub parameters: Parameters,
    /// How it came about: command, seed, data, figures.
    pub record: serde_json::Value,
    /// From where learning goes on, in the file of a run that is not done.
    pub state: Option<TrainState>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    version: u32,
    graph: Graph,
    record: serde_json::Value,
    state: Option<Counts>,
}

/// What is counted in a state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    step: u64,
    is_averaged: bool,
    memory: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Arrays by name, on their way into a file or out of it.
type Arrays = BTreeMap<String, Array>;

impl NetworkFile {
    /// As bytes: the same network gives the same bytes.
    ///
    /// # Errors
    /// [`TrainError::File`] if a name or shape cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TrainError> {
        let mut arrays = Arrays::new();
        put(&mut arrays, "network", &self.parameters);
        let counts = self.state.as_ref().map(|state| {
            put(&mut arrays, "state", &state.parameters);
            if let Some(average) = &state.average {
                put(&mut arrays, "average", average);
            }
            for (parameter, memory) in &state.memory {
                for (name, values) in &memory.vectors {
                    let array = Array { shape: vec![values.len()], values: values.clone() };
                    arrays.insert(format!("memory/{parameter}/{name}"), array);
                }
            }
            let counts = |(name, memory): (&String, &Memory)| (name.clone(), memory.counts.clone());
            Counts {
                step: state.step,
                is_averaged: state.average.is_some(),
                memory: state.memory.iter().map(counts).collect(),
            }
        });
        let (graph, record) = (self.graph.clone(), self.record.clone());
        let about = About { version: VERSION, graph, record, state: counts };
        let about = serde_json::to_string(&about).map_err(fault)?;

        let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = arrays
            .into_iter()
            .map(|(name, Array { shape, values })| {
                (name, shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
            })
            .collect();
        let views = bytes
            .iter()
            .map(|(name, shape, bytes)| {
                Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(fault)?))
            })
            .collect::<Result<Vec<_>, TrainError>>()?;
        let metadata = HashMap::from([(KEY.to_owned(), about)]);
        safetensors::serialize(views, Some(metadata)).map_err(fault)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`TrainError::File`] if it is damaged, no network, or one of another version;
    /// [`TrainError::Network`] if its numbers are not those of its graph.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(fault)?;
        let about = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let about = about.ok_or_else(|| fault("it says nothing of a network"))?;
        let about: About = serde_json::from_str(about).map_err(fault)?;
        if about.version != VERSION {
            return Err(fault(format!("it is of version {}, not {VERSION}", about.version)));
        }
        let mut arrays = Arrays::new();
        for (name, view) in SafeTensors::deserialize(bytes).map_err(fault)?.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(fault(format!("`{name}` is not of single precision")));
            }
            let (numbers, _) = view.data().as_chunks();
            let values = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            arrays.insert(name.to_owned(), Array { shape: view.shape().to_vec(), values });
        }
        let take = |place: &str| -> Arrays {
            let prefix = format!("{place}/");
            let named = |(name, array): (&String, &Array)| {
                Some((name.strip_prefix(&prefix)?.to_owned(), array.clone()))
            };
            arrays.iter().filter_map(named).collect()
        };
        let parameters = Parameters(take("network"));
        parameters.check(&about.graph)?;
        let state = about.state.map(|counts| {
            let mut memory: BTreeMap<String, Memory> = BTreeMap::new();
            for (name, counts) in counts.memory {
                memory.insert(name, Memory { counts, ..Memory::default() });
            }
            for (name, array) in take("memory") {
                if let Some((parameter, vector)) = name.rsplit_once('/') {
                    let memory = memory.entry(parameter.to_owned()).or_default();
                    memory.vectors.insert(vector.to_owned(), array.values);
                }
            }
            TrainState {
                step: counts.step,
                parameters: Parameters(take("state")),
                average: counts.is_averaged.then(|| Parameters(take("average"))),
                memory,
            }
        });
        Ok(Self { graph: about.graph, parameters, record: about.record, state })
    }
}

fn put(arrays: &mut Arrays, place: &str, parameters: &Parameters) {
    let named = |(name, array): (&String, &Array)| (format!("{place}/{name}"), array.clone());
    arrays.extend(parameters.0.iter().map(named));
}

fn fault(reason: impl std::fmt::Display) -> TrainError {
    TrainError::File(reason.to_string())
}
