//! System attributes: what an operator sets while the platform runs, by component.
//!
//! The catalogue is in `catalogue.rs`: **to add one, add its line there**. It is then listed, documented, checked when it is
//! set, and asked for by its constant, from memory:
//!
//! ```text
//! let minutes = call.settings.get(settings::PAYMENT_EXPIRY_MINUTES); // u32; in handlers
//! if app.settings().get(settings::PUBLIC_REGISTRATION) { … }         // bool; elsewhere in the surfaces
//! ```
//!
//! A domain function takes the value, not the settings. What is set counts at once in the process that it was set in, and
//! within a second in others on the same database. The database holds only what was set; all else has its default.
//!
//! Source: GetSystemAttributeList and SetSystemAttribute of spec/omnigate/operations.json.

mod catalogue;

pub use catalogue::*;

use crate::refusal::Refusal;
use crate::seal::Component;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

record! {
    /// An attribute that was set.
    SettingRow in "setting" key {
        /// Component and name, with a point between them.
        name: String,
    } {
        /// The value, as it was sent.
        value: String,
        /// When it was set.
        changed: Timestamp,
    }
}

/// What values an attribute can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A whole number.
    Number {
        /// The least.
        min: u32,
        /// The greatest.
        max: u32,
    },
    /// `true` or `false`.
    Flag,
    /// The name of a host; `-` stands for none.
    Host,
}

/// The longest name of a host.
const MAX_HOST: usize = 253;

impl Shape {
    /// What is wrong with a value; nothing if it is one.
    #[must_use]
    pub fn fault(self, value: &str) -> Option<String> {
        match self {
            Self::Number { min, max } => {
                // Only digits: `parse` would take a sign, too.
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                let number = value.parse::<u32>().ok().filter(|number| digits && (min..=max).contains(number));
                number.is_none().then(|| format!("must be a whole number from {min} to {max}"))
            }
            Self::Flag => (value != "true" && value != "false").then(|| "must be true or false".to_owned()),
            Self::Host => {
                let sound = value == "-" || (value.len() <= MAX_HOST && url::Host::parse(value).is_ok());
                (!sound).then(|| "must be the name of a host, without a port; - stands for none".to_owned())
            }
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number { .. } => "number",
            Self::Flag => "flag",
            Self::Host => "text",
        }
    }
}

/// An attribute, as it stands in the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Whose it is.
    pub component: Component,
    /// The name on the wire; unique within the component.
    pub name: &'static str,
    /// What it does, with its unit.
    pub doc: &'static str,
    /// What values it can have.
    pub shape: Shape,
    /// The value as long as none is set.
    pub default: &'static str,
}

impl Attribute {
    /// The key of its row.
    fn key(&self) -> String {
        format!("{}.{}", self.component, self.name)
    }
}

/// The name of an attribute in code, with the type of its values.
pub struct Setting<T> {
    place: usize,
    of: PhantomData<fn() -> T>,
}

// By hand, as a derive would ask for `T: Copy`.
impl<T> Clone for Setting<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Setting<T> {}

impl<T> Setting<T> {
    const fn at(place: usize) -> Self {
        Self { place, of: PhantomData }
    }

    /// Its row of the catalogue.
    #[must_use]
    pub fn attribute(self) -> Option<&'static Attribute> {
        CATALOGUE.get(self.place)
    }
}

/// A type that attributes have: `u32`, `bool`, or `Arc<str>`.
pub trait Typed: Sized {
    /// From what is kept in memory.
    fn from_cell(cell: Option<&Cell>) -> Self;
}

impl Typed for u32 {
    fn from_cell(cell: Option<&Cell>) -> Self {
        cell.map_or(0, |cell| cell.number.load(Ordering::Relaxed))
    }
}

impl Typed for bool {
    fn from_cell(cell: Option<&Cell>) -> Self {
        u32::from_cell(cell) != 0
    }
}

impl Typed for Arc<str> {
    fn from_cell(cell: Option<&Cell>) -> Self {
        let text = cell.map(|cell| cell.text.read().unwrap_or_else(PoisonError::into_inner).clone());
        text.filter(|text| &**text != "-").unwrap_or_default()
    }
}

/// An attribute's value in memory.
#[derive(Debug, Default)]
pub struct Cell {
    /// The number; of a flag 0 or 1.
    number: AtomicU32,
    /// The text as it was set.
    text: RwLock<Arc<str>>,
}

/// The values of all attributes, in memory. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Settings(Arc<Values>);

struct Values {
    cells: Vec<Cell>,
    generation: AtomicU64,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(CATALOGUE.iter().map(|attribute| (attribute.key(), self.value_of(attribute)))).finish()
    }
}

impl Default for Settings {
    fn default() -> Self {
        let settings = Self(Arc::new(Values {
            cells: CATALOGUE.iter().map(|_| Cell::default()).collect(),
            generation: AtomicU64::new(0),
        }));
        settings.load(&[]);
        settings
    }
}

impl Settings {
    /// The value of an attribute. A text that is `-` reads as empty.
    #[must_use]
    pub fn get<T: Typed>(&self, setting: Setting<T>) -> T {
        T::from_cell(self.0.cells.get(setting.place))
    }

    /// The value of an attribute, as it is written.
    #[must_use]
    pub fn value_of(&self, attribute: &Attribute) -> Arc<str> {
        let place = CATALOGUE.iter().position(|row| std::ptr::eq(row, attribute));
        let cell = place.and_then(|place| self.0.cells.get(place));
        cell.map(|cell| cell.text.read().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    /// Counts how often anything was changed: for those who keep what they made of a value.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Takes over what the store says. What is not set there gets its default; so does what this version does not allow.
    pub fn load(&self, rows: &[SettingRow]) {
        let set: HashMap<&str, &str> = rows.iter().map(|row| (row.name.as_str(), row.value.as_str())).collect();
        let mut changed = false;
        for (attribute, cell) in CATALOGUE.iter().zip(&self.0.cells) {
            let mut value = set.get(attribute.key().as_str()).copied().unwrap_or(attribute.default);
            if let Some(fault) = attribute.shape.fault(value) {
                tracing::warn!(
                    name = attribute.key(),
                    fault,
                    "an attribute's value is not allowed; its default counts"
                );
                value = attribute.default;
            }
            let mut text = cell.text.write().unwrap_or_else(PoisonError::into_inner);
            if **text == *value && !value.is_empty() {
                continue;
            }
            let number = match attribute.shape {
                Shape::Number { .. } => value.parse().unwrap_or_default(),
                Shape::Flag => u32::from(value == "true"),
                Shape::Host => 0,
            };
            cell.number.store(number, Ordering::Relaxed);
            *text = Arc::from(value);
            changed = true;
        }
        if changed {
            self.0.generation.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// The attributes of a component.
pub fn of(component: Component) -> impl Iterator<Item = &'static Attribute> {
    CATALOGUE.iter().filter(move |attribute| attribute.component == component)
}

/// What was set.
pub fn rows(store: &mut dyn Reader) -> Result<Vec<SettingRow>, Refusal> {
    Ok(store.list(SettingRow::query().ascending(SettingRow::name))?)
}

/// Sets an attribute.
///
/// # Errors
/// `INVALID_REQUEST` if the component has no such attribute, or it cannot have this value.
pub fn set(store: &mut dyn Writer, component: Component, name: &str, value: &str) -> Result<(), Refusal> {
    let attribute = of(component).find(|attribute| attribute.name == name);
    let attribute =
        attribute.ok_or_else(|| Refusal::field("name", format!("is no attribute of {component}; list them first")))?;
    if let Some(fault) = attribute.shape.fault(value) {
        return Err(Refusal::field("value", fault));
    }
    let row = SettingRow { name: attribute.key(), value: value.to_owned(), changed: store.now() };
    match store.claim::<SettingRow>(row.name.as_str())? {
        Some(_) => store.update(&row)?,
        None => store.insert(&row)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: &str) -> SettingRow {
        SettingRow { name: name.to_owned(), value: value.to_owned(), changed: Timestamp::from_millis(0) }
    }

    #[test]
    fn the_catalogue_is_sound() {
        let mut keys: Vec<_> = CATALOGUE.iter().map(Attribute::key).collect();
        for attribute in CATALOGUE {
            let name = attribute.name;
            assert_eq!(attribute.shape.fault(attribute.default), None, "the default of {name}");
            assert!((1..=30).contains(&name.len()), "{name} fits SetSystemAttribute");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{name}");
            assert!(attribute.doc.len() > 20 && !attribute.doc.ends_with('.'), "{name} says what it does");
            assert!(Component::NAMED.contains(&attribute.component), "{name} can be reached");
        }
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), CATALOGUE.len());
    }

    #[test]
    fn values_are_checked_and_read_by_their_type() {
        for (shape, good, bad) in [
            (
                Shape::Number { min: 1, max: 60 },
                vec!["1", "60", "007"],
                vec!["0", "61", "", "-1", "+1", " 1", "1.0", "x", "99999999999"],
            ),
            (Shape::Flag, vec!["true", "false"], vec!["True", "1", "", "yes"]),
            (
                Shape::Host,
                vec!["-", "notify.example.com", "127.0.0.1", "[::1]"],
                vec!["", "a b", "a:80", "http://a", "a/b", "a@b", "a\n", "a?b"],
            ),
        ] {
            for value in good {
                assert_eq!(shape.fault(value), None, "{shape:?} {value:?}");
            }
            for value in bad {
                assert!(shape.fault(value).is_some(), "{shape:?} {value:?}");
            }
        }
    }

    #[test]
    fn what_is_set_counts_and_the_rest_has_its_default() {
        let settings = Settings::default();
        let first = settings.generation();
        assert_eq!(settings.get(INACTIVITY_TIMEOUT_MINUTES), 15);
        assert!(!settings.get(MAINTENANCE_OMNIPAY));
        assert_eq!(&*settings.get(NOTIFIER_HOST), "", "- is none");
        let rows = [
            row("omnipass.inactivitytimeoutinminutes", "20"),
            row("omnipay.maintenance", "true"),
            row("omnipass.notifierhost", "notify.example.com"),
            row("omnipass.ofalaterversion", "1"),
            row("omnipay.paymentexpiryminutes", "0"),
        ];
        settings.load(&rows);
        assert_eq!(settings.get(INACTIVITY_TIMEOUT_MINUTES), 20);
        assert!(settings.get(MAINTENANCE_OMNIPAY) && !settings.get(MAINTENANCE_OMNIPASS));
        assert_eq!(&*settings.get(NOTIFIER_HOST), "notify.example.com");
        assert_eq!(settings.get(PAYMENT_EXPIRY_MINUTES), 30, "0 is not allowed");
        let second = settings.generation();
        assert_ne!(first, second);
        settings.load(&rows);
        assert_eq!(settings.generation(), second, "nothing was changed");
        settings.load(&[]);
        assert_eq!(settings.get(INACTIVITY_TIMEOUT_MINUTES), 15);
    }
}
