//! Credentials: which header, and one fetch of a fresh token for all who need it.

use crate::lab::{Lab, Reply, Request, read_call, send_transfer, transferred, wallet};
use async_trait::async_trait;
use florin_sdk_core::client::{Client, ClientOptions, Credential, FreshToken};
use florin_sdk_core::{FlorinError, Knowledge, Secret};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use tokio::task::JoinSet;

/// Hands out `token-1`, `token-2` and so on, each after a second.
#[derive(Default)]
struct Source {
    fetches: AtomicU32,
    /// Fails for these fetches, from 1.
    failing: Vec<u32>,
    panicking: Vec<u32>,
    hanging: Vec<u32>,
}

#[async_trait]
impl FreshToken for Source {
    async fn fresh_token(&self) -> Result<Secret, FlorinError> {
        let number = self.fetches.fetch_add(1, SeqCst) + 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!self.panicking.contains(&number), "as asked");
        if self.hanging.contains(&number) {
            std::future::pending::<()>().await;
        }
        if self.failing.contains(&number) {
            Err(FlorinError::Unauthorized { code: None, reason: "denied".to_owned(), request_id: None })
        } else {
            Ok(format!("token-{number}").into())
        }
    }
}

fn client(lab: &Lab, source: &Arc<Source>) -> Client {
    let source: Arc<dyn FreshToken> = Arc::clone(source) as _;
    lab.client_with(lab.options(), Credential::Source(source))
}

/// A server that takes only this token.
fn takes(token: &'static str) -> Lab {
    let bearer = format!("Bearer {token}");
    Lab::new(move |request: &Request| {
        assert_eq!(request.header("x-apikey"), None);
        if request.header("authorization") == Some(&bearer) { Reply::Json(wallet()) } else { Reply::code(20002) }
    })
}

#[tokio::test(start_paused = true)]
async fn each_credential_has_its_header() {
    let lab = Lab::new(|_| Reply::Json(wallet()));
    lab.client().send(&read_call()).await.unwrap();
    let bearer = lab.client_with(lab.options(), Credential::Bearer("jwt.jwt".into()));
    bearer.send(&read_call()).await.unwrap();
    let [key, token] = &lab.requests()[..] else { panic!() };
    assert_eq!((key.header("x-apikey"), key.header("authorization")), (Some("KEY"), None));
    assert_eq!((token.header("x-apikey"), token.header("authorization")), (None, Some("Bearer jwt.jwt")));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_stand_in_a_header_is_refused_and_not_repeated() {
    let lab = Lab::closed();
    for bad in ["", "marked\nsecret", "marked secret", "märked"] {
        for credential in [Credential::ApiKey(bad.into()), Credential::Bearer(bad.into())] {
            let error = Client::new(lab.options(), credential).unwrap_err();
            assert!(matches!(error, FlorinError::InvalidInput { .. }));
            assert!(!error.to_string().contains("rked"), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_source_it_is_unauthorized_at_once() {
    for code in [20001, 20002] {
        let lab = Lab::new(move |_| Reply::code(code));
        let error = lab.client().send(&read_call()).await.unwrap_err();
        assert!(matches!(error, FlorinError::Unauthorized { code: Some(c), .. } if c == code));
        let error = send_transfer(&lab.client()).await.unwrap_err();
        assert!(matches!(error, FlorinError::Unauthorized { .. }));
        assert_eq!(lab.requests().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_once_and_again_when_its_time_is_over() {
    let source = Arc::new(Source::default());
    let lab = takes("token-2");
    let client = client(&lab, &source);
    client.send(&read_call()).await.unwrap();
    assert_eq!((lab.requests().len(), source.fetches.load(SeqCst)), (2, 2));
    // No delay but the two fetches.
    assert_eq!(lab.now(), 20);
    client.send(&read_call()).await.unwrap();
    assert_eq!((lab.requests().len(), source.fetches.load(SeqCst)), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_second_refusal_is_final() {
    let source = Arc::new(Source::default());
    let lab = takes("token-9");
    let error = client(&lab, &source).send(&read_call()).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unauthorized { code: Some(20002), .. }), "{error}");
    assert_eq!((lab.requests().len(), source.fetches.load(SeqCst)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn one_fresh_token_over_the_whole_call() {
    // Expired, then busy, then expired again: the second time it is over.
    let mut replies = [Reply::code(20002), Reply::code(10002), Reply::code(20002)].into_iter();
    let lab = Lab::new(move |_| replies.next().unwrap());
    let source = Arc::new(Source::default());
    let error = client(&lab, &source).send(&read_call()).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unauthorized { .. }), "{error}");
    assert_eq!(source.fetches.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn money_is_sent_again_with_the_fresh_token_and_the_same_reference() {
    let source = Arc::new(Source::default());
    let lab = Lab::new(|request| match request.header("authorization") {
        Some("Bearer token-2") => Reply::Json(transferred()),
        _ => Reply::code(20002),
    });
    send_transfer(&client(&lab, &source)).await.unwrap();
    let references: Vec<_> = lab.requests().iter().map(|r| r.header("idempotency-key").unwrap().to_owned()).collect();
    assert_eq!(references, ["ref-1", "ref-1"]);
}

#[tokio::test(start_paused = true)]
async fn no_token_after_doubt_is_in_doubt() {
    // The first copy may have run. Then there is no token to send another with, nor to ask with.
    let mut first = true;
    let lab = Lab::new(move |request| {
        if request.asks() || !std::mem::take(&mut first) {
            return Reply::code(20002);
        }
        Reply::Cut
    });
    let source = Arc::new(Source { failing: vec![2, 3, 4], ..Source::default() });
    let error = send_transfer(&client(&lab, &source)).await.unwrap_err();
    assert_eq!(error.knowledge(), Knowledge::InDoubt, "{error}");
    assert_eq!(lab.sent_at().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn fifty_calls_on_an_expired_token_fetch_one() {
    let source = Arc::new(Source::default());
    let lab = takes("token-2");
    let client = client(&lab, &source);
    // All have token 1.
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        calls.spawn(async move { client.send(&read_call()).await });
    }
    for result in calls.join_all().await {
        result.unwrap();
    }
    assert_eq!(source.fetches.load(SeqCst), 2);
    assert_eq!(lab.requests().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn who_waits_survives_the_end_of_who_began() {
    let source = Arc::new(Source::default());
    let lab = takes("token-1");
    let client = client(&lab, &source);
    let send = || {
        let client = client.clone();
        tokio::spawn(async move { client.send(&read_call()).await })
    };
    let first = send();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let second = send();
    tokio::time::sleep(Duration::from_millis(300)).await;
    first.abort();
    second.await.unwrap().unwrap();
    assert_eq!(source.fetches.load(SeqCst), 1);
    assert_eq!(lab.now(), 10, "the fetch was not begun again");

    // Nobody waits any more: what was fetched is kept all the same.
    let source = Arc::new(Source::default());
    let lab = takes("token-1");
    let client = self::client(&lab, &source);
    let call = client.clone();
    let only = tokio::spawn(async move { call.send(&read_call()).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    only.abort();
    tokio::time::sleep(Duration::from_secs(5)).await;
    client.send(&read_call()).await.unwrap();
    assert_eq!(source.fetches.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_fetch_fails_who_waits_and_the_next_call_tries_again() {
    let failures = [
        Source { failing: vec![1], ..Source::default() },
        Source { panicking: vec![1], ..Source::default() },
        Source { hanging: vec![1], ..Source::default() },
    ];
    for source in failures {
        let hangs = !source.hanging.is_empty();
        let source = Arc::new(source);
        let lab = takes("token-2");
        let client = client(&lab, &source);
        let mut calls = JoinSet::new();
        for _ in 0..5 {
            let client = client.clone();
            calls.spawn(async move { client.send(&read_call()).await });
        }
        for result in calls.join_all().await {
            let error = result.unwrap_err();
            if hangs {
                assert!(matches!(error, FlorinError::Unavailable { .. }), "{error}");
            } else {
                assert!(matches!(error, FlorinError::Unauthorized { code: None, .. }), "{error}");
            }
        }
        assert_eq!((source.fetches.load(SeqCst), lab.requests().len()), (1, 0));
        client.send(&read_call()).await.unwrap();
        assert_eq!(source.fetches.load(SeqCst), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_sent_is_no_token() {
    struct Odd;
    #[async_trait]
    impl FreshToken for Odd {
        async fn fresh_token(&self) -> Result<Secret, FlorinError> {
            Ok("marked\r\nsecret".into())
        }
    }
    let lab = Lab::closed();
    let client = lab.client_with(lab.options(), Credential::Source(Arc::new(Odd)));
    let error = client.send(&read_call()).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unauthorized { .. }));
    assert!(!error.to_string().contains("marked"), "{error}");
}

#[test]
fn a_token_fetched_in_a_runtime_that_has_ended_does_not_stay_lost() {
    let source = Arc::new(Source::default());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let first = runtime();
    let client = first.block_on(async {
        let lab = Lab::closed();
        let options = ClientOptions { max_retries: Some(0), ..lab.options() };
        let client = lab.client_with(options, Credential::Source(Arc::clone(&source) as _));
        let call = client.clone();
        tokio::spawn(async move { call.send(&read_call()).await });
        tokio::time::sleep(Duration::from_millis(10)).await;
        client
    });
    drop(first);
    let second = runtime();
    let errors: Vec<_> = (0..2).map(|_| second.block_on(client.send(&read_call())).unwrap_err()).collect();
    assert!(matches!(errors[0], FlorinError::Unauthorized { .. }), "{}", errors[0]);
    assert!(!matches!(errors[1], FlorinError::Unauthorized { .. }), "{}", errors[1]);
}
