//! The form of coupling that restarts filters instead of scaling them.

use crate::cogd::Gate;
use crate::numerics::norms::single;
use crate::numerics::prox::normalize;

use super::coupling::filter_norms;
use super::filters::{Filters, Fit, Source};

/// Restarts the least used qualifying filter, if it is hardly used, from the worst explained
/// patch of all images; its codes restart from zero.
pub(super) fn reseed(fraction: f32, filters: &mut Filters, fit: &mut Fit<'_>) -> usize {
    /// A filter is hardly used if its codes have less than this share of the mean norm.
    const HARDLY: f64 = 0.5;
    let geometry = fit.geometry;
    let use_of = |k: usize| fit.codes.iter().map(|c| f64::from(c.norms[k])).sum::<f64>();
    let totals: Vec<f64> = (0..geometry.filters).map(use_of).collect();
    let mean = totals.iter().sum::<f64>() / totals.len() as f64;
    let sizes: Vec<f32> = totals.iter().map(|&total| single(total)).collect();
    let mut gate = Gate::default();
    let open = gate.select(&sizes, &filter_norms(filters, geometry), fraction);
    let candidates = (0..geometry.filters).filter(|&k| open[k] && totals[k] < HARDLY * mean);
    let Some(unused) = candidates.min_by(|&a, &b| totals[a].total_cmp(&totals[b])) else {
        return 0;
    };
    let taps = geometry.tap_count();
    let target = &mut filters.taps[unused * taps..(unused + 1) * taps];
    worst_patch(fit, target);
    normalize(target);
    let plane = geometry.plane_len();
    for codes in fit.codes.iter_mut() {
        codes.maps[unused * plane..(unused + 1) * plane].fill(0.0);
        codes.previous[unused * plane..(unused + 1) * plane].fill(0.0);
        codes.refresh(geometry, |k| k == unused);
        codes.refresh_previous(geometry);
    }
    filters.synthesize(fit, Source::Taps);
    1
}

/// Copies the residual around its largest magnitude into `patch`, its sign reversed.
fn worst_patch(fit: &Fit<'_>, patch: &mut [f32]) {
    let geometry = fit.geometry;
    let mut work = geometry.workspace();
    let mut worst = 0.0_f32;
    for codes in fit.codes.iter() {
        work.spectrum.copy_from_slice(&codes.residual);
        geometry.fft.inverse(&mut work.spectrum, &mut work.plane, &mut work.scratch);
        let rows = geometry.height - geometry.support;
        let columns = geometry.width - geometry.support;
        for top in (0..rows).step_by(geometry.support / 2) {
            for left in (0..columns).step_by(geometry.support / 2) {
                let line = |y: usize| &work.plane[(top + y) * geometry.width + left..];
                let lines = || (0..geometry.support).map(|y| &line(y)[..geometry.support]);
                let energy: f32 = lines().flatten().map(|r| r * r).sum();
                if energy > worst {
                    worst = energy;
                    for (tap, residual) in patch.iter_mut().zip(lines().flatten()) {
                        *tap = -residual;
                    }
                }
            }
        }
    }
}
