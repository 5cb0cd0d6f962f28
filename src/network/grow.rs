//! Numbers of a network for one of the same kind with more channels.

use super::{Array, Conv, Graph, NetworkError, Node, Op, Parameters, Role};

/// Where each channel of a node comes from: a channel of the same node of the smaller network, or
/// nowhere.
type Origins = Vec<Option<usize>>;

/// Parameters with which a network computes what a smaller one of the same names computes (after
/// Chen et al. 2016, "`Net2Net`: Accelerating learning via knowledge transfer"). Channels that the
/// smaller one lacks have the numbers of `wide`; what was there already does not listen to them
/// yet, but is changed by them as soon as it learns.
///
/// # Errors
/// [`NetworkError::MissingParameter`] if the smaller network has other layers;
/// [`NetworkError::Node`] if it has more channels somewhere, or an operator mixes channels in a way
/// that is not known here.
pub fn grow(
    graph: &Graph,
    wide: &Parameters,
    small: &Parameters,
) -> Result<Parameters, NetworkError> {
    wide.check(graph)?;
    let mut grown = wide.clone();
    let mut origins: Vec<Origins> = Vec::new();
    for (id, node) in graph.nodes() {
        let inputs: Vec<&Origins> =
            node.inputs.iter().map(|input| &origins[input.index()]).collect();
        let own = origins_of(node, &inputs, small, id == graph.output())?;
        for (name, _) in graph.parameters_of(node) {
            let stored = small.0.get(&name);
            let stored =
                stored.ok_or_else(|| NetworkError::MissingParameter { name: name.clone() })?;
            if let Some(array) = grown.0.get_mut(&name) {
                let listens = name == node.parameter(Role::Weight);
                fill(array, stored, &own, listens.then(|| inputs[0]), node)?;
            }
        }
        origins.push(own);
    }
    Ok(grown)
}

fn origins_of(
    node: &Node,
    inputs: &[&Origins],
    small: &Parameters,
    is_output: bool,
) -> Result<Origins, NetworkError> {
    let fault = |reason: String| Err(NetworkError::node(&node.name, reason));
    Ok(match &node.op {
        Op::Input(channels) => (0..*channels).map(Some).collect(),
        Op::Conv(Conv { depthwise: false, .. }) | Op::Linear(_) => {
            let name = node.parameter(Role::Weight);
            let Some(stored) = small.0.get(&name) else {
                return Err(NetworkError::MissingParameter { name });
            };
            let channels = stored.shape.first().copied().unwrap_or(0);
            if channels > node.channels || (is_output && channels != node.channels) {
                return fault(format!("{channels} channels cannot become {}", node.channels));
            }
            (0..node.channels).map(|channel| (channel < channels).then_some(channel)).collect()
        }
        Op::Norm
        | Op::Relu
        | Op::Shrink
        | Op::AveragePool(_)
        | Op::Upsample(_)
        | Op::GlobalPool => inputs[0].clone(),
        Op::Add if inputs[0] == inputs[1] => inputs[0].clone(),
        Op::Add => {
            return fault("two networks of different width are added to each other".to_owned());
        }
        Op::Concat => {
            let mut before = 0;
            let mut all = Origins::new();
            for input in inputs {
                all.extend(input.iter().map(|origin| origin.map(|channel| before + channel)));
                before += input.iter().flatten().count();
            }
            all
        }
        Op::Conv(_) | Op::Mask { .. } => return fault("it cannot be widened".to_owned()),
    })
}

/// Copies what the smaller network has; `inputs` are the channels that a weight listens to.
fn fill(
    array: &mut Array,
    stored: &Array,
    own: &Origins,
    inputs: Option<&Origins>,
    node: &Node,
) -> Result<(), NetworkError> {
    let columns = inputs.map_or(1, Vec::len);
    let known = inputs.map_or(1, |inputs| inputs.iter().flatten().count());
    let taps = array.values.len() / (own.len() * columns);
    let rows = own.iter().flatten().count();
    if stored.values.len() != rows * known * taps {
        let reason = format!("the smaller network has {:?} numbers here", stored.shape);
        return Err(NetworkError::node(&node.name, reason));
    }
    let alone: Origins = vec![Some(0)];
    for (row, origin) in array.values.chunks_exact_mut(columns * taps).zip(own) {
        let Some(origin) = origin else { continue };
        let source = &stored.values[origin * known * taps..][..known * taps];
        for (filter, input) in row.chunks_exact_mut(taps).zip(inputs.unwrap_or(&alone)) {
            match input {
                Some(input) => filter.copy_from_slice(&source[input * taps..][..taps]),
                None => filter.fill(0.0),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::grow;
    use crate::network::{Features, Graph, Parameters, forward, zoo};
    use crate::numerics::Random;

    fn image(channels: usize, side: usize) -> Features {
        let mut random = Random::seeded(2);
        let values = (0..channels * side * side).map(|_| random.normal()).collect();
        Features { channels, size: [side; 2], values }
    }

    /// Grows a network, and holds it to computing the same.
    fn grown(small: &Graph, wide: &Graph, tolerance: f32) -> Parameters {
        let numbers = Parameters::initial(small, 1);
        let grown = grow(wide, &Parameters::initial(wide, 2), &numbers).unwrap();
        let image = image(small.channels(small.input()), 16);
        let before = forward(small, &numbers, &image).unwrap();
        let after = forward(wide, &grown, &image).unwrap();
        assert_eq!(before.values.len(), after.values.len());
        for (a, b) in before.values.iter().zip(&after.values) {
            assert!((a - b).abs() < tolerance, "{a} {b}");
        }
        grown
    }

    #[test]
    fn a_wider_network_begins_by_computing_the_same() {
        let (small, wide) = (zoo::unet(2, 1, 3, 2).unwrap(), zoo::unet(2, 1, 5, 2).unwrap());
        let grown = grown(&small, &wide, 1e-5);
        // What is new takes part: it computes something that others can learn to listen to.
        let weights = &grown.0["deep.b.conv.weight"];
        let new = &weights.values[12 * 20 * 9..];
        assert!(weights.shape[0] == 20 && new.iter().all(|weight| weight.abs() > 0.0));
    }

    #[test]
    fn norms_and_sums_grow_with_their_channels() {
        grown(&zoo::resnet(1, 4, 10).unwrap(), &zoo::resnet(1, 6, 10).unwrap(), 1e-4);
    }

    #[test]
    fn networks_that_do_not_fit_are_refused() {
        let (small, wide) = (zoo::unet(2, 1, 3, 2).unwrap(), zoo::unet(2, 1, 5, 2).unwrap());
        let numbers = |graph| Parameters::initial(graph, 1);
        assert!(grow(&small, &numbers(&small), &numbers(&wide)).is_err());
        let deeper = zoo::unet(2, 1, 5, 3).unwrap();
        assert!(grow(&deeper, &numbers(&deeper), &numbers(&small)).is_err());
        let residual = zoo::residual(2, 1, 8, 1).unwrap();
        assert!(grow(&residual, &numbers(&residual), &numbers(&small)).is_err());
    }
}
