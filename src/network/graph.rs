//! What is computed: operators in the order of computation.

use serde::{Deserialize, Serialize};

use super::NetworkError;
use super::parameters::Role;

/// Added to variances before their root is taken.
pub const EPSILON: f32 = 1e-5;

/// Name of the parameter that holds all soft masks.
pub const MASK: &str = "mask";

/// A node of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub(super) usize);

impl NodeId {
    /// Place in the order of computation.
    pub fn index(self) -> usize {
        self.0
    }
}

/// How a convolution is made. Its filters are square, and zeros around the image keep its size
/// where the stride is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    /// Filters.
    pub channels: usize,
    /// Rows and columns of a filter; odd.
    pub side: usize,
    /// Rows and columns from one position to the next.
    pub stride: usize,
    /// Whether every channel is filtered by itself.
    pub depthwise: bool,
    /// Whether every filter has a bias.
    pub bias: bool,
}

impl Conv {
    /// A dense convolution without bias at every position.
    pub const fn new(channels: usize, side: usize) -> Self {
        Self { channels, side, stride: 1, depthwise: false, bias: false }
    }
}

/// What a node computes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The input, of so many channels.
    Input(usize),
    /// A convolution.
    Conv(Conv),
    /// Batch normalisation (Ioffe and Szegedy 2015, "Batch normalization", algorithm 1).
    Norm,
    /// `max(x, 0)`.
    Relu,
    /// `sign(x) max(|x| − t, 0)` with one threshold `t` for every channel.
    Shrink,
    /// Every channel times a soft mask: entry `gates[channel]` of the parameter [`MASK`].
    Mask {
        /// Where the mask of each channel is.
        gates: Vec<usize>,
    },
    /// The sum of two.
    Add,
    /// All channels one after the other.
    Concat,
    /// The mean over squares of so many rows and columns, which do not overlap.
    AveragePool(usize),
    /// Every sample so many times in both directions.
    Upsample(usize),
    /// The mean of every channel, of one row and column.
    GlobalPool,
    /// A product with a matrix and a bias, for every position by itself.
    Linear(usize),
}

/// An operator and what it is applied to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name, and the beginning of the names of its parameters.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// What it is applied to.
    pub inputs: Vec<NodeId>,
    /// Channels of its output.
    pub channels: usize,
}

/// A network with one input and one output. Every node is checked as it is added, so that a graph
/// is always whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredGraph")]
pub struct Graph {
    nodes: Vec<Node>,
    output: NodeId,
}

impl Graph {
    /// A network that gives back its input, of so many channels.
    pub fn new(channels: usize) -> Self {
        let input = Node {
            name: "input".to_owned(),
            op: Op::Input(channels),
            inputs: Vec::new(),
            channels,
        };
        Self { nodes: vec![input], output: NodeId(0) }
    }

    /// The input.
    pub fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// What was added last, or said to be the output.
    pub fn output(&self) -> NodeId {
        self.output
    }

    /// Nodes in the order of computation.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeId(index), node))
    }

    /// One node.
    ///
    /// # Panics
    /// If it is of another graph with more nodes.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Channels of a node's output.
    ///
    /// # Panics
    /// If it is of another graph with more nodes.
    pub fn channels(&self, id: NodeId) -> usize {
        self.node(id).channels
    }

    /// Adds a node, which becomes the output.
    ///
    /// # Errors
    /// [`NetworkError::Node`] if its name is taken or it does not fit to its inputs.
    pub fn add(&mut self, name: &str, op: Op, inputs: &[NodeId]) -> Result<NodeId, NetworkError> {
        let fault = |reason: String| Err(NetworkError::node(name, reason));
        if self.nodes.iter().any(|node| node.name == name) || name == MASK {
            return fault("the name is taken".to_owned());
        }
        if let Some(unknown) = inputs.iter().find(|id| id.0 >= self.nodes.len()) {
            return fault(format!("there is no node {}", unknown.0));
        }
        let widths: Vec<usize> = inputs.iter().map(|id| self.channels(*id)).collect();
        let channels = match op.channels(&widths) {
            Ok(0) => return fault("it has no channels".to_owned()),
            Ok(channels) => channels,
            Err(reason) => return fault(reason),
        };
        self.output = NodeId(self.nodes.len());
        self.nodes.push(Node { name: name.to_owned(), op, inputs: inputs.to_vec(), channels });
        Ok(self.output)
    }

    /// Makes a node the output.
    ///
    /// # Errors
    /// [`NetworkError::Node`] if there is no such node.
    pub fn set_output(&mut self, id: NodeId) -> Result<(), NetworkError> {
        if id.0 >= self.nodes.len() {
            return Err(NetworkError::node("output", format!("there is no node {}", id.0)));
        }
        self.output = id;
        Ok(())
    }

    /// How often each node is read: by others, and as the output.
    pub fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.nodes.len()];
        for id in self.nodes.iter().flat_map(|node| &node.inputs).chain([&self.output]) {
            readers[id.0] += 1;
        }
        readers
    }

    /// A network that gives back the same input.
    pub(super) fn same_input(&self) -> Self {
        Self::new(self.channels(self.input()))
    }

    /// Entries of the parameter [`MASK`]; zero without masks.
    pub fn gates(&self) -> usize {
        let gates = self.nodes.iter().filter_map(|node| match &node.op {
            Op::Mask { gates } => gates.iter().max(),
            _ => None,
        });
        gates.max().map_or(0, |last| last + 1)
    }

    /// Names, shapes and meanings of all parameters.
    pub fn parameters(&self) -> Vec<(String, Vec<usize>, Role)> {
        let mut all = Vec::new();
        for node in &self.nodes {
            let width = self.width(node);
            let named = |(role, shape)| (node.parameter(role), shape, role);
            all.extend(node.op.parameters(width).into_iter().map(named));
        }
        if self.gates() > 0 {
            all.push((MASK.to_owned(), vec![self.gates()], Role::Mask));
        }
        all
    }

    /// Names and shapes of the parameters of one node, without masks.
    pub(super) fn parameters_of(&self, node: &Node) -> Vec<(String, Vec<usize>)> {
        let named = |(role, shape)| (node.parameter(role), shape);
        node.op.parameters(self.width(node)).into_iter().map(named).collect()
    }

    /// Channels of the first input of a node.
    pub(super) fn width(&self, node: &Node) -> usize {
        node.inputs.first().map_or(0, |id| self.channels(*id))
    }
}

impl Node {
    /// Name of one of its parameters.
    pub fn parameter(&self, role: Role) -> String {
        format!("{}.{}", self.name, role.name())
    }
}

/// A graph as it stands in a file, where it may say anything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredGraph {
    nodes: Vec<Node>,
    output: NodeId,
}

impl TryFrom<StoredGraph> for Graph {
    type Error = NetworkError;

    /// Checks every node as it is added.
    fn try_from(stored: StoredGraph) -> Result<Self, NetworkError> {
        let Some(Node { op: Op::Input(channels), .. }) = stored.nodes.first() else {
            return Err(NetworkError::node("input", "a network begins with its input"));
        };
        let mut graph = Self::new(*channels);
        for node in stored.nodes.iter().skip(1) {
            graph.add(&node.name, node.op.clone(), &node.inputs)?;
        }
        graph.set_output(stored.output)?;
        if graph.nodes != stored.nodes {
            return Err(NetworkError::node("input", "the channels do not follow from the nodes"));
        }
        Ok(graph)
    }
}

impl Op {
    /// Channels of the output for those of the inputs, or what does not fit.
    fn channels(&self, inputs: &[usize]) -> Result<usize, String> {
        let expected = match self {
            Self::Input(_) => return Err("a network has one input".to_owned()),
            Self::Add => 2..=2,
            Self::Concat => 2..=usize::MAX,
            _ => 1..=1,
        };
        if !expected.contains(&inputs.len()) {
            return Err(format!("it cannot be applied to {} inputs", inputs.len()));
        }
        let width = inputs[0];
        match self {
            Self::Conv(conv) => conv.check(width).map(|()| conv.channels),
            Self::Linear(channels) => Ok(*channels),
            Self::Concat => Ok(inputs.iter().sum()),
            Self::Add if inputs[1] != width => {
                Err(format!("{width} channels cannot be added to {}", inputs[1]))
            }
            Self::Mask { gates } if gates.len() != width => {
                Err(format!("{} masks for {width} channels", gates.len()))
            }
            Self::AveragePool(0) | Self::Upsample(0) => Err("a factor of zero".to_owned()),
            _ => Ok(width),
        }
    }

    /// Parameters and their shapes, for so many input channels.
    fn parameters(&self, width: usize) -> Vec<(Role, Vec<usize>)> {
        let each = |role| (role, vec![width]);
        match self {
            Self::Conv(Conv { channels, side, depthwise, bias, .. }) => {
                let inputs = if *depthwise { 1 } else { width };
                let weight = (Role::Weight, vec![*channels, inputs, *side, *side]);
                let bias = bias.then(|| (Role::Bias, vec![*channels]));
                std::iter::once(weight).chain(bias).collect()
            }
            Self::Norm => [Role::Scale, Role::Shift, Role::Mean, Role::Variance].map(each).into(),
            Self::Shrink => vec![each(Role::Threshold)],
            Self::Linear(channels) => {
                vec![(Role::Weight, vec![*channels, width]), (Role::Bias, vec![*channels])]
            }
            _ => Vec::new(),
        }
    }
}

impl Conv {
    fn check(&self, width: usize) -> Result<(), String> {
        if self.side.is_multiple_of(2) || self.stride == 0 {
            return Err("filters need an odd side and a stride".to_owned());
        }
        if self.depthwise && self.channels != width {
            return Err(format!("{} filters for {width} channels, each by itself", self.channels));
        }
        Ok(())
    }
}
