//! The coefficients of Cogradient Descent for codes and filters.

use crate::cogd::{Gate, Kernel};
use crate::numerics::Random;
use crate::numerics::norms::{single, sum_of_magnitudes};

use super::codes::Codes;
use super::filters::Filters;
use super::geometry::Geometry;
use super::{Coupling, CouplingForm};

/// `cₖ = K(g_d,ₖ, Δdₖ)` on cosine-normalised vectors, divided by `maxₖ |cₖ|`.
///
/// `gradient` and `change` hold one filter of `taps` entries after the other. The division by
/// the step of the sparse partner, which turns `Δd` into a Jacobian, drops out of the cosine but
/// for its sign; see [`map_factors`].
pub(super) fn coefficients(
    kernel: Kernel,
    gradient: &[f32],
    change: &[f32],
    taps: usize,
) -> Vec<f64> {
    let pairs = gradient.chunks_exact(taps).zip(change.chunks_exact(taps));
    let raw: Vec<f64> = pairs.map(|(g, d)| kernel.alignment(g, d)).collect();
    let largest = raw.iter().fold(0.0_f64, |most, c| most.max(c.abs()));
    raw.into_iter().map(|c| if largest > 0.0 { c / largest } else { 0.0 }).collect()
}

/// The coefficients that a form uses: those of the kernel, or a control's.
pub(super) fn filter_coefficients(
    coupling: &Coupling,
    filters: &Filters,
    geometry: &Geometry,
    random: &mut Random,
) -> Vec<f64> {
    match coupling.form {
        CouplingForm::RandomControl => {
            (0..geometry.filters).map(|_| f64::from(2.0 * random.unit() - 1.0)).collect()
        }
        CouplingForm::SignControl => vec![-1.0; geometry.filters],
        _ => {
            let change: Vec<f32> =
                filters.taps.iter().zip(&filters.before).map(|(now, old)| now - old).collect();
            coefficients(coupling.kernel, &filters.gradient, &change, geometry.tap_count())
        }
    }
}

/// `βₙₖ` of one image: zero where the gate is shut.
///
/// The gate opens for maps whose `‖zₙₖ‖₁` is among the smallest of the image and whose filter's
/// `‖dₖ‖₁` is among the largest. For an odd kernel, the sign of `Δ‖zₙₖ‖₁` is the sign of the step
/// in the denominator of the Jacobian.
pub(super) fn map_factors(
    coupling: &Coupling,
    coefficients: &[f64],
    codes: &Codes,
    filter_norms: &[f32],
    fraction: f32,
) -> Vec<f32> {
    let signed = match coupling.form {
        CouplingForm::SignControl => true,
        CouplingForm::RandomControl => false,
        _ => coupling.kernel.is_odd(),
    };
    let mut gate = Gate::default();
    let open = gate.select(&codes.norms, filter_norms, fraction);
    let norms = codes.norms.iter().zip(&codes.norms_before);
    let factors = norms.zip(coefficients).zip(open).map(|(((now, before), c), open)| {
        let change = f64::from(now - before);
        let sign = if change == 0.0 { 0.0 } else { change.signum() };
        let sign = if signed { sign } else { 1.0 };
        if *open { coupling.projection.factor(c * sign) } else { 0.0 }
    });
    factors.collect()
}

/// `‖dₖ‖₁` of every filter.
pub(super) fn filter_norms(filters: &Filters, geometry: &Geometry) -> Vec<f32> {
    let taps = filters.taps.chunks_exact(geometry.tap_count());
    taps.map(|filter| single(sum_of_magnitudes(filter))).collect()
}

/// The factors of all images, in order.
pub(super) fn all_map_factors(
    coupling: &Coupling,
    coefficients: &[f64],
    codes: &[Codes],
    filter_norms: &[f32],
    fraction: f32,
) -> Vec<Vec<f32>> {
    let of_image = |code| map_factors(coupling, coefficients, code, filter_norms, fraction);
    codes.iter().map(of_image).collect()
}
