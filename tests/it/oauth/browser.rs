//! A person at a browser, as far as our pages need one: cookies, links, forms.

use super::world::{PASSWORD, World};
use axum::body::Body;
use florin_tests::http::Answer;
use http::Request;
use std::collections::BTreeMap;
use url::{Url, form_urlencoded};

/// Where applications live in the tests.
pub(super) const REDIRECT: &str = "https://merchant.example/auth-endpoint";

/// A verifier and its challenge (RFC 7636, appendix B).
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) type Fields = BTreeMap<String, String>;

pub(super) fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn query(fields: &Fields) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The fields of an address: of its query, or of its fragment.
pub(super) fn fields_of(address: &str) -> Fields {
    let url = Url::parse(address).expect("an address");
    let text = url.fragment().or(url.query()).unwrap_or_default();
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

pub(super) struct Browser<'a> {
    pub(super) world: &'a World,
    pub(super) cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        Self { world, cookies: BTreeMap::new() }
    }

    /// One that has signed in.
    pub(super) async fn signed_in(world: &'a World) -> Self {
        let mut browser = Self::new(world);
        let page = browser.get("/auth/login").await;
        let answer =
            browser.submit(&page, "/auth/login", &[("email", "admin@florin.local"), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    async fn exchange(&mut self, mut request: http::request::Builder, body: Body) -> Answer {
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("Cookie", cookies.join("; "));
        }
        let answer = self.world.send(request.body(body).expect("a request")).await;
        for set in answer.headers.get_all("set-cookie") {
            let text = set.to_str().expect("text");
            let (name, value) = text.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.exchange(Request::get(path), Body::empty()).await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &Fields) -> Answer {
        let request = Request::post(path).header("Content-Type", "application/x-www-form-urlencoded");
        self.exchange(request, Body::from(query(fields))).await
    }

    /// Fills in the form of a page that goes to `action`.
    pub(super) async fn submit(&mut self, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
        let mut fields = hidden(&page.text(), action);
        fields.extend(self::fields(typed));
        self.post(action, &fields).await
    }

    /// The page on which the person decides.
    pub(super) async fn ask(&mut self, request: &Fields) -> Answer {
        self.get(&format!("/auth/authorize?{}", query(request))).await
    }

    /// Lets an application in; where the browser is sent.
    pub(super) async fn allow(&mut self, request: &Fields) -> String {
        let page = self.ask(request).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let answer = self.submit(&page, "/auth/authorize", &[("decision", "allow")]).await;
        location(&answer)
    }
}

/// Where an answer sends the browser.
pub(super) fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.headers["location"].to_str().expect("text").to_owned()
}

/// The hidden fields of the form that goes to `action`.
fn hidden(page: &str, action: &str) -> Fields {
    let start = page.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no form for {action}: {page}"));
    let form = &page[start..];
    let form = &form[..form.find("</form>").expect("its end")];
    let attribute = |tag: &str, name: &str| {
        let text = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.to_owned();
        Some(text.replace("&#38;", "&").replace("&amp;", "&").replace("&#39;", "'").replace("&#34;", "\""))
    };
    form.split("<input")
        .skip(1)
        .filter_map(|tag| {
            let tag = tag.split('>').next()?;
            let hidden = attribute(tag, "type")? == "hidden";
            hidden.then_some((attribute(tag, "name")?, attribute(tag, "value")?))
        })
        .collect()
}
