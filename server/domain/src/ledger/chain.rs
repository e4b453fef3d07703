//! The hash chain over the transactions.

use super::hold::Terms;
use super::post::{Posting, Transaction};
use crate::currency::Currency;
use crate::store::{IntoValue, Record, Value, record};
use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

record! {
    /// The head of a chain. Each writing process has a chain of its own, so that several need not wait for each other.
    Chain in "chain" key {
        /// The chain.
        chain: u32,
    } {
        /// How many transactions it has.
        length: i64,
        /// The hash of its last transaction.
        head: Hash,
    }
}

/// The hash of a transaction: over the hash before it, all its fields, all its postings, the terms of the hold that it
/// placed, captured or released, and what a unit of its currency is.
pub(super) fn hash(
    previous: &Hash,
    transaction: &Transaction,
    postings: &[Posting],
    hold: Option<Terms>,
    currency: &Currency,
) -> Hash {
    let mut body = Vec::new();
    spell(&mut body, transaction.to_row());
    for posting in postings {
        spell(&mut body, posting.to_row());
    }
    spell_end(&mut body, hold, currency);
    link(previous, &body)
}

/// What is hashed after a transaction and its postings.
pub(super) fn spell_end(body: &mut Vec<u8>, hold: Option<Terms>, currency: &Currency) {
    if let Some(terms) = hold {
        spell(body, terms.to_row());
    }
    // Units mean something by these alone: without them, all the money of a currency could be made a hundredth.
    spell(body, vec![currency.code.value(), currency.decimals.value()]);
}

/// The hash of what a transaction says, spelled, after the hash before it.
pub(super) fn link(previous: &Hash, body: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(body);
    hasher.finalize().into()
}

fn spell(body: &mut Vec<u8>, row: Vec<Value>) {
    for value in row {
        value.borrowed().spell(body);
    }
}

/// What a transaction carries while its own hash is computed.
pub(super) const NO_HASH: Hash = [0; 32];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_texts_do_not_flow_together() {
        let digest = |row: Vec<Value>| {
            let mut body = Vec::new();
            spell(&mut body, row);
            link(&NO_HASH, &body)
        };
        assert_ne!(digest(vec!["ab".value(), "c".value()]), digest(vec!["a".value(), "bc".value()]));
        assert_ne!(digest(vec![Value::Null, "".value()]), digest(vec!["".value(), Value::Null]));
    }
}
