//! Access tokens of applications, got as an application and a person get them: by the pages and the token endpoint.

use crate::http::Api;
use crate::world::World;
use florin_sdk_core::operation::{ApplicationType, CreateApplication};
use serde_json::Value;
use url::form_urlencoded;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A person at a browser that keeps cookies and follows nothing.
struct Person<'a> {
    api: &'a Api,
    cookies: Vec<String>,
}

impl Person<'_> {
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
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    page.split(&start).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// An access token of an application of this kind, for the first administrator, with this scope.
///
/// # Panics
/// If anything on the way is not as it must be.
pub async fn access_token(world: &World, kind: ApplicationType, scope: &str) -> String {
    let redirect = "https://merchant.example/cb";
    let made = world.provider.ok(&CreateApplication::new("Matrix".to_owned(), kind, redirect.to_owned())).await;
    let api = world.server.api();
    let mut person = Person { api: &api, cookies: Vec::new() };
    let (_, page, _) = person.send("GET", "/auth/login", None).await;
    let (email, password) = (&world.initialised.email, &world.initialised.password);
    let typed = form(&[("csrf", &hidden(&page, "csrf")), ("email", email), ("password", password)]);
    let (status, page, _) = person.send("POST", "/auth/login", Some(typed)).await;
    assert_eq!(status, 303, "{page}");
    let asked = [
        ("client_id", made.client_id.as_str()),
        ("redirect_uri", redirect),
        ("response_type", "code"),
        ("scope", scope),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let (_, page, _) = person.send("GET", &format!("/auth/authorize?{}", form(&asked)), None).await;
    let (csrf, upid) = (hidden(&page, "csrf"), hidden(&page, "upid"));
    let decision = [("csrf", csrf.as_str()), ("upid", &upid), ("decision", "allow")];
    let decided = form(&[&asked[..], &decision].concat());
    let (_, page, location) = person.send("POST", "/auth/authorize", Some(decided)).await;
    let code = location.split("code=").nth(1).and_then(|rest| rest.split('&').next());
    let code = code.unwrap_or_else(|| panic!("no code: {location} {page}"));
    let secret = made.client_secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default();
    let exchange = form(&[
        ("grant_type", "authorization_code"),
        ("client_id", &made.client_id),
        ("client_secret", &secret),
        ("redirect_uri", redirect),
        ("code", code),
        ("code_verifier", VERIFIER),
    ]);
    let (_, text, _) = person.send("POST", "/auth/token", Some(exchange)).await;
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {text}")).to_owned()
}
