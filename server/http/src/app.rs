//! What every request shares.

use crate::bridge;
use crate::credentials::Credentials;
use crate::guard::Crowd;
use crate::limits::Limits;
use crate::live;
use crate::metrics::Metrics;
use crate::momo;
use crate::outbound;
use crate::unlock::Attempts;
use crate::upkeep;
use crate::watch::{Seen, Watch};
use florin_domain::Refusal;
use florin_domain::bridge::Bridges;
use florin_domain::clock::Clock;
use florin_domain::seal::Sealer;
use florin_domain::settings::{self, NOTIFIER_HOST, SettingRow, Settings};
use florin_domain::sso::StrategyKind;
use florin_domain::store::{ReadJob, Reader, Store, StoreError, WriteJob, Writer, read_job};
use florin_sdk_core::code::Code;
use florin_sdk_core::{Mtid, Timestamp, WebUrl};
use ipnet::IpNet;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::{Notify, Semaphore, oneshot};
use url::{Origin, Url};

/// The most tokens whose last use is remembered.
const MAX_LAST_USED: usize = 100_000;

/// How much slow work is done at once: hashing a password keeps a core busy.
const SLOW_AT_ONCE: usize = 2;

/// How much slow work may wait. More is refused, so that a flood of it does not fill the memory.
const SLOW_WAITING: usize = 64;

/// Where the server stands in the world.
#[derive(Debug, Clone)]
pub struct Site {
    /// How people, applications and other servers reach it. All that leads back here begins with this address: links in
    /// mails, the issuer of single sign-on and its endpoints.
    pub public_url: Url,
    /// Issuers that stand in for those of Google, Facebook and LinkedIn: for tests.
    pub issuers: HashMap<String, String>,
    /// The folder that mails go to, if they do.
    pub mail_folder: Option<PathBuf>,
    /// Scheme, host and port of the pages that links in mails may lead to, whoever asks for them.
    pub callback_origins: Vec<Origin>,
}

impl Site {
    /// At this address, with nothing else said.
    #[must_use]
    pub fn at(public_url: Url) -> Self {
        Self { public_url, issuers: HashMap::new(), mail_folder: None, callback_origins: Vec::new() }
    }
}

/// An address as paths are put behind it: without a slash at its end.
fn without_slash(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// The server, as handlers see it. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    sandbox: bool,
    metrics: Metrics,
    last_use: Arc<LastUse>,
    credentials: Credentials,
    sealer: Sealer,
    settings: Settings,
    limits: Limits,
    crowd: Crowd,
    attempts: Attempts,
    /// Proxies that are believed when they say for whom they ask.
    proxies: OnceLock<Vec<IpNet>>,
    clock: Clock,
    /// Wakes whoever sends mails.
    mails: Notify,
    /// Where it stands in the world.
    site: OnceLock<Site>,
    /// Places for slow work: those that work and those that wait.
    slow: Arc<Semaphore>,
    slow_waiting: Semaphore,
    momo: momo::State,
    outbound: outbound::State,
    live: live::State,
    bridge: bridge::State,
}

impl App {
    /// A server on this storage. `sandbox` lets requests ask for faults. Its database must be set up, and then it must be
    /// made ready with [`App::open`].
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Clock, sandbox: bool) -> Self {
        let last_use = Arc::new(LastUse { clock: clock.clone(), seen: Mutex::default(), sessions: Mutex::default() });
        let credentials = Credentials::new(store.is_shared());
        let momo = momo::State::default();
        let bridge = bridge::State::new(&store, sandbox);
        let (metrics, mails) = (Metrics::default(), Notify::new());
        let (slow, slow_waiting) = (Arc::new(Semaphore::new(SLOW_AT_ONCE)), Semaphore::new(SLOW_WAITING));
        let (sealer, settings) = (Sealer::default(), Settings::default());
        let (limits, attempts) = (Limits::new(settings.clone()), Attempts::new(clock.clone()));
        Self(Arc::new(Inner {
            store,
            sandbox,
            metrics,
            last_use,
            credentials,
            sealer,
            settings,
            limits,
            crowd: Crowd::default(),
            attempts,
            proxies: OnceLock::new(),
            clock,
            mails,
            site: OnceLock::new(),
            slow,
            slow_waiting,
            momo,
            outbound: outbound::State::default(),
            live: live::State::default(),
            bridge,
        }))
    }

    /// Believes these proxies when they say for whom they ask (`X-Forwarded-For`). Once, at the start.
    pub fn trust(&self, proxies: Vec<IpNet>) {
        let _ = self.0.proxies.set(proxies);
    }

    /// The proxies that are believed.
    pub(crate) fn proxies(&self) -> &[IpNet] {
        self.0.proxies.get().map_or(&[], Vec::as_slice)
    }

    /// How often.
    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Requests under way.
    pub(crate) fn crowd(&self) -> &Crowd {
        &self.0.crowd
    }

    /// Guesses of the application password.
    pub(crate) fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    /// Takes over keys and settings from the database. Without it every component is locked.
    pub async fn open(&self) -> Result<(), Refusal> {
        upkeep::open(self).await
    }

    /// Seals and unseals secrets that are stored; see [`florin_domain::seal`].
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    /// What the operator has set; see [`florin_domain::settings`].
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Whether other processes may write the same database.
    pub(crate) fn is_shared(&self) -> bool {
        self.0.store.is_shared()
    }

    /// Whether requests may ask for faults.
    #[must_use]
    pub fn sandbox(&self) -> bool {
        self.0.sandbox
    }

    /// The counters.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// What is said of messages; once, before they are sent.
    pub fn configure_messages(&self, options: outbound::Options) {
        self.0.outbound.configure(options);
    }

    /// Ends the streams of live events, as the server stops.
    pub fn end_streams(&self) {
        self.0.live.end();
    }

    /// What is kept in memory for messages.
    pub(crate) fn outbound(&self) -> &outbound::State {
        &self.0.outbound
    }

    /// What is kept in memory for live events.
    pub(crate) fn live(&self) -> &live::State {
        &self.0.live
    }

    /// Wakes, and is awaited by, whoever sends mails.
    pub(crate) fn mails(&self) -> &Notify {
        &self.0.mails
    }

    /// Says where it stands in the world. What was said first counts.
    pub fn stand_at(&self, site: Site) {
        if self.0.site.set(site).is_err() {
            tracing::warn!("where the server stands was said twice");
        }
    }

    /// How people, applications and other servers reach this one, without a slash at the end: the issuer of single
    /// sign-on, too.
    pub(crate) fn public_address(&self) -> &str {
        self.0.site.get().map_or("http://127.0.0.1:8040", |site| without_slash(&site.public_url))
    }

    /// The same for links in mails: on the host `notifierhost`, if the operator has set one.
    pub(crate) fn mail_address(&self) -> String {
        let host = self.0.settings.get(NOTIFIER_HOST);
        if let (false, Some(site)) = (host.is_empty(), self.0.site.get()) {
            let mut url = site.public_url.clone();
            // What is set was looked at; should it not fit all the same, the address stays as it is.
            if url.set_host(Some(&host)).is_ok() {
                return without_slash(&url).to_owned();
            }
        }
        self.public_address().to_owned()
    }

    /// Who signs the id tokens of a strategy.
    pub(crate) fn issuer_of(&self, kind: StrategyKind) -> &str {
        let own = self.0.site.get().and_then(|site| site.issuers.get(kind.id()));
        own.map_or(kind.issuer(), String::as_str)
    }

    /// The folder that mails go to, if they do.
    pub(crate) fn mail_folder(&self) -> Option<&PathBuf> {
        self.0.site.get()?.mail_folder.as_ref()
    }

    /// Whether a link in a mail that anybody may ask for may lead here: to a place that the operator named; in a sandbox
    /// anywhere.
    pub(crate) fn may_lead_to(&self, address: &WebUrl) -> bool {
        let Ok(url) = Url::parse(address.as_str()) else { return false };
        let named = |site: &Site| site.callback_origins.contains(&url.origin());
        self.sandbox() || self.0.site.get().is_some_and(named)
    }

    /// What the MoMo surface keeps in memory.
    pub(crate) fn momo(&self) -> &momo::State {
        &self.0.momo
    }

    /// The ways to outside networks.
    pub(crate) fn bridges(&self) -> &Bridges {
        self.0.bridge.bridges()
    }

    /// What the bridges' workers share.
    pub(crate) fn bridge(&self) -> &bridge::State {
        &self.0.bridge
    }

    /// The clock that all of the server goes by.
    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Whether writes reach the disk.
    pub fn health(&self) -> Result<(), StoreError> {
        self.0.store.health()
    }

    /// When mobile tokens were last used.
    pub(crate) fn last_use(&self) -> Arc<LastUse> {
        self.0.last_use.clone()
    }

    /// The credentials that were found to work.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Reads, on a connection that cannot write.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Reader) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.ask(once(work), |job| self.0.store.read(job)).await
    }

    /// The same for work that reads little: rows by their keys, a page of a list.
    pub(crate) async fn read_little<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Reader) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.ask(once(work), |job| self.0.store.read_little(job)).await
    }

    /// The same for work that can run more than once, as an engine that is far away has it: it reads for many at once.
    pub(crate) async fn read_again<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Reader) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.ask(work, |job| self.0.store.read_again(job)).await
    }

    /// Does slow work on a thread of its own, a few at a time; `TOO_BUSY` if too many wait already.
    pub(crate) async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _waiting = self.0.slow_waiting.try_acquire().map_err(|_| Refusal::new(Code::TOO_BUSY))?;
        let failed = || Refusal::new(Code::SYSTEM_ERROR);
        let place = self.0.slow.clone().acquire_owned().await.map_err(|_| failed())?;
        let worked = tokio::task::spawn_blocking(move || {
            // Held by the work itself: whoever asked may go away, the work goes on.
            let _place = place;
            work()
        });
        worked.await.unwrap_or_else(|_| Err(failed()))
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Reader) -> Result<T, Refusal> + Send + 'static,
        queue: impl FnOnce(Box<dyn ReadJob>) -> Result<(), StoreError>,
    ) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        // Whoever asked may have gone; then nobody is told.
        queue(read_job(work, |result| drop(answer.send(result))))?;
        answered.await.unwrap_or_else(|_| Err(Refusal::new(Code::SYSTEM_ERROR)))
    }

    /// Writes. The answer comes after the commit is on disk. What `work` wrote stays if it is `Ok`, and also with an
    /// error that `keep` accepts.
    pub async fn write<T: Send + 'static, E: From<Refusal> + Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Writer) -> Result<T, E> + Send + 'static,
        keep: fn(&E) -> bool,
    ) -> Result<T, E> {
        let (answer, answered) = oneshot::channel();
        let job = Job { work, keep, result: None, set: None, answer, seen: Seen::default(), app: self.0.clone() };
        self.0.store.write(Box::new(job)).map_err(Refusal::from)?;
        answered.await.unwrap_or_else(|_| Err(Refusal::new(Code::SYSTEM_ERROR).into()))
    }
}

/// When mobile tokens were last used, as far as this process has seen. Only here, in memory: reading with one writes
/// nothing.
pub(crate) struct LastUse {
    clock: Clock,
    seen: Mutex<HashMap<Mtid, Timestamp>>,
    /// The same of the sessions of people.
    sessions: Mutex<HashMap<i64, Timestamp>>,
}

impl LastUse {
    /// Remembers that a token is used now.
    pub(crate) fn note(&self, mtid: Mtid) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MAX_LAST_USED {
            seen.clear();
        }
        seen.insert(mtid, self.clock.now());
    }

    /// Remembers that a session is used now, unless it rests for longer than `most_ms` already; whether it may go on. One
    /// that this process has not seen yet may: another process, or this one before a restart, may have.
    pub(crate) fn go_on(&self, session: i64, most_ms: i64) -> bool {
        let now = self.clock.now();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= MAX_LAST_USED {
            sessions.clear();
        }
        let last = sessions.entry(session).or_insert(now);
        let rests = now.millis() - last.millis() > most_ms;
        if !rests {
            *last = now;
        }
        !rests
    }

    /// When a token was last used.
    pub(crate) fn of(&self, mtid: Mtid) -> Option<Timestamp> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&mtid).copied()
    }
}

/// Work that can be done once only, for those who may ask for it again.
fn once<T>(
    work: impl FnOnce(&mut dyn Reader) -> Result<T, Refusal>,
) -> impl FnMut(&mut dyn Reader) -> Result<T, Refusal> {
    let mut work = Some(work);
    move |reader| work.take().map_or_else(|| Err(Refusal::new(Code::SYSTEM_ERROR)), |work| work(reader))
}

struct Job<F, T, E> {
    work: F,
    keep: fn(&E) -> bool,
    result: Option<Result<T, E>>,
    /// What is set, if this job changed any of it.
    set: Option<Vec<SettingRow>>,
    answer: oneshot::Sender<Result<T, E>>,
    seen: Seen,
    app: Arc<Inner>,
}

impl<F, T, E> WriteJob for Job<F, T, E>
where
    F: FnMut(&mut dyn Writer) -> Result<T, E> + Send,
    T: Send,
    E: From<Refusal> + Send,
{
    fn run(&mut self, writer: &mut dyn Writer) -> bool {
        // It may run again; what an earlier run said does not count.
        (self.result, self.seen, self.set) = (None, Seen::default(), None);
        let result = (self.work)(&mut Watch { writer, seen: &mut self.seen });
        let kept = self.result.insert(result).as_ref().map_or_else(self.keep, |_| true);
        if kept && self.seen.settings {
            self.set = settings::rows(writer.reader()).ok();
        }
        kept
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        if self.seen.credentials {
            // Before anybody is told of it: who ended a key may rely on that.
            self.app.credentials.changed();
        }
        if let Some(rows) = self.set.filter(|_| committed.is_ok()) {
            // The same: who set something sees it count.
            self.app.settings.load(&rows);
        }
        if self.seen.happened {
            self.app.outbound.happened.notify_one();
            self.app.live.happened.notify_one();
        }
        if self.seen.messages {
            self.app.outbound.messages.notify_one();
        }
        if self.seen.mails {
            self.app.mails.notify_one();
        }
        let none = || Err(Refusal::new(Code::SYSTEM_ERROR).into());
        let result = match committed {
            Ok(()) => self.result.unwrap_or_else(none),
            // Nothing of the batch stands, or nobody knows: either way it was not done for sure.
            Err(error) => Err(Refusal::from(error).into()),
        };
        // Whoever asked may have gone; what is committed stays, under its client reference.
        let _ = self.answer.send(result);
    }
}
