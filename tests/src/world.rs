//! A small world, made through the API alone: a provider with a currency, two users with money and apps, a merchant,
//! and a key that only reads.

use crate::http::{Api, Credential};
use crate::server::{Initialised, Server};
use florin_sdk_core::model::ProfileType;
use florin_sdk_core::operation::{
    AddTeamUser, CreateAPIKey, CreateExtendedCurrency, CreateMobileToken, CreatePaymentRequest, CreateProfile,
    CreateRole, CreateUser, CreditWallet, DebitWallet, GetWallet, IssueGatewayCurrency, PlaceHold, ResetUserPassword,
    SetNotificationTransport, TransportSettings, TransportType, UpdateMerchantInfo, WalletTransfer,
};
use florin_sdk_core::{Amount, CurrencyCode, Email, Mtid, Prid, Txid, Upid, Uuid, Waid};

/// The full code of the world's currency. It has two digits after the point.
pub const CURRENCY: &str = "TOK.acme";
/// How much of it was issued.
pub const SUPPLY: &str = "1000000";
/// How much each user got.
pub const CREDIT: &str = "1000";
/// The client reference of the first user's credit.
pub const CREDIT_REFERENCE: &str = "world-credit-alice";

/// An amount.
#[must_use]
pub fn amount(text: &str) -> Amount {
    text.parse().expect("an amount")
}

/// The world's currency.
#[must_use]
pub fn currency() -> CurrencyCode {
    CURRENCY.parse().expect("a currency code")
}

/// A user of the provider, and the app.
#[derive(Debug, Clone)]
pub struct Person {
    /// The provider's own name for the user.
    pub provider_user_id: String,
    /// The user.
    pub uuid: Uuid,
    /// The user's profile.
    pub upid: Upid,
    /// The user's default wallet.
    pub waid: Waid,
    /// The app's token.
    pub token: String,
    /// The id of the app's token.
    pub mtid: Mtid,
    /// The app.
    pub app: Api,
}

/// A merchant: a profile below the provider's.
#[derive(Debug, Clone)]
pub struct Merchant {
    /// The profile.
    pub upid: Upid,
    /// Its default wallet.
    pub waid: Waid,
    /// Its key.
    pub key: String,
    /// Its server.
    pub api: Api,
}

/// The world.
pub struct World {
    /// The server that it lives on.
    pub server: Server,
    /// What the initialisation printed.
    pub initialised: Initialised,
    /// The provider's server, with the first API key.
    pub provider: Api,
    /// The provider's profile.
    pub upid: Upid,
    /// The provider's default wallet.
    pub waid: Waid,
    /// A key of the provider's that only reads.
    pub read_only: String,
    /// A user.
    pub alice: Person,
    /// Another user.
    pub bob: Person,
    /// A merchant.
    pub merchant: Merchant,
    /// The transaction that credited the first user.
    pub credit: Txid,
}

impl World {
    /// A world on a server of its own.
    pub async fn new() -> Self {
        let (server, initialised) = Server::fresh().await;
        Self::on(server, initialised).await
    }

    /// A world on a server that was just initialised.
    pub async fn on(server: Server, initialised: Initialised) -> Self {
        let provider = server.api().key(&initialised.apikey);
        provider.ok(&new_currency("TOK", Some("acme"))).await;
        let issue = IssueGatewayCurrency { currency_code: "TOK".parse().expect("a code"), amount: amount(SUPPLY) };
        let waid = provider.ok(&issue).await.waid;
        let alice = person(&provider, "alice").await;
        let bob = person(&provider, "bob").await;
        let credit = provider.reference(CREDIT_REFERENCE).ok(&credit_of(&alice, CREDIT)).await.txid;
        provider.ok(&credit_of(&bob, CREDIT)).await;
        let read_only = provider.ok(&new_key("Reads only", &["ewallet-ro"], None)).await;
        let merchant = merchant(&provider).await;
        Self {
            provider,
            upid: initialised.upid.parse().expect("a upid"),
            waid,
            read_only: read_only.api_key.expose().to_owned(),
            alice,
            bob,
            merchant,
            credit,
            server,
            initialised,
        }
    }

    /// The key that only reads.
    #[must_use]
    pub fn reader(&self) -> Api {
        self.provider.with(Credential::Key(self.read_only.clone()))
    }

    /// A payment request of the merchant's to a user.
    pub async fn payment_request(&self, payer: &Person, text: &str) -> Prid {
        self.merchant.api.ok(&payment_of(payer, text)).await.prid
    }

    /// What a wallet can spend of the world's currency.
    pub async fn balance(&self, waid: Waid) -> Amount {
        let wallet = self.provider.ok(&GetWallet { waid: Some(waid) }).await;
        let balance = wallet.balances.iter().find(|balance| balance.currency_code == currency());
        balance.map_or(Amount::ZERO, |balance| balance.available)
    }
}

/// A new currency with two digits after the point.
#[must_use]
pub fn new_currency(letters: &str, issuer: Option<&str>) -> CreateExtendedCurrency {
    CreateExtendedCurrency {
        currency_code: letters.parse().expect("a code"),
        currency_name: format!("{letters} of Acme"),
        currency_decimals: 2,
        display_decimals: 2,
        issuer_name: issuer.map(str::to_owned),
        reference_currency: None,
    }
}

/// A confidential application.
#[must_use]
pub fn new_application(name: &str) -> florin_sdk_core::operation::CreateApplication {
    let redirect = "https://merchant.example/auth-endpoint".to_owned();
    let kind = florin_sdk_core::operation::ApplicationType::Confidential;
    florin_sdk_core::operation::CreateApplication::new(name.to_owned(), kind, redirect)
}

/// A new API key.
#[must_use]
pub fn new_key(description: &str, roles: &[&str], upid: Option<Upid>) -> CreateAPIKey {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    CreateAPIKey { description: description.to_owned(), roles, upid }
}

/// A new user.
#[must_use]
pub fn new_user(name: &str) -> CreateUser {
    CreateUser { provider_user_id: name.to_owned(), display_name: Some(format!("The user {name}")), metadata: None }
}

/// A new mobile token.
#[must_use]
pub fn new_token(uuid: Uuid) -> CreateMobileToken {
    CreateMobileToken { provider_user_id: None, uuid: Some(uuid), ttl_seconds: None, device: Some("Phone".to_owned()) }
}

/// A credit of a user.
#[must_use]
pub fn credit_of(person: &Person, text: &str) -> CreditWallet {
    CreditWallet {
        currency: currency(),
        amount: amount(text),
        provider_user_id: Some(person.provider_user_id.clone()),
        uuid: None,
        waid: None,
        reference_id: None,
        description: None,
    }
}

/// A debit of a user.
#[must_use]
pub fn debit_of(person: &Person, text: &str) -> DebitWallet {
    DebitWallet {
        currency: currency(),
        amount: amount(text),
        provider_user_id: Some(person.provider_user_id.clone()),
        uuid: None,
        waid: None,
        reference_id: None,
        description: None,
    }
}

/// A hold of a user's money.
#[must_use]
pub fn hold_of(person: &Person, text: &str) -> PlaceHold {
    PlaceHold { provider_user_id: Some(person.provider_user_id.clone()), ..PlaceHold::new(currency(), amount(text)) }
}

/// A transfer.
#[must_use]
pub fn transfer(source: Waid, destination: Waid, text: &str) -> WalletTransfer {
    WalletTransfer {
        amount: amount(text),
        currency: currency(),
        destination_waid: destination,
        source_waid: source,
        bridge_currency: None,
        description: None,
    }
}

/// Where to and of what an HTTP transport tells.
#[must_use]
pub fn transport_to(url: &str, events: &[&str]) -> TransportSettings {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    TransportSettings { url: Some(url.to_owned()), events: Some(events), ..TransportSettings::default() }
}

/// A new transport of a user: to a URL, or, with the word `mobile`, to a device that is to be named.
#[must_use]
pub fn new_transport(person: &Person, to: &str, events: &[&str]) -> SetNotificationTransport {
    let mobile = to == "mobile";
    let mut transport = transport_to(to, events);
    transport.url = transport.url.filter(|_| !mobile);
    let kind = if mobile { TransportType::Mobile } else { TransportType::Http };
    SetNotificationTransport { uuid: Some(person.uuid), ..SetNotificationTransport::new(person.upid, kind, transport) }
}

/// A payment request to a user.
#[must_use]
pub fn payment_of(payer: &Person, text: &str) -> CreatePaymentRequest {
    CreatePaymentRequest {
        amount: amount(text),
        currency: currency(),
        method: "wallet".to_owned(),
        source_waid: Some(payer.waid),
        reference_id: None,
        destination_waid: None,
        clerk_name: None,
        creator_uuid: None,
        tip: None,
    }
}

/// Who a merchant is.
#[must_use]
pub fn merchant_info(name: &str) -> UpdateMerchantInfo {
    UpdateMerchantInfo {
        accept_tos: florin_sdk_core::Assent,
        first_name: "John".to_owned(),
        last_name: "Smith".to_owned(),
        date_of_birth: "1978-11-12".to_owned(),
        city: "Montreal".to_owned(),
        address: "123 Long Street".to_owned(),
        postal_code: "H3H 3H3".to_owned(),
        state: "QC".to_owned(),
        entity_type: "company".to_owned(),
        business_name: name.to_owned(),
        business_tax_id: "1234567890TQ001".to_owned(),
        ssn_last4: None,
    }
}

/// An e-mail address.
#[must_use]
pub fn email(name: &str) -> Email {
    format!("{name}@example.com").parse().expect("an e-mail address")
}

/// A new user for a profile's team.
#[must_use]
pub fn new_member(name: &str, roles: &[&str], upid: Option<Upid>) -> AddTeamUser {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    let callback = "https://app.example.com/set-password".parse().expect("an address");
    AddTeamUser { upid, ..AddTeamUser::new(email(name), roles, callback) }
}

/// A new role with these rights.
#[must_use]
pub fn new_role(name: &str, rights: &[&str], upid: Option<Upid>) -> CreateRole {
    let rights: Vec<_> = rights.iter().map(|right| (*right).to_owned()).collect();
    let description = format!("The role {name}");
    CreateRole {
        rights: Some(rights).filter(|rights| !rights.is_empty()),
        upid,
        ..CreateRole::new(name.to_owned(), description)
    }
}

/// A new profile below the provider's: an organization.
#[must_use]
pub fn new_merchant(name: &str) -> CreateProfile {
    CreateProfile {
        kind: ProfileType::Organization,
        email: email(name),
        sub_profile: Some(true),
        organization_name: Some(name.to_owned()),
        admin_first_name: Some("Mary".to_owned()),
        admin_last_name: Some("Merchant".to_owned()),
        first_name: None,
        last_name: None,
        ..individual(name)
    }
}

/// A new profile: a person.
#[must_use]
pub fn individual(name: &str) -> CreateProfile {
    CreateProfile {
        kind: ProfileType::Individual,
        email: email(name),
        register_user: None,
        sub_profile: Some(true),
        system: None,
        callback_url: None,
        password: None,
        language: None,
        time_zone: None,
        email_validation: None,
        phone: None,
        address1: None,
        address2: None,
        city: None,
        region: None,
        country: None,
        postal_code: None,
        extended: None,
        first_name: Some("Ivy".to_owned()),
        last_name: Some("Individual".to_owned()),
        birthday: None,
        organization_name: None,
        admin_first_name: None,
        admin_last_name: None,
        industry: None,
        registration_id: None,
    }
}

/// The password of those who sign in.
pub const PASSWORD: &str = "Mypassword$0";

/// A new profile with a person who signs in, once the address is confirmed.
#[must_use]
pub fn registration(name: &str) -> CreateProfile {
    CreateProfile {
        register_user: Some(true),
        callback_url: Some("https://app.example.com/set?x=1".parse().expect("a web address")),
        password: Some(PASSWORD.into()),
        ..individual(name)
    }
}

/// A request for the link by which somebody sets a new password.
#[must_use]
pub fn reset_of(address: &str) -> ResetUserPassword {
    let callback = "https://app.example.com/set?x=1".parse().expect("a web address");
    ResetUserPassword::new(address.parse().expect("an e-mail address"), callback)
}

/// Makes a person who signs in, at once; the e-mail address.
pub async fn staff(provider: &Api, name: &str) -> String {
    let request = CreateProfile { email_validation: Some(false), ..registration(name) };
    provider.ok(&request).await;
    format!("{name}@example.com")
}

/// Makes a user with an app.
pub async fn person(provider: &Api, name: &str) -> Person {
    let user = provider.ok(&new_user(name)).await;
    let token = provider.ok(&new_token(user.uuid)).await;
    Person {
        provider_user_id: user.provider_user_id,
        uuid: user.uuid,
        upid: user.upid,
        waid: user.waid,
        app: provider.bearer(token.token.expose()),
        token: token.token.expose().to_owned(),
        mtid: token.mtid,
    }
}

async fn merchant(provider: &Api) -> Merchant {
    let upid = provider.ok(&new_merchant("cornershop")).await.upid;
    let key = provider.ok(&new_key("Till", &["merchant-rw", "profile-rw"], Some(upid))).await;
    let key = key.api_key.expose().to_owned();
    let api = provider.key(&key);
    let waid = api.ok(&GetWallet { waid: None }).await.waid;
    Merchant { upid, waid, key, api }
}
