//! `/auth/authorize`: an application asks, a person decides.

use super::browser::{self, Form};
use super::page::{self, Consent};
use super::signin::{self, About};
use crate::app::App;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use florin_domain::identity::User;
use florin_domain::sso::{self, Asked, Flow, NewCode, Params, Reject};
use florin_domain::store::{Reader, Writer};
use florin_domain::{Refusal, session, settings};
use florin_sdk_core::{Secret, Timestamp, Upid};
use http::StatusCode;
use http::request::Parts;
use url::{Url, form_urlencoded};

/// The parameters that are looked at; others are ignored, as RFC 6749 wants.
const NAMES: [&str; 10] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "prompt",
];

fn params(value: impl Fn(&str) -> Option<String>) -> Params {
    Params {
        client_id: value("client_id"),
        redirect_uri: value("redirect_uri"),
        response_type: value("response_type"),
        response_mode: value("response_mode"),
        scope: value("scope"),
        state: value("state"),
        code_challenge: value("code_challenge"),
        code_challenge_method: value("code_challenge_method"),
        nonce: value("nonce"),
        prompt: value("prompt"),
    }
}

/// An answer to the application: where the browser is sent.
fn destination(app: &App, redirect_uri: &str, flow: Flow, fields: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        query.append_pair(name, value);
    }
    // RFC 9207: who answers, so that an application with several servers is not confused.
    query.append_pair("iss", app.public_address());
    let query = query.finish();
    match flow {
        Flow::Token => format!("{redirect_uri}#{query}"),
        Flow::Code if redirect_uri.contains('?') => format!("{redirect_uri}&{query}"),
        Flow::Code => format!("{redirect_uri}?{query}"),
    }
}

fn rejected(app: &App, reject: Reject) -> Response {
    match reject {
        Reject::Page(text) => page::problem(StatusCode::BAD_REQUEST, "This link does not work", text),
        Reject::Refused(refusal) => page::refused(&refusal),
        Reject::Back { redirect_uri, flow, state, error, description } => {
            let mut fields = vec![("error", error), ("error_description", description)];
            fields.extend(state.as_deref().map(|state| ("state", state)));
            page::see_other(&destination(app, &redirect_uri, flow, &fields))
        }
    }
}

fn back(app: &App, asked: &Asked, error: &'static str, description: &'static str) -> Response {
    rejected(
        app,
        Reject::Back {
            redirect_uri: asked.redirect_uri.clone(),
            flow: asked.flow,
            state: asked.state.clone(),
            error,
            description,
        },
    )
}

async fn check(app: &App, params: Params) -> Result<Asked, Reject> {
    let implicit = app.settings().get(settings::IMPLICIT_FLOW);
    let checked = app.read_little(move |store: &mut dyn Reader| Ok(sso::check(store, params, implicit))).await;
    checked.map_err(Reject::from)?
}

/// Asks the person: to sign in first, then to decide.
pub(super) async fn ask(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    ask_with(&app, &parts).await.unwrap_or_else(|reject| rejected(&app, reject))
}

async fn ask_with(app: &App, parts: &Parts) -> Result<Response, Reject> {
    let query = parts.uri.query().unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let twice = |name: &&str| pairs.iter().filter(|(found, _)| found == name).count() > 1;
    if NAMES.iter().any(twice) {
        return Err(Reject::Page("The link says the same thing twice."));
    }
    let value = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone().into_owned());
    let asked = check(app, params(value)).await?;
    let here = format!("/auth/authorize?{query}");
    let Some((user, _, cookie)) = signin::who(app, &parts.headers).await? else {
        if asked.silent {
            return Ok(back(app, &asked, "login_required", "nobody is signed in"));
        }
        let about = About { next: &here, application: Some(&asked.application.name), ..About::default() };
        return Ok(signin::show(app, &parts.headers, StatusCode::OK, about).await);
    };
    if asked.silent {
        return Ok(back(app, &asked, "consent_required", "the person must be asked"));
    }
    let fields: Vec<_> = NAMES.into_iter().filter_map(|name| Some((name, value(name)?))).collect();
    let profiles = app.read_little(move |store: &mut dyn Reader| session::profiles_of(store, &user).map(|p| (user, p)));
    let (user, profiles) = profiles.await?;
    if profiles.is_empty() {
        return Ok(back(app, &asked, "access_denied", "the person has no active profile"));
    }
    let profiles: Vec<_> = profiles.into_iter().map(|(upid, name)| (upid.to_string(), name)).collect();
    let template = Consent {
        csrf: &browser::csrf(&cookie),
        email: user.email.as_deref().unwrap_or_default(),
        application: &asked.application.name,
        lines: &lines(&asked),
        fields: &fields,
        profiles: &profiles,
        destination: &shown_destination(&asked.redirect_uri),
        here: &here,
    };
    Ok(page::show(StatusCode::OK, &template, Some(&source(&asked.redirect_uri))))
}

/// What a scope means, in words for people.
fn lines(asked: &Asked) -> Vec<&'static str> {
    let scope = asked.scope;
    let mut lines = Vec::new();
    if scope.writes() {
        lines.push("see and change all that you can, and move money in your name");
    } else if scope.reads() {
        lines.push("see your profile, wallets and payments, but change nothing");
    }
    if scope.openid {
        lines.push("know who you are: your user id and e-mail address");
    }
    lines
}

/// Where the person is going to be sent, as far as a person wants to know.
fn shown_destination(uri: &str) -> String {
    let url = Url::parse(uri).ok();
    url.as_ref()
        .and_then(Url::host_str)
        .map_or_else(|| uri.split(':').next().unwrap_or_default().to_owned(), str::to_owned)
}

/// The same as a source in a content security policy: browsers want a form's redirects named there, too.
fn source(uri: &str) -> String {
    let Ok(url) = Url::parse(uri) else { return String::new() };
    if url.host().is_some() { url.origin().ascii_serialization() } else { format!("{}:", url.scheme()) }
}

/// The person has decided.
pub(super) async fn decide(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    decide_with(&app, &parts, body).await.unwrap_or_else(|reject| rejected(&app, reject))
}

async fn decide_with(app: &App, parts: &Parts, body: Body) -> Result<Response, Reject> {
    let form = Form::read(body).await?;
    let asked = check(app, params(|name| form.get(name).map(str::to_owned))).await?;
    let Some((user, since, cookie)) = signin::who(app, &parts.headers).await? else {
        return Err(Reject::Page("You are no longer signed in. Go back to the application and begin again."));
    };
    if !form.is_ours(&parts.headers, Some(&cookie)) {
        return Err(Reject::Page("The page was open for too long. Go back to the application and begin again."));
    }
    if form.text("decision") != "allow" {
        return Ok(back(app, &asked, "access_denied", "the person refused"));
    }
    let upid: Upid =
        form.text("upid").parse().map_err(|_| Reject::Page("The form does not say for which profile it is."))?;
    Ok(match asked.flow {
        Flow::Code => grant_code(app, asked, &user, upid, since.created).await?,
        Flow::Token => grant_token(app, asked, &user, upid).await?,
    })
}

async fn grant_code(
    app: &App,
    asked: Asked,
    user: &User,
    upid: Upid,
    signed_in: Timestamp,
) -> Result<Response, Refusal> {
    let (redirect_uri, state, uuid) = (asked.redirect_uri.clone(), asked.state.clone(), user.uuid);
    let code = sso::new_secret();
    let new = NewCode { code: code.clone(), asked, uuid, upid, signed_in };
    let work = move |store: &mut dyn Writer| {
        session::may_act(store.reader(), uuid, upid)?;
        sso::issue_code(store, &new)
    };
    app.write(work, |_: &Refusal| false).await?;
    let mut fields = vec![("code", code.expose())];
    fields.extend(state.as_deref().map(|state| ("state", state)));
    Ok(page::see_other(&destination(app, &redirect_uri, Flow::Code, &fields)))
}

/// The implicit flow: a token of the mobile side, which reads and nothing else.
async fn grant_token(app: &App, asked: Asked, user: &User, upid: Upid) -> Result<Response, Refusal> {
    let (uuid, wanted) = (user.uuid, asked.clone());
    let draft = app.read_little(move |store| sso::begin_implicit(store, &wanted, uuid, upid)).await?;
    let sealer = app.sealer().clone();
    let signed = app.slowly(move || draft.sign(&sealer)).await?;
    let (token, scope): (Secret, _) = (signed.token.clone(), signed.session.scope.clone());
    let application = asked.application.number;
    let work = move |store: &mut dyn Writer| {
        let consent = sso::note_consent(store, application, &signed.session)?;
        session::open(store, &signed.clone().under(consent.number))
    };
    app.write(work, |_: &Refusal| false).await?;
    let lifetime = session::LIFETIME_S.to_string();
    let mut fields = vec![
        ("access_token", token.expose()),
        ("token_type", "Bearer"),
        ("expires_in", &*lifetime),
        ("scope", &*scope),
    ];
    fields.extend(asked.state.as_deref().map(|state| ("state", state)));
    Ok(page::see_other(&destination(app, &asked.redirect_uri, Flow::Token, &fields)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_where_a_form_may_lead() {
        assert_eq!(source("https://merchant.example/auth?x=1"), "https://merchant.example");
        assert_eq!(source("http://127.0.0.1:9000/cb"), "http://127.0.0.1:9000");
        assert_eq!(source("com.example.app:/cb"), "com.example.app:");
        assert_eq!(shown_destination("com.example.app:/cb"), "com.example.app");
    }
}
