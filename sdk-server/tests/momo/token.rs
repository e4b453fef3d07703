//! One token for all, renewed before it ends.

use crate::platform::{Fault, Platform};
use florin_sdk_server::FlorinError;
use std::time::Duration;
use tokio::time::{advance, sleep};

#[tokio::test(start_paused = true)]
async fn twenty_first_calls_at_once_fetch_one_token() {
    let platform = Platform::new([]);
    let collections = platform.collections();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let collections = collections.clone();
            tokio::spawn(async move { collections.balance().await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().available_balance.to_string(), "1000");
    }
    assert_eq!(platform.came().len(), 20);
    assert_eq!(platform.tokens.lock().unwrap().issued.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_used_until_ten_minutes_before_its_end_and_then_renewed_once() {
    let platform = Platform::new([]);
    let collections = platform.collections();
    collections.balance().await.unwrap();
    let issued = || platform.tokens.lock().unwrap().issued.len();
    sleep(Duration::from_secs(2990)).await;
    collections.balance().await.unwrap();
    assert_eq!(issued(), 1);
    sleep(Duration::from_secs(10)).await;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let collections = collections.clone();
            tokio::spawn(async move { collections.balance().await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(issued(), 2, "renewed by one of them");
    // Not one exchange met a token that had ended.
    assert_eq!(platform.came().len(), 22);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_renewed_serves_until_its_end() {
    let platform = Platform::new([]);
    let collections = platform.collections();
    collections.balance().await.unwrap();
    platform.tokens.lock().unwrap().refused = true;
    sleep(Duration::from_secs(3100)).await;
    collections.balance().await.unwrap();
    sleep(Duration::from_secs(600)).await;
    let error = collections.balance().await.unwrap_err();
    assert!(matches!(error, FlorinError::Unauthorized { code: Some(401), .. }), "{error:?}");
    platform.tokens.lock().unwrap().refused = false;
    collections.balance().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_short_life_is_renewed_at_five_sixths_of_it() {
    let platform = Platform::new([]);
    platform.tokens.lock().unwrap().life_s = 60;
    let collections = platform.collections();
    for _ in 0..60 {
        collections.balance().await.unwrap();
        advance(Duration::from_secs(5)).await;
    }
    let issued = platform.tokens.lock().unwrap().issued.len();
    assert!((5..=7).contains(&issued), "{issued} in 300 s");
    assert_eq!(platform.came().len(), 60, "none was refused");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_early_is_replaced_once_in_a_call() {
    let expired = r#"{"message": "Access to this resource is denied", "statusCode": 401}"#;
    let platform = Platform::new([Fault::Answer(401, expired)]);
    let collections = platform.collections();
    collections.balance().await.unwrap();
    assert_eq!(platform.tokens.lock().unwrap().issued.len(), 2);

    let platform = Platform::new([Fault::Answer(401, expired), Fault::Answer(401, "")]);
    let error = platform.collections().balance().await.unwrap_err();
    assert!(matches!(error, FlorinError::Unauthorized { .. }), "{error:?}");
    assert_eq!(platform.tokens.lock().unwrap().issued.len(), 2);
}
