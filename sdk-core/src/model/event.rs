//! What happened, as receivers of notifications and readers of live events are told (A-103: the page shows names only,
//! the form is this project's).

use super::PaymentStatus;
use crate::id::{Hoid, Prid, Txid, Upid, Waid};
use crate::money::{Amount, CurrencyCode};
use crate::timestamp::Timestamp;

open_text_enum! {
    /// What kind of thing happened. The first twelve are movements of one wallet, by the type of their transaction.
    EventType {
        /// Money came in from outside.
        Deposit = "deposit",
        /// Money went outside.
        Withdraw = "withdraw",
        /// A transfer between wallets of the platform.
        Transfer = "transfer",
        /// A payment request was paid: what it moved.
        Payment = "payment",
        /// New units of a currency.
        Issue = "issue",
        /// Units of a currency taken out of circulation.
        Redeem = "redeem",
        /// From a provider to its user.
        Credit = "credit",
        /// From a user to its provider.
        Debit = "debit",
        /// Money was set aside.
        Hold = "hold",
        /// Money that was set aside was taken.
        Capture = "capture",
        /// Money that was set aside can be spent again.
        Release = "release",
        /// An earlier transaction was paid back, in whole or in part.
        Refund = "refund",
        /// Somebody asks to be paid.
        PaymentCreated = "payment.created",
        /// A payment request was paid.
        PaymentPaid = "payment.paid",
        /// A payment request was declined, or taken back.
        PaymentDeclined = "payment.declined",
        /// A payment was paid back, in whole or in part.
        PaymentRefunded = "payment.refunded",
        /// A merchant's message about a payment of mobile money.
        MomoDelivery = "momo.delivery",
    }
}

wire_record! {
    /// Something that happened. It is a hint, not a proof: before goods move, ask for the object itself.
    pub struct Event {
        /// What kind of thing.
        "type" kind: EventType;
        /// When it happened.
        "timestamp" timestamp: Timestamp;
        /// To whom and what, as far as it applies.
        "data" data: EventData;
    }
}

wire_record! {
    /// An event as it is read live.
    pub struct LiveEvent {
        /// Where to go on after it: what is given as `after`, or as `Last-Event-ID`.
        "id" id: String;
        /// What kind of thing.
        "type" kind: EventType;
        /// When it happened.
        "timestamp" timestamp: Timestamp;
        /// To whom and what, as far as it applies.
        "data" data: EventData;
    }
}

wire_record! {
    /// To whom and what, as far as it applies to the kind of event.
    pub struct EventData {
        /// The profile that it concerns.
        "upid" upid: Upid;
        /// The wallet that it concerns.
        "waid" waid: Option<Waid>;
        /// The transaction.
        "txid" txid: Option<Txid>;
        /// The payment request.
        "prid" prid: Option<Prid>;
        /// The hold.
        "hoid" hoid: Option<Hoid>;
        /// Of a wallet: what came in, or, negative, went out. Of a payment request: what is asked for. In whole currency units.
        "amount" amount: Option<Amount>;
        /// What was set aside, or, negative, no longer is: of holds only.
        "held" held: Option<Amount>;
        /// What the wallet had afterwards, spendable and set aside together.
        "balance" balance: Option<Amount>;
        /// The currency of all these.
        "currency" currency: Option<CurrencyCode>;
        /// What the transaction's maker wrote on it.
        "description" description: Option<String>;
        /// The client reference; of a payment request, its maker's own.
        "referenceid" reference_id: Option<String>;
        /// The transaction that this one pays back.
        "originaltxid" original_txid: Option<Txid>;
        /// Where a payment request stands.
        "statuscode" status: Option<PaymentStatus>;
        /// The same in words.
        "statusmessage" status_message: Option<String>;
        /// Confirmation of a payment.
        "pcid" confirmation: Option<String>;
        /// How much of a payment was paid back by now.
        "refunded" refunded: Option<Amount>;
        /// A message to the payer.
        "message" text: Option<String>;
    }
}

impl EventData {
    /// Of a profile, and nothing else yet.
    #[must_use]
    pub const fn of(upid: Upid) -> Self {
        Self {
            upid,
            waid: None,
            txid: None,
            prid: None,
            hoid: None,
            amount: None,
            held: None,
            balance: None,
            currency: None,
            description: None,
            reference_id: None,
            original_txid: None,
            status: None,
            status_message: None,
            confirmation: None,
            refunded: None,
            text: None,
        }
    }
}
