//! No secret in any log line, at the most talkative level, nor in what the database consists of.

use florin_sdk_core::Secret;
use florin_sdk_core::model::ComponentName;
use florin_sdk_core::operation::{self, CreateProfile, GetAPIKeyList, GetWallet};
use florin_tests::server::{Home, Options, Server};
use florin_tests::world::{self, World};
use serde_json::json;
use std::fmt::Write as _;

/// The ways in which a secret text could stand in a log or a file.
fn spellings(secret: &str) -> Vec<String> {
    let (mut hex, mut percent) = (String::new(), String::new());
    for byte in secret.bytes() {
        write!(hex, "{byte:02x}").expect("a String takes everything");
        write!(percent, "%{byte:02X}").expect("a String takes everything");
    }
    let bytes = format!("{:?}", secret.as_bytes());
    let escaped = secret.escape_debug().to_string();
    let json = json!(secret).to_string().trim_matches('"').to_owned();
    vec![
        secret.to_owned(),
        secret.to_lowercase(),
        escaped,
        json,
        hex.to_uppercase(),
        hex,
        percent,
        bytes.trim_matches(['[', ']']).to_owned(),
        base64(secret.as_bytes()).trim_end_matches('=').to_owned(),
    ]
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text
}

pub(crate) fn find(place: &str, haystack: &[u8], secrets: &[(&str, String)]) {
    for (what, secret) in secrets {
        for spelling in spellings(secret) {
            let found = haystack.windows(spelling.len()).position(|window| window == spelling.as_bytes());
            if let Some(at) = found {
                let near = &haystack[at.saturating_sub(200)..(at + 100).min(haystack.len())];
                panic!("{place} holds {what} as {spelling}:\n{}", String::from_utf8_lossy(near));
            }
        }
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let secrets = [("the key", "D85E4D78\"8BB6".to_owned())];
    let found = |log: &str| std::panic::catch_unwind(|| find("a log", log.as_bytes(), &secrets)).is_err();
    for log in [
        "key=D85E4D78\"8BB6",
        "{\"key\":\"D85E4D78\\\"8BB6\"}",
        "key=d85e4d78\"8bb6",
        "Bytes([68, 56, 53, 69, 52, 68, 55, 56, 34, 56, 66, 66, 54])",
        "443835453444373822384242 36".replace(' ', "").as_str(),
        "Basic RDg1RTRENzgiOEJCNg==",
    ] {
        assert!(found(log), "{log}");
    }
    assert!(!found("key=D85E4D78***"));
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a story is told in one piece")]
async fn no_secret_in_logs_or_files() {
    let home = Home::new();
    let initialised = home.init().await;
    let options = Options { log: "trace".to_owned(), ..Options::default() };
    let server = Server::start(home, options).await;
    let mut world = World::on(server, initialised).await;
    let provider = world.provider.clone();

    let password = "Zq7#marked-Pw";
    let processor = "card-4242-marked-4242";
    let extended = "extended-marked-secret";
    let wrong_key = "D85E4D788BB61CE3F429C8C7997BD3D1";
    let application = "18j-marked-^03%m";
    let wrong_token = "fmt_wrongmarkedwrongmarkedwrongmarkedwrong";
    let mut secrets = vec![
        ("the first key", world.initialised.apikey.clone()),
        ("the administrator's password", world.initialised.password.clone()),
        ("the subscription key", world.initialised.subscriptionkey.clone()),
        ("a key that only reads", world.read_only.clone()),
        ("the merchant's key", world.merchant.key.clone()),
        ("a mobile token", world.alice.token.clone()),
        ("another mobile token", world.bob.token.clone()),
        ("a new user's password", password.to_owned()),
        ("a card", processor.to_owned()),
        ("a wrong key", wrong_key.to_owned()),
        ("a wrong token", wrong_token.to_owned()),
        ("an application password", application.to_owned()),
    ];

    // Where the database asks for one.
    secrets.extend(world.server.home.password().map(|password| ("the database's password", password)));

    // Used well.
    for component in [ComponentName::Omnipass, ComponentName::Omnipay] {
        let unlock = operation::UnlockSystemComponent { component, password: Secret::from(application) };
        assert_eq!(world.server.api().code(&unlock).await, 10000);
    }
    assert_eq!(world.alice.app.code(&GetWallet { waid: None }).await, 10000);
    let key = provider.ok(&world::new_key("Marked", &["profile-ro"], None)).await;
    secrets.push(("a new key", key.api_key.expose().to_owned()));
    assert_eq!(provider.key(key.api_key.expose()).code(&GetWallet { waid: None }).await, 10000);
    let profile = CreateProfile {
        register_user: Some(true),
        callback_url: Some("https://app.example.com/set-password".parse().expect("an address")),
        password: Some(Secret::from(password)),
        ..world::individual("secretive")
    };
    let with_password = provider.send(&profile).await;
    assert!(!with_password.text().contains(password));
    let prid = world.payment_request(&world.alice, "1").await;
    let accept = |method: &str| operation::AcceptPayment {
        prid,
        currency: world::currency(),
        method: method.to_owned(),
        total_amount: world::amount("1"),
        payment_processor_information: serde_json::from_value(json!({ "number": processor })).expect("an object"),
    };
    provider.reference("with-a-card").send(&accept("applepay")).await;
    provider.reference("with-a-card-2").send(&accept("wallet")).await;
    // What extended attributes hold is the caller's own: stored, but neither logged nor shown. The event of the payment
    // finds nobody at its address, and says so in the log.
    let attributes = json!({
        "paymentprocessorsecret": extended,
        "merchantnotificationurl": format!("http://127.0.0.1:1/{extended}"),
        "merchantcallbackuser": "shop",
        "merchantcallbackpassword": extended,
    });
    let shop = CreateProfile {
        extended: serde_json::from_value(attributes).expect("an object"),
        ..world::new_merchant("othershop")
    };
    let shop = provider.ok(&shop).await.upid;
    let shown = provider.send(&operation::GetProfile { upid: Some(shop), ..operation::GetProfile::new() }).await;
    for name in ["merchantcallbackpassword", "paymentprocessorsecret"] {
        let shown: serde_json::Value = serde_json::from_slice(&shown.bytes).expect("JSON");
        assert_ne!(shown["extended"][name], json!(extended), "A-085: {name} is masked: {shown}");
    }
    let till = provider.ok(&world::new_key("Till", &["merchant-rw"], Some(shop))).await;
    secrets.push(("the till's key", till.api_key.expose().to_owned()));
    let asked = provider.key(till.api_key.expose()).ok(&world::payment_of(&world.alice, "2")).await.prid;
    let pay = operation::AcceptPayment { prid: asked, total_amount: world::amount("2"), ..accept("wallet") };
    provider.ok(&pay).await;

    // Used badly: refusals do not quote what they refuse.
    let api = world.server.api();
    for (name, value) in [
        ("X-APIKey", wrong_key.to_owned()),
        ("X-APIKey", format!("{}x", world.initialised.apikey)),
        ("Authorization", format!("Bearer {wrong_token}")),
        ("Authorization", format!("Basic {}", world.alice.token)),
        ("Authorization", world.alice.token.clone()),
        ("Authorization", format!("Bearer {}", world.initialised.apikey)),
        ("X-APIKey", world.alice.token.clone()),
    ] {
        let answer = api.header(name, &value).send(&GetWallet { waid: None }).await;
        answer.refused(20001, name);
        find("an answer", &answer.bytes, &secrets);
    }
    let bodies = [
        format!("{{\"password\":\"{password}\",\"type\":7}}"),
        format!("{{\"password\":\"{password}{password}\",\"type\":\"individual\",\"email\":\"a@example.com\"}}"),
        format!("{{\"password\":\"{password}"),
        format!("{{\"password\":[\"{password}\"]}}"),
        format!("{{\"type\":\"{password}\",\"email\":\"{password}\"}}"),
    ];
    for body in &bodies[..4] {
        let answer = provider.exchange("POST", "/api/v1/profile", Some(body.clone().into_bytes())).await;
        answer.refused(20000, body);
        find("an answer", &answer.bytes, &secrets);
    }
    provider.exchange("POST", "/api/v1/profile", Some(bodies[4].clone().into_bytes())).await;
    for path in ["/api/v1/wallet?apikey=", "/api/v1/wallet?access_token=", "/api/v1/profile/apikey_"] {
        let answer = api.exchange("GET", &format!("{path}{}", world.initialised.apikey), None).await;
        find("an answer", &answer.bytes, &secrets);
    }
    for fault in ["error=10003", "garbage"] {
        provider.header("X-Florin-Fault", fault).send(&GetWallet { waid: None }).await;
    }

    // Lists show ends only.
    let list = provider.ok(&GetAPIKeyList { upid: None }).await.api_keys;
    assert!(list.len() >= 3);
    for entry in &list {
        assert!(entry.masked.starts_with(&"*".repeat(28)) && entry.masked.len() == 32, "{}", entry.masked);
    }
    find("a list", format!("{list:?}").as_bytes(), &secrets);

    assert_eq!(world.server.terminate().await.code(), Some(0));
    secrets.push(("an extended attribute", extended.to_owned()));
    let logs = world.server.logs();
    let lines = logs.lines().filter(|line| line.contains("answered")).count();
    assert!(lines > 30, "there is a line for each request, so there is something to search: {logs}");
    find("the log", logs.as_bytes(), &secrets);
    find("what it printed", world.server.printed().as_bytes(), &secrets);
    secrets.pop();
    search(&world, &secrets);
    // While it runs, the log beside the database holds the newest rows: that file, too.
    world.server.restart().await;
    let late = provider.ok(&world::new_token(world.bob.uuid)).await;
    secrets.push(("the newest token", late.token.expose().to_owned()));
    search(&world, &secrets);
}

/// Searches all that the database consists of.
fn search(world: &World, secrets: &[(&str, String)]) {
    let bytes = world.server.home.bytes();
    assert!(bytes.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > 1000, "there is something to search");
    for (name, bytes) in bytes {
        find(&name, &bytes, secrets);
    }
}
