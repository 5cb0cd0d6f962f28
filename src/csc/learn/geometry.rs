//! Sizes and transforms shared by codes and filters.

use crate::numerics::fft2::{Complex32, Fft2, Fft2Scratch};

use super::{Boundary, LearnParameters};

/// The padded plane on which all convolutions are circular.
pub(super) struct Geometry {
    /// Filters `K`.
    pub(super) filters: usize,
    /// Side `s` of a filter.
    pub(super) support: usize,
    /// Width of the padded plane.
    pub(super) width: usize,
    /// Transforms of the padded plane.
    pub(super) fft: Fft2,
}

/// Buffers of one thread; contents are left over from the last use.
pub(super) struct Workspace {
    pub(super) plane: Vec<f32>,
    pub(super) spectrum: Vec<Complex32>,
    pub(super) scratch: Fft2Scratch,
}

impl Geometry {
    pub(super) fn new(parameters: &LearnParameters, height: usize, width: usize) -> Self {
        let enlarge = |side: usize| match parameters.boundary {
            Boundary::Periodic => side,
            Boundary::Unknown => Fft2::fast_size(side + parameters.support - 1),
        };
        let (height, width) = (enlarge(height), enlarge(width));
        let (filters, support) = (parameters.filters, parameters.support);
        Self { filters, support, width, fft: Fft2::new(height, width) }
    }

    /// Samples of a padded plane.
    pub(super) fn plane_len(&self) -> usize {
        self.fft.plane_len()
    }

    /// Coefficients of its half spectrum.
    pub(super) fn spectrum_len(&self) -> usize {
        self.fft.spectrum_len()
    }

    /// Taps of a filter.
    pub(super) fn tap_count(&self) -> usize {
        self.support * self.support
    }

    /// Bytes of a [`Workspace`], but for the scratch of the transforms.
    pub(super) fn workspace_bytes(&self) -> usize {
        self.plane_len() * size_of::<f32>() + self.spectrum_len() * size_of::<Complex32>()
    }

    pub(super) fn workspace(&self) -> Workspace {
        Workspace {
            plane: vec![0.0; self.plane_len()],
            spectrum: vec![Complex32::default(); self.spectrum_len()],
            scratch: self.fft.scratch(),
        }
    }

    /// Writes the taps of one filter into the corner of a plane of zeros.
    pub(super) fn embed(&self, taps: &[f32], plane: &mut [f32]) {
        plane.fill(0.0);
        for (row, line) in taps.chunks_exact(self.support).zip(plane.chunks_exact_mut(self.width)) {
            line[..self.support].copy_from_slice(row);
        }
    }

    /// The adjoint of [`Self::embed`]: reads the corner of a plane.
    pub(super) fn crop(&self, plane: &[f32], taps: &mut [f32]) {
        for (row, line) in taps.chunks_exact_mut(self.support).zip(plane.chunks_exact(self.width)) {
            row.copy_from_slice(&line[..self.support]);
        }
    }

    /// Adds what a plane says at the lags between taps, `−(s − 1)` to `s − 1` in both directions.
    pub(super) fn add_lags(&self, plane: &[f32], lags: &mut [f32]) {
        let (side, height) = (2 * self.support - 1, plane.len() / self.width);
        // A lag below zero stands at the far end of the circle.
        let place =
            |lag: usize, size: usize| (lag + size * self.support - (self.support - 1)) % size;
        for (row, line) in lags.chunks_exact_mut(side).enumerate() {
            let start = place(row, height) * self.width;
            for (column, lag) in line.iter_mut().enumerate() {
                *lag += plane[start + place(column, self.width)];
            }
        }
    }
}
