//! What only PostgreSQL must do: several processes on one database, and a server that goes away.
//!
//! Each test needs `FLORIN_TEST_POSTGRES`, and passes without it: see `scripts/postgres`.

use crate::books::{books_on as books, settled, token};
use crate::proxy::Proxy;
use crate::server::{self, Database};
use crate::support::{Engine, Temporary, occupy, read, start, write};
use florin_domain::identity::{self, Profile, User};
use florin_domain::ledger::{self, Balance};
use florin_domain::momo::SubscriptionKey;
use florin_domain::reference::{self, Identity, Made};
use florin_domain::store::{Record, Store, StoreError, Writer};
use florin_domain::system;
use florin_domain::tier::{self, TierTerms};
use florin_sdk_core::code::Code;
use florin_sdk_core::{JsonObject, Secret, Upid};
use florin_storage::{Mode, OpenError, open};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// A database, if there is a server.
fn place() -> Option<Temporary> {
    server::address().map(|_| Temporary::new(Engine::Postgres))
}

fn set_up(store: &dyn Store) -> Upid {
    write(store, |w| system::initialise(w, Secret::from("x"), "hash".to_owned())).unwrap().upid
}

fn key(number: i64, upid: Upid) -> SubscriptionKey {
    let hash = [u8::try_from(number).unwrap(); 32];
    let created = florin_sdk_core::Timestamp::from_millis(0);
    SubscriptionKey { number, hash, upid, product: None, sandbox: false, created }
}

fn has_key(store: &dyn Store, number: i64) -> bool {
    read(store, move |r| r.get::<SubscriptionKey>(number).unwrap().is_some())
}

#[test]
fn migrations_and_records_agree() {
    let Some(place) = place() else { return };
    drop(place.open());
    let tables = place.database().rows(
        "SELECT table_name FROM information_schema.tables
         WHERE table_schema = 'public' AND table_name <> 'florin_schema' ORDER BY 1",
    );
    let mut declared: Vec<_> = florin_domain::tables().iter().map(|table| vec![table.name.to_owned()]).collect();
    // The engine's own.
    declared.push(vec!["settled".to_owned()]);
    declared.sort_unstable();
    assert_eq!(tables, declared);
    for table in florin_domain::tables() {
        let columns = place.database().rows(&format!(
            "SELECT column_name, data_type, COALESCE(collation_name, '-') FROM information_schema.columns
             WHERE table_name = '{}' ORDER BY ordinal_position",
            table.name
        ));
        assert_eq!(columns.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), table.columns, "{}", table.name);
        for column in columns {
            assert_eq!(column[1] == "text", column[2] == "C", "{column:?} of {}", table.name);
        }
        let unique = place.database().rows(&format!(
            "SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM pg_index i
             CROSS JOIN LATERAL UNNEST(i.indkey) WITH ORDINALITY AS k (attnum, place)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
             WHERE i.indrelid = '{}'::regclass AND i.indisunique AND i.indpred IS NULL GROUP BY i.indexrelid",
            table.name
        ));
        let key = table.columns[..table.key].join(",");
        if table.found_by == 0 {
            assert!(unique.contains(&vec![key.clone()]), "the key of {} is {key}, unique are {unique:?}", table.name);
            continue;
        }
        // What is found by a hash is kept single by another, of the whole key.
        let hashes = place.database().rows(&format!(
            "SELECT pg_get_indexdef(indexrelid, indnatts, false) FROM pg_index
             WHERE indrelid = '{}'::regclass AND indisunique AND indpred IS NULL AND indexprs IS NOT NULL",
            table.name
        ));
        let of_key = |hash: &Vec<String>| table.columns[..table.key].iter().all(|column| hash[0].contains(column));
        assert!(hashes.iter().any(of_key), "the key of {} is {key}, unique are {hashes:?}", table.name);
    }
}

/// A job that lists begins the transaction before its rows have come. If it turns out then that what was at hand is out of
/// date, all is asked for once more, and must be found.
#[test]
fn a_job_that_lists_finds_its_rows_after_what_is_kept_was_changed() {
    let Some(place) = place() else { return };
    let store = place.open();
    let upid = set_up(&*store);
    write(&*store, move |w| Ok(w.insert(&key(7, upid))?)).unwrap();
    for round in 0..3 {
        write(&*store, move |w| {
            let mut profile = w.claim::<Profile>(upid)?.unwrap();
            profile.version += 1;
            Ok(w.update(&profile)?)
        })
        .unwrap();
        let found = write(&*store, move |w| {
            let (profile, key) = (w.get::<Profile>(upid), w.get::<SubscriptionKey>(7_i64));
            let users = w.list::<User>(User::query());
            Ok((profile?.is_some(), key?.is_some(), users?.len()))
        });
        assert_eq!(found.unwrap(), (true, true, 1), "round {round}");
    }
}

#[test]
fn each_step_runs_once_however_many_start_at_once() {
    let Some(place) = place() else { return };
    let stores: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..6).map(|_| scope.spawn(|| place.open())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let steps = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres")).unwrap().count();
    let each: Vec<_> = (1..=steps).map(|step| vec![step.to_string()]).collect();
    assert_eq!(place.database().rows("SELECT version FROM florin_schema ORDER BY version"), each);
    drop(stores);
}

#[test]
fn a_migration_that_is_killed_leaves_nothing_and_the_next_start_does_it() {
    let Some(place) = place() else { return };
    let step = include_str!("../../migrations/postgres/0001_initial.sql");
    let statements: Vec<_> = step.split_inclusive(";\n").collect();
    for killed_after in [1, statements.len() / 2, statements.len()] {
        // As the server sees a process that is killed: a transaction whose connection ends.
        let done = statements[..killed_after].concat();
        let sql = format!("BEGIN; CREATE TABLE florin_schema (version BIGINT); {done}");
        server::with(&place.address(), async |client| client.batch_execute(&sql).await.unwrap());
        let left = place.database().rows("SELECT relname FROM pg_class WHERE relname IN ('florin_schema', 'profile')");
        assert!(left.is_empty(), "{left:?}");
    }
    set_up(&*place.open());
}

/// A step that needs a table for itself, while somebody reads that for as long as he likes: nobody else waits for both.
#[test]
fn a_migration_that_waits_for_a_table_lets_others_have_it_between() {
    let Some(place) = place() else { return };
    drop(place.open());
    let unique = "client_reference_owner_reference_operation_target_key UNIQUE (owner, reference, operation, target)";
    let before_the_last_step = format!(
        "ALTER TABLE client_reference ADD CONSTRAINT {unique}; DROP INDEX client_reference_place;
         DELETE FROM florin_schema WHERE version = (SELECT MAX(version) FROM florin_schema)"
    );
    server::with(&place.address(), async |client| client.batch_execute(&before_the_last_step).await.unwrap());
    let database = place.database();
    let reader = Lock::take(database, "SELECT COUNT(*) FROM client_reference");
    std::thread::scope(|scope| {
        let start = scope.spawn(|| drop(place.open()));
        for _ in 0..2 {
            reader.waited_for(1);
            server::with(&place.address(), async |client| {
                let read = "SET lock_timeout = '60s'; SELECT COUNT(*) FROM client_reference";
                client.batch_execute(read).await.unwrap();
            });
            assert!(!start.is_finished(), "the step is not done");
        }
        drop(reader);
        start.join().unwrap();
    });
    drop(place.try_open(Mode::Inspect).unwrap());
}

#[test]
fn other_peoples_databases_and_later_versions_are_refused() {
    let Some(place) = place() else { return };
    let absent = place.try_open(Mode::Inspect).err();
    assert!(matches!(absent, Some(OpenError::Absent(_))), "{absent:?}");
    place.database().rows("CREATE TABLE mine (x BIGINT)");
    let error = place.try_open(Mode::Serve).err().unwrap().to_string();
    assert!(error.contains("holds other tables"), "{error}");
    place.database().rows("DROP TABLE mine");
    drop(place.open());
    place.database().rows("INSERT INTO florin_schema (version) VALUES (999)");
    for mode in [Mode::Serve, Mode::Inspect] {
        assert!(matches!(place.try_open(mode), Err(OpenError::TooNew { found: 999, .. })));
    }
}

#[test]
fn a_password_is_in_no_message() {
    let Some(place) = place() else { return };
    let address = place.address();
    let (front, rest) = address.split_once("://").unwrap();
    let (user, host) = rest.split_once('@').unwrap();
    let user = user.split_once(':').unwrap().0;
    let (host, database) = host.split_once('/').unwrap();
    for wrong in [
        format!("{front}://{user}:hush@{host}/{database}"),
        format!("{front}://{user}:hush@127.0.0.1:1/{database}"),
        format!("{front}://{user}:hush@nowhere.invalid/{database}"),
        address.replace(database, "not_there"),
    ] {
        let error = open(&wrong, Mode::Serve, place.clock.clone()).err().unwrap();
        let said = format!("{error} {error:?}");
        let password = rest.split_once('@').unwrap().0.split_once(':').unwrap().1;
        assert!(!said.contains("hush") && !said.contains(password), "{said}");
        assert!(matches!(error, OpenError::Engine(_)), "{said}");
    }
}

#[test]
fn sixteen_processes_write_and_no_more() {
    let Some(place) = place() else { return };
    let mut stores: Vec<_> = (0..16).map(|_| place.open()).collect();
    let ids: std::collections::HashSet<_> =
        stores.iter().map(|store| write(&**store, |w| Ok((w.next_id() % 16, w.chain()))).unwrap()).collect();
    assert_eq!(ids, (0..16).map(|slot| (slot, u32::try_from(slot).unwrap() + 1)).collect());
    let error = place.try_open(Mode::Serve).err().unwrap();
    assert!(matches!(error, OpenError::Full { most: 16, .. }), "{error}");
    assert!(place.try_open(Mode::Inspect).is_ok(), "looking is free");
    stores.remove(5);
    let again = place.open();
    assert_eq!(write(&*again, |w| Ok(w.chain())).unwrap(), 6);
}

#[test]
fn processes_that_move_the_same_money_leave_sound_books() {
    if server::address().is_none() {
        return;
    }
    let books = books(Engine::Postgres, 3);
    books.supply("1000", true).unwrap();
    let others: Vec<Arc<dyn Store>> = (0..2).map(|_| books.place.open()).collect();
    let stores: Vec<&dyn Store> = std::iter::once(&*books.store).chain(others.iter().map(|other| &**other)).collect();
    std::thread::scope(|scope| {
        for (index, store) in stores.iter().enumerate() {
            let books = &books;
            scope.spawn(move || {
                // Each in its own direction, so that they take the same rows in other orders.
                for round in 0..20 {
                    let pending: Vec<_> = (0..6)
                        .map(|step| {
                            let from = (step * (index + 1) + round) % 4;
                            books.start_transfer(*store, from, (from + index + 1) % 4, 7)
                        })
                        .collect();
                    for one in pending {
                        match one.recv().unwrap().unwrap() {
                            Ok(_) => {}
                            Err(refusal) => assert_eq!(refusal.code, Code::INSUFFICIENT_FUNDS, "{refusal}"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!((0..4).map(|wallet| books.balance(wallet).0).sum::<i128>(), 100_000);
    let report = books.verify();
    assert!(report.ok, "{:?}", report.faults);
    assert_eq!(report.chains, 3);
}

#[test]
fn what_another_process_did_counts_whatever_this_one_believes() {
    if server::address().is_none() {
        return;
    }
    let books = books(Engine::Postgres, 1);
    books.supply("1", true).unwrap();
    let other = books.place.open();
    let (here, there): (&dyn Store, &dyn Store) = (&*books.store, &*other);
    let transfer = |store, from, to, units| settled(&books.start_transfer(store, from, to, units));
    let once = |store, reference, from, to, units| {
        books.start_once(store, reference, from, to, units).recv().unwrap().unwrap().unwrap()
    };
    for store in [here, there, here] {
        transfer(store, 0, 1, 10).unwrap();
        transfer(store, 1, 0, 10).unwrap();
    }
    // One that starts has what was used last at hand; then that is no longer so.
    let late = books.place.open();
    transfer(here, 0, 1, 90).unwrap();
    assert_eq!(transfer(&*late, 0, 1, 20), Err(Code::INSUFFICIENT_FUNDS));
    transfer(&*late, 1, 0, 90).unwrap();
    // There is less than it believes, and then more.
    transfer(there, 0, 1, 90).unwrap();
    assert_eq!(transfer(here, 0, 1, 20), Err(Code::INSUFFICIENT_FUNDS));
    transfer(there, 1, 0, 90).unwrap();
    transfer(here, 0, 1, 95).unwrap();
    // A reference that it has not seen was used there; by its own lights it would pay, and then refuse.
    let (first, _) = once(there, "first", 1, 0, 95);
    assert_eq!(once(here, "first", 1, 0, 95), (first, true));
    let (second, _) = once(there, "second", 0, 1, 100);
    assert_eq!(transfer(here, 0, 1, 1), Err(Code::INSUFFICIENT_FUNDS));
    assert_eq!(once(here, "second", 0, 1, 100), (second, true));
    // Rows that it keeps because they change rarely.
    let closed = TierTerms { transfer_fiat: false, transfer_crypto: false, ..TierTerms::default() };
    transfer(here, 1, 0, 1).unwrap();
    write(there, move |w| tier::set(w, tier::FIRST, "Closed".to_owned(), &closed)).unwrap();
    assert_eq!(transfer(here, 1, 0, 1), Err(Code::LIMIT_EXCEEDED));
    assert_eq!([0, 1].map(|wallet| books.balance(wallet).0), [1, 99]);
    let report = books.verify();
    assert!(report.ok, "{:?}", report.faults);
}

/// A row of somebody else's transaction: whoever is to change it waits until this goes.
struct Lock<'a> {
    database: &'a Database,
    _go: Sender<()>,
}

impl<'a> Lock<'a> {
    fn take(database: &'a Database, sql: &'static str) -> Self {
        let (address, (go, wait), (held, begun)) = (database.address(), channel::<()>(), channel());
        std::thread::spawn(move || {
            server::with(&address, async |client| {
                client.batch_execute("BEGIN").await.unwrap();
                assert!(!client.query(sql, &[]).await.unwrap().is_empty(), "{sql}");
                held.send(()).unwrap();
                let _ = wait.recv();
            });
        });
        begun.recv().unwrap();
        Self { database, _go: go }
    }

    /// Waits until so many wait.
    fn waited_for(&self, count: usize) {
        let sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while self.database.rows(sql).len() < count {
            std::thread::yield_now();
        }
    }
}

#[test]
fn what_was_sent_behind_a_batch_that_does_not_stand_is_decided_by_what_stands() {
    if server::address().is_none() {
        return;
    }
    let books = books(Engine::Postgres, 3);
    books.supply("10", true).unwrap();
    let other = books.place.open();
    let (here, there): (&dyn Store, &dyn Store) = (&*books.store, &*other);
    let (database, issuer) = (books.place.database(), books.issuer);
    // Each knows the rows, and believes that they are its own.
    for (from, to) in [(0, 1), (1, 0), (0, 2), (2, 3), (3, 0)] {
        settled(&books.start_transfer(here, from, to, 100)).unwrap();
    }
    for round in 1..=4 {
        let lock = Lock::take(database, "SELECT 1 FROM balance FOR UPDATE");
        let theirs = books.start_transfer(there, 0, 1, 50);
        lock.waited_for(1);
        // It waits behind theirs, and will find that it was wrong.
        let ours = books.start_transfer(here, 0, 1, 50);
        lock.waited_for(2);
        // One is about money, and so about the same chain; one is not. In some rounds they share a batch, or come alone.
        let money = (round != 2).then(|| books.start_transfer(here, 0, 2, 20));
        let other = (round != 3).then(|| start(here, move |w| Ok(w.insert(&key(round, issuer))?)));
        drop(lock);
        settled(&theirs).unwrap();
        settled(&ours).unwrap();
        assert!(money.is_none_or(|money| settled(&money).is_ok()));
        assert!(other.is_none_or(|other| other.recv().unwrap().is_ok()));
        assert_eq!(has_key(here, round), round != 3);
    }
    assert_eq!([0, 1, 2].map(|wallet| books.balance(wallet).0), [1000 - 400 - 60, 400, 60]);
    let report = books.verify();
    assert!(report.ok, "{:?}", report.faults);
}

#[test]
fn batches_that_are_under_way_when_the_connection_ends_are_done_or_not_known_to_be() {
    if server::address().is_none() {
        return;
    }
    let books = books(Engine::Postgres, 1);
    books.supply("10", true).unwrap();
    let (store, database, issuer) = (&*books.store, books.place.database(), books.issuer);
    let mut moved = 0;
    for round in 1..=6 {
        settled(&books.start_transfer(store, 0, 1, 10)).unwrap();
        let lock = Lock::take(database, "SELECT 1 FROM balance FOR UPDATE");
        let first = books.start_transfer(store, 0, 1, 10);
        lock.waited_for(1);
        let behind = start(store, move |w| Ok(w.insert(&key(round, issuer))?));
        // In some rounds it has been sent when the connection ends, in others perhaps not.
        std::thread::sleep(Duration::from_millis(if round % 2 == 0 { 20 } else { 0 }));
        end_connections(database);
        drop(lock);
        let first = first.recv().unwrap();
        assert!(matches!(first, Err(StoreError::Engine(_))), "{first:?}");
        let behind = behind.recv().unwrap();
        assert!(matches!(behind, Ok(Ok(())) | Err(StoreError::Engine(_))), "{behind:?}");
        // It goes on, and nothing that was not told to be done was.
        moved += 10;
        assert_eq!(books.balance(1).0, moved);
        assert_eq!(has_key(store, round), behind.is_ok());
        write(store, move |w| Ok(w.insert(&key(100 + round, issuer))?)).unwrap();
        assert!(store.health().is_ok());
    }
    let report = books.verify();
    assert!(report.ok, "{:?}", report.faults);
}

#[test]
fn what_one_job_changes_is_not_undone_by_another_that_reads_it() {
    if server::address().is_none() {
        return;
    }
    let books = books(Engine::Postgres, 1);
    books.supply("1", true).unwrap();
    let key = (books.wallets[0].waid, read(&*books.store, token).unwrap().number);
    let seen = move |w: &mut dyn Writer| Ok(w.get::<Balance>(key)?.unwrap().available);
    for round in 1..=5 {
        // In one batch; the first asks for what the second takes for known.
        let (go, occupied) = occupy(&books.store);
        let looks = [start(&*books.store, seen), start(&*books.store, seen)];
        let pays = books.start_transfer(&*books.store, 0, 1, 1);
        let looks_again = start(&*books.store, seen);
        go.send(()).unwrap();
        occupied.recv().unwrap().unwrap().unwrap();
        settled(&pays).unwrap();
        for look in looks.iter().chain([&looks_again]) {
            let seen = look.recv().unwrap().unwrap().unwrap();
            assert!([100 - round, 101 - round].contains(&seen), "{seen}");
        }
        assert_eq!([0, 1].map(|wallet| books.balance(wallet).0), [100 - round, round]);
    }
    let report = books.verify();
    assert!(report.ok, "{:?}", report.faults);
}

#[test]
fn a_process_whose_clock_is_behind_writes_after_the_others() {
    if server::address().is_none() {
        return;
    }
    let books = books(Engine::Postgres, 1);
    books.supply("10", true).unwrap();
    // It shares the clock; what it gives next is an hour ahead of what the other would.
    books.place.clock.advance(3_600_000);
    books.transfer(0, 1, 100).unwrap();
    let behind = open(&books.place.address(), Mode::Serve, florin_domain::clock::Clock::system()).unwrap();
    books.place.clock.advance(3_600_000);
    for _ in 0..3 {
        books.transfer(0, 1, 100).unwrap();
        assert!(books.start_transfer(&*behind, 1, 0, 50).recv().unwrap().unwrap().is_ok());
    }
    let report = books.verify();
    assert!(report.ok, "{:?}", report.faults);
}

#[test]
fn one_reference_runs_once_whichever_processes_get_it() {
    let Some(place) = place() else { return };
    let stores: Vec<_> = (0..3).map(|_| place.open()).collect();
    let upid = set_up(&*stores[0]);
    for round in 0..10 {
        let pending: Vec<_> = stores
            .iter()
            .map(|store| {
                let identity = Identity {
                    owner: upid,
                    operation: "Test",
                    target: String::new(),
                    reference: format!("reference {round}"),
                    fingerprint: [1; 32],
                };
                start(&**store, move |w| {
                    reference::once(w, &identity, |w| {
                        w.insert(&key(round + 1, upid))?;
                        Ok((JsonObject::default(), Made::default()))
                    })
                    .map_err(|refused| refused.refusal)
                })
            })
            .collect();
        let replayed: Vec<_> = pending.into_iter().map(|one| one.recv().unwrap().unwrap().unwrap().replayed).collect();
        assert_eq!(replayed.iter().filter(|replayed| !**replayed).count(), 1, "{replayed:?}");
    }
}

#[test]
fn what_spoils_a_commit_is_found_and_its_neighbours_pass() {
    let Some(place) = place() else { return };
    let store = place.open();
    let upid = set_up(&*store);
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let first = start(&*store, move |_| {
        let _ = held.lock().unwrap().recv();
        Ok(())
    });
    let job = |number, hash: u8| {
        start(&*store, move |w| Ok(w.insert(&SubscriptionKey { hash: [hash; 32], ..key(number, upid) })?))
    };
    let good: Vec<_> = (1..=9).map(|number| job(number, u8::try_from(number).unwrap())).collect();
    let no_such_profile = Upid::new(9_999_999_999_999_999).unwrap();
    let strange = start(&*store, move |w| Ok(w.insert(&SubscriptionKey { upid: no_such_profile, ..key(50, upid) })?));
    let zero = start(&*store, move |w| {
        let wallet = identity::default_wallet(w.reader(), upid)?;
        let waid = florin_sdk_core::Waid::new(w.next_id()).unwrap();
        let name = "a\0b".to_owned();
        Ok(w.insert(&ledger::Wallet { waid, name, is_default: false, ..wallet })?)
    });
    let twice = job(51, 1);
    drop(hold);
    assert!(first.recv().unwrap().is_ok());
    for one in good {
        assert!(one.recv().unwrap().is_ok());
    }
    assert!(strange.recv().unwrap().is_err(), "a reference to what is not there");
    assert!(zero.recv().unwrap().is_err(), "a text that PostgreSQL cannot hold");
    assert!(matches!(twice.recv().unwrap(), Err(StoreError::Duplicate { table: "subscription_key" })));
    assert!(store.health().is_ok(), "that is the jobs' fault");
    assert!((1..=9).all(|number| has_key(&*store, number)));
    assert!(!has_key(&*store, 50) && !has_key(&*store, 51));
}

/// Two processes are the first to need a row, and then the next one, and so on: the one that is always second sees what
/// the other one added, goes on with that, and is told nothing of it.
#[test]
fn who_is_second_again_and_again_gets_through() {
    const RACES: i64 = 5;
    let Some(place) = place() else { return };
    let (one, other) = (place.open(), place.open());
    let upid = set_up(&*one);
    let mut lost = 0;
    let got = start(&*one, move |w| {
        for number in 1..=RACES {
            if w.get::<SubscriptionKey>(number)?.is_none() {
                // Not there: and just now the other process adds it. (A job may run again without its being read again.)
                if lost < number {
                    write(&*other, move |w| Ok(w.insert(&key(number, upid))?)).unwrap();
                    lost = number;
                }
                w.insert(&key(number, upid))?;
                return Ok(number);
            }
        }
        w.insert(&key(RACES + 1, upid))?;
        Ok(RACES + 1)
    });
    assert_eq!(got.recv().unwrap().unwrap().unwrap(), RACES + 1);
    assert!(has_key(&*one, RACES + 1));
}

#[test]
fn connections_that_the_server_ends_are_made_again() {
    let Some(place) = place() else { return };
    let store = place.open();
    let upid = set_up(&*store);
    for round in 1..=3 {
        let ended = end_connections(place.database());
        // A reader that had nothing to do since the last round has not noticed.
        assert!(ended >= 2, "{ended}");
        write(&*store, move |w| Ok(w.insert(&key(round, upid))?)).unwrap();
        for _ in 0..12 {
            assert!(has_key(&*store, round));
        }
    }
    assert!(store.health().is_ok());
}

/// What is decided at once takes one journey, and after that nobody could say what became of it.
#[test]
fn nothing_is_sent_over_a_connection_that_has_ended() {
    if server::address().is_none() {
        return;
    }
    let books = books(Engine::Postgres, 2);
    books.supply("10", true).unwrap();
    let proxy = Proxy::start(&books.place.address());
    let store = open(&proxy.address, Mode::Serve, books.place.clock.clone()).unwrap();
    let transfer = || settled(&books.start_transfer(&*store, 0, 1, 1));
    transfer().unwrap();
    for _ in 0..3 {
        // By what is most likely.
        transfer().unwrap();
        // Without a word: the server would have said that it ends it, and then it is known that nothing was done.
        proxy.close();
        proxy.open();
        std::thread::sleep(Duration::from_millis(200)); // Until that has come here.
        transfer().unwrap();
    }
    assert!(books.verify().ok);
}

/// A server that was stopped, or that stands behind something which swallows what it is sent: nobody waits for ever, and
/// whoever waited is told what is known.
#[test]
fn a_server_that_says_nothing_is_given_up() {
    let Some(place) = place() else { return };
    let upid = set_up(&*place.open());
    let proxy = Proxy::start(&place.address());
    let store = open(&proxy.address, Mode::Serve, place.clock.clone()).unwrap();
    write(&*store, move |w| Ok(w.insert(&key(1, upid))?)).unwrap();
    assert!(has_key(&*store, 1));
    proxy.fall_silent();
    let (address, clock) = (proxy.address.clone(), place.clock.clone());
    let opening = std::thread::spawn(move || open(&address, Mode::Serve, clock).err().map(|error| error.to_string()));
    let unknown = start(&*store, move |w| Ok(w.insert(&key(2, upid))?));
    let unread = read(&*store, |r| r.get::<SubscriptionKey>(1_i64).map(|_| ()));
    assert!(matches!(unread, Err(StoreError::Busy)), "{unread:?}");
    let unknown = unknown.recv_timeout(Duration::from_secs(120)).expect("the end comes long before");
    assert!(matches!(unknown, Err(StoreError::Engine(_) | StoreError::Busy)), "{unknown:?}");
    assert!(store.health().is_err());
    let refused = opening.join().unwrap();
    assert!(refused.as_ref().is_some_and(|text| text.contains("says nothing")), "{refused:?}");
    proxy.open();
    while start(&*store, move |w| Ok(w.insert(&key(3, upid))?)).recv().unwrap().is_err() {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(store.health().is_ok());
    while read(&*store, |r| r.get::<SubscriptionKey>(3_i64)).is_err() {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(!has_key(&*place.open(), 2), "it never got there");
}

/// Ends all connections that stores have to a database.
fn end_connections(database: &Database) -> usize {
    let sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'florin %'";
    database.rows(sql).len()
}

#[test]
fn a_commit_whose_answer_is_lost_is_never_called_done() {
    let Some(place) = place() else { return };
    let upid = set_up(&*place.open());
    // Alone the statement is its own transaction; after a question it is followed by a COMMIT.
    for (round, (forwarded, asks)) in
        [(true, false), (false, false), (true, true), (false, true)].into_iter().enumerate()
    {
        let proxy = Proxy::start(&place.address());
        let store = open(&proxy.address, Mode::Serve, place.clock.clone()).unwrap();
        let number = 10 * i64::try_from(round).unwrap();
        let add = move |number: i64, w: &mut dyn Writer| {
            if asks {
                w.get::<SubscriptionKey>(number)?;
            }
            Ok(w.insert(&key(number, upid))?)
        };
        write(&*store, move |w| add(number, w)).unwrap();
        let number = number + 1;
        proxy.cut_at_commit(forwarded);
        let lost = start(&*store, move |w| add(number, w)).recv().unwrap();
        assert!(matches!(lost, Err(StoreError::Engine(_))), "{lost:?}");
        // It goes on, and what was decided there is what is seen.
        let seen = write(&*store, move |w| Ok(w.get::<SubscriptionKey>(number)?.is_some())).unwrap();
        assert_eq!(seen, forwarded);
        assert!(store.health().is_ok());
    }
}

#[test]
fn while_the_server_is_away_nothing_is_done_and_that_is_told() {
    let Some(place) = place() else { return };
    let upid = set_up(&*place.open());
    let proxy = Proxy::start(&place.address());
    let store = open(&proxy.address, Mode::Serve, place.clock.clone()).unwrap();
    proxy.close();
    let refused = start(&*store, move |w| Ok(w.insert(&key(1, upid))?)).recv().unwrap();
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    assert!(store.health().is_err());
    // Now at once, rather than after a while.
    let refused = start(&*store, move |w| Ok(w.insert(&key(1, upid))?)).recv().unwrap();
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    let unread = read(&*store, |r| r.get::<SubscriptionKey>(1_i64));
    assert!(matches!(unread, Err(StoreError::Busy)), "{unread:?}");
    proxy.open();
    write(&*store, move |w| Ok(w.insert(&key(2, upid))?)).unwrap();
    assert!(store.health().is_ok());
    assert!(!has_key(&*place.open(), 1) && has_key(&*place.open(), 2));
}
