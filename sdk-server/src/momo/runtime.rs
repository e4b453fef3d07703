//! What the products share: the client, the journal, and the rules of the configuration.

use super::{Credentials, Options};
use crate::journal::{Journal, JournalEntry, MOMO};
use crate::money::Notes;
use crate::resume::{AT_ONCE, Resumed};
use florin_sdk_core::client::Transport;
use florin_sdk_core::client::momo::{Extra, Identity, MomoClient, Patience, new_reference};
use florin_sdk_core::momo::{
    Asynchronous, ByReference, CashTransferOperation, CreateInvoiceOperation, CreatePaymentOperation,
    CreatePreApproval, DepositV1, DepositV2, Empty, MESSAGE_SAFE_LIMIT, MomoOperation, Product, Progress, ReferenceId,
    RefundV1, RefundV2, RequestToPayOperation, RequestToWithdrawV1, RequestToWithdrawV2, TransferOperation,
};
use florin_sdk_core::{FlorinError, JsonObject};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The place of the reference in a callback's URL.
const REFERENCE: &str = "{reference}";

/// One product's client.
pub(crate) struct Runtime {
    pub(crate) client: MomoClient,
    notes: Arc<Notes>,
    scope: Scope,
    currencies: Vec<String>,
    callback_url: Option<String>,
}

/// Whose a reference is, and where: another user's is not there (section 11, rule 1), nor is what another of MTN's
/// platforms took (section 1), and to send it again as or to another would begin it twice.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Scope {
    host: String,
    product: String,
    environment: String,
    api_user: String,
}

/// What the journal keeps of a call: all that is needed to send it again.
#[derive(Serialize, Deserialize)]
struct Noted {
    scope: Scope,
    callback_url: Option<String>,
    body: Value,
}

impl Runtime {
    pub(crate) fn new(
        product: Product,
        options: Options,
        credentials: Credentials,
        journal: Arc<dyn Journal>,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, FlorinError> {
        let Credentials { subscription_key, api_user, api_key } = credentials;
        let (environment, user) = (options.environment.clone(), api_user.clone());
        let identity = Identity {
            product,
            target_environment: options.environment,
            subscription_key,
            api_user: Some((api_user, api_key)),
        };
        if options.callback_url.as_deref().is_some_and(|url| !url.starts_with("https://")) {
            // MTN's newer hosts send to nothing else (K11).
            tracing::warn!("the callback URL is not https");
        }
        let client = MomoClient::with_transport(options.client, &identity, transport)?;
        let product = product.as_str().to_owned();
        Ok(Self {
            scope: Scope { host: client.host(), product, environment, api_user: user },
            client,
            notes: Arc::new(Notes::new(journal)),
            currencies: options.currencies,
            callback_url: options.callback_url,
        })
    }

    /// Begins something, once: under `reference`, or a new one. Returns the reference as soon as it is accepted.
    pub(crate) async fn begin<O: Asynchronous>(
        &self,
        body: O::Body,
        reference: Option<ReferenceId>,
        callback_url: Option<String>,
    ) -> Result<ReferenceId, FlorinError> {
        let currency = O::currency(&body);
        if !self.currencies.is_empty() && !self.currencies.iter().any(|known| known == currency) {
            return Err(FlorinError::invalid("currency", format!("must be {}", self.currencies.join(" or "))));
        }
        let reference = reference.map_or_else(new_reference, Ok)?;
        let callback_url = self.callback_url(reference, callback_url);
        let unwritable = |_| FlorinError::invalid("request", "cannot be written");
        let noted = Noted {
            scope: self.scope.clone(),
            callback_url: callback_url.clone(),
            body: serde_json::to_value(&body).map_err(unwritable)?,
        };
        for field in ["payerMessage", "payeeNote"] {
            let text = noted.body.get(field).and_then(Value::as_str).unwrap_or_default();
            if text.chars().count() > MESSAGE_SAFE_LIMIT {
                tracing::warn!(
                    operation = O::ID,
                    field,
                    "over {MESSAGE_SAFE_LIMIT} characters: some countries refuse it"
                );
            }
        }
        let Ok(Value::Object(noted)) = serde_json::to_value(noted) else {
            return Err(FlorinError::invalid("request", "cannot be written"));
        };
        let entry = JournalEntry::momo(O::ID, reference.to_string(), JsonObject(noted))?;
        let client = self.client.clone();
        self.notes.run(entry, async move { client.begin::<O>(&body, reference, callback_url).await }).await?;
        Ok(reference)
    }

    /// Where the callback of a call goes.
    pub(crate) fn callback_url(&self, reference: ReferenceId, own: Option<String>) -> Option<String> {
        own.or_else(|| self.callback_url.clone()).map(|url| url.replace(REFERENCE, &reference.to_string()))
    }

    pub(crate) async fn status<O>(&self, reference: ReferenceId) -> Result<O::Answer, FlorinError>
    where
        O: MomoOperation<Path = ByReference, Body = Empty>,
    {
        self.client.status::<O>(reference).await
    }

    pub(crate) async fn wait<O>(
        &self,
        reference: ReferenceId,
        patience: Option<Patience>,
    ) -> Result<O::Answer, FlorinError>
    where
        O: MomoOperation<Path = ByReference, Body = Empty>,
        O::Answer: Progress,
    {
        self.client.wait_until_final::<O>(reference, patience.unwrap_or_default()).await
    }

    /// Sends what moves no money.
    pub(crate) async fn send<O: MomoOperation>(
        &self,
        path: O::Path,
        body: O::Body,
        extra: Extra,
    ) -> Result<O::Answer, FlorinError> {
        self.client.send::<O>(&path, &body, &extra).await
    }

    pub(crate) async fn read<O: MomoOperation<Body = Empty>>(&self, path: O::Path) -> Result<O::Answer, FlorinError> {
        self.send::<O>(path, Empty {}, Extra::default()).await
    }

    pub(crate) async fn resume_pending(&self) -> Result<Vec<Resumed>, FlorinError> {
        let mut entries = self.notes.left_open().await?;
        entries.retain(|entry| self.is_mine(entry));
        Ok(stream::iter(entries).map(|entry| self.go_on(entry)).buffered(AT_ONCE).collect().await)
    }

    fn is_mine(&self, entry: &JournalEntry) -> bool {
        entry.is_momo() && noted(entry).is_ok_and(|noted| noted.scope == self.scope)
    }

    async fn go_on(&self, entry: JournalEntry) -> Resumed {
        let (client, copy) = (self.client.clone(), entry.clone());
        let fate = self.notes.go_on(&entry, async move { resume(&client, &copy).await }).await.into();
        Resumed { fate, operation: entry.operation, reference: entry.reference }
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("client", &self.client).finish_non_exhaustive()
    }
}

fn noted(entry: &JournalEntry) -> Result<Noted, FlorinError> {
    serde_json::from_value(Value::Object(entry.request.0.clone())).map_err(|_| unreadable())
}

/// Kept in the journal, as an outcome that is not known: it may have been sent.
fn unreadable() -> FlorinError {
    FlorinError::InDoubt {
        operation: "momo".to_owned(),
        reference: None,
        reason: "the journal's entry is of another version".to_owned(),
        request_id: None,
    }
}

async fn resume(client: &MomoClient, entry: &JournalEntry) -> Result<JsonObject, FlorinError> {
    let noted = noted(entry)?;
    let id = entry.operation.strip_prefix(MOMO).unwrap_or_default();
    macro_rules! by_id {
        ($($operation:ident)+) => {
            match id {
                $(id if id == $operation::ID => resume_as::<$operation>(client, &noted, &entry.reference).await,)+
                _ => Err(unreadable()),
            }
        };
    }
    by_id!(RequestToPayOperation RequestToWithdrawV1 RequestToWithdrawV2 CreatePreApproval CreateInvoiceOperation
        CreatePaymentOperation TransferOperation DepositV1 DepositV2 RefundV1 RefundV2 CashTransferOperation)
}

async fn resume_as<O: Asynchronous>(
    client: &MomoClient,
    noted: &Noted,
    reference: &str,
) -> Result<JsonObject, FlorinError> {
    // Through the text: amounts are read from it exactly.
    let body: O::Body = serde_json::from_str(&noted.body.to_string()).map_err(|_| unreadable())?;
    let reference = reference.parse().map_err(|_| unreadable())?;
    let begun = client.resume::<O>(&body, reference, noted.callback_url.clone()).await?;
    // Without numbers and messages: this is what programs print when they start.
    let mut answer = JsonObject::default();
    if let Some(found) = begun.found {
        answer.0.insert("status".to_owned(), found.status().as_str().into());
        if let Some(id) = found.financial_transaction_id() {
            answer.0.insert("financialTransactionId".to_owned(), id.into());
        }
        if let Some(reason) = found.reason() {
            answer.0.insert("reason".to_owned(), reason.code.as_str().into());
        }
    }
    Ok(answer)
}
