//! Withdrawals over a network that drops, loses answers, answers late and twice, while the server is killed every other
//! second: none is lost, and none is carried out twice.

use florin_sdk_core::model::TransactionState;
use florin_sdk_core::operation::{
    CreateWalletDepositAddress, GetWallet, GetWalletTransactionDetails, Operation, WalletWithdraw,
};
use florin_sdk_core::{CurrencyCode, Txid};
use florin_tests::database::Cell;
use florin_tests::http::{Api, Target};
use florin_tests::seed;
use florin_tests::world::{World, amount};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the server is killed.
const KILLS: usize = 12;
/// So many callers withdraw at once.
const CALLERS: usize = 4;
/// What the wallet begins with.
const FUNDS: i64 = 100_000;

const ROUND: &str = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn";

async fn sandbox(api: &Api, path: &str, body: Value) -> Option<Value> {
    let (method, body) = if body.is_null() { ("GET", None) } else { ("POST", Some(body.to_string().into_bytes())) };
    let answer = api.try_exchange(method, &format!("/sandbox/bridge/{path}"), body).await.ok()?;
    (answer.status == 200).then(|| answer.json().map(Value::Object))?
}

/// Withdraws again and again, each time under a reference of its own, until it is told to stop. What got no answer is
/// sent again, under the same reference.
async fn withdraw(api: Api, number: usize, mut rng: fastrand::Rng, stop: Arc<AtomicBool>) -> BTreeMap<Txid, i64> {
    let mut made = BTreeMap::new();
    let mut round = 0;
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        let units = rng.i64(1..=5);
        // Every fourth goes where it fails: too little to open an account that is not there.
        let fails = rng.u8(..).is_multiple_of(4);
        let (text, to) = if fails { ("0.000001".to_owned(), UNOPENED) } else { (units.to_string(), ROUND) };
        let currency: CurrencyCode = "XRP".parse().expect("a code");
        let request = WalletWithdraw::new(amount(&text), currency, "ripple".to_owned(), to.to_owned());
        let request = serde_json::to_value(&request).expect("a request");
        let target = Target::of(&WalletWithdraw::spec(), &request);
        let keyed = api.reference(&format!("caller-{number}-{round}"));
        let body = target.body.map(|body| body.to_string().into_bytes());
        loop {
            let answer = keyed.try_exchange("POST", &target.path, body.clone()).await;
            if let Ok(answer) = answer
                && answer.code() == 10000
            {
                let json = answer.json().expect("an object");
                let txid: Txid = json["txid"].as_str().expect("a txid").parse().expect("a txid");
                assert_eq!(made.insert(txid, if fails { 0 } else { units }), None, "a txid of its own");
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(Duration::from_millis(rng.u64(1..80))).await;
    }
    made
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Integer(number) => number.to_string(),
        Cell::Null | Cell::Bytes(_) => String::new(),
    }
}

/// Valid, and on nobody's books.
const UNOPENED: &str = "rpmGcKEqTFDHd3tvAWFENNLhy2HMy7Yj89";

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_and_doubles_no_withdrawal() {
    let mut rng = seed::generator("a_crash_loses_and_doubles_no_withdrawal");
    let mut world = World::new().await;
    let api = world.server.api();
    let new = CreateWalletDepositAddress::new("ripple".to_owned(), world.waid);
    let own = world.provider.ok(&new).await.address;
    // The receiver is there; the other one is not.
    let open = json!({ "open": true, "address": ROUND });
    sandbox(&api, "ripple/accounts", open).await.expect("an account");
    let pay = json!({ "to": own, "amount": FUNDS.to_string() });
    sandbox(&api, "ripple/send", pay).await.expect("a payment");
    let xrp = async |world: &World| {
        let wallet = world.provider.ok(&GetWallet { waid: Some(world.waid) }).await;
        wallet.balances.into_iter().find(|balance| balance.currency_code.as_str() == "XRP")
    };
    while xrp(&world).await.is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let chaos = json!({ "mode": "chaos", "lateMs": 1500 });
    sandbox(&api, "ripple/settings", chaos).await.expect("settings");

    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| tokio::spawn(withdraw(world.provider.clone(), number, rng.fork(), stop.clone())))
        .collect();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(rng.u64(1000..2000))).await;
        world.server.kill().await;
        world.server.restart().await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut made = BTreeMap::new();
    for caller in callers {
        made.extend(caller.await.expect("a caller"));
    }
    assert!(made.len() >= KILLS, "{} withdrawals were made", made.len());
    sandbox(&api, "ripple/settings", json!({ "mode": "ok" })).await.expect("settings");

    // Each ends, as it must.
    let mut left = FUNDS;
    for (txid, units) in &made {
        let details = GetWalletTransactionDetails { txid: *txid };
        let mut tries = 0;
        let state = loop {
            let state = world.provider.ok(&details).await.state;
            tries += 1;
            if state != TransactionState::Pending || tries > 1200 {
                break state;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let wanted = if *units == 0 { TransactionState::Failed } else { TransactionState::Completed };
        assert_eq!(state, wanted, "{txid}");
        left -= units;
    }
    let balance = xrp(&world).await.expect("a balance");
    assert_eq!(balance.available, amount(&format!("{left}.000000")), "ours: what is left");
    assert_eq!(balance.held, amount("0.000000"));

    // What is still on its way arrives, and changes nothing.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(world.server.terminate().await.code(), Some(0));
    world.server.home.verify().await.sound();

    // The network's own ledger: each withdrawal once.
    let database = world.server.home.open_read_only();
    let rows = database.moment(&[
        "SELECT id, status, copies, destination FROM sim_transaction WHERE network = 'ripple' AND id IS NOT NULL"
            .to_owned(),
        "SELECT id, status FROM bridge_order WHERE bridge = 'ripple'".to_owned(),
    ]);
    let mut copies = 0;
    let mut there = BTreeMap::new();
    for row in &rows[0] {
        let cells: Vec<String> = row.iter().map(text).collect();
        copies += cells[2].parse::<u64>().expect("a number");
        let txid: Txid = cells[0].parse().expect("a txid");
        assert_eq!(there.insert(txid, cells[1].clone()), None, "{txid} stands twice");
    }
    assert_eq!(there.len(), made.len(), "the network has each of ours, and no other");
    for (txid, units) in &made {
        let wanted = if *units == 0 { "failed" } else { "final" };
        assert_eq!(there.get(txid).map(String::as_str), Some(wanted), "{txid}");
    }
    assert_eq!(rows[1].len(), made.len(), "no order without a caller");
    assert!(copies > made.len() as u64, "no copy arrived twice: the test tries nothing");
    eprintln!("{} withdrawals, {copies} copies on the network, {KILLS} kills", made.len());
}
