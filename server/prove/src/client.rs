//! The client's process: a provider's program that plays its stories, and after it was killed goes on from its journal
//! and its notes.
//!
//! It reads its [`Job`] from the first line of its standard input, and begins no more stories when that ends.

use crate::ProveError;
use crate::action;
use crate::notes::{Notes, Told};
use crate::plan::{Place, Step, World};
use florin_sdk_core::{FlorinError, Knowledge, Secret};
use florin_sdk_server::{ClientOptions, Fate, FileJournal, Journal, ProviderClient, Resumed};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often a step is gone on with before the client gives up.
const PATIENCE: usize = 1000;

/// How long to wait for a call that nobody waits for any more.
const PAUSE: Duration = Duration::from_millis(20);

/// How long an impatient caller waits: no answer is there by then.
const IMPATIENCE: Duration = Duration::from_millis(1);

/// What a client is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// Where the server is.
    pub url: String,
    /// Its key.
    pub api_key: Secret,
    /// The world it plays in.
    pub world: World,
    /// Which client it is.
    pub number: u32,
    /// Where its journal and its notes are.
    pub folder: PathBuf,
    /// How many stories it plays at a time.
    pub at_once: usize,
    /// How long it waits for an answer, in percent of the published time-outs.
    pub timeout_percent: u32,
    /// How many stories it plays in all; until it is stopped when absent.
    pub stories: Option<u32>,
}

impl Job {
    /// The journal of a client.
    #[must_use]
    pub fn journal(folder: &Path, number: u32) -> PathBuf {
        folder.join(format!("journal-{number}"))
    }

    /// How much it has noted.
    pub(crate) fn noted_bytes(&self) -> u64 {
        std::fs::metadata(Self::notes(&self.folder, self.number)).map_or(0, |notes| notes.len())
    }

    /// The notes of a client.
    #[must_use]
    pub fn notes(folder: &Path, number: u32) -> PathBuf {
        folder.join(format!("notes-{number}"))
    }
}

/// A hundredth of the published delays: nobody else waits for these servers.
const DELAY_PERCENT: u32 = 1;

/// The whole process: reads its job from `input`, and does it.
pub fn main(input: impl BufRead + Send + 'static) -> Result<(), ProveError> {
    let mut input = input;
    let mut line = String::new();
    input.read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line)?;
    let (stop, stopped) = watch::channel(false);
    // A thread that nobody waits for: it may well read for ever.
    std::thread::spawn(move || {
        // That reading fails says as well that nobody is there any more.
        let _ = input.read_to_end(&mut Vec::new());
        stop.send_replace(true);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work(job, stopped))
}

struct Player {
    job: Job,
    client: Arc<ProviderClient>,
    journal: Arc<FileJournal>,
    notes: Notes,
}

/// Plays all stories, from where the last process was.
async fn work(job: Job, stopped: watch::Receiver<bool>) -> Result<(), ProveError> {
    let journal = Arc::new(FileJournal::open(Job::journal(&job.folder, job.number)).map_err(FlorinError::from)?);
    let notes = Notes::open(&Job::notes(&job.folder, job.number), job.number)?;
    let options = ClientOptions {
        timeout_scale_percent: job.timeout_percent,
        retry_delay_scale_percent: DELAY_PERCENT,
        ..ClientOptions::new(&job.url)
    };
    let client = ProviderClient::new(options, job.api_key.clone(), journal.clone())?;
    let player = Player { job, client, journal, notes };
    player.resume(true).await?;
    let begun = 0..player.notes.begun();
    let more = begun.end..player.job.stories.unwrap_or(u32::MAX);
    let stories = begun.chain(more.take_while(|_| !*stopped.borrow()));
    let player = &player;
    stream::iter(stories)
        .map(|story| player.play(story))
        .buffer_unordered(player.job.at_once)
        .try_for_each(|()| std::future::ready(Ok(())))
        .await?;
    player.finish().await
}

impl Player {
    /// Plays a story from its first step of which nothing was told.
    async fn play(&self, story: u32) -> Result<(), ProveError> {
        if story >= self.notes.begun() {
            self.notes.begin(story)?;
        }
        let mut first = None;
        for (step, number) in self.job.world.story(self.job.number, story).iter().zip(0..) {
            let place = Place { client: self.job.number, story, step: number };
            let told = match self.notes.told(place) {
                Some(told) => told,
                None => self.settle(place, step, first.as_ref()).await?,
            };
            if number == 0 && matches!(told, Told::Refused { .. }) {
                // As planned or not, nothing can follow.
                return Ok(());
            }
            first.get_or_insert(told);
        }
        Ok(())
    }

    /// Calls until it is known what became of a step, as a provider's program would: after an outcome in doubt it
    /// resumes, after a failure of which it is known that nothing ran it calls again.
    async fn settle(&self, place: Place, step: &Step, first: Option<&Told>) -> Result<Told, ProveError> {
        let reference = place.to_string();
        let call = || action::call(&self.client, &self.job.world, step, first, reference.clone());
        if step.impatient {
            // It goes on by itself, and so there are two of them.
            let _ = tokio::time::timeout(IMPATIENCE, call()).await;
        }
        let mut result = call().await;
        for _ in 0..PATIENCE {
            let error = match result {
                Ok(told) => {
                    self.notes.tell(place, &told, false)?;
                    return Ok(told);
                }
                Err(error) => error,
            };
            result = match (&error, error.knowledge()) {
                (FlorinError::Refused { code, .. }, _) => Ok(Told::Refused { code: *code }),
                (FlorinError::Unavailable { .. }, _) => call().await,
                (_, Knowledge::InDoubt) => match self.go_on(&reference).await? {
                    Some(told) => Ok(told),
                    None => call().await,
                },
                // A wrong key, a broken journal: calling again will not help.
                _ => return Err(error.into()),
            };
        }
        Err(ProveError::Endless(reference))
    }

    /// Goes on with a call in doubt. Nothing is known of one that is still in doubt, and of one that did not run.
    async fn go_on(&self, reference: &str) -> Result<Option<Told>, ProveError> {
        match self.client.operations().resume(reference.to_owned(), None).await {
            Ok(resumed) => Ok(told(&resumed)),
            // The impatient call under the same reference is under way, or was settled meanwhile.
            Err(FlorinError::InvalidInput { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Goes on with what the journal holds.
    async fn resume(&self, from_before: bool) -> Result<(), ProveError> {
        for resumed in self.client.operations().resume_pending().await? {
            if let (Some(told), Ok(place)) = (told(&resumed), resumed.reference.parse()) {
                self.notes.tell(place, &told, from_before)?;
            }
        }
        Ok(())
    }

    /// Waits until nothing is left in the journal.
    async fn finish(&self) -> Result<(), ProveError> {
        for _ in 0..PATIENCE {
            if self.journal.pending().await.map_err(FlorinError::from)?.is_empty() {
                return Ok(());
            }
            self.resume(false).await?;
            // Nothing tells when a call that nobody waits for has ended.
            tokio::time::sleep(PAUSE).await;
        }
        Err(ProveError::Endless(format!("the journal of client {}", self.job.number)))
    }
}

/// What a call that was gone on with tells, if it is decided.
fn told(resumed: &Resumed) -> Option<Told> {
    match &resumed.fate {
        Fate::Done { txid, prid, hoid, .. } => Some(Told::Done { txid: *txid, hoid: *hoid, prid: *prid }),
        Fate::Refused { code, .. } => Some(Told::Refused { code: *code }),
        Fate::NothingRan { .. } | Fate::InDoubt { .. } => None,
    }
}
