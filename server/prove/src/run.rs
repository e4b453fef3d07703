//! All of it together.

use crate::ProveError;
use crate::action;
use crate::client::Job;
use crate::count::count;
use crate::fleet::Fleet;
use crate::notes::Told;
use crate::plan::{Action, PREPARES, Place, SCALE, World};
use crate::proxy::{Proxy, Tally};
use crate::report::Report;
use crate::server::{Florin, Server};
use fastrand::Rng;
use florin_sdk_core::operation::{CreateExtendedCurrency, CreateUser};
use florin_sdk_core::{FlorinError, Secret};
use florin_sdk_server::{ClientOptions, MemoryJournal, ProviderClient};
use futures_util::future::try_join_all;
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How long the clients may take to end what they have begun.
const PATIENCE: Duration = Duration::from_secs(300);

/// The servers are near: clients wait a fifth of the published time-outs.
const TIMEOUT_PERCENT: u32 = 20;

/// How long a client may go without anything new in its notes: far more than a restart of everything takes.
const STANDSTILL: Duration = Duration::from_secs(120);

/// How often progress is told.
const TICK: Duration = Duration::from_millis(500);

/// How long it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The clients begin no more stories after this time.
    Time(Duration),
    /// At least so many operations.
    Operations(u64),
}

/// What to prove, and how hard.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server's program.
    pub binary: PathBuf,
    /// The client's program, and its arguments.
    pub client: (PathBuf, Vec<String>),
    /// An empty database; a temporary SQLite file when absent.
    pub database: Option<String>,
    /// The seed.
    pub seed: u64,
    /// How long.
    pub extent: Extent,
    /// How many client processes.
    pub clients: u32,
    /// How many stories each of them plays at a time.
    pub at_once: usize,
    /// How many server processes: more than one on PostgreSQL only.
    pub servers: u32,
    /// How many of a hundred exchanges are spoilt.
    pub fault_percent: u8,
    /// How many milliseconds pass between two kills of a server.
    pub server_life_ms: RangeInclusive<u64>,
    /// By how many bytes a client's notes grow between two kills of it; an operation takes about a hundred.
    pub client_life_bytes: RangeInclusive<u64>,
}

impl Options {
    /// What `florin prove` does if it is not told otherwise. `binary` is server and client.
    #[must_use]
    pub fn new(binary: PathBuf, seed: u64, extent: Extent) -> Self {
        Self {
            client: (binary.clone(), vec!["prove-client".to_owned()]),
            binary,
            database: None,
            seed,
            extent,
            clients: 8,
            at_once: 4,
            servers: 1,
            fault_percent: 30,
            server_life_ms: 2000..=5000,
            client_life_bytes: 1000..=16_000,
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// How long it has been running.
    pub elapsed: Duration,
    /// Exchanges and faults.
    pub tally: Tally,
    /// How often a server was killed.
    pub server_kills: u64,
    /// How often a client was killed.
    pub client_kills: u64,
}

/// Runs the whole proof. The folder for journals, notes and logs, and for the database if none is named, is removed if
/// all is well, and stays, for a look at it, if not.
pub async fn run(options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Report, ProveError> {
    let folder = tempfile::Builder::new().prefix("florin-prove-").tempdir()?;
    let result = run_in(folder.path(), options, progress).await;
    if result.as_ref().is_ok_and(|report| !report.ok) {
        // The report says that something is wrong: where, is in there.
        let _ = folder.keep();
    }
    result
}

/// The same, in this folder, which stays.
pub async fn run_in(
    folder: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, ProveError> {
    let database = options.database.clone().unwrap_or_else(|| format!("sqlite://{}/florin.db", folder.display()));
    let florin = Florin { binary: options.binary.clone(), database, folder: folder.to_owned() };
    let api_key = florin.init().await?;
    let mut rng = Rng::with_seed(options.seed);
    let mut servers = start_servers(&florin, options.servers, rng.fork()).await?;
    let proxies: Vec<_> = servers.iter().map(|server| server.proxy().clone()).collect();
    let urls: Vec<_> = proxies.iter().map(|proxy| proxy.url()).collect();
    let first = urls.first().map(String::as_str).unwrap_or_default();
    let world = prepare(first, api_key.clone(), options.seed, options.clients).await?;
    // With it, whoever looks into the folder can count again.
    std::fs::write(folder.join("world.json"), serde_json::to_vec(&world)?)?;
    for proxy in &proxies {
        proxy.spoil(options.fault_percent);
    }

    let (stop, stopped) = watch::channel(false);
    let kills = (AtomicU64::new(0), AtomicU64::new(0));
    let (program, arguments) = options.client.clone();
    let fleet = Fleet { program, arguments, urls, life_bytes: options.client_life_bytes.clone() };
    let jobs: Vec<_> = (1..=options.clients).map(|number| job(folder, options, &world, &api_key, number)).collect();
    let mut killer = rng.fork();
    let playing = jobs.iter().map(|job| fleet.play(job, rng.fork(), stopped.clone(), &kills.1));
    let begun = Instant::now();
    let now = || Progress {
        elapsed: begun.elapsed(),
        tally: proxies.iter().fold(Tally::default(), |sum, proxy| sum.and(proxy.tally())),
        server_kills: kills.0.load(Ordering::Relaxed),
        client_kills: kills.1.load(Ordering::Relaxed),
    };
    tokio::select! {
        played = try_join_all(playing) => { played?; }
        never = keep_killing(&mut servers, options.server_life_ms.clone(), &mut killer, &kills.0) => match never? {},
        never = stop_in_time(options.extent, &stop) => match never? {},
        never = keep_telling(&now, progress) => match never {},
        never = keep_watching(&jobs) => match never? {},
    }
    let Progress { elapsed, tally, server_kills, client_kills } = now();
    for proxy in &proxies {
        proxy.last_copies().await;
    }
    for server in &mut servers {
        server.kill().await?;
    }
    let count = count(&florin.database, &world, options.clients, folder).await?;
    let verified = florin.verify().await?;
    Ok(Report {
        ok: count.ok() && verified.ok,
        seed: options.seed,
        engine: if florin.database.starts_with("sqlite") { "sqlite" } else { "postgresql" },
        servers: options.servers,
        clients: options.clients,
        seconds: elapsed.as_secs(),
        faults: tally,
        server_kills,
        client_kills,
        count,
        verified: verified.ok,
        verification: (!verified.ok).then_some(verified.text),
    })
}

async fn start_servers(florin: &Florin, number: u32, mut rng: Rng) -> Result<Vec<Server>, ProveError> {
    let mut servers = Vec::new();
    for number in 1..=number {
        servers.push(Server::start(florin, number, Arc::new(Proxy::start(rng.fork()).await?)).await?);
    }
    Ok(servers)
}

/// Makes the currency and the users, and gives them money.
pub async fn prepare(url: &str, api_key: Secret, seed: u64, clients: u32) -> Result<World, ProveError> {
    let client = ProviderClient::new(ClientOptions::new(url), api_key, Arc::new(MemoryJournal::default()))?;
    let new = CreateExtendedCurrency {
        issuer_name: Some("prove".to_owned()),
        ..CreateExtendedCurrency::new("PRV".parse()?, "Proof".to_owned(), SCALE, SCALE)
    };
    client.currencies().create(new).await?;
    let mut users = Vec::new();
    for number in 1..=2 * clients {
        users.push(client.users().create(CreateUser::new(format!("user-{number}"))).await?.waid);
    }
    let provider = client.wallets().get(None).await?.waid;
    // Where new units come from is seen when they do.
    let mut world = World { seed, currency: "PRV.prove".parse()?, issuance: provider, provider, users };
    for story in 0..world.preparations() {
        for (step, number) in world.story(PREPARES, story).iter().zip(0..) {
            let place = Place { client: PREPARES, story, step: number };
            let told = action::call(&client, &world, step, None, place.to_string()).await?;
            if let (Action::Issue, Told::Done { txid: Some(txid), .. }) = (step.action, told) {
                let source = client.transactions().get(txid).await?.source_waid;
                world.issuance = source.ok_or_else(|| FlorinError::invalid("txid", "came from nowhere"))?;
            }
        }
    }
    Ok(world)
}

fn job(folder: &Path, options: &Options, world: &World, api_key: &Secret, number: u32) -> Job {
    let share = |operations: u64| operations.div_ceil(u64::from(options.clients));
    Job {
        url: String::new(),
        api_key: api_key.clone(),
        world: world.clone(),
        number,
        folder: folder.to_owned(),
        at_once: options.at_once,
        timeout_percent: TIMEOUT_PERCENT,
        stories: match options.extent {
            Extent::Time(_) => None,
            Extent::Operations(operations) => Some(world.stories_of(number, share(operations))),
        },
    }
}

/// Kills one server after the other, and starts it again. It ends only with an error.
async fn keep_killing(
    servers: &mut [Server],
    life_ms: RangeInclusive<u64>,
    rng: &mut Rng,
    kills: &AtomicU64,
) -> Result<Infallible, ProveError> {
    loop {
        sleep(Duration::from_millis(rng.u64(life_ms.clone()))).await;
        if let Some(server) = rng.choice(servers.iter_mut()) {
            server.kill_and_restart().await?;
            kills.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Stops the clients when their time is over. It ends only with an error: when they do not end then.
async fn stop_in_time(extent: Extent, stop: &watch::Sender<bool>) -> Result<Infallible, ProveError> {
    let Extent::Time(time) = extent else { return std::future::pending().await };
    sleep(time).await;
    stop.send_replace(true);
    sleep(PATIENCE).await;
    Err(ProveError::Endless("what the clients have begun".to_owned()))
}

async fn keep_telling(now: &impl Fn() -> Progress, progress: &mut dyn FnMut(Progress)) -> Infallible {
    loop {
        sleep(TICK).await;
        progress(now());
    }
}

/// Looks whether each client gets on with its work. It ends only with an error: when one does not.
async fn keep_watching(jobs: &[Job]) -> Result<Infallible, ProveError> {
    let mut seen: Vec<_> = jobs.iter().map(|job| (job, 0, Instant::now())).collect();
    loop {
        sleep(TICK).await;
        for (job, size, since) in &mut seen {
            let now = job.noted_bytes();
            if now > *size {
                (*size, *since) = (now, Instant::now());
            } else if since.elapsed() > STANDSTILL {
                let reason = "nothing of it has ended for two minutes".to_owned();
                return Err(ProveError::Client { number: job.number, reason });
            }
        }
    }
}
