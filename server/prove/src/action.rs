//! One step, sent through the SDK.

use crate::notes::Told;
use crate::plan::{Action, Step, World};
use florin_sdk_core::operation::{
    AcceptPayment, CaptureHold, CreatePaymentRequest, CreditWallet, DebitWallet, IssueGatewayCurrency, PlaceHold,
    RedeemCurrency, RefundTransaction, WalletTransfer,
};
use florin_sdk_server::{FlorinError, Hoid, Prid, ProviderClient, Txid};

/// How payments are settled within the platform.
const WALLET: &str = "wallet";

/// Calls for a step, under its reference. `first`: what was told of the story's first step.
pub async fn call(
    client: &ProviderClient,
    world: &World,
    step: &Step,
    first: Option<&Told>,
    reference: String,
) -> Result<Told, FlorinError> {
    let (currency, amount) = (world.currency.clone(), step.amount()?);
    let reference = Some(reference);
    let wallets = client.wallets();
    let txid = match step.action {
        Action::Issue => {
            let request = IssueGatewayCurrency::new(currency, amount);
            client.currencies().issue(request, reference).await?.txid
        }
        Action::Redeem => {
            let request = RedeemCurrency::new(currency, amount);
            Some(client.currencies().redeem(request, reference).await?.txid)
        }
        Action::Credit(user) => {
            let request = CreditWallet { waid: Some(user), ..CreditWallet::new(currency, amount) };
            Some(wallets.credit(request, reference).await?.txid)
        }
        Action::Debit(user) => {
            let request = DebitWallet { waid: Some(user), ..DebitWallet::new(currency, amount) };
            Some(wallets.debit(request, reference).await?.txid)
        }
        Action::Transfer(from, to) => {
            let request = WalletTransfer::new(amount, currency, to, from);
            Some(wallets.transfer(request, reference).await?.txid)
        }
        Action::Refund => {
            let request = RefundTransaction { amount: Some(amount), ..RefundTransaction::new(moved(first)?) };
            Some(wallets.refund(request, reference).await?.txid)
        }
        Action::PlaceHold(user) => {
            let request = PlaceHold { waid: Some(user), ..PlaceHold::new(currency, amount) };
            let placed = client.holds().place(request, reference).await?;
            return Ok(Told::Done { txid: Some(placed.txid), hoid: Some(placed.hoid), prid: None });
        }
        Action::Capture => {
            let request = CaptureHold { amount: Some(amount), ..CaptureHold::new(hold(first)?) };
            Some(client.holds().capture(request, reference).await?.txid)
        }
        Action::Release => Some(client.holds().release(hold(first)?, reference).await?.txid),
        Action::RequestPayment(payer) => {
            let request = CreatePaymentRequest::new(amount, currency, WALLET.to_owned());
            let request = CreatePaymentRequest { source_waid: Some(payer), ..request };
            let made = client.payments().request(request, reference).await?;
            return Ok(Told::Done { txid: None, hoid: None, prid: Some(made.prid) });
        }
        Action::Accept => {
            let request = AcceptPayment::new(asked(first)?, currency, WALLET.to_owned(), amount);
            client.payments().accept(request, reference).await?;
            None
        }
        Action::Decline => {
            client.payments().refuse(asked(first)?, reference).await?;
            None
        }
    };
    Ok(Told::Done { txid, hoid: None, prid: None })
}

fn moved(first: Option<&Told>) -> Result<Txid, FlorinError> {
    match first {
        Some(Told::Done { txid: Some(txid), .. }) => Ok(*txid),
        _ => Err(missing("transaction")),
    }
}

fn hold(first: Option<&Told>) -> Result<Hoid, FlorinError> {
    match first {
        Some(Told::Done { hoid: Some(hoid), .. }) => Ok(*hoid),
        _ => Err(missing("hold")),
    }
}

fn asked(first: Option<&Told>) -> Result<Prid, FlorinError> {
    match first {
        Some(Told::Done { prid: Some(prid), .. }) => Ok(*prid),
        _ => Err(missing("payment request")),
    }
}

fn missing(what: &str) -> FlorinError {
    FlorinError::InvalidInput { field: "story".to_owned(), reason: format!("its first step told of no {what}") }
}
