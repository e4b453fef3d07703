//! KYC tiers: what they forbid, what they limit, and what becomes of their holders.

use florin_sdk_core::model::Tier;
use florin_sdk_core::operation::{
    AcceptPayment, AssignTier, CreateWallet, DeleteTier, GetProfile, GetTierData, ManualDeposit, SetTier,
};
use florin_sdk_core::{Amount, Upid};
use florin_tests::http::Answer;
use florin_tests::world::{self, World, amount, currency};
use futures_util::future::join_all;

const LEVEL: u32 = 5;

fn tier() -> SetTier {
    SetTier::new(LEVEL, "Tried".to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "as the field has it")]
fn limit(text: &str) -> Option<Amount> {
    Some(amount(text))
}

/// Puts a profile on a tier of these terms.
async fn put(world: &World, upid: Upid, terms: &SetTier) {
    world.provider.ok(terms).await;
    world.provider.ok(&AssignTier { upid, level: terms.level }).await;
}

fn deposit(world: &World, text: &str) -> ManualDeposit {
    ManualDeposit { waid: Some(world.alice.waid), ..ManualDeposit::new(currency(), amount(text)) }
}

async fn accept(world: &World, text: &str) -> Answer {
    let prid = world.payment_request(&world.alice, text).await;
    let accept = AcceptPayment::new(prid, currency(), "wallet".to_owned(), amount(text));
    world.provider.send(&accept).await
}

fn allowed(answer: &Answer) {
    assert_eq!(answer.code(), 10000, "{}", answer.text());
}

async fn levels(world: &World) -> Vec<u32> {
    world.provider.ok(&GetTierData {}).await.tiers.into_iter().map(|tier| tier.level).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_platform_has_tiers_that_limit_nothing() {
    let world = World::new().await;
    let tiers = world.provider.ok(&GetTierData {}).await.tiers;
    assert_eq!(tiers.iter().map(|tier| tier.level).collect::<Vec<_>>(), [1, 2, 3]);
    for Tier { tier_name, send_payment, trading, limit_deposit_fiat_1, limit_transfer_fiat_2, .. } in tiers {
        assert!(send_payment && trading && limit_deposit_fiat_1.is_empty() && limit_transfer_fiat_2.is_none());
        assert!(!tier_name.is_empty());
    }
    assert_eq!(
        world.provider.ok(&GetProfile { upid: Some(world.alice.upid), ..GetProfile::new() }).await.tier_level,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_switch_forbids_what_it_says() {
    let world = World::new().await;
    let World { provider, alice, bob, merchant, .. } = &world;
    let transfer = world::transfer(alice.waid, bob.waid, "1");
    put(&world, alice.upid, &SetTier { transfer_fiat: Some(false), ..tier() }).await;
    provider.send(&transfer).await.refused(20010, "transfers are forbidden");
    provider.ok(&deposit(&world, "1")).await;
    // A provider's own credit and debit are the provider's business.
    provider.ok(&world::debit_of(alice, "1")).await;
    // Not of cryptographic money: nobody has any of it here, but it is not forbidden.
    put(&world, alice.upid, &SetTier { transfer_crypto: Some(false), ..tier() }).await;
    provider.ok(&transfer).await;

    put(&world, alice.upid, &SetTier { deposit_fiat: Some(false), ..tier() }).await;
    provider.send(&deposit(&world, "1")).await.refused(20010, "deposits are forbidden");
    provider.ok(&transfer).await;

    put(&world, alice.upid, &SetTier { send_payment: Some(false), ..tier() }).await;
    accept(&world, "1").await.refused(20010, "paying is forbidden");
    put(&world, alice.upid, &tier()).await;
    allowed(&accept(&world, "1").await);

    put(&world, merchant.upid, &SetTier { receive_payment: Some(false), ..SetTier::new(6, "Shop".to_owned()) }).await;
    accept(&world, "1").await.refused(20010, "receiving is forbidden");
    put(&world, merchant.upid, &SetTier { create_payment_request: Some(false), ..SetTier::new(6, "Shop".to_owned()) })
        .await;
    merchant.api.send(&world::payment_of(alice, "1")).await.refused(20010, "asking is forbidden");
    put(&world, merchant.upid, &SetTier { process_payment: Some(false), ..SetTier::new(6, "Shop".to_owned()) }).await;
    let mut by_processor = world::payment_of(alice, "1");
    by_processor.method = "applepay".to_owned();
    merchant.api.send(&by_processor).await.refused(20010, "a processor is forbidden");
    merchant.api.ok(&world::payment_of(alice, "1")).await;

    put(&world, alice.upid, &SetTier { trading: Some(false), ..tier() }).await;
    let trading = CreateWallet {
        wallet_name: "Trade".to_owned(),
        upid: Some(alice.upid),
        trading: Some(true),
        market: Some("ripple".to_owned()),
    };
    provider.send(&trading).await.refused(20010, "trading is forbidden");
    provider.ok(&CreateWallet { trading: None, market: None, ..trading }).await;
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_counted_for_each_kind_of_operation() {
    let world = World::new().await;
    let World { provider, alice, bob, .. } = &world;
    let terms = SetTier {
        limit_transfer_fiat_1: limit("100"),
        limit_deposit_fiat_2: limit("50"),
        limit_payment_fiat_1: limit("30"),
        ..tier()
    };
    put(&world, alice.upid, &terms).await;
    let transfer = async |text: &str| provider.send(&world::transfer(alice.waid, bob.waid, text)).await;
    allowed(&transfer("60").await);
    let refused = transfer("40.01").await;
    refused.refused(20010, "more than is left");
    assert!(refused.text().contains("40.00 are left"), "{}", refused.text());
    allowed(&transfer("40").await);
    transfer("0.01").await.refused(20010, "all is used up");
    // Another profile, and another kind of operation, have their own.
    provider.ok(&world::transfer(bob.waid, alice.waid, "500")).await;
    provider.ok(&deposit(&world, "50")).await;
    provider.send(&deposit(&world, "0.01")).await.refused(20010, "the limit within days");
    allowed(&accept(&world, "30").await);
    accept(&world, "0.01").await.refused(20010, "the payer's limit");
    // What is refused for another reason uses nothing up.
    provider.ok(&SetTier { limit_transfer_fiat_1: limit("5000"), ..tier() }).await;
    transfer("4900").await.refused(20009, "there is not so much");
    allowed(&transfer("200").await);
    // A refusal is a decision, and is given again.
    let key = provider.reference("over-the-limit");
    let most = world::transfer(alice.waid, bob.waid, "4999");
    key.send(&most).await.refused(20010, "too much");
    assert!(key.send(&most).await.is_replay());
    // A wallet of the same profile counts towards the same limit.
    provider.ok(&SetTier { limit_transfer_fiat_1: limit("300"), ..tier() }).await;
    let second = CreateWallet { upid: Some(alice.upid), ..CreateWallet::new("Second".to_owned()) };
    let second = provider.ok(&second).await.waid;
    transfer("0.01").await.refused(20010, "300 are used up");
    provider.send(&world::transfer(second, bob.waid, "0.01")).await.refused(20010, "out of the other wallet, too");
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_no_two_get_what_is_left_for_one() {
    let world = World::new().await;
    put(&world, world.alice.upid, &SetTier { limit_transfer_fiat_1: limit("100"), ..tier() }).await;
    let request = world::transfer(world.alice.waid, world.bob.waid, "10");
    let answers = join_all((0..32).map(|_| world.provider.send(&request))).await;
    let codes: Vec<u32> = answers.iter().map(Answer::code).collect();
    let count = |code: u32| codes.iter().filter(|other| **other == code).count();
    assert_eq!((count(10000), count(20010)), (10, 22), "{codes:?}");
    assert_eq!(world.balance(world.alice.waid).await, amount("900"));
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn holders_of_a_deleted_tier_move_to_the_next_lower_one() {
    let world = World::new().await;
    let World { provider, alice, bob, merchant, .. } = &world;
    let level = async |upid: Upid| provider.ok(&GetProfile { upid: Some(upid), ..GetProfile::new() }).await.tier_level;
    put(&world, alice.upid, &SetTier { transfer_fiat: Some(false), ..tier() }).await;
    put(&world, bob.upid, &SetTier::new(9, "Above".to_owned())).await;
    provider.ok(&DeleteTier { level: LEVEL }).await;
    assert_eq!((level(alice.upid).await, level(bob.upid).await), (3, 9));
    provider.ok(&world::transfer(alice.waid, bob.waid, "1")).await;
    assert_eq!(levels(&world).await, [1, 2, 3, 9]);
    provider.send(&DeleteTier { level: LEVEL }).await.refused(20005, "it is gone");
    provider.send(&AssignTier { upid: alice.upid, level: LEVEL }).await.refused(20000, "nobody can be put there");
    // One of the same level later is another one.
    provider.ok(&tier()).await;
    assert_eq!(level(alice.upid).await, 3);
    for level in [9, LEVEL, 3, 2] {
        provider.ok(&DeleteTier { level }).await;
    }
    assert_eq!((level(alice.upid).await, level(bob.upid).await, level(merchant.upid).await), (1, 1, 1));
    provider.send(&DeleteTier { level: 1 }).await.refused(20000, "the lowest");
    assert_eq!(levels(&world).await, [1]);
    // Who may not, may not.
    world.merchant.api.send(&DeleteTier { level: 1 }).await.refused(20003, "a merchant");
    world.reader().send(&GetTierData {}).await.refused(20003, "who reads no system data");
}
