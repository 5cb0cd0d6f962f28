//! Networks by name, as engines and for what they see in pictures.

use std::fmt;
use std::sync::Arc;

use super::super::{
    Features, Network, NetworkError, NetworkName, Networks, check_engine, features,
};
use super::{Stub, denoiser, filler};
use crate::engines::{EngineChoice, EngineError, Environment, Task, catalogue};
use crate::imaging::{
    ColorModel, EncodeOptions, ImageFormat, ImageLimits, Metadata, Picture, Raster, Samples, encode,
};
use crate::inference::{Colour, Manifest, ModelName, Pad, SizePolicy};
use crate::numerics::{Threads, Unobserved};

/// Networks by name.
struct Shelf(Vec<(&'static str, Manifest)>);

impl fmt::Debug for Shelf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shelf")
    }
}

impl Networks for Shelf {
    fn list(&self) -> Vec<(ModelName, Manifest)> {
        self.0.iter().map(|(name, manifest)| (name.parse().unwrap(), manifest.clone())).collect()
    }

    fn look_up(&self, name: &NetworkName) -> Result<Manifest, NetworkError> {
        let found = self.list().into_iter().find(|(model, _)| *model == name.model);
        let unknown = || NetworkError::Unknown { name: name.clone(), known: Vec::new() };
        found.map(|(_, manifest)| manifest).ok_or_else(unknown)
    }

    fn find(&self, name: &NetworkName) -> Result<Arc<dyn Network>, NetworkError> {
        Ok(Arc::new(Stub::new(self.look_up(name)?).mapping(|number| 2.0 * number)))
    }
}

fn shelf() -> Shelf {
    let size = Some(SizePolicy::Multiple { of: 8, pad: Pad::Edge });
    Shelf(vec![
        ("csc", filler()),
        ("denoiser", Manifest { size, ..denoiser(Colour::Gray) }),
        ("lama", Manifest { licence: "Apache-2.0".to_owned(), ..filler() }),
        ("raw", Manifest::default()),
    ])
}

#[test]
fn networks_are_engines_by_name() {
    let engines = catalogue(&shelf());
    let names: Vec<_> = engines.iter().map(|engine| engine.name.as_str()).collect();
    assert_eq!(names, ["auto", "csc", "denoiser", "lama"]);
    assert!(!engines[2].generative && engines[3].generative);
    assert_eq!(engines[3].licence.as_deref(), Some("Apache-2.0"));

    let check = |engine: &str, task| check_engine(&engine.parse().unwrap(), task, &shelf());
    assert!(check("auto", Task::Inpaint).is_ok() && check("lama", Task::Inpaint).is_ok());
    assert!(check("denoiser", Task::Reconstruct).is_ok() && check("csc:1", Task::Inpaint).is_ok());
    for (engine, task) in
        [("lama", Task::Reconstruct), ("denoiser", Task::Inpaint), ("raw", Task::Inpaint)]
    {
        let Err(EngineError::InvalidParameters(faults)) = check(engine, task) else {
            panic!("{engine}")
        };
        assert_eq!(faults[0].field, "engine");
    }
    let unknown = check("nobody", Task::Inpaint);
    assert!(matches!(unknown, Err(EngineError::Network(NetworkError::Unknown { .. }))));
}

#[test]
fn the_name_of_an_engine_is_text() {
    for name in ["auto", "csc", "csc:1", "lama", "mi-gan_512.v2:12"] {
        let choice: EngineChoice = serde_json::from_value(name.into()).unwrap();
        assert_eq!(serde_json::to_value(choice).unwrap(), name);
    }
    let long = "x".repeat(129);
    for bad in ["", "../x", "a/b", "lama:", "lama:0", "lama:01", "lama:x", ":1", "a b", &long] {
        assert!(bad.parse::<EngineChoice>().is_err(), "{bad}");
    }
}

#[test]
fn features_are_what_comes_out() {
    let environment = Environment {
        limits: ImageLimits::default(),
        threads: Threads::new(1).unwrap(),
        networks: Arc::new(shelf()),
    };
    let samples = Samples::Eight(vec![255, 0, 0, 0, 0, 255]);
    let raster = Raster::from_samples(1, 2, ColorModel::Rgb, samples).unwrap();
    let picture = Picture { raster, format: ImageFormat::Png, metadata: Metadata::default() };
    let file = encode(&picture, &EncodeOptions::new(ImageFormat::Png)).unwrap().bytes;
    let name = "denoiser".parse().unwrap();
    let made = features(&file, &name, &environment, &Unobserved).unwrap();
    let Features { picture, shown, tensor, outputs, .. } = made;
    assert_eq!((picture, shown, tensor), ((1, 2), (1, 2), (8, 8)));
    assert_eq!((outputs[0].0.as_str(), outputs[0].1.shape()), ("output", &[1, 1, 8, 8][..]));
    let numbers = outputs[0].1.as_slice::<f32>().unwrap();
    assert!((numbers[0] - 0.598).abs() < 1e-5 && (numbers[1] - 0.228).abs() < 1e-5);
    let raw = features(&file, &"raw".parse().unwrap(), &environment, &Unobserved);
    assert!(matches!(raw, Err(EngineError::Network(NetworkError::Unsuitable { .. }))));
}
