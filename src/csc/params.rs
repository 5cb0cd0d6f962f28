//! The parameters of the solver and how its thresholds fall.

/// A run of iterations whose threshold falls geometrically.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Iterations; the phase is left out when zero.
    pub iterations: usize,
    /// Threshold of the first iteration, in units of the signal (`[0, 1]`).
    pub first: f32,
    /// Threshold of the last iteration.
    pub last: f32,
}

impl Phase {
    /// The threshold of iteration `index`, counted from zero.
    pub fn threshold(&self, index: usize) -> f32 {
        if self.iterations < 2 {
            return self.last;
        }
        let way = index as f32 / (self.iterations - 1) as f32;
        self.first * (self.last / self.first).powf(way)
    }
}

/// What stands in the hidden samples when the iterations begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The [`harmonic`](crate::fillers::harmonic) fill; what the planes hold there has no influence.
    Harmonic,
    /// What the planes hold there, which must be finite.
    Given,
}

/// How hidden samples are found: first by a frame alone, then by groups of similar blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InpaintParams {
    /// Where the iterations begin.
    pub start: Start,
    /// Thresholding of single blocks on shifted grids: finds structure across holes.
    pub frame: Phase,
    /// Distance of the blocks on a grid; divides the side of the frame's blocks.
    pub stride: usize,
    /// Thresholding of groups of similar blocks: finds texture.
    pub group: Phase,
    /// Iterations of the group phase between two searches for similar blocks.
    pub rematch: usize,
    /// How far an iteration moves the unknowns: 1 is the projection, up to 2 converges.
    pub relaxation: f32,
}

impl InpaintParams {
    /// Iterations that give the best quality a second per megapixel and channel can buy.
    pub const DEFAULT_ITERATIONS: usize = 70;

    /// The schedule for a total number of iterations, three sevenths of them with the frame.
    pub fn with_iterations(total: usize) -> Self {
        let frame = (3 * total).div_ceil(7);
        Self {
            start: Start::Harmonic,
            frame: Phase { iterations: frame, first: 0.4, last: 0.02 },
            stride: 8,
            group: Phase { iterations: total - frame, first: 0.3, last: 0.015 },
            rematch: 10,
            relaxation: 1.2,
        }
    }

    /// The last iterations alone: they begin with what is given, which something other than this
    /// solver found, and look for groups of similar blocks in it.
    pub fn settling(iterations: usize) -> Self {
        Self {
            start: Start::Given,
            frame: Phase { iterations: 0, ..Self::default().frame },
            group: Phase { iterations, first: 0.03, last: 0.015 },
            ..Self::default()
        }
    }

    /// All iterations together.
    pub fn iterations(&self) -> usize {
        self.frame.iterations + self.group.iterations
    }
}

impl Default for InpaintParams {
    fn default() -> Self {
        Self::with_iterations(Self::DEFAULT_ITERATIONS)
    }
}
