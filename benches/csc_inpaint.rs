//! The solver on one grey image of 512×512 pixels, on the calling thread alone.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

use cogd::bench::MaskKind;
use cogd::csc::{InpaintParams, Transform8};
use cogd::engines;
use cogd::imaging::{ColorModel, Mask, Raster, Samples};
use cogd::numerics::{Threads, Unobserved};

const SIDE: usize = 512;

fn inpaint(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inpaint 512x512 grey");
    group.sample_size(10);
    let picture = picture();
    for kind in [MaskKind::Random(0.5), MaskKind::Text] {
        let hidden = kind.draw(SIDE, SIDE, 1);
        let mask = Mask::from_holes(SIDE, SIDE, hidden.into_vec());
        group.bench_function(kind.name(), |bencher| {
            bencher.iter_batched_ref(
                || picture.clone(),
                |picture| {
                    let (params, threads) = (InpaintParams::default(), Threads::single());
                    engines::inpaint(
                        picture,
                        &mask,
                        &Transform8::Cosine,
                        &params,
                        &threads,
                        &Unobserved,
                    )
                    .expect("the mask leaves something known");
                    black_box(picture.sample(0, 0, 0))
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Rings that become finer outwards: edges of every direction and width.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "levels stay between 27 and 228"
)]
fn picture() -> Raster {
    let level = |i: usize| {
        let (y, x) = ((i / SIDE) as f32 - 200.0, (i % SIDE) as f32 - 230.0);
        (127.5 + 100.0 * ((y * y + x * x) / 900.0).sin()) as u8
    };
    let samples = Samples::Eight((0..SIDE * SIDE).map(level).collect());
    Raster::from_samples(SIDE, SIDE, ColorModel::Grey, samples).expect("one sample a pixel")
}

criterion_group!(benches, inpaint);
criterion_main!(benches);
