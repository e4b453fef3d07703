//! What can only be asked of a connection itself. Needs `FLORIN_TEST_POSTGRES`; see `scripts/postgres`.

use super::address::Address;
use super::changes::{End, not_committed};
use super::connect::{Purpose, Session};
use super::error::Failure;
use super::transaction::{Catalogue, PgTransaction, Tools};
use super::{durable, migrate, read, role, statement, warm};
use crate::backend::{Changes, Found, Kept, Transaction, Wanted};
use florin_domain::identity::Profile;
use florin_domain::ledger::{Balance, Posting, Wallet};
use florin_domain::momo::SubscriptionKey;
use florin_domain::reference::ClientReference;
use florin_domain::store::{Query, Record, StoreError, Table, Value};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::types::Type;

fn server() -> Option<Session> {
    let server = std::env::var("FLORIN_TEST_POSTGRES").ok().filter(|server| !server.is_empty())?;
    Some(Session::connect(&Address::parse(&server).unwrap(), Purpose::Write).unwrap())
}

/// A database of its own; dropped with the private cluster that it is in.
fn database(name: &str) -> Option<Address> {
    let session = server()?;
    let server = std::env::var("FLORIN_TEST_POSTGRES").unwrap();
    let name = format!("florin_live_{}_{name}", std::process::id());
    session.step(&format!("CREATE DATABASE {name}")).unwrap();
    let address = Address::parse(&format!("{}/{name}", server.rsplit_once('/').unwrap().0)).unwrap();
    let session = Session::connect(&address, Purpose::Write).unwrap();
    migrate::run(&session, &address).unwrap();
    role::prepare(&session, &address);
    Some(address)
}

#[test]
fn a_readers_connection_cannot_write_whatever_is_sent() {
    let Some(address) = database("read") else { return };
    let session = read::connect(&address).unwrap();
    let user: Option<String> = session.ask("SELECT current_user::text", &[]).unwrap();
    assert_eq!(user, Some(format!("florin_reader_{}", address.database())));
    assert!(session.step("SELECT * FROM profile").is_ok());
    for bar in ["", "SET default_transaction_read_only = off; "] {
        for sql in ["DELETE FROM event", "UPDATE balance SET available = 1", "CREATE TABLE x (y BIGINT)"] {
            assert!(session.step(&format!("{bar}{sql}")).is_err(), "{bar}{sql}");
        }
    }
}

#[test]
fn commits_are_flushed_even_if_the_database_says_otherwise() {
    let Some(address) = database("durable") else { return };
    let session = Session::connect(&address, Purpose::Write).unwrap();
    session.step(&format!("ALTER DATABASE {} SET synchronous_commit = off", address.database())).unwrap();
    let session = Session::connect(&address, Purpose::Write).unwrap();
    let setting = || session.ask::<String>("SELECT current_setting('synchronous_commit')", &[]).unwrap();
    assert_eq!(setting().as_deref(), Some("off"));
    durable::check(&session, &address).unwrap();
    assert_eq!(setting().as_deref(), Some("on"));
    // What is said here does not change with the server's configuration, whatever that says now.
    let session = server().unwrap();
    durable::check(&session, &address).unwrap();
    let source = "SELECT source FROM pg_settings WHERE name = 'synchronous_commit'";
    assert_eq!(session.ask::<String>(source, &[]).unwrap().as_deref(), Some("session"));
}

#[test]
fn a_client_that_is_silent_is_asked_whether_it_is_there() {
    let Some(address) = database("silent") else { return };
    let session = Session::connect(&address, Purpose::Write).unwrap();
    for (name, value) in [
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "60000"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("lock_timeout", "10s"),
        ("statement_timeout", "20s"),
    ] {
        let found = session.ask::<String>("SELECT current_setting($1)", &[name]).unwrap();
        assert_eq!(found.as_deref(), Some(value), "{name}");
    }
}

/// A statement that is cancelled is undone; a commit that is cancelled may have been done before.
#[test]
fn what_is_cancelled_is_undone_unless_it_is_a_commit() {
    let Some(address) = database("cancelled") else { return };
    let session = Session::connect(&address, Purpose::Write).unwrap();
    session.step("SET statement_timeout = '10ms'").unwrap();
    let error = session.step("SELECT pg_sleep(10)").unwrap_err();
    assert!(matches!(Failure::of("event", &error), Failure::Busy), "{error:?}");
    assert!(matches!(not_committed(&error), End::Unknown(_)), "{error:?}");
}

/// A server that takes no writes for a while says so of each; nothing that comes next is part of what it refused.
#[test]
fn what_was_refused_is_over() {
    let Some(address) = database("over") else { return };
    let mut pen = Pen::new(&address);
    pen.0.session.step("SET default_transaction_read_only = on").unwrap();
    let mut transaction = pen.begin();
    assert!(transaction.write(&insert(vec![key(1, 1)])).is_err());
    assert!(matches!(transaction.give_up(StoreError::Busy), End::Undone(Failure::Lost(_))));
    pen.0.session.step("SET default_transaction_read_only = off").unwrap();
    let mut transaction = pen.begin();
    transaction.write(&insert(vec![key(2, 2)])).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn an_ordinary_user_is_enough_and_one_who_may_make_roles_gets_the_third_bar() {
    let Some(session) = server() else { return };
    let server = std::env::var("FLORIN_TEST_POSTGRES").unwrap();
    for right in ["NOCREATEROLE", "CREATEROLE"] {
        let name = format!("florin_live_{}_{}", std::process::id(), right.to_ascii_lowercase());
        for sql in [
            format!("CREATE ROLE {name} LOGIN PASSWORD 'hush' NOSUPERUSER {right}"),
            format!("CREATE DATABASE {name} OWNER {name}"),
        ] {
            session.step(&sql).unwrap();
        }
        let (_, host) = server.rsplit_once('@').unwrap();
        let host = host.split_once('/').unwrap().0;
        let text = format!("postgres://{name}:hush@{host}/{name}");
        let clock = florin_domain::clock::Clock::system();
        drop(super::PostgresStore::open(&text, crate::Mode::Serve, clock).unwrap());
        let reader = read::connect(&Address::parse(&text).unwrap()).unwrap();
        let user: Option<String> = reader.ask("SELECT current_user::text", &[]).unwrap();
        let expected = if right == "CREATEROLE" { format!("florin_reader_{name}") } else { name };
        assert_eq!(user, Some(expected));
        assert!(reader.step("DELETE FROM event").is_err(), "read-only in any case");
    }
}

#[test]
fn not_everything_that_was_ever_asked_stays_prepared() {
    let Some(address) = database("prepared") else { return };
    let session = Session::connect(&address, Purpose::Write).unwrap();
    for number in 0..1000 {
        let sql = format!("SELECT {number}::bigint");
        session.prepare(&[("balance", &sql)]).unwrap();
        assert!(session.prepared(&sql).is_ok());
    }
    let count = session.ask::<i64>("SELECT COUNT(*) FROM pg_prepared_statements", &[]).unwrap();
    assert!(count.is_some_and(|count| count < 300), "{count:?}");
}

/// The index says what the statements say: by whatever a reference is asked for, it is found there, and its whole key stands
/// once.
#[test]
fn client_references_are_found_by_their_index_and_stand_once() {
    let Some(address) = database("references") else { return };
    let pen = Pen::new(&address);
    let table = ClientReference::TABLE;
    let add = |reference: &str, operation: &str, place: i64| {
        let mut row = Arc::unwrap_or_clone(row(&pen.0, table, &[("owner", 7), ("number", place)]));
        for (column, text) in [("reference", reference), ("operation", operation), ("target", "")] {
            row[table.place(column).unwrap()] = Value::Text(text.to_owned());
        }
        let inserts = vec![Arc::new(row)];
        let changes = [Changes { table, inserts, updates: Vec::new(), deletes: Vec::new() }];
        let mut transaction = PgTransaction::new(&pen.0, &pen.1, false);
        transaction.write(&changes).and_then(|()| transaction.commit().map_err(|_| StoreError::Busy))
    };
    add("one", "pay", 1).unwrap();
    add("one", "refund", 2).unwrap();
    add("two", "pay", 3).unwrap();
    let again = add("one", "pay", 4);
    assert!(matches!(again, Err(StoreError::Duplicate { table: "client_reference" })), "{again:?}");

    let upid = florin_sdk_core::Upid::new(7).unwrap();
    let of = ClientReference::of(upid, "one");
    let session = Session::connect(&address, Purpose::ReadTogether).unwrap();
    let found = super::transaction::select(&session, None, &of).unwrap();
    assert_eq!(found.len(), 2);
    let types = pen.0.catalogue.of(table).unwrap();
    for sql in [statement::select(&of).sql, statement::fetch(table, types, false), statement::fetch(table, types, true)]
    {
        let taken = session.wait(session.client.prepare(&sql)).unwrap().params().len();
        session.step(&format!("PREPARE asked AS {sql}")).unwrap();
        let nothing = vec!["NULL"; taken].join(", ");
        let plan = session.wait(session.client.query(&format!("EXPLAIN EXECUTE asked({nothing})"), &[])).unwrap();
        session.step("DEALLOCATE asked").unwrap();
        let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("client_reference_place") && !plan.contains("Seq Scan"), "{sql}\n{plan}");
    }
}

/// A connection that writes, and what goes with it.
struct Pen(Tools, Cell<u64>);

impl Pen {
    fn new(address: &Address) -> Self {
        let session = Session::connect(address, Purpose::Write).unwrap();
        // No test waits for a lock that it does not expect.
        session
            .step("SET lock_timeout = '1s'; SET deadlock_timeout = '100ms'; SET session_replication_role = replica")
            .unwrap();
        let catalogue = Catalogue::read(&session, address).unwrap();
        Self(Tools::new(session, catalogue), Cell::new(0))
    }

    fn begin(&mut self) -> PgTransaction<'_> {
        PgTransaction::new(&self.0, &self.1, false)
    }
}

impl PgTransaction<'_> {
    fn fetch(&mut self, wanted: &[Wanted]) -> Result<Vec<Found>, StoreError> {
        self.ask(wanted.to_vec())?;
        self.answers()
    }
}

/// A row with these cells and others of some kind, whose references nobody checks here.
fn row(tools: &Tools, table: &'static Table, given: &[(&str, i64)]) -> Kept {
    let types = tools.catalogue.of(table).unwrap();
    let cell = |(column, ty): (&&str, &Type)| match given.iter().find(|(name, _)| name == column) {
        Some((_, number)) => Value::Int(*number),
        None if *ty == Type::NUMERIC => Value::Units(5),
        None if *ty == Type::BYTEA => Value::Blob(vec![7; 32]),
        None if *ty == Type::TEXT => Value::Text(format!("{column} {given:?}")),
        None => Value::Int(1),
    };
    Arc::new(table.columns.iter().zip(types).map(cell).collect())
}

#[test]
fn what_was_used_last_is_at_hand_at_the_start() {
    let Some(address) = database("warm") else { return };
    let mut pen = Pen::new(&address);
    let wallet = |waid| row(&pen.0, Wallet::TABLE, &[("waid", waid), ("upid", 7), ("is_default", 0)]);
    let wallets = vec![wallet(1), wallet(2)];
    let profile = row(&pen.0, Profile::TABLE, &[("upid", 7)]);
    let balance = |waid| row(&pen.0, Balance::TABLE, &[("waid", waid), ("currency", 3)]);
    let (used, unused) = (balance(1), balance(2));
    let posting = row(&pen.0, Posting::TABLE, &[("waid", 1), ("currency", 3)]);
    let rows = [
        (Profile::TABLE, vec![profile.clone()]),
        (Wallet::TABLE, wallets.clone()),
        (Balance::TABLE, vec![used.clone(), unused]),
        (Posting::TABLE, vec![posting]),
    ];
    let mut transaction = pen.begin();
    for (table, inserts) in rows {
        transaction.write(&[Changes { table, inserts, updates: Vec::new(), deletes: Vec::new() }]).unwrap();
    }
    transaction.commit().unwrap();

    let pen = Pen::new(&address);
    warm::up(&pen.0).unwrap();
    let (mut settled, mut likely) = (pen.0.settled.borrow_mut(), pen.0.likely.borrow_mut());
    let int = Value::Int;
    assert_eq!(likely.get(Balance::TABLE, &[int(1), int(3)]), Some(used));
    assert_eq!(likely.get(Balance::TABLE, &[int(2), int(3)]), None, "it was not used");
    assert_eq!(settled.get(Wallet::TABLE, &[int(1)]).as_ref(), wallets.first());
    assert_eq!(settled.get(Wallet::TABLE, &[int(2)]), None);
    assert_eq!(settled.get(Profile::TABLE, &[int(7)]), Some(profile));
    let epoch = pen.0.session.ask::<i64>("SELECT epoch FROM settled", &[]).unwrap();
    assert_eq!(Some(settled.epoch()), epoch);
}

/// A row whose references nobody checks here.
fn key(number: i64, byte: u8) -> Kept {
    let hash = Value::Blob(vec![byte; 32]);
    Arc::new(vec![Value::Int(number), hash, Value::Int(1), Value::Null, Value::Int(0), Value::Int(0)])
}

fn insert(rows: Vec<Kept>) -> [Changes; 1] {
    [Changes { table: SubscriptionKey::TABLE, inserts: rows, updates: Vec::new(), deletes: Vec::new() }]
}

fn claim(numbers: &[i64]) -> [Wanted; 1] {
    let keys = numbers.iter().map(|number| vec![Value::Int(*number)]).collect();
    [Wanted { table: SubscriptionKey::TABLE, keys, to_change: true }]
}

#[test]
fn rows_go_in_and_come_out_and_only_a_commit_keeps_them() {
    let Some(address) = database("rows") else { return };
    let mut pen = Pen::new(&address);
    let mut transaction = pen.begin();
    assert!(transaction.fetch(&[]).unwrap().is_empty());
    transaction.write(&[]).unwrap();
    assert!(transaction.fetch(&claim(&[])).unwrap()[0].1.is_empty());
    transaction.write(&insert(vec![key(1, 1), key(2, 2), key(3, 3)])).unwrap();
    transaction.commit().unwrap();

    let mut transaction = pen.begin();
    let mut changed = key(2, 9);
    Arc::make_mut(&mut changed)[5] = Value::Int(7);
    let table = SubscriptionKey::TABLE;
    let changes =
        Changes { table, inserts: vec![key(4, 4)], updates: vec![key(1, 8), changed.clone()], deletes: Vec::new() };
    transaction.write(&[changes]).unwrap();
    let found = transaction.fetch(&claim(&[1, 2, 4, 5])).unwrap();
    assert_eq!(found[0].1, [key(1, 8), changed, key(4, 4)], "in the order of their keys; 5 is not there");
    drop(transaction);

    let mut transaction = pen.begin();
    let query = Query { order: Some("number"), ..Query::new(table) };
    let found: Vec<Kept> = transaction.select(&query).unwrap().into_iter().map(Arc::new).collect();
    assert_eq!(found, [key(1, 1), key(2, 2), key(3, 3)]);
    assert!(matches!(
        transaction.write(&[Changes {
            table,
            inserts: Vec::new(),
            updates: vec![key(1, 8), key(9, 9)],
            deletes: Vec::new()
        }]),
        Err(StoreError::Missing { table: "subscription_key" })
    ));
    assert!(transaction.commit().is_err(), "after a failure there is nothing to commit");
    assert_eq!(pen.begin().select(&query).unwrap().len(), 3);
}

#[test]
fn a_failure_that_nobody_looked_at_is_not_committed() {
    let Some(address) = database("failure") else { return };
    let mut pen = Pen::new(&address);
    let mut transaction = pen.begin();
    transaction.write(&insert(vec![key(1, 1)])).unwrap();
    assert!(matches!(transaction.write(&insert(vec![key(2, 1)])), Err(StoreError::Duplicate { .. })));
    assert!(transaction.select(&Query::new(SubscriptionKey::TABLE)).is_err());
    assert!(matches!(transaction.commit(), Err(End::Undone(_))));
    assert!(pen.begin().select(&Query::new(SubscriptionKey::TABLE)).unwrap().is_empty());
}

#[test]
fn who_claims_waits_for_who_claimed_before_and_sees_what_it_did() {
    let Some(address) = database("claims") else { return };
    let (mut one, mut two) = (Pen::new(&address), Pen::new(&address));
    let mut transaction = one.begin();
    transaction.write(&insert(vec![key(1, 1), key(2, 2)])).unwrap();
    transaction.commit().unwrap();

    let mut first = one.begin();
    first.fetch(&claim(&[1])).unwrap();
    let mut impatient = two.begin();
    assert!(matches!(impatient.fetch(&claim(&[1])), Err(StoreError::Busy)), "the lock is waited for, for a second");
    drop(impatient);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let mut transaction = two.begin();
            let found = transaction.fetch(&claim(&[1, 2])).unwrap();
            transaction.commit().unwrap();
            found[0].1[0].clone()
        });
        std::thread::sleep(Duration::from_millis(200));
        let updates = vec![key(1, 7)];
        first
            .write(&[Changes { table: SubscriptionKey::TABLE, inserts: Vec::new(), updates, deletes: Vec::new() }])
            .unwrap();
        first.commit().unwrap();
        assert_eq!(second.join().unwrap(), key(1, 7));
    });
}

#[test]
fn those_who_wait_for_each_other_are_told() {
    let Some(address) = database("deadlock") else { return };
    let (mut one, mut two) = (Pen::new(&address), Pen::new(&address));
    let mut transaction = one.begin();
    transaction.write(&insert(vec![key(1, 1), key(2, 2)])).unwrap();
    transaction.commit().unwrap();
    // Each claims one row, and, when both have, the other's.
    let both = std::sync::Barrier::new(2);
    let claim_both = |pen: &mut Pen, own, other| {
        let mut transaction = pen.begin();
        transaction.fetch(&claim(&[own])).unwrap();
        both.wait();
        transaction.fetch(&claim(&[other])).map(|_| ())
    };
    std::thread::scope(|scope| {
        let first = scope.spawn(|| claim_both(&mut one, 1, 2));
        let ends = [claim_both(&mut two, 2, 1), first.join().unwrap()];
        assert!(ends.iter().any(|end| matches!(end, Err(StoreError::Conflict))), "{ends:?}");
        assert!(ends.iter().any(Result::is_ok), "{ends:?}");
    });
}

/// An answer of some hundred kilobytes comes in many pieces, and a connection goes on only if somebody takes them.
#[test]
fn who_does_not_look_at_an_answer_holds_up_nobody_behind_it() {
    let Some(address) = database("unseen") else { return };
    let all: Vec<i64> = (1..=4000).collect();
    let distinct = |number: &i64| {
        let mut row = key(*number, 0);
        Arc::make_mut(&mut row)[1] = Value::Blob(number.to_be_bytes().repeat(4));
        row
    };
    let mut pen = Pen::new(&address);
    let mut transaction = pen.begin();
    transaction.write(&insert(all.iter().map(distinct).collect())).unwrap();
    transaction.commit().unwrap();

    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let pen = Pen::new(&address);
        // Given up: what undoes it comes behind the answer.
        let mut transaction = PgTransaction::new(&pen.0, &pen.1, false);
        transaction.ask(claim(&all).to_vec()).unwrap();
        drop(transaction);
        done.send("undone").unwrap();
        // And so does whatever else is asked before somebody looks.
        let mut transaction = PgTransaction::new(&pen.0, &pen.1, false);
        transaction.ask(claim(&all).to_vec()).unwrap();
        assert_eq!(pen.0.session.ask::<i32>("SELECT 1", &[]).unwrap(), Some(1));
        done.send("asked").unwrap();
        assert_eq!(transaction.answers().unwrap()[0].1.len(), 4000);
        done.send("answered").unwrap();
    });
    for expected in ["undone", "asked", "answered"] {
        assert_eq!(ended.recv_timeout(Duration::from_secs(60)), Ok(expected));
    }
}

#[test]
fn what_is_asked_for_is_under_way_before_anybody_waits_for_it_and_in_its_turn() {
    let Some(address) = database("under_way") else { return };
    let (one, two) = (Pen::new(&address), Pen::new(&address));
    let send = |sql: &'static str| {
        let client = one.0.session.client.clone();
        one.0.session.start(Box::pin(async move { client.batch_execute(sql).await.map_err(|e| Failure::of("", &e)) }))
    };
    let made = send("CREATE TABLE turn (number SERIAL, name TEXT)");
    let first = send("INSERT INTO turn (name) VALUES ('first')");
    let there = || two.0.session.ask::<i64>("SELECT count(*) FROM turn", &[]).is_ok_and(|count| count == Some(1));
    while !there() {
        std::thread::sleep(Duration::from_millis(1));
    }
    one.0.session.step("INSERT INTO turn (name) VALUES ('second')").unwrap();
    let names = "SELECT string_agg(name, ' ' ORDER BY number) FROM turn";
    assert_eq!(two.0.session.ask::<String>(names, &[]).unwrap().as_deref(), Some("first second"));
    // Looked at in whatever order, and also when the connection is gone.
    let late = send("SELECT pg_sleep(1000)");
    assert!(one.0.session.wait(first).is_ok() && one.0.session.wait(made).is_ok());
    drop(one);
    assert!(matches!(two.0.session.wait(late), Err(Failure::Lost(_))));
}
