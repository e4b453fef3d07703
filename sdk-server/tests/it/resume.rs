//! Going on with calls whose outcome was left unknown.

use crate::platform::{Fault, Platform, accept, credit, too_much, transfer};
use florin_sdk_server::{Fate, FlorinError, Journal, JournalEntry, Knowledge, MemoryJournal, Settlement, Timestamp};
use std::sync::Arc;
use std::time::Duration;

fn lost(handled: bool) -> impl Iterator<Item = Fault> {
    // The call's three copies and their questions; the last question is never answered either.
    let first = std::iter::once(Fault::Lost { handled });
    first.chain(std::iter::repeat_n(Fault::Lost { handled: false }, 3))
}

async fn left(journal: &MemoryJournal) -> usize {
    journal.pending().await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_call_in_doubt_is_gone_on_with_by_its_reference() {
    for (handled, copies) in [(true, 1), (false, 2)] {
        let journal = Arc::new(MemoryJournal::default());
        let platform = Platform::new(lost(handled));
        let client = platform.client(journal.clone());
        let error = client.wallets().transfer(transfer(), None).await.unwrap_err();
        let reference = error.reference().unwrap().to_owned();

        let resumed = client.operations().resume(reference.clone(), None).await.unwrap();
        assert_eq!((resumed.operation.as_str(), resumed.reference), ("WalletTransfer", reference));
        let Fate::Done { txid, prid, answer, .. } = resumed.fate else { panic!("{:?}", resumed.fate) };
        assert_eq!(txid.unwrap().to_string(), "txid_1234567812345678");
        assert_eq!(prid, None);
        assert_eq!(answer.to_string(), r#"{"txid":"txid_1234567812345678","waid":"waid_1234567812345678"}"#);
        assert_eq!((platform.carried_out(), platform.copies(), left(&journal).await), (1, copies, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_in_the_end() {
    let journal = Arc::new(MemoryJournal::default());
    let client = Platform::new(lost(false)).client(journal.clone());
    client.wallets().transfer(too_much(), Some("order-17".into())).await.unwrap_err();
    let resumed = client.operations().resume("order-17".into(), None).await.unwrap();
    let Fate::Refused { code: 20009, name, reason } = resumed.fate else { panic!("{:?}", resumed.fate) };
    assert_eq!((name.as_str(), reason.as_str()), ("INSUFFICIENT_FUNDS", "too little"));
    assert_eq!(left(&journal).await, 0);
}

#[tokio::test(start_paused = true)]
async fn still_in_doubt_is_kept() {
    let journal = Arc::new(MemoryJournal::default());
    let platform = Platform::new(std::iter::repeat_n(Fault::Code(10003), 7));
    let client = platform.client(journal.clone());
    client.wallets().transfer(transfer(), Some("order-17".into())).await.unwrap_err();
    let resumed = client.operations().resume("order-17".into(), None).await.unwrap();
    assert!(matches!(resumed.fate, Fate::InDoubt { .. }), "{resumed:?}");
    assert_eq!(left(&journal).await, 1);
    let resumed = client.operations().resume("order-17".into(), None).await.unwrap();
    assert!(matches!(resumed.fate, Fate::Done { .. }), "{resumed:?}");
    assert_eq!((platform.carried_out(), left(&journal).await), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn one_reference_for_two_operations() {
    let journal = Arc::new(MemoryJournal::default());
    let platform = Platform::new(lost(true).chain(lost(true)));
    let client = platform.client(journal.clone());
    let reference = || Some("order-17".to_owned());
    client.wallets().transfer(transfer(), reference()).await.unwrap_err();
    client.wallets().credit(credit(), reference()).await.unwrap_err();
    let operations = client.operations();
    let error = operations.resume("order-17".into(), None).await.unwrap_err();
    assert!(matches!(&error, FlorinError::InvalidInput { field, .. } if field == "operation"), "{error}");
    let resumed = operations.resume("order-17".into(), Some("CreditWallet".into())).await.unwrap();
    assert_eq!(resumed.operation, "CreditWallet");
    let resumed = operations.resume("order-17".into(), None).await.unwrap();
    assert_eq!(resumed.operation, "WalletTransfer");
    let error = operations.resume("order-17".into(), None).await.unwrap_err();
    assert!(matches!(&error, FlorinError::InvalidInput { field, .. } if field == "reference"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn all_that_is_left_is_gone_on_with() {
    let journal = Arc::new(MemoryJournal::default());
    // As a process that crashed has left it: the server carried out the first, and has seen nothing of the others.
    let before = Platform::new(lost(true));
    before.client(journal.clone()).wallets().transfer(transfer(), Some("a".into())).await.unwrap_err();
    let platform = Arc::clone(&before);
    for (request, reference) in [(transfer(), "b"), (too_much(), "c")] {
        platform.faults.lock().unwrap().extend(lost(false));
        let client = platform.client(journal.clone());
        client.wallets().transfer(request, Some(reference.into())).await.unwrap_err();
    }
    let resumed = platform.client(journal.clone()).operations().resume_pending().await.unwrap();
    let fates: Vec<_> = resumed.iter().map(|r| (r.reference.as_str(), &r.fate)).collect();
    assert!(
        matches!(
            fates[..],
            [("a", Fate::Done { .. }), ("b", Fate::Done { .. }), ("c", Fate::Refused { code: 20009, .. })]
        ),
        "{fates:?}"
    );
    assert_eq!((platform.carried_out(), left(&journal).await), (2, 0));
    assert!(platform.client(journal).operations().resume_pending().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_too_little_to_be_sent_is_only_asked_about() {
    // The processor's information was not stored.
    let journal = Arc::new(MemoryJournal::default());
    let platform = Platform::new(lost(false));
    let client = platform.client(journal.clone());
    client.payments().accept(accept(true), Some("order-17".into())).await.unwrap_err();
    let resumed = client.operations().resume("order-17".into(), None).await.unwrap();
    assert!(matches!(resumed.fate, Fate::InDoubt { .. }), "{resumed:?}");
    assert_eq!((platform.copies(), left(&journal).await), (1, 1));

    // Had it been carried out, asking would have told.
    let journal = Arc::new(MemoryJournal::default());
    let platform = Platform::new(lost(true));
    let client = platform.client(journal.clone());
    client.payments().accept(accept(true), Some("order-17".into())).await.unwrap_err();
    let resumed = client.operations().resume("order-17".into(), None).await.unwrap();
    assert!(matches!(resumed.fate, Fate::Done { .. }), "{resumed:?}");
    assert_eq!((platform.copies(), left(&journal).await), (1, 0));

    // Without such information all is stored, and it can be sent.
    let journal = Arc::new(MemoryJournal::default());
    let platform = Platform::new(lost(false));
    let client = platform.client(journal.clone());
    client.payments().accept(accept(false), Some("order-17".into())).await.unwrap_err();
    let resumed = client.operations().resume("order-17".into(), None).await.unwrap();
    assert!(matches!(resumed.fate, Fate::Done { .. }), "{resumed:?}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_of_a_later_version_is_only_asked_about() {
    let journal = Arc::new(MemoryJournal::default());
    let entry = JournalEntry {
        id: "1".into(),
        operation: "LendMoney".into(),
        reference: "order-17".into(),
        request: r#"{"amount":"1"}"#.parse().unwrap(),
        resendable: true,
        recorded: Timestamp::from_millis(0),
    };
    journal.record(entry).await.unwrap();
    let platform = Platform::new([]);
    let resumed = platform.client(journal.clone()).operations().resume_pending().await.unwrap();
    assert!(matches!(resumed[0].fate, Fate::InDoubt { .. }), "{resumed:?}");
    assert_eq!((platform.copies(), left(&journal).await), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_left_alone() {
    let journal = Arc::new(MemoryJournal::default());
    let platform = Platform::new([Fault::Slow(3)]);
    let client = platform.client(journal.clone());
    let call = tokio::spawn({
        let client = Arc::clone(&client);
        async move { client.wallets().transfer(transfer(), None).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(left(&journal).await, 1);
    assert!(client.operations().resume_pending().await.unwrap().is_empty());
    call.await.unwrap().unwrap();
    assert_eq!(platform.log.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_call_again_is_a_way_to_go_on_too() {
    let journal = Arc::new(MemoryJournal::default());
    let platform = Platform::new(lost(true));
    let client = platform.client(journal.clone());
    let error = client.wallets().transfer(transfer(), None).await.unwrap_err();
    assert_eq!(error.knowledge(), Knowledge::InDoubt);
    let reference = error.reference().map(str::to_owned);
    client.wallets().transfer(transfer(), reference).await.unwrap();
    assert_eq!(platform.carried_out(), 1);
    // The first entry is found to be decided when the process next starts.
    assert_eq!(left(&journal).await, 1);
    let resumed = client.operations().resume_pending().await.unwrap();
    assert!(matches!(resumed[0].fate, Fate::Done { .. }));
    assert_eq!((platform.carried_out(), left(&journal).await), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn who_no_longer_waits_does_not_stop_going_on() {
    let journal = Arc::new(MemoryJournal::default());
    let platform = Platform::new(lost(false).chain([Fault::Slow(3)]));
    let client = platform.client(journal.clone());
    client.wallets().transfer(transfer(), Some("order-17".into())).await.unwrap_err();
    let operations = client.operations();
    let resume = operations.resume("order-17".into(), None);
    tokio::time::timeout(Duration::from_secs(1), resume).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!((platform.carried_out(), left(&journal).await), (1, 0));
}

#[test]
fn settlements_have_names_in_the_file() {
    let names = [Settlement::Done, Settlement::Refused, Settlement::NothingRan]
        .map(|settlement| serde_json::to_string(&settlement).unwrap());
    assert_eq!(names, ["\"done\"", "\"refused\"", "\"nothing_ran\""]);
}
