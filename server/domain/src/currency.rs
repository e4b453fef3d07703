//! Currencies: base ones that the platform knows from the start, extended ones that profiles issue.

use crate::bridge::{Bridges, asset};
use crate::identity::{self, Profile, default_wallet};
use crate::ledger::{self, Leg, NewTransaction, Wallet};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{CurrencyType, ProfileCurrency, PublicCurrency, Status, SystemCurrency, TransactionType};
use florin_sdk_core::{Amount, CurrencyCode, Timestamp, Txid, Upid, Waid};

record! {
    /// A currency.
    Currency in "currency" key {
        /// Its code.
        code: CurrencyCode,
    } {
        /// Its number: ISO 4217, or from 1001 up. The books name it by this.
        number: u32,
        /// Its full name.
        name: String,
        /// Base, extended or bridge.
        kind: CurrencyType,
        /// Digits after the point in the books: the smallest unit.
        decimals: u32,
        /// Digits after the point when shown.
        display_decimals: u32,
        /// The profile that issues it; none for a base currency.
        issuer: Option<Upid>,
        /// The wallet that new units come from: the only one that may go below zero.
        issuance: Option<Waid>,
        /// The base currency whose invoices can be paid with it at par.
        reference: Option<CurrencyCode>,
        /// Units ever issued.
        issued: i128,
        /// Units ever redeemed.
        redeemed: i128,
        /// How it can be paid in.
        deposit_methods: Vec<String>,
        /// How it can be paid out.
        withdraw_methods: Vec<String>,
        /// Active or inactive.
        status: Status,
        /// When it was made.
        created: Timestamp,
        /// The currency that a bridge currency is on its network.
        parent: Option<CurrencyCode>,
        /// The network of a bridge currency.
        bridge: Option<String>,
        /// Who issues a bridge currency on its network.
        network_issuer: Option<String>,
        /// The address that a bridge currency is issued from on its network.
        issuer_address: Option<String>,
    }
}

impl Currency {
    /// An amount of it as units, or why it is none.
    pub fn units(&self, field: &str, amount: Amount) -> Result<i128, Refusal> {
        let units = amount.units(self.decimals).map_err(|e| Refusal::value(field, &e))?;
        if units > 0 { Ok(units) } else { Err(Refusal::field(field, "must be more than zero")) }
    }

    /// Units of it as an amount.
    pub fn amount(&self, units: i128) -> Result<Amount, Refusal> {
        Amount::from_units(units, self.decimals).map_err(|error| {
            tracing::error!(%error, currency = %self.code, "the books hold an amount that cannot be");
            Refusal::new(Code::SYSTEM_ERROR)
        })
    }
}

/// The number of the first currency without an ISO 4217 number.
const FIRST_OWN_NUMBER: u32 = 1001;

/// The base currencies of a new platform: number, code, name, digits after the point, methods.
#[rustfmt::skip]
const BASE: &[(u32, &str, &str, u32, &str)] = &[
    (36,   "AUD", "Australian Dollar",   2, "bank"),
    (124,  "CAD", "Canadian Dollar",     2, "bank"),
    (156,  "CNY", "Yuan Renminbi",       2, "bank"),
    (208,  "DKK", "Danish Krone",        2, "bank"),
    (356,  "INR", "Indian Rupee",        2, "bank"),
    (392,  "JPY", "Yen",                 0, "bank"),
    (404,  "KES", "Kenyan Shilling",     2, "bank"),
    (566,  "NGN", "Naira",               2, "bank"),
    (578,  "NOK", "Norwegian Krone",     2, "bank"),
    (646,  "RWF", "Rwanda Franc",        0, "bank"),
    (710,  "ZAR", "Rand",                2, "bank"),
    (752,  "SEK", "Swedish Krona",       2, "bank"),
    (756,  "CHF", "Swiss Franc",         2, "bank"),
    (800,  "UGX", "Uganda Shilling",     0, "bank"),
    (826,  "GBP", "Pound Sterling",      2, "bank"),
    (840,  "USD", "US Dollar",           2, "bank"),
    (936,  "GHS", "Ghana Cedi",          2, "bank"),
    (950,  "XAF", "CFA Franc BEAC",      0, "bank"),
    (952,  "XOF", "CFA Franc BCEAO",     0, "bank"),
    (967,  "ZMW", "Zambian Kwacha",      2, "bank"),
    (978,  "EUR", "Euro",                2, "bank,iban"),
    (986,  "BRL", "Brazilian Real",      2, "bank"),
    (1001, "BTC", "Bitcoin",             8, "bitcoin"),
    (1002, "XRP", "Ripple",              6, "ripple"),
    (1003, "XLM", "Stellar Lumen",       7, "stellar"),
];

/// Puts the base currencies in place.
pub fn seed(store: &mut dyn Writer) -> Result<(), Refusal> {
    for (number, code, name, decimals, methods) in BASE {
        let methods: Vec<String> = methods.split(',').map(str::to_owned).collect();
        store.insert(&Currency {
            number: *number,
            code: code.parse().map_err(|e| Refusal::value("currencycode", &e))?,
            name: (*name).to_owned(),
            kind: CurrencyType::Base,
            decimals: *decimals,
            display_decimals: *decimals,
            issuer: None,
            issuance: None,
            reference: None,
            issued: 0,
            redeemed: 0,
            deposit_methods: methods.clone(),
            withdraw_methods: methods,
            status: Status::Active,
            created: store.now(),
            parent: None,
            bridge: None,
            network_issuer: None,
            issuer_address: None,
        })?;
    }
    Ok(())
}

/// The currency that the books name by this number.
pub fn by_number(store: &mut dyn Reader, number: u32) -> Result<Currency, Refusal> {
    store.first::<Currency>(Currency::query().eq(Currency::number, number))?.ok_or_else(Refusal::not_found)
}

/// The currency of this code, which must be there and active.
pub fn need_currency(store: &mut dyn Reader, field: &str, code: &CurrencyCode) -> Result<Currency, Refusal> {
    let currency = store
        .get::<Currency>(code.as_str())?
        .ok_or_else(|| Refusal::field(field, format!("{code} is not a currency of this platform")))?;
    identity::need_active(&currency.status, "The currency")?;
    Ok(currency)
}

/// A currency that the profile itself issues, named by its three letters or its full code.
pub fn own_currency(store: &mut dyn Reader, upid: Upid, code: &CurrencyCode) -> Result<Currency, Refusal> {
    let full = if code.issuer().is_some() {
        code.clone()
    } else {
        let issuer = identity::need_profile(store, upid)?.issuer_name.ok_or_else(Refusal::not_found)?;
        full_code(code, &issuer)?
    };
    store
        .get::<Currency>(full.as_str())?
        .filter(|currency| currency.issuer == Some(upid))
        .ok_or_else(Refusal::not_found)
}

fn full_code(letters: &CurrencyCode, issuer: &str) -> Result<CurrencyCode, Refusal> {
    format!("{letters}.{issuer}").parse().map_err(|e| Refusal::value("currencycode", &e))
}

/// What a new extended currency is made from.
#[derive(Debug)]
pub struct NewCurrency {
    /// Three letters.
    pub letters: CurrencyCode,
    /// Full name.
    pub name: String,
    /// Digits after the point in the books.
    pub decimals: u32,
    /// Digits after the point when shown.
    pub display_decimals: u32,
    /// The issuer's name, for the profile's first.
    pub issuer_name: Option<String>,
    /// The base currency whose invoices can be paid with it at par.
    pub reference: Option<CurrencyCode>,
}

/// Makes a currency issued by `upid`.
pub fn create_extended(store: &mut dyn Writer, upid: Upid, new: NewCurrency) -> Result<Currency, Refusal> {
    let issuer = settle_issuer_name(store, upid, new.issuer_name)?;
    let code = full_code(&new.letters, &issuer)?;
    if store.get::<Currency>(code.as_str())?.is_some() {
        return Err(Refusal::because(Code::ALREADY_EXISTS, format!("There is a currency {code} already")));
    }
    if let Some(reference) = &new.reference {
        let base = need_currency(store.reader(), "referencecurrency", reference)?;
        if base.kind != CurrencyType::Base {
            return Err(Refusal::field("referencecurrency", "must be a base currency"));
        }
    }
    let issuance = ledger::create_issuance_wallet(store, upid, &code)?;
    let currency = Currency {
        number: next_number(store)?,
        code,
        name: new.name,
        kind: CurrencyType::Extended,
        decimals: new.decimals,
        display_decimals: new.display_decimals,
        issuer: Some(upid),
        issuance: Some(issuance.waid),
        reference: new.reference,
        issued: 0,
        redeemed: 0,
        deposit_methods: Vec::new(),
        withdraw_methods: Vec::new(),
        status: Status::Active,
        created: store.now(),
        parent: None,
        bridge: None,
        network_issuer: None,
        issuer_address: None,
    };
    store.insert(&currency)?;
    Ok(currency)
}

/// What a new bridge currency is made from.
#[derive(Debug)]
pub struct NewBridgeCurrency {
    /// The currency that it is on the network.
    pub parent: CurrencyCode,
    /// The network: lower-case letters and digits.
    pub bridge: String,
    /// Who issues it there, where the caller says so. Kept and compared in lower case.
    pub network_issuer: Option<String>,
    /// The address that it is issued from there.
    pub issuer_address: String,
    /// Whether it can be paid in over the network.
    pub deposit: bool,
    /// Whether it can be paid out over the network.
    pub withdraw: bool,
}

/// Makes a bridge currency of an extended currency that `upid` issues, or, if that is none, of any base or extended one: a
/// bridge currency of the system's. Its code is the parent's, a point, and the network.
///
/// # Errors
/// `INVALID_REQUEST` if the parent is not such a currency, or the code would be too long; `ALREADY_EXISTS`.
pub fn create_bridge(store: &mut dyn Writer, upid: Option<Upid>, new: NewBridgeCurrency) -> Result<Currency, Refusal> {
    let parent = need_currency(store.reader(), "parentcurrency", &new.parent)?;
    let wrong = |reason: &str| Err(Refusal::field("parentcurrency", reason));
    match (upid, &parent.kind) {
        (Some(upid), CurrencyType::Extended) if parent.issuer == Some(upid) => {}
        (Some(_), _) => return wrong("must be an extended currency of the caller's own profile"),
        (None, CurrencyType::Base | CurrencyType::Extended) => {}
        (None, _) => return wrong("must be a base or an extended currency"),
    }
    let code: CurrencyCode = format!("{}.{}", parent.code, new.bridge).parse().map_err(|_| {
        Refusal::field("bridgename", "makes no currency code: lower-case letters and digits, not too many")
    })?;
    if store.get::<Currency>(code.as_str())?.is_some() {
        return Err(Refusal::because(Code::ALREADY_EXISTS, format!("There is a currency {code} already")));
    }
    let network_issuer = new.network_issuer.map(|name| name.to_ascii_lowercase());
    if let Some(name) = &network_issuer {
        let valid = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !valid {
            return Err(Refusal::field("issuername", "must be letters and digits, with a letter first"));
        }
        if parent.code.issuer().is_some_and(|issuer| issuer != name) {
            return Err(Refusal::field("issuername", "must be the issuer of the parent currency"));
        }
    }
    let methods = |enabled: bool| if enabled { vec![new.bridge.clone()] } else { Vec::new() };
    let reference = parent.reference.clone().or_else(|| {
        let is_base = parent.kind == CurrencyType::Base;
        is_base.then(|| parent.code.clone())
    });
    let currency = Currency {
        number: next_number(store)?,
        name: format!("{} ({})", parent.name, new.bridge),
        kind: CurrencyType::Bridge,
        decimals: parent.decimals,
        display_decimals: parent.display_decimals,
        issuer: parent.issuer,
        issuance: None,
        reference,
        issued: 0,
        redeemed: 0,
        deposit_methods: methods(new.deposit),
        withdraw_methods: methods(new.withdraw),
        status: Status::Active,
        created: store.now(),
        parent: Some(parent.code),
        bridge: Some(new.bridge),
        network_issuer,
        issuer_address: Some(new.issuer_address),
        code,
    };
    store.insert(&currency)?;
    Ok(currency)
}

fn next_number(store: &mut dyn Writer) -> Result<u32, Refusal> {
    let last = store.first::<Currency>(Currency::query().descending(Currency::number))?;
    Ok(last.map_or(FIRST_OWN_NUMBER, |last| last.number.saturating_add(1).max(FIRST_OWN_NUMBER)))
}

/// Whether these are the letters of a base currency that is no money of a state: it has no ISO 4217 number.
#[must_use]
pub fn crypto_letters(letters: &str) -> bool {
    BASE.iter().any(|(number, code, ..)| *code == letters && *number >= FIRST_OWN_NUMBER)
}

/// The issuer's name is written once: the first currency brings it, later ones may repeat it.
fn settle_issuer_name(store: &mut dyn Writer, upid: Upid, given: Option<String>) -> Result<String, Refusal> {
    let mut profile = store.claim::<Profile>(upid)?.ok_or_else(Refusal::not_found)?;
    match (profile.issuer_name.clone(), given) {
        (Some(name), None) => Ok(name),
        (Some(name), Some(given)) if name == given => Ok(name),
        (Some(name), Some(_)) => Err(Refusal::field("issuername", format!("is {name} already, and cannot be changed"))),
        (None, None) => Err(Refusal::field("issuername", "is required for the first currency of a profile")),
        (None, Some(given)) => {
            let taken = Profile::query().eq(Profile::issuer_name, given.as_str());
            if store.first::<Profile>(taken)?.is_some() {
                return Err(Refusal::because(Code::ALREADY_EXISTS, format!("The issuer name {given} is taken")));
            }
            profile.issuer_name = Some(given.clone());
            profile.version += 1;
            store.update(&profile)?;
            Ok(given)
        }
    }
}

/// Puts new units into circulation, in the issuer's default wallet.
pub fn issue(
    store: &mut dyn Writer,
    upid: Upid,
    code: &CurrencyCode,
    amount: Amount,
    reference: Option<&str>,
) -> Result<(Txid, Waid), Refusal> {
    change_supply(store, upid, code, amount, reference, TransactionType::Issue)
}

/// Takes units out of circulation, from the issuer's default wallet.
pub fn redeem(
    store: &mut dyn Writer,
    upid: Upid,
    code: &CurrencyCode,
    amount: Amount,
    reference: Option<&str>,
) -> Result<(Txid, Waid), Refusal> {
    change_supply(store, upid, code, amount, reference, TransactionType::Redeem)
}

fn change_supply(
    store: &mut dyn Writer,
    upid: Upid,
    code: &CurrencyCode,
    amount: Amount,
    reference: Option<&str>,
    kind: TransactionType,
) -> Result<(Txid, Waid), Refusal> {
    let code = own_currency(store.reader(), upid, code)?.code;
    let mut currency = store.claim::<Currency>(code.as_str())?.ok_or_else(Refusal::not_found)?;
    identity::need_active(&currency.status, "The currency")?;
    let units = currency.units("amount", amount)?;
    let wallet = default_wallet(store.reader(), upid)?;
    let issuance: Wallet = match currency.issuance {
        Some(waid) => store.get(waid)?.ok_or_else(Refusal::not_found)?,
        None => return Err(Refusal::not_found()),
    };
    let issuing = kind == TransactionType::Issue;
    let (source, destination) = if issuing { (&issuance, &wallet) } else { (&wallet, &issuance) };
    let txid = move_supply(store, &mut currency, (source, destination), units, kind, reference)?;
    Ok((txid, wallet.waid))
}

fn move_supply(
    store: &mut dyn Writer,
    currency: &mut Currency,
    (source, destination): (&Wallet, &Wallet),
    units: i128,
    kind: TransactionType,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    let issuing = kind == TransactionType::Issue;
    let total = if issuing { &mut currency.issued } else { &mut currency.redeemed };
    *total = total
        .checked_add(units)
        .filter(|total| *total <= florin_sdk_core::money::MAX_UNITS)
        .ok_or_else(|| Refusal::because(Code::LIMIT_EXCEEDED, "The supply would be larger than the books can hold"))?;
    let txid = ledger::post(
        store,
        NewTransaction {
            leg: Leg { source, destination, currency, units },
            kind,
            method: "internal",
            description: if issuing { "Issued" } else { "Redeemed" },
            reference,
        },
    )?;
    store.update(currency)?;
    Ok(txid)
}

/// Makes units of any currency, for a sandbox: those of a base currency come out of an issuance wallet of the
/// platform's.
pub(crate) fn mint(store: &mut dyn Writer, code: &CurrencyCode, wallet: &Wallet, units: i128) -> Result<(), Refusal> {
    let mut currency = store.claim::<Currency>(code.as_str())?.ok_or_else(Refusal::not_found)?;
    let issuance = if let Some(waid) = currency.issuance {
        store.get(waid)?.ok_or_else(Refusal::not_found)?
    } else {
        let platform = ledger::platform(store.reader())?;
        ledger::create_issuance_wallet(store, platform.upid, code)?
    };
    currency.issuance = Some(issuance.waid);
    move_supply(store, &mut currency, (&issuance, wallet), units, TransactionType::Issue, None)?;
    Ok(())
}

/// All currencies, by code, with all methods by which they can be paid in and out.
fn with_methods(store: &mut dyn Reader, bridges: &Bridges) -> Result<Vec<Currency>, Refusal> {
    let mut currencies = store.list::<Currency>(Currency::query().ascending(Currency::code))?;
    asset::add_methods(store, bridges, &mut currencies)?;
    Ok(currencies)
}

/// All currencies, as `GetPublicCurrencyList` answers them.
pub fn public_list(store: &mut dyn Reader, bridges: &Bridges) -> Result<Vec<PublicCurrency>, Refusal> {
    let currencies = with_methods(store, bridges)?;
    let active = currencies.into_iter().filter(|currency| currency.status == Status::Active);
    let list = active.map(|currency| PublicCurrency {
        currency_name: currency.name,
        currency_code: currency.code,
        tier: tier_of(&currency.kind),
        kind: currency.kind,
        currency_decimals: currency.decimals,
        display_decimals: currency.display_decimals,
        deposit_methods: currency.deposit_methods,
        withdraw_methods: currency.withdraw_methods,
        network: currency.bridge,
        issuer_address: currency.issuer_address,
    });
    Ok(list.collect())
}

/// 1 base, 2 extended, 3 bridge.
const fn tier_of(kind: &CurrencyType) -> u32 {
    match kind {
        CurrencyType::Base | CurrencyType::Other { .. } => 1,
        CurrencyType::Extended => 2,
        CurrencyType::Bridge => 3,
    }
}

/// All currencies, the inactive ones too, as `GetSystemCurrencyList` answers them.
pub fn system_list(store: &mut dyn Reader, bridges: &Bridges) -> Result<Vec<SystemCurrency>, Refusal> {
    let list = with_methods(store, bridges)?.into_iter().map(|currency| {
        let active = currency.status == Status::Active;
        SystemCurrency {
            currency_name: currency.name,
            currency_id: currency.number,
            currency_code: currency.code,
            tier: tier_of(&currency.kind),
            kind: currency.kind,
            display_decimals: currency.display_decimals,
            visible: active,
            public: active,
            enabled: active,
            deposit_methods: currency.deposit_methods,
            withdraw_methods: currency.withdraw_methods,
        }
    });
    Ok(list.collect())
}

/// The currencies that a profile issues, as `GetProfileCurrencyList` answers them.
pub fn profile_list(store: &mut dyn Reader, upid: Upid) -> Result<Vec<ProfileCurrency>, Refusal> {
    let query = Currency::query().eq(Currency::issuer, upid).ascending(Currency::code);
    let list = store.list::<Currency>(query)?.into_iter().map(|currency| ProfileCurrency {
        currency_name: currency.name,
        currency_code: currency.code,
        display_decimals: currency.display_decimals,
        kind: currency.kind,
        visible: currency.status == Status::Active,
        issuer_address: currency.issuer_address,
        receiving_address: None,
        reference_currency: currency.reference,
    });
    Ok(list.collect())
}
