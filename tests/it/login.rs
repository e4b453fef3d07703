//! Signing in, and what people sign in with: passwords, links by mail, lock-out.

use crate::secrets::find;
use florin_sdk_core::operation::{
    ActivationEmail, ChangeUserEmail, ChangeUserPassword, CreateProfile, GetProfile, GetUserMFASeed, GetUserMFAStatus,
    Login, ResetUserPassword,
};
use florin_sdk_core::{Email, Secret, Upid, Uuid, WebUrl};
use florin_tests::digest::changes;
use florin_tests::http::{Answer, Api};
use florin_tests::mailbox::{at_rest, last, mails_to, wait_for};
use florin_tests::server::{Home, Initialised, Options, Server};
use florin_tests::world::{self, registration};
use std::collections::BTreeSet;

pub(crate) use florin_tests::world::PASSWORD;

pub(crate) const CALLBACK: &str = "https://app.example.com/set?x=1";

pub(crate) fn email(text: &str) -> Email {
    text.parse().expect("an e-mail address")
}

pub(crate) fn url(text: &str) -> WebUrl {
    text.parse().expect("a web address")
}

pub(crate) fn login(address: &str, password: &str) -> Login {
    Login::new(email(address), password.into())
}

/// A server and a person who signs in.
pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) initialised: Initialised,
    /// The provider's server.
    pub(crate) provider: Api,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let (server, initialised) = Server::fresh().await;
        let provider = server.api().key(&initialised.apikey);
        Self { server, initialised, provider }
    }

    /// Registers a person, who may sign in at once.
    pub(crate) async fn person(&self, name: &str) -> (String, Upid, Uuid) {
        let request = CreateProfile { email_validation: Some(false), ..registration(name) };
        let made = self.provider.ok(&request).await;
        (format!("{name}@example.com"), made.upid, made.uuid.expect("a user"))
    }

    pub(crate) async fn login_code(&self, address: &str, password: &str) -> u32 {
        self.server.api().code(&login(address, password)).await
    }

    /// Signs a person in.
    pub(crate) async fn signed_in(&self, address: &str, password: &str) -> Api {
        let answer = self.server.api().ok(&login(address, password)).await;
        self.server.api().bearer(answer.token.expose())
    }

    /// Moves the server's clock forward.
    pub(crate) async fn pass(&self, seconds: u32) {
        let body = format!("{{\"advanceSeconds\": {seconds}}}");
        let moved = self.server.api().exchange("POST", "/sandbox/momo/clock", Some(body.into_bytes())).await;
        assert_eq!(moved.status, 200, "{}", moved.text());
    }

    /// How many passwords the server has hashed.
    async fn hashed(&self) -> u64 {
        let metrics = self.server.api().exchange("GET", "/metrics", None).await.text();
        let line = metrics.lines().find_map(|line| line.strip_prefix("florin_passwords_hashed_total "));
        line.expect("a counter").parse().expect("a number")
    }

    /// Fails to sign in so many times.
    pub(crate) async fn fail(&self, address: &str, times: usize) {
        for _ in 0..times {
            assert_eq!(self.login_code(address, "Wrongpass$0").await, 20001);
        }
    }
}

/// Fills the form of a page in, as a browser does.
async fn press(api: &Api, path: &str, token: &str) -> Answer {
    let path = path.split('?').next().expect("a path");
    api.exchange("POST", path, Some(format!("token={token}").into_bytes())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_acts_as_their_profile() {
    let place = Place::new().await;
    let api = place.server.api();
    let (address, password) = (place.initialised.email.clone(), place.initialised.password.clone());
    let answer = api.ok(&login(&address, &password)).await;
    assert_eq!(answer.upid.to_string(), place.initialised.upid);
    assert_eq!(answer.uuid.to_string(), place.initialised.uuid);
    assert_eq!(answer.roles, ["system-admin"]);
    let profiles: Vec<_> = answer.profiles.iter().map(|profile| (profile.upid, profile.name.as_str())).collect();
    assert_eq!(profiles, [(answer.upid, "Florin")]);
    assert!(!format!("{answer:?}").contains(answer.token.expose()), "wrapped");

    let signed_in = api.bearer(answer.token.expose());
    let profile = signed_in.ok(&GetProfile::new()).await;
    assert_eq!((profile.upid, profile.roles), (answer.upid, vec!["system-admin".to_owned()]));
    // Capital letters in the address are no other person.
    assert_eq!(place.login_code(&address.to_uppercase(), &password).await, 10000);

    // Somebody else has other rights.
    let (address, upid, uuid) = place.person("ivy").await;
    let answer = api.ok(&login(&address, PASSWORD)).await;
    assert_eq!((answer.upid, answer.uuid), (upid, uuid));
    assert_eq!(answer.roles, ["profile-admin"]);
    assert_eq!(answer.profiles[0].name, "Ivy Individual");
    let ivy = api.bearer(answer.token.expose());
    assert_eq!(ivy.ok(&GetProfile::new()).await.upid, upid);
    let others = GetProfile { upid: Some(place.initialised.upid.parse().expect("a upid")), ..GetProfile::new() };
    assert_eq!(ivy.code(&others).await, 20005);
    // Both credentials at once are one too many, for what needs none, too.
    let both = florin_tests::http::Credential::Both { key: place.initialised.apikey.clone(), token: "x".to_owned() };
    assert_eq!(api.with(both).code(&login(&address, PASSWORD)).await, 20001);
}

/// Unknown, wrong, inactive, unconfirmed, locked out: one answer, to the byte, after the same work.
#[tokio::test(flavor = "multi_thread")]
async fn all_who_fail_get_the_same_answer_after_the_same_work() {
    let mut place = Place::new().await;
    let (wrong, ..) = place.person("wrong").await;
    let (inactive, _, uuid) = place.person("inactive").await;
    let off = format!("UPDATE app_user SET status = 'inactive' WHERE uuid = {}", uuid.number());
    assert_eq!(place.server.while_stopped(|database| database.execute(&off)).await, 1);
    place.provider.ok(&registration("unconfirmed")).await;
    let (locked, ..) = place.person("locked").await;
    place.fail(&locked, 5).await;
    place.fail("nobody-locked@example.com", 5).await;

    let database = place.server.home.open_read_only();
    at_rest(&database);
    let mut answers = BTreeSet::new();
    for (what, address, password) in [
        ("unknown", "nobody@example.com", PASSWORD),
        ("wrong password", wrong.as_str(), "Wrongpass$0"),
        ("inactive, right password", inactive.as_str(), PASSWORD),
        ("inactive, wrong password", inactive.as_str(), "Wrongpass$0"),
        ("unconfirmed, right password", "unconfirmed@example.com", PASSWORD),
        ("locked, right password", locked.as_str(), PASSWORD),
        ("locked, wrong password", locked.as_str(), "Wrongpass$0"),
        ("locked, unknown", "nobody-locked@example.com", PASSWORD),
    ] {
        let (hashed, before) = (place.hashed().await, florin_tests::digest::tables(&database));
        let request = Login { mfa_code: Some("123456".into()), ..login(address, password) };
        let answer = place.server.api().send(&request).await;
        answer.refused(20001, what);
        assert_eq!(place.hashed().await, hashed + 1, "{what}: one password was hashed");
        let after = florin_tests::digest::tables(&database);
        let changed = changes(&before, &after);
        assert_eq!(changed.len(), 1, "{what}: {changed:?}");
        assert!(format!("{changed:?}").contains("login_guard"), "{what}: it is counted, and nothing else: {changed:?}");
        answers.insert(answer.text());
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_lock_out_for_longer_and_longer_also_those_who_are_not_there() {
    let place = Place::new().await;
    let (address, ..) = place.person("ivy").await;
    for (address, there) in [(address.as_str(), true), ("nobody@example.com", false)] {
        let right = if there { 10000 } else { 20001 };
        place.fail(address, 4).await;
        // A success forgets them.
        assert_eq!(place.login_code(address, PASSWORD).await, right);
        if there {
            place.fail(address, 5).await;
        }
        // Locked: the right password does not help, and trying changes nothing.
        for _ in 0..3 {
            assert_eq!(place.login_code(address, PASSWORD).await, 20001);
        }
        place.pass(31).await;
        // One more failure doubles the time.
        place.fail(address, 1).await;
        place.pass(31).await;
        assert_eq!(place.login_code(address, PASSWORD).await, 20001);
        place.pass(31).await;
        assert_eq!(place.login_code(address, PASSWORD).await, right);
    }
    // The counts of both, as they are stored, look alike.
    let database = place.server.home.open_read_only();
    assert_eq!(database.number("SELECT count(*) FROM login_guard"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_survives_the_server() {
    let mut place = Place::new().await;
    let (address, ..) = place.person("ivy").await;
    place.fail(&address, 5).await;
    place.server.kill().await;
    place.server.restart().await;
    assert_eq!(place.login_code(&address, PASSWORD).await, 20001);
    place.pass(31).await;
    assert_eq!(place.login_code(&address, PASSWORD).await, 10000);
}

/// Many at once do not get more guesses than one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_are_counted_one_by_one() {
    let place = Place::new().await;
    let (address, ..) = place.person("ivy").await;
    let guesses = (0..20).map(|_| {
        let (api, request) = (place.server.api(), login(&address, "Wrongpass$0"));
        tokio::spawn(async move { api.code(&request).await })
    });
    for guess in guesses.collect::<Vec<_>>() {
        assert_eq!(guess.await.expect("a guess"), 20001);
    }
    assert_eq!(place.login_code(&address, PASSWORD).await, 20001, "locked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_all_sessions() {
    let place = Place::new().await;
    let (address, ..) = place.person("ivy").await;
    let (one, other) = (place.signed_in(&address, PASSWORD).await, place.signed_in(&address, PASSWORD).await);
    let admin = place.signed_in(&place.initialised.email, &place.initialised.password).await;
    let change = |old: &str, new: &str| ChangeUserPassword {
        password: Some(old.into()),
        ..ChangeUserPassword::new(email(&address), new.into())
    };
    // Weak ones are told so, with nothing looked at.
    for weak in ["mypassword$0", "MYPASSWORD$0", "Mypassword$$", "Mypassword00"] {
        let refused = place.server.api().send(&change(PASSWORD, weak)).await;
        refused.refused(20000, weak);
        assert_eq!(refused.faults()[0].field, "newpassword");
        assert!(!refused.text().contains(weak));
    }
    let nothing = ChangeUserPassword::new(email(&address), "Newpassword$0".into());
    place.server.api().send(&nothing).await.refused(20000, "neither password nor token");
    place.server.api().send(&change("Wrongpass$0", "Newpassword$0")).await.refused(20001, "wrong");
    assert_eq!(one.code(&GetProfile::new()).await, 10000);

    // Signed in or not: it is the password that counts.
    one.ok(&change(PASSWORD, "Newpassword$0")).await;
    for session in [&one, &other] {
        assert_eq!(session.code(&GetProfile::new()).await, 20001);
    }
    assert_eq!(admin.code(&GetProfile::new()).await, 10000, "somebody else's session goes on");
    assert_eq!(place.login_code(&address, PASSWORD).await, 20001);
    assert_eq!(place.login_code(&address, "Newpassword$0").await, 10000);
    let mail = last(&place.server, &address, 1).await;
    assert_eq!(mail.subject, "Your password was changed");
    // A wrong password here counts as one anywhere.
    for _ in 0..5 {
        assert_eq!(place.server.api().code(&change("Wrongpass$0", "Newpassword$1")).await, 20001);
    }
    assert_eq!(place.login_code(&address, "Newpassword$0").await, 20001);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_set_by_a_link_once_and_within_an_hour() {
    let place = Place::new().await;
    let api = place.server.api();
    let (address, ..) = place.person("ivy").await;
    let session = place.signed_in(&address, PASSWORD).await;
    let ask = |address: &str| ResetUserPassword::new(email(address), url(CALLBACK));
    let set = |address: &str, token: &str, new: &str| ChangeUserPassword {
        token: Some(token.into()),
        ..ChangeUserPassword::new(email(address), new.into())
    };
    // Who is not there learns nothing.
    let (known, unknown) = (api.send(&ask(&address)).await, api.send(&ask("nobody@example.com")).await);
    assert_eq!(known.text(), unknown.text());
    assert_eq!(known.code(), 10000);
    let mail = last(&place.server, &address, 1).await;
    assert!(mail.link().starts_with("https://app.example.com/set?x=1&token="), "{mail:?}");
    assert!(mails_to(&place.server, "nobody@example.com").is_empty());
    let token = mail.token();
    assert_eq!(session.code(&GetProfile::new()).await, 10000, "asking changes nothing");
    assert_eq!(place.login_code(&address, PASSWORD).await, 10000);

    // Only the whole token of this user, and only with a good new password.
    let other = place.person("bob").await.0;
    let almost = format!("{}{}", &token[..31], if token.ends_with('a') { 'b' } else { 'a' });
    let refusals = [
        api.send(&set(&address, &almost, "Newpassword$0")).await,
        api.send(&set(&other, &token, "Newpassword$0")).await,
        api.send(&set("nobody@example.com", &token, "Newpassword$0")).await,
    ];
    for refusal in &refusals {
        refusal.refused(20001, "a wrong token");
        assert_eq!(refusal.text(), refusals[0].text());
    }
    api.send(&set(&address, &token, "weakweak")).await.refused(20000, "weak");
    // Locked out by others: the link works all the same.
    place.fail(&address, 6).await;
    api.ok(&set(&address, &token, "Newpassword$0")).await;
    assert_eq!(session.code(&GetProfile::new()).await, 20001, "all sessions have ended");
    assert_eq!(place.login_code(&address, "Newpassword$0").await, 10000);
    api.send(&set(&address, &token, "Newpassword$1")).await.refused(20001, "used already");

    // A newer one takes the place of the one before; an hour later it is over.
    api.ok(&ask(&address)).await;
    api.ok(&ask(&address)).await;
    let mails = wait_for(&place.server, &address, 4).await;
    assert_eq!(mails[1].subject, "Your password was changed");
    let (older, newer) = (mails[2].token(), mails[3].token());
    api.send(&set(&address, &older, "Newpassword$1")).await.refused(20001, "replaced");
    place.pass(3601).await;
    api.send(&set(&address, &newer, "Newpassword$1")).await.refused(20001, "too late");
    assert_eq!(place.login_code(&address, "Newpassword$0").await, 10000);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_mailbox_is_filled() {
    let place = Place::new().await;
    let (address, ..) = place.person("ivy").await;
    let ask = ResetUserPassword::new(email(&address), url(CALLBACK));
    for _ in 0..12 {
        assert_eq!(place.server.api().code(&ask).await, 10000);
    }
    wait_for(&place.server, &address, 5).await;
    place.pass(3601).await;
    assert_eq!(place.server.api().code(&ask).await, 10000);
    wait_for(&place.server, &address, 6).await;
}

/// Anybody may ask for a link for anybody: it must not lead to just anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn links_lead_where_the_operator_or_a_provider_lets_them() {
    let home = Home::new();
    let initialised = home.init().await;
    let arguments = ["--callback-origin", "https://app.example.com,http://localhost:3000"].map(str::to_owned).to_vec();
    let server = Server::start(home, Options { sandbox: false, arguments, ..Options::default() }).await;
    let ask = |callback: &str| ResetUserPassword::new(email(&initialised.email), url(callback));
    for good in ["https://app.example.com/any", "https://app.example.com:443/x", "http://localhost:3000/x"] {
        assert_eq!(server.api().code(&ask(good)).await, 10000, "{good}");
    }
    for bad in [
        "https://evil.example.com/any",
        "http://app.example.com/any",
        "https://app.example.com:8443/any",
        "https://app.example.com.evil.example/",
        "http://localhost/x",
    ] {
        for address in [initialised.email.as_str(), "nobody@example.com"] {
            let request = ResetUserPassword { email: email(address), ..ask(bad) };
            let refused = server.api().send(&request).await;
            refused.refused(20000, bad);
            assert_eq!(refused.faults()[0].field, "callbackurl");
        }
    }
    wait_for(&server, &initialised.email, 3).await;
    let provider = server.api().key(&initialised.apikey);
    assert_eq!(provider.code(&ask("https://shop.example.com/any")).await, 10000);
    wait_for(&server, &initialised.email, 4).await;
    // Only a sandbox shows mails.
    assert_eq!(server.api().exchange("GET", "/console/outbox", None).await.status, 404);
    for hostile in ["javascript:alert(1)", "ftp://app.example.com/x", "https://user:pw@app.example.com/", "//x.example"]
    {
        let fields = serde_json::json!({ "email": initialised.email, "callbackurl": hostile });
        let body = Some(fields.to_string().into_bytes());
        provider.exchange("POST", "/api/v1/user/resetpassword", body).await.refused(20000, hostile);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_confirms_the_address_by_a_link() {
    let place = Place::new().await;
    let api = place.server.api();
    let request = registration("ivy");
    place.provider.ok(&request).await;
    let address = "ivy@example.com".to_owned();
    assert_eq!(place.login_code(&address, PASSWORD).await, 20001, "not before it is confirmed");
    let mail = last(&place.server, &address, 1).await;
    assert!(mail.link().starts_with(&format!("{}/auth/activate?token=", place.server.base())), "{mail:?}");

    // Opening the page changes nothing, however often.
    for _ in 0..2 {
        let page = api.exchange("GET", &mail.path(), None).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("<form method=\"post\"") && page.text().contains(&address), "{}", page.text());
        assert!(!page.text().contains("<script"));
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    assert_eq!(place.login_code(&address, PASSWORD).await, 20001);

    // Asked for again: the answer says nothing, the older link is over.
    let again = |address: &str, password: &str| ActivationEmail::new(email(address), password.into());
    for (who, password) in [(address.as_str(), PASSWORD), (&address, "Wrongpass$0"), ("nobody@example.com", PASSWORD)] {
        assert_eq!(api.send(&again(who, password)).await.text(), "{\"resultcode\":10000,\"resultmessage\":\"Ok\"}");
    }
    let newer = last(&place.server, &address, 2).await;
    assert!(mails_to(&place.server, "nobody@example.com").is_empty());
    assert_eq!(press(&api, &mail.path(), &mail.token()).await.status, 404);
    let done = press(&api, &newer.path(), &newer.token()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let way_on = "<a href=\"https://app.example.com/set?x=1\" rel=\"noreferrer\">Go on to app.example.com</a>";
    assert!(done.text().contains(way_on), "where to is shown, and left to the person: {}", done.text());
    assert_eq!(place.login_code(&address, PASSWORD).await, 10000);
    assert_eq!(press(&api, &newer.path(), &newer.token()).await.status, 404, "once");
    // Who is active gets none any more.
    assert_eq!(api.code(&again(&address, PASSWORD)).await, 10000);
    for hostile in ["", "token=", "token=%3Cscript%3E", "x"] {
        assert_eq!(api.exchange("GET", &format!("/auth/activate?{hostile}"), None).await.status, 404, "{hostile}");
        assert_eq!(api.exchange("POST", "/auth/activate", Some(hostile.into())).await.status, 404, "{hostile}");
    }
    wait_for(&place.server, &address, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_pending_users_are_counted_too() {
    let place = Place::new().await;
    let request = registration("ivy");
    place.provider.ok(&request).await;
    let address = "ivy@example.com".to_owned();
    let first = last(&place.server, &address, 1).await;
    for _ in 0..5 {
        let wrong = ActivationEmail::new(email(&address), "Wrongpass$0".into());
        assert_eq!(place.server.api().code(&wrong).await, 10000);
    }
    let right = ActivationEmail::new(email(&address), PASSWORD.into());
    assert_eq!(place.server.api().code(&right).await, 10000);
    assert_eq!(press(&place.server.api(), &first.path(), &first.token()).await.status, 200);
    assert_eq!(place.login_code(&address, PASSWORD).await, 20001, "locked, and nothing was sent");
    place.pass(31).await;
    assert_eq!(place.login_code(&address, PASSWORD).await, 10000);
    assert_eq!(mails_to(&place.server, &address).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_is_confirmed_there_and_told_to_the_old_one() {
    let place = Place::new().await;
    let api = place.server.api();
    let (old, upid, _) = place.person("ivy").await;
    let (bobs, ..) = place.person("bob").await;
    let ivy = place.signed_in(&old, PASSWORD).await;
    let bob = place.signed_in(&bobs, PASSWORD).await;
    let new = "ivy.new@example.com";
    let change = |new: &str, password: &str| ChangeUserEmail::new(email(&old), email(new), password.into());

    // Who it is must be proven, and be the one who is signed in.
    ivy.send(&change(new, "Wrongpass$0")).await.refused(20001, "wrong password");
    bob.send(&change(new, PASSWORD)).await.refused(20003, "somebody else");
    api.send(&change(new, PASSWORD)).await.refused(20001, "nobody");
    ivy.send(&change(&old, PASSWORD)).await.refused(20000, "the same");
    // Taken: by a user, by a profile that stands alone.
    ivy.send(&change(&bobs, PASSWORD)).await.refused(20006, "a user has it");
    ivy.send(&change("BOB@example.com", PASSWORD)).await.refused(20006, "in capitals, too");
    let alone = CreateProfile { sub_profile: None, ..world::individual("alone") };
    place.provider.ok(&alone).await;
    ivy.send(&change("alone@example.com", PASSWORD)).await.refused(20006, "a profile has it");
    // Below another it may have any.
    place.provider.ok(&world::individual("below")).await;
    // Who cannot prove it does not learn what is taken.
    ivy.send(&change(&bobs, "Wrongpass$0")).await.refused(20001, "wrong password");

    ivy.ok(&change(new, PASSWORD)).await;
    let told = last(&place.server, &old, 1).await;
    assert!(told.text.contains(new) && !told.text.contains("token"), "{told:?}");
    let asked = last(&place.server, new, 1).await;
    assert!(asked.link().starts_with(&format!("{}/auth/confirm-email?token=", place.server.base())), "{asked:?}");
    assert_eq!(place.login_code(&old, PASSWORD).await, 10000, "not before it is confirmed");
    assert_eq!(place.login_code(new, PASSWORD).await, 20001);
    let page = api.exchange("GET", &asked.path(), None).await;
    assert!(page.status == 200 && page.text().contains(new), "{}", page.text());
    assert_eq!(place.login_code(&old, PASSWORD).await, 10000, "looking changes nothing");

    assert_eq!(press(&api, &asked.path(), &asked.token()).await.status, 200);
    assert_eq!(place.login_code(new, PASSWORD).await, 10000);
    assert_eq!(place.login_code(&old, PASSWORD).await, 20001);
    let told = last(&place.server, &old, 2).await;
    assert_eq!(told.subject, "Your e-mail address was changed");
    let profile = place.provider.ok(&GetProfile { upid: Some(upid), ..GetProfile::new() }).await;
    assert_eq!(profile.data.email.as_deref(), Some(new), "the profile that the user is master of follows (A-053)");
    assert_eq!(press(&api, &asked.path(), &asked.token()).await.status, 404, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_want_one_address_the_first_gets_it_and_a_new_password_takes_a_request_back() {
    let place = Place::new().await;
    let api = place.server.api();
    let (ivys, ..) = place.person("ivy").await;
    let (bobs, ..) = place.person("bob").await;
    let new = "wanted@example.com";
    for address in [&ivys, &bobs] {
        let change = ChangeUserEmail::new(email(address), email(new), PASSWORD.into());
        // A provider's server may ask for its users: the password proves it.
        place.provider.ok(&change).await;
    }
    let mails = wait_for(&place.server, new, 2).await;
    assert_eq!(press(&api, &mails[0].path(), &mails[0].token()).await.status, 200);
    assert_eq!(press(&api, &mails[1].path(), &mails[1].token()).await.status, 409);
    assert_eq!(place.login_code(&bobs, PASSWORD).await, 10000);

    let change = ChangeUserEmail::new(email(&bobs), email("other@example.com"), PASSWORD.into());
    place.provider.ok(&change).await;
    let mail = last(&place.server, "other@example.com", 1).await;
    let password = ChangeUserPassword {
        password: Some(PASSWORD.into()),
        ..ChangeUserPassword::new(email(&bobs), "Newpassword$0".into())
    };
    api.ok(&password).await;
    assert_eq!(press(&api, &mail.path(), &mail.token()).await.status, 404);
    let reading = place.provider.ok(&world::new_key("Reads only", &["profile-ro"], None)).await;
    let reads = place.provider.key(reading.api_key.expose());
    let change = ChangeUserEmail { password: Secret::from("Newpassword$0"), ..change };
    reads.send(&change).await.refused(20003, "a key that only reads");
    reads.ok(&GetUserMFAStatus::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_people_are_in_no_log_and_no_table() {
    let home = Home::new();
    let initialised = home.init().await;
    let mut server = Server::start(home, Options { log: "trace".to_owned(), ..Options::default() }).await;
    let provider = server.api().key(&initialised.apikey);
    let (password, new, wrong) = ("Zq7#marked-Pw", "Nw7#marked-Pw", "Wr7#marked-Pw");
    let request = CreateProfile { password: Some(password.into()), ..registration("ivy") };
    provider.ok(&request).await;
    let address = "ivy@example.com".to_owned();
    let activation = last(&server, &address, 1).await;
    assert_eq!(press(&server.api(), &activation.path(), &activation.token()).await.status, 200);
    let answer = server.api().ok(&login(&address, password)).await;
    server.api().send(&login(&address, wrong)).await.refused(20001, "wrong");
    server.api().ok(&ResetUserPassword::new(email(&address), url(CALLBACK))).await;
    let reset = last(&server, &address, 2).await.token();
    let seed = server.api().bearer(answer.token.expose()).ok(&GetUserMFASeed::new()).await;
    let set = ChangeUserPassword {
        token: Some(reset.clone().into()),
        ..ChangeUserPassword::new(email(&address), new.into())
    };
    server.api().ok(&set).await;
    wait_for(&server, &address, 3).await;
    assert_eq!(server.terminate().await.code(), Some(0));
    let secrets = [
        ("a password", password.to_owned()),
        ("a new password", new.to_owned()),
        ("a wrong password", wrong.to_owned()),
        ("an access token", answer.token.expose().to_owned()),
        ("a reset token", reset.clone()),
        ("an activation token", activation.token()),
        ("a seed", seed.seed.expose().to_owned()),
    ];
    find("the log", server.logs().as_bytes(), &secrets);
    find("what it printed", server.printed().as_bytes(), &secrets);
    assert!(server.logs().matches("answered").count() > 5, "there is something to search: {}", server.logs());
    for (name, bytes) in server.home.bytes() {
        find(&name, &bytes, &secrets);
    }
}
