//! Arithmetic on weights that saves arithmetic at run time.

/// Folds a batch normalisation into the convolution before it: scales the weights of every output
/// channel and moves its bias, so that the pair computes what the convolution alone now does.
///
/// # Shapes
/// - `weights`: `(channels, …)`, row-major
/// - all others: `(channels)`
///
/// # Panics
/// If the lengths do not fit together.
pub fn fold_batch_normalization(
    weights: &mut [f32],
    bias: &mut [f32],
    scale: &[f32],
    shift: &[f32],
    mean: &[f32],
    variance: &[f32],
    epsilon: f32,
) {
    let channels = bias.len();
    assert!(channels > 0 && weights.len().is_multiple_of(channels));
    for statistics in [scale, shift, mean, variance] {
        assert_eq!(statistics.len(), channels);
    }
    let taps = weights.len() / channels;
    for channel in 0..channels {
        let factor = scale[channel] / (variance[channel] + epsilon).sqrt();
        for weight in &mut weights[channel * taps..][..taps] {
            *weight *= factor;
        }
        bias[channel] = (bias[channel] - mean[channel]) * factor + shift[channel];
    }
}
