//! What the solver asks of a dictionary: to take blocks apart and put them together again.

use pulp::Simd;

/// An orthonormal transform of square blocks: its atoms, shifted over the image, are a
/// convolutional dictionary that is a tight frame.
///
/// A batch holds [`LANES`](super::LANES) blocks side by side: sample `i` of all of them lies in
/// `batch[i * LANES..][..LANES]`.
pub trait Frame: Send + Sync {
    /// Side of a block in pixels.
    const SIDE: usize;

    /// Replaces a batch of blocks (`SIDE × SIDE`, row-major) by their codes; the first entry of a
    /// code is the mean's.
    fn analyse<S: Simd>(&self, simd: S, batch: &mut [f32]);

    /// Replaces a batch of codes by their blocks: the inverse, which is the adjoint, of
    /// [`Frame::analyse`].
    fn synthesise<S: Simd>(&self, simd: S, batch: &mut [f32]);
}
