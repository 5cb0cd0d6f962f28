//! How fast a network learns, from step to step.

use serde::{Deserialize, Serialize};

/// Rises linearly over the first steps, then falls along a half cosine to nearly nothing
/// (Loshchilov and Hutter 2017, "SGDR: Stochastic gradient descent with warm restarts", equation
/// 5, without restarts).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The highest rate.
    pub rate: f64,
    /// Steps until it is reached.
    pub warm_up: u64,
    /// Steps until the end.
    pub steps: u64,
}

impl Schedule {
    /// The last rate, as a share of the highest: steps that change nothing teach nothing.
    const FLOOR: f64 = 0.01;

    /// The rate of step `step`, counted from zero.
    pub fn rate(self, step: u64) -> f64 {
        if step < self.warm_up {
            return self.rate * (step + 1) as f64 / self.warm_up as f64;
        }
        let falling = self.steps.saturating_sub(self.warm_up).max(1);
        let share = ((step - self.warm_up) as f64 / falling as f64).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * share).cos());
        self.rate * (Self::FLOOR + (1.0 - Self::FLOOR) * cosine)
    }

    /// The rates of all steps together: how far a gradient of one leads.
    pub fn length(self) -> f64 {
        (0..self.steps).map(|step| self.rate(step)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn the_rate_rises_to_its_highest_and_then_only_falls() {
        let schedule = Schedule { rate: 0.1, warm_up: 4, steps: 20 };
        let rates: Vec<f64> = (0..25).map(|step| schedule.rate(step)).collect();
        assert!((rates[0] - 0.025).abs() < 1e-12);
        assert!((rates[3] - 0.1).abs() < 1e-12 && (rates[4] - 0.1).abs() < 1e-12);
        assert!(rates[4..20].windows(2).all(|pair| pair[1] < pair[0]));
        // Whoever goes on after the end learns slowly, but learns.
        assert!((rates[24] - 0.001).abs() < 1e-12);
    }

    #[test]
    fn a_constant_gradient_leads_as_far_as_the_schedule_is_long() {
        let schedule = Schedule { rate: 0.1, warm_up: 4, steps: 20 };
        let by_hand: f64 = (0..20).map(|step| schedule.rate(step)).sum();
        assert!((schedule.length() - by_hand).abs() < 1e-12);
        // A cosine is half as long as its highest rate throughout.
        let long = Schedule { rate: 0.1, warm_up: 0, steps: 10_000 };
        assert!((long.length() - 0.505 * 0.1 * 10_000.0).abs() < 0.1);
    }

    #[test]
    fn there_may_be_no_warm_up_and_a_single_step() {
        assert!((Schedule { rate: 1.0, warm_up: 0, steps: 1 }.rate(0) - 1.0).abs() < 1e-12);
    }
}
