//! What happened beside the books: each notice is written in the transaction of what it tells of.

use crate::identity::Profile;
use crate::refusal::Refusal;
use crate::store::{Writer, record};
use florin_sdk_core::{JsonObject, Timestamp, Upid};

record! {
    /// Something that happened to a profile.
    Notice in "notice" key {
        /// Later ones of a chain are greater.
        number: i64,
    } {
        /// Whom it concerns.
        upid: Upid,
        /// What kind: `payment.paid` and the like.
        kind: String,
        /// To whom and what.
        data: JsonObject,
        /// Which process wrote it.
        chain: u32,
        /// Its place among those of the chain, from 1: so a reader sees that none is missing.
        position: i64,
        /// When it happened.
        created: Timestamp,
    }
}

record! {
    /// How many notices there are of each chain.
    NoticeHead in "notice_head" key {
        /// The chain.
        chain: u32,
    } {
        /// How many.
        length: i64,
    }
}

/// Writes down that something happened which concerns `profile`. `data` has the names of
/// [`EventData`](florin_sdk_core::model::EventData).
pub fn happened(store: &mut dyn Writer, profile: &Profile, kind: &str, mut data: JsonObject) -> Result<(), Refusal> {
    data.0.insert("upid".to_owned(), profile.upid.to_string().into());
    let chain = store.chain();
    let before = store.claim::<NoticeHead>(chain)?;
    let head = NoticeHead { chain, length: before.as_ref().map_or(1, |head| head.length.saturating_add(1)) };
    let notice = Notice {
        number: store.next_id().cast_signed(),
        upid: profile.upid,
        kind: kind.to_owned(),
        data,
        chain,
        position: head.length,
        created: store.now(),
    };
    store.insert(&notice)?;
    match before {
        Some(_) => store.update(&head)?,
        None => store.insert(&head)?,
    }
    Ok(())
}
