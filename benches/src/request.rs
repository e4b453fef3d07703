//! Requests as bytes: made once, and changed in place.

use crate::load::{Requests, SUCCESS};
use anyhow::Context;
use fastrand::Rng;
use florin_sdk_core::operation::{BASE_PATH, Operation, WalletTransfer};
use florin_sdk_core::{CurrencyCode, Waid};
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

/// Where the server says that it is alive.
const HEALTH: &str = "/healthz";

/// The same request again and again.
pub(crate) struct Same {
    bytes: Vec<u8>,
    /// How answers begin.
    success: &'static [u8],
}

impl Same {
    /// The empty handler: a JSON object of a transfer's size is read, nothing is done, and JSON is the answer.
    pub(crate) fn empty() -> Box<dyn Requests> {
        let body = format!(r#"{{"nothing":"{}"}}"#, "0".repeat(100));
        let text = format!(
            "POST {HEALTH} HTTP/1.1\r\nHost: florin\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Box::new(Self { bytes: text.into_bytes(), success: br#"{"status":"ok"}"# })
    }

    /// The same place without any JSON: the least that the server can do.
    pub(crate) fn bare() -> Box<dyn Requests> {
        let bytes = format!("GET {HEALTH} HTTP/1.1\r\nHost: florin\r\n\r\n").into_bytes();
        Box::new(Self { bytes, success: b"ok" })
    }

    /// A GET of the native surface with a mobile token.
    pub(crate) fn mobile(path: &str, token: &str) -> Box<dyn Requests> {
        let head = format!("GET {BASE_PATH}{path} HTTP/1.1\r\nHost: florin\r\nAuthorization: Bearer {token}\r\n\r\n");
        Box::new(Self { bytes: head.into_bytes(), success: SUCCESS })
    }
}

impl Requests for Same {
    fn next(&mut self) -> &[u8] {
        &self.bytes
    }

    fn accepts(&self, body: &[u8]) -> bool {
        body.starts_with(self.success)
    }
}

/// Which wallets transfers are between.
#[derive(Debug, Clone)]
pub(crate) struct Wallets {
    /// Their ids as the wire has them.
    ids: Arc<[String]>,
    /// Whether the first of them is in every transfer.
    hot: bool,
}

impl Wallets {
    pub(crate) fn new(wallets: &[Waid], hot: bool) -> Self {
        Self { ids: wallets.iter().map(Waid::to_string).collect(), hot }
    }

    /// Two of them, never the same.
    fn pair(&self, rng: &mut Rng) -> Option<(&str, &str)> {
        let count = self.ids.len();
        let one = if self.hot { 0 } else { rng.usize(..count) };
        let other = (one + rng.usize(1..count)) % count;
        let (one, other) = (self.ids.get(one)?, self.ids.get(other)?);
        Some(if rng.bool() { (one, other) } else { (other, one) })
    }
}

/// Transfers of the smallest unit, each under a client reference of its own.
pub(crate) struct Transfers {
    bytes: Vec<u8>,
    source: Range<usize>,
    destination: Range<usize>,
    reference: Range<usize>,
    wallets: Wallets,
    rng: Rng,
}

impl Transfers {
    pub(crate) fn sender(wallets: Wallets, currency: &CurrencyCode, key: &str) -> anyhow::Result<Box<dyn Requests>> {
        let (one, other) = (Waid::new(1).context("an id")?, Waid::new(2).context("an id")?);
        let body = serde_json::to_string(&WalletTransfer::new("0.01".parse()?, currency.clone(), other, one))?;
        let path = WalletTransfer::PATHS.first().context("a path")?;
        let reference = "0".repeat(32);
        let text = format!(
            "POST {BASE_PATH}{path} HTTP/1.1\r\nHost: florin\r\nX-APIKey: {key}\r\nIdempotency-Key: {reference}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let place = |what: &str| -> anyhow::Result<Range<usize>> {
            let start = text.find(what).context("it was put there")?;
            Ok(start..start + what.len())
        };
        Ok(Box::new(Self {
            source: place(&one.to_string())?,
            destination: place(&other.to_string())?,
            reference: place(&reference)?,
            bytes: text.into_bytes(),
            wallets,
            rng: Rng::new(),
        }))
    }
}

impl Requests for Transfers {
    fn next(&mut self) -> &[u8] {
        let reference = self.rng.u128(..);
        if let Some(mut place) = self.bytes.get_mut(self.reference.clone()) {
            // There is room for 32 digits.
            let _ = write!(place, "{reference:032x}");
        }
        let pair = self.wallets.pair(&mut self.rng);
        for (place, id) in pair.into_iter().flat_map(|(a, b)| [(&self.source, a), (&self.destination, b)]) {
            if let Some(place) = self.bytes.get_mut(place.clone()) {
                place.copy_from_slice(id.as_bytes());
            }
        }
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_transfer_is_between_two_wallets_and_under_its_own_reference() {
        let waids: Vec<Waid> = (10..13).map(|number| Waid::new(number).unwrap()).collect();
        for hot in [false, true] {
            let wallets = Wallets::new(&waids, hot);
            let mut sender = Transfers::sender(wallets, &"TOK.acme".parse().unwrap(), "key").unwrap();
            let mut references = std::collections::BTreeSet::new();
            for _ in 0..100 {
                let text = String::from_utf8(sender.next().to_vec()).unwrap();
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                assert!(head.contains(&format!("Content-Length: {}", body.len())));
                let transfer: WalletTransfer = serde_json::from_str(body).unwrap();
                let ends = [transfer.source_waid, transfer.destination_waid];
                assert_ne!(ends[0], ends[1]);
                assert!(ends.iter().all(|end| waids.contains(end)));
                assert!(!hot || ends.contains(&waids[0]));
                let reference = head.lines().find_map(|line| line.strip_prefix("Idempotency-Key: ")).unwrap();
                assert!(references.insert(reference.to_owned()), "{reference} twice");
            }
        }
    }
}
