use super::coupling::{CouplingSettings, Factors};
use super::data::{Example, Restoration, Start};
use super::objective::Task as _;
use super::{
    Block, NetworkFile, OptimizerSettings, Schedule, TrainSettings, Trainer, TrainingDevice,
    compute,
};
use crate::damage::{Damage, DamageKind};
use crate::network::{Array, Conv, Features, Graph, Op, Parameters, Role, forward, zoo};
use crate::numerics::{Plane, Random, Threads};

/// Parameters of which none is left as it starts.
fn unsettled(graph: &Graph, seed: u64) -> Parameters {
    let mut random = Random::seeded(seed);
    let mut parameters = Parameters::initial(graph, seed);
    for (name, _, role) in graph.parameters() {
        let Some(array) = parameters.0.get_mut(&name) else { continue };
        for value in &mut array.values {
            match role {
                Role::Weight => {}
                Role::Variance => *value = 0.5 + random.unit(),
                Role::Threshold => *value = 0.1 * random.normal(),
                _ => *value += 0.2 * random.normal(),
            }
        }
    }
    parameters
}

/// One of every operator.
fn everything() -> Graph {
    let mut g = Graph::new(2);
    let conv = Conv { bias: true, ..Conv::new(6, 3) };
    let a = g.add("a", Op::Conv(conv), &[g.input()]).unwrap();
    let b = g.add("b", Op::Norm, &[a]).unwrap();
    let c = g.add("c", Op::Mask { gates: vec![2, 0, 1, 1, 3, 4] }, &[b]).unwrap();
    let d = g.add("d", Op::Shrink, &[c]).unwrap();
    let own = Conv { depthwise: true, ..Conv::new(6, 5) };
    let e = g.add("e", Op::Conv(own), &[d]).unwrap();
    let f = g.add("f", Op::Add, &[e, c]).unwrap();
    let h = g.add("h", Op::AveragePool(2), &[f]).unwrap();
    let i = g.add("i", Op::Conv(Conv { stride: 2, ..Conv::new(4, 3) }), &[f]).unwrap();
    let j = g.add("j", Op::Concat, &[h, i]).unwrap();
    let k = g.add("k", Op::Upsample(2), &[j]).unwrap();
    let l = g.add("l", Op::Relu, &[k]).unwrap();
    let m = g.add("m", Op::GlobalPool, &[l]).unwrap();
    g.add("n", Op::Linear(3), &[m]).unwrap();
    g
}

#[test]
fn networks_compute_what_their_operators_are_defined_to() {
    let networks = [
        (everything(), [8, 12]),
        (zoo::resnet(1, 4, 10).unwrap(), [9, 8]),
        (zoo::unet(2, 1, 4, 2).unwrap(), [8, 12]),
        (zoo::residual(2, 1, 5, 2).unwrap(), [7, 6]),
    ];
    for (index, (graph, size)) in networks.into_iter().enumerate() {
        let parameters = unsettled(&graph, 5);
        let channels = graph.channels(graph.input());
        let mut random = Random::seeded(9);
        let values: Vec<f32> = (0..channels * size[0] * size[1]).map(|_| random.normal()).collect();
        let image = Features { channels, size, values: values.clone() };
        let wanted = forward(&graph, &parameters, &image).unwrap().values;
        let block = Block { shape: [1, channels, size[0], size[1]], values };
        let got = compute(&graph, &parameters, &block, TrainingDevice::Flex).unwrap();
        assert_eq!(got.len(), wanted.len());
        let scale = wanted.iter().fold(1.0_f32, |most, v| most.max(v.abs()));
        for (got, wanted) in got.iter().zip(&wanted) {
            // Sums of hundreds of products of single precision.
            assert!((got - wanted).abs() < 1e-5 * scale, "network {index}: {got} {wanted}");
        }
    }
}

/// Stripes and discs with missing pixels.
fn pictures() -> Restoration {
    let example = |seed: u64| {
        let mut random = Random::seeded(seed);
        let (a, b, c) = (random.unit(), random.unit(), 4.0 + 8.0 * random.unit());
        let whole = Plane::from_fn(40, 40, |y, x| {
            let wave = ((a * y as f32 + b * x as f32) * 0.8).sin();
            let disc = (y as f32 - 20.0).hypot(x as f32 - 20.0) < c;
            0.5 + 0.2 * wave + if disc { 0.25 } else { 0.0 }
        });
        let damage = Damage::draw(DamageKind::Random, 40, 40, seed);
        Example::new(whole, &damage, Start::Harmonic, &Threads::single()).unwrap()
    };
    let examples = (0..6).map(example).collect();
    Restoration::new(examples, (10..12).map(example).collect(), 24, 4, 1).unwrap()
}

fn masked() -> Graph {
    let mut g = Graph::new(2);
    let conv = |channels| Op::Conv(Conv { bias: true, ..Conv::new(channels, 3) });
    let a = g.add("a", conv(8), &[g.input()]).unwrap();
    let m = g.add("m", Op::Mask { gates: (0..8).collect() }, &[a]).unwrap();
    let r = g.add("r", Op::Relu, &[m]).unwrap();
    let n = g.add("n", Op::Norm, &[r]).unwrap();
    g.add("b", conv(1), &[n]).unwrap();
    g
}

fn settings(optimizer: OptimizerSettings, rate: f64) -> TrainSettings {
    TrainSettings {
        schedule: Schedule { rate, warm_up: 2, steps: 60 },
        optimizer,
        averaging: 0.9,
        sparsity: Some((Factors::Masks, 0.01)),
        coupling: Some(CouplingSettings::new(Factors::Masks)),
    }
}

fn trainer(settings: &TrainSettings) -> Trainer {
    let graph = masked();
    let mut parameters = Parameters::initial(&graph, 3);
    // The network begins by changing little.
    let last = parameters.0.get_mut("b.weight").unwrap();
    last.values.iter_mut().for_each(|weight| *weight *= 0.1);
    Trainer::new(graph, &parameters, settings.clone(), TrainingDevice::Flex).unwrap()
}

const OPTIMIZERS: [(OptimizerSettings, f64); 2] = [
    (OptimizerSettings::Sgd { momentum: 0.9, weight_decay: 1e-4 }, 0.01),
    (OptimizerSettings::AdamW { weight_decay: 1e-4 }, 0.003),
];

#[test]
fn training_makes_the_loss_fall_and_the_score_rise() {
    let task = pictures();
    for (optimizer, rate) in OPTIMIZERS {
        let mut trainer = trainer(&settings(optimizer, rate));
        let before = trainer.evaluate(&task).unwrap().value();
        let losses: Vec<f32> = (0..60).map(|_| trainer.advance(&task).unwrap()).collect();
        let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
        assert!(mean(&losses[50..]) < mean(&losses[..10]) - 0.1, "{optimizer:?}: {losses:?}");
        assert!(trainer.evaluate(&task).unwrap().value() > before, "{optimizer:?}");
        assert!(trainer.is_finished());
    }
}

#[test]
fn a_run_that_was_interrupted_ends_in_the_bits_of_one_that_was_not() {
    let task = pictures();
    for (optimizer, rate) in OPTIMIZERS {
        let settings = settings(optimizer, rate);
        let mut straight = trainer(&settings);
        for _ in 0..12 {
            straight.advance(&task).unwrap();
        }
        let mut first = trainer(&settings);
        for _ in 0..7 {
            first.advance(&task).unwrap();
        }
        let file = NetworkFile {
            graph: masked(),
            parameters: first.result(),
            record: serde_json::json!({ "seed": 3 }),
            state: Some(first.state()),
        };
        let bytes = file.to_bytes().unwrap();
        let read = NetworkFile::from_bytes(&bytes).unwrap();
        assert_eq!(read, file);
        let mut second = trainer(&settings);
        second.resume(read.state.unwrap()).unwrap();
        assert_eq!(second.steps(), 7);
        for _ in 7..12 {
            second.advance(&task).unwrap();
        }
        assert_eq!(bits(&straight.parameters()), bits(&second.parameters()), "{optimizer:?}");
        assert_eq!(bits(&straight.result()), bits(&second.result()), "{optimizer:?}");
        assert_eq!(straight.state(), second.state(), "{optimizer:?}");
    }
}

fn bits(parameters: &Parameters) -> Vec<u32> {
    let values = |array: &Array| array.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    parameters.0.values().flat_map(values).collect()
}

#[test]
fn a_state_of_another_network_or_optimiser_is_refused() {
    let task = pictures();
    let [(sgd, rate), (adam, _)] = OPTIMIZERS;
    let mut first = trainer(&settings(sgd, rate));
    first.advance(&task).unwrap();
    let state = first.state();
    assert!(trainer(&settings(adam, rate)).resume(state.clone()).is_err());
    let mut other = state.clone();
    other.parameters.0.remove("a.weight");
    assert!(trainer(&settings(sgd, rate)).resume(other).is_err());
    let unaveraged = TrainSettings { averaging: 0.0, ..settings(sgd, rate) };
    assert!(trainer(&unaveraged).resume(state).is_err());
}

#[test]
fn an_l1_term_brings_factors_to_rest_at_zero_itself() {
    let task = pictures();
    let (optimizer, rate) = OPTIMIZERS[0];
    let sparse =
        TrainSettings { sparsity: Some((Factors::Masks, 5.0)), ..settings(optimizer, rate) };
    let mut trainer = trainer(&sparse);
    for _ in 0..60 {
        trainer.advance(&task).unwrap();
    }
    let mask = &trainer.parameters().0["mask"].values;
    assert!(mask.iter().any(|m| m.to_bits() == 0), "{mask:?}");
}

#[test]
fn a_loss_that_leaves_the_reals_ends_the_run() {
    let task = pictures();
    let (optimizer, _) = OPTIMIZERS[0];
    let mut trainer = trainer(&settings(optimizer, 1e30));
    let fault = (0..60).find_map(|_| trainer.advance(&task).err());
    assert!(fault.is_some_and(|fault| fault.to_string().contains("rate")));
}

#[test]
fn settings_out_of_range_are_refused() {
    let (optimizer, rate) = OPTIMIZERS[0];
    let good = settings(optimizer, rate);
    let schedule = |rate, warm_up, steps| Schedule { rate, warm_up, steps };
    for bad in [
        TrainSettings { schedule: schedule(0.0, 0, 10), ..good.clone() },
        TrainSettings { schedule: schedule(f64::NAN, 0, 10), ..good.clone() },
        TrainSettings { schedule: schedule(0.1, 10, 10), ..good.clone() },
        TrainSettings { averaging: 1.0, ..good.clone() },
        TrainSettings { sparsity: Some((Factors::Masks, -1.0)), ..good.clone() },
        TrainSettings { sparsity: Some((Factors::Thresholds, 0.1)), ..good },
    ] {
        let graph = masked();
        let parameters = Parameters::initial(&graph, 1);
        let made = Trainer::new(graph, &parameters, bad.clone(), TrainingDevice::Flex);
        assert!(made.is_err(), "{bad:?}");
    }
}

#[test]
fn files_that_are_no_networks_are_refused_whatever_is_wrong_with_them() {
    let graph = masked();
    let parameters = Parameters::initial(&graph, 1);
    let record = serde_json::Value::Null;
    let bytes = NetworkFile { graph, parameters, record, state: None }.to_bytes().unwrap();
    assert!(NetworkFile::from_bytes(&[]).is_err());
    for cut in [4, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        assert!(NetworkFile::from_bytes(&bytes[..cut]).is_err(), "{cut}");
    }
    let text = String::from_utf8_lossy(&bytes).replace("\\\"version\\\":1", "\\\"version\\\":7");
    assert!(NetworkFile::from_bytes(text.as_bytes()).is_err());
    // Changed bytes give an answer, whichever it is.
    let mut random = Random::seeded(2);
    for _ in 0..500 {
        let mut changed = bytes.clone();
        let at = random.below(changed.len().min(3000));
        changed[at] ^= 1 << random.below(8);
        let _ = NetworkFile::from_bytes(&changed);
    }
}

#[test]
fn a_batch_has_what_the_objective_needs() {
    let task = pictures();
    let batch = task.batch(0);
    assert_eq!(batch.input().shape, [4, 2, 24, 24]);
    assert_eq!(task.held_out().len(), 2);
}
