//! KYC tiers.

use crate::ProviderClient;
use florin_sdk_core::model::Tier;
use florin_sdk_core::operation::{AssignTier, DeleteTier, GetTierData, SetTier};
use florin_sdk_core::{FlorinError, Upid};

/// KYC tiers: what profiles may do, and how much of it in how much time. What a tier does not allow, or what is too much,
/// is refused with 20010. Limits are for each currency by itself, in whole currency units. For the platform's operators
/// (right `tiermanagement`). Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct TierGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl TierGroup {
    /// The tiers, the lowest first.
    ///
    /// Source: `GetTierData` in spec/omnigate/operations.json.
    pub async fn list(&self) -> Result<Vec<Tier>, FlorinError> {
        Ok(self.0.send(GetTierData {}).await?.tiers)
    }

    /// Makes a tier, or says anew what one allows: a switch that is absent allows, a limit that is absent is none.
    ///
    /// Source: `SetTier`, an operation of Florin's own.
    pub async fn set(&self, request: SetTier) -> Result<(), FlorinError> {
        self.0.send(request).await?;
        Ok(())
    }

    /// Puts a profile on a tier.
    ///
    /// Source: `AssignTier`, an operation of Florin's own.
    pub async fn assign(&self, upid: Upid, level: u32) -> Result<(), FlorinError> {
        self.0.send(AssignTier { upid, level }).await?;
        Ok(())
    }

    /// Deletes a tier: whoever is on it moves to the next lower one. The lowest cannot be deleted.
    ///
    /// Source: `DeleteTier` in spec/omnigate/operations.json.
    pub async fn delete(&self, level: u32) -> Result<(), FlorinError> {
        self.0.send(DeleteTier { level }).await?;
        Ok(())
    }
}
