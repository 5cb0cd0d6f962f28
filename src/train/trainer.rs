//! Learning, step after step, from a state that can be kept and gone on from.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::coupling::{Coupling, CouplingSettings, Factors, Step, pairs};
use super::device::TrainingDevice;
use super::differentiate::{Machine, Tensors, machine};
use super::objective::{Score, Tally, Task};
use super::optimizer::{Memory, Optimizer, OptimizerSettings};
use super::schedule::Schedule;
use super::tensors::{download, host_device, upload, vector};
use crate::network::{Array, Graph, Parameters, Role};
use crate::numerics::norms::single;
use crate::numerics::prox::soft_threshold;

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainSettings {
    /// How fast, and for how long.
    pub schedule: Schedule,
    /// How steps are made.
    pub optimizer: OptimizerSettings,
    /// How much of a running mean of all numbers is kept in a step, in `[0, 1)`; zero for none.
    /// The mean is what is kept of the network in the end.
    pub averaging: f32,
    /// Which factors are to be sparse, and the weight of their l1 norm in the loss.
    pub sparsity: Option<(Factors, f32)>,
    /// How factors are coupled with filters.
    pub coupling: Option<CouplingSettings>,
}

/// All that a run needs to go on: with the same settings and the same data it ends in the same
/// bits as one that was never interrupted.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainState {
    /// Steps done.
    pub step: u64,
    /// The numbers as they are.
    pub parameters: Parameters,
    /// Their running mean, if one is kept.
    pub average: Option<Parameters>,
    /// What the optimiser remembers, by parameter.
    pub memory: BTreeMap<String, Memory>,
}

/// A network on its way.
pub struct Trainer {
    graph: Graph,
    settings: TrainSettings,
    machine: Box<dyn Machine>,
    slots: BTreeMap<String, Slot>,
    average: Option<Tensors>,
    sparse: Vec<String>,
    coupling: Option<Coupling>,
    step: u64,
}

/// One parameter.
struct Slot {
    shape: Vec<usize>,
    role: Role,
    values: Tensor<1>,
    optimizer: Optimizer,
}

/// How much of a running mean or variance of a norm is kept in a step.
const NORM_MEMORY: f32 = 0.9;

impl Trainer {
    /// A network before its first step.
    ///
    /// # Errors
    /// [`TrainError`] if the parameters are not those of the graph, the device is not there, or
    /// the settings ask for what the graph does not have.
    pub fn new(
        graph: Graph,
        parameters: &Parameters,
        settings: TrainSettings,
        device: TrainingDevice,
    ) -> Result<Self, TrainError> {
        check(&settings)?;
        parameters.check(&graph)?;
        let machine = machine(device)?;
        let tensors = upload(parameters);
        let slot = |(name, shape, role): (String, Vec<usize>, Role)| {
            let values = tensors[&name].clone();
            let optimizer = Optimizer::new(settings.optimizer, role);
            (name, Slot { shape, role, values, optimizer })
        };
        let slots: BTreeMap<String, Slot> = graph.parameters().into_iter().map(slot).collect();
        let coupling = settings.coupling.map(|c| Coupling::new(&graph, c)).transpose()?;
        let mut sparse = Vec::new();
        if let Some((factors, _)) = settings.sparsity {
            sparse =
                pairs(&graph, factors)?.into_iter().flatten().map(|pair| pair.factor).collect();
            sparse.dedup();
        }
        let average = (settings.averaging > 0.0).then(|| {
            slots.iter().map(|(name, slot)| (name.clone(), slot.values.clone())).collect()
        });
        Ok(Self { graph, settings, machine, slots, average, sparse, coupling, step: 0 })
    }

    /// Goes on from a state.
    ///
    /// # Errors
    /// [`TrainError::File`] if the state is not one of this network and these settings.
    pub fn resume(&mut self, state: TrainState) -> Result<(), TrainError> {
        state.parameters.check(&self.graph)?;
        if state.average.is_some() != self.average.is_some() {
            return Err(TrainError::File(
                "the state is of a run with another averaging".to_owned(),
            ));
        }
        let mut memory = state.memory;
        for (name, tensor) in upload(&state.parameters) {
            if let Some(slot) = self.slots.get_mut(&name) {
                slot.values = tensor;
                slot.optimizer = Optimizer::new(self.settings.optimizer, slot.role);
                let memory = memory.remove(&name).unwrap_or_default();
                slot.optimizer.recall(memory, &host_device())?;
            }
        }
        if let Some(average) = &state.average {
            average.check(&self.graph)?;
            self.average = Some(upload(average));
        }
        self.step = state.step;
        Ok(())
    }

    /// The state after the last step.
    pub fn state(&self) -> TrainState {
        let memory = |(name, slot): (&String, &Slot)| (name.clone(), slot.optimizer.memory());
        TrainState {
            step: self.step,
            parameters: self.parameters(),
            average: self.average.as_ref().map(|average| self.named(|name, _| &average[name])),
            memory: self.slots.iter().map(memory).collect(),
        }
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Whether all steps are done.
    pub fn is_finished(&self) -> bool {
        self.step >= self.settings.schedule.steps
    }

    /// What is learned: its numbers after the last step.
    pub fn parameters(&self) -> Parameters {
        self.named(|_, slot| &slot.values)
    }

    /// What is to be kept of the network: the running mean of its numbers where one is kept.
    pub fn result(&self) -> Parameters {
        match &self.average {
            Some(average) => self.named(|name, _| &average[name]),
            None => self.parameters(),
        }
    }

    fn named<'a>(&'a self, values: impl Fn(&String, &'a Slot) -> &'a Tensor<1>) -> Parameters {
        let array = |(name, slot): (&String, &'a Slot)| {
            let values = download(values(name, slot));
            (name.clone(), Array { shape: slot.shape.clone(), values })
        };
        Parameters(self.slots.iter().map(array).collect())
    }

    /// Learns from the examples of the next step; returns the loss before it.
    ///
    /// # Errors
    /// [`TrainError::Diverged`] if the loss is not finite.
    pub fn advance(&mut self, task: &dyn Task) -> Result<f32, TrainError> {
        let batch = task.batch(self.step);
        let parameters =
            self.slots.iter().map(|(name, slot)| (name.clone(), slot.values.clone())).collect();
        let mut found = self.machine.differentiate(&self.graph, &parameters, &batch)?;
        if !found.loss.is_finite() {
            return Err(TrainError::Diverged { step: self.step });
        }

        let rate = self.settings.schedule.rate(self.step);
        let mut seen = Step::default();
        let watched = self.coupling.as_ref().map(Coupling::names).unwrap_or_default();
        for (name, slot) in &mut self.slots {
            let Some(gradient) = found.gradients.remove(name) else { continue };
            let is_watched = watched.contains(name.as_str());
            if is_watched {
                seen.before.insert(name.clone(), download(&slot.values));
                seen.gradients.insert(name.clone(), download(&gradient));
            }
            slot.values = slot.optimizer.step(rate, slot.values.clone(), gradient);
            if is_watched {
                seen.after.insert(name.clone(), download(&slot.values));
            }
        }
        self.shrink(rate, &mut seen.after);
        self.project(rate, &mut seen);
        for seen in found.statistics {
            self.follow(&format!("{}.mean", seen.norm), seen.mean);
            // The variance of the population that the batch is a sample of.
            let samples = seen.samples as f32;
            let unbiased = samples / (samples - 1.0).max(1.0);
            self.follow(&format!("{}.variance", seen.norm), seen.variance * unbiased);
        }
        if let Some(average) = &mut self.average {
            // At the start, what was passed through weighs less.
            let elapsed = self.step as f32 + 1.0;
            let keep = self.settings.averaging.min(elapsed / (elapsed + 9.0));
            for (name, slot) in &self.slots {
                if let Some(mean) = average.get_mut(name) {
                    *mean = mean.clone() * keep + slot.values.clone() * (1.0 - keep);
                }
            }
        }
        self.step += 1;
        Ok(found.loss)
    }

    /// The proximal step of the l1 term: factors come to rest at zero itself.
    fn shrink(&mut self, rate: f64, after: &mut BTreeMap<String, Vec<f32>>) {
        let Some((_, weight)) = self.settings.sparsity else { return };
        let threshold = single(rate) * weight;
        for name in &self.sparse {
            if let Some(slot) = self.slots.get_mut(name) {
                let mut values = download(&slot.values);
                for value in &mut values {
                    *value = soft_threshold(*value, threshold);
                }
                slot.values = vector(values.clone());
                after.insert(name.clone(), values);
            }
        }
    }

    fn project(&mut self, rate: f64, seen: &mut Step) {
        let Some(coupling) = &mut self.coupling else { return };
        let schedule = self.settings.schedule;
        let elapsed = self.step as f32 / schedule.steps.max(1) as f32;
        coupling.project(seen, elapsed, single(rate / schedule.rate));
        for name in coupling.changed() {
            if let (Some(slot), Some(values)) = (self.slots.get_mut(name), seen.after.remove(name))
            {
                slot.values = vector(values);
            }
        }
    }

    fn follow(&mut self, name: &str, value: Tensor<1>) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.values = slot.values.clone() * NORM_MEMORY + value * (1.0 - NORM_MEMORY);
        }
    }

    /// How well what is to be kept does on examples that are not trained on.
    ///
    /// # Errors
    /// [`TrainError::Data`] if there are none.
    pub fn evaluate(&self, task: &dyn Task) -> Result<Score, TrainError> {
        evaluate(&self.graph, &self.result(), task, &*self.machine)
    }
}

/// How well a network does on examples that are not trained on.
///
/// # Errors
/// [`TrainError`] if there are none, or the network cannot be computed on them.
pub fn score(
    graph: &Graph,
    parameters: &Parameters,
    task: &dyn Task,
    device: TrainingDevice,
) -> Result<Score, TrainError> {
    parameters.check(graph)?;
    evaluate(graph, parameters, task, &*machine(device)?)
}

/// What a network computes from a batch, by the code it is trained with.
///
/// # Errors
/// [`TrainError`] if the network cannot be computed on it.
pub fn compute(
    graph: &Graph,
    parameters: &Parameters,
    input: &super::Block,
    device: TrainingDevice,
) -> Result<Vec<f32>, TrainError> {
    parameters.check(graph)?;
    machine(device)?.compute(graph, &upload(parameters), input)
}

fn evaluate(
    graph: &Graph,
    parameters: &Parameters,
    task: &dyn Task,
    machine: &dyn Machine,
) -> Result<Score, TrainError> {
    let tensors = upload(parameters);
    let batches = task.held_out();
    let mut tally = Tally::default();
    for batch in &batches {
        batch.judge(&machine.compute(graph, &tensors, batch.input())?, &mut tally);
    }
    let last = batches.last().ok_or_else(|| {
        TrainError::Data("no examples were kept back to judge a network by".to_owned())
    })?;
    Ok(last.score(&tally))
}

fn check(settings: &TrainSettings) -> Result<(), TrainError> {
    let fault = |text: &str| Err(TrainError::Settings(text.to_owned()));
    let Schedule { rate, warm_up, steps } = settings.schedule;
    if !(rate > 0.0 && rate.is_finite()) {
        return fault("the rate must be a positive number");
    }
    if steps == 0 || warm_up >= steps {
        return fault("there must be more steps than those that warm up");
    }
    if !(0.0..1.0).contains(&settings.averaging) {
        return fault("averaging must lie in 0..1");
    }
    if settings.sparsity.is_some_and(|(_, weight)| !(weight >= 0.0 && weight.is_finite())) {
        return fault("the weight of sparsity must be a number of at least zero");
    }
    Ok(())
}
