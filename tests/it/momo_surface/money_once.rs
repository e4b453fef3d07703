//! Money once: whatever is dropped, spoilt, delayed or killed, each reference settles once.

use fastrand::Rng;
use florin_sdk_core::Amount;
use florin_tests::momo::{Momo, order, send, uuid};
use florin_tests::seed;
use florin_tests::server::Server;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::watch;

const CLIENTS: usize = 6;
const REQUESTS: usize = 300;
/// How long the server lives each time.
const LIFE: Duration = Duration::from_secs(2);
/// How often one request is asked about before the test gives up.
const PATIENCE: usize = 2000;
/// How many kills there are at least.
const KILLS: usize = 3;

#[derive(Debug, Clone)]
struct Planned {
    reference: String,
    collect: bool,
    hundredths: u32,
}

impl Planned {
    fn path(&self) -> &'static str {
        if self.collect { "/collection/v1_0/requesttopay" } else { "/disbursement/v1_0/transfer" }
    }

    fn body(&self) -> Value {
        let amount = format!("{}.{:02}", self.hundredths / 100, self.hundredths % 100);
        order(&amount, if self.collect { "payer" } else { "payee" }, "256770000001")
    }
}

/// A fault on a third of the exchanges.
fn fault(rng: &mut Rng) -> Option<String> {
    if rng.u8(..3) > 0 {
        return None;
    }
    Some(match rng.u8(..6) {
        0 | 1 => "drop-after".to_owned(),
        2 => "drop-before".to_owned(),
        3 => "garbage".to_owned(),
        4 => format!("error={}", 10001 + rng.u32(..3)),
        _ => format!("delay-ms={}", rng.u32(..300)),
    })
}

/// Sends one until it is known to be accepted, as the contract says: what proves nothing is asked about by GET, and
/// sent again under the same reference if it is not there. Then waits until it is settled.
async fn carry(momo: &Momo, planned: &Planned, rng: &mut Rng) -> Value {
    let found = format!("{}/{}", planned.path(), planned.reference);
    let mut known = false;
    for _ in 0..PATIENCE {
        let request = if known {
            momo.request(Method::GET, &found)
        } else {
            let post = momo.request(Method::POST, planned.path()).header("X-Reference-Id", &planned.reference);
            post.json(&planned.body())
        };
        let request = match fault(rng) {
            Some(fault) => request.header("X-Florin-Fault", fault),
            None => request,
        };
        match send(request).await {
            Ok(answer) if known && answer.status == 200 && answer.body["status"] != "PENDING" => return answer.body,
            Ok(answer) if known && answer.status == 404 => known = false,
            Ok(answer) if !known && matches!(answer.status, 202 | 409) => known = true,
            Ok(answer) if answer.status == 200 => tokio::time::sleep(Duration::from_millis(30)).await,
            Ok(answer) => {
                assert!(matches!(answer.status, 500 | 503), "{}: {} {}", planned.reference, answer.status, answer.body);
                // It proves nothing: ask first.
                known = true;
            }
            Err(_) => {
                known = true;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    panic!("{} is never settled", planned.reference);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_hundred_requests_under_faults_and_kills_settle_once() {
    let mut rng = seed::generator("momo_money_once");
    let (mut server, _) = Server::fresh().await;
    let momo = Momo::provision(&server).await;
    let planned: Vec<_> = (0..REQUESTS)
        .map(|_| Planned { reference: uuid(), collect: rng.bool(), hundredths: rng.u32(1..500) })
        .collect();
    let (done, mut finished) = watch::channel(false);
    let callers: Vec<_> = planned
        .chunks(REQUESTS / CLIENTS)
        .map(|share| {
            let (momo, share, mut rng) = (momo.clone(), share.to_vec(), rng.fork());
            tokio::spawn(async move {
                let mut results = Vec::new();
                for planned in share {
                    results.push((planned.reference.clone(), carry(&momo, &planned, &mut rng).await));
                }
                results
            })
        })
        .collect();
    let all = tokio::spawn(async move {
        let results = join_all(callers).await;
        let _ = done.send(true);
        results
    });
    let mut kills = 0;
    while !*finished.borrow() || kills < KILLS {
        tokio::select! {
            () = tokio::time::sleep(LIFE) => {}
            changed = finished.changed() => changed.expect("the sender lives"),
        }
        server.kill().await;
        server.restart().await;
        kills += 1;
    }
    let mut results = BTreeMap::new();
    for share in all.await.unwrap() {
        results.extend(share.unwrap());
    }
    assert_eq!(results.len(), REQUESTS);
    let mut expected = 1_000_000_i128; // hundredths
    let mut transactions = BTreeSet::new();
    for one in &planned {
        let result = &results[&one.reference];
        assert_eq!(result["status"], "SUCCESSFUL", "{}: {result}", one.reference);
        assert!(transactions.insert(result["financialTransactionId"].as_str().unwrap().to_owned()));
        expected += if one.collect { i128::from(one.hundredths) } else { -i128::from(one.hundredths) };
        // And what was said once is said for ever.
        let again = momo.get(&format!("{}/{}", one.path(), one.reference)).await.expect(200).body;
        assert_eq!(again, *result);
    }
    let balance: Amount = momo.balance("EUR").await.parse().unwrap();
    assert_eq!(balance.units(2).unwrap(), expected, "each moved its money once");
    let database = server.home.open_read_only();
    for one in &planned {
        let sql = format!("SELECT COUNT(*) FROM ledger_transaction WHERE reference = '{}'", one.reference);
        assert_eq!(database.number(&sql), 1, "{}", one.reference);
    }
    server.home.verify().await.sound();
}
