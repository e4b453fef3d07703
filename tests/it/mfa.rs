//! The second factor.

use crate::login::{PASSWORD, Place, email, login};
use florin_sdk_core::operation::{
    ChangeUserEmail, ChangeUserPassword, DisableUserMFA, EnableUserMFA, GetUserMFASeed, GetUserMFAStatus, Login,
    ResetUserPassword,
};
use florin_tests::digest::{changes, tables};
use florin_tests::http::Api;
use florin_tests::mailbox::{last, wait_for};
use florin_tests::totp::code;
use florin_tests::world::World;

impl Place {
    /// The server's time in seconds since 1970.
    async fn seconds(&self) -> i64 {
        let clock = self.server.api().exchange("GET", "/sandbox/momo/clock", None).await;
        let now = clock.json().and_then(|json| Some(json.get("now")?.as_str()?.to_owned())).expect("the time");
        now.parse::<florin_sdk_core::Timestamp>().expect("a time").millis() / 1000
    }

    /// Moves the clock to the beginning of the step after next, so that a code of now stays good, and no code of before is.
    async fn next_step(&self) {
        let left = 30 - self.seconds().await % 30;
        self.pass(u32::try_from(left + 30).expect("a minute at most")).await;
    }

    async fn code(&self, seed: &str) -> String {
        code(seed, self.seconds().await)
    }

    /// Sets a second factor up; its seed.
    async fn enrol(&self, person: &Api, address: &str) -> String {
        let seed = person.ok(&GetUserMFASeed::new()).await.seed.expose().to_owned();
        let code = self.code(&seed).await;
        person.ok(&EnableUserMFA::new(email(address), PASSWORD.into(), code.into())).await;
        seed
    }

    async fn login_with(&self, address: &str, password: &str, code: &str) -> u32 {
        let request = Login { mfa_code: Some(code.into()), ..login(address, password) };
        self.server.api().code(&request).await
    }
}

/// A person with a second factor, whose code of now was not used yet.
struct Enrolled {
    place: Place,
    address: String,
    ivy: Api,
    seed: String,
}

impl Enrolled {
    async fn new() -> Self {
        let place = Place::new().await;
        let (address, ..) = place.person("ivy").await;
        let ivy = place.signed_in(&address, PASSWORD).await;
        let seed = place.enrol(&ivy, &address).await;
        place.next_step().await;
        Self { place, address, ivy, seed }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_set_up_with_the_seed_that_was_given_out_last() {
    let place = Place::new().await;
    let (address, ..) = place.person("ivy").await;
    let ivy = place.signed_in(&address, PASSWORD).await;
    let first = ivy.ok(&GetUserMFASeed::new()).await;
    let second = ivy.ok(&GetUserMFASeed::new()).await;
    assert_ne!(first.seed, second.seed, "each call makes another one (A-099)");
    assert_eq!((second.service_name.as_str(), second.user_identifier.as_str()), ("Florin", address.as_str()), "A-068");
    let seed = second.seed.expose();
    assert!(seed.len() == 32 && seed.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "base32");
    let text = second.otpauth_url.expect("an address").expose().to_owned();
    assert!(text.starts_with("otpauth://totp/Florin:") && text.contains(&format!("secret={seed}")), "{text}");
    assert!(text.contains("issuer=Florin"), "{text}");
    let picture = second.qr_code_svg.expect("a picture").expose().to_owned();
    assert!(picture.contains("<svg") && picture.ends_with("</svg>"), "{picture}");
    assert!(!ivy.ok(&GetUserMFAStatus::new()).await.enabled, "nothing is on yet");
    assert_eq!(place.login_code(&address, PASSWORD).await, 10000);

    let enable = |password: &str, code: String| EnableUserMFA::new(email(&address), password.into(), code.into());
    let right = place.code(seed).await;
    let stale = place.code(first.seed.expose()).await;
    ivy.send(&enable("Wrongpass$0", right.clone())).await.refused(20001, "a wrong password");
    ivy.send(&enable(PASSWORD, stale)).await.refused(20015, "the seed before");
    ivy.send(&enable(PASSWORD, "12345x".to_owned())).await.refused(20000, "no code");
    let (other, ..) = place.person("bob").await;
    let bob = place.signed_in(&other, PASSWORD).await;
    bob.send(&enable(PASSWORD, right.clone())).await.refused(20003, "somebody else's");
    ivy.ok(&enable(PASSWORD, right.clone())).await;
    assert!(ivy.ok(&GetUserMFAStatus::new()).await.enabled);
    // The answer may have been lost: the same once more is no error, another is.
    ivy.ok(&enable(PASSWORD, right.clone())).await;
    place.next_step().await;
    let ivy_again = Login { mfa_code: Some(place.code(seed).await.into()), ..login(&address, PASSWORD) };
    let ivy = place.server.api().bearer(place.server.api().ok(&ivy_again).await.token.expose());
    let another = ivy.ok(&GetUserMFASeed::new()).await.seed;
    ivy.send(&enable(PASSWORD, place.code(another.expose()).await)).await.refused(20006, "on already");
    place.next_step().await;
    assert_eq!(place.login_with(&address, PASSWORD, &place.code(another.expose()).await).await, 20015);
    assert_eq!(place.login_with(&address, PASSWORD, &place.code(seed).await).await, 10000, "the first one counts");
    let mail = last(&place.server, &address, 1).await;
    assert_eq!(mail.subject, "Your second factor is on");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_takes_both_and_says_so_only_to_whoever_has_one() {
    let Enrolled { place, address, seed, .. } = Enrolled::new().await;
    let good = place.code(&seed).await;
    let nobody = place.server.api().send(&login("nobody@example.com", PASSWORD)).await;
    let wrong = Login { mfa_code: Some(good.clone().into()), ..login(&address, "Wrongpass$0") };
    let wrong = place.server.api().send(&wrong).await;
    wrong.refused(20001, "a wrong password with a good code");
    assert_eq!(wrong.text(), nobody.text());
    assert_eq!(place.login_code(&address, PASSWORD).await, 20015, "the code is missing");
    assert_eq!(place.login_with(&address, PASSWORD, &good).await, 10000, "a failure does not use the code up");

    // Used once, and so are all before it.
    assert_eq!(place.login_with(&address, PASSWORD, &good).await, 20015, "replayed");
    place.next_step().await;
    let now = place.seconds().await;
    for (offset, expected) in [(-60, 20015), (60, 20015), (30, 10000), (0, 20015), (-30, 20015)] {
        let code = code(&seed, now + offset);
        assert_eq!(place.login_with(&address, PASSWORD, &code).await, expected, "{offset} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_signs_in_once_also_when_two_come_at_once() {
    let Enrolled { place, address, seed, .. } = Enrolled::new().await;
    let request = Login { mfa_code: Some(place.code(&seed).await.into()), ..login(&address, PASSWORD) };
    let attempts: Vec<_> = (0..4)
        .map(|_| {
            let (api, request) = (place.server.api(), request.clone());
            tokio::spawn(async move { api.code(&request).await })
        })
        .collect();
    let mut codes = Vec::new();
    for attempt in attempts {
        codes.push(attempt.await.expect("an attempt"));
    }
    codes.sort_unstable();
    assert_eq!(codes, [10000, 20015, 20015, 20015]);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_code_lock_out_and_the_password_alone_forgives_nothing() {
    let Enrolled { place, address, ivy, seed } = Enrolled::new().await;
    let good = place.code(&seed).await;
    let bad = if good == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        assert_eq!(place.login_with(&address, PASSWORD, bad).await, 20015);
        // Neither forgives the failures before it.
        assert_eq!(place.login_code(&address, PASSWORD).await, 20015);
        let enable = EnableUserMFA::new(email(&address), PASSWORD.into(), bad.into());
        assert_eq!(ivy.code(&enable).await, 20006);
    }
    assert_eq!(place.login_with(&address, PASSWORD, bad).await, 20015);
    assert_eq!(place.login_with(&address, PASSWORD, &good).await, 20001, "locked: like everybody who fails");
    place.pass(31).await;
    assert_eq!(place.login_with(&address, PASSWORD, &place.code(&seed).await).await, 10000);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_for_wherever_the_password_is() {
    let Enrolled { place, address, ivy, seed } = Enrolled::new().await;
    wait_for(&place.server, &address, 1).await;
    let change_email = ChangeUserEmail::new(email(&address), email("new@example.com"), PASSWORD.into());
    ivy.send(&change_email).await.refused(20015, "without");
    let change = ChangeUserPassword {
        password: Some(PASSWORD.into()),
        ..ChangeUserPassword::new(email(&address), "Newpassword$0".into())
    };
    place.server.api().send(&change).await.refused(20015, "without");
    // A link from the mailbox is one factor, too.
    let ask = ResetUserPassword::new(email(&address), crate::login::url(crate::login::CALLBACK));
    place.server.api().ok(&ask).await;
    let token = last(&place.server, &address, 2).await.token();
    let by_token = ChangeUserPassword { password: None, token: Some(token.into()), ..change.clone() };
    place.server.api().send(&by_token).await.refused(20015, "without");

    // With it; the wire's other name of the field is read, too.
    let fields = serde_json::json!({
        "email": address, "newemail": "new@example.com", "password": PASSWORD, "mfacode": place.code(&seed).await,
    });
    let changed = ivy.exchange("POST", "/api/v1/user/email", Some(fields.to_string().into_bytes())).await;
    assert_eq!(changed.code(), 10000, "{}", changed.text());
    place.next_step().await;
    let with = |request: &ChangeUserPassword, code: String| ChangeUserPassword {
        mfa_code: Some(code.into()),
        ..request.clone()
    };
    place.server.api().ok(&with(&by_token, place.code(&seed).await)).await;
    place.next_step().await;
    let again = ChangeUserPassword {
        password: Some("Newpassword$0".into()),
        ..ChangeUserPassword::new(email(&address), PASSWORD.into())
    };
    place.server.api().ok(&with(&again, place.code(&seed).await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_turned_off_with_password_and_code() {
    let Enrolled { place, address, ivy, seed } = Enrolled::new().await;
    let off = |password: &str, code: &str| DisableUserMFA::new(password.into(), code.into());
    let good = place.code(&seed).await;
    let bad = if good == "000000" { "000001" } else { "000000" };
    ivy.send(&off("Wrongpass$0", &good)).await.refused(20001, "a wrong password");
    ivy.send(&off(PASSWORD, bad)).await.refused(20015, "a wrong code");
    assert!(ivy.ok(&GetUserMFAStatus::new()).await.enabled);
    ivy.ok(&off(PASSWORD, &good)).await;
    assert!(!ivy.ok(&GetUserMFAStatus::new()).await.enabled);
    assert_eq!(place.login_code(&address, PASSWORD).await, 10000);
    let mails = wait_for(&place.server, &address, 2).await;
    assert_eq!(mails[1].subject, "Your second factor is off");
    // Once more is no error, and tells nobody again.
    ivy.ok(&off(PASSWORD, &good)).await;
    wait_for(&place.server, &address, 2).await;
    // Set up anew, with another seed.
    let again = place.enrol(&ivy, &address).await;
    assert_ne!(seed, again);
}

/// The one reading operation that leaves a note. No app comes near it.
#[tokio::test(flavor = "multi_thread")]
async fn a_seed_is_noted_for_people_and_keys_and_never_for_an_app() {
    let world = World::new().await;
    let database = world.server.home.open_read_only();
    let before = tables(&database);
    world.alice.app.send(&GetUserMFASeed::new()).await.refused(20003, "an app");
    world.alice.app.send(&GetUserMFAStatus::new()).await.refused(20003, "an app");
    world.server.api().send(&GetUserMFASeed::new()).await.refused(20001, "nobody");
    assert_eq!(changes(&before, &tables(&database)), Vec::<String>::new());
    // A key acts for its profile, whose master user it is about; a profile without one has none.
    let seed = world.provider.ok(&GetUserMFASeed::new()).await;
    assert_eq!(seed.user_identifier, world.initialised.email);
    let after = tables(&database);
    let changed = changes(&before, &after);
    assert!(changed.len() == 1 && format!("{changed:?}").contains("user_mfa"), "{changed:?}");
    assert_eq!(database.number("SELECT count(*) FROM user_mfa WHERE seed IS NOT NULL"), 0, "nothing is on");
    world.merchant.api.send(&GetUserMFASeed::new()).await.refused(20003, "nobody's profile");
}
