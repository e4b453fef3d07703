//! Calls that move money: noted first, sent to their end, settled.

use crate::platform::{CARD, Fault, KEY, Platform, accept, credit, too_much, transfer};
use async_trait::async_trait;
use florin_sdk_core::client::transport::WireRequest;
use florin_sdk_server::{
    FileJournal, FlorinError, Journal, JournalEntry, JournalError, Knowledge, MemoryJournal, Settlement,
};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LOST: Fault = Fault::Lost { handled: false };

fn memory() -> Arc<MemoryJournal> {
    Arc::default()
}

#[tokio::test(start_paused = true)]
async fn it_is_on_the_disk_before_the_first_byte_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let seen = Arc::new(AtomicBool::default());
    let platform = Platform::watched({
        let (path, seen) = (path.clone(), Arc::clone(&seen));
        move |request: &WireRequest| {
            let reference = request.headers["idempotency-key"].to_str().unwrap();
            assert!(fs::read_to_string(&path).unwrap().contains(reference));
            seen.store(true, SeqCst);
        }
    });
    let client = platform.client(Arc::new(FileJournal::open(&path).unwrap()));
    client.wallets().transfer(transfer(), None).await.unwrap();
    assert!(seen.load(SeqCst));
}

#[tokio::test(start_paused = true)]
async fn what_is_decided_or_did_not_run_is_struck_off() {
    for (faults, request, knowledge) in [
        (vec![], transfer(), None),
        (vec![], too_much(), Some(Knowledge::Refused)),
        (vec![Fault::Code(20005)], transfer(), Some(Knowledge::Refused)),
        (vec![Fault::Code(20001)], transfer(), Some(Knowledge::NothingRan)),
        (vec![Fault::Code(10001); 3], transfer(), Some(Knowledge::NothingRan)),
    ] {
        let journal = memory();
        let client = Platform::new(faults).client(journal.clone());
        let result = client.wallets().transfer(request, None).await;
        assert_eq!(result.as_ref().err().map(FlorinError::knowledge), knowledge);
        assert!(journal.pending().await.unwrap().is_empty(), "{result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_in_doubt_stays() {
    let journal = memory();
    let platform = Platform::new(std::iter::repeat_n(LOST, 9));
    let error = platform.client(journal.clone()).wallets().transfer(transfer(), None).await.unwrap_err();
    let pending = journal.pending().await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(Some(pending[0].reference.as_str()), error.reference());
    assert_eq!((pending[0].operation.as_str(), pending[0].resendable), ("WalletTransfer", true));
    assert_eq!(pending[0].request.0["amount"], "12.50");
}

#[tokio::test(start_paused = true)]
async fn who_no_longer_waits_does_not_stop_it() {
    let journal = memory();
    let platform = Platform::new([Fault::Slow(3)]);
    let client = platform.client(journal.clone());
    let wallets = client.wallets();
    let call = wallets.transfer(transfer(), Some("order-17".into()));
    tokio::time::timeout(Duration::from_secs(1), call).await.unwrap_err();
    assert_eq!((journal.pending().await.unwrap().len(), platform.carried_out()), (1, 0));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!((journal.pending().await.unwrap().len(), platform.carried_out()), (0, 1));
    // And the same call again is told what came of it.
    client.wallets().transfer(transfer(), Some("order-17".into())).await.unwrap();
    assert_eq!(platform.carried_out(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_dies_leaves_it_in_doubt() {
    let journal = memory();
    let platform = Platform::new([Fault::Panic]);
    let client = platform.client(journal.clone());
    let error = client.wallets().transfer(transfer(), Some("order-17".into())).await.unwrap_err();
    assert_eq!(error.reference(), Some("order-17"), "{error}");
    assert_eq!(journal.pending().await.unwrap().len(), 1);
    // It is not taken for one that still runs.
    assert_eq!(client.operations().resume_pending().await.unwrap().len(), 1);
}

/// Fails as it is told to.
#[derive(Default)]
struct Bad {
    record: bool,
    settle: bool,
    settled: Mutex<Vec<Settlement>>,
}

#[async_trait]
impl Journal for Bad {
    async fn record(&self, _: JournalEntry) -> Result<(), JournalError> {
        if self.record { Err(JournalError::Storage { reason: "full".into() }) } else { Ok(()) }
    }
    async fn settle(&self, _: String, settlement: Settlement) -> Result<(), JournalError> {
        self.settled.lock().unwrap().push(settlement);
        if self.settle { Err(JournalError::Storage { reason: "full".into() }) } else { Ok(()) }
    }
    async fn pending(&self) -> Result<Vec<JournalEntry>, JournalError> {
        Err(JournalError::Storage { reason: "full".into() })
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_noted_is_not_sent() {
    let journal = Arc::new(Bad { record: true, ..Bad::default() });
    let platform = Platform::new([]);
    let client = platform.client(journal.clone());
    let error = client.wallets().transfer(transfer(), None).await.unwrap_err();
    assert_eq!(error, FlorinError::Journal { reason: "full".into() });
    assert_eq!(error.knowledge(), Knowledge::NothingRan);
    assert_eq!(platform.copies(), 0);
    // Should a part of it be stored after all, it must not be sent later.
    assert_eq!(*journal.settled.lock().unwrap(), [Settlement::NothingRan]);
    assert!(matches!(client.operations().resume_pending().await, Err(FlorinError::Journal { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_struck_off_is_no_error() {
    let journal = Arc::new(Bad { settle: true, ..Bad::default() });
    let client = Platform::new([]).client(journal.clone());
    client.wallets().transfer(transfer(), None).await.unwrap();
    assert_eq!(*journal.settled.lock().unwrap(), [Settlement::Done]);
}

#[tokio::test(start_paused = true)]
async fn a_bad_argument_is_not_even_noted() {
    let journal = memory();
    let platform = Platform::new([]);
    let client = platform.client(journal.clone());
    let error = client.wallets().transfer(transfer(), Some("two words".into())).await.unwrap_err();
    assert!(matches!(error, FlorinError::InvalidInput { .. }));
    let mut both = credit();
    both.waid = Some("waid_1234567812345678".parse().unwrap());
    let error = client.wallets().credit(both, None).await.unwrap_err();
    assert!(matches!(error, FlorinError::InvalidInput { .. }));
    assert!(journal.pending().await.unwrap().is_empty());
    assert_eq!(platform.copies(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_the_journal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let journal = Arc::new(FileJournal::open(&path).unwrap());
    let platform = Platform::new(std::iter::repeat_n(LOST, 9));
    let client = platform.client(journal.clone());
    client.payments().accept(accept(true), None).await.unwrap_err();
    let body = platform.log.lock().unwrap()[0].1.to_string();
    assert!(body.contains(CARD), "it is sent");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("AcceptPayment") && !text.contains(CARD) && !text.contains(KEY), "{text}");
    assert!(!journal.pending().await.unwrap()[0].resendable);
    assert!(!format!("{client:?}{journal:?}").contains(KEY));
}
