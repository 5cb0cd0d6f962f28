//! The numbers of a network, by name.

use std::collections::BTreeMap;

use super::{Graph, NetworkError, Node};
use crate::numerics::Random;

/// What a parameter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Filters `(outputs, inputs, rows, columns)` or a matrix `(outputs, inputs)`.
    Weight,
    /// What is added to every channel.
    Bias,
    /// Factor of a normalised channel.
    Scale,
    /// What is added to a normalised channel.
    Shift,
    /// Running mean of a channel; not trained by its gradient.
    Mean,
    /// Running variance of a channel; not trained by its gradient.
    Variance,
    /// Threshold of a channel.
    Threshold,
    /// Soft masks of channels.
    Mask,
}

impl Role {
    /// The last part of a parameter's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Bias => "bias",
            Self::Scale => "scale",
            Self::Shift => "shift",
            Self::Mean => "mean",
            Self::Variance => "variance",
            Self::Threshold => "threshold",
            Self::Mask => "mask",
        }
    }

    /// Whether it is learned by its gradient.
    pub fn is_trained(self) -> bool {
        !matches!(self, Self::Mean | Self::Variance)
    }
}

/// Numbers of some shape, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// As many as the product of the shape.
    pub values: Vec<f32>,
}

/// The numbers of a network, by name. They can be of another graph, so whoever reads them by the
/// graph is told what is missing or of another shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(pub BTreeMap<String, Array>);

impl Parameters {
    /// Filters drawn so that variances stay as they are through rectifiers (He et al. 2015,
    /// "Delving deep into rectifiers", equation 10); norms and masks that change nothing.
    pub fn initial(graph: &Graph, seed: u64) -> Self {
        let mut random = Random::seeded(seed);
        let entry = |(name, shape, role): (String, Vec<usize>, Role)| {
            let count = shape.iter().product();
            let values = match role {
                Role::Weight => {
                    let inputs: usize = shape[1..].iter().product();
                    let deviation = (2.0 / inputs as f32).sqrt();
                    (0..count).map(|_| deviation * random.normal()).collect()
                }
                Role::Scale | Role::Variance | Role::Mask => vec![1.0; count],
                Role::Bias | Role::Shift | Role::Mean => vec![0.0; count],
                Role::Threshold => vec![0.01; count],
            };
            (name, Array { shape, values })
        };
        Self(graph.parameters().into_iter().map(entry).collect())
    }

    /// The numbers of one parameter.
    ///
    /// # Errors
    /// [`NetworkError::MissingParameter`].
    pub fn get(&self, name: &str) -> Result<&[f32], NetworkError> {
        let missing = || NetworkError::MissingParameter { name: name.to_owned() };
        self.0.get(name).map(|array| &array.values[..]).ok_or_else(missing)
    }

    /// The numbers of one parameter of a node.
    ///
    /// # Errors
    /// [`NetworkError::MissingParameter`].
    pub fn of(&self, node: &Node, role: Role) -> Result<&[f32], NetworkError> {
        self.get(&node.parameter(role))
    }

    /// Whether every parameter of the graph is there with its shape.
    ///
    /// # Errors
    /// [`NetworkError::MissingParameter`] or [`NetworkError::ParameterShape`].
    pub fn check(&self, graph: &Graph) -> Result<(), NetworkError> {
        for (name, expected, _) in graph.parameters() {
            let count: usize = expected.iter().product();
            let Some(array) = self.0.get(&name) else {
                return Err(NetworkError::MissingParameter { name });
            };
            if array.shape != expected || array.values.len() != count {
                let actual = array.shape.clone();
                return Err(NetworkError::ParameterShape { name, expected, actual });
            }
        }
        Ok(())
    }

    pub(super) fn values_mut(&mut self, name: &str) -> Option<&mut [f32]> {
        self.0.get_mut(name).map(|array| &mut array.values[..])
    }

    pub(super) fn put(&mut self, name: String, shape: Vec<usize>, values: Vec<f32>) {
        self.0.insert(name, Array { shape, values });
    }
}
