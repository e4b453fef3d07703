//! The platform's accounts on networks.

use super::network::{Attribute, Facts, NewAddress};
use crate::currency::Currency;
use crate::ledger::{Balance, HouseWallet, Withdrawal};
use crate::refusal::Refusal;
use crate::seal::{Component, Purpose, Sealed, Sealer};
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::TransactionState;
use florin_sdk_core::{JsonObject, Secret, SecretObject, Timestamp, Upid};
use serde_json::{Map, Value};

/// What stands in a secret's place.
pub const MASK: &str = "********";

/// The longest value of an attribute, in characters.
const MAX_VALUE: usize = 1000;

record! {
    /// An account on a network that the platform uses.
    ExternalAccount in "external_account" key {
        /// Its number.
        number: i64,
    } {
        /// The bridge's name.
        bridge: String,
        /// Which of the bridges of that name.
        instance: u32,
        /// The value of the attribute that identifies it.
        identifier: String,
        /// What it is.
        description: String,
        /// Whether IOUs are issued from it.
        issuing: bool,
        /// Whether deposits to it are looked for.
        trackable: bool,
        /// Its attributes that are no secrets.
        attributes: JsonObject,
        /// The names of the attributes that are secrets and are set.
        secret_names: Vec<String>,
        /// Their values, sealed: a JSON object.
        secrets: Option<Sealed>,
        /// The profile that receives with it; none if it is the platform's own.
        upid: Option<Upid>,
        /// When it was added.
        created: Timestamp,
    }
}

/// What `description`, `issuing` and `trackable` are called among the attributes.
const BESIDE: [&str; 3] = ["description", "issuing", "trackable"];

impl ExternalAccount {
    /// Where its secrets are sealed to.
    fn purpose(&self) -> Purpose {
        Purpose::of(Component::Omnibridge, Self::secrets, self.number)
    }

    /// Its secrets, for the bridge that signs with them.
    ///
    /// # Errors
    /// `LOCKED` as long as the component is.
    pub fn open_secrets(&self, sealer: &Sealer) -> Result<SecretObject, Refusal> {
        let Some(sealed) = &self.secrets else { return Ok(SecretObject(JsonObject::default())) };
        let text = sealer.unseal_text(&self.purpose(), sealed)?;
        let broken = |_| {
            tracing::error!(account = self.number, "the secrets of an external account are no JSON object");
            Refusal::new(Code::SYSTEM_ERROR)
        };
        Ok(SecretObject(text.expose().parse().map_err(broken)?))
    }

    /// Adds to its secrets, and replaces those of the same names.
    fn keep_secrets(&mut self, sealer: &Sealer, new: Vec<(String, Secret)>) -> Result<(), Refusal> {
        if new.is_empty() {
            return Ok(());
        }
        let mut all = self.open_secrets(sealer)?.0;
        for (name, secret) in new {
            all.0.insert(name, secret.expose().into());
        }
        self.secret_names = all.0.keys().cloned().collect();
        let text = zeroize::Zeroizing::new(all.to_string());
        self.secrets = Some(sealer.seal(&self.purpose(), text.as_bytes())?);
        Ok(())
    }
}

/// The platform's own receiving address on a network: the one that pays withdrawals, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotAddress(pub String);

impl ExternalAccount {
    /// Its attributes as answers show them: by name, secrets masked.
    #[must_use]
    pub fn shown(&self) -> JsonObject {
        let mut shown = self.attributes.clone();
        for name in &self.secret_names {
            shown.0.insert(name.clone(), MASK.into());
        }
        shown
    }

    /// Whether the platform holds its key.
    #[must_use]
    pub fn has_key(&self) -> bool {
        !self.secret_names.is_empty()
    }
}

/// The accounts of a bridge, in the order in which they were added.
pub fn of_bridge(store: &mut dyn Reader, bridge: &str, instance: u32) -> Result<Vec<ExternalAccount>, Refusal> {
    let query = ExternalAccount::query()
        .eq(ExternalAccount::bridge, bridge)
        .eq(ExternalAccount::instance, instance)
        .ascending(ExternalAccount::number);
    Ok(store.list(query)?)
}

/// The account of that identifier.
pub fn find(store: &mut dyn Reader, facts: &Facts, identifier: &str) -> Result<Option<ExternalAccount>, Refusal> {
    let query =
        ExternalAccount::query().eq(ExternalAccount::bridge, facts.name).eq(ExternalAccount::identifier, identifier);
    Ok(store.first(query)?)
}

/// The platform's own receiving address on a network: its first account there that no profile receives with and that
/// issues nothing.
pub fn hot(store: &mut dyn Reader, facts: &Facts) -> Result<Option<HotAddress>, Refusal> {
    let query = ExternalAccount::query()
        .eq(ExternalAccount::bridge, facts.name)
        .eq(ExternalAccount::issuing, false)
        .eq(ExternalAccount::trackable, true)
        .ascending(ExternalAccount::number);
    let accounts = store.list::<ExternalAccount>(query)?;
    Ok(accounts.into_iter().find(|account| account.upid.is_none()).map(|account| HotAddress(account.identifier)))
}

/// Sets attributes of an account; adds it if it is not there.
///
/// # Errors
/// `INVALID_REQUEST` if the identifier is missing, or an attribute is none of the bridge's or of a wrong type.
pub fn update(
    store: &mut dyn Writer,
    facts: &Facts,
    instance: u32,
    data: &Map<String, Value>,
    sealer: &Sealer,
) -> Result<ExternalAccount, Refusal> {
    let field = |name: &str| format!("accountdata.{}", name.chars().take(40).collect::<String>());
    for (name, value) in data {
        let Some(attribute) = facts.attributes.iter().find(|attribute| attribute.name == name) else {
            return Err(Refusal::field(&field(name), "is no attribute of this bridge's external accounts"));
        };
        fits(attribute, value).map_err(|reason| Refusal::field(&field(name), reason))?;
    }
    let identifier = data.get(facts.identifier).and_then(Value::as_str);
    let identifier = identifier.ok_or_else(|| Refusal::field(&field(facts.identifier), "is required"))?;
    let found = find(store.reader(), facts, identifier)?;
    let known = match found {
        Some(found) => store.claim::<ExternalAccount>(found.number)?,
        None => None,
    };
    let is_new = known.is_none();
    let mut account = match known {
        Some(account) => account,
        None => ExternalAccount {
            number: next_number(store)?,
            bridge: facts.name.to_owned(),
            instance,
            identifier: identifier.to_owned(),
            description: String::new(),
            issuing: false,
            trackable: true,
            attributes: JsonObject::default(),
            secret_names: Vec::new(),
            secrets: None,
            upid: None,
            created: store.now(),
        },
    };
    let mut secrets = Vec::new();
    for (name, value) in data {
        let masked = facts.attributes.iter().any(|attribute| attribute.name == name && attribute.masked);
        match (name.as_str(), value) {
            ("description", Value::String(text)) => account.description.clone_from(text),
            ("issuing", Value::Bool(flag)) => account.issuing = *flag,
            ("trackable", Value::Bool(flag)) => account.trackable = *flag,
            // Whoever sends back what a list showed must not overwrite the secret with stars.
            (_, Value::String(text)) if masked && text == MASK => {}
            (_, Value::String(text)) if masked => {
                secrets.push((name.clone(), Secret::from(text.as_str())));
            }
            _ if BESIDE.contains(&name.as_str()) => {}
            _ => {
                account.attributes.0.insert(name.clone(), value.clone());
            }
        }
    }
    account.keep_secrets(sealer, secrets)?;
    if is_new {
        store.insert(&account)?;
    } else {
        store.update(&account)?;
    }
    Ok(account)
}

/// Notes that an account refuses what comes without a destination tag, or no longer does.
pub fn note_tag_required(store: &mut dyn Writer, facts: &Facts, address: &str, required: bool) -> Result<(), Refusal> {
    let Some(found) = find(store.reader(), facts, address)? else { return Ok(()) };
    let Some(mut account) = store.claim::<ExternalAccount>(found.number)? else { return Ok(()) };
    account.attributes.0.insert("destinationtagrequired".to_owned(), required.into());
    Ok(store.update(&account)?)
}

/// What the books say of a currency on a network, in its smallest unit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Inside {
    /// What wallets have that came in by it.
    pub total: i128,
    /// What of it is set aside for withdrawals.
    pub held: i128,
    /// The fees of withdrawals that were carried out.
    pub fees: i128,
}

/// What the books say of a currency on a network.
pub fn inside(store: &mut dyn Reader, currency: &Currency, network: &str) -> Result<Inside, Refusal> {
    let house = store.get::<HouseWallet>((currency.number, format!("outside:{network}")))?;
    let balance = match house {
        Some(house) => store.get::<Balance>((house.waid, currency.number))?,
        None => None,
    };
    // The wallet that stands for the network lacks what the others have.
    let total = balance.map_or(0, |balance| balance.available.saturating_add(balance.held).saturating_neg());
    let query = Withdrawal::query().eq(Withdrawal::network, network).eq(Withdrawal::currency, currency.number);
    let mut inside = Inside { total, ..Inside::default() };
    for withdrawal in store.list::<Withdrawal>(query)? {
        match withdrawal.state {
            TransactionState::Pending => {
                inside.held = inside.held.saturating_add(withdrawal.units).saturating_add(withdrawal.fee);
            }
            TransactionState::Completed => inside.fees = inside.fees.saturating_add(withdrawal.fee),
            _ => {}
        }
    }
    Ok(inside)
}

/// Adds an account that the platform made itself.
pub fn add(
    store: &mut dyn Writer,
    facts: &Facts,
    new: &NewAddress,
    description: &str,
    upid: Option<Upid>,
    sealer: &Sealer,
) -> Result<ExternalAccount, Refusal> {
    let mut account = ExternalAccount {
        number: next_number(store)?,
        bridge: facts.name.to_owned(),
        instance: 1,
        identifier: new.address.clone(),
        description: description.to_owned(),
        issuing: false,
        trackable: true,
        attributes: JsonObject::default(),
        secret_names: Vec::new(),
        secrets: None,
        upid,
        created: store.now(),
    };
    account.attributes.0.insert(facts.identifier.to_owned(), new.address.as_str().into());
    account.keep_secrets(sealer, vec![("secret".to_owned(), new.secret.clone())])?;
    store.insert(&account)?;
    Ok(account)
}

fn next_number(store: &mut dyn Writer) -> Result<i64, Refusal> {
    let last = store.first::<ExternalAccount>(ExternalAccount::query().descending(ExternalAccount::number))?;
    Ok(last.map_or(1, |last| last.number.saturating_add(1)))
}

fn fits(attribute: &Attribute, value: &Value) -> Result<(), String> {
    match (attribute.kind, value) {
        ("boolean", Value::Bool(_)) => Ok(()),
        ("boolean", _) => Err("must be true or false".to_owned()),
        (_, Value::String(text)) if (1..=MAX_VALUE).contains(&text.chars().count()) => {
            if text.chars().any(char::is_control) { Err("must not have control characters".to_owned()) } else { Ok(()) }
        }
        _ => Err(format!("must be a string of 1 to {MAX_VALUE} characters")),
    }
}
