//! The worked example: a start from which plain descent can hardly leave.

use super::{BilinearProblem, BilinearSettings, Jacobian, Kernel, Projection, Schedule};

/// Four columns nearly orthogonal to the data, each with a variable near zero: the gradients of
/// both sides (nearly) vanish although none of the data is explained.
#[derive(Clone, Debug)]
pub struct Saddle {
    /// One unit of data along the first axis, `λ = 0.05`.
    pub problem: BilinearProblem,
    /// `A`: each column has 0.15 along the first axis and the rest along an axis of its own.
    pub columns: Vec<f32>,
    /// `x`: every entry is 0.001.
    pub sparse: Vec<f32>,
}

impl Saddle {
    const ROWS: usize = 12;
    const COLUMNS: usize = 4;

    /// The start.
    pub fn new() -> Self {
        let mut data = vec![0.0; Self::ROWS];
        data[0] = 1.0;
        let mut columns = vec![0.0; Self::ROWS * Self::COLUMNS];
        for (own_axis, column) in (2..).zip(columns.chunks_exact_mut(Self::ROWS)) {
            column[0] = 0.15;
            column[own_axis] = 0.95;
        }
        let problem = BilinearProblem { data, lambda: 0.05 };
        Self { problem, columns, sparse: vec![0.001; Self::COLUMNS] }
    }

    /// 400 small steps, with the linear kernel and the gate falling from wide open, or plain.
    pub fn settings(cogradient: bool) -> BilinearSettings {
        let parts = (Projection::default(), Kernel::Linear, Schedule { start: 1.0 });
        BilinearSettings {
            iterations: 400,
            rate: 0.002,
            cogradient: cogradient.then_some(parts),
            jacobian: Jacobian { smallest_step: 1e-6 },
        }
    }
}

impl Default for Saddle {
    fn default() -> Self {
        Self::new()
    }
}
