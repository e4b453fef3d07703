//! Exactly once, seen from the SDK: whatever is dropped, spoilt, doubled, delayed or killed, each operation is booked
//! once, with the right amount, and its client is told so.
//!
//! How it is done, and counted, is `florin prove`'s; that the counting sees what is wrong is shown in `teeth`.

mod command;
mod crash;
mod teeth;

use florin_prove::{Extent, Options, Report};
use florin_tests::database::{Engine, engine};
use florin_tests::seed;
use florin_tests::server::{Home, binary};
use tokio::sync::Mutex;

/// Each of the larger tests keeps the machine busy: one at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// What `florin prove` does, on a database of this run's engine.
fn options(test: &str, home: &Home, operations: u64) -> Options {
    let seed = seed::generator(test).u64(..);
    let extent = Extent::Operations(operations);
    Options { database: Some(home.url()), ..Options::new(binary(), seed, extent) }
}

/// Runs it, and expects that nothing is lost, doubled or wrong.
async fn prove(options: &Options) -> Report {
    let _alone = ALONE.lock().await;
    let report = florin_prove::run(options, &mut |_| ()).await.unwrap_or_else(|error| panic!("{error}"));
    eprintln!("{report}");
    assert!(report.ok, "{report}");
    assert_eq!((report.count.duplicates, report.count.lost, report.count.wrong), (0, 0, 0), "{report}");
    assert!(report.verified, "{report}");
    report
}

/// A run that met less than it should says nothing.
fn met_enough(report: &Report, operations: u64) {
    assert!(report.count.operations >= operations, "{report}");
    assert_eq!(report.count.kinds.len(), 12, "each kind of operation took part: {report}");
    assert!(report.faults.kinds().iter().all(|(_, number)| *number > 0), "each kind of fault happened: {report}");
    let percent = report.faults.faults() * 100 / report.faults.exchanges;
    assert!((25..=35).contains(&percent), "{percent} % of the exchanges were spoilt: {report}");
    assert!(report.server_kills >= 2 && report.client_kills >= 8, "too short to say anything: {report}");
    assert!(report.count.resumed > 0, "no client went on from its journal: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_operations_through_faults_and_kills() {
    const OPERATIONS: u64 = 5000;
    let home = Home::new();
    let report = prove(&options("five_thousand_operations_through_faults_and_kills", &home, OPERATIONS)).await;
    met_enough(&report, OPERATIONS);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_two_processes_of_which_one_is_killed() {
    const OPERATIONS: u64 = 5000;
    if engine() != Engine::Postgres {
        return;
    }
    let home = Home::new();
    let options = options("on_postgres_two_processes_of_which_one_is_killed", &home, OPERATIONS);
    met_enough(&prove(&Options { servers: 2, ..options }).await, OPERATIONS);
}

/// The other way round: no faults, but a server that hardly lives, under as much as the clients can ask of it.
#[tokio::test(flavor = "multi_thread")]
async fn kills_under_full_load() {
    // As many as it takes on a machine as fast as this one.
    for operations in [800, 2400, 7200, 21_600] {
        let home = Home::new();
        let options = options("kills_under_full_load", &home, operations);
        let options =
            Options { fault_percent: 0, server_life_ms: 200..=1000, client_life_bytes: u64::MAX..=u64::MAX, ..options };
        let report = prove(&options).await;
        assert_eq!(report.faults.faults(), 0, "{report}");
        if report.server_kills >= 3 {
            return;
        }
    }
    panic!("no server lived to be killed three times");
}
