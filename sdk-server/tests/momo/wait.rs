//! Asking until it is final.

use crate::platform::{Fault, Platform, price};
use florin_sdk_server::FlorinError;
use florin_sdk_server::momo::{Patience, Status, new_reference};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn it_asks_ever_more_rarely_until_it_is_final() {
    let platform = Platform::new([]);
    *platform.open_for.lock().unwrap() = 10;
    let collections = platform.collections();
    let reference = collections.request_to_pay(price(), None, None).await.unwrap();
    let start = Instant::now();
    let result = collections.wait_for_request_to_pay(reference, None).await.unwrap();
    assert_eq!(result.status, Status::Successful);
    assert_eq!(platform.came(), "PGGGGGGGGGGG");
    // 1 + 1.5 + 2.25 + 3.375 + 5.0625 + 7.59375 + 11.390625 + 3 x 15, and the granularity of the clock.
    let waited = start.elapsed();
    assert!((Duration::from_secs(77)..Duration::from_secs(78)).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_it_is_in_doubt() {
    let platform = Platform::new([]);
    *platform.open_for.lock().unwrap() = u32::MAX;
    let collections = platform.collections();
    let reference = collections.request_to_pay(price(), None, None).await.unwrap();
    let patience = Patience { deadline_s: 30, ..Patience::default() };
    let start = Instant::now();
    let error = collections.wait_for_request_to_pay(reference, Some(patience)).await.unwrap_err();
    assert!(start.elapsed() <= Duration::from_secs(31));
    assert_eq!(error.reference(), Some(reference.to_string().as_str()));
    assert!(error.to_string().contains("still PENDING"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_fails_is_asked_again() {
    let error = Fault::Answer(500, r#"{"code":"INTERNAL_PROCESSING_ERROR"}"#);
    let platform = Platform::new([]);
    let collections = platform.collections();
    let reference = collections.request_to_pay(price(), None, None).await.unwrap();
    platform.faults.lock().unwrap().extend(std::iter::repeat_n(error, 8));
    let result = collections.wait_for_request_to_pay(reference, None).await.unwrap();
    assert_eq!(result.status, Status::Successful);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_waited_for() {
    let platform = Platform::new([]);
    let collections = platform.collections();
    let error = collections.wait_for_request_to_pay(new_reference().unwrap(), None).await.unwrap_err();
    assert!(matches!(error, FlorinError::Refused { code: 404, .. }), "{error:?}");
    assert_eq!(platform.came(), "GGGG", "a platform of many machines gets a second chance");
}

#[tokio::test(start_paused = true)]
async fn no_more_than_ten_questions_a_second() {
    let platform = Platform::new([]);
    *platform.open_for.lock().unwrap() = u32::MAX;
    let collections = platform.collections();
    let reference = collections.request_to_pay(price(), None, None).await.unwrap();
    let patience = Patience { first_delay_ms: 0, most_delay_ms: 0, deadline_s: 2 };
    collections.wait_for_request_to_pay(reference, Some(patience)).await.unwrap_err();
    assert!(platform.came().len() <= 22, "{}", platform.came());
}
