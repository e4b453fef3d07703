//! Journals: what every one must do, and what the one in a file must do besides.

use florin_sdk_server::{FileJournal, Journal, JournalEntry, JournalError, MemoryJournal, Settlement, Timestamp};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn entry(id: &str) -> JournalEntry {
    JournalEntry {
        id: id.to_owned(),
        operation: "WalletTransfer".to_owned(),
        reference: format!("ref of {id}"),
        request: r#"{"amount":"12.50"}"#.parse().unwrap(),
        resendable: true,
        recorded: Timestamp::from_millis(1_700_000_000_000),
    }
}

async fn ids(journal: &dyn Journal) -> Vec<String> {
    journal.pending().await.unwrap().into_iter().map(|entry| entry.id).collect()
}

async fn settle(journal: &dyn Journal, id: &str) {
    journal.settle(id.to_owned(), Settlement::Done).await.unwrap();
}

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    Place { _directory: directory, path }
}

fn open(path: &Path) -> FileJournal {
    FileJournal::open(path).unwrap()
}

async fn keeps_what_is_not_settled(journal: &dyn Journal) {
    assert!(ids(journal).await.is_empty());
    for id in ["a", "b", "c"] {
        journal.record(entry(id)).await.unwrap();
    }
    settle(journal, "b").await;
    settle(journal, "b").await;
    settle(journal, "never recorded").await;
    assert_eq!(journal.pending().await.unwrap(), [entry("a"), entry("c")], "whole, the oldest first");
}

#[tokio::test]
async fn each_journal_keeps_what_is_not_settled() {
    keeps_what_is_not_settled(&MemoryJournal::default()).await;
    let place = place();
    keeps_what_is_not_settled(&open(&place.path)).await;
}

#[tokio::test]
async fn a_file_keeps_it_beyond_the_process() {
    let place = place();
    keeps_what_is_not_settled(&open(&place.path)).await;
    for _ in 0..3 {
        let journal = open(&place.path);
        assert_eq!(journal.pending().await.unwrap(), [entry("a"), entry("c")]);
    }
    let journal = open(&place.path);
    settle(&journal, "a").await;
    settle(&journal, "c").await;
    drop(journal);
    assert!(ids(&open(&place.path)).await.is_empty());
    // Written anew on opening: nothing but its first line is left.
    assert_eq!(fs::read_to_string(&place.path).unwrap(), "{\"florin_journal\":1}\n");
}

#[tokio::test]
async fn what_is_recorded_is_in_the_file_at_once() {
    let place = place();
    let journal = open(&place.path);
    journal.record(entry("a")).await.unwrap();
    let copy = place.path.with_extension("copy");
    fs::copy(&place.path, &copy).unwrap();
    assert_eq!(open(&copy).pending().await.unwrap(), [entry("a")]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    for _ in 0..2 {
        open(&place.path).record(entry("a")).await.unwrap();
        for path in [place.path.clone(), place.path.with_extension("lock")] {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn one_process_at_a_time() {
    let place = place();
    let journal = open(&place.path);
    assert_eq!(FileJournal::open(&place.path).unwrap_err(), JournalError::InUse);
    drop(journal);
    open(&place.path);
}

#[tokio::test]
async fn a_last_line_cut_off_by_a_crash_is_ignored() {
    let place = place();
    let journal = open(&place.path);
    journal.record(entry("a")).await.unwrap();
    let safe = fs::read(&place.path).unwrap();
    journal.record(entry("b")).await.unwrap();
    drop(journal);
    let whole = fs::read(&place.path).unwrap();
    for length in safe.len()..whole.len() - 1 {
        fs::write(&place.path, &whole[..length]).unwrap();
        let journal = open(&place.path);
        assert_eq!(ids(&journal).await, ["a"], "cut at {length}");
        // And what is recorded then is found again.
        journal.record(entry("c")).await.unwrap();
        drop(journal);
        assert_eq!(ids(&open(&place.path)).await, ["a", "c"]);
    }
    // Blocks that were never written read as zeros.
    let mut zeros = safe.clone();
    zeros.extend([0; 4096]);
    fs::write(&place.path, &zeros).unwrap();
    assert_eq!(ids(&open(&place.path)).await, ["a"]);
}

#[tokio::test]
async fn damage_is_not_passed_over_and_the_file_is_left_as_it_is() {
    let place = place();
    let journal = open(&place.path);
    for id in ["a", "b", "c"] {
        journal.record(entry(id)).await.unwrap();
    }
    drop(journal);
    let text = fs::read_to_string(&place.path).unwrap();
    let damaged = text.replacen("\"id\":\"b\"", "\"id\":b", 1);
    for (content, line) in [
        (damaged.as_str(), 3),
        ("{\"florin_journal\":2}\n", 1),
        ("{\"some\":\"file of another program\"}\n", 1),
        ("no JSON at all", 1),
        ("\n", 1),
    ] {
        fs::write(&place.path, content).unwrap();
        let error = FileJournal::open(&place.path).unwrap_err();
        assert!(matches!(error, JournalError::Damaged { line: found, .. } if found == line), "{error}");
        assert_eq!(fs::read_to_string(&place.path).unwrap(), content);
    }
    fs::write(&place.path, "").unwrap();
    assert!(ids(&open(&place.path)).await.is_empty(), "an empty file is an empty journal");
}

#[tokio::test]
async fn a_place_that_is_not_there_is_an_error() {
    let place = place();
    let error = FileJournal::open(place.path.join("no such directory")).unwrap_err();
    assert!(matches!(error, JournalError::Storage { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once() {
    let place = place();
    let journal = Arc::new(open(&place.path));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..500 {
        let journal = Arc::clone(&journal);
        tasks.spawn(async move {
            let id = number.to_string();
            journal.record(entry(&id)).await.unwrap();
            if number % 2 == 0 {
                settle(journal.as_ref(), &id).await;
            }
        });
    }
    tasks.join_all().await;
    let check = async |journal: &FileJournal| {
        let mut found: Vec<u32> = ids(journal).await.iter().map(|id| id.parse().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, (0..500).filter(|number| number % 2 == 1).collect::<Vec<_>>());
    };
    check(&journal).await;
    drop(journal);
    check(&open(&place.path)).await;
}

#[tokio::test]
async fn a_long_life_does_not_make_a_large_file() {
    let place = place();
    let journal = open(&place.path);
    journal.record(entry("kept")).await.unwrap();
    let mut large = entry("large");
    large.request = format!("{{\"text\":\"{}\"}}", "x".repeat(1 << 20)).parse().unwrap();
    for number in 0..40 {
        large.id = number.to_string();
        journal.record(large.clone()).await.unwrap();
        settle(&journal, &large.id).await;
        assert!(fs::metadata(&place.path).unwrap().len() < 20 << 20);
    }
    assert_eq!(ids(&journal).await, ["kept"]);
    drop(journal);
    assert_eq!(ids(&open(&place.path)).await, ["kept"]);
}
