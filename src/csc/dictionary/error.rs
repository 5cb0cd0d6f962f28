//! Why something is no dictionary.

/// A dictionary that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DictionaryError {
    /// The file does not begin as a dictionary does.
    #[error("this is not a dictionary file")]
    NotADictionary,
    /// The file was written by a later version.
    #[error("the file has version {version}, this program reads versions up to {supported}")]
    Version {
        /// Version in the file.
        version: u16,
        /// Latest version understood.
        supported: u16,
    },
    /// The file ends too early or is too long.
    #[error("the file has {actual} bytes where its header asks for {expected}")]
    Length {
        /// Bytes that the header asks for.
        expected: usize,
        /// Bytes there are.
        actual: usize,
    },
    /// The checksum does not match: the file is damaged.
    #[error("the checksum does not match, the file is damaged")]
    Checksum,
    /// The header is not what a header should be.
    #[error("the header cannot be read: {reason}")]
    Header {
        /// What the parser said.
        reason: String,
    },
    /// The taps are not whole square atoms, or a transform is not square.
    #[error("{taps} taps are not whole {side}x{side} atoms of their kind")]
    Shape {
        /// Side of an atom.
        side: usize,
        /// Number of taps.
        taps: usize,
    },
    /// A tap is infinite or not a number.
    #[error("an atom holds a value that is not a finite number")]
    NotFinite,
    /// A transform is not orthonormal.
    #[error("the transform differs from an orthonormal one by {error:.1e}")]
    NotOrthonormal {
        /// Largest difference of an inner product from its value.
        error: f64,
    },
    /// The solver shrinks codes of an orthonormal transform, and these are filters.
    #[error("the dictionary holds filters where the solver needs an orthonormal transform")]
    NotATransform,
    /// The solver has no blocks of this side.
    #[error("the atoms are {actual}x{actual} where the solver needs {supported}x{supported}")]
    Side {
        /// Side of the solver's blocks.
        supported: usize,
        /// Side of the atoms.
        actual: usize,
    },
    /// The first atom, whose code is never shrunk, is not the mean.
    #[error("the first atom differs from the mean by {error:.1e}")]
    MeanNotFirst {
        /// Largest difference of a tap.
        error: f32,
    },
}
