//! The users of a profile: the roles sit on the mapping.

use florin_sdk_core::model::Status;
use florin_sdk_core::operation::{
    AddTeamUser, CreateProfile, DeleteTeamUser, GetProfile, GetProfileList, GetSystemUser, GetTeamList, GetWallet,
    Login, TeamMember, UnassignRoleRight, UpdateProfile, UpdateSystemUser, UpdateTeamUser,
};
use florin_sdk_core::{Secret, Upid, Uuid};
use florin_tests::digest::changes;
use florin_tests::http::Api;
use florin_tests::mailbox::at_rest;
use florin_tests::world::{self, World};

/// A key that manages the merchant and what is below it.
async fn manager(world: &World) -> Api {
    let key = world.provider.ok(&world::new_key("Manager", &["ewallet-admin"], Some(world.merchant.upid))).await;
    world.server.api().key(key.api_key.expose())
}

async fn team(api: &Api, upid: Option<Upid>) -> Vec<TeamMember> {
    api.ok(&GetTeamList { upid }).await.team
}

fn roles(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_comes_changes_and_goes() {
    let world = World::new().await;
    let manager = manager(&world).await;
    let added = manager.ok(&world::new_member("Kim", &["profile-ro", "profile-ro"], None)).await;
    assert_eq!(added.upid, world.merchant.upid);
    let members = team(&manager, None).await;
    assert_eq!(members.len(), 1);
    assert_eq!((members[0].uuid, members[0].email.as_str()), (added.uuid, "kim@example.com"));
    assert_eq!(members[0].roles, ["profile-ro"]);
    manager.send(&world::new_member("kim", &["profile-ro"], None)).await.refused(20006, "twice, in other letters");

    let change = |names: &[&str]| UpdateTeamUser::new(world::email("KIM"), roles(names));
    manager.ok(&change(&["profile-rw", "ewallet-ro"])).await;
    assert_eq!(team(&manager, None).await[0].roles, ["ewallet-ro", "profile-rw"], "in place of those before");

    // The same user on another profile, with other roles there.
    let below = manager.ok(&world::individual("child")).await.upid;
    let again = manager.ok(&world::new_member("kim", &["profile-admin"], Some(below))).await;
    assert_eq!((again.uuid, again.upid), (added.uuid, below));
    assert_eq!(team(&manager, Some(below)).await[0].roles, ["profile-admin"]);
    assert_eq!(team(&manager, None).await[0].roles, ["ewallet-ro", "profile-rw"]);
    let user = world.provider.ok(&GetSystemUser { email: None, uuid: Some(added.uuid) }).await.user;
    assert_eq!(user.default_profile.upid, world.merchant.upid, "the first one");

    manager.ok(&DeleteTeamUser { uuid: added.uuid, upid: None }).await;
    assert_eq!(team(&manager, None).await, []);
    assert_eq!(team(&manager, Some(below)).await.len(), 1, "the other place stays");
    let user = world.provider.ok(&GetSystemUser { email: None, uuid: Some(added.uuid) }).await.user;
    assert_eq!(user.default_profile.upid, below, "the default moves on");
    manager.send(&DeleteTeamUser { uuid: added.uuid, upid: None }).await.refused(20005, "gone");
    manager.send(&change(&["profile-ro"])).await.refused(20005, "gone");
    manager.ok(&world::new_member("kim", &["profile-ro"], None)).await;
    assert_eq!(team(&manager, None).await[0].roles, ["profile-ro"], "back again, without what was before");
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_team_it_is() {
    let world = World::new().await;
    let manager = manager(&world).await;
    let admin: Uuid = world.initialised.uuid.parse().expect("an id");
    let own = manager.ok(&world::new_member("kim", &["profile-ro"], None)).await;
    at_rest(&world.server.home.open_read_only());
    let tables = world.server.tables();
    for upid in [world.upid, world.alice.upid, "upid_0000000000000007".parse().expect("an id")] {
        let upid = Some(upid);
        manager.send(&world::new_member("lee", &["profile-ro"], upid)).await.refused(20005, "adding");
        manager.send(&GetTeamList { upid }).await.refused(20005, "looking");
        let change = UpdateTeamUser { upid, ..UpdateTeamUser::new(world::email("kim"), roles(&["profile-ro"])) };
        manager.send(&change).await.refused(20005, "changing");
        manager.send(&DeleteTeamUser { uuid: own.uuid, upid }).await.refused(20005, "taking off");
    }
    manager.send(&DeleteTeamUser { uuid: admin, upid: None }).await.refused(20005, "who is not in it");
    manager.send(&UpdateTeamUser::new(world::email("nobody"), roles(&["profile-ro"]))).await.refused(20005, "nobody");
    world.merchant.api.send(&GetTeamList { upid: None }).await.refused(20003, "without manageteam");
    assert_eq!(changes(&tables, &world.server.tables()), Vec::<String>::new());
    let master = DeleteTeamUser { uuid: admin, upid: None };
    world.provider.send(&master).await.refused(20003, "the profile's master");
    assert_eq!(world.provider.ok(&GetProfile::new()).await.master_uuid, Some(admin));
}

/// A-110, and its other half: nobody takes away what they could not give.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_or_takes_more_than_they_have() {
    let world = World::new().await;
    let manager = manager(&world).await;
    world.provider.ok(&world::new_member("big", &["agent-admin"], Some(world.merchant.upid))).await;
    let big = team(&manager, None).await[0].uuid;
    at_rest(&world.server.home.open_read_only());
    let tables = world.server.tables();
    for role in ["system-admin", "agent-ro", "issuer-rw", "system-ro", "gateway-admin"] {
        manager.send(&world::new_member("kim", &["profile-ro", role], None)).await.refused(20003, role);
    }
    for (what, member) in [
        ("no such role", world::new_member("kim", &["no-such-role"], None)),
        ("no role", AddTeamUser { roles: Vec::new(), ..world::new_member("kim", &[], None) }),
        (
            "no language",
            AddTeamUser { language: Some("f1".to_owned()), ..world::new_member("kim", &["profile-ro"], None) },
        ),
    ] {
        manager.send(&member).await.refused(20000, what);
    }
    manager.send(&UpdateTeamUser::new(world::email("big"), roles(&["profile-ro"]))).await.refused(20003, "taking");
    manager.send(&DeleteTeamUser { uuid: big, upid: None }).await.refused(20003, "taking off");
    // Who may manage a team, but not make users.
    assert_eq!(changes(&tables, &world.server.tables()), Vec::<String>::new());
    let clerk =
        world.provider.ok(&world::new_key("Clerk", &["merchant-admin", "profile-ro"], Some(world.merchant.upid))).await;
    let clerk = world.server.api().key(clerk.api_key.expose());
    clerk.send(&world::new_member("new", &["merchant-ro"], None)).await.refused(20003, "a user that is not there yet");
    manager.ok(&world::new_member("known", &["profile-ro"], None)).await;
    let known = team(&manager, None).await.into_iter().find(|member| member.email.starts_with("known")).expect("known");
    manager.ok(&DeleteTeamUser { uuid: known.uuid, upid: None }).await;
    clerk.ok(&world::new_member("known", &["merchant-ro"], None)).await;
}

/// A person who signs in: several profiles, the roles on each, and what ends with a place or a right.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_several_profiles() {
    let world = World::new().await;
    let manager = manager(&world).await;
    let own = CreateProfile {
        register_user: Some(true),
        email_validation: Some(false),
        callback_url: Some("https://app.example.com/activate".parse().expect("an address")),
        password: Some(Secret::from("Mypassword$0")),
        ..world::individual("ivy")
    };
    let own = world.provider.ok(&own).await;
    let uuid = own.uuid.expect("a user");
    manager.ok(&world::new_role("teller", &["readwalletbalances", "readmyprofile"], None)).await;
    manager.ok(&world::new_member("ivy", &["teller"], None)).await;

    let login = Login::new(world::email("ivy"), Secret::from("Mypassword$0"));
    let signed_in = world.server.api().ok(&login).await;
    let ivy = world.server.api().bearer(signed_in.token.expose());
    let list = ivy.ok(&GetProfileList {}).await.profiles;
    let mut seen: Vec<_> = list.iter().map(|p| (p.upid, p.roles.join(","), p.is_master, p.is_default)).collect();
    seen.sort_by_key(|row| !row.2);
    assert_eq!(
        seen,
        [(own.upid, "profile-admin".to_owned(), true, true), (world.merchant.upid, "teller".to_owned(), false, false)]
    );
    let profile = ivy.ok(&GetProfile::new()).await;
    assert_eq!((profile.upid, profile.roles), (own.upid, vec!["profile-admin".to_owned()]), "the default one");
    ivy.ok(&UpdateProfile { city: Some("Paris".to_owned()), ..UpdateProfile::new(own.upid) }).await;
    let theirs = GetWallet { waid: Some(world.merchant.waid) };
    ivy.send(&theirs).await.refused(20005, "roles on one profile open nothing of another");

    // A role of the person changes: with the very next request, in the same session.
    world.provider.ok(&world::new_role("owner", &["readmyprofile", "modifymyprofile"], Some(own.upid))).await;
    let change = UpdateTeamUser { upid: Some(own.upid), ..UpdateTeamUser::new(world::email("ivy"), roles(&["owner"])) };
    world.provider.ok(&change).await;
    let update = UpdateProfile { city: Some("Rome".to_owned()), ..UpdateProfile::new(own.upid) };
    ivy.ok(&update).await;
    ivy.send(&GetWallet { waid: None }).await.refused(20003, "a right that went with the old role");
    let right = UnassignRoleRight {
        upid: Some(own.upid),
        ..UnassignRoleRight::new("owner".to_owned(), "modifymyprofile".to_owned())
    };
    world.provider.ok(&right).await;
    ivy.send(&update).await.refused(20003, "a right that the role has lost");

    // Switched off, and on again: the session does not come back.
    world.provider.ok(&UpdateSystemUser { uuid, status: Status::Inactive }).await;
    ivy.send(&GetProfile::new()).await.refused(20001, "an inactive user");
    world.server.api().send(&login).await.refused(20001, "an inactive user signs in");
    world.provider.ok(&UpdateSystemUser { uuid, status: Status::Active }).await;
    ivy.send(&GetProfile::new()).await.refused(20001, "the old session");
    let again = world.server.api().ok(&login).await;
    assert_eq!(world.server.api().bearer(again.token.expose()).code(&GetProfile::new()).await, 10000);
}
