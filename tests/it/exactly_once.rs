//! Exactly once, seen from the SDK: whatever is dropped, spoilt, delayed or killed, each transfer is booked once.

use fastrand::Rng;
use florin_sdk_core::operation::WalletTransfer;
use florin_sdk_core::{FlorinError, Knowledge, Txid, Waid};
use florin_sdk_server::{ClientOptions, Fate, FileJournal, Journal, ProviderClient};
use florin_tests::proxy::Proxy;
use florin_tests::seed;
use florin_tests::world::{self, World, amount};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const CLIENTS: usize = 8;
const TRANSFERS: usize = 500;
/// How long the server lives each time.
const LIFE: Duration = Duration::from_secs(2);
/// How often one call is gone on with before the test gives up.
const PATIENCE: usize = 1000;

/// A fault on a third of the requests, whatever they ask for.
fn fault(rng: &mut Rng) -> Option<String> {
    if rng.u8(..3) > 0 {
        return None;
    }
    Some(match rng.u8(..8) {
        0 | 1 => "drop-after".to_owned(),
        2 => "drop-before".to_owned(),
        3 | 4 => "garbage".to_owned(),
        5 => format!("error={}", 10001 + rng.u32(..4)),
        // Some of them longer than the client waits.
        _ => format!("delay-ms={}", rng.u32(..1000)),
    })
}

/// Impatient, so that a test need not wait for the table's ten seconds.
fn options(base: &str) -> ClientOptions {
    ClientOptions { timeout_scale_percent: 10, retry_delay_scale_percent: 1, ..ClientOptions::new(base) }
}

fn client(base: &str, key: &str, journal: PathBuf) -> (Arc<ProviderClient>, Arc<FileJournal>) {
    let journal = Arc::new(FileJournal::open(journal).expect("a journal"));
    let client = ProviderClient::new(options(base), key.into(), journal.clone()).expect("a client");
    (client, journal)
}

#[derive(Debug, Clone)]
struct Planned {
    reference: String,
    hundredths: u32,
    destination: Waid,
    /// Its caller stops waiting before it can know.
    abandoned: bool,
}

impl Planned {
    fn request(&self, source: Waid) -> WalletTransfer {
        let text = format!("{}.{:02}", self.hundredths / 100, self.hundredths % 100);
        world::transfer(source, self.destination, &text)
    }
}

/// Sends one transfer, as a provider's program would: after an outcome in doubt it resumes, after a failure of which
/// it is known that nothing ran it calls again.
async fn send(client: &ProviderClient, source: Waid, planned: &Planned) -> Option<Txid> {
    let call = || async {
        let reference = Some(planned.reference.clone());
        client.wallets().transfer(planned.request(source), reference).await.map(|answer| answer.txid)
    };
    if planned.abandoned {
        // The future is dropped long before an answer can be there.
        let _ = tokio::time::timeout(Duration::from_millis(1), call()).await;
        return None;
    }
    let mut result = call().await;
    for _ in 0..PATIENCE {
        let error = match result {
            Ok(txid) => return Some(txid),
            Err(error) => error,
        };
        result = match error.knowledge() {
            Knowledge::NothingRan => call().await,
            Knowledge::InDoubt => {
                assert_eq!(error.reference(), Some(planned.reference.as_str()), "{error}");
                let resumed = client.operations().resume(planned.reference.clone(), None).await;
                match resumed.unwrap_or_else(|error| panic!("{}: {error}", planned.reference)).fate {
                    Fate::Done { txid, .. } => Ok(txid.expect("a transfer makes a transaction")),
                    Fate::InDoubt { reason } => Err(FlorinError::InDoubt {
                        operation: "WalletTransfer".to_owned(),
                        reference: Some(planned.reference.clone()),
                        reason,
                        request_id: None,
                    }),
                    Fate::NothingRan { .. } => call().await,
                    other @ Fate::Refused { .. } => panic!("{}: {other:?}", planned.reference),
                }
            }
            Knowledge::Refused => panic!("{}: {error}", planned.reference),
        };
    }
    panic!("{} is never settled", planned.reference);
}

/// Settles what is left of abandoned calls, until nothing is.
async fn settle_all(client: &ProviderClient, journal: &FileJournal) {
    for _ in 0..PATIENCE {
        client.operations().resume_pending().await.expect("the journal");
        if journal.pending().await.expect("the journal").is_empty() {
            return;
        }
        // Nothing tells when a call that nobody waits for has ended.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the journal never gets empty");
}

fn journal_file(world: &World, index: usize) -> PathBuf {
    world.server.home.file(&format!("journal-{index}"))
}

fn clients(world: &World, base: &str) -> Vec<(Arc<ProviderClient>, Arc<FileJournal>)> {
    (0..CLIENTS).map(|index| client(base, &world.initialised.apikey, journal_file(world, index))).collect()
}

type Told = BTreeMap<String, Txid>;

/// The journals are empty, also for who opens them next; each transfer is booked once, as it was meant, and its caller
/// was told the right transaction; nothing else happened; and the books add up.
async fn check(mut world: World, clients: Vec<(Arc<ProviderClient>, Arc<FileJournal>)>, plan: &[Planned], told: &Told) {
    for (index, (client, journal)) in clients.into_iter().enumerate() {
        assert_eq!(journal.pending().await.expect("the journal"), []);
        drop((client, journal));
        let journal = FileJournal::open(journal_file(&world, index)).expect("the journal");
        assert_eq!(journal.pending().await.expect("the journal"), []);
    }
    let total: i128 = plan.iter().map(|planned| i128::from(planned.hundredths)).sum();
    let units = |text: &str| amount(text).units(2).expect("two digits");
    let left = world.balance(world.waid).await.units(2).expect("two digits");
    assert_eq!(left, units(world::SUPPLY) - 2 * units(world::CREDIT) - total);
    assert_eq!(world.server.terminate().await.code(), Some(0));
    let database = world.server.home.open_read_only();
    // From the first transaction that is not the world's own.
    let rows = database.rows("SELECT reference, txid, units, destination FROM ledger_transaction ORDER BY txid");
    let mut booked = BTreeMap::<String, Vec<(i64, String, i64)>>::new();
    for row in &rows[3..] {
        booked.entry(row[0].text()).or_default().push((row[1].number(), row[2].text(), row[3].number()));
    }
    assert_eq!(booked.len(), plan.len(), "nothing is booked that nobody sent");
    for planned in plan {
        let reference = &planned.reference;
        let rows = booked.remove(reference).unwrap_or_default();
        let [(txid, units, destination)] = &rows[..] else {
            panic!("{reference} is booked {} times", rows.len());
        };
        assert_eq!(*units, planned.hundredths.to_string(), "{reference}");
        assert_eq!(*destination, planned.destination.number().cast_signed(), "{reference}");
        match told.get(reference) {
            Some(told) => assert_eq!(told.number().cast_signed(), *txid, "{reference}"),
            None => assert!(planned.abandoned, "{reference} was not told"),
        }
    }
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_hundred_transfers_through_faults_and_kills() {
    let mut world = World::new().await;
    let mut rng = seed::generator("the plan");
    let plan: Vec<_> = (0..TRANSFERS)
        .map(|index| Planned {
            reference: format!("once-{index}"),
            hundredths: rng.u32(1..=2000),
            destination: if rng.bool() { world.alice.waid } else { world.bob.waid },
            abandoned: rng.u8(..10) == 0,
        })
        .collect();
    let proxy = Proxy::start("the faults", world.server.address(), |rng, _| fault(rng)).await;
    let clients = clients(&world, &proxy.base());
    let source = world.waid;
    let tasks = clients.iter().enumerate().map(|(index, (client, journal))| {
        let (client, journal) = (Arc::clone(client), Arc::clone(journal));
        let share: Vec<_> = plan.iter().skip(index).step_by(CLIENTS).cloned().collect();
        tokio::spawn(async move {
            let mut told = Told::new();
            for planned in share {
                if let Some(txid) = send(&client, source, &planned).await {
                    told.insert(planned.reference, txid);
                }
            }
            settle_all(&client, &journal).await;
            told
        })
    });
    let mut work = Box::pin(join_all(tasks.collect::<Vec<_>>()));
    let mut kills = 0;
    let told = loop {
        tokio::select! {
            told = &mut work => break told,
            () = tokio::time::sleep(LIFE) => {
                world.server.kill().await;
                world.server.restart().await;
                kills += 1;
            }
        }
    };
    let told: Told = told.into_iter().flat_map(|share| share.expect("a client's task")).collect();
    let seen = proxy.seen();
    eprintln!("{kills} kills, {} requests, {} faults", seen.requests, seen.faults.len());
    assert!(kills >= 2, "only {kills} kills: the test is too short to say anything");
    assert!(seen.faults.len() * 4 > seen.requests, "{} faults in {} requests", seen.faults.len(), seen.requests);
    check(world, clients, &plan, &told).await;
}

/// The other way round: no faults but kills, in the middle of as many transfers as the clients can make.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kills_under_full_load() {
    /// How many transfers each client has under way.
    const AT_ONCE: usize = 4;
    const KILLS: usize = 8;
    let mut world = World::new().await;
    let mut rng = seed::generator("kills_under_full_load");
    let clients = clients(&world, &world.server.base());
    let (source, destination) = (world.waid, world.alice.waid);
    let (stop, stopped) = watch::channel(false);
    let writers: Vec<_> = (0..CLIENTS * AT_ONCE)
        .map(|writer| {
            let client = Arc::clone(&clients[writer % CLIENTS].0);
            let stopped = stopped.clone();
            tokio::spawn(async move {
                let mut sent = Vec::new();
                for index in 0.. {
                    if *stopped.borrow() {
                        break;
                    }
                    let planned = Planned {
                        reference: format!("load-{writer}-{index}"),
                        hundredths: 1,
                        destination,
                        abandoned: false,
                    };
                    let txid = send(&client, source, &planned).await.expect("nothing is abandoned");
                    sent.push((planned, txid));
                }
                sent
            })
        })
        .collect();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(rng.u64(50..500))).await;
        world.server.kill().await;
        world.server.restart().await;
    }
    stop.send_replace(true);
    let sent = join_all(writers).await.into_iter().flat_map(|sent| sent.expect("a writer"));
    let (plan, txids): (Vec<_>, Vec<_>) = sent.unzip();
    let told = plan.iter().map(|planned| planned.reference.clone()).zip(txids).collect();
    eprintln!("{} transfers through {KILLS} kills", plan.len());
    assert!(plan.len() > 200, "only {} transfers", plan.len());
    check(world, clients, &plan, &told).await;
}
