//! Networks that answer nonsense, fail, or are stopped.

use super::super::{NetworkError, denoise, inpaint};
use super::{Compute, Stub, block, denoiser, filler, fixed, hole, noise};
use crate::engines::EngineError;
use crate::imaging::ColorModel;
use crate::inference::{Colour, InferenceError, Manifest, Pad, Tensor};
use crate::numerics::{Control, Progress, Stopped, Unobserved};

#[test]
fn a_network_that_lies_is_found_out() {
    let cases: [(&str, Box<Compute>); 4] = [
        ("lacks `output`", Box::new(|_| Vec::new())),
        ("shape", Box::new(|_| vec![output(vec![1, 3, 2, 2], vec![0.0; 12])])),
        ("infinite", Box::new(|_| vec![output(vec![1, 3, 4, 4], vec![f32::NAN; 48])])),
        ("infinite", Box::new(|_| vec![output(vec![1, 3, 4, 4], vec![f32::INFINITY; 48])])),
    ];
    for (expected, compute) in cases {
        let network = Stub::new(filler()).computing(compute);
        let mut raster = noise(4, 4, ColorModel::Rgb, 1);
        let before = raster.clone();
        let failed = inpaint(&mut raster, &hole(4, 4, block(1, 1, 2)), &network, &Unobserved);
        let Err(EngineError::Network(error)) = failed else { panic!("{expected}") };
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(raster, before);
    }
}

fn output(shape: Vec<usize>, numbers: Vec<f32>) -> (String, Tensor) {
    ("output".to_owned(), Tensor::new(shape, numbers).unwrap())
}

#[test]
fn a_stop_takes_effect_before_the_next_run() {
    /// Stops when so many runs are done.
    struct After(usize);
    impl Control for After {
        fn report(&self, progress: Progress) -> Result<(), Stopped> {
            if progress.iteration >= self.0 { Err(Stopped) } else { Ok(()) }
        }
    }
    let manifest = Manifest { size: Some(fixed(16, 16, Pad::Edge)), ..denoiser(Colour::Gray) };
    let network = Stub::new(manifest).mapping(|number| number);
    let mut raster = noise(100, 100, ColorModel::Grey, 1);
    let stopped = denoise(&mut raster, None, &network, &After(3));
    assert!(matches!(stopped, Err(EngineError::Cancelled)));
    assert_eq!(network.shown().len(), 3);
    let network = Stub::new(filler()).mapping(|number| number);
    let stopped = inpaint(&mut raster, &hole(100, 100, block(1, 1, 2)), &network, &After(0));
    assert!(matches!(stopped, Err(EngineError::Cancelled)));
    assert!(network.shown().is_empty());
}

#[test]
fn only_what_passes_by_itself_is_tried_again() {
    let run = |source| NetworkError::Run { network: "stub:1".to_owned(), source };
    assert!(run(InferenceError::Overloaded { limit: 1, queued: 1 }).is_passing());
    assert!(run(InferenceError::Closed).is_passing());
    assert!(!run(InferenceError::Unhealthy).is_passing());
    assert!(!output_fault().is_passing());
}

fn output_fault() -> NetworkError {
    NetworkError::Output { network: "stub:1".to_owned(), reason: "is none".to_owned() }
}
