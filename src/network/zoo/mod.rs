//! Architectures.

mod residual;
mod resnet;
mod unet;

pub use residual::residual;
pub use resnet::resnet;
pub use unet::unet;
