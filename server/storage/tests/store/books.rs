//! Books to try things on: an issuer with a currency, and wallets of others.

use crate::support::{Engine, Pending, Temporary, read, start, write};
use florin_domain::Refusal;
use florin_domain::access::{Caller, Grant};
use florin_domain::currency::{self, Currency, NewCurrency};
use florin_domain::identity::{self, NewProfile};
use florin_domain::ledger::{self, Balance, Hold, Leg, NewHold, NewTransaction, Report, Wallet};
use florin_domain::reference::{self, Identity, Made, Refused};
use florin_domain::store::{Reader, Record, Store, StoreError};
use florin_domain::system;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{ProfileData, ProfileType, TransactionType};
use florin_sdk_core::operation::{CaptureHold, RefundTransaction};
use florin_sdk_core::{Amount, Hoid, JsonObject, Secret, Txid, Upid};
use std::sync::Arc;

pub(crate) struct Books {
    pub(crate) place: Temporary,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) issuer: Upid,
    /// Who may do anything, and receives what is captured in the issuer's own wallet.
    pub(crate) caller: Caller,
    /// The issuer's own is the first.
    pub(crate) wallets: Vec<Wallet>,
}

/// An issuer and `users` wallets of others, in a file.
pub(crate) fn books(users: usize) -> Books {
    books_on(Engine::Sqlite, users)
}

/// The same on any engine.
pub(crate) fn books_on(engine: Engine, users: usize) -> Books {
    books_in(Temporary::new(engine), users)
}

/// The same in a place of one's own.
pub(crate) fn books_in(place: Temporary, users: usize) -> Books {
    let store = place.open();
    let (issuer, akid, wallets) = write(&*store, move |w| {
        let first = system::initialise(w, Secret::from("x"), "hash".to_owned())?;
        let new = NewCurrency {
            letters: "TOK".parse().unwrap(),
            name: "Token".to_owned(),
            decimals: 2,
            display_decimals: 2,
            issuer_name: Some("acme".to_owned()),
            reference: None,
        };
        currency::create_extended(w, first.upid, new)?;
        let mut wallets = vec![identity::default_wallet(w.reader(), first.upid)?];
        for _ in 0..users {
            let new = NewProfile {
                kind: ProfileType::Individual,
                parent: Some(first.upid),
                system: false,
                data: ProfileData::default(),
            };
            wallets.push(identity::create_profile(w, new)?.1);
        }
        Ok((first.upid, first.akid, wallets))
    })
    .unwrap();
    let caller = Caller::api_key(issuer, akid, Grant::built_in(&["system-admin"]));
    Books { place, store, issuer, caller, wallets }
}

/// Units of the currency as an amount.
pub(crate) fn amount(units: i128) -> Amount {
    Amount::from_units(units, 2).unwrap()
}

pub(crate) fn token(reader: &mut (dyn Reader + '_)) -> Result<Currency, StoreError> {
    Ok(reader.first::<Currency>(Currency::query().eq(Currency::code, "TOK.acme"))?.unwrap())
}

fn code<T>(result: Result<T, Refusal>) -> Result<T, Code> {
    result.map_err(|refusal| refusal.code)
}

/// What a job that was started has come to.
pub(crate) fn settled<T>(pending: &Pending<T>) -> Result<T, Code> {
    code(pending.recv().unwrap().unwrap())
}

/// What became of a transfer under a client reference: a transaction, or a refusal.
pub(crate) type Fate = Result<Txid, Code>;

/// Its answer: its fate, and whether it was given before.
pub(crate) type Answer = (Fate, bool);

impl Books {
    pub(crate) fn supply(&self, amount: &str, issuing: bool) -> Result<(), Code> {
        let (upid, amount): (Upid, Amount) = (self.issuer, amount.parse().unwrap());
        let change = if issuing { currency::issue } else { currency::redeem };
        code(write(&*self.store, move |w| change(w, upid, &"TOK".parse().unwrap(), amount, None)).map(|_| ()))
    }

    pub(crate) fn transfer(&self, from: usize, to: usize, units: i128) -> Result<Txid, Code> {
        settled(&self.start_transfer(&*self.store, from, to, units))
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

    /// A transfer under a client reference.
    pub(crate) fn start_once(
        &self,
        store: &dyn Store,
        reference: &str,
        from: usize,
        to: usize,
        units: i128,
    ) -> Pending<Answer> {
        let (source, destination) = (self.wallets[from].clone(), self.wallets[to].clone());
        let identity = Identity {
            owner: self.issuer,
            operation: "WalletTransfer",
            target: String::new(),
            reference: reference.to_owned(),
            fingerprint: reference::fingerprint("WalletTransfer", &serde_json::json!([from, to, units.to_string()])),
        };
        start(store, move |w| {
            let decided = reference::once(w, &identity, |w| {
                let currency = token(w.reader())?;
                let leg = Leg { source: &source, destination: &destination, currency: &currency, units };
                let (kind, method, description) = (TransactionType::Transfer, "internal", "");
                let reference = Some(identity.reference.as_str());
                let txid = ledger::post(w, NewTransaction { leg, kind, method, description, reference })?;
                let answer: JsonObject = format!("{{\"txid\": \"{txid}\"}}").parse().unwrap();
                Ok((answer, Made { txid: Some(txid), prid: None }))
            });
            match decided {
                Ok(decided) => {
                    let answer = serde_json::to_value(&decided.answer).unwrap();
                    Ok((Ok(answer["txid"].as_str().unwrap().parse().unwrap()), decided.replayed))
                }
                // A refusal is a decision, and stays.
                Err(Refused { refusal, replayed }) if refusal.code.is_decided() => Ok((Err(refusal.code), replayed)),
                Err(Refused { refusal, .. }) => Err(refusal),
            }
        })
    }

    pub(crate) fn hold(&self, wallet: usize, units: i128, seconds: u32) -> Result<Hold, Code> {
        let (wallet, creator) = (self.wallets[wallet].clone(), self.issuer);
        code(write(&*self.store, move |w| {
            let currency = token(w.reader())?;
            ledger::place_hold(w, NewHold { wallet: &wallet, currency: &currency, units, seconds, creator }, None)
        }))
    }

    pub(crate) fn start_capture(&self, hoid: Hoid, units: Option<i128>) -> Pending<Txid> {
        let (caller, capture) =
            (self.caller.clone(), CaptureHold { amount: units.map(amount), ..CaptureHold::new(hoid) });
        start(&*self.store, move |w| ledger::capture_hold(w, &caller, &capture, None))
    }

    pub(crate) fn capture(&self, hoid: Hoid, units: Option<i128>) -> Result<Txid, Code> {
        settled(&self.start_capture(hoid, units))
    }

    pub(crate) fn start_release(&self, hoid: Hoid) -> Pending<Txid> {
        let caller = self.caller.clone();
        start(&*self.store, move |w| ledger::release_hold(w, &caller, hoid, None))
    }

    pub(crate) fn release(&self, hoid: Hoid) -> Result<Txid, Code> {
        settled(&self.start_release(hoid))
    }

    pub(crate) fn refund(&self, txid: Txid, units: Option<i128>) -> Result<Txid, Code> {
        let caller = self.caller.clone();
        let refund = RefundTransaction { amount: units.map(amount), ..RefundTransaction::new(txid) };
        code(write(&*self.store, move |w| ledger::refund(w, &caller, &refund, None)))
    }

    /// What the sweeper does, until nothing is left to do. How many holds it released.
    pub(crate) fn sweep(&self) -> usize {
        let expired = read(&*self.store, |r| ledger::expired_holds(r, 1000).unwrap());
        for hoid in &expired {
            let hoid = *hoid;
            assert!(write(&*self.store, move |w| ledger::expire_hold(w, hoid)).unwrap());
        }
        expired.len()
    }

    /// What a wallet can spend, and what it has set aside, as whoever reads is told.
    pub(crate) fn balance(&self, wallet: usize) -> (i128, i128) {
        let waid = self.wallets[wallet].waid;
        let shown = read(&*self.store, move |r| ledger::balances(r, waid).unwrap());
        shown.first().map_or((0, 0), |shown| {
            let units = |amount: Amount| amount.units(2).unwrap();
            assert_eq!(units(shown.total), units(shown.available) + units(shown.held));
            (units(shown.available), units(shown.held))
        })
    }

    /// The same, as it is written.
    pub(crate) fn written(&self, wallet: usize) -> (i128, i128) {
        let waid = self.wallets[wallet].waid;
        let rows = read(&*self.store, move |r| r.list::<Balance>(Balance::query().eq(Balance::waid, waid)).unwrap());
        rows.first().map_or((0, 0), |row| (row.available, row.held))
    }

    pub(crate) fn verify(&self) -> Report {
        ledger::verify(&*self.store, &mut |_| ()).unwrap()
    }

    /// Runs statements on the file, as somebody with an editor would, and opens the books again.
    pub(crate) fn edit(&mut self, statements: &str) {
        drop(std::mem::replace(&mut self.store, Temporary::new(Engine::Sqlite).open()));
        assert!(self.place.edit(statements) > 0, "{statements} changed nothing");
        self.store = self.place.open();
    }
}
