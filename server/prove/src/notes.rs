//! What a provider keeps of its own business: which stories have begun, and what was told of their steps.
//!
//! A file of JSON lines beside the SDK's journal, as a provider's database would be. It only has to survive that the
//! process is killed, not a power cut: nothing is synced.

use crate::plan::Place;
use florin_sdk_core::{Hoid, Prid, Txid};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What a client was told of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It was carried out.
    Done {
        /// The transaction that it made.
        txid: Option<Txid>,
        /// The hold that it placed.
        hoid: Option<Hoid>,
        /// The payment request that it made.
        prid: Option<Prid>,
    },
    /// It was refused.
    Refused {
        /// With this code.
        code: u32,
    },
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The story with this number has begun.
    Begun(u32),
    /// What was told of a step.
    Told {
        /// In which story.
        story: u32,
        /// Which step of it.
        step: u32,
        /// What.
        told: Told,
        /// Whether it came from going on with what the journal held after a start.
        resumed: bool,
    },
}

/// The lines of a file of notes. Where a killed process left half a line, there is none.
pub fn read(path: &Path) -> io::Result<Vec<Line>> {
    Ok(lines(&text(path)?))
}

fn text(path: &Path) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

fn lines(text: &str) -> Vec<Line> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A client's notes, open for writing.
#[derive(Debug)]
pub struct Notes {
    client: u32,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    begun: u32,
    told: HashMap<Place, Told>,
}

impl Notes {
    /// Opens the notes of a client, or begins them.
    pub fn open(path: &Path, client: u32) -> io::Result<Self> {
        let text = text(path)?;
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            // Half a line: after it a new one begins.
            file.write_all(b"\n")?;
        }
        let mut inner = Inner { file, begun: 0, told: HashMap::new() };
        for line in lines(&text) {
            match line {
                Line::Begun(story) => inner.begun = inner.begun.max(story + 1),
                Line::Told { story, step, told, .. } => {
                    inner.told.insert(Place { client, story, step }, told);
                }
            }
        }
        Ok(Self { client, inner: Mutex::new(inner) })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many stories have begun.
    pub fn begun(&self) -> u32 {
        self.with(|inner| inner.begun)
    }

    /// What was told of a step.
    pub fn told(&self, place: Place) -> Option<Told> {
        self.with(|inner| inner.told.get(&place).cloned())
    }

    /// Notes that a story begins.
    pub fn begin(&self, story: u32) -> io::Result<()> {
        self.with(|inner| {
            inner.begun = inner.begun.max(story + 1);
            append(&mut inner.file, &Line::Begun(story))
        })
    }

    /// Notes what was told of a step.
    pub fn tell(&self, place: Place, told: &Told, resumed: bool) -> io::Result<()> {
        debug_assert_eq!(place.client, self.client);
        self.with(|inner| {
            inner.told.insert(place, told.clone());
            let line = Line::Told { story: place.story, step: place.step, told: told.clone(), resumed };
            append(&mut inner.file, &line)
        })
    }
}

/// In one write, so that a kill leaves all of it or, in the worst case, a piece.
fn append(file: &mut File, line: &Line) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    file.write_all(&bytes)
}
