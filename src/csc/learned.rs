//! Learned orthonormal transforms of 8×8 blocks, as frames for the solver.

use pulp::Simd;

use super::dct::Dct8;
use super::dictionary::{Dictionary, DictionaryError, DictionaryKind};
use super::frame::Frame;
use super::line::LANES;

/// Side of the blocks.
const SIDE: usize = 8;
/// Samples of a block, and atoms of a transform.
const SIZE: usize = SIDE * SIDE;
/// Atoms whose codes are computed together, so that every sample is loaded once for all of them.
const TOGETHER: usize = 4;

/// A dense orthonormal transform of 8×8 blocks whose first atom is the mean.
///
/// # Cost
/// 4096 multiplications a block, where the cosine transform takes 352.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned8 {
    /// Row `k` is atom `k`: shape `(64, 64)`.
    atoms: Vec<f32>,
    /// The atoms as columns.
    transposed: Vec<f32>,
}

impl Learned8 {
    /// The largest difference of a tap of the first atom from `1/8` that rounding explains.
    const FLAT: f32 = 1e-4;
}

impl TryFrom<&Dictionary> for Learned8 {
    type Error = DictionaryError;

    /// # Errors
    /// [`DictionaryError::NotATransform`] for other kinds, [`DictionaryError::Side`] for other
    /// sides than 8, [`DictionaryError::MeanNotFirst`] if the first atom is not flat. A
    /// [`Dictionary`] of the kind is orthonormal.
    fn try_from(dictionary: &Dictionary) -> Result<Self, DictionaryError> {
        if dictionary.kind() != DictionaryKind::Transform {
            return Err(DictionaryError::NotATransform);
        }
        if dictionary.side() != SIDE {
            return Err(DictionaryError::Side { supported: SIDE, actual: dictionary.side() });
        }
        let mut atoms = dictionary.taps().to_vec();
        let flat = 1.0 / SIDE as f32;
        let error = atoms[..SIZE].iter().fold(0.0, |most: f32, tap| most.max((tap - flat).abs()));
        if error > Self::FLAT {
            return Err(DictionaryError::MeanNotFirst { error });
        }
        // Exactly flat, so that a constant block comes back without rounding of the atom.
        atoms[..SIZE].fill(flat);
        let mut transposed = vec![0.0; SIZE * SIZE];
        for row in 0..SIZE {
            for column in 0..SIZE {
                transposed[column * SIZE + row] = atoms[row * SIZE + column];
            }
        }
        Ok(Self { atoms, transposed })
    }
}

impl Frame for Learned8 {
    const SIDE: usize = SIDE;

    #[inline(always)]
    fn analyse<S: Simd>(&self, simd: S, batch: &mut [f32]) {
        multiply(simd, &self.atoms, batch);
    }

    #[inline(always)]
    fn synthesise<S: Simd>(&self, simd: S, batch: &mut [f32]) {
        multiply(simd, &self.transposed, batch);
    }
}

/// Replaces the samples of every lane by their products with the rows of `matrix`.
#[inline(always)]
fn multiply<S: Simd>(simd: S, matrix: &[f32], batch: &mut [f32]) {
    let mut copy = [0.0; SIZE * LANES];
    copy.copy_from_slice(batch);
    let (samples, _) = S::as_simd_f32s(&copy);
    let (products, _) = S::as_mut_simd_f32s(batch);
    let per_sample = LANES / S::F32_LANES;
    for first in (0..SIZE).step_by(TOGETHER) {
        let rows = &matrix[first * SIZE..(first + TOGETHER) * SIZE];
        for vector in 0..per_sample {
            let mut sums = [simd.splat_f32s(0.0); TOGETHER];
            for i in 0..SIZE {
                let sample = samples[i * per_sample + vector];
                for row in 0..TOGETHER {
                    // Not fused, as in the cosine transform: the same bits on every machine.
                    let weight = simd.splat_f32s(rows[row * SIZE + i]);
                    sums[row] = simd.add_f32s(sums[row], simd.mul_f32s(weight, sample));
                }
            }
            for row in 0..TOGETHER {
                products[(first + row) * per_sample + vector] = sums[row];
            }
        }
    }
}

/// A transform of 8×8 blocks that is chosen at run time.
#[derive(Clone, Debug, PartialEq)]
pub enum Transform8 {
    /// The cosine transform.
    Cosine,
    /// A learned one.
    Learned(Learned8),
}

impl Frame for Transform8 {
    const SIDE: usize = SIDE;

    #[inline(always)]
    fn analyse<S: Simd>(&self, simd: S, batch: &mut [f32]) {
        match self {
            Self::Cosine => Dct8.analyse(simd, batch),
            Self::Learned(learned) => learned.analyse(simd, batch),
        }
    }

    #[inline(always)]
    fn synthesise<S: Simd>(&self, simd: S, batch: &mut [f32]) {
        match self {
            Self::Cosine => Dct8.synthesise(simd, batch),
            Self::Learned(learned) => learned.synthesise(simd, batch),
        }
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::super::dictionary::TrainingRecord;
    use super::*;

    struct Run<'a, F>(&'a F, &'a mut [f32], bool);

    impl<F: Frame> WithSimd for Run<'_, F> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            if self.2 { self.0.analyse(simd, self.1) } else { self.0.synthesise(simd, self.1) }
        }
    }

    fn batch() -> Vec<f32> {
        (0..SIZE * LANES).map(|i| ((i * 7919 + 13) % 101) as f32 / 50.0 - 1.0).collect()
    }

    /// The cosine transform with atoms 1 and 2 turned by 30 degrees.
    fn turned() -> Dictionary {
        let mut taps = Dictionary::cosine(SIDE).taps().to_vec();
        let (sine, cosine) = (0.5, 0.75_f32.sqrt());
        for i in 0..SIZE {
            let (a, b) = (taps[SIZE + i], taps[2 * SIZE + i]);
            taps[SIZE + i] = cosine * a + sine * b;
            taps[2 * SIZE + i] = cosine * b - sine * a;
        }
        let record = Dictionary::cosine(SIDE).record().clone();
        Dictionary::new(DictionaryKind::Transform, SIDE, taps, record).unwrap()
    }

    #[test]
    fn codes_are_inner_products_with_the_atoms_and_invert() {
        let dictionary = turned();
        let learned = Learned8::try_from(&dictionary).unwrap();
        let (before, mut codes) = (batch(), batch());
        Arch::new().dispatch(Run(&learned, &mut codes, true));
        for (k, atom) in dictionary.taps().chunks_exact(SIZE).enumerate() {
            for lane in 0..LANES {
                let products = atom.iter().enumerate();
                let slow: f64 = products
                    .map(|(i, &tap)| f64::from(tap) * f64::from(before[i * LANES + lane]))
                    .sum();
                assert!((f64::from(codes[k * LANES + lane]) - slow).abs() < 1e-5);
            }
        }
        Arch::new().dispatch(Run(&learned, &mut codes, false));
        for (back, sample) in codes.iter().zip(&before) {
            assert!((back - sample).abs() < 1e-5, "{back} is not {sample}");
        }
    }

    #[test]
    fn the_dense_cosine_transform_is_the_fast_one() {
        let dense = Learned8::try_from(&Dictionary::cosine(SIDE)).unwrap();
        let (mut slow, mut fast) = (batch(), batch());
        Arch::new().dispatch(Run(&Transform8::Learned(dense), &mut slow, true));
        Arch::new().dispatch(Run(&Transform8::Cosine, &mut fast, true));
        for (slow, fast) in slow.iter().zip(&fast) {
            assert!((slow - fast).abs() < 1e-5, "{slow} is not {fast}");
        }
    }

    #[test]
    fn what_the_solver_cannot_use_is_refused_by_name() {
        let refusal = |dictionary: &Dictionary| Learned8::try_from(dictionary).err();
        let other = Dictionary::cosine(4);
        assert_eq!(refusal(&other), Some(DictionaryError::Side { supported: 8, actual: 4 }));
        let cosine = Dictionary::cosine(SIDE);
        let rebuilt = |kind, taps| {
            let record: TrainingRecord = cosine.record().clone();
            Dictionary::new(kind, SIDE, taps, record).unwrap()
        };
        let filters = rebuilt(DictionaryKind::Filters, cosine.taps().to_vec());
        assert_eq!(refusal(&filters), Some(DictionaryError::NotATransform));
        let mut taps = cosine.taps().to_vec();
        taps.rotate_left(SIZE);
        let last = rebuilt(DictionaryKind::Transform, taps);
        assert!(matches!(refusal(&last), Some(DictionaryError::MeanNotFirst { .. })));
    }
}
