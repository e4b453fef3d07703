//! Components: sealing and unlocking, attributes, maintenance, overload, and how often.

use florin_sdk_core::Secret;
use florin_sdk_core::model::ComponentName;
use florin_sdk_core::operation::{
    GetMe, GetPaymentStatus, GetProfile, GetPublicCurrencyList, GetPublicRoleList, GetSettings, GetSystemAttributeList,
    GetWallet, SetSystemAttribute, SystemAttribute, UnlockSystemComponent,
};
use florin_tests::database::{Engine, engine};
use florin_tests::digest::tables;
use florin_tests::http::Api;
use florin_tests::receiver::Receiver;
use florin_tests::server::{Home, Options, Server};
use florin_tests::world::{self, World};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const MAINTENANCE: u32 = 10001;
const BUSY: u32 = 10002;
const FAST: u32 = 10004;
const INVALID: u32 = 20000;
const FORBIDDEN: u32 = 20003;

fn set(component: ComponentName, name: &str, value: &str) -> SetSystemAttribute {
    SetSystemAttribute { component, name: name.to_owned(), value: value.to_owned() }
}

fn unlock(component: ComponentName, password: &str) -> UnlockSystemComponent {
    UnlockSystemComponent { component, password: Secret::from(password) }
}

async fn attribute(api: &Api, component: ComponentName, name: &str) -> SystemAttribute {
    let list = api.ok(&GetSystemAttributeList { component }).await.attributes;
    list.into_iter().find(|attribute| attribute.name == name).unwrap_or_else(|| panic!("{name} is not listed"))
}

/// `florin seal` with these arguments; the password that it shows.
async fn seal(home: &Home, arguments: &[&str]) -> String {
    let output = run(home, "seal", arguments).await;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let json: Value = serde_json::from_str(&printed).expect("JSON");
    json["applicationpassword"].as_str().unwrap_or_default().to_owned()
}

async fn run(home: &Home, command: &str, arguments: &[&str]) -> std::process::Output {
    let url = home.url();
    let mut all = vec![command, "--database", &url, "--format", "json"];
    if command != "seal" {
        all.truncate(3);
    }
    all.extend(arguments);
    home.florin(&all).await
}

/// The readiness of the server, and why it is not ready.
async fn readiness(server: &Server) -> (u16, String) {
    let answer = server.api().exchange("GET", "/readyz", None).await;
    (answer.status, answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_a_sealed_platform_is_locked_until_each_component_is_unlocked() {
    let mut world = World::new().await;
    let prid = world.payment_request(&world.alice, "1").await;
    assert_eq!(world.server.terminate().await.code(), Some(0));
    let password = seal(&world.server.home, &[]).await;
    assert_eq!(password.chars().count(), 16);
    world.server.restart().await;
    assert!(
        world.server.printed().contains("locked: omnipass, omnibridge, omnipay, sso"),
        "{}",
        world.server.printed()
    );

    // Everything is locked, whoever asks, and nothing is written.
    let before = world.server.tables();
    let (provider, app) = (&world.provider, &world.alice.app);
    let answer = provider.send(&GetWallet { waid: None }).await;
    answer.refused(MAINTENANCE, "a read of the provider's");
    assert!(answer.text().contains("omnipass is locked"), "{}", answer.text());
    assert_eq!(answer.header("Retry-After"), Some("10"), "as the retry table says");
    assert_eq!(app.code(&GetMe {}).await, MAINTENANCE, "a read of an app's");
    assert_eq!(world.server.api().code(&GetPublicCurrencyList {}).await, MAINTENANCE, "what is public");
    assert_eq!(world.server.api().code(&GetMe {}).await, MAINTENANCE, "who has no credential");
    let credit = world::credit_of(&world.alice, "1");
    assert_eq!(provider.reference("while-locked").code(&credit).await, MAINTENANCE, "money");
    let setting = set(ComponentName::Omnipass, "maintenance", "false");
    assert_eq!(provider.code(&setting).await, MAINTENANCE, "an attribute");
    assert_eq!(world.server.tables(), before, "nothing was written");
    let (status, reason) = readiness(&world.server).await;
    assert!(status == 503 && reason.contains("locked: omnipass, omnibridge, omnipay, sso"), "{status} {reason}");
    assert_eq!(world.server.api().exchange("GET", "/healthz", None).await.status, 200);

    // Each by itself, without a credential.
    let anybody = world.server.api();
    anybody.ok(&unlock(ComponentName::Omnipass, &password)).await;
    assert_eq!(provider.code(&GetProfile::new()).await, 10000);
    let answer = provider.send(&GetWallet { waid: None }).await;
    assert!(answer.code() == MAINTENANCE && answer.text().contains("omnibridge"), "{}", answer.text());
    assert_eq!(provider.code(&GetPaymentStatus { prid }).await, MAINTENANCE);
    anybody.ok(&unlock(ComponentName::Omnibridge, &password)).await;
    assert_eq!(provider.code(&GetWallet { waid: None }).await, 10000);
    let answer = provider.send(&GetPaymentStatus { prid }).await;
    assert!(answer.code() == MAINTENANCE && answer.text().contains("omnipay"), "{}", answer.text());
    anybody.ok(&unlock(ComponentName::Omnipay, &password)).await;
    assert_eq!(provider.code(&GetPaymentStatus { prid }).await, 10000);
    assert_eq!(readiness(&world.server).await.1.trim(), "not ready: locked: sso");
    // Again is no error, and looks at the password all the same.
    anybody.ok(&unlock(ComponentName::Omnipay, &password)).await;
    assert_eq!(anybody.code(&unlock(ComponentName::Omnipay, "0123456789abcdef")).await, FORBIDDEN);
    // What was refused while it was locked runs now, under the same reference.
    provider.reference("while-locked").ok(&credit).await;

    // The password is nowhere: not in a log, not in the database.
    let secret = password.as_bytes();
    assert!(!world.server.logs().contains(&password));
    for (file, bytes) in world.server.home.bytes() {
        let name = file.as_str();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "the password is in {name}");
    }
    assert_eq!(world.server.terminate().await.code(), Some(0));
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_changed_taken_away_and_read_from_a_file_at_the_start() {
    let home = Home::new();
    home.init().await;
    let file = |name: &str, text: &str| {
        let path = home.file(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    let refused = |output: std::process::Output, words: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(words), "{said}");
    };
    refused(run(&home, "seal", &["--off"]).await, "is not sealed");
    let first = seal(&home, &[]).await;
    refused(run(&home, "seal", &[]).await, "sealed already");
    refused(run(&home, "seal", &["--change"]).await, "--password-file");
    let wrong = file("wrong", "0123456789abcdef");
    let before = tables(&home.open_read_only());
    refused(run(&home, "seal", &["--change", "--password-file", &wrong]).await, "not the application password");
    refused(run(&home, "seal", &["--off", "--password-file", &file("short", "0123")]).await, "16 characters");
    assert_eq!(tables(&home.open_read_only()), before);

    let second = seal(&home, &["--change", "--password-file", &file("first", &first)]).await;
    assert_ne!(first, second);
    refused(run(&home, "seal", &["--off", "--password-file", &file("first", &first)]).await, "not the application");

    let second = file("second", &format!("{second}\n"));
    let options = Options { arguments: vec!["--unlock-file".to_owned(), second.clone()], ..Options::default() };
    let mut server = Server::start(home.clone(), options).await;
    assert!(!server.printed().contains("locked"), "{}", server.printed());
    assert_eq!(readiness(&server).await.0, 200);
    assert_eq!(server.terminate().await.code(), Some(0));
    let url = home.url();
    let wrong = home.florin(&["serve", "--listen", "127.0.0.1:0", "--database", &url, "--unlock-file", &wrong]).await;
    refused(wrong, "not the application password");

    assert_eq!(seal(&home, &["--off", "--password-file", &second]).await, "");
    let server = Server::start(home.clone(), Options::default()).await;
    assert_eq!(readiness(&server).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_the_password_waits() {
    let home = Home::new();
    home.init().await;
    let password = seal(&home, &[]).await;
    let server = Server::start(home, Options::default()).await;
    let anybody = server.api();
    for text in ["", "0123456789abcde", "0123456789abcdefg"] {
        assert_eq!(
            anybody.code(&unlock(ComponentName::Omnipass, text)).await,
            INVALID,
            "{text:?} is too short or long"
        );
    }
    let other = json!({"component": "sso", "password": "0123456789abcdef"});
    let spec = florin_sdk_core::operation::all().into_iter().find(|spec| spec.name == "UnlockSystemComponent");
    assert_eq!(anybody.send_json(&spec.expect("the operation"), &other).await.code(), INVALID);
    // All at once: those beyond the free ones are not looked at.
    let begun = Instant::now();
    let mut guesses = JoinSet::new();
    for _ in 0..20 {
        let anybody = anybody.clone();
        guesses.spawn(async move { anybody.send(&unlock(ComponentName::Omnipass, "0123456789abcdef")).await });
    }
    let answers = guesses.join_all().await;
    let count = |code: u32| answers.iter().filter(|answer| answer.code() == code).count();
    // A machine that stands still for a second lets one more through, whose wait is longer.
    let more = begun.elapsed().as_secs().saturating_add(1).ilog2();
    let looked_at = count(FORBIDDEN);
    assert!((3..=3 + more as usize).contains(&looked_at), "{looked_at} were looked at");
    assert_eq!(count(FAST), 20 - looked_at);
    for refused in answers.iter().filter(|answer| answer.code() == FAST) {
        let wait: u32 = refused.header("Retry-After").and_then(|text| text.parse().ok()).expect("how long to wait");
        assert!((1..=1 << more).contains(&wait), "{wait} s");
    }
    // The right one, too: who waits learns nothing. After the wait it is looked at.
    let mut last = anybody.send(&unlock(ComponentName::Omnipass, &password)).await;
    for _ in 0..100 {
        if last.code() != FAST {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        last = anybody.send(&unlock(ComponentName::Omnipass, &password)).await;
    }
    assert_eq!(last.code(), 10000, "{}", last.text());
    assert_eq!(anybody.code(&GetPublicRoleList {}).await, 10000);
}

/// The single sign-on is unlocked at another address, and its guesses count with the others.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_at_the_single_sign_on_waits_too() {
    let home = Home::new();
    home.init().await;
    let password = seal(&home, &[]).await;
    let server = Server::start(home, Options::default()).await;
    let anybody = server.api();
    let guess = |text: &str| {
        let body = json!({ "password": text }).to_string().into_bytes();
        let anybody = anybody.clone();
        async move { anybody.exchange("POST", "/auth/unlock", Some(body)).await }
    };
    for text in ["", "0123456789abcde", "0123456789abcdefg"] {
        assert_eq!(guess(text).await.status, 400, "{text:?} is too short or long, and no guess");
    }
    for _ in 0..2 {
        let answer = guess("0123456789abcdef").await;
        let json = answer.json().expect("JSON");
        assert_eq!((answer.status, &json["resultcode"]), (403, &json!(FORBIDDEN)), "{}", answer.text());
    }
    // The third is another component's.
    let begun = Instant::now();
    assert_eq!(anybody.code(&unlock(ComponentName::Omnipass, "0123456789abcdef")).await, FORBIDDEN);
    let mut last = guess(&password).await;
    // The wait is a second, counted by the server: on a machine that stood still so long, it may be over.
    if begun.elapsed() < Duration::from_secs(1) {
        assert_eq!((last.status, last.header("Retry-After")), (429, Some("1")), "{}", last.text());
        let (status, reason) = readiness(&server).await;
        assert!(status == 503 && reason.contains("sso"), "the right one was not looked at: {reason}");
    }
    for _ in 0..100 {
        if last.status != 429 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        last = guess(&password).await;
    }
    assert_eq!(last.status, 200, "{}", last.text());
    assert!(!readiness(&server).await.1.contains("sso"));
    assert!(!server.logs().contains(&password) && !server.logs().contains("0123456789abcdef"));
}

/// What goes out needs its component: it waits, and that is no attempt. What only the clock decides goes on.
#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_waits_for_its_component_and_time_does_not() {
    let home = Home::new();
    let initialised = home.init().await;
    // Nobody takes mails there.
    let arguments = vec!["--smtp-url".to_owned(), "smtp://127.0.0.1:1".to_owned()];
    let server = Server::start(home, Options { arguments, ..Options::default() }).await;
    let mut world = World::on(server, initialised).await;
    let (provider, api) = (world.provider.clone(), world.server.api());
    let refuses = Arc::new(AtomicBool::new(true));
    let says = refuses.clone();
    let mut receiver = Receiver::start(move |_| if says.load(Ordering::Acquire) { 503 } else { 200 }).await;
    provider.ok(&world::new_transport(&world.alice, &receiver.url(), &["credit"])).await;
    let placed = provider.ok(&world::hold_of(&world.alice, "5")).await.hoid.number();
    let hers = crate::bridge::address(&world, "ripple", world.alice.waid).await;
    crate::bridge::pay_in(&api, "ripple", &hers, "100", None).await;
    crate::bridge::has(&provider, world.alice.waid, "XRP", "100").await;
    api.ok(&world::reset_of(&world.initialised.email)).await;
    provider.ok(&world::credit_of(&world.alice, "1")).await;
    receiver.next().await;
    let to = florin_tests::sample::outside_address(&api, "ripple").await;
    let withdraw = crate::bridge::withdrawal(world.alice.waid, "ripple", "XRP", "20", &to);
    let txid = provider.ok(&withdraw).await.txid;
    // In the middle of it; what is due is due at once when it starts again.
    world.server.kill().await;
    let database = world.server.home.open_to_tamper();
    for due in [
        "UPDATE mail SET due = 1 WHERE due IS NOT NULL".to_owned(),
        "UPDATE event SET due = 1 WHERE due IS NOT NULL".to_owned(),
        "UPDATE lane SET due = 1, holder = NULL WHERE due IS NOT NULL".to_owned(),
        "UPDATE bridge_order SET due = 1 WHERE due IS NOT NULL".to_owned(),
        format!("UPDATE hold SET expires = created + 1, due = created + 1 WHERE hoid = {placed}"),
    ] {
        database.execute(&due);
    }
    drop(database);
    let password = seal(&world.server.home, &[]).await;
    refuses.store(false, Ordering::Release);
    while receiver.told.try_recv().is_ok() {}
    world.server.restart().await;
    let database = world.server.home.open_read_only();
    let state = || {
        let queries = [
            "SELECT sum(attempts) FROM mail",
            "SELECT sum(attempts) FROM event",
            "SELECT count(*) FROM event WHERE due IS NOT NULL",
            "SELECT status FROM bridge_order ORDER BY number",
            "SELECT count(*) FROM sim_transaction",
        ];
        queries.map(|sql| database.rows(sql))
    };
    let before = state();
    let open = format!("SELECT count(*) FROM hold WHERE hoid = {placed} AND ended IS NULL");
    until("the hold expires, locked or not", || database.number(&open) == 0).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(state(), before, "nothing went out, and nothing was tried");
    assert!(receiver.told.try_recv().is_err());

    // Each goes on with its component.
    api.ok(&unlock(ComponentName::Omnipass, &password)).await;
    assert_eq!(receiver.next().await.json()["type"], "credit");
    let tried = "SELECT count(*) FROM mail WHERE attempts > 1";
    until("the mail is tried again", || database.number(tried) > 0).await;
    assert_eq!(state()[3..], before[3..], "the bridges are locked still");
    api.ok(&unlock(ComponentName::Omnibridge, &password)).await;
    let ended = crate::bridge::ended(&provider, txid).await;
    assert_eq!(ended.state, florin_sdk_core::model::TransactionState::Completed, "{ended:?}");
}

/// Waits until it is so.
async fn until(what: &str, is: impl Fn() -> bool) {
    for _ in 0..600 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never happens that {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_listed_with_their_bounds_and_set_within_them() {
    let world = World::new().await;
    let provider = &world.provider;
    let mut names = 0;
    for component in [ComponentName::Omnipass, ComponentName::Omnibridge, ComponentName::Omnipay] {
        let list = provider.ok(&GetSystemAttributeList { component: component.clone() }).await.attributes;
        assert!(!list.is_empty(), "{component}");
        for attribute in list {
            assert_eq!(attribute.value, attribute.default_value, "{} is not set", attribute.name);
            let name = &attribute.name;
            let set = |value: String| set(component.clone(), name, &value);
            let bad = match (attribute.kind.as_deref().unwrap_or_default(), attribute.minimum, attribute.maximum) {
                ("number", Some(minimum), Some(maximum)) => {
                    for good in [minimum, maximum] {
                        if name != "requestsinflight" && !name.starts_with("ratelimit") {
                            provider.ok(&set(good.to_string())).await;
                        }
                    }
                    let below = minimum.checked_sub(1).map_or("-1".to_owned(), |below| below.to_string());
                    vec![below, (maximum + 1).to_string(), "1.5".to_owned(), "many".to_owned()]
                }
                ("flag", None, None) => vec!["yes".to_owned(), "1".to_owned()],
                ("text", None, None) => vec!["a\u{7}b".to_owned()],
                other => panic!("{name}: {other:?}"),
            };
            for value in bad {
                let answer = provider.send(&set(value.clone())).await;
                answer.refused(INVALID, &format!("{name} = {value}"));
                assert_eq!(answer.faults()[0].field, "value");
            }
            let back = set(attribute.default_value.clone().expect("a default"));
            provider.ok(&back).await;
            names += 1;
        }
    }
    assert!(names > 10, "{names}");
    let unknown = provider.send(&set(ComponentName::Omnipay, "inactivitytimeoutinminutes", "15")).await;
    unknown.refused(INVALID, "another component's attribute");
    assert_eq!(unknown.faults()[0].field, "name");
    // The example of the page.
    provider.ok(&set(ComponentName::Omnipass, "inactivitytimeoutinminutes", "15")).await;
    // Only who runs the platform may.
    let change = set(ComponentName::Omnipass, "inactivitytimeoutinminutes", "20");
    assert_eq!(world.merchant.api.code(&change).await, FORBIDDEN);
    assert_eq!(world.reader().code(&GetSystemAttributeList { component: ComponentName::Omnipass }).await, FORBIDDEN);
    assert_eq!(attribute(provider, ComponentName::Omnipass, &change.name).await.value.as_deref(), Some("15"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_stays_and_reaches_other_processes_within_a_second() {
    let mut world = World::new().await;
    let change = set(ComponentName::Omnipass, "inactivitytimeoutinminutes", "42");
    world.provider.ok(&change).await;
    let value = attribute(&world.provider, ComponentName::Omnipass, &change.name).await.value;
    assert_eq!(value.as_deref(), Some("42"), "at once in the process that was told");
    world.server.kill().await;
    world.server.restart().await;
    let value = attribute(&world.provider, ComponentName::Omnipass, &change.name).await.value;
    assert_eq!(value.as_deref(), Some("42"), "after a restart");
    if engine() == Engine::Sqlite {
        return; // There one process is alone on its database.
    }
    let second = Server::start(world.server.home.clone(), Options::default()).await;
    let there = world.provider.at(&second.base());
    world.provider.ok(&set(ComponentName::Omnipass, "maintenance", "true")).await;
    let mut codes = Vec::new();
    for _ in 0..50 {
        codes.push(there.code(&GetSettings {}).await);
        if codes.last() == Some(&MAINTENANCE) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(codes.last(), Some(&MAINTENANCE), "{codes:?}");
    there.ok(&set(ComponentName::Omnipass, "maintenance", "false")).await;
    assert_eq!(there.code(&GetSettings {}).await, 10000);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_maintenance_nothing_works_but_what_ends_it() {
    let mut world = World::new().await;
    let (provider, app) = (world.provider.clone(), world.alice.app.clone());
    let prid = world.payment_request(&world.alice, "1").await;
    provider.ok(&set(ComponentName::Omnipay, "maintenance", "true")).await;
    assert_eq!(app.code(&GetPaymentStatus { prid }).await, MAINTENANCE, "payments");
    let picture = app.exchange("GET", &format!("/api/v1/payment/{prid}/qr.png"), None).await;
    picture.refused(MAINTENANCE, "and their pictures");
    assert_eq!(picture.header("Retry-After"), Some("10"));
    assert_eq!(app.code(&GetWallet { waid: None }).await, 10000, "wallets");
    provider.ok(&set(ComponentName::Omnipay, "maintenance", "false")).await;
    provider.ok(&set(ComponentName::Omnibridge, "maintenance", "true")).await;
    assert_eq!(app.code(&GetWallet { waid: None }).await, MAINTENANCE, "wallets");
    assert_eq!(app.code(&GetMe {}).await, 10000, "users");
    provider.ok(&set(ComponentName::Omnibridge, "maintenance", "false")).await;

    provider.ok(&set(ComponentName::Omnipass, "maintenance", "true")).await;
    let before = world.server.tables();
    let answer = app.send(&GetMe {}).await;
    answer.refused(MAINTENANCE, "reads of apps, too");
    assert_eq!(answer.header("Retry-After"), Some("10"));
    assert_eq!(world.server.api().code(&GetPublicRoleList {}).await, MAINTENANCE);
    assert_eq!(provider.code(&world::credit_of(&world.alice, "1")).await, MAINTENANCE);
    assert_eq!(provider.code(&GetSystemAttributeList { component: ComponentName::Omnipass }).await, MAINTENANCE);
    let momo = world.server.api().header("Ocp-Apim-Subscription-Key", &world.initialised.subscriptionkey);
    let token = momo.exchange("POST", "/collection/token/", Some(Vec::new())).await;
    assert_eq!(token.status, 503, "{}", token.text());
    assert_eq!(readiness(&world.server).await, (503, "not ready: under maintenance: omnipass\n".to_owned()));
    assert_eq!(world.server.api().exchange("GET", "/healthz", None).await.status, 200);
    assert_eq!(world.server.api().exchange("GET", "/metrics", None).await.status, 200);
    assert_eq!(world.server.tables(), before);
    // Only who may set it ends it; and it outlasts a restart.
    let end = set(ComponentName::Omnipass, "maintenance", "false");
    assert_eq!(world.merchant.api.code(&end).await, FORBIDDEN);
    assert_eq!(app.code(&end).await, 20004);
    world.server.kill().await;
    world.server.restart().await;
    assert_eq!(app.code(&GetMe {}).await, MAINTENANCE);
    provider.ok(&end).await;
    assert_eq!(app.code(&GetMe {}).await, 10000);
    assert_eq!(readiness(&world.server).await.0, 200);

    // The operator's command: at a server that runs, and at a database.
    let url = world.server.base();
    let key = world.initialised.apikey.clone();
    let home = &world.server.home;
    let at_server = ["maintenance", "on", "--component", "omnipay", "--url", &url, "--api-key", &key];
    let output = home.florin(&at_server).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(app.code(&GetPaymentStatus { prid }).await, MAINTENANCE);
    world.server.terminate().await;
    let database = world.server.home.url();
    let at_database = ["maintenance", "off", "--component", "omnipay", "--database", &database];
    let output = world.server.home.florin(&at_database).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    world.server.restart().await;
    assert_eq!(app.code(&GetPaymentStatus { prid }).await, 10000);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_at_once_are_told_so_and_do_nothing() {
    let world = World::new().await;
    world.provider.ok(&set(ComponentName::Omnipass, "requestsinflight", "3")).await;
    let before = world.balance(world.alice.waid).await;
    // Each waits before it is counted, so that all come at once; which of them get in is for them to settle.
    let mut all = JoinSet::new();
    for number in 0..60 {
        let api = world.provider.reference(&format!("crowd-{number}"));
        let credit = world::credit_of(&world.alice, "1");
        all.spawn(async move { (number, api.send(&credit).await) });
    }
    let answers = all.join_all().await;
    let done = answers.iter().filter(|(_, answer)| answer.code() == 10000).count();
    let busy: Vec<_> = answers.iter().filter(|(_, answer)| answer.code() == BUSY).collect();
    assert_eq!(done + busy.len(), 60);
    assert!(done > 0 && !busy.is_empty(), "{done} done, {} turned away", busy.len());
    assert_eq!(busy[0].1.header("Retry-After"), Some("10"));
    let credits = world::amount(&done.to_string());
    assert_eq!(world.balance(world.alice.waid).await.decimal(), before.decimal() + credits.decimal());
    // One that was turned away runs later, under its own reference.
    let again = world.provider.reference(&format!("crowd-{}", busy[0].0));
    again.ok(&world::credit_of(&world.alice, "1")).await;
    let metrics = world.server.api().exchange("GET", "/metrics", None).await.text();
    assert!(metrics.contains("florin_requests_in_flight 0\n"), "{metrics}");
}

/// So many of so many requests were answered; the rest came too fast.
async fn allowed(api: &Api, requests: usize) -> usize {
    let mut answered = 0;
    for _ in 0..requests {
        let answer = api.send(&GetWallet { waid: None }).await;
        match answer.code() {
            10000 => answered += 1,
            FAST => {
                let wait: u32 = answer.header("Retry-After").expect("how long").parse().expect("seconds");
                assert!((1..=3600).contains(&wait), "{wait}");
            }
            code => panic!("{code}: {}", answer.text()),
        }
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn each_credential_has_an_allowance_of_its_own() {
    let world = World::new().await;
    let provider = &world.provider;
    let second = provider.ok(&world::new_key("Second", &["system-admin"], None)).await;
    let second = provider.key(second.api_key.expose());
    provider.ok(&set(ComponentName::Omnipass, "ratelimitburstseconds", "60")).await;
    provider.ok(&set(ComponentName::Omnipass, "ratelimitmobile", "1")).await;
    provider.ok(&set(ComponentName::Omnipass, "ratelimitread", "1")).await;
    // 60 at once and one a second: nobody here is so slow that all of 200 would pass.
    let first = allowed(provider, 200).await;
    assert!((60..200).contains(&first), "{first}");
    assert!((60..200).contains(&allowed(&second, 200).await), "another key of the same profile is not disturbed");
    assert!((60..200).contains(&allowed(&world.alice.app, 200).await), "an app");
    assert!((60..200).contains(&allowed(&world.bob.app, 200).await), "another app");
    // Another class has its own, and a request that came too fast did nothing.
    provider.ok(&world::credit_of(&world.alice, "1")).await;
    provider.ok(&set(ComponentName::Omnipass, "ratelimitmoney", "1")).await;
    let mut codes = Vec::new();
    for number in 0..100 {
        let api = provider.reference(&format!("fast-{number}"));
        codes.push(api.code(&world::credit_of(&world.alice, "1")).await);
    }
    assert!(codes.contains(&10000) && codes.contains(&FAST), "{codes:?}");
    let refused = codes.iter().position(|code| *code == FAST).expect("one");
    // A setting takes effect at once; and the refused reference is free.
    provider.ok(&set(ComponentName::Omnipass, "ratelimitmoney", "0")).await;
    provider.ok(&set(ComponentName::Omnipass, "ratelimitread", "0")).await;
    let answer = provider.reference(&format!("fast-{refused}")).send(&world::credit_of(&world.alice, "1")).await;
    assert!(answer.code() == 10000 && !answer.is_replay(), "{}", answer.text());
    assert_eq!(allowed(provider, 200).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_anybody_may_call_is_counted_by_address_as_trusted_proxies_say() {
    let home = Home::new();
    let initialised = home.init().await;
    // The tests come from 127.0.0.1; which is a proxy, then.
    let arguments = vec!["--trusted-proxies".to_owned(), "127.0.0.0/8".to_owned()];
    let server = Server::start(home, Options { arguments, ..Options::default() }).await;
    let provider = server.api().key(&initialised.apikey);
    provider.ok(&set(ComponentName::Omnipass, "ratelimitburstseconds", "60")).await;
    provider.ok(&set(ComponentName::Omnipass, "ratelimitpublic", "1")).await;
    let from = |address: &str| server.api().header("X-Forwarded-For", address);
    let mut counts = Vec::new();
    for address in ["198.51.100.1", "198.51.100.2, 127.0.0.9"] {
        let mut answered = 0;
        for _ in 0..200 {
            let code = from(address).code(&GetPublicRoleList {}).await;
            assert!(code == 10000 || code == FAST, "{code}");
            answered += usize::from(code == 10000);
        }
        counts.push(answered);
    }
    assert!(counts.iter().all(|count| (60..200).contains(count)), "{counts:?}");
    // Guesses of credentials are counted there, too; who has one that works is not disturbed.
    let guess = from("198.51.100.1").key("0123456789ABCDEF0123456789ABCDEF");
    let mut codes = Vec::new();
    for _ in 0..200 {
        codes.push(guess.code(&GetProfile::new()).await);
    }
    assert!(codes.contains(&FAST) && codes.iter().all(|code| matches!(*code, FAST | 20001)), "{codes:?}");
    let known = from("198.51.100.1").key(&initialised.apikey);
    assert_eq!(known.code(&GetProfile::new()).await, 10000);
}
