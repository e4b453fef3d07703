//! The pages of single sign-on: no script, nothing inline, never in a frame of another page.

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use florin_domain::Refusal;
use florin_domain::sso::StrategyKind;
use florin_sdk_core::code::Code;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};

/// For browsers that do not know `frame-ancestors`.
const X_FRAME_OPTIONS: HeaderName = HeaderName::from_static("x-frame-options");

/// A page that says something.
#[derive(Template)]
#[template(path = "sso/message.html")]
pub(super) struct Message<'a> {
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    /// Where to go on: address and words.
    pub(super) link: Option<(&'a str, &'a str)>,
}

/// The page to sign in on.
#[derive(Template)]
#[template(path = "sso/login.html")]
pub(super) struct Login<'a> {
    pub(super) csrf: &'a str,
    pub(super) next: &'a str,
    pub(super) next_encoded: &'a str,
    pub(super) email: &'a str,
    /// Who asks for access.
    pub(super) application: Option<&'a str>,
    pub(super) problem: Option<&'a str>,
    pub(super) strategies: &'a [StrategyKind],
}

/// The page on which a person decides.
#[derive(Template)]
#[template(path = "sso/consent.html")]
pub(super) struct Consent<'a> {
    pub(super) csrf: &'a str,
    pub(super) email: &'a str,
    pub(super) application: &'a str,
    /// What it will be able to do.
    pub(super) lines: &'a [&'a str],
    /// The request, to be sent again with the decision.
    pub(super) fields: &'a [(&'static str, String)],
    pub(super) profiles: &'a [(String, String)],
    pub(super) destination: &'a str,
    /// The address of this very page.
    pub(super) here: &'a str,
}

/// An application on its page.
pub(super) struct ShownApplication {
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) public: bool,
    pub(super) redirects: Vec<String>,
}

/// A consent on the page of applications.
pub(super) struct ShownConsent {
    pub(super) number: i64,
    pub(super) name: String,
    pub(super) scope: &'static str,
    pub(super) since: String,
}

/// What was just made.
pub(super) struct Made {
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) secret: Option<String>,
}

/// The page of applications.
#[derive(Template, Default)]
#[template(path = "sso/apps.html")]
pub(super) struct Apps {
    pub(super) csrf: String,
    pub(super) email: String,
    pub(super) problem: Option<String>,
    pub(super) made: Option<Made>,
    pub(super) consents: Vec<ShownConsent>,
    /// Whether the person may register applications.
    pub(super) manages: bool,
    pub(super) applications: Vec<ShownApplication>,
    pub(super) typed_name: String,
    pub(super) typed_public: bool,
    pub(super) typed_redirects: String,
}

/// Nothing is loaded but our own style sheet, nothing runs, forms go to ourselves and `also`, nobody frames it.
fn policy(also: &str) -> String {
    format!("default-src 'none'; style-src 'self'; form-action 'self'{also}; base-uri 'none'; frame-ancestors 'none'")
}

/// A template as a response. `also`: where else the answer to a form may lead, as a source of the policy.
pub(super) fn show(status: StatusCode, template: &impl Template, also: Option<&str>) -> Response {
    let Ok(html) = template.render() else {
        tracing::error!("a page could not be drawn");
        return plain(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let also = also.map(|source| format!(" {source}")).unwrap_or_default();
    // A redirect address was checked to hold nothing that could end a directive.
    if let Ok(value) = HeaderValue::from_str(&policy(&also)) {
        headers.insert(CONTENT_SECURITY_POLICY, value);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    guarded(response)
}

/// What every answer of this surface says: keep it nowhere, tell nobody where you came from.
pub(super) fn guarded(mut response: Response) -> Response {
    for (name, value) in
        [(CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer"), (X_CONTENT_TYPE_OPTIONS, "nosniff")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A page that says what is wrong.
pub(super) fn problem(status: StatusCode, title: &str, text: &str) -> Response {
    show(status, &Message { title, text, link: None }, None)
}

/// A rule said no, or we failed.
pub(super) fn refused(refusal: &Refusal) -> Response {
    match refusal.code {
        Code::MAINTENANCE_IN_PROGRESS | Code::TOO_BUSY | Code::TOO_FAST | Code::LOCKED => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "Not now", "Nothing was done. Please try again in a minute.")
        }
        Code::SYSTEM_ERROR => {
            let text = "Something failed on our side. Please try again in a minute.";
            problem(StatusCode::INTERNAL_SERVER_ERROR, "Something failed", text)
        }
        _ => problem(StatusCode::FORBIDDEN, "That cannot be done", &refusal.message),
    }
}

/// Sends the browser on, with a GET.
pub(super) fn see_other(address: &str) -> Response {
    let mut response = plain(StatusCode::SEE_OTHER);
    match HeaderValue::from_str(address) {
        Ok(value) => response.headers_mut().insert(LOCATION, value),
        Err(_) => return problem(StatusCode::BAD_REQUEST, "That cannot be done", "The address is none."),
    };
    guarded(response)
}
