//! `cogd bench prune`.

use std::path::PathBuf;

use super::prune::{MethodName, SHRINKAGE};
use super::train::{CifarData, Learning, layers};

/// Prune a residual network on CIFAR-10 by all methods at equal cost and equal epochs
///
/// For every seed a network is trained from the start, once as it is and once with Cogradient
/// Descent on its norms; the first is then pruned by every method to every share, and trained on
/// whole for as many epochs.
#[derive(Debug, clap::Args)]
pub(super) struct PruneBench {
    #[command(flatten)]
    data: CifarData,

    /// Layers of the network: 20, 32, 44 or 56, or any other 6 n + 2
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = layers)]
    layers: usize,

    /// Channels of its first stage
    #[arg(long, value_name = "N", default_value_t = 16)]
    width: usize,

    /// Methods to compare, separated by commas
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "cogradient,masks,slimming,magnitude"
    )]
    methods: Vec<MethodName>,

    /// Shares of the multiplications to keep, separated by commas
    #[arg(long, value_name = "SHARES", value_delimiter = ',', default_value = "0.5")]
    keep: Vec<f64>,

    /// Seeds of everything random, separated by commas
    #[arg(long, value_name = "SEEDS", value_delimiter = ',', default_value = "1,2")]
    seeds: Vec<u64>,

    /// How much an l1 term takes off every mask or scale in all steps together, where nothing works
    /// against it
    #[arg(long, value_name = "AMOUNT", default_value_t = SHRINKAGE)]
    shrinkage: f32,

    /// Epochs of the first training
    #[arg(long, value_name = "N", default_value_t = 160)]
    train_epochs: u64,

    /// Epochs that find out which channels matter
    #[arg(long, value_name = "N", default_value_t = 40)]
    epochs: u64,

    /// Epochs that train what is left
    #[arg(long, value_name = "N", default_value_t = 80)]
    fine_tune: u64,

    #[command(flatten)]
    learning: Learning,

    /// Do not train with Cogradient Descent from the start for comparison
    #[arg(long)]
    without_training: bool,

    /// Write all figures and curves as JSON, after every network
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[cfg(not(feature = "train"))]
impl PruneBench {
    pub(super) fn run(self) -> anyhow::Result<()> {
        super::train::absent(&self)
    }
}

#[cfg(feature = "train")]
mod at_work {
    use std::fmt::Write as _;

    use anyhow::ensure;
    use serde::Serialize;
    use serde_json::json;

    use super::PruneBench;
    use crate::cli::files;
    use crate::cli::log::Log;
    use crate::cli::prune::{Figures, Pruning};
    use crate::cli::train::{Curve, OptimizerName, Origin};
    use crate::network::{Graph, Parameters, zoo};
    use crate::train::coupling::{CouplingSettings, Factors};
    use crate::train::data::{CIFAR_CLASSES, CIFAR_SIDE, Cifar};
    use crate::train::{Score, TrainSettings};

    /// One network of the table.
    #[derive(Serialize)]
    struct Row {
        seed: u64,
        /// A method of pruning, or how a whole network was trained.
        method: String,
        /// The share of the multiplications that was asked for; 1 for whole networks.
        keep: f64,
        figures: Figures,
        /// Right after the cut.
        cut: Option<Score>,
        curves: Vec<Curve>,
    }

    impl PruneBench {
        pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
            ensure!(self.learning.checkpoint.is_none(), "a table has no checkpoint");
            let mut rows = Vec::new();
            for &seed in &self.seeds {
                self.seed(seed, &mut rows)?;
            }
            crate::cli::print(&markdown(&rows))
        }

        fn seed(&self, seed: u64, rows: &mut Vec<Row>) -> anyhow::Result<()> {
            let (task, fingerprint) = self.data.load(seed)?;
            let steps = |epochs: u64| epochs * task.steps_per_epoch();
            let settings = |epochs| self.learning.settings(steps(epochs), OptimizerName::Sgd);
            let log = Log::new(0);
            let graph = zoo::resnet((self.layers - 2) / 6, self.width, CIFAR_CLASSES)?;
            let start = Parameters::initial(&graph, seed);
            let phases = [settings(self.epochs)?, settings(self.fine_tune)?];
            let origin = Origin { settings: json!({ "seed": seed }), data: fingerprint };

            let plain = settings(self.train_epochs)?;
            let whole = self.train(&graph, &start, &plain, (&task, &origin, &log))?;
            rows.push(self.row(seed, "plain training", &graph, &whole, &task)?);
            self.keep_figures(rows)?;
            if !self.without_training {
                let coupling = Some(CouplingSettings::new(Factors::Scales));
                let coupled = TrainSettings { coupling, ..plain.clone() };
                let other = self.train(&graph, &start, &coupled, (&task, &origin, &log))?;
                rows.push(self.row(seed, "cogradient training", &graph, &other, &task)?);
                self.keep_figures(rows)?;
            }
            let [first, second] = &phases;
            let (longer, _) = self.train(&graph, &whole.0, first, (&task, &origin, &log))?;
            let longer = self.train(&graph, &longer, second, (&task, &origin, &log))?;
            rows.push(self.row(seed, "trained on", &graph, &longer, &task)?);
            self.keep_figures(rows)?;
            for &keep in &self.keep {
                for method in &self.methods {
                    let method = method.method();
                    let pruning = Pruning {
                        method,
                        keep,
                        shrinkage: self.shrinkage,
                        learning: &self.learning,
                        phases: phases.clone(),
                        size: [CIFAR_SIDE; 2],
                    };
                    let pruned = pruning.run(&graph, &whole.0, &task, &origin, &log)?;
                    rows.push(Row {
                        seed,
                        method: method.name().to_owned(),
                        keep,
                        figures: pruned.after,
                        cut: Some(pruned.cut),
                        curves: pruned.curves.to_vec(),
                    });
                    self.keep_figures(rows)?;
                }
            }
            Ok(())
        }

        fn train(
            &self,
            graph: &Graph,
            start: &Parameters,
            settings: &TrainSettings,
            (task, origin, log): (&Cifar, &Origin, &Log),
        ) -> anyhow::Result<(Parameters, Curve)> {
            self.learning.follow(graph, start, settings, task, origin, (None, log))
        }

        fn row(
            &self,
            seed: u64,
            method: &str,
            graph: &Graph,
            (parameters, curve): &(Parameters, Curve),
            task: &Cifar,
        ) -> anyhow::Result<Row> {
            let device = self.learning.device()?;
            Ok(Row {
                seed,
                method: method.to_owned(),
                keep: 1.0,
                figures: Figures::of(graph, parameters, [CIFAR_SIDE; 2], task, device)?,
                cut: None,
                curves: vec![curve.clone()],
            })
        }

        fn keep_figures(&self, rows: &[Row]) -> anyhow::Result<()> {
            match &self.json {
                Some(path) => files::write(path, &serde_json::to_vec_pretty(rows)?),
                None => Ok(()),
            }
        }
    }

    /// One line a network.
    fn markdown(rows: &[Row]) -> String {
        let mut text = String::from(
            "| seed | network | multiplications | parameters | right after the cut | accuracy | ONNX Runtime ms |\n\
             |---:|---|---:|---:|---:|---:|---:|\n",
        );
        for Row { seed, method, keep, figures, cut, .. } in rows {
            let percent = |score: Score| format!("{:.2} %", 100.0 * score.value());
            let cut = cut.map_or("-".to_owned(), percent);
            let latency = figures.latency_ms.map_or("-".to_owned(), |ms| format!("{ms:.2}"));
            let name = if *keep < 1.0 { format!("{method}, {keep} kept") } else { method.clone() };
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {seed} | {name} | {} | {} | {cut} | {} | {latency} |",
                figures.multiplications,
                figures.parameters,
                percent(figures.score),
            );
        }
        text
    }
}
