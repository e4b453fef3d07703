//! What the documented examples are about: the issuers and currencies that they name, and an address that they issue from.

use florin_sdk_core::CurrencyCode;
use florin_sdk_core::model::ComponentName;
use florin_sdk_core::operation::{
    CreateBridgeCurrency, CreateExtendedCurrency, CreateWalletDepositAddress, ManualDeposit, SetSystemAttribute,
};
use florin_tests::http::Api;
use florin_tests::sample::account_data;
use florin_tests::world::{self, World, amount};

/// Whom the examples name.
pub(super) struct Scene {
    /// The issuer of USD.starbucks.
    pub(super) starbucks: Api,
}

/// What IOUs are issued from in the examples.
const ISSUING: &str = "racMPWzRVd38L9txvfY7Mj7zqRA2UNL8Me";

fn code(text: &str) -> CurrencyCode {
    text.parse().expect("a code")
}

/// Whether addresses are checked by their networks' checksums.
pub(super) async fn check_addresses(world: &World, on: bool) {
    let set = SetSystemAttribute {
        component: ComponentName::Omnibridge,
        name: "addresschecks".to_owned(),
        value: on.to_string(),
    };
    world.provider.ok(&set).await;
}

/// A profile that issues a currency.
async fn issuer(world: &World, name: &str, letters: &str, decimals: u32) -> Api {
    let upid = world.provider.ok(&world::new_merchant(name)).await.upid;
    let roles = ["ewallet-admin", "merchant-admin", "issuer-rw"];
    let key = world.provider.ok(&world::new_key("Issuer", &roles, Some(upid))).await.api_key.expose().to_owned();
    let api = world.provider.key(&key);
    let currency = CreateExtendedCurrency {
        currency_decimals: decimals,
        display_decimals: decimals,
        ..world::new_currency(letters, Some(name))
    };
    api.ok(&currency).await;
    api
}

/// Puts a currency on ripple.
async fn bridge(api: &Api, parent: &str) {
    let create = CreateBridgeCurrency::new(code(parent), "ripple".to_owned(), ISSUING.to_owned(), true, true);
    api.ok(&create).await;
}

impl Scene {
    pub(super) async fn new(world: &World) -> Self {
        let provider = &world.provider;
        provider.ok(&world::new_currency("ABC", None)).await;
        bridge(provider, "ABC.acme").await;
        provider.ok(&CreateWalletDepositAddress::new("ripple".to_owned(), world.waid)).await;
        bridge(&issuer(world, "bitstamp", "BTC", 8).await, "BTC.bitstamp").await;
        let deposit =
            ManualDeposit { waid: Some(world.waid), ..ManualDeposit::new(code("BTC.bitstamp"), amount("100")) };
        provider.ok(&deposit).await;
        provider.ok(&account_data(ISSUING, true)).await;
        Self { starbucks: issuer(world, "starbucks", "USD", 2).await }
    }
}
