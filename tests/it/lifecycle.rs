//! From an empty folder to the first answer, and to a clean end.

use florin_sdk_core::operation::{GetProfile, GetPublicRoleList, GetSettings, GetWallet};
use florin_tests::database::{Engine, engine};
use florin_tests::http::Api;
use florin_tests::reference;
use florin_tests::server::{Home, Options, Server, florin};
use florin_tests::world::{self, World};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The clock on the wall: how long something took for people, not for the program under test.
#[allow(clippy::disallowed_methods, reason = "a test measures real time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_folder_to_the_first_answer() {
    let start = now();
    let home = Home::new();
    let initialised = home.init().await;
    let server = Server::start(home, Options::default()).await;
    let profile = server.api().key(&initialised.apikey).ok(&GetProfile::new()).await;
    let took = start.elapsed();
    eprintln!("init, serve and the first 200 took {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(profile.upid.to_string(), initialised.upid);
    assert_eq!(profile.akid.map(|akid| akid.to_string()), Some(initialised.akid));
    assert_eq!(profile.master_uuid.map(|uuid| uuid.to_string()), Some(initialised.uuid));
}

#[tokio::test(flavor = "multi_thread")]
async fn init_shows_its_credentials_once() {
    let home = Home::new();
    let output = home.try_init().await;
    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8(output.stdout).expect("text");
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&printed).expect("one JSON object");
    for name in ["upid", "uuid", "email", "password", "akid", "apikey", "subscriptionkey"] {
        assert!(json[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {printed}");
    }
    for name in ["apikey", "subscriptionkey"] {
        let key = json[name].as_str().expect("a key");
        assert!(key.len() == 32 && key.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)), "{key}");
    }
    let password = json["password"].as_str().expect("a password");
    assert!((8..=16).contains(&password.chars().count()), "A-086: 8 to 16 characters");

    let before = florin_tests::digest::tables(&home.open_read_only());
    let again = home.try_init().await;
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.stdout.is_empty(), "{}", String::from_utf8_lossy(&again.stdout));
    assert!(said.to_lowercase().contains("key"), "it says how to make another key: {said}");
    assert!(!said.contains("panicked"), "{said}");
    let after = florin_tests::digest::tables(&home.open_read_only());
    assert_eq!(before, after, "a second init changes nothing");
    home.verify().await.sound();
}

/// It is about the file's permissions.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_the_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    if engine() != Engine::Sqlite {
        return;
    }
    let world = World::new().await;
    for file in std::fs::read_dir(world.server.home.folder()).expect("the folder") {
        let file = file.expect("a file");
        let mode = file.metadata().expect("its mode").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", file.path().display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serving_an_empty_database_initialises_it_and_shows_the_credentials_once() {
    let mut server = Server::start(Home::new(), Options::default()).await;
    let printed = server.printed();
    let mut keys = Vec::new();
    for word in printed.split(|c: char| !c.is_ascii_alphanumeric()) {
        if word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit()) {
            let code = server.api().key(word).code(&GetProfile::new()).await;
            if code == 10000 {
                keys.push(word.to_owned());
            }
        }
    }
    assert_eq!(keys.len(), 1, "one API key that works is shown:\n{printed}");
    assert!(!server.logs().contains(&keys[0]), "it is printed, not logged");
    assert_eq!(server.terminate().await.code(), Some(0));
    server.restart().await;
    assert_eq!(server.printed().matches(&keys[0]).count(), 1, "shown once");
    assert_eq!(server.api().key(&keys[0]).code(&GetProfile::new()).await, 10000);
    assert_eq!(server.home.try_init().await.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_it_cleanly() {
    let mut world = World::new().await;
    // An idle connection does not hold it up.
    let mut idle = TcpStream::connect(world.server.address()).await.expect("a connection");
    let status = world.server.terminate().await;
    assert_eq!(status.code(), Some(0), "{status}");
    let mut rest = Vec::new();
    let _ = idle.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
    assert!(TcpStream::connect(world.server.address()).await.is_err(), "nobody listens any more");
    world.server.home.verify().await.sound();
}

/// What was begun is finished: a request that is under way when SIGTERM comes gets its answer.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_requests_end() {
    let mut world = World::new().await;
    let body = serde_json::to_string(&world::transfer(world.alice.waid, world.bob.waid, "3")).expect("JSON");
    let head = |more: &str| {
        format!("Host: {}\r\nX-APIKey: {}\r\n{more}\r\n", world.server.address(), world.initialised.apikey)
    };
    let mut connection = TcpStream::connect(world.server.address()).await.expect("a connection");
    // The server has the connection in its hands before the request that counts is sent.
    connection.write_all(format!("GET /api/v1/wallet HTTP/1.1\r\n{}", head("")).as_bytes()).await.expect("sent");
    let mut buffer = vec![0; 65536];
    let read = connection.read(&mut buffer).await.expect("an answer");
    assert!(buffer[..read].starts_with(b"HTTP/1.1 200"));
    let more = format!(
        "X-Florin-Fault: delay-ms=1000\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    let request = format!("POST /api/v1/wallet/transfer HTTP/1.1\r\n{}{body}", head(&more));
    connection.write_all(request.as_bytes()).await.expect("sent");
    let (status, answer) = tokio::join!(world.server.terminate(), async {
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.expect("an answer to its end");
        String::from_utf8(answer).expect("text")
    });
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(answer.contains("\"resultcode\":10000"), "{answer:?}");
    world.server.restart().await;
    assert_eq!(world.balance(world.alice.waid).await, world::amount("997"));
}

/// One process is one writer on a file. A second one must say so, not spoil the books.
#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_two_servers_do_not_both_write() {
    if engine() != Engine::Sqlite {
        return;
    }
    let world = World::new().await;
    let url = world.server.home.url();
    // It ends with an error, rather than to wait for the file.
    let second = florin(["serve", "--listen", "127.0.0.1:0", "--database", &url]).await;
    assert_ne!(second.status.code(), Some(0));
    assert_eq!(world.provider.code(&world::credit_of(&world.alice, "1")).await, 10000);
    world.server.home.verify().await.sound();
}

/// What a file does not allow, a server does: several processes, each with a chain of its own.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_two_servers_both_write_and_know_of_each_other() {
    if engine() != Engine::Postgres {
        return;
    }
    let mut world = World::new().await;
    let mut second = Server::start(world.server.home.clone(), Options::default()).await;
    let there = second.api().key(&world.initialised.apikey);
    for (api, reference) in [(&world.provider, "here"), (&there, "there"), (&world.provider, "here-again")] {
        api.reference(reference).ok(&world::credit_of(&world.alice, "1")).await;
    }
    // A reference that the one has seen is known to the other.
    assert!(there.reference("here").send(&world::credit_of(&world.alice, "1")).await.is_replay());
    assert!(world.provider.reference("there").send(&world::credit_of(&world.alice, "1")).await.is_replay());
    let wallet = world.alice.app.ok(&GetWallet { waid: None }).await;
    assert_eq!(wallet.balances[0].available, world::amount("1003"));
    assert_eq!(second.terminate().await.code(), Some(0));
    assert_eq!(world.server.terminate().await.code(), Some(0));
    let verified = world.server.home.verify().await;
    verified.sound();
    assert_eq!(verified.report["chains"], 2, "{}", verified.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_on_the_command_line() {
    let home = Home::new();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let url = home.url();
    let missing = match engine() {
        Engine::Sqlite => format!("sqlite://{}", home.file("no/such/folder/florin.db").display()),
        Engine::Postgres => format!("{url}_that_is_not_there"),
    };
    // Credentials are shown once, so a start that fails must not have made any.
    let fresh = Home::new();
    assert_ne!(florin(["serve", "--listen", &address, "--database", &fresh.url()]).await.status.code(), Some(0));
    fresh.init().await;
    for arguments in [
        vec!["verify", "--database", &url],
        vec!["serve", "--listen", &address, "--database", &url],
        vec!["serve", "--listen", "nowhere", "--database", &url],
        vec!["serve", "--listen", "127.0.0.1:0", "--database", &missing],
        vec!["serve", "--listen", "127.0.0.1:0", "--database", "mysql://localhost/florin"],
        vec!["init", "--database", &missing],
        vec!["bake"],
    ] {
        let output = florin(&arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code != 0), "{arguments:?}: {}", output.status);
        assert!(!said.trim().is_empty() && !said.contains("panicked"), "{arguments:?}: {said:?}");
    }
    std::fs::write(home.file("not-a-database"), "This is a text.\n".repeat(1000)).expect("a file");
    let text = format!("sqlite://{}", home.file("not-a-database").display());
    for command in ["init", "verify", "serve"] {
        let output = florin([command, "--database", &text]).await;
        assert!(output.status.code().is_some_and(|code| code != 0), "{command}: {}", output.status);
    }
    let kept = std::fs::read_to_string(home.file("not-a-database")).expect("it is still there");
    assert!(kept.starts_with("This is a text."), "a file that is no database of ours is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_injected_in_the_sandbox_only() {
    let home = Home::new();
    let initialised = home.init().await;
    let server = Server::start(home, Options { sandbox: false, ..Options::default() }).await;
    let api = server.api().key(&initialised.apikey);
    for fault in ["error=10003", "drop-before", "drop-after", "garbage", "delay-ms=100000"] {
        let code = api.header("X-Florin-Fault", fault).code(&GetWallet { waid: None }).await;
        assert_eq!(code, 10000, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_sandbox() {
    let world = World::new().await;
    let path = "/api/v1/wallet/transfer";
    let transfer =
        |text: &str| serde_json::to_vec(&world::transfer(world.alice.waid, world.bob.waid, text)).expect("JSON");
    let faulty = |fault: &str| -> Api { world.provider.header("X-Florin-Fault", fault) };
    let left = async || world.balance(world.alice.waid).await.to_string();
    for code in [10001, 10002, 10003, 10004] {
        let answer = faulty(&format!("error={code}")).exchange("POST", path, Some(transfer("1"))).await;
        assert_eq!((answer.status, answer.code()), (200, code));
    }
    assert_eq!(left().await, "1000.00", "an error in its place: nothing ran");
    assert!(faulty("drop-before").try_exchange("POST", path, Some(transfer("2"))).await.is_err());
    assert_eq!(left().await, "1000.00", "dropped before: nothing ran");
    assert!(faulty("drop-after").try_exchange("POST", path, Some(transfer("4"))).await.is_err());
    assert_eq!(left().await, "996.00", "dropped after: it ran");
    let garbage = faulty("garbage").exchange("POST", path, Some(transfer("8"))).await;
    assert!(garbage.json().is_none_or(|json| !json.contains_key("resultcode")), "{}", garbage.text());
    assert_eq!(left().await, "988.00", "garbage: it ran, and the answer is spoilt");
    let start = now();
    let late = faulty("delay-ms=300").exchange("POST", path, Some(transfer("16"))).await;
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(late.code(), 10000);
    assert_eq!(left().await, "972.00");
    let nonsense = faulty("explode").exchange("POST", path, Some(transfer("32"))).await;
    assert!([10000, 20000].contains(&nonsense.code()), "{}", nonsense.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_says_of_itself() {
    let world = World::new().await;
    let served = world.server.api().ok(&GetPublicRoleList {}).await.roles;
    let reference = reference::roles();
    assert_eq!(served.len(), reference.roles.len());
    for (served, expected) in served.iter().zip(&reference.roles) {
        assert_eq!((&served.role_id, &served.description), (&expected.name, &expected.description));
        let rights: BTreeSet<_> = served.rights.iter().map(|right| right.right_id.as_str()).collect();
        assert_eq!(rights, expected.rights.iter().map(String::as_str).collect(), "{}", expected.name);
        for right in &served.rights {
            let known = reference.rights.iter().find(|known| known.name == right.right_id);
            // A-079: one right is granted, but not listed.
            let described = known.is_none_or(|known| known.description == right.description);
            assert!(described && !right.description.is_empty(), "{}", right.right_id);
        }
    }
    let settings = world.alice.app.ok(&GetSettings {}).await;
    assert_eq!(settings.api_version, "v1");
    assert!(settings.currencies.iter().any(|currency| currency.currency_code == world::currency()));
    for path in ["/healthz", "/readyz"] {
        assert_eq!(world.server.api().exchange("GET", path, None).await.status, 200, "{path}");
    }
    // Whoever asks with JSON is answered in JSON.
    for (sent, status) in [(r#"{"any":"thing"}"#, 200), ("", 200), ("[1]", 400), (r#"{"a":1,"a":2}"#, 400)] {
        let answer = world.server.api().exchange("POST", "/healthz", Some(sent.as_bytes().to_vec())).await;
        assert_eq!(answer.status, status, "{sent}");
    }
}
