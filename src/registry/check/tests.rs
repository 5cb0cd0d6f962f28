//! Manifests that make sense and manifests that do not.

use crate::inference::{Dimension, ElementType, Signature, ValueInfo};
use crate::registry::{Fill, Hidden, Manifest, ManifestError, ModelTask, Pad, SizePolicy};

const LAMA: &str = r#"
task = "inpaint"
[image]
name = "image"
[mask]
name = "mask"
hole = 1
known = 0
[output]
name = "output"
range = [0, 255]
"#;

fn value(name: &str, element: ElementType, axes: &[Dimension]) -> ValueInfo {
    ValueInfo { name: name.to_owned(), element, shape: Some(axes.to_vec()) }
}

/// The signature of `LaMa` as it is found: a named batch, fixed sides.
fn lama() -> Signature {
    let axes = |channels: u64| [Dimension::from("batch"), channels.into(), 512.into(), 512.into()];
    Signature {
        inputs: vec![
            value("image", ElementType::F32, &axes(3)),
            value("mask", ElementType::F32, &axes(1)),
        ],
        outputs: vec![value("output", ElementType::F32, &axes(3))],
    }
}

fn key_of(error: &ManifestError) -> &'static str {
    match error {
        ManifestError::Value { key, .. } => key,
        ManifestError::Unreadable { .. } => panic!("{error}"),
    }
}

#[test]
fn a_manifest_fits_the_model_it_describes_and_sizes_follow_the_graph() {
    let manifest = Manifest::parse(LAMA).unwrap();
    assert_eq!(manifest.check(&lama()), Ok(()));
    let fixed = SizePolicy::Fixed { width: 512, height: 512, pad: Pad::Symmetric };
    assert_eq!(manifest.size_policy(&lama()), fixed);
    let multiple = "[size]\npolicy = \"multiple\"\nof = 8\n";
    let manifest = Manifest::parse(&format!("{LAMA}{multiple}")).unwrap();
    assert_eq!(key_of(&manifest.check(&lama()).unwrap_err()), "size");
}

#[test]
fn a_mask_may_be_a_channel_of_the_image() {
    let text = r#"
        task = "inpaint"
        [image]
        name = "x"
        range = [-1, 1]
        hidden = "zero"
        [mask]
        name = "x"
        hole = -0.5
        known = 0.5
        [output]
        name = "y"
        range = [-1, 1]
    "#;
    let manifest = Manifest::parse(text).unwrap();
    assert_eq!(manifest.image.as_ref().unwrap().hidden, Hidden::Zero);
    let axes = |channels: u64| [1.into(), Dimension::from(channels), 512.into(), 512.into()];
    let mut signature = Signature {
        inputs: vec![value("x", ElementType::F32, &axes(4))],
        outputs: vec![value("y", ElementType::F32, &axes(3))],
    };
    assert_eq!(manifest.check(&signature), Ok(()));
    signature.inputs[0] = value("x", ElementType::F32, &axes(3));
    assert_eq!(key_of(&manifest.check(&signature).unwrap_err()), "image.name");
}

#[test]
fn a_network_that_refines_takes_one_plane_and_a_mask() {
    let text = r#"
        task = "refine"
        start = "csc"
        [image]
        name = "x"
        colour = "gray"
        [mask]
        name = "x"
        place = "last"
        hole = 1
        known = 0
        [output]
        name = "y"
    "#;
    let manifest = Manifest::parse(text).unwrap();
    assert_eq!((manifest.start, manifest.iterations), (Fill::Csc, None));
    let axes = |channels: u64| {
        [Dimension::from("n"), Dimension::from(channels), "height".into(), "width".into()]
    };
    let signature = Signature {
        inputs: vec![value("x", ElementType::F32, &axes(2))],
        outputs: vec![value("y", ElementType::F32, &axes(1))],
    };
    assert_eq!(manifest.check(&signature), Ok(()));
    for (from, to, key) in [
        ("colour = \"gray\"", "", "image.colour"),
        ("task = \"refine\"", "task = \"inpaint\"", "start"),
        ("start = \"csc\"", "iterations = 140", "iterations"),
        ("start = \"csc\"", "start = \"csc\"\niterations = 0", "iterations"),
        ("start = \"csc\"", "start = \"csc\"\nsettling = 0", "settling"),
        (
            "[mask]\n        name = \"x\"\n        place = \"last\"\n        hole = 1\n        known = 0",
            "",
            "mask",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Manifest::parse(&text.replace(from, to)).unwrap_err();
        assert_eq!(key_of(&error), key, "{to}");
    }
}

#[test]
fn without_a_manifest_every_signature_will_do() {
    let manifest = Manifest::parse("").unwrap();
    assert_eq!(manifest.task, ModelTask::Raw);
    assert_eq!(manifest.check(&lama()), Ok(()));
    assert_eq!(manifest.size_policy(&lama()), SizePolicy::Any {});
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    for (text, line, shown, reason) in [
        ("task = \"inpaint\"\ncolor = 1", 2, "color = 1", "unknown field `color`"),
        ("[image]\nname = \"x\"\ncolor = \"RGB\"", 3, "color = \"RGB\"", "unknown field `color`"),
        ("[size]\npolicy = \"any\"\nof = 8", 1, "[size]", "unknown field `of`"),
        ("task = \"paint\"", 1, "task = \"paint\"", "unknown variant `paint`"),
        ("max_pixels = -1", 1, "max_pixels = -1", "invalid value"),
        ("task", 1, "task", ""),
    ] {
        let error = Manifest::parse(text).unwrap_err();
        let ManifestError::Unreadable { line: at, text: near, reason: why } = &error else {
            panic!("{error}")
        };
        assert_eq!((*at, near.as_str()), (line, shown), "{error}");
        assert!(why.contains(reason), "{error}");
    }
}

#[test]
fn values_that_make_no_sense_are_named() {
    for (change, key) in [("sha256 = \"00\"\n", "sha256"), ("max_pixels = 0\n", "max_pixels")] {
        let error = Manifest::parse(&format!("{change}{LAMA}")).unwrap_err();
        assert_eq!(key_of(&error), key);
    }
    for (from, to, key) in [
        ("name = \"image\"", "name = \"image\"\nrange = [1, 0]", "image.range"),
        ("name = \"image\"", "name = \"image\"\nrange = [0, inf]", "image.range"),
        ("name = \"image\"", "name = \"image\"\nmean = [1]", "image.mean"),
        ("name = \"image\"", "name = \"image\"\nstd = [1, 1, 0]", "image.std"),
        ("hole = 1", "hole = 0", "mask.hole"),
        ("hole = 1", "hole = nan", "mask.hole"),
        ("range = [0, 255]", "range = [255, 0]", "output.range"),
        ("range = [0, 255]", "[size]\npolicy = \"multiple\"\nof = 0", "size"),
        ("[mask]\nname = \"mask\"\nhole = 1\nknown = 0", "", "mask"),
        ("[output]\nname = \"output\"\nrange = [0, 255]", "", "output"),
        ("[image]\nname = \"image\"", "", "image"),
    ] {
        let error = Manifest::parse(&LAMA.replace(from, to)).unwrap_err();
        assert_eq!(key_of(&error), key, "{to}");
    }
}

#[test]
fn a_manifest_of_another_model_is_refused() {
    for (from, to, key) in [
        ("name = \"image\"", "name = \"picture\"", "image.name"),
        ("name = \"mask\"", "name = \"hole\"", "mask.name"),
        ("name = \"output\"", "name = \"result\"", "output.name"),
        ("name = \"image\"", "name = \"image\"\nlayout = \"NHWC\"", "image.name"),
        ("name = \"image\"", "name = \"image\"\ncolour = \"gray\"", "image.name"),
        ("task = \"inpaint\"", "task = \"denoise\"", "image.name"),
    ] {
        let text = LAMA.replace(from, to);
        let text = if to.contains("denoise") {
            text.replace("[mask]\nname = \"mask\"\nhole = 1\nknown = 0", "")
        } else {
            text
        };
        let error = Manifest::parse(&text).unwrap().check(&lama()).unwrap_err();
        assert_eq!(key_of(&error), key, "{to}");
    }
}
