//! Damaged pictures and what they were.

use serde::{Deserialize, Serialize};

use crate::csc::{self, DEFAULT_ROUNDS, Dct8, Dct16, InpaintParams, Transform8};
use crate::damage::Damage;
use crate::fillers::harmonic;
use crate::numerics::{Plane, Random, Threads, Unobserved};
use crate::train::objective::{Batch, Task};
use crate::train::{Block, TrainError};

use super::of_step;

/// What a network is given where a picture is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The harmonic fill of the holes, or the noisy picture itself.
    Harmonic,
    /// What the solver makes of it in so many iterations; noise has a number of its own.
    Solver(usize),
}

/// A picture, and what a network is given of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    whole: Plane<f32>,
    given: Plane<f32>,
    /// Where the network may change it.
    hidden: Plane<bool>,
}

impl Example {
    /// Damages a picture with samples in `[0, 1]` and makes a start for the network.
    ///
    /// # Errors
    /// [`TrainError::Data`] if the damage has another size or the picture is not of numbers.
    pub fn new(
        whole: Plane<f32>,
        damage: &Damage,
        start: Start,
        threads: &Threads,
    ) -> Result<Self, TrainError> {
        let (height, width) = (whole.height(), whole.width());
        let mut given = whole.clone();
        let refused = |error: csc::CscError| TrainError::Data(error.to_string());
        let hidden = match damage {
            Damage::Missing(hidden) => {
                if (hidden.height(), hidden.width()) != (height, width) {
                    return Err(TrainError::Data("picture and damage differ in size".to_owned()));
                }
                match start {
                    Start::Harmonic => harmonic::fill(&mut given, hidden),
                    Start::Solver(iterations) => {
                        csc::inpaint(
                            std::slice::from_mut(&mut given),
                            hidden,
                            &Dct16,
                            &Transform8::Cosine,
                            &InpaintParams::with_iterations(iterations),
                            threads,
                            &Unobserved,
                        )
                        .map_err(refused)?;
                    }
                }
                hidden.clone()
            }
            Damage::Noise { noise, sigma } => {
                if (noise.height(), noise.width()) != (height, width) {
                    return Err(TrainError::Data("picture and damage differ in size".to_owned()));
                }
                for (sample, noise) in given.as_mut_slice().iter_mut().zip(noise.as_slice()) {
                    *sample = (*sample + noise).clamp(0.0, 1.0);
                }
                if matches!(start, Start::Solver(_)) {
                    let planes = std::slice::from_mut(&mut given);
                    csc::denoise(planes, &[*sigma], &Dct8, DEFAULT_ROUNDS, threads, &Unobserved)
                        .map_err(refused)?;
                }
                Plane::filled(height, width, true)
            }
        };
        for sample in given.as_mut_slice() {
            *sample = sample.clamp(0.0, 1.0);
        }
        Ok(Self { whole, given, hidden })
    }
}

/// Patches of damaged pictures, at random places and in random orientation.
#[derive(Clone, Debug)]
pub struct Restoration {
    examples: Vec<Example>,
    held_out: Vec<Example>,
    patch: usize,
    batch: usize,
    seed: u64,
}

impl Restoration {
    /// From examples to learn from and examples to be judged by, squares of `patch` pixels a side,
    /// `batch` of them in a step.
    ///
    /// # Errors
    /// [`TrainError::Data`] if there is nothing to learn from or an example is smaller than a patch.
    pub fn new(
        examples: Vec<Example>,
        held_out: Vec<Example>,
        patch: usize,
        batch: usize,
        seed: u64,
    ) -> Result<Self, TrainError> {
        if examples.is_empty() || batch == 0 || patch == 0 {
            return Err(TrainError::Data("there is nothing to learn from".to_owned()));
        }
        for Example { whole, .. } in &examples {
            let (height, width) = (whole.height(), whole.width());
            if height.min(width) < patch {
                let text = format!("an example of {height}x{width} is smaller than {patch} pixels");
                return Err(TrainError::Data(text));
            }
        }
        Ok(Self { examples, held_out, patch, batch, seed })
    }

    /// A patch with something to restore in it, if chance finds one soon.
    fn patch(&self, random: &mut Random, input: &mut Vec<f32>, target: &mut Vec<f32>) {
        const TRIES: usize = 20;
        let side = self.patch;
        let mut place = None;
        for _ in 0..TRIES {
            let example = &self.examples[random.below(self.examples.len())];
            let top = random.below(example.whole.height() - side + 1);
            let left = random.below(example.whole.width() - side + 1);
            place = Some((example, top, left));
            let is_hidden = |y: usize| example.hidden.row(y)[left..left + side].contains(&true);
            if (top..top + side).any(is_hidden) {
                break;
            }
        }
        let orientation = random.below(8);
        if let Some((example, top, left)) = place {
            let window = Window { example, top, left, side: [side; 2], orientation };
            window.append(input, target);
        }
    }
}

/// A part of an example, turned and mirrored.
struct Window<'a> {
    example: &'a Example,
    top: usize,
    left: usize,
    side: [usize; 2],
    /// Whether rows and columns change places, rows run backwards, columns run backwards: a bit
    /// each.
    orientation: usize,
}

impl Window<'_> {
    fn append(&self, input: &mut Vec<f32>, target: &mut Vec<f32>) {
        let Self { example, .. } = self;
        self.samples(input, |y, x| example.given.at(y, x));
        self.samples(input, |y, x| if example.hidden.at(y, x) { 1.0 } else { 0.0 });
        self.samples(target, |y, x| example.whole.at(y, x));
    }

    fn samples(&self, to: &mut Vec<f32>, sample: impl Fn(usize, usize) -> f32) {
        let [rows, columns] = self.side;
        for row in 0..rows {
            for column in 0..columns {
                let (mut y, mut x) = (row, column);
                if self.orientation & 1 == 1 {
                    (y, x) = (x, y);
                }
                if self.orientation & 2 == 2 {
                    y = rows - 1 - y;
                }
                if self.orientation & 4 == 4 {
                    x = columns - 1 - x;
                }
                to.push(sample(self.top + y, self.left + x));
            }
        }
    }
}

impl Task for Restoration {
    fn batch(&self, step: u64) -> Batch {
        let mut random = of_step(self.seed, step);
        let (mut input, mut target) = (Vec::new(), Vec::new());
        for _ in 0..self.batch {
            self.patch(&mut random, &mut input, &mut target);
        }
        pictures(input, target, [self.batch, self.patch, self.patch])
    }

    fn held_out(&self) -> Vec<Batch> {
        let whole = |example: &Example| {
            let side = [example.whole.height(), example.whole.width()];
            let (mut input, mut target) = (Vec::new(), Vec::new());
            let window = Window { example, top: 0, left: 0, side, orientation: 0 };
            window.append(&mut input, &mut target);
            pictures(input, target, [1, side[0], side[1]])
        };
        self.held_out.iter().map(whole).collect()
    }
}

fn pictures(input: Vec<f32>, target: Vec<f32>, [batch, rows, columns]: [usize; 3]) -> Batch {
    Batch::Pictures {
        input: Block { shape: [batch, 2, rows, columns], values: input },
        target: Block { shape: [batch, 1, rows, columns], values: target },
    }
}

#[cfg(test)]
mod tests {
    use super::{Example, Restoration, Start};
    use crate::damage::{Damage, DamageKind};
    use crate::numerics::{Plane, Threads};
    use crate::train::objective::{Batch, Task as _};

    fn ramp(side: usize) -> Plane<f32> {
        Plane::from_fn(side, side, |y, x| (3 * y + x) as f32 / (4 * side) as f32)
    }

    fn example(side: usize, start: Start) -> Example {
        let damage = Damage::draw(DamageKind::Random, side, side, 3);
        Example::new(ramp(side), &damage, start, &Threads::single()).unwrap()
    }

    #[test]
    fn known_pixels_are_given_as_they_are_and_hidden_ones_only_as_a_guess() {
        for start in [Start::Harmonic, Start::Solver(10)] {
            let Example { whole, given, hidden } = example(48, start);
            let mut differing = 0;
            for y in 0..48 {
                for x in 0..48 {
                    let is_same = whole.at(y, x).to_bits() == given.at(y, x).to_bits();
                    assert!(hidden.at(y, x) || is_same, "{start:?}");
                    differing += usize::from(!is_same);
                }
            }
            assert!(differing > 0, "{start:?}: what is hidden was given away");
        }
    }

    #[test]
    fn a_step_has_the_same_patches_in_every_run_and_others_than_the_next() {
        let data = |seed| {
            Restoration::new(vec![example(64, Start::Harmonic)], vec![], 16, 4, seed).unwrap()
        };
        assert_eq!(data(1).batch(7), data(1).batch(7));
        assert_ne!(data(1).batch(7), data(1).batch(8));
        assert_ne!(data(1).batch(7), data(2).batch(7));
    }

    #[test]
    fn patches_are_windows_of_the_picture_in_some_orientation() {
        let data = Restoration::new(vec![example(64, Start::Harmonic)], vec![], 16, 8, 1).unwrap();
        let Batch::Pictures { input, target } = data.batch(0) else { panic!("no pictures") };
        assert_eq!(input.shape, [8, 2, 16, 16]);
        for (input, target) in input.values.chunks(2 * 256).zip(target.values.chunks(256)) {
            let (given, holes) = input.split_at(256);
            for i in 0..256 {
                assert!(holes[i] > 0.5 || given[i].to_bits() == target[i].to_bits());
            }
            // On a ramp, neighbours differ by one or by three steps, whatever the orientation.
            let mut steps =
                [target[1] - target[0], target[16] - target[0]].map(|s| (s.abs() * 256.0).round());
            steps.sort_by(f32::total_cmp);
            assert_eq!(steps.map(|s| format!("{s}")), ["1", "3"]);
        }
    }

    #[test]
    fn what_cannot_be_learned_from_is_refused() {
        assert!(Restoration::new(vec![], vec![], 16, 4, 1).is_err());
        assert!(Restoration::new(vec![example(8, Start::Harmonic)], vec![], 16, 4, 1).is_err());
        let other = Damage::Missing(Plane::filled(4, 4, false));
        assert!(Example::new(ramp(8), &other, Start::Harmonic, &Threads::single()).is_err());
    }
}
