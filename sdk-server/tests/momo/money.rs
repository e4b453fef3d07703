//! Money once, whatever is lost on the way.

use crate::platform::{Fault, NUMBER, Platform, price};
use florin_sdk_server::momo::{ReasonCode, ReferenceId, RequestToPay, Status, new_reference, refusal};
use florin_sdk_server::{FlorinError, Journal, MemoryJournal};
use serde_json::{Value, json};
use std::sync::Arc;

/// Asks for the price with these faults; says how it ended, what came, and how many calls the journal keeps.
async fn pay(faults: &[Fault]) -> (Result<ReferenceId, FlorinError>, Arc<Platform>, usize) {
    let platform = Platform::new(faults.iter().cloned());
    let journal = Arc::new(MemoryJournal::default());
    let result = platform.collections_with(journal.clone()).request_to_pay(price(), None, None).await;
    let kept = journal.pending().await.unwrap().len();
    (result, platform, kept)
}

const ERROR: Fault = Fault::Answer(500, r#"{"code":"INTERNAL_PROCESSING_ERROR","message":"An internal error"}"#);
const BUSY: Fault = Fault::Answer(503, r#"{"code":"SERVICE_UNAVAILABLE","message":"Service temporarily unavailable"}"#);

#[tokio::test(start_paused = true)]
async fn what_proves_nothing_is_asked_about_before_it_is_sent_again() {
    let lost = |handled| Fault::Lost { handled };
    for (faults, came) in [
        (vec![], "P"),
        // It had arrived.
        (vec![lost(true)], "PG"),
        // It had not.
        (vec![lost(false)], "PGP"),
        (vec![ERROR], "PGP"),
        (vec![BUSY], "PGP"),
        (vec![Fault::Answer(504, "<html>Gateway Time-out</html>")], "PGP"),
        (vec![Fault::Answer(302, "")], "PGP"),
        (vec![lost(false), lost(true)], "PGGP"),
        // The question is lost, then the second copy is.
        (vec![lost(false), lost(false), lost(true)], "PGGGP"),
        // It never left: no question is needed.
        (vec![Fault::NotSent], "PP"),
        (vec![Fault::Answer(429, r#"{"statusCode":429,"message":"Rate limit is exceeded."}"#)], "PP"),
    ] {
        let (result, platform, kept) = pay(&faults).await;
        let reference = result.unwrap_or_else(|e| panic!("{faults:?}: {e}"));
        assert!(reference.is_version_4());
        assert_eq!(platform.begun(), 1, "{faults:?}");
        assert_eq!(kept, 0, "{faults:?}");
        if !came.contains("GG") {
            assert_eq!(platform.came(), came, "{faults:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_found_out_says_so_and_stays_in_the_journal() {
    let faults: Vec<_> = std::iter::repeat_n(ERROR, 20).collect();
    let (result, platform, kept) = pay(&faults).await;
    let error = result.unwrap_err();
    let reference = error.reference().unwrap().parse::<ReferenceId>().unwrap();
    assert!(matches!(&error, FlorinError::InDoubt { operation, .. } if operation == "request_to_pay"), "{error}");
    assert_eq!((platform.begun(), kept), (0, 1));
    // The very same call may be made again.
    platform.faults.lock().unwrap().clear();
    assert_eq!(platform.collections().request_to_pay(price(), Some(reference), None).await.unwrap(), reference);
    assert_eq!(platform.begun(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_question_answered_no_second_copy_goes_out() {
    // The first copy arrived, and then nobody answers questions.
    let mut faults = vec![Fault::Lost { handled: true }];
    faults.extend(std::iter::repeat_n(Fault::Lost { handled: false }, 20));
    let (result, platform, kept) = pay(&faults).await;
    assert!(matches!(result, Err(FlorinError::InDoubt { .. })), "{result:?}");
    assert_eq!(platform.came().matches('P').count(), 1);
    assert_eq!((platform.begun(), kept), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_gateways_own_404_is_no_answer_to_a_question() {
    let gateway = Fault::Answer(404, r#"{"statusCode":404,"message":"Resource not found"}"#);
    let (result, platform, _) = pay(&[Fault::Lost { handled: false }, gateway.clone()]).await;
    assert!(matches!(result, Err(FlorinError::InDoubt { .. })), "{result:?}");
    assert_eq!(platform.came(), "PG");
    let (result, platform, _) =
        pay(&[Fault::Lost { handled: false }, Fault::Answer(404, "<html>Not Found</html>")]).await;
    assert!(matches!(result, Err(FlorinError::InDoubt { .. })), "{result:?}");
    assert_eq!(platform.came(), "PG");
}

#[tokio::test(start_paused = true)]
async fn nothing_that_never_left_is_in_doubt() {
    let faults: Vec<_> = std::iter::repeat_n(Fault::NotSent, 20).collect();
    let (result, platform, kept) = pay(&faults).await;
    assert!(matches!(result, Err(FlorinError::Unavailable { .. })), "{result:?}");
    assert_eq!((platform.came().as_str(), kept), ("PPP", 0));
}

#[tokio::test(start_paused = true)]
async fn a_callers_mistake_is_not_sent_again_whatever_its_status() {
    for (status, body, code) in [
        (500, r#"{"code":"NOT_ALLOWED_TARGET_ENVIRONMENT"}"#, Some(ReasonCode::NotAllowedTargetEnvironment)),
        (500, r#"{"code":"INVALID_CALLBACK_URL_HOST","message":"x"}"#, Some(ReasonCode::InvalidCallbackUrlHost)),
        (500, r#"{"code":"INVALID_CURRENCY","message":"Currency not supported."}"#, Some(ReasonCode::InvalidCurrency)),
        (500, r#"{"code":"NOT_ALLOWED"}"#, Some(ReasonCode::NotAllowed)),
        (400, r#"{"code":"VALIDATION_ERROR","message":"bad"}"#, Some(ReasonCode::ValidationError)),
        (400, "", None),
        (403, "<html>Forbidden</html>", None),
        (403, r#"{"statusCode":403,"message":"IP not authorized"}"#, None),
    ] {
        let (result, platform, kept) = pay(&[Fault::Answer(status, body)]).await;
        let error = result.unwrap_err();
        assert!(matches!(error, FlorinError::Refused { code, .. } if code == u32::from(status)), "{error:?}");
        assert_eq!(refusal(&error), code, "{body}");
        assert_eq!((platform.came().as_str(), platform.begun(), kept), ("P", 0, 0), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_an_unclear_send_is_checked_by_a_question() {
    let mistake = Fault::Answer(500, r#"{"code":"INVALID_CURRENCY"}"#);
    // The first copy is lost and did not arrive; the question says so; the second is refused; so does the question.
    let (result, platform, kept) = pay(&[Fault::Lost { handled: false }]).await;
    assert!(result.is_ok() && kept == 0, "{:?}", platform.came());
    let platform = Platform::new([Fault::Lost { handled: false }]);
    let journal = Arc::new(MemoryJournal::default());
    let collections = platform.collections_with(journal.clone());
    // What comes third is the second copy.
    platform.faults.lock().unwrap().push_back(Fault::Answer(404, r#"{"code":"RESOURCE_NOT_FOUND"}"#));
    platform.faults.lock().unwrap().push_back(mistake);
    let error = collections.request_to_pay(price(), None, None).await.unwrap_err();
    assert_eq!(refusal(&error), Some(ReasonCode::InvalidCurrency));
    assert_eq!(platform.came(), "PGPG");
    assert!(journal.pending().await.unwrap().is_empty());
}

/// What the platform has under the reference, with one field changed.
fn stored(field: &str, value: Value) -> Value {
    let mut body = serde_json::to_value(price()).unwrap();
    body[field] = value;
    body
}

#[tokio::test(start_paused = true)]
async fn a_409_is_answered_by_asking_and_comparing() {
    let path = "/collection/v1_0/requesttopay";
    for (there, differs) in [
        (stored("amount", json!("25.5")), None),
        (stored("amount", json!(25.50)), None),
        (stored("payer", json!({ "partyIdType": "MSISDN", "partyId": format!("+{NUMBER}") })), None),
        (stored("amount", json!("25.51")), Some("amount")),
        (stored("currency", json!("USD")), Some("currency")),
        (stored("externalId", json!("inv-1002")), Some("externalId")),
        (stored("payer", json!({ "partyIdType": "MSISDN", "partyId": "256770000009" })), Some("payer")),
        (stored("payer", json!({ "partyIdType": "EMAIL", "partyId": NUMBER })), Some("payer")),
    ] {
        // After an unclear send, whose answer to the question was that there is nothing; and at once.
        for faults in [vec![Fault::Lost { handled: false }, Fault::Answer(404, "")], vec![]] {
            let reference = new_reference().unwrap();
            let platform = Platform::new(faults);
            platform.put(path, &reference.to_string(), there.clone());
            let journal = Arc::new(MemoryJournal::default());
            let result =
                platform.collections_with(journal.clone()).request_to_pay(price(), Some(reference), None).await;
            match differs {
                None => assert_eq!(result.unwrap(), reference),
                Some(field) => {
                    let error = result.unwrap_err();
                    assert_eq!(refusal(&error), Some(ReasonCode::ResourceAlreadyExist));
                    assert!(error.to_string().ends_with(&format!("{field} differs")), "{error}");
                    assert!(!error.to_string().contains("2567700"), "{error}");
                }
            }
            assert_eq!(platform.begun(), 1);
            assert!(journal.pending().await.unwrap().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_409_of_something_else_is_a_conflict() {
    let used = Fault::Answer(409, r#"{"code":"RESOURCE_ALREADY_EXIST"}"#);
    let (result, platform, kept) = pay(&[used]).await;
    assert_eq!(refusal(&result.unwrap_err()), Some(ReasonCode::ResourceAlreadyExist));
    assert_eq!((platform.came().as_str(), kept), ("PG", 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_malformed_is_not_sent() {
    let platform = Platform::new([]);
    let collections = platform.collections();
    let price = price();
    let cases: [(&str, RequestToPay); 5] = [
        ("amount", RequestToPay { amount: "0".parse().unwrap(), ..price.clone() }),
        ("amount", RequestToPay { amount: "-1".parse().unwrap(), ..price.clone() }),
        ("currency", RequestToPay { currency: "euro".into(), ..price.clone() }),
        ("payer.partyId", RequestToPay { payer: florin_sdk_server::momo::Party::msisdn("0770"), ..price.clone() }),
        ("payerMessage", RequestToPay { payer_message: Some("x".repeat(161)), ..price.clone() }),
    ];
    for (field, bad) in cases {
        let error = collections.request_to_pay(bad, None, None).await.unwrap_err();
        assert!(matches!(&error, FlorinError::InvalidInput { field: f, .. } if f == field), "{error:?}");
    }
    for url in ["", "shop.example", "ftp://shop.example/x"] {
        let error = collections.request_to_pay(price.clone(), None, Some(url.into())).await.unwrap_err();
        assert!(matches!(&error, FlorinError::InvalidInput { field, .. } if field == "callback_url"), "{error:?}");
    }
    assert!(platform.log.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_on_when_nobody_waits_for_it() {
    let platform = Platform::new([Fault::Lost { handled: false }]);
    let journal = Arc::new(MemoryJournal::default());
    let collections = platform.collections_with(journal.clone());
    let call = collections.request_to_pay(price(), None, None);
    tokio::time::timeout(std::time::Duration::from_secs(1), call).await.unwrap_err();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!((platform.begun(), platform.came().as_str()), (1, "PGP"));
    assert!(journal.pending().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_panic_on_the_way_is_an_outcome_in_doubt() {
    let (result, _, kept) = pay(&[Fault::Panic]).await;
    assert!(matches!(result, Err(FlorinError::InDoubt { .. })), "{result:?}");
    assert_eq!(kept, 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_found_under_its_reference() {
    let platform = Platform::new([]);
    let collections = platform.collections();
    let reference = collections.request_to_pay(price(), None, None).await.unwrap();
    let result = collections.request_to_pay_status(reference).await.unwrap();
    assert_eq!(result.status, Status::Successful);
    let error = collections.request_to_pay_status(new_reference().unwrap()).await.unwrap_err();
    assert_eq!(refusal(&error), Some(ReasonCode::ResourceNotFound));
}
