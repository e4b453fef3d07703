//! What a tier says.

use crate::currency::{Currency, crypto_letters};
use florin_sdk_core::{Amount, JsonObject};
use serde::{Deserialize, Serialize};

/// What is counted towards a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Money comes in from outside.
    Deposit,
    /// Money goes outside.
    Withdraw,
    /// Money goes to another wallet of the platform.
    Transfer,
    /// A payment request is paid: counted for the payer.
    Payment,
}

impl Action {
    /// The name in the row that counts it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdraw => "withdraw",
            Self::Transfer => "transfer",
            Self::Payment => "payment",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Payment => "pay",
            other => other.name(),
        }
    }

    /// The permission that it needs by itself.
    pub(super) const fn permission(self, crypto: bool) -> Option<Permission> {
        Some(match (self, crypto) {
            (Self::Deposit, true) => Permission::DepositCrypto,
            (Self::Deposit, false) => Permission::DepositFiat,
            (Self::Withdraw, true) => Permission::WithdrawCrypto,
            (Self::Withdraw, false) => Permission::WithdrawFiat,
            (Self::Transfer, true) => Permission::TransferCrypto,
            (Self::Transfer, false) => Permission::TransferFiat,
            (Self::Payment, _) => Permission::SendPayment,
        })
    }
}

/// What a tier can forbid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Cryptographic money may come in.
    DepositCrypto,
    /// Money of states, and what profiles issue, may come in.
    DepositFiat,
    /// Cryptographic money may go out.
    WithdrawCrypto,
    /// Money of states, and what profiles issue, may go out.
    WithdrawFiat,
    /// Cryptographic money may be transferred.
    TransferCrypto,
    /// Money of states, and what profiles issue, may be transferred.
    TransferFiat,
    /// Trading wallets may be made and used.
    Trading,
    /// Payment requests may be made.
    CreatePaymentRequest,
    /// Payment requests may be paid.
    SendPayment,
    /// Payments may be received.
    ReceivePayment,
    /// Payments may be taken through a processor, and charged without the payer's own acceptance.
    ProcessPayment,
}

impl Permission {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::DepositCrypto => "deposit cryptographic money",
            Self::DepositFiat => "deposit money of this kind",
            Self::WithdrawCrypto => "withdraw cryptographic money",
            Self::WithdrawFiat => "withdraw money of this kind",
            Self::TransferCrypto => "transfer cryptographic money",
            Self::TransferFiat => "transfer money of this kind",
            Self::Trading => "trade",
            Self::CreatePaymentRequest => "make payment requests",
            Self::SendPayment => "pay",
            Self::ReceivePayment => "receive payments",
            Self::ProcessPayment => "process payments",
        }
    }
}

const fn yes() -> bool {
    true
}

/// What a tier says. A limit that is none is not there.
#[allow(clippy::struct_excessive_bools, reason = "the contract's own switches")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TierTerms {
    #[allow(missing_docs, reason = "see Permission")]
    #[serde(default = "yes")]
    pub deposit_crypto: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub deposit_fiat: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub withdraw_crypto: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub withdraw_fiat: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub transfer_crypto: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub transfer_fiat: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub trading: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub create_payment_request: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub send_payment: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub receive_payment: bool,
    #[allow(missing_docs, reason = "see Permission")]
    pub process_payment: bool,
    /// How much may be deposited of money of states and of what profiles issue, within the hours and within the days.
    pub deposit_fiat_limits: [Option<Amount>; 2],
    /// How much may be deposited of cryptographic money.
    pub deposit_crypto_limits: [Option<Amount>; 2],
    /// How much may be withdrawn of money of states and of what profiles issue.
    pub withdraw_fiat_limits: [Option<Amount>; 2],
    /// How much may be withdrawn of cryptographic money.
    pub withdraw_crypto_limits: [Option<Amount>; 2],
    /// How much may be transferred of money of states and of what profiles issue.
    pub transfer_fiat_limits: [Option<Amount>; 2],
    /// How much may be transferred of cryptographic money.
    pub transfer_crypto_limits: [Option<Amount>; 2],
    /// How much may be paid of money of states and of what profiles issue.
    pub payment_fiat_limits: [Option<Amount>; 2],
    /// How much may be paid of cryptographic money.
    pub payment_crypto_limits: [Option<Amount>; 2],
    /// The hours that each first limit is about.
    pub hours: u32,
    /// The days that each second limit is about.
    pub days: u32,
}

impl Default for TierTerms {
    /// Everything is allowed, nothing is limited; a day, and thirty days.
    fn default() -> Self {
        Self {
            deposit_crypto: true,
            deposit_fiat: true,
            withdraw_crypto: true,
            withdraw_fiat: true,
            transfer_crypto: true,
            transfer_fiat: true,
            trading: true,
            create_payment_request: true,
            send_payment: true,
            receive_payment: true,
            process_payment: true,
            deposit_fiat_limits: [None, None],
            deposit_crypto_limits: [None, None],
            withdraw_fiat_limits: [None, None],
            withdraw_crypto_limits: [None, None],
            transfer_fiat_limits: [None, None],
            transfer_crypto_limits: [None, None],
            payment_fiat_limits: [None, None],
            payment_crypto_limits: [None, None],
            hours: 24,
            days: 30,
        }
    }
}

impl TierTerms {
    /// Whether it forbids and limits nothing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self { hours: self.hours, days: self.days, ..Self::default() }
    }

    pub(super) fn read(stored: &JsonObject) -> Self {
        // Only `write` makes it.
        serde_json::from_value(serde_json::Value::Object(stored.0.clone())).unwrap_or_else(|error| {
            tracing::error!(%error, "the terms of a tier cannot be read: nothing is allowed");
            Self::closed()
        })
    }

    pub(super) fn write(&self) -> JsonObject {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(map)) => JsonObject(map),
            _ => JsonObject::default(),
        }
    }

    fn closed() -> Self {
        Self {
            deposit_crypto: false,
            deposit_fiat: false,
            withdraw_crypto: false,
            withdraw_fiat: false,
            transfer_crypto: false,
            transfer_fiat: false,
            trading: false,
            create_payment_request: false,
            send_payment: false,
            receive_payment: false,
            process_payment: false,
            ..Self::default()
        }
    }

    /// Whether it allows something.
    #[must_use]
    pub const fn allows(&self, permission: Permission) -> bool {
        match permission {
            Permission::DepositCrypto => self.deposit_crypto,
            Permission::DepositFiat => self.deposit_fiat,
            Permission::WithdrawCrypto => self.withdraw_crypto,
            Permission::WithdrawFiat => self.withdraw_fiat,
            Permission::TransferCrypto => self.transfer_crypto,
            Permission::TransferFiat => self.transfer_fiat,
            Permission::Trading => self.trading,
            Permission::CreatePaymentRequest => self.create_payment_request,
            Permission::SendPayment => self.send_payment,
            Permission::ReceivePayment => self.receive_payment,
            Permission::ProcessPayment => self.process_payment,
        }
    }

    /// The limits within the hours and within the days.
    pub(super) const fn limits(&self, action: Action, crypto: bool) -> [Option<Amount>; 2] {
        match (action, crypto) {
            (Action::Deposit, false) => self.deposit_fiat_limits,
            (Action::Deposit, true) => self.deposit_crypto_limits,
            (Action::Withdraw, false) => self.withdraw_fiat_limits,
            (Action::Withdraw, true) => self.withdraw_crypto_limits,
            (Action::Transfer, false) => self.transfer_fiat_limits,
            (Action::Transfer, true) => self.transfer_crypto_limits,
            (Action::Payment, false) => self.payment_fiat_limits,
            (Action::Payment, true) => self.payment_crypto_limits,
        }
    }

    /// The hours and the days, in milliseconds.
    pub(super) fn windows_ms(&self) -> [i64; 2] {
        const HOUR: i64 = 3_600_000;
        [i64::from(self.hours).saturating_mul(HOUR), i64::from(self.days).saturating_mul(24 * HOUR)]
    }
}

/// A limit in the smallest unit of a currency, rounded down; none if it is more than an amount can be.
pub(super) fn floor(limit: Amount, decimals: u32) -> Option<i128> {
    limit.cut(decimals).units(decimals).ok()
}

/// Whether a currency counts as cryptographic: one of the platform's without an ISO 4217 number, or one that is worth as
/// much as such a one, or is named after it.
#[must_use]
pub fn is_crypto(currency: &Currency) -> bool {
    let named = currency.reference.as_ref().unwrap_or(&currency.code);
    crypto_letters(named.letters())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_round_trip_and_know_whether_they_say_anything() {
        let open = TierTerms::default();
        assert!(open.is_open() && TierTerms { hours: 1, ..open.clone() }.is_open());
        let limited = TierTerms { withdraw_fiat_limits: [None, Some("12.345".parse().unwrap())], ..open.clone() };
        let closed = TierTerms { trading: false, ..open.clone() };
        for terms in [open, limited.clone(), closed.clone()] {
            assert_eq!(TierTerms::read(&terms.write()), terms);
        }
        assert!(!limited.is_open() && !closed.is_open());
        assert!(!TierTerms::read(&r#"{"hours":"x"}"#.parse().unwrap()).deposit_fiat, "what is damaged opens nothing");
    }

    #[test]
    fn a_limit_is_rounded_down_to_what_the_currency_can_say() {
        assert_eq!(floor("12.349".parse().unwrap(), 2), Some(1234));
        assert_eq!(floor("12".parse().unwrap(), 8), Some(1_200_000_000));
        assert_eq!(floor("0.9".parse().unwrap(), 0), Some(0));
    }
}
