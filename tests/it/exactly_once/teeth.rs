//! The counting sees what is wrong: books, notes and journals of a sound run, each spoilt in one way.

use super::options;
use florin_prove::Options;
use florin_prove::client::Job;
use florin_prove::count::{Count, count};
use florin_prove::plan::World;
use florin_prove::run::run_in;
use florin_sdk_server::{FileJournal, Journal, JournalEntry};
use florin_tests::server::Home;
use std::fs;

/// A sound run, and where all of it is.
struct Sound {
    home: Home,
    world: World,
}

impl Sound {
    async fn new() -> Self {
        let home = Home::new();
        let options = Options { fault_percent: 0, clients: 2, ..options("teeth", &home, 400) };
        let report = run_in(home.folder(), &options, &mut |_| ()).await.unwrap_or_else(|error| panic!("{error}"));
        assert!(report.ok, "{report}");
        let text = fs::read(home.file("world.json")).expect("the world");
        Self { home, world: serde_json::from_slice(&text).expect("the world") }
    }

    async fn count_in(&self, database: &Home) -> Count {
        count(&database.url(), &self.world, 2, self.home.folder()).await.expect("a count")
    }

    async fn count(&self) -> Count {
        self.count_in(&self.home).await
    }

    /// What is counted in a copy of the books in which these statements changed one row each.
    async fn with(&self, statements: &[&str]) -> (u64, u64, u64) {
        let copy = self.home.copy();
        {
            let database = copy.open_to_tamper();
            database.ignore_constraints();
            for statement in statements {
                assert_eq!(database.execute(statement), 1, "{statement}");
            }
        }
        let count = self.count_in(&copy).await;
        (count.lost, count.duplicates, count.wrong)
    }
}

const ONE_TRANSFER: &str = "(SELECT min(txid) FROM ledger_transaction WHERE kind = 'transfer')";
const ANOTHER: &str = "(SELECT reference FROM ledger_transaction WHERE txid = (SELECT max(txid) FROM ledger_transaction \
                       WHERE kind = 'credit'))";

#[tokio::test(flavor = "multi_thread")]
async fn counting_sees_spoilt_books() {
    let sound = Sound::new().await;
    assert_eq!(sound.with(&[]).await, (0, 0, 0));
    let set = |what: &str| format!("UPDATE ledger_transaction SET {what} WHERE txid = {ONE_TRANSFER}");

    let (lost, _, wrong) = sound.with(&[&set("reference = NULL")]).await;
    assert_eq!((lost, wrong), (1, 2), "lost; what is there nobody asked for; its client was told of a transaction");

    let (lost, duplicates, _) = sound.with(&[&set(&format!("reference = {ANOTHER}"))]).await;
    assert_eq!((lost, duplicates), (1, 1), "one is lost, another there twice");

    let more = if florin_tests::database::engine() == florin_tests::database::Engine::Sqlite {
        set("units = CAST(units AS INTEGER) + 1")
    } else {
        set("units = units + 1")
    };
    assert_eq!(sound.with(&[&more]).await, (0, 0, 1), "another amount");
    assert_eq!(sound.with(&[&set("source = destination")]).await, (0, 0, 1), "another wallet");

    let one = "UPDATE payment_request SET reference = NULL WHERE number = (SELECT min(number) FROM payment_request)";
    assert_eq!(sound.with(&[one]).await, (1, 0, 1), "a payment request is lost; what is there nobody asked for");

    let zero = "UPDATE balance SET held = '1' WHERE waid = (SELECT max(waid) FROM balance)";
    assert_eq!(sound.with(&[zero]).await, (0, 0, 1), "something is still set aside");
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_sees_spoilt_notes_and_journals() {
    let sound = Sound::new().await;
    let path = Job::notes(sound.home.folder(), 1);
    let notes = fs::read_to_string(&path).expect("the notes");
    let counted = async |notes: &str| {
        fs::write(&path, notes).expect("the notes");
        let count = sound.count().await;
        (count.lost, count.duplicates, count.wrong)
    };
    let told = |kind: &str| notes.lines().find(|line| line.contains(kind)).expect("such a line").to_owned();

    let without = notes.replacen(&(told("\"done\"") + "\n"), "", 1);
    assert_eq!(counted(&without).await, (1, 0, 0), "nobody was told");
    let refused = told("\"refused\"");
    let other = notes.replacen(&refused, &refused.replace("\"code\":200", "\"code\":201"), 1);
    assert_eq!(counted(&other).await, (0, 0, 1), "it was told of another refusal");
    let done = told("\"txid\":\"txid_");
    // One digit too many: no id, and so no line.
    let other = notes.replacen(&done, &done.replace("txid_", "txid_9"), 1);
    let id = done.split("txid_").nth(1).expect("an id").get(..16).expect("16 digits");
    assert_eq!(counted(&other).await, (1, 0, 0), "nobody was told");
    let other = notes.replacen(&done, &done.replace(id, "1234567812345678"), 1);
    assert_eq!(counted(&other).await, (0, 0, 1), "it was told of another transaction");
    assert_eq!(counted(&notes).await, (0, 0, 0));

    let journal = FileJournal::open(Job::journal(sound.home.folder(), 2)).expect("the journal");
    let entry = r#"{"id":"1","operation":"WalletTransfer","reference":"prove-2-0-0","request":{},"resendable":false,
                    "recorded":"2026-01-01T00:00:00.000Z"}"#;
    let entry: JournalEntry = serde_json::from_str(entry).expect("an entry");
    journal.record(entry).await.expect("recorded");
    drop(journal);
    let count = sound.count().await;
    assert_eq!((count.lost, count.duplicates, count.wrong), (0, 0, 1), "a call is still in its journal");
}
