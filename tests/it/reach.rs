//! What a credential reaches: each built-in role and each scope of an application, on all operations, with objects of its
//! own, of others, and with some that are not there. What is another's and what is not there look alike, whatever the
//! role; and neither is changed.

use crate::role::role_rights;
use florin_sdk_core::operation::{self, Access, ApplicationType, Callers, Spec};
use florin_tests::digest::changes;
use florin_tests::http::{Answer, Api, Target};
use florin_tests::oauth::{Person, access_token_of};
use florin_tests::sample;
use florin_tests::world::{self, PASSWORD, World};
use serde_json::Value;
use std::collections::BTreeSet;

/// What names an object of somebody's, by how its text begins.
const IDS: [&str; 10] = ["upid_", "uuid_", "waid_", "txid_", "prid_", "akid_", "ntid_", "hoid_", "mtid_", "evt_"];

/// Operations that look at more than rights: what they hand out, the caller must have, or they are about the
/// person who calls.
const MORE_THAN_RIGHTS: [&str; 12] = [
    "CreateAPIKey",
    "AddTeamUser",
    "UpdateTeamUser",
    "DeleteTeamUser",
    "CreateRole",
    "DeleteRole",
    "AssignRoleRight",
    "UnassignRoleRight",
    "CreateProfile",
    "CreateApplication",
    "ChangeUserEmail",
    "EnableUserMFA",
];

/// What else is answered to whom an operation is open, and why.
const ALSO: [(&str, u32, &str); 5] = [
    ("CreateProfileAddress", 20006, "an address is written once, and another role has written it"),
    ("IssueIOU", 20000, "the sample's address is the platform's, not the profile's"),
    ("AcceptPayment", 20011, "as RefusePayment"),
    ("RefusePayment", 20011, "whose wallet is asked to pay decides, or who has a right on it"),
    ("ChangeUserEmail", 10004, "so many mails an hour"),
];

/// Operations that name somebody else's on purpose: a payment request says who is to pay, whoever that is.
const OF_OTHERS: [&str; 1] = ["CreatePaymentRequest"];

/// Lists that are empty where there is nothing, for whoever may see all.
const EMPTY_LISTS: [&str; 2] = ["GetNotificationTransports", "GetAllNotificationTransports"];

/// The same request about objects that are not there; none if it names no object.
fn missing(spec: &Spec, request: &Value) -> Option<Value> {
    let makes_a_user = spec.name == "CreateUser";
    let mut names = false;
    let mut other = request.clone();
    for (name, value) in other.as_object_mut().expect("fields") {
        let Some(text) = value.as_str() else { continue };
        if let Some(id) = IDS.iter().find(|id| text.starts_with(**id)) {
            *value = if *id == "evt_" { "evt_7".into() } else { format!("{id}0000000000000007").into() };
            names = true;
        } else if name == "provideruserid" && !makes_a_user {
            *value = "nobody of that name".into();
            names = true;
        }
    }
    names.then_some(other)
}

struct Rights<'a> {
    role: &'a str,
    names: &'a BTreeSet<String>,
}

impl Rights<'_> {
    fn has(&self, spec: &Spec, any: &[&str]) -> bool {
        // what comes through a -ro role opens only what reads.
        let counts = spec.access == Access::Read || !self.role.ends_with("-ro");
        counts && (self.names.contains("superuser") || any.iter().any(|right| self.names.contains(*right)))
    }

    fn admits(&self, spec: &Spec) -> bool {
        let rights = spec.rights;
        let lists = [rights.own, rights.child, rights.any];
        spec.party || lists.iter().all(|list| list.is_empty()) || lists.iter().any(|list| self.has(spec, list))
    }
}

/// Operations that a key can call.
fn callable() -> impl Iterator<Item = Spec> {
    operation::all().into_iter().filter(|spec| matches!(spec.callers, Callers::Provider | Callers::Both))
}

async fn sent(api: &Api, spec: &Spec, request: &Value) -> Answer {
    api.send_target(&Target::of(spec, request)).await
}

async fn sample_of(world: &World, spec: &Spec) -> Value {
    sample::of(world, spec.name).await.expect("a sample")
}

/// Somebody beside the merchant: an organization below the provider, of which no sample knows.
async fn stranger(world: &World) -> florin_sdk_core::Upid {
    world.provider.ok(&world::new_merchant("stranger")).await.upid
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_reaches_its_own_and_what_is_anothers_is_as_if_it_were_not_there() {
    let mut world = World::new().await;
    let (roles, stranger) = (role_rights(), stranger(&world).await);
    let mut keys = Vec::new();
    for (role, names) in &roles {
        let own = world.provider.ok(&world::new_key(role, &[role], None)).await;
        let other = world.provider.ok(&world::new_key(role, &[role], Some(stranger))).await;
        let api = |key: &florin_sdk_core::Secret| world.server.api().key(key.expose());
        keys.push((Rights { role, names }, api(&own.api_key), api(&other.api_key)));
    }
    let (mut faults, mut cells, mut reached) = (Vec::new(), 0, 0);
    for spec in callable() {
        let name = spec.name;
        let mut request = sample_of(&world, &spec).await;
        let absent = missing(&spec, &request).filter(|_| !OF_OTHERS.contains(&name));
        // Others first, as they change nothing. Who may everything with everybody's is no stranger.
        let before = world.server.tables();
        for (rights, _, other) in keys.iter().filter(|(rights, ..)| !rights.has(&spec, spec.rights.any)) {
            let what = format!("{name} with {} of another", rights.role);
            let answer = sent(other, &spec, &request).await;
            let code = answer.code();
            cells += 1;
            if !rights.admits(&spec) {
                if code != 20003 {
                    faults.push(format!("{what}: not admitted, but {code}"));
                }
            } else if let Some(absent) = &absent {
                let nothing = sent(other, &spec, absent).await;
                cells += 1;
                if !matches!(code, 20003 | 20005) || nothing.text() != answer.text() {
                    faults.push(format!("{what}: {} and, if it is not there, {}", answer.text(), nothing.text()));
                }
            }
        }
        let changed = changes(&before, &world.server.tables());
        if absent.is_some() && !changed.is_empty() {
            faults.push(format!("{name}: others have changed {changed:?}"));
        }
        for (rights, own, _) in &keys {
            let what = format!("{name} with {}", rights.role);
            if let Some(absent) = absent.as_ref().filter(|_| rights.admits(&spec)) {
                let code = sent(own, &spec, absent).await.code();
                cells += 1;
                if code == 10000 && !EMPTY_LISTS.contains(&name) {
                    faults.push(format!("{what}: done to what is not there"));
                }
            }
            let answer = sent(own, &spec, &request).await;
            let code = answer.code();
            cells += 1;
            reached += usize::from(code == 10000);
            let right = if !rights.admits(&spec) {
                code == 20003
            } else if ALSO.iter().any(|(of, also, _)| (*of, *also) == (name, code)) {
                true
            } else if rights.has(&spec, spec.rights.any) && !MORE_THAN_RIGHTS.contains(&name) {
                code == 10000
            } else {
                matches!(code, 10000 | 20003 | 20005)
            };
            if !right {
                faults.push(format!("{what}: {}", answer.text()));
            }
            if code == 10000 && spec.access == Access::Write {
                request = sample_of(&world, &spec).await;
            }
        }
    }
    eprintln!("{cells} cells, {reached} reached");
    assert!(cells > 3000 && reached > 300, "{reached} of {cells}: does this test look at anything?");
    assert!(faults.is_empty(), "{} of {cells} cells:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(world.server.terminate().await.code(), Some(0));
    world.server.home.verify().await.sound();
}

/// The tokens that applications have of somebody who has a profile alone: with each scope they reach that profile at most.
#[tokio::test(flavor = "multi_thread")]
async fn each_scope_reaches_the_persons_own_and_nothing_of_others() {
    let world = World::new().await;
    let address = world::staff(&world.provider, "stranger").await;
    let (public, confidential) = (ApplicationType::Public, ApplicationType::Confidential);
    let mut tokens = Vec::new();
    for (kind, scope) in
        [(&public, "*"), (&public, "read"), (&confidential, "openid"), (&confidential, "read"), (&confidential, "*")]
    {
        let person = Person::signed_in_as(&world, &address, PASSWORD).await;
        let token = access_token_of(&world, person, kind.clone(), scope).await;
        tokens.push((*kind == public, scope, world.server.api().bearer(&token)));
    }
    let (mut faults, mut cells) = (Vec::new(), 0);
    for spec in callable() {
        let request = sample_of(&world, &spec).await;
        let (absent, writes) = (missing(&spec, &request), spec.access == Access::Write);
        let own = spec.fields.iter().all(|field| !field.required) && !writes;
        for (mobile, scope, api) in &tokens {
            let what = format!("{} with {} {scope}", spec.name, if *mobile { "public" } else { "confidential" });
            let barred = match (*mobile, *scope) {
                (true, _) if writes => Some(20004),
                (true, _) if spec.callers == Callers::Provider => Some(20003),
                (false, "openid") => Some(20003),
                (false, "read") if writes => Some(20003),
                _ => None,
            };
            let answer = sent(api, &spec, &request).await;
            let code = answer.code();
            cells += 1;
            if let Some(barred) = barred {
                if code != barred {
                    faults.push(format!("{what}: {barred} expected, {}", answer.text()));
                }
                continue;
            }
            if let Some(absent) = &absent {
                let nothing = sent(api, &spec, absent).await;
                cells += 1;
                if !matches!(code, 20003 | 20005) || nothing.text() != answer.text() {
                    faults.push(format!("{what}: {} and, if it is not there, {}", answer.text(), nothing.text()));
                }
            }
            if own {
                let code = sent(api, &spec, &serde_json::json!({})).await.code();
                cells += 1;
                if !matches!(code, 10000 | 20000 | 20003 | 20005) {
                    faults.push(format!("{what}: {code} of its own"));
                }
            }
        }
    }
    assert!(cells > 500, "{cells}");
    assert!(faults.is_empty(), "{} of {cells} cells:\n{}", faults.len(), faults.join("\n"));
}
