//! Extended attributes that are not shown: sealed where they lie, whole where they are needed.

use florin_sdk_core::operation::{AttributeType, GetProfile, RefusePayment, SetExtendedAttribute, UpdateProfile};
use florin_sdk_core::{JsonObject, Upid};
use florin_tests::database::{Engine, engine};
use florin_tests::mailbox::at_rest;
use florin_tests::receiver::Receiver;
use florin_tests::server::{Home, Options, Server, florin};
use florin_tests::world::{self, World};
use serde_json::{Value, json};

const PASSWORD: &str = "callback-Passw0rd-of-the-shop";
const PROCESSOR: &str = "sk_live_51Hsealed0nly";
/// `shop` and the password, as Basic authentication has them.
const BASIC: &str = "Basic c2hvcDpjYWxsYmFjay1QYXNzdzByZC1vZi10aGUtc2hvcA==";

fn with(upid: Upid, extended: Value) -> UpdateProfile {
    let extended: JsonObject = serde_json::from_value(extended).expect("an object");
    UpdateProfile { extended: Some(extended), ..UpdateProfile::new(upid) }
}

/// A world whose merchant has a callback address with a password, and a payment processor.
async fn shop(receiver: &Receiver) -> World {
    let world = World::new().await;
    let attributes = json!({
        "merchantnotificationurl": receiver.url(),
        "merchantcallbackuser": "shop",
        "merchantcallbackpassword": PASSWORD,
        "paymentprocessorsecret": PROCESSOR,
    });
    world.provider.ok(&with(world.merchant.upid, attributes)).await;
    world
}

/// Something that the merchant is told of: nobody pays what it asked for.
async fn decline(world: &World) {
    let prid = world.merchant.api.ok(&world::payment_of(&world.alice, "1")).await.prid;
    world.server.api().key(&world.initialised.apikey).ok(&RefusePayment { prid }).await;
}

/// The merchant is told of something, with its password.
async fn is_told(world: &World, receiver: &mut Receiver) {
    decline(world).await;
    assert_eq!(receiver.next().await.header("authorization"), BASIC);
}

fn lies_in(home: &Home, secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let holds = |(_, text): &(String, Vec<u8>)| text.windows(bytes.len()).any(|window| window == bytes);
    home.bytes().into_iter().filter(holds).map(|(name, _)| name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_in_no_file_and_is_used_all_the_same() {
    let mut receiver = Receiver::start(|_| 200).await;
    let mut world = shop(&receiver).await;
    let upid = world.merchant.upid;
    is_told(&world, &mut receiver).await;
    let shown = world.provider.ok(&GetProfile { upid: Some(upid), ..GetProfile::new() }).await;
    let (version, shown) = (shown.version, shown.extended.expect("attributes").0);
    assert_eq!(
        (&shown["merchantcallbackpassword"], &shown["merchantcallbackuser"]),
        (&json!("********"), &json!("shop"))
    );
    // What was shown comes back, and so does the value itself: no change.
    for same in ["********", PASSWORD] {
        world.provider.ok(&with(upid, json!({ "merchantcallbackpassword": same }))).await;
    }
    let after = world.provider.ok(&GetProfile { upid: Some(upid), ..GetProfile::new() }).await;
    assert_eq!(after.version, version, "nothing was changed");
    is_told(&world, &mut receiver).await;
    let too_much = json!({ "paymentprocessorsecret": "x".repeat(19_990) });
    world.provider.send(&with(upid, too_much)).await.refused(20000, "what is hidden counts, too");
    let no_text = json!({ "paymentprocessorsecret": 5 });
    world.provider.send(&with(upid, no_text)).await.refused(20000, "a number for a text");
    for secret in [PASSWORD, PROCESSOR] {
        assert_eq!(lies_in(&world.server.home, secret), Vec::<String>::new());
        assert!(!world.server.logs().contains(secret));
    }

    // A copy, and another database, hold what is needed and no more.
    let copy = world.server.home.file("copy.db");
    let copy = copy.to_str().expect("a name");
    let made = florin(["backup", "--database", &world.server.home.url(), "--to", copy]).await;
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = std::fs::read(copy).expect("the copy");
    assert!(!text.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
    assert_eq!(world.server.terminate().await.code(), Some(0));
    let new = Home::new();
    let moved = florin(["move", "--from", &world.server.home.url(), "--to", &new.url()]).await;
    assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stderr));
    world.server = Server::start(new, Options::default()).await;
    world.merchant.api = world.server.api().key(&world.merchant.key);
    is_told(&world, &mut receiver).await;
    assert_eq!(lies_in(&world.server.home, PASSWORD), Vec::<String>::new());

    // Taken away, it is gone.
    world.provider = world.server.api().key(&world.initialised.apikey);
    world.provider.ok(&with(upid, json!({ "merchantcallbackpassword": null, "paymentprocessorsecret": null }))).await;
    let database = world.server.home.open_read_only();
    let left = format!("SELECT count(*) FROM profile WHERE upid = {} AND secrets IS NOT NULL", upid.number());
    assert_eq!(database.number(&left), 0);
    decline(&world).await;
    assert_eq!(receiver.next().await.header("authorization"), "");
}

/// Of a database that an older version wrote, and of an attribute that is hidden only now.
#[tokio::test(flavor = "multi_thread")]
async fn what_lay_open_before_is_sealed_afterwards() {
    let mut receiver = Receiver::start(|_| 200).await;
    let mut world = shop(&receiver).await;
    let upid = world.merchant.upid;
    world.provider.ok(&with(upid, json!({ "pin": "pin-1234-in-the-open" }))).await;
    world.provider.ok(&with(world.alice.upid, json!({ "pin": "hers", "merchantcallbackpassword": null }))).await;
    let old = json!({
        "merchantnotificationurl": receiver.url(), "merchantcallbackuser": "shop", "pin": "pin-1234-in-the-open",
        "merchantcallbackpassword": PASSWORD, "paymentprocessorsecret": PROCESSOR,
    });
    let number = upid.number();
    world
        .server
        .while_stopped(|database| {
            database.execute(&format!("UPDATE profile SET extended = '{old}', secrets = NULL WHERE upid = {number}"));
            // As the step of the schema does it.
            for name in ["merchantcallbackpassword", "paymentprocessorsecret"] {
                database
                    .execute(&format!("INSERT INTO seal_pass (name, version, upid, done) VALUES ('{name}', 1, -1, 0)"));
            }
        })
        .await;
    let database = world.server.home.open_read_only();
    is_told(&world, &mut receiver).await;
    at_rest(&database);
    let open =
        |secret: &str| database.number(&format!("SELECT count(*) FROM profile WHERE extended LIKE '%{secret}%'"));
    assert_eq!((open(PASSWORD), open(PROCESSOR), open("pin-1234")), (0, 0, 1));
    is_told(&world, &mut receiver).await;

    let flags = Some(vec!["mask".to_owned()]);
    let hide = SetExtendedAttribute::new("pin".to_owned(), AttributeType::Text, "The pin".to_owned());
    world.provider.ok(&SetExtendedAttribute { flags, ..hide }).await;
    at_rest(&database);
    assert_eq!((open("pin-1234"), open("hers")), (0, 0));
    let shown = world.provider.ok(&GetProfile { upid: Some(upid), ..GetProfile::new() }).await;
    assert_eq!(shown.extended.expect("attributes").0["pin"], "********");
    is_told(&world, &mut receiver).await;
    assert_eq!(database.number("SELECT count(*) FROM seal_pass"), 3);
    if engine() == Engine::Sqlite {
        // Old pages go with the next copy: as the decision about secrets says.
        let copy = world.server.home.file("copy.db");
        let made =
            florin(["backup", "--database", &world.server.home.url(), "--to", copy.to_str().expect("a name")]).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    world.server.terminate().await;
    world.server.home.verify().await.sound();
}
