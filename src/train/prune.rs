//! Which channels a network can do without, by four methods of which one is Cogradient Descent.
//!
//! All methods share everything but what they learn by: a network is trained on for some steps, its
//! channels are ranked, those of least rank are removed until it costs what it may, and what is
//! left is trained again. Magnitude pruning (Li et al. 2017, "Pruning filters for efficient
//! `ConvNets`") trains without a term and ranks filters by their l1 norm, relative to their layer.
//! Soft masks (with and without the projection of Cogradient Descent) are trained beside the filters
//! under an l1 term; filters are ranked likewise, times their masks. Network slimming (Liu et
//! al. 2017, "Learning efficient convolutional networks through network slimming") trains scales of
//! norms under an l1 term and ranks channels by them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::coupling::{CouplingSettings, Factors, Pair, pairs};
use super::{TrainError, TrainSettings};
use crate::network::{Array, Cost, Graph, MASK, Op, Parameters, prune};

/// How channels are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PruneMethod {
    /// Soft masks, coupled with the filters they multiply.
    Cogradient,
    /// Soft masks, not coupled with anything.
    Masks,
    /// The l1 norm of filters.
    Magnitude,
    /// Scales of norms.
    Slimming,
}

/// Of every layer, at least this share of the channels stays: a layer without channels would cut
/// the network in two.
const LEAST_LEFT: f64 = 0.1;

impl PruneMethod {
    /// All methods.
    pub const ALL: [Self; 4] = [Self::Cogradient, Self::Masks, Self::Slimming, Self::Magnitude];

    /// A short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cogradient => "cogradient",
            Self::Masks => "masks",
            Self::Magnitude => "magnitude",
            Self::Slimming => "slimming",
        }
    }

    /// The network of the first phase.
    ///
    /// # Errors
    /// [`TrainError::Network`] if the parameters are not those of the graph.
    pub fn prepare(
        self,
        graph: &Graph,
        parameters: &Parameters,
    ) -> Result<(Graph, Parameters), TrainError> {
        match self {
            Self::Cogradient | Self::Masks => masked(graph, parameters),
            Self::Magnitude | Self::Slimming => Ok((graph.clone(), parameters.clone())),
        }
    }

    /// The settings of the first phase: those of any training, with the l1 term and the projection
    /// where they belong to the method. `shrinkage` is what the term takes off a mask or scale in
    /// all steps together, where nothing works against it: its weight follows from the schedule, so
    /// that it means the same for short and long phases and for all rates.
    #[must_use]
    pub fn settings(self, plain: &TrainSettings, shrinkage: f32) -> TrainSettings {
        let factors = match self {
            Self::Cogradient | Self::Masks => Some(Factors::Masks),
            Self::Slimming => Some(Factors::Scales),
            Self::Magnitude => None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "a weight of moderate size")]
        let weight = (f64::from(shrinkage) / plain.schedule.length()) as f32;
        TrainSettings {
            sparsity: factors.map(|factors| (factors, weight)),
            coupling: (self == Self::Cogradient).then(|| CouplingSettings::new(Factors::Masks)),
            // What is ranked is what the projection has worked on, not a mean over its past.
            averaging: 0.0,
            ..plain.clone()
        }
    }

    /// Removes channels from the network of the first phase until an image of `size` costs at most
    /// `share` of the multiplications of the network it began with.
    ///
    /// # Errors
    /// [`TrainError::Settings`] if the share is none or cannot be reached.
    pub fn cut(
        self,
        graph: &Graph,
        parameters: &Parameters,
        share: f64,
        size: [usize; 2],
    ) -> Result<(Graph, Parameters), TrainError> {
        if !(share > 0.0 && share <= 1.0) {
            let text = format!("the share of the multiplications to keep is {share}, not in 0..=1");
            return Err(TrainError::Settings(text));
        }
        let (graph, mut parameters) = match self {
            Self::Cogradient | Self::Masks => (graph.clone(), parameters.clone()),
            Self::Magnitude | Self::Slimming => masked(graph, parameters)?,
        };
        let scores = self.scores(&graph, &parameters)?;
        let whole = Cost::of(&graph, size)?.multiplications;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
        let budget = (whole as f64 * share) as u64;
        let closed = prune::lowest(&graph, &scores, size, budget)?;
        if closed.iter().zip(&scores).any(|(closed, score)| *closed && score.is_infinite()) {
            let text = format!("no network of its kind costs {share} of its multiplications");
            return Err(TrainError::Settings(text));
        }
        if let Some(mask) = parameters.0.get_mut(MASK) {
            for (value, _) in mask.values.iter_mut().zip(closed).filter(|(_, closed)| *closed) {
                *value = 0.0;
            }
        }
        Ok(prune::prune(&graph, &parameters)?)
    }

    /// How much every entry of the mask matters; infinite for those that must stay.
    fn scores(self, graph: &Graph, parameters: &Parameters) -> Result<Vec<f32>, TrainError> {
        let mask = parameters.get(MASK)?;
        let scales = scales(graph);
        let mut scores = vec![f32::INFINITY; mask.len()];
        for layer in pairs(graph, Factors::Masks)? {
            let mut ranked = Vec::new();
            for pair in &layer {
                let value = match self {
                    // Masks that were not trained are ones.
                    Self::Cogradient | Self::Masks | Self::Magnitude => {
                        mask[pair.entry].abs() * magnitude(parameters, pair)?
                    }
                    Self::Slimming => scale(parameters, &scales, pair)?,
                };
                ranked.push((value, pair.entry));
            }
            // Filters of different layers are of different size.
            if self != Self::Slimming {
                let mean = ranked.iter().map(|(value, _)| value).sum::<f32>() / ranked.len() as f32;
                for (value, _) in &mut ranked {
                    *value /= mean.max(f32::MIN_POSITIVE);
                }
            }
            ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
            let least = (ranked.len() as f64 * LEAST_LEFT).ceil() as usize;
            ranked.truncate(ranked.len() - least);
            for (value, entry) in ranked {
                scores[entry] = value;
            }
        }
        Ok(scores)
    }
}

/// The same network with a soft mask of one on all channels that can be removed.
fn masked(graph: &Graph, parameters: &Parameters) -> Result<(Graph, Parameters), TrainError> {
    let graph = prune::masked(graph)?;
    let mut parameters = parameters.clone();
    let ones = Array { shape: vec![graph.gates()], values: vec![1.0; graph.gates()] };
    parameters.0.insert(MASK.to_owned(), ones);
    parameters.check(&graph)?;
    Ok((graph, parameters))
}

/// Mean magnitude of all numbers of a pair's filters.
fn magnitude(parameters: &Parameters, pair: &Pair) -> Result<f32, TrainError> {
    let (mut sum, mut count) = (0.0_f32, 0);
    for (name, filter) in &pair.filters {
        let filter = &parameters.get(name)?[filter.clone()];
        sum += filter.iter().map(|weight| weight.abs()).sum::<f32>();
        count += filter.len();
    }
    Ok(sum / count.max(1) as f32)
}

/// The scale that follows each weight.
fn scales(graph: &Graph) -> BTreeMap<String, String> {
    let norms = graph.nodes().filter(|(_, node)| node.op == Op::Norm);
    let named = norms.map(|(_, norm)| {
        let conv = graph.node(norm.inputs[0]);
        (format!("{}.weight", conv.name), format!("{}.scale", norm.name))
    });
    named.collect()
}

/// Mean magnitude of the scales of a pair's filters.
fn scale(
    parameters: &Parameters,
    scales: &BTreeMap<String, String>,
    pair: &Pair,
) -> Result<f32, TrainError> {
    let mut sum = 0.0;
    for (weight, filter) in &pair.filters {
        let name = scales.get(weight).ok_or_else(|| {
            TrainError::Settings("slimming needs a norm after every convolution".to_owned())
        })?;
        let channel = filter.start / filter.len().max(1);
        sum += parameters.get(name)?[channel].abs();
    }
    Ok(sum / pair.filters.len().max(1) as f32)
}

#[cfg(test)]
mod tests {
    use super::{LEAST_LEFT, PruneMethod};
    use crate::network::{Cost, Features, Graph, Op, Parameters, forward, zoo};
    use crate::numerics::Random;

    fn trained(graph: &Graph) -> Parameters {
        let mut random = Random::seeded(4);
        let mut parameters = Parameters::initial(graph, 3);
        for (name, _, role) in graph.parameters() {
            if let Some(array) = parameters.0.get_mut(&name) {
                let some = |value: &mut f32| *value += 0.3 * random.normal();
                if role.name() != "variance" {
                    array.values.iter_mut().for_each(some);
                }
            }
        }
        parameters
    }

    #[test]
    fn every_method_reaches_the_cost_and_leaves_a_part_of_every_layer() {
        let graph = zoo::resnet(1, 8, 10).unwrap();
        let parameters = trained(&graph);
        let size = [16, 16];
        let whole = Cost::of(&graph, size).unwrap().multiplications;
        for method in PruneMethod::ALL {
            for share in [0.8, 0.5, 0.25] {
                let (first, mut numbers) = method.prepare(&graph, &parameters).unwrap();
                if let Some(mask) = numbers.0.get_mut("mask") {
                    let mut random = Random::seeded(7);
                    mask.values.iter_mut().for_each(|m| *m = 0.01 + random.unit());
                }
                let (small, kept) = method.cut(&first, &numbers, share, size).unwrap();
                kept.check(&small).unwrap();
                let cost = Cost::of(&small, size).unwrap().multiplications;
                let name = method.name();
                assert!(cost as f64 <= share * whole as f64, "{name} {share}: {cost} of {whole}");
                // Not less than it must be: a channel of the widest layer costs about a percent.
                assert!(cost as f64 > (share - 0.1) * whole as f64, "{name} {share}: {cost}");
                assert!(!small.nodes().any(|(_, node)| matches!(node.op, Op::Mask { .. })));
                for (_, node) in small.nodes().filter(|(_, node)| matches!(node.op, Op::Conv(_))) {
                    let before = graph.nodes().find(|(_, other)| other.name == node.name).unwrap();
                    assert!(node.channels as f64 >= LEAST_LEFT * before.1.channels as f64);
                }
            }
        }
    }

    #[test]
    fn channels_of_the_least_rank_go_and_nothing_else_changes() {
        let mut graph = Graph::new(1);
        let conv = crate::network::Conv::new(4, 3);
        let a = graph.add("a", Op::Conv(conv), &[graph.input()]).unwrap();
        graph.add("b", Op::Conv(crate::network::Conv::new(1, 3)), &[a]).unwrap();
        let mut parameters = Parameters::initial(&graph, 1);
        // The second filter is next to nothing.
        let filters = &mut parameters.0.get_mut("a.weight").unwrap().values;
        filters[9..18].iter_mut().for_each(|weight| *weight *= 1e-6);
        let (small, kept) = PruneMethod::Magnitude.cut(&graph, &parameters, 0.75, [8, 8]).unwrap();
        assert_eq!(kept.0["a.weight"].shape, [3, 1, 3, 3]);
        let image = Features { channels: 1, size: [8, 8], values: vec![0.5; 64] };
        let before = forward(&graph, &parameters, &image).unwrap();
        let after = forward(&small, &kept, &image).unwrap();
        for (before, after) in before.values.iter().zip(&after.values) {
            assert!((before - after).abs() < 1e-4);
        }
    }

    #[test]
    fn shares_that_are_none_or_out_of_reach_are_refused() {
        let graph = zoo::unet(2, 1, 4, 1).unwrap();
        let parameters = Parameters::initial(&graph, 1);
        let cut = |share| PruneMethod::Magnitude.cut(&graph, &parameters, share, [8, 8]);
        for share in [0.0, -1.0, 1.5, f64::NAN, 0.001] {
            assert!(cut(share).is_err(), "{share}");
        }
        // There is no norm whose scale could be looked at.
        assert!(PruneMethod::Slimming.cut(&graph, &parameters, 0.5, [8, 8]).is_err());
    }
}
