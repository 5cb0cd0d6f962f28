//! The forms of coupling: what is done with the factors.

use crate::cogd::{Gate, Projection};
use crate::numerics::Random;
use crate::numerics::norms::{inner_product, single, sum_of_magnitudes, sum_of_squares};

use super::codes::Codes;
use super::coupling::{all_map_factors, coefficients, filter_coefficients, filter_norms};
use super::filters::{Filters, Fit, Source, constrain, factors};
use super::geometry::Geometry;
use super::{Coupling, CouplingForm, FilterSet};

/// Largest correction of `ElementsWithFilters`, as a share of the step that it corrects.
const TRUST: f64 = 0.25;

/// Applies the coupling after an outer iteration; returns how many pairs qualified.
///
/// On entry `filters.gradient` is the gradient at the present filters and codes; on return all
/// residuals and spectra belong to the present variables again.
pub(super) fn couple(
    coupling: &Coupling,
    fraction: f32,
    filters: &mut Filters,
    fit: &mut Fit<'_>,
    random: &mut Random,
) -> usize {
    let geometry = fit.geometry;
    let coefficients = filter_coefficients(coupling, filters, geometry, random);
    match coupling.form {
        CouplingForm::FiltersWithMaps => {
            return couple_filters(coupling, fraction, filters, fit);
        }
        CouplingForm::SeparableFactors => {
            return couple_factors(coupling, fraction, filters, fit);
        }
        _ => {}
    }
    let norms = filter_norms(filters, geometry);
    let betas = all_map_factors(coupling, &coefficients, fit.codes, &norms, fraction);
    let (spectra, signals) = (&filters.spectra, fit.signals);
    fit.threads.for_each(fit.codes, |image, codes| {
        let betas = &betas[image];
        if apply(coupling.form, codes, betas, geometry) {
            codes.refresh(geometry, |k| betas[k] != 0.0);
            codes.synthesize(geometry, &signals[image], spectra);
        }
    });
    betas.iter().flatten().filter(|&&beta| beta != 0.0).count()
}

/// Applies the factors to one image; returns whether the maps changed.
fn apply(form: CouplingForm, codes: &mut Codes, betas: &[f32], geometry: &Geometry) -> bool {
    let plane = geometry.plane_len();
    match form {
        CouplingForm::ThresholdsWithFilters => {
            for (factor, beta) in codes.threshold_factors.iter_mut().zip(betas) {
                *factor = 1.0 - beta;
            }
            return false;
        }
        CouplingForm::BeforeProximalStep => {
            codes.shares.copy_from_slice(betas);
            return false;
        }
        _ => {}
    }
    let maps = codes.maps.chunks_exact_mut(plane).zip(codes.before.chunks_exact(plane));
    for ((map, before), &beta) in maps.zip(betas).filter(|(_, beta)| **beta != 0.0) {
        match form {
            CouplingForm::ElementsWithFilters => correct_elements(map, before, beta),
            CouplingForm::MomentumOfMaps => {
                for (now, before) in map.iter_mut().zip(before) {
                    *now += beta.abs() * (*now - before);
                }
            }
            _ => Projection::apply(map, before, beta),
        }
    }
    betas.iter().any(|&beta| beta != 0.0)
}

/// Scales every surviving element by its own sign of change, within the trust region.
fn correct_elements(map: &mut [f32], before: &[f32], beta: f32) {
    let correction: Vec<f32> = map
        .iter()
        .zip(before)
        .map(|(now, before)| {
            let grows = now.abs() - before.abs();
            if *now == 0.0 || grows == 0.0 { 0.0 } else { beta.abs() * grows.signum() * before }
        })
        .collect();
    let step: f64 = map.iter().zip(before).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let length = sum_of_squares(&correction).sqrt();
    let scale = if length > 0.0 { single((TRUST * step.sqrt() / length).min(1.0)) } else { 0.0 };
    Projection::apply(map, &correction, scale);
}

/// `dₖ ← dₖ + βₖ dₖ(before)` with `cₖ = K(g_z,ₖ, Δzₖ)`, all images taken together.
fn couple_filters(
    coupling: &Coupling,
    fraction: f32,
    filters: &mut Filters,
    fit: &mut Fit<'_>,
) -> usize {
    let geometry = fit.geometry;
    let (plane, taps) = (geometry.plane_len(), geometry.tap_count());
    let mut map_norms = vec![0.0_f64; geometry.filters];
    let mut alignment = vec![0.0_f64; geometry.filters];
    let mut work = geometry.workspace();
    for (k, (total, alignment)) in map_norms.iter_mut().zip(&mut alignment).enumerate() {
        let (mut gradient, mut change) = (Vec::new(), Vec::new());
        for codes in fit.codes.iter() {
            let length = geometry.spectrum_len();
            let filter = &filters.spectra[k * length..(k + 1) * length];
            let target = &mut work.spectrum;
            crate::numerics::spectrum::conjugate_product(filter, &codes.residual, target);
            geometry.fft.inverse(target, &mut work.plane, &mut work.scratch);
            gradient.extend_from_slice(&work.plane);
            let maps = codes.maps[k * plane..].iter().zip(&codes.before[k * plane..]);
            change.extend(maps.take(plane).map(|(now, before)| now - before));
            *total += f64::from(codes.norms[k]);
        }
        *alignment = coupling.kernel.alignment(&gradient, &change);
    }
    let largest =
        alignment.iter().fold(0.0_f64, |most, c| most.max(c.abs())).max(f64::MIN_POSITIVE);
    let filter_sizes = filter_norms(filters, geometry);
    let map_sizes: Vec<f32> = map_norms.into_iter().map(single).collect();
    let mut gate = Gate::default();
    let open = gate.select(&filter_sizes, &map_sizes, fraction).to_vec();
    for k in (0..geometry.filters).filter(|&k| open[k]) {
        let range = k * taps..(k + 1) * taps;
        let before = &filters.before[range.clone()];
        let change = f64::from(filter_sizes[k]) - sum_of_magnitudes(before);
        let sign = if coupling.kernel.is_odd() { change.signum() } else { 1.0 };
        let beta = coupling.projection.factor(sign * alignment[k] / largest);
        let filter = &mut filters.taps[range];
        Projection::apply(filter, before, beta);
        constrain(filter, geometry.support, FilterSet::UnitBall);
    }
    filters.synthesize(fit, Source::Taps);
    open.into_iter().filter(|&open| open).count()
}

/// `u ← u + β u(before)` with `c = K(∂G/∂v, Δv)` for `d = u vᵀ`, `‖v‖ = 1`.
fn couple_factors(
    coupling: &Coupling,
    fraction: f32,
    filters: &mut Filters,
    fit: &mut Fit<'_>,
) -> usize {
    let geometry = fit.geometry;
    let (side, taps) = (geometry.support, geometry.tap_count());
    let now: Vec<_> = filters.taps.chunks_exact(taps).map(|d| factors(d, side)).collect();
    let before: Vec<_> = filters.before.chunks_exact(taps).map(|d| factors(d, side)).collect();
    let (mut gradients, mut changes) = (Vec::new(), Vec::new());
    for (k, ((u, v), (_, v_before))) in now.iter().zip(&before).enumerate() {
        let gradient = &filters.gradient[k * taps..(k + 1) * taps];
        // The sign of a pair of factors is arbitrary.
        let sign = if inner_product(v, v_before) < 0.0 { -1.0 } else { 1.0 };
        for column in 0..side {
            gradients.push((0..side).map(|row| u[row] * gradient[row * side + column]).sum());
            changes.push(v[column] - sign * v_before[column]);
        }
    }
    let c = coefficients(coupling.kernel, &gradients, &changes, side);
    let size = |u: &[f32]| single(sum_of_magnitudes(u));
    let u_norms: Vec<f32> = now.iter().map(|(u, _)| size(u)).collect();
    let v_norms: Vec<f32> = now.iter().map(|(_, v)| size(v)).collect();
    let mut gate = Gate::default();
    let open = gate.select(&u_norms, &v_norms, fraction).to_vec();
    for k in (0..geometry.filters).filter(|&k| open[k]) {
        let ((_, v), (u_before, v_before)) = (&now[k], &before[k]);
        let sign = if inner_product(v, v_before) < 0.0 { -1.0 } else { 1.0 };
        let change = f64::from(u_norms[k] - size(u_before));
        let direction = if coupling.kernel.is_odd() { change.signum() } else { 1.0 };
        let beta = coupling.projection.factor(direction * c[k]);
        let filter = &mut filters.taps[k * taps..(k + 1) * taps];
        for (row, u) in filter.chunks_exact_mut(side).zip(u_before) {
            for (tap, v) in row.iter_mut().zip(v) {
                *tap += beta * sign * u * v;
            }
        }
        constrain(filter, side, FilterSet::Separable);
    }
    filters.synthesize(fit, Source::Taps);
    open.into_iter().filter(|&open| open).count()
}
