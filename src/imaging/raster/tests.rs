use super::*;

fn ramp(depth: BitDepth) -> Raster {
    let samples = match depth {
        BitDepth::Eight => Samples::Eight((0..=255).collect()),
        BitDepth::Sixteen => Samples::Sixteen((0..=65_535).collect()),
    };
    Raster::from_samples(samples.len() / 16, 16, ColorModel::Grey, samples).unwrap()
}

#[test]
fn writing_back_what_was_read_gives_every_level_again_at_any_weight() {
    for depth in [BitDepth::Eight, BitDepth::Sixteen] {
        let raster = ramp(depth);
        let values = raster.read(0, raster.region());
        for weight in [1, 100, 254, 255] {
            let mut written = raster.clone();
            written.write_where(0, raster.region(), &values, |_, _| weight);
            assert_eq!(written, raster);
        }
    }
}

#[test]
fn weight_zero_leaves_samples_and_other_channels_alone() {
    let samples: Vec<u8> = (0..5 * 4 * 3).collect();
    let before = Raster::from_samples(5, 4, ColorModel::Rgb, Samples::Eight(samples)).unwrap();
    let mut after = before.clone();
    let region = Region { top: 1, left: 1, height: 3, width: 2 };
    let values = Plane::filled(3, 2, f32::NAN);
    after.write_where(1, region, &values, |y, x| if (y, x) == (2, 1) { 255 } else { 0 });
    for y in 0..5 {
        for x in 0..4 {
            for channel in 0..3 {
                let expected =
                    if (channel, y, x) == (1, 2, 1) { 0 } else { before.sample(channel, y, x) };
                assert_eq!(after.sample(channel, y, x), expected);
            }
        }
    }
}

#[test]
fn values_are_clamped_rounded_and_mixed_by_weight() {
    let black = Raster::from_samples(1, 4, ColorModel::Grey, Samples::Eight(vec![100; 4])).unwrap();
    let mut raster = black;
    let values = Plane::from_vec(1, 4, vec![-3.0, 7.0, 0.5, 1.0]).unwrap();
    raster.write_where(0, raster.region(), &values, |_, x| [255, 255, 255, 51][x]);
    // 0.5 is 127.5 levels; a fifth of the way from 100 to 255 is 131.
    assert_eq!(raster.samples(), &Samples::Eight(vec![0, 255, 128, 131]));
}

#[test]
fn samples_that_do_not_fill_the_size_are_refused() {
    assert!(Raster::from_samples(2, 2, ColorModel::Rgb, Samples::Eight(vec![0; 11])).is_none());
    let huge = Raster::from_samples(usize::MAX, 2, ColorModel::Grey, Samples::Eight(vec![]));
    assert!(huge.is_none());
}
