//! The whole story, played with the real SDKs against a real server on a temporary database.
#![expect(clippy::indexing_slicing, reason = "a name that a JSON value does not have gives null, no panic")]

use crate::init;
use anyhow::{Context, bail, ensure};
use async_trait::async_trait;
use axum::Router;
use axum::routing::post;
use florin_domain::clock::Clock;
use florin_domain::ledger;
use florin_http::{App, deliver, listen, router};
use florin_sdk_core::client::ClientOptions;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::ProfileType;
use florin_sdk_core::operation::{
    AcceptPayment, CreateAPIKey, CreateExtendedCurrency, CreateMobileToken, CreatePaymentRequest, CreateProfile,
    CreateUser, CreditWallet, GetWalletTransactionList, IssueGatewayCurrency, Wallet,
};
use florin_sdk_core::qr::PaymentCode;
use florin_sdk_core::{Amount, CurrencyCode, JsonObject, Secret};
use florin_sdk_mobile::{MobileClient, TokenError, TokenSource};
use florin_sdk_server::{MemoryJournal, ProviderClient};
use florin_storage::Mode;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// How long the merchant waits to be told. It takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(story())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the steps, numbered.
struct Teller {
    step: u32,
}

impl Teller {
    fn tell(&mut self, text: impl AsRef<str>) -> anyhow::Result<()> {
        self.step += 1;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{:>2}. {}", self.step, text.as_ref())?;
        out.flush()?;
        Ok(())
    }
}

/// The provider's server hands its user's app a token, over a channel of its own.
struct FromProvider {
    provider: Arc<ProviderClient>,
}

#[async_trait]
impl TokenSource for FromProvider {
    async fn fresh_token(&self) -> Result<Secret, TokenError> {
        let request = CreateMobileToken { provider_user_id: Some("alice".to_owned()), ..CreateMobileToken::new() };
        let made = self.provider.mobile_tokens().create(request).await;
        made.map(|made| made.token).map_err(|e| TokenError::Unexpected { reason: e.to_string() })
    }
}

fn amount(text: &str) -> anyhow::Result<Amount> {
    text.parse().map_err(Into::into)
}

fn holds(wallet: &Wallet) -> String {
    let balances = wallet.balances.iter().map(|balance| format!("{} {}", balance.available, balance.currency_code));
    let list: Vec<_> = balances.collect();
    if list.is_empty() { "nothing".to_owned() } else { list.join(", ") }
}

async fn story() -> anyhow::Result<()> {
    let mut teller = Teller { step: 0 };
    let folder = tempfile::tempdir()?;
    let clock = Clock::system();
    let database = format!("sqlite://{}", folder.path().join("demo.db").display());
    let store = florin_storage::open(&database, Mode::Serve, clock.clone())?;
    let app = App::new(store.clone(), clock, true);
    let credentials = init::initialise(&app).await?.context("the temporary database was not empty")?;
    app.open().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = tokio::spawn(listen::serve(listener, router(app.clone()), std::future::pending()));
    let deliveries = tokio::spawn(deliver::run(app.clone()));
    teller.tell(format!("A server starts on {url} with an empty database, and sets itself up."))?;

    let client = |key: Secret| ProviderClient::new(ClientOptions::new(&url), key, Arc::new(MemoryJournal::default()));
    let provider = client(credentials.apikey.clone())?;
    let code = issue_currency(&mut teller, &provider).await?;
    let alice = welcome_user(&mut teller, &provider, &code).await?;
    let phone = MobileClient::new(ClientOptions::new(&url), Arc::new(FromProvider { provider: provider.clone() }))?;
    read_on_the_phone(&mut teller, &phone, &url, &provider).await?;

    let (merchant_url, told) = merchant_listens().await?;
    let merchant = open_shop(&mut teller, &provider, &merchant_url, client).await?;
    pay(&mut teller, &provider, &merchant, &phone, alice, &code, told).await?;

    // It reads whole tables, which must not be done on a thread that others wait for.
    let report = tokio::task::spawn_blocking(move || ledger::verify(&*store, &mut |_| ())).await??;
    ensure!(report.ok, "the books do not add up: {:?}", report.faults);
    teller.tell(format!(
        "The books add up: {} transactions, {} postings, every balance and every hash checked.",
        report.transactions, report.postings
    ))?;
    deliveries.abort();
    server.abort();
    Ok(())
}

async fn issue_currency(teller: &mut Teller, provider: &ProviderClient) -> anyhow::Result<CurrencyCode> {
    let new = CreateExtendedCurrency {
        issuer_name: Some("brew".to_owned()),
        ..CreateExtendedCurrency::new("BEA".parse()?, "Coffee bean".to_owned(), 2, 2)
    };
    provider.currencies().create(new).await?;
    let code: CurrencyCode = "BEA.brew".parse()?;
    provider.currencies().issue(IssueGatewayCurrency::new("BEA".parse()?, amount("1000")?), None).await?;
    let supply = provider.currencies().circulation(code.clone()).await?;
    teller.tell(format!(
        "The provider makes a token, {code}, and mints it: {} are in circulation.",
        supply.circulation
    ))?;
    Ok(code)
}

async fn welcome_user(
    teller: &mut Teller,
    provider: &ProviderClient,
    code: &CurrencyCode,
) -> anyhow::Result<florin_sdk_core::Waid> {
    let new = CreateUser { display_name: Some("Alice".to_owned()), ..CreateUser::new("alice".to_owned()) };
    let alice = provider.users().create(new).await?;
    teller.tell(format!("The provider makes a user, by its own name for her: alice. Her wallet is {}.", alice.waid))?;
    let gift = CreditWallet {
        provider_user_id: Some("alice".to_owned()),
        description: Some("Welcome".to_owned()),
        ..CreditWallet::new(code.clone(), amount("25")?)
    };
    let reference = "welcome-alice";
    let first = provider.wallets().credit(gift.clone(), Some(reference.to_owned())).await?;
    let again = provider.wallets().credit(gift, Some(reference.to_owned())).await?;
    ensure!(first == again, "one reference moved money twice");
    teller.tell(format!(
        "The provider credits her 25 {code}, twice by mistake under one reference: it happens once, as {}.",
        first.txid
    ))?;
    Ok(alice.waid)
}

async fn read_on_the_phone(
    teller: &mut Teller,
    phone: &MobileClient,
    url: &str,
    provider: &ProviderClient,
) -> anyhow::Result<()> {
    let wallet = phone.wallet(None).await?;
    teller.tell(format!(
        "Her phone asks the provider's server for a mobile token, and reads her wallet: {}.",
        holds(&wallet)
    ))?;
    let history = phone.transactions(GetWalletTransactionList::new()).await?;
    let lines = history.transactions.iter().map(|tx| format!("{} {} {:?}", tx.amount, tx.currency, tx.description));
    teller.tell(format!("It reads her history: {}.", lines.collect::<Vec<_>>().join(", ")))?;
    let request = CreateMobileToken { provider_user_id: Some("alice".to_owned()), ..CreateMobileToken::new() };
    let token = provider.mobile_tokens().create(request).await?.token;
    let refusal = write_with(url, &token).await?;
    teller.tell(format!("A thief takes the token and tries to move money with it. The server answers: {refusal}"))?;
    Ok(())
}

/// The mobile SDK has no way to write, so the thief speaks HTTP by hand.
async fn write_with(url: &str, token: &Secret) -> anyhow::Result<String> {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await?;
    let request = format!(
        "POST /api/v1/wallet/transfer HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}",
        token.expose()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    let body: serde_json::Value = serde_json::from_str(body)?;
    ensure!(body["resultcode"] == Code::MOBILE_READ_ONLY.0, "a mobile credential got through: {body}");
    Ok(format!("{} {}.", body["resultcode"], body["resultmessage"].as_str().unwrap_or_default()))
}

/// The merchant's own server: it only listens for notifications.
async fn merchant_listens() -> anyhow::Result<(String, mpsc::Receiver<String>)> {
    let (tell, told) = mpsc::channel(8);
    let take = move |body: String| async move {
        // When nobody waits any more there is nothing to do.
        let _ = tell.send(body).await;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/paid", listener.local_addr()?);
    tokio::spawn(listen::serve(listener, Router::new().route("/paid", post(take)), std::future::pending()));
    Ok((url, told))
}

async fn open_shop(
    teller: &mut Teller,
    provider: &ProviderClient,
    notify_at: &str,
    client: impl Fn(Secret) -> Result<Arc<ProviderClient>, florin_sdk_core::FlorinError>,
) -> anyhow::Result<Arc<ProviderClient>> {
    let serde_json::Value::Object(extended) = json!({ "merchantnotificationurl": notify_at }) else {
        bail!("no object")
    };
    let new = CreateProfile {
        sub_profile: Some(true),
        organization_name: Some("Corner Café".to_owned()),
        admin_first_name: Some("Cleo".to_owned()),
        admin_last_name: Some("Corner".to_owned()),
        extended: Some(JsonObject(extended)),
        ..CreateProfile::new(ProfileType::Organization, "cleo@corner.example".parse()?)
    };
    let shop = provider.profiles().create(new).await?;
    let roles = vec!["merchant-rw".to_owned(), "profile-rw".to_owned()];
    let key = CreateAPIKey { upid: Some(shop.upid), ..CreateAPIKey::new("Till".to_owned(), roles) };
    let key = provider.api_keys().create(key).await?;
    teller.tell("A merchant, Corner Café, gets a profile and an API key for its till.")?;
    Ok(client(key.api_key)?)
}

async fn pay(
    teller: &mut Teller,
    provider: &ProviderClient,
    merchant: &ProviderClient,
    phone: &MobileClient,
    alice: florin_sdk_core::Waid,
    code: &CurrencyCode,
    mut told: mpsc::Receiver<String>,
) -> anyhow::Result<()> {
    let price = amount("4.50")?;
    let ask = CreatePaymentRequest {
        source_waid: Some(alice),
        reference_id: Some("TABLE_7".to_owned()),
        ..CreatePaymentRequest::new(price, code.clone(), "wallet".to_owned())
    };
    let asked = merchant.payments().request(ask, None).await?;
    let payload = asked.qr_payload.context("the request has no QR code")?;
    teller.tell(format!("The till asks Alice for {price} {code}, and shows a QR code: {payload}"))?;

    let scanned = PaymentCode::parse(&payload)?;
    let payment = phone.payment(scanned.prid).await?;
    teller.tell(format!(
        "Her phone scans it, and asks the server what it means: {} {} to {}, {}.",
        payment.amount, payment.currency, payment.merchant_name, payment.status_message
    ))?;
    let accept = AcceptPayment::new(payment.prid, payment.currency, "wallet".to_owned(), payment.amount);
    provider.payments().accept(accept, None).await?;
    let payment = phone.payment(payment.prid).await?;
    teller.tell(format!(
        "She agrees; the provider's server pays for her. Her phone reads: {}.",
        payment.status_message
    ))?;

    let notice = tokio::time::timeout(PATIENCE, told.recv()).await.context("the merchant was not told")?;
    let notice: serde_json::Value = serde_json::from_str(&notice.context("the merchant was not told")?)?;
    let word = |name: &str| notice[name].as_str().unwrap_or_default().to_owned();
    teller.tell(format!("The merchant is notified: {} for {}.", word("event"), word("referenceid")))?;
    let till = merchant.wallets().get(None).await?;
    let wallet = phone.wallet(None).await?;
    teller.tell(format!("Alice has {}, the Corner Café has {}.", holds(&wallet), holds(&till)))?;
    Ok(())
}
