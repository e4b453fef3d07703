//! What the rules rely on.

use crate::support::{Engine, Temporary, engine_tests, occupy, read, start, write};
use florin_domain::Refusal;
use florin_domain::identity::{self, Profile};
use florin_domain::ledger::Balance;
use florin_domain::momo::SubscriptionKey;
use florin_domain::notify::Event;
use florin_domain::store::{ReadJob, Reader, Record, Scan, Store, StoreError, WriteJob, Writer, read_job};
use florin_domain::system;
use florin_sdk_core::code::Code;
use florin_sdk_core::{Secret, Upid};
use florin_storage::{Mode, OpenError};

engine_tests! {
    a_refused_job_leaves_nothing_and_does_not_touch_its_neighbours
    a_job_that_breaks_a_rule_of_the_tables_fails_alone
    who_cannot_bear_the_news_keeps_it_from_nobody
    a_part_can_be_undone_by_itself
    a_key_is_taken_once_and_only_what_was_claimed_is_changed
    a_unique_value_that_is_taken_fails_the_commit_and_leaves_nothing
    a_job_sees_what_it_and_its_neighbours_wrote
    what_was_acknowledged_is_there_after_opening_again
    ids_grow_across_processes_even_if_the_clock_went_back
    searches_match_text_not_patterns
    cells_come_back_as_they_went_in
    a_job_that_looks_for_another_row_each_time_it_runs_is_carried_out
    what_is_taken_away_is_gone_for_all_and_comes_back_with_a_refusal
}

fn key(number: i64, upid: Upid, byte: u8) -> SubscriptionKey {
    let created = florin_sdk_core::Timestamp::from_millis(0);
    SubscriptionKey { number, hash: [byte; 32], upid, product: None, sandbox: false, created }
}

fn keys(store: &dyn Store) -> Vec<i64> {
    let query = SubscriptionKey::query().ascending(SubscriptionKey::number);
    let rows = read(store, move |reader| reader.list::<SubscriptionKey>(query).unwrap());
    rows.into_iter().map(|row| row.number).collect()
}

fn set_up(store: &dyn Store) -> Upid {
    write(store, |w| system::initialise(w, Secret::from("x"), "hash".to_owned())).unwrap().upid
}

fn a_refused_job_leaves_nothing_and_does_not_touch_its_neighbours(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    let before = keys(&*store);
    let (hold, first) = occupy(&store);
    let good = start(&*store, move |w| Ok(w.insert(&key(1, upid, 1))?));
    let refused = start(&*store, move |w| {
        w.insert(&key(2, upid, 2))?;
        Err::<(), _>(Refusal::new(Code::INSUFFICIENT_FUNDS))
    });
    let panics = start::<()>(&*store, move |w| {
        w.insert(&key(3, upid, 3))?;
        panic!("a bug in one request")
    });
    let also_good = start(&*store, move |w| Ok(w.insert(&key(4, upid, 4))?));
    hold.send(()).unwrap();
    assert!(first.recv().unwrap().unwrap().is_ok());
    assert!(good.recv().unwrap().unwrap().is_ok());
    assert_eq!(refused.recv().unwrap().unwrap().unwrap_err().code, Code::INSUFFICIENT_FUNDS);
    assert_eq!(panics.recv().unwrap().unwrap().unwrap_err().code, Code::SYSTEM_ERROR);
    assert!(also_good.recv().unwrap().unwrap().is_ok());
    let added: Vec<_> = keys(&*store).into_iter().filter(|number| !before.contains(number)).collect();
    assert_eq!(added, [1, 4]);
}

/// Writes nothing, reads nothing, and fails when it is told how that went.
struct Sensitive;

impl WriteJob for Sensitive {
    fn run(&mut self, _: &mut dyn Writer) -> bool {
        true
    }
    fn finish(self: Box<Self>, _: Result<(), StoreError>) {
        panic!("a bug in one request, when it was told")
    }
}

impl ReadJob for Sensitive {
    fn run(&mut self, _: &mut dyn Reader) {}
    fn finish(self: Box<Self>) {
        panic!("a bug in one request, when it was told")
    }
}

fn who_cannot_bear_the_news_keeps_it_from_nobody(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    let before = keys(&*store);
    // As the only one, and among others; and more often than there are threads.
    store.write(Box::new(Sensitive)).unwrap();
    let (hold, first) = occupy(&store);
    store.write(Box::new(Sensitive)).unwrap();
    let neighbour = start(&*store, move |w| Ok(w.insert(&key(1, upid, 1))?));
    hold.send(()).unwrap();
    assert!(first.recv().unwrap().unwrap().is_ok());
    assert!(neighbour.recv().unwrap().unwrap().is_ok());
    for _ in 0..8 {
        store.read(Box::new(Sensitive)).unwrap();
        store.read_little(Box::new(Sensitive)).unwrap();
        store.read_again(Box::new(Sensitive)).unwrap();
    }
    write(&*store, move |w| Ok(w.insert(&key(2, upid, 2))?)).unwrap();
    let added: Vec<_> = keys(&*store).into_iter().filter(|number| !before.contains(number)).collect();
    assert_eq!(added, [1, 2]);
    for read_by in [Store::read_again, Store::read_little] {
        let (send, receive) = std::sync::mpsc::channel();
        let work = |r: &mut dyn Reader| Ok::<_, Refusal>(r.get::<SubscriptionKey>(2_i64)?.is_some());
        let job = read_job(work, move |found| send.send(found).unwrap());
        read_by(&*store, job).unwrap();
        assert!(receive.recv_timeout(std::time::Duration::from_secs(60)).unwrap().unwrap());
    }
    assert!(store.health().is_ok());
}

fn a_job_that_breaks_a_rule_of_the_tables_fails_alone(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    let (hold, first) = occupy(&store);
    let good = start(&*store, move |w| Ok(w.insert(&key(1, upid, 1))?));
    let nobody = Upid::new(7).unwrap();
    let poison = start(&*store, move |w| Ok(w.insert(&key(2, nobody, 2))?));
    let twin = start(&*store, move |w| Ok(w.insert(&key(3, upid, 1))?));
    let also_good = start(&*store, move |w| Ok(w.insert(&key(4, upid, 4))?));
    hold.send(()).unwrap();
    assert!(first.recv().unwrap().unwrap().is_ok());
    assert!(good.recv().unwrap().unwrap().is_ok());
    assert!(matches!(poison.recv().unwrap(), Err(StoreError::Constraint { .. })));
    assert!(matches!(twin.recv().unwrap(), Err(StoreError::Duplicate { .. })));
    assert!(also_good.recv().unwrap().unwrap().is_ok());
    assert_eq!(keys(&*store)[..2], [1, 4]);
    assert!(store.health().is_ok(), "a bad request is no bad disk");
}

fn a_part_can_be_undone_by_itself(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    write(&*store, move |w| {
        w.insert(&key(1, upid, 1))?;
        w.begin_part()?;
        w.insert(&key(2, upid, 2))?;
        w.begin_part()?;
        w.insert(&key(3, upid, 3))?;
        w.end_part(true)?;
        w.end_part(false)?;
        w.begin_part()?;
        w.insert(&key(4, upid, 4))?;
        Ok(w.end_part(true)?)
    })
    .unwrap();
    assert_eq!(keys(&*store)[..2], [1, 4]);
}

fn a_key_is_taken_once_and_only_what_was_claimed_is_changed(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    write(&*store, move |w| {
        w.insert(&key(1, upid, 1))?;
        assert!(matches!(w.insert(&key(1, upid, 2)), Err(StoreError::Duplicate { table: "subscription_key" })));
        w.update(&key(1, upid, 3))?; // Added by this very job.
        assert!(matches!(w.update(&key(9, upid, 9)), Err(StoreError::Missing { .. })));
        Ok(())
    })
    .unwrap();
    write(&*store, move |w| {
        w.get::<SubscriptionKey>(1_i64)?.unwrap();
        assert!(matches!(w.update(&key(1, upid, 4)), Err(StoreError::Missing { .. })), "read, but not claimed");
        Ok(())
    })
    .unwrap();
    write(&*store, move |w| {
        w.claim::<SubscriptionKey>(1_i64)?.unwrap();
        Ok(w.update(&key(1, upid, 4))?)
    })
    .unwrap();
    let row = read(&*store, |r| r.get::<SubscriptionKey>(1_i64).unwrap().unwrap());
    assert_eq!(row, key(1, upid, 4));
}

fn a_unique_value_that_is_taken_fails_the_commit_and_leaves_nothing(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    let twice = start(&*store, move |w| {
        w.insert(&key(1, upid, 7))?;
        Ok(w.insert(&key(2, upid, 7))?)
    });
    assert!(twice.recv().unwrap().is_err());
    assert_eq!(keys(&*store).len(), 1);
    assert!(write(&*store, move |w| Ok(w.insert(&key(1, upid, 7))?)).is_ok(), "the writer goes on");
}

fn a_job_sees_what_it_and_its_neighbours_wrote(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    write(&*store, move |w| {
        for number in [30, 10, 20] {
            w.insert(&key(number, upid, u8::try_from(number).unwrap()))?;
        }
        let query = || SubscriptionKey::query().less(SubscriptionKey::number, 1000_i64);
        let numbers = |rows: Vec<SubscriptionKey>| rows.into_iter().map(|row| row.number).collect::<Vec<_>>();
        assert_eq!(numbers(w.list(query().ascending(SubscriptionKey::number))?), [10, 20, 30]);
        assert_eq!(numbers(w.list(query().descending(SubscriptionKey::number).limit(2))?), [30, 20]);
        assert_eq!(numbers(w.list(query().eq(SubscriptionKey::hash, [20; 32]))?), [20]);
        w.update(&key(20, upid, 99))?;
        assert!(w.list::<SubscriptionKey>(query().eq(SubscriptionKey::hash, [20; 32]))?.is_empty());
        Ok(())
    })
    .unwrap();
    assert_eq!(keys(&*store)[..3], [10, 20, 30]);
    write(&*store, move |w| {
        w.claim::<SubscriptionKey>(20_i64)?.unwrap();
        w.update(&key(20, upid, 5))?;
        let found = w.first::<SubscriptionKey>(SubscriptionKey::query().eq(SubscriptionKey::hash, [5; 32]))?;
        assert_eq!(found.unwrap().number, 20);
        let stale = w.first::<SubscriptionKey>(SubscriptionKey::query().eq(SubscriptionKey::hash, [99; 32]))?;
        assert!(stale.is_none());
        Ok(())
    })
    .unwrap();
}

fn what_was_acknowledged_is_there_after_opening_again(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    set_up(&*store);
    let before = keys(&*store);
    drop(store);
    assert_eq!(keys(&*place.open()), before);
}

fn ids_grow_across_processes_even_if_the_clock_went_back(engine: Engine) {
    let place = Temporary::new(engine);
    place.clock.advance(3_600_000); // This process lives an hour ahead.
    let store = place.open();
    set_up(&*store);
    let last = keys(&*store)[0];
    drop(store);
    let later = Temporary { clock: florin_domain::clock::Clock::system(), ..place };
    let next = write(&*later.open(), |w| Ok(w.next_id())).unwrap();
    assert!(next.cast_signed() > last, "{next} after {last}");
}

/// A job that must not run.
struct Never(std::sync::mpsc::Sender<()>);
impl WriteJob for Never {
    fn run(&mut self, _: &mut dyn Writer) -> bool {
        panic!("nobody writes here")
    }
    fn finish(self: Box<Self>, _: Result<(), StoreError>) {
        let _ = self.0.send(());
    }
}

#[test]
fn one_process_writes_others_may_inspect() {
    let place = Temporary::new(Engine::Sqlite);
    assert!(matches!(place.try_open(Mode::Inspect), Err(OpenError::Absent(_))));
    let store = place.open();
    set_up(&*store);
    assert!(matches!(place.try_open(Mode::Serve), Err(OpenError::InUse(_))));
    #[cfg(unix)]
    {
        // By another name, too.
        let link = place.path().with_file_name("link.db");
        std::os::unix::fs::symlink(place.path(), &link).unwrap();
        let by_link = florin_storage::open(&format!("sqlite://{}", link.display()), Mode::Serve, place.clock.clone());
        assert!(matches!(by_link, Err(OpenError::InUse(_))));
    }
    let inspecting = place.try_open(Mode::Inspect).unwrap();
    assert_eq!(keys(&*inspecting).len(), 1);
    // Its queue for writes is closed: there is nobody to take them.
    let (done, _receive) = std::sync::mpsc::channel();
    assert!(inspecting.write(Box::new(Never(done))).is_err());
}

/// SQLite logs what a balance becomes before it puts it in its place: everybody sees the newest, wherever it is.
#[test]
fn a_changed_balance_is_seen_from_everywhere() {
    let place = Temporary::new(Engine::Sqlite);
    let store = place.open();
    let upid = set_up(&*store);
    let waid = read(&*store, move |r| identity::default_wallet(r, upid).unwrap().waid);
    let state = |available, entries| Balance { waid, currency: 978, available, held: 0, last: entries, entries };
    let change = |to: Balance| {
        start(&*store, move |w| {
            let _ = w.claim::<Balance>((waid, 978_u32))?;
            Ok(w.update(&to)?)
        })
        .recv()
        .unwrap()
    };
    let first = state(5, 1);
    write(&*store, move |w| Ok(w.insert(&first)?)).unwrap();
    for (available, entries) in [(6, 2), (7, 3)] {
        change(state(available, entries)).unwrap().unwrap();
    }
    let inspecting = place.try_open(Mode::Inspect).unwrap();
    for store in [&*store, &*inspecting] {
        let found = read(store, move |r| {
            let one = r.get::<Balance>((waid, 978_u32)).unwrap().unwrap();
            (one, r.list::<Balance>(Balance::query().eq(Balance::waid, waid)).unwrap())
        });
        assert_eq!(found, (state(7, 3), vec![state(7, 3)]));
    }
    let mut seen = Vec::new();
    let mut snapshots = inspecting.snapshots(1).unwrap();
    snapshots[0]
        .scan(&Scan::new(Balance::TABLE), &mut |cells| {
            seen.push(cells.iter().map(|cell| cell.to_value()).collect::<Vec<_>>());
            Ok(())
        })
        .unwrap();
    assert!(seen.contains(&state(7, 3).to_row()), "{seen:?}");
    drop(snapshots);
    // By hand, too: but not in its place yet.
    let by_hand = rusqlite::Connection::open(place.path()).unwrap();
    let available = |table: &str| -> String {
        let sql = format!("SELECT available FROM {table} WHERE waid = ?");
        by_hand.query_row(&sql, [i64::try_from(waid.number()).unwrap()], |row| row.get(0)).unwrap()
    };
    assert_eq!((available("balance_now"), available("balance")), ("7".to_owned(), "5".to_owned()));
    // What would not count is refused, rather than to be lost without a word.
    let unnoticed = change(state(8, 3));
    assert!(matches!(unnoticed, Err(StoreError::Constraint { table: "balance" })), "{unnoticed:?}");
    let taken_away = start(&*store, move |w| {
        let _ = w.claim::<Balance>((waid, 978_u32))?;
        Ok(w.delete::<Balance>((waid, 978_u32))?)
    });
    assert!(matches!(taken_away.recv().unwrap(), Err(StoreError::Constraint { table: "balance" })));
    change(state(9, 4)).unwrap().unwrap();
    drop((store, inspecting));
    assert_eq!(available("balance"), "9");
    let logged: i64 = by_hand.query_row("SELECT count(*) FROM balance_log", [], |row| row.get(0)).unwrap();
    assert_eq!(logged, 0);
}

#[test]
fn the_readers_connection_cannot_write() {
    let place = Temporary::new(Engine::Sqlite);
    let store = place.open();
    set_up(&*store);
    // The handle has no method that writes; this is about the connection below it.
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = rusqlite::Connection::open_with_flags(place.path(), flags).unwrap();
    for sql in
        ["DELETE FROM event", "UPDATE balance SET available = '1'", "CREATE TABLE x (y)", "PRAGMA user_version = 9"]
    {
        assert!(connection.execute_batch(sql).is_err(), "{sql}");
    }
}

fn searches_match_text_not_patterns(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    write(&*store, move |w| {
        for (number, kind) in [(1, "50% off"), (2, "50 off"), (3, "FIFTY_off"), (4, "back\\slash")] {
            w.insert(&Event {
                number,
                upid,
                kind: kind.to_owned(),
                payload: florin_sdk_core::JsonObject::default(),
                due: None,
                attempts: 0,
                delivered: None,
                created: w.now(),
                target: 1,
                lane: number,
                place: 1,
                transport: None,
                failed: None,
                reason: None,
            })?;
        }
        Ok(())
    })
    .unwrap();
    let found = |text: &str| {
        let query = Event::query().contains(&["kind"], text).ascending(Event::number);
        let rows = read(&*store, move |reader| reader.list::<Event>(query).unwrap());
        rows.into_iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(found("50%"), [1]);
    assert_eq!(found("OFF"), [1, 2, 3]);
    assert_eq!(found("_"), [3]);
    assert_eq!(found("\\"), [4]);
}

fn cells_come_back_as_they_went_in(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    let (waid, balance) = write(&*store, move |w| {
        let waid = identity::default_wallet(w.reader(), upid)?.waid;
        let balance = Balance { waid, currency: 978, available: i128::MAX, held: i128::MIN, last: 1, entries: 1 };
        w.insert(&balance)?;
        let mut profile = w.claim::<Profile>(upid)?.unwrap();
        profile.issuer_name = Some("ß, 日本, 'quoted', \\ and \u{1F600}".to_owned());
        profile.extended = "{\"a\": [null, 1]}".parse().unwrap();
        profile.fee_schedule = None;
        profile.version = u32::MAX;
        w.update(&profile)?;
        Ok((waid, balance))
    })
    .unwrap();
    let found = read(&*store, move |r| {
        let texts = r.get::<Profile>(upid).unwrap().unwrap();
        (r.get::<Balance>((waid, 978_u32)).unwrap().unwrap(), texts)
    });
    assert_eq!(found.0, balance);
    assert_eq!(found.1.issuer_name.as_deref(), Some("ß, 日本, 'quoted', \\ and \u{1F600}"));
    assert_eq!((found.1.fee_schedule, found.1.version), (None, u32::MAX));
    // And in place of others, several at once.
    let units = [0, 1, -1, 9_999, 10_000, -100_000_000, 10_i128.pow(38), -(10_i128.pow(38))];
    for (pair, entries) in units.windows(2).zip(2..) {
        // An engine may take the one with the most entries for the newest.
        let changed = Balance { available: pair[0], held: pair[1], entries, ..balance.clone() };
        let wanted = changed.clone();
        write(&*store, move |w| {
            w.claim::<Balance>((waid, 978_u32))?.unwrap();
            Ok(w.update(&changed)?)
        })
        .unwrap();
        assert_eq!(read(&*store, move |r| r.get::<Balance>((waid, 978_u32)).unwrap().unwrap()), wanted);
    }
}

/// Engines may run a job again when it misses a row. What it looks for by a number that it has just made is another row
/// each time.
fn a_job_that_looks_for_another_row_each_time_it_runs_is_carried_out(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    let number = write(&*store, move |w| {
        for _ in 0..3 {
            let other = w.next_id().cast_signed();
            assert!(w.get::<SubscriptionKey>(other)?.is_none());
        }
        let number = w.next_id().cast_signed();
        assert!(w.claim::<SubscriptionKey>(number)?.is_none());
        w.insert(&key(number, upid, 7))?;
        Ok(number)
    })
    .unwrap();
    assert_eq!(keys(&*store)[1..], [number]);
}

fn what_is_taken_away_is_gone_for_all_and_comes_back_with_a_refusal(engine: Engine) {
    let place = Temporary::new(engine);
    let store = place.open();
    let upid = set_up(&*store);
    let own = keys(&*store);
    write(&*store, move |w| {
        for number in 1..=4_u8 {
            w.insert(&key(number.into(), upid, number))?;
        }
        Ok(())
    })
    .unwrap();
    let take = |w: &mut dyn Writer, number: i64| {
        w.claim::<SubscriptionKey>(number)?.unwrap();
        w.delete::<SubscriptionKey>(number)
    };
    // What was not claimed may have been changed by others.
    write(&*store, |w| {
        let missing = w.delete::<SubscriptionKey>(1_i64);
        assert!(matches!(missing, Err(StoreError::Missing { .. } | StoreError::NotLoaded)), "{missing:?}");
        Ok(())
    })
    .unwrap();
    let numbers = |w: &mut dyn Writer| {
        let rows = w.list::<SubscriptionKey>(
            SubscriptionKey::query().less(SubscriptionKey::number, 9_i64).ascending(SubscriptionKey::number).limit(2),
        )?;
        Ok::<Vec<i64>, StoreError>(rows.into_iter().map(|row| row.number).collect())
    };
    let refused = write(&*store, move |w| {
        take(w, 1)?;
        assert_eq!((numbers(w)?, w.get::<SubscriptionKey>(1_i64)?), (vec![2, 3], None));
        Err::<(), _>(Refusal::new(Code::INSUFFICIENT_FUNDS))
    });
    assert!(refused.is_err());
    write(&*store, move |w| {
        take(w, 1)?;
        take(w, 2)?;
        // Its place is free again, and one that never was leaves nothing.
        w.insert(&key(2, upid, 9))?;
        w.insert(&key(7, upid, 7))?;
        w.delete::<SubscriptionKey>(7_i64)?;
        w.begin_part()?;
        take(w, 4)?;
        w.end_part(false)?;
        assert_eq!(numbers(w)?, [2, 3]);
        Ok(())
    })
    .unwrap();
    assert_eq!(keys(&*store).into_iter().filter(|number| !own.contains(number)).collect::<Vec<_>>(), [2, 3, 4]);
    write(&*store, move |w| {
        assert_eq!(w.claim::<SubscriptionKey>(2_i64)?.unwrap().hash, [9; 32]);
        assert_eq!(w.claim::<SubscriptionKey>(1_i64)?, None);
        Ok(w.insert(&key(1, upid, 1))?)
    })
    .unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(keys(&*store).into_iter().filter(|number| !own.contains(number)).collect::<Vec<_>>(), [1, 2, 3, 4]);
}
