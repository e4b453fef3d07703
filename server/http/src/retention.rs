//! Deleting what is over: a page at a time, so that requests get in between. What is too young today is looked at again
//! in a while. Which rows, and how long they stay, is a rule of [`florin_domain::retention`].

use crate::app::App;
use florin_domain::Refusal;
use florin_domain::retention::KINDS;
use florin_sdk_core::Timestamp;

/// How long to wait, by the server's clock, when all was looked at.
const REST_S: i64 = 600;

/// How far the walk through one table is.
#[derive(Clone, Copy)]
struct Walk {
    from: i64,
    rests_until: Timestamp,
}

/// Walks through all tables.
pub(crate) struct Walks([Walk; KINDS.len()]);

impl Default for Walks {
    fn default() -> Self {
        Self([Walk { from: i64::MIN, rests_until: Timestamp::from_millis(0) }; KINDS.len()])
    }
}

impl Walks {
    /// Goes a page on in each table.
    pub(crate) async fn go_on(&mut self, app: &App) {
        for (kind, walk) in KINDS.into_iter().zip(&mut self.0) {
            let now = app.now();
            if walk.rests_until > now {
                continue;
            }
            let from = walk.from;
            let step = async {
                let page = app.read(move |store| kind.find(store, from)).await?;
                let next = page.next;
                if !page.is_empty() {
                    let deleted = app.write(move |store| kind.delete(store, &page), |_: &Refusal| false).await?;
                    tracing::debug!(table = kind.table, deleted, "what is over was deleted");
                }
                Ok::<_, Refusal>(next)
            };
            *walk = match step.await {
                Ok(Some(next)) => Walk { from: next, ..*walk },
                Ok(None) => Walk { from: i64::MIN, rests_until: now.plus_seconds(REST_S) },
                Err(error) => {
                    tracing::warn!(table = kind.table, %error, "what is over could not be deleted");
                    Walk { rests_until: now.plus_seconds(REST_S), ..*walk }
                }
            };
        }
    }
}
