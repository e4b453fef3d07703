//! Randomness that can be repeated.

use fastrand::Rng;

/// A generator for one test. Its seed is printed, and shown when the test fails; `FLORIN_TEST_SEED` sets it.
#[must_use]
pub fn generator(test: &str) -> Rng {
    let seed = std::env::var("FLORIN_TEST_SEED")
        .map_or_else(|_| fastrand::u64(..), |text| text.parse().expect("FLORIN_TEST_SEED is a number"));
    eprintln!("{test}: to repeat, set FLORIN_TEST_SEED={seed}");
    Rng::with_seed(seed)
}
