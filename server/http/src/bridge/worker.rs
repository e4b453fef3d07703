//! Carries out orders, looks for deposits, and lets simulated networks close their blocks.
//!
//! Each step is a write job of its own on what is stored. Killed at any point, it is found again; done twice, it does
//! nothing the second time. How: [`florin_domain::bridge::order`], [`florin_domain::bridge::deposit`].

use super::{SIMULATED, sandbox};
use crate::app::App;
use florin_domain::Refusal;
use florin_domain::bridge::network::{Incoming, Sending};
use florin_domain::bridge::order::{self, Said};
use florin_domain::bridge::{Bridge, Trouble, deposit, sim};
use florin_domain::seal::Component;
use florin_domain::store::Writer;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The longest sleep of who carries out orders: another process may have written one.
const IDLE: Duration = Duration::from_millis(500);

/// The pause between two looks for deposits.
const DEPOSITS: Duration = Duration::from_millis(500);

/// The pause between two looks at a simulated network's clock.
const TICK: Duration = Duration::from_millis(250);

/// How long until a network is asked again about an order, in milliseconds: a simulated one, and one elsewhere.
const PAUSE_MS: (i64, i64) = (250, 5_000);

/// The most orders of a round.
const AT_ONCE: usize = 16;

/// The most blocks that are looked through at once.
const BLOCKS: i64 = 1_000;

/// Works until it is dropped.
pub async fn run(app: App) {
    let mut works = JoinSet::new();
    if app.bridges().iter().any(|bridge| !bridge.by_hand()) {
        works.spawn(orders(app.clone()));
    }
    for bridge in app.bridges().iter().filter(|bridge| !bridge.by_hand()) {
        works.spawn(deposits(app.clone(), bridge.clone()));
    }
    if app.sandbox() {
        works.spawn(ticks(app.clone()));
    }
    // Where people do it all, there is nothing to do; and none of these ends by itself.
    while works.join_next().await.is_some() {
        tracing::error!("a worker of the bridges has ended");
    }
}

/// Waits until the component is unlocked: without the keys of the platform's accounts nothing goes out, and what came in
/// can wait where it is.
async fn unlocked(app: &App) {
    while app.sealer().is_locked(Component::Omnibridge) {
        tokio::time::sleep(TICK).await;
    }
}

async fn orders(app: App) {
    loop {
        unlocked(&app).await;
        match round(&app).await {
            Ok(AT_ONCE) => continue, // There may be more.
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "orders that are due could not be read"),
        }
        tokio::select! {
            () = app.bridge().news().notified() => {}
            () = tokio::time::sleep(if app.sandbox() { IDLE / 4 } else { IDLE }) => {}
        }
    }
}

/// Works on orders that are due; how many.
async fn round(app: &App) -> Result<usize, Refusal> {
    let due = app.read_little(|store| order::due(store, AT_ONCE)).await?;
    let count = due.len();
    let mut working = JoinSet::new();
    for number in due {
        let app = app.clone();
        working.spawn(async move {
            if let Err(error) = carry_out(&app, number).await {
                tracing::warn!(order = number, %error, "an order could not be worked on; it is tried again");
            }
        });
    }
    while let Some(ended) = working.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "working on an order panicked");
        }
    }
    Ok(count)
}

/// Takes an order, asks the network about it, sends it if the network does not know it, and notes what came of it.
async fn carry_out(app: &App, number: i64) -> Result<(), Refusal> {
    let bridges = app.bridges().clone();
    let take = move |store: &mut dyn Writer| order::take(store, number, &bridges);
    let Some(order) = app.write(take, |_: &Refusal| false).await? else { return Ok(()) };
    let bridge = app.bridges().named("bridgename", &order.bridge)?.clone();
    let sending = order.sending()?;
    let said = app.bridge().abroad(move || Ok(ask(bridge.as_ref(), &sending))).await?;
    let pause = if app.sandbox() { PAUSE_MS.0 } else { PAUSE_MS.1 };
    app.write(move |store: &mut dyn Writer| order::note(store, number, &said, pause), |_: &Refusal| false).await
}

fn ask(bridge: &dyn Bridge, sending: &Sending) -> Said {
    let known = bridge.find(&sending.id);
    let told = match known {
        Ok(Some(progress)) => Ok(progress),
        // Whatever an earlier copy does yet: it bears the same id.
        Ok(None) => bridge.submit(sending),
        Err(trouble) => Err(trouble),
    };
    match told {
        Ok(progress) => Said::Progress(progress),
        Err(trouble @ Trouble::NoAnswer(_)) => {
            tracing::info!(id = %sending.id, %trouble, "the network is asked again");
            Said::Nothing
        }
        // An order was looked at before it was written, so this is for people to see: it is not given up, as a copy of it
        // may be on its way.
        Err(trouble) => {
            tracing::error!(id = %sending.id, %trouble, "a network refuses to take an order");
            Said::Nothing
        }
    }
}

async fn deposits(app: App, bridge: Arc<dyn Bridge>) {
    loop {
        unlocked(&app).await;
        match look(&app, &bridge).await {
            Ok(true) => continue, // There may be more.
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, bridge = bridge.facts().name, "deposits could not be looked for"),
        }
        tokio::time::sleep(DEPOSITS).await;
    }
}

/// Notes what came in by blocks that are final since the last look; whether there may be more.
async fn look(app: &App, bridge: &Arc<dyn Bridge>) -> Result<bool, Refusal> {
    let facts = bridge.facts();
    let position = app.read_little(|store| deposit::position(store, facts)).await?;
    let asked = bridge.clone();
    let found = app.bridge().abroad(move || {
        let look = || -> Result<(i64, i64, Vec<Incoming>), Trouble> {
            let last = asked.tip()?.saturating_sub(facts.confirmations).saturating_add(1);
            let to = last.min(position.saturating_add(BLOCKS));
            if to <= position {
                return Ok((to, last, Vec::new()));
            }
            Ok((to, last, asked.incoming(position, to)?))
        };
        look().map_err(|trouble| trouble.of_question())
    });
    let (to, last, incoming) = found.await?;
    if to <= position {
        return Ok(false);
    }
    for payment in incoming {
        let work = move |store: &mut dyn Writer| deposit::receive(store, facts, &payment);
        app.write(work, |_: &Refusal| false).await?;
    }
    // Only now: whoever is killed before looks through the same blocks again, and finds what is noted already.
    app.write(move |store: &mut dyn Writer| deposit::advance(store, facts, to), |_: &Refusal| false).await?;
    Ok(to < last)
}

/// Puts the simulated networks in place as soon as their accounts' secrets can be sealed.
async fn open_when_unlocked(app: &App) {
    if !app.sealer().is_locked(Component::Omnibridge) {
        return; // The server has done so before it listened.
    }
    loop {
        tokio::time::sleep(TICK).await;
        if app.sealer().is_locked(Component::Omnibridge) {
            continue;
        }
        match sandbox::open(app).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "the simulated networks could not be put in place"),
        }
    }
}

async fn ticks(app: App) {
    open_when_unlocked(&app).await;
    loop {
        for facts in SIMULATED {
            let tick = async {
                if app.read_little(move |store| sim::is_busy(store, facts)).await? {
                    app.write(move |store: &mut dyn Writer| sim::tick(store, facts), |_: &Refusal| false).await?;
                }
                Ok::<(), Refusal>(())
            };
            if let Err(error) = tick.await {
                tracing::warn!(%error, network = facts.name, "a simulated network's clock stands still");
            }
        }
        tokio::time::sleep(TICK).await;
    }
}
