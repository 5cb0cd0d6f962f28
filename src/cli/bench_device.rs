//! `cogd bench device`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::bench::convolutions;
use crate::csc::dictionary::Dictionary;
use crate::csc::{Dct8, Dct16, InpaintParams, Phase, Start, frame_graph, inpaint};
use crate::fillers::harmonic;
use crate::inference::{Device, Tensor};
use crate::numerics::{Plane, Random, Threads, Unobserved};

use super::session::{measure, session, threads};

/// Measure a device beside the processor: a network, and the solver as a graph
#[derive(Debug, clap::Args)]
pub(super) struct DeviceBench {
    /// What to measure: `cpu`, `cuda:N`, `tensorrt:N`, or `auto`
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: Device,

    /// Sides of the images for the network, separated by commas
    #[arg(long, value_name = "PIXELS", value_delimiter = ',', default_value = "256")]
    network: Vec<usize>,

    /// Sides of the images for the solver, separated by commas
    #[arg(long, value_name = "PIXELS", value_delimiter = ',', default_value = "256,512")]
    solver: Vec<usize>,

    /// Channels of the network's layers
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    channels: u64,

    /// Layers of the network
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(2..=100))]
    layers: u16,

    /// Time for each measurement, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    seconds: f64,

    /// Operations a second that the chip can do at most, in units of 10^12, to tell the share of it
    #[arg(long, value_name = "TERA")]
    peak: Option<f64>,
}

/// Difference from the processor that counts as none, of full range.
const TOLERANCE: f32 = 1e-3;

impl DeviceBench {
    pub(super) fn run(self) -> anyhow::Result<()> {
        ensure!(
            self.seconds > 0.0 && self.seconds < 3600.0,
            "--seconds must lie between 0 and 3600"
        );
        let mut table = String::new();
        self.networks(&mut table)?;
        self.solvers(&mut table)?;
        super::print(&table)
    }

    fn networks(&self, table: &mut String) -> anyhow::Result<()> {
        let model = convolutions(self.channels, usize::from(self.layers))?;
        let (mut here, mut there) = (session(&model, Device::Cpu)?, session(&model, self.device)?);
        let provider = there.placement().provider();
        let time = Duration::from_secs_f64(self.seconds);
        writeln!(table, "{} layers of {} channels, 3x3, {provider}\n", self.layers, self.channels)?;
        table.push_str(
            "| image | processor ms | device ms | 10^12 operations a second | share of the peak | largest difference |\n\
             |---|---:|---:|---:|---:|---:|\n",
        );
        for &side in &self.network {
            ensure!((1..=8192).contains(&side), "sides must lie between 1 and 8192");
            let mut random = Random::seeded(2);
            let samples: Vec<f32> = (0..3 * side * side).map(|_| random.unit()).collect();
            let input = [Tensor::new(vec![1, 3, side, side], samples)?];
            let (expected, slow) = measure(&mut *here, &input, time)?;
            let (given, fast) = measure(&mut *there, &input, time)?;
            let rate = self.operations(side) / fast / 1e9;
            let share =
                self.peak.map_or(String::new(), |peak| format!("{:.1} %", 100.0 * rate / peak));
            let (largest, _) = differences(&given, &expected);
            writeln!(
                table,
                "| {side}x{side} | {slow:.2} | {fast:.2} | {rate:.3} | {share} | {largest:.1e} |"
            )?;
        }
        table.push('\n');
        Ok(())
    }

    fn solvers(&self, table: &mut String) -> anyhow::Result<()> {
        table.push_str(
            "The frame phase of the solver, half of the pixels missing\n\n\
             | image | solver ms | graph ms | largest difference | samples above 1e-3 |\n\
             |---|---:|---:|---:|---:|\n",
        );
        let mut params = InpaintParams { start: Start::Given, ..InpaintParams::default() };
        params.group = Phase { iterations: 0, ..params.group };
        let model = frame_graph(&Dictionary::cosine(16), &params)?;
        let mut graph = session(&model, self.device)?;
        let threads = Threads::new(threads().get())?;
        let time = Duration::from_secs_f64(self.seconds);
        for &side in &self.solver {
            ensure!((32..=8192).contains(&side), "sides must lie between 32 and 8192");
            let (start, hidden) = damaged(side);
            let mut solved = [start.clone()];
            let began = Instant::now();
            inpaint(&mut solved, &hidden, &Dct16, &Dct8, &params, &threads, &Unobserved)?;
            let slow = began.elapsed().as_secs_f64() * 1e3;
            let shape = || vec![1, 1, side, side];
            let mask = hidden.map(|hidden| f32::from(u8::from(hidden)));
            let inputs =
                [Tensor::new(shape(), start.into_vec())?, Tensor::new(shape(), mask.into_vec())?];
            let (given, fast) = measure(&mut *graph, &inputs, time)?;
            let (largest, far) = differences(&given, solved[0].as_slice());
            writeln!(
                table,
                "| {side}x{side} | {slow:.1} | {fast:.1} | {largest:.1e} | {far} of {} |",
                side * side
            )?;
        }
        Ok(())
    }

    /// Multiplications and additions of the network.
    fn operations(&self, side: usize) -> f64 {
        let (channels, inner) = (self.channels as f64, f64::from(self.layers) - 2.0);
        2.0 * 9.0 * (side * side) as f64 * (2.0 * 3.0 * channels + inner * channels * channels)
    }
}

/// A smooth picture with half of its pixels filled in from the others, and which those are.
fn damaged(side: usize) -> (Plane<f32>, Plane<bool>) {
    let mut random = Random::seeded(3);
    let hidden = Plane::from_fn(side, side, |_, _| random.unit() < 0.5);
    let mut picture = Plane::from_fn(side, side, |y, x| {
        let (y, x) = (y as f32, x as f32);
        0.5 + 0.2 * (0.3 * x + 0.1 * y).sin() + 0.1 * (0.07 * y * x / side as f32).cos()
    });
    harmonic::fill(&mut picture, &hidden);
    (picture, hidden)
}

/// The largest difference, and how many are more than the tolerance.
fn differences(given: &[f32], expected: &[f32]) -> (f32, usize) {
    let differences = || given.iter().zip(expected).map(|(a, b)| (a - b).abs());
    (differences().fold(0.0, f32::max), differences().filter(|&far| far > TOLERANCE).count())
}
