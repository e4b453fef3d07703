//! `florin prove` as its user calls it.

use florin_tests::database::{Engine, engine};
use florin_tests::seed;
use florin_tests::server::{Home, Options, Server, binary, florin};
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(120);

fn seed_of(test: &str) -> String {
    seed::generator(test).u64(..).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_a_temporary_database() {
    let seed = seed_of("a_run_on_a_temporary_database");
    let output = florin(["prove", "--operations", "200", "--seed", &seed]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for part in ["0 duplicates, 0 lost, 0 wrong", "everything adds up", "Exactly once.", &seed] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_a_database_that_is_named() {
    let home = Home::new();
    let seed = seed_of("a_run_on_a_database_that_is_named");
    let url = home.url();
    let arguments = ["prove", "--operations", "200", "--seed", &seed, "--database", &url, "--format", "json"];
    let output = florin(arguments).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&report["ok"], &report["lost"], &report["verified"]), (&true.into(), &0.into(), &true.into()));
    assert!(report["operations"].as_u64() >= Some(200), "{text}");
    assert!(home.open_read_only().number("SELECT count(*) FROM ledger_transaction") > 100, "it worked there");

    // A second time it holds data, of which nothing is touched.
    let before = florin_tests::digest::tables(&home.open_read_only());
    let output = florin(arguments).await;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("an empty database of its own"), "{words}");
    assert_eq!(florin_tests::digest::tables(&home.open_read_only()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_served_is_left_alone() {
    let home = Home::new();
    home.init().await;
    let server = Server::start(home.clone(), Options::default()).await;
    let before = server.tables();
    let output = florin(["prove", "--operations", "10", "--database", &home.url()]).await;
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.tables(), before);
}

/// Somebody changes the books behind the server's back while it runs.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_reported_and_fails() {
    let home = Home::new();
    let seed = seed_of("what_is_wrong_is_reported_and_fails");
    let mut command = Command::new(binary());
    command.args(["prove", "--operations", "300", "--seed", &seed, "--database", &home.url(), "--format", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("it starts");
    let tamper = async {
        loop {
            sleep(Duration::from_millis(20)).await;
            if engine() == Engine::Sqlite && !home.file("florin.db").exists() {
                continue;
            }
            let database = home.open_to_tamper();
            let ready = database.tables().iter().any(|table| table == "ledger_transaction");
            // The first user's money, before anybody plays.
            let change = "UPDATE ledger_transaction SET reference = 'prove-0-1-1' WHERE reference = 'prove-0-1-0'";
            if ready && database.execute(change) == 1 {
                return;
            }
        }
    };
    timeout(PATIENCE, tamper).await.expect("the row to change never came");
    let output = timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").expect("its output");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["ok"], false, "{text}");
    assert_eq!((&report["lost"], &report["wrong"]), (&1.into(), &1.into()), "{text}");
    assert_eq!(report["verified"], false, "the hash of the row is another one now: {text}");
}
