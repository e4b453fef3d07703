//! Reading for many at once.
//!
//! Jobs that can run more than once are gone through together: what they miss is asked for in one journey, then those
//! that missed something run again. All of them see one moment, which is later than when they were asked.

use super::address::Address;
use super::connect::{Purpose, Session};
use super::error::Failure;
use super::read::{BEGIN, connect_for};
use super::settled::{EPOCH, Settled};
use super::statement;
use super::transaction::{Catalogue, Cells, by_column, cells, number};
use super::value::{Given, fits};
use crate::backend::{Kept, KeyCells, Row};
use crate::queue::Queue;
use crate::unit::asked_key;
use florin_domain::clock::Clock;
use florin_domain::store::{Filter, Query, ReadJob, Reader, StoreError, Table, Value};
use florin_sdk_core::Timestamp;
use futures_util::future::{join_all, join3};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// The most jobs that are read for together.
const MAX_TOGETHER: usize = 128;

/// The most times that they are gone through: as often as a job finds a row by another row, and then some.
const MAX_PASSES: usize = 64;

/// How long a reader without a connection waits before it tries again.
const PAUSE: Duration = Duration::from_millis(500);

/// How long the thread waits for work before it asks whether the server is still there.
const IDLE: Duration = Duration::from_secs(5);

type Job = Box<dyn ReadJob>;

/// A connection, and what it keeps.
struct Lens {
    session: Session,
    catalogue: Catalogue,
    settled: Settled,
}

impl Lens {
    fn open(address: &Address) -> Option<Self> {
        let opened = connect_for(address, Purpose::ReadTogether).and_then(|session| {
            let catalogue = Catalogue::read(&session, address)?;
            Ok(Self { session, catalogue, settled: Settled::default() })
        });
        opened.inspect_err(|error| tracing::warn!(%error, "a reader cannot connect")).ok()
    }
}

/// A thread's state.
pub(super) struct Together {
    pub(super) address: Address,
    pub(super) jobs: Arc<Queue<Job>>,
    pub(super) clock: Clock,
}

impl Together {
    /// Runs jobs until the queue is closed.
    pub(super) fn run(self) {
        let mut lens = Lens::open(&self.address);
        while let Some(jobs) = self.jobs.take_within(MAX_TOGETHER, if lens.is_some() { IDLE } else { PAUSE }) {
            if jobs.is_empty() {
                lens = lens.filter(|lens| lens.session.step("SELECT 1").is_ok()).or_else(|| Lens::open(&self.address));
                continue;
            }
            let jobs = match self.serve(jobs, &mut lens) {
                Ok(()) => continue,
                Err(jobs) => jobs,
            };
            // The connection is gone, perhaps since long ago: once more with another.
            lens = Lens::open(&self.address);
            if let Err(jobs) = self.serve(jobs, &mut lens) {
                lens = None;
                for mut job in jobs {
                    run(&mut *job, &mut Nothing(self.clock.now()));
                    job.finish();
                }
            }
        }
    }

    /// Serves jobs; gives those back that were not for want of a connection.
    fn serve(&self, jobs: Vec<Job>, lens: &mut Option<Lens>) -> Result<(), Vec<Job>> {
        let Some(lens) = lens else { return Err(jobs) };
        let mut look = Look::new(lens, self.clock.now());
        let rest = look.serve(jobs);
        look.end();
        if rest.is_empty() { Ok(()) } else { Err(rest) }
    }
}

fn run(job: &mut dyn ReadJob, reader: &mut dyn Reader) {
    if catch_unwind(AssertUnwindSafe(|| job.run(reader))).is_err() {
        tracing::error!("a read job panicked");
    }
}

/// What jobs are told without a connection.
struct Nothing(Timestamp);

impl Reader for Nothing {
    fn select(&mut self, _: &Query) -> Result<Vec<Row>, StoreError> {
        Err(StoreError::Busy)
    }

    fn now(&self) -> Timestamp {
        self.0
    }
}

/// What is known in one transaction.
struct Look<'a> {
    lens: &'a mut Lens,
    now: Timestamp,
    begun: bool,
    /// Whether something was taken from what is kept, and it is not known yet whether that still holds.
    trusting: bool,
    rows: HashMap<&'static str, HashMap<KeyCells, Option<Kept>, foldhash::fast::RandomState>>,
    found: HashMap<Query, Result<Vec<Row>, StoreError>>,
    missing_rows: BTreeMap<&'static str, (&'static Table, HashSet<KeyCells>)>,
    missing: HashSet<Query>,
    missed: bool,
}

impl<'a> Look<'a> {
    fn new(lens: &'a mut Lens, now: Timestamp) -> Self {
        Self {
            lens,
            now,
            begun: false,
            trusting: false,
            rows: HashMap::new(),
            found: HashMap::new(),
            missing_rows: BTreeMap::new(),
            missing: HashSet::new(),
            missed: false,
        }
    }

    /// Serves jobs; gives those back that were not, as the connection is gone.
    fn serve(&mut self, mut open: Vec<Job>) -> Vec<Job> {
        let mut done: Vec<Job> = Vec::new();
        for _ in 0..MAX_PASSES {
            let mut again = Vec::new();
            for mut job in open {
                self.missed = false;
                run(&mut *job, self);
                if self.missed { again.push(job) } else { done.push(job) }
            }
            if again.is_empty() && !self.trusting {
                done.into_iter().for_each(ReadJob::finish);
                return Vec::new();
            }
            match self.fetch() {
                Ok(true) => open = again,
                // What was kept is out of date: all anew.
                Ok(false) => {
                    again.append(&mut done);
                    open = again;
                    continue;
                }
                Err(Failure::Lost(why)) => {
                    tracing::warn!(why, "lost a connection that reads");
                    again.append(&mut done);
                    return again;
                }
                Err(failure) => {
                    // Each question has an answer of its own; this is about the transaction.
                    tracing::error!(error = %failure.error(), "a read could not begin");
                    again.append(&mut done);
                    for mut job in again {
                        run(&mut *job, &mut Nothing(self.now));
                        job.finish();
                    }
                    return Vec::new();
                }
            }
            done.drain(..).for_each(ReadJob::finish);
        }
        tracing::error!("a read asked for ever more rows");
        for mut job in open {
            run(&mut *job, &mut Nothing(self.now));
            job.finish();
        }
        Vec::new()
    }

    /// Asks for what is missing; whether what was at hand before holds.
    fn fetch(&mut self) -> Result<bool, Failure> {
        let rows: Vec<_> = std::mem::take(&mut self.missing_rows).into_values().collect();
        let mut alike: HashMap<(&'static str, &'static str), (&'static Table, Vec<Query>)> = HashMap::new();
        let mut single = Vec::new();
        for query in std::mem::take(&mut self.missing) {
            match by_one_column(&query) {
                Some((column, _)) => {
                    alike.entry((query.table.name, column)).or_insert((query.table, Vec::new())).1.push(query);
                }
                None => single.push(query),
            }
        }
        let mut asked: Vec<Asked<'_>> = Vec::new();
        let keys: Vec<(&'static Table, Vec<KeyCells>)> =
            rows.into_iter().map(|(table, keys)| (table, keys.into_iter().collect())).collect();
        for (table, keys) in &keys {
            let storable: Vec<&[Value]> = keys.iter().filter(|key| key.iter().all(fits)).map(Vec::as_slice).collect();
            let sql = statement::fetch(table, self.lens.catalogue.of(table)?, false);
            asked.push(Asked { table, sql, cells: by_column(&storable, table.key) });
        }
        for ((_, column), (table, queries)) in &alike {
            let types = self.lens.catalogue.of(table)?;
            let ty = table.place(column).and_then(|place| types.get(place));
            let ty = ty.ok_or_else(|| Failure::Engine(format!("{}.{column} is no column", table.name)))?;
            let values: HashSet<&Value> = queries.iter().filter_map(|query| Some(by_one_column(query)?.1)).collect();
            let values = values.into_iter().filter(|value| fits(value)).map(Given).collect();
            asked.push(Asked { table, sql: statement::fetch_by(table, column, ty), cells: vec![Cells::Many(values)] });
        }
        let statements: Vec<_> = single.iter().map(statement::select).collect();
        for (query, statement) in single.iter().zip(&statements) {
            asked.push(Asked { table: query.table, sql: statement.sql.clone(), cells: statement.cells() });
        }
        let (epoch, mut answers) = ask(&self.lens.session, !std::mem::replace(&mut self.begun, true), &asked)?;
        drop(asked);
        if let Some(epoch) = epoch {
            let holds = self.lens.settled.begin(epoch);
            if !holds && std::mem::take(&mut self.trusting) {
                self.rows.clear();
                self.found.clear();
                return Ok(false);
            }
            self.trusting = false;
        }
        let mut answers = answers.drain(..);
        for ((table, keys), answer) in keys.into_iter().zip(&mut answers) {
            let of = self.rows.entry(table.name).or_default();
            of.extend(keys.into_iter().map(|key| (key, None)));
            for row in answer? {
                let row = Arc::new(row);
                if Settled::is_about(table) {
                    self.lens.settled.keep(table, row.clone());
                }
                of.insert(row.iter().take(table.key).cloned().collect(), Some(row));
            }
        }
        for (((_, column), (table, queries)), answer) in alike.into_iter().zip(&mut answers) {
            let place = table.place(column).unwrap_or_default();
            let mut by_value: HashMap<Value, Vec<Row>> = HashMap::new();
            for row in answer? {
                if Settled::is_about(table) {
                    self.lens.settled.keep(table, Arc::new(row.clone()));
                }
                let value = row.get(place).cloned().unwrap_or(Value::Null);
                by_value.entry(value).or_default().push(row);
            }
            for query in queries {
                let mut rows =
                    by_one_column(&query).and_then(|(_, value)| by_value.get(value)).cloned().unwrap_or_default();
                rows.truncate(query.limit.unwrap_or(usize::MAX));
                self.found.insert(query, Ok(rows));
            }
        }
        for (query, answer) in single.into_iter().zip(&mut answers) {
            self.found.insert(query, Ok(answer?));
        }
        Ok(true)
    }

    /// Ends the transaction, and does not wait for the end.
    fn end(self) {
        if self.begun {
            let client = self.lens.session.client.clone();
            drop(self.lens.session.start(Box::pin(async move { client.batch_execute("COMMIT").await })));
        }
    }

    fn look_up(&mut self, table: &'static Table, key: &[Value]) -> Result<Option<Kept>, StoreError> {
        if let Some(row) = self.rows.get(table.name).and_then(|rows| rows.get(key)) {
            return Ok(row.clone());
        }
        if Settled::is_about(table)
            && let Some(row) = self.lens.settled.get(table, key)
        {
            self.trusting |= !self.begun;
            return Ok(Some(row));
        }
        self.missing_rows.entry(table.name).or_insert((table, HashSet::new())).1.insert(key.to_vec());
        self.missed = true;
        Err(StoreError::NotLoaded)
    }
}

/// A question, one of several that are asked together.
struct Asked<'a> {
    table: &'static Table,
    sql: String,
    cells: Vec<Cells<'a>>,
}

type Answers = (Option<i64>, Vec<Result<Vec<Row>, Failure>>);

/// Asks all of this in one journey, which begins the transaction if `first`.
fn ask(session: &Session, first: bool, asked: &[Asked<'_>]) -> Result<Answers, Failure> {
    let mut needed: Vec<_> = asked.iter().map(|asked| (asked.table.name, asked.sql.as_str())).collect();
    needed.push(EPOCH);
    session.prepare(&needed)?;
    let statements = asked.iter().map(|asked| session.prepared(&asked.sql)).collect::<Result<Vec<_>, _>>()?;
    let epoch = session.prepared(EPOCH.1)?;
    let parameters: Vec<Vec<_>> =
        asked.iter().map(|asked| asked.cells.iter().map(Cells::parameter).collect()).collect();
    let client = &session.client;
    let begin = async { if first { client.batch_execute(BEGIN).await } else { Ok(()) } };
    let epoch = async { if first { client.query(&epoch, &[]).await.map(Some) } else { Ok(None) } };
    let rows = statements.iter().zip(&parameters).map(|(sql, parameters)| client.query(sql, parameters));
    // Sent in this order, as each is sent when it is polled first.
    let (begun, epoch, rows) = session.wait(join3(begin, epoch, join_all(rows)));
    begun.map_err(|e| Failure::of("begin", &e))?;
    let epoch = number(EPOCH, epoch)?;
    let rows = rows
        .into_iter()
        .zip(asked)
        .map(|(rows, asked)| cells(asked.table, &rows.map_err(|e| Failure::of(asked.table.name, &e))?));
    Ok((epoch, rows.collect()))
}

/// The column and the value that a query asks for, if it asks for nothing else: many such are asked for at once.
fn by_one_column(query: &Query) -> Option<(&'static str, &Value)> {
    match query.filters.as_slice() {
        [Filter::Equal(column, value)] if query.walk.is_none() && query.order.is_none() && *value != Value::Null => {
            Some((column, value))
        }
        _ => None,
    }
}

impl Reader for Look<'_> {
    fn select(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        if query.walk.is_none()
            && let Some(key) = asked_key(query)
        {
            return Ok(self.look_up(query.table, &key)?.iter().map(|row| row.to_vec()).collect());
        }
        if let Some(found) = self.found.get(query) {
            return found.clone();
        }
        if let Some((column, value)) = by_one_column(query)
            && let Some(row) = self.lens.settled.by(query.table, column, value)
        {
            self.trusting |= !self.begun;
            return Ok(vec![row.to_vec()]);
        }
        self.missing.insert(query.clone());
        self.missed = true;
        Err(StoreError::NotLoaded)
    }

    fn look(&mut self, table: &'static Table, key: &[Value], see: &mut dyn FnMut(&[Value])) -> Result<(), StoreError> {
        if let Some(row) = self.look_up(table, key)? {
            see(&row);
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}
