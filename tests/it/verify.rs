//! `florin verify` finds what was changed by hand.

use florin_sdk_core::operation::{AcceptPayment, CaptureHold, RefundTransaction, ReleaseHold};
use florin_tests::server::Home;
use florin_tests::world::{self, World};
use rusqlite::Connection;
use rusqlite::types::Value;

/// The tables that hold the books: every cell of them counts.
const BOOKS: [&str; 6] = ["ledger_transaction", "posting", "balance", "chain", "hold", "refunded"];

/// Books with a bit of everything, and nobody who has them open.
pub(crate) async fn books() -> Home {
    let mut world = World::new().await;
    for text in ["1", "2.50", "3.75"] {
        world
            .provider
            .reference(&format!("v-{text}"))
            .ok(&world::transfer(world.alice.waid, world.bob.waid, text))
            .await;
    }
    let debit = world.provider.ok(&world::debit_of(&world.bob, "7")).await;
    let prid = world.payment_request(&world.alice, "6").await;
    world.payment_request(&world.alice, "8").await;
    let accept = AcceptPayment::new(prid, world::currency(), "wallet".to_owned(), world::amount("6"));
    world.provider.reference("v-pay").ok(&accept).await;
    // A hold that is released, one that is captured, and one that is open.
    let mut holds = Vec::new();
    for text in ["1.10", "2.20", "3.30"] {
        holds.push(world.provider.ok(&world::hold_of(&world.alice, text)).await.hoid);
    }
    world.provider.ok(&ReleaseHold::new(holds[0])).await;
    world.provider.ok(&CaptureHold::new(holds[1])).await;
    world
        .provider
        .ok(&RefundTransaction { amount: Some(world::amount("2")), ..RefundTransaction::new(debit.txid) })
        .await;
    let refused = world::transfer(world.alice.waid, world.bob.waid, "99999");
    world.provider.reference("v-refused").send(&refused).await.refused(20009, "more than there is");
    let redeem = florin_sdk_core::operation::RedeemCurrency {
        currency_code: world::currency(),
        amount: world::amount("5"),
        reference_id: Some("v-redeem".to_owned()),
    };
    world.provider.ok(&redeem).await;
    assert_eq!(world.server.terminate().await.code(), Some(0));
    let home = world.server.home.clone();
    let sound = home.verify().await;
    sound.sound();
    assert_eq!(sound.report["ok"], true, "{}", sound.text);
    home
}

/// A copy of the books with a change.
fn copy(home: &Home, change: impl FnOnce(&Connection)) -> Home {
    let copy = Home::new();
    std::fs::copy(home.database(), copy.database()).expect("a copy");
    let wal = home.file("florin.db-wal");
    if wal.exists() {
        std::fs::copy(wal, copy.file("florin.db-wal")).expect("a copy");
    }
    change(&copy.open_to_tamper());
    copy
}

async fn found(home: &Home, what: &str, change: impl FnOnce(&Connection)) -> Result<(), String> {
    let verified = copy(home, change).verify().await;
    let faults = verified.report["faults"].as_array().map_or(0, Vec::len);
    if verified.status.code() == Some(1) && verified.report["ok"] == false && faults > 0 {
        Ok(())
    } else {
        Err(format!("{what}: {} {}", verified.status, verified.text))
    }
}

/// Another value of the same kind.
fn another(value: Value) -> Value {
    match value {
        Value::Null => Value::Integer(7),
        // Far enough not to be the next row's.
        Value::Integer(number) => Value::Integer(number + 1_000_003),
        Value::Real(number) => panic!("the books hold the float {number}"),
        Value::Text(text) if text.parse::<i128>().is_ok() => Value::Text(format!("{text}1")),
        Value::Text(text) => Value::Text(format!("{text}x")),
        Value::Blob(mut bytes) => {
            if let Some(byte) = bytes.last_mut() {
                *byte ^= 1;
            }
            Value::Blob(bytes)
        }
    }
}

fn columns(database: &Connection, table: &str) -> Vec<String> {
    let mut statement = database.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).expect("SQL");
    let names = statement.query_map([], |row| row.get(0)).expect("columns");
    names.collect::<Result<_, _>>().expect("names")
}

/// Each cell of a row in the middle of each table of the books.
#[tokio::test(flavor = "multi_thread")]
async fn every_cell_of_the_books() {
    let home = books().await;
    let database = home.open_read_only();
    let mut missed = Vec::new();
    for table in BOOKS {
        let columns = columns(&database, table);
        assert!(!columns.is_empty(), "there is no table {table}");
        let rows: i64 =
            database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a count");
        // The first two columns tell the rows of each of these tables apart.
        let (one, two) = (&columns[0], &columns[1]);
        let query = format!("SELECT {one}, {two} FROM {table} ORDER BY {one}, {two} LIMIT 1 OFFSET {}", rows / 2);
        let key: [Value; 2] =
            database.query_row(&query, [], |row| Ok([row.get(0)?, row.get(1)?])).expect("a row in the middle");
        let at = format!("WHERE {one} = ?1 AND {two} = ?2");
        for column in &columns {
            let what = format!("{table}.{column}");
            let change = |database: &Connection| {
                // Only what is changed is to be found, not that a constraint was broken.
                database.pragma_update(None, "foreign_keys", false).expect("a setting");
                database.pragma_update(None, "ignore_check_constraints", true).expect("a setting");
                let old: Value = database
                    .query_row(&format!("SELECT {column} FROM {table} {at}"), key.clone(), |row| row.get(0))
                    .expect("a cell");
                let [first, second] = key.clone();
                let changed = database
                    .execute(&format!("UPDATE {table} SET {column} = ?3 {at}"), [first, second, another(old)])
                    .unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(changed, 1, "{what}");
            };
            missed.extend(found(&home, &what, change).await.err());
        }
        for (what, statement, key) in [
            ("a row taken away", format!("DELETE FROM {table} {at}"), key.to_vec()),
            ("all rows taken away", format!("DELETE FROM {table}"), Vec::new()),
        ] {
            let change = |database: &Connection| {
                database.pragma_update(None, "foreign_keys", false).expect("a setting");
                database.execute(&statement, rusqlite::params_from_iter(&key)).expect("SQL");
            };
            missed.extend(found(&home, &format!("{table}: {what}"), change).await.err());
        }
    }
    assert!(missed.is_empty(), "verify does not see {} changes:\n{}", missed.len(), missed.join("\n"));
}

/// Changes by somebody who knows how the tables belong together.
#[tokio::test(flavor = "multi_thread")]
async fn changes_that_add_up() {
    let home = books().await;
    let forgeries = [
        (
            "an amount, its postings and both balances",
            "UPDATE posting SET units = units * 2 WHERE txid = (SELECT max(txid) FROM ledger_transaction);
             UPDATE ledger_transaction SET units = units * 2 WHERE txid = (SELECT max(txid) FROM ledger_transaction);
             UPDATE posting SET balance = balance + units / 2 WHERE txid = (SELECT max(txid) FROM ledger_transaction);
             UPDATE balance SET available = (SELECT p.balance FROM posting p WHERE p.waid = balance.waid
                AND p.currency = balance.currency ORDER BY p.posting DESC LIMIT 1);
             UPDATE currency SET redeemed = redeemed * 2",
        ),
        (
            "who paid whom",
            "UPDATE ledger_transaction SET source = destination, destination = source WHERE position = 4",
        ),
        ("when", "UPDATE ledger_transaction SET created = created - 86400000 WHERE position = 4"),
        ("what for", "UPDATE ledger_transaction SET description = 'Something else' WHERE position = 4"),
        (
            "the newest transaction, and its traces",
            "UPDATE balance SET available = (SELECT p.balance - p.units FROM posting p
                WHERE p.txid = (SELECT max(txid) FROM ledger_transaction) AND p.waid = balance.waid)
                WHERE waid IN (SELECT waid FROM posting WHERE txid = (SELECT max(txid) FROM ledger_transaction));
             UPDATE currency SET redeemed = 0;
             DELETE FROM client_reference WHERE txid = (SELECT max(txid) FROM ledger_transaction);
             DELETE FROM posting WHERE txid = (SELECT max(txid) FROM ledger_transaction);
             DELETE FROM ledger_transaction WHERE txid = (SELECT max(txid) FROM ledger_transaction)",
        ),
        ("money set aside", "UPDATE balance SET available = available - 100, held = held + 100 WHERE available > 0"),
        (
            "a hold that lasts longer",
            "UPDATE hold SET expires = expires + 86400000, due = due + 86400000 WHERE status = 'open'",
        ),
        (
            "an open hold, and its traces",
            "UPDATE balance SET available = available + held, held = 0 WHERE held > 0;
             DELETE FROM hold WHERE status = 'open'",
        ),
        ("a refund that may be had again", "DELETE FROM refunded"),
        ("the supply", "UPDATE currency SET issued = issued + 100 WHERE code = 'TOK.acme'"),
        (
            "the supply, both ways",
            "UPDATE currency SET issued = issued + 100, redeemed = redeemed + 100 WHERE code = 'TOK.acme'",
        ),
        ("the outcome of a request", "UPDATE client_reference SET txid = NULL WHERE reference = 'v-1'"),
        ("a forgotten request", "DELETE FROM client_reference WHERE reference = 'v-2.50'"),
        ("a renamed request", "UPDATE client_reference SET reference = 'other' WHERE reference = 'v-1'"),
        ("a refusal made a success", "UPDATE client_reference SET code = 10000 WHERE reference = 'v-refused'"),
        (
            "a request pointed to another transaction",
            "UPDATE client_reference SET txid = (SELECT min(txid) FROM ledger_transaction) WHERE reference = 'v-1'",
        ),
        ("a wallet that may go below zero", "UPDATE wallet SET is_issuance = 1 WHERE is_default = 1"),
    ];
    let mut missed = Vec::new();
    for (what, statements) in forgeries {
        let change = |database: &Connection| {
            database.pragma_update(None, "foreign_keys", false).expect("a setting");
            database.pragma_update(None, "ignore_check_constraints", true).expect("a setting");
            let before = database.total_changes();
            database.execute_batch(statements).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(database.total_changes() > before, "{what}: nothing was changed");
        };
        missed.extend(found(&home, what, change).await.err());
    }
    assert!(missed.is_empty(), "verify does not see {} changes:\n{}", missed.len(), missed.join("\n"));
}

/// Rows that name what is not there, and what the meaning of the books depends on: each is found, and its place named.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let home = books().await;
    let forgeries = [
        ("a currency of fewer decimals", "UPDATE currency SET decimals = 0 WHERE code = 'TOK.acme'", "hash", "txid_"),
        ("another code", "UPDATE currency SET code = 'TIK.acme' WHERE code = 'TOK.acme'", "hash", "txid_"),
        ("a currency that is gone", "DELETE FROM currency WHERE code = 'TOK.acme'", "currency", "currency 1004"),
        (
            "a payment without its transaction",
            "UPDATE payment_request SET txid = NULL WHERE txid IS NOT NULL",
            "payment",
            "prid_",
        ),
        (
            "a payment with another's transaction",
            "UPDATE payment_request SET txid = (SELECT min(txid) FROM ledger_transaction) WHERE txid IS NOT NULL",
            "payment",
            "prid_",
        ),
        (
            "a larger payment than was made",
            "UPDATE payment_request SET units = units * 2 WHERE txid IS NOT NULL",
            "payment",
            "prid_",
        ),
        (
            "a payment that nobody made",
            "UPDATE payment_request SET status = (SELECT status FROM payment_request WHERE txid IS NOT NULL)
                WHERE txid IS NULL",
            "payment",
            "prid_",
        ),
        ("a paid request that is gone", "DELETE FROM payment_request WHERE txid IS NOT NULL", "payment", "prid_"),
        (
            "an issuance wallet below zero in another currency",
            "INSERT INTO balance (waid, currency, available, held, last, entries)
                SELECT waid, 840, '-5', '0', 0, 0 FROM wallet WHERE is_issuance = 1",
            "balance",
            "currency 840",
        ),
        (
            "a balance of nobody",
            "INSERT INTO balance (waid, currency, available, held, last, entries)
                VALUES (9999999999999999, 840, '0', '0', 0, 0)",
            "balance",
            "waid_9999999999999999",
        ),
        (
            "a wallet that is gone",
            "DELETE FROM wallet WHERE waid = (SELECT source FROM ledger_transaction WHERE reference = 'v-1')",
            "balance",
            "waid_",
        ),
        ("an issuance wallet that is gone", "DELETE FROM wallet WHERE is_issuance = 1", "wallet", "waid_"),
        (
            "a posting of nothing",
            "INSERT INTO posting SELECT posting + 4000, txid, waid, currency, units, held, balance,
            previous, place FROM posting ORDER BY posting LIMIT 1",
            "posting",
            "posting ",
        ),
        (
            "a client reference of nobody",
            "UPDATE client_reference SET owner = 9999999999999999
            WHERE reference = 'v-1'",
            "reference",
            "v-1",
        ),
        (
            "a client reference to no request",
            "UPDATE client_reference SET prid = 999 WHERE reference = 'v-pay'",
            "reference",
            "v-pay",
        ),
        (
            "a posting that forgot the one before it",
            "UPDATE posting SET previous = NULL WHERE place = 3",
            "posting",
            "txid_",
        ),
        (
            "a balance that forgot its newest posting",
            "UPDATE balance SET last = last - 16 WHERE entries > 2",
            "balance",
            "waid_",
        ),
    ];
    let mut missed = Vec::new();
    for (what, statements, check, place) in forgeries {
        let verified = copy(&home, |database| {
            database.pragma_update(None, "foreign_keys", false).expect("a setting");
            let before = database.total_changes();
            database.execute_batch(statements).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(database.total_changes() > before, "{what}: nothing was changed");
        });
        let verified = verified.verify().await;
        let faults = verified.report["faults"].as_array().cloned().unwrap_or_default();
        let named = faults.iter().any(|fault| {
            let is = |name: &str, text: &str| fault[name].as_str().is_some_and(|found| found.contains(text));
            is("check", check) && (is("place", place) || is("problem", place))
        });
        if verified.status.code() != Some(1) || !named {
            missed.push(format!("{what}: {} {}", verified.status, verified.text));
        }
    }
    assert!(missed.is_empty(), "verify does not name {} changes:\n{}", missed.len(), missed.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_reads_only_and_beside_a_running_server() {
    let world = World::new().await;
    let before = world.server.tables();
    let verified = world.server.home.verify().await;
    verified.sound();
    assert_eq!(before, world.server.tables());
    let count = |name: &str| verified.report[name].as_u64().unwrap_or_default();
    // One issue and two credits.
    assert_eq!((count("transactions"), count("postings")), (3, 6), "{}", verified.text);
    assert_eq!(world.provider.code(&world::credit_of(&world.alice, "1")).await, 10000);
}
