//! Telling those who asked.
//!
//! Whoever is told is woken, on another thread. Where a thread that writes told a batch, that was a wake-up and a change of
//! threads for each of its jobs, while the thread had better gone on. So it gives the telling away: to a task of the runtime,
//! which is woken once, and wakes those who asked on its own threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// What is to be said to some. However it ends, it is said: if there is nobody left to say it, by whoever drops it.
struct Untold {
    say: Option<Box<dyn FnOnce() + Send>>,
    /// How many such there are.
    left: Arc<AtomicUsize>,
}

impl Drop for Untold {
    fn drop(&mut self) {
        if let Some(say) = self.say.take() {
            say();
        }
        self.left.fetch_sub(1, Ordering::Release);
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Teller {
    /// None where there is no runtime of several threads: there whoever has something to tell does so.
    to: Option<UnboundedSender<Untold>>,
    left: Arc<AtomicUsize>,
}

impl Teller {
    /// One that tells on the runtime of whoever calls, if there is one.
    pub(crate) fn here() -> Self {
        // The one thread of another runtime may wait for what it is to be told.
        let several = |handle: &Handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread;
        let to = Handle::try_current().ok().filter(several).map(|handle| {
            let (to, mut from) = unbounded_channel::<Untold>();
            drop(handle.spawn(async move {
                while let Some(untold) = from.recv().await {
                    drop(untold);
                }
            }));
            to
        });
        Self { to, left: Arc::default() }
    }

    /// Has something said, after all that it was given before.
    pub(crate) fn tell(&self, say: impl FnOnce() + Send + 'static) {
        self.left.fetch_add(1, Ordering::Relaxed);
        let untold = Untold { say: Some(Box::new(say)), left: self.left.clone() };
        if let Some(to) = &self.to {
            // If the runtime has ended, it is said here.
            let _ = to.send(untold);
        }
    }

    /// Whether all that it was given was said.
    pub(crate) fn is_done(&self) -> bool {
        self.left.load(Ordering::Acquire) == 0
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
    fn whoever_asks_for_nothing_to_be_out_of_turn_sees_what_is_left() {
        let runtime = several();
        let teller = runtime.block_on(async { Teller::here() });
        assert!(teller.is_done());
        let (go, wait) = channel::<()>();
        teller.tell(move || _ = wait.recv());
        assert!(!teller.is_done());
        drop(go);
        while !teller.is_done() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn without_one_it_is_said_here() {
        let alone = Builder::new_current_thread().build().unwrap_or_else(|e| panic!("no runtime: {e}"));
        for teller in [Teller::here(), Teller::default(), alone.block_on(async { Teller::here() })] {
            assert_eq!(said(&teller, 3), [0, 1, 2].map(|number| (number, current().id())));
            assert!(teller.is_done());
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
        assert!(teller.is_done());
    }
}
