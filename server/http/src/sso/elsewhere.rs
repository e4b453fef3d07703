//! Signing in with an account elsewhere: Google, Facebook, LinkedIn, by OpenID Connect.
//!
//! The flow (state, PKCE, the exchange of the code) is the crate `oauth2`'s; the id token is checked as our own tokens are
//! (RS256, by `ring`), with issuer, audience, time and nonce. An account is known by its `sub`. Somebody whose account is
//! not known yet is taken for the user of the same e-mail address only if the other side says that the address was
//! verified; and who uses a second factor here signs in here.
//!
//! Source: OpenID Connect Core, section 3.1; RFC 9700; ambiguities.

use super::browser::{self, ELSEWHERE};
use super::page::{self, Message};
use super::signin;
use crate::app::App;
use crate::outbound;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use florin_domain::credential;
use florin_domain::identity::{self, NewPerson, NewProfile, User};
use florin_domain::seal::{Component, Purpose, Sealed};
use florin_domain::sso::{self, Configuration, Strategy, StrategyKind};
use florin_domain::store::{FromValue, IntoValue, Reader, Value as Cell, Writer};
use florin_domain::{Refusal, settings};
use florin_sdk_core::Uuid;
use florin_sdk_core::code::Code;
use florin_sdk_core::jwt::{JwkSet, Unverified};
use florin_sdk_core::model::{ProfileData, ProfileType, Status};
use http::StatusCode;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::form_urlencoded;

/// How long a person may take to sign in elsewhere, in seconds.
const PATIENCE_S: i64 = 600;

/// How long to wait for the other side.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer of the other side that is read.
const MAX_ANSWER: usize = 256 * 1024;

/// The role of somebody who registers, on their own profile.
const ROLE_OF_NEWCOMERS: &str = "profile-admin";

/// What the other side says about itself.
#[derive(Debug, Deserialize)]
struct Provider {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct IdField {
    #[serde(default)]
    id_token: Option<String>,
}
impl ExtraTokenFields for IdField {}

type Flow = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What the browser carries while the person is elsewhere; sealed, so that nobody reads or changes it.
#[derive(Serialize, Deserialize)]
struct Journey {
    state: String,
    nonce: String,
    verifier: Option<String>,
    next: String,
    ends_ms: i64,
}

/// The audience of an id token: one, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What an id token says.
#[derive(Debug, Deserialize)]
struct IdClaims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<Flag>,
    #[serde(default)]
    given_name: Option<String>,
    #[serde(default)]
    family_name: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

/// Some write `true`, some `"true"`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Text(String),
}

/// Why it did not work, in words for the person.
enum Obstacle {
    Told(&'static str),
    Refused(Refusal),
}

impl From<Refusal> for Obstacle {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

const FAILED: Obstacle = Obstacle::Told(
    "The other site could not be asked, or its answer was not as it must be. Try again, or sign in with your password.",
);

#[derive(Debug, thiserror::Error)]
#[error("the other side could not be asked")]
struct Unasked;

fn client() -> Result<reqwest::Client, Obstacle> {
    let made = outbound::builder().and_then(|builder| Ok(builder.timeout(TIMEOUT).build()?));
    made.map_err(|error| {
        tracing::error!(%error, "no client for other sites could be made");
        FAILED
    })
}

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Unasked> {
    let (parts, body) = request.into_parts();
    let request = http.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
    let mut answer = request.send().await.map_err(|error| {
        tracing::warn!(error = %error.without_url(), "another site could not be asked");
        Unasked
    })?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| Unasked)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER {
            return Err(Unasked);
        }
    }
    let mut response = HttpResponse::new(bytes);
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}

async fn fetch<T: serde::de::DeserializeOwned>(http: &reqwest::Client, address: &str) -> Result<T, Obstacle> {
    let request = http::Request::get(address).body(Vec::new()).map_err(|_| FAILED)?;
    let answer = send(http.clone(), request).await.map_err(|_| FAILED)?;
    if answer.status() != StatusCode::OK {
        tracing::warn!(status = %answer.status(), "another site answers with an error");
        return Err(FAILED);
    }
    serde_json::from_slice(answer.body()).map_err(|_| FAILED)
}

async fn discover(app: &App, http: &reqwest::Client, kind: StrategyKind) -> Result<Provider, Obstacle> {
    let issuer = app.issuer_of(kind);
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let provider: Provider = fetch(http, &address).await?;
    if provider.issuer.trim_end_matches('/') == issuer.trim_end_matches('/') { Ok(provider) } else { Err(FAILED) }
}

async fn configured(app: &App, kind: StrategyKind) -> Result<Configuration, Obstacle> {
    let sealer = app.sealer().clone();
    let found = app.read_little(move |store: &mut dyn Reader| sso::configured(store, &sealer, kind)).await?;
    found.ok_or(Obstacle::Told("Signing in with an account of that site is not switched on here."))
}

fn flow(provider: &Provider, configuration: &Configuration) -> Result<Flow, Obstacle> {
    let wrong = |_| FAILED;
    Ok(Client::new(ClientId::new(configuration.client_id.clone()))
        .set_client_secret(ClientSecret::new(configuration.client_secret.expose().to_owned()))
        .set_auth_uri(AuthUrl::new(provider.authorization_endpoint.clone()).map_err(wrong)?)
        .set_token_uri(TokenUrl::new(provider.token_endpoint.clone()).map_err(wrong)?)
        .set_redirect_uri(RedirectUrl::new(configuration.callback_url.clone()).map_err(wrong)?))
}

/// The place that the sealed cookie is bound to: the strategy that it was made for.
fn bound(kind: StrategyKind) -> Purpose {
    Purpose::of(Component::Sso, Strategy::id, kind.id())
}

/// Begins: sends the browser elsewhere.
pub(super) async fn begin(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    let next = request.uri().query().unwrap_or_default().to_owned();
    let next = form_urlencoded::parse(next.as_bytes()).find(|(name, _)| name == "next").map(|(_, next)| next);
    let next = browser::safe_next(next.as_deref().unwrap_or_default()).to_owned();
    match begin_with(&app, &name, next).await {
        Ok(response) => response,
        Err(obstacle) => shown(obstacle),
    }
}

async fn begin_with(app: &App, name: &str, next: String) -> Result<Response, Obstacle> {
    let kind = StrategyKind::by_id(name).ok_or(Obstacle::Told("There is no such site to sign in with."))?;
    let configuration = configured(app, kind).await?;
    let http = client()?;
    let provider = discover(app, &http, kind).await?;
    let flow = flow(&provider, &configuration)?;
    let nonce = browser::random_text();
    let mut asking = flow
        .authorize_url(CsrfToken::new_random)
        .add_scopes(["openid", "email", "profile"].map(|scope| Scope::new(scope.to_owned())))
        .add_extra_param("nonce", nonce.expose());
    let mut verifier = None;
    if provider.code_challenge_methods_supported.iter().any(|method| method == "S256") {
        let (challenge, secret) = PkceCodeChallenge::new_random_sha256();
        asking = asking.set_pkce_challenge(challenge);
        verifier = Some(secret.secret().to_owned());
    }
    let (address, state) = asking.url();
    let ends_ms = app.now().plus_seconds(PATIENCE_S).millis();
    let journey =
        Journey { state: state.secret().to_owned(), nonce: nonce.expose().to_owned(), verifier, next, ends_ms };
    let text = serde_json::to_vec(&journey).map_err(|_| FAILED)?;
    let Cell::Blob(sealed) = app.sealer().seal(&bound(kind), &text)?.value() else { return Err(FAILED) };
    let mut response = page::see_other(address.as_str());
    browser::set_cookie(app, &mut response, ELSEWHERE, &URL_SAFE_NO_PAD.encode(sealed), Some(PATIENCE_S));
    Ok(response)
}

/// The browser comes back.
pub(super) async fn callback(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut response = match callback_with(&app, &name, &parts).await {
        Ok(response) => response,
        Err(obstacle) => shown(obstacle),
    };
    browser::set_cookie(&app, &mut response, ELSEWHERE, "", Some(0));
    response
}

async fn callback_with(app: &App, name: &str, parts: &http::request::Parts) -> Result<Response, Obstacle> {
    let kind = StrategyKind::by_id(name).ok_or(Obstacle::Told("There is no such site to sign in with."))?;
    let stale = Obstacle::Told("This took too long, or it began in another browser. Please begin again.");
    let cookie = browser::cookie(&parts.headers, ELSEWHERE);
    let opened = cookie.and_then(|cookie| {
        let sealed = Sealed::from_value(Cell::Blob(URL_SAFE_NO_PAD.decode(cookie.expose()).ok()?)).ok()?;
        let text = app.sealer().unseal(&bound(kind), &sealed).ok()?;
        serde_json::from_slice::<Journey>(&text).ok()
    });
    let Some(journey) = opened.filter(|journey| journey.ends_ms > app.now().millis()) else { return Err(stale) };
    let query: Vec<_> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).collect();
    let value = |name: &str| query.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone().into_owned());
    if value("state").as_deref() != Some(&*journey.state) {
        return Err(stale);
    }
    let code = value("code")
        .ok_or(Obstacle::Told("You did not sign in there. Sign in with your password, or begin again."))?;
    let claims = exchange(app, kind, &journey, code).await?;
    let here = signin::who(app, &parts.headers).await?.map(|(user, ..)| user.uuid);
    let cookie = browser::random_text();
    let (fresh, registers) = (cookie.clone(), app.settings().get(settings::PUBLIC_REGISTRATION));
    let work = move |store: &mut dyn Writer| -> Result<Result<(), &'static str>, Refusal> {
        match person(store, kind, &claims, here, registers)? {
            Ok(uuid) => sso::sign_in(store, uuid, &fresh).map(Ok),
            Err(why) => Ok(Err(why)),
        }
    };
    match app.write(work, |_: &Refusal| false).await? {
        Ok(()) => Ok(signin::signed_in(app, &cookie, &journey.next)),
        Err(why) => Err(Obstacle::Told(why)),
    }
}

/// Exchanges the code, and checks who it is.
async fn exchange(app: &App, kind: StrategyKind, journey: &Journey, code: String) -> Result<IdClaims, Obstacle> {
    let configuration = configured(app, kind).await?;
    let http = client()?;
    let provider = discover(app, &http, kind).await?;
    let flow = flow(&provider, &configuration)?;
    let mut asking = flow.exchange_code(AuthorizationCode::new(code));
    if let Some(verifier) = &journey.verifier {
        asking = asking.set_pkce_verifier(PkceCodeVerifier::new(verifier.clone()));
    }
    let sender = http.clone();
    let answer = asking.request_async(&move |request| send(sender.clone(), request)).await.map_err(|error| {
        tracing::warn!(%error, "another site did not take its code");
        FAILED
    })?;
    let id_token = answer.extra_fields().id_token.clone().ok_or(FAILED)?;
    let set: JwkSet = fetch(&http, &provider.jwks_uri).await?;
    let distrusted = |why: &str| {
        tracing::warn!(strategy = kind.id(), why, "an id token is not good");
        FAILED
    };
    let unverified = Unverified::read(&id_token).map_err(|fault| distrusted(&fault.to_string()))?;
    let key = set.find(unverified.kid()).ok_or_else(|| distrusted("its key is not known"))?;
    let claims: IdClaims = unverified.verify(key).map_err(|fault| distrusted(&fault.to_string()))?;
    let ours = match &claims.aud {
        Audience::One(one) => *one == configuration.client_id,
        // One that is for others, too, may have been passed on by them.
        Audience::Many(all) => all.len() == 1 && all.contains(&configuration.client_id),
    };
    if claims.iss.trim_end_matches('/') != provider.issuer.trim_end_matches('/') || !ours {
        return Err(distrusted("it is not from them, or not for us"));
    }
    if claims.exp.saturating_mul(1000) <= app.now().millis() || claims.nonce.as_deref() != Some(&*journey.nonce) {
        return Err(distrusted("it is too old, or answers another request"));
    }
    if claims.sub.is_empty() || claims.sub.len() > 255 {
        return Err(distrusted("it names nobody"));
    }
    Ok(claims)
}

/// Whose account it is: known already, the person's who is signed in, the user's of the same verified address, or a
/// newcomer's. The reason if nobody's.
fn person(
    store: &mut dyn Writer,
    kind: StrategyKind,
    claims: &IdClaims,
    here: Option<Uuid>,
    registers: bool,
) -> Result<Result<Uuid, &'static str>, Refusal> {
    let verified = match &claims.email_verified {
        Some(Flag::Bool(verified)) => *verified,
        Some(Flag::Text(text)) => text == "true",
        None => false,
    };
    let email = claims.email.as_ref().map(|email| email.to_lowercase());
    let known = sso::find_identity(store.reader(), kind, &claims.sub)?;
    let found = match (known, here, &email) {
        (Some(uuid), ..) => store.get::<User>(uuid)?,
        (None, Some(uuid), _) => {
            sso::link_identity(store, kind, &claims.sub, uuid)?;
            return Ok(Ok(uuid));
        }
        (None, None, Some(email)) => identity::by_email(store.reader(), email)?,
        (None, None, None) => None,
    };
    match found {
        Some(user) if user.status != Status::Active || user.confirmed.is_none() => {
            Ok(Err("The account cannot sign in. Ask whoever runs this platform."))
        }
        Some(user) if credential::is_mfa_on(store.reader(), user.uuid)? => {
            Ok(Err("Your account uses an authenticator app. Sign in with your password and its code."))
        }
        Some(user) if known.is_some() => Ok(Ok(user.uuid)),
        Some(user) if verified => {
            sso::link_identity(store, kind, &claims.sub, user.uuid)?;
            Ok(Ok(user.uuid))
        }
        Some(_) => Ok(Err(
            "There is an account with your e-mail address, but the other site does not say that the address is yours. Sign in with your password first, then use the other account.",
        )),
        None if !registers => Ok(Err("There is no account for you here.")),
        None if !verified => {
            Ok(Err("The other site does not say that your e-mail address is yours, so no account can be made for you."))
        }
        None => {
            let Some(email) = email else { return Ok(Err("The other site does not say what your e-mail address is.")) };
            let uuid = register(store, claims, email)?;
            sso::link_identity(store, kind, &claims.sub, uuid)?;
            Ok(Ok(uuid))
        }
    }
}

fn register(store: &mut dyn Writer, claims: &IdClaims, email: String) -> Result<Uuid, Refusal> {
    let short = |text: &Option<String>| {
        let text: String = text.as_deref().unwrap_or_default().chars().filter(|c| !c.is_control()).take(40).collect();
        (!text.is_empty()).then_some(text)
    };
    let first_name = short(&claims.given_name).or_else(|| short(&claims.name)).or_else(|| Some(email.clone()));
    let data = ProfileData {
        first_name,
        last_name: short(&claims.family_name),
        email: Some(email.clone()),
        ..ProfileData::default()
    };
    let new = NewProfile { kind: ProfileType::Individual, parent: None, system: false, data };
    let (mut profile, _) = identity::create_profile(store, new)?;
    let person = NewPerson {
        email,
        password: None,
        language: None,
        time_zone: None,
        confirmed: true,
        display_name: Some(profile.display_name()),
    };
    Ok(identity::register_user(store, &mut profile, person, &[ROLE_OF_NEWCOMERS])?.uuid)
}

fn shown(obstacle: Obstacle) -> Response {
    match obstacle {
        Obstacle::Refused(refusal) if refusal.code != Code::ALREADY_EXISTS => page::refused(&refusal),
        Obstacle::Refused(refusal) => say(&refusal.message),
        Obstacle::Told(text) => say(text),
    }
}

fn say(text: &str) -> Response {
    let link = Some(("/auth/login", "Sign in with a password"));
    page::show(StatusCode::FORBIDDEN, &Message { title: "You are not signed in", text, link }, None)
}
