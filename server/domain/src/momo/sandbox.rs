//! A sandbox: test numbers with known outcomes, and a world in which everybody else exists and can pay.
//!
//! All of it hangs below one profile, the sandbox's root. Its money comes out of issuance wallets of its own, so the
//! books add up as they do anywhere. Starting again from nothing is a new root.

use super::callback::Method;
use super::key::SubscriptionKey;
use super::party::{self, PartyRow};
use super::request::{Kind, MomoRequest, Plan};
use super::settle;
use super::user::MomoUser;
use super::{Denial, Verdict};
use crate::currency::{self, Currency};
use crate::identity::{self, NewProfile, Profile, User, create_profile, default_wallet, need_profile};
use crate::ledger::{Balance, Wallet};
use crate::refusal::Refusal;
use crate::secrets;
use crate::store::{Reader, Record, Writer};
use florin_sdk_core::model::{ProfileData, ProfileType, Status as Activity};
use florin_sdk_core::momo::{Party, PartyIdType, Product, ReasonCode, ReferenceId, Status};
use florin_sdk_core::{Amount, CurrencyCode, JsonObject, Timestamp, Upid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Whether everybody exists and nothing is real.
#[derive(Debug, Clone)]
pub enum Mode {
    /// Real users, real money.
    Production,
    /// A sandbox with these settings.
    Sandbox(Arc<Sandbox>),
}

impl Mode {
    /// Whether it is a sandbox.
    #[must_use]
    pub const fn is_sandbox(&self) -> bool {
        matches!(self, Self::Sandbox(_))
    }

    /// The method of callbacks, where it is not the one that the contract gives.
    #[must_use]
    pub fn callback_method(&self) -> Option<Method> {
        match self {
            Self::Production => None,
            Self::Sandbox(settings) => settings.callback_method.map(Into::into),
        }
    }

    /// Who is paid where a test value stands for what is not there.
    pub(super) fn test_party(&self, kind: Kind, value: Option<&str>) -> Option<Party> {
        match self {
            Self::Production => None,
            Self::Sandbox(settings) => {
                settings.test(kind, value?)?;
                Some(Party { party_id_type: PartyIdType::Alias, party_id: "test-values".into() })
            }
        }
    }

    /// The profile in whose realm a subscription key's holder is.
    pub(super) fn root(&self, store: &mut dyn Reader, key: &SubscriptionKey) -> Result<Upid, Denial> {
        match self {
            Self::Production => Ok(key.upid),
            Self::Sandbox(_) => root(store),
        }
    }
}

/// What a test value leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestOutcome {
    /// Where it ends, or, pending, where it stays.
    pub status: Status,
    /// Why it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// Where what is pending ends after a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<Status>,
}

/// What an account holder's check answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestHolder {
    /// The HTTP status.
    pub http: u16,
    /// Whether the holder is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<bool>,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ReasonCode>,
}

/// Test values by operation.
pub type Outcomes = BTreeMap<String, BTreeMap<String, TestOutcome>>;

#[derive(Debug, Default, Deserialize)]
struct Documented {
    outcomes: Outcomes,
    holders: BTreeMap<String, BTreeMap<String, TestHolder>>,
}

/// The documented test values. That they can be read is tested.
static DOCUMENTED: LazyLock<Documented> =
    LazyLock::new(|| serde_json::from_str(include_str!("sandbox.json")).unwrap_or_default());

/// The method of all callbacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ForcedMethod {
    /// `PUT`.
    Put,
    /// `POST`.
    Post,
}

impl From<ForcedMethod> for Method {
    fn from(method: ForcedMethod) -> Self {
        match method {
            ForcedMethod::Put => Self::Put,
            ForcedMethod::Post => Self::Post,
        }
    }
}

/// What a new wallet has of each currency that it uses.
const FLOAT: i128 = 10_000;

/// The settings of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Sandbox {
    /// After how many milliseconds an ordinary request is settled.
    pub settle_after_ms: u32,
    /// After how many milliseconds a test number that is pending first succeeds.
    pub late_after_ms: u32,
    /// Whether what no test value decides waits to be decided by hand.
    pub wait_for_hand: bool,
    /// Whether an API user is good only for the product whose key made it.
    pub one_product_per_user: bool,
    /// Whether references must be UUIDs of version 4.
    pub version4_only: bool,
    /// The method of all callbacks, if not the documented ones.
    pub callback_method: Option<ForcedMethod>,
    /// How often a callback that is not taken is sent.
    pub callback_attempts: u32,
    /// What a new wallet has of each currency that it uses.
    pub float: Amount,
    /// Test values that are not the documented ones: they come first.
    pub outcomes: Outcomes,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            settle_after_ms: 400,
            late_after_ms: 25_000,
            wait_for_hand: false,
            one_product_per_user: false,
            version4_only: false,
            callback_method: None,
            callback_attempts: 1,
            float: Amount::from_units(FLOAT, 0).unwrap_or(Amount::ZERO),
            outcomes: Outcomes::new(),
        }
    }
}

/// What a sandbox makes of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: it waits for a hand, or for its time to be over.
    Open,
    /// This, after so many milliseconds.
    Settle {
        /// What the clock makes of it.
        plan: Plan,
        /// When.
        after_ms: u32,
    },
}

/// The operation by whose test values a request is decided.
const fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::RequestToPay | Kind::RequestToWithdraw | Kind::Deposit | Kind::Invoice | Kind::CancelInvoice => {
            "request_to_pay"
        }
        Kind::PreApproval => "create_pre_approval",
        Kind::Payment => "create_payment",
        Kind::Transfer => "transfer",
        Kind::Refund => "refund",
        Kind::CashTransfer => "cash_transfer",
        Kind::Consent => "consent",
    }
}

impl Sandbox {
    fn test(&self, kind: Kind, value: &str) -> Option<&TestOutcome> {
        let of = |outcomes: &'static Outcomes| outcomes.get(table(kind))?.get(value);
        self.outcomes.get(table(kind)).and_then(|values| values.get(value)).or_else(|| of(&DOCUMENTED.outcomes))
    }

    /// What becomes of a request.
    #[must_use]
    pub fn outcome(&self, request: &MomoRequest, test_value: Option<&str>) -> Outcome {
        let value = test_value.or(request.party_id.as_deref()).unwrap_or_default();
        let settle = |plan, after_ms| Outcome::Settle { plan, after_ms };
        match self.test(request.kind, value) {
            Some(TestOutcome { status: Status::Failed, reason, .. }) => {
                settle(Plan::Fail(reason.clone()), self.settle_after_ms)
            }
            Some(TestOutcome { status: Status::Successful, .. }) => settle(Plan::Succeed, self.settle_after_ms),
            Some(TestOutcome { later: Some(Status::Successful), .. }) => settle(Plan::Succeed, self.late_after_ms),
            Some(_) => Outcome::Open,
            // An invoice is there to be paid by somebody.
            None if self.wait_for_hand || request.kind == Kind::Invoice => Outcome::Open,
            None => settle(Plan::Succeed, self.settle_after_ms),
        }
    }

    /// Why a consent that was given is of no use later on.
    pub(super) fn flaw(&self, party_id: &str) -> Option<&ReasonCode> {
        self.test(Kind::Consent, party_id).filter(|test| test.status == Status::Successful)?.reason.as_ref()
    }
}

/// What the check of a test holder answers; nothing for all others.
#[must_use]
pub fn test_holder(party: &Party) -> Option<&'static TestHolder> {
    let kind = party.party_id_type.as_str().to_ascii_lowercase();
    DOCUMENTED.holders.get(&kind)?.get(&party.canonical_id())
}

/// The subscription keys that everybody knows.
const KEYS: [(Product, &str); 3] = [
    (Product::Collection, "c0111ec7c0111ec7c0111ec7c0111ec7"),
    (Product::Disbursement, "d15b0125d15b0125d15b0125d15b0125"),
    (Product::Remittance, "4e0177a24e0177a24e0177a24e0177a2"),
];

/// The currency of a sandbox's balance.
pub(super) fn currency() -> Result<CurrencyCode, Refusal> {
    "EUR".parse().map_err(|e| Refusal::value("currency", &e))
}

fn keys(store: &mut dyn Reader) -> Result<Vec<SubscriptionKey>, Refusal> {
    let query = SubscriptionKey::query().eq(SubscriptionKey::sandbox, true).ascending(SubscriptionKey::number);
    Ok(store.list(query)?)
}

/// The profile that all of the sandbox hangs below.
pub(super) fn root(store: &mut dyn Reader) -> Result<Upid, Denial> {
    Ok(keys(store)?.first().ok_or_else(Denial::not_found)?.upid)
}

/// Puts a sandbox in place, if there is none.
pub fn open(store: &mut dyn Writer) -> Result<(), Refusal> {
    if !keys(store.reader())?.is_empty() {
        return Ok(());
    }
    let root = new_root(store)?;
    for (product, key) in KEYS {
        let row = SubscriptionKey {
            number: store.next_id().cast_signed(),
            hash: secrets::fingerprint(key),
            upid: root,
            product: Some(product),
            sandbox: true,
            created: store.now(),
        };
        store.insert(&row)?;
    }
    Ok(())
}

fn new_root(store: &mut dyn Writer) -> Result<Upid, Refusal> {
    let top = store.first::<Profile>(Profile::query().eq(Profile::system, true).ascending(Profile::upid))?;
    Ok(organization(store, "MoMo sandbox", top.map(|top| top.upid))?.0.upid)
}

fn organization(store: &mut dyn Writer, name: &str, parent: Option<Upid>) -> Result<(Profile, Wallet), Refusal> {
    let data = ProfileData { organization_name: Some(name.to_owned()), ..ProfileData::default() };
    let kind = ProfileType::Organization;
    create_profile(store, NewProfile { kind, parent, system: false, data })
}

/// Starts again from nothing: API users, their references, their wallets and all parties are new. What was pending is
/// cancelled and nobody is told.
pub fn reset(store: &mut dyn Writer) -> Result<(), Refusal> {
    let Some(old) = keys(store.reader())?.first().map(|key| key.upid) else { return open(store) };
    let end = Timestamp::from_millis(Timestamp::MAX_MILLIS);
    for mut pending in store.list::<MomoRequest>(MomoRequest::query().less(MomoRequest::due, end))? {
        if store.get::<MomoUser>(pending.api_user)?.is_some_and(|user| user.root == old) {
            // Without a way to send it there is no callback.
            pending.callback_url = None;
            store.claim::<MomoRequest>((pending.owner, pending.reference))?;
            store.update(&pending)?;
            let verdict = Verdict::Fail(Some(ReasonCode::TransactionCanceled));
            settle::settle(store, pending.owner, pending.reference, &verdict, &Mode::Production)?;
        }
    }
    let root = new_root(store)?;
    for key in keys(store.reader())? {
        if let Some(mut key) = store.claim::<SubscriptionKey>(key.number)? {
            key.upid = root;
            store.update(&key)?;
        }
    }
    let mut profile = store.claim::<Profile>(old)?.ok_or_else(Refusal::not_found)?;
    profile.status = Activity::Inactive;
    Ok(store.update(&profile)?)
}

/// Makes the profile and the wallet of a new API user.
pub(super) fn new_owner(
    store: &mut dyn Writer,
    root: Upid,
    id: ReferenceId,
    settings: &Sandbox,
) -> Result<Upid, Refusal> {
    let (profile, wallet) = organization(store, &format!("MoMo API user {id}"), Some(root))?;
    let euro = currency::need_currency(store.reader(), "currency", &currency()?)?;
    first_float(store, &wallet, &euro, settings)?;
    Ok(profile.upid)
}

/// Gives a wallet its float of a currency, unless it had some of it before.
fn first_float(
    store: &mut dyn Writer,
    wallet: &Wallet,
    currency: &Currency,
    settings: &Sandbox,
) -> Result<(), Refusal> {
    if store.get::<Balance>((wallet.waid, currency.number))?.is_some() {
        return Ok(());
    }
    let units = settings.float.units(currency.decimals).map_err(|e| Refusal::value("float", &e))?;
    if units > 0 { currency::mint(store, &currency.code, wallet, units) } else { Ok(()) }
}

/// Makes sure that whom a request names is there, and that the API user has its float.
pub(super) fn prepare(
    store: &mut dyn Writer,
    user: &MomoUser,
    request: &MomoRequest,
    currency: &Currency,
    settings: &Sandbox,
) -> Result<(), Refusal> {
    if request.kind.is_push() || request.kind.is_pull() {
        let wallet = default_wallet(store.reader(), user.upid)?;
        first_float(store, &wallet, currency, settings)?;
    }
    let payee = request.body.0.get("payee").and_then(|payee| serde_json::from_value::<Party>(payee.clone()).ok());
    for party in request.party().into_iter().chain(payee) {
        if party::find(store.reader(), user.upid, &party)?.is_none() {
            new_party(store, user.root, &party)?;
        }
    }
    Ok(())
}

fn new_party(store: &mut dyn Writer, root: Upid, party: &Party) -> Result<(), Refusal> {
    let (kind, id) = (party.party_id_type.as_str().to_owned(), party.canonical_id());
    let name = format!("{kind} {id}");
    let (user, _) = identity::create_user(store, root, &name, Some(name.clone()), JsonObject::default())?;
    let row = PartyRow { provider: root, kind, id, uuid: Some(user.uuid), created: store.now() };
    Ok(store.insert(&row)?)
}

/// Gives a party that the sandbox made what it lacks to pay so much. Whoever is there of their own pays what they
/// have.
pub(super) fn top_up(
    store: &mut dyn Writer,
    root: Upid,
    wallet: &Wallet,
    currency: &Currency,
    units: i128,
) -> Result<(), Refusal> {
    let holder = store.first::<User>(User::query().eq(User::upid, wallet.upid))?;
    if holder.and_then(|holder| holder.provider) != Some(root) {
        return Ok(());
    }
    identity::need_active(&need_profile(store.reader(), root)?.status, "The sandbox")?;
    let available = store.get::<Balance>((wallet.waid, currency.number))?.map_or(0, |balance| balance.available);
    let lacks = units.saturating_sub(available);
    if lacks > 0 { currency::mint(store, &currency.code, wallet, lacks) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_values_can_be_read() {
        let documented: Documented = serde_json::from_str(include_str!("sandbox.json")).unwrap();
        let count = |name: &str| documented.outcomes[name].len();
        assert_eq!(count("request_to_pay"), 14);
        assert_eq!(count("transfer"), 14);
        assert_eq!(count("create_pre_approval"), 12);
        assert_eq!(count("refund"), 13);
        assert_eq!(count("cash_transfer"), 13);
        assert_eq!(count("create_payment"), 3);
        assert_eq!(count("consent"), 13);
        assert!(documented.holders.values().all(|values| values.len() == 6));
    }

    #[test]
    fn settings_can_be_given_in_part() {
        let settings: Sandbox = serde_json::from_str(r#"{"settleAfterMs": 5}"#).unwrap();
        assert_eq!(settings, Sandbox { settle_after_ms: 5, ..Sandbox::default() });
        assert!(serde_json::from_str::<Sandbox>(r#"{"settleAfter": 5}"#).is_err());
    }
}
