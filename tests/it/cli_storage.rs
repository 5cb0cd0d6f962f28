//! `cogd migrate` and `cogd bench queue`, as a user runs them.

use std::path::Path;
use std::process::{Command, Output};

fn cogd(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cogd"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn migrations_are_listed_and_applied() {
    let folder = tempfile::tempdir().unwrap();
    let migrate = |arguments: &[&str]| {
        let output = cogd(folder.path(), &[&["migrate"], arguments].concat());
        said(&output).to_owned()
    };
    let before = migrate(&["--list"]);
    assert!(before.starts_with("pending 0001 jobs\n"), "{before}");
    assert!(!before.contains("applied"), "{before}");
    assert_eq!(migrate(&[]), before.replace("pending", "applied"));
    assert_eq!(migrate(&["--list"]), before.replace("pending", "applied"));
    assert_eq!(migrate(&[]), "the tables are up to date\n");
    assert!(folder.path().join("data/cogd.sqlite").exists());
}

#[test]
fn a_database_that_does_not_answer_is_an_error_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://cogd:hunter2@127.0.0.1:1/cogd";
    let output = cogd(folder.path(), &["migrate", "--storage-database-url", url]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("the database cannot be reached") && !told.contains("hunter2"), "{told}");
}

#[test]
fn the_queue_is_measured_and_left_empty() {
    let folder = tempfile::tempdir().unwrap();
    let bench = ["bench", "queue", "--database", "sqlite:bench.sqlite", "--jobs", "16"];
    for _ in 0..2 {
        let output = cogd(folder.path(), &bench);
        assert_eq!(said(&output).lines().count(), 4);
    }
}
