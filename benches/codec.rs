//! Decoding and encoding a colour picture of two megapixels.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use cogd::imaging::{
    ColorModel, EncodeOptions, ImageFormat, ImageLimits, Metadata, Picture, Raster, Samples,
    decode, encode,
};

const HEIGHT: usize = 1125;
const WIDTH: usize = 1778;

fn codec(criterion: &mut Criterion) {
    let picture = picture();
    let mut group = criterion.benchmark_group("codec 2 MP colour");
    group.sample_size(20).throughput(Throughput::Elements((HEIGHT * WIDTH) as u64));
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let options = EncodeOptions::new(format);
        let encoded = encode(&picture, &options).expect("every format has colour").bytes;
        group.bench_function(format!("encode {format:?}"), |bencher| {
            bencher.iter(|| encode(black_box(&picture), &options));
        });
        group.bench_function(format!("decode {format:?}"), |bencher| {
            bencher.iter(|| decode(black_box(&encoded), &ImageLimits::default()));
        });
    }
    group.finish();
}

/// Waves of all lengths, different in each colour.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "levels stay between 7 and 248"
)]
fn picture() -> Picture {
    let level = |i: usize| {
        let (pixel, channel) = (i / 3, (i % 3) as f32);
        let (y, x) = ((pixel / WIDTH) as f32, (pixel % WIDTH) as f32);
        let wave = (x * y / 4000.0 + channel).sin() + (0.013 * (x + 2.0 * y) + channel).cos();
        (127.5 + 60.0 * wave) as u8
    };
    let samples = Samples::Eight((0..3 * HEIGHT * WIDTH).map(level).collect());
    let raster = Raster::from_samples(HEIGHT, WIDTH, ColorModel::Rgb, samples)
        .expect("three samples a pixel");
    Picture { raster, metadata: Metadata::default(), format: ImageFormat::Png }
}

criterion_group!(benches, codec);
criterion_main!(benches);
