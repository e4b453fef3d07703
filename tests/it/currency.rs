//! Bridge currencies, trading wallets, and the three lists of currencies.

use florin_sdk_core::model::CurrencyType;
use florin_sdk_core::operation::{
    CreateBridgeCurrency, CreateSystemBridgeCurrency, CreateWallet, GetProfileCurrencyList, GetPublicCurrencyList,
    GetSystemCurrencyList, GetWallet, GetWalletListByName, GetWalletTransactionDetails, RefundTransaction,
    WalletTransfer,
};
use florin_sdk_core::{Amount, CurrencyCode, Waid};
use florin_tests::http::Api;
use florin_tests::world::{self, World, amount, currency};

const ADDRESS: &str = "rG1QQv2nh2gr7RCZ1P8YYcBUKCCN633jCn";

fn code(text: &str) -> CurrencyCode {
    text.parse().expect("a code")
}

fn bridge(parent: &str) -> CreateBridgeCurrency {
    CreateBridgeCurrency::new(code(parent), "ripple".to_owned(), ADDRESS.to_owned(), false, true)
}

fn system_bridge(parent: &str) -> CreateSystemBridgeCurrency {
    CreateSystemBridgeCurrency::new(code(parent), "ripple".to_owned(), "Acme".to_owned(), ADDRESS.to_owned())
}

async fn balance(api: &Api, waid: Waid, code: &str) -> Amount {
    let wallet = api.ok(&GetWallet { waid: Some(waid) }).await;
    let balance = wallet.balances.into_iter().find(|balance| balance.currency_code.as_str() == code);
    balance.map_or(Amount::ZERO, |balance| balance.available)
}

#[tokio::test(flavor = "multi_thread")]
async fn bridge_currencies_of_a_profile_and_of_the_system() {
    let world = World::new().await;
    let World { provider, merchant, .. } = &world;
    assert_eq!(provider.ok(&bridge("TOK.acme")).await.issuer_address, ADDRESS);
    provider.send(&bridge("TOK.acme")).await.refused(20006, "it is there");
    provider.ok(&system_bridge("USD")).await;
    provider.send(&system_bridge("TOK.acme.ripple")).await.refused(20000, "a bridge of a bridge");
    provider.send(&system_bridge("XYZ")).await.refused(20000, "no such currency");
    merchant.api.send(&system_bridge("EUR")).await.refused(20003, "who is no superuser");
    let mut wrong = bridge("TOK.acme");
    wrong.bridge_name = "Ripple!".to_owned();
    provider.send(&wrong).await.refused(20000, "no name of a bridge");
    let mut wrong = system_bridge("TOK.acme");
    (wrong.bridge_name, wrong.issuer_name) = ("stellar".to_owned(), "other".to_owned());
    provider.send(&wrong).await.refused(20000, "the issuer of the parent is another one");
    // Not of another's currency, and not of one of the platform's.
    let issuer = provider.ok(&world::new_merchant("issuer")).await.upid;
    let key = provider.ok(&world::new_key("Its own", &["issuer-rw"], Some(issuer))).await;
    let other = provider.key(key.api_key.expose());
    other.send(&bridge("TOK.acme")).await.refused(20000, "another's");

    let system = provider.ok(&GetSystemCurrencyList {}).await.currencies;
    let public = provider.ok(&GetPublicCurrencyList {}).await.currencies;
    let own = provider.ok(&GetProfileCurrencyList {}).await.currencies;
    let find = |name: &str| system.iter().find(|currency| currency.currency_code == code(name)).expect("it is listed");
    for (name, kind, tier) in [
        ("USD", CurrencyType::Base, 1),
        ("TOK.acme", CurrencyType::Extended, 2),
        ("TOK.acme.ripple", CurrencyType::Bridge, 3),
        ("USD.ripple", CurrencyType::Bridge, 3),
    ] {
        let listed = find(name);
        assert_eq!((&listed.kind, listed.tier), (&kind, tier), "{name}");
        assert!(listed.visible && listed.public && listed.enabled);
    }
    assert_eq!((find("USD").currency_id, find("BTC").currency_id), (840, 1001));
    assert_eq!(find("TOK.acme.ripple").deposit_methods, ["ripple"]);
    assert_eq!(find("TOK.acme.ripple").withdraw_methods, Vec::<String>::new());
    assert!(find("TOK.acme").currency_id > 1003);
    let shown = public.iter().find(|currency| currency.currency_code == code("TOK.acme.ripple")).expect("public, too");
    assert_eq!((shown.network.as_deref(), shown.issuer_address.as_deref()), (Some("ripple"), Some(ADDRESS)));
    assert_eq!(shown.currency_decimals, 2);
    let shown = own.iter().find(|currency| currency.currency_code == code("TOK.acme.ripple")).expect("its own, too");
    assert_eq!(shown.issuer_address.as_deref(), Some(ADDRESS));
    assert!(own.iter().all(|currency| currency.currency_code != code("USD.ripple")), "that is the system's");
    world.reader().send(&GetSystemCurrencyList {}).await.refused(20003, "who reads no system data");
}

#[tokio::test(flavor = "multi_thread")]
async fn into_a_trading_wallet_and_out_of_it() {
    let world = World::new().await;
    let World { provider, alice, .. } = &world;
    provider.ok(&bridge("TOK.acme")).await;
    let trading = CreateWallet {
        wallet_name: "Trade".to_owned(),
        upid: Some(alice.upid),
        trading: Some(true),
        market: Some("ripple".to_owned()),
    };
    let market = provider.ok(&trading).await.waid;
    let shown = provider.ok(&GetWallet { waid: Some(market) }).await;
    assert!(shown.trading && shown.market.as_deref() == Some("ripple"));
    provider.send(&CreateWallet { market: None, ..trading.clone() }).await.refused(20000, "a market is required");
    let other = provider.ok(&CreateWallet { market: Some("stellar".to_owned()), ..trading }).await.waid;

    let into = |waid: Waid, bridge: Option<&str>| WalletTransfer {
        bridge_currency: bridge.map(code),
        ..world::transfer(alice.waid, waid, "100")
    };
    provider.send(&into(market, None)).await.refused(20000, "a bridge currency is required");
    provider.send(&into(market, Some("TOK.acme.stellar"))).await.refused(20000, "there is none");
    provider.send(&into(other, Some("TOK.acme.ripple"))).await.refused(20000, "another market");
    provider.send(&into(world.bob.waid, Some("TOK.acme.ripple"))).await.refused(20000, "no trading wallet");
    let credit = florin_sdk_core::operation::CreditWallet {
        provider_user_id: None,
        waid: Some(market),
        ..world::credit_of(alice, "1")
    };
    provider.send(&credit).await.refused(20000, "it takes bridge currencies only");

    let moved = provider.ok(&into(market, Some("TOK.acme.ripple"))).await.txid;
    assert_eq!(balance(provider, alice.waid, "TOK.acme").await, amount("900"));
    assert_eq!(balance(provider, market, "TOK.acme.ripple").await, amount("100"));
    let details = provider.ok(&GetWalletTransactionDetails { txid: moved }).await;
    assert_eq!((details.currency.as_str(), details.amount), ("TOK.acme", amount("100")));
    let entries = details.entries.expect("entries");
    let codes: Vec<_> = entries.iter().map(|entry| (entry.currency_code.as_str(), entry.amount.to_string())).collect();
    assert_eq!(codes, [("TOK.acme", "-100.00".to_owned()), ("TOK.acme.ripple", "100.00".to_owned())]);
    provider.send(&RefundTransaction::new(moved)).await.refused(20000, "the other way round is a transfer");

    // Out again: the code of the bridge currency, or where that is too long, its parent and the bridge currency.
    let out = |currency: &str, bridge: Option<&str>, text: &str| WalletTransfer {
        currency: code(currency),
        bridge_currency: bridge.map(code),
        ..world::transfer(market, alice.waid, text)
    };
    provider.ok(&out("TOK.acme.ripple", None, "30")).await;
    provider.ok(&out("TOK.acme", Some("TOK.acme.ripple"), "69.99")).await;
    provider.send(&out("TOK.acme", Some("TOK.acme.ripple"), "0.02")).await.refused(20009, "there is not so much");
    assert_eq!(balance(provider, alice.waid, "TOK.acme").await, amount("999.99"));
    assert_eq!(balance(provider, market, "TOK.acme.ripple").await, amount("0.01"));
    assert_eq!(currency().as_str(), "TOK.acme");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn wallets_are_found_by_their_whole_name() {
    let world = World::new().await;
    let World { provider, merchant, alice, .. } = &world;
    let named = |text: &str| GetWalletListByName { wallet_name: text.to_owned() };
    let make = |name: &str| CreateWallet { upid: Some(alice.upid), ..CreateWallet::new(name.to_owned()) };
    let uber = provider.ok(&make("Über 50% & co")).await.waid;
    provider.ok(&make("Über 50% & company")).await;
    // A superuser sees everybody's; others their own.
    let found = provider.ok(&named("üBER 50% & CO")).await;
    assert_eq!(found.wallets.iter().map(|wallet| wallet.waid).collect::<Vec<_>>(), [uber]);
    assert_eq!(found.default_wallet, Some(world.waid));
    assert!(provider.ok(&named("main")).await.wallets.len() >= 4);
    let own = merchant.api.send(&named("MAIN")).await;
    if own.code() == 10000 {
        let own = own.ok::<GetWalletListByName>();
        assert_eq!(own.wallets.iter().map(|wallet| wallet.waid).collect::<Vec<_>>(), [merchant.waid]);
    }
    assert_eq!(provider.ok(&named("mai")).await.wallets.len(), 0);
}

/// kept and compared in small letters.
#[tokio::test(flavor = "multi_thread")]
async fn issuer_names_are_the_same_in_capitals() {
    let world = World::new().await;
    let World { provider, .. } = &world;
    // The name that the profile has already.
    provider.ok(&world::new_currency("BIG", Some("ACME"))).await;
    let issuer = provider.ok(&world::new_merchant("issuer")).await.upid;
    let key = provider.ok(&world::new_key("Its own", &["issuer-rw"], Some(issuer))).await;
    let other = provider.key(key.api_key.expose());
    for (wrong, code) in [("Acme", 20006), ("1st", 20000), ("a-b", 20000), ("\u{c4}rger", 20000)] {
        let answer = other.send(&world::new_currency("GLD", Some(wrong))).await;
        answer.refused(code, wrong);
    }
    other.ok(&world::new_currency("GLD", Some("StarBucks"))).await;
    other.ok(&world::new_currency("SLV", Some("starbucks"))).await;
    let codes: Vec<_> = other.ok(&GetProfileCurrencyList {}).await.currencies;
    let codes: Vec<_> = codes.into_iter().map(|currency| currency.currency_code.to_string()).collect();
    assert_eq!(codes, ["GLD.starbucks", "SLV.starbucks"]);
}
