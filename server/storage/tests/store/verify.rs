//! Verification finds what was changed by hand, on either engine, and says where. tests/it/verify.rs changes each cell.

use crate::books::books_on;
use crate::support::{Engine, engine_tests};

/// Changes, the check that finds each, and how to undo them.
const CHANGES: &[(&str, &str, &str)] = &[
    (
        "UPDATE balance SET available = available + 1 WHERE entries = 3",
        "balance",
        "UPDATE balance SET available = available - 1 WHERE entries = 3",
    ),
    (
        "UPDATE posting SET place = place + 7 WHERE place = 2",
        "posting",
        "UPDATE posting SET place = place - 7 WHERE place = 9",
    ),
    (
        "UPDATE hold SET units = units + 1, captured = captured + 0",
        "hold",
        "UPDATE hold SET units = units - 1, captured = captured + 0",
    ),
    (
        "UPDATE currency SET decimals = 3 WHERE code = 'TOK.acme'",
        "hash",
        "UPDATE currency SET decimals = 2 WHERE code = 'TOK.acme'",
    ),
    ("UPDATE refunded SET units = units - 1", "refund", "UPDATE refunded SET units = units + 1"),
    ("UPDATE chain SET length = length + 1", "chain", "UPDATE chain SET length = length - 1"),
    (
        "UPDATE client_reference SET reference = 'other' WHERE reference = 'one'",
        "reference",
        "UPDATE client_reference SET reference = 'one' WHERE reference = 'other'",
    ),
];

fn changes_are_found_and_named(engine: Engine) {
    let mut books = books_on(engine, 2);
    books.supply("100", true).unwrap();
    let paid = books.transfer(0, 1, 500).unwrap();
    books.refund(paid, Some(20)).unwrap();
    books.hold(1, 30, 600).unwrap();
    books.start_once(&*books.store, "one", 0, 2, 5).recv().unwrap().unwrap().unwrap().0.unwrap();
    assert!(books.verify().ok, "{:?}", books.verify().faults);
    for (change, check, back) in CHANGES {
        books.edit(change);
        let report = books.verify();
        assert!(report.faults.iter().any(|fault| fault.check == *check), "{change}: {:?}", report.faults);
        books.edit(back);
        let report = books.verify();
        assert!(report.ok, "{back}: {:?}", report.faults);
    }
}

engine_tests! {
    changes_are_found_and_named
}
