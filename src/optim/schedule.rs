//! Learning-rate schedules.

/// A linear warm-up, then half a cosine down to a floor (Loshchilov and Hutter, "SGDR", 2017), as in nanoGPT.
///
/// ```
/// use thunder::optim::WarmupCosine;
/// let schedule = WarmupCosine { peak: 1e-3, floor: 1e-4, warmup: 100, steps: 2000 };
/// assert!(schedule.at(0) < 2e-5);
/// assert_eq!(schedule.at(100), 1e-3);
/// assert_eq!(schedule.at(2000), 1e-4);
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WarmupCosine {
    /// The rate after the warm-up.
    pub peak: f32,
    /// The rate at the end, and after it.
    pub floor: f32,
    /// The number of warm-up steps.
    pub warmup: usize,
    /// The total number of steps.
    pub steps: usize,
}

impl WarmupCosine {
    /// The learning rate of a step, counted from 0.
    pub fn at(&self, step: usize) -> f32 {
        if step < self.warmup {
            return self.peak * (step + 1) as f32 / (self.warmup + 1) as f32;
        }
        if step >= self.steps {
            return self.floor;
        }
        let done = (step - self.warmup) as f64 / (self.steps - self.warmup) as f64;
        let share = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        self.floor + (share * f64::from(self.peak - self.floor)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::WarmupCosine;

    #[test]
    fn falls_from_the_peak_to_the_floor() {
        let s = WarmupCosine { peak: 1.0, floor: 0.1, warmup: 10, steps: 110 };
        assert!((s.at(4) - 5.0 / 11.0).abs() < 1e-6);
        assert_eq!(s.at(10), 1.0);
        assert!((s.at(60) - 0.55).abs() < 1e-6);
        assert!((10..110).all(|i| s.at(i + 1) < s.at(i)));
    }

    #[test]
    fn shorter_than_its_warmup() {
        let s = WarmupCosine { peak: 1.0, floor: 0.1, warmup: 100, steps: 3 };
        assert!(s.at(2) < 0.05);
        assert_eq!(WarmupCosine { warmup: 0, steps: 0, ..s }.at(0), 0.1);
    }
}
