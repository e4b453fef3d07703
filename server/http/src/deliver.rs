//! Messages on their way out: each lane is claimed, and sent from, by one process at a time. One receiver that does not
//! listen holds up nobody else: so many are told at once, and so few of one receiver's lanes.

use crate::app::App;
use crate::live;
use crate::outbound::{Sender, dispatch};
use florin_domain::Refusal;
use florin_domain::notify::message::{self, LaneKey, Retries};
use florin_domain::store::Writer;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{self, JoinError, JoinSet};

/// How many messages are under way at once.
const AT_ONCE: usize = 64;

/// How many of those to one receiver.
const AT_ONCE_EACH: usize = 8;

/// How many messages are sent from a lane before others get their turn.
const TURN: usize = 32;

/// How long to sleep when nothing seems to happen: what failed before becomes due by itself.
const IDLE: Duration = Duration::from_millis(500);

/// Turns what happened into messages, sends them, and tells those who read live, until it is dropped.
pub async fn run(app: App) {
    let sender = match Sender::new(&app) {
        Ok(sender) => Arc::new(sender),
        Err(error) => {
            tracing::error!(%error, "messages cannot be sent");
            return;
        }
    };
    tokio::join!(dispatch::run(&app), send_all(&app, &sender), live::run(&app));
}

/// What a process that ended held is free again at once, if it had our place.
async fn release(app: &App) {
    loop {
        match app.write(message::release, |_: &Refusal| false).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "messages that were under way could not be taken over");
                tokio::time::sleep(IDLE).await;
            }
        }
    }
}

async fn send_all(app: &App, sender: &Arc<Sender>) {
    release(app).await;
    let mut sending = JoinSet::new();
    let mut busy: HashMap<task::Id, LaneKey> = HashMap::new();
    loop {
        if let Err(error) = start(app, sender, &mut sending, &mut busy).await {
            tracing::warn!(%error, "messages could not be read");
        }
        // Whichever comes first: a lane has had its turn, a message was written, or one that failed has become due.
        tokio::select! {
            Some(sent) = sending.join_next_with_id() => {
                let id = sent.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
                busy.remove(&id);
                if let Err(error) = sent {
                    tracing::error!(%error, "sending panicked");
                }
            }
            () = app.outbound().messages.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Starts to send what is due, as far as there is room.
async fn start(
    app: &App,
    sender: &Arc<Sender>,
    sending: &mut JoinSet<()>,
    busy: &mut HashMap<task::Id, LaneKey>,
) -> Result<(), Refusal> {
    if app.sealer().is_locked(florin_domain::notify::transport::COMPONENT) {
        return Ok(()); // Nothing can be signed; it waits.
    }
    while busy.len() < AT_ONCE {
        let mut each = HashMap::<i64, usize>::new();
        for (target, _) in busy.values() {
            *each.entry(*target).or_default() += 1;
        }
        let full: Vec<i64> =
            each.iter().filter(|(_, count)| **count >= AT_ONCE_EACH).map(|(target, _)| *target).collect();
        let due = app.read(move |store| message::due(store, &full, 2 * AT_ONCE)).await?;
        let mut started = 0;
        for key in due {
            let under_way = each.entry(key.0).or_default();
            // What we claim now may have been read as free a moment ago.
            if busy.len() >= AT_ONCE || *under_way >= AT_ONCE_EACH || busy.values().any(|other| *other == key) {
                continue;
            }
            *under_way += 1;
            let (app, sender) = (app.clone(), sender.clone());
            let handle = sending.spawn(async move {
                if let Err(error) = send_from(&app, &sender, key).await {
                    tracing::warn!(%error, "how an attempt ended could not be noted; it may be made again");
                }
            });
            busy.insert(handle.id(), key);
            started += 1;
        }
        if started == 0 {
            return Ok(());
        }
    }
    Ok(())
}

/// Sends what is due of a lane, one message after the other.
async fn send_from(app: &App, sender: &Sender, key: LaneKey) -> Result<(), Refusal> {
    let sealer = app.sealer().clone();
    let claim = move |store: &mut dyn Writer| message::claim(store, &sealer, key);
    let mut next = app.write(claim, |_: &Refusal| false).await?;
    let mut turn = 0;
    while let Some(job) = next {
        let outcome = sender.send(app, &job).await;
        turn += 1;
        let retries = Retries {
            percent: app.outbound().options().retry_percent,
            random: fastrand::u32(0..=1000),
            once: app.momo().callback_attempts(),
        };
        let (sealer, job) = (app.sealer().clone(), (job.lane, job.lease, job.number));
        let note = move |store: &mut dyn Writer| message::note(store, &sealer, job, &outcome, retries, turn < TURN);
        next = app.write(note, |_: &Refusal| false).await?;
    }
    Ok(())
}
