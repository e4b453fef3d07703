//! What became of calls that moved money.

use crate::ProviderClient;
use crate::resume::Resumed;
use florin_sdk_core::FlorinError;
use florin_sdk_core::operation::{GetOperationOutcome, OperationOutcome};

/// What became of calls that moved money. Errors: [`ProviderClient`].
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct OperationGroup(pub(crate) ProviderClient);

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl OperationGroup {
    /// What the server knows of a client reference. It only asks; [`Self::resume`] also acts on the answer.
    ///
    /// `operation`: the name of the operation, where one reference was used for several.
    ///
    /// Source: `GetOperationOutcome` in spec/florin/extensions.md.
    pub async fn outcome(&self, reference: String, operation: Option<String>) -> Result<OperationOutcome, FlorinError> {
        let question = GetOperationOutcome { reference, operation };
        self.0.send(question).await
    }

    /// Goes on with the call of a [`FlorinError::InDoubt`], by its reference: asks what became of it and, if the server
    /// has decided nothing, sends it once more from the journal, under the same reference.
    ///
    /// Who still has the request can as well make the very same call again with the same reference.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] if the journal holds no call under this reference ([`Self::outcome`] can still be
    /// asked), or those of several operations: name the `operation` then. [`FlorinError::Journal`] if it cannot be read.
    /// What became of the call is in the answer, never an error.
    pub async fn resume(&self, reference: String, operation: Option<String>) -> Result<Resumed, FlorinError> {
        let operation = operation.as_deref();
        self.0.money.resume(&reference, operation).await
    }

    /// Goes on with every call that the journal still holds, and says what became of each: call it when the process
    /// starts. Calls that are under way in this client are left alone.
    ///
    /// # Errors
    /// [`FlorinError::Journal`] if the journal cannot be read.
    pub async fn resume_pending(&self) -> Result<Vec<Resumed>, FlorinError> {
        self.0.money.resume_pending().await
    }
}
