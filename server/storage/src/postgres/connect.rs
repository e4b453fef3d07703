//! A connection, with the runtime that drives it and the statements that it has prepared.

use super::address::Address;
use super::changes::End;
use super::error::{Failure, describe};
use crate::OpenError;
use crate::backend::Map;
use futures_util::future::{join, join_all};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, NoTls, Statement};

/// What each connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Write,
    Read,
    /// To read by keys, for many at once.
    ReadTogether,
    /// To read whole tables, for as long as that takes.
    Scan,
    /// To have a whole database for oneself, for as long as that takes.
    Own,
}

/// Whoever writes holds locks, so it must neither wait nor idle for long: a process that stands still would hold up
/// the others, who wait twice as long for its locks. What takes too long is undone, and then that is known. The server
/// asks a client that is silent whether it is still there: who went away without a word leaves its slot within a minute.
const TO_WRITE: &str =
    "SET lock_timeout = '10s'; SET statement_timeout = '20s'; SET idle_in_transaction_session_timeout = '5s';
    SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = '60s'; SET default_transaction_isolation = 'read committed'; SET jit = off";

/// Where each question is by key or by an index plans are made once; those made while the tables were empty would read
/// them whole, and are not to be chosen.
const BY_KEY: &str = "SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";

/// One gate of three: see also the role (`role.rs`) and the transactions (`read.rs`). A question that takes long keeps
/// others waiting, so it does not take for ever.
const TO_READ: &str = "SET default_transaction_read_only = on; SET idle_in_transaction_session_timeout = '60s';
    SET lock_timeout = '10s'; SET statement_timeout = '20s'; SET jit = off";

/// Rows come in the order of an index as they are asked for; sorting a table first would take a disk of its size.
const TO_SCAN: &str = "SET default_transaction_read_only = on; SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;
    SET max_parallel_workers_per_gather = 0";

/// To bring the schema up, too: that takes as long as it takes.
const TO_OWN: &str = "SET lock_timeout = '10s'; SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0; SET default_transaction_isolation = 'read committed'; SET jit = off";

/// How long a server may leave a question without an answer: longer than it may work on it and on the one before it. It says
/// so itself when that takes too long; one that says nothing at all may have been stopped, or stands behind something that
/// swallows what it is sent. The connection is given up then, and whoever waited for it is told what that means.
const PATIENCE: Duration = Duration::from_secs(45);

/// How long it is looked whether there is an answer all the same: if it was this process that stood still, it is there.
const LAST_LOOK: Duration = Duration::from_millis(100);

/// How long it may take until a connection is ready, for each of the servers that are named.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// How many statements are prepared at most. Each takes the server some 100 kB, and there is one for each set of tables that
/// a batch has written to.
const MOST_PREPARED: usize = 200;

/// What was asked for and is under way.
pub(super) type Under<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What carries the connection, and how long it may be silent.
#[derive(Clone)]
struct Line {
    driver: AbortHandle,
    patience: Option<Duration>,
}

impl Line {
    /// The answer. If there is none for too long, the connection is given up, and then there is: that it is gone.
    async fn answer<T>(&self, mut answer: impl Future<Output = T> + Unpin) -> T {
        if let Some(patience) = self.patience {
            for time in [patience, LAST_LOOK] {
                if let Ok(answer) = tokio::time::timeout(time, &mut answer).await {
                    return answer;
                }
            }
            tracing::warn!(?patience, "PostgreSQL does not answer; the connection is given up");
            self.driver.abort();
        }
        answer.await
    }
}

/// The connection went away, and with it who was to take an answer.
pub(super) struct Gone;

impl Gone {
    pub(super) const TEXT: &str = "the connection is gone";
}

impl From<Gone> for Failure {
    fn from(_: Gone) -> Self {
        Self::Lost(Gone::TEXT.to_owned())
    }
}

/// Whether it was committed before, nobody knows.
impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Unknown(Gone::TEXT.to_owned())
    }
}

/// A connection.
pub(super) struct Session {
    runtime: Runtime,
    pub(super) client: Arc<Client>,
    line: Line,
    /// By their text, or by a name.
    statements: RefCell<Map<String, Statement>>,
}

impl Session {
    pub(super) fn connect(address: &Address, purpose: Purpose) -> Result<Self, OpenError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| OpenError::Engine(format!("cannot make a runtime: {e}")))?;
        let mut config = address.config.clone();
        let (name, writes, settings, patience): (_, _, &[&str], _) = match purpose {
            Purpose::Write => ("florin writer", true, &[TO_WRITE, BY_KEY], Some(PATIENCE)),
            Purpose::Read => ("florin reader", false, &[TO_READ], Some(PATIENCE)),
            Purpose::ReadTogether => ("florin reader", false, &[TO_READ, BY_KEY], Some(PATIENCE)),
            Purpose::Scan => ("florin scanner", false, &[TO_SCAN], None),
            Purpose::Own => ("florin owner", true, &[TO_OWN], None),
        };
        config.application_name(name);
        if writes {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let opened = async {
            let (client, connection) =
                config.connect(NoTls).await.map_err(|e| OpenError::Engine(cannot_connect(address, &e)))?;
            // It ends with the client, or with an error that the client gets too.
            let driver = tokio::spawn(connection).abort_handle();
            client.batch_execute(&settings.join("; ")).await.map_err(|e| failed(address, &e))?;
            Ok((client, driver))
        };
        let servers = u32::try_from(config.get_hosts().len()).unwrap_or(1).max(1);
        let opened = runtime.block_on(async { tokio::time::timeout(READY_WITHIN * servers, opened).await });
        let (client, driver) = opened.unwrap_or_else(|_| {
            Err(OpenError::Engine(format!("{address} takes connections, and then says nothing: is it stopped?")))
        })?;
        let line = Line { driver, patience };
        Ok(Self { runtime, client: Arc::new(client), line, statements: RefCell::default() })
    }

    /// Waits for the server. Only here does the connection make progress.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(self.line.answer(pin!(answer)))
    }

    /// Whether the server has not ended the connection, as far as is known here: what is sent then is not sent in vain.
    pub(super) fn is_there(&self) -> bool {
        self.runtime.block_on(async {
            // Once to look for what came, and once for the connection to read it.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        });
        !self.client.is_closed()
    }

    /// Sends what this asks for, and does not wait for the answer: whoever wants it waits for what this gives. Meanwhile
    /// the server works, and so do we.
    ///
    /// The answer is taken whenever the connection makes progress, whoever waits then and for what. A connection whose
    /// answer nobody takes stands still before it, and whoever waits for another one behind it would wait for ever.
    pub(super) fn start<T, E>(&self, mut asked: Under<Result<T, E>>) -> Under<Result<T, E>>
    where
        T: Send + 'static,
        E: From<Gone> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.runtime.block_on(async {
            // What is polled for the first time is with the connection then: nothing that is asked later overtakes it.
            match poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await {
                Poll::Ready(early) => drop(answer.send(early)),
                // Where nobody wants it any more, it is taken all the same.
                Poll::Pending => {
                    let line = self.line.clone();
                    drop(tokio::spawn(async move { drop(answer.send(line.answer(asked).await)) }));
                }
            }
            // The connection puts it on the wire when it has its turn.
            tokio::task::yield_now().await;
        });
        Box::pin(async { answered.await.unwrap_or_else(|_| Err(Gone.into())) })
    }

    /// Runs statements that take and give nothing.
    pub(super) fn step(&self, sql: &str) -> Result<(), Error> {
        self.wait(self.client.batch_execute(sql))
    }

    /// The first cell of the first row.
    pub(super) fn ask<T>(&self, sql: &str, parameters: &[&str]) -> Result<Option<T>, Error>
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        let parameters: Vec<_> =
            parameters.iter().map(|text| (text as &(dyn tokio_postgres::types::ToSql + Sync), Type::TEXT)).collect();
        let rows = self.wait(self.client.query_typed(sql, &parameters))?;
        rows.first().map_or(Ok(None), |row| row.try_get(0))
    }

    /// Prepares what is not prepared yet, in one journey. What was prepared before may be forgotten.
    pub(super) fn prepare(&self, statements: &[(&'static str, &str)]) -> Result<(), Failure> {
        self.make_room();
        let known = self.statements.borrow();
        let new: Vec<_> = statements.iter().filter(|(_, sql)| !known.contains_key(*sql)).collect();
        drop(known);
        if new.is_empty() {
            return Ok(());
        }
        let answers = self.wait(join_all(new.iter().map(|(_, sql)| self.client.prepare(sql))));
        for ((table, sql), prepared) in new.into_iter().zip(answers) {
            let prepared = prepared.map_err(|e| Failure::of(table, &e))?;
            self.statements.borrow_mut().insert((*sql).to_owned(), prepared);
        }
        Ok(())
    }

    /// A statement by a name that is shorter than it; made and prepared if it is not yet.
    pub(super) fn named(
        &self,
        table: &'static str,
        name: &str,
        make: impl FnOnce() -> String,
    ) -> Result<Statement, Failure> {
        if let Some(known) = self.statements.borrow().get(name) {
            return Ok(known.clone());
        }
        let sql = make();
        let prepared = self.wait(self.client.prepare(&sql)).map_err(|e| Failure::of(table, &e))?;
        self.make_room();
        self.statements.borrow_mut().insert(name.to_owned(), prepared.clone());
        Ok(prepared)
    }

    fn make_room(&self) {
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= MOST_PREPARED {
            // Who runs one of them has it as long as that takes.
            statements.clear();
        }
    }

    /// A statement that was prepared.
    pub(super) fn prepared(&self, sql: &str) -> Result<Statement, Failure> {
        self.statements.borrow().get(sql).cloned().ok_or_else(|| Failure::Engine(format!("not prepared: {sql}")))
    }

    /// Sends all of these at once, after `first` if there is one, and waits for all answers.
    pub(super) fn together<T>(
        &self,
        first: Option<&str>,
        asked: impl IntoIterator<Item = impl Future<Output = Result<T, Error>>>,
    ) -> Result<Vec<Result<T, Error>>, Error> {
        let first = async {
            match first {
                Some(sql) => self.client.batch_execute(sql).await,
                None => Ok(()),
            }
        };
        // A request is sent when its future is polled for the first time: these are, in this order.
        let (first, answers) = self.wait(join(first, join_all(asked)));
        first.map(|()| answers)
    }
}

/// What a failure says while a database is opened.
pub(super) fn failed(address: &Address, error: &Error) -> OpenError {
    OpenError::Engine(format!("{address}: {}", describe(error)))
}

fn cannot_connect(address: &Address, error: &Error) -> String {
    let said = describe(error);
    match error.code() {
        Some(&SqlState::INVALID_CATALOG_NAME) => {
            let name = address.database();
            format!("there is no database at {address}: make it (createdb --encoding=UTF8 {name}), then run this again")
        }
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            format!("{address} does not let us in: {said}. Check user and password in the database's address")
        }
        Some(&SqlState::TOO_MANY_CONNECTIONS) => {
            format!("{address}: {said}. A florin process needs 5 connections: raise max_connections of the server")
        }
        Some(_) => format!("{address}: {said}"),
        // The driver's words for a server that is not the one we asked for.
        None if said.contains("does not allow writes") => format!(
            "{address} is read-only, as a standby is, or by default_transaction_read_only: name the server that takes \
             writes, or change the setting"
        ),
        None => format!("cannot reach {address}: {said}. Is the server running, and does it listen there?"),
    }
}
