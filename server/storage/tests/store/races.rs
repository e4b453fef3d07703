//! Requests that meet in one batch, or in two processes.

use crate::books::{Books, books_on};
use crate::support::{Engine, Pending, engine_tests, occupy};
use florin_domain::store::Store;
use florin_sdk_core::code::Code;
use std::collections::HashSet;
use std::sync::Arc;

engine_tests! {
    a_reference_sent_many_times_at_once_runs_once
    transfers_that_meet_see_what_the_others_left
}

/// Those who write to the books: one process on SQLite, two on PostgreSQL.
fn processes(engine: Engine, books: &Books) -> Vec<Arc<dyn Store>> {
    let mut stores = vec![books.store.clone()];
    if engine == Engine::Postgres {
        stores.push(books.place.open());
    }
    stores
}

/// Starts jobs so that they meet: each writer is held until all its jobs wait.
fn together<T>(stores: &[Arc<dyn Store>], begin: impl FnOnce() -> Vec<Pending<T>>) -> Vec<Pending<T>> {
    let holds: Vec<_> = stores.iter().map(occupy).collect();
    let pending = begin();
    let (holds, holding): (Vec<_>, Vec<_>) = holds.into_iter().unzip();
    for hold in holds {
        hold.send(()).unwrap();
    }
    for one in holding {
        one.recv().unwrap().unwrap().unwrap();
    }
    pending
}

fn a_reference_sent_many_times_at_once_runs_once(engine: Engine) {
    let books = books_on(engine, 1);
    books.supply("1000", true).unwrap();
    let stores = processes(engine, &books);
    for round in 0..5 {
        let reference = format!("at-once-{round}");
        let pending = together(&stores, || {
            let each = |number: usize| books.start_once(&*stores[number % stores.len()], &reference, 0, 1, 100);
            (0..32).map(each).collect()
        });
        let answers: Vec<_> = pending.into_iter().map(|one| one.recv().unwrap().unwrap().unwrap()).collect();
        let fates: HashSet<_> = answers.iter().map(|(fate, _)| *fate).collect();
        assert_eq!(fates.len(), 1, "all get one answer: {fates:?}");
        assert!(fates.iter().all(Result::is_ok), "{fates:?}");
        assert_eq!(answers.iter().filter(|(_, replayed)| !replayed).count(), 1, "one of them ran");
        assert_eq!(books.balance(1), (100 * (round + 1), 0));
    }
    let report = books.verify();
    assert!(report.ok, "{:?}", report.faults);
}

fn transfers_that_meet_see_what_the_others_left(engine: Engine) {
    let books = books_on(engine, 2);
    books.supply("1000", true).unwrap();
    let stores = processes(engine, &books);
    for round in 1..=10 {
        books.transfer(0, 1, 1000).unwrap();
        // Each by itself could be paid; only ten of them can.
        let pending = together(&stores, || {
            (0..32).map(|number: usize| books.start_transfer(&*stores[number % stores.len()], 1, 2, 100)).collect()
        });
        let fates: Vec<_> = pending.into_iter().map(|one| crate::books::settled(&one)).collect();
        assert_eq!(fates.iter().filter(|fate| fate.is_ok()).count(), 10, "{fates:?}");
        assert!(fates.iter().all(|fate| fate.is_ok() || *fate == Err(Code::INSUFFICIENT_FUNDS)), "{fates:?}");
        assert_eq!((books.balance(1), books.balance(2)), ((0, 0), (1000 * round, 0)));
    }
    let report = books.verify();
    assert!(report.ok, "{:?}", report.faults);
}
