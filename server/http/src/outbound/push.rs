//! The way to devices. There is no push provider here: messages are handed over to a gateway of the operator's, which
//! knows Apple's and Google's; in a sandbox without one they are kept in a list, `GET /sandbox/push`.

use crate::app::App;
use crate::reply::Reply;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use florin_domain::notify::message::Outcome;
use florin_domain::notify::transport::Device;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::PoisonError;
use std::time::Duration;
use url::Url;

/// How many messages the list holds.
const KEPT: usize = 1000;

/// How long a gateway may take.
const TIME: Duration = Duration::from_secs(10);

/// A message to a device.
pub(crate) struct Message<'a> {
    /// Its id, the same each time it is sent.
    pub(crate) id: &'a str,
    /// To which device.
    pub(crate) device: &'a Device,
    /// The event, as an HTTP transport gets it.
    pub(crate) event: &'a str,
}

impl Message<'_> {
    fn json(&self) -> Value {
        let event: Value = serde_json::from_str(self.event).unwrap_or_default();
        json!({
            "id": self.id,
            "deviceid": self.device.device_id,
            "platform": self.device.platform,
            "name": self.device.name,
            "event": event,
        })
    }
}

/// A way to devices.
pub(crate) trait Push: Send + Sync {
    /// Hands a message over, once.
    fn push<'a>(&'a self, message: &'a Message<'a>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;
}

/// The way that this server has, if it has one.
pub(crate) fn way(app: &App) -> Result<Option<Box<dyn Push>>, super::send::Failure> {
    match app.outbound().options().push_gateway {
        // The operator named it, so it may be anywhere.
        Some(url) => {
            let http = super::send::builder()?.timeout(TIME).build()?;
            Ok(Some(Box::new(Gateway { url, http })))
        }
        None if app.sandbox() => Ok(Some(Box::new(Listed(app.clone())))),
        None => Ok(None),
    }
}

/// Whether there is one.
pub(crate) fn is_there(app: &App) -> bool {
    app.sandbox() || app.outbound().options().push_gateway.is_some()
}

/// The operator's gateway: it gets each message by POST, and answers 2xx, or 410 for a device that is gone.
struct Gateway {
    url: Url,
    http: reqwest::Client,
}

impl Push for Gateway {
    fn push<'a>(&'a self, message: &'a Message<'a>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        Box::pin(async move {
            let request = self.http.post(self.url.clone()).header("content-type", "application/json");
            super::send::outcome(request.body(message.json().to_string()).send().await)
        })
    }
}

/// What was pushed in a sandbox, oldest first.
#[derive(Debug, Default)]
pub(crate) struct List(VecDeque<Value>);

struct Listed(App);

impl Push for Listed {
    fn push<'a>(&'a self, message: &'a Message<'a>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        let mut list = self.0.outbound().pushed.lock().unwrap_or_else(PoisonError::into_inner);
        if list.0.len() >= KEPT {
            list.0.pop_front();
        }
        list.0.push_back(message.json());
        Box::pin(std::future::ready(Outcome::Taken))
    }
}

/// The list, of a sandbox.
pub(crate) fn router() -> Router<App> {
    Router::new().route("/sandbox/push", get(list))
}

async fn list(State(app): State<App>) -> Response {
    let list = app.outbound().pushed.lock().unwrap_or_else(PoisonError::into_inner);
    let messages: Vec<_> = list.0.iter().collect();
    Reply::from(Ok(json!({ "messages": messages }).to_string())).into_response()
}
