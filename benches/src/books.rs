//! Filling a database without a server: through the domain's own functions and the storage's own queue, so that the
//! books are such as the server writes them, and `florin verify` has nothing to say.

use anyhow::Context;
use fastrand::Rng;
use florin_domain::clock::Clock;
use florin_domain::currency::{self, Currency, NewCurrency};
use florin_domain::identity;
use florin_domain::ledger::{self, Leg, NewTransaction, Wallet, need_wallet};
use florin_domain::reference::{self, Identity, Made};
use florin_domain::store::{Store, StoreError, WriteJob, Writer};
use florin_domain::{Refusal, secrets, system};
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::operation::{Operation, WalletTransfer};
use florin_sdk_core::{Amount, CurrencyCode, JsonObject, Secret, Upid, Waid};
use florin_storage::Mode;
use serde_json::json;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// What each user gets, in the smallest unit: enough for all transfers of a measurement.
const CREDIT: i128 = 1_000_000;

/// How many jobs wait for the writer: it takes up to 512 at once, and the next ones must be there when it is done.
const WINDOW: usize = 2048;

/// The books of a provider with a currency, in a database that nobody serves yet.
pub struct Books {
    store: Arc<dyn Store>,
    setting: Arc<Setting>,
    /// The provider's key.
    pub key: Secret,
    /// How many transactions there are.
    pub transactions: u64,
}

/// What all jobs need.
struct Setting {
    provider: Upid,
    /// The provider's own wallet, which has all that was issued.
    main: Wallet,
    currency: Currency,
}

impl Books {
    /// Sets up an empty database.
    pub fn create(database: &str) -> anyhow::Result<Self> {
        let store = florin_storage::open(database, Mode::Serve, Clock::system())?;
        let password = secrets::password();
        let hash = secrets::hash_password(&password)?;
        let supply: Amount = "1000000000000".parse()?;
        let letters: CurrencyCode = "TOK".parse()?;
        let first = one(&*store, move |store| system::initialise(store, password.clone(), hash.clone()))?;
        let provider = first.upid;
        // One step a job: on an engine that is far away, a job runs again for each row that it did not have, and must
        // not ask for rows of ids that are new each time.
        let code = one(&*store, move |store| {
            let new = NewCurrency {
                letters: letters.clone(),
                name: "Token".to_owned(),
                decimals: 2,
                display_decimals: 2,
                issuer_name: Some("acme".to_owned()),
                reference: None,
            };
            Ok(currency::create_extended(store, provider, new)?.code)
        })?;
        let (main, currency) = one(&*store, move |store| {
            let (_, waid) = currency::issue(store, provider, &code, supply, None)?;
            let main = need_wallet(store.reader(), waid)?;
            Ok((main, currency::need_currency(store.reader(), "currency", &code)?))
        })?;
        let setting = Arc::new(Setting { provider, main, currency });
        Ok(Self { store, setting, key: first.apikey, transactions: 1 })
    }

    /// The currency's code.
    pub fn currency(&self) -> &CurrencyCode {
        &self.setting.currency.code
    }

    /// Makes users, each with money, and gives their wallets; the first ones get an app, and its token is given.
    pub fn users(&mut self, count: usize, apps: usize) -> anyhow::Result<(Vec<Waid>, Vec<Secret>)> {
        let setting = &self.setting;
        let work = (0..count).map(|number| {
            let setting = setting.clone();
            move |store: &mut dyn Writer| {
                let (waid, token) = user(store, &setting, number, number < apps)?;
                Ok((number, waid, token))
            }
        });
        let mut made = Vec::with_capacity(count);
        each(&*self.store, work, |user| made.push(user))?;
        made.sort_unstable_by_key(|(number, ..)| *number);
        let (wallets, tokens): (Vec<_>, Vec<_>) = made.into_iter().map(|(_, waid, token)| (waid, token)).unzip();
        let tokens = tokens.into_iter().flatten().collect();
        let work = wallets.iter().map(|wallet| {
            let (setting, wallet) = (setting.clone(), *wallet);
            move |store: &mut dyn Writer| credit(store, &setting, wallet)
        });
        each(&*self.store, work, |()| ())?;
        self.transactions += count as u64;
        Ok((wallets, tokens))
    }

    /// Moves the smallest unit between wallets, each time under a client reference of its own, `count` times.
    pub fn transfers(
        &mut self,
        count: u64,
        mut pair: impl FnMut(&mut Rng) -> (Waid, Waid) + Send,
    ) -> anyhow::Result<()> {
        let setting = &self.setting;
        let mut rng = Rng::new();
        let work = (0..count).map(|_| {
            let (setting, pair) = (setting.clone(), pair(&mut rng));
            let reference = format!("{:032x}", rng.u128(..));
            move |store: &mut dyn Writer| transfer(store, &setting, pair, &reference)
        });
        each(&*self.store, work, |()| ())?;
        self.transactions += count;
        Ok(())
    }

    /// Recomputes everything, as `florin verify` does; how many postings there are.
    pub fn verify(&self) -> anyhow::Result<u64> {
        let report = ledger::verify(&*self.store, &mut |_| ())?;
        anyhow::ensure!(report.ok, "{:?}", report.faults);
        Ok(report.postings)
    }
}

fn user(
    store: &mut dyn Writer,
    setting: &Setting,
    number: usize,
    app: bool,
) -> Result<(Waid, Option<Secret>), Refusal> {
    let name = format!("user-{number}");
    let (user, waid) =
        identity::create_user(store, setting.provider, &name, Some(name.clone()), JsonObject::default())?;
    let token = if app { Some(identity::create_mobile_token(store, &user, 86_400, None)?.1) } else { None };
    Ok((waid, token))
}

fn credit(store: &mut dyn Writer, setting: &Setting, waid: Waid) -> Result<(), Refusal> {
    let wallet = need_wallet(store.reader(), waid)?;
    let leg = Leg { source: &setting.main, destination: &wallet, currency: &setting.currency, units: CREDIT };
    let kind = TransactionType::Credit;
    ledger::post(store, NewTransaction { leg, kind, method: "internal", description: "", reference: None })?;
    Ok(())
}

/// As the server does it, but for the credential.
fn transfer(
    store: &mut dyn Writer,
    setting: &Setting,
    (source, destination): (Waid, Waid),
    reference: &str,
) -> Result<(), Refusal> {
    let identity = Identity {
        owner: setting.provider,
        operation: WalletTransfer::NAME,
        target: String::new(),
        reference: reference.to_owned(),
        fingerprint: reference::fingerprint(WalletTransfer::NAME, &json!([source, destination])),
    };
    let decided = reference::once(store, &identity, |store| {
        let source = need_wallet(store.reader(), source)?;
        let destination = need_wallet(store.reader(), destination)?;
        let leg = Leg { source: &source, destination: &destination, currency: &setting.currency, units: 1 };
        let kind = TransactionType::Transfer;
        let new = NewTransaction { leg, kind, method: "internal", description: "", reference: Some(reference) };
        let txid = ledger::post(store, new)?;
        let mut answer = JsonObject::default();
        answer.0.insert("txid".to_owned(), json!(txid));
        Ok((answer, Made { txid: Some(txid), prid: None }))
    });
    decided.map(|_| ()).map_err(|refused| refused.refusal)
}

/// Work for the writer, and whom to tell of it.
struct Job<W, T> {
    work: W,
    result: Option<Result<T, Refusal>>,
    done: Sender<anyhow::Result<T>>,
}

impl<T: Send, W: FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send> WriteJob for Job<W, T> {
    fn run(&mut self, writer: &mut dyn Writer) -> bool {
        self.result.insert((self.work)(writer)).is_ok()
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { result, done, .. } = *self;
        let result = match committed {
            Ok(()) => result.context("a job panicked").and_then(|result| Ok(result?)),
            Err(error) => Err(error.into()),
        };
        // Whoever asked has given up at the first failure.
        let _ = done.send(result);
    }
}

/// Does the work, and waits for it.
fn one<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send + 'static,
) -> anyhow::Result<T> {
    let (done, told) = channel();
    store.write(Box::new(Job { work, result: None, done }))?;
    told.recv().context("the writer has ended")?
}

/// Does all the work, so much at a time that commits are shared; tells what came of each, in no order.
fn each<T: Send + 'static, W: FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send + 'static>(
    store: &dyn Store,
    work: impl Iterator<Item = W> + Send,
    mut seen: impl FnMut(T),
) -> anyhow::Result<()> {
    let (done, told): (_, Receiver<anyhow::Result<T>>) = channel();
    let (take_place, leave_place) = sync_channel(WINDOW);
    let work = Mutex::new(work);
    let ask = move |done: Sender<anyhow::Result<T>>, place: SyncSender<()>| -> anyhow::Result<i64> {
        let mut asked = 0;
        // Whoever gives up at a failure leaves no place.
        while place.send(()).is_ok() {
            let next = work.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(work) = next else { break };
            store.write(Box::new(Job { work, result: None, done: done.clone() }))?;
            asked += 1;
        }
        Ok(asked)
    };
    std::thread::scope(|scope| {
        let (ask, askers) = (&ask, [(done.clone(), take_place.clone()), (done, take_place)]);
        // A store may do what one alone asks for on the thread that asks. While it does, the other fills the queue.
        let askers = askers.map(|(done, place)| scope.spawn(move || ask(done, place)));
        let mut waiting = 0;
        let seen = told.into_iter().try_for_each(|result| {
            seen(result?);
            waiting -= 1;
            leave_place.recv().context("nobody asks")
        });
        drop(leave_place);
        for asker in askers {
            waiting += asker.join().map_err(|_| anyhow::anyhow!("a thread that fills the books panicked"))??;
        }
        seen?;
        anyhow::ensure!(waiting == 0, "the writer has ended");
        Ok(())
    })
}
