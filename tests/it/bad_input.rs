//! Bad input: a typed error with its code, nothing written, never a fault of the server.

use florin_sdk_core::Kind;
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{self, Field, Method, Operation, Spec};
use florin_tests::digest::changes;
use florin_tests::http::{Answer, Target};
use florin_tests::sample;
use florin_tests::world::{self, World};
use serde_json::{Value, json};

fn spec(name: &str) -> Spec {
    operation::all().into_iter().find(|spec| spec.name == name).expect("an operation")
}

/// Values of another type that are taken all the same, as the contract's examples have them (A-022, A-023).
const LENIENT: &[(&str, &str, &str)] =
    &[("UpdateMerchantInfo", "accepttos", "true"), ("UpdateMerchantInfo", "ssnlast4", "a number")];

/// Operations whose amounts have no currency of two digits after the point: limits hold for every currency, and outside
/// networks have digits of their own.
const FINER: &[&str] = &["SetTier", "WalletWithdrawTest", "IssueIOU", "SetAddressTrustline"];

/// What is wrong with a field, and a value that is so.
#[expect(clippy::too_many_lines, reason = "a table is shown in one piece")]
fn bad_values(spec: &Spec, field: &Field) -> Vec<(&'static str, Value)> {
    let mut bad = Vec::new();
    let in_body = spec.method == Method::Post;
    let other_types = [
        ("a number", json!(7)),
        ("a fraction", json!(7.5)),
        ("true", json!(true)),
        ("a list", json!(["x"])),
        ("an object", json!({ "x": 1 })),
        ("a text", json!("a text that is nothing else")),
    ];
    let fits = |what: &str| match field.kind {
        Kind::Bool => what == "true",
        Kind::Number => what == "a number",
        Kind::List => what == "a list",
        Kind::Object => what == "an object",
        Kind::Json => true,
        _ => what == "a text" || LENIENT.contains(&(spec.name, field.name, what)),
    };
    if in_body {
        bad.extend(other_types.into_iter().filter(|(what, _)| !fits(what)));
        if field.required {
            bad.push(("null", Value::Null));
        }
    }
    // A URL that is longer than servers take at all is another matter.
    let far = if in_body { 100_000 } else { 10_000 };
    match field.kind {
        Kind::Text | Kind::Line => {
            if let Some((least, most)) = field.bounds {
                bad.push(("too long", json!("x".repeat(most + 1))));
                bad.push(("far too long", json!("x".repeat(far.min(most * 100 + 1000)))));
                if least > 1 || (in_body && least > 0) {
                    bad.push(("too short", json!("x".repeat(least - 1))));
                }
            }
            if field.kind == Kind::Line {
                bad.push(("a control character", json!("ab\u{0}cd")));
                bad.push(("a line break", json!("ab\ncd")));
                bad.push(("an escape", json!("ab\u{1b}[31mcd")));
            }
        }
        Kind::Id(prefix) => bad.extend([
            ("empty", json!("")),
            ("no id", json!("something")),
            ("another prefix", json!("zzid_1234567812345678")),
            ("too few digits", json!(format!("{prefix}_123456781234567"))),
            ("too many digits", json!(format!("{prefix}_12345678123456789"))),
            ("letters", json!(format!("{prefix}_123456781234567x"))),
            ("other digits", json!(format!("{prefix}_\u{661}234567812345678"))),
            ("capitals", json!(format!("{}_1234567812345678", prefix.to_uppercase()))),
            ("a space", json!(format!(" {prefix}_1234567812345678"))),
            ("SQL", json!("' OR 1=1; --")),
        ]),
        Kind::Amount => bad.extend(
            [
                "",
                "0",
                "0.00",
                "-0",
                "-1",
                "-0.01",
                "+1",
                "1,5",
                "1e3",
                "1E3",
                "0x10",
                "NaN",
                "inf",
                "Infinity",
                ".5",
                "5.",
                "1.2.3",
                "1 000",
                " 1",
                "1 ",
                "\u{661}",
                "1_000",
                "--1",
                "99999999999999999999999999999999999999999",
            ]
            .into_iter()
            .chain(["1.001", "0.001", "0.000000000000000001"].into_iter().filter(|_| !FINER.contains(&spec.name)))
            .map(|text| (text, json!(text))),
        ),
        Kind::Currency => bad.extend(
            ["", "TO", "tok", "TOKE", "TOK.", ".acme", "TOK.Acme", "TOK.a.b.c", "TOK acme", "TOK/acme", "T\u{d6}K"]
                .map(|text| (text, json!(text))),
        ),
        Kind::Time => bad.extend(
            ["", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "1700000000", "2026-01-01"]
                .map(|text| (text, json!(text))),
        ),
        Kind::OneOf(_) => bad.extend(["", "nothing-we-know", "ACTIVE"].map(|text| (text, json!(text)))),
        Kind::Number => {
            bad.extend([("-1", json!(-1)), ("too large", json!(u64::MAX)), ("absurd", json!(1e300))]);
            if !in_body {
                bad.extend([("letters", json!("ten")), ("empty", json!("")), ("a fraction", json!("1.5"))]);
            }
            if let Some((least, most)) = field.bounds {
                bad.push(("over the most", json!(most + 1)));
                if least > 0 {
                    bad.push(("under the least", json!(least - 1)));
                }
            }
        }
        Kind::List => bad.extend([
            ("empty", json!([])),
            ("too many", json!(vec!["profile-ro"; 21])),
            ("a number in it", json!(["profile-ro", 7])),
            ("null in it", json!(["profile-ro", null])),
        ]),
        Kind::Object => {
            let most = field.bounds.map_or(20_000, |(_, most)| most);
            bad.push(("too large", json!({ "x": "y".repeat(most) })));
        }
        _ => {}
    }
    bad
}

fn in_path(spec: &Spec, field: &Field) -> bool {
    spec.paths.iter().any(|path| path.contains(&format!("{{{}}}", field.name)))
}

/// The path of an operation that takes a body, about nothing that is there.
fn path_of(spec: &Spec) -> String {
    let named = spec.fields.iter().filter(|field| in_path(spec, field)).map(|field| {
        let value = match field.kind {
            Kind::Id(prefix) => format!("{prefix}_0000000000000007"),
            _ => "a".repeat(field.bounds.map_or(1, |(least, _)| least.max(1))),
        };
        (field.name.to_owned(), value.into())
    });
    Target::of(spec, &Value::Object(named.collect())).path
}

fn check(what: &str, answer: &Answer, faults: &mut Vec<String>) {
    let code = answer.json().and_then(|json| json.get("resultcode")?.as_u64());
    if answer.status != 200 || code != Some(20000) {
        faults.push(format!("{what}: {} {:.200}", answer.status, answer.text()));
    } else if answer.faults().is_empty() {
        faults.push(format!("{what}: names no field: {}", answer.text()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_every_operation() {
    let world = World::new().await;
    let mut faults = Vec::new();
    let mut sent = 0;
    for spec in operation::all().into_iter().filter(|spec| !spec.fields.is_empty()) {
        let good = sample::of(&world, spec.name).await.expect("a row in sample.rs");
        let caller = if spec.callers.admits_provider() { &world.provider } else { &world.alice.app };
        let before = world.server.tables();
        for field in spec.fields {
            for (what, value) in bad_values(&spec, field) {
                if (spec.name, field.name) == ("DeleteNotificationTransport", "ntid") {
                    continue; // whatever is no ntid is the id of a device (A-102)
                }
                let mut request = good.clone();
                request[field.name] = value;
                if in_path(&spec, field) && request[field.name].as_str().is_none_or(str::is_empty) {
                    continue; // then it is another path
                }
                let answer = caller.send_json(&spec, &request).await;
                check(&format!("{} {} = {what}", spec.name, field.name), &answer, &mut faults);
                sent += 1;
            }
            if field.required && spec.method == Method::Post && !in_path(&spec, field) {
                let mut request = good.clone();
                request.as_object_mut().expect("an object").remove(field.name);
                let answer = caller.send_json(&spec, &request).await;
                check(&format!("{} without {}", spec.name, field.name), &answer, &mut faults);
                sent += 1;
            }
        }
        let changed = changes(&before, &world.server.tables());
        if !changed.is_empty() {
            faults.push(format!("{}: bad input changed {changed:?}", spec.name));
        }
    }
    assert!(faults.is_empty(), "{} of {sent}:\n{}", faults.len(), faults.join("\n"));
    assert!(sent > 500, "only {sent} requests were made");
    let logs = world.server.logs();
    assert!(!logs.contains("panicked"), "{logs}");
    assert!(!logs.contains("ERROR"), "bad input is not our error: {logs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_that_is_allowed() {
    let world = World::new().await;
    let letters = |count: usize| "\u{fc}".repeat(count);
    let name = letters(255);
    let user = operation::CreateUser {
        provider_user_id: name.clone(),
        display_name: Some(letters(60)),
        metadata: Some(
            serde_json::from_value(json!({ "x": "y".repeat(20_000 - r#"{"x":""}"#.len()) })).expect("an object"),
        ),
    };
    let made = world.provider.ok(&user).await;
    let found = world.provider.ok(&operation::GetUser { provider_user_id: Some(name.clone()), uuid: None }).await.user;
    assert_eq!((found.uuid, found.provider_user_id, found.display_name), (made.uuid, name, user.display_name));
    assert_eq!(found.metadata, user.metadata);
    let credit = operation::CreditWallet {
        description: Some(letters(40)),
        reference_id: Some("r".repeat(64)),
        ..world::credit_of(&world.alice, "0.01")
    };
    world.provider.ok(&credit).await;
    let wallet = operation::CreateWallet { wallet_name: letters(30), upid: None, trading: None, market: None };
    assert_eq!(world.provider.ok(&wallet).await.wallet_name, letters(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_at_the_edges() {
    let world = World::new().await;
    let (alice, bob) = (world.alice.waid, world.bob.waid);
    // As long as a field may be, and as large as the books can hold: a refusal for want of money, not a fault.
    for text in ["99999999999999999999", "99999999999999999.99", "00000000000000001001"] {
        let answer = world.provider.send(&world::transfer(alice, bob, text)).await;
        answer.refused(20009, text);
    }
    for text in ["1", "1.0", "1.00", "1.000", "0001", "1.50000000000000000"] {
        let mut request = serde_json::to_value(world::transfer(alice, bob, "1")).expect("JSON");
        request["amount"] = json!(text);
        let answer = world.provider.send_json(&spec("WalletTransfer"), &request).await;
        assert_eq!(answer.code(), 10000, "{text}: trailing zeros are no further digits: {}", answer.text());
    }
    assert_eq!(world.balance(alice).await, world::amount("993.5"));
    // Issuing until the books are full.
    let issue =
        operation::IssueGatewayCurrency { currency_code: world::currency(), amount: world::amount("999999999999") };
    assert_eq!(world.provider.code(&issue).await, 10000);
    world.server.home.verify().await.sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_not_allowed() {
    let world = World::new().await;
    let (alice, bob) = (world.alice.waid, world.bob.waid);
    let nobody = "waid_0000000000000007".parse().expect("an id");
    let before = world.server.tables();
    let elsewhere = |code: &str| operation::WalletTransfer {
        currency: code.parse().expect("a code"),
        ..world::transfer(alice, bob, "1")
    };
    let unknown = world.provider.send(&elsewhere("TOK.nobody")).await;
    unknown.refused(20000, "an unknown currency");
    assert_eq!(unknown.faults()[0].field, "currency");
    world.provider.send(&elsewhere("QQQ")).await.refused(20000, "an unknown base currency");
    world.provider.send(&elsewhere("EUR")).await.refused(20009, "a currency that the wallet never had");
    world.provider.send(&world::transfer(nobody, bob, "1")).await.refused(20005, "no such payer");
    world.provider.send(&world::transfer(alice, nobody, "1")).await.refused(20005, "no such payee");
    world.provider.send(&world::transfer(alice, alice, "1")).await.refused(20000, "to itself");
    world.merchant.api.send(&world::transfer(alice, world.merchant.waid, "1")).await.refused(20005, "not its wallet");
    let user = |name: Option<&str>, waid| operation::CreditWallet {
        provider_user_id: name.map(str::to_owned),
        waid,
        ..world::credit_of(&world.alice, "1")
    };
    world.provider.send(&user(Some("nobody"), None)).await.refused(20005, "no such user");
    world.provider.send(&user(None, None)).await.refused(20000, "nobody named");
    world.provider.send(&user(Some("alice"), Some(alice))).await.refused(20000, "named twice");
    world.provider.send(&world::new_user("alice")).await.refused(20006, "the name is taken");
    world.provider.send(&world::new_currency("TOK", None)).await.refused(20006, "the code is taken");
    world
        .provider
        .send(&world::new_currency("NEW", Some("other")))
        .await
        .refused(20000, "the issuer's name is settled");
    world.merchant.api.send(&world::new_currency("TOK", Some("shop"))).await.refused(20003, "no right to make one");
    let issue = |code: &str| operation::IssueGatewayCurrency {
        currency_code: code.parse().expect("a code"),
        amount: world::amount("1"),
    };
    for code in ["EUR", "TOK.nobody", "ABC"] {
        world.provider.send(&issue(code)).await.refused(20005, code);
    }
    let redeem = operation::RedeemCurrency {
        currency_code: world::currency(),
        amount: world::amount("1000001"),
        reference_id: None,
    };
    world.provider.send(&redeem).await.refused(20009, "more than there is");
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
}

/// Bodies that are no requests, to every operation that takes one.
#[tokio::test(flavor = "multi_thread")]
async fn broken_bodies() {
    let world = World::new().await;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: Vec<(&str, Option<Vec<u8>>)> = vec![
        ("no body", None),
        ("empty", Some(Vec::new())),
        ("cut off", Some(b"{\"amount\":".to_vec())),
        ("no JSON", Some(b"amount=1&currency=TOK.acme".to_vec())),
        ("a list", Some(b"[]".to_vec())),
        ("a text", Some(b"\"text\"".to_vec())),
        ("null", Some(b"null".to_vec())),
        ("two", Some(b"{}{}".to_vec())),
        ("no UTF-8", Some(b"{\"walletname\":\"\xff\xfe\"}".to_vec())),
        ("half a surrogate", Some(br#"{"walletname":"\ud800"}"#.to_vec())),
        ("deep", Some(deep.into_bytes())),
        ("a byte-order mark", Some(b"\xef\xbb\xbf{}".to_vec())),
    ];
    let before = world.server.tables();
    for spec in operation::all().iter().filter(|spec| spec.method == Method::Post) {
        let path = path_of(spec);
        let takes_nothing = !spec.fields.iter().any(|field| field.required && !in_path(spec, field));
        for (what, body) in &bodies {
            if takes_nothing && body.as_ref().is_none_or(Vec::is_empty) {
                continue; // that is all it needs
            }
            let answer = world.provider.exchange("POST", &path, body.clone()).await;
            answer.refused(20000, &format!("{}: {what}", spec.name));
        }
        let name = spec.fields.first().map_or("x", |field| field.name);
        let twice = format!("{{\"{name}\":\"one\",\"{name}\":\"two\"}}");
        let answer = world.provider.exchange("POST", &path, Some(twice.into_bytes())).await;
        answer.refused(20000, &format!("{}: a field twice", spec.name));
    }
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
    assert!(!world.server.logs().contains("panicked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_two_megabytes() {
    let world = World::new().await;
    let before = world.server.tables();
    for spec in operation::all().iter().filter(|spec| spec.method == Method::Post) {
        let path = path_of(spec);
        let padded =
            format!("{{\"{}\":\"{}\"}}", spec.fields.first().map_or("x", |field| field.name), "x".repeat(2 << 20));
        for body in [vec![b' '; 2 << 20], padded.into_bytes()] {
            // A server may close the connection instead of reading all of it, but it must answer first.
            let answer = world.provider.exchange("POST", &path, Some(body)).await;
            answer.refused(20013, spec.name);
        }
    }
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
    // And it goes on.
    assert_eq!(world.provider.code(&operation::GetWallet { waid: None }).await, 10000);
}

/// What is no operation: a JSON answer all the same, with the transport's own status.
#[tokio::test(flavor = "multi_thread")]
async fn paths_and_methods_that_are_not_there() {
    let world = World::new().await;
    let before = world.server.tables();
    for (method, path) in [
        ("GET", "/api/v1"),
        ("GET", "/api/v1/"),
        ("GET", "/api/v1/nothing"),
        ("GET", "/api/v2/wallet"),
        ("POST", "/api/v1/wallet"),
        ("GET", "/api/v1/wallet/transfer/more"),
        ("DELETE", "/api/v1/wallet/transfer"),
        ("PUT", "/api/v1/user/update"),
        ("PATCH", "/api/v1/me"),
        ("GET", "/api/v1/wallet/%00"),
        ("GET", "/api/v1/wallet/%ff%fe"),
        ("GET", "/api/v1/wallet/waid_1234567812345678%2f..%2f.."),
        ("GET", "/api/v1/user?provideruserid=%zz"),
        ("GET", "/api/v1/user/list?limit=1&limit=2"),
    ] {
        let answer = world.provider.exchange(method, path, None).await;
        let code = answer.code();
        assert!(answer.status < 500 && code != 10000, "{method} {path}: {} {}", answer.status, answer.text());
        assert!(Code(code).info().is_some(), "{method} {path}: {}", answer.text());
    }
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
}

/// Random bytes at random places of good requests: whatever comes back is an answer, and the books stay sound.
#[tokio::test(flavor = "multi_thread")]
async fn mutated_requests() {
    let world = World::new().await;
    let mut rng = florin_tests::seed::generator("mutated_requests");
    let goods = [
        (operation::WalletTransfer::spec(), json!(world::transfer(world.alice.waid, world.bob.waid, "1"))),
        (operation::CreditWallet::spec(), json!(world::credit_of(&world.alice, "1"))),
        (operation::CreateUser::spec(), json!(world::new_user("mutant"))),
        (operation::CreateAPIKey::spec(), json!(world::new_key("mutant", &["profile-ro"], None))),
    ];
    for round in 0..600 {
        let (spec, good) = &goods[rng.usize(..goods.len())];
        let mut body = good.to_string().into_bytes();
        for _ in 0..rng.usize(1..=4) {
            let place = rng.usize(..body.len());
            match rng.u8(..4) {
                0 => body[place] = rng.u8(..),
                1 => drop(body.drain(place..(place + rng.usize(1..8)).min(body.len()))),
                2 => body.insert(place, rng.u8(..)),
                _ => {
                    let piece = body[place..(place + rng.usize(1..20)).min(body.len())].to_vec();
                    body.splice(place..place, piece);
                }
            }
            if body.is_empty() {
                body.push(b'{');
            }
        }
        let answer = world.provider.exchange("POST", &Target::of(spec, &json!({})).path, Some(body.clone())).await;
        let text = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(answer.status, 200, "round {round}: {text}: {}", answer.text());
        assert_ne!(answer.code(), 10003, "round {round}: {text}: {}", answer.text());
    }
    assert!(!world.server.logs().contains("panicked"));
    world.server.home.verify().await.sound();
}
