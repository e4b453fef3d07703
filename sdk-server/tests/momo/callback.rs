//! Callbacks, as they come from anyone.

use florin_sdk_server::FlorinError;
use florin_sdk_server::momo::*;

const REFERENCE: &str = "5b7f3c0e-2f0a-4c58-9f2a-0d6d1f6f7a01";

const DONE: &str = r#"{"financialTransactionId": 4180552071, "externalId": "inv-1001", "amount": "25.5",
    "currency": "EUR", "payer": {"partyIdType": "MSISDN", "partyId": "256770000001"}, "status": "SUCCESSFUL"}"#;

#[test]
fn a_callback_is_read_whatever_it_is_about() {
    for method in ["PUT", "POST"] {
        let read = read_callback(method, &format!("/momo/{REFERENCE}"), DONE.as_bytes()).unwrap();
        assert_eq!(read.reference.unwrap().to_string(), REFERENCE);
        assert_eq!(read.external_id.as_deref(), Some("inv-1001"));
        assert_eq!(read.financial_transaction_id.as_deref(), Some("4180552071"));
        assert_eq!(read.amount.unwrap().to_string(), "25.5");
        assert_eq!(read.currency.as_deref(), Some("EUR"));
        assert_eq!(read.status, Status::Successful);
    }
    let target = format!("/momo?x=1&ref={REFERENCE}");
    let failed = r#"{"amount": 25.50, "status": "FAILED", "reason": {"code": "EXPIRED", "message": "m"}}"#;
    let read = read_callback("PUT", &target, failed.as_bytes()).unwrap();
    assert_eq!(read.reference.unwrap().to_string(), REFERENCE);
    assert_eq!(read.amount.unwrap().to_string(), "25.50");
    assert_eq!(read.reason.unwrap().code, ReasonCode::Expired);
    // An invoice names itself, and its reason otherwise.
    let invoice = format!(
        r#"{{"referenceId": "{REFERENCE}", "externalId": "inv-2", "amount": "1", "currency": "EUR",
            "status": "FAILED", "errorReason": {{"code": "APPROVAL_REJECTED"}}}}"#
    );
    let read = read_callback("PUT", "/momo", invoice.as_bytes()).unwrap();
    assert_eq!(read.reference.unwrap().to_string(), REFERENCE);
    assert_eq!(read.reason.unwrap().code, ReasonCode::ApprovalRejected);
    assert_eq!(read_callback("PUT", "/momo", DONE.as_bytes()).unwrap().reference, None);
}

#[test]
fn a_callback_of_a_known_operation_is_all_that_asking_would_answer() {
    let result = typed_callback::<RequestToPayOperation>("PUT", DONE.as_bytes()).unwrap();
    assert!(result.payer.is(&Party::msisdn("256770000001")));
    let open = DONE.replace("SUCCESSFUL", "PENDING");
    typed_callback::<RequestToPayOperation>("PUT", open.as_bytes()).unwrap_err();
    typed_callback::<TransferOperation>("GET", DONE.as_bytes()).unwrap_err();
}

#[test]
fn what_is_no_callback_is_refused_without_repeating_it() {
    let large = format!(r#"{{"status": "SUCCESSFUL", "x": "{}"}}"#, "x".repeat(70_000));
    for (method, body) in [
        ("GET", DONE),
        ("put", DONE),
        ("PUT", ""),
        ("PUT", "[]"),
        ("PUT", "{}"),
        ("PUT", "256770000001"),
        ("PUT", r#"{"status": 256770000001}"#),
        ("PUT", r#"{"status": "FAILED", "reason": 256770000001}"#),
        ("PUT", r#"{"status": "FAILED", "referenceId": "256770000001"}"#),
        ("POST", large.as_str()),
    ] {
        let error = read_callback(method, "/momo", body.as_bytes()).unwrap_err();
        assert!(matches!(error, FlorinError::InvalidInput { .. }), "{error:?}");
        assert!(!error.to_string().contains("2567"), "{error}");
    }
    // Bytes that are no text at all.
    read_callback("PUT", "/\u{fffd}", &[0xff, 0xfe, 0]).unwrap_err();
    // What is not looked at may nest as deep as it likes.
    let deep = format!(r#"{{"status": "FAILED", "x": {}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    read_callback("PUT", "/momo", deep.as_bytes()).unwrap();
}
