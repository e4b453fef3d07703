//! The read/write split: every operation with every kind of credential.
//!
//! What is expected in each cell is `spec/split.json`, which people review. No refusal, and nothing at all that a
//! mobile credential does, may change a row of any table.

use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{self, Access, ApplicationType, Callers, GetWallet, Spec};
use florin_tests::digest::{changes, tables};
use florin_tests::http::{Api, Credential, Target};
use florin_tests::mailbox::at_rest;
use florin_tests::world::{self, World};
use florin_tests::{oauth, sample};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The reviewed file.
#[derive(Deserialize)]
struct Matrix {
    credentials: Vec<String>,
    rows: BTreeMap<String, Vec<u32>>,
}

impl Matrix {
    fn read() -> Self {
        serde_json::from_str(include_str!("../spec/split.json")).expect("spec/split.json")
    }
}

/// One kind of credential.
struct Holder {
    name: &'static str,
    credential: Credential,
    /// Whether a mobile credential is in it, good or bad.
    mobile: bool,
}

/// All kinds, in the order of the file.
async fn holders(world: &mut World) -> Vec<Holder> {
    let provider = world.provider.clone();
    let revoked_key = provider.ok(&world::new_key("Ended", &["system-admin"], None)).await;
    provider.ok(&operation::DeleteAPIKey { akid: revoked_key.akid, upid: None }).await;
    let revoked_token = provider.ok(&world::new_token(world.alice.uuid)).await;
    provider.ok(&operation::RevokeMobileToken { mtid: revoked_token.mtid }).await;
    let expired_token = provider.ok(&world::new_token(world.alice.uuid)).await;
    // Nobody waits for an hour: its time is moved into the past while the server is not looking.
    let changed = world
        .server
        .while_stopped(|database| {
            let id = expired_token.mtid.number();
            database.execute(&format!("UPDATE mobile_token SET expires = created + 1 WHERE mtid = {id}"))
        })
        .await;
    assert_eq!(changed, 1, "the token to expire");

    let key = |text: &str| Credential::Key(text.to_owned());
    let bearer = |text: &str| Credential::Bearer(text.to_owned());
    let holder = |name, credential, mobile| Holder { name, credential, mobile };
    vec![
        holder("nobody", Credential::Nobody, false),
        holder("unknown_key", key("0123456789ABCDEF0123456789ABCDEF"), false),
        holder("revoked_key", key(revoked_key.api_key.expose()), false),
        holder("revoked_token", bearer(revoked_token.token.expose()), true),
        holder("expired_token", bearer(expired_token.token.expose()), true),
        holder("token", bearer(&world.alice.token), true),
        holder("other_token", bearer(&world.bob.token), true),
        holder("read_only_key", key(&world.read_only), false),
        holder("full_key", key(&world.initialised.apikey), false),
        holder(
            "both_headers",
            Credential::Both { key: world.initialised.apikey.clone(), token: world.alice.token.clone() },
            true,
        ),
    ]
}

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let matrix = Matrix::read();
    let ours: BTreeSet<_> = operation::all().iter().map(|spec| spec.name.to_owned()).collect();
    let rows: BTreeSet<_> = matrix.rows.keys().cloned().collect();
    assert_eq!(ours, rows, "spec/split.json: decide who may call what is new, and write its row");
    for (name, row) in &matrix.rows {
        assert_eq!(row.len(), matrix.credentials.len(), "spec/split.json: {name}");
        assert!(row.iter().all(|code| Code(*code).info().is_some()), "spec/split.json: {name} names unknown codes");
    }
}

/// The file may be wrong, too. This much follows from what an operation says of itself.
#[test]
fn the_reviewed_file_keeps_to_the_rules_of_the_split() {
    let matrix = Matrix::read();
    for spec in operation::all() {
        let cell = |name: &str| {
            let column = matrix.credentials.iter().position(|credential| credential == name);
            matrix.rows[spec.name][column.unwrap_or_else(|| panic!("there is no column {name}"))]
        };
        let (writes, public) = (spec.access == Access::Write, spec.callers == Callers::Public);
        assert_eq!(cell("nobody"), if public { 10000 } else { 20001 }, "{}: nobody", spec.name);
        // Who need not show a credential, but does, to change something, is looked at all the same.
        let unseen = public && !writes;
        for name in ["unknown_key", "revoked_key", "revoked_token", "both_headers"] {
            assert_eq!(cell(name), if unseen { 10000 } else { 20001 }, "{}: {name}", spec.name);
        }
        assert_eq!(cell("expired_token"), if unseen { 10000 } else { 20002 }, "{}", spec.name);
        for name in ["token", "other_token"] {
            let code = cell(name);
            assert_eq!(code == 20004, writes, "{}: {name} and 20004", spec.name);
            assert_eq!(code == 20003, !writes && spec.callers == Callers::Provider, "{}: {name}", spec.name);
        }
        assert_eq!(cell("token") == 10000, !writes && spec.callers != Callers::Provider, "{}", spec.name);
        assert!(!writes || public || cell("read_only_key") == 20003, "{}: a key that only reads", spec.name);
        let full = if spec.callers == Callers::Mobile { 20003 } else { 10000 };
        assert_eq!(cell("full_key"), full, "{}", spec.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_with_every_credential() {
    let matrix = Matrix::read();
    let mut world = World::new().await;
    let holders = holders(&mut world).await;
    let names: Vec<_> = holders.iter().map(|holder| holder.name).collect();
    assert_eq!(names, matrix.credentials, "the columns of spec/split.json");

    let database = world.server.home.open_read_only();
    let mut faults = Vec::new();
    for spec in operation::all() {
        let request = sample::of(&world, spec.name).await;
        let request = request.unwrap_or_else(|| panic!("{} has no row in tests/src/sample.rs", spec.name));
        let target = Target::of(&spec, &request);
        at_rest(&database);
        let mut before = tables(&database);
        for (holder, expected) in holders.iter().zip(&matrix.rows[spec.name]) {
            let cell = format!("{} with {}", spec.name, holder.name);
            let answer = world.server.api().with(holder.credential.clone()).send_target(&target).await;
            at_rest(&database);
            let after = tables(&database);
            let changed = changes(&before, &after);
            before = after;
            if (spec.name, answer.code()) == ("ReplayEvent", 10000) {
                // What is sent again is taken, and that is noted, by nobody's request.
                tokio::time::sleep(Duration::from_millis(800)).await;
                before = tables(&database);
            }
            if (answer.status, answer.code()) != (200, *expected) {
                faults.push(format!("{cell}: expected {expected}, got {} {}", answer.status, answer.text()));
            }
            // One reading operation leaves a note, and no app may call it (ADR 16).
            let reads = spec.access == Access::Read && spec.name != "GetUserMFASeed";
            if (holder.mobile || answer.code() != 10000 || reads) && !changed.is_empty() {
                faults.push(format!("{cell}: changed {changed:?}"));
            }
            // What it changes is in the server's memory.
            // A test of a withdrawal needs the right to make one, and changes nothing.
            let unstored = matches!(spec.name, "UnlockSystemComponent" | "WalletWithdrawTest");
            let carried_out = !holder.mobile && answer.code() == 10000 && spec.access == Access::Write;
            if carried_out && !unstored && changed.is_empty() {
                faults.push(format!("{cell}: a write that was carried out changed nothing: is the digest blind?"));
            }
        }
    }
    drop(database);
    assert!(faults.is_empty(), "{} cells:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(world.server.terminate().await.code(), Some(0));
    world.server.home.verify().await.sound();
}

/// The pictures of a payment request are answered to whom its status is, and to nobody else; they are counted, limited and
/// named like everything.
#[tokio::test(flavor = "multi_thread")]
async fn the_pictures_of_a_payment_request_with_every_credential() {
    let matrix = Matrix::read();
    let mut world = World::new().await;
    let holders = holders(&mut world).await;
    let prid = world.payment_request(&world.alice, "7").await;
    let database = world.server.home.open_read_only();
    at_rest(&database);
    let before = tables(&database);
    for (holder, expected) in holders.iter().zip(&matrix.rows["GetPaymentStatus"]) {
        let api = world.server.api().with(holder.credential.clone());
        for (name, kind) in [("qr.svg", "image/svg+xml"), ("qr.png", "image/png"), ("qr", "image/png")] {
            let what = format!("{name} with {}", holder.name);
            let answer = api.exchange("GET", &format!("/api/v1/payment/{prid}/{name}"), None).await;
            assert!(answer.header("x-request-id").is_some(), "{what}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
            if *expected == 10000 {
                assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{what}");
                assert!(answer.bytes.starts_with(b"<") || answer.bytes.starts_with(b"\x89PNG"), "{what}");
            } else {
                answer.refused(*expected, &what);
            }
        }
    }
    let api = world.alice.app.clone();
    let of = |path: String| {
        let api = api.clone();
        async move { api.exchange("GET", &format!("/api/v1/payment/{path}"), None).await }
    };
    let accepts =
        api.header("Accept", "image/svg+xml").exchange("GET", &format!("/api/v1/payment/{prid}/qr"), None).await;
    assert_eq!(accepts.header("content-type"), Some("image/svg+xml"));
    of("prid_0000000000000007/qr.png".to_owned()).await.refused(20005, "what is not there");
    of("prid_7/qr.png".to_owned()).await.refused(20000, "no id");
    of(format!("{prid}/qr.png?x=1")).await.refused(20000, "a field that is none");
    let gone =
        api.header("X-Florin-Fault", "error=10003").exchange("GET", &format!("/api/v1/payment/{prid}/qr"), None).await;
    gone.refused(10003, "faults on request, as everywhere in a sandbox");
    assert_eq!(changes(&before, &tables(&database)), Vec::<String>::new());
    let metrics = world.server.api().exchange("GET", "/metrics", None).await.text();
    assert!(metrics.contains("GetPaymentQr_png") && metrics.contains("GetPaymentQr_svg"), "{metrics}");
    assert!(world.server.logs().contains("GetPaymentQr_png"), "refusals are in the log, with their request's id");
    let set = operation::SetSystemAttribute {
        component: florin_sdk_core::model::ComponentName::Omnipass,
        name: "ratelimitmobile".to_owned(),
        value: "1".to_owned(),
    };
    world.provider.ok(&set).await;
    let mut codes = BTreeSet::new();
    for _ in 0..50 {
        let answer = of(format!("{prid}/qr.svg")).await;
        codes.insert(if answer.header("content-type") == Some("image/svg+xml") { 10000 } else { answer.code() });
    }
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), [10000, 10004]);
}

/// The tokens of applications: of a public client, which stand on the mobile side whatever is asked for, and of a
/// confidential one, with each scope. What the person's own key gets is what they can get at most.
#[tokio::test(flavor = "multi_thread")]
async fn every_operation_with_the_tokens_of_applications() {
    let world = World::new().await;
    let (public, confidential) = (ApplicationType::Public, ApplicationType::Confidential);
    let mut holders = Vec::new();
    for (name, kind, scope) in [
        ("public *", public.clone(), "*"),
        ("public read", public, "read"),
        ("confidential openid", confidential.clone(), "openid"),
        ("confidential read", confidential.clone(), "read"),
        ("confidential *", confidential, "*"),
    ] {
        holders.push((name, world.server.api().bearer(&oauth::access_token(&world, kind, scope).await)));
    }
    let full = Matrix::read();
    let key = full.credentials.iter().position(|name| name == "full_key").expect("the column");
    let database = world.server.home.open_read_only();
    let mut faults = Vec::new();
    for spec in operation::all() {
        let (writes, public) = (spec.access == Access::Write, spec.callers == Callers::Public);
        for (name, api) in &holders {
            let request = sample::of(&world, spec.name).await.expect("a sample");
            let target = Target::of(&spec, &request);
            at_rest(&database);
            let before = tables(&database);
            let answer = api.send_target(&target).await;
            at_rest(&database);
            // Messages that a receiver refused are tried again by themselves, whoever calls meanwhile.
            let mut changed = changes(&before, &tables(&database));
            changed.retain(|table| !["event", "lane"].contains(&table.as_str()));
            let code = answer.code();
            let own = full.rows[spec.name][key];
            let right = match *name {
                "public *" | "public read" if writes => code == 20004,
                "public *" | "public read" if spec.callers == Callers::Provider => code == 20003,
                // What it reads is about the first user, who is another.
                "public *" | "public read" => [10000, 20003, 20005].contains(&code),
                _ if public && !writes => code == 10000,
                "confidential openid" if !public => code == 20003,
                "confidential read" if writes && !public => code == 20003,
                _ if public => code == own || code == 20003,
                // The sample is about a person made for it; a token is for its own person.
                _ if matches!(spec.name, "ChangeUserEmail" | "EnableUserMFA") => code == 20003,
                _ => code == own,
            };
            if !right {
                faults.push(format!("{} with {name}: {} {}", spec.name, answer.status, answer.text()));
            }
            let mobile = name.starts_with("public");
            // The one read whose answer is noted; never for a mobile credential (ADR 16).
            let noted = spec.name == "GetUserMFASeed" && code == 10000;
            if (mobile || (!writes && !noted) || code != 10000) && !changed.is_empty() {
                faults.push(format!("{} with {name}: changed {changed:?}", spec.name));
            }
        }
    }
    assert!(faults.is_empty(), "{} cells:\n{}", faults.len(), faults.join("\n"));
}

fn spec(name: &str) -> Spec {
    operation::all().into_iter().find(|spec| spec.name == name).expect("an operation")
}

/// What cannot be seen and what is not there look alike, to the byte.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_user_has_is_the_same_as_what_is_not_there() {
    let world = World::new().await;
    let prid = world.payment_request(&world.alice, "7").await;
    let alices = [
        ("GetWallet", json!({ "waid": world.alice.waid }), json!({ "waid": "waid_0000000000000007" })),
        ("GetWalletTransactionList", json!({ "waid": world.alice.waid }), json!({ "waid": "waid_0000000000000007" })),
        ("GetWalletTransactionDetails", json!({ "txid": world.credit }), json!({ "txid": "txid_0000000000000007" })),
        ("GetPaymentStatus", json!({ "prid": prid }), json!({ "prid": "prid_0000000000000007" })),
    ];
    for (name, hers, nobodys) in alices {
        let spec = spec(name);
        let hidden = world.bob.app.send_json(&spec, &hers).await;
        let missing = world.bob.app.send_json(&spec, &nobodys).await;
        hidden.refused(20005, name);
        missing.refused(20005, name);
        assert_eq!(hidden.text(), missing.text(), "{name}");
        assert_eq!(world.alice.app.send_json(&spec, &hers).await.code(), 10000, "{name}");
    }
}

/// A mobile credential on a write is refused before anything else of the request is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_mobile_write_is_refused_whatever_else_is_wrong_with_it() {
    let world = World::new().await;
    let before = world.server.tables();
    let bodies: [Option<&[u8]>; 5] = [None, Some(b""), Some(b"{"), Some(b"[1, 2]"), Some(b"\xff\xfe")];
    for spec in operation::all().iter().filter(|spec| spec.access == Access::Write) {
        let path = format!("{}{}", spec.base, spec.paths[0]);
        let path: &str = &path.replace(['{', '}'], "not");
        for body in bodies {
            let answer = world.alice.app.exchange(spec.method.as_str(), path, body.map(<[u8]>::to_vec)).await;
            answer.refused(20004, &format!("{} with the body {body:?}", spec.name));
        }
        let huge = world.alice.app.exchange(spec.method.as_str(), path, Some(vec![b' '; 2 << 20])).await;
        huge.refused(20004, &format!("{} with a huge body", spec.name));
        let keyed = world.alice.app.reference("no reference\there").exchange(spec.method.as_str(), path, None).await;
        keyed.refused(20004, &format!("{} with a bad reference", spec.name));
    }
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
}

/// A refusal may come before the body has arrived. Then the sender must still get to see it, and either the connection
/// goes on with the next request or the answer says that it does not: else the next request on it, which may be about
/// money, is lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_refusal_loses_nothing() {
    let world = World::new().await;
    let mut faults = Vec::new();
    for (token, code) in [("no-token", 20001), (world.alice.token.as_str(), 20004)] {
        for length in [300, 200_000, 2 << 20] {
            let what = format!("{code} before {length} bytes");
            let connection = TcpStream::connect(world.server.address()).await.expect("a connection");
            let (from_server, mut to_server) = connection.into_split();
            let head = format!(
                "POST /api/v1/wallet/transfer HTTP/1.1\r\nHost: florin\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            );
            let next = "GET /api/v1/static/rolelist HTTP/1.1\r\nHost: florin\r\nConnection: close\r\n\r\n";
            let send = async {
                to_server.write_all(head.as_bytes()).await?;
                // By now a server that does not wait for the body has answered.
                tokio::time::sleep(Duration::from_millis(100)).await;
                to_server.write_all(&vec![b' '; length]).await?;
                to_server.write_all(next.as_bytes()).await
            };
            let receive = async {
                let mut all = Vec::new();
                // A connection that is reset ends here as well.
                let _ = BufReader::new(from_server).read_to_end(&mut all).await;
                String::from_utf8_lossy(&all).into_owned()
            };
            let (_, answers) = tokio::join!(send, receive);
            if !answers.contains(&format!("\"resultcode\":{code}")) {
                faults.push(format!("{what}: the refusal is lost: {answers:.300}"));
            }
            let (first, rest) = answers.split_once("\r\n\r\n").unwrap_or_default();
            let closed = first.to_lowercase().contains("connection: close");
            if !closed && !rest.contains("\"resultcode\":10000") {
                faults.push(format!("{what}: the next request is lost: {first}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// No spelling of a path, no other method and no header leads around the gate.
#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_way_around_the_gate() {
    let world = World::new().await;
    let app = &world.alice.app;
    let transfer = serde_json::to_vec(&world::transfer(world.alice.waid, world.bob.waid, "1")).expect("JSON");
    let before = world.server.tables();
    let dressed: [Api; 6] = [
        app.clone(),
        app.header("X-HTTP-Method-Override", "POST"),
        app.header("X-Original-URL", "/api/v1/wallet/transfer"),
        app.header("X-Forwarded-For", "127.0.0.1"),
        app.header("X-Florin-Side", "provider"),
        app.header("Authorization", &format!("Basic {}", world.initialised.apikey)),
    ];
    for api in &dressed {
        for path in [
            "/api/v1/wallet/transfer",
            "/api/v1/wallet/transfer/",
            "/api/v1//wallet/transfer",
            "/api/v1/wallet/./transfer",
            "/api/v1/wallet/%74ransfer",
            "/api/v1/WALLET/TRANSFER",
            "/api/v1/wallet/transfer?access_token=x",
            "/api/v1/wallet;transfer",
            "/api/v1/wallet/list/../transfer",
        ] {
            for method in ["POST", "PUT", "PATCH", "GET", "DELETE", "OPTIONS"] {
                let answer = api.exchange(method, path, Some(transfer.clone())).await;
                let done = answer.json().is_some_and(|json| json.get("resultcode") == Some(&Value::from(10000)));
                assert!(!done, "{method} {path}: {}", answer.text());
                assert!(answer.status < 500, "{method} {path}: {}", answer.status);
            }
        }
    }
    assert_eq!(changes(&before, &world.server.tables()), Vec::<String>::new());
}

/// What is not a credential of ours is refused like one that is wrong, and never a fault of the server.
#[tokio::test(flavor = "multi_thread")]
async fn broken_credentials() {
    let world = World::new().await;
    let api = world.server.api();
    let key = &world.initialised.apikey;
    let token = &world.alice.token;
    let long = "A".repeat(7000);
    for (name, value) in [
        ("X-APIKey", ""),
        ("X-APIKey", " "),
        ("X-APIKey", &key[..31]),
        ("X-APIKey", &format!("{key}0")),
        ("X-APIKey", &key.to_lowercase()),
        ("X-APIKey", token),
        ("X-APIKey", &long),
        ("X-APIKey", "' OR '1'='1"),
        ("Authorization", ""),
        ("Authorization", "Bearer"),
        ("Authorization", "Bearer "),
        ("Authorization", token),
        ("Authorization", &format!("Basic {token}")),
        ("Authorization", &format!("Bearer {}", &token[1..])),
        ("Authorization", &format!("Bearer {key}")),
        ("Authorization", &format!("Bearer {long}")),
        ("Authorization", "Bearer a.b.c"),
        ("Authorization", "Bearer \u{e9}"),
    ] {
        let answer = api.header(name, value).send(&GetWallet { waid: None }).await;
        answer.refused(20001, &format!("{name}: {value:.60}"));
    }
    // Twice the same header is one too many as well.
    let twice = api.header("X-APIKey", key).header("X-APIKey", key).send(&GetWallet { waid: None }).await;
    twice.refused(20001, "X-APIKey twice");
    let scheme = api.header("Authorization", &format!("bearer {token}")).code(&GetWallet { waid: None }).await;
    assert_eq!(scheme, 10000, "the scheme's name is compared without case (RFC 9110)");
}

/// An inactive user's tokens stop at once, and do not come back with the user.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_an_inactive_user_stop_and_stay_stopped() {
    let world = World::new().await;
    let status = |status: &str| operation::UpdateUser {
        provider_user_id: None,
        uuid: Some(world.alice.uuid),
        display_name: None,
        metadata: None,
        status: Some(status.to_owned().into()),
    };
    let read = GetWallet { waid: None };
    assert_eq!(world.alice.app.code(&read).await, 10000);
    world.provider.ok(&status("inactive")).await;
    let code = world.alice.app.code(&read).await;
    assert!([20001, 20012].contains(&code), "{code}");
    assert_eq!(world.provider.code(&world::new_token(world.alice.uuid)).await, 20012);
    world.provider.ok(&status("active")).await;
    assert_eq!(world.alice.app.code(&read).await, 20001);
    let token = world.provider.ok(&world::new_token(world.alice.uuid)).await;
    assert_eq!(world.provider.bearer(token.token.expose()).code(&read).await, 10000);
    assert_eq!(world.bob.app.code(&read).await, 10000, "other users are not touched");
}

/// Revoking is effective with the very next request, on every connection.
#[tokio::test(flavor = "multi_thread")]
async fn revoking_is_effective_at_once() {
    let world = World::new().await;
    let read = GetWallet { waid: None };
    let second = world.provider.ok(&world::new_token(world.alice.uuid)).await;
    let second_app = world.server.api().bearer(second.token.expose());
    assert_eq!((world.alice.app.code(&read).await, second_app.code(&read).await), (10000, 10000));
    world.provider.ok(&operation::RevokeMobileToken { mtid: world.alice.mtid }).await;
    assert_eq!((world.alice.app.code(&read).await, second_app.code(&read).await), (20001, 10000));
    let all = operation::RevokeMobileTokens { provider_user_id: Some("alice".to_owned()), uuid: None };
    assert_eq!(world.provider.ok(&all).await.revoked, 1);
    assert_eq!(second_app.code(&read).await, 20001);
    let left = operation::ListMobileTokens { provider_user_id: Some("alice".to_owned()), uuid: None };
    assert_eq!(world.provider.ok(&left).await.tokens, []);

    let key = world.provider.ok(&world::new_key("Short", &["profile-ro"], None)).await;
    let api = world.server.api().key(key.api_key.expose());
    assert_eq!(api.code(&read).await, 10000);
    world.provider.ok(&operation::DeleteAPIKey { akid: key.akid, upid: None }).await;
    assert_eq!(api.code(&read).await, 20001);
}

/// Who has not a right cannot give it to a key.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_grants_more_than_they_have() {
    let world = World::new().await;
    let upid = Some(world.merchant.upid);
    let manager = world.provider.ok(&world::new_key("Manager", &["ewallet-admin"], upid)).await;
    let manager = world.server.api().key(manager.api_key.expose());
    assert_eq!(manager.code(&world::new_key("Fine", &["profile-rw", "ewallet-ro"], None)).await, 10000);
    for role in ["system-admin", "issuer-rw", "system-ro", "agent-ro"] {
        assert_eq!(manager.code(&world::new_key("More", &[role], None)).await, 20003, "{role}");
    }
    assert_eq!(manager.code(&world::new_key("What", &["no-such-role"], None)).await, 20000);
    // And a merchant reaches neither its provider's nor its neighbour's profile.
    for stranger in [world.upid, world.alice.upid] {
        let key = world::new_key("Theirs", &["profile-ro"], Some(stranger));
        assert_eq!(manager.code(&key).await, 20005);
    }
}
