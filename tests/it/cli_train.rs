//! Training, pruning and export as a user runs them: real process, real files, killed in the middle.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use cogd::imaging::{
    ColorModel, EncodeOptions, ImageFormat, Metadata, Picture, Raster, Samples, encode,
};
use cogd::inference::{ModelSource, Tensor};
use cogd::network::Cost;
use cogd::numerics::Random;
use cogd::onnx::{ElementType, GraphBuilder};
use cogd::train::{Block, NetworkFile, TrainingDevice, compute};

use crate::support::app::png;
use crate::support::networks::{PLAIN, runtime};

/// A folder to train in.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// With a folder of striped images.
    fn with_images() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(desk.path("images")).unwrap();
        for seed in 1..9_u32 {
            let stripes = |x: u32, y: u32| {
                let stripe = (x * seed + y * (9 - seed)) % 96;
                let disc = x * x + y * y < 64 * seed * seed;
                let level = 60 + stripe.min(96 - stripe) * 2 + if disc { 50 } else { 0 };
                u8::try_from(level).unwrap()
            };
            fs::write(desk.path(&format!("images/{seed}.png")), png(64, 56, stripes)).unwrap();
        }
        desk
    }

    /// With the files of CIFAR-10, of a few pictures: those of a class are of one brightness.
    fn with_cifar() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(desk.path("cifar")).unwrap();
        let mut random = Random::seeded(4);
        let mut labels = |count: usize| (0..count).map(|_| random.below(10)).collect::<Vec<_>>();
        let (train, test) = (labels(100), labels(20));
        let rows = |labels: &[usize]| {
            let mut noise = Random::seeded(5);
            let labels_of_bytes = labels.iter().flat_map(|label| vec![*label; 3072]);
            let byte = |label| u8::try_from(20 * label + noise.below(20)).unwrap();
            let pixels = labels_of_bytes.map(byte).collect();
            let samples = Samples::Eight(pixels);
            let raster =
                Raster::from_samples(labels.len(), 1024, ColorModel::Rgb, samples).unwrap();
            let format = ImageFormat::Png;
            let picture = Picture { raster, metadata: Metadata::default(), format };
            encode(&picture, &EncodeOptions::new(format)).unwrap().bytes
        };
        for (batch, labels) in train.chunks(20).enumerate() {
            fs::write(desk.path(&format!("cifar/data_batch_{}.png", batch + 1)), rows(labels))
                .unwrap();
        }
        fs::write(desk.path("cifar/test_batch.png"), rows(&test)).unwrap();
        let json = |labels| serde_json::to_vec(labels).unwrap();
        fs::write(desk.path("cifar/train_lables.json"), json(&train)).unwrap();
        fs::write(desk.path("cifar/test_lables.json"), json(&test)).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn network(&self, name: &str) -> NetworkFile {
        NetworkFile::from_bytes(&self.bytes(name)).unwrap()
    }

    /// `cogd` in the folder, with the arguments separated by spaces.
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cogd"));
        command.current_dir(self.folder.path()).args(arguments.split_whitespace());
        command
    }

    /// Standard output and standard error of a run that succeeds.
    fn run(&self, arguments: &str) -> (String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(status.success(), "{}", text(&stderr));
        (text(&stdout), text(&stderr))
    }

    /// Standard error of a run that fails and writes nothing.
    fn refused(&self, arguments: &str) -> String {
        let output = self.command(&format!("{arguments} -o out")).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(!self.path("out").exists());
        text
    }

    /// Starts a run and kills it right after the given step.
    fn kill_after(&self, arguments: &str, step: u64) {
        let mut process = self.command(arguments).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let start = format!("{step}/");
        let reached = lines.map_while(Result::ok).any(|line| line.starts_with(&start));
        process.kill().unwrap();
        assert!(!process.wait().unwrap().success());
        assert!(reached);
    }
}

const DATA: &str = "--images images --crops 10 --crop 32 --held-out 2 --patch 16 --batch 4 \
                    --start harmonic --damage random,text,blocks";
const TRAIN: &str = "train restoration --width 6 --depth 1 --rate 0.003";

/// The losses that a run told.
fn losses(log: &str) -> Vec<f64> {
    let losses = log.lines().filter_map(|line| line.split_once("loss ")?.1.split_once(','));
    losses.map(|(loss, _)| loss.parse().unwrap()).collect()
}

/// A network that `cogd export` did not write.
fn foreign() -> Vec<u8> {
    let mut g = GraphBuilder::new("foreign");
    let axes = ["batch".into(), 2.into(), "height".into(), "width".into()];
    let image = g.input("image", ElementType::F32, &axes).unwrap();
    let output = g.relu(&image).unwrap();
    g.output("output", &output).unwrap();
    g.finish().unwrap().encode()
}

/// The first gain over the start that a run told, in dB.
fn first_gain(log: &str) -> f64 {
    let (_, gain) = log.split_once(" dB (").unwrap();
    gain.split_once(" dB)").unwrap().0.parse().unwrap()
}

#[test]
fn a_network_is_trained_pruned_exported_and_run() {
    let desk = Desk::with_images();
    let (_, log) = desk.run(&format!("{TRAIN} {DATA} --steps 120 --every 30 -o whole"));
    let told = losses(&log);
    assert_eq!(told.len(), 4, "{log}");
    assert!(told[3] < told[0], "{log}");
    let further = "train restoration --from whole --rate 0.0001";
    let (_, log) = desk.run(&format!("{further} {DATA} --steps 4 --every 2 -o further"));
    assert!(losses(&log)[0] < told[0], "what was learned is there at the first step: {log}");
    assert_eq!(desk.network("further").graph, desk.network("whole").graph);

    let prune = format!("prune restoration whole {DATA} --steps 20 --fine-tune 30 --every 10");
    let (report, _) = desk.run(&format!("{prune} --keep 0.5 -o pruned"));
    assert!(report.lines().count() == 4 && report.contains("| after |"), "{report}");
    let (whole, pruned) = (desk.network("whole"), desk.network("pruned"));
    let cost = |file: &NetworkFile| Cost::of(&file.graph, [32, 32]).unwrap();
    assert!(2 * cost(&pruned).multiplications <= cost(&whole).multiplications);
    assert!(cost(&pruned).parameters < cost(&whole).parameters);

    let Some(runtime) = runtime() else { return };
    desk.run("export pruned -o pruned.onnx");
    let grow = format!("train restoration --from pruned.onnx {DATA}");
    let learn = "--rate 0.0001 --steps 4 --every 2";
    let (_, log) = desk.run(&format!("{grow} {learn} -o longer"));
    assert!(first_gain(&log) > 0.1, "what was learned is there at the first step: {log}");
    assert_eq!(desk.network("longer").graph, pruned.graph);
    let further = format!("prune restoration pruned.onnx {DATA} --steps 2 --fine-tune 2 --every 2");
    desk.run(&format!("{further} --keep 0.7 -o smaller"));
    let smaller = desk.network("smaller");
    assert!(cost(&smaller).multiplications < cost(&pruned).multiplications);
    fs::create_dir(desk.path("copies")).unwrap();
    desk.run("export pruned.onnx -o copies/pruned.onnx");
    assert!(desk.bytes("copies/pruned.onnx") == desk.bytes("pruned.onnx"));
    let (_, log) = desk.run(&format!("{grow} --width 6 --depth 1 {learn} -o grown"));
    assert!(first_gain(&log) > 0.1, "what was learned is there at the first step: {log}");
    assert_eq!(desk.network("grown").graph, whole.graph);
    fs::write(desk.path("foreign.onnx"), foreign()).unwrap();
    let begin = format!("train restoration --from foreign.onnx {DATA}");
    assert!(desk.refused(&begin).contains("say with --width and --depth"));
    assert!(desk.refused("export foreign.onnx").contains("only `cogd export`"));
    assert!(desk.refused(&format!("{grow} --width 1 --depth 1")).contains("cannot become 1"));
    assert!(desk.refused(&format!("{grow} --width 6 --depth 2")).contains("is missing"));
    let model = ModelSource::Memory(Arc::from(desk.bytes("pruned.onnx")));
    let mut session = runtime.factory(model, PLAIN)().unwrap();
    let mut random = Random::seeded(8);
    let shape = [2, 2, 24, 40];
    let values: Vec<f32> = (0..2 * 2 * 24 * 40).map(|_| random.unit()).collect();
    let input = Block { shape, values: values.clone() };
    let wanted = compute(&pruned.graph, &pruned.parameters, &input, TrainingDevice::Flex).unwrap();
    let given = session.run(&[Tensor::new(shape.to_vec(), values).unwrap()]).unwrap();
    let given = given[0].as_slice::<f32>().unwrap();
    assert_eq!(given.len(), wanted.len());
    for (given, wanted) in given.iter().zip(&wanted) {
        assert!((given - wanted).abs() < 1e-4, "{given} {wanted}");
    }
}

#[test]
fn a_killed_run_that_is_started_again_writes_the_same_network() {
    let desk = Desk::with_images();
    let train = format!("{TRAIN} {DATA} --steps 12 --every 2");
    desk.run(&format!("{train} -o whole"));
    let kept = format!("{train} --checkpoint state -o resumed");
    desk.kill_after(&kept, 4);
    assert!(!desk.path("resumed").exists());
    let (_, log) = desk.run(&kept);
    assert!(log.contains("state: going on after step "), "{log}");
    assert!(!log.contains("\n2/"), "{log}");
    let (whole, resumed) = (desk.network("whole"), desk.network("resumed"));
    assert_eq!(whole.parameters, resumed.parameters);
    // A state belongs to what it was made with.
    let fault = desk.refused(&format!("{train} --seed 2 --checkpoint state"));
    assert!(fault.contains("seed was 1 and is 2 now"), "{fault}");
    fs::remove_file(desk.path("images/3.png")).unwrap();
    let fault = desk.refused(&format!("{train} --checkpoint state"));
    assert!(fault.contains("made with other data"), "{fault}");
}

#[test]
fn bad_images_are_named_and_left_out_and_nothing_to_learn_from_is_refused() {
    let desk = Desk::with_images();
    fs::write(desk.path("images/broken.png"), b"no picture").unwrap();
    fs::write(desk.path("images/tiny.png"), png(20, 64, |_, _| 7)).unwrap();
    let train = format!("{TRAIN} {DATA} --steps 4");
    let (_, log) = desk.run(&format!("{train} -o network"));
    let left_out: Vec<&str> = log.lines().filter(|line| line.starts_with("left out: ")).collect();
    assert_eq!(left_out.len(), 2, "{log}");
    assert!(left_out.iter().any(|line| line.contains("broken.png")), "{log}");
    assert!(left_out.iter().any(|line| line.contains("tiny.png: 64x20 is smaller")), "{log}");

    fs::create_dir(desk.path("empty")).unwrap();
    fs::create_dir(desk.path("small")).unwrap();
    fs::write(desk.path("small/tiny.png"), png(20, 64, |_, _| 7)).unwrap();
    let elsewhere = |folder| train.replace("--images images", &format!("--images {folder}"));
    assert!(desk.refused(&elsewhere("empty")).contains("no images in empty"));
    assert!(desk.refused(&elsewhere("small")).contains("too few to learn from"));
    assert!(desk.refused(&elsewhere("nowhere")).contains("nowhere does not exist"));
    assert!(desk.refused(&format!("{train} --device quantum")).contains("no device `quantum`"));
    assert!(desk.refused(&format!("{train} --mixed")).contains("single precision only"));
    assert!(desk.refused(&train.replace("--rate 0.003", "--rate=-1")).contains("positive"));
    let fault = desk.refused(&train.replace("--patch 16", "--patch 15"));
    assert!(fault.contains("15x15"), "{fault}");
    assert!(desk.refused("export images/1.png").contains("images/1.png"));
    assert!(desk.refused("prune restoration nowhere --images images").contains("nowhere"));
}

#[test]
fn every_method_prunes_a_classifier_of_cifar_to_the_same_cost() {
    let desk = Desk::with_cifar();
    let data = "--data cifar --batch 10";
    let train = format!("train cifar10 {data} --layers 8 --width 4 --epochs 3 --rate 0.05");
    let (_, log) = desk.run(&format!("{train} --cogradient --every 10 -o network"));
    assert!(log.contains("accuracy "), "{log}");
    let told = losses(&log);
    assert!(told[2] < told[0], "{log}");
    for method in ["cogradient", "masks", "slimming", "magnitude"] {
        let (report, _) = desk.run(&format!(
            "prune cifar10 network {data} --method {method} --epochs 1 --fine-tune 1 --keep 0.6 \
             -o pruned"
        ));
        assert!(report.contains("accuracy"), "{report}");
        let [whole, pruned] = ["network", "pruned"]
            .map(|name| Cost::of(&desk.network(name).graph, [32, 32]).unwrap().multiplications);
        assert!(10 * pruned <= 6 * whole, "{method}: {pruned} of {whole}");
    }
    let bench = format!(
        "bench prune {data} --layers 8 --width 4 --seeds 1 --methods masks,magnitude \
         --train-epochs 1 --epochs 1 --fine-tune 1 --keep 0.6 --json rows.json"
    );
    let (table, _) = desk.run(&bench);
    assert_eq!(table.lines().count(), 2 + 5, "{table}");
    let rows: serde_json::Value = serde_json::from_slice(&desk.bytes("rows.json")).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 5);
}

#[test]
fn damaged_files_of_cifar_are_named() {
    let desk = Desk::with_cifar();
    let train = "train cifar10 --data cifar --batch 10 --layers 8 --width 4 --epochs 1";
    fs::write(desk.path("cifar/test_lables.json"), b"[1, 2").unwrap();
    assert!(desk.refused(train).contains("test_lables.json"));
    fs::write(desk.path("cifar/test_lables.json"), b"[1, 2]").unwrap();
    assert!(desk.refused(train).contains("too few labels"));
    fs::write(desk.path("cifar/data_batch_2.png"), png(32, 32, |_, _| 7)).unwrap();
    assert!(desk.refused(train).contains("data_batch_2.png: not rows of 1024 pixels"));
    fs::remove_file(desk.path("cifar/data_batch_2.png")).unwrap();
    assert!(desk.refused(train).contains("data_batch_2.png"));
    assert!(desk.refused("train cifar10 --data cifar --train-pictures 0").contains("no pictures"));
}
