//! How simulated networks behave, where an integrator would notice.

use crate::bridge::network::{Asset, Facts};
use florin_sdk_core::Timestamp;

/// How a simulated network treats what is submitted to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As it should.
    Ok,
    /// It is lost on the way there: nobody answers, nothing arrives.
    Drop,
    /// It arrives, and the answer is lost.
    Lost,
    /// Nobody answers, and it arrives a while later.
    Late,
    /// It arrives twice.
    Double,
    /// The network says no.
    Reject,
    /// It arrives, and no block takes it.
    Stuck,
    /// Nobody answers anything.
    Down,
    /// One of the first five, at random, each time.
    Chaos,
}

impl Mode {
    /// All of them, by the words that a sandbox says.
    pub const ALL: [(&'static str, Self); 9] = [
        ("ok", Self::Ok),
        ("drop", Self::Drop),
        ("lost", Self::Lost),
        ("late", Self::Late),
        ("double", Self::Double),
        ("reject", Self::Reject),
        ("stuck", Self::Stuck),
        ("down", Self::Down),
        ("chaos", Self::Chaos),
    ];

    /// The mode of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(word, _)| *word == name).map(|(_, mode)| *mode)
    }

    /// Chaos made concrete.
    #[must_use]
    pub fn settled(self, random: u8) -> Self {
        match (self, random % 8) {
            (Self::Chaos, 0..=2) => Self::Ok,
            (Self::Chaos, 3) => Self::Drop,
            (Self::Chaos, 4) => Self::Lost,
            (Self::Chaos, 5 | 6) => Self::Late,
            (Self::Chaos, _) => Self::Double,
            (mode, _) => mode,
        }
    }
}

/// What an account must keep of the network's own currency, in its smallest unit: for itself, and for each line of trust.
///
/// Source: xrpl.org, "Reserves" (1 XRP and 0.2 XRP); developers.stellar.org, "Minimum balance" (2 and 1 times 0.5 XLM).
pub(super) fn reserve(facts: &Facts) -> (i128, i128) {
    match facts.name {
        "ripple" => (1_000_000, 200_000),
        "stellar" => (10_000_000, 5_000_000),
        _ => (0, 0),
    }
}

/// What each payment costs its sender, of the network's own currency, in its smallest unit.
pub(super) fn fee(facts: &Facts) -> i128 {
    match facts.name {
        "ripple" => 12,
        "stellar" => 100,
        "bitcoin" => 1_000,
        _ => 0,
    }
}

/// What a network of this kind says, in its own words.
pub(super) struct Words {
    pub(super) no_destination: &'static str,
    pub(super) no_line: &'static str,
    pub(super) tag_needed: &'static str,
    pub(super) unfunded: &'static str,
    pub(super) rejected: &'static str,
    pub(super) partial: &'static str,
}

pub(super) fn words(facts: &Facts) -> Words {
    match facts.name {
        "ripple" => Words {
            no_destination: "tecNO_DST_INSUF_XRP: the destination does not exist, and this is too little to open it",
            no_line: "tecPATH_DRY: the destination has no trust line for this currency of this issuer",
            tag_needed: "tecDST_TAG_NEEDED: the destination asks for a tag",
            unfunded: "tecUNFUNDED_PAYMENT: the sender has too little",
            rejected: "tecNO_PERMISSION: the destination refuses the payment",
            partial: "tecPATH_PARTIAL: the amount does not suffice for what must arrive",
        },
        "stellar" => Words {
            no_destination: "op_no_destination: the destination does not exist",
            no_line: "op_no_trust: the destination has no trust line for this asset",
            tag_needed: "SEP-29: the destination asks for a memo",
            unfunded: "op_underfunded: the sender has too little",
            rejected: "op_not_authorized: the destination may not hold this asset",
            partial: "op_too_few_offers: the amount does not suffice for what must arrive",
        },
        "bitcoin" => Words {
            no_destination: "bad destination",
            no_line: "bitcoin has no other assets",
            tag_needed: "bitcoin has no tags",
            unfunded: "insufficient funds",
            rejected: "rejected by the network: min relay fee not met",
            partial: "bitcoin converts nothing",
        },
        _ => Words {
            no_destination: "AC01: incorrect account number",
            no_line: "AM03: currency not accepted",
            tag_needed: "RR01: missing reference",
            unfunded: "AM04: insufficient funds",
            rejected: "AC04: the account is closed",
            partial: "AM02: amount not allowed",
        },
    }
}

/// Whether an account must have been opened before it can receive.
pub(super) fn opens_accounts(facts: &Facts) -> bool {
    facts.trust_lines
}

/// Whether a payment of at least the reserve opens the account that it goes to.
pub(super) fn payment_opens(facts: &Facts) -> bool {
    facts.name == "ripple"
}

/// When a bank books, in milliseconds of the day: 16:00 UTC.
const CUT_OFF_MS: i64 = 16 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// When a payment that arrives now is booked at the earliest: at once, but at a bank at the next cut-off of a working
/// day.
pub(super) fn booked_at(facts: &Facts, now: Timestamp) -> Timestamp {
    if facts.name != "bank" {
        return now;
    }
    let now = now.millis();
    let mut day = now.div_euclid(DAY_MS);
    if now.rem_euclid(DAY_MS) >= CUT_OFF_MS {
        day = day.saturating_add(1);
    }
    // The first of January 1970 was a Thursday: 0 is Sunday here.
    while matches!((day + 4).rem_euclid(7), 0 | 6) {
        day = day.saturating_add(1);
    }
    Timestamp::from_millis(day.saturating_mul(DAY_MS).saturating_add(CUT_OFF_MS))
}

/// What currencies cost on simulated networks, in millionths of a US dollar. All others cost a dollar.
#[must_use]
pub fn prices() -> &'static [(&'static str, i128)] {
    &[
        ("USD", 1_000_000),
        ("EUR", 1_100_000),
        ("CAD", 730_000),
        ("BTC", 50_000_000_000),
        ("XRP", 500_000),
        ("XLM", 100_000),
    ]
}

fn price(code: &str) -> i128 {
    prices().iter().find(|(name, _)| *name == code).map_or(1_000_000, |(_, price)| *price)
}

/// How much of `source`, in its smallest unit, it takes at most for so many units of `wanted` to arrive: by price, and
/// half a percent for what the price may do meanwhile. The same asset costs itself.
pub(super) fn cost(facts: &Facts, wanted: &Asset, units: i128, source: &Asset) -> Option<i128> {
    if wanted == source {
        return Some(units);
    }
    let scale = |asset: &Asset| 10_i128.checked_pow(facts.decimals_of(asset));
    let worth = units.checked_mul(price(&wanted.code))?.checked_mul(scale(source)?)?.checked_mul(1005)?;
    let divisor = scale(wanted)?.checked_mul(price(&source.code))?.checked_mul(1000)?;
    // Up, so that it suffices.
    worth.checked_add(divisor - 1)?.checked_div(divisor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::facts::{BANK, RIPPLE};

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_bank_books_at_four_on_working_days() {
        // 27 November 2026 is a Friday.
        for (now, booked) in [
            ("2026-11-27T15:59:59Z", "2026-11-27T16:00:00Z"),
            ("2026-11-27T16:00:00Z", "2026-11-30T16:00:00Z"),
            ("2026-11-28T09:00:00Z", "2026-11-30T16:00:00Z"),
            ("2026-11-29T23:59:59Z", "2026-11-30T16:00:00Z"),
            ("2026-11-30T00:00:00Z", "2026-11-30T16:00:00Z"),
        ] {
            assert_eq!(booked_at(&BANK, time(now)), time(booked), "{now}");
            assert_eq!(booked_at(&RIPPLE, time(now)), time(now));
        }
    }

    #[test]
    fn what_a_conversion_costs() {
        let asset = |text: &str| Asset::parse(text).unwrap();
        let (usd, xrp) = (asset("USD/rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B"), asset("XRP"));
        // 10 USD (8 digits) are 20 XRP (6 digits), and half a percent.
        assert_eq!(cost(&RIPPLE, &usd, 1_000_000_000, &xrp), Some(20_100_000));
        assert_eq!(cost(&RIPPLE, &usd, 1, &xrp), Some(1), "rounded up");
        assert_eq!(cost(&RIPPLE, &usd, 7, &usd), Some(7));
        assert_eq!(cost(&RIPPLE, &usd, i128::MAX, &xrp), None);
    }
}
