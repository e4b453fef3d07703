//! Profiles: what can be changed of them, how they are found, extended attributes, and being switched off.

use florin_sdk_core::Secret;
use florin_sdk_core::model::Status;
use florin_sdk_core::operation::{
    AttributeType, CreateProfile, DeleteExtendedAttribute, GetProfile, GetProfileExtendedAttributeList, GetProfileList,
    GetSystemUser, GetUser, GetWallet, Operation, SetExtendedAttribute, UpdateProfile, UpdateSystemProfile,
    UpdateSystemUser,
};
use florin_sdk_core::{JsonObject, Upid};
use florin_tests::digest::changes;
use florin_tests::http::{Answer, Api};
use florin_tests::mailbox::at_rest;
use florin_tests::world::{self, World};
use serde_json::{Value, json};

/// Nobody has this one.
const MISSING: &str = "upid_0000000000000007";

fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).expect("an object")
}

fn with_extended(upid: Upid, extended: Value) -> UpdateProfile {
    UpdateProfile { extended: Some(object(extended)), ..UpdateProfile::new(upid) }
}

async fn read(api: &Api, upid: Upid) -> florin_sdk_core::operation::Profile {
    api.ok(&GetProfile { upid: Some(upid), ..GetProfile::new() }).await
}

/// A key that manages the merchant and what is below it.
async fn manager(world: &World) -> Api {
    let key = world.provider.ok(&world::new_key("Manager", &["ewallet-admin"], Some(world.merchant.upid))).await;
    world.server.api().key(key.api_key.expose())
}

async fn raw<O: Operation>(api: &Api, request: Value) -> Answer {
    api.send_json(&O::spec(), &request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_given_changes_and_each_change_is_counted() {
    let world = World::new().await;
    let upid = world.merchant.upid;
    let before = read(&world.provider, upid).await;
    let update = UpdateProfile {
        city: Some("Montreal".to_owned()),
        industry: Some("Coffee".to_owned()),
        admin_email: Some(world::email("boss")),
        ..UpdateProfile::new(upid)
    };
    world.provider.ok(&update).await;
    let after = read(&world.provider, upid).await;
    assert_eq!(after.version, before.version + 1);
    assert_eq!(after.data.city.as_deref(), Some("Montreal"));
    assert_eq!(after.data.admin_email.as_deref(), Some("boss@example.com"));
    assert_eq!(after.data.organization_name, before.data.organization_name);
    world.provider.ok(&update).await;
    assert_eq!(read(&world.provider, upid).await.version, after.version, "the same once more is no change");

    at_rest(&world.server.home.open_read_only());
    let tables = world.server.tables();
    for (what, wrong) in [
        ("a person's name", json!({ "upid": upid, "firstname": "Mary" })),
        ("a day that is none", json!({ "upid": world.alice.upid, "birthday": "1950-02-30" })),
        ("a country with a digit", json!({ "upid": upid, "country": "C1" })),
        ("a number that nobody can call", json!({ "upid": upid, "phone": "call me maybe" })),
        ("an address that is none", json!({ "upid": upid, "adminemail": "not an address" })),
        ("a field that nobody knows", json!({ "upid": upid, "citty": "Montreal" })),
        ("nobody's", json!({ "city": "Montreal" })),
    ] {
        raw::<UpdateProfile>(&world.provider, wrong).await.refused(20000, what);
    }
    assert_eq!(changes(&tables, &world.server.tables()), Vec::<String>::new());
}

/// Own, somebody else's, and none: what cannot be reached is as if it were not there.
#[tokio::test(flavor = "multi_thread")]
async fn whose_profile_it_is() {
    let world = World::new().await;
    let manager = manager(&world).await;
    let below = manager.ok(&world::individual("child")).await.upid;
    assert_eq!(read(&manager, below).await.parent_upid, Some(world.merchant.upid));
    at_rest(&world.server.home.open_read_only());
    let tables = world.server.tables();
    for upid in [world.upid, world.alice.upid, MISSING.parse().expect("an id")] {
        let get = GetProfile { upid: Some(upid), ..GetProfile::new() };
        manager.send(&get).await.refused(20005, "reading");
        let update = UpdateProfile { city: Some("Ours".to_owned()), ..UpdateProfile::new(upid) };
        manager.send(&update).await.refused(20005, "changing");
        manager.send(&UpdateSystemProfile { upid, status: Status::Inactive }).await.refused(20003, "switching off");
    }
    let missing = UpdateSystemProfile { upid: MISSING.parse().expect("an id"), status: Status::Inactive };
    world.provider.send(&missing).await.refused(20005, "switching nobody off");
    assert_eq!(changes(&tables, &world.server.tables()), Vec::<String>::new());
    manager.ok(&UpdateProfile { city: Some("Ours".to_owned()), ..UpdateProfile::new(below) }).await;
    // An app reads its own user's profile, and no other.
    let own = world.alice.app.ok(&GetProfile::new()).await;
    assert_eq!((own.upid, own.roles), (world.alice.upid, Vec::new()));
    let bobs = GetProfile { upid: Some(world.bob.upid), ..GetProfile::new() };
    world.alice.app.send(&bobs).await.refused(20005, "another user's");
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_found_by_an_api_key() {
    let world = World::new().await;
    let manager = manager(&world).await;
    let by_key =
        |key: &str| GetProfile { api_key: Some(key.to_owned().try_into().expect("a key")), ..GetProfile::new() };
    let found = world.provider.ok(&by_key(&world.merchant.key)).await;
    assert_eq!(found.upid, world.merchant.upid);
    assert_eq!(found.roles, ["merchant-rw", "profile-rw"], "the key's, not the caller's");
    assert!(found.akid.is_some());
    assert_eq!(manager.ok(&by_key(&world.merchant.key)).await.akid, found.akid);
    for key in [&world.initialised.apikey, "0123456789ABCDEF0123456789ABCDEF"] {
        manager.send(&by_key(key)).await.refused(20005, "another's key, or nobody's");
    }
    for text in ["apikey_0123456789abcdef0123456789abcdef", "apikey_0123", "akid_1234567812345678", "nothing"] {
        let answer = manager.exchange("GET", &format!("/api/v1/profile/{text}"), None).await;
        answer.refused(20000, text);
    }
    let token = "usertoken_0123456789ABCDEF0123456789ABCDEF";
    manager.exchange("GET", &format!("/api/v1/profile/{token}"), None).await.refused(20005, "nobody's session");
    assert!(!world.server.logs().contains(&world.merchant.key), "a key in a path does not reach the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn extended_attributes_keep_their_rules() {
    let world = World::new().await;
    let (api, upid) = (&world.provider, world.merchant.upid);
    let list = api.ok(&GetProfileExtendedAttributeList {}).await.attributes;
    assert_eq!(list.len(), 20);
    let flags = |name: &str| list.iter().find(|row| row.name == name).expect("a row").flags.clone().unwrap_or_default();
    assert_eq!(flags("issuername"), ["worm"]);
    assert_eq!(flags("paymentprocessorsecret"), ["mask"], "A-085");

    api.ok(&with_extended(
        upid,
        json!({ "key1": "value", "merchantcallbackpassword": "hunter2", "rippleprofileaddress": "rOne", "candowithdraw": true }),
    ))
    .await;
    // A default attribute may stand beside the other fields.
    let beside = json!({ "upid": upid, "merchantcallbackuser": "me", "extended": { "key2": [1, { "two": null }] } });
    assert_eq!(raw::<UpdateProfile>(api, beside).await.code(), 10000);
    let shown = read(api, upid).await.extended.expect("attributes").0;
    assert_eq!(shown["key1"], "value");
    assert_eq!(shown["key2"], json!([1, { "two": null }]));
    assert_eq!(shown["merchantcallbackuser"], "me");
    assert_eq!(shown["merchantcallbackpassword"], "********");

    // What was shown masked and comes back is no change; worm is set once; null takes away what can be taken away.
    api.ok(&with_extended(upid, json!({ "merchantcallbackpassword": "********", "rippleprofileaddress": "rOne" })))
        .await;
    let database = world.server.home.open_read_only();
    let kept = database
        .number(&format!("SELECT count(*) FROM profile WHERE upid = {} AND secrets IS NOT NULL", upid.number()));
    assert_eq!(kept, 1, "the masked value is kept, and where: see `hidden`");
    drop(database);
    at_rest(&world.server.home.open_read_only());
    let tables = world.server.tables();
    for (what, wrong) in [
        ("worm changed", json!({ "rippleprofileaddress": "rTwo" })),
        ("worm taken away", json!({ "rippleprofileaddress": null })),
        ("a text for true or false", json!({ "walletnotificationenabled": "true" })),
        ("a text for a list", json!({ "merchantacceptedcurrencylist": "USD" })),
        ("a list for an object", json!({ "notificationsettings": [] })),
        ("numbers for currencies", json!({ "merchantacceptedcurrencylist": [1] })),
        ("no address", json!({ "merchantnotificationurl": "shop" })),
        ("an issuer name with a space", json!({ "issuername": "a b" })),
        ("a name that is too long", json!({ "x".repeat(65): 1 })),
        ("half of it good", json!({ "key1": "other", "candowithdraw": "yes" })),
        ("too much together", json!({ "big": "y".repeat(19_950) })),
    ] {
        api.send(&with_extended(upid, wrong)).await.refused(20000, what);
    }
    let twice = json!({ "upid": upid, "merchantcallbackuser": "me", "extended": { "merchantcallbackuser": "you" } });
    raw::<UpdateProfile>(api, twice).await.refused(20000, "the same attribute twice, not alike");
    assert_eq!(changes(&tables, &world.server.tables()), Vec::<String>::new());
    api.ok(&with_extended(upid, json!({ "key1": null }))).await;
    assert!(!read(api, upid).await.extended.expect("attributes").0.contains_key("key1"));

    // The issuer's name is one, however it was set, and unique on the platform.
    api.send(&with_extended(upid, json!({ "issuername": "ACME" }))).await.refused(20006, "the provider's");
    api.ok(&with_extended(upid, json!({ "issuername": "Corner" }))).await;
    assert_eq!(read(api, upid).await.extended.expect("attributes").0["issuername"], "corner", "A-094");
    api.send(&with_extended(upid, json!({ "issuername": "other" }))).await.refused(20000, "worm");

    // Whether a profile may withdraw is not its own to say.
    let manager = manager(&world).await;
    let own = with_extended(upid, json!({ "candowithdraw": false }));
    manager.send(&own).await.refused(20003, "one's own");
    manager.ok(&with_extended(upid, json!({ "mobileappnamewallet": "Corner" }))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_attributes_can_be_described() {
    let world = World::new().await;
    let (api, upid) = (&world.provider, world.merchant.upid);
    let describe = |name: &str, kind, flags: &[&str], priority| SetExtendedAttribute {
        flags: Some(flags.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>()).filter(|flags| !flags.is_empty()),
        priority,
        ..SetExtendedAttribute::new(name.to_owned(), kind, format!("The {name}"))
    };
    api.ok(&describe("loyalty", AttributeType::Number, &["worm"], Some(20))).await;
    api.ok(&describe("pin", AttributeType::Text, &["mask"], Some(10))).await;
    let list = api.ok(&GetProfileExtendedAttributeList {}).await.attributes;
    let customs: Vec<_> = list.iter().skip(20).map(|row| (row.name.as_str(), row.priority)).collect();
    assert_eq!(customs, [("pin", Some(10)), ("loyalty", Some(20))]);

    api.send(&with_extended(upid, json!({ "loyalty": "gold" }))).await.refused(20000, "a text for a number");
    api.ok(&with_extended(upid, json!({ "loyalty": 5, "pin": "1234" }))).await;
    api.send(&with_extended(upid, json!({ "loyalty": 6 }))).await.refused(20000, "worm");
    assert_eq!(read(api, upid).await.extended.expect("attributes").0["pin"], "********");

    for (what, wrong) in [
        ("a default one", describe("issuername", AttributeType::Text, &[], None)),
        ("capitals", describe("Loyalty", AttributeType::Text, &[], None)),
        ("no flag", describe("other", AttributeType::Text, &["secret"], None)),
    ] {
        api.send(&wrong).await.refused(20000, what);
    }
    let manager = manager(&world).await;
    let mine = describe("mine", AttributeType::Text, &[], None);
    manager.send(&mine).await.refused(20003, "an operator's work");
    api.ok(&DeleteExtendedAttribute { name: "loyalty".to_owned() }).await;
    api.send(&DeleteExtendedAttribute { name: "loyalty".to_owned() }).await.refused(20005, "gone");
    api.ok(&with_extended(upid, json!({ "loyalty": "gold" }))).await;
}

/// A credential of an inactive profile is nobody's: 20001, which decides nothing about a money request.
#[tokio::test(flavor = "multi_thread")]
async fn an_inactive_profile_and_those_below_are_turned_away() {
    let world = World::new().await;
    let manager = manager(&world).await;
    let below = manager.ok(&world::individual("child")).await.upid;
    let key = manager.ok(&world::new_key("Below", &["ewallet-ro"], Some(below))).await;
    let child = world.server.api().key(key.api_key.expose());
    let shop = &world.merchant.api;
    let ask = world::payment_of(&world.alice, "2");
    assert_eq!(
        (shop.code(&GetWallet { waid: None }).await, child.code(&GetWallet { waid: None }).await),
        (10000, 10000)
    );
    let switch = |status| UpdateSystemProfile { upid: world.merchant.upid, status };
    world.provider.ok(&switch(Status::Inactive)).await;
    assert_eq!(read(&world.provider, world.merchant.upid).await.status, Status::Inactive);
    shop.reference("while-off").send(&ask).await.refused(20001, "a payment request");
    shop.send(&GetWallet { waid: None }).await.refused(20001, "reading");
    child.send(&GetWallet { waid: None }).await.refused(20001, "of a profile below");
    shop.exchange("POST", "/api/v1/payment/request", Some(b"{".to_vec())).await;
    world.provider.ok(&switch(Status::Active)).await;
    assert_eq!(shop.reference("while-off").code(&ask).await, 10000, "nothing was decided under this reference");
    assert_eq!(child.code(&GetWallet { waid: None }).await, 10000);

    // Nobody saws off the branch they sit on, and agents leave the platform's own profile alone.
    world
        .provider
        .send(&UpdateSystemProfile { upid: world.upid, status: Status::Inactive })
        .await
        .refused(20000, "own");
    let agent = world.provider.ok(&world::new_key("Agent", &["agent-rw"], Some(world.merchant.upid))).await;
    let agent = world.server.api().key(agent.api_key.expose());
    let platform = UpdateSystemProfile { upid: world.upid, status: Status::Inactive };
    agent.send(&platform).await.refused(20003, "the platform's");
    agent.ok(&UpdateSystemProfile { upid: world.bob.upid, status: Status::Inactive }).await;
    world.bob.app.send(&GetWallet { waid: None }).await.refused(20001, "an app of an inactive profile");
}

#[tokio::test(flavor = "multi_thread")]
async fn making_a_profile_with_its_user() {
    let world = World::new().await;
    let person = |name: &str| CreateProfile {
        register_user: Some(true),
        callback_url: Some("https://app.example.com/activate".parse().expect("an address")),
        password: Some(Secret::from("Mypassword$0")),
        time_zone: Some("Canada/Eastern".to_owned()),
        language: Some("fr".to_owned()),
        ..world::individual(name)
    };
    let made = world.provider.ok(&person("Ivy")).await;
    let uuid = made.uuid.expect("a user");
    assert_eq!(read(&world.provider, made.upid).await.master_uuid, Some(uuid));
    let user = world.provider.ok(&GetSystemUser { email: Some(world::email("IVY")), uuid: None }).await.user;
    assert_eq!((user.uuid, user.email.as_str(), user.language.as_str()), (uuid, "ivy@example.com", "fr"));
    assert_eq!(user.status, Status::Inactive, "until the address is confirmed");
    assert_eq!(
        (user.default_profile.upid, &user.default_profile.roles[..]),
        (made.upid, &["profile-admin".to_owned()][..])
    );
    world.provider.ok(&UpdateSystemUser { uuid, status: Status::Active }).await;
    let get = GetSystemUser { email: None, uuid: Some(uuid) };
    assert_eq!(world.provider.ok(&get).await.user.status, Status::Active, "an operator vouches for it");

    at_rest(&world.server.home.open_read_only());
    let tables = world.server.tables();
    world.provider.send(&person("ivY")).await.refused(20006, "the same address");
    for (what, wrong) in [
        ("no such zone", CreateProfile { time_zone: Some("Mars/Olympus".to_owned()), ..person("jo") }),
        ("no password", CreateProfile { password: None, ..person("jo") }),
        ("no address to go on", CreateProfile { callback_url: None, ..person("jo") }),
        ("a weak password", CreateProfile { password: Some(Secret::from("mypassword0")), ..person("jo") }),
        ("a name of an organization", CreateProfile { organization_name: Some("Jo".to_owned()), ..person("jo") }),
        (
            "a birthday of a company",
            CreateProfile { birthday: Some("1950-07-23".to_owned()), ..world::new_merchant("jo") },
        ),
    ] {
        world.provider.send(&wrong).await.refused(20000, what);
    }
    assert_eq!(changes(&tables, &world.server.tables()), Vec::<String>::new());
    let key = async |roles: &[&str]| {
        let key = world.provider.ok(&world::new_key("Limited", roles, Some(world.merchant.upid))).await;
        world.server.api().key(key.api_key.expose())
    };
    let (registrar, agent, manager) =
        (key(&["registration-rw"]).await, key(&["agent-rw"]).await, manager(&world).await);
    at_rest(&world.server.home.open_read_only());
    let tables = world.server.tables();
    let alone = |new: CreateProfile| CreateProfile { sub_profile: None, ..new };
    agent.send(&alone(person("kim"))).await.refused(20003, "a user, without createuser");
    registrar.send(&person("kim")).await.refused(20003, "a sub-profile, without createchildprofile");
    manager.send(&alone(world::individual("kim"))).await.refused(20003, "one that stands alone");
    let unchecked = CreateProfile { email_validation: Some(false), ..alone(person("kim")) };
    registrar.send(&unchecked).await.refused(20003, "an address that nobody checks (A-081)");
    let system = CreateProfile { system: Some(true), ..alone(world::individual("kim")) };
    agent.send(&system).await.refused(20003, "a system profile");
    assert_eq!(changes(&tables, &world.server.tables()), Vec::<String>::new());
    registrar.ok(&alone(person("kim"))).await;
    // Ignored without a user, as the contract says.
    world.provider.ok(&CreateProfile { time_zone: Some("Mars/Olympus".to_owned()), ..world::individual("lee") }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_the_whole_platform() {
    let world = World::new().await;
    let api = &world.provider;
    let admin: florin_sdk_core::Uuid = world.initialised.uuid.parse().expect("an id");
    let user = api.ok(&GetSystemUser { email: None, uuid: Some(admin) }).await.user;
    assert_eq!((user.email.as_str(), user.status), (world.initialised.email.as_str(), Status::Active));
    assert_eq!(user.default_profile.roles, ["system-admin"]);
    let alice = api.ok(&GetSystemUser { email: None, uuid: Some(world.alice.uuid) }).await.user;
    assert_eq!((alice.email.as_str(), alice.default_profile.upid), ("", world.alice.upid));
    for (what, code, request) in [
        ("neither", 20000, json!({})),
        ("both", 20000, json!({ "email": "a@b.example", "uuid": admin })),
        ("no address", 20000, json!({ "email": "nobody" })),
        ("nobody's address", 20005, json!({ "email": "nobody@example.com" })),
        ("nobody", 20005, json!({ "uuid": "uuid_0000000000000007" })),
    ] {
        raw::<GetSystemUser>(api, request).await.refused(code, what);
    }
    let agent = api.ok(&world::new_key("Agent", &["agent-rw"], Some(world.merchant.upid))).await;
    let agent = world.server.api().key(agent.api_key.expose());
    agent.send(&UpdateSystemUser { uuid: admin, status: Status::Inactive }).await.refused(20003, "a superuser");
    agent.ok(&UpdateSystemUser { uuid: world.alice.uuid, status: Status::Inactive }).await;
    world.alice.app.send(&GetWallet { waid: None }).await.refused(20001, "an app of an inactive user");
    let seen = api.ok(&GetUser { provider_user_id: None, uuid: Some(world.alice.uuid) }).await.user;
    assert_eq!(seen.status, Status::Inactive);
    world
        .merchant
        .api
        .send(&GetSystemUser { email: None, uuid: Some(admin) })
        .await
        .refused(20003, "not their business");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_stands_for_one_profile_lists_it() {
    let world = World::new().await;
    let list = world.merchant.api.ok(&GetProfileList {}).await.profiles;
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].upid, list[0].name.as_str()), (world.merchant.upid, "cornershop"));
    assert_eq!(list[0].roles, ["merchant-rw", "profile-rw"]);
    let list = world.alice.app.ok(&GetProfileList {}).await.profiles;
    assert_eq!((list.len(), list[0].upid, list[0].is_default), (1, world.alice.upid, true));
}
