//! What only a sandbox has: a page and an API to pay into the simulated networks, to close their blocks, to move the
//! clock, and to let them fail. Whoever reaches the sandbox may use them.

use super::SIMULATED;
use crate::app::App;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use florin_domain::bridge::account;
use florin_domain::bridge::address::Checks;
use florin_domain::bridge::network::{Asset, NewAddress};
use florin_domain::bridge::sim::{self, Mode, SimAccount, SimHolding, SimNetwork, SimTransaction};
use florin_domain::bridge::{Facts, deposit, order};
use florin_domain::store::{Reader, Record, Writer};
use florin_domain::{Refusal, secrets};
use florin_sdk_core::Amount;
use florin_sdk_core::code::Code;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// How many rows a list shows.
const LISTED: usize = 200;

/// The farthest that the clock moves at once.
const MAX_SECONDS: u32 = 30 * 86_400;

/// The most blocks that are closed at once.
const MAX_BLOCKS: u32 = 100;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/sandbox/bridge", get(async || Html(include_str!("sandbox.html"))))
        .route("/sandbox/bridge/networks", get(networks))
        .route("/sandbox/bridge/clock", get(clock).post(advance))
        .route("/sandbox/bridge/{network}/transactions", get(transactions))
        .route("/sandbox/bridge/{network}/orders", get(orders))
        .route("/sandbox/bridge/{network}/deposits", get(deposits))
        .route("/sandbox/bridge/{network}/accounts/{address}", get(show_account))
        .route("/sandbox/bridge/{network}/accounts", post(new_account))
        .route("/sandbox/bridge/{network}/send", post(send))
        .route("/sandbox/bridge/{network}/trust", post(trust))
        .route("/sandbox/bridge/{network}/mine", post(mine))
        .route("/sandbox/bridge/{network}/settings", post(set))
}

/// How long the simulated networks take for a block, in milliseconds. Bitcoin is faster than the real one, so that
/// nobody waits for half an hour.
fn block_ms(facts: &Facts) -> i64 {
    match facts.name {
        "bitcoin" => 10_000,
        "bank" => 1_000,
        _ => 500,
    }
}

/// Puts the simulated networks in place, with an account of the platform's on each.
pub async fn open(app: &App) -> Result<(), Refusal> {
    for facts in SIMULATED {
        let new = NewAddress { address: facts.address_kind().made_of(secrets::random()), secret: secrets::hex_key() };
        let sealer = app.sealer().clone();
        let work = move |store: &mut dyn Writer| {
            if sim::open(store, facts, &new.address, block_ms(facts))? {
                account::add(store, facts, &new, "The platform's account", None, &sealer)?;
            }
            Ok(())
        };
        app.write(work, |_: &Refusal| false).await?;
    }
    Ok(())
}

fn answer(result: Result<Value, Refusal>) -> Response {
    let (status, value) = match result {
        Ok(value) => (StatusCode::OK, value),
        Err(refusal) if refusal.code == Code::NOT_FOUND => {
            (StatusCode::NOT_FOUND, json!({ "message": refusal.message }))
        }
        Err(refusal) => (StatusCode::BAD_REQUEST, json!({ "message": refusal.message })),
    };
    (status, [(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn network(name: &str) -> Result<&'static Facts, Refusal> {
    SIMULATED.into_iter().find(|facts| facts.name == name).ok_or_else(Refusal::not_found)
}

fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Refusal::field("body", error.to_string()))
}

async fn networks(State(app): State<App>) -> Response {
    let read = |store: &mut dyn Reader| {
        let list = store.list::<SimNetwork>(SimNetwork::query().ascending(SimNetwork::network))?;
        let list = list.into_iter().map(|network| {
            json!({
                "network": network.network, "main": network.main, "height": network.height, "closed": network.closed,
                "blockMs": network.block_ms, "mode": network.mode, "count": network.count, "lateMs": network.late_ms,
            })
        });
        Ok(json!({ "networks": list.collect::<Vec<_>>(), "modes": Mode::ALL.map(|(name, _)| name) }))
    };
    answer(app.read(read).await)
}

async fn transactions(State(app): State<App>, Path(name): Path<String>) -> Response {
    let read = move |store: &mut dyn Reader| {
        let facts = network(&name)?;
        let query = SimTransaction::query().eq(SimTransaction::network, facts.name);
        let list = store.list::<SimTransaction>(query.descending(SimTransaction::number).limit(LISTED))?;
        let shown = |payment: SimTransaction| -> Result<Value, Refusal> {
            let amount = Asset::parse(&payment.asset)
                .and_then(|asset| Amount::from_units(payment.units, facts.decimals_of(&asset)).ok());
            Ok(json!({
                "transaction": payment.network_id, "id": payment.id, "copies": payment.copies,
                "from": payment.source, "to": payment.destination, "tag": payment.tag, "asset": payment.asset,
                "amount": amount, "status": payment.status, "reason": payment.reason, "height": payment.height,
                "created": payment.created,
            }))
        };
        let list = list.into_iter().map(shown).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "transactions": list }))
    };
    answer(app.read(read).await)
}

async fn orders(State(app): State<App>, Path(name): Path<String>) -> Response {
    let read = move |store: &mut dyn Reader| {
        let list = order::list(store, network(&name)?, None, None, LISTED)?.into_iter().map(|order| {
            json!({
                "id": order.id, "txid": order.txid, "status": order.status.as_str(), "to": order.address,
                "tag": order.tag, "asset": order.asset, "amount": order.amount, "reason": order.reason,
                "transaction": order.network_id, "created": order.created, "closed": order.closed,
            })
        });
        Ok(json!({ "orders": list.collect::<Vec<_>>() }))
    };
    answer(app.read(read).await)
}

async fn deposits(State(app): State<App>, Path(name): Path<String>) -> Response {
    let read = move |store: &mut dyn Reader| {
        let list = deposit::list(store, network(&name)?, None, None, LISTED)?.into_iter().map(|row| {
            json!({
                "transaction": row.network_id, "status": row.status.as_str(), "reason": row.reason, "to": row.address,
                "tag": row.tag, "asset": row.asset, "amount": row.amount, "waid": row.waid, "txid": row.txid,
            })
        });
        Ok(json!({ "deposits": list.collect::<Vec<_>>() }))
    };
    answer(app.read(read).await)
}

async fn show_account(State(app): State<App>, Path((name, address)): Path<(String, String)>) -> Response {
    let read = move |store: &mut dyn Reader| {
        let facts = network(&name)?;
        let account = store.get::<SimAccount>((facts.name, address.as_str()))?.ok_or_else(Refusal::not_found)?;
        let query = SimHolding::query().eq(SimHolding::network, facts.name).eq(SimHolding::address, address.as_str());
        let list = store.list::<SimHolding>(query.ascending(SimHolding::number))?.into_iter().map(|holding| {
            let scale = Asset::parse(&holding.asset).map_or(0, |asset| facts.decimals_of(&asset));
            let whole = |units| Amount::from_units(units, scale).ok();
            json!({ "asset": holding.asset, "amount": whole(holding.units), "most": holding.most.and_then(whole) })
        });
        Ok(json!({
            "address": account.address, "ours": account.ours, "tagRequired": account.tag_required,
            "holdings": list.collect::<Vec<_>>(),
        }))
    };
    answer(app.read(read).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    /// Whether it is there already; else it is only an address.
    #[serde(default)]
    open: bool,
    /// A given address instead of a new one.
    address: Option<String>,
}

/// An address of somebody outside.
async fn new_account(State(app): State<App>, Path(name): Path<String>, body: Bytes) -> Response {
    let made = async {
        let (facts, wanted) = (network(&name)?, read_body::<NewAccount>(&body)?);
        let address = match wanted.address {
            Some(given) => facts.read("address", facts.address_kind(), &given, Checks::Full)?.address,
            None => facts.address_kind().made_of(secrets::random()),
        };
        if wanted.open {
            let address = address.clone();
            let work = move |store: &mut dyn Writer| sim::open_account(store, facts, &address, false);
            app.write(work, |_: &Refusal| false).await?;
        }
        Ok(json!({ "address": address }))
    };
    answer(made.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    to: String,
    amount: Amount,
    asset: Option<String>,
    from: Option<String>,
}

/// Somebody outside pays.
async fn send(State(app): State<App>, Path(name): Path<String>, body: Bytes) -> Response {
    let sent = async {
        let (facts, wanted) = (network(&name)?, read_body::<Send>(&body)?);
        let asset = wanted.asset.as_deref().or(facts.native).unwrap_or("EUR");
        let asset = Asset::parse(asset).ok_or_else(|| Refusal::field("asset", "must be ABC or ABC/address"))?;
        if !wanted.amount.is_positive() {
            return Err(Refusal::field("amount", "must be more than zero"));
        }
        let to = facts.read("to", facts.address_kind(), &wanted.to, Checks::Full)?;
        let from = wanted.from.unwrap_or_else(|| facts.address_kind().made_of(secrets::random()));
        let work = move |store: &mut dyn Writer| sim::deposit(store, facts, &from, &to, (&asset, wanted.amount));
        let transaction = app.write(work, |_: &Refusal| false).await?;
        Ok(json!({ "transaction": transaction }))
    };
    answer(sent.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    address: String,
    asset: String,
    amount: Amount,
}

/// Somebody outside accepts an asset.
async fn trust(State(app): State<App>, Path(name): Path<String>, body: Bytes) -> Response {
    let set = async {
        let (facts, wanted) = (network(&name)?, read_body::<Trust>(&body)?);
        let asset = Asset::parse(&wanted.asset).ok_or_else(|| Refusal::field("asset", "must be ABC/address"))?;
        let address = facts.read_plain("address", &wanted.address, Checks::Full)?;
        let most = wanted.amount.units(facts.decimals_of(&asset)).map_err(|e| Refusal::value("amount", &e))?;
        let work = move |store: &mut dyn Writer| {
            sim::open_account(store, facts, &address, false)?;
            sim::set_line(store, facts, &address, &asset, most)
        };
        app.write(work, |_: &Refusal| false).await?;
        Ok(json!({}))
    };
    answer(set.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mine {
    blocks: Option<u32>,
}

/// Closes blocks; at the bank: the day.
async fn mine(State(app): State<App>, Path(name): Path<String>, body: Bytes) -> Response {
    let mined = async {
        let (facts, wanted) = (network(&name)?, read_body::<Mine>(&body)?);
        let blocks = wanted.blocks.unwrap_or(1).clamp(1, MAX_BLOCKS);
        let work = move |store: &mut dyn Writer| {
            let mut height = 0;
            for _ in 0..blocks {
                height = sim::mine(store, facts, true)?;
            }
            Ok(height)
        };
        let height = app.write(work, |_: &Refusal| false).await?;
        app.bridge().news().notify_one();
        Ok(json!({ "height": height }))
    };
    answer(mined.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Settings {
    mode: Option<String>,
    count: Option<i64>,
    block_ms: Option<i64>,
    late_ms: Option<i64>,
}

/// Says how the network treats what is submitted. `count`: for so many submissions, then `ok` again.
async fn set(State(app): State<App>, Path(name): Path<String>, body: Bytes) -> Response {
    let set = async {
        let (facts, wanted) = (network(&name)?, read_body::<Settings>(&body)?);
        if let Some(mode) = &wanted.mode
            && Mode::named(mode).is_none()
        {
            let names = Mode::ALL.map(|(name, _)| name).join(", ");
            return Err(Refusal::field("mode", format!("must be one of {names}")));
        }
        let work = move |store: &mut dyn Writer| {
            let mut network = store.claim::<SimNetwork>(facts.name)?.ok_or_else(Refusal::not_found)?;
            if let Some(mode) = &wanted.mode {
                network.mode.clone_from(mode);
                network.count = wanted.count.filter(|count| *count > 0).unwrap_or(-1);
            }
            network.block_ms = wanted.block_ms.map_or(network.block_ms, |millis| millis.clamp(0, 86_400_000));
            network.late_ms = wanted.late_ms.map_or(network.late_ms, |millis| millis.clamp(0, 86_400_000));
            store.update(&network)?;
            Ok(())
        };
        app.write(work, |_: &Refusal| false).await?;
        Ok(json!({}))
    };
    answer(set.await)
}

async fn clock(State(app): State<App>) -> Response {
    answer(Ok(json!({ "now": app.now() })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

/// Moves the clock forward, for everything in this process. It never goes back.
async fn advance(State(app): State<App>, body: Bytes) -> Response {
    match read_body::<Advance>(&body) {
        Ok(wanted) if wanted.advance_seconds <= MAX_SECONDS => {
            app.clock().advance(wanted.advance_seconds.saturating_mul(1000));
            app.momo().news().notify_one();
            app.news().notify_one();
            app.bridge().news().notify_one();
            clock(State(app)).await
        }
        Ok(_) => answer(Err(Refusal::field("advanceSeconds", format!("must be at most {MAX_SECONDS}")))),
        Err(refusal) => answer(Err(refusal)),
    }
}
