//! What operators compute, by hand, and what is left after folding and pruning.

use super::prune::{gates, lowest, masked, prune, without};
use super::*;

fn put(parameters: &mut Parameters, name: &str, values: &[f32]) {
    parameters.0.get_mut(name).unwrap().values = values.to_vec();
}

fn image(channels: usize, size: [usize; 2], values: &[f32]) -> Features {
    Features { channels, size, values: values.to_vec() }
}

/// What one operator without parameters makes of an image.
fn computed(op: Op, x: &Features) -> Features {
    let mut graph = Graph::new(x.channels);
    graph.add("op", op, &[graph.input()]).unwrap();
    forward(&graph, &Parameters::initial(&graph, 0), x).unwrap()
}

/// What one operator makes of an image, with these parameters.
fn computed_with(op: Op, numbers: &[(&str, &[f32])], x: &Features) -> Features {
    let mut graph = Graph::new(x.channels);
    graph.add("op", op, &[graph.input()]).unwrap();
    let mut parameters = Parameters::initial(&graph, 0);
    for (name, values) in numbers {
        put(&mut parameters, name, values);
    }
    forward(&graph, &parameters, x).unwrap()
}

#[test]
fn a_convolution_correlates_with_zeros_around_the_image() {
    let x = image(1, [2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let taps = [1.0, 10.0, 100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5];
    let conv = Conv { bias: true, ..Conv::new(1, 3) };
    let numbers: [(&str, &[f32]); 2] = [("op.weight", &taps), ("op.bias", &[7.0])];
    let y = computed_with(Op::Conv(conv), &numbers, &x);
    // The row above, from the left to the right, and half of what is below and right.
    let expected = [7.0 + 2.5, 7.0 + 3.0, 7.0, 7.0 + 210.0, 7.0 + 321.0, 7.0 + 32.0];
    assert_eq!(y, image(1, [2, 3], &expected));
}

#[test]
fn strides_count_from_the_first_sample_and_channels_are_summed() {
    let x = image(2, [3, 3], &(0..18_u8).map(f32::from).collect::<Vec<_>>());
    let conv = Conv { stride: 2, ..Conv::new(1, 1) };
    let y = computed_with(Op::Conv(conv), &[("op.weight", &[1.0, -2.0])], &x);
    let at = |index: f32| index - 2.0 * (index + 9.0);
    assert_eq!(y, image(1, [2, 2], &[at(0.0), at(2.0), at(6.0), at(8.0)]));
}

#[test]
fn depthwise_filters_see_their_own_channel_only() {
    let x = image(2, [1, 2], &[1.0, 2.0, 10.0, 20.0]);
    let conv = Conv { depthwise: true, ..Conv::new(2, 1) };
    let y = computed_with(Op::Conv(conv), &[("op.weight", &[3.0, 5.0])], &x);
    assert_eq!(y, image(2, [1, 2], &[3.0, 6.0, 50.0, 100.0]));
}

#[test]
fn a_norm_uses_its_running_statistics() {
    let x = image(1, [1, 2], &[1.0, 5.0]);
    let variance = 4.0 - EPSILON;
    let numbers: [(&str, &[f32]); 4] = [
        ("op.scale", &[3.0]),
        ("op.shift", &[0.5]),
        ("op.mean", &[1.0]),
        ("op.variance", &[variance]),
    ];
    assert_eq!(computed_with(Op::Norm, &numbers, &x), image(1, [1, 2], &[0.5, 6.5]));
}

#[test]
fn activations_masks_and_thresholds_are_what_their_formulas_say() {
    let x = image(1, [1, 4], &[-2.0, -0.25, 0.25, 2.0]);
    assert_eq!(computed(Op::Relu, &x).values, [0.0, 0.0, 0.25, 2.0]);
    let shrunk = computed_with(Op::Shrink, &[("op.threshold", &[0.5])], &x);
    assert_eq!(shrunk.values, [-1.5, 0.0, 0.0, 1.5]);
    let negative = computed_with(Op::Shrink, &[("op.threshold", &[-0.5])], &x);
    assert_eq!(negative.values, x.values, "no threshold is less than zero");
    let mask = Op::Mask { gates: vec![1] };
    let halved = computed_with(mask, &[(MASK, &[9.0, 0.5])], &x);
    assert_eq!(halved.values, [-1.0, -0.125, 0.125, 1.0]);
}

#[test]
fn pools_and_copies_change_the_size() {
    let x = image(1, [2, 4], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    assert_eq!(computed(Op::AveragePool(2), &x), image(1, [1, 2], &[3.5, 5.5]));
    assert_eq!(computed(Op::GlobalPool, &x), image(1, [1, 1], &[4.5]));
    let x = image(1, [1, 2], &[1.0, 2.0]);
    let doubled = [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0];
    assert_eq!(computed(Op::Upsample(2), &x), image(1, [2, 4], &doubled));
}

#[test]
fn sums_joins_and_products_read_more_than_one() {
    let x = image(2, [1, 1], &[1.0, 10.0]);
    let mut graph = Graph::new(2);
    let input = graph.input();
    let joined = graph.add("join", Op::Concat, &[input, input]).unwrap();
    let row = graph.add("row", Op::Linear(2), &[joined]).unwrap();
    graph.add("sum", Op::Add, &[row, input]).unwrap();
    let mut parameters = Parameters::initial(&graph, 0);
    put(&mut parameters, "row.weight", &[1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 1.0]);
    put(&mut parameters, "row.bias", &[0.5, 0.25]);
    let y = forward(&graph, &parameters, &x).unwrap();
    assert_eq!(y.values, [64.5 + 1.0, 10.25 + 10.0]);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let mut graph = Graph::new(2);
    let input = graph.input();
    let conv = |channels, side| Op::Conv(Conv::new(channels, side));
    let a = graph.add("a", conv(3, 3), &[input]).unwrap();
    for (name, op, inputs, reason) in [
        ("a", Op::Relu, vec![a], "the name is taken"),
        (MASK, Op::Relu, vec![a], "the name is taken"),
        ("b", Op::Add, vec![a], "it cannot be applied to 1 inputs"),
        ("b", Op::Add, vec![a, input], "3 channels cannot be added to 2"),
        ("b", conv(3, 2), vec![a], "filters need an odd side and a stride"),
        ("b", conv(0, 3), vec![a], "it has no channels"),
        ("b", Op::Mask { gates: vec![0] }, vec![a], "1 masks for 3 channels"),
        ("b", Op::Relu, vec![NodeId(7)], "there is no node 7"),
        ("b", Op::Input(1), vec![], "a network has one input"),
    ] {
        let error = graph.add(name, op, &inputs).unwrap_err();
        assert_eq!(error.to_string(), format!("node `{name}`: {reason}"));
    }
    let error = Cost::of(&zoo::unet(1, 1, 2, 2).unwrap(), [6, 8]).unwrap_err();
    assert_eq!(error.to_string(), "node `down2.pool`: 3x4 is no multiple of 2");
    let mut parameters = Parameters::initial(&graph, 0);
    parameters.put("a.weight".to_owned(), vec![3, 2, 1, 1], vec![0.0; 6]);
    let x = image(2, [1, 1], &[0.0; 2]);
    assert!(matches!(
        forward(&graph, &parameters, &x),
        Err(NetworkError::ParameterShape { name, .. }) if name == "a.weight"
    ));
}

#[test]
fn costs_are_those_of_the_published_networks() {
    // He et al. 2016: 0.27 and 0.85 million parameters with shortcuts that have none of their
    // own; two projections of 16·32 and 32·64 weights, and their norms, come to that here.
    for (blocks, published) in [(3, 0.27e6), (9, 0.85e6)] {
        let cost = Cost::of(&zoo::resnet(blocks, 16, 10).unwrap(), [32, 32]).unwrap();
        let own = f64::from(16 * 32 + 2 * 32 + 32 * 64 + 2 * 64);
        assert!((cost.parameters as f64 - own - published).abs() < 0.006e6, "{cost:?}");
    }
    let mut graph = Graph::new(2);
    let conv = Conv { stride: 2, bias: true, ..Conv::new(3, 5) };
    let x = graph.add("a", Op::Conv(conv), &[graph.input()]).unwrap();
    let conv = Conv { depthwise: true, ..Conv::new(3, 3) };
    graph.add("b", Op::Conv(conv), &[x]).unwrap();
    let cost = Cost::of(&graph, [5, 8]).unwrap();
    assert_eq!(cost.parameters, 3 * 2 * 25 + 3 + 3 * 9);
    assert_eq!(cost.multiplications, (3 * 2 * 25 + 3 * 9) * 3 * 4);
}

/// A block with a shortcut: all channels of `stem` and `b` go together, those of `a` alone.
fn block() -> Graph {
    let mut g = Graph::new(1);
    let conv = |channels| Op::Conv(Conv { bias: true, ..Conv::new(channels, 3) });
    let stem = g.add("stem", conv(3), &[g.input()]).unwrap();
    let a = g.add("a", conv(4), &[stem]).unwrap();
    let relu = g.add("relu", Op::Relu, &[a]).unwrap();
    let b = g.add("b", conv(3), &[relu]).unwrap();
    let sum = g.add("sum", Op::Add, &[b, stem]).unwrap();
    g.add("last", conv(1), &[sum]).unwrap();
    g
}

#[test]
fn channels_that_are_added_have_one_gate_and_ends_have_none() {
    let graph = masked(&block()).unwrap();
    let named = |node: usize| graph.nodes().nth(node).unwrap().1.name.clone();
    let filters: Vec<Vec<(String, usize)>> = gates(&graph)
        .iter()
        .map(|gate| gate.filters.iter().map(|(id, at)| (named(id.index()), *at)).collect())
        .collect();
    let together = |at| vec![("stem".to_owned(), at), ("b".to_owned(), at)];
    let alone = |at| vec![("a".to_owned(), at)];
    let expected: Vec<_> = (0..3).map(together).chain((0..4).map(alone)).collect();
    assert_eq!(filters, expected);
    assert!(masked(&graph).is_err(), "no second masks");
}

#[test]
fn a_gate_of_zero_takes_its_channels_out_everywhere() {
    let graph = masked(&block()).unwrap();
    let mut parameters = Parameters::initial(&graph, 5);
    put(&mut parameters, MASK, &[1.0, 0.0, 0.5, 0.0, 0.0, 2.0, 0.0]);
    let (smaller, kept) = prune(&graph, &parameters).unwrap();
    let shape = |name: &str| &kept.0[name].shape[..];
    assert_eq!(shape("stem.weight"), [2, 1, 3, 3]);
    assert_eq!(shape("a.weight"), [1, 2, 3, 3]);
    assert_eq!(shape("b.weight"), [2, 1, 3, 3]);
    assert_eq!(shape("last.weight"), [1, 2, 3, 3]);
    assert_eq!(smaller.gates(), 0, "what is left is an ordinary network");
    assert_eq!(kept.check(&smaller).map_err(|error| error.to_string()), Ok(()));
}

#[test]
fn a_block_that_gives_nothing_is_left_out() {
    let mut graph = Graph::new(1);
    let conv = |channels| Op::Conv(Conv { bias: true, ..Conv::new(channels, 3) });
    let stem = graph.add("stem", conv(2), &[graph.input()]).unwrap();
    let a = graph.add("a", conv(2), &[stem]).unwrap();
    let nothing = graph.add("nothing", Op::Mask { gates: vec![0, 0] }, &[a]).unwrap();
    let sum = graph.add("sum", Op::Add, &[nothing, stem]).unwrap();
    graph.add("last", conv(1), &[sum]).unwrap();
    let smaller = without(&graph, &[true]).unwrap();
    let names: Vec<_> = smaller.nodes().map(|(_, node)| node.name.clone()).collect();
    assert_eq!(names, ["input", "stem", "last"]);
}

#[test]
fn a_network_of_which_all_gates_are_zero_keeps_a_channel_everywhere() {
    for graph in [block(), zoo::resnet(1, 4, 10).unwrap(), zoo::unet(2, 1, 4, 2).unwrap()] {
        let graph = masked(&graph).unwrap();
        let mut parameters = Parameters::initial(&graph, 5);
        put(&mut parameters, MASK, &vec![0.0; graph.gates()]);
        let (smaller, kept) = prune(&graph, &parameters).unwrap();
        let channels = smaller.channels(smaller.input());
        let x = image(channels, [8, 8], &vec![0.5; channels * 64]);
        let (a, b) = (forward(&graph, &parameters, &x), forward(&smaller, &kept, &x));
        assert_eq!(a.unwrap(), b.unwrap());
    }
}

#[test]
fn the_lowest_scores_are_closed_until_the_network_is_cheap_enough() {
    let graph = masked(&zoo::resnet(2, 8, 10).unwrap()).unwrap();
    let scores: Vec<f32> = (0..graph.gates()).map(|gate| ((gate * 7) % 13) as f32).collect();
    let whole = Cost::of(&graph, [16, 16]).unwrap().multiplications;
    let target = whole / 2;
    let closed = lowest(&graph, &scores, [16, 16], target).unwrap();
    let cost = Cost::of(&without(&graph, &closed).unwrap(), [16, 16]).unwrap().multiplications;
    assert!(cost <= target && cost > target * 9 / 10, "{cost} of {whole}");
    let highest_closed = (0..scores.len()).filter(|&gate| closed[gate]).map(|gate| scores[gate]);
    let lowest_open = (0..scores.len()).filter(|&gate| !closed[gate]).map(|gate| scores[gate]);
    assert!(highest_closed.fold(0.0, f32::max) <= lowest_open.fold(f32::MAX, f32::min));
    assert!(lowest(&graph, &scores, [16, 16], whole).unwrap().iter().all(|&closed| !closed));
    assert!(lowest(&graph, &scores, [16, 16], 0).unwrap().iter().all(|&closed| closed));
    assert!(lowest(&graph, &scores[1..], [16, 16], 0).is_err());
}

#[test]
fn folding_leaves_no_norm_behind_a_convolution_and_the_same_outputs() {
    let graph = masked(&zoo::resnet(1, 4, 10).unwrap()).unwrap();
    let mut random = crate::numerics::Random::seeded(3);
    let mut parameters = Parameters::initial(&graph, 5);
    for (name, _, role) in graph.parameters() {
        if role != Role::Weight {
            for value in parameters.values_mut(&name).unwrap() {
                *value = 0.5 + random.unit();
            }
        }
    }
    let (folded, kept) = fold(&graph, &parameters).unwrap();
    let is_left = |node: &Node| matches!(node.op, Op::Norm | Op::Mask { .. });
    assert!(folded.nodes().all(|(_, node)| !is_left(node)));
    let x = image(3, [8, 8], &(0..192).map(|_| random.normal()).collect::<Vec<_>>());
    let expected = forward(&graph, &parameters, &x).unwrap().values;
    let actual = forward(&folded, &kept, &x).unwrap().values;
    for (a, b) in actual.iter().zip(&expected) {
        // Rounding of single precision through nine layers.
        assert!((a - b).abs() < 1e-4 * b.abs().max(1.0), "{a} is not {b}");
    }
}
