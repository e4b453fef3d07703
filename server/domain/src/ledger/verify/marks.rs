//! Comparing many things with many others in little memory.
//!
//! Each thing gets a mark: a keyed hash of 128 bits, by a key that is new each time. What one side says is added, what
//! the other says is taken away. Where both say the same things, in whatever order, nothing is left; where they do not,
//! something is, but for a chance of one in 2^100 that nobody can work on, as nobody knows the key.
//!
//! Sums are kept in buckets, so that what is left tells where to look closely.

use crate::secrets;
use siphasher::sip128::SipHasher13;

/// How many buckets each comparison has.
pub(super) const BUCKETS: usize = 4096;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    /// What a wallet had of a currency before and after each posting; and what its balance says that it began and ended
    /// with.
    Steps,
    /// What postings set aside, and what balances say is set aside.
    Held,
    /// What open holds set aside, and what balances say is set aside.
    Holds,
    /// What refunds paid back of a transaction, and what is kept of that.
    Refunds,
    /// Transactions made under a client reference, and client references.
    References,
    /// Transactions about holds, and holds.
    HoldWords,
    /// Transactions that paid a request, and requests that are paid.
    Payments,
    /// Transactions that began a withdrawal, and withdrawals.
    Withdrawals,
    /// Transactions that booked what came in over a bridge, and what came in.
    Deposits,
}

const KINDS: usize = Between::Deposits as usize + 1;

/// The key.
pub(super) struct Marker(SipHasher13);

impl Marker {
    pub(super) fn new() -> Self {
        Self(SipHasher13::new_with_key(&secrets::random()))
    }

    fn hash(&self, bytes: &[u8]) -> u128 {
        self.0.hash(bytes).as_u128()
    }

    /// The mark of some numbers.
    pub(super) fn numbers<const N: usize>(&self, numbers: [i128; N]) -> u128 {
        // As many as the largest call has.
        let mut bytes = [0; 16 * 8];
        let (whole, _) = bytes.as_chunks_mut::<16>();
        for (place, number) in whole.iter_mut().zip(numbers) {
            *place = number.to_le_bytes();
        }
        const { assert!(N <= 8, "numbers have 8 places") };
        self.hash(bytes.get(..16 * N).unwrap_or(&bytes))
    }

    /// The mark of a text.
    pub(super) fn text(&self, text: &[u8]) -> i128 {
        self.hash(text).cast_signed()
    }

    /// The mark of a wallet and a currency: it says which bucket, and is what their units are multiplied with.
    pub(super) fn place(&self, waid: i64, currency: i64) -> u128 {
        self.numbers([waid.into(), currency.into()])
    }
}

/// What is left of each comparison, by bucket.
pub(super) struct Sums(Vec<u128>);

impl Sums {
    pub(super) fn new() -> Self {
        Self(vec![0; KINDS * BUCKETS])
    }

    /// Adds a mark to the bucket of `place`.
    pub(super) fn add(&mut self, between: Between, place: u128, mark: u128) {
        if let Some(sum) = self.0.get_mut(between as usize * BUCKETS + bucket(place)) {
            *sum = sum.wrapping_add(mark);
        }
    }

    pub(super) fn take(&mut self, between: Between, place: u128, mark: u128) {
        self.add(between, place, mark.wrapping_neg());
    }

    /// Adds so many units of `place`: an odd factor, so that no number of units is lost.
    pub(super) fn add_units(&mut self, between: Between, place: u128, units: i128) {
        if units != 0 {
            self.add(between, place, (place | 1).wrapping_mul(units.cast_unsigned()));
        }
    }

    pub(super) fn take_units(&mut self, between: Between, place: u128, units: i128) {
        self.add_units(between, place, units.wrapping_neg());
    }

    /// Adds all that another one has.
    pub(super) fn merge(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(&other.0) {
            *sum = sum.wrapping_add(*more);
        }
    }

    /// The buckets where something is left.
    pub(super) fn left(&self, between: Between) -> Vec<usize> {
        let own = self.0.iter().skip(between as usize * BUCKETS).take(BUCKETS);
        own.enumerate().filter(|(_, sum)| **sum != 0).map(|(bucket, _)| bucket).collect()
    }
}

/// The bucket of a place. By its upper half, as the lower one has to do with what is added.
pub(super) fn bucket(place: u128) -> usize {
    usize::try_from((place >> 64) % BUCKETS as u128).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_things_in_another_order_leave_nothing_and_others_do() {
        let marker = Marker::new();
        let things = |numbers: &[(i64, i128)]| {
            let mut sums = Sums::new();
            for (place, value) in numbers {
                let place = marker.place(*place, 1);
                sums.add(Between::Steps, place, marker.numbers([*value]));
                sums.add_units(Between::Held, place, *value);
            }
            sums
        };
        let difference = |one: &[(i64, i128)], other: &[(i64, i128)]| {
            let mut sums = things(one);
            for sum in &mut sums.0 {
                *sum = sum.wrapping_neg();
            }
            sums.merge(&things(other));
            (sums.left(Between::Steps).len(), sums.left(Between::Held).len())
        };
        assert_eq!(difference(&[(1, 5), (2, 6), (1, 7)], &[(1, 7), (1, 5), (2, 6)]), (0, 0));
        assert_eq!(difference(&[(1, 5)], &[(1, 6)]), (1, 1));
        assert_eq!(difference(&[(1, 5)], &[]), (1, 1));
        assert_eq!(difference(&[(1, 5), (1, 5)], &[(1, 10)]), (1, 0), "sums of units are compared, steps one by one");
        assert_eq!(difference(&[(1, i128::MIN)], &[]), (1, 1), "an odd factor loses nothing");
    }
}
