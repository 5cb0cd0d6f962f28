//! Networks that refine, as closures: what they are shown, and what becomes of what they answer.

use super::super::tests::{Inputs, Stub, assert_known_alike, block, hole, noise};
use super::Refiner;
use crate::csc::{InpaintParams, Transform8};
use crate::engines::error::EngineError;
use crate::engines::inpaint::{Method, fill};
use crate::engines::{DictionaryChoice, Observer, Stage};
use crate::imaging::{ColorModel, Mask, Raster, Samples};
use crate::inference::{
    Colour, Hidden, ImageInput, Layout, Manifest, MaskInput, ModelTask, Pad, Place, ResultOutput,
    SizePolicy, Tensor,
};
use crate::numerics::{Control, Plane, Progress, Stopped, Threads, Unobserved};

/// A network that takes a plane and the mask behind it.
fn refiner(size: Option<SizePolicy>, max_pixels: Option<u64>) -> Manifest {
    let name = || "image".to_owned();
    Manifest {
        task: ModelTask::Refine,
        image: Some(ImageInput {
            name: name(),
            layout: Layout::Nchw,
            colour: Colour::Gray,
            range: [0.0, 1.0],
            mean: Vec::new(),
            std: Vec::new(),
            hidden: Hidden::Keep,
        }),
        mask: Some(MaskInput { name: name(), place: Place::Last, hole: 1.0, known: 0.0 }),
        output: Some(ResultOutput {
            name: "output".to_owned(),
            range: [0.0, 1.0],
            composited: false,
        }),
        size,
        max_pixels,
        ..Manifest::default()
    }
}

/// A network that says what is to be added by a function of rows, columns and the two channels.
fn saying(
    manifest: Manifest,
    more: impl Fn(&[Plane<f32>; 2], usize, usize) -> f32 + Send + Sync + 'static,
) -> Stub {
    Stub::new(manifest).computing(move |inputs: &Inputs| {
        let [(_, tensor)] = &inputs[..] else { panic!("one input") };
        let [1, 2, height, width] = *tensor.shape() else { panic!("{:?}", tensor.shape()) };
        let both = tensor.as_slice::<f32>().unwrap();
        let plane = |index: usize| {
            let samples = both[index * height * width..][..height * width].to_vec();
            Plane::from_vec(height, width, samples).unwrap()
        };
        let shown = [plane(0), plane(1)];
        let added = Plane::from_fn(height, width, |y, x| more(&shown, y, x));
        let shape = vec![1, 1, height, width];
        vec![("output".to_owned(), Tensor::new(shape, added.into_vec()).unwrap())]
    })
}

fn transform() -> Transform8 {
    DictionaryChoice::default().transform().unwrap()
}

fn refined(
    raster: &Raster,
    mask: &Mask,
    network: &Stub,
    [iterations, settling]: [usize; 2],
    observer: &dyn Observer,
) -> Result<Raster, EngineError> {
    let (transform, params) = (transform(), InpaintParams::with_iterations(iterations));
    let refiner = Refiner::of(network)?;
    let (transform, params) = (&transform, &params);
    let method = Method { transform, params, refiner: Some(&refiner), settling };
    let mut filled = raster.clone();
    fill(&mut filled, mask, &method, &Threads::new(1).unwrap(), observer)?;
    Ok(filled)
}

#[test]
fn what_the_network_says_is_added_where_something_is_hidden_and_nowhere_else() {
    let mask = hole(90, 120, |y, x| block(20, 30, 24)(y, x) || (y + 3 * x) % 17 == 0);
    for model in [ColorModel::Grey, ColorModel::Rgb, ColorModel::RgbAlpha] {
        let raster = noise(90, 120, model, 3);
        let nothing = refined(
            &raster,
            &mask,
            &saying(refiner(None, None), |_, _, _| 0.0),
            [3, 0],
            &Unobserved,
        );
        let nothing = nothing.unwrap();
        // A tenth of full range in each of the axes of colour.
        let network = saying(refiner(None, None), |[_, mask], y, x| {
            0.1 * mask.at(y, x) + 7.0 * (1.0 - mask.at(y, x))
        });
        let more = refined(&raster, &mask, &network, [3, 0], &Unobserved).unwrap();
        assert_known_alike(&raster, &more, &mask);
        let mean = |raster: &Raster, y, x| {
            let channels = raster.model().color_channels();
            (0..channels).map(|c| f64::from(raster.sample(c, y, x))).sum::<f64>() / channels as f64
        };
        let added = |y, x| mean(&more, y, x) - mean(&nothing, y, x);
        let inside: Vec<f64> = (20..44)
            .flat_map(|y| (30..54).map(move |x| (y, x)))
            .map(|(y, x)| added(y, x))
            .collect();
        if model == ColorModel::Grey {
            // In steps of 1 of 65535, but for what is brighter than white.
            assert!(inside.iter().all(|added| (added - 6553.5).abs() < 1.5));
        } else {
            // The brightness rises by a tenth; what the others add sums up to nothing.
            let mean = inside.iter().sum::<f64>() / inside.len() as f64;
            assert!((mean - 6553.5).abs() < 200.0, "{mean}");
        }
    }
}

#[test]
fn the_network_sees_nothing_that_stands_in_hidden_pixels() {
    for iterations in [[0, 0], [4, 0], [4, 3]] {
        let mask = hole(150, 90, |y, x| block(30, 20, 50)(y, x) || block(140, 1, 6)(y, x));
        let mut seen = Vec::new();
        for secret in 0..3 {
            // One that adds what it is shown would give every secret away.
            let network = saying(refiner(None, None), |[image, _], y, x| image.at(y, x));
            let mut raster = noise(150, 90, ColorModel::Rgb, 5);
            let other = noise(150, 90, ColorModel::Rgb, 100 + secret);
            for channel in 0..3 {
                let secret = other.read(channel, other.region());
                let weight = |y, x| mask.weight(y, x);
                raster.write_where(channel, other.region(), &secret, weight);
            }
            let filled = refined(&raster, &mask, &network, iterations, &Unobserved).unwrap();
            seen.push((network.shown(), filled));
        }
        assert!(!seen[0].0.is_empty());
        assert!(seen[0] == seen[1] && seen[0] == seen[2], "{iterations:?}");
    }
}

#[test]
fn tiles_are_not_seen_in_the_result() {
    // A network that looks nine samples far, at blocks of four that it pools.
    let far = |[image, mask]: &[Plane<f32>; 2], y: usize, x: usize| {
        let at = |y: usize, x: usize| image.at(y.min(image.height() - 1), x.min(image.width() - 1));
        let pooled = at(y / 4 * 4, x / 4 * 4);
        let (above, left) = (at(y.saturating_sub(9), x), at(y, x.saturating_sub(9)));
        0.2 * (pooled + above - left) - 0.1 * at(y + 9, x + 9) + 0.05 * mask.at(y, x)
    };
    let raster = noise(280, 330, ColorModel::Rgb, 9);
    let mask = hole(280, 330, |y, x| (y / 5 + x / 3) % 4 == 0 && x > 20);
    let size = Some(SizePolicy::Multiple { of: 4, pad: Pad::Edge });
    for iterations in [[2, 0], [2, 2]] {
        let whole = saying(refiner(size, None), far);
        let expected = refined(&raster, &mask, &whole, iterations, &Unobserved).unwrap();
        assert_eq!(whole.shown().len(), 3);
        for side in [64, 100, 257] {
            let cut = saying(refiner(size, Some(side * side)), far);
            let actual = refined(&raster, &mask, &cut, iterations, &Unobserved).unwrap();
            assert!(cut.shown().len() > 3);
            let sides =
                cut.shown().iter().map(|inputs| inputs[0].1.shape().to_vec()).collect::<Vec<_>>();
            let fits = |shape: &Vec<usize>| (shape[2] * shape[3]) as u64 <= side * side;
            assert!(sides.iter().all(fits), "{sides:?}");
            assert!(actual == expected, "{side}");
        }
    }
}

#[test]
fn a_stop_takes_effect_before_the_network_runs() {
    struct Stop(usize);
    impl Control for Stop {
        fn report(&self, progress: Progress) -> Result<(), Stopped> {
            assert!(progress.iteration <= progress.total);
            if progress.iteration < self.0 { Ok(()) } else { Err(Stopped) }
        }
    }
    impl Observer for Stop {
        fn enter(&self, _: Stage) {}
    }
    let samples = Samples::Eight(vec![100; 40 * 40]);
    let raster = Raster::from_samples(40, 40, ColorModel::Grey, samples).unwrap();
    let mask = hole(40, 40, block(10, 10, 8));
    for (iterations, settling) in [(0, 0), (3, 0), (3, 2)] {
        let network = saying(refiner(None, None), |_, _, _| 0.0);
        let until = |step| refined(&raster, &mask, &network, [iterations, settling], &Stop(step));
        assert!(matches!(until(iterations), Err(EngineError::Cancelled)));
        assert!(network.shown().is_empty());
        // What settles can be stopped, too.
        assert_eq!(until(iterations + 2).is_err(), settling > 0);
        until(iterations + settling + 2).unwrap();
        assert_eq!(network.shown().len(), 2);
    }
}

#[test]
fn what_was_refined_meets_what_the_solver_makes_of_it() {
    const LEVEL: u16 = 26_214;
    let raster =
        Raster::from_samples(60, 80, ColorModel::Grey, Samples::Sixteen(vec![LEVEL; 60 * 80]));
    let raster = raster.unwrap();
    let is_hidden = |y: usize, x: usize| (y * 31 + x * 17 + y * x) % 7 < 2;
    let mask = hole(60, 80, is_hidden);
    // A hundredth of full range in single samples: the solver takes it for noise.
    let network = saying(refiner(None, None), |_, _, _| 0.01);
    let raised = |settling| {
        let settled = refined(&raster, &mask, &network, [0, settling], &Unobserved).unwrap();
        assert_known_alike(&raster, &settled, &mask);
        let places = (0..60).flat_map(|y| (0..80).map(move |x| (y, x)));
        let hidden = places.filter(|&(y, x)| is_hidden(y, x));
        hidden.map(|(y, x)| settled.sample(0, y, x).abs_diff(LEVEL)).collect::<Vec<_>>()
    };
    assert!(raised(0).iter().all(|by| (654..=657).contains(by)));
    assert!(raised(20).iter().all(|by| (310..=400).contains(by)), "{:?}", raised(20));
}

#[test]
fn a_network_that_can_be_shown_too_little_is_refused() {
    let size = Some(SizePolicy::Multiple { of: 32, pad: Pad::Edge });
    let network = Stub::new(refiner(size, Some(64 * 64)));
    let error = Refiner::of(&network).err().map(|error| error.to_string());
    assert_eq!(
        error.as_deref(),
        Some("the network `stub:1` must take at least 128 rows and columns at once")
    );
}
