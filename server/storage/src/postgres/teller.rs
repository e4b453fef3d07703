//! Telling those whose batch has ended.
//!
//! Whoever is told is woken, on another thread. Where the thread that writes told them, that was a wake-up and a change of
//! threads for each, while it had better gone on. So it gives the telling away: to a task of the runtime, which is woken once
//! for a batch, and wakes those who asked on its own threads.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// What is to be said. However it ends, it is said: if there is nobody left to say it, by whoever drops it.
struct Untold(Option<Box<dyn FnOnce() + Send>>);

impl Drop for Untold {
    fn drop(&mut self) {
        if let Some(say) = self.0.take() {
            say();
        }
    }
}

/// See the module. None where there is no runtime of several threads: there whoever has something to tell does so.
pub(super) struct Teller(Option<UnboundedSender<Untold>>);

impl Teller {
    /// One that tells on the runtime of whoever calls, if there is one.
    pub(super) fn here() -> Self {
        // The one thread of another runtime may wait for what it is to be told.
        let several = |handle: &Handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread;
        Self(Handle::try_current().ok().filter(several).map(|handle| {
            let (to, mut from) = unbounded_channel::<Untold>();
            drop(handle.spawn(async move {
                while let Some(untold) = from.recv().await {
                    drop(untold);
                }
            }));
            to
        }))
    }

    /// Has something said, after all that it was given before.
    pub(super) fn tell(&self, say: impl FnOnce() + Send + 'static) {
        let untold = Untold(Some(Box::new(say)));
        if let Self(Some(to)) = self {
            // If the runtime has ended, it is said here.
            let _ = to.send(untold);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread::{ThreadId, current};
    use tokio::runtime::{Builder, Runtime};

    fn several() -> Runtime {
        Builder::new_multi_thread().worker_threads(2).build().unwrap_or_else(|e| panic!("no runtime: {e}"))
    }

    /// Who said what, of so many things.
    fn said(teller: &Teller, count: usize) -> Vec<(usize, ThreadId)> {
        let (to, from) = channel();
        for number in 0..count {
            let to = to.clone();
            teller.tell(move || _ = to.send((number, current().id())));
        }
        drop(to);
        from.iter().collect()
    }

    #[test]
    fn a_runtime_says_all_in_turn() {
        let runtime = several();
        let teller = runtime.block_on(async { Teller::here() });
        let said = said(&teller, 1000);
        assert!(said.iter().map(|(number, _)| *number).eq(0..1000));
        assert!(said.iter().all(|(_, thread)| *thread != current().id()));
    }

    #[test]
    fn without_one_it_is_said_here() {
        let alone = Builder::new_current_thread().build().unwrap_or_else(|e| panic!("no runtime: {e}"));
        for teller in [Teller::here(), alone.block_on(async { Teller::here() })] {
            assert_eq!(said(&teller, 3), [0, 1, 2].map(|number| (number, current().id())));
        }
    }

    #[test]
    fn a_runtime_that_ends_leaves_nothing_unsaid() {
        let runtime = several();
        let teller = runtime.block_on(async { Teller::here() });
        let (to, from) = channel();
        for number in 0..1000 {
            let to = to.clone();
            teller.tell(move || _ = to.send(number));
        }
        drop(runtime);
        teller.tell(move || _ = to.send(1000));
        let mut all: Vec<_> = from.iter().collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..=1000));
    }
}
