//! SQLite's migrations make what the structs declare.

use crate::support::{Engine, Temporary};
use florin_domain::store::{Reader, read_job};
use florin_storage::{Mode, OpenError};

#[test]
fn migrations_and_records_agree() {
    let place = Temporary::new(Engine::Sqlite);
    drop(place.open());
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let mut found: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut declared: Vec<_> = florin_domain::tables().iter().map(|table| table.name.to_owned()).collect();
    // The engine's own.
    declared.extend(["balance_log".to_owned(), "client_reference_hash".to_owned(), "hashed".to_owned()]);
    found.sort_unstable();
    declared.sort_unstable();
    assert_eq!(found, declared);
    for table in florin_domain::tables() {
        let sql = format!("SELECT name, pk FROM pragma_table_info('{}') ORDER BY cid", table.name);
        let columns: Vec<(String, i64)> = connection
            .prepare(&sql)
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, table.columns, "{}", table.name);
        let primary = columns.iter().filter(|(_, place)| *place > 0).map(|(name, _)| name.as_str());
        let mut unique = vec![primary.collect::<Vec<_>>().join(",")];
        let sql = "SELECT (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(list.name) ORDER BY seqno))
                   FROM pragma_index_list(?) AS list WHERE list.\"unique\"";
        let mut indexes = connection.prepare(sql).unwrap();
        unique.extend(indexes.query_map([table.name], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap));
        let key = table.columns[..table.key].join(",");
        assert!(
            unique.contains(&key) || table.found_by > 0,
            "the key of {} is {key}, unique are {unique:?}",
            table.name
        );
        let strict: bool =
            connection.query_row("SELECT strict FROM pragma_table_list(?)", [table.name], |row| row.get(0)).unwrap();
        assert!(strict, "{} is not STRICT", table.name);
    }
}

#[test]
fn other_peoples_databases_and_later_versions_are_refused() {
    let place = Temporary::new(Engine::Sqlite);
    rusqlite::Connection::open(place.path()).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    assert!(matches!(place.try_open(Mode::Inspect), Err(OpenError::Foreign)));
    assert!(matches!(place.try_open(Mode::Serve), Err(OpenError::Foreign)));
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1, "it was left alone");

    let place = Temporary::new(Engine::Sqlite);
    drop(place.open());
    rusqlite::Connection::open(place.path()).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();
    assert!(matches!(place.try_open(Mode::Serve), Err(OpenError::TooNew { found: 999, .. })));
}

#[test]
fn commits_are_flushed() {
    let place = Temporary::new(Engine::Sqlite);
    let _store = place.open();
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[test]
fn the_log_begins_anew_though_somebody_has_read() {
    let books = crate::books::books(1);
    books.supply("100", true).unwrap();
    let read = || {
        let wallet = books.wallets[0].waid;
        let (send, receive) = std::sync::mpsc::channel();
        let work = move |r: &mut dyn Reader| florin_domain::ledger::balances(r, wallet).unwrap();
        books.store.read_little(read_job(work, move |found| send.send(found).unwrap())).unwrap();
        receive.recv().unwrap()[0].available.units(2).unwrap()
    };
    assert_eq!(read(), 10_000);
    let transfers: Vec<_> = (0..3000).map(|_| books.start_transfer(&*books.store, 0, 1, 1)).collect();
    assert!(transfers.iter().all(|transfer| crate::books::settled(transfer).is_ok()));
    assert_eq!(read(), 7000, "who reads sees what was committed");
    for _ in 0..400 {
        books.transfer(0, 1, 1).unwrap();
    }
    assert_eq!(read(), 6600);
    let log = || std::fs::metadata(books.place.path().with_extension("db-wal")).unwrap().len();
    assert!(log() < 8 << 20, "the log has {} bytes", log());
    // And though somebody reads all the time, before each commit and behind it.
    for left in (4600..6600).rev() {
        books.transfer(0, 1, 1).unwrap();
        assert_eq!(read(), left);
    }
    assert!(log() < 8 << 20, "the log has {} bytes", log());
}
