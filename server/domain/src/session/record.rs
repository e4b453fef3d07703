//! Sessions: one for each access token of a person.

use super::key::{self, SigningKey};
use super::{LIFETIME_S, Scope};
use crate::access::{Caller, Grant, Side};
use crate::identity::{self, User, need_active, need_profile};
use crate::refusal::Refusal;
use crate::seal::Sealer;
use crate::secrets;
use crate::sso;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::jwt::{Claims, Context, JwtFault, Unverified};
use florin_sdk_core::{Secret, Timestamp, Upid, Uuid};

/// What stands before the 32 digits by which a session is looked up.
pub const USER_TOKEN_PREFIX: &str = "usertoken_";

record! {
    /// A session: what stands behind an access token.
    Session in "session" key {
        /// Its id, drawn at random; `jti` of its token.
        id: i64,
    } {
        /// The user.
        uuid: Uuid,
        /// The profile that it acts for.
        upid: Upid,
        /// The application that the token was given to; none of `Login`.
        client: Option<i64>,
        /// The person's consent that it comes from; none of `Login`.
        consent: Option<i64>,
        /// How much it may do.
        scope: String,
        /// Whether it stands on the mobile side: the application keeps no secret.
        mobile: bool,
        /// SHA-256 of the text `usertoken_` and 32 digits, by which the session can be looked up.
        lookup: [u8; 32],
        /// When it was opened.
        created: Timestamp,
        /// When it ends by itself.
        expires: Timestamp,
        /// When it was ended.
        revoked: Option<Timestamp>,
    }
}

impl Session {
    /// As its token's `jti` spells it.
    #[must_use]
    pub fn jti(&self) -> String {
        format!("{:016x}", self.id)
    }

    /// What it may do.
    #[must_use]
    pub fn granted(&self) -> Scope {
        // Only `begin` writes it, from the same type; what cannot be read opens nothing.
        Scope::parse(Some(&self.scope)).unwrap_or_default()
    }
}

/// Who a session is opened for, beside the user: an application, or nobody else.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The application: its number, and its client id.
    pub client: Option<(i64, String)>,
    /// The person's consent.
    pub consent: Option<i64>,
    /// How much it may do.
    pub scope: Scope,
    /// Whether it stands on the mobile side.
    pub mobile: bool,
    /// How many seconds it lasts.
    pub lifetime_s: u32,
}

impl Terms {
    /// Of `Login`: the person's own session, with all that the person may.
    #[must_use]
    pub const fn login() -> Self {
        Self { client: None, consent: None, scope: Scope::ALL, mobile: false, lifetime_s: LIFETIME_S }
    }
}

/// A session that is not opened yet, and the key that is to sign its token.
#[derive(Debug, Clone)]
pub struct Draft {
    session: Session,
    claims: Claims,
    user_token: Secret,
    key: SigningKey,
}

/// A session that is not opened yet, and its token.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What [`open`] writes.
    pub session: Session,
    /// The access token. Good once [`open`] is on disk.
    pub token: Secret,
    /// By what the session can be looked up, and nothing else be done.
    pub user_token: Secret,
    /// The user's roles on the profile.
    pub roles: Vec<String>,
}

/// Reads what a session of `uuid` on the profile `upid` needs.
///
/// # Errors
/// `INACTIVE` for what is not active, `FORBIDDEN` if the user has no part in the profile.
pub fn begin(store: &mut dyn Reader, uuid: Uuid, upid: Upid, terms: Terms) -> Result<Draft, Refusal> {
    let roles = standing(store, uuid, upid)?.roles().to_vec();
    let key = key::active(store)?.ok_or_else(|| {
        tracing::error!("there is no key to sign with");
        Refusal::new(Code::SYSTEM_ERROR)
    })?;
    let created = store.now();
    let expires = created.plus_seconds(i64::from(terms.lifetime_s));
    let user_token = Secret::from(format!("{USER_TOKEN_PREFIX}{}", secrets::hex_key().expose()));
    let session = Session {
        // 63 bits: two alike are refused by the table.
        id: i64::from_be_bytes(secrets::random()) & i64::MAX,
        uuid,
        upid,
        client: terms.client.as_ref().map(|(number, _)| *number),
        consent: terms.consent,
        scope: terms.scope.to_string(),
        mobile: terms.mobile,
        lookup: secrets::fingerprint(user_token.expose()),
        created,
        expires,
        revoked: None,
    };
    let claims = Claims {
        iss: terms.client.map(|(_, id)| id),
        sub: uuid,
        iat: created.millis().div_euclid(1000),
        exp: expires.millis().div_euclid(1000),
        jti: session.jti(),
        scope: session.scope.clone(),
        context: Context { upid, roles },
    };
    Ok(Draft { session, claims, user_token, key })
}

impl Draft {
    /// Signs the token. Takes about a millisecond: not on the thread of the writer.
    pub fn sign(self, sealer: &Sealer) -> Result<Signed, Refusal> {
        let token = Secret::from(self.key.sign(sealer, &self.claims)?);
        Ok(Signed { session: self.session, token, user_token: self.user_token, roles: self.claims.context.roles })
    }

    /// Signs other claims with the same key, about the same user: an id token.
    pub fn sign_also<T: serde::Serialize>(&self, sealer: &Sealer, claims: &T) -> Result<Secret, Refusal> {
        Ok(Secret::from(self.key.sign(sealer, claims)?))
    }

    /// What the access token is going to say.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Under another consent, which was made after this was begun.
    #[must_use]
    pub const fn under(mut self, consent: i64) -> Self {
        self.session.consent = Some(consent);
        self
    }
}

impl Signed {
    /// Under a consent that is made in the same transaction.
    #[must_use]
    pub const fn under(mut self, consent: i64) -> Self {
        self.session.consent = Some(consent);
        self
    }
}

/// Opens a session. What [`begin`] found may have changed since, so it is looked at again.
pub fn open(store: &mut dyn Writer, signed: &Signed) -> Result<(), Refusal> {
    standing(store.reader(), signed.session.uuid, signed.session.upid)?;
    Ok(store.insert(&signed.session)?)
}

/// What a user may do on a profile, if user, profile and the user's part in it are active.
fn standing(store: &mut dyn Reader, uuid: Uuid, upid: Upid) -> Result<Grant, Refusal> {
    let unknown = || Refusal::new(Code::NOT_AUTHENTICATED);
    let user = store.get::<User>(uuid)?.ok_or_else(unknown)?;
    need_active(&user.status, "The user")?;
    if user.confirmed.is_none() {
        return Err(Refusal::because(Code::INACTIVE, "The user's e-mail address is not confirmed"));
    }
    need_active(&need_profile(store, upid)?.status, "The profile")?;
    let grant = identity::grant_on(store, upid, uuid)?;
    grant.ok_or_else(|| Refusal::because(Code::FORBIDDEN, "The user has no part in this profile"))
}

/// Refuses a user who may not act for a profile.
pub fn may_act(store: &mut dyn Reader, uuid: Uuid, upid: Upid) -> Result<(), Refusal> {
    standing(store, uuid, upid).map(|_| ())
}

/// A person as their own session would be, on one of their profiles: for our own pages.
pub fn person_on(store: &mut dyn Reader, uuid: Uuid, upid: Upid) -> Result<Caller, Refusal> {
    Ok(Caller::person(upid, uuid, standing(store, uuid, upid)?))
}

/// The profiles that a person may act for, with their names, the default one first.
pub fn profiles_of(store: &mut dyn Reader, user: &User) -> Result<Vec<(Upid, String)>, Refusal> {
    let mut profiles = Vec::new();
    for place in identity::memberships_of(store, user.uuid)? {
        if may_act(store, user.uuid, place.upid).is_ok() {
            let name = need_profile(store, place.upid)?.display_name();
            profiles.push((place.upid, if name.is_empty() { place.upid.to_string() } else { name }));
        }
    }
    profiles.sort_by_key(|(upid, _)| *upid != user.upid);
    Ok(profiles)
}

/// Finds whose access token it is, and whether it works now.
pub fn caller_of(store: &mut dyn Reader, token: &str) -> Result<Caller, Refusal> {
    let session = find(store, token)?;
    if session.expires <= store.now() {
        return Err(Refusal::new(Code::TOKEN_EXPIRED));
    }
    need_live(store, &session)?;
    let grant = identity::standing(store, session.uuid, session.upid)?.grant;
    Ok(Caller::person(session.upid, session.uuid, grant).with_session(&session))
}

/// The session of a token that we signed, whether or not it is over.
pub(crate) fn find(store: &mut dyn Reader, token: &str) -> Result<Session, Refusal> {
    let unknown = || Refusal::new(Code::NOT_AUTHENTICATED);
    let read = Unverified::read(token).map_err(|_| unknown())?;
    let key = key::find(store, read.kid())?.ok_or_else(unknown)?;
    let claims: Claims = read.verify(&key.public()).map_err(|fault| {
        if fault == JwtFault::Signature {
            tracing::warn!(kid = read.kid(), "an access token has a wrong signature");
        }
        unknown()
    })?;
    let id = i64::from_str_radix(&claims.jti, 16).map_err(|_| unknown())?;
    let session = store.get::<Session>(id)?.ok_or_else(unknown)?;
    // The table decides; a token of ours that says otherwise cannot be.
    if session.uuid != claims.sub || session.upid != claims.context.upid || session.jti() != claims.jti {
        return Err(unknown());
    }
    Ok(session)
}

/// Refuses a session that was ended, by itself or with the consent or the application that it came from.
pub(crate) fn need_live(store: &mut dyn Reader, session: &Session) -> Result<(), Refusal> {
    let over = session.revoked.is_some() || !sso::stands(store, session.client, session.consent)?;
    if over { Err(Refusal::new(Code::NOT_AUTHENTICATED)) } else { Ok(()) }
}

/// The live session that a text `usertoken_` and 32 digits names.
pub fn by_user_token(store: &mut dyn Reader, text: &str) -> Result<Session, Refusal> {
    let query = Session::query().eq(Session::lookup, secrets::fingerprint(text));
    let session = store.first::<Session>(query)?.ok_or_else(Refusal::not_found)?;
    let live = session.expires > store.now() && need_live(store, &session).is_ok();
    if live { Ok(session) } else { Err(Refusal::not_found()) }
}

/// Ends a session, at once. Ending it again is no error.
pub fn revoke(store: &mut dyn Writer, id: i64) -> Result<(), Refusal> {
    let mut session = store.claim::<Session>(id)?.ok_or_else(Refusal::not_found)?;
    if session.revoked.is_none() {
        session.revoked = Some(store.now());
        store.update(&session)?;
    }
    Ok(())
}

/// Ends all sessions and consents of a user, and what keeps them signed in on the pages, at once: after a changed password,
/// or when the user is deactivated. How many sessions there were.
pub fn revoke_all_of(store: &mut dyn Writer, uuid: Uuid) -> Result<u32, Refusal> {
    let now = store.now();
    let query = Session::query().eq(Session::uuid, uuid).greater(Session::expires, now);
    let mut count = 0;
    for session in store.list::<Session>(query)? {
        if session.revoked.is_none() {
            revoke(store, session.id)?;
            count += 1;
        }
    }
    sso::end_all_of(store, uuid)?;
    Ok(count)
}

impl Caller {
    /// With the bounds of the session that it comes with.
    #[must_use]
    pub(crate) fn with_session(mut self, session: &Session) -> Self {
        self.session = Some(session.id);
        self.rests = session.client.is_none();
        self.expires = Some(session.expires);
        self.scope = session.granted();
        if session.mobile {
            self.side = Side::Mobile;
        }
        self.narrowed()
    }
}
