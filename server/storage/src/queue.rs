//! A bounded queue between the threads that ask and the threads that work.

use futures_util::task::AtomicWaker;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// A queue with a limit. When it is full, it says so at once: waiting is for the caller's client.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
    /// Of the one thread that waits for something else, too: see [`Queue::poll_some`].
    waker: AtomicWaker,
    /// How many there are to be for it to be woken.
    least: AtomicUsize,
    limit: usize,
}

/// How waiting for items ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    /// There are some.
    Some,
    /// There are none yet.
    InVain,
    /// There are none, and none will come.
    Closed,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

impl<T> State<T> {
    fn take(&mut self, most: usize) -> Vec<T> {
        let count = self.items.len().min(most);
        self.items.drain(..count).collect()
    }
}

impl<T> Queue<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::new(State { items: VecDeque::new(), closed: false }),
            arrived: Condvar::new(),
            waker: AtomicWaker::new(),
            least: AtomicUsize::new(1),
            limit,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that holds the lock can panic half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item; gives it back when the queue is full or closed.
    pub(crate) fn push(&self, item: T) -> Result<(), T> {
        let mut state = self.state();
        if state.closed || state.items.len() >= self.limit {
            return Err(item);
        }
        state.items.push_back(item);
        let count = state.items.len();
        drop(state);
        self.arrived.notify_one();
        if count >= self.least.load(Ordering::Relaxed) {
            self.waker.wake();
        }
        Ok(())
    }

    /// Ready when there are so many items; for one thread at a time. That the queue is closed does not make it so.
    pub(crate) fn poll_some(&self, least: usize, context: &Context<'_>) -> Poll<()> {
        // Before looking, which takes the lock: whoever adds an item afterwards wakes.
        self.least.store(least, Ordering::Relaxed);
        self.waker.register(context.waker());
        if self.state().items.len() < least { Poll::Pending } else { Poll::Ready(()) }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.state().items.len()
    }

    /// Whether nothing waits, and something may.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.state();
        state.items.is_empty() && !state.closed
    }

    /// Waits for items; false when the queue is closed and empty.
    pub(crate) fn wait(&self) -> bool {
        !self.waited().items.is_empty()
    }

    fn waited(&self) -> MutexGuard<'_, State<T>> {
        let mut state = self.state();
        while state.items.is_empty() && !state.closed {
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    /// Waits for items and takes up to `most`; none when the queue is closed and empty.
    pub(crate) fn take(&self, most: usize) -> Vec<T> {
        self.waited().take(most)
    }

    /// Takes up to `most` without waiting.
    pub(crate) fn take_now(&self, most: usize) -> Vec<T> {
        self.state().take(most)
    }

    /// Like `take`, but waits no longer than `patience`: then it takes nothing. None when the queue is closed and empty.
    pub(crate) fn take_within(&self, most: usize, patience: Duration) -> Option<Vec<T>> {
        let idle = |state: &mut State<T>| state.items.is_empty() && !state.closed;
        let waited = self.arrived.wait_timeout_while(self.state(), patience, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.items.is_empty() && state.closed {
            return None;
        }
        Some(state.take(most))
    }

    /// Waits for items, no longer than `patience`, and takes none.
    pub(crate) fn wait_within(&self, patience: Duration) -> Waited {
        let idle = |state: &mut State<T>| state.items.is_empty() && !state.closed;
        let waited = self.arrived.wait_timeout_while(self.state(), patience, idle);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (state.items.is_empty(), state.closed) {
            (false, _) => Waited::Some,
            (true, false) => Waited::InVain,
            (true, true) => Waited::Closed,
        }
    }

    /// Lets nothing more in. What is there is still taken.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;

    #[test]
    fn full_says_so_and_closed_drains() {
        let queue = Queue::new(2);
        assert!(queue.push(1).is_ok() && queue.push(2).is_ok());
        assert_eq!(queue.push(3), Err(3));
        queue.close();
        assert_eq!(queue.push(4), Err(4));
        assert_eq!(queue.take(10), vec![1, 2]);
        assert!(queue.take(10).is_empty());
        assert_eq!(queue.take_within(10, Duration::from_secs(60)), None);
        assert_eq!(queue.wait_within(Duration::from_secs(60)), Waited::Closed);
    }

    #[test]
    fn whoever_waits_for_something_else_too_is_woken_by_an_item() {
        struct Woken(AtomicBool);
        impl Wake for Woken {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let (queue, woken) = (Queue::new(2), Arc::new(Woken(AtomicBool::new(false))));
        let waker = woken.clone().into();
        let context = Context::from_waker(&waker);
        assert!(queue.poll_some(1, &context).is_pending());
        assert!(!woken.0.load(Ordering::SeqCst));
        assert!(queue.push(1).is_ok());
        assert!(woken.0.load(Ordering::SeqCst));
        assert!(queue.poll_some(1, &context).is_ready());
        woken.0.store(false, Ordering::SeqCst);
        assert!(queue.poll_some(2, &context).is_pending(), "not for so few");
        assert!(queue.push(2).is_ok());
        assert!(woken.0.load(Ordering::SeqCst));
        assert!(queue.poll_some(2, &context).is_ready());
        assert_eq!(queue.take_now(2), vec![1, 2]);
        woken.0.store(false, Ordering::SeqCst);
        assert!(queue.poll_some(2, &context).is_pending());
        assert!(queue.push(3).is_ok());
        assert!(!woken.0.load(Ordering::SeqCst));
        assert_eq!(queue.take_now(2), vec![3]);
        queue.close();
        assert!(queue.poll_some(1, &context).is_pending(), "nothing comes any more, and what else is waited for ends");
    }

    #[test]
    fn whoever_waits_only_so_long_gets_nothing_then() {
        let queue = Queue::new(2);
        assert_eq!(queue.take_within(10, Duration::from_millis(1)), Some(vec![]));
        assert_eq!(queue.wait_within(Duration::from_millis(1)), Waited::InVain);
        assert!(queue.push(1).is_ok());
        assert_eq!(queue.wait_within(Duration::from_secs(60)), Waited::Some);
        assert_eq!(queue.take_within(10, Duration::from_secs(60)), Some(vec![1]));
    }
}
