//! Subscription keys: each request of the MoMo surface carries one.

use super::{Denial, Mode};
use crate::identity::{need_active, need_profile};
use crate::secrets;
use crate::store::{Reader, Record, record};
use florin_sdk_core::momo::Product;
use florin_sdk_core::{Timestamp, Upid};

record! {
    /// A subscription key: opens the MoMo surface. The key itself is not kept.
    SubscriptionKey in "subscription_key" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// SHA-256 of the key.
        hash: [u8; 32],
        /// The profile that it belongs to.
        upid: Upid,
        /// The product that it opens; none opens all.
        product: Option<Product>,
        /// Whether it is one of the keys that everybody knows: good in a sandbox only.
        sandbox: bool,
        /// When it was made.
        created: Timestamp,
    }
}

/// Whose key this is, and for what; it must open `product`, if one is named.
pub fn subscriber(
    store: &mut dyn Reader,
    key: &str,
    product: Option<Product>,
    mode: &Mode,
) -> Result<SubscriptionKey, Denial> {
    let query = SubscriptionKey::query().eq(SubscriptionKey::hash, secrets::fingerprint(key));
    let row = store.first::<SubscriptionKey>(query)?.ok_or(Denial::Subscription)?;
    let fits = product.is_none() || row.product.is_none() || row.product == product;
    // What everybody knows opens nothing where money is real.
    if !fits || (row.sandbox && !mode.is_sandbox()) {
        return Err(Denial::Subscription);
    }
    need_active(&need_profile(store, row.upid)?.status, "The profile of this key").map_err(|_| Denial::Subscription)?;
    Ok(row)
}
