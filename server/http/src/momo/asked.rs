//! Who asks, and what their headers say: checked in the order that the contract gives (section 11).

use crate::app::App;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use florin_domain::momo::request::CallbackUrl;
use florin_domain::momo::user::CallbackHost;
use florin_domain::momo::{Denial, Mode, MomoToken, MomoUser, Purpose, SubscriptionKey, key, token, user};
use florin_domain::secrets::MOBILE_TOKEN_PREFIX;
use florin_domain::store::Reader;
use florin_sdk_core::Secret;
use florin_sdk_core::momo::{Auth, Header, MomoSpec, Product, ReasonCode, ReferenceId, SUBSCRIPTION_KEY};
use http::header::AUTHORIZATION;
use http::request::Parts;
use url::Url;

/// The longest credential that is looked at.
const MAX_LEN: usize = 4096;

/// The longest callback address.
const MAX_URL: usize = 2048;

/// Who asks, and what their headers say.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) mode: Mode,
    pub(crate) product: Product,
    pub(crate) key: SubscriptionKey,
    user: Option<MomoUser>,
    pub(crate) token: Option<MomoToken>,
    reference: Option<ReferenceId>,
    pub(crate) callback: Option<CallbackUrl>,
    pub(crate) spec: MomoSpec,
}

impl Asked {
    /// The API user.
    pub(crate) fn user(&self) -> Result<&MomoUser, Denial> {
        self.user.as_ref().ok_or(Denial::Token)
    }

    /// The reference.
    pub(crate) fn reference(&self) -> Result<ReferenceId, Denial> {
        self.reference.ok_or_else(|| Denial::invalid("X-Reference-Id must be a UUID."))
    }
}

/// A header's text, if it is there once and readable.
fn text<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let mut values = parts.headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    (values.next().is_none() && value.len() <= MAX_LEN).then_some(value)
}

/// The secrets that came with a request.
struct Presented {
    subscription: Secret,
    pair: Option<(String, Secret)>,
    bearer: Option<Secret>,
}

fn presented(parts: &Parts) -> Result<Presented, Denial> {
    let authorization = text(parts, AUTHORIZATION.as_str()).and_then(|value| value.split_once(' '));
    let of = |scheme: &str| {
        authorization.filter(|(given, _)| given.eq_ignore_ascii_case(scheme)).map(|(_, rest)| rest.trim())
    };
    let bearer = of("bearer");
    // Credentials of the native surface open nothing here, whatever comes with them.
    if bearer.is_some_and(|token| token.starts_with(MOBILE_TOKEN_PREFIX)) || parts.headers.contains_key("x-apikey") {
        return Err(Denial::Token);
    }
    let in_query = || {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        pairs.into_owned().find(|(name, _)| name == "subscription-key").map(|(_, value)| value)
    };
    let subscription = text(parts, SUBSCRIPTION_KEY).map(str::to_owned).or_else(in_query);
    let pair = of("basic").and_then(|encoded| {
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (user, key) = text.split_once(':')?;
        Some((user.to_owned(), Secret::from(key.to_owned())))
    });
    Ok(Presented {
        subscription: subscription.ok_or(Denial::Subscription)?.into(),
        pair,
        bearer: bearer.map(|token| Secret::from(token.to_owned())),
    })
}

type Known = (SubscriptionKey, Option<MomoUser>, Option<MomoToken>);

/// Whose secrets these are.
fn known(
    store: &mut dyn Reader,
    spec: &MomoSpec,
    product: Product,
    mode: &Mode,
    presented: &Presented,
) -> Result<Known, Denial> {
    let wanted = Some(product).filter(|product| *product != Product::Provisioning);
    let key = key::subscriber(store, presented.subscription.expose(), wanted, mode)?;
    let by_pair = |store: &mut dyn Reader| {
        let (user, secret) = presented.pair.as_ref().ok_or(Denial::Login)?;
        user::sign_in(store, &key, user, secret.expose(), mode)
    };
    let by_token = |store: &mut dyn Reader, purpose| {
        let token = presented.bearer.as_ref().ok_or(Denial::Token)?;
        token::holder(store, &key, token.expose(), product, purpose, mode)
    };
    let (user, token) = match spec.auth {
        Auth::SubscriptionKey => (None, None),
        Auth::Basic => (Some(by_pair(store)?), None),
        Auth::BearerOrBasic if presented.pair.is_some() => (Some(by_pair(store)?), None),
        Auth::Bearer | Auth::BearerOrBasic => {
            let (user, token) = by_token(store, Purpose::Access)?;
            (Some(user), Some(token))
        }
        Auth::Consent => {
            let (user, token) = by_token(store, Purpose::Consent)?;
            (Some(user), Some(token))
        }
    };
    Ok((key, user, token))
}

/// Checks the headers of a request, secrets first.
pub(crate) async fn asked(app: &App, spec: MomoSpec, product: Product, parts: &Parts) -> Result<Asked, Denial> {
    let mode = app.momo().mode(app.sandbox());
    let presented = presented(parts)?;
    let its_mode = mode.clone();
    let found = app.read_little(move |store| Ok(known(store, &spec, product, &its_mode, &presented))).await?;
    let (key, user, token) = found?;
    if let Some(user) = &user {
        environment(&spec, product, user, &mode, parts)?;
    }
    let reference = if spec.headers.contains(&Header::ReferenceId) { Some(reference(parts, &mode)?) } else { None };
    let callback = if spec.headers.contains(&Header::CallbackUrl) { callback(parts)? } else { None };
    Ok(Asked { mode, product, key, user, token, reference, callback, spec })
}

/// Checks that the target environment is the user's.
fn environment(spec: &MomoSpec, product: Product, user: &MomoUser, mode: &Mode, parts: &Parts) -> Result<(), Denial> {
    let given = text(parts, Header::TargetEnvironment.name());
    let wrong = spec.headers.contains(&Header::TargetEnvironment) && given != Some(user.environment.as_str());
    let other_product = match mode {
        Mode::Sandbox(settings) => {
            settings.one_product_per_user && spec.auth == Auth::Bearer && user.product.is_some_and(|own| own != product)
        }
        Mode::Production => false,
    };
    if wrong || other_product {
        let message = "Access to target environment is forbidden.";
        return Err(Denial::because(ReasonCode::NotAllowedTargetEnvironment, message));
    }
    Ok(())
}

fn reference(parts: &Parts, mode: &Mode) -> Result<ReferenceId, Denial> {
    let strict = matches!(mode, Mode::Sandbox(settings) if settings.version4_only);
    text(parts, Header::ReferenceId.name())
        .and_then(|text| text.parse::<ReferenceId>().ok())
        .filter(|id| !strict || id.is_version_4())
        .ok_or_else(|| Denial::invalid("X-Reference-Id must be a UUID of version 4."))
}

fn callback(parts: &Parts) -> Result<Option<CallbackUrl>, Denial> {
    if !parts.headers.contains_key(Header::CallbackUrl.name()) {
        return Ok(None);
    }
    let wrong = || Denial::invalid("X-Callback-Url must be an http or https address.");
    let given = text(parts, Header::CallbackUrl.name()).filter(|text| text.len() <= MAX_URL).ok_or_else(wrong)?;
    let url = Url::parse(given).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(wrong)?;
    let host = url.host_str().ok_or_else(wrong)?.to_ascii_lowercase();
    Ok(Some(CallbackUrl { url: url.to_string(), host }))
}

/// The host that callbacks may go to: a bare name, perhaps with a port; an address is tolerated (K4).
pub(crate) fn callback_host(given: &str) -> Result<CallbackHost, Denial> {
    let wrong = || Denial::invalid("providerCallbackHost must be a host name.");
    let address = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let url = Url::parse(&address).map_err(|_| wrong())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?.to_ascii_lowercase();
    if !matches!(url.scheme(), "http" | "https") || given.contains(['@', '\\', '?', '#']) {
        return Err(wrong());
    }
    Ok(CallbackHost { given: given.to_owned(), host })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_host_is_a_name() {
        for (given, host) in [
            ("shop.example", "shop.example"),
            ("Shop.Example", "shop.example"),
            ("https://shop.example/hook", "shop.example"),
            ("127.0.0.1:8080", "127.0.0.1"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(callback_host(given).unwrap().host, host, "{given}");
        }
        for given in ["", " ", "shop example", "ftp://shop.example", "a@b.example", "https://", "x\\y", "a?b", "::"] {
            assert!(callback_host(given).is_err(), "{given}");
        }
    }
}
