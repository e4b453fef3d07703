//! What a person consented to, and the codes and refresh tokens that come of it.
//!
//! A refresh token is used once: with each use another takes its place. If one comes a second time, somebody has a copy,
//! and all that the consent gave ends. There is one exception, for answers that get lost on the way: within
//! [`GRACE_S`] seconds, once, and only as long as the token that took its place was not used, the old one is answered
//! with another. The token of the lost answer is dead then, and if it does come, that is a copy, too. So a thief gains
//! nothing by being quick: whoever comes second ends it for both.

use super::application::Application;
use super::authorize::Asked;
use super::{Denial, browser};
use crate::refusal::Refusal;
use crate::secrets;
use crate::session::{self, Draft, LIFETIME_S, Scope, Session, Signed, Terms};
use crate::store::{Reader, Record, Writer, record};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use florin_sdk_core::{Secret, Timestamp, Upid, Uuid};

/// How long a code is good, in seconds.
pub const CODE_LIFETIME_S: i64 = 60;

/// For how long the answer to a refresh may have been lost, in seconds.
pub const GRACE_S: i64 = 30;

record! {
    /// A person's consent to what an application does for them.
    Consent in "consent" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// The application.
        application: i64,
        /// The person.
        uuid: Uuid,
        /// The profile that it acts for.
        upid: Upid,
        /// How much it may do.
        scope: String,
        /// When its first token was given.
        created: Timestamp,
        /// When it was ended.
        revoked: Option<Timestamp>,
    }
}

record! {
    /// An authorization code. The code itself is not kept.
    Code in "authorization_code" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// SHA-256 of the code.
        hash: [u8; 32],
        /// The application that it is for.
        application: i64,
        /// The person.
        uuid: Uuid,
        /// The profile that it is about.
        upid: Upid,
        /// How much was consented to.
        scope: String,
        /// Where the person was sent back to.
        redirect_uri: String,
        /// What the verifier must hash to.
        challenge: Option<String>,
        /// What the id token repeats.
        nonce: Option<String>,
        /// When the person signed in.
        signed_in: Timestamp,
        /// When it was made.
        created: Timestamp,
        /// When it ends by itself.
        expires: Timestamp,
        /// When it was exchanged.
        used: Option<Timestamp>,
        /// The consent that came of it.
        consent: Option<i64>,
    }
}

record! {
    /// A refresh token. The token itself is not kept.
    RefreshToken in "refresh_token" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// SHA-256 of the token.
        hash: [u8; 32],
        /// The consent that it is of.
        consent: i64,
        /// When it was made.
        created: Timestamp,
        /// When another took its place.
        used: Option<Timestamp>,
        /// The one that took its place.
        successor: Option<i64>,
        /// Whether it was answered a second time.
        again: bool,
    }
}

/// 32 characters that carry 160 random bits: a code, a client secret, a refresh token.
#[must_use]
pub fn new_secret() -> Secret {
    const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    Secret::from(secrets::spell(ALPHABET, secrets::random::<32>().map(u64::from)))
}

/// What a code is made of.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// The code.
    pub code: Secret,
    /// What was asked for.
    pub asked: Asked,
    /// The person.
    pub uuid: Uuid,
    /// The profile that the person chose.
    pub upid: Upid,
    /// When the person signed in.
    pub signed_in: Timestamp,
}

/// Writes down a code that a person consented to.
pub fn issue_code(store: &mut dyn Writer, new: &NewCode) -> Result<(), Refusal> {
    let created = store.now();
    let row = Code {
        number: store.next_id().cast_signed(),
        hash: secrets::fingerprint(new.code.expose()),
        application: new.asked.application.number,
        uuid: new.uuid,
        upid: new.upid,
        scope: new.asked.scope.to_string(),
        redirect_uri: new.asked.redirect_uri.clone(),
        challenge: new.asked.challenge.clone(),
        nonce: new.asked.nonce.clone(),
        signed_in: new.signed_in,
        created,
        expires: created.plus_seconds(CODE_LIFETIME_S),
        used: None,
        consent: None,
    };
    Ok(store.insert(&row)?)
}

/// A code that came to the token endpoint.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The code.
    pub code: Secret,
    /// Where the person was sent back to.
    pub redirect_uri: Option<String>,
    /// Of RFC 7636.
    pub verifier: Option<Secret>,
}

/// What was found of a code or refresh token, before anything is written.
#[derive(Debug)]
pub enum Exchange {
    /// It is good: a session can be opened.
    Good {
        /// The session.
        draft: Box<Draft>,
        /// The code, if it is one.
        code: Option<Box<Code>>,
        /// The refresh token's number, if it is one.
        refresh: Option<i64>,
        /// How much the consent is for.
        scope: Scope,
    },
    /// A code that was used before: somebody has a copy.
    Copied {
        /// The code.
        number: i64,
    },
}

/// Whether the verifier is the one that the challenge was made of.
///
/// Source: RFC 7636, section 4.6, S256.
fn proves(challenge: &str, verifier: &Secret) -> bool {
    let text = verifier.expose();
    let sound = (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'));
    sound && URL_SAFE_NO_PAD.encode(secrets::fingerprint(text)) == challenge
}

/// Looks at a code.
///
/// Source: RFC 6749, section 4.1.3; RFC 7636; RFC 9700, section 4.5.
pub fn look_at_code(
    store: &mut dyn Reader,
    application: &Application,
    presented: &Presented,
) -> Result<Exchange, Denial> {
    let query = Code::query().eq(Code::hash, secrets::fingerprint(presented.code.expose()));
    let code = store.first::<Code>(query)?.filter(|code| code.application == application.number);
    let code = code.ok_or(Denial::InvalidGrant("the code is unknown"))?;
    if code.used.is_some() {
        return Ok(Exchange::Copied { number: code.number });
    }
    if code.expires <= store.now() {
        return Err(Denial::InvalidGrant("the code has ended"));
    }
    if presented.redirect_uri.as_deref() != Some(&*code.redirect_uri) {
        return Err(Denial::InvalidGrant("redirect_uri is not the one that the code was given for"));
    }
    match (&code.challenge, &presented.verifier) {
        (None, None) => {}
        (Some(challenge), Some(verifier)) if proves(challenge, verifier) => {}
        // A verifier without a challenge: the challenge was taken out on the way (RFC 9700, section 4.8).
        _ => return Err(Denial::InvalidGrant("code_verifier does not belong to the code")),
    }
    let scope = Scope::parse(Some(&code.scope)).ok_or(Denial::InvalidScope)?;
    let draft = session::begin(store, code.uuid, code.upid, terms(application, scope))?;
    Ok(Exchange::Good { draft: Box::new(draft), code: Some(Box::new(code)), refresh: None, scope })
}

/// What an application's tokens may do: those of one that keeps no secret stand on the mobile side.
fn terms(application: &Application, scope: Scope) -> Terms {
    Terms {
        client: Some((application.number, application.client_id.clone())),
        consent: None,
        scope,
        mobile: application.public,
        lifetime_s: LIFETIME_S,
    }
}

/// A session of the implicit flow: of the mobile side, and without a refresh token.
pub fn begin_implicit(store: &mut dyn Reader, asked: &Asked, uuid: Uuid, upid: Upid) -> Result<Draft, Refusal> {
    let terms = Terms { mobile: true, ..terms(&asked.application, asked.scope) };
    session::begin(store, uuid, upid, terms)
}

/// What an application gets.
#[derive(Debug, Clone)]
pub struct Exchanged {
    /// The access token.
    pub access_token: Secret,
    /// How many seconds it lasts.
    pub expires_in: u32,
    /// The next refresh token.
    pub refresh_token: Option<Secret>,
    /// What the access token may do.
    pub scope: String,
    /// The id token, if `openid` was asked for.
    pub id_token: Option<Secret>,
}

/// Notes the consent to what a person agreed to.
pub fn note_consent(store: &mut dyn Writer, application: i64, session: &Session) -> Result<Consent, Refusal> {
    let consent = Consent {
        number: store.next_id().cast_signed(),
        application,
        uuid: session.uuid,
        upid: session.upid,
        scope: session.scope.clone(),
        created: store.now(),
        revoked: None,
    };
    store.insert(&consent)?;
    Ok(consent)
}

fn new_refresh(store: &mut dyn Writer, consent: i64, secret: &Secret) -> Result<i64, Refusal> {
    let row = RefreshToken {
        number: store.next_id().cast_signed(),
        hash: secrets::fingerprint(secret.expose()),
        consent,
        created: store.now(),
        used: None,
        successor: None,
        again: false,
    };
    store.insert(&row)?;
    Ok(row.number)
}

/// What was said of a code or refresh token; what was written stays with a denial, too.
pub type Verdict = Result<Result<(), Denial>, Refusal>;

/// Exchanges a code that [`look_at_code`] found good for the tokens that were signed meanwhile. A code that was used in
/// the meantime, or before, ends all that it gave.
pub fn exchange_code(store: &mut dyn Writer, number: i64, fresh: Option<(&Signed, &Secret)>) -> Verdict {
    let mut code = store.claim::<Code>(number)?.ok_or_else(Refusal::not_found)?;
    let (None, Some((signed, refresh))) = (code.used, fresh) else {
        if let Some(consent) = code.consent {
            revoke_consent(store, consent)?;
        }
        tracing::warn!(application = code.application, "an authorization code came twice; what it gave has ended");
        return Ok(Err(Denial::InvalidGrant("the code was used before")));
    };
    let consent = note_consent(store, code.application, &signed.session)?.number;
    code.used = Some(store.now());
    code.consent = Some(consent);
    store.update(&code)?;
    session::open(store, &signed.clone().under(consent))?;
    new_refresh(store, consent, refresh)?;
    Ok(Ok(()))
}

/// Looks at a refresh token. `scope`: to get less than was consented to.
pub fn look_at_refresh(
    store: &mut dyn Reader,
    application: &Application,
    token: &Secret,
    scope: Option<&str>,
) -> Result<Exchange, Denial> {
    let (row, consent) = by_refresh_token(store, application, token.expose())?
        .ok_or(Denial::InvalidGrant("the refresh token is unknown"))?;
    if consent.revoked.is_some() {
        return Err(Denial::InvalidGrant("the consent was ended"));
    }
    let granted = Scope::parse(Some(&consent.scope)).ok_or(Denial::InvalidScope)?;
    let wanted = match scope {
        None => granted,
        Some(text) => Scope::parse(Some(text)).filter(|wanted| granted.covers(*wanted)).ok_or(Denial::InvalidScope)?,
    };
    let draft = session::begin(store, consent.uuid, consent.upid, terms(application, wanted))?.under(consent.number);
    Ok(Exchange::Good { draft: Box::new(draft), code: None, refresh: Some(row.number), scope: wanted })
}

fn by_refresh_token(
    store: &mut dyn Reader,
    application: &Application,
    token: &str,
) -> Result<Option<(RefreshToken, Consent)>, Refusal> {
    let query = RefreshToken::query().eq(RefreshToken::hash, secrets::fingerprint(token));
    let Some(row) = store.first::<RefreshToken>(query)? else { return Ok(None) };
    let consent = store.get::<Consent>(row.consent)?;
    Ok(consent.filter(|consent| consent.application == application.number).map(|consent| (row, consent)))
}

/// Puts another refresh token in the place of the one that came. See the module.
pub fn refresh(store: &mut dyn Writer, number: i64, signed: &Signed, secret: &Secret) -> Verdict {
    let mut row = store.claim::<RefreshToken>(number)?.ok_or_else(Refusal::not_found)?;
    let consent = store.get::<Consent>(row.consent)?.filter(|consent| consent.revoked.is_none());
    if consent.is_none() {
        return Ok(Err(Denial::InvalidGrant("the consent was ended")));
    }
    let now = store.now();
    if let Some(used) = row.used {
        let lost = !row.again && used.plus_seconds(GRACE_S) >= now;
        let successor = match row.successor.filter(|_| lost) {
            Some(successor) => store.claim::<RefreshToken>(successor)?.filter(|next| next.used.is_none()),
            None => None,
        };
        let Some(mut successor) = successor else {
            revoke_consent(store, row.consent)?;
            tracing::warn!(consent = row.consent, "a refresh token came twice; the consent has ended");
            return Ok(Err(Denial::InvalidGrant("the refresh token was used before; the consent has ended")));
        };
        // The token of the lost answer: if it comes after all, it is a copy.
        successor.used = Some(now);
        store.update(&successor)?;
        row.again = true;
    }
    row.used = row.used.or(Some(now));
    row.successor = Some(new_refresh(store, row.consent, secret)?);
    store.update(&row)?;
    session::open(store, signed)?;
    Ok(Ok(()))
}

/// Ends a consent: its tokens are no longer good with the very next request. Ending it again is no error.
pub fn revoke_consent(store: &mut dyn Writer, number: i64) -> Result<(), Refusal> {
    let mut consent = store.claim::<Consent>(number)?.ok_or_else(Refusal::not_found)?;
    if consent.revoked.is_none() {
        consent.revoked = Some(store.now());
        store.update(&consent)?;
    }
    Ok(())
}

/// The consents of a person that were not ended, with their applications, oldest first.
pub fn consents_of(store: &mut dyn Reader, uuid: Uuid) -> Result<Vec<(Consent, Application)>, Refusal> {
    let query = Consent::query().eq(Consent::uuid, uuid).ascending(Consent::number);
    let mut found = Vec::new();
    for consent in store.list::<Consent>(query)? {
        let application = store.get::<Application>(consent.application)?;
        if let Some(application) = application.filter(|a| a.deleted.is_none() && consent.revoked.is_none()) {
            found.push((consent, application));
        }
    }
    Ok(found)
}

/// Whether what a session came from still stands: its application, and the person's consent.
pub fn stands(store: &mut dyn Reader, application: Option<i64>, consent: Option<i64>) -> Result<bool, Refusal> {
    if let Some(number) = application
        && store.get::<Application>(number)?.is_none_or(|application| application.deleted.is_some())
    {
        return Ok(false);
    }
    if let Some(number) = consent
        && store.get::<Consent>(number)?.is_none_or(|consent| consent.revoked.is_some())
    {
        return Ok(false);
    }
    Ok(true)
}

/// Ends all consents of a person, and signs them out of the pages.
pub fn end_all_of(store: &mut dyn Writer, uuid: Uuid) -> Result<(), Refusal> {
    for consent in store.list::<Consent>(Consent::query().eq(Consent::uuid, uuid))? {
        if consent.revoked.is_none() {
            revoke_consent(store, consent.number)?;
        }
    }
    browser::end_all(store, uuid)
}

/// What an application asks about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introspection {
    /// What it may do.
    pub scope: String,
    /// The person.
    pub uuid: Uuid,
    /// The profile.
    pub upid: Upid,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends by itself; never, of a refresh token.
    pub expires: Option<Timestamp>,
    /// The session of an access token.
    pub jti: Option<String>,
}

/// What a token of this application is worth now; nothing if it is not good, or another's.
///
/// Source: RFC 7662.
pub fn introspect(
    store: &mut dyn Reader,
    application: &Application,
    token: &str,
) -> Result<Option<Introspection>, Refusal> {
    if let Ok(session) = session::find(store, token) {
        let good = session.client == Some(application.number) && session::caller_of(store, token).is_ok();
        return Ok(good.then(|| Introspection {
            scope: session.scope.clone(),
            uuid: session.uuid,
            upid: session.upid,
            created: session.created,
            expires: Some(session.expires),
            jti: Some(session.jti()),
        }));
    }
    let found = by_refresh_token(store, application, token)?;
    let good = found.filter(|(row, consent)| row.used.is_none() && consent.revoked.is_none());
    Ok(good.map(|(row, consent)| Introspection {
        scope: consent.scope,
        uuid: consent.uuid,
        upid: consent.upid,
        created: row.created,
        expires: None,
        jti: None,
    }))
}

/// Ends what a token of this application stands for: a session, or with a refresh token the whole consent. What is
/// unknown, or another's, is no error.
///
/// Source: RFC 7009.
pub fn revoke_token(store: &mut dyn Writer, application: &Application, token: &str) -> Result<(), Refusal> {
    if let Ok(session) = session::find(store.reader(), token) {
        if session.client == Some(application.number) {
            session::revoke(store, session.id)?;
        }
        return Ok(());
    }
    if let Some((_, consent)) = by_refresh_token(store.reader(), application, token)? {
        revoke_consent(store, consent.number)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    #[test]
    fn a_verifier_proves_its_own_challenge_only() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = |text: &str| Secret::from(text);
        assert!(proves(challenge, &verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")));
        assert!(!proves(challenge, &verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl")));
        assert!(!proves(challenge, &verifier(challenge)), "the plain method is none");
        assert_eq!(new_secret().expose().len(), 32);
    }
}
