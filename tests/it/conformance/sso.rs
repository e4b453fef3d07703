//! The table of single sign-on against the reference file, and against a live server: each call takes the documented
//! requests, answers in the documented shape, and keeps to each documented length, one below, at, and one above. What it
//! means is shown in `oauth`.

use super::live::Tried;
use super::{Faults, expected, of};
use florin_sdk_core::model::ComponentName;
use florin_sdk_core::operation::{
    Access, ApplicationType, Callers, CreateApplication, Login, RateClass, SetSystemAttribute,
};
use florin_sdk_core::sso::{ALL, BASE_PATH, StrategyConfig, StrategyList, TokenAnswer};
use florin_tests::http::{Answer, Api};
use florin_tests::oauth::{Person, parameter};
use florin_tests::reference::omnigate_raw;
use florin_tests::world::World;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_table_of_single_sign_on_is_the_one_of_the_file() {
    let all = expected();
    let raw = omnigate_raw();
    let mut faults = Faults::default();
    for spec in ALL {
        let name = spec.name;
        let documented = &of(&all, name).documented;
        let row = raw.iter().find(|row| row["name"] == name).expect("the row");
        faults.equal(&format!("{name} base"), &json!(BASE_PATH), &row["base"]);
        faults.equal(&format!("{name} envelope"), &json!(spec.envelope.as_str()), &row["envelope"]);
        faults.equal(&format!("{name} method"), &spec.method.as_str(), &documented.method.as_str());
        faults.equal(&format!("{name} path"), &vec![spec.path.to_owned()], &documented.paths);
        let access = if spec.access == Access::Read { "read" } else { "write" };
        faults.equal(&format!("{name} access"), &access, &documented.access.as_str());
        faults.equal(&format!("{name} rate"), &Some(spec.rate == RateClass::Standard), &documented.rate_limited);
        let millis = u64::try_from(spec.timeout.duration().as_millis()).expect("a time");
        faults.equal(&format!("{name} time"), &Some(millis), &documented.timeout_ms);
        let needs = documented.auth.as_ref().map(|auth| auth.required.clone());
        faults.equal(&format!("{name} credential"), &Some(json!(spec.callers != Callers::Public)), &needs);
        let rights = documented.rights_inferred.as_ref().expect("rights");
        faults.equal(
            &format!("{name} rights"),
            &spec.rights.any.to_vec(),
            &rights.any.iter().map(String::as_str).collect(),
        );
        let ours: BTreeSet<_> = spec.fields.iter().filter(|field| !field.ours).map(|field| field.name).collect();
        let theirs: BTreeSet<_> = documented.request_params.iter().map(|param| param.name.as_str()).collect();
        faults.equal(&format!("{name} fields"), &ours, &theirs);
        for param in &documented.request_params {
            let field = spec.fields.iter().find(|field| field.name == param.name).expect("the field");
            faults.equal(&format!("{name}.{} required", param.name), &field.required, &param.is_required());
            // a secret has 32 characters, whatever the row says.
            if !(name == "token_refresh_token" && param.name == "client_secret") {
                faults.equal(&format!("{name}.{} length", param.name), &field.bounds, &param.bounds());
            }
        }
    }
    faults.none();
}

#[test]
fn the_examples_of_single_sign_on_parse() {
    for row in omnigate_raw() {
        let name = row["name"].as_str().unwrap_or_default();
        for example in row["example_responses"].as_array().into_iter().flatten() {
            let json = example["json"].clone();
            match name {
                "strategies_list" => same::<StrategyList>(json),
                "token_authorization_code" | "token_refresh_token" => same::<TokenAnswer>(json),
                _ => {}
            }
        }
        if name == "strategies_configure" {
            same::<StrategyConfig>(row["example_requests"][0]["json"]["google"].clone());
        }
    }
}

/// It parses, and comes out as it was.
fn same<T: serde::de::DeserializeOwned + serde::Serialize>(json: Value) {
    let value: T = serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(serde_json::to_value(&value).expect("JSON"), json);
}

/// What was tried of an operation, and what was wrong.
type Found = BTreeMap<&'static str, (Tried, Faults)>;

/// An operation at the live server.
struct Live {
    name: &'static str,
    row: Value,
    tried: Tried,
    faults: Faults,
}

impl Live {
    fn of(name: &'static str) -> Self {
        let row = omnigate_raw().into_iter().find(|row| row["name"] == name).expect("the row");
        Self { name, row, tried: Tried::default(), faults: Faults::default() }
    }

    /// The fields of the example, with ours in the place of those that nobody else has.
    fn example(&mut self, ours: &[(&str, &str)]) -> Value {
        let mut example = self.row["example_requests"][0]["json"].clone();
        for (name, value) in ours {
            assert!(example[*name].is_string(), "{}: the example has no {name}", self.name);
            example[*name] = (*value).into();
        }
        self.tried.examples += 1;
        example
    }

    /// Names of the answer that the page shows are there.
    fn shows(&mut self, answer: &Value, names: &[&str]) {
        for name in names {
            let place = format!("/{}", name.replace('.', "/"));
            self.faults.unless(answer.pointer(&place).is_some(), || format!("{}: no {name} in {answer}", self.name));
            self.tried.shown += 1;
        }
    }

    fn right(&mut self, right: bool, what: &str, shown: &str) {
        self.faults.unless(right, || format!("{} {what}: {shown}", self.name));
    }

    /// A documented length, tried: `inside` what it must be, and whether it was taken.
    fn length(&mut self, field: &str, length: usize, inside: bool, taken: bool, shown: &str) {
        self.tried.lengths += 1;
        self.right(inside == taken, &format!("{field} of {length}"), shown);
    }

    fn end(self, all: &mut Found) {
        all.insert(self.name, (self.tried, self.faults));
    }
}

/// One below, at, and one above each end.
fn ends((least, most): (usize, usize)) -> Vec<(usize, bool)> {
    let below = least.checked_sub(1).map(|length| (length, false));
    let mut all: Vec<_> = below.into_iter().chain([(least, true), (most, true), (most + 1, false)]).collect();
    all.dedup();
    all
}

fn bounds(name: &str, field: &str) -> (usize, usize) {
    let spec = ALL.iter().find(|spec| spec.name == name).expect("the operation");
    spec.fields.iter().find(|row| row.name == field).and_then(|row| row.bounds).expect("bounds")
}

/// An address of this length.
fn address(length: usize) -> String {
    let start = "https://test.example.com/auth/p/";
    length.checked_sub(start.len()).map_or_else(|| "x".repeat(length), |rest| format!("{start}{}", "x".repeat(rest)))
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.bytes).unwrap_or_default()
}

async fn post(api: &Api, path: &str, body: &Value) -> Answer {
    api.exchange("POST", path, Some(body.to_string().into_bytes())).await
}

/// Tries all eight.
pub(super) async fn try_all(world: &World) -> Found {
    let mut all = Found::new();
    let login =
        Login::new(world.initialised.email.parse().expect("an address"), world.initialised.password.as_str().into());
    let admin = world.server.api().bearer(world.server.api().ok(&login).await.token.expose());
    unlock(world, &mut all).await;
    strategies(&admin, &mut all).await;
    jwks(world, &mut all).await;
    let mut person = Person::signed_in(world).await;
    code(world, &mut person, &mut all).await;
    token(world, &mut person, &mut all).await;
    all
}

async fn unlock(world: &World, all: &mut Found) {
    let mut live = Live::of("unlocksso");
    let api = world.server.api();
    let answer = post(&api, "/auth/unlock", &live.example(&[])).await;
    // A platform that is not sealed takes every password: it has none.
    live.right(answer.status == 200 && json_of(&answer) == json!({ "status": "ok" }), "the example", &answer.text());
    live.shows(&json_of(&answer), &["status"]);
    for (length, inside) in ends(bounds("unlocksso", "password")) {
        let answer = post(&api, "/auth/unlock", &json!({ "password": "x".repeat(length) })).await;
        live.length("password", length, inside, answer.status == 200, &answer.text());
    }
    live.end(all);
}

async fn strategies(admin: &Api, all: &mut Found) {
    const PATH: &str = "/auth/api/strategies";
    let mut live = Live::of("strategies_configure");
    let example = live.example(&[]);
    let answer = post(admin, PATH, &example).await;
    live.right(answer.status == 200 && json_of(&answer) == json!({ "status": "ok" }), "the example", &answer.text());
    live.shows(&json_of(&answer), &["status"]);
    for field in ["clientID", "clientSecret", "callbackURL"] {
        for (length, inside) in ends(bounds(live.name, field)) {
            // Of an address the lower end is none that could be one.
            let wanted = if field == "callbackURL" { address(length) } else { "x".repeat(length) };
            let inside = inside && (field != "callbackURL" || length > 1);
            let mut config = example.clone();
            config["google"][field] = wanted.into();
            let answer = post(admin, PATH, &config).await;
            live.length(field, length, inside, answer.status == 200, &answer.text());
            live.right(inside || answer.text().contains(field), &format!("{field} is named"), &answer.text());
        }
    }
    // Of the whole: an empty one says nothing, and nothing that is allowed in it reaches the other end.
    for (text, what) in [("{}", "2"), (&*format!("{{\"google\":\"{}\"}}", "x".repeat(20_000)), "20001 and more")] {
        let answer = admin.exchange("POST", PATH, Some(text.as_bytes().to_vec())).await;
        live.right(answer.status == 400, &format!("a configuration of {what}"), &answer.text());
        live.tried.lengths += 1;
    }
    let answer = post(admin, PATH, &example).await;
    live.right(answer.status == 200, "the example again", &answer.text());
    live.end(all);

    let mut live = Live::of("strategies_list");
    let answer = admin.exchange("GET", PATH, None).await;
    live.tried.examples += 1;
    let list = serde_json::from_slice::<StrategyList>(&answer.bytes);
    live.right(list.is_ok_and(|list| list.results.len() == 3), "the list", &answer.text());
    let json = json_of(&answer);
    live.shows(&json, &["status", "results.0.id", "results.0.name"]);
    let google = json["results"].as_array().into_iter().flatten().find(|row| row["id"] == "google");
    live.shows(google.unwrap_or(&Value::Null), &["config.clientID", "config.clientSecret", "config.callbackURL"]);
    live.end(all);
}

async fn jwks(world: &World, all: &mut Found) {
    let mut live = Live::of("jwks");
    let answer = world.server.api().exchange("GET", "/auth/jwks.json", None).await;
    live.tried.examples += 1;
    let names = ["kid", "kty", "alg", "use", "n", "e"].map(|name| format!("keys.0.{name}"));
    live.shows(&json_of(&answer), &names.iter().map(String::as_str).collect::<Vec<_>>());
    live.end(all);
}

/// An application, and the link of the example with its data.
struct Asking {
    client_id: String,
    secret: String,
    redirect: String,
    response_type: &'static str,
}

impl Asking {
    async fn of(world: &World, redirect: &str, response_type: &'static str) -> Self {
        let kind = ApplicationType::Confidential;
        let made = world.provider.ok(&CreateApplication::new("Example".to_owned(), kind, redirect.to_owned())).await;
        let secret = made.client_secret.expect("a secret").expose().to_owned();
        Self { client_id: made.client_id, secret, redirect: redirect.to_owned(), response_type }
    }

    /// The fields, with another one in the place of ours.
    fn fields<'a>(&'a self, other: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
        let ours = [
            ("response_type", self.response_type),
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", self.redirect.as_str()),
        ];
        ours.map(|(name, value)| if name == other.0 { other } else { (name, value) }).to_vec()
    }

    /// Each documented length of the link: what is not right leads nowhere, or back with an error.
    async fn lengths(&self, live: &mut Live, person: &mut Person) {
        for field in ["client_id", "redirect_uri", "response_type"] {
            let own = self.fields(("", "")).into_iter().find(|(name, _)| *name == field).expect("the field").1;
            for (length, inside) in ends(bounds(live.name, field)) {
                let wanted = if length == own.len() { own.to_owned() } else { "x".repeat(length) };
                // Of an address and an id, only what was registered is taken.
                let inside = inside && length == own.len();
                let (status, page, location) = person.ask(&self.fields((field, &wanted))).await;
                let taken = status == 200 && page.contains("name=\"decision\"");
                live.length(field, length, inside, taken, &format!("{status} {location}"));
            }
        }
    }
}

const REDIRECT: &str = "https://merchant.com/auth-endpoint";

async fn code(world: &World, person: &mut Person, all: &mut Found) {
    let mut live = Live::of("authorize_code");
    let asking = Asking::of(world, REDIRECT, "code").await;
    let refused = person.decide(&asking.fields(("", "")), "deny").await;
    let denied = refused.starts_with(REDIRECT) && parameter(&refused, "error").as_deref() == Some("access_denied");
    live.right(denied, "a refusal", &refused);
    let allowed = person.decide(&asking.fields(("", "")), "allow").await;
    live.tried.examples += 2;
    let code = parameter(&allowed, "code").unwrap_or_default();
    live.right(allowed.starts_with(&format!("{REDIRECT}?")) && code.len() == 32, "a consent", &allowed);
    live.tried.shown += 2;
    asking.lengths(&mut live, person).await;
    // The longest address that can be registered is one that people are sent back to; a longer one is none.
    let (_, most) = bounds(live.name, "redirect_uri");
    let longest = Asking::of(world, &address(most), "code").await;
    let location = person.decide(&longest.fields(("", "")), "allow").await;
    live.length("redirect_uri", most, true, parameter(&location, "code").is_some(), &location);
    let kind = ApplicationType::Confidential;
    let longer = CreateApplication::new("Longer".to_owned(), kind, address(most + 1));
    let registered = world.provider.code(&longer).await;
    live.length("redirect_uri", most + 1, false, registered == 10000, &registered.to_string());
    live.end(all);

    let mut live = Live::of("token_authorization_code");
    let ours = [("code", code.as_str()), ("client_id", &asking.client_id), ("client_secret", &asking.secret)];
    let example = live.example(&ours);
    let fields: Vec<_> = example.as_object().expect("fields").iter().collect();
    let fields: Vec<(&str, &str)> =
        fields.into_iter().map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))).collect();
    exchange_lengths(&mut live, person, &fields, &["client_id", "client_secret", "redirect_uri", "grant_type"]).await;
    let (status, answer) = person.exchange(&fields).await;
    let typed = serde_json::from_value::<TokenAnswer>(answer.clone()).is_ok();
    live.right(status == 200 && typed && answer["token_type"] == "Bearer", "the example", &answer.to_string());
    live.shows(&answer, &["access_token", "refresh_token", "token_type"]);
    live.end(all);

    let mut live = Live::of("token_refresh_token");
    let refresh = answer["refresh_token"].as_str().unwrap_or_default();
    let ours = [("refresh_token", refresh), ("client_id", &asking.client_id), ("client_secret", &asking.secret)];
    let example = live.example(&ours);
    let fields: Vec<_> = example.as_object().expect("fields").iter().collect();
    let fields: Vec<(&str, &str)> =
        fields.into_iter().map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))).collect();
    exchange_lengths(&mut live, person, &fields, &["client_id", "grant_type"]).await;
    let (status, answer) = person.exchange(&fields).await;
    live.right(status == 200 && answer["token_type"] == "Bearer", "the example", &answer.to_string());
    live.shows(&answer, &["access_token", "token_type"]);
    live.end(all);
}

/// Each documented length but the right one, which is the example's: refused, and nothing is used up by it.
async fn exchange_lengths(live: &mut Live, person: &Person, fields: &[(&str, &str)], names: &[&str]) {
    for name in names {
        let own = fields.iter().find(|(field, _)| field == name).expect("the field").1.len();
        for (length, _) in ends(bounds(live.name, name)).into_iter().filter(|(length, _)| *length != own) {
            let other = "x".repeat(length);
            let fields: Vec<_> =
                fields.iter().map(|(field, value)| (*field, if field == name { &*other } else { *value })).collect();
            let (status, answer) = person.exchange(&fields).await;
            live.length(name, length, false, status == 200, &answer.to_string());
            live.right(matches!(status, 400 | 401) && answer["error"].is_string(), "an error", &answer.to_string());
        }
    }
}

/// Switched off unless the operator switches it on, and never with more than reading.
async fn token(world: &World, person: &mut Person, all: &mut Found) {
    let mut live = Live::of("authorize_token");
    let asking = Asking::of(world, REDIRECT, "token").await;
    let fields = asking.fields(("", ""));
    let (_, _, off) = person.ask(&fields).await;
    let refused = parameter(&off, "error").as_deref() == Some("unsupported_response_type");
    live.right(refused, "while it is off", &off);
    let switch = |value: &str| SetSystemAttribute {
        component: ComponentName::Omnipass,
        name: "implicitflow".to_owned(),
        value: value.to_owned(),
    };
    world.provider.ok(&switch("true")).await;
    let refused = person.decide(&fields, "deny").await;
    let denied = refused.contains('#') && parameter(&refused, "error").as_deref() == Some("access_denied");
    live.right(denied, "a refusal", &refused);
    let allowed = person.decide(&fields, "allow").await;
    live.tried.examples += 2;
    let bearer = parameter(&allowed, "token_type").as_deref() == Some("Bearer");
    let given = parameter(&allowed, "access_token").is_some_and(|token| token.split('.').count() == 3);
    live.right(allowed.starts_with(&format!("{REDIRECT}#")) && bearer && given, "a consent", &allowed);
    live.tried.shown += 3;
    asking.lengths(&mut live, person).await;
    world.provider.ok(&switch("false")).await;
    live.end(all);
}
