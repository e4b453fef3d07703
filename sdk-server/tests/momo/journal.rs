//! What the journal keeps, and going on with it.

use crate::platform::{Fault, Platform, options, price};
use florin_sdk_server::momo::{Collections, Credentials, Party, Transfer};
use florin_sdk_server::{ClientOptions, Fate, FileJournal, Journal, MemoryJournal, ProviderClient};
use std::sync::Arc;

const NEVER: Fault = Fault::Lost { handled: false };

/// A journal with one call in it, whose copy arrived or did not.
async fn left_open(arrived: bool) -> (Arc<Platform>, Arc<MemoryJournal>) {
    let mut faults = vec![Fault::Lost { handled: arrived }];
    faults.extend(std::iter::repeat_n(NEVER, 20));
    let platform = Platform::new(faults);
    let journal = Arc::new(MemoryJournal::default());
    platform.collections_with(journal.clone()).request_to_pay(price(), None, None).await.unwrap_err();
    assert_eq!(journal.pending().await.unwrap().len(), 1);
    platform.faults.lock().unwrap().clear();
    platform.log.lock().unwrap().clear();
    (platform, journal)
}

#[tokio::test(start_paused = true)]
async fn what_was_left_open_is_asked_about_and_sent_only_if_it_is_not_there() {
    for (arrived, came) in [(true, "G"), (false, "GP")] {
        let (platform, journal) = left_open(arrived).await;
        let collections = platform.collections_with(journal.clone());
        let resumed = collections.resume_pending().await.unwrap();
        let [one] = &resumed[..] else { panic!("{resumed:?}") };
        assert_eq!(one.operation, "momo.request_to_pay");
        let Fate::Done { answer, .. } = &one.fate else { panic!("{one:?}") };
        assert_eq!(answer.0.contains_key("status"), arrived);
        assert_eq!((platform.begun(), platform.came().as_str()), (1, came));
        assert!(collections.resume_pending().await.unwrap().is_empty());
        assert!(collections.request_to_pay_status(one.reference.parse().unwrap()).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn another_users_products_or_hosts_calls_are_left_alone() {
    let (platform, journal) = left_open(false).await;
    let other = Credentials { api_user: "somebody-else".into(), ..crate::platform::credentials() };
    let other = Collections::with_transport(options("http://127.0.0.1"), other, journal.clone(), platform.clone());
    assert!(other.unwrap().resume_pending().await.unwrap().is_empty());
    // Another of MTN's platforms cannot know what this one took.
    let elsewhere = options("http://other.example");
    let elsewhere =
        Collections::with_transport(elsewhere, crate::platform::credentials(), journal.clone(), platform.clone());
    assert!(elsewhere.unwrap().resume_pending().await.unwrap().is_empty());
    assert!(platform.disbursements_with(journal.clone()).resume_pending().await.unwrap().is_empty());
    let native = ProviderClient::new(ClientOptions::new("http://127.0.0.1:1"), "KEY".into(), journal.clone()).unwrap();
    assert!(native.operations().resume_pending().await.unwrap().is_empty());
    assert!(platform.log.lock().unwrap().is_empty());
    assert_eq!(journal.pending().await.unwrap().len(), 1);
    assert_eq!(platform.collections_with(journal).resume_pending().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn amounts_and_callbacks_survive_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let platform = Platform::new(std::iter::repeat_n(NEVER, 20));
    let payout = Transfer::new("0.10".parse().unwrap(), "EUR".into(), "out-1".into(), Party::msisdn("256770000002"));
    {
        let journal = Arc::new(FileJournal::open(&path).unwrap());
        let disbursements = platform.disbursements_with(journal);
        let callback = Some("https://shop.example/momo/{reference}".to_owned());
        disbursements.transfer(payout, None, callback).await.unwrap_err();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    for secret in ["MARKEDSUBSCRIPTION", "MARKEDAPIKEY", "MARKEDTOKEN"] {
        assert!(!text.contains(secret), "{secret}");
    }
    platform.faults.lock().unwrap().clear();
    let disbursements = platform.disbursements_with(Arc::new(FileJournal::open(&path).unwrap()));
    let resumed = disbursements.resume_pending().await.unwrap();
    let [one] = &resumed[..] else { panic!("{resumed:?}") };
    assert!(matches!(one.fate, Fate::Done { .. }), "{one:?}");
    assert!(text.contains(&format!("https://shop.example/momo/{}", one.reference)), "{text}");
    let found = disbursements.transfer_status(one.reference.parse().unwrap()).await.unwrap();
    assert_eq!(found.amount.to_string(), "0.10");
}
