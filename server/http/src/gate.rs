//! The credential of a request.

use florin_domain::Refusal;
use florin_domain::access::Caller;
use florin_domain::identity::{Credential, authenticate};
use florin_domain::{session, settings};
use florin_sdk_core::Secret;
use florin_sdk_core::code::Code;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::App;
use crate::credentials::Mark;
use std::sync::Arc;

/// The longest credential that is looked at.
const MAX_LEN: usize = 4096;

enum Presented {
    ApiKey(Secret),
    Bearer(Secret),
}

impl Presented {
    fn credential(&self) -> Credential<'_> {
        match self {
            Self::ApiKey(key) => Credential::ApiKey(key.expose()),
            Self::Bearer(token) => Credential::Bearer(token.expose()),
        }
    }
}

/// Exactly one of the two headers, once.
fn presented(headers: &HeaderMap) -> Result<Presented, Refusal> {
    let refuse = |why: &str| Refusal::because(Code::NOT_AUTHENTICATED, why);
    let one = |name: &str| -> Result<Option<String>, Refusal> {
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let text = value.to_str().ok().filter(|text| values.next().is_none() && text.len() <= MAX_LEN);
        Ok(Some(text.ok_or_else(|| refuse("The credential is not readable"))?.to_owned()))
    };
    match (one("x-apikey")?, one(AUTHORIZATION.as_str())?) {
        (Some(_), Some(_)) => Err(refuse("Send either X-APIKey or Authorization, not both")),
        (None, None) => Err(Refusal::new(Code::NOT_AUTHENTICATED)),
        (Some(key), None) => Ok(Presented::ApiKey(key.into())),
        (None, Some(value)) => {
            let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let (_, token) = token.ok_or_else(|| refuse("Authorization must be a Bearer token"))?;
            Ok(Presented::Bearer(token.trim().into()))
        }
    }
}

/// Whether there is a credential at all.
pub(crate) fn is_presented(headers: &HeaderMap) -> bool {
    headers.contains_key("x-apikey") || headers.contains_key(AUTHORIZATION)
}

/// Finds out who calls.
pub(crate) async fn caller(app: &App, headers: &HeaderMap) -> Result<Arc<Caller>, Refusal> {
    let presented = presented(headers)?;
    let mark = Mark::of(&presented.credential());
    let now = app.now();
    let known = app.credentials().find(&mark, now);
    let caller = if let Some(known) = known {
        known
    } else {
        let state = (app.credentials().version(), now);
        let found = Arc::new(app.read_again(move |store| authenticate(store, &presented.credential())).await?);
        app.credentials().remember(mark, state, &found);
        found
    };
    if let Some(mtid) = caller.mtid {
        app.last_use().note(mtid);
    }
    if let Some(session) = caller.session.filter(|_| caller.rests) {
        let minutes = i64::from(app.settings().get(settings::INACTIVITY_TIMEOUT_MINUTES));
        if !app.last_use().go_on(session, minutes * 60_000) {
            // Written down, so that it is over for other processes, too, and after a restart.
            app.write(move |store| session::revoke(store, session), |_: &Refusal| false).await?;
            return Err(Refusal::because(
                Code::NOT_AUTHENTICATED,
                "The session ended as nobody used it; sign in again",
            ));
        }
    }
    Ok(caller)
}
