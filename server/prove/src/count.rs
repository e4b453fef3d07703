//! Reads the books and compares them with the plan.

use crate::ProveError;
use crate::client::Job;
use crate::notes::{self, Line, Told};
use crate::plan::{Booking, Expected, PREPARES, Place, Step, World};
use florin_domain::clock::Clock;
use florin_domain::ledger::{Balance, Transaction};
use florin_domain::payment::PaymentRequest;
use florin_domain::store::{Reader, Record, StoreError, read_job};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::{Txid, Waid};
use florin_sdk_server::{FileJournal, Journal};
use florin_storage::Mode;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::mpsc;

/// How many rows are read at a time.
const PAGE: usize = 1000;

/// The most findings that are listed; beyond it they are only counted.
const MAX_LISTED: usize = 50;

/// What is wrong with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// It is not in the books.
    Lost,
    /// It is in the books more than once.
    Duplicate,
    /// It is there, but not as it was meant, or its client was told otherwise; or nobody asked for it.
    Wrong,
}

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// The client reference, or the place in the books.
    pub place: String,
    /// What was expected and what was found.
    pub detail: String,
}

/// What the count says.
#[derive(Debug, Default, Serialize)]
pub struct Count {
    /// How many operations there were.
    pub operations: u64,
    /// The same by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// How many of them had to be refused.
    pub refused: u64,
    /// How many were settled from a journal, after their client was killed.
    pub resumed: u64,
    /// How many are not in the books.
    pub lost: u64,
    /// How many bookings are there too many.
    pub duplicates: u64,
    /// How much else is wrong.
    pub wrong: u64,
    /// The first of the findings.
    pub findings: Vec<Finding>,
}

impl Count {
    /// Whether nothing was found.
    #[must_use]
    pub const fn ok(&self) -> bool {
        self.lost == 0 && self.duplicates == 0 && self.wrong == 0
    }

    fn find(&mut self, problem: Problem, place: impl ToString, detail: impl Into<String>) {
        *match problem {
            Problem::Lost => &mut self.lost,
            Problem::Duplicate => &mut self.duplicates,
            Problem::Wrong => &mut self.wrong,
        } += 1;
        if self.findings.len() < MAX_LISTED {
            self.findings.push(Finding { problem, place: place.to_string(), detail: detail.into() });
        }
    }
}

/// What the books hold of a place of the plan.
#[derive(Debug, Default)]
struct Found {
    bookings: u64,
    requests: u64,
    /// The first booking.
    txid: Option<Txid>,
}

struct Counting {
    world: World,
    /// How many stories each client began.
    begun: Vec<u32>,
    found: HashMap<Place, Found>,
    balances: Vec<Balance>,
    count: Count,
}

/// Counts in the database at this address what the clients, with numbers from 1, were to do in this folder.
pub async fn count(database: &str, world: &World, clients: u32, folder: &Path) -> Result<Count, ProveError> {
    let mut begun = vec![world.preparations()];
    let mut told = Vec::new();
    let mut count = Count::default();
    for number in 1..=clients {
        let mut stories = 0;
        for line in notes::read(&Job::notes(folder, number))? {
            match line {
                Line::Begun(story) => stories = stories.max(story + 1),
                Line::Told { story, step, told: what, resumed } => {
                    count.resumed += u64::from(resumed);
                    told.push((Place { client: number, story, step }, what));
                }
            }
        }
        begun.push(stories);
        need_empty_journal(&Job::journal(folder, number), &mut count).await?;
    }
    let counting = Counting { world: world.clone(), begun, found: HashMap::new(), balances: Vec::new(), count };
    let database = database.to_owned();
    let read = tokio::task::spawn_blocking(move || read_books(&database, counting));
    let mut counting = read.await.map_err(std::io::Error::other)??;
    counting.compare_all(&told);
    counting.compare_balances();
    Ok(counting.count)
}

/// Has all rows looked at, as of one moment.
fn read_books(database: &str, counting: Counting) -> Result<Counting, ProveError> {
    let failed = |error: StoreError| ProveError::Books(error.to_string());
    let store = florin_storage::open(database, Mode::Inspect, Clock::system())
        .map_err(|error| ProveError::Books(error.to_string()))?;
    let (send, receive) = mpsc::channel();
    let mut counting = Some(counting);
    let count = move |reader: &mut dyn Reader| {
        let mut counting = counting.take()?;
        Some(counting.read(reader).map(|()| counting))
    };
    // Whoever asked is waiting.
    let tell = move |read: Option<_>| {
        let _ = read.and_then(|read| send.send(read).ok());
    };
    store.read(read_job(count, tell)).map_err(failed)?;
    receive.recv().map_err(|_| ProveError::Books("its reader has ended".to_owned()))?.map_err(failed)
}

async fn need_empty_journal(path: &Path, count: &mut Count) -> Result<(), ProveError> {
    let failed = |error: florin_sdk_server::JournalError| ProveError::Prepare(error.into());
    let journal = FileJournal::open(path).map_err(failed)?;
    for entry in journal.pending().await.map_err(failed)? {
        count.find(Problem::Wrong, entry.reference, "is still in its journal");
    }
    Ok(())
}

impl Counting {
    fn read(&mut self, store: &mut dyn Reader) -> Result<(), StoreError> {
        self.balances = store.list(Balance::query())?;
        let mut after = None;
        loop {
            let mut query = Transaction::query().ascending(Transaction::txid).limit(PAGE);
            if let Some(after) = after {
                query = query.greater(Transaction::txid, after);
            }
            let page = store.list::<Transaction>(query)?;
            let Some(last) = page.last() else { break };
            after = Some(last.txid);
            for row in page {
                self.find_booking(row);
            }
        }
        let mut after = None;
        loop {
            let mut query = PaymentRequest::query().ascending(PaymentRequest::number).limit(PAGE);
            if let Some(after) = after {
                query = query.greater(PaymentRequest::number, after);
            }
            let page = store.list::<PaymentRequest>(query)?;
            let Some(last) = page.last() else { break };
            after = Some(last.number);
            for row in page {
                self.find_request(&row);
            }
        }
        Ok(())
    }

    /// The step at a place, if somebody began it.
    fn step(&self, place: Place) -> Option<Step> {
        let begun = usize::try_from(place.client).ok().and_then(|client| self.begun.get(client));
        if begun.is_none_or(|begun| place.story >= *begun) {
            return None;
        }
        self.world.story(place.client, place.story).into_iter().nth(usize::try_from(place.step).ok()?)
    }

    fn planned(&self, reference: Option<&str>) -> Option<(Place, Step)> {
        let place = reference?.parse().ok()?;
        Some((place, self.step(place)?))
    }

    /// Finds out which step a transaction belongs to, and whether it is as it was meant.
    fn find_booking(&mut self, row: Transaction) {
        let Transaction { txid, reference, kind, source, destination, units, .. } = row;
        let booking = Booking { kind, source, destination, units };
        let Some((place, step)) = self.planned(reference.as_deref()) else {
            self.count.find(Problem::Wrong, txid, format!("nobody asked for it: {booking:?} under {reference:?}"));
            return;
        };
        let found = self.found.entry(place).or_default();
        found.bookings += 1;
        found.txid.get_or_insert(txid);
        if !matches!(&step.expected, Expected::Booked(expected) if *expected == booking) {
            self.count.find(Problem::Wrong, place, format!("{booking:?}, not {:?}", step.expected));
        }
    }

    /// The same of a payment request.
    fn find_request(&mut self, row: &PaymentRequest) {
        let Some((place, step)) = self.planned(row.reference.as_deref()) else {
            self.count.find(Problem::Wrong, row.prid, format!("nobody asked for it: {:?}", row.reference));
            return;
        };
        self.found.entry(place).or_default().requests += 1;
        let asked = |payer: Waid, units: i128| row.source == Some(payer) && row.units == units;
        if !matches!(step.expected, Expected::Asked { payer, units } if asked(payer, units)) {
            let detail = format!("{:?} is asked for {}, not {:?}", row.source, row.units, step.expected);
            self.count.find(Problem::Wrong, place, detail);
        }
    }

    /// Looks at each step of each story that was begun, and at what was told of it.
    fn compare_all(&mut self, told: &[(Place, Told)]) {
        let mut by_place = HashMap::<Place, Vec<&Told>>::new();
        for (place, told) in told {
            by_place.entry(*place).or_default().push(told);
        }
        for (client, begun) in (0..).zip(self.begun.clone()) {
            for story in 0..begun {
                for (number, step) in (0..).zip(self.world.story(client, story)) {
                    let place = Place { client, story, step: number };
                    let told = by_place.remove(&place).unwrap_or_default();
                    self.compare(place, &step, &told);
                }
            }
        }
        for place in by_place.keys() {
            self.count.find(Problem::Wrong, place, "was told, but never begun");
        }
    }

    fn compare(&mut self, place: Place, step: &Step, told: &[&Told]) {
        let found = self.found.remove(&place).unwrap_or_default();
        let (rows, wanted) = match step.expected {
            Expected::Booked(_) => (found.bookings, 1),
            Expected::Asked { .. } => (found.requests, 1),
            // Whatever was booked was found to be wrong already.
            Expected::Closed | Expected::Refused(_) => (0, 0),
        };
        let what = step.action.name();
        if rows < wanted {
            self.count.find(Problem::Lost, place, format!("this {what} is not in the books"));
        }
        for _ in wanted..rows {
            self.count.find(Problem::Duplicate, place, format!("this {what} is in the books {rows} times"));
        }
        if place.client == PREPARES {
            return;
        }
        self.count.operations += 1;
        *self.count.kinds.entry(what).or_default() += 1;
        self.count.refused += u64::from(matches!(step.expected, Expected::Refused(_)));
        if told.is_empty() {
            self.count.find(Problem::Lost, place, format!("nobody was told what became of this {what}"));
        }
        for told in told {
            let right = match (&step.expected, told) {
                (Expected::Refused(wanted), Told::Refused { code }) => *wanted == Code(*code),
                (Expected::Booked(_), Told::Done { txid: Some(txid), .. }) => found.txid == Some(*txid),
                // The answer to a payment names no transaction.
                (Expected::Booked(booking), Told::Done { .. }) => booking.kind == TransactionType::Payment,
                (Expected::Asked { .. }, Told::Done { prid, .. }) => prid.is_some(),
                (Expected::Closed, Told::Done { .. }) => true,
                _ => false,
            };
            if !right {
                let expected = &step.expected;
                self.count.find(Problem::Wrong, place, format!("its client was told {told:?}, planned {expected:?}"));
            }
        }
    }

    /// Each wallet has what the plan leaves it with, and nothing is set aside.
    fn compare_balances(&mut self) {
        let mut planned = HashMap::<Waid, i128>::new();
        for (client, begun) in (0..).zip(&self.begun) {
            for step in (0..*begun).flat_map(|story| self.world.story(client, story)) {
                let Expected::Booked(booking) = step.expected else { continue };
                if matches!(booking.kind, TransactionType::Hold | TransactionType::Release) {
                    continue;
                }
                for (wallet, units) in [(booking.source, -booking.units), (booking.destination, booking.units)] {
                    if let Some(wallet) = wallet {
                        *planned.entry(wallet).or_default() += units;
                    }
                }
            }
        }
        for Balance { waid, available, held, .. } in std::mem::take(&mut self.balances) {
            let wanted = planned.remove(&waid).unwrap_or_default();
            if (available, held) != (wanted, 0) {
                let detail = format!("{available} can be spent and {held} is set aside; planned are {wanted} and 0");
                self.count.find(Problem::Wrong, waid, detail);
            }
        }
        for (wallet, wanted) in planned.into_iter().filter(|(_, wanted)| *wanted != 0) {
            self.count.find(Problem::Wrong, wallet, format!("has no balance; planned is {wanted}"));
        }
    }
}
