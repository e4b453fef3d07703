//! Withdrawals and deposits over a network that drops, loses answers, answers late and twice, while a server is killed every
//! other second: none is lost, and none is carried out or booked twice. Also with two processes on one database, which share
//! the work.

use crate::bridge::until;
use florin_sdk_core::model::TransactionState;
use florin_sdk_core::operation::{
    CreateWalletDepositAddress, GetWallet, GetWalletTransactionDetails, Operation, WalletWithdraw,
};
use florin_sdk_core::{Amount, CurrencyCode, Txid, Waid};
use florin_tests::database::{Cell, Database, Engine, engine};
use florin_tests::http::{Api, Target};
use florin_tests::seed;
use florin_tests::server::{Options, Server};
use florin_tests::world::{World, amount};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How long a withdrawal may take, as often as it is sent. Far longer than it does, with the server killed meanwhile.
const PATIENCE: Duration = Duration::from_secs(180);

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
        let began = Instant::now();
        loop {
            let answer = keyed.try_exchange("POST", &target.path, body.clone()).await;
            assert!(began.elapsed() < PATIENCE, "{number}-{round} comes to nothing: {answer:?}");
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

/// What each payment from outside is, in XRP.
const PAYMENT: i64 = 3;

/// Pays a user from outside, again and again, until it is told to stop.
async fn pay(api: Api, to: String, mut rng: fastrand::Rng, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        // Whether it was paid if nobody answers, the network's own ledger says.
        sandbox(&api, "ripple/send", json!({ "to": to, "amount": PAYMENT.to_string() })).await;
        tokio::time::sleep(Duration::from_millis(rng.u64(20..120))).await;
    }
}

/// A user's XRP, spendable and set aside.
async fn xrp(world: &World, waid: Waid) -> Option<(Amount, Amount)> {
    let wallet = world.provider.ok(&GetWallet { waid: Some(waid) }).await;
    let found = wallet.balances.into_iter().find(|balance| balance.currency_code.as_str() == "XRP");
    found.map(|balance| (balance.available, balance.held))
}

fn whole(units: i64) -> Amount {
    amount(&format!("{units}.000000"))
}

/// The network's payments to a user, by its own names for them.
fn paid_to(database: &Database, tag: &str) -> Vec<(String, bool)> {
    let query = format!(
        "SELECT network_id, status FROM sim_transaction WHERE network = 'ripple' AND id IS NULL AND tag = {tag}
            ORDER BY number"
    );
    let rows = database.rows(&query);
    rows.iter().map(|row| (text(&row[0]), text(&row[1]) == "final")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_and_doubles_nothing() {
    let world = World::new().await;
    under_fire("a_crash_loses_and_doubles_nothing", world, None).await;
}

/// Both work on the same orders and look for the same deposits; one of them is killed every other second.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_lose_and_double_nothing() {
    if engine() == Engine::Sqlite {
        return; // One process has the file to itself.
    }
    let world = World::new().await;
    let second = Server::start(world.server.home.clone(), Options::default()).await;
    under_fire("two_processes_lose_and_double_nothing", world, Some(second)).await;
}

#[expect(clippy::too_many_lines, reason = "a story is told in one piece")]
async fn under_fire(test: &str, mut world: World, mut second: Option<Server>) {
    let mut rng = seed::generator(test);
    let api = world.server.api();
    let new = |waid| CreateWalletDepositAddress::new("ripple".to_owned(), waid);
    let own = world.provider.ok(&new(world.waid)).await.address;
    let hers = world.provider.ok(&new(world.alice.waid)).await.address;
    // The receiver is there; the other one is not.
    let open = json!({ "open": true, "address": ROUND });
    sandbox(&api, "ripple/accounts", open).await.expect("an account");
    sandbox(&api, "ripple/send", json!({ "to": own, "amount": FUNDS.to_string() })).await.expect("a payment");
    until("the funds are there", async || xrp(&world, world.waid).await).await;
    let chaos = json!({ "mode": "chaos", "lateMs": 1500 });
    sandbox(&api, "ripple/settings", chaos).await.expect("settings");

    let stop = Arc::new(AtomicBool::new(false));
    let mut bases = vec![world.server.base()];
    bases.extend(second.as_ref().map(Server::base));
    let at = |number: usize| world.provider.at(&bases[number % bases.len()]);
    let callers: Vec<_> =
        (0..CALLERS).map(|number| tokio::spawn(withdraw(at(number), number, rng.fork(), stop.clone()))).collect();
    let payers: Vec<_> =
        (0..2).map(|number| tokio::spawn(pay(at(number), hers.clone(), rng.fork(), stop.clone()))).collect();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(rng.u64(1000..2000))).await;
        let victim = second.as_mut().filter(|_| rng.bool()).unwrap_or(&mut world.server);
        victim.kill().await;
        victim.restart().await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut made = BTreeMap::new();
    for caller in callers {
        made.extend(caller.await.expect("a caller"));
    }
    for payer in payers {
        payer.await.expect("a payer");
    }
    assert!(made.len() >= KILLS, "{} withdrawals were made", made.len());
    sandbox(&api, "ripple/settings", json!({ "mode": "ok" })).await.expect("settings");

    // Each ends, as it must: a network that was silent again and again is asked once a minute.
    let mut left = FUNDS;
    for (txid, units) in &made {
        let details = GetWalletTransactionDetails { txid: *txid };
        let mut tries = 0;
        let state = loop {
            let state = world.provider.ok(&details).await.state;
            tries += 1;
            if state != TransactionState::Pending || tries > 2400 {
                break state;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let wanted = if *units == 0 { TransactionState::Failed } else { TransactionState::Completed };
        assert_eq!(state, wanted, "{txid}");
        left -= units;
    }
    assert_eq!(xrp(&world, world.waid).await, Some((whole(left), whole(0))), "ours: what is left");
    // What was paid comes to whom it is for.
    let (_, tag) = hers.rsplit_once('-').expect("a tag");
    let mut tries = 0;
    let paid = loop {
        let paid = paid_to(&world.server.home.open_read_only(), tag);
        let sum = PAYMENT * i64::try_from(paid.len()).expect("few");
        let all = paid.iter().all(|(_, done)| *done);
        if all && xrp(&world, world.alice.waid).await == Some((whole(sum), whole(0))) {
            break paid;
        }
        tries += 1;
        assert!(tries < 1200, "{} payments, {:?}", paid.len(), xrp(&world, world.alice.waid).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(paid.len() >= KILLS, "{} deposits were made", paid.len());

    // What is still on its way arrives, and changes nothing.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    if let Some(second) = &mut second {
        assert_eq!(second.terminate().await.code(), Some(0));
    }
    assert_eq!(world.server.terminate().await.code(), Some(0));
    world.server.home.verify().await.sound();

    // The network's own ledger: each withdrawal once.
    let database = world.server.home.open_read_only();
    let rows = database.moment(&[
        "SELECT id, status, copies, destination FROM sim_transaction WHERE network = 'ripple' AND id IS NOT NULL"
            .to_owned(),
        "SELECT id, status FROM bridge_order WHERE bridge = 'ripple'".to_owned(),
        format!("SELECT network_id, status, txid FROM bridge_deposit WHERE bridge = 'ripple' AND tag = {tag}"),
        "SELECT network_id FROM outside WHERE source IS NOT NULL".to_owned(),
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

    // And ours: each payment from outside once.
    let noted: BTreeMap<String, String> = rows[2].iter().map(|row| (text(&row[0]), text(&row[1]))).collect();
    assert_eq!((rows[2].len(), noted.len()), (paid.len(), paid.len()), "each is noted once");
    let mut booked: BTreeMap<String, u32> = BTreeMap::new();
    for row in &rows[3] {
        *booked.entry(text(&row[0])).or_default() += 1;
    }
    for (network_id, _) in &paid {
        assert_eq!(noted.get(network_id).map(String::as_str), Some("credited"), "{network_id}");
        assert_eq!(booked.get(network_id), Some(&1), "{network_id}");
    }
    eprintln!("{} withdrawals, {copies} copies on the network, {} deposits, {KILLS} kills", made.len(), paid.len());
}
