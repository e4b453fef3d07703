//! Providers do not reach each other: what belongs to one is, for another, not there.

use florin_sdk_core::model::Status;
use florin_sdk_core::operation::{self, OutcomeKind};
use florin_sdk_core::{Upid, Waid};
use florin_tests::digest::changes;
use florin_tests::http::Api;
use florin_tests::world::{self, Person, World, amount, currency};
use serde_json::json;

/// A provider below the platform's own profile, with its own users.
struct Tenant {
    upid: Upid,
    waid: Waid,
    api: Api,
    user: Person,
    akid: florin_sdk_core::Akid,
}

async fn tenant(world: &World, name: &str) -> Tenant {
    let upid = world.provider.ok(&world::new_merchant(name)).await.upid;
    let roles = ["ewallet-admin", "merchant-admin", "issuer-rw"];
    let key = world.provider.ok(&world::new_key("Its own", &roles, Some(upid))).await;
    let api = world.provider.key(key.api_key.expose());
    let waid = api.ok(&operation::GetWallet { waid: None }).await.waid;
    // The same name on both sides: it is unique within a provider only.
    let user = world::person(&api, "customer").await;
    Tenant { upid, waid, api, user, akid: key.akid }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_provider_on_the_objects_of_another() {
    let world = World::new().await;
    let (ours, theirs) = (tenant(&world, "ours").await, tenant(&world, "theirs").await);
    for tenant in [&ours, &theirs] {
        world.provider.ok(&world::transfer(world.waid, tenant.waid, "100")).await;
        tenant.api.ok(&world::credit_of(&tenant.user, "50")).await;
    }
    let txid = theirs.api.reference("theirs").ok(&world::transfer(theirs.waid, theirs.user.waid, "5")).await.txid;
    theirs.api.ok(&world::new_currency("OWN", Some("theirs"))).await;
    let request = operation::CreatePaymentRequest { ..world::payment_of(&theirs.user, "1") };
    let prid = theirs.api.ok(&request).await.prid;
    let (us, user) = (&ours.api, &theirs.user);

    // Users of the same name are not mixed up.
    let by_name = operation::GetUser { provider_user_id: Some("customer".to_owned()), uuid: None };
    assert_eq!(us.ok(&by_name).await.user.uuid, ours.user.uuid);
    assert_eq!(theirs.api.ok(&by_name).await.user.uuid, user.uuid);
    let all = operation::ListUsers { limit: None, after: None, search: None };
    let uuids: Vec<_> = us.ok(&all).await.users.into_iter().map(|user| user.uuid).collect();
    assert_eq!(uuids, [ours.user.uuid]);

    let before = world.server.tables();
    let uuid = json!({ "uuid": user.uuid });
    let nobody: [(&str, serde_json::Value); 24] = [
        ("GetProfile", json!({ "upid": theirs.upid })),
        ("GetAPIKeyList", json!({ "upid": theirs.upid })),
        ("DeleteAPIKey", json!({ "upid": theirs.upid, "akid": theirs.akid })),
        ("DeleteAPIKey", json!({ "akid": theirs.akid })),
        ("CreateAPIKey", json!({ "upid": theirs.upid, "description": "ours now", "roles": ["profile-ro"] })),
        ("GetUser", uuid.clone()),
        ("UpdateUser", json!({ "uuid": user.uuid, "displayname": "ours now" })),
        ("CreateMobileToken", uuid.clone()),
        ("ListMobileTokens", uuid.clone()),
        ("RevokeMobileToken", json!({ "mtid": user.mtid })),
        ("RevokeMobileTokens", uuid),
        ("GetWallet", json!({ "waid": theirs.waid })),
        ("GetWallet", json!({ "waid": user.waid })),
        ("GetWalletListByUpid", json!({ "upid": user.upid })),
        ("GetWalletTransactionList", json!({ "waid": user.waid })),
        ("GetWalletTransactionDetails", json!({ "txid": txid })),
        ("CreateWallet", json!({ "upid": user.upid, "walletname": "ours now" })),
        ("WalletTransfer", json!(world::transfer(user.waid, ours.waid, "1"))),
        ("WalletTransfer", json!(world::transfer(theirs.waid, ours.waid, "1"))),
        ("DebitWallet", json!({ "uuid": user.uuid, "currency": "TOK.acme", "amount": "1" })),
        ("DebitWallet", json!({ "waid": user.waid, "currency": "TOK.acme", "amount": "1" })),
        ("IssueGatewayCurrency", json!({ "currencycode": "OWN.theirs", "amount": "1" })),
        ("GetCirculation", json!({ "currencycode": "OWN.theirs" })),
        ("GetPaymentStatus", json!({ "prid": prid })),
    ];
    let mut faults = Vec::new();
    for (name, request) in &nobody {
        let spec = operation::all().into_iter().find(|spec| spec.name == *name).expect("an operation");
        let answer = us.send_json(&spec, request).await;
        if answer.code() != 20005 {
            faults.push(format!("{name} {request}: {}", answer.text()));
        }
    }
    for (what, answer) in
        [("accept", us.send(&accept(prid)).await), ("refuse", us.send(&operation::RefusePayment { prid }).await)]
    {
        if ![20005, 20011].contains(&answer.code()) {
            faults.push(format!("{what}: {}", answer.text()));
        }
    }
    let outcome = operation::GetOperationOutcome { reference: "theirs".to_owned(), operation: None };
    assert_eq!(us.ok(&outcome).await.outcome, OutcomeKind::Unknown, "a reference is its owner's");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
    // All of this works for whom it belongs to.
    for (name, request) in &nobody {
        let spec = operation::all().into_iter().find(|spec| spec.name == *name).expect("an operation");
        let own = theirs.api.send_json(&spec, request).await;
        // Their key ends with the first DeleteAPIKey of the list; what comes after is asked by the platform.
        let own = if own.code() == 20001 { world.provider.send_json(&spec, request).await } else { own };
        let fine = own.code() == 10000
            || (*name == "DeleteAPIKey" && own.code() == 20005)
            || own.code() == 20005 && name.ends_with("Currency")
            || own.code() == 20005 && *name == "GetCirculation";
        assert!(fine, "{name} {request}: {}", own.text());
    }
    world.server.home.verify().await.sound();
}

fn accept(prid: florin_sdk_core::Prid) -> operation::AcceptPayment {
    operation::AcceptPayment {
        prid,
        currency: currency(),
        method: "wallet".to_owned(),
        total_amount: amount("1"),
        payment_processor_information: None,
    }
}

/// The wallet that new units come from may go below zero, so nobody may move anything out of it, or into it, by hand.
#[tokio::test(flavor = "multi_thread")]
async fn the_issuance_wallet_is_out_of_reach() {
    let world = World::new().await;
    let issue = operation::IssueGatewayCurrency { currency_code: currency(), amount: amount("10") };
    let txid = world.provider.ok(&issue).await.txid.expect("a transaction");
    let details = world.provider.ok(&operation::GetWalletTransactionDetails { txid }).await;
    let hidden = details.source_waid.filter(|waid| *waid != world.waid);
    let known: Option<Waid> = hidden.or_else(|| {
        let database = world.server.home.open_read_only();
        let number = database.number("SELECT waid FROM wallet WHERE is_issuance = 1");
        Waid::new(number.cast_unsigned())
    });
    let issuance = known.expect("the wallet");
    assert_eq!(details.source_balance, None);
    let before = world.server.tables();
    let api = &world.provider;
    api.send(&world::transfer(issuance, world.alice.waid, "1")).await.refused(20005, "minting by hand");
    api.send(&world::transfer(world.alice.waid, issuance, "1")).await.refused(20005, "burning by hand");
    let by_waid = |waid| operation::DebitWallet {
        provider_user_id: None,
        waid: Some(waid),
        ..world::debit_of(&world.alice, "1")
    };
    api.send(&by_waid(issuance)).await.refused(20005, "minting by debit");
    let credit =
        operation::CreditWallet { provider_user_id: None, waid: Some(issuance), ..world::credit_of(&world.alice, "1") };
    api.send(&credit).await.refused(20005, "burning by credit");
    let request =
        operation::CreatePaymentRequest { source_waid: Some(issuance), ..world::payment_of(&world.alice, "1") };
    api.send(&request).await.refused(20005, "minting by payment");
    let request =
        operation::CreatePaymentRequest { destination_waid: Some(issuance), ..world::payment_of(&world.alice, "1") };
    api.send(&request).await.refused(20005, "burning by payment");
    api.send(&operation::GetWallet { waid: Some(issuance) }).await.refused(20005, "looking at it");
    let history = operation::GetWalletTransactionList {
        waid: Some(issuance),
        limit: None,
        after: None,
        reference_id: None,
        from: None,
        to: None,
    };
    api.send(&history).await.refused(20005, "looking at its history");
    let list = api.ok(&operation::GetWalletList {}).await.wallets;
    assert!(list.iter().all(|wallet| wallet.waid != issuance));
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
    let circulation = api.ok(&operation::GetCirculation { currency_code: currency() }).await;
    assert_eq!(circulation.circulation, amount("1000010"));
}

/// A user is below its provider only: other users, and their own provider's keys with other roles, do what roles say.
#[tokio::test(flavor = "multi_thread")]
async fn roles_say_what_a_key_may_do() {
    let world = World::new().await;
    let api = async |roles: &[&str]| {
        let key = world.provider.ok(&world::new_key("Limited", roles, None)).await;
        world.provider.key(key.api_key.expose())
    };
    let wallet = operation::GetWallet { waid: None };
    let transfer = world::transfer(world.waid, world.alice.waid, "1");
    let issue = operation::IssueGatewayCurrency { currency_code: currency(), amount: amount("1") };
    let user = async |api: &Api| api.code(&world::new_user(&format!("user {}", fastrand::u32(..)))).await;
    // Operation by operation: a reading key, a key of one's own wallets, an issuer's, a manager of users.
    for (roles, expected) in [
        (&["profile-ro"][..], [10000, 20003, 20003, 20003]),
        (&["profile-rw"], [10000, 10000, 20003, 20003]),
        (&["issuer-rw"], [20003, 20003, 10000, 20003]),
        (&["issuer-rw", "profile-ro"], [10000, 20003, 10000, 20003]),
        (&["ewallet-admin"], [10000, 10000, 20003, 10000]),
        (&["gateway-admin"], [20003, 20003, 20003, 20003]),
        (&["system-ro"], [20003, 20003, 20003, 20003]),
    ] {
        let api = api(roles).await;
        let codes = [api.code(&wallet).await, api.code(&transfer).await, api.code(&issue).await, user(&api).await];
        assert_eq!(codes, expected, "{roles:?}: GetWallet, WalletTransfer, IssueGatewayCurrency, CreateUser");
    }
    // Reading every profile is not reading every wallet, and neither is writing.
    let agent = api(&["agent-ro"]).await;
    assert_eq!(
        agent.code(&operation::GetProfile { upid: Some(world.alice.upid), ..operation::GetProfile::new() }).await,
        10000
    );
    assert_eq!(agent.code(&operation::GetWallet { waid: Some(world.alice.waid) }).await, 10000);
    assert_eq!(agent.code(&world::debit_of(&world.alice, "1")).await, 20003);
    let update = operation::UpdateUser {
        provider_user_id: None,
        uuid: Some(world.alice.uuid),
        display_name: None,
        metadata: None,
        status: Some(Status::Inactive),
    };
    assert_eq!(agent.code(&update).await, 20003);
    assert_eq!(world.balance(world.alice.waid).await, amount("1002"));
}
