//! Messages on their way out: what happened becomes messages, each is sent until it is taken or given up.
//!
//! | module | what |
//! | --- | --- |
//! | `dispatch` | from what happened to messages |
//! | `guard` | which addresses may be connected to |
//! | `send` | one attempt |
//! | `push` | the way to devices |
//! | `signing` | signatures, after Standard Webhooks |

pub(crate) mod dispatch;
mod guard;
pub(crate) mod push;
mod send;
mod signing;

pub(crate) use send::{Sender, builder};

use std::sync::{Mutex, OnceLock};
use tokio::sync::Notify;
use url::Url;

/// What an operator may say of messages.
#[derive(Debug, Clone)]
pub struct Options {
    /// Messages may go to private addresses and this machine's own, without TLS. For development only.
    pub allow_private: bool,
    /// Of the usual waits between attempts, so many percent.
    pub retry_percent: u32,
    /// Where push messages are handed over.
    pub push_gateway: Option<Url>,
}

impl Default for Options {
    fn default() -> Self {
        Self { allow_private: false, retry_percent: 100, push_gateway: None }
    }
}

/// What the server keeps in memory for it.
#[derive(Default)]
pub(crate) struct State {
    options: OnceLock<Options>,
    /// Wakes whoever sends.
    pub(crate) messages: Notify,
    /// Wakes whoever turns what happened into messages.
    pub(crate) happened: Notify,
    /// What was pushed, in a sandbox without a gateway.
    pub(crate) pushed: Mutex<push::List>,
}

impl State {
    /// Sets them, once.
    pub(crate) fn configure(&self, options: Options) {
        if self.options.set(options).is_err() {
            tracing::error!("the options of messages were set before");
        }
    }

    pub(crate) fn options(&self) -> Options {
        self.options.get().cloned().unwrap_or_default()
    }
}
