//! The methods that the lists of currencies name are those that work.

use super::closed::system_currency;
use super::{code, issuer, withdrawal};
use florin_sdk_core::operation::{
    CreateBridgeCurrency, GetPublicCurrencyList, GetSettings, GetSystemCurrencyList, GetWalletDepositAddress,
};
use florin_tests::server::{Home, Options, Server};
use florin_tests::world::World;

/// Method, and an address of its network.
const METHODS: &[(&str, &str)] = &[
    ("bank", "12345678"),
    ("iban", "DE89370400440532013000"),
    ("bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("ripple", "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn"),
    ("stellar", "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"),
];

/// Currency, how it can be paid in, how it can be paid out.
type Listed = (String, Vec<String>, Vec<String>);

async fn listed(world: &World) -> Vec<Listed> {
    let public = world.server.api().ok(&GetPublicCurrencyList {}).await.currencies;
    let system = world.provider.ok(&GetSystemCurrencyList {}).await.currencies;
    let settings = world.alice.app.ok(&GetSettings {}).await.currencies;
    let list: Vec<Listed> = public
        .into_iter()
        .map(|currency| (currency.currency_code.to_string(), currency.deposit_methods, currency.withdraw_methods))
        .collect();
    let system = system.into_iter().map(|c| (c.currency_code.to_string(), c.deposit_methods, c.withdraw_methods));
    assert_eq!(list, system.collect::<Vec<_>>());
    let settings = settings.into_iter().map(|c| (c.currency_code.to_string(), c.deposit_methods, c.withdraw_methods));
    assert_eq!(list, settings.collect::<Vec<_>>());
    list
}

/// Every internal currency, by every method.
async fn as_listed(world: &World, list: &[Listed]) {
    let fault = |text: &str| text.contains("cannot be paid");
    // Bridge currencies are in no request.
    for (currency, deposits, withdrawals) in list.iter().filter(|listed| !listed.0.ends_with(".ripple")) {
        for (method, to) in METHODS {
            let named = |list: &[String]| list.iter().any(|name| name == method);
            let out = withdrawal(world.alice.waid, method, currency, "1", to);
            let answer = world.provider.send(&out).await;
            assert_eq!(!fault(&answer.text()), named(withdrawals), "{currency} by {method}: {}", answer.text());
            let asked = GetWalletDepositAddress::new((*method).to_owned(), code(currency));
            let answer = world.provider.send(&asked).await;
            assert_eq!(!fault(&answer.text()), named(deposits), "{currency} by {method}: {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lists_name_works_and_nothing_else_does() {
    let world = World::new().await;
    system_currency(&world, "EUR", false, true).await;
    system_currency(&world, "CAD", true, true).await;
    // One that is on ripple as its issuer says, one that its issuer closed there for what comes in.
    issuer(&world, "gold").await;
    let (silver, from) = issuer(&world, "silver").await;
    silver.api.ok(&CreateBridgeCurrency::new(code("GLD.silver"), "ripple".to_owned(), from, true, false)).await;
    let list = listed(&world).await;
    let find = |name: &str| {
        let (_, deposits, withdrawals) = list.iter().find(|listed| listed.0 == name).expect("it is listed");
        (deposits.join(","), withdrawals.join(","))
    };
    let two = |deposits: &str, withdrawals: &str| (deposits.to_owned(), withdrawals.to_owned());
    assert_eq!(find("EUR"), two("bank,iban", "bank,iban,ripple"));
    assert_eq!(find("CAD"), two("bank,ripple", "bank,ripple"));
    assert_eq!(find("BTC"), two("bitcoin", "bitcoin"));
    assert_eq!(find("GLD.gold"), two("ripple", "ripple"));
    assert_eq!(find("GLD.silver"), two("", "ripple"));
    assert_eq!(find("GLD.silver.ripple"), two("", "ripple"));
    assert_eq!(find("TOK.acme"), two("", ""));
    as_listed(&world, &list).await;
}

/// Without networks, nothing leads over them.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_sandbox_no_network_is_named() {
    let home = Home::new();
    let initialised = home.init().await;
    let server = Server::start(home, Options { sandbox: false, ..Options::default() }).await;
    let world = World::on(server, initialised).await;
    let new = CreateBridgeCurrency::new(
        code("TOK.acme"),
        "ripple".to_owned(),
        "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn".to_owned(),
        true,
        true,
    );
    world.provider.ok(&new).await;
    let list = listed(&world).await;
    let own = list.iter().find(|listed| listed.0 == "TOK.acme").expect("it is listed");
    assert_eq!((own.1.len(), own.2.len()), (0, 0));
}
