//! A simulated network as a bridge.

use super::behaviour::{Mode, cost};
use super::chain;
use super::tables::{SimAccount, SimHolding, SimNetwork, SimTransaction};
use crate::bridge::address::Destination;
use crate::bridge::network::{Asset, Bridge, Facts, Holding, Incoming, NewAddress, Progress, Sending, Trouble};
use crate::refusal::Refusal;
use crate::secrets;
use crate::store::{Reader, Record, Store, StoreError, WriteJob, Writer, read_job};
use florin_sdk_core::Amount;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// How long the network's own storage may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an order is left alone that somebody took: a simulated network is near.
const ANSWERS_IN: Duration = Duration::from_secs(2);

/// A simulated network.
pub struct Simulated {
    facts: &'static Facts,
    store: Arc<dyn Store>,
}

impl Simulated {
    /// The simulated network of this kind in this storage.
    #[must_use]
    pub fn new(facts: &'static Facts, store: Arc<dyn Store>) -> Self {
        Self { facts, store }
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Reader) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (answer, answered) = sync_channel(1);
        let facts = self.facts;
        let mut work = Some(work);
        let look = move |reader: &mut dyn Reader| {
            let down = reader.get::<SimNetwork>(facts.name).is_ok_and(|found| found.is_some_and(|n| n.mode == "down"));
            match work.take() {
                Some(work) if !down => work(reader).map_err(|e| trouble(&e)),
                _ => Err(no_answer("it is down")),
            }
        };
        let tell = move |result| drop(answer.send(result));
        self.store.read(read_job(look, tell)).map_err(|error| no_answer(&error.to_string()))?;
        answered.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(no_answer("its storage does not answer")))
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (answer, answered) = sync_channel(1);
        let job = Job { work, result: None, answer };
        self.store.write(Box::new(job)).map_err(|error| no_answer(&error.to_string()))?;
        answered.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(no_answer("its storage does not answer")))
    }

    /// How it treats the next submission.
    fn mode(&self) -> Result<Mode, Trouble> {
        let facts = self.facts;
        let network = self.read(move |store| Ok(store.get::<SimNetwork>(facts.name)?))?;
        let mode = network.filter(|network| network.count != 0).and_then(|network| Mode::named(&network.mode));
        let [random]: [u8; 1] = secrets::random();
        Ok(mode.unwrap_or(Mode::Ok).settled(random))
    }
}

/// A submission counts, whatever becomes of it.
fn count(store: &mut dyn Writer, facts: &Facts) -> Result<(), Refusal> {
    let mut network = chain::need(store, facts)?;
    if network.count > 0 {
        network.count -= 1;
        if network.count == 0 {
            (network.mode, network.count) = ("ok".to_owned(), -1);
        }
        store.update(&network)?;
    }
    Ok(())
}

fn no_answer(reason: &str) -> Trouble {
    Trouble::NoAnswer(reason.to_owned())
}

/// What storage says no to was not done, for all that is known; what a rule says no to is refused.
fn trouble(refusal: &Refusal) -> Trouble {
    if refusal.code.0 < 20_000 { no_answer(&refusal.message) } else { Trouble::Refused(refusal.message.clone()) }
}

struct Job<F, T> {
    work: F,
    result: Option<Result<T, Refusal>>,
    answer: SyncSender<Result<T, Trouble>>,
}

impl<F, T> WriteJob for Job<F, T>
where
    F: FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send,
    T: Send,
{
    fn run(&mut self, writer: &mut dyn Writer) -> bool {
        self.result.insert((self.work)(writer)).is_ok()
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result.map_err(|refusal| trouble(&refusal)),
            (Ok(()), None) => Err(no_answer("its storage did nothing")),
            (Err(error), _) => Err(no_answer(&error.to_string())),
        };
        let _ = self.answer.send(result);
    }
}

/// An amount that a simulated network holds.
fn whole(facts: &Facts, asset: &Asset, units: i128) -> Result<Amount, Refusal> {
    Amount::from_units(units, facts.decimals_of(asset)).map_err(|e| Refusal::value("amount", &e))
}

impl Bridge for Simulated {
    fn facts(&self) -> &'static Facts {
        self.facts
    }

    fn longest_answer(&self) -> Duration {
        ANSWERS_IN
    }

    fn find(&self, id: &str) -> Result<Option<Progress>, Trouble> {
        let (facts, id) = (self.facts, id.to_owned());
        self.read(move |store| {
            let height = store.get::<SimNetwork>(facts.name)?.map_or(0, |network| network.height);
            let query =
                SimTransaction::query().eq(SimTransaction::network, facts.name).eq(SimTransaction::id, id.as_str());
            let found = store.first::<SimTransaction>(query)?;
            Ok(found.map(|payment| chain::progress(facts, height, &payment)))
        })
    }

    fn submit(&self, sending: &Sending) -> Result<Progress, Trouble> {
        let (facts, sending, mode) = (self.facts, sending.clone(), self.mode()?);
        let arrives = move |store: &mut dyn Writer| {
            count(store, facts)?;
            match mode {
                Mode::Drop => Ok(None),
                Mode::Late => chain::delay(store, facts, &sending).map(|()| None),
                Mode::Double => {
                    chain::accept(store, facts, &sending, false)?;
                    chain::accept(store, facts, &sending, false).map(Some)
                }
                mode => chain::accept(store, facts, &sending, mode == Mode::Reject).map(Some),
            }
        };
        match (self.write(arrives)?, mode) {
            (Some(progress), mode) if mode != Mode::Lost => Ok(progress),
            _ => Err(no_answer("the connection was lost")),
        }
    }

    fn tip(&self) -> Result<i64, Trouble> {
        let facts = self.facts;
        self.read(move |store| Ok(store.get::<SimNetwork>(facts.name)?.map_or(0, |network| network.height)))
    }

    fn incoming(&self, after: i64, to: i64) -> Result<Vec<Incoming>, Trouble> {
        let facts = self.facts;
        self.read(move |store| {
            let query = SimTransaction::query()
                .eq(SimTransaction::network, facts.name)
                .eq(SimTransaction::status, "final")
                .greater(SimTransaction::height, after)
                .less(SimTransaction::height, to.saturating_add(1))
                .ascending(SimTransaction::number);
            let mut list = Vec::new();
            for payment in store.list::<SimTransaction>(query)? {
                let account = store.get::<SimAccount>((facts.name, payment.destination.as_str()))?;
                let (Some(asset), true) = (Asset::parse(&payment.asset), account.is_some_and(|account| account.ours))
                else {
                    continue;
                };
                list.push(Incoming {
                    amount: whole(facts, &asset, payment.units)?,
                    asset,
                    destination: Destination { address: payment.destination, tag: payment.tag },
                    sender: payment.source,
                    transaction: payment.network_id,
                    height: payment.height.unwrap_or_default(),
                });
            }
            Ok(list)
        })
    }

    fn balances(&self, address: &str) -> Result<Vec<Holding>, Trouble> {
        let (facts, address) = (self.facts, address.to_owned());
        self.read(move |store| {
            let query = SimHolding::query()
                .eq(SimHolding::network, facts.name)
                .eq(SimHolding::address, address.as_str())
                .ascending(SimHolding::number);
            let mut list = Vec::new();
            for holding in store.list::<SimHolding>(query)? {
                let Some(asset) = Asset::parse(&holding.asset) else { continue };
                list.push(Holding { amount: whole(facts, &asset, holding.units)?, asset });
            }
            Ok(list)
        })
    }

    fn trust_lines(&self, address: &str) -> Result<Vec<Asset>, Trouble> {
        let (facts, address) = (self.facts, address.to_owned());
        if !facts.trust_lines {
            return Err(Trouble::Refused("this network has no trust lines".to_owned()));
        }
        self.read(move |store| {
            let query = SimHolding::query()
                .eq(SimHolding::network, facts.name)
                .eq(SimHolding::address, address.as_str())
                .ascending(SimHolding::number);
            let lines = store.list::<SimHolding>(query)?;
            let accepted = lines.iter().filter(|line| line.most.is_some_and(|most| most > 0));
            Ok(accepted.filter_map(|line| Asset::parse(&line.asset)).collect())
        })
    }

    fn set_trust_line(&self, address: &str, asset: &Asset, most: Amount) -> Result<(), Trouble> {
        let (facts, address, asset) = (self.facts, address.to_owned(), asset.clone());
        if !facts.trust_lines {
            return Err(Trouble::Refused("this network has no trust lines".to_owned()));
        }
        let most = most.units(facts.decimals_of(&asset)).map_err(|error| Trouble::Refused(error.to_string()))?;
        self.write(move |store| {
            chain::open_account(store, facts, &address, true)?;
            chain::set_line(store, facts, &address, &asset, most)
        })
    }

    fn set_tag_required(&self, address: &str, required: bool) -> Result<(), Trouble> {
        let (facts, address) = (self.facts, address.to_owned());
        if facts.tags.is_none() {
            return Err(Trouble::Refused("this network has no destination tags".to_owned()));
        }
        self.write(move |store| {
            chain::open_account(store, facts, &address, true)?;
            let account = store.claim::<SimAccount>((facts.name, address.as_str()))?;
            let account = account.ok_or_else(Refusal::not_found)?;
            Ok(store.update(&SimAccount { tag_required: required, ..account })?)
        })
    }

    fn new_address(&self) -> Result<NewAddress, Trouble> {
        let facts = self.facts;
        let address = facts.address_kind().made_of(secrets::random());
        let made = address.clone();
        self.write(move |store| chain::open_account(store, facts, &made, true))?;
        Ok(NewAddress { address, secret: secrets::hex_key() })
    }

    fn quote(
        &self,
        destination: &Destination,
        wanted: &Asset,
        amount: Amount,
        source: &Asset,
    ) -> Result<Amount, Trouble> {
        let (facts, destination, wanted, source) = (self.facts, destination.clone(), wanted.clone(), source.clone());
        let found = self.read(move |store| {
            let units = amount.units(facts.decimals_of(&wanted)).map_err(|e| Refusal::value("amount", &e))?;
            if let Some(reason) = chain::refuses(store, facts, &destination, &wanted, units)? {
                return Ok(Err(reason));
            }
            match cost(facts, &wanted, units, &source) {
                Some(units) => whole(facts, &source, units).map(Ok),
                None => Ok(Err("the amount is too large")),
            }
        })?;
        found.map_err(|reason| Trouble::Refused(reason.to_owned()))
    }
}
