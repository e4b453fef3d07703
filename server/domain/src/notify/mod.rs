//! Telling those concerned what happened.
//!
//! What happened is read from the books themselves and from notices that are written with what they tell of
//! ([`source`]): so none is lost, none is made up, and a transfer that nobody wants to hear of costs nothing. One reader
//! turns it into messages for the transports that want them ([`dispatch`]); messages are sent in order for each wallet,
//! at least once ([`message`]). Others read the same source live.
//!
//! Whoever is told should ask for the object itself: an event is a hint, not a proof.
//!
//! | module | what |
//! | --- | --- |
//! | [`notice`] | what happened beside the books: payment requests |
//! | [`source`] | all that happened, in an order in which nothing is skipped |
//! | [`transport`] | where to tell whom, and of what |
//! | [`dispatch`] | from what happened to messages |
//! | [`message`] | messages: lanes, leases, attempts, failures |
//!
//! Source: DESIGN section 1; spec/omnigate/concepts.md, "Notifications" and "Extended attributes"; ambiguities A-103.

pub mod dispatch;
pub mod message;
pub mod notice;
pub mod source;
pub mod transport;

pub(crate) use message::write;
pub use message::{Event, Lane};
pub use notice::{Notice, NoticeHead, happened};
pub use transport::{Target, Transport};

use florin_sdk_core::{Secret, Timestamp};

/// How a message is signed.
#[derive(Debug, Clone)]
pub struct Signing {
    /// The message's id, the same each time it is sent.
    pub id: String,
    /// The secrets, `whsec_` and their bytes in Base64: the newest first.
    pub secrets: Vec<Secret>,
}

/// Later by so many milliseconds.
fn later(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(time.millis().saturating_add(millis))
}
