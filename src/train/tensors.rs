//! Between the numbers of a network and the tensors of burn.

use burn::tensor::{Device, Tensor, TensorData};

use super::differentiate::Tensors;
use crate::network::Parameters;

/// Numbers of four axes on the host: `(batch, channels, rows, columns)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Lengths of the axes.
    pub shape: [usize; 4],
    /// As many as the product of the shape, row-major.
    pub values: Vec<f32>,
}

impl Block {
    pub(super) fn tensor(&self, device: &Device) -> Tensor<4> {
        Tensor::from_data(TensorData::new(self.values.clone(), self.shape), device)
    }
}

/// Where what is learned stands.
pub(super) fn host_device() -> Device {
    Device::flex()
}

pub(super) fn upload(parameters: &Parameters) -> Tensors {
    let flat = |values: &[f32]| vector(values.to_vec());
    parameters.0.iter().map(|(name, array)| (name.clone(), flat(&array.values))).collect()
}

pub(super) fn vector(values: Vec<f32>) -> Tensor<1> {
    let shape = [values.len()];
    Tensor::from_data(TensorData::new(values, shape), &host_device())
}

/// All numbers of a tensor.
pub(super) fn download<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    host(&tensor.to_data())
}

/// # Panics
/// Never: all our tensors are of single precision.
pub(super) fn host(data: &TensorData) -> Vec<f32> {
    data.try_to_vec::<f32>().expect("tensors are of single precision")
}
