//! One owned two-dimensional buffer.

/// A `height × width` array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane<T = f32> {
    height: usize,
    width: usize,
    data: Vec<T>,
}

impl<T: Copy> Plane<T> {
    /// A plane with every sample equal to `value`.
    pub fn filled(height: usize, width: usize, value: T) -> Self {
        Self { height, width, data: vec![value; height * width] }
    }

    /// Wraps row-major samples; `None` unless there are exactly `height * width` of them.
    pub fn from_vec(height: usize, width: usize, data: Vec<T>) -> Option<Self> {
        (height.checked_mul(width) == Some(data.len())).then_some(Self { height, width, data })
    }

    /// Computes each sample from its row and column.
    pub fn from_fn(height: usize, width: usize, mut sample: impl FnMut(usize, usize) -> T) -> Self {
        let mut data = Vec::with_capacity(height * width);
        for y in 0..height {
            data.extend((0..width).map(|x| sample(y, x)));
        }
        Self { height, width, data }
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All samples, row by row.
    pub fn as_slice(&self) -> &[T] {
        &self.data
    }

    /// All samples, row by row.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// Gives the samples back, row by row.
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// Row `y`.
    ///
    /// # Panics
    /// If `y` is not below the height.
    pub fn row(&self, y: usize) -> &[T] {
        &self.data[y * self.width..][..self.width]
    }

    /// Row `y`.
    ///
    /// # Panics
    /// If `y` is not below the height.
    pub fn row_mut(&mut self, y: usize) -> &mut [T] {
        &mut self.data[y * self.width..][..self.width]
    }

    /// The sample in row `y` and column `x`.
    ///
    /// # Panics
    /// If the position lies outside the plane.
    pub fn at(&self, y: usize, x: usize) -> T {
        self.row(y)[x]
    }

    /// A new plane with `f` applied to every sample.
    pub fn map<U>(&self, f: impl FnMut(T) -> U) -> Plane<U> {
        Plane {
            height: self.height,
            width: self.width,
            data: self.data.iter().copied().map(f).collect(),
        }
    }
}
