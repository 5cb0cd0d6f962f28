//! Files named on the command line: which belong together, and how results are written.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::imaging::ImageFormat;

/// The image files that the arguments name: files as they are, folders by what lies in them.
///
/// Files of a folder are taken by extension and sorted by name; folders in it are not entered.
pub(super) fn images(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            ensure!(path.exists(), "{} does not exist", path.display());
            found.push(path.clone());
            continue;
        }
        let listing = fs::read_dir(path).with_context(|| unreadable(path))?;
        let mut here = Vec::new();
        for entry in listing {
            let file = entry.with_context(|| unreadable(path))?.path();
            if file.is_file() && format_of(&file).is_some() {
                here.push(file);
            }
        }
        ensure!(!here.is_empty(), "there are no images in {}", path.display());
        here.sort();
        found.extend(here);
    }
    Ok(found)
}

/// What belongs to `image` at `place`: the file itself, or the file of the same name, whatever its
/// extension, in the folder.
pub(super) fn partner(place: &Path, image: &Path) -> anyhow::Result<PathBuf> {
    if !place.is_dir() {
        return Ok(place.to_owned());
    }
    let wanted = image.file_stem();
    let mut partners: Vec<PathBuf> = images(&[place.to_owned()])?
        .into_iter()
        .filter(|candidate| candidate.file_stem() == wanted)
        .collect();
    match partners.len() {
        1 => Ok(partners.remove(0)),
        0 => bail!("there is no file for {} in {}", image.display(), place.display()),
        _ => bail!("there are several files for {} in {}", image.display(), place.display()),
    }
}

/// The format that the name of a file asks for.
pub(super) fn format_of(path: &Path) -> Option<ImageFormat> {
    ImageFormat::from_name(path.extension()?.to_str()?)
}

/// Refuses a file that cannot be written for want of a folder.
pub(super) fn ensure_folder_of(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    ensure!(folder.is_dir(), "cannot write {}: its folder does not exist", file.display());
    Ok(())
}

/// Reads a whole file.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| unreadable(path))
}

/// Writes a whole file or nothing: a program that is killed leaves no half of it.
pub(super) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().context("the output has no file name")?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, path))
        .with_context(|| format!("cannot write {}", path.display()))
        .inspect_err(|_| {
            // The first fault is the one to report.
            let _ = fs::remove_file(&part);
        })
}

fn unreadable(path: &Path) -> String {
    format!("cannot read {}", path.display())
}
