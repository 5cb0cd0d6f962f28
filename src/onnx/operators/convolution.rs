//! Convolutions, pools and products: the operators that mix positions and channels.

use super::super::{Attribute, Dimension, GraphBuilder, OnnxError, Value};
use super::{bad_shape, real, same_element};

/// How the filters of a two-dimensional convolution are laid over the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Rows and columns from one position to the next.
    pub stride: [u64; 2],
    /// Zeros around the image: above, left, below, right.
    pub pads: [u64; 4],
    /// Rows and columns from one tap to the next.
    pub dilation: [u64; 2],
    /// Parts into which the channels fall.
    pub groups: u64,
}

impl Convolution {
    /// Stride one, nothing around the image, one group.
    pub const PLAIN: Self = Self { stride: [1; 2], pads: [0; 4], dilation: [1; 2], groups: 1 };

    /// Stride one, as many zeros around the image as keep its size under an odd filter.
    pub fn same(side: u64) -> Self {
        Self { pads: [side / 2; 4], ..Self::PLAIN }
    }

    fn attributes(&self, kernel: [u64; 2]) -> Vec<(&'static str, Attribute)> {
        vec![
            ("dilations", ints(&self.dilation)),
            ("group", Attribute::Int(self.groups.cast_signed())),
            ("kernel_shape", ints(&kernel)),
            ("pads", ints(&self.pads)),
            ("strides", ints(&self.stride)),
        ]
    }
}

/// Windows over which a pool takes the largest value or the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Rows and columns of a window.
    pub window: [u64; 2],
    /// Rows and columns from one window to the next.
    pub stride: [u64; 2],
    /// Rows and columns around the image: above, left, below, right.
    pub pads: [u64; 4],
}

fn ints(numbers: &[u64]) -> Attribute {
    Attribute::Ints(numbers.iter().map(|number| number.cast_signed()).collect())
}

/// The length of an axis after windows were laid over it; the length itself for a stride of one
/// and as much padding as the window takes away.
fn windows(length: &Dimension, span: u64, stride: u64, pads: u64) -> Dimension {
    match length {
        Dimension::Fixed(length) => {
            Dimension::Fixed((length + pads).saturating_sub(span) / stride + 1)
        }
        named if stride == 1 && span == pads + 1 => named.clone(),
        _ => Dimension::Unknown,
    }
}

impl GraphBuilder {
    /// Two-dimensional convolution.
    ///
    /// # Shapes
    /// - `image`: `(batch, channels, height, width)`
    /// - `filters`: `(filters, channels / groups, rows, columns)`
    /// - `bias`: `(filters)`
    ///
    /// # Errors
    /// [`OnnxError::Shape`] or [`OnnxError::Element`] if they do not fit together.
    pub fn conv(
        &mut self,
        image: &Value,
        filters: &Value,
        bias: Option<&Value>,
        convolution: Convolution,
    ) -> Result<Value, OnnxError> {
        let kernel = check_filters("Conv", image, filters, convolution)?;
        let per_group = filters.fixed(1).unwrap_or(0) * convolution.groups;
        if let Some(channels) = image.fixed(1).filter(|&channels| channels != per_group) {
            let reason = format!("the filters read {per_group} channels of {channels}");
            return Err(bad_shape("Conv", reason));
        }
        check_bias("Conv", bias, filters.fixed(0))?;
        let Convolution { stride, pads, dilation, .. } = convolution;
        let shape = image.shape.as_ref().map(|shape| {
            let span = |axis: usize| dilation[axis] * (kernel[axis] - 1) + 1;
            let output = |axis: usize| {
                windows(&shape[2 + axis], span(axis), stride[axis], pads[axis] + pads[axis + 2])
            };
            let filters = filters.fixed(0).map_or(Dimension::Unknown, Dimension::Fixed);
            vec![shape[0].clone(), filters, output(0), output(1)]
        });
        let attributes = convolution.attributes(kernel);
        let inputs = [Some(image), Some(filters), bias];
        let count = if bias.is_some() { 3 } else { 2 };
        self.node("Conv", &inputs[..count], attributes, image.element, shape)
    }

    /// The adjoint of a convolution: every code adds its filter at its place.
    ///
    /// # Shapes
    /// - `codes`: `(batch, filters, height, width)`
    /// - `filters`: `(filters, channels / groups, rows, columns)`
    /// - `bias`: `(channels)`
    ///
    /// # Errors
    /// [`OnnxError::Shape`] or [`OnnxError::Element`] if they do not fit together.
    pub fn conv_transpose(
        &mut self,
        codes: &Value,
        filters: &Value,
        bias: Option<&Value>,
        convolution: Convolution,
    ) -> Result<Value, OnnxError> {
        let kernel = check_filters("ConvTranspose", codes, filters, convolution)?;
        if let (Some(codes), Some(filters)) = (codes.fixed(1), filters.fixed(0))
            && codes != filters
        {
            let reason = format!("{codes} codes for {filters} filters");
            return Err(bad_shape("ConvTranspose", reason));
        }
        let channels = filters.fixed(1).map(|channels| channels * convolution.groups);
        check_bias("ConvTranspose", bias, channels)?;
        let Convolution { stride, pads, dilation, .. } = convolution;
        let shape = codes.shape.as_ref().map(|shape| {
            let output = |axis: usize| match &shape[2 + axis] {
                Dimension::Fixed(length) => {
                    let span = dilation[axis] * (kernel[axis] - 1) + 1;
                    let reach = stride[axis] * length.saturating_sub(1) + span;
                    Dimension::Fixed(reach.saturating_sub(pads[axis] + pads[axis + 2]))
                }
                _ => Dimension::Unknown,
            };
            let channels = channels.map_or(Dimension::Unknown, Dimension::Fixed);
            vec![shape[0].clone(), channels, output(0), output(1)]
        });
        let attributes = convolution.attributes(kernel);
        let inputs = [Some(codes), Some(filters), bias];
        let count = if bias.is_some() { 3 } else { 2 };
        self.node("ConvTranspose", &inputs[..count], attributes, codes.element, shape)
    }

    /// The largest value of every window.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] if the image has not four axes.
    pub fn max_pool(&mut self, image: &Value, pool: Pool) -> Result<Value, OnnxError> {
        self.pool("MaxPool", image, pool)
    }

    /// The mean of every window; what lies outside the image does not count.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] if the image has not four axes.
    pub fn average_pool(&mut self, image: &Value, pool: Pool) -> Result<Value, OnnxError> {
        self.pool("AveragePool", image, pool)
    }

    /// The mean of every channel, with height and width one.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] if the image has not four axes.
    pub fn global_average_pool(&mut self, image: &Value) -> Result<Value, OnnxError> {
        check_rank("GlobalAveragePool", image, 4)?;
        let shape = image.shape.as_ref().map(|shape| {
            vec![shape[0].clone(), shape[1].clone(), Dimension::Fixed(1), Dimension::Fixed(1)]
        });
        self.node("GlobalAveragePool", &[Some(image)], Vec::new(), image.element, shape)
    }

    /// `rows · weightsᵀ + bias`: a fully connected layer.
    ///
    /// # Shapes
    /// - `rows`: `(batch, inputs)`
    /// - `weights`: `(outputs, inputs)`
    /// - `bias`: `(outputs)`
    ///
    /// # Errors
    /// [`OnnxError::Shape`] or [`OnnxError::Element`] if they do not fit together.
    pub fn linear(
        &mut self,
        rows: &Value,
        weights: &Value,
        bias: Option<&Value>,
    ) -> Result<Value, OnnxError> {
        check_rank("Gemm", rows, 2)?;
        check_rank("Gemm", weights, 2)?;
        same_element("Gemm", rows, weights)?;
        if let (Some(given), Some(read)) = (rows.fixed(1), weights.fixed(1))
            && given != read
        {
            return Err(bad_shape("Gemm", format!("rows of {given} numbers for {read} inputs")));
        }
        check_bias("Gemm", bias, weights.fixed(0))?;
        let shape = rows.shape.as_ref().zip(weights.shape.as_ref());
        let shape = shape.map(|(rows, weights)| vec![rows[0].clone(), weights[0].clone()]);
        let inputs = [Some(rows), Some(weights), bias];
        let count = if bias.is_some() { 3 } else { 2 };
        let attributes = vec![("transB", Attribute::Int(1))];
        self.node("Gemm", &inputs[..count], attributes, rows.element, shape)
    }

    fn pool(&mut self, operator: &str, image: &Value, pool: Pool) -> Result<Value, OnnxError> {
        real(operator, image)?;
        check_rank(operator, image, 4)?;
        let Pool { window, stride, pads } = pool;
        if [window, stride].as_flattened().contains(&0) {
            return Err(bad_shape(operator, "a window or stride of zero".to_owned()));
        }
        let shape = image.shape.as_ref().map(|shape| {
            let output = |axis: usize| {
                windows(&shape[2 + axis], window[axis], stride[axis], pads[axis] + pads[axis + 2])
            };
            vec![shape[0].clone(), shape[1].clone(), output(0), output(1)]
        });
        let attributes = vec![
            ("kernel_shape", ints(&window)),
            ("pads", ints(&pads)),
            ("strides", ints(&stride)),
        ];
        self.node(operator, &[Some(image)], attributes, image.element, shape)
    }
}

fn check_bias(operator: &str, bias: Option<&Value>, count: Option<u64>) -> Result<(), OnnxError> {
    let (Some(bias), Some(count)) = (bias, count) else { return Ok(()) };
    check_rank(operator, bias, 1)?;
    match bias.fixed(0) {
        Some(actual) if actual != count => {
            Err(bad_shape(operator, format!("{actual} biases for {count} outputs")))
        }
        _ => Ok(()),
    }
}

fn check_rank(operator: &str, value: &Value, rank: usize) -> Result<(), OnnxError> {
    match &value.shape {
        Some(shape) if shape.len() != rank => {
            Err(bad_shape(operator, format!("{} axes where {rank} belong", shape.len())))
        }
        _ => Ok(()),
    }
}

/// Gives rows and columns of the filters.
fn check_filters(
    operator: &str,
    image: &Value,
    filters: &Value,
    convolution: Convolution,
) -> Result<[u64; 2], OnnxError> {
    real(operator, image)?;
    same_element(operator, image, filters)?;
    check_rank(operator, image, 4)?;
    check_rank(operator, filters, 4)?;
    let (Some(rows), Some(columns)) = (filters.fixed(2), filters.fixed(3)) else {
        return Err(bad_shape(operator, "filters of unknown size".to_owned()));
    };
    let Convolution { stride, dilation, groups, .. } = convolution;
    if [[rows, columns], stride, dilation].as_flattened().contains(&0) || groups == 0 {
        return Err(bad_shape(operator, "a size, stride or group of zero".to_owned()));
    }
    Ok([rows, columns])
}
