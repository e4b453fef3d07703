//! A thousand client processes end at the worst moments: when a call is noted and not sent yet, and when its answer is
//! there and not noted yet. Each next one goes on from the journal.

use super::ALONE;
use florin_prove::ProveError;
use florin_prove::client::Job;
use florin_prove::count::count;
use florin_prove::fleet::{Fleet, gave_up};
use florin_prove::notes::{self, Line};
use florin_prove::run::prepare;
use florin_tests::seed;
use florin_tests::server::Server;
use futures_util::future::join_all;
use std::collections::BTreeSet;

const KILLS: usize = 1000;
/// So many clients are killed side by side.
const CLIENTS: u32 = 4;

/// Kills a client again and again; then lets it end what it has begun.
async fn kill_often(fleet: &Fleet, job: &Job, mut rng: fastrand::Rng) -> Result<(), ProveError> {
    for life in 0..KILLS / CLIENTS as usize {
        let point = if rng.bool() { "recorded" } else { "answered" };
        let mut running = fleet.start(job, life, &[("FLORIN_CRASH_POINT", point)]).await?;
        let status = running.wait().await?;
        assert_eq!(status.code(), None, "it ends by a signal: {}", gave_up(job, status));
    }
    let mut last = fleet.start(job, 0, &[]).await?;
    last.stop();
    let status = last.wait().await?;
    if status.success() { Ok(()) } else { Err(gave_up(job, status)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_kills_at_the_marked_points() {
    let _alone = ALONE.lock().await;
    let mut rng = seed::generator("a_thousand_kills_at_the_marked_points");
    let (server, initialised) = Server::fresh().await;
    let api_key = florin_sdk_core::Secret::from(initialised.apikey);
    let world = prepare(&server.base(), api_key.clone(), rng.u64(..), CLIENTS).await.expect("a world");
    let fleet = Fleet {
        program: env!("CARGO_BIN_EXE_florin-crash-client").into(),
        arguments: Vec::new(),
        urls: vec![server.base()],
        life_bytes: 0..=0,
    };
    let job = |number| Job {
        url: String::new(),
        api_key: api_key.clone(),
        world: world.clone(),
        number,
        folder: server.home.folder().to_owned(),
        // So that each life ends at one operation, and leaves one entry in the journal.
        at_once: 1,
        timeout_percent: 100,
        stories: None,
    };
    let jobs: Vec<_> = (1..=CLIENTS).map(job).collect();
    for ended in join_all(jobs.iter().map(|job| kill_often(&fleet, job, rng.fork()))).await {
        ended.unwrap_or_else(|error| panic!("{error}"));
    }
    let mut resumed = BTreeSet::new();
    for job in &jobs {
        for line in notes::read(&Job::notes(&job.folder, job.number)).expect("its notes") {
            if let Line::Told { story, step, resumed: true, .. } = line {
                resumed.insert((job.number, story, step));
            }
        }
    }
    assert_eq!(resumed.len(), KILLS, "each kill left an operation in its journal, which the next process settled");
    let count = count(&server.home.url(), &world, CLIENTS, server.home.folder()).await.expect("the books");
    assert!(count.ok(), "{count:#?}");
    assert!(count.operations >= KILLS as u64, "{count:#?}");
    server.home.verify().await.sound();
}
