//! The pages behind the links that are sent by mail. Opening one changes nothing: programs that look after mails open
//! links, too. A person presses the button.

use crate::app::App;
use crate::body;
use crate::page::{escape, page};
use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use florin_domain::Refusal;
use florin_domain::credential::{self, Confirmed, Purpose};
use florin_sdk_core::Secret;
use http::StatusCode;
use url::{Url, form_urlencoded};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/auth/activate", get(ask_to_activate).post(activate))
        .route("/auth/confirm-email", get(ask_for_email).post(confirm_email))
}

/// The token in a query or a form.
fn token_in(text: &[u8]) -> Option<Secret> {
    let token = form_urlencoded::parse(text).find(|(name, _)| name == "token").map(|(_, token)| token);
    token.filter(|token| token.len() == 32).map(|token| Secret::from(token.into_owned()))
}

fn over() -> Response {
    let text = "<p>This link was used already, is too old, or is not whole. Ask for another one.</p>";
    page(StatusCode::NOT_FOUND, "This link is not good any more", text)
}

fn failed(refusal: &Refusal) -> Response {
    tracing::warn!(%refusal, "a link could not be followed");
    page(StatusCode::SERVICE_UNAVAILABLE, "Not now", "<p>Nothing was changed. Please try again in a minute.</p>")
}

/// The page with the button.
async fn ask(app: App, query: Option<String>, purpose: Purpose, title: &str, what: fn(&str) -> String) -> Response {
    let Some(token) = token_in(query.unwrap_or_default().as_bytes()) else { return over() };
    let wanted = token.clone();
    match app.read(move |store| credential::find_link(store, purpose, &wanted)).await {
        Ok(Some((link, _))) => {
            // No action: the form goes to where the page came from, and the token is in its body only.
            let text = format!(
                "<p>{}</p><form method=\"post\" action=\"?\"><input type=\"hidden\" name=\"token\" value=\"{}\">\
                 <button>Confirm</button></form>",
                what(&escape(&link.email)),
                escape(token.expose()),
            );
            page(StatusCode::OK, title, &text)
        }
        Ok(None) => over(),
        Err(refusal) => failed(&refusal),
    }
}

async fn ask_to_activate(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let what = |email: &str| format!("Is <strong>{email}</strong> your e-mail address? Then you can sign in with it.");
    ask(app, query, Purpose::Activate, "Confirm your e-mail address", what).await
}

async fn ask_for_email(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let what = |email: &str| format!("From now on you sign in with <strong>{email}</strong>, and mails go there.");
    ask(app, query, Purpose::Email, "Confirm your new e-mail address", what).await
}

/// Where a user may go on: shown with its host, and followed only by the user's own hand.
fn way_on(callback: Option<&str>) -> String {
    let url = callback.and_then(|text| Url::parse(text).ok());
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.map_or_else(String::new, |url| {
        let host = escape(url.host_str().unwrap_or_default());
        format!("<p><a href=\"{}\" rel=\"noreferrer\">Go on to {host}</a></p>", escape(url.as_str()))
    })
}

async fn activate(State(app): State<App>, form: Body) -> Response {
    let Some(token) = body::read(form).await.ok().and_then(|bytes| token_in(&bytes)) else { return over() };
    match app.write(move |store| credential::activate(store, &token), |_: &Refusal| false).await {
        Ok(Some(done)) => {
            let text = format!("<p>You can sign in now.</p>{}", way_on(done.callback.as_deref()));
            page(StatusCode::OK, "Your e-mail address is confirmed", &text)
        }
        Ok(None) => over(),
        Err(refusal) => failed(&refusal),
    }
}

async fn confirm_email(State(app): State<App>, form: Body) -> Response {
    let Some(token) = body::read(form).await.ok().and_then(|bytes| token_in(&bytes)) else { return over() };
    match confirm(&app, token).await {
        Ok(Confirmed::Changed(_)) => {
            let text = "<p>From now on you sign in with this address.</p>";
            page(StatusCode::OK, "Your e-mail address was changed", text)
        }
        Ok(Confirmed::Taken) => {
            let text = "<p>Somebody else uses this address by now. Your e-mail address stays as it was.</p>";
            page(StatusCode::CONFLICT, "This address is taken", text)
        }
        Ok(Confirmed::NoSuchLink) => over(),
        Err(refusal) => failed(&refusal),
    }
}

async fn confirm(app: &App, token: Secret) -> Result<Confirmed, Refusal> {
    let wanted = token.clone();
    // Who else has the address is looked for where nobody waits for it.
    let is_taken = app.read(move |store| {
        let Some((link, _)) = credential::find_link(store, Purpose::Email, &wanted)? else { return Ok(false) };
        credential::email_is_taken(store, &link.email, link.uuid)
    });
    let (is_taken, sealer) = (is_taken.await?, app.sealer().clone());
    let change =
        move |store: &mut dyn florin_domain::store::Writer| credential::confirm_email(store, &sealer, &token, is_taken);
    app.write(change, |_: &Refusal| false).await
}
