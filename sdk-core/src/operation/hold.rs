//! Money that is set aside before it is taken, and money that is paid back. Source: spec/florin/extensions.md.

use super::operation;
use crate::id::{Hoid, Txid, Uuid, Waid};
use crate::money::{Amount, CurrencyCode};

operation! {
    /// Sets money of a user aside: it stays theirs, and cannot be spent until the hold is captured, released or expires.
    pub money struct PlaceHold -> PlacedHold;
    Post "/wallet/hold"; callers Provider; group "holds"; timeout Standard; rate Standard;
    rights { own ["initiatetransfer"], child ["chargechildprofile"], any [] }
    required {
        /// The currency's code.
        "currency" currency: CurrencyCode = 3..=16;
        /// How much, in whole currency units.
        "amount" amount: Amount = 1..=20;
    }
    optional {
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String = 1..=255;
        /// The user; instead of `provideruserid`.
        "uuid" uuid: Uuid = 21..=21;
        /// A wallet; instead of a user, whose default wallet is meant.
        "waid" waid: Waid = 21..=21;
        /// When it expires by itself, 60 to 2592000 seconds from now. Default 86400: a day.
        "expiresinseconds" expires_in_seconds: u32 = 60..=2_592_000;
        /// The client reference. Absent, the `Idempotency-Key` header is it.
        "referenceid" reference_id: String = 4..=64;
    }
    reference reference_id;
    check |op, problems| {
        problems.exactly_one(&[
            ("provideruserid", op.provider_user_id.is_some()),
            ("uuid", op.uuid.is_some()),
            ("waid", op.waid.is_some()),
        ]);
    }
}

wire_record! {
    write
    /// The new hold.
    pub struct PlacedHold {
        /// The hold.
        "hoid" hoid: Hoid;
        /// The transaction that placed it.
        "txid" txid: Txid;
    }
}

operation! {
    /// Takes money that is set aside into the default wallet of the caller's profile, once; what is left of the hold is
    /// released.
    pub money struct CaptureHold -> super::Transferred;
    Post "/wallet/hold/{hoid}/capture"; callers Provider; group "holds"; timeout Standard; rate Standard;
    rights { own ["initiatetransfer"], child ["chargechildprofile"], any [] }
    required {
        /// Which hold.
        "hoid" hoid: Hoid = 21..=21;
    }
    optional {
        /// How much, in whole currency units: all that is held when absent.
        "amount" amount: Amount = 1..=20;
        /// The client reference. Absent, the `Idempotency-Key` header is it.
        "referenceid" reference_id: String = 4..=64;
    }
    reference reference_id;
}

operation! {
    /// Ends a hold: all of its money can be spent again.
    pub money struct ReleaseHold -> super::Transferred;
    Post "/wallet/hold/{hoid}/release"; callers Provider; group "holds"; timeout Standard; rate Standard;
    rights { own ["initiatetransfer"], child ["chargechildprofile"], any [] }
    required {
        /// Which hold.
        "hoid" hoid: Hoid = 21..=21;
    }
    optional {
        /// The client reference. Absent, the `Idempotency-Key` header is it.
        "referenceid" reference_id: String = 4..=64;
    }
    reference reference_id;
}

operation! {
    /// Pays a transaction back, in whole or in part: from the wallet that received it to the one that paid. All refunds
    /// of a transaction together never exceed it.
    pub money struct RefundTransaction -> super::Transferred;
    Post "/wallet/refund"; callers Provider; group "wallets"; timeout Standard; rate Standard;
    rights { own ["initiatetransfer"], child ["chargechildprofile"], any [] }
    required {
        /// Which transaction: a transfer, payment, credit, debit or capture.
        "txid" txid: Txid = 21..=21;
    }
    optional {
        /// How much, in whole currency units: all that was not paid back yet when absent.
        "amount" amount: Amount = 1..=20;
        /// The client reference. Absent, the `Idempotency-Key` header is it.
        "referenceid" reference_id: String = 4..=64;
    }
    reference reference_id;
}
