//! Draws the pictures of the README: a still life that never was, damaged, and the mask of the
//! damage.
//!
//! ```text
//! cargo run --release --example draw_scene -- docs/images
//! cogd restore docs/images/scene.png --mask docs/images/mask.png -o docs/images/restored.png
//! ```

mod damage;
mod render;
mod shapes;
mod vector;

use std::error::Error;
use std::path::PathBuf;

use cogd::imaging::{
    ColorModel, EncodeOptions, ImageFormat, Metadata, Picture, Raster, Samples, encode,
};
use damage::Damage;

const HEIGHT: usize = 344;
const WIDTH: usize = 480;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("which folder shall it be?")?);
    let damage = damage::draw(HEIGHT, WIDTH);
    let mut colours = render::draw(HEIGHT, WIDTH);
    damage::inflict(&mut colours, &damage);
    let hidden = |damage| if damage == Damage::Spared { 0 } else { 255 };
    let mask = damage.map(hidden).into_vec();
    let colours = colours.into_vec().concat();
    std::fs::write(folder.join("scene.png"), png(colours, ColorModel::Rgb)?)?;
    std::fs::write(folder.join("mask.png"), png(mask, ColorModel::Grey)?)?;
    Ok(())
}

/// Interleaved samples as a file.
fn png(samples: Vec<u8>, model: ColorModel) -> Result<Vec<u8>, Box<dyn Error>> {
    let raster = Raster::from_samples(HEIGHT, WIDTH, model, Samples::Eight(samples))
        .ok_or("the samples do not fill the picture")?;
    let format = ImageFormat::Png;
    let picture = Picture { raster, metadata: Metadata::default(), format };
    Ok(encode(&picture, &EncodeOptions::new(format))?.bytes)
}
