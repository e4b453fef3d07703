//! Deposits and withdrawals: money comes in, is set aside, and leaves once or comes back once.

use crate::books::{Books, books, books_on, settled, token};
use crate::support::{Engine, Pending, engine_tests, read, start};
use florin_domain::bridge::facts::MANUAL;
use florin_domain::bridge::{Bridges, Checks, Manual, order};
use florin_domain::ledger::{self, Hold, HouseWallet, NewDeposit, OutsideResult, Wallet, Withdrawal, details, history};
use florin_domain::store::Record;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{TransactionState, TransactionType};
use florin_sdk_core::operation::WalletWithdraw;
use florin_sdk_core::{Amount, Txid};
use std::sync::Arc;

impl Books {
    pub(crate) fn start_deposit(&self, wallet: usize, units: i128, network: &'static str) -> Pending<Txid> {
        let wallet = self.wallets[wallet].clone();
        start(&*self.store, move |w| {
            let currency = token(w.reader())?;
            let new = NewDeposit {
                wallet: &wallet,
                currency: &currency,
                units,
                method: network,
                network,
                description: "",
                network_id: Some("ABCD"),
                source: Some("from there"),
                destination: None,
            };
            ledger::deposit(w, &new, None)
        })
    }

    /// One that people are to send: its network is `manual`.
    pub(crate) fn start_withdraw(&self, wallet: usize, units: i128) -> Pending<Withdrawal> {
        let (wallet, creator) = (self.wallets[wallet].clone(), self.issuer);
        start(&*self.store, move |w| {
            let currency = token(w.reader())?;
            let amount = Amount::from_units(units, currency.decimals).expect("an amount");
            let op =
                WalletWithdraw::new(amount, currency.code.clone(), MANUAL.name.to_owned(), "over there".to_owned());
            let txid = order::withdraw(w, &Manual, (&wallet, creator), &op, Checks::Full, None)?;
            Ok(w.get::<Withdrawal>(txid)?.expect("the withdrawal"))
        })
    }

    pub(crate) fn start_end(&self, txid: Txid, complete: bool) -> Pending<Withdrawal> {
        start(&*self.store, move |w| {
            let result = OutsideResult { network_id: Some("EFGH"), message: Some("said"), ..OutsideResult::default() };
            order::close_by_hand(w, &Bridges::new(vec![Arc::new(Manual)]), txid, complete, result)?;
            Ok(w.get::<Withdrawal>(txid)?.expect("the withdrawal"))
        })
    }

    /// What stands for a network, in units of the currency.
    fn outside(&self, network: &'static str) -> i128 {
        read(&*self.store, move |r| {
            let number = token(r).unwrap().number;
            let house = r.get::<HouseWallet>((number, format!("outside:{network}"))).unwrap();
            let balance = house.and_then(|house| r.get::<ledger::Balance>((house.waid, number)).unwrap());
            balance.map_or(0, |balance| balance.available + balance.held)
        })
    }

    fn lines(&self, wallet: usize, limit: usize) -> Vec<(TransactionType, TransactionState, String, String, String)> {
        let wallet: Wallet = self.wallets[wallet].clone();
        read(&*self.store, move |r| {
            let filter = ledger::HistoryFilter { limit, ..ledger::HistoryFilter::default() };
            let listed = history(r, &wallet, &filter).unwrap().0;
            let text = |amount: Option<florin_sdk_core::Amount>| amount.map(|a| a.to_string()).unwrap_or_default();
            let lines = listed.into_iter().map(|line| {
                (line.kind, line.state, line.amount.to_string(), text(line.held), line.balance.to_string())
            });
            lines.collect()
        })
    }
}

engine_tests! {
    a_withdrawal_is_held_and_then_leaves
    a_withdrawal_that_fails_comes_back
    only_one_of_many_endings_counts
}

fn line(
    kind: TransactionType,
    state: TransactionState,
    [amount, held, balance]: [&str; 3],
) -> (TransactionType, TransactionState, String, String, String) {
    (kind, state, amount.to_owned(), held.to_owned(), balance.to_owned())
}

fn a_withdrawal_is_held_and_then_leaves(engine: Engine) {
    let books = books_on(engine, 1);
    settled(&books.start_deposit(1, 10_000, "bank")).unwrap();
    assert_eq!((books.balance(1), books.outside("bank")), ((10_000, 0), -10_000));
    assert_eq!(settled(&books.start_withdraw(1, 10_001)).unwrap_err(), Code::INSUFFICIENT_FUNDS);
    assert_eq!(settled(&books.start_withdraw(1, 0)).unwrap_err(), Code::INVALID_REQUEST);
    let begun = settled(&books.start_withdraw(1, 4000)).unwrap();
    assert_eq!((books.balance(1), begun.state), ((6000, 4000), TransactionState::Pending));
    assert_eq!(
        books.lines(1, 1),
        [line(TransactionType::Withdraw, TransactionState::Pending, ["-40.00", "40.00", "100.00"])]
    );
    assert!(books.verify().ok, "{:?}", books.verify());
    // A hold like others, but for this: time and the holders of keys do not end it.
    assert_eq!(books.capture(begun.hoid, None), Err(Code::INVALID_REQUEST));
    assert_eq!(books.release(begun.hoid), Err(Code::INVALID_REQUEST));
    books.place.clock.advance(u32::MAX);
    assert_eq!((books.sweep(), books.balance(1)), (0, (6000, 4000)));
    assert_eq!(books.transfer(1, 0, 6001), Err(Code::INSUFFICIENT_FUNDS));

    let done = settled(&books.start_end(begun.txid, true)).unwrap();
    assert_eq!((books.balance(1), done.state), ((6000, 0), TransactionState::Completed));
    assert_eq!((books.outside("bank"), books.outside("manual")), (-10_000, 4000));
    // One line, which says by now that it is done; with one for each page, too.
    let completed = line(TransactionType::Withdraw, TransactionState::Completed, ["-40.00", "40.00", "60.00"]);
    let deposited = line(TransactionType::Deposit, TransactionState::Completed, ["100.00", "", "100.00"]);
    assert_eq!(books.lines(1, 50), [completed.clone(), deposited]);
    assert_eq!(books.lines(1, 1), [completed]);
    let (caller, txid) = (books.caller.clone(), begun.txid);
    let shown = read(&*books.store, move |r| details(r, &caller, txid).unwrap());
    assert_eq!((shown.state, shown.finished), (TransactionState::Completed, done.closed));
    assert_eq!(shown.external_destination_address.as_deref(), Some("over there"));
    assert_eq!(shown.external_transaction_id.as_deref(), Some("EFGH"));
    assert_eq!(shown.source_balance.map(|balance| balance.to_string()).as_deref(), Some("60.00"));
    for complete in [true, false] {
        assert_eq!(settled(&books.start_end(begun.txid, complete)).unwrap_err(), Code::WITHDRAWAL_CLOSED);
    }
    assert_eq!(settled(&books.start_end(Txid::new(7).unwrap(), true)).unwrap_err(), Code::NOT_FOUND);
    // What went out is not paid back by anybody here.
    assert!(books.refund(begun.txid, None).is_err() && books.refund(done.ended.unwrap(), None).is_err());
    let report = books.verify();
    assert!(report.ok && report.withdrawals == 1, "{report:?}");
}

fn a_withdrawal_that_fails_comes_back(engine: Engine) {
    let books = books_on(engine, 1);
    settled(&books.start_deposit(1, 10_000, "bank")).unwrap();
    let begun = settled(&books.start_withdraw(1, 10_000)).unwrap();
    let failed = settled(&books.start_end(begun.txid, false)).unwrap();
    assert_eq!((books.balance(1), failed.state), ((10_000, 0), TransactionState::Failed));
    assert_eq!(books.outside("bank"), -10_000);
    assert_eq!(
        books.lines(1, 1),
        [line(TransactionType::Withdraw, TransactionState::Failed, ["-100.00", "100.00", "100.00"])]
    );
    let (caller, txid) = (books.caller.clone(), begun.txid);
    let shown = read(&*books.store, move |r| details(r, &caller, txid).unwrap());
    assert_eq!(shown.error_message.as_deref(), Some("said"));
    let hoid = begun.hoid;
    let hold = read(&*books.store, move |r| r.get::<Hold>(hoid).unwrap().unwrap());
    assert_eq!((hold.ended, hold.captured), (failed.ended, 0));
    books.transfer(1, 0, 10_000).unwrap();
    assert!(books.verify().ok, "{:?}", books.verify());
}

fn only_one_of_many_endings_counts(engine: Engine) {
    let books = books_on(engine, 1);
    settled(&books.start_deposit(1, 1000, "bank")).unwrap();
    let begun = settled(&books.start_withdraw(1, 1000)).unwrap();
    let endings: Vec<_> = (0..16).map(|index| books.start_end(begun.txid, index % 2 == 0)).collect();
    let endings: Vec<_> = endings.iter().map(settled).collect();
    assert_eq!(endings.iter().filter(|ending| ending.is_ok()).count(), 1);
    assert_eq!(endings.iter().filter(|ending| **ending == Err(Code::WITHDRAWAL_CLOSED)).count(), 15);
    let completed = endings.iter().flatten().any(|ending| ending.state == TransactionState::Completed);
    assert_eq!(books.balance(1), (if completed { 0 } else { 1000 }, 0));
    assert!(books.verify().ok, "{:?}", books.verify());
}

#[test]
fn verification_sees_what_was_done_to_a_withdrawal() {
    let edits = [
        ("UPDATE withdrawal SET state = 'Completed' WHERE ended IS NULL", "withdrawal"),
        ("UPDATE withdrawal SET state = 'Failed' WHERE state = 'Completed'", "withdrawal"),
        ("UPDATE withdrawal SET units = '1' WHERE state = 'Completed'", "withdrawal"),
        ("UPDATE withdrawal SET fee = '1' WHERE state = 'Completed'", "withdrawal"),
        ("DELETE FROM withdrawal WHERE state = 'Pending'", "withdrawal"),
        ("UPDATE hold SET expires = 5, due = 5 WHERE status = 'open'", "withdrawal"),
        ("DELETE FROM bridge_order WHERE status = 'waiting'", "withdrawal"),
        ("UPDATE bridge_order SET status = 'failed' WHERE status = 'done'", "order"),
        ("DELETE FROM house_wallet", "wallet"),
        ("UPDATE house_wallet SET currency = 840", "balance"),
    ];
    for (edit, check) in edits {
        let mut books = books(1);
        settled(&books.start_deposit(1, 10_000, "bank")).unwrap();
        let begun = settled(&books.start_withdraw(1, 2000)).unwrap();
        settled(&books.start_withdraw(1, 3000)).unwrap();
        settled(&books.start_end(begun.txid, true)).unwrap();
        assert!(books.verify().ok, "{:?}", books.verify());
        books.edit(edit);
        let report = books.verify();
        assert!(report.faults.iter().any(|fault| fault.check == check), "{edit}: {report:?}");
    }
}

#[test]
fn the_wallets_that_stand_for_networks_are_nobodys() {
    let books = books(1);
    settled(&books.start_deposit(1, 100, "bank")).unwrap();
    let issuer = books.issuer;
    let (houses, listed) = read(&*books.store, move |r| {
        let houses = r.list::<HouseWallet>(HouseWallet::query()).unwrap();
        (houses, ledger::wallets_of(r, issuer).unwrap())
    });
    assert_eq!(houses.len(), 1);
    assert!(listed.iter().all(|wallet| wallet.waid != houses[0].waid));
    let waid = houses[0].waid;
    assert!(read(&*books.store, move |r| ledger::need_wallet(r, waid)).is_err());
}
