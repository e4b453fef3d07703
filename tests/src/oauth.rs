//! Single sign-on as an application and a person use it: by the pages and the token endpoint.

use crate::http::Api;
use crate::world::World;
use florin_sdk_core::operation::{ApplicationType, CreateApplication};
use serde_json::Value;
use url::form_urlencoded;

/// What proves that whoever brings a code asked for it.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge, by S256.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Names and values, as forms and queries have them.
pub type Pairs<'a> = [(&'a str, &'a str)];

/// A person at a browser that keeps cookies and follows nothing.
pub struct Person {
    api: Api,
    cookies: Vec<String>,
}

impl Person {
    /// The first administrator, signed in.
    pub async fn signed_in(world: &World) -> Self {
        Self::signed_in_as(world, &world.initialised.email, &world.initialised.password).await
    }

    /// Somebody else, signed in.
    pub async fn signed_in_as(world: &World, email: &str, password: &str) -> Self {
        let mut person = Self { api: world.server.api(), cookies: Vec::new() };
        let (_, page, _) = person.send("GET", "/auth/login", None).await;
        let typed = form(&[("csrf", &hidden(&page, "csrf")), ("email", email), ("password", password)]);
        let (status, page, _) = person.send("POST", "/auth/login", Some(typed)).await;
        assert_eq!(status, 303, "{page}");
        person
    }

    /// Status, page, and where it leads.
    async fn send(&mut self, method: &str, path: &str, form: Option<String>) -> (u16, String, String) {
        let mut api = self.api.clone();
        if !self.cookies.is_empty() {
            api = api.header("Cookie", &self.cookies.join("; "));
        }
        let answer = api.form(method, path, form).await;
        for set in answer.headers.get_all("set-cookie") {
            let pair = set.to_str().expect("text").split(';').next().expect("a cookie").to_owned();
            let name = pair.split('=').next().expect("a name").to_owned();
            self.cookies.retain(|known| !known.starts_with(&format!("{name}=")));
            self.cookies.push(pair);
        }
        let location = answer.headers.get("location").map(|value| value.to_str().expect("text").to_owned());
        (answer.status, answer.text(), location.unwrap_or_default())
    }

    /// Follows an application's link: status, page, and where it leads.
    pub async fn ask(&mut self, asked: &Pairs<'_>) -> (u16, String, String) {
        self.send("GET", &format!("/auth/authorize?{}", form(asked)), None).await
    }

    /// The same, and decides on the page; where the person is sent back to.
    pub async fn decide(&mut self, asked: &Pairs<'_>, decision: &str) -> String {
        let (_, page, _) = self.ask(asked).await;
        let (csrf, upid) = (hidden(&page, "csrf"), hidden(&page, "upid"));
        let decided = [("csrf", csrf.as_str()), ("upid", &upid), ("decision", decision)];
        let (_, page, location) = self.send("POST", "/auth/authorize", Some(form(&[asked, &decided].concat()))).await;
        assert!(!location.is_empty(), "{page}");
        location
    }

    /// Asks the token endpoint: status and answer.
    pub async fn exchange(&self, fields: &Pairs<'_>) -> (u16, Value) {
        let answer = self.api.form("POST", "/auth/token", Some(form(fields))).await;
        (answer.status, serde_json::from_slice(&answer.bytes).unwrap_or_default())
    }
}

fn form(pairs: &Pairs<'_>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    page.split(&start).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// A parameter in the address that a person is sent back to.
#[must_use]
pub fn parameter(location: &str, name: &str) -> Option<String> {
    let (_, pairs) = location.split_once(['?', '#'])?;
    let mut found = form_urlencoded::parse(pairs.as_bytes());
    found.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// An access token of an application of this kind, for the first administrator, with this scope.
pub async fn access_token(world: &World, kind: ApplicationType, scope: &str) -> String {
    access_token_of(world, Person::signed_in(world).await, kind, scope).await
}

/// The same for somebody who is signed in.
///
/// # Panics
/// If anything on the way is not as it must be.
pub async fn access_token_of(world: &World, mut person: Person, kind: ApplicationType, scope: &str) -> String {
    let redirect = "https://merchant.example/cb";
    let made = world.provider.ok(&CreateApplication::new("Matrix".to_owned(), kind, redirect.to_owned())).await;
    let asked = [
        ("client_id", made.client_id.as_str()),
        ("redirect_uri", redirect),
        ("response_type", "code"),
        ("scope", scope),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let location = person.decide(&asked, "allow").await;
    let code = parameter(&location, "code").unwrap_or_else(|| panic!("no code: {location}"));
    let secret = made.client_secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &made.client_id),
        ("client_secret", &secret),
        ("redirect_uri", redirect),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ];
    let (_, answer) = person.exchange(&fields).await;
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
}
