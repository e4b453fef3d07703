//! The hash chain over the transactions.

use super::hold::Terms;
use super::post::{Posting, Transaction};
use crate::store::{Record, Value, record};
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

/// The hash of a transaction: over the hash before it, all its fields, all its postings, and the terms of the hold that
/// it placed, captured or released.
pub(super) fn hash(previous: &Hash, transaction: &Transaction, postings: &[Posting], hold: Option<Terms>) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    feed(&mut hasher, transaction.to_row());
    for posting in postings {
        feed(&mut hasher, posting.to_row());
    }
    if let Some(terms) = hold {
        feed(&mut hasher, terms.to_row());
    }
    hasher.finalize().into()
}

/// The cells, each with its kind and length before it, so that no two rows feed the same bytes.
fn feed(hasher: &mut Sha256, row: Vec<Value>) {
    for value in row {
        let (kind, bytes) = match value {
            Value::Null => (0_u8, Vec::new()),
            Value::Int(number) => (1, number.to_be_bytes().to_vec()),
            Value::Text(text) => (2, text.into_bytes()),
            Value::Blob(bytes) => (3, bytes),
            Value::Units(units) => (4, units.to_be_bytes().to_vec()),
        };
        hasher.update([kind]);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    }
}

/// What a transaction carries while its own hash is computed.
pub(super) const NO_HASH: Hash = [0; 32];

/// The cells as they were hashed: without the hash itself.
pub(super) fn unhashed(transaction: &Transaction) -> Transaction {
    Transaction { hash: NO_HASH, ..transaction.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::IntoValue;

    #[test]
    fn neighbouring_texts_do_not_flow_together() {
        let digest = |row: Vec<Value>| {
            let mut hasher = Sha256::new();
            feed(&mut hasher, row);
            hasher.finalize()
        };
        assert_ne!(digest(vec!["ab".value(), "c".value()]), digest(vec!["a".value(), "bc".value()]));
        assert_ne!(digest(vec![Value::Null, "".value()]), digest(vec!["".value(), Value::Null]));
    }
}
