//! Engines side by side: how near, how fast, for every kind of damage.

use std::fmt::Write as _;
use std::time::Instant;

use cpu_time::ProcessTime;
use serde::Serialize;

use crate::damage::MaskKind;
use crate::engines::{EngineChoice, EngineError, Environment, Options, RestoreSpec, Task, restore};
use crate::imaging::{Mask, Raster, quality};
use crate::numerics::Unobserved;

use super::inpaint::{mask_seed, to_grey};

/// What is measured.
#[derive(Clone, Debug)]
pub struct RestoreBench {
    /// Names and pictures.
    pub images: Vec<(String, Raster)>,
    /// Whether colours stay; else all are turned into grey.
    pub in_colour: bool,
    /// Kinds of damage.
    pub kinds: Vec<MaskKind>,
    /// Seeds of the masks: every image has a mask of its own for each, the same for all engines.
    pub seeds: Vec<u64>,
    /// What is compared; the first is what gains are told against.
    pub engines: Vec<EngineChoice>,
    /// What the engines work with.
    pub environment: Environment,
}

/// One engine on one kind of damage: means over images and seeds.
#[derive(Clone, Debug, Serialize)]
pub struct RestoreRow {
    /// Kind of damage.
    pub mask: String,
    /// Share of the pixels missing.
    pub coverage: f64,
    /// The engine, as it was asked for.
    pub engine: String,
    /// PSNR over the whole image, in dB, of results of the depth of the image.
    pub psnr_db: f64,
    /// How much that is more than that of the first engine, in dB.
    pub gain_db: f64,
    /// The least gain over all images, each the mean over the seeds.
    pub least_gain_db: f64,
    /// SSIM over the whole image.
    pub ssim: f64,
    /// CPU seconds an image, of all threads.
    pub cpu_s: f64,
    /// Seconds an image.
    pub wall_s: f64,
    /// Longest time for one image, in seconds.
    pub slowest_wall_s: f64,
}

/// What one engine did to every image, for one kind of damage.
#[derive(Clone, Default)]
struct Tally {
    psnr: Vec<f64>,
    ssim: f64,
    cpu: f64,
    wall: f64,
    slowest: f64,
}

/// Measures every engine with every kind of damage on every image. The engines take turns on each
/// image, so that what else the machine does falls on all of them.
///
/// # Errors
/// [`EngineError`] by an engine, such as one that is not there.
pub fn compare(bench: &RestoreBench) -> Result<Vec<RestoreRow>, EngineError> {
    let images: Vec<Raster> = bench
        .images
        .iter()
        .map(|(_, raster)| if bench.in_colour { raster.clone() } else { to_grey(raster) })
        .collect();
    for engine in &bench.engines {
        // A network is loaded before the first use is timed.
        if let EngineChoice::Network(name) = engine {
            bench.environment.networks.find(name)?;
        }
    }
    let rows = bench.kinds.iter().map(|&kind| rows(bench, &images, kind));
    Ok(rows.collect::<Result<Vec<_>, _>>()?.concat())
}

fn rows(
    bench: &RestoreBench,
    images: &[Raster],
    kind: MaskKind,
) -> Result<Vec<RestoreRow>, EngineError> {
    let mut coverage = 0.0;
    let mut tallies = vec![Tally::default(); bench.engines.len()];
    for (index, original) in images.iter().enumerate() {
        let (height, width) = (original.height(), original.width());
        for tally in &mut tallies {
            tally.psnr.push(0.0);
        }
        for seed in &bench.seeds {
            let hidden = kind.draw(height, width, mask_seed(*seed, index));
            let mask = Mask::from_holes(height, width, hidden.into_vec());
            coverage += mask.coverage();
            for (engine, tally) in bench.engines.iter().zip(&mut tallies) {
                let restored = tally.time(|| restored(bench, engine, original, &mask))?;
                let psnr = quality::raster_psnr(original, &restored, None);
                tally.psnr[index] += psnr.map_err(EngineError::Image)? / bench.seeds.len() as f64;
                tally.ssim +=
                    quality::raster_ssim(original, &restored).map_err(EngineError::Image)?;
            }
        }
    }
    let runs = (images.len() * bench.seeds.len()) as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let row = |(engine, tally): (&EngineChoice, &Tally)| {
        let gains = tally.psnr.iter().zip(&tallies[0].psnr).map(|(psnr, first)| psnr - first);
        let gains: Vec<f64> = gains.collect();
        RestoreRow {
            mask: kind.name(),
            coverage: coverage / runs,
            engine: engine.clone().into(),
            psnr_db: mean(&tally.psnr),
            gain_db: mean(&gains),
            least_gain_db: gains.iter().copied().fold(f64::INFINITY, f64::min),
            ssim: tally.ssim / runs,
            cpu_s: tally.cpu / runs,
            wall_s: tally.wall / runs,
            slowest_wall_s: tally.slowest,
        }
    };
    Ok(bench.engines.iter().zip(&tallies).map(row).collect())
}

fn restored(
    bench: &RestoreBench,
    engine: &EngineChoice,
    original: &Raster,
    mask: &Mask,
) -> Result<Raster, EngineError> {
    let restore_spec = RestoreSpec { engine: engine.clone(), ..RestoreSpec::default() };
    let options = Options { restore: restore_spec, ..Options::default() };
    let mut raster = original.clone();
    let environment = &bench.environment;
    restore(Task::Inpaint, &options, &mut raster, Some(mask), environment, &Unobserved)?;
    Ok(raster)
}

impl Tally {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (cpu, start) = (ProcessTime::now(), Instant::now());
        let done = work();
        self.cpu += cpu.elapsed().as_secs_f64();
        let passed = start.elapsed().as_secs_f64();
        self.wall += passed;
        self.slowest = self.slowest.max(passed);
        done
    }
}

/// The table as Markdown.
pub fn side_by_side(rows: &[RestoreRow]) -> String {
    let mut text = String::from(
        "| mask | missing | engine | PSNR dB | gain dB | least gain dB | SSIM | CPU s | wall s | \
         slowest s |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {:.1} % | {} | {:.2} | {:+.2} | {:+.2} | {:.4} | {:.3} | {:.3} | {:.3} |",
            row.mask,
            100.0 * row.coverage,
            row.engine,
            row.psnr_db,
            row.gain_db,
            row.least_gain_db,
            row.ssim,
            row.cpu_s,
            row.wall_s,
            row.slowest_wall_s,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{RestoreBench, compare, side_by_side};
    use crate::damage::MaskKind;
    use crate::engines::{EngineChoice, EngineError, Environment, NetworkError, NoNetworks};
    use crate::imaging::{ColorModel, ImageLimits, Raster, Samples};
    use crate::numerics::{Random, Threads};

    fn bench(engines: &[&str]) -> RestoreBench {
        let mut random = Random::seeded(2);
        let mut image = || {
            let mut level = || u8::try_from(100 + random.below(40)).unwrap();
            let samples = Samples::Eight((0..24 * 32).map(|_| level()).collect());
            Raster::from_samples(24, 32, ColorModel::Grey, samples).unwrap()
        };
        RestoreBench {
            images: vec![("a".to_owned(), image()), ("b".to_owned(), image())],
            in_colour: false,
            kinds: vec![MaskKind::Random(0.25), MaskKind::Holes],
            seeds: vec![1, 2],
            engines: engines.iter().map(|name| name.parse().unwrap()).collect(),
            environment: Environment {
                limits: ImageLimits::default(),
                threads: Threads::new(1).unwrap(),
                networks: Arc::new(NoNetworks),
            },
        }
    }

    #[test]
    fn an_engine_gains_nothing_over_itself_and_every_pair_has_a_row() {
        let rows = compare(&bench(&["csc", "auto"])).unwrap();
        let pairs: Vec<_> =
            rows.iter().map(|row| (row.mask.as_str(), row.engine.as_str())).collect();
        let expected =
            [("random-25", "csc"), ("random-25", "auto"), ("holes", "csc"), ("holes", "auto")];
        assert_eq!(pairs, expected);
        for row in &rows {
            assert!(row.gain_db.abs() < 1e-9 && row.least_gain_db.abs() < 1e-9, "{row:?}");
            assert!(row.psnr_db > 15.0 && row.psnr_db < 60.0, "{row:?}");
        }
        assert_eq!(side_by_side(&rows).lines().count(), 2 + rows.len());
    }

    #[test]
    fn an_engine_that_is_not_there_is_told_before_anything_is_measured() {
        let engine = EngineChoice::Network("nobody".parse().unwrap());
        let refused = compare(&RestoreBench { engines: vec![engine], ..bench(&[]) });
        assert!(matches!(refused, Err(EngineError::Network(NetworkError::Unknown { .. }))));
    }
}
