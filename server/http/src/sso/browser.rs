//! What a browser sends: cookies, forms, and the proof that a form came from our own page.

use crate::app::App;
use crate::body;
use axum::body::Body;
use axum::response::Response;
use florin_domain::{Refusal, secrets};
use florin_sdk_core::Secret;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use std::collections::HashMap;
use std::fmt::Write as _;
use url::form_urlencoded;

/// Who is signed in.
pub(super) const LOGIN: &str = "florin_login";

/// What ties a form to the browser that was shown it, before anybody is signed in.
pub(super) const FORM: &str = "florin_form";

/// What ties a sign-in elsewhere to the browser that began it.
pub(super) const ELSEWHERE: &str = "florin_elsewhere";

/// The cookie of this name.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<Secret> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| Secret::from(value))
}

/// Sets a cookie for our own pages: no script sees it, and other sites' forms do not send it.
pub(super) fn set_cookie(app: &App, response: &mut Response, name: &str, value: &str, max_age_s: Option<i64>) {
    let secure = if app.public_address().starts_with("https:") { "; Secure" } else { "" };
    let age = max_age_s.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let text = format!("{name}={value}; Path=/auth; HttpOnly; SameSite=Lax{secure}{age}");
    if let Ok(mut value) = HeaderValue::from_str(&text) {
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// 32 hexadecimal digits that nobody can guess.
pub(super) fn random_text() -> Secret {
    Secret::from(secrets::hex_key().expose().to_lowercase())
}

/// What a form must bring back: it follows from the cookie, and nobody without the cookie can tell it.
pub(super) fn csrf(cookie: &Secret) -> String {
    let mut text = String::with_capacity(64);
    for byte in secrets::fingerprint(&format!("form {}", cookie.expose())) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The fields of a form.
pub(super) struct Form(HashMap<String, String>);

impl Form {
    /// Reads a form; a field that comes twice is one too many.
    pub(super) async fn read(body: Body) -> Result<Self, Refusal> {
        let bytes = body::read(body).await?;
        let mut fields = HashMap::new();
        for (name, value) in form_urlencoded::parse(&bytes) {
            if fields.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(Refusal::field(&name, "stands twice"));
            }
        }
        Ok(Self(fields))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Whether the form was shown by us to the browser that has this cookie.
    pub(super) fn is_ours(&self, headers: &HeaderMap, cookie: Option<&Secret>) -> bool {
        let site = headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes);
        let from_us = site.is_none_or(|site| site == b"same-origin" || site == b"none");
        from_us && cookie.is_some_and(|cookie| self.text("csrf") == csrf(cookie))
    }
}

/// Where a person may be sent on after signing in: to our own pages, nowhere else.
pub(super) fn safe_next(next: &str) -> &str {
    let ours = next == "/auth/apps" || next.starts_with("/auth/authorize?");
    if ours && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') { next } else { "/auth/apps" }
}

/// A text in a query.
pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(safe_next("/auth/authorize?client_id=a"), "/auth/authorize?client_id=a");
        for bad in
            ["//evil.example", "https://evil.example", "/auth/authorize?\r\nX: y", "/\\evil", "", "/auth/authorizeX"]
        {
            assert_eq!(safe_next(bad), "/auth/apps", "{bad}");
        }
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; florin_login=x; xflorin_login=y"));
        headers.append(COOKIE, HeaderValue::from_static("florin_form=z"));
        assert_eq!(cookie(&headers, LOGIN).unwrap().expose(), "x");
        assert_eq!(cookie(&headers, FORM).unwrap().expose(), "z");
        assert!(cookie(&headers, "login").is_none());
    }
}
