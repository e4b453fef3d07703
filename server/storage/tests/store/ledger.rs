//! The books under random operations, against a plain model; and what verification finds.

use crate::support::{Engine, Pending, Temporary, engine_tests, read, start, write};
use florin_domain::currency::{self, Currency, NewCurrency};
use florin_domain::identity::{self, NewProfile};
use florin_domain::ledger::{self, Balance, Leg, NewTransaction, Report, Wallet};
use florin_domain::store::{Record, Store};
use florin_domain::system;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{ProfileData, ProfileType, TransactionType};
use florin_sdk_core::{Amount, JsonObject, Secret, Txid, Upid};
use proptest::prelude::*;
use std::sync::Arc;

engine_tests! {
    the_books_do_what_a_plain_model_does
    a_supply_beyond_what_the_books_hold_is_refused_whole
    verification_finds_what_was_edited_by_hand
}

pub(crate) struct Books {
    pub(crate) place: Temporary,
    pub(crate) store: Arc<dyn Store>,
    issuer: Upid,
    pub(crate) wallets: Vec<Wallet>,
}

/// An issuer and `users` wallets of others; the issuer's own is the first.
pub(crate) fn books(engine: Engine, users: usize) -> Books {
    let place = Temporary::new(engine);
    let store = place.open();
    let (issuer, wallets) = write(&*store, move |w| {
        let issuer = system::initialise(w, Secret::from("x"), "hash".to_owned())?.upid;
        let new = NewCurrency {
            letters: "TOK".parse().unwrap(),
            name: "Token".to_owned(),
            decimals: 2,
            display_decimals: 2,
            issuer_name: Some("acme".to_owned()),
            reference: None,
        };
        currency::create_extended(w, issuer, new)?;
        let mut wallets = vec![identity::default_wallet(w.reader(), issuer)?];
        for _ in 0..users {
            let new = NewProfile {
                kind: ProfileType::Individual,
                parent: Some(issuer),
                system: false,
                data: ProfileData::default(),
                extended: JsonObject::default(),
            };
            wallets.push(identity::create_profile(w, new)?.1);
        }
        Ok((issuer, wallets))
    })
    .unwrap();
    Books { place, store, issuer, wallets }
}

impl Books {
    pub(crate) fn supply(&self, amount: &str, issuing: bool) -> Result<(), Code> {
        let (upid, amount): (Upid, Amount) = (self.issuer, amount.parse().unwrap());
        let change = if issuing { currency::issue } else { currency::redeem };
        let result = write(&*self.store, move |w| change(w, upid, &"TOK".parse().unwrap(), amount, None));
        result.map(|_| ()).map_err(|refusal| refusal.code)
    }

    pub(crate) fn transfer(&self, from: usize, to: usize, units: i128) -> Result<(), Code> {
        let result = self.start_transfer(&*self.store, from, to, units).recv().unwrap().unwrap();
        result.map(|_| ()).map_err(|refusal| refusal.code)
    }

    /// The same on any store, such as another process's, without waiting.
    pub(crate) fn start_transfer(&self, store: &dyn Store, from: usize, to: usize, units: i128) -> Pending<Txid> {
        let (source, destination) = (self.wallets[from].clone(), self.wallets[to].clone());
        start(store, move |w| {
            let currency = w.get::<Currency>("TOK.acme")?.unwrap();
            let leg = Leg { source: &source, destination: &destination, currency: &currency, units };
            let (kind, method, description) = (TransactionType::Transfer, "internal", "");
            ledger::post(w, NewTransaction { leg, kind, method, description, reference: None })
        })
    }

    pub(crate) fn balance(&self, wallet: usize) -> i128 {
        let waid = self.wallets[wallet].waid;
        let rows = read(&*self.store, move |r| r.list::<Balance>(Balance::query().eq(Balance::waid, waid)).unwrap());
        rows.iter().map(|row| row.available).sum()
    }

    pub(crate) fn verify(&self) -> Report {
        read(&*self.store, |r| ledger::verify(r, &mut |_| ()).unwrap())
    }
}

#[derive(Debug, Clone)]
enum Step {
    Issue(u32),
    Redeem(u32),
    Transfer(usize, usize, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => (1..5000_u32).prop_map(Step::Issue),
        1 => (1..5000_u32).prop_map(Step::Redeem),
        5 => (0..4_usize, 0..4_usize, 0..3000_u32).prop_map(|(from, to, units)| Step::Transfer(from, to, units)),
    ];
    prop::collection::vec(step, 1..40)
}

fn the_books_do_what_a_plain_model_does(engine: Engine) {
    // A database on a server takes a while to make.
    let cases = if engine == Engine::Sqlite { 24 } else { 6 };
    let config = ProptestConfig { cases, ..ProptestConfig::default() };
    proptest!(config, |(steps in steps())| {
        let books = books(engine, 3);
        let mut model = [0_i128; 4];
        for step in steps {
            let (expected, found) = match step {
                Step::Issue(units) => {
                    model[0] += i128::from(units);
                    (Ok(()), books.supply(&format!("{}.{:02}", units / 100, units % 100), true))
                }
                Step::Redeem(units) => {
                    let enough = model[0] >= i128::from(units);
                    if enough {
                        model[0] -= i128::from(units);
                    }
                    let expected = if enough { Ok(()) } else { Err(Code::INSUFFICIENT_FUNDS) };
                    (expected, books.supply(&format!("{}.{:02}", units / 100, units % 100), false))
                }
                Step::Transfer(from, to, units) => {
                    let units = i128::from(units);
                    let expected = if units == 0 || from == to {
                        Err(Code::INVALID_REQUEST)
                    } else if model[from] < units {
                        Err(Code::INSUFFICIENT_FUNDS)
                    } else {
                        model[from] -= units;
                        model[to] += units;
                        Ok(())
                    };
                    (expected, books.transfer(from, to, units))
                }
            };
            prop_assert_eq!(found, expected);
        }
        for (wallet, units) in model.iter().enumerate() {
            prop_assert_eq!(books.balance(wallet), *units);
        }
        let report = books.verify();
        prop_assert!(report.ok, "{:?}", report.faults);
    });
}

fn a_supply_beyond_what_the_books_hold_is_refused_whole(engine: Engine) {
    let books = books(engine, 0);
    let most = "99999999999999999999999999.99"; // 28 digits
    assert_eq!(books.supply(most, true), Ok(()));
    assert_eq!(books.supply("0.01", true), Err(Code::LIMIT_EXCEEDED));
    assert_eq!(books.supply(most, false), Ok(()));
    assert!(books.verify().ok);
}

fn verification_finds_what_was_edited_by_hand(engine: Engine) {
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
        let mut books = books(engine, 1);
        books.supply("1000", true).unwrap();
        books.transfer(0, 1, 700).unwrap();
        assert!(books.verify().ok);
        drop(std::mem::replace(&mut books.store, Temporary::new(Engine::Sqlite).open()));
        assert!(books.place.edit(edit) > 0, "{edit} changed nothing");
        books.store = books.place.open();
        let report = books.verify();
        assert!(!report.ok, "{edit} was not found");
        assert!(report.faults.iter().any(|fault| fault.check == check), "{edit}: {:?}", report.faults);
    }
}
