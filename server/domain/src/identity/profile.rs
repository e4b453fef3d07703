//! Profiles: whom wallets, keys and currencies belong to.

use super::attribute::set_attributes;
use crate::access::{Caller, is_below};
use crate::ledger::{self, Wallet};
use crate::notify;
use crate::refusal::Refusal;
use crate::seal::{Sealed, Sealer};
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{ProfileData, ProfileType, Status};
use florin_sdk_core::{FieldError, Fsid, JsonObject, Timestamp, Upid, Uuid, Waid};

record! {
    /// A profile.
    Profile in "profile" key {
        /// The profile.
        upid: Upid,
    } {
        /// Individual or organization.
        kind: ProfileType,
        /// The profile above, of a sub-profile.
        parent: Option<Upid>,
        /// Whether it belongs to the platform itself.
        system: bool,
        /// Active or inactive.
        status: Status,
        /// Counts the changes.
        version: u32,
        /// Its tier.
        tier: u32,
        /// The user that it is assigned to.
        master: Option<Uuid>,
        /// Its default wallet.
        wallet: Option<Waid>,
        /// Its fee schedule.
        fee_schedule: Option<Fsid>,
        /// The last part of its currencies' codes; written once.
        issuer_name: Option<String>,
        /// Name, address and the like, by wire name.
        details: JsonObject,
        /// Extended attributes; of those that are not shown, that they are there.
        extended: JsonObject,
        /// When it was made.
        created: Timestamp,
        /// The values of those that are not shown, by name.
        secrets: Option<Sealed>,
        /// The e-mail address among its details, in small letters, of a profile that stands alone: to find it by.
        email: Option<String>,
    }
}

impl Profile {
    /// Name, address and the like.
    #[must_use]
    pub fn data(&self) -> ProfileData {
        // Only `create_profile` writes it, from the same type.
        serde_json::from_value(serde_json::Value::Object(self.details.0.clone())).unwrap_or_default()
    }

    /// The name of its e-mail address among its details.
    const fn email_name(&self) -> &'static str {
        if matches!(self.kind, ProfileType::Organization) { "adminemail" } else { "email" }
    }

    /// The e-mail address among its details.
    fn email_in_details(&self) -> Option<&str> {
        self.details.0.get(self.email_name()).and_then(serde_json::Value::as_str)
    }

    /// Notes by which address it is found. To be called when its details have changed.
    fn note_email(&mut self) {
        self.email = self.email_in_details().filter(|_| self.parent.is_none()).map(str::to_lowercase);
    }

    /// Puts another address in the place of this one, if that is the profile's; whether it was.
    pub fn change_email(&mut self, old: &str, new: &str) -> bool {
        let same = self.email_in_details().is_some_and(|email| email.to_lowercase() == old);
        if same {
            self.details.0.insert(self.email_name().to_owned(), new.into());
            self.note_email();
        }
        same
    }

    /// The name to show to others.
    #[must_use]
    pub fn display_name(&self) -> String {
        let data = self.data();
        let person = || [data.first_name, data.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
        data.organization_name.unwrap_or_else(person)
    }
}

/// What a profile's money goes by: a few cells, as the whole row is a dozen of texts, and each transfer asks twice.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The profile.
    pub upid: Upid,
    /// Whether it belongs to the platform itself.
    pub system: bool,
    /// Active or inactive.
    pub status: Status,
    /// Its tier.
    pub tier: u32,
    /// Its fee schedule.
    pub fee_schedule: Option<Fsid>,
}

impl Holder {
    /// That of this profile, or `NOT_FOUND`.
    pub fn need(store: &mut dyn Reader, upid: Upid) -> Result<Self, Refusal> {
        let holder = store.part(upid, |row| {
            Ok(Self {
                upid,
                system: row.cell(Profile::system)?,
                status: row.cell(Profile::status)?,
                tier: row.cell(Profile::tier)?,
                fee_schedule: row.cell(Profile::fee_schedule)?,
            })
        })?;
        holder.ok_or_else(Refusal::not_found)
    }
}

/// What a new profile is made from.
#[derive(Debug)]
pub struct NewProfile {
    /// Individual or organization.
    pub kind: ProfileType,
    /// The profile above.
    pub parent: Option<Upid>,
    /// Whether it belongs to the platform itself.
    pub system: bool,
    /// Name, address and the like.
    pub data: ProfileData,
}

/// Makes a profile with a default wallet, `Main`.
pub fn create_profile(store: &mut dyn Writer, new: NewProfile) -> Result<(Profile, Wallet), Refusal> {
    create(store, new, None)
}

/// The same with extended attributes.
pub fn create_profile_with(
    store: &mut dyn Writer,
    sealer: &Sealer,
    new: NewProfile,
    extended: JsonObject,
) -> Result<(Profile, Wallet), Refusal> {
    create(store, new, Some((sealer, extended)))
}

fn create(
    store: &mut dyn Writer,
    new: NewProfile,
    attributes: Option<(&Sealer, JsonObject)>,
) -> Result<(Profile, Wallet), Refusal> {
    let number = store.next_id();
    let details = match serde_json::to_value(&new.data) {
        Ok(serde_json::Value::Object(map)) => JsonObject(map),
        _ => JsonObject::default(),
    };
    let mut profile = Profile {
        upid: ledger::id(Upid::new(number))?,
        kind: new.kind,
        parent: new.parent,
        system: new.system,
        status: Status::Active,
        version: 1,
        tier: 1,
        master: None,
        wallet: None,
        fee_schedule: None,
        issuer_name: None,
        details,
        extended: JsonObject::default(),
        created: store.now(),
        secrets: None,
        email: None,
    };
    profile.note_email();
    let sealer = match attributes {
        Some((sealer, extended)) => {
            set_attributes(store.reader(), sealer, &mut profile, extended, false)?;
            Some(sealer)
        }
        None => None,
    };
    store.insert(&profile)?;
    let wallet = ledger::create_wallet(store, profile.upid, "Main", None)?;
    profile.wallet = Some(wallet.waid);
    store.update(&profile)?;
    if let Some(sealer) = sealer {
        notify::transport::follow_attributes(store, sealer, &profile, true)?;
    }
    Ok((profile, wallet))
}

/// Changes a profile: what is given of name, address and the like, by wire name, and of the extended attributes. `own`:
/// whoever asks is the profile itself, not somebody above it.
///
/// # Errors
/// `INVALID_REQUEST` for what the other kind of profile has; see [`set_attributes`] for the extended attributes.
pub fn update_profile(
    store: &mut dyn Writer,
    sealer: &Sealer,
    upid: Upid,
    details: JsonObject,
    extended: JsonObject,
    own: bool,
) -> Result<(), Refusal> {
    let mut profile = store.claim::<Profile>(upid)?.ok_or_else(Refusal::not_found)?;
    let (others, kind) = match profile.kind {
        ProfileType::Individual => (OF_ORGANIZATIONS, "an organization"),
        ProfileType::Organization => (OF_INDIVIDUALS, "an individual"),
        ProfileType::Other { .. } => (&[][..], ""),
    };
    let wrong = details.0.keys().filter(|name| others.contains(&name.as_str()));
    let faults: Vec<_> =
        wrong.map(|name| FieldError { field: name.clone(), reason: format!("is for {kind} only") }).collect();
    if !faults.is_empty() {
        return Err(Refusal::fields(faults));
    }
    let before = profile.clone();
    profile.details.0.extend(details.0);
    profile.note_email();
    set_attributes(store.reader(), sealer, &mut profile, extended, own)?;
    if profile != before {
        profile.version += 1;
        store.update(&profile)?;
        notify::transport::follow_attributes(store, sealer, &profile, false)?;
    }
    Ok(())
}

/// The details that only an individual has.
const OF_INDIVIDUALS: &[&str] = &["firstname", "lastname", "email", "birthday"];

/// The details that only an organization has.
const OF_ORGANIZATIONS: &[&str] =
    &["organizationname", "adminfirstname", "adminlastname", "adminemail", "industry", "registrationid"];

/// Switches a profile on or off.
///
/// # Errors
/// `INVALID_REQUEST` for the caller's own profile and those above it, which nobody could switch on again; `FORBIDDEN` for
/// a system profile, unless the caller may everything.
pub fn set_profile_status(store: &mut dyn Writer, caller: &Caller, upid: Upid, status: Status) -> Result<(), Refusal> {
    let mut profile = store.claim::<Profile>(upid)?.ok_or_else(Refusal::not_found)?;
    if profile.status == status {
        return Ok(());
    }
    if profile.system && !caller.is_superuser() {
        return Err(Refusal::because(Code::FORBIDDEN, "Only a superuser switches a system profile on or off"));
    }
    if upid == caller.upid || is_below(store.reader(), caller.upid, upid)? {
        return Err(Refusal::field("upid", "must not be the caller's own profile, nor one above it"));
    }
    profile.status = status;
    profile.version += 1;
    Ok(store.update(&profile)?)
}

/// The profile, or `NOT_FOUND`.
pub fn need_profile(store: &mut dyn Reader, upid: Upid) -> Result<Profile, Refusal> {
    store.get::<Profile>(upid)?.ok_or_else(Refusal::not_found)
}

/// The profiles that stand alone and have this e-mail address, in small letters.
pub fn profiles_by_email(store: &mut dyn Reader, email: &str) -> Result<Vec<Profile>, Refusal> {
    Ok(store.list::<Profile>(Profile::query().eq(Profile::email, email))?)
}

/// The default wallet of a profile.
pub fn default_wallet(store: &mut dyn Reader, upid: Upid) -> Result<Wallet, Refusal> {
    let waid = store.cell(upid, Profile::wallet)?.flatten().ok_or_else(Refusal::not_found)?;
    store.get::<Wallet>(waid)?.ok_or_else(Refusal::not_found)
}
