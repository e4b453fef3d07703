//! The operations that the npm client does not have: approvals, invoices, bills, cash, consents.

use super::{api_user, collections, credentials, disbursements, options};
use florin_sdk_core::FlorinError;
use florin_sdk_server::MemoryJournal;
use florin_sdk_server::momo::*;
use florin_tests::server::Server;
use std::sync::Arc;

const PATIENCE: Option<Patience> = Some(Patience { first_delay_ms: 100, most_delay_ms: 500, deadline_s: 60 });
const NUMBER: &str = "256770000001";

fn party() -> Party {
    Party::msisdn(NUMBER)
}

fn journal() -> Arc<MemoryJournal> {
    Arc::new(MemoryJournal::default())
}

#[tokio::test]
async fn approvals_invoices_bills_and_withdrawals() {
    let (server, _) = Server::fresh().await;
    let user = api_user(&server.base()).await;
    let client = collections(options(&server.base()), &user, journal());
    let (eur, amount) = (|| "EUR".to_owned(), || "4.50".parse().unwrap());

    // A pre-approval: given, listed, taken back.
    let approval = client.pre_approve(PreApproval::new(party(), eur(), 3600), None, None).await.unwrap();
    let given = client.wait_for_pre_approval(approval, PATIENCE).await.unwrap();
    assert_eq!(given.status, Status::Successful);
    let listed = client.approved_pre_approvals(party()).await.unwrap();
    let [one] = &listed[..] else { panic!("{} approvals", listed.len()) };
    assert_eq!(one.status, PreApprovalStatus::Approved);
    client.cancel_pre_approval(one.pre_approval_id.clone()).await.unwrap();
    assert!(client.approved_pre_approvals(party()).await.unwrap().is_empty());
    let error = client.cancel_pre_approval("7".into()).await.unwrap_err();
    assert_eq!(refusal(&error), Some(ReasonCode::ResourceNotFound));

    // An invoice, ended before it is paid; and one that is over.
    let invoice =
        CreateInvoice::new("bill-1".into(), amount(), eur(), "3600".into(), Party::msisdn("46733123453"), party());
    let invoice = client.create_invoice(invoice, None, None).await.unwrap();
    assert!(!client.invoice_status(invoice).await.unwrap().status.is_final());
    assert_eq!(client.cancel_invoice(invoice, "end-1".into(), None).await.unwrap().external_id, "end-1");
    assert_eq!(client.wait_for_invoice(invoice, PATIENCE).await.unwrap().status, Status::Failed);

    // A bill paid; a withdrawal in both versions.
    let bill =
        CreatePayment::new("pay-1".into(), Money::new("1000".parse().unwrap(), eur()), NUMBER.into(), "W".into());
    let bill = client.create_payment(bill, None, None).await.unwrap();
    assert_eq!(client.wait_for_payment(bill, PATIENCE).await.unwrap().reference_id, bill);
    let price = || RequestToPay::new(amount(), eur(), "w-1".into(), party());
    for reference in [
        client.request_to_withdraw_v1(price(), None, None).await.unwrap(),
        client.request_to_withdraw(price(), None, None).await.unwrap(),
    ] {
        let end = client.wait_for_request_to_withdraw(reference, PATIENCE).await.unwrap();
        assert_eq!(end.status, Status::Successful);
    }
    assert_eq!(client.balance_in("eur".into()).await.unwrap().currency, "EUR");
}

#[tokio::test]
async fn deposits_refunds_and_cash_transfers() {
    let (server, _) = Server::fresh().await;
    let user = api_user(&server.base()).await;
    let paying = collections(options(&server.base()), &user, journal());
    let client = disbursements(options(&server.base()), &user, journal());
    let (eur, amount) = (|| "EUR".to_owned(), || "4.50".parse().unwrap());
    let payout = || Transfer::new(amount(), eur(), "d-1".into(), party());
    for reference in
        [client.deposit_v1(payout(), None, None).await.unwrap(), client.deposit(payout(), None, None).await.unwrap()]
    {
        assert_eq!(client.wait_for_deposit(reference, PATIENCE).await.unwrap().status, Status::Successful);
    }
    let paid = RequestToPay::new(amount(), eur(), "p-1".into(), party());
    let paid = paying.request_to_pay(paid, None, None).await.unwrap();
    paying.wait_for_request_to_pay(paid, PATIENCE).await.unwrap();
    let refund = Refund::new(amount(), eur(), "r-1".into(), String::from(paid));
    let refund = client.refund_v1(refund, None, None).await.unwrap();
    assert_eq!(client.wait_for_refund(refund, PATIENCE).await.unwrap().status, Status::Successful);

    let remittances = Remittances::new(options(&server.base()), credentials("remittance", &user), journal()).unwrap();
    let mut cash = CashTransfer::new(amount(), eur(), party(), "c-1".into());
    cash.originating_country = Some("SE".into());
    cash.payer_identification_type = Some(IdentificationType::Pass);
    let reference = remittances.cash_transfer(cash.clone(), None, None).await.unwrap();
    let end = remittances.wait_for_cash_transfer(reference, PATIENCE).await.unwrap();
    assert_eq!((end.status, end.originating_country.as_deref()), (Status::Successful, Some("SE")));
    // The same again is ours: nothing more leaves.
    let left = remittances.balance().await.unwrap();
    remittances.cash_transfer(cash, Some(reference), None).await.unwrap();
    assert_eq!(remittances.balance().await.unwrap(), left);
}

#[tokio::test]
async fn consents_lead_to_what_was_consented_to() {
    let (server, _) = Server::fresh().await;
    let user = api_user(&server.base()).await;
    let client = collections(options(&server.base()), &user, journal());
    let ask = |number: &str| BcAuthorize::new(format!("ID:{number}/MSISDN"), "profile".into(), "offline".into());
    let asked = client.ask_for_consent(ask(NUMBER), None).await.unwrap();
    let token = loop {
        match client.consent_token(Oauth2TokenRequest::ciba(asked.auth_req_id.clone())).await {
            Ok(token) => break token,
            // Not decided yet.
            Err(FlorinError::Refused { code: 400, reason, .. }) if reason == "authorization_pending" => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            Err(error) => panic!("{error}"),
        }
    };
    client.user_info(token.access_token).await.unwrap();
    let refreshed = client.consent_token(Oauth2TokenRequest::refresh(token.refresh_token.unwrap())).await.unwrap();
    client.user_info(refreshed.access_token).await.unwrap();
    let error = client.user_info("nobody's".into()).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unauthorized { .. }), "{error:?}");
    // Rejected by number.
    let asked = client.ask_for_consent(ask("46733123451"), None).await.unwrap();
    let error = client.consent_token(Oauth2TokenRequest::ciba(asked.auth_req_id)).await.unwrap_err();
    assert!(matches!(error, FlorinError::Refused { code: 400, .. }), "{error:?}");
}
