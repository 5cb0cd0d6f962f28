//! Has the package built again when a migration is added, which the compiler cannot see by itself,
//! and tells the program which commit it is made from.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program is made from. A change of anything else is no change of the program.
const SOURCES: [&str; 10] = [
    "src",
    "assets",
    "migrations",
    "web",
    "docs/images/scene.png",
    "docs/images/mask.png",
    "build.rs",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
];

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-env-changed=BUILD_COMMIT");
    // Who builds from an archive says where that came from. The compiler sees the variable itself.
    if env::var_os("BUILD_COMMIT").is_some() {
        return;
    }
    if let Some(commit) = commit() {
        println!("cargo:rustc-env=BUILD_COMMIT={commit}");
    }
}

/// The commit that is checked out here, with `-modified` if the sources differ from it; nothing
/// where this is no checkout, or no git.
///
/// A release is built anew with every commit. In between, where a commit that changes no source
/// would have everything compiled again, the name stays that of the commit the sources came from.
fn commit() -> Option<String> {
    let here = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)?;
    // The repository of somebody else, in which this is unpacked, says nothing of this.
    let top = git(&here, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != here.canonicalize().ok()? {
        return None;
    }
    let commit = git(&here, &["rev-parse", "HEAD"])?;
    if env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        for name in ["HEAD", "logs/HEAD", "packed-refs"] {
            watch(&here.join(git(&here, &["rev-parse", "--git-path", name])?));
        }
    }
    for source in SOURCES {
        watch(&here.join(source));
    }
    // Without a lock, which would be in the way of whoever works there.
    let mut status = vec!["--no-optional-locks", "status", "--porcelain", "--"];
    status.extend(SOURCES);
    let changes = git(&here, &status)?;
    Some(if changes.is_empty() { commit } else { format!("{commit}-modified") })
}

/// What git says, if it is there and content.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Has this run again when a file, or any below a folder, changes. One that is not there would
/// have it run always.
fn watch(path: &Path) {
    if path.exists() {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}
