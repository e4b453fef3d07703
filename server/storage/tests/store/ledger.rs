//! The books under random operations, against a plain model; and what verification finds.

use crate::books::{Books, books, books_on};
use crate::support::{Engine, engine_tests};
use florin_domain::ledger::Hold;
use florin_sdk_core::code::Code;
use florin_sdk_core::{Timestamp, Txid};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Issue(u32),
    Redeem(u32),
    Transfer(usize, usize, u32),
    Place(usize, u32, u32),
    /// Of one of the holds: how much, or all.
    Capture(usize, Option<u32>),
    Release(usize),
    /// Of one of the transactions that moved money: how much, or the rest.
    Refund(usize, Option<u32>),
    /// So many times 40 s pass.
    Wait(u32),
    Sweep,
}

/// Holds last 60 or 600 s and time passes by 40 s, so that the moments that the test itself takes decide nothing.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wallet = || 0..4_usize;
    let step = prop_oneof![
        1 => (1..5000_u32).prop_map(Step::Issue),
        1 => (1..5000_u32).prop_map(Step::Redeem),
        5 => (wallet(), wallet(), 0..3000_u32).prop_map(|(from, to, units)| Step::Transfer(from, to, units)),
        5 => (wallet(), 0..1500_u32, prop_oneof![Just(60), Just(600)]).prop_map(|(w, units, s)| Step::Place(w, units, s)),
        4 => (0..60_usize, prop::option::of(1..1500_u32)).prop_map(|(hold, units)| Step::Capture(hold, units)),
        1 => (0..60_usize).prop_map(Step::Release),
        5 => (0..60_usize, prop::option::of(1..2000_u32)).prop_map(|(moved, units)| Step::Refund(moved, units)),
        1 => (1..6_u32).prop_map(Step::Wait),
        1 => Just(Step::Sweep),
    ];
    prop::collection::vec(step, 1..60)
}

/// What each wallet can spend, all holds, and what was moved from whom to whom and can be paid back.
#[derive(Default)]
struct Model {
    available: [i128; 4],
    holds: Vec<(usize, Hold, bool)>,
    moved: Vec<(Txid, usize, usize, i128)>,
}

impl Model {
    fn pass_time(&mut self, now: Timestamp) {
        for (wallet, hold, open) in &mut self.holds {
            if *open && hold.expires <= now {
                *open = false;
                self.available[*wallet] += hold.units;
            }
        }
    }

    fn held(&self, wallet: usize) -> i128 {
        self.holds.iter().filter(|(of, _, open)| *of == wallet && *open).map(|(_, hold, _)| hold.units).sum()
    }

    fn spend(&mut self, wallet: usize, units: i128) -> Result<(), Code> {
        if units == 0 {
            return Err(Code::INVALID_REQUEST);
        }
        if self.available[wallet] < units {
            return Err(Code::INSUFFICIENT_FUNDS);
        }
        self.available[wallet] -= units;
        Ok(())
    }
}

fn text(units: u32) -> String {
    format!("{}.{:02}", units / 100, units % 100)
}

/// Does a step in the books and in the model, and says what each answered.
fn take(step: Step, books: &Books, model: &mut Model) -> (Result<(), Code>, Result<(), Code>) {
    match step {
        Step::Issue(units) => {
            model.available[0] += i128::from(units);
            (Ok(()), books.supply(&text(units), true))
        }
        Step::Redeem(units) => (model.spend(0, units.into()), books.supply(&text(units), false)),
        Step::Transfer(from, to, units) => {
            let units = i128::from(units);
            let found = books.transfer(from, to, units);
            let expected = if from == to { Err(Code::INVALID_REQUEST) } else { model.spend(from, units) };
            if let (Ok(()), Ok(txid)) = (expected, found) {
                model.available[to] += units;
                model.moved.push((txid, from, to, units));
            }
            (expected, found.map(|_| ()))
        }
        Step::Place(wallet, units, seconds) => {
            let expected = model.spend(wallet, units.into());
            let found = books.hold(wallet, units.into(), seconds);
            if let (Ok(()), Ok(hold)) = (expected, &found) {
                model.holds.push((wallet, hold.clone(), true));
            }
            (expected, found.map(|_| ()))
        }
        Step::Capture(index, units) => {
            let units = units.map(i128::from);
            let Some(index) = index.checked_rem(model.holds.len()) else { return (Ok(()), Ok(())) };
            let (wallet, hold, open) = &mut model.holds[index];
            let found = books.capture(hold.hoid, units);
            let expected = match units.unwrap_or(hold.units) {
                _ if !*open => Err(Code::HOLD_CLOSED),
                units if units > hold.units => Err(Code::LIMIT_EXCEEDED),
                _ if *wallet == 0 => Err(Code::INVALID_REQUEST),
                units => {
                    *open = false;
                    model.available[*wallet] += hold.units - units;
                    model.available[0] += units;
                    model.moved.extend(found.ok().map(|txid| (txid, *wallet, 0, units)));
                    Ok(())
                }
            };
            (expected, found.map(|_| ()))
        }
        Step::Release(index) => {
            let Some(index) = index.checked_rem(model.holds.len()) else { return (Ok(()), Ok(())) };
            let (wallet, hold, open) = &mut model.holds[index];
            let expected = if *open { Ok(()) } else { Err(Code::HOLD_CLOSED) };
            if std::mem::take(open) {
                model.available[*wallet] += hold.units;
            }
            (expected, books.release(hold.hoid).map(|_| ()))
        }
        Step::Refund(index, units) => {
            let Some(index) = index.checked_rem(model.moved.len()) else { return (Ok(()), Ok(())) };
            let (txid, from, to, rest) = model.moved[index];
            let units = units.map(i128::from);
            let found = books.refund(txid, units);
            let units = units.unwrap_or(rest);
            let expected = if units > rest || rest == 0 { Err(Code::LIMIT_EXCEEDED) } else { model.spend(to, units) };
            if expected.is_ok() {
                model.available[from] += units;
                model.moved[index].3 -= units;
            }
            (expected, found.map(|_| ()))
        }
        Step::Wait(times) => {
            books.place.clock.advance(times * 40_000);
            (Ok(()), Ok(()))
        }
        Step::Sweep => {
            books.sweep();
            (Ok(()), Ok(()))
        }
    }
}

engine_tests! { the_books_do_what_a_plain_model_does }

fn the_books_do_what_a_plain_model_does(engine: Engine) {
    // A database on a server takes a while to make.
    let cases = if engine == Engine::Sqlite { 32 } else { 4 };
    proptest!(ProptestConfig { cases, ..ProptestConfig::default() }, |(steps in steps())| {
        let books = books_on(engine, 3);
        let mut model = Model::default();
        // Some for everybody, so that most steps do something.
        let begin = [Step::Issue(20_000)].into_iter().chain((1..4).map(|wallet| Step::Transfer(0, wallet, 4000)));
        for step in begin.chain(steps) {
            let (expected, found) = take(step, &books, &mut model);
            prop_assert_eq!(found, expected);
            model.pass_time(books.place.clock.now());
            for wallet in 0..4 {
                prop_assert_eq!(books.balance(wallet), (model.available[wallet], model.held(wallet)));
            }
        }
        let report = books.verify();
        prop_assert!(report.ok, "{:?}", report.faults);
        books.sweep();
        for wallet in 0..4 {
            prop_assert_eq!(books.written(wallet), (model.available[wallet], model.held(wallet)));
        }
        let report = books.verify();
        prop_assert!(report.ok, "{:?}", report.faults);
    });
}

#[test]
fn a_supply_beyond_what_the_books_hold_is_refused_whole() {
    let books = books(0);
    let most = "99999999999999999999999999.99"; // 28 digits
    assert_eq!(books.supply(most, true), Ok(()));
    assert_eq!(books.supply("0.01", true), Err(Code::LIMIT_EXCEEDED));
    assert_eq!(books.supply(most, false), Ok(()));
    assert!(books.verify().ok);
}

#[test]
fn verification_finds_what_was_edited_by_hand() {
    for (edit, check) in [
        ("UPDATE balance SET available = '999999' WHERE available = '700'", "balance"),
        ("UPDATE balance SET held = '5', available = '695' WHERE available = '700'", "hold"),
        ("DELETE FROM balance WHERE available = '700'", "balance"),
        ("UPDATE posting SET units = '701' WHERE units = '700'", "sum"),
        ("UPDATE posting SET balance = '701' WHERE units = '700'", "posting"),
        ("DELETE FROM posting WHERE units = '700'", "posting"),
        ("UPDATE ledger_transaction SET hash = zeroblob(32) WHERE position = 1", "hash"),
        ("UPDATE ledger_transaction SET description = 'other' WHERE position = 2", "hash"),
        ("UPDATE ledger_transaction SET created = created + 1 WHERE position = 2", "hash"),
        ("UPDATE ledger_transaction SET position = 7 WHERE position = 2", "chain"),
        (
            "DELETE FROM posting WHERE txid = (SELECT MAX(txid) FROM ledger_transaction);
             DELETE FROM ledger_transaction WHERE txid = (SELECT MAX(txid) FROM ledger_transaction)",
            "chain",
        ),
        ("UPDATE chain SET head = zeroblob(32)", "chain"),
        ("UPDATE currency SET issued = '100001' WHERE code = 'TOK.acme'", "supply"),
    ] {
        let mut books = books(1);
        books.supply("1000", true).unwrap();
        books.transfer(0, 1, 700).unwrap();
        assert!(books.verify().ok);
        books.edit(edit);
        let report = books.verify();
        assert!(!report.ok, "{edit} was not found");
        assert!(report.faults.iter().any(|fault| fault.check == check), "{edit}: {:?}", report.faults);
    }
}
