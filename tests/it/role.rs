//! Roles: each built-in one as the contract prints it, on all operations; and those that profiles make for themselves.

use florin_sdk_core::operation::{
    self, Access, AssignRoleRight, Callers, DeleteRole, GetAPIKeyList, GetTeamList, GetWallet, ListRoles, Operation,
    UnassignRoleRight,
};
use florin_tests::codec;
use florin_tests::digest::changes;
use florin_tests::http::{Api, Target};
use florin_tests::reference;
use florin_tests::world::{self, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The contract's own files, not our tables.
pub(crate) fn role_rights() -> BTreeMap<String, BTreeSet<String>> {
    let roles: Value = serde_json::from_str(include_str!("../spec/omnigate/roles.json")).expect("roles.json");
    serde_json::from_value(roles["role_rights"].clone()).expect("role_rights")
}

/// What a key of each role is answered at the gate, worked out from roles.json and `rights_inferred` of operations.json:
/// a key with none of an operation's rights is refused before anything of the request is looked at, any other is not.
/// The request is empty, so what needs no field runs on the key's own profile.
#[tokio::test(flavor = "multi_thread")]
async fn every_role_on_every_operation() {
    let world = World::new().await;
    let notes: Value = serde_json::from_str(include_str!("../spec/omnigate/operations.json")).expect("operations.json");
    let note = |name: &str| {
        let row = notes.as_array().expect("a list").iter().find(|row| row["name"] == name).expect("an operation");
        row["rights_inferred"]["notes"].as_str().unwrap_or_default().to_owned()
    };
    let documented = reference::omnigate();
    let mut faults = Vec::new();
    let (mut cells, mut refused) = (0, 0);
    for (role, rights) in role_rights() {
        let key = world.provider.ok(&world::new_key("One role", &[&role], Some(world.merchant.upid))).await;
        let api = world.server.api().key(key.api_key.expose());
        for spec in operation::all() {
            let Some(operation) = documented.iter().find(|operation| operation.name == spec.name) else { continue };
            let Some(needed) = operation.rights_inferred.as_ref() else { continue };
            let public = spec.callers == Callers::Public;
            // Whose user a key is, is another rule than rights; and what is elsewhere than below /api another protocol.
            if spec.base != operation::BASE_PATH || (note(spec.name).contains("the user himself") && !public) {
                continue;
            }
            let empty = json!({});
            let runs = spec.fields.iter().all(|field| !field.required)
                && (codec::of(spec.name).request)(&empty).is_ok()
                && (codec::of(spec.name).faults)(&empty).is_empty();
            let opening = [Some(&needed.own), Some(&needed.child).filter(|_| !runs), Some(&needed.any)];
            let none = needed.own.is_empty() && needed.child.is_empty() && needed.any.is_empty();
            let party = note(spec.name).contains("or the caller is");
            // what comes through a -ro role opens only what reads.
            let counts = spec.access == Access::Read || !role.ends_with("-ro");
            let has = |right: &String| counts && (rights.contains(right) || rights.contains("superuser"));
            let expected = public || none || party || opening.into_iter().flatten().flatten().any(has);
            if public {
                continue;
            }
            // The path with most parameters needs them; one without is enough for the gate.
            let path = spec.paths.last().expect("a path");
            let filled: serde_json::Map<String, Value> = path
                .split('{')
                .skip(1)
                .filter_map(|part| part.split_once('}'))
                .map(|(name, _)| (name.to_owned(), json!(format!("{name}_0000000000000007"))))
                .collect();
            let target = Target::of(&spec, &Value::Object(filled));
            let target = Target { body: target.body.map(|_| json!({})), ..target };
            let code = api.send_target(&target).await.code();
            cells += 1;
            refused += usize::from(!expected);
            if (code == 20003) == expected {
                faults.push(format!("{role} on {}: {code}, but admitted is {expected}", spec.name));
            }
        }
    }
    assert!(cells > 600 && refused > 200 && refused < cells, "{refused} of {cells}: does this test look at anything?");
    assert!(faults.is_empty(), "{} of {cells} cells:\n{}", faults.len(), faults.join("\n"));
}

/// A key that manages the merchant and what is below it.
async fn manager(world: &World) -> Api {
    let key = world.provider.ok(&world::new_key("Manager", &["ewallet-admin"], Some(world.merchant.upid))).await;
    world.server.api().key(key.api_key.expose())
}

async fn key_with(world: &World, maker: &Api, roles: &[&str]) -> Api {
    let key = maker.ok(&world::new_key("With a role", roles, None)).await;
    world.server.api().key(key.api_key.expose())
}

fn assign(role: &str, right: &str) -> AssignRoleRight {
    AssignRoleRight::new(role.to_owned(), right.to_owned())
}

fn unassign(role: &str, right: &str) -> UnassignRoleRight {
    UnassignRoleRight::new(role.to_owned(), right.to_owned())
}

fn delete(role: &str) -> DeleteRole {
    DeleteRole { role: role.to_owned(), upid: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_role_takes_effect_with_the_very_next_request() {
    let world = World::new().await;
    let manager = manager(&world).await;
    manager.ok(&world::new_role("clerk", &["readmyprofile"], None)).await;
    let clerk = key_with(&world, &manager, &["clerk"]).await;
    let (read, keys) = (GetWallet { waid: None }, GetAPIKeyList { upid: None });
    assert_eq!((clerk.code(&read).await, clerk.code(&keys).await), (20003, 20003));
    manager.ok(&assign("clerk", "readwalletbalances")).await;
    assert_eq!((clerk.code(&read).await, clerk.code(&keys).await), (10000, 20003));
    manager.ok(&assign("clerk", "createprofileapikey")).await;
    manager.ok(&assign("clerk", "createprofileapikey")).await;
    assert_eq!((clerk.code(&read).await, clerk.code(&keys).await), (10000, 10000));
    manager.ok(&unassign("clerk", "readwalletbalances")).await;
    manager.ok(&unassign("clerk", "readwalletbalances")).await;
    assert_eq!((clerk.code(&read).await, clerk.code(&keys).await), (20003, 10000));
    let listed = manager.ok(&keys).await.api_keys;
    assert!(listed.iter().any(|key| key.roles == ["clerk"]), "keys show the role's name");

    manager.ok(&delete("clerk")).await;
    assert_eq!((clerk.code(&read).await, clerk.code(&keys).await), (20003, 20003));
    manager.send(&delete("clerk")).await.refused(20005, "gone");
    manager.send(&world::new_key("More", &["clerk"], None)).await.refused(20000, "no such role any more");
    // A new role of the old name is another one: the old key has nothing of it.
    manager.ok(&world::new_role("clerk", &["readwalletbalances"], None)).await;
    assert_eq!(clerk.code(&read).await, 20003);
    assert_eq!(key_with(&world, &manager, &["clerk"]).await.code(&read).await, 10000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_counts_for_its_profile_and_those_below() {
    let world = World::new().await;
    let manager = manager(&world).await;
    manager.ok(&world::new_role("teller", &["readwalletbalances", "readmyprofile"], None)).await;
    let below = manager.ok(&world::individual("child")).await.upid;
    let key = manager.ok(&world::new_key("Below", &["teller"], Some(below))).await;
    let child = world.server.api().key(key.api_key.expose());
    assert_eq!(child.code(&GetWallet { waid: None }).await, 10000);
    manager.ok(&world::new_member("kim", &["teller"], Some(below))).await;
    assert_eq!(manager.ok(&GetTeamList { upid: Some(below) }).await.team[0].roles, ["teller"]);
    let list = manager.ok(&ListRoles { upid: Some(below) }).await.roles;
    assert_eq!((list.len(), list[0].role_id.as_str(), list[0].upid), (1, "teller", world.merchant.upid));
    assert_eq!(list[0].rights.len(), 2);
    assert!(list[0].rights.iter().all(|right| !right.description.is_empty()));
    manager.send(&world::new_role("teller", &[], Some(below))).await.refused(20006, "one above has the name");

    // Other profiles know nothing of it.
    assert_eq!(world.provider.ok(&ListRoles { upid: None }).await.roles, []);
    world.provider.send(&world::new_key("Above", &["teller"], None)).await.refused(20000, "a role from below");
    let tables = world.server.tables();
    for upid in [world.upid, world.alice.upid, "upid_0000000000000007".parse().expect("an id")] {
        manager.send(&world::new_role("other", &[], Some(upid))).await.refused(20005, "another's");
        manager.send(&ListRoles { upid: Some(upid) }).await.refused(20005, "another's");
        let delete = DeleteRole { role: "teller".to_owned(), upid: Some(upid) };
        manager.send(&delete).await.refused(20005, "another's");
    }
    let not_here = DeleteRole { role: "teller".to_owned(), upid: Some(below) };
    manager.send(&not_here).await.refused(20005, "it belongs to the profile above");
    assert_eq!(changes(&tables, &world.server.tables()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_a_role_that_may_more_than_they() {
    let world = World::new().await;
    let manager = manager(&world).await;
    world.provider.ok(&world::new_role("issuer", &["createcurrency"], Some(world.merchant.upid))).await;
    manager.ok(&world::new_role("clerk", &[], None)).await;
    let tables = world.server.tables();
    for right in ["superuser", "createcurrency", "readallprofiles", "manualdeposit"] {
        manager.send(&world::new_role("more", &["readmyprofile", right], None)).await.refused(20003, right);
        manager.send(&assign("clerk", right)).await.refused(20003, right);
    }
    manager.send(&world::new_key("More", &["issuer"], None)).await.refused(20003, "a role of somebody greater");
    manager.send(&assign("issuer", "readmyprofile")).await.refused(20003, "a role of somebody greater");
    manager.send(&unassign("issuer", "createcurrency")).await.refused(20003, "taking");
    manager.send(&delete("issuer")).await.refused(20003, "taking");
    for (what, code, answer) in [
        ("no such right", 20000, manager.send(&assign("clerk", "no-such-right")).await),
        ("no such right", 20000, manager.send(&unassign("clerk", "no-such-right")).await),
        ("no such right", 20000, manager.send(&world::new_role("more", &["no-such-right"], None)).await),
        ("no such role", 20005, manager.send(&assign("nobody", "readmyprofile")).await),
        ("a built-in role", 20005, manager.send(&assign("profile-ro", "createuser")).await),
        ("a built-in role's name", 20000, manager.send(&world::new_role("profile-ro", &[], None)).await),
        ("taken", 20006, manager.send(&world::new_role("clerk", &[], None)).await),
        ("without manageteam", 20003, world.merchant.api.send(&world::new_role("mine", &[], None)).await),
    ] {
        answer.refused(code, what);
    }
    for name in ["Clerk", "2clerk", "a b", "a,b", "#17", "clerk-", "cl\u{e9}rk"] {
        manager.send(&world::new_role(name, &[], None)).await.refused(20000, name);
    }
    assert_eq!(changes(&tables, &world.server.tables()), Vec::<String>::new());

    // A role that only reads gives nothing that writes, whatever its rights.
    manager.ok(&world::new_role("desk-ro", &["createprofileapikey", "manageteam"], None)).await;
    let desk = key_with(&world, &manager, &["desk-ro"]).await;
    assert_eq!(desk.code(&GetAPIKeyList { upid: None }).await, 10000);
    desk.send(&world::new_key("Mine", &["desk-ro"], None)).await.refused(20003, "writing");
    desk.send(&world::new_role("mine", &[], None)).await.refused(20003, "writing");
    assert_eq!(operation::CreateRole::ACCESS, Access::Write);
}
