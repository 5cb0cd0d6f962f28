//! Pruned networks beside the masked ones that they are made of, in our forward pass and in ONNX
//! Runtime.

use cogd::inference::{ExecutorConfig, Tensor};
use cogd::network::prune::{masked, prune};
use cogd::network::{
    Conv, Cost, Features, Graph, Imported, NodeId, Op, Parameters, Role, export, forward, import,
    zoo,
};
use cogd::numerics::Random;
use proptest::prelude::*;

use crate::support::networks::{run, runtime, start};

/// Numbers differ by rounding of single precision, in another order: of the largest output.
const TOLERANCE: f32 = 1e-4;

/// Makes networks of all that channels can go through.
struct Architect {
    random: Random,
    graph: Graph,
    nodes: usize,
    /// Whether masks stand anywhere, with gates of their own, and not where [`masked`] puts them.
    masks_anywhere: bool,
}

impl Architect {
    fn pick(&mut self, limit: usize) -> usize {
        self.random.below(limit)
    }

    fn add(&mut self, op: Op, inputs: &[NodeId]) -> NodeId {
        self.nodes += 1;
        let added = self.graph.add(&format!("n{}", self.nodes), op, inputs).unwrap();
        if !self.masks_anywhere || self.pick(3) > 0 {
            return added;
        }
        let fresh = self.graph.gates();
        let first = if self.pick(4) == 0 { 0 } else { fresh };
        let gates = (first..).take(self.graph.channels(added)).collect();
        self.graph.add(&format!("m{}", self.nodes), Op::Mask { gates }, &[added]).unwrap()
    }

    fn width(&mut self) -> usize {
        1 + self.pick(5)
    }

    /// A convolution, perhaps with a norm, perhaps with an activation.
    fn convolved(&mut self, x: NodeId, channels: usize, stride: usize) -> NodeId {
        let bias = self.pick(2) == 0;
        let side = [1, 3][self.pick(2)];
        let mut x = self.add(Op::Conv(Conv { stride, bias, ..Conv::new(channels, side) }), &[x]);
        if self.pick(2) == 0 {
            x = self.add(Op::Norm, &[x]);
        }
        match self.pick(3) {
            0 => self.add(Op::Relu, &[x]),
            1 => self.add(Op::Shrink, &[x]),
            _ => x,
        }
    }

    /// A step that keeps the size of the picture.
    fn step(&mut self, x: NodeId, depth: usize) -> NodeId {
        let channels = self.graph.channels(x);
        let wide = self.width();
        match self.pick(if depth > 0 { 7 } else { 5 }) {
            0 => self.convolved(x, wide, 1),
            // A residual block.
            1 => {
                let y = self.convolved(x, wide, 1);
                let y = self.convolved(y, channels, 1);
                let sum = self.add(Op::Add, &[y, x]);
                self.add(Op::Relu, &[sum])
            }
            // A block that normalises first.
            2 => {
                let y = self.add(Op::Norm, &[x]);
                let y = self.add(Op::Relu, &[y]);
                let y = self.convolved(y, channels, 1);
                self.add(Op::Add, &[x, y])
            }
            // Every channel by itself, with and without a bias.
            3 => {
                let bias = self.pick(2) == 0;
                let conv = Conv { depthwise: true, bias, ..Conv::new(channels, 3) };
                self.add(Op::Conv(conv), &[x])
            }
            // Branches that are joined, and added to one that is not.
            4 => {
                let (a, b) = (self.convolved(x, wide, 1), self.convolved(x, channels, 1));
                let joined = self.add(Op::Concat, &[a, b, x]);
                let beside = self.convolved(x, self.graph.channels(joined), 1);
                self.add(Op::Add, &[joined, beside])
            }
            // A level of a U.
            5 => {
                let seen = self.convolved(x, wide, 1);
                let mut y = self.add(Op::AveragePool(2), &[seen]);
                y = self.step(y, depth - 1);
                y = self.add(Op::Upsample(2), &[y]);
                let joined = self.add(Op::Concat, &[y, seen]);
                let channels = self.width();
                self.convolved(joined, channels, 1)
            }
            // Down by a stride, with a shortcut that is projected.
            _ => {
                let a = self.convolved(x, wide, 2);
                let b = self.convolved(x, wide, 2);
                let sum = self.add(Op::Add, &[a, b]);
                let y = self.step(sum, depth - 1);
                self.add(Op::Upsample(2), &[y])
            }
        }
    }

    /// A network for pictures whose sides are multiples of four, and all its numbers.
    fn network(seed: u64) -> (Graph, Parameters) {
        let mut random = Random::seeded(seed);
        let inputs = 1 + random.below(3);
        let masks_anywhere = random.below(2) == 0;
        let mut it = Self { random, graph: Graph::new(inputs), nodes: 0, masks_anywhere };
        let mut x = it.graph.input();
        let steps = 1 + it.pick(4);
        for _ in 0..steps {
            x = it.step(x, 2);
        }
        if it.pick(3) == 0 {
            x = it.add(Op::GlobalPool, &[x]);
            it.add(Op::Linear(4), &[x]);
        } else {
            it.add(Op::Conv(Conv { bias: true, ..Conv::new(2, 3) }), &[x]);
        }
        let graph = if masks_anywhere { it.graph } else { masked(&it.graph).unwrap() };
        let parameters = numbers(&graph, &mut it.random);
        (graph, parameters)
    }
}

/// Numbers unlike those of the start; every other gate is zero, or all are.
fn numbers(graph: &Graph, random: &mut Random) -> Parameters {
    let mut parameters = Parameters::initial(graph, random.bits());
    let open = [0.0, 0.5, 0.9][random.below(3)];
    for (name, _, role) in graph.parameters() {
        for value in &mut parameters.0.get_mut(&name).unwrap().values {
            *value = match role {
                Role::Weight => *value,
                Role::Mask if random.unit() >= open => 0.0,
                Role::Bias | Role::Shift | Role::Mean => 0.3 * random.normal(),
                Role::Scale | Role::Variance | Role::Mask => 0.5 + random.unit(),
                Role::Threshold => 0.3 * random.unit(),
            };
        }
    }
    parameters
}

fn picture(channels: usize, size: [usize; 2], random: &mut Random) -> Features {
    let values = (0..channels * size[0] * size[1]).map(|_| random.normal()).collect();
    Features { channels, size, values }
}

/// What ONNX Runtime computes for a network, where it is installed.
fn computed(graph: &Graph, parameters: &Parameters, image: &Features) -> Option<Vec<f32>> {
    let runtime = runtime()?;
    let model = export("test", graph, parameters).unwrap();
    let executor = start(runtime, &model, ExecutorConfig::default());
    let shape = vec![1, image.channels, image.size[0], image.size[1]];
    let tensor = Tensor::new(shape, image.values.clone()).unwrap();
    let output = run(&executor.handle(), vec![("image", tensor)]).remove(0);
    Some(output.as_slice::<f32>().unwrap().to_vec())
}

fn assert_alike(actual: &[f32], expected: &[f32], what: &str) {
    assert_eq!(actual.len(), expected.len());
    let largest = expected.iter().fold(1.0_f32, |largest, value| largest.max(value.abs()));
    for (a, b) in actual.iter().zip(expected) {
        assert!((a - b).abs() <= TOLERANCE * largest, "{what}: {a} is not {b} of {largest}");
    }
}

/// The masked network, the pruned one and both in ONNX Runtime give the same.
fn assert_pruned_alike(graph: &Graph, parameters: &Parameters, image: &Features) {
    let expected = forward(graph, parameters, image).unwrap().values;
    let (smaller, kept) = prune(graph, parameters).unwrap();
    assert_alike(&forward(&smaller, &kept, image).unwrap().values, &expected, "pruned");
    let cost = |graph| Cost::of(graph, image.size).unwrap();
    assert!(cost(&smaller).multiplications <= cost(graph).multiplications);
    for (graph, parameters, what) in
        [(graph, parameters, "masked, by the runtime"), (&smaller, &kept, "pruned, by the runtime")]
    {
        if let Some(actual) = computed(graph, parameters, image) {
            assert_alike(&actual, &expected, what);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn pruned_networks_compute_what_masked_ones_do(seed: u64) {
        let (graph, parameters) = Architect::network(seed);
        let mut random = Random::seeded(seed ^ 1);
        let size = [0, 1].map(|_| 4 * (1 + random.below(3)));
        let image = picture(graph.channels(graph.input()), size, &mut random);
        assert_pruned_alike(&graph, &parameters, &image);
    }

    #[test]
    fn what_was_written_is_read_and_written_again_as_the_same_bytes(seed: u64) {
        let (graph, parameters) = Architect::network(seed);
        let image = picture(graph.channels(graph.input()), [8, 12], &mut Random::seeded(seed ^ 1));
        let expected = forward(&graph, &parameters, &image).unwrap().values;
        let bytes = export("test", &graph, &parameters).unwrap().encode();
        let Imported { graph, parameters } = import(&bytes).unwrap();
        let graph = graph.unwrap();
        assert_alike(&forward(&graph, &parameters, &image).unwrap().values, &expected, "read");
        prop_assert_eq!(export("test", &graph, &parameters).unwrap().encode(), bytes);
    }
}

#[test]
fn a_file_that_does_not_hold_together_is_refused_with_a_reason() {
    let graph = zoo::unet(2, 1, 4, 1).unwrap();
    let parameters = Parameters::initial(&graph, 4);
    let model = export("test", &graph, &parameters).unwrap();
    let fault = |note: &str| {
        import(&model.clone().with_note("cogd.graph", note).encode()).unwrap_err().to_string()
    };
    let other = |width| serde_json::to_string(&zoo::unet(2, 1, width, 2).unwrap()).unwrap();
    assert!(fault("{").contains("the note `cogd.graph`"));
    assert!(fault(r#"{"nodes":[],"output":0}"#).contains("begins with its input"));
    assert!(fault(&other(4)).contains("is missing"));
    assert!(fault(&other(5)).contains("has the shape"));
    // Sizes that no memory holds.
    let huge = |what: &str| {
        format!(
            r#"{{"nodes":[{{"name":"input","op":{{"input":2}},"inputs":[],"channels":2}},{what}],"output":1}}"#
        )
    };
    let most = usize::MAX;
    let conv = format!(
        r#"{{"name":"last","op":{{"conv":{{"channels":{most},"side":3,"stride":1,"depthwise":false,"bias":true}}}},"inputs":[0],"channels":{most}}}"#
    );
    assert!(fault(&huge(&conv)).contains("has the shape"));
    let mask = format!(
        r#"{{"name":"last","op":{{"mask":{{"gates":[0,{most}]}}}},"inputs":[0],"channels":2}}"#,
        most = usize::MAX - 1
    );
    assert!(fault(&huge(&mask)).contains("too many"));
    assert!(import(b"no model").is_err());
}

#[test]
fn the_networks_of_the_zoo_are_pruned_without_a_change_of_their_outputs() {
    let mut random = Random::seeded(8);
    for (graph, most) in [
        (zoo::resnet(3, 8, 10).unwrap(), 0.5),
        (zoo::residual(2, 1, 12, 3).unwrap(), 0.5),
        (zoo::unet(2, 1, 8, 2).unwrap(), 0.5),
    ] {
        let graph = masked(&graph).unwrap();
        let mut parameters = numbers(&graph, &mut random);
        for (gate, value) in parameters.0.get_mut("mask").unwrap().values.iter_mut().enumerate() {
            *value = if gate % 2 == 0 { 0.0 } else { 0.9 };
        }
        let image = picture(graph.channels(graph.input()), [16, 24], &mut random);
        assert_pruned_alike(&graph, &parameters, &image);
        let (smaller, _) = prune(&graph, &parameters).unwrap();
        let cost = |graph| Cost::of(graph, [16, 24]).unwrap().multiplications as f64;
        assert!(cost(&smaller) < most * cost(&graph), "{} of {}", cost(&smaller), cost(&graph));
    }
}

#[test]
fn a_written_network_takes_batches_and_any_size() {
    let graph = zoo::unet(2, 1, 4, 1).unwrap();
    let mut random = Random::seeded(4);
    let parameters = Parameters::initial(&graph, 4);
    let Some(runtime) = runtime() else { return };
    let model = export("test", &graph, &parameters).unwrap();
    let executor = start(runtime, &model, ExecutorConfig::default());
    let both = [0, 1].map(|_| picture(2, [6, 10], &mut random));
    let values = both.iter().flat_map(|image| image.values.clone()).collect::<Vec<_>>();
    let tensor = Tensor::new(vec![2, 2, 6, 10], values).unwrap();
    let output = run(&executor.handle(), vec![("image", tensor)]).remove(0);
    assert_eq!(output.shape(), [2, 1, 6, 10]);
    for (image, actual) in both.iter().zip(output.as_slice::<f32>().unwrap().chunks(60)) {
        let expected = forward(&graph, &parameters, image).unwrap().values;
        assert_alike(actual, &expected, "in a batch");
    }
}
