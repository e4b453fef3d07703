//! Books move from any engine to any other, whatever happens on the way, and are copied while they are in use.

use crate::books::{Books, books_on};
use crate::server;
use crate::support::{Engine, Temporary, engine_tests};
use florin_domain::ledger;
use florin_storage::{CopyError, Mode, Moved, OpenError, Stage, backup, relocate};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Small, so that a few rows are several batches.
const BATCH: usize = 3;

/// Books with transfers, holds of each kind and a refund, and nobody who has them open.
fn closed_books(engine: Engine) -> Temporary {
    let books = busy_books(engine);
    let Books { place, store, .. } = books;
    drop(store);
    place
}

fn busy_books(engine: Engine) -> Books {
    let books = books_on(engine, 3);
    books.supply("1000", true).unwrap();
    for number in 1..=10 {
        books.transfer(0, 1 + number % 3, 100).unwrap();
    }
    let released = books.hold(1, 20, 600).unwrap().hoid;
    books.release(released).unwrap();
    let captured = books.hold(1, 30, 600).unwrap().hoid;
    let paid = books.capture(captured, Some(10)).unwrap();
    books.refund(paid, Some(5)).unwrap();
    books.hold(2, 40, 600).unwrap();
    books
}

fn sound(place: &Temporary) {
    let store = place.try_open(Mode::Inspect).unwrap();
    let report = ledger::verify(&*store, &mut |_| ()).unwrap();
    assert!(report.ok, "{:?}", report.faults);
}

fn move_all(from: &Temporary, to: &Temporary) -> Result<Moved, CopyError> {
    relocate(&from.address(), &to.address(), BATCH, &mut |_| ())
}

fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    engines.extend(server::address().map(|_| Engine::Postgres));
    engines
}

#[test]
fn there_and_back_is_the_same() {
    for (one, two) in engines().into_iter().flat_map(|one| engines().into_iter().map(move |two| (one, two))) {
        let home = closed_books(one);
        let (away, back) = (Temporary::new(two), Temporary::new(one));
        let there = move_all(&home, &away).unwrap();
        assert_eq!(there.tables.len(), florin_domain::tables().len());
        assert!(there.tables.iter().map(|copied| copied.rows).sum::<u64>() > 60, "{there:?}");
        sound(&away);
        let again = move_all(&away, &back).unwrap();
        assert_eq!(there.tables, again.tables, "{one:?} {two:?}");
        sound(&back);
        drop(back.open());

        // What was left is closed, and can be looked at.
        for (left, next) in [(&home, &away), (&away, &back)] {
            sound(left);
            for _ in 0..2 {
                let error = left.try_open(Mode::Serve).err().unwrap();
                assert!(matches!(&error, OpenError::Moved { .. }), "{error}");
                let shown = next.address().rsplit_once('/').unwrap().1.to_owned();
                assert!(error.to_string().contains(&shown) && !error.to_string().contains('@'), "{error}");
            }
            assert!(move_all(left, next).unwrap().tables.is_empty(), "done before already");
            assert!(matches!(move_all(left, &Temporary::new(one)), Err(CopyError::Open(OpenError::Moved { .. }))));
        }
    }
}

fn a_move_that_is_cut_off_goes_on(engine: Engine) {
    for target in engines() {
        let mut books = busy_books(engine);
        books.store = Temporary::new(Engine::Sqlite).open();
        let (place, to) = (&books.place, Temporary::new(target));
        let mut cuts = 0;
        // Each try gets a bit further. What cuts it off is a panic, which unwinds; tests/it/moving.rs kills.
        let moved = loop {
            let mut steps = 0;
            let tried = catch_unwind(AssertUnwindSafe(|| {
                relocate(&place.address(), &to.address(), BATCH, &mut |progress| {
                    steps += 1;
                    assert!(steps <= 9 * (cuts + 1) || progress.stage != Stage::Copying, "cut off");
                })
            }));
            match tried {
                Ok(done) => break done.unwrap(),
                Err(_) => cuts += 1,
            }
            for mode in [Mode::Serve, Mode::Inspect] {
                let error = to.try_open(mode).err().unwrap();
                assert!(matches!(error, OpenError::HalfCopied { .. }), "{error}");
            }
            if cuts == 2 {
                let other = closed_books(Engine::Sqlite);
                assert!(matches!(move_all(&other, &to), Err(CopyError::OtherMove { .. })));
                drop(other.open());
                // The operator changes his mind, serves the old one for a while, and starts the move again.
                let store = place.open();
                books.start_transfer(&*store, 1, 2, 1).recv().unwrap().unwrap().unwrap();
            }
        };
        assert!(cuts > 2, "{cuts}");
        assert!(!moved.tables.is_empty());
        sound(&to);
        drop(to.open());
    }
}

fn what_is_in_use_or_not_empty_is_left_alone(engine: Engine) {
    let busy = busy_books(engine);
    let empty = Temporary::new(engine);
    let error = move_all(&busy.place, &empty).unwrap_err();
    assert!(matches!(error, CopyError::InUse(_)), "{error}");
    let error = move_all(&closed_books(engine), &busy.place).unwrap_err();
    assert!(matches!(error, CopyError::InUse(_)), "{error}");
    busy.transfer(0, 1, 1).unwrap();
    let (one, two) = (closed_books(engine), closed_books(engine));
    let error = move_all(&one, &two).unwrap_err();
    assert!(matches!(error, CopyError::NotEmpty(_)), "{error}");
    for place in [&one, &two] {
        sound(place);
        drop(place.open());
    }
}

fn a_backup_of_books_in_use_has_all_that_was_acknowledged(engine: Engine) {
    let books = busy_books(engine);
    let folder = tempfile::tempdir().unwrap();
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                books.transfer(0, 1, 1).unwrap();
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
        });
        for round in 0..5 {
            let copy = folder.path().join(format!("copy-{round}.db"));
            let before = acknowledged.load(Ordering::SeqCst);
            backup(&books.place.address(), &copy, &mut |_| ()).unwrap();
            check_backup(&books, &copy, before);
        }
        stop.store(true, Ordering::Relaxed);
        worker.join().unwrap();
    });
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name.to_string_lossy().starts_with("copy-")), "{names:?}");
    let copy = folder.path().join("copy-0.db");
    let again = backup(&books.place.address(), &copy, &mut |_| ()).unwrap_err();
    assert!(matches!(again, CopyError::NotEmpty(_)), "{again}");
}

fn check_backup(books: &Books, copy: &std::path::Path, transfers: usize) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let address = format!("sqlite://{}", copy.display());
    let store = florin_storage::open(&address, Mode::Inspect, books.place.clock.clone()).unwrap();
    let report = ledger::verify(&*store, &mut |_| ()).unwrap();
    assert!(report.ok, "{:?}", report.faults);
    // What came before the first transfer: an issue, 10 transfers, 3 holds, a release, a capture, a refund.
    assert!(report.transactions >= 17 + transfers as u64, "{} {transfers}", report.transactions);
    drop(store);
    // It is a database like any other.
    drop(florin_storage::open(&address, Mode::Serve, books.place.clock.clone()).unwrap());
}

engine_tests! {
    a_move_that_is_cut_off_goes_on
    what_is_in_use_or_not_empty_is_left_alone
    a_backup_of_books_in_use_has_all_that_was_acknowledged
}
