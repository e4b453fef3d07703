//! All that happened, from the books and the notices, in an order in which nothing is skipped.
//!
//! Several processes write at once, and what one of them numbers earlier may be seen later. So a reader does not go by
//! numbers: each process writes a chain of its own, whose entries are counted without a gap, and a [`Cursor`] says how
//! far each chain was read. Within a batch the entries are in the order of their numbers. For one wallet that is the
//! order in which they were booked: a posting's number is greater than that of the wallet's posting before it, which was
//! committed by then, and so is in the same batch or an earlier one.

use super::notice::{Notice, NoticeHead};
use crate::currency::{self, Currency};
use crate::identity::Profile;
use crate::ledger::{Chain, Posting, Transaction, Wallet};
use crate::refusal::Refusal;
use crate::store::{Query, Reader, Record};
use florin_sdk_core::model::{Event, EventData, EventType};
use florin_sdk_core::{Timestamp, Txid, Upid, Waid};
use std::collections::{BTreeMap, HashMap};

/// How much lower than the clock a number may be that is seen only now, in microseconds: how long a transaction may
/// take. One that takes longer is found, too, by a longer search.
const MARGIN: i64 = 120_000_000;

/// How many rows are looked at in one go.
const PAGE: usize = 500;

/// How old a cursor may be for those who read live: a day.
const MAX_AGE_S: i64 = 86_400;

/// The most chains of a cursor: there are 16, and two tracks.
const MAX_CHAINS: usize = 64;

/// The most profiles above one another.
const MAX_DEPTH: usize = 32;

/// How far a chain was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Mark {
    /// So many of its entries.
    position: i64,
    /// What comes next has a number above this one.
    floor: i64,
    /// Of the next entry, so many postings.
    part: u32,
}

type Track = BTreeMap<u32, Mark>;

/// How far somebody has read: of each chain, transactions and notices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    moved: Track,
    told: Track,
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Among the notices, not the transactions.
    told: bool,
    chain: u32,
    position: i64,
    number: i64,
    /// Which part of it, from 1; none if it was the last.
    part: Option<u32>,
}

/// Something that happened, to one wallet or profile.
#[derive(Debug, Clone)]
pub struct Happening {
    /// The profile that it concerns, then those above it.
    pub upids: Vec<Upid>,
    /// What those concerned are told.
    pub event: Event,
    /// Where it stands.
    pub place: Place,
}

impl Happening {
    /// What it must stay in order with: a wallet, or, without one, a profile.
    #[must_use]
    pub fn lane(&self) -> i64 {
        let data = &self.event.data;
        data.waid.map_or_else(|| data.upid.number(), Waid::number).cast_signed()
    }
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// What happened, oldest first.
    pub happenings: Vec<Happening>,
    /// Where to go on.
    pub cursor: Cursor,
    /// Whether there is more.
    pub more: bool,
}

impl Cursor {
    /// Goes behind this place.
    pub fn pass(&mut self, place: &Place) {
        let track = if place.told { &mut self.told } else { &mut self.moved };
        let mark = track.entry(place.chain).or_default();
        match place.part {
            None => *mark = Mark { position: place.position, floor: place.number, part: 0 },
            Some(part) => *mark = Mark { position: place.position - 1, part, ..*mark },
        }
    }

    /// Whether this place lies behind.
    #[must_use]
    pub fn has_passed(&self, place: &Place) -> bool {
        let track = if place.told { &self.told } else { &self.moved };
        let mark = track.get(&place.chain).copied().unwrap_or_default();
        let here = place.part.map_or((place.position, 0), |part| (place.position - 1, part));
        (mark.position, mark.part) >= here
    }

    /// Goes as far as the other one, where that is farther.
    pub fn join(&mut self, other: &Self) {
        for (own, theirs) in [(&mut self.moved, &other.moved), (&mut self.told, &other.told)] {
            for (chain, mark) in theirs {
                let own = own.entry(*chain).or_default();
                if (mark.position, mark.part, mark.floor) > (own.position, own.part, own.floor) {
                    *own = *mark;
                }
            }
        }
    }

    /// How many entries it is ahead of the other one.
    #[must_use]
    pub fn ahead_of(&self, other: &Self) -> i64 {
        let ahead = |own: &Track, theirs: &Track| -> i64 {
            let position = |chain: &u32| theirs.get(chain).map_or(0, |mark| mark.position);
            own.iter().map(|(chain, mark)| mark.position.saturating_sub(position(chain)).max(0)).sum()
        };
        ahead(&self.moved, &other.moved).saturating_add(ahead(&self.told, &other.told))
    }

    /// Refuses one that is too old to go on from: what happened since is to be read from the lists.
    pub fn need_fresh(&self, now: Timestamp) -> Result<(), Refusal> {
        let newest = self.moved.values().chain(self.told.values()).map(|mark| mark.floor).max();
        let oldest = now.plus_seconds(-MAX_AGE_S).millis().saturating_mul(1000);
        if newest.is_some_and(|newest| newest < oldest) {
            return Err(Refusal::field("after", "is older than a day: read the lists, and begin anew without it"));
        }
        Ok(())
    }

    /// From its text.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        read_text(text).ok_or_else(|| Refusal::field("after", "is not a cursor of this list"))
    }
}

/// `1~` and two tracks: for each chain its number, position, floor and part, with base 36.
impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("1")?;
        for track in [&self.moved, &self.told] {
            f.write_str("~")?;
            for (index, (chain, mark)) in track.iter().enumerate() {
                let numbers = [i64::from(*chain), mark.position, mark.floor, i64::from(mark.part)];
                let texts = numbers.map(|number| base36(number.unsigned_abs()));
                write!(f, "{}{}", if index == 0 { "" } else { "-" }, texts.join("."))?;
            }
        }
        Ok(())
    }
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit(u32::try_from(number % 36).unwrap_or(0), 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

fn read_text(text: &str) -> Option<Cursor> {
    let mut parts = text.split('~');
    if parts.next() != Some("1") {
        return None;
    }
    let mut track = || -> Option<Track> {
        let mut track = Track::new();
        let text = parts.next()?;
        for entry in text.split('-').filter(|_| !text.is_empty()) {
            let mut numbers = entry.split('.').map(|number| i64::from_str_radix(number, 36).ok().filter(|n| *n >= 0));
            let mut next = || numbers.next().flatten();
            let chain = u32::try_from(next()?).ok()?;
            let mark = Mark { position: next()?, floor: next()?, part: u32::try_from(next()?).ok()? };
            if numbers.next().is_some() || track.insert(chain, mark).is_some() || track.len() > MAX_CHAINS {
                return None;
            }
        }
        Some(track)
    };
    let cursor = Cursor { moved: track()?, told: track()? };
    parts.next().is_none().then_some(cursor)
}

fn floor(now: Timestamp) -> i64 {
    now.millis().saturating_mul(1000).saturating_sub(MARGIN).max(0)
}

/// How long each chain is.
type Lengths = Vec<(u32, i64)>;

fn lengths(store: &mut dyn Reader) -> Result<(Lengths, Lengths), Refusal> {
    let moved = store.list::<Chain>(Chain::query())?.into_iter().map(|chain| (chain.chain, chain.length)).collect();
    let told =
        store.list::<NoticeHead>(NoticeHead::query())?.into_iter().map(|head| (head.chain, head.length)).collect();
    Ok((moved, told))
}

/// Behind all that happened so far.
pub fn end(store: &mut dyn Reader) -> Result<Cursor, Refusal> {
    let (moved, told) = lengths(store)?;
    let floor = floor(store.now());
    let track = |list: Vec<(u32, i64)>| {
        list.into_iter().map(|(chain, position)| (chain, Mark { position, floor, part: 0 })).collect()
    };
    Ok(Cursor { moved: track(moved), told: track(told) })
}

/// What happened behind `from`: `limit` transactions and as many notices at most.
pub fn read(store: &mut dyn Reader, from: &Cursor, limit: usize) -> Result<Batch, Refusal> {
    let mut cursor = from.clone();
    let (moved, told) = lengths(store)?;
    let (transactions, more_moved) = news(store, &mut cursor.moved, &moved, limit, &TRANSACTIONS)?;
    let (notices, more_told) = news(store, &mut cursor.told, &told, limit, &NOTICES)?;
    let mut entries: Vec<Entry> = transactions.into_iter().map(Entry::Moved).collect();
    entries.extend(notices.into_iter().map(Entry::Told));
    entries.sort_by_key(Entry::number);
    let mut known = Known::prepare(store, &entries)?;
    let mut happenings = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut found = match &entry {
            Entry::Moved(transaction) => known.movements(store, transaction)?,
            Entry::Told(notice) => known.notice(store, notice)?,
        };
        let (chain, position, number) = entry.place();
        let mut place = Place { told: matches!(entry, Entry::Told(_)), chain, position, number, part: None };
        let track = if place.told { &cursor.told } else { &cursor.moved };
        let mark = track.get(&chain).copied().unwrap_or_default();
        let passed = if mark.position + 1 == position { mark.part } else { 0 };
        let last = found.len();
        for (index, (upids, event)) in found.drain(..).enumerate() {
            let part = u32::try_from(index + 1).unwrap_or(u32::MAX);
            place.part = (index + 1 < last).then_some(part);
            if part > passed {
                happenings.push(Happening { upids, event, place });
            }
        }
        cursor.pass(&Place { part: None, ..place });
    }
    Ok(Batch { happenings, cursor, more: more_moved || more_told })
}

/// How the rows of a table are found, and where they stand.
struct Source<R> {
    /// Those of these chains with a greater number, in the order of their numbers.
    above: fn(i64, &[u32]) -> Query,
    /// Those of this chain behind this position, in the order of their numbers.
    behind: fn(u32, i64) -> Query,
    /// Chain, position, number.
    place: fn(&R) -> (u32, i64, i64),
}

const TRANSACTIONS: Source<Transaction> = Source {
    above: |number, chains| {
        let query = Transaction::query().greater(Transaction::txid, number).any_of(Transaction::chain, chains);
        query.ascending(Transaction::txid)
    },
    behind: |chain, position| {
        let query = Transaction::query().eq(Transaction::chain, chain).greater(Transaction::position, position);
        query.ascending(Transaction::txid)
    },
    place: |row| (row.chain, row.position, row.txid.number().cast_signed()),
};

const NOTICES: Source<Notice> = Source {
    above: |number, chains| {
        let query = Notice::query().greater(Notice::number, number).any_of(Notice::chain, chains);
        query.ascending(Notice::number)
    },
    behind: |chain, position| {
        let query = Notice::query().eq(Notice::chain, chain).greater(Notice::position, position);
        query.ascending(Notice::number)
    },
    place: |row| (row.chain, row.position, row.number),
};

/// The rows that were not read yet, `limit` at most, and whether there are more. Chains without any are looked for from
/// a later number next time.
fn news<R: Record>(
    store: &mut dyn Reader,
    track: &mut Track,
    lengths: &[(u32, i64)],
    limit: usize,
    source: &Source<R>,
) -> Result<(Vec<R>, bool), Refusal> {
    let now = floor(store.now());
    // A chain that began since has all its entries after what was read of the others, but for the margin.
    let lowest = track.values().map(|mark| mark.floor).min().unwrap_or(0).saturating_sub(MARGIN);
    let (mut behind, mut from) = (Vec::new(), i64::MAX);
    for (chain, length) in lengths {
        let mark = track.entry(*chain).or_insert(Mark { position: 0, floor: lowest, part: 0 });
        if *length > mark.position {
            behind.push((*chain, mark.position, *length));
            from = from.min(mark.floor);
        } else {
            mark.floor = mark.floor.max(now);
        }
    }
    if behind.is_empty() {
        return Ok((Vec::new(), false));
    }
    let chains: Vec<u32> = behind.iter().map(|(chain, ..)| *chain).collect();
    let mut reached: HashMap<u32, i64> = behind.iter().map(|(chain, position, _)| (*chain, *position)).collect();
    let mut found = Vec::new();
    loop {
        let page = store.list::<R>((source.above)(from, &chains).limit(PAGE))?;
        let full = page.len() == PAGE;
        for row in page {
            let (chain, position, number) = (source.place)(&row);
            from = number;
            let reached = reached.entry(chain).or_default();
            if position <= *reached {
                continue;
            }
            if position != *reached + 1 {
                return search(store, &behind, limit, source);
            }
            *reached = position;
            found.push(row);
            if found.len() == limit {
                return Ok((found, true));
            }
        }
        if !full {
            break;
        }
    }
    if behind.iter().any(|(chain, _, length)| reached.get(chain) != Some(length)) {
        return search(store, &behind, limit, source);
    }
    Ok((found, false))
}

/// The same, by the count alone: for when a transaction took longer than any should.
fn search<R: Record>(
    store: &mut dyn Reader,
    behind: &[(u32, i64, i64)],
    limit: usize,
    source: &Source<R>,
) -> Result<(Vec<R>, bool), Refusal> {
    let mut rows = Vec::new();
    for (chain, position, _) in behind {
        rows.extend(store.list::<R>((source.behind)(*chain, *position).limit(limit + 1))?);
    }
    rows.sort_by_key(|row| (source.place)(row).2);
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok((rows, more))
}

enum Entry {
    Moved(Transaction),
    Told(Notice),
}

impl Entry {
    fn place(&self) -> (u32, i64, i64) {
        match self {
            Self::Moved(row) => (TRANSACTIONS.place)(row),
            Self::Told(row) => (NOTICES.place)(row),
        }
    }

    fn number(&self) -> i64 {
        self.place().2
    }
}

/// Where a notice stands.
pub(super) fn place_of(notice: &Notice) -> Place {
    let (chain, position, number) = (NOTICES.place)(notice);
    Place { told: true, chain, position, number, part: None }
}

/// What was looked up for a batch.
#[derive(Default)]
struct Known {
    postings: HashMap<Txid, Vec<Posting>>,
    wallets: HashMap<Waid, Wallet>,
    currencies: HashMap<u32, Currency>,
    above: HashMap<Upid, Vec<Upid>>,
}

impl Known {
    fn prepare(store: &mut dyn Reader, entries: &[Entry]) -> Result<Self, Refusal> {
        let mut known = Self::default();
        let txids: Vec<Txid> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Moved(transaction) => Some(transaction.txid),
                Entry::Told(_) => None,
            })
            .collect();
        for txids in txids.chunks(PAGE / 4) {
            for posting in crate::ledger::postings_of_all(store, txids)? {
                known.postings.entry(posting.txid).or_default().push(posting);
            }
        }
        let mut waids: Vec<Waid> = known.postings.values().flatten().map(|posting| posting.waid).collect();
        waids.sort_unstable();
        waids.dedup();
        for waids in waids.chunks(PAGE) {
            let wallets = store.list::<Wallet>(Wallet::query().any_of(Wallet::waid, waids))?;
            known.wallets.extend(wallets.into_iter().map(|wallet| (wallet.waid, wallet)));
        }
        Ok(known)
    }

    /// The profile, and those above it.
    fn upids(&mut self, store: &mut dyn Reader, upid: Upid) -> Result<Vec<Upid>, Refusal> {
        if let Some(known) = self.above.get(&upid) {
            return Ok(known.clone());
        }
        let (mut upids, mut next) = (Vec::new(), Some(upid));
        while let Some(upid) = next.filter(|upid| upids.len() < MAX_DEPTH && !upids.contains(upid)) {
            upids.push(upid);
            next = store.get::<Profile>(upid)?.and_then(|profile| profile.parent);
        }
        self.above.insert(upid, upids.clone());
        Ok(upids)
    }

    fn currency(&mut self, store: &mut dyn Reader, number: u32) -> Result<Currency, Refusal> {
        if let Some(known) = self.currencies.get(&number) {
            return Ok(known.clone());
        }
        let found = currency::by_number(store, number)?;
        self.currencies.insert(number, found.clone());
        Ok(found)
    }

    /// What a transaction did to each wallet that can be seen.
    fn movements(
        &mut self,
        store: &mut dyn Reader,
        transaction: &Transaction,
    ) -> Result<Vec<(Vec<Upid>, Event)>, Refusal> {
        let mut postings = self.postings.remove(&transaction.txid).unwrap_or_default();
        postings.sort_unstable_by_key(|posting| posting.posting);
        let mut found = Vec::with_capacity(postings.len());
        for posting in postings {
            let Some(wallet) = self.wallets.get(&posting.waid).filter(|wallet| !wallet.is_issuance) else { continue };
            let upid = wallet.upid;
            let currency = self.currency(store, posting.currency)?;
            let held = if posting.held == 0 { None } else { Some(currency.amount(posting.held)?) };
            let data = EventData {
                waid: Some(posting.waid),
                txid: Some(transaction.txid),
                hoid: transaction.hold,
                amount: Some(currency.amount(posting.units)?),
                held,
                balance: Some(currency.amount(posting.balance)?),
                currency: Some(currency.code),
                description: Some(transaction.description.clone()).filter(|text| !text.is_empty()),
                reference_id: transaction.reference.clone(),
                original_txid: transaction.original,
                ..EventData::of(upid)
            };
            let kind = EventType::from(transaction.kind.as_str().to_owned());
            let event = Event { kind, timestamp: transaction.created, data };
            found.push((self.upids(store, upid)?, event));
        }
        Ok(found)
    }

    fn notice(&mut self, store: &mut dyn Reader, notice: &Notice) -> Result<Vec<(Vec<Upid>, Event)>, Refusal> {
        let data = serde_json::from_value(serde_json::Value::Object(notice.data.0.clone()));
        let data = data.unwrap_or_else(|error| {
            tracing::error!(notice = notice.number, %error, "a notice cannot be read");
            EventData::of(notice.upid)
        });
        let event = Event { kind: EventType::from(notice.kind.clone()), timestamp: notice.created, data };
        Ok(vec![(self.upids(store, notice.upid)?, event)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_from_its_text() {
        let mut cursor = Cursor::default();
        assert_eq!(Cursor::parse(&cursor.to_string()).unwrap(), cursor);
        let number = 1_700_000_000_000_001;
        let place = Place { told: false, chain: 3, position: 7, number, part: None };
        cursor.pass(&place);
        cursor.pass(&Place { told: true, chain: 16, position: 1, number, part: Some(2) });
        cursor.pass(&Place { chain: 1, position: i64::MAX, ..place });
        assert_eq!(Cursor::parse(&cursor.to_string()).unwrap(), cursor);
        for bad in [
            "",
            "1",
            "1~",
            "2~~",
            "1~~~",
            "1~a~",
            "1~1.1.1~",
            "1~1.1.1.1.1~",
            "1~-1.1.1.1~",
            "1~1.1.1.1-1.2.2.2~",
            "1~1.1.1.!~",
        ] {
            assert!(Cursor::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_of_an_entry_are_passed_one_by_one() {
        let place = |position, part| Place { told: false, chain: 1, position, number: 100 + position, part };
        let mut cursor = Cursor::default();
        cursor.pass(&place(4, None));
        assert!(cursor.has_passed(&place(4, Some(1))) && cursor.has_passed(&place(4, None)));
        assert!(!cursor.has_passed(&place(5, Some(1))));
        cursor.pass(&place(5, Some(1)));
        assert!(cursor.has_passed(&place(5, Some(1))) && !cursor.has_passed(&place(5, Some(2))));
        assert!(!cursor.has_passed(&place(5, None)));
        let mut other = Cursor::default();
        other.pass(&place(5, None));
        cursor.join(&other);
        assert_eq!(cursor, other);
    }
}
