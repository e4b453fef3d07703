//! The whole story, through both SDKs: a provider makes a currency, a user and a token; the user's app reads; a
//! merchant asks to be paid, and is.

use florin_sdk_core::code::Code;
use florin_sdk_core::model::{PaymentDirection, PaymentStatus, TransactionState, TransactionType};
use florin_sdk_core::operation::{
    AcceptPayment, CreateMobileToken, CreatePaymentRequest, CreateUser, CreditWallet, GetPaymentTransactionList,
    GetUser, GetWalletTransactionList, IssueGatewayCurrency, ListMobileTokens, RedeemCurrency, RevokeMobileTokens,
};
use florin_sdk_core::{FlorinError, Knowledge, Secret, Uuid};
use florin_sdk_mobile::{MobileClient, TokenError, TokenSource};
use florin_sdk_server::{ClientOptions, MemoryJournal, ProviderClient};
use florin_tests::server::Server;
use florin_tests::world::{self, amount, currency};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// No patience is needed with a server on the same machine.
fn options(base: &str) -> ClientOptions {
    ClientOptions { retry_delay_scale_percent: 1, ..ClientOptions::new(base) }
}

fn provider(base: &str, key: &str) -> Arc<ProviderClient> {
    ProviderClient::new(options(base), Secret::from(key), Arc::new(MemoryJournal::default())).expect("a client")
}

/// What an app does when it needs a token: it asks the provider's server, which knows who is signed in to the app.
struct FromProvider {
    provider: Arc<ProviderClient>,
    uuid: Uuid,
    fetched: Arc<AtomicU32>,
    signed_in: Arc<std::sync::atomic::AtomicBool>,
}

#[async_trait::async_trait]
impl TokenSource for FromProvider {
    async fn fresh_token(&self) -> Result<Secret, TokenError> {
        if !self.signed_in.load(Ordering::SeqCst) {
            return Err(TokenError::Denied { reason: "signed out".to_owned() });
        }
        self.fetched.fetch_add(1, Ordering::SeqCst);
        let request = CreateMobileToken {
            provider_user_id: None,
            uuid: Some(self.uuid),
            ttl_seconds: None,
            device: Some("Phone".to_owned()),
        };
        let made = self.provider.mobile_tokens().create(request).await;
        made.map(|made| made.token).map_err(|error| TokenError::Unavailable { reason: error.to_string() })
    }
}

fn history(limit: Option<u32>) -> GetWalletTransactionList {
    GetWalletTransactionList { waid: None, limit, after: None, reference_id: None, from: None, to: None }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a story is told in one piece")]
async fn the_whole_story() {
    let (mut server, initialised) = Server::fresh().await;
    let acme = provider(&server.base(), &initialised.apikey);

    // A currency, with some of it in the provider's wallet.
    acme.currencies().create(world::new_currency("TOK", Some("acme"))).await.expect("a currency");
    let issue = IssueGatewayCurrency { currency_code: currency(), amount: amount("5000") };
    acme.currencies().issue(issue, Some("issue-1".to_owned())).await.expect("issued");

    // A user, with some of it from the provider.
    let user = CreateUser {
        provider_user_id: "customer 42 \u{2013} \u{141}ukasz".to_owned(),
        display_name: Some("\u{141}ukasz".to_owned()),
        metadata: serde_json::from_str(r#"{"tier":"gold","_risk":"low","private_note":"x"}"#).expect("an object"),
    };
    let made = acme.users().create(user.clone()).await.expect("a user");
    let credit = CreditWallet {
        currency: currency(),
        amount: amount("250.75"),
        provider_user_id: Some(user.provider_user_id.clone()),
        uuid: None,
        waid: None,
        reference_id: None,
        description: Some("Welcome".to_owned()),
    };
    let credited = acme.wallets().credit(credit.clone(), Some("welcome-42".to_owned())).await.expect("credited");
    assert_eq!(credited.waid, made.waid);
    let again = acme.wallets().credit(credit, Some("welcome-42".to_owned())).await.expect("told again");
    assert_eq!(again, credited, "the same reference is the same credit");

    // The user's app.
    let (fetched, signed_in) = (Arc::new(AtomicU32::new(0)), Arc::new(true.into()));
    let source = FromProvider {
        provider: Arc::clone(&acme),
        uuid: made.uuid,
        fetched: Arc::clone(&fetched),
        signed_in: Arc::clone(&signed_in),
    };
    let app = MobileClient::new(options(&server.base()), Arc::new(source)).expect("an app");
    let me = app.me().await.expect("me");
    assert_eq!((me.uuid, me.upid, me.waid), (made.uuid, made.upid, made.waid));
    assert_eq!(me.provider_user_id, user.provider_user_id);
    let shown = serde_json::to_string(&me.metadata).expect("JSON");
    assert_eq!(shown, r#"{"tier":"gold"}"#, "what is private stays with the provider");
    let full = GetUser { provider_user_id: None, uuid: Some(made.uuid) };
    assert_eq!(acme.users().get(full).await.expect("the user").metadata, user.metadata);
    let wallet = app.wallet(None).await.expect("the wallet");
    assert_eq!((wallet.waid, wallet.upid), (made.waid, made.upid));
    assert_eq!(wallet.balances.len(), 1);
    assert_eq!(wallet.balances[0].available, amount("250.75"));
    assert_eq!(wallet.balances[0].currency_code, currency());
    assert_eq!(app.wallets().await.expect("wallets").len(), 1);
    let listed = app.transactions(history(None)).await.expect("the history").transactions;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].txid, listed[0].amount, listed[0].balance),
        (credited.txid, amount("250.75"), amount("250.75"))
    );
    assert_eq!((&listed[0].kind, listed[0].description.as_str()), (&TransactionType::Credit, "Welcome"));
    assert_eq!(listed[0].reference_id.as_deref(), Some("welcome-42"));
    let details = app.transaction(credited.txid).await.expect("the transaction");
    assert_eq!(details.state, TransactionState::Completed);
    assert_eq!(details.source_balance, None, "what the provider has is not the user's to know");
    let entries = details.entries.expect("entries");
    assert_eq!(entries.len(), 1, "of the user's own wallet only");
    assert_eq!((entries[0].waid, entries[0].amount), (made.waid, amount("250.75")));
    assert_eq!(fetched.load(Ordering::SeqCst), 1, "one token for all of this");

    // A merchant asks to be paid; the app shows the request; the provider pays for its user.
    let shop = acme.profiles().create(world::new_merchant("cornershop")).await.expect("a merchant");
    let key = world::new_key("Till", &["merchant-rw", "profile-rw"], Some(shop.upid));
    let key = acme.api_keys().create(key).await.expect("its key");
    let till = provider(&server.base(), key.api_key.expose());
    let request = CreatePaymentRequest {
        amount: amount("49.99"),
        currency: currency(),
        method: "wallet".to_owned(),
        source_waid: Some(made.waid),
        reference_id: Some("ORDER_0815".to_owned()),
        destination_waid: None,
        clerk_name: Some("Carla".to_owned()),
        creator_uuid: None,
        tip: None,
    };
    let asked = till.payments().request(request, None).await.expect("a payment request");
    assert_eq!(asked.status, PaymentStatus::Waiting);
    let code = asked.qr_payload.expect("a text for the code");
    assert!(code.contains(&asked.prid.to_string()), "{code}");
    let payment = app.payment(asked.prid).await.expect("the payment request");
    assert_eq!((payment.amount, payment.status), (amount("49.99"), PaymentStatus::Waiting));
    assert_eq!(payment.merchant_name, "cornershop");
    let lists = |payments: Vec<florin_sdk_core::model::ListedPayment>| {
        payments
            .into_iter()
            .map(|payment| (payment.prid, payment.direction, payment.status_message))
            .collect::<Vec<_>>()
    };
    let all = GetPaymentTransactionList { limit: None, after: None, reference_id: None };
    let incoming = app.payments(all.clone()).await.expect("payments").payments;
    assert_eq!(lists(incoming), [(asked.prid, PaymentDirection::Incoming, "Waiting payment".to_owned())]);
    let accept = AcceptPayment {
        prid: asked.prid,
        currency: currency(),
        method: "wallet".to_owned(),
        total_amount: amount("49.99"),
        payment_processor_information: None,
    };
    acme.payments().accept(accept.clone(), Some("pay-0815".to_owned())).await.expect("paid");
    acme.payments().accept(accept.clone(), Some("pay-0815".to_owned())).await.expect("told again");
    let twice = acme.payments().accept(accept, Some("pay-0815-again".to_owned())).await.expect_err("it is paid");
    assert_eq!(twice.code(), Some(Code::NOT_PAYABLE));
    assert_eq!(twice.knowledge(), Knowledge::Refused);
    let paid = app.payment(asked.prid).await.expect("the payment request");
    assert_eq!(paid.status, PaymentStatus::Paid);
    assert!(paid.pcid.is_some());
    let outgoing = till.payments().list(all).await.expect("payments").payments;
    assert_eq!(lists(outgoing), [(asked.prid, PaymentDirection::Outgoing, "Paid".to_owned())]);
    assert_eq!(till.wallets().get(None).await.expect("its wallet").balances[0].available, amount("49.99"));
    assert_eq!(app.wallet(None).await.expect("the wallet").balances[0].available, amount("200.76"));

    // Page by page it is the same history.
    for index in 0..5 {
        let transfer = world::transfer(made.waid, till.wallets().get(None).await.expect("it").waid, "1");
        acme.wallets().transfer(transfer, Some(format!("small-{index}"))).await.expect("moved");
    }
    let pager = app.transaction_pages(history(Some(3)));
    let mut pages = Vec::new();
    while let Some(page) = pager.next().await.expect("a page") {
        pages.push(page);
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    let all = app.transactions(history(None)).await.expect("the history").transactions;
    assert_eq!(pages.concat(), all);
    assert!(all.is_sorted_by(|newer, older| newer.txid > older.txid), "newest first");

    // A revoked token is replaced; without a new one the person must sign in.
    let everything = RevokeMobileTokens { provider_user_id: None, uuid: Some(made.uuid) };
    assert_eq!(acme.mobile_tokens().revoke_all(everything.clone()).await.expect("revoked"), 1);
    app.me().await.expect("with a fresh token");
    assert_eq!(fetched.load(Ordering::SeqCst), 2);
    let tokens = ListMobileTokens { provider_user_id: None, uuid: Some(made.uuid) };
    let tokens = acme.mobile_tokens().list(tokens).await.expect("tokens");
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].device.as_deref(), Some("Phone"));
    assert!(tokens[0].last_used.is_some(), "this process has seen it");
    acme.mobile_tokens().revoke_all(everything).await.expect("revoked");
    signed_in.store(false, Ordering::SeqCst);
    let out = app.me().await.expect_err("signed out");
    assert!(matches!(out, FlorinError::Unauthorized { .. }), "{out}");

    // Some of the currency is taken out of circulation.
    let redeem = RedeemCurrency { currency_code: currency(), amount: amount("1000"), reference_id: None };
    acme.currencies().redeem(redeem, Some("redeem-1".to_owned())).await.expect("redeemed");
    let circulation = acme.currencies().circulation(currency()).await.expect("the circulation");
    assert_eq!(circulation.issued, amount("5000"));
    assert_eq!(circulation.redeemed, amount("1000"));
    assert_eq!(circulation.circulation, amount("4000"));

    // A key that is deleted ends.
    acme.api_keys().delete(key.akid, Some(shop.upid)).await.expect("deleted");
    let out = till.wallets().get(None).await.expect_err("the key has ended");
    assert!(matches!(out, FlorinError::Unauthorized { .. }), "{out}");

    assert_eq!(server.terminate().await.code(), Some(0));
    server.home.verify().await.sound();
}

/// Both SDKs say of a failure what to do next.
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_sorted_by_what_to_do_next() {
    let world = world::World::new().await;
    let acme = provider(&world.server.base(), &world.initialised.apikey);
    let too_much = world::transfer(world.alice.waid, world.bob.waid, "1000.01");
    let error = acme.wallets().transfer(too_much, None).await.expect_err("too much");
    assert_eq!((error.knowledge(), error.code()), (Knowledge::Refused, Some(Code::INSUFFICIENT_FUNDS)));
    assert!(error.request_id().is_some(), "its operator can find it in the log: {error:?}");
    let too_fine = world::transfer(world.alice.waid, world.bob.waid, "0.001");
    let error = acme.wallets().transfer(too_fine, None).await.expect_err("too fine");
    let FlorinError::Refused { code, fields, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*code, fields[0].field.as_str()), (20000, "amount"));
    let stranger = provider(&world.server.base(), "0123456789ABCDEF0123456789ABCDEF");
    let error = stranger.wallets().get(None).await.expect_err("a stranger");
    assert!(matches!(error, FlorinError::Unauthorized { code: Some(20001), .. }), "{error:?}");
    // Nobody listens: nothing ran.
    let nowhere = provider("http://127.0.0.1:1", &world.initialised.apikey);
    let moved = nowhere.wallets().transfer(world::transfer(world.alice.waid, world.bob.waid, "1"), None).await;
    let error = moved.expect_err("nobody listens");
    assert!(matches!(error, FlorinError::Unavailable { .. }), "{error:?}");
    assert!(error.may_retry());
}
