//! A store on a temporary file, and synchronous ways to use it.

use florin_domain::Refusal;
use florin_domain::clock::Clock;
use florin_domain::store::{Reader, Store, StoreError, WriteJob, Writer};
use florin_storage::{Mode, OpenError, open};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

/// A database on a temporary file.
pub(crate) struct Temporary {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) clock: Clock,
}

impl Temporary {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Clock::system() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("books.db")
    }

    pub(crate) fn try_open(&self, mode: Mode) -> Result<Arc<dyn Store>, OpenError> {
        open(&format!("sqlite://{}", self.path().display()), mode, self.clock.clone())
    }

    pub(crate) fn open(&self) -> Arc<dyn Store> {
        self.try_open(Mode::Serve).unwrap()
    }
}

pub(crate) fn read<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnOnce(&mut dyn Reader) -> T + Send + 'static,
) -> T {
    let (send, receive) = channel();
    store.read(Box::new(move |reader| send.send(work(reader)).unwrap())).unwrap();
    receive.recv().unwrap()
}

struct Job<F, T> {
    work: F,
    result: Option<Result<T, Refusal>>,
    done: Sender<Result<Result<T, Refusal>, StoreError>>,
}

impl<T: Send, F: FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send> WriteJob for Job<F, T> {
    fn run(&mut self, writer: &mut dyn Writer) -> bool {
        self.result.insert((self.work)(writer)).is_ok()
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let panicked = || Err(Refusal::new(florin_sdk_core::code::Code::SYSTEM_ERROR));
        let Self { result, done, .. } = *self;
        done.send(committed.map(|()| result.unwrap_or_else(panicked))).unwrap();
    }
}

/// What a write job will have said, when it has.
pub(crate) type Pending<T> = std::sync::mpsc::Receiver<Result<Result<T, Refusal>, StoreError>>;

pub(crate) fn start<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send + 'static,
) -> Pending<T> {
    let (done, receive) = channel();
    store.write(Box::new(Job { work, result: None, done })).unwrap();
    receive
}

pub(crate) fn write<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    start(store, work).recv().unwrap().unwrap()
}
