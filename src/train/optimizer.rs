//! The optimisers of burn, one parameter at a time, with a state that can be kept.

use std::collections::BTreeMap;

use burn::grad_clipping::GradientClipping;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{
    AdamW, AdamWConfig, AdamWState, Optimizer as _, RecordState, Sgd, SgdConfig, SgdState,
    StateSink, StateSource,
};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::tensors::host;
use crate::network::Role;

/// How steps are made from gradients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum OptimizerSettings {
    /// Stochastic gradient descent with momentum.
    Sgd {
        /// How much of the last step is kept, in `[0, 1)`.
        momentum: f64,
        /// How much of every weight is added to its gradient.
        weight_decay: f32,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019, "Decoupled weight decay
    /// regularization").
    AdamW {
        /// The share of every weight that is lost in a step of rate one.
        weight_decay: f32,
    },
}

/// Gradients of one parameter longer than this are shortened.
const LONGEST_GRADIENT: f32 = 1.0;

/// An optimiser and what it remembers of one parameter.
pub(super) enum Optimizer {
    Sgd(Sgd, Option<Box<SgdState<1>>>),
    AdamW(AdamW, Option<Box<AdamWState<1>>>),
}

/// What an optimiser remembers of one parameter: vectors as long as the parameter, and counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// By name.
    pub vectors: BTreeMap<String, Vec<f32>>,
    /// By name.
    pub counts: BTreeMap<String, u64>,
}

impl Optimizer {
    /// Only weights decay: shrinking norms, biases and masks is not what decay is for.
    pub(super) fn new(settings: OptimizerSettings, role: Role) -> Self {
        let decays = role == Role::Weight;
        match settings {
            OptimizerSettings::Sgd { momentum, weight_decay } => {
                let momentum = MomentumConfig::new().with_momentum(momentum).with_dampening(0.0);
                let decay = decays.then(|| WeightDecayConfig::new(weight_decay));
                let config =
                    SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(decay);
                Self::Sgd(config.build(), None)
            }
            OptimizerSettings::AdamW { weight_decay } => {
                let decay = if decays { weight_decay } else { 0.0 };
                let config = AdamWConfig::new().with_weight_decay(decay).with_epsilon(1e-8);
                Self::AdamW(config.build(), None)
            }
        }
    }

    /// One step along a gradient.
    pub(super) fn step(&mut self, rate: f64, values: Tensor<1>, gradient: Tensor<1>) -> Tensor<1> {
        let gradient = GradientClipping::Norm(LONGEST_GRADIENT).clip_gradient(gradient);
        match self {
            Self::Sgd(sgd, state) => {
                let state_before = state.take().map(|state| *state);
                let (values, next) = sgd.step(rate, values, gradient, state_before);
                *state = next.map(Box::new);
                values
            }
            Self::AdamW(adam, state) => {
                let state_before = state.take().map(|state| *state);
                let (values, next) = adam.step(rate, values, gradient, state_before);
                *state = next.map(Box::new);
                values
            }
        }
    }

    /// What is remembered.
    pub(super) fn memory(&self) -> Memory {
        let mut sink = StateSink::default();
        match self {
            Self::Sgd(_, Some(state)) => state.state_flatten("", &mut sink),
            Self::AdamW(_, Some(state)) => state.state_flatten("", &mut sink),
            _ => {}
        }
        let vectors = sink.tensors.into_iter().map(|(name, data)| (name, host(&data))).collect();
        let counts = sink.scalars.into_iter();
        let counts = counts.filter_map(|(name, count)| Some((name, count.try_into().ok()?)));
        Memory { vectors, counts: counts.collect() }
    }

    /// Goes on from what was remembered.
    pub(super) fn recall(&mut self, memory: Memory, device: &Device) -> Result<(), TrainError> {
        if memory == Memory::default() {
            return Ok(());
        }
        let counts = memory.counts.into_iter().map(|(name, count)| (name, count.into()));
        let mut source = StateSource::new(counts.collect());
        for (name, values) in memory.vectors {
            let shape = [values.len()];
            source.insert_tensor(name, TensorData::new(values, shape));
        }
        let foreign = || TrainError::File("the state is of another optimiser".to_owned());
        match self {
            Self::Sgd(_, state) => {
                let read: Option<SgdState<1>> = SgdState::state_unflatten("", &mut source, device);
                // One without momentum is read from anything.
                let read = read.filter(|read| read.momentum.is_some());
                *state = Some(Box::new(read.ok_or_else(foreign)?));
            }
            Self::AdamW(_, state) => {
                let read = AdamWState::state_unflatten("", &mut source, device);
                *state = Some(Box::new(read.ok_or_else(foreign)?));
            }
        }
        Ok(())
    }
}
