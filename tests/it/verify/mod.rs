//! `florin verify` finds what was changed by hand.

mod bridges;

use florin_sdk_core::operation::{AcceptPayment, CaptureHold, RefundTransaction, ReleaseHold};
use florin_tests::database::{Database, Engine};
use florin_tests::server::Home;
use florin_tests::world::{self, World};
use futures_util::future::join_all;

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

/// Changes a copy of the books.
async fn found(home: &Home, what: &str, change: impl FnOnce(&Database)) -> Result<(), String> {
    let copy = home.copy();
    {
        let database = copy.open_to_tamper();
        // Only what is changed is to be found, not that a constraint was broken.
        database.ignore_constraints();
        change(&database);
    }
    let verified = copy.verify().await;
    let faults = verified.report["faults"].as_array().map_or(0, Vec::len);
    if verified.status.code() == Some(1) && verified.report["ok"] == false && faults > 0 {
        Ok(())
    } else {
        Err(format!("{what}: {} {}", verified.status, verified.text))
    }
}

/// Another value of the kind that a cell has, as SQL says it.
fn another(database: &Database, table: &str, column: &str, at: &str) -> String {
    let kind = match database.engine() {
        Engine::Sqlite => "typeof",
        Engine::Postgres => "pg_typeof",
    };
    let rows = database.rows(&format!("SELECT {kind}({column}), {column} FROM {table} {at}"));
    let [kind, old] = &rows[0][..] else { panic!("{rows:?}") };
    let (kind, old) = (kind.text(), old.text());
    match kind.as_str() {
        _ if old.is_empty() => "'7'".to_owned(),
        // Far enough not to be the next row's.
        "integer" | "bigint" => (old.parse::<i64>().expect("a number") + 1_000_003).to_string(),
        "numeric" => format!("{old}1"),
        "text" if old.parse::<i128>().is_ok() => format!("'{old}1'"),
        "text" => format!("'{old}x'"),
        "blob" | "bytea" => {
            let hex = old.trim_start_matches("\\x");
            let (rest, last) = hex.split_at(hex.len() - 1);
            let hex = format!("{rest}{}", if last == "0" { "1" } else { "0" });
            if kind == "blob" { format!("x'{hex}'") } else { format!("'\\x{hex}'") }
        }
        other => panic!("{table}.{column} is of type {other}"),
    }
}

/// Each cell of a row in the middle of each table of the books.
#[tokio::test(flavor = "multi_thread")]
async fn every_cell_of_the_books() {
    let home = books().await;
    let mut missed = Vec::new();
    for table in BOOKS {
        // Whoever copies it must have it alone.
        let database = home.open_read_only();
        let columns = database.columns(table);
        assert!(!columns.is_empty(), "there is no table {table}");
        let rows = database.number(&format!("SELECT count(*) FROM {table}"));
        // The first two columns tell the rows of each of these tables apart.
        let (one, two) = (&columns[0], &columns[1]);
        let query = format!("SELECT {one}, {two} FROM {table} ORDER BY {one}, {two} LIMIT 1 OFFSET {}", rows / 2);
        let middle = database.rows(&query);
        drop(database);
        let at = format!("WHERE {one} = '{}' AND {two} = '{}'", middle[0][0].text(), middle[0][1].text());
        let cells = columns.iter().map(|column| {
            let (home, at) = (&home, &at);
            async move {
                let what = format!("{table}.{column}");
                let change = |database: &Database| {
                    let value = another(database, table, column, at);
                    assert_eq!(database.execute(&format!("UPDATE {table} SET {column} = {value} {at}")), 1, "{what}");
                };
                found(home, &what, change).await.err()
            }
        });
        missed.extend(join_all(cells).await.into_iter().flatten());
        for (what, statement) in [
            ("a row taken away", format!("DELETE FROM {table} {at}")),
            ("all rows taken away", format!("DELETE FROM {table}")),
        ] {
            let change = |database: &Database| assert!(database.execute(&statement) > 0, "{table}: {what}");
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
        let change = |database: &Database| {
            assert!(database.execute(statements) > 0, "{what}: nothing was changed");
        };
        missed.extend(found(&home, what, change).await.err());
    }
    assert!(missed.is_empty(), "verify does not see {} changes:\n{}", missed.len(), missed.join("\n"));
}

/// Rows that name what is not there, and what the meaning of the books depends on: each is found, and its place named.
#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::too_many_lines, reason = "a table is shown in one piece")]
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
        (
            "a payment to somebody else",
            "UPDATE payment_request SET destination = (SELECT min(waid) FROM wallet) WHERE txid IS NOT NULL",
            "payment",
            "prid_",
        ),
        (
            "a payment by somebody else",
            "UPDATE payment_request SET source = (SELECT max(waid) FROM wallet) WHERE txid IS NOT NULL",
            "payment",
            "prid_",
        ),
        (
            "a payment in another currency",
            "UPDATE payment_request SET currency = 840 WHERE txid IS NOT NULL",
            "payment",
            "prid_",
        ),
        (
            "a payment that is to be paid again",
            "UPDATE payment_request SET status = (SELECT status FROM payment_request WHERE txid IS NULL), txid = NULL
                WHERE txid IS NOT NULL",
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
    all_named(&home, &forgeries).await;
}

/// What was done, by which statements; which check finds it, and what it names.
type Forgery = (&'static str, &'static str, &'static str, &'static str);

/// Each of these changes to a copy of the books is found, and its place named.
async fn all_named(home: &Home, forgeries: &[Forgery]) {
    let mut missed = Vec::new();
    for (what, statements, check, place) in forgeries {
        let copy = home.copy();
        {
            let database = copy.open_to_tamper();
            database.ignore_constraints();
            assert!(database.execute(statements) > 0, "{what}: nothing was changed");
        }
        let verified = copy.verify().await;
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

/// One client reference twice: what an index forbids on PostgreSQL, and nothing but the server does on SQLite.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_reference_that_stands_twice() {
    let home = books().await;
    let columns = home.open_read_only().columns("client_reference").join(", ");
    let others = columns.replace("number", "number + 1000000000");
    for (what, double) in [
        ("a refusal", format!("SELECT {others} FROM client_reference WHERE reference = 'v-refused'")),
        // The other one would be a payment that was made twice under one reference.
        (
            "a success, with another transaction",
            format!(
                "SELECT {} FROM client_reference WHERE reference = 'v-1'",
                others.replace("txid", "(SELECT max(txid) FROM ledger_transaction)")
            ),
        ),
    ] {
        let copy = home.copy();
        {
            let database = copy.open_to_tamper();
            database.ignore_constraints();
            if database.engine() == Engine::Postgres {
                database.execute("DROP INDEX client_reference_place");
            }
            let statement = format!("INSERT INTO client_reference ({columns}) {double}");
            assert_eq!(database.execute(&statement), 1, "{what}");
        }
        let verified = copy.verify().await;
        let faults = verified.report["faults"].as_array().cloned().unwrap_or_default();
        let twice = |fault: &serde_json::Value| {
            let is = |name: &str, text: &str| fault[name].as_str().is_some_and(|found| found.contains(text));
            is("check", "reference") && is("problem", "stands twice") && is("place", "v-")
        };
        assert_eq!(verified.status.code(), Some(1), "{what}: {}", verified.text);
        assert!(faults.iter().any(twice), "{what}: {}", verified.text);
    }
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
