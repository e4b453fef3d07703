//! Reading for many at once.
//!
//! Jobs that can run more than once are gone through together: what they miss is asked for in one journey, then those
//! that missed something run again. All of them see one moment, which is later than when they were asked.

use super::address::Address;
use super::connect::{Purpose, Session};
use super::error::Failure;
use super::likely::Trust;
use super::read::{BEGIN, connect_for};
use super::settled::{EPOCH, Settled};
use super::statement;
use super::transaction::{Catalogue, Cells, by_column, cells, number};
use super::value::{Given, Seen, fits};
use crate::backend::{Kept, KeyCells, Map, Row, Set};
use crate::news;
use crate::queue::{Queue, Waited};
use crate::unit::asked_key;
use florin_domain::clock::{Clock, Micros};
use florin_domain::store::{Filter, Query, ReadJob, Reader, StoreError, Table, Value, ValueRef};
use florin_sdk_core::Timestamp;
use futures_util::future::{join_all, join3};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The most jobs that are read for together.
const MAX_TOGETHER: usize = 128;

/// The most times that they are gone through: as often as a job finds a row by another row, and then some.
const MAX_PASSES: usize = 64;

/// How long a reader without a connection waits before it tries again.
const PAUSE: Duration = Duration::from_millis(500);

/// How long the thread waits for work before it asks whether the server is still there.
const IDLE: Duration = Duration::from_secs(5);

/// How long a thread is left alone with what comes. Most reads take a tenth of it.
const LONG: Duration = Duration::from_millis(2);

type Job = Box<dyn ReadJob>;

/// A connection, and what it keeps.
struct Lens {
    session: Session,
    catalogue: Catalogue,
    settled: Settled,
    /// For each question: whether its answer was all that was needed.
    enough: Map<String, Trust>,
}

impl Lens {
    fn open(address: &Address) -> Option<Self> {
        let opened = connect_for(address, Purpose::ReadTogether).and_then(|session| {
            let catalogue = Catalogue::read(&session, address)?;
            Ok(Self { session, catalogue, settled: Settled::default(), enough: Map::default() })
        });
        opened.inspect_err(|error| tracing::warn!(%error, "a reader cannot connect")).ok()
    }
}

/// A thread's state.
pub(super) struct Together {
    pub(super) address: Address,
    pub(super) jobs: Arc<Queue<Job>>,
    pub(super) clock: Clock,
    /// Shared by all threads that take from one queue.
    pub(super) turn: Arc<Turn>,
}

/// Since when a thread has been busy, of those that take from one queue: as long as that is not long, jobs are better left
/// to it, as many together cost little more than one.
#[derive(Default)]
pub(super) struct Turn {
    /// In microseconds; 0 if none is.
    since: AtomicU64,
}

impl Turn {
    /// How long the jobs are still better left to another thread; none if they are ours.
    fn of_another(&self, now: Micros) -> Option<Duration> {
        let since = self.since.load(Ordering::Relaxed);
        let busy = Duration::from_micros(now.saturating_sub(since));
        LONG.checked_sub(busy).filter(|rest| since > 0 && !rest.is_zero())
    }

    fn begin(&self, now: Micros) {
        self.since.store(now, Ordering::Relaxed);
    }

    fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
    }
}

impl Together {
    /// Runs jobs until the queue is closed.
    pub(super) fn run(self) {
        let mut lens = Lens::open(&self.address);
        loop {
            match self.jobs.wait_within(if lens.is_some() { IDLE } else { PAUSE }) {
                Waited::Some => {}
                Waited::InVain => {
                    lens =
                        lens.filter(|lens| lens.session.step("SELECT 1").is_ok()).or_else(|| Lens::open(&self.address));
                    continue;
                }
                Waited::Closed => return,
            }
            if let Some(rest) = self.turn.of_another(self.clock.micros()) {
                std::thread::sleep(rest);
                continue;
            }
            self.turn.begin(self.clock.micros());
            // Whoever is about to ask has a moment to do so: the more read together, the fewer journeys.
            std::thread::yield_now();
            let jobs = self.jobs.take_now(MAX_TOGETHER);
            lens = self.serve_all(jobs, lens);
            self.turn.end();
        }
    }

    /// Serves jobs; gives back the connection, if there is one then.
    fn serve_all(&self, jobs: Vec<Job>, mut lens: Option<Lens>) -> Option<Lens> {
        let Err(jobs) = self.serve(jobs, &mut lens) else { return lens };
        // The connection is gone, perhaps since long ago: once more with another.
        lens = Lens::open(&self.address);
        let Err(jobs) = self.serve(jobs, &mut lens) else { return lens };
        for mut job in jobs {
            run(&mut *job, &mut Nothing(self.clock.now()));
            news::of_read(job);
        }
        None
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
    /// The question that was asked instead of a transaction, if one was. More cannot be asked then, as that would be at
    /// another moment.
    only: Option<String>,
    /// Whether something was taken from what is kept, and it is not known yet whether that still holds.
    trusting: bool,
    rows: Map<&'static str, Map<KeyCells, Option<Kept>>>,
    found: Map<Query, Result<Vec<Row>, StoreError>>,
    missing_rows: BTreeMap<&'static str, (&'static Table, Set<KeyCells>)>,
    missing: Set<Query>,
    missed: bool,
}

impl<'a> Look<'a> {
    fn new(lens: &'a mut Lens, now: Timestamp) -> Self {
        Self {
            lens,
            now,
            begun: false,
            only: None,
            trusting: false,
            rows: Map::default(),
            found: Map::default(),
            missing_rows: BTreeMap::new(),
            missing: Set::default(),
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
                if let Some(sql) = self.only.take() {
                    self.lens.enough.entry(sql).or_default().was_right(true);
                }
                done.into_iter().for_each(news::of_read);
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
                        news::of_read(job);
                    }
                    return Vec::new();
                }
            }
            done.drain(..).for_each(news::of_read);
        }
        tracing::error!("a read asked for ever more rows");
        for mut job in open {
            run(&mut *job, &mut Nothing(self.now));
            news::of_read(job);
        }
        Vec::new()
    }

    /// Begins anew.
    fn forget(&mut self) {
        self.rows.clear();
        self.found.clear();
        self.missing_rows.clear();
        self.missing.clear();
        self.trusting = false;
    }

    /// Asks for what is missing; whether what was at hand before holds.
    fn fetch(&mut self) -> Result<bool, Failure> {
        if let Some(sql) = self.only.take() {
            self.lens.enough.entry(sql).or_default().was_wrong();
            self.forget();
            return Ok(false);
        }
        let rows: Vec<_> = std::mem::take(&mut self.missing_rows).into_values().collect();
        let mut alike: Map<(&'static str, &'static str), (&'static Table, Vec<Query>)> = Map::default();
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
            let values: Set<&Value> = queries.iter().filter_map(|query| Some(by_one_column(query)?.1)).collect();
            let values = values.into_iter().filter(|value| fits(value)).map(Given).collect();
            asked.push(Asked { table, sql: statement::fetch_by(table, column, ty), cells: vec![Cells::Many(values)] });
        }
        let statements: Vec<_> = single.iter().map(statement::select).collect();
        for (query, statement) in single.iter().zip(&statements) {
            asked.push(Asked { table: query.table, sql: statement.sql.clone(), cells: statement.cells() });
        }
        let first = !self.begun;
        let (epoch, mut answers) = match asked.as_slice() {
            [only] if first && single.is_empty() && self.lens.enough.entry(only.sql.clone()).or_default().next() => {
                self.only = Some(only.sql.clone());
                ask_only(&self.lens.session, only)?
            }
            _ => {
                self.begun = true;
                ask(&self.lens.session, first, &asked)?
            }
        };
        drop(asked);
        if let Some(epoch) = epoch {
            let holds = self.lens.settled.begin(epoch);
            if !holds && self.trusting {
                self.only = None;
                self.forget();
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
            let mut by_value: Map<Value, Vec<Row>> = Map::default();
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

    /// Whether nothing was asked yet, so that nobody knows whether what is kept still holds.
    const fn is_early(&self) -> bool {
        !self.begun && self.only.is_none()
    }

    /// Ends the transaction, and does not wait for the end.
    fn end(self) {
        if self.begun {
            let client = self.lens.session.client.clone();
            let end = async move { client.batch_execute("COMMIT").await.map_err(|e| Failure::of("commit", &e)) };
            drop(self.lens.session.start(Box::pin(end)));
        }
    }

    fn look_up(&mut self, table: &'static Table, key: &[Value]) -> Result<Option<Kept>, StoreError> {
        if let Some(row) = self.rows.get(table.name).and_then(|rows| rows.get(key)) {
            return Ok(row.clone());
        }
        if Settled::is_about(table)
            && let Some(row) = self.lens.settled.get(table, key)
        {
            self.trusting |= self.is_early();
            return Ok(Some(row));
        }
        self.missing_rows.entry(table.name).or_insert((table, Set::default())).1.insert(key.to_vec());
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

/// What is answered: the number of `settled`, if this was the first question, and rows for each.
type Answers = (Option<i64>, Vec<Result<Vec<Row>, Failure>>);

/// Asks one question, and for the number of `settled` at the same moment, without a transaction around it.
fn ask_only(session: &Session, asked: &Asked<'_>) -> Result<Answers, Failure> {
    let Asked { table, .. } = asked;
    let failed = |e| Failure::of(table.name, &e);
    let sql = statement::with_epoch(&asked.sql);
    session.prepare(&[(table.name, &sql)])?;
    let statement = session.prepared(&sql)?;
    let parameters: Vec<_> = asked.cells.iter().map(Cells::parameter).collect();
    let mut answers = session.wait(session.client.query(&statement, &parameters)).map_err(failed)?;
    let epoch = answers.first().map(|row| row.try_get(table.columns.len())).transpose().map_err(failed)?;
    let epoch = epoch.ok_or_else(|| Failure::Engine("settled: there is no number".to_owned()))?;
    // Where nothing was found, the number stands alone.
    answers.retain(|row| row.try_get::<_, Seen<'_>>(0).is_ok_and(|seen| seen.0 != ValueRef::Null));
    Ok((Some(epoch), vec![cells(table, &answers)]))
}

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
            self.trusting |= self.is_early();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_left_to_whoever_is_busy_but_not_for_long() {
        let turn = Turn::default();
        assert_eq!(turn.of_another(5_000), None);
        turn.begin(5_000);
        assert_eq!(turn.of_another(5_500), Some(Duration::from_micros(1_500)));
        assert_eq!(turn.of_another(4_000), Some(LONG), "a clock that was set back");
        assert_eq!(turn.of_another(7_000), None);
        turn.end();
        assert_eq!(turn.of_another(5_500), None);
    }
}
