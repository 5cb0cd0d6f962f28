//! Learning as a user runs it: real process, real files, killed in the middle.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cogd::csc::dictionary::{Dictionary, DictionaryKind};
use cogd::imaging::{ImageLimits, decode};

use crate::support::app::{grey_png, png};

/// A folder with images to learn from.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(side: u32) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(desk.path("images")).unwrap();
        for seed in 0..3 {
            fs::write(desk.path(&format!("images/{seed}.png")), grey_png(side, side + 4, seed))
                .unwrap();
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// `cogd learn` in the folder, with the arguments separated by spaces.
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cogd"));
        command.current_dir(self.folder.path()).args(["learn", "--images", "images"]);
        command.args(arguments.split_whitespace());
        command
    }

    /// Standard error of a run that succeeds and keeps standard output clean.
    fn learn(&self, arguments: &str) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
        text(&output.stderr)
    }

    /// Standard error of a run that fails and writes nothing.
    fn refused(&self, arguments: &str) -> String {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(!self.path("out").exists());
        text(&output.stderr)
    }

    /// Starts a run and kills it right after the given iteration.
    fn kill_after(&self, arguments: &str, iteration: usize) {
        let mut command = self.command(arguments);
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let start = format!("{iteration}/");
        let reached = lines.map_while(Result::ok).any(|line| line.starts_with(&start));
        process.kill().unwrap();
        assert!(!process.wait().unwrap().success());
        assert!(reached);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn show(dictionary: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cogd"));
    command.args(["dictionary", "show"]).arg(dictionary).args(arguments).output().unwrap()
}

const FILTERS: &str = "--kind filters --filters 8 --size 5 --iterations 40 --tolerance 0";
const BATCHES: &str =
    "--kind filters --filters 8 --size 5 --batch 2 --patches 3 --iterations 20 --tolerance 0";
const TRANSFORM: &str = "--kind transform --size 6 --iterations 20 --tolerance 0";

#[test]
fn a_killed_run_that_is_started_again_writes_the_same_dictionary() {
    for arguments in [FILTERS, BATCHES, TRANSFORM] {
        let desk = Desk::new(40);
        desk.learn(&format!("{arguments} -o whole"));
        let kept = format!("{arguments} --checkpoint state --checkpoint-every 2 -o resumed");
        desk.kill_after(&kept, 3);
        assert!(!desk.path("resumed").exists());
        let log = desk.learn(&kept);
        assert!(log.starts_with("state: going on after iteration "), "{log}");
        assert!(!log.contains("\n1/"), "{log}");
        assert!(desk.bytes("whole") == desk.bytes("resumed"));
        // Nothing is left to do, and the result is the same again.
        fs::remove_file(desk.path("resumed")).unwrap();
        assert_eq!(desk.learn(&kept).lines().count(), 1);
        assert!(desk.bytes("whole") == desk.bytes("resumed"));
    }
}

#[test]
fn seed_and_nothing_else_decides_what_is_learned() {
    let desk = Desk::new(32);
    for batch in [16, 2] {
        let arguments = format!(
            "--kind filters --filters 4 --size 5 --iterations 4 --cogradient --batch {batch}"
        );
        desk.learn(&format!("{arguments} --threads 1 -o one"));
        desk.learn(&format!("{arguments} --threads 3 -o three"));
        desk.learn(&format!("{arguments} --seed 2 -o other"));
        assert!(desk.bytes("one") == desk.bytes("three"));
        let taps = |name| Dictionary::from_bytes(&desk.bytes(name)).unwrap().taps().to_vec();
        assert_ne!(taps("one"), taps("other"));
    }
}

#[test]
fn every_iteration_reports_objective_and_psnr_and_a_run_stops_early_by_the_stated_rule() {
    let desk = Desk::new(32);
    let log = desk.learn("--kind filters --filters 4 --size 5 --tolerance 0.05 -o out");
    let lines: Vec<&str> = log.lines().collect();
    let (last, steps) = lines.split_last().unwrap();
    assert!(last.starts_with(&format!("stopped after {} iterations", steps.len())), "{log}");
    let number = |line: &str, label: &str| -> f64 {
        let rest = line.split_once(label).unwrap().1;
        rest.split([' ', ',']).next().unwrap().parse().unwrap()
    };
    let objectives: Vec<f64> = steps.iter().map(|line| number(line, "objective ")).collect();
    let mut changes = objectives.windows(2).map(|pair| (pair[0] - pair[1]) / pair[0]);
    assert!(changes.next_back().unwrap() < 0.05, "{log}");
    assert!(changes.all(|change| change >= 0.05), "{log}");
    let psnr = |index: usize| number(steps[index], "PSNR ");
    assert!(psnr(steps.len() - 1) > psnr(0), "{log}");
}

#[test]
fn a_checkpoint_of_other_settings_or_images_or_a_damaged_one_is_refused() {
    let ways = [(FILTERS, "--filters 9"), (BATCHES, "--filters 9"), (TRANSFORM, "--lambda 0.1")];
    for (arguments, other) in ways {
        let desk = Desk::new(32);
        let arguments = arguments.replace("--iterations 40", "--iterations 2");
        desk.learn(&format!("{arguments} --checkpoint state -o first"));
        let again = format!("{arguments} --checkpoint state -o out");
        let fault = desk.refused(&format!("{again} --seed 5"));
        assert!(fault.contains("other settings: seed was 1 and is 5 now"), "{fault}");
        let (name, _) = other.trim_start_matches('-').split_once(' ').unwrap();
        let without = again.replace("--filters 8", "");
        let fault = desk.refused(&format!("{without} {other}"));
        let named = if name == "lambda" { "threshold" } else { name };
        assert!(fault.contains(&format!("other settings: {named} was ")), "{fault}");

        let image = desk.bytes("images/1.png");
        fs::write(desk.path("images/1.png"), grey_png(32, 36, 9)).unwrap();
        let fault = desk.refused(&again);
        assert!(fault.contains("state was made with other images"), "{fault}");
        fs::write(desk.path("images/1.png"), image).unwrap();

        let mut state = desk.bytes("state");
        let middle = state.len() / 2;
        state[middle] ^= 1;
        fs::write(desk.path("state"), state).unwrap();
        let fault = desk.refused(&again);
        assert!(fault.contains("state is not a whole checkpoint"), "{fault}");
    }
}

#[test]
fn bad_input_is_refused_by_name() {
    let desk = Desk::new(32);
    for (arguments, named) in [
        ("--size 40", "0.png is 36x32, smaller than the 40x40 atoms"),
        ("--kind filters --size 33", "0.png is 36x32, smaller than the 33x33 atoms"),
        ("--kind filters --filters 2000", "filters is 2000, but must be 1 to 1024"),
        ("--kind filters --iterations 1000000", "iterations is 1000000, but must be 1 to 100000"),
        ("--iterations 0", "iterations is 0, but must be 1 to 100000"),
        ("--kind filters --batch 0", "batch is 0, but must be 1 to 100000"),
        ("--kind filters --batch 2 --patches 0", "patches is 0, but must be 1 to 100000"),
        ("--kind filters --batch 2 --lambda=-1", "the penalty is -1"),
        ("--size 17", "side is 17, but must be 2 to 16"),
        ("--kind filters --lambda=-1", "the penalty is -1"),
        ("--lambda nan", "threshold is NaN"),
        ("--tolerance 2", "tolerance is 2, but must be 0 to 1"),
        ("--checkpoint nowhere/state", "nowhere/state: its folder does not exist"),
        ("--mask images", "masks are for `--kind filters`"),
        ("--images nowhere", "nowhere does not exist"),
    ] {
        let fault = desk.refused(&format!("{arguments} -o out"));
        assert!(fault.contains(named), "{arguments}: {fault}");
    }
    fs::create_dir(desk.path("empty")).unwrap();
    let fault = desk.refused("--images empty -o out");
    assert!(fault.contains("there are no images in empty"), "{fault}");
    fs::write(desk.path("images/3.png"), b"not a picture").unwrap();
    let fault = desk.refused("-o out");
    assert!(fault.contains("images/3.png"), "{fault}");
}

#[test]
fn codes_that_would_not_fit_into_memory_are_refused_before_they_are_made() {
    let desk = Desk::new(64);
    for copy in 3..40 {
        fs::copy(desk.path("images/0.png"), desk.path(&format!("images/{copy}.png"))).unwrap();
    }
    let fault = desk.refused("--kind filters --filters 1000 --batch 40 -o out");
    assert!(fault.contains("1000 filters on 40 images would take"), "{fault}");
    let fault = desk.refused("--kind filters --filters 1000 -o out");
    assert!(fault.contains("1000 filters on 16 patches at a time would take"), "{fault}");
}

#[test]
fn more_images_than_a_batch_are_learned_from_in_batches_and_the_record_says_so() {
    let desk = Desk::new(32);
    let arguments = "--kind filters --filters 4 --size 5 --iterations 2";
    let record = |name: &str| {
        let output = show(&desk.path(name), &[]);
        let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        shown["record"]["parameters"].clone()
    };
    desk.learn(&format!("{arguments} --batch 3 -o whole"));
    assert!(record("whole")["batch"].is_null());
    let log = desk.learn(&format!("{arguments} --batch 2 -o batches"));
    assert_eq!(record("batches")["batch"], 2);
    assert_eq!(record("batches")["iterations"], 2);
    assert_eq!(log.lines().filter(|line| line.contains(", PSNR ")).count(), 2, "{log}");
}

#[test]
fn hidden_pixels_are_not_learned_from_and_a_mask_that_hides_all_is_named() {
    let desk = Desk::new(32);
    fs::create_dir(desk.path("masks")).unwrap();
    let hidden = |x: u32| if x.is_multiple_of(4) { 255 } else { 0 };
    for name in ["0.png", "1.png", "2.png"] {
        fs::write(desk.path("masks").join(name), png(32, 36, |x, _| hidden(x))).unwrap();
    }
    let arguments = "--kind filters --filters 4 --size 5 --iterations 3 --mask masks";
    let batches = format!("{arguments} --batch 2");
    desk.learn(&format!("{arguments} -o clean"));
    desk.learn(&format!("{batches} -o clean-batches"));
    // The same images with other values in the hidden columns.
    for name in ["0.png", "1.png", "2.png"] {
        let path = desk.path("images").join(name);
        let picture = decode(&fs::read(&path).unwrap(), &ImageLimits::default()).unwrap();
        let plane = picture.raster.read(0, picture.raster.region());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in [0, 255]")]
        let sample = |x: u32, y: u32| {
            let level = (plane.at(y as usize, x as usize) * 255.0).round() as u8;
            if hidden(x) == 255 { 255 - level } else { level }
        };
        fs::write(path, png(32, 36, sample)).unwrap();
    }
    desk.learn(&format!("{arguments} -o spoiled"));
    assert!(desk.bytes("clean") == desk.bytes("spoiled"));
    desk.learn(&format!("{batches} -o spoiled-batches"));
    assert!(desk.bytes("clean-batches") == desk.bytes("spoiled-batches"));

    fs::write(desk.path("masks/1.png"), png(32, 36, |_, _| 255)).unwrap();
    for way in [arguments, &batches] {
        let fault = desk.refused(&format!("{way} -o out"));
        assert!(fault.contains("1.png hides (nearly) all of it"), "{fault}");
    }
}

#[test]
fn a_learned_dictionary_is_shown_with_its_record_and_drawn() {
    let desk = Desk::new(32);
    desk.learn("--kind filters --filters 5 --size 6 --iterations 2 --seed 4 -o filters");
    desk.learn("--size 4 --iterations 2 -o transform");
    let kinds = [DictionaryKind::Filters, DictionaryKind::Transform];
    for ((name, kind), (atoms, side)) in
        ["filters", "transform"].into_iter().zip(kinds).zip([(5, 6), (16, 4)])
    {
        let dictionary = Dictionary::from_bytes(&desk.bytes(name)).unwrap();
        assert_eq!(dictionary.kind(), kind);
        let sheet = desk.path(&format!("{name}.png"));
        let output = show(&desk.path(name), &["--png", sheet.to_str().unwrap()]);
        assert!(output.status.success());
        let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(shown["kind"], name);
        assert_eq!(shown["atoms"], atoms);
        assert_eq!(shown["side"], side);
        assert_eq!(shown["record"]["data"], "3 images of images");
        assert_eq!(shown["record"]["iterations"], 2);
        assert_eq!(shown["record"]["seed"], if atoms == 5 { 4 } else { 1 });
        assert!(shown["record"]["objective"].as_f64().unwrap() > 0.0);
        let drawn = decode(&fs::read(sheet).unwrap(), &ImageLimits::default()).unwrap().raster;
        assert_eq!((drawn.height(), drawn.width()), {
            let sheet = dictionary.sheet(4);
            (sheet.height(), sheet.width())
        });
    }
    let output = show(&desk.path("images/0.png"), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("0.png"));
}
