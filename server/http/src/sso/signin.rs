//! Signing in on the page, and out.

use super::browser::{self, FORM, Form, LOGIN};
use super::page::{self, Login};
use crate::app::App;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use florin_domain::credential::{self, Factor, Found};
use florin_domain::sso::{self, COOKIE_LIFETIME_S, SignIn};
use florin_domain::store::{Reader, Writer};
use florin_domain::{Refusal, identity};
use florin_sdk_core::Secret;
use florin_sdk_core::code::Code;
use http::{HeaderMap, StatusCode};

/// The one answer to all who cannot prove who they are (same words, same time).
const UNPROVEN: &str = "The e-mail address, the password or the code is wrong, or the account cannot sign in.";

/// Who is signed in with this browser: the person, since when, and the cookie.
pub(super) async fn who(app: &App, headers: &HeaderMap) -> Result<Option<(identity::User, SignIn, Secret)>, Refusal> {
    let Some(cookie) = browser::cookie(headers, LOGIN) else { return Ok(None) };
    let shown = cookie.clone();
    let found = app.read_little(move |store| sso::signed_in(store, shown.expose())).await?;
    Ok(found.map(|(user, since)| (user, since, cookie)))
}

/// What the page to sign in on is about.
#[derive(Default)]
pub(super) struct About<'a> {
    pub(super) next: &'a str,
    pub(super) email: &'a str,
    pub(super) application: Option<&'a str>,
    pub(super) problem: Option<&'a str>,
}

/// The page to sign in on.
pub(super) async fn show(app: &App, headers: &HeaderMap, status: StatusCode, about: About<'_>) -> Response {
    let strategies = match app.read_little(|store: &mut dyn Reader| sso::configured_all(store)).await {
        Ok(strategies) => strategies,
        Err(refusal) => return page::refused(&refusal),
    };
    let before = browser::cookie(headers, FORM).filter(|cookie| cookie.expose().len() == 32);
    let (cookie, is_new) = before.map_or_else(|| (browser::random_text(), true), |cookie| (cookie, false));
    let next = browser::safe_next(about.next);
    let template = Login {
        csrf: &browser::csrf(&cookie),
        next,
        next_encoded: &browser::encoded(next),
        email: about.email,
        application: about.application,
        problem: about.problem,
        strategies: &strategies,
    };
    let mut response = page::show(status, &template, None);
    if is_new {
        browser::set_cookie(app, &mut response, FORM, cookie.expose(), None);
    }
    response
}

pub(super) async fn login_page(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match who(&app, &parts.headers).await {
        Ok(Some(_)) => page::see_other("/auth/apps"),
        Ok(None) => show(&app, &parts.headers, StatusCode::OK, About::default()).await,
        Err(refusal) => page::refused(&refusal),
    }
}

/// Signs in, if it is really this person, and sends them on.
pub(super) async fn login(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    login_with(&app, &parts.headers, body).await.unwrap_or_else(|refusal| page::refused(&refusal))
}

async fn login_with(app: &App, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = Form::read(body).await?;
    let (email, next) = (form.text("email").trim().to_owned(), form.text("next").to_owned());
    if !form.is_ours(headers, browser::cookie(headers, FORM).as_ref()) {
        let problem = Some("The page was open for too long, or your browser keeps no cookies. Please try again.");
        let about = About { next: &next, email: &email, problem, application: None };
        return Ok(show(app, headers, StatusCode::BAD_REQUEST, about).await);
    }
    let (password, address) = (Secret::from(form.text("password")), email.to_lowercase());
    let code = form.get("code").map(str::trim).filter(|code| !code.is_empty()).map(Secret::from);
    let found = app.read_little(move |store| Found::by_email(store, &address)).await?;
    let checked = app.slowly(move || found.check(&password)).await?;
    let (sealer, cookie) = (app.sealer().clone(), browser::random_text());
    let fresh = cookie.clone();
    let work = move |store: &mut dyn Writer| -> Result<Result<(), Refusal>, Refusal> {
        match credential::prove(store, &sealer, &checked, Factor::Code(code.as_ref()))? {
            Ok(user) => sso::sign_in(store, user.uuid, &fresh).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    };
    match app.write(work, |_: &Refusal| false).await? {
        Ok(()) => Ok(signed_in(app, &cookie, &next)),
        Err(refusal) => {
            let problem = match refusal.code {
                Code::MFA_REQUIRED => "The code of your authenticator app is missing or wrong.",
                _ => UNPROVEN,
            };
            let about = About { next: &next, email: &email, problem: Some(problem), application: None };
            Ok(show(app, headers, StatusCode::UNAUTHORIZED, about).await)
        }
    }
}

/// Sends a person on who has just signed in.
pub(super) fn signed_in(app: &App, cookie: &Secret, next: &str) -> Response {
    let mut response = page::see_other(browser::safe_next(next));
    browser::set_cookie(app, &mut response, LOGIN, cookie.expose(), Some(COOKIE_LIFETIME_S));
    // What tied the form to the browser has served.
    browser::set_cookie(app, &mut response, FORM, "", Some(0));
    response
}

pub(super) async fn logout(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let out = async {
        let form = Form::read(body).await?;
        let cookie = browser::cookie(&parts.headers, LOGIN);
        if let Some(cookie) = cookie.filter(|cookie| form.is_ours(&parts.headers, Some(cookie))) {
            app.write(move |store| sso::sign_out(store, cookie.expose()), |_: &Refusal| false).await?;
        }
        let next = form.get("next").map(browser::safe_next).filter(|next| next.starts_with("/auth/authorize"));
        let mut response = page::see_other(next.unwrap_or("/auth/login"));
        browser::set_cookie(&app, &mut response, LOGIN, "", Some(0));
        Ok(response)
    };
    out.await.unwrap_or_else(|refusal: Refusal| page::refused(&refusal))
}
