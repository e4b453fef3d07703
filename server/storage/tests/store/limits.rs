//! Tiers and fees, as the ledger enforces them: over their time, at the same time, and given back.

use crate::books::{Books, books_on, settled, token};
use crate::support::{Engine, Pending, engine_tests, write};
use florin_domain::fee::{self, FeeRule};
use florin_domain::ledger::{self, Leg, NewTransaction};
use florin_domain::tier::{self, TierTerms};
use florin_sdk_core::Txid;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{FeeOperation, TransactionType};

const HOUR_MS: u32 = 3_600_000;

impl Books {
    /// Puts the profile of a wallet on a tier of its own.
    pub(crate) fn limit(&self, wallet: usize, terms: &TierTerms) {
        let (upid, terms) = (self.wallets[wallet].upid, terms.clone());
        let level = u32::try_from(wallet).unwrap() + 10;
        write(&*self.store, move |w| {
            tier::set(w, level, "Limited".to_owned(), &terms)?;
            tier::assign(w, upid, level)
        })
        .unwrap();
    }

    /// Puts the profile of a wallet on a fee schedule: a fixed part, and a part of the amount, of everything.
    pub(crate) fn charge(&self, wallet: usize, fixed: i128, basis_points: u32) {
        let upid = self.wallets[wallet].upid;
        write(&*self.store, move |w| {
            let currency = Some(token(w.reader())?.number);
            let mut fsid = None;
            for operation in [FeeOperation::Transfer, FeeOperation::Payment, FeeOperation::Withdraw] {
                let rule = FeeRule { operation, currency, fixed, basis_points, least: 0, most: None };
                fsid = Some(fee::set(w, fsid, Some("Charged".to_owned()), Some(rule))?);
            }
            fee::assign(w, upid, fsid)
        })
        .unwrap();
    }

    fn start_plain(&self, from: usize, to: usize, units: i128) -> Pending<Txid> {
        self.start_transfer(&*self.store, from, to, units)
    }
}

fn amounts(one: Option<&str>, two: Option<&str>) -> [Option<florin_sdk_core::Amount>; 2] {
    [one, two].map(|text| text.map(|text| text.parse().unwrap()))
}

fn three(engine: Engine) -> Books {
    let books = books_on(engine, 2);
    books.supply("1000000", true).unwrap();
    books.transfer(0, 1, 10_000_000).unwrap();
    books.transfer(0, 2, 10_000_000).unwrap();
    books
}

engine_tests! {
    a_limit_is_free_again_when_its_time_is_over
    both_windows_count
    of_many_in_a_batch_only_what_fits_gets_through
    a_withdrawal_that_fails_gives_its_limit_back
    the_fee_of_a_withdrawal_is_held_with_it
}

fn a_limit_is_free_again_when_its_time_is_over(engine: Engine) {
    let books = three(engine);
    books.limit(1, &TierTerms { transfer_fiat_limits: amounts(Some("100"), None), hours: 1, ..TierTerms::default() });
    books.transfer(1, 2, 6000).unwrap();
    books.place.clock.advance(HOUR_MS / 2);
    books.transfer(1, 2, 4000).unwrap();
    assert_eq!(books.transfer(1, 2, 1), Err(Code::LIMIT_EXCEEDED));
    // Half of the window later the first is out of it, the second is not.
    books.place.clock.advance(HOUR_MS / 2 + 60_000);
    assert_eq!(books.transfer(1, 2, 6001), Err(Code::LIMIT_EXCEEDED));
    books.transfer(1, 2, 6000).unwrap();
    assert_eq!(books.transfer(1, 2, 1), Err(Code::LIMIT_EXCEEDED));
    books.place.clock.advance(2 * HOUR_MS);
    books.transfer(1, 2, 10_000).unwrap();
    assert!(books.verify().ok);
}

fn both_windows_count(engine: Engine) {
    let books = three(engine);
    let limits = amounts(Some("100"), Some("250"));
    books.limit(1, &TierTerms { withdraw_fiat_limits: limits, hours: 24, days: 30, ..TierTerms::default() });
    for _ in 0..2 {
        settled(&books.start_withdraw(1, 10_000)).unwrap();
        assert_eq!(settled(&books.start_withdraw(1, 1)).unwrap_err(), Code::LIMIT_EXCEEDED);
        books.place.clock.advance(25 * HOUR_MS);
    }
    assert_eq!(settled(&books.start_withdraw(1, 5001)).unwrap_err(), Code::LIMIT_EXCEEDED);
    settled(&books.start_withdraw(1, 5000)).unwrap();
    books.place.clock.advance(25 * HOUR_MS);
    assert_eq!(settled(&books.start_withdraw(1, 1)).unwrap_err(), Code::LIMIT_EXCEEDED, "the thirty days");
    assert!(books.verify().ok);
}

fn of_many_in_a_batch_only_what_fits_gets_through(engine: Engine) {
    let books = three(engine);
    books.limit(1, &TierTerms { transfer_fiat_limits: amounts(Some("100"), None), ..TierTerms::default() });
    let answers: Vec<_> = (0..32).map(|_| books.start_plain(1, 2, 1000)).collect();
    let answers: Vec<_> = answers.iter().map(settled).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert_eq!(answers.iter().filter(|answer| **answer == Err(Code::LIMIT_EXCEEDED)).count(), 22);
    assert_eq!(books.balance(1), (9_990_000, 0));
    assert!(books.verify().ok);
}

fn a_withdrawal_that_fails_gives_its_limit_back(engine: Engine) {
    let books = three(engine);
    books.limit(1, &TierTerms { withdraw_fiat_limits: amounts(Some("100"), None), ..TierTerms::default() });
    let begun = settled(&books.start_withdraw(1, 10_000)).unwrap();
    assert_eq!(settled(&books.start_withdraw(1, 1)).unwrap_err(), Code::LIMIT_EXCEEDED);
    settled(&books.start_end(begun.txid, false)).unwrap();
    let begun = settled(&books.start_withdraw(1, 10_000)).unwrap();
    settled(&books.start_end(begun.txid, true)).unwrap();
    assert_eq!(settled(&books.start_withdraw(1, 1)).unwrap_err(), Code::LIMIT_EXCEEDED, "it went out");
    assert!(books.verify().ok);
}

fn the_fee_of_a_withdrawal_is_held_with_it(engine: Engine) {
    let books = three(engine);
    books.charge(1, 50, 100);
    let wallet = books.wallets[1].clone();
    let quoted = write(&*books.store, move |w| {
        let currency = token(w.reader())?;
        ledger::withdraw_fee(w.reader(), &wallet, &currency, 10_000)
    });
    assert_eq!(quoted.unwrap(), 150);
    let begun = settled(&books.start_withdraw(1, 10_000)).unwrap();
    assert_eq!((begun.fee, books.balance(1)), (150, (9_989_850, 10_150)));
    assert!(books.verify().ok, "{:?}", books.verify());
    settled(&books.start_end(begun.txid, true)).unwrap();
    assert_eq!(books.balance(1), (9_989_850, 0));
    let again = settled(&books.start_withdraw(1, 9_989_850));
    assert_eq!(again.unwrap_err(), Code::INSUFFICIENT_FUNDS, "the fee is not there");
    let begun = settled(&books.start_withdraw(1, 10_000)).unwrap();
    settled(&books.start_end(begun.txid, false)).unwrap();
    assert_eq!(books.balance(1), (9_989_850, 0), "the fee, too, comes back");
    // The platform pays nothing to itself.
    books.charge(0, 50, 100);
    let (source, destination) = (books.wallets[0].clone(), books.wallets[2].clone());
    let before = books.balance(0).0;
    write(&*books.store, move |w| {
        let currency = token(w.reader())?;
        let leg = Leg { source: &source, destination: &destination, currency: &currency, units: 1000 };
        let (kind, method, description) = (TransactionType::Transfer, "internal", "");
        ledger::post(w, NewTransaction { leg, kind, method, description, reference: None })
    })
    .unwrap();
    assert_eq!(before - books.balance(0).0, 1000);
    assert!(books.verify().ok, "{:?}", books.verify());
}

#[test]
fn verification_sees_a_fee_that_went_elsewhere() {
    let edits = [
        ("UPDATE ledger_transaction SET fee = '0' WHERE fee <> '0'", "sum"),
        ("UPDATE ledger_transaction SET fee = '1' WHERE fee = '0' AND kind = 'transfer'", "fee"),
        ("DELETE FROM house_wallet WHERE purpose = 'fees'", "fee"),
    ];
    for (edit, check) in edits {
        let mut books = three(Engine::Sqlite);
        books.charge(1, 50, 100);
        books.transfer(1, 2, 1000).unwrap();
        books.edit(edit);
        let report = books.verify();
        assert!(report.faults.iter().any(|fault| fault.check == check), "{edit}: {report:?}");
    }
}
