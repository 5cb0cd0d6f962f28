//! The only source of randomness in pure code: seeded, small, the same on every machine.

/// A generator of pseudo-random numbers.
///
/// `SplitMix64` (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators",
/// OOPSLA): passes the usual statistical tests, not for secrets.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The generator that `seed` stands for.
    pub fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The state: [`Random::seeded`] continues the sequence from it.
    pub fn state(&self) -> u64 {
        self.state
    }

    /// Uniform over all 64-bit numbers.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `[0, 1)`, in steps of 2⁻²⁴.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / 16_777_216.0
    }

    /// Uniform over `0..limit`; zero when `limit` is zero.
    ///
    /// # Panics
    /// Never: the scaled number is below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        let scaled = (u128::from(self.bits()) * limit as u128) >> 64;
        usize::try_from(scaled).expect("the high half is below the limit")
    }

    /// Normal with mean zero and standard deviation one (Box and Muller 1958).
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_sequence_is_the_published_one() {
        // First outputs of the reference implementation for the seed 1234567.
        let mut random = Random::seeded(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_stored_state_continues_the_sequence() {
        let mut first = Random::seeded(7);
        first.bits();
        let mut second = Random::seeded(first.state());
        assert_eq!(first.bits(), second.bits());
    }

    #[test]
    fn normal_numbers_have_zero_mean_and_unit_variance() {
        let mut random = Random::seeded(3);
        let samples: Vec<f32> = (0..20_000).map(|_| random.normal()).collect();
        let mean = samples.iter().sum::<f32>() / 20_000.0;
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 20_000.0;
        // Five standard errors: 5 / sqrt(20000) and 5 sqrt(2 / 20000).
        assert!(mean.abs() < 0.036, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }
}
