//! Cogradient Descent in training: sparse factors coupled with the filters they multiply.
//!
//! A channel of a network is `y = m (W ∗ x)` with a factor `m` that an l1 term makes sparse: a soft
//! mask, the scale of a norm, or, by its place in the formula though it is subtracted, a threshold.
//! `∂G/∂W = m ĝ`, so a filter stops learning as its factor vanishes. After every step of the
//! optimiser,
//!
//! ```text
//! m ← m⁺ + β m,   β = −η c / maxⱼ |cⱼ|,   c = K(ĝ, ΔW) · sign(Δm) for odd K
//! ```
//!
//! for the factors whose magnitude is among the smallest of their layer and whose filters are among
//! the largest; `η` follows the rate of the optimiser. Where one factor multiplies the filters of
//! several layers, they count as one long filter.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::TrainError;
use crate::cogd::{Gate, Kernel, Projection, Schedule};
use crate::network::{Graph, MASK, NodeId, Op};

/// What is coupled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factors {
    /// Soft masks with all filters that they multiply.
    Masks,
    /// Scales of norms with the filters of the convolution before.
    Scales,
    /// Thresholds with the filters of the convolution before.
    Thresholds,
}

/// How sparse factors are coupled with their filters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CouplingSettings {
    /// What is coupled.
    pub factors: Factors,
    /// How a gradient and the change of a filter are compared.
    pub kernel: Kernel,
    /// The projection; its step is for the highest rate of the schedule.
    pub projection: Projection,
    /// Which share of the factors may be touched, falling over the steps.
    pub gate: Schedule,
}

impl CouplingSettings {
    /// The settings that the project's own experiments use for these factors.
    pub fn new(factors: Factors) -> Self {
        Self {
            factors,
            kernel: Kernel::Linear,
            // A network makes thousands of steps where a dictionary makes tens.
            projection: Projection { step: 0.003, ..Projection::default() },
            gate: Schedule::default(),
        }
    }
}

/// One entry of a sparse parameter and the filters it multiplies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Name of the sparse parameter.
    pub factor: String,
    /// Entry of it.
    pub entry: usize,
    /// Names of weights, and where in their numbers the filter is.
    pub filters: Vec<(String, Range<usize>)>,
}

/// The pairs of a network, layer by layer: factors are ranked inside their layer, since filters of
/// different layers are of different size.
///
/// # Errors
/// [`TrainError::Settings`] if the network has no such factors after a convolution.
pub fn pairs(graph: &Graph, factors: Factors) -> Result<Vec<Vec<Pair>>, TrainError> {
    let shapes: BTreeMap<String, Vec<usize>> =
        graph.parameters().into_iter().map(|(name, shape, _)| (name, shape)).collect();
    let mut layers: BTreeMap<(String, Vec<usize>), Vec<Pair>> = BTreeMap::new();
    for (_, node) in graph.nodes() {
        let wanted = match (&node.op, factors) {
            (Op::Mask { gates }, Factors::Masks) => Some((MASK.to_owned(), gates.clone())),
            (Op::Norm, Factors::Scales) => {
                Some((format!("{}.scale", node.name), (0..node.channels).collect()))
            }
            (Op::Shrink, Factors::Thresholds) => {
                Some((format!("{}.threshold", node.name), (0..node.channels).collect()))
            }
            _ => None,
        };
        let Some((factor, entries)) = wanted else { continue };
        let Some(weight) = node.inputs.first().and_then(|input| weight_before(graph, *input))
        else {
            continue;
        };
        let distinct: BTreeSet<usize> = entries.iter().copied().collect();
        let layer = layers
            .entry((factor.clone(), distinct.iter().copied().collect()))
            .or_insert_with(|| {
                let empty =
                    |&entry: &usize| Pair { factor: factor.clone(), entry, filters: Vec::new() };
                distinct.iter().map(empty).collect()
            });
        let taps: usize = shapes[&weight][1..].iter().product();
        for (filter, entry) in entries.iter().enumerate() {
            if let Some(pair) = layer.iter_mut().find(|pair| pair.entry == *entry) {
                pair.filters.push((weight.clone(), filter * taps..(filter + 1) * taps));
            }
        }
    }
    if layers.is_empty() {
        let what = match factors {
            Factors::Masks => "soft masks",
            Factors::Scales => "norms",
            Factors::Thresholds => "thresholds",
        };
        return Err(TrainError::Settings(format!("there are no {what} after a convolution")));
    }
    Ok(layers.into_values().collect())
}

/// The weights whose filters make the channels of a node, if nothing mixes them in between.
fn weight_before(graph: &Graph, id: NodeId) -> Option<String> {
    let node = graph.node(id);
    match node.op {
        Op::Conv(_) => Some(format!("{}.weight", node.name)),
        Op::Norm | Op::Relu | Op::Shrink | Op::Mask { .. } => {
            weight_before(graph, *node.inputs.first()?)
        }
        _ => None,
    }
}

/// The numbers of some parameters before a step, their gradients, and the numbers after it.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) before: BTreeMap<String, Vec<f32>>,
    pub(super) gradients: BTreeMap<String, Vec<f32>>,
    pub(super) after: BTreeMap<String, Vec<f32>>,
}

/// Applies the projection, step after step.
pub(super) struct Coupling {
    settings: CouplingSettings,
    layers: Vec<Vec<Pair>>,
    gate: Gate,
}

impl Coupling {
    pub(super) fn new(graph: &Graph, settings: CouplingSettings) -> Result<Self, TrainError> {
        let layers = pairs(graph, settings.factors)?;
        Ok(Self { settings, layers, gate: Gate::default() })
    }

    /// Names of all parameters that a projection must see.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let pairs = self.layers.iter().flatten();
        pairs
            .flat_map(|pair| {
                let filters = pair.filters.iter().map(|(name, _)| name.as_str());
                filters.chain([pair.factor.as_str()])
            })
            .collect()
    }

    /// Names of the parameters that it changes.
    pub(super) fn changed(&self) -> BTreeSet<&str> {
        self.layers.iter().flatten().map(|pair| pair.factor.as_str()).collect()
    }

    /// Projects the factors in `step.after`. `elapsed` is the share of all steps that are done, and
    /// `relative_rate` the rate of this one over the highest.
    pub(super) fn project(&mut self, step: &mut Step, elapsed: f32, relative_rate: f32) {
        let CouplingSettings { kernel, projection, gate, .. } = self.settings;
        let fraction = gate.start * (1.0 - elapsed).clamp(0.0, 1.0);
        let projection = Projection { step: projection.step * relative_rate, ..projection };
        for layer in &self.layers {
            let sizes: Vec<f32> =
                layer.iter().map(|pair| step.after[&pair.factor][pair.entry].abs()).collect();
            let norms: Vec<f32> = layer
                .iter()
                .map(|pair| gathered(&step.after, pair).iter().map(|w| w.abs()).sum())
                .collect();
            let open = self.gate.select(&sizes, &norms, fraction).to_vec();
            let coefficients: Vec<f64> = layer
                .iter()
                .zip(&open)
                .map(|(pair, open)| if *open { coefficient(kernel, step, pair) } else { 0.0 })
                .collect();
            let largest = coefficients.iter().fold(0.0_f64, |most, c| most.max(c.abs()));
            if largest <= 0.0 {
                continue;
            }
            for (pair, coefficient) in layer.iter().zip(&coefficients) {
                let factor = projection.factor(coefficient / largest);
                let before = step.before[&pair.factor][pair.entry];
                if let Some(after) = step.after.get_mut(&pair.factor) {
                    Projection::apply(&mut after[pair.entry..=pair.entry], &[before], factor);
                }
            }
        }
    }
}

/// `K(ĝ, ΔW)` of unit vectors, with the sign of `Δm` for odd kernels: `ΔW / Δm` but for its length.
fn coefficient(kernel: Kernel, step: &Step, pair: &Pair) -> f64 {
    let now = gathered(&step.after, pair);
    let change: Vec<f32> =
        now.iter().zip(gathered(&step.before, pair)).map(|(now, before)| now - before).collect();
    let before = step.before[&pair.factor][pair.entry];
    let moved = step.after[&pair.factor][pair.entry] - before;
    if moved.abs() <= 0.0 {
        return 0.0;
    }
    let aligned = kernel.alignment(&gathered(&step.gradients, pair), &change);
    // The gradient of the filter is that of its product with the factor, times the factor.
    let sign = if kernel.is_odd() { moved.signum() * before.signum() } else { 1.0 };
    aligned * f64::from(sign)
}

/// All filters of a pair, one after the other.
fn gathered(numbers: &BTreeMap<String, Vec<f32>>, pair: &Pair) -> Vec<f32> {
    pair.filters.iter().flat_map(|(name, filter)| &numbers[name][filter.clone()]).copied().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Coupling, CouplingSettings, Factors, Pair, Step, pairs};
    use crate::cogd::{Kernel, Projection, Schedule};
    use crate::network::{Conv, Graph, Op, zoo};
    use crate::numerics::Random;

    fn masked() -> Graph {
        let mut g = Graph::new(1);
        let a = g.add("a", Op::Conv(Conv::new(4, 3)), &[g.input()]).unwrap();
        let m = g.add("m", Op::Mask { gates: vec![0, 1, 2, 3] }, &[a]).unwrap();
        let b = g.add("b", Op::Conv(Conv::new(4, 3)), &[m]).unwrap();
        let n = g.add("n", Op::Norm, &[b]).unwrap();
        // Added to what the first mask multiplies, so under the same gates in another order.
        let o = g.add("o", Op::Mask { gates: vec![3, 2, 1, 0] }, &[n]).unwrap();
        g.add("sum", Op::Add, &[m, o]).unwrap();
        g
    }

    #[test]
    fn a_gate_is_paired_with_every_filter_that_it_multiplies() {
        let layers = pairs(&masked(), Factors::Masks).unwrap();
        let [layer] = &layers[..] else { panic!("one set of gates: {layers:?}") };
        let filters = vec![("a.weight".to_owned(), 9..18), ("b.weight".to_owned(), 72..108)];
        assert_eq!(layer[1], Pair { factor: "mask".to_owned(), entry: 1, filters });
        assert_eq!(layer.len(), 4);
    }

    #[test]
    fn scales_and_thresholds_are_paired_with_the_convolution_before() {
        let resnet = zoo::resnet(1, 4, 10).unwrap();
        let layers = pairs(&resnet, Factors::Scales).unwrap();
        // A stem, two convolutions in each of three blocks, and two shortcuts.
        assert_eq!(layers.len(), 9);
        let stem = layers.iter().flatten().find(|pair| pair.factor == "stem.norm.scale").unwrap();
        assert_eq!(stem.filters, [("stem.conv.weight".to_owned(), 0..27)]);
        assert!(pairs(&resnet, Factors::Masks).is_err());
        let mut g = Graph::new(1);
        let a = g.add("a", Op::Conv(Conv::new(2, 3)), &[g.input()]).unwrap();
        g.add("s", Op::Shrink, &[a]).unwrap();
        let layers = pairs(&g, Factors::Thresholds).unwrap();
        assert_eq!(layers[0][1].filters, [("a.weight".to_owned(), 9..18)]);
    }

    /// The projection of one layer of single filters, from the equations, in double precision.
    fn slow(
        (before, after): (&[f32], &[f32]),
        filters: [&[f32]; 3],
        (kernel, step, fraction): (Kernel, f64, f64),
    ) -> Vec<f64> {
        let count = before.len();
        let taps = filters[0].len() / count;
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        let [w0, w1, g] = filters.map(wide);
        let (m0, m1) = (wide(before), wide(after));
        let norm = |j: usize| w1[j * taps..][..taps].iter().map(|w| w.abs()).sum::<f64>();
        let rank = |value: &dyn Fn(usize) -> f64, j: usize| {
            (0..count).filter(|&i| (value(i), i) < (value(j), j)).count()
        };
        let open = (1..=count).filter(|&n| n as f64 <= count as f64 * fraction).count();
        let coefficient = |j: usize| {
            let small = rank(&|i| m1[i].abs(), j) < open;
            let large = rank(&norm, j) >= count - open;
            if !(small && large) {
                return 0.0;
            }
            let (mut product, mut gg, mut dd) = (0.0, 0.0, 0.0);
            for t in j * taps..(j + 1) * taps {
                let change = w1[t] - w0[t];
                product += g[t] * change;
                gg += g[t] * g[t];
                dd += change * change;
            }
            let cosine = product / (gg * dd).sqrt();
            match kernel {
                Kernel::Linear => cosine * (m1[j] - m0[j]).signum() * m0[j].signum(),
                Kernel::Polynomial { degree } => cosine.powi(i32::from(degree)),
            }
        };
        let c: Vec<f64> = (0..count).map(coefficient).collect();
        let largest = c.iter().fold(0.0_f64, |most, c| most.max(c.abs()));
        let share = |c: f64| if largest > 0.0 { c / largest } else { 0.0 };
        (0..count).map(|j| m1[j] - step * share(c[j]) * m0[j]).collect()
    }

    #[test]
    fn the_projection_agrees_with_a_slow_reference_written_from_the_equations() {
        let mut g = Graph::new(1);
        let a = g.add("a", Op::Conv(Conv::new(6, 3)), &[g.input()]).unwrap();
        g.add("m", Op::Mask { gates: (0..6).collect() }, &[a]).unwrap();
        let mut touched = 0;
        for kernel in [Kernel::Linear, Kernel::Polynomial { degree: 2 }] {
            for seed in 0..20 {
                let mut random = Random::seeded(seed);
                let mut noise = |len: usize| (0..len).map(|_| random.normal()).collect::<Vec<_>>();
                let (m0, m1) = (noise(6), noise(6));
                let (w0, w1, gradient) = (noise(54), noise(54), noise(54));
                let named = |mask: &[f32], weight: &[f32]| {
                    BTreeMap::from([
                        ("mask".to_owned(), mask.to_vec()),
                        ("a.weight".to_owned(), weight.to_vec()),
                    ])
                };
                let mut step = Step {
                    before: named(&m0, &w0),
                    gradients: named(&[0.0; 6], &gradient),
                    after: named(&m1, &w1),
                };
                let settings = CouplingSettings {
                    factors: Factors::Masks,
                    kernel,
                    projection: Projection { step: 0.4, limit: 0.9 },
                    gate: Schedule { start: 1.0 },
                };
                // A quarter of the way, at half of the rate.
                Coupling::new(&g, settings).unwrap().project(&mut step, 0.25, 0.5);
                let wanted = slow((&m0, &m1), [&w0, &w1, &gradient], (kernel, 0.2, 0.75));
                for (got, wanted) in step.after["mask"].iter().zip(&wanted) {
                    assert!((f64::from(*got) - wanted).abs() < 1e-5, "{got} {wanted}");
                }
                touched += wanted
                    .iter()
                    .zip(&m1)
                    .filter(|(wanted, m1)| (*wanted - f64::from(**m1)).abs() > 1e-6)
                    .count();
                assert_eq!(step.after["a.weight"], w1, "filters are left alone");
            }
        }
        assert!(touched > 40, "the gate was open {touched} times");
    }

    #[test]
    fn factors_that_did_not_move_are_left_alone() {
        let graph = masked();
        let settings = CouplingSettings::new(Factors::Masks);
        let mut coupling = Coupling::new(&graph, settings).unwrap();
        let numbers = || {
            let ones = |len: usize| vec![1.0; len];
            BTreeMap::from([
                ("mask".to_owned(), ones(4)),
                ("a.weight".to_owned(), ones(36)),
                ("b.weight".to_owned(), ones(144)),
            ])
        };
        let mut step = Step { before: numbers(), gradients: numbers(), after: numbers() };
        coupling.project(&mut step, 0.0, 1.0);
        assert_eq!(step.after, numbers());
    }
}
