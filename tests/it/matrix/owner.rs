//! Two providers on one server, made alike: the same names, each with a currency, users and keys of its own.

use florin_sdk_core::operation::{GetWallet, IssueGatewayCurrency, Moved, Operation};
use florin_sdk_core::{Amount, CurrencyCode, Hoid, JsonObject, Prid, Txid, Waid};
use florin_tests::http::Api;
use florin_tests::sample;
use florin_tests::server::Server;
use florin_tests::world::{self, Person, amount};
use serde_json::json;

/// A provider.
pub(super) struct Owner {
    pub(super) api: Api,
    /// The same with another key of its own.
    pub(super) second_key: Api,
    /// The same with a key that only reads.
    pub(super) reader: Api,
    pub(super) waid: Waid,
    pub(super) currency: CurrencyCode,
    /// Another currency of its own.
    pub(super) second_currency: CurrencyCode,
    /// Its issuing address on the simulated ripple.
    pub(super) issuer: String,
    /// Users of the same names with both owners.
    pub(super) user: Person,
    pub(super) other: Person,
}

pub(super) struct Two {
    pub(super) server: Server,
    pub(super) one: Owner,
    pub(super) second: Owner,
}

impl Two {
    pub(super) async fn new() -> Self {
        let (server, initialised) = Server::fresh().await;
        let provider = server.api().key(&initialised.apikey);
        let one = Owner::new(&provider, "one", ["AAA", "AAB"]).await;
        let two = Owner::new(&provider, "two", ["BBA", "BBB"]).await;
        Self { server, one, second: two }
    }

    pub(super) async fn verify(&self) {
        self.server.home.verify().await.sound();
    }
}

impl Owner {
    async fn new(provider: &Api, name: &str, letters: [&str; 2]) -> Self {
        let issuer = sample::outside_address(provider, "ripple").await;
        provider.ok(&sample::account_data(&issuer, true)).await;
        let mut profile = world::new_merchant(name);
        let attributes = json!({ "rippleissueraddress": issuer });
        profile.extended = Some(JsonObject(attributes.as_object().cloned().expect("an object")));
        let upid = provider.ok(&profile).await.upid;
        let key = async |roles: &[&str]| {
            let key = provider.ok(&world::new_key("Its own", roles, Some(upid))).await;
            provider.key(key.api_key.expose())
        };
        let roles = ["ewallet-admin", "merchant-admin", "issuer-rw", "adapter-admin"];
        let (api, second_key, reader) = (key(&roles).await, key(&roles).await, key(&["ewallet-ro"]).await);
        let mut currencies = Vec::new();
        for (letters, issuer) in letters.into_iter().zip([Some(name), None]) {
            api.ok(&world::new_currency(letters, issuer)).await;
            let currency_code: CurrencyCode = format!("{letters}.{name}").parse().expect("a code");
            let issue = IssueGatewayCurrency { currency_code: currency_code.clone(), amount: amount("100000") };
            api.ok(&issue).await;
            currencies.push(currency_code);
        }
        let [currency, second_currency] = currencies.try_into().expect("two");
        let waid = api.ok(&GetWallet { waid: None }).await.waid;
        let (user, other) = (world::person(&api, "customer").await, world::person(&api, "another").await);
        let owner = Self { api, second_key, reader, waid, currency, second_currency, issuer, user, other };
        for person in [&owner.user, &owner.other] {
            let mut credit = world::credit_of(person, "1000");
            credit.currency = owner.currency.clone();
            owner.api.ok(&credit).await;
        }
        owner
    }

    /// The request, in this owner's currency.
    async fn debit(&self, text: &str) -> Moved {
        let mut debit = world::debit_of(&self.user, text);
        debit.currency = self.currency.clone();
        self.api.ok(&debit).await
    }

    /// What can be paid back.
    pub(super) async fn spare_debit(&self, text: &str) -> Txid {
        self.debit(text).await.txid
    }

    /// A new hold of the user's money.
    pub(super) async fn spare_hold(&self, text: &str) -> Hoid {
        let mut hold = world::hold_of(&self.user, text);
        hold.currency = self.currency.clone();
        self.api.ok(&hold).await.hoid
    }

    /// A new payment request to the user.
    pub(super) async fn spare_request(&self, text: &str) -> Prid {
        let mut request = world::payment_of(&self.user, text);
        request.currency = self.currency.clone();
        self.api.ok(&request).await.prid
    }

    /// What the user can spend.
    pub(super) async fn balance(&self) -> Amount {
        let wallet = self.api.ok(&GetWallet { waid: Some(self.user.waid) }).await;
        wallet.balances.iter().find(|b| b.currency_code == self.currency).map_or(Amount::ZERO, |b| b.available)
    }

    /// Sends an operation under a client reference.
    pub(super) async fn send<O: Operation>(&self, key: &str, request: &O) -> florin_tests::http::Answer {
        self.api.reference(key).send(request).await
    }
}
