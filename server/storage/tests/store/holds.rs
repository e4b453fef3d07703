//! Holds and refunds: what is promised once is kept once.

use crate::books::{Books, amount, books, settled};
use crate::support::{occupy, read, start};
use florin_domain::Refusal;
use florin_domain::access::{Caller, Grant};
use florin_domain::ledger::{self, Hold, HoldStatus};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::RefundTransaction;
use florin_sdk_core::{Hoid, Txid};

/// A minute, and a little.
const A_MINUTE_MS: u32 = 61_000;

/// 100.00 issued, 50.00 of it in the second wallet.
fn two_wallets() -> Books {
    let books = books(1);
    books.supply("100", true).unwrap();
    books.transfer(0, 1, 5000).unwrap();
    books
}

fn status(books: &Books, hoid: Hoid) -> HoldStatus {
    read(&*books.store, move |r| r.get::<Hold>(hoid).unwrap().unwrap()).status
}

#[test]
fn a_hold_is_captured_once_and_the_rest_is_free() {
    let books = two_wallets();
    let hold = books.hold(1, 3000, 60).unwrap();
    assert_eq!(books.balance(1), (2000, 3000));
    assert_eq!(books.transfer(1, 0, 2001), Err(Code::INSUFFICIENT_FUNDS));
    assert_eq!(books.capture(hold.hoid, Some(3001)), Err(Code::LIMIT_EXCEEDED));
    books.capture(hold.hoid, Some(1000)).unwrap();
    assert_eq!((books.balance(0), books.balance(1)), ((6000, 0), (4000, 0)));
    assert_eq!(books.capture(hold.hoid, Some(1000)), Err(Code::HOLD_CLOSED));
    assert_eq!(books.capture(hold.hoid, None), Err(Code::HOLD_CLOSED));
    assert_eq!(books.release(hold.hoid), Err(Code::HOLD_CLOSED));
    assert_eq!(status(&books, hold.hoid), HoldStatus::Captured);
    assert_eq!(books.capture(Hoid::new(7).unwrap(), None), Err(Code::NOT_FOUND));
    assert!(books.verify().ok);
}

#[test]
fn of_capture_and_release_in_one_batch_one_wins() {
    for capture_first in [true, false] {
        let books = two_wallets();
        let hoid = books.hold(1, 3000, 60).unwrap().hoid;
        let (go, first) = occupy(&books.store);
        let (capture, release) = if capture_first {
            let capture = books.start_capture(hoid, None);
            (capture, books.start_release(hoid))
        } else {
            let release = books.start_release(hoid);
            (books.start_capture(hoid, None), release)
        };
        go.send(()).unwrap();
        settled(&first).unwrap();
        let (captured, released) = (settled(&capture), settled(&release));
        let (won, lost) = if capture_first { (captured, released) } else { (released, captured) };
        assert!(won.is_ok());
        assert_eq!(lost, Err(Code::HOLD_CLOSED));
        assert_eq!(books.balance(1), (if capture_first { 2000 } else { 5000 }, 0));
        assert!(books.verify().ok);
    }
}

#[test]
fn an_expired_hold_frees_its_money_at_once() {
    let books = two_wallets();
    let hold = books.hold(1, 4000, 60).unwrap();
    let other = books.hold(1, 500, 600).unwrap();
    books.place.clock.advance(A_MINUTE_MS);
    // Whoever reads sees it, though nothing was written.
    assert_eq!((books.balance(1), books.written(1)), ((4500, 500), (500, 4500)));
    assert!(books.verify().ok);
    assert_eq!(books.capture(hold.hoid, None), Err(Code::HOLD_CLOSED));
    assert_eq!(books.release(hold.hoid), Err(Code::HOLD_CLOSED));
    // What is refused writes nothing, and the money is there all the same.
    assert_eq!(books.transfer(1, 0, 4501), Err(Code::INSUFFICIENT_FUNDS));
    assert_eq!(status(&books, hold.hoid), HoldStatus::Open);
    books.transfer(1, 0, 4500).unwrap();
    assert_eq!(status(&books, hold.hoid), HoldStatus::Expired);
    assert_eq!((books.balance(1), books.written(1)), ((0, 500), (0, 500)));
    assert_eq!(books.sweep(), 0);
    books.capture(other.hoid, None).unwrap();
    assert!(books.verify().ok);
}

#[test]
fn a_hold_survives_a_restart_and_expires_in_the_next_life() {
    let mut books = two_wallets();
    let hold = books.hold(1, 4000, 60).unwrap();
    drop(std::mem::replace(&mut books.store, crate::support::Temporary::new(crate::support::Engine::Sqlite).open()));
    books.store = books.place.open();
    assert_eq!(books.balance(1), (1000, 4000));
    books.place.clock.advance(A_MINUTE_MS);
    assert_eq!(books.sweep(), 1);
    assert_eq!((books.written(1), status(&books, hold.hoid)), ((5000, 0), HoldStatus::Expired));
    assert!(books.verify().ok);
}

#[test]
fn many_expired_holds_do_not_hold_up_who_needs_little() {
    let books = two_wallets();
    for _ in 0..250 {
        books.hold(1, 20, 60).unwrap();
    }
    books.place.clock.advance(A_MINUTE_MS);
    assert_eq!((books.balance(1), books.written(1)), ((5000, 0), (0, 5000)));
    books.transfer(1, 0, 1).unwrap();
    assert_eq!((books.balance(1), books.written(1)), ((4999, 0), (1999, 3000)));
    books.transfer(1, 0, 4999).unwrap();
    assert_eq!((books.balance(1), books.written(1)), ((0, 0), (0, 0)));
    assert_eq!(books.sweep(), 0);
    assert!(books.verify().ok);
}

#[test]
fn refunds_never_exceed_the_original() {
    let books = two_wallets();
    let paid = books.transfer(1, 0, 1000).unwrap();
    assert_eq!(books.refund(paid, Some(1001)), Err(Code::LIMIT_EXCEEDED));
    for _ in 0..3 {
        books.refund(paid, Some(300)).unwrap();
    }
    assert_eq!(books.refund(paid, Some(101)), Err(Code::LIMIT_EXCEEDED));
    let rest = books.refund(paid, None).unwrap();
    assert_eq!(books.balance(1), (5000, 0));
    assert_eq!(books.refund(paid, None), Err(Code::LIMIT_EXCEEDED));
    assert_eq!(books.refund(paid, Some(1)), Err(Code::LIMIT_EXCEEDED));
    assert_eq!(books.refund(rest, None), Err(Code::INVALID_REQUEST));
    // What was captured can be paid back, too; what was only set aside cannot.
    let hold = books.hold(1, 700, 60).unwrap();
    assert_eq!(books.refund(hold.placed, None), Err(Code::INVALID_REQUEST));
    let captured = books.capture(hold.hoid, Some(600)).unwrap();
    books.refund(captured, None).unwrap();
    assert_eq!(books.balance(1), (5000, 0));
    let released = books.release(books.hold(1, 700, 60).unwrap().hoid).unwrap();
    assert_eq!(books.refund(released, None), Err(Code::INVALID_REQUEST));
    assert_eq!(books.refund(Txid::new(7).unwrap(), None), Err(Code::NOT_FOUND));
    let report = books.verify();
    assert!(report.ok && (report.holds, report.refunds) == (2, 2), "{report:?}");
}

#[test]
fn who_received_must_have_it_and_only_they_pay_back() {
    let books = books(2);
    books.supply("100", true).unwrap();
    let gift = books.transfer(0, 1, 1000).unwrap();
    books.transfer(1, 2, 400).unwrap();
    assert_eq!(books.refund(gift, None), Err(Code::INSUFFICIENT_FUNDS));
    books.refund(gift, Some(600)).unwrap();
    // The payer, whose key opens nobody else's wallets.
    let payer = Caller::api_key(books.wallets[2].upid, books.caller.akid.unwrap(), Grant::built_in(&["merchant-rw"]));
    let refund = RefundTransaction { amount: Some(amount(1)), ..RefundTransaction::new(gift) };
    let refused = start(&*books.store, move |w| ledger::refund(w, &payer, &refund, None));
    assert_eq!(settled(&refused), Err(Code::NOT_FOUND));
    assert!(books.verify().ok);
}

#[test]
fn the_clock_may_not_decide_twice() {
    // A hold that the sweeper read as expired is captured by nobody; one that was settled meanwhile is left alone.
    let books = two_wallets();
    let hoid = books.hold(1, 4000, 60).unwrap().hoid;
    let early = start(&*books.store, move |w| ledger::expire_hold(w, hoid));
    assert_eq!(settled(&early), Ok(false));
    books.place.clock.advance(A_MINUTE_MS);
    for expected in [true, false] {
        let late = start(&*books.store, move |w| ledger::expire_hold(w, hoid));
        assert_eq!(settled(&late), Ok(expected));
    }
    assert_eq!(books.written(1), (5000, 0));
    assert!(books.verify().ok);
}

#[test]
fn verification_finds_edited_holds_and_refunds() {
    let of_open = "WHERE status = 'open'";
    let of_captured = "WHERE status = 'captured'";
    let edits = [
        (format!("UPDATE hold SET units = '2999' {of_open}"), "hold"),
        (format!("UPDATE hold SET expires = expires + 1, due = due + 1 {of_open}"), "hash"),
        (format!("UPDATE hold SET due = due + 1 {of_open}"), "hold"),
        (format!("UPDATE hold SET due = NULL {of_open}"), "hold"),
        (format!("UPDATE hold SET creator = creator + 1 {of_open}"), "hash"),
        (format!("UPDATE hold SET created = created - 1 {of_open}"), "hash"),
        (format!("UPDATE hold SET waid = (SELECT MIN(waid) FROM wallet) {of_open}"), "hash"),
        (format!("UPDATE hold SET status = 'released', due = NULL {of_open}"), "hold"),
        (format!("UPDATE hold SET placed = (SELECT MIN(txid) FROM ledger_transaction) {of_open}"), "hold"),
        (format!("UPDATE hold SET hoid = hoid + 1 {of_open}"), "hash"),
        (format!("DELETE FROM hold {of_open}"), "hold"),
        (format!("UPDATE hold SET captured = '1100' {of_captured}"), "hold"),
        (format!("UPDATE hold SET status = 'released' {of_captured}"), "hold"),
        (format!("UPDATE hold SET status = 'lost' {of_captured}"), "hold"),
        (format!("UPDATE hold SET closed = closed + 1 {of_captured}"), "hold"),
        (format!("UPDATE hold SET ended = placed {of_captured}"), "hold"),
        (format!("DELETE FROM hold {of_captured}"), "hold"),
        (
            // Open again, with the money to go with it.
            format!(
                "UPDATE balance SET available = available - 2000, held = held + 2000 WHERE held = '3000';
                 UPDATE hold SET status = 'open', captured = '0', due = expires, ended = NULL, closed = NULL {of_captured}"
            ),
            "hold",
        ),
        ("UPDATE hold SET status = 'expired' WHERE status = 'released'".to_owned(), "hold"),
        ("UPDATE hold SET status = 'released' WHERE status = 'expired'".to_owned(), "hold"),
        ("UPDATE balance SET held = '2999' WHERE held = '3000'".to_owned(), "hold"),
        ("UPDATE balance SET held = '2999', available = available + 1 WHERE held = '3000'".to_owned(), "hold"),
        ("UPDATE posting SET held = '3001' WHERE held = '3000'".to_owned(), "hold"),
        ("UPDATE ledger_transaction SET hold = NULL WHERE kind = 'capture'".to_owned(), "hold"),
        ("UPDATE ledger_transaction SET original = NULL WHERE kind = 'refund'".to_owned(), "refund"),
        ("UPDATE refunded SET units = '0'".to_owned(), "refund"),
        ("UPDATE refunded SET txid = (SELECT MAX(txid) FROM ledger_transaction)".to_owned(), "refund"),
        ("DELETE FROM refunded".to_owned(), "refund"),
    ];
    for (edit, check) in edits {
        let mut books = two_wallets();
        let hoids: Vec<Hoid> = (0..3).map(|_| books.hold(1, 500, 60).unwrap().hoid).collect();
        books.release(hoids[0]).unwrap();
        books.place.clock.advance(A_MINUTE_MS);
        assert_eq!(books.sweep(), 2);
        let captured = books.hold(1, 2000, 60).unwrap().hoid;
        let captured = books.capture(captured, Some(1000)).unwrap();
        books.refund(captured, Some(100)).unwrap();
        books.hold(1, 3000, 600).unwrap();
        assert_eq!(books.written(1), (1100, 3000));
        assert!(books.verify().ok);
        books.edit(&edit);
        let report = books.verify();
        assert!(!report.ok, "{edit} was not found");
        assert!(report.faults.iter().any(|fault| fault.check == check), "{edit}: {:?}", report.faults);
    }
}

#[test]
fn what_is_damaged_is_refused_and_does_not_go_on_for_ever() {
    let mut books = two_wallets();
    for _ in 0..120 {
        books.hold(1, 10, 60).unwrap();
    }
    // Due, and yet not expired: nobody can make sense of it.
    books.edit("UPDATE hold SET expires = expires + 3600000, due = 0");
    assert_eq!(books.transfer(1, 0, 4000), Err(Code::INSUFFICIENT_FUNDS));
    books.transfer(1, 0, 3800).unwrap();
    // Less set aside than the holds say.
    books.edit("UPDATE hold SET expires = created; UPDATE balance SET held = '5' WHERE held = '1200'");
    let refused = start::<Refusal>(&*books.store, |w| {
        let hoid = ledger::expired_holds(w.reader(), 1)?[0];
        Ok(ledger::expire_hold(w, hoid).unwrap_err())
    });
    assert_eq!(refused.recv().unwrap().unwrap().unwrap().code, Code::SYSTEM_ERROR);
    assert!(!books.verify().ok);
}
