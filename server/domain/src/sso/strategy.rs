//! Signing in with an account elsewhere: what is configured, and which account is whose.

use crate::refusal::Refusal;
use crate::seal::{Component, Purpose, Sealed, Sealer};
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::{Secret, Timestamp, Uuid};

/// Where an account may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrategyKind {
    /// Facebook.
    Facebook,
    /// Google.
    Google,
    /// LinkedIn.
    LinkedIn,
}

impl StrategyKind {
    /// All, in the order of the contract's example.
    pub const ALL: [Self; 3] = [Self::Facebook, Self::Google, Self::LinkedIn];

    /// Its id on the wire.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Facebook => "facebook",
            Self::Google => "google",
            Self::LinkedIn => "linkedin",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Facebook => "Facebook",
            Self::Google => "Google",
            Self::LinkedIn => "LinkedIn",
        }
    }

    /// Who signs its id tokens: where its discovery document is.
    #[must_use]
    pub const fn issuer(self) -> &'static str {
        match self {
            Self::Facebook => "https://www.facebook.com",
            Self::Google => "https://accounts.google.com",
            Self::LinkedIn => "https://www.linkedin.com/oauth",
        }
    }

    /// The one with this id.
    #[must_use]
    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

record! {
    /// A configured strategy.
    Strategy in "strategy" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// Its id on the wire.
        id: String,
        /// Our id there.
        client_id: String,
        /// Our secret there.
        client_secret: Sealed,
        /// Where people are sent back to.
        callback_url: String,
        /// When it was configured.
        updated: Timestamp,
    }
}

record! {
    /// An account elsewhere, and the person whose it is.
    ExternalIdentity in "external_identity" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// The strategy's id.
        strategy: String,
        /// The account's id there; never changes.
        subject: String,
        /// The person.
        uuid: Uuid,
        /// When it was linked.
        created: Timestamp,
    }
}

/// What a strategy is configured with.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// Our id there: 1 to 128 characters.
    pub client_id: String,
    /// Our secret there: 1 to 256 characters.
    pub client_secret: Secret,
    /// Where people are sent back to.
    pub callback_url: String,
}

fn row(store: &mut dyn Reader, kind: StrategyKind) -> Result<Option<Strategy>, Refusal> {
    Ok(store.first::<Strategy>(Strategy::query().eq(Strategy::id, kind.id()))?)
}

/// Where the secret of a strategy is at rest.
fn place(number: i64) -> Purpose {
    Purpose::of(Component::Sso, Strategy::client_secret, number)
}

/// Configures a strategy, or configures it anew.
pub fn configure(
    store: &mut dyn Writer,
    sealer: &Sealer,
    kind: StrategyKind,
    new: &Configuration,
) -> Result<(), Refusal> {
    let seal = |number| sealer.seal(&place(number), new.client_secret.expose().as_bytes());
    let updated = store.now();
    let found = row(store.reader(), kind)?.map(|row| row.number);
    if let Some(number) = found {
        let mut row = store.claim::<Strategy>(number)?.ok_or_else(Refusal::not_found)?;
        row.client_id.clone_from(&new.client_id);
        row.client_secret = seal(number)?;
        row.callback_url.clone_from(&new.callback_url);
        row.updated = updated;
        return Ok(store.update(&row)?);
    }
    let number = store.next_id().cast_signed();
    let row = Strategy {
        number,
        id: kind.id().to_owned(),
        client_id: new.client_id.clone(),
        client_secret: seal(number)?,
        callback_url: new.callback_url.clone(),
        updated,
    };
    Ok(store.insert(&row)?)
}

/// What a strategy is configured with, if it is.
pub fn configured(
    store: &mut dyn Reader,
    sealer: &Sealer,
    kind: StrategyKind,
) -> Result<Option<Configuration>, Refusal> {
    let Some(row) = row(store, kind)? else { return Ok(None) };
    Ok(Some(Configuration {
        client_id: row.client_id,
        client_secret: sealer.unseal_text(&place(row.number), &row.client_secret)?,
        callback_url: row.callback_url,
    }))
}

/// The strategies that are configured.
pub fn configured_all(store: &mut dyn Reader) -> Result<Vec<StrategyKind>, Refusal> {
    let rows = store.list::<Strategy>(Strategy::query().ascending(Strategy::number))?;
    let is_there = |kind: &StrategyKind| rows.iter().any(|row| row.id == kind.id());
    Ok(StrategyKind::ALL.into_iter().filter(is_there).collect())
}

/// Whose account this is, if it is known.
pub fn find_identity(store: &mut dyn Reader, kind: StrategyKind, subject: &str) -> Result<Option<Uuid>, Refusal> {
    let query =
        ExternalIdentity::query().eq(ExternalIdentity::strategy, kind.id()).eq(ExternalIdentity::subject, subject);
    Ok(store.first::<ExternalIdentity>(query)?.map(|row| row.uuid))
}

/// Notes whose account this is. It must not be known yet.
pub fn link_identity(store: &mut dyn Writer, kind: StrategyKind, subject: &str, uuid: Uuid) -> Result<(), Refusal> {
    let row = ExternalIdentity {
        number: store.next_id().cast_signed(),
        strategy: kind.id().to_owned(),
        subject: subject.to_owned(),
        uuid,
        created: store.now(),
    };
    Ok(store.insert(&row)?)
}
