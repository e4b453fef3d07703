//! What is over and needed by nobody is deleted, after a while: mails that went out, messages, notices, sessions, codes,
//! tokens, links. The books, client references, consents and credentials stay.
//!
//! | what | how long it stays |
//! | --- | --- |
//! | mails that are done with | 30 days after they were written |
//! | messages that were taken or given up, with the list of failures | 30 days after they were written |
//! | notices | 7 days, and until messages were made of them; live events can be asked for of the last day |
//! | sessions | 7 days after they ended by themselves |
//! | people signed in on the pages | 30 days after they signed in |
//! | authorization codes | 30 days: as long a second use of one is noticed |
//! | refresh tokens whose place another took | 90 days after that: as long a copy of one is noticed |
//! | tokens of the MoMo surface | 30 days |
//! | links by mail | 30 days after their end; that of a user who never confirmed the address stays |
//!
//! Each table is walked in the order of its rows' numbers, or of their ends, a page at a time, up to what is too young.

use crate::credential::Link;
use crate::mail::Mail;
use crate::momo::MomoToken;
use crate::notify::dispatch::{self, Passed};
use crate::notify::{Event, Lane, Notice};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::sso::{Code, RefreshToken, SignIn};
use crate::store::{Filter, Key, Query, Reader, Record, Value, Writer};
use florin_sdk_core::Timestamp;

/// How many rows are looked at, and deleted at most, in one go.
const PAGE: usize = 200;

const DAY_S: i64 = 86_400;

/// A kind of rows that end.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its table.
    pub table: &'static str,
    find: fn(&mut dyn Reader, i64) -> Result<Page, Refusal>,
    delete: fn(&mut dyn Writer, &Page) -> Result<usize, Refusal>,
}

/// All of them.
pub const KINDS: [Kind; 9] = [
    kind::<Mail>(),
    kind::<Event>(),
    kind::<Notice>(),
    kind::<Session>(),
    kind::<SignIn>(),
    kind::<Code>(),
    kind::<RefreshToken>(),
    kind::<MomoToken>(),
    kind::<Link>(),
];

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Page {
    keys: Vec<Vec<Value>>,
    /// Where to go on; none if the rest is too young.
    pub next: Option<i64>,
}

impl Page {
    /// Whether there is nothing to delete.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl Kind {
    /// Looks at the next rows behind `from`.
    pub fn find(&self, store: &mut dyn Reader, from: i64) -> Result<Page, Refusal> {
        (self.find)(store, from)
    }

    /// Deletes what was found, unless it came to life again meanwhile; how many.
    pub fn delete(&self, store: &mut dyn Writer, page: &Page) -> Result<usize, Refusal> {
        (self.delete)(store, page)
    }
}

/// By what a table is walked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// A number that grows with time.
    Number,
    /// The end.
    End,
}

impl By {
    const fn column(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::End => "expires",
        }
    }

    /// What stands there of a row of this time: numbers are microseconds (ADR 2).
    const fn at(self, time: Timestamp) -> i64 {
        match self {
            Self::Number => time.millis().saturating_mul(1000),
            Self::End => time.millis(),
        }
    }
}

/// A row that ends.
trait Ends: Record {
    /// By what its table is walked.
    const BY: By;
    /// How many days it stays.
    const DAYS: i64;
    /// Whether it is over. `passed`: of what messages were made.
    fn is_over(&self, now: Timestamp, passed: &Passed) -> bool;
    /// What goes with it.
    fn with_it(&self, store: &mut dyn Writer) -> Result<(), Refusal> {
        let _ = store;
        Ok(())
    }
}

const fn kind<R: Ends>() -> Kind {
    Kind { table: R::TABLE.name, find: find::<R>, delete: delete::<R> }
}

fn key_of(row: &[Value], key: usize) -> Vec<Value> {
    row.iter().take(key).cloned().collect()
}

fn find<R: Ends>(store: &mut dyn Reader, from: i64) -> Result<Page, Refusal> {
    let (now, passed) = (store.now(), dispatch::passed(store)?);
    let (column, oldest) = (R::BY.column(), R::BY.at(now.plus_seconds(-R::DAYS * DAY_S)));
    let filters = vec![Filter::Greater(column, Value::Int(from)), Filter::Less(column, Value::Int(oldest))];
    let query = Query { filters, order: Some(column), ..R::query() };
    let rows = store.list::<R>(query.limit(PAGE))?;
    let full = rows.len() == PAGE;
    let rows: Vec<_> = rows.into_iter().map(|row| (row.is_over(now, &passed), row.to_row())).collect();
    let last = rows.last().and_then(|(_, row)| match row.get(R::TABLE.place(column)?) {
        Some(Value::Int(last)) => Some(*last),
        _ => None,
    });
    let over = rows.iter().filter(|(over, _)| *over);
    Ok(Page { keys: over.map(|(_, row)| key_of(row, R::TABLE.key)).collect(), next: last.filter(|_| full) })
}

fn delete<R: Ends>(store: &mut dyn Writer, page: &Page) -> Result<usize, Refusal> {
    let now = store.now();
    for key in &page.keys {
        store.expect_row(R::TABLE, key.clone(), true);
    }
    let passed = dispatch::passed(store.reader())?;
    let mut deleted = 0;
    for key in &page.keys {
        let Some(row) = store.claim::<R>(Cells(key))?.filter(|row| row.is_over(now, &passed)) else { continue };
        row.with_it(store)?;
        store.delete::<R>(Cells(key))?;
        deleted += 1;
    }
    Ok(deleted)
}

/// A key as it was found.
struct Cells<'a>(&'a [Value]);

impl Key for Cells<'_> {
    fn values(&self) -> Vec<Value> {
        self.0.to_vec()
    }
}

impl Ends for Mail {
    const BY: By = By::Number;
    const DAYS: i64 = 30;

    fn is_over(&self, _: Timestamp, _: &Passed) -> bool {
        self.due.is_none()
    }
}

impl Ends for Event {
    const BY: By = By::Number;
    const DAYS: i64 = 30;

    fn is_over(&self, _: Timestamp, _: &Passed) -> bool {
        self.due.is_none()
    }

    /// A lane that was made for it alone.
    fn with_it(&self, store: &mut dyn Writer) -> Result<(), Refusal> {
        if self.lane == self.number && store.claim::<Lane>((self.target, self.lane))?.is_some() {
            store.delete::<Lane>((self.target, self.lane))?;
        }
        Ok(())
    }
}

impl Ends for Notice {
    const BY: By = By::Number;
    const DAYS: i64 = 7;

    fn is_over(&self, _: Timestamp, passed: &Passed) -> bool {
        passed.has(self)
    }
}

impl Ends for Session {
    const BY: By = By::End;
    const DAYS: i64 = 7;

    fn is_over(&self, now: Timestamp, _: &Passed) -> bool {
        self.expires < now
    }
}

impl Ends for SignIn {
    const BY: By = By::Number;
    const DAYS: i64 = 30;

    fn is_over(&self, now: Timestamp, _: &Passed) -> bool {
        self.expires < now
    }
}

impl Ends for Code {
    const BY: By = By::Number;
    const DAYS: i64 = 30;

    fn is_over(&self, now: Timestamp, _: &Passed) -> bool {
        self.expires < now
    }
}

impl Ends for RefreshToken {
    const BY: By = By::Number;
    const DAYS: i64 = 90;

    fn is_over(&self, now: Timestamp, _: &Passed) -> bool {
        self.used.is_some_and(|used| used.plus_seconds(Self::DAYS * DAY_S) < now)
    }
}

impl Ends for MomoToken {
    const BY: By = By::Number;
    const DAYS: i64 = 30;

    fn is_over(&self, now: Timestamp, _: &Passed) -> bool {
        self.expires < now
    }
}

impl Ends for Link {
    const BY: By = By::End;
    const DAYS: i64 = 30;

    fn is_over(&self, now: Timestamp, _: &Passed) -> bool {
        self.expires < now && !self.can_be_sent_again()
    }
}
