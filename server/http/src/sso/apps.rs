//! `/auth/apps`: the page on which people register applications, and end what they let applications do.

use super::browser::{self, Form};
use super::page::{self, Apps, Made, ShownApplication, ShownConsent};
use super::signin::{self, About};
use crate::app::App;
use axum::extract::{Request, State};
use axum::response::Response;
use florin_domain::Refusal;
use florin_domain::access::{Caller, admit};
use florin_domain::identity::User;
use florin_domain::session::{self, Scope};
use florin_domain::sso::{self, Kind, NewApplication};
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::operation::CreateApplication;
use florin_sdk_core::{Secret, Upid};
use http::StatusCode;
use http::request::Parts;

/// What is done on the page.
#[derive(Clone, Copy)]
enum Act {
    Create,
    Delete,
    Secret,
    Revoke,
}

/// What a person sees, before anything was done.
fn look(store: &mut dyn Reader, user: &User) -> Result<Apps, Refusal> {
    let consents = sso::consents_of(store, user.uuid)?.into_iter().map(|(consent, application)| ShownConsent {
        number: consent.number,
        name: application.name,
        scope: if Scope::parse(Some(&consent.scope)).is_some_and(Scope::writes) {
            "all that you can"
        } else {
            "reading only"
        },
        since: consent.created.to_string().chars().take(10).collect(),
    });
    let mut apps =
        Apps { consents: consents.collect(), email: user.email.clone().unwrap_or_default(), ..Apps::default() };
    if let Some(upid) = manager(store, user)? {
        apps.manages = true;
        let shown = sso::list(store, upid)?.into_iter().map(|application| ShownApplication {
            redirects: application.addresses().map(str::to_owned).collect(),
            name: application.name,
            client_id: application.client_id,
            public: application.public,
        });
        apps.applications = shown.collect();
    }
    Ok(apps)
}

/// The profile whose applications the person may manage: the default one, with the right that the operation asks for.
fn manager(store: &mut dyn Reader, user: &User) -> Result<Option<Upid>, Refusal> {
    let Some((upid, _)) = session::profiles_of(store, user)?.into_iter().next() else { return Ok(None) };
    let caller: Caller = session::person_on(store, user.uuid, upid)?;
    Ok(admit::<CreateApplication>(&caller).is_ok().then_some(upid))
}

async fn shown(app: &App, user: User, cookie: &Secret, change: impl FnOnce(&mut Apps), status: StatusCode) -> Response {
    match app.read_little(move |store| look(store, &user)).await {
        Ok(mut apps) => {
            apps.csrf = browser::csrf(cookie);
            change(&mut apps);
            page::show(status, &apps, None)
        }
        Err(refusal) => page::refused(&refusal),
    }
}

/// The person at this browser, or the page to sign in on.
async fn person(app: &App, parts: &Parts) -> Result<(User, Secret), Response> {
    match signin::who(app, &parts.headers).await {
        Ok(Some((user, _, cookie))) => Ok((user, cookie)),
        Ok(None) => {
            let about = About { next: "/auth/apps", ..About::default() };
            Err(signin::show(app, &parts.headers, StatusCode::OK, about).await)
        }
        Err(refusal) => Err(page::refused(&refusal)),
    }
}

pub(super) async fn apps(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match person(&app, &parts).await {
        Ok((user, cookie)) => shown(&app, user, &cookie, |_| {}, StatusCode::OK).await,
        Err(response) => response,
    }
}

pub(super) async fn create(State(app): State<App>, request: Request) -> Response {
    act(app, request, Act::Create).await
}

pub(super) async fn delete(State(app): State<App>, request: Request) -> Response {
    act(app, request, Act::Delete).await
}

pub(super) async fn secret(State(app): State<App>, request: Request) -> Response {
    act(app, request, Act::Secret).await
}

pub(super) async fn revoke(State(app): State<App>, request: Request) -> Response {
    act(app, request, Act::Revoke).await
}

async fn act(app: App, request: Request, act: Act) -> Response {
    let (parts, body) = request.into_parts();
    let (user, cookie) = match person(&app, &parts).await {
        Ok(both) => both,
        Err(response) => return response,
    };
    let form = match Form::read(body).await {
        Ok(form) => form,
        Err(refusal) => return page::refused(&refusal),
    };
    if !form.is_ours(&parts.headers, Some(&cookie)) {
        let problem = |apps: &mut Apps| {
            apps.problem = Some("The page was open for too long. Nothing was done; please try again.".to_owned());
        };
        return shown(&app, user, &cookie, problem, StatusCode::BAD_REQUEST).await;
    }
    let public = form.text("kind") == "public";
    let new = NewApplication {
        name: form.text("name").trim().chars().filter(|c| !c.is_control()).take(60).collect(),
        kind: if public { Kind::Public } else { Kind::Confidential },
        redirects: form.text("redirects").lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect(),
    };
    let (by, client_id, wanted) = (user.clone(), form.text("client_id").to_owned(), new.clone());
    let consent = form.text("consent").parse::<i64>().unwrap_or_default();
    let work = move |store: &mut dyn Writer| -> Result<Option<Made>, Refusal> {
        if matches!(act, Act::Revoke) {
            let own = sso::consents_of(store.reader(), by.uuid)?.iter().any(|(found, _)| found.number == consent);
            if !own {
                return Err(Refusal::not_found());
            }
            return sso::revoke_consent(store, consent).map(|()| None);
        }
        let upid = manager(store.reader(), &by)?.ok_or_else(Refusal::not_found)?;
        match act {
            Act::Create => {
                let (row, secret) = sso::create(store, upid, wanted.clone())?;
                Ok(Some(made(row.name, row.client_id, secret)))
            }
            Act::Secret => {
                let secret = sso::rotate_secret(store, upid, &client_id)?;
                Ok(Some(made("New secret".to_owned(), client_id.clone(), Some(secret))))
            }
            Act::Delete | Act::Revoke => sso::delete(store, upid, &client_id).map(|()| None),
        }
    };
    match app.write(work, |_: &Refusal| false).await {
        // A page that shows a secret is an answer of its own; all else goes back, so that reloading does it once.
        Ok(Some(made)) => shown(&app, user, &cookie, |apps| apps.made = Some(made), StatusCode::OK).await,
        Ok(None) => page::see_other("/auth/apps"),
        Err(refusal) => {
            let problem = move |apps: &mut Apps| {
                let first = refusal.fields.first().map(|fault| fault.reason.clone());
                apps.problem = Some(first.unwrap_or(refusal.message));
                apps.typed_name = new.name;
                apps.typed_public = public;
                apps.typed_redirects = new.redirects.join("\n");
            };
            shown(&app, user, &cookie, problem, StatusCode::BAD_REQUEST).await
        }
    }
}

fn made(name: String, client_id: String, secret: Option<Secret>) -> Made {
    Made { name, client_id, secret: secret.map(|secret| secret.expose().to_owned()) }
}
