//! Fee schedules.

use crate::ProviderClient;
use florin_sdk_core::model::FeeSchedule;
use florin_sdk_core::operation::{AssignFeeSchedule, DeleteFeeSchedule, ListFeeSchedules, SetFeeSchedule};
use florin_sdk_core::{FlorinError, Fsid, Upid};

/// Fee schedules: what the platform takes on top of an amount, from the wallet that pays. For the platform's operators
/// (right `systemadmin`). Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct FeeGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl FeeGroup {
    /// The schedules and their rules, the default one first.
    ///
    /// Source: `ListFeeSchedules`, an operation of Florin's own.
    pub async fn list(&self) -> Result<Vec<FeeSchedule>, FlorinError> {
        Ok(self.0.send(ListFeeSchedules {}).await?.schedules)
    }

    /// Makes a schedule, or changes one: its name, and one rule. Answers which.
    ///
    /// Source: `SetFeeSchedule`, an operation of Florin's own.
    pub async fn set(&self, request: SetFeeSchedule) -> Result<Fsid, FlorinError> {
        Ok(self.0.send(request).await?.fsid)
    }

    /// Puts a profile on a schedule; on the default one when none is named.
    ///
    /// Source: `AssignFeeSchedule`, an operation of Florin's own.
    pub async fn assign(&self, upid: Upid, fsid: Option<Fsid>) -> Result<(), FlorinError> {
        self.0.send(AssignFeeSchedule { upid, fsid }).await?;
        Ok(())
    }

    /// Deletes a schedule: its profiles are on the default one from then on, which cannot be deleted.
    ///
    /// Source: `DeleteFeeSchedule` in spec/omnigate/operations.json.
    pub async fn delete(&self, fsid: Fsid) -> Result<(), FlorinError> {
        self.0.send(DeleteFeeSchedule { fsid }).await?;
        Ok(())
    }
}
