//! Money that is set aside before it is taken.

use crate::ProviderClient;
use florin_sdk_core::operation::{CaptureHold, PlaceHold, PlacedHold, ReleaseHold, Transferred};
use florin_sdk_core::{FlorinError, Hoid};

/// Holds: money of a user that is set aside, so that it is there when it is taken. It stays the user's, in `held` of the
/// wallet's balance, until the hold is captured, released, or expires by itself: then it can be spent again. Amounts are
/// exact decimals in whole currency units. Errors: [`ProviderClient`]; a hold that is captured, released or expired
/// refuses with 20016.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct HoldGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl HoldGroup {
    /// Sets money of a user aside, once.
    ///
    /// `reference`: as in [`WalletGroup::transfer`](crate::group::WalletGroup::transfer); the request's own, if it has
    /// one, must be the same.
    ///
    /// Source: `PlaceHold` in spec/florin/extensions.md.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(reference = None)))]
    pub async fn place(&self, request: PlaceHold, reference: Option<String>) -> Result<PlacedHold, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Takes what a hold sets aside into the default wallet of the provider's profile, once: all of it, or as much as
    /// the request says; the rest is released. More than is held is refused (20010).
    ///
    /// `reference`: as in [`Self::place`].
    ///
    /// Source: `CaptureHold` in spec/florin/extensions.md.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(reference = None)))]
    pub async fn capture(&self, request: CaptureHold, reference: Option<String>) -> Result<Transferred, FlorinError> {
        self.0.send_money(request, reference).await
    }

    /// Ends a hold, once: all of its money can be spent again.
    ///
    /// `reference`: as in [`WalletGroup::transfer`](crate::group::WalletGroup::transfer).
    ///
    /// Source: `ReleaseHold` in spec/florin/extensions.md.
    #[cfg_attr(feature = "uniffi", uniffi::method(default(reference = None)))]
    pub async fn release(&self, hoid: Hoid, reference: Option<String>) -> Result<Transferred, FlorinError> {
        self.0.send_money(ReleaseHold::new(hoid), reference).await
    }
}
