//! Operators that work on every element by itself.

use super::super::{Attribute, ElementType, GraphBuilder, OnnxError, Value};
use super::{broadcast, real, same_element, wrong};

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident => $operator:literal;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// [`OnnxError::Element`] if the elements are not real numbers.
            pub fn $name(&mut self, value: &Value) -> Result<Value, OnnxError> {
                self.unary($operator, value, Vec::new())
            }
        )*
    };
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident => $operator:literal, $compares:literal;)*) => {
        $(
            $(#[$doc])*
            /// The smaller operand is repeated along axes of length one.
            ///
            /// # Errors
            /// [`OnnxError::Shape`] or [`OnnxError::Element`] if the operands do not fit together.
            pub fn $name(&mut self, a: &Value, b: &Value) -> Result<Value, OnnxError> {
                same_element($operator, a, b)?;
                let shape = broadcast($operator, a, b)?;
                let element = if $compares { ElementType::Bool } else { a.element };
                self.node($operator, &[Some(a), Some(b)], Vec::new(), element, shape)
            }
        )*
    };
}

impl GraphBuilder {
    unary! {
        /// `max(x, 0)`.
        relu => "Relu";
        /// `1 / (1 + exp(−x))`.
        sigmoid => "Sigmoid";
        /// The hyperbolic tangent.
        tanh => "Tanh";
        /// `|x|`.
        abs => "Abs";
        /// −1, 0 or 1.
        sign => "Sign";
        /// `√x`.
        sqrt => "Sqrt";
        /// `exp(x)`.
        exp => "Exp";
        /// `−x`.
        neg => "Neg";
    }

    binary! {
        /// `a + b`.
        add => "Add", false;
        /// `a − b`.
        sub => "Sub", false;
        /// `a · b`, element by element.
        mul => "Mul", false;
        /// `a / b`.
        div => "Div", false;
        /// `a > b`.
        greater => "Greater", true;
        /// `a ≥ b`.
        greater_or_equal => "GreaterOrEqual", true;
        /// `a < b`.
        less => "Less", true;
    }

    /// `x` where positive, `slope · x` elsewhere.
    ///
    /// # Errors
    /// [`OnnxError::Element`] if the elements are not real numbers.
    pub fn leaky_relu(&mut self, value: &Value, slope: f32) -> Result<Value, OnnxError> {
        self.unary("LeakyRelu", value, vec![("alpha", Attribute::Float(slope))])
    }

    /// `x` where positive, `slope · x` elsewhere; slopes of shape `(channels, 1, 1)`.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] or [`OnnxError::Element`] if the operands do not fit together.
    pub fn prelu(&mut self, value: &Value, slope: &Value) -> Result<Value, OnnxError> {
        real("PRelu", value)?;
        same_element("PRelu", value, slope)?;
        let shape = broadcast("PRelu", value, slope)?;
        self.node("PRelu", &[Some(value), Some(slope)], Vec::new(), value.element, shape)
    }

    /// The nearest value in `low..=high`.
    ///
    /// # Errors
    /// [`OnnxError::Element`] if the elements are not of single or half precision.
    pub fn clip(&mut self, value: &Value, low: f32, high: f32) -> Result<Value, OnnxError> {
        let low = self.scalar(value.element, low)?;
        let high = self.scalar(value.element, high)?;
        let inputs = [Some(value), Some(&low), Some(&high)];
        self.node("Clip", &inputs, Vec::new(), value.element, value.shape.clone())
    }

    /// `a` where the condition holds, `b` elsewhere.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] or [`OnnxError::Element`] if the operands do not fit together.
    pub fn select(&mut self, condition: &Value, a: &Value, b: &Value) -> Result<Value, OnnxError> {
        if condition.element != ElementType::Bool {
            return Err(wrong("Where", "a condition of bool", condition.element));
        }
        same_element("Where", a, b)?;
        let both = Value { shape: broadcast("Where", a, b)?, ..a.clone() };
        let shape = broadcast("Where", condition, &both)?;
        self.node("Where", &[Some(condition), Some(a), Some(b)], Vec::new(), a.element, shape)
    }

    /// The same numbers in another type.
    ///
    /// # Errors
    /// [`OnnxError::Undefined`] if the value is not of this graph.
    pub fn cast(&mut self, value: &Value, to: ElementType) -> Result<Value, OnnxError> {
        let attributes = vec![("to", Attribute::Int(i64::from(to.code())))];
        self.node("Cast", &[Some(value)], attributes, to, value.shape.clone())
    }

    /// `(x − mean) / √(variance + epsilon) · scale + shift`, all of shape `(channels)`.
    ///
    /// # Errors
    /// [`OnnxError::Element`] if the elements differ or are not real numbers.
    pub fn batch_normalization(
        &mut self,
        value: &Value,
        [scale, shift, mean, variance]: [&Value; 4],
        epsilon: f32,
    ) -> Result<Value, OnnxError> {
        real("BatchNormalization", value)?;
        for statistics in [scale, shift, mean, variance] {
            same_element("BatchNormalization", value, statistics)?;
        }
        let inputs = [Some(value), Some(scale), Some(shift), Some(mean), Some(variance)];
        let attributes = vec![("epsilon", Attribute::Float(epsilon))];
        self.node("BatchNormalization", &inputs, attributes, value.element, value.shape.clone())
    }

    /// `x` where `|x| ≥ threshold`, zero elsewhere: the proximal step of the count of nonzeros.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] or [`OnnxError::Element`] if the operands do not fit together.
    pub fn hard_threshold(&mut self, value: &Value, threshold: &Value) -> Result<Value, OnnxError> {
        let size = self.abs(value)?;
        let keep = self.greater_or_equal(&size, threshold)?;
        let zero = self.scalar(value.element, 0.0)?;
        self.select(&keep, value, &zero)
    }

    /// `sign(x) · max(|x| − threshold, 0)`: the proximal step of the ℓ1 norm.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] or [`OnnxError::Element`] if the operands do not fit together.
    pub fn soft_threshold(&mut self, value: &Value, threshold: &Value) -> Result<Value, OnnxError> {
        // x − clip(x, −t, t) would take two thresholds; max(x − t, 0) − max(−x − t, 0) takes one.
        let above = self.sub(value, threshold)?;
        let above = self.relu(&above)?;
        let negative = self.neg(value)?;
        let below = self.sub(&negative, threshold)?;
        let below = self.relu(&below)?;
        self.sub(&above, &below)
    }

    fn unary(
        &mut self,
        operator: &str,
        value: &Value,
        attributes: Vec<(&str, Attribute)>,
    ) -> Result<Value, OnnxError> {
        real(operator, value)?;
        self.node(operator, &[Some(value)], attributes, value.element, value.shape.clone())
    }
}
