//! What the tests of random traces share: the same cases at each run, so that what fails fails again. To hunt for
//! others, set `PROPTEST_RNG_SEED` to another number, and `THUNDER_CASES` to more cases of each property.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use thunder_core::trace::Trace;
use thunder_oracle::Array;
use thunder_oracle::random_trace::Recipe;

/// How many cases, and how they are shrunk.
pub fn cases() -> ProptestConfig {
    let cases = std::env::var("THUNDER_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let config = ProptestConfig::default();
    let rng_seed = match config.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        seed => seed,
    };
    ProptestConfig { cases, rng_seed, failure_persistence: None, max_shrink_iters: 4000, ..config }
}

/// Recipes of traces of fewer instructions than `steps`.
pub fn recipe(steps: usize) -> impl Strategy<Value = Recipe> {
    let bytes = (vec(any::<[u8; 6]>(), 1..5), vec(any::<[u8; 8]>(), 1..steps), vec(any::<u8>(), 0..3));
    bytes.prop_map(|(params, steps, results)| Recipe { params, steps, results })
}

/// Asserts that each element lies within its bound; NaN and infinities where they are.
pub fn assert_within(what: &str, got: &[Array], want: &[Array], bounds: &[Vec<f64>], trace: &Trace) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, ((g, w), bound)) in got.iter().zip(want).zip(bounds).enumerate() {
        assert_eq!((g.dtype, &g.shape), (w.dtype, &w.shape), "{what}: result {i}\n{trace}");
        for (k, ((&x, &y), &e)) in g.data.iter().zip(&w.data).zip(bound).enumerate() {
            let same = x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= e || e == f64::INFINITY;
            assert!(same, "{what}: result {i}, element {k}: got {x}, expected {y} within {e}\n{trace}");
        }
    }
}
