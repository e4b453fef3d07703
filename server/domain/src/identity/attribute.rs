//! Extended attributes of profiles: what there is, and the rules that they keep.
//!
//! The default ones stand in `attributes.json` beside this file. An operator can describe custom ones, which then have a
//! type and flags, too; any other name can be used, with any value. Source: concepts.md, "Extended attributes of a
//! profile"; `GetProfileExtendedAttributeList` in operations.json; ambiguities A-085 (the secret of a payment processor is
//! masked), A-094 (issuer names in small letters).

use super::Profile;
use super::hidden::{self, HIDDEN};
use crate::refusal::Refusal;
use crate::seal::Sealer;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{self, AttributeType};
use florin_sdk_core::{JsonObject, Timestamp, Upid, WebUrl};
use serde::Deserialize;
use serde_json::Value;
use std::sync::LazyLock;

record! {
    /// A custom extended attribute that was described.
    CustomAttribute in "extended_attribute" key {
        /// Its name.
        name: String,
    } {
        /// What its value must be.
        kind: String,
        /// A name for people.
        label: String,
        /// `worm` or `mask` or both.
        flags: Vec<String>,
        /// Where it stands among the others.
        priority: Option<u32>,
        /// When it was described first.
        created: Timestamp,
        /// When the description was taken away.
        ended: Option<Timestamp>,
    }
}

/// Write once, read many.
const WORM: &str = "worm";
/// Not to be shown.
const MASK: &str = "mask";
/// The most bytes that all attributes of a profile have together.
const MAX_BYTES: usize = 20_000;
/// The most characters of a name.
const MAX_NAME: usize = 64;
/// The most characters of an issuer's name.
const MAX_ISSUER: usize = 12;
/// The attribute that is kept in a column of its own, as it is unique on the platform.
const ISSUER_NAME: &str = "issuername";
/// Whether the platform lets a profile withdraw.
const MAY_WITHDRAW: &str = "candowithdraw";
/// The attributes that say what the platform lets a profile do: not the profile's own to set.
const NOT_ONES_OWN: &[&str] = &[MAY_WITHDRAW];

/// What is known of an attribute.
#[derive(Debug, Clone, Deserialize)]
struct Described {
    name: String,
    #[serde(rename = "type")]
    kind: AttributeType,
    label: String,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    priority: Option<u32>,
}

impl Described {
    fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|have| have == flag)
    }
}

impl From<CustomAttribute> for Described {
    fn from(row: CustomAttribute) -> Self {
        let CustomAttribute { name, kind, label, flags, priority, .. } = row;
        Self { name, kind: kind.into(), label, flags, priority }
    }
}

/// The default attributes, in the order of the contract.
#[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads it")]
fn defaults() -> &'static [Described] {
    static DEFAULTS: LazyLock<Vec<Described>> =
        LazyLock::new(|| serde_json::from_str(include_str!("attributes.json")).expect("attributes.json is valid"));
    &DEFAULTS
}

/// Whether a default attribute has this name. Those may stand at the top of a request, beside the other fields.
#[must_use]
pub fn is_default_attribute(name: &str) -> bool {
    defaults().iter().any(|described| described.name == name)
}

fn customs(store: &mut dyn Reader) -> Result<Vec<Described>, Refusal> {
    let mut rows = store.list::<CustomAttribute>(CustomAttribute::query().ascending(CustomAttribute::name))?;
    rows.retain(|row| row.ended.is_none());
    // Those without a place of their own stand at the end.
    rows.sort_by_key(|row| row.priority.unwrap_or(u32::MAX));
    Ok(rows.into_iter().map(Described::from).collect())
}

/// The extended attributes, as `GetProfileExtendedAttributeList` answers them.
pub fn attribute_list(store: &mut dyn Reader) -> Result<Vec<operation::ExtendedAttribute>, Refusal> {
    let customs = customs(store)?;
    let shown = |described: &Described| operation::ExtendedAttribute {
        name: described.name.clone(),
        kind: described.kind.as_str().to_owned(),
        label: described.label.clone(),
        flags: Some(described.flags.clone()).filter(|flags| !flags.is_empty()),
        priority: described.priority,
    };
    Ok(defaults().iter().chain(&customs).map(shown).collect())
}

/// Describes a custom attribute, in place of what was said of it before.
pub fn describe_attribute(
    store: &mut dyn Writer,
    name: String,
    kind: &AttributeType,
    label: String,
    mut flags: Vec<String>,
    priority: Option<u32>,
) -> Result<(), Refusal> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b);
    if !name.bytes().all(allowed) {
        return Err(Refusal::field("name", "must be small letters, digits, _, - and ."));
    }
    if is_default_attribute(&name) {
        return Err(Refusal::field("name", format!("{name} is a default attribute")));
    }
    if let Some(flag) = flags.iter().find(|flag| ![WORM, MASK].contains(&flag.as_str())) {
        return Err(Refusal::field("flags", format!("{flag:?} is no flag: worm, mask")));
    }
    flags.sort_unstable();
    flags.dedup();
    let was = store.claim::<CustomAttribute>(name.as_str())?;
    let created = was.as_ref().map_or_else(|| store.now(), |was| was.created);
    if flags.iter().any(|flag| flag == MASK) {
        hidden::begin_pass(store, &name)?;
    }
    let row = CustomAttribute { name, kind: kind.as_str().to_owned(), label, flags, priority, created, ended: None };
    if was.is_some() { Ok(store.update(&row)?) } else { Ok(store.insert(&row)?) }
}

/// Takes the description of a custom attribute away.
pub fn forget_attribute(store: &mut dyn Writer, name: &str) -> Result<(), Refusal> {
    let row = store.claim::<CustomAttribute>(name)?.filter(|row| row.ended.is_none());
    let mut row = row.ok_or_else(Refusal::not_found)?;
    row.ended = Some(store.now());
    Ok(store.update(&row)?)
}

/// The extended attributes of a profile as answers show them: what is marked `mask` is there, but not to be read.
pub fn shown_attributes(store: &mut dyn Reader, profile: &Profile) -> Result<JsonObject, Refusal> {
    let mut shown = profile.extended.clone();
    if let Some(name) = &profile.issuer_name {
        shown.0.insert(ISSUER_NAME.to_owned(), name.clone().into());
    }
    if shown.is_empty() {
        return Ok(shown);
    }
    let customs = customs(store)?;
    for described in defaults().iter().chain(&customs).filter(|described| described.is(MASK)) {
        if let Some(value) = shown.0.get_mut(&described.name) {
            *value = HIDDEN.into();
        }
    }
    Ok(shown)
}

/// Changes extended attributes of a profile, each by its own rules; the caller writes the profile down. `null` takes one
/// away. `own`: whoever asks is the profile itself, not somebody above it.
///
/// # Errors
/// `INVALID_REQUEST` with a fault for each attribute that breaks a rule; `FORBIDDEN` for one that is not the profile's own
/// to set; `ALREADY_EXISTS` for an issuer name that is taken.
pub fn set_attributes(
    store: &mut dyn Reader,
    sealer: &Sealer,
    profile: &mut Profile,
    given: JsonObject,
    own: bool,
) -> Result<(), Refusal> {
    if given.is_empty() {
        return Ok(());
    }
    let customs = customs(store)?;
    let before = hidden::open(profile, sealer)?;
    let mut secrets = before.clone();
    let mut faults = Vec::new();
    let mut issuer = None;
    for (name, value) in given.0 {
        let described = defaults().iter().chain(&customs).find(|described| described.name == name);
        let was = if name == ISSUER_NAME {
            profile.issuer_name.clone().map(Value::from)
        } else {
            before.0.get(&name).or_else(|| profile.extended.0.get(&name)).cloned()
        };
        let masked = described.is_some_and(|described| described.is(MASK));
        if was.as_ref() == Some(&value) || (was.is_none() && value.is_null()) || (masked && value == HIDDEN) {
            continue;
        }
        if own && NOT_ONES_OWN.contains(&name.as_str()) {
            let reason = format!("{name} is not the profile's own to set");
            return Err(Refusal::because(Code::FORBIDDEN, reason));
        }
        let fault = check_name(&name)
            .or_else(|| described.and_then(|described| check_change(described, was.as_ref(), &value)))
            .or_else(|| check_format(&name, &value));
        if let Some(reason) = fault {
            faults.push(florin_sdk_core::FieldError { field: format!("extended.{name}"), reason });
        } else if name == ISSUER_NAME {
            issuer = value.as_str().map(str::to_lowercase);
        } else if value.is_null() {
            profile.extended.0.remove(&name);
            secrets.0.remove(&name);
        } else if masked {
            profile.extended.0.insert(name.clone(), HIDDEN.into());
            secrets.0.insert(name, value);
        } else {
            secrets.0.remove(&name);
            profile.extended.0.insert(name, value);
        }
    }
    if profile.extended.len_bytes() + secrets.len_bytes() > MAX_BYTES {
        let reason = format!("must have at most {MAX_BYTES} bytes together with what the profile has");
        faults.push(florin_sdk_core::FieldError { field: "extended".to_owned(), reason });
    }
    if !faults.is_empty() {
        return Err(Refusal::fields(faults));
    }
    if let Some(issuer) = issuer.filter(|issuer| profile.issuer_name.as_ref() != Some(issuer)) {
        if store.first::<Profile>(Profile::query().eq(Profile::issuer_name, issuer.as_str()))?.is_some() {
            return Err(Refusal::because(Code::ALREADY_EXISTS, format!("The issuer name {issuer} is taken")));
        }
        profile.issuer_name = Some(issuer);
    }
    if secrets != before {
        hidden::close(profile, sealer, &secrets)?;
    }
    Ok(())
}

impl Profile {
    /// Refuses a profile that the platform does not let withdraw: whose `candowithdraw` is `false`. Without it, a profile
    /// may.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`, like what a tier forbids.
    pub fn need_may_withdraw(store: &mut dyn Reader, upid: Upid) -> Result<(), Refusal> {
        let extended = store.cell(upid, Self::extended)?;
        if extended.is_some_and(|extended| extended.0.get(MAY_WITHDRAW) == Some(&Value::Bool(false))) {
            let reason = format!("The profile may not withdraw: its {MAY_WITHDRAW} is false");
            return Err(Refusal::because(Code::LIMIT_EXCEEDED, reason));
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Option<String> {
    let fine = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    (!fine).then(|| format!("a name has 1 to {MAX_NAME} characters, and no control characters"))
}

/// What a description forbids.
fn check_change(described: &Described, was: Option<&Value>, value: &Value) -> Option<String> {
    if described.is(WORM) && was.is_some() {
        return Some("is set already, and cannot be changed".to_owned());
    }
    let fits = match described.kind {
        _ if value.is_null() => true,
        AttributeType::Boolean => value.is_boolean(),
        AttributeType::Text => value.as_str().is_some_and(|text| !text.contains('\0')),
        AttributeType::Number => value.is_number(),
        AttributeType::Array => value.is_array(),
        AttributeType::Object => value.is_object(),
        AttributeType::Other { .. } => true,
    };
    (!fits).then(|| match described.kind {
        AttributeType::Boolean => "must be true or false".to_owned(),
        AttributeType::Text => "must be a string".to_owned(),
        _ => format!("must be of the type {}", described.kind),
    })
}

/// What a default attribute must look like beyond its type.
fn check_format(name: &str, value: &Value) -> Option<String> {
    match (name, value) {
        (ISSUER_NAME, Value::String(text)) => {
            let lower = text.to_lowercase();
            let letters = lower.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            let fine = letters && lower.starts_with(|c: char| c.is_ascii_lowercase()) && lower.len() <= MAX_ISSUER;
            (!fine).then(|| format!("must be 1 to {MAX_ISSUER} letters and digits, and begin with a letter"))
        }
        ("merchantnotificationurl", Value::String(text)) => {
            text.parse::<WebUrl>().is_err().then(|| "must be an http or https address".to_owned())
        }
        ("merchantacceptedcurrencylist", Value::Array(list)) => {
            (!list.iter().all(Value::is_string)).then(|| "must be a list of currency codes".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_attributes_are_those_of_the_contract() {
        assert_eq!(defaults().len(), 20);
        for described in defaults() {
            assert!(AttributeType::KNOWN.contains(&described.kind.as_str()), "{}", described.name);
            assert!(described.flags.iter().all(|flag| [WORM, MASK].contains(&flag.as_str())), "{}", described.name);
        }
        assert!(is_default_attribute("issuername") && !is_default_attribute("key1"));
    }

    #[test]
    fn formats() {
        for good in ["acme", "Acme", "a1", "abcdefghijkl"] {
            assert_eq!(check_format(ISSUER_NAME, &good.into()), None, "{good}");
        }
        for bad in ["", "1a", "a-b", "abcdefghijklm", "a b", "ä"] {
            assert!(check_format(ISSUER_NAME, &bad.into()).is_some(), "{bad}");
        }
        assert!(check_format("merchantnotificationurl", &"shop.example".into()).is_some());
        assert_eq!(check_format("merchantnotificationurl", &"https://shop.example/hook".into()), None);
    }
}
