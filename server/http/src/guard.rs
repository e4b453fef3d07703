//! Whether a request gets in at all: components that are locked or under maintenance, and too many requests at once.
//!
//! Looked at before the credential, as it must answer also when nobody can be known.

use crate::app::App;
use florin_domain::Refusal;
use florin_domain::seal::{self, Component};
use florin_domain::settings;
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::Spec;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The parts of the platform that a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    components: &'static [Component],
    /// Whether maintenance does not stop it, as it is how maintenance ends.
    in_maintenance: bool,
}

impl Needs {
    /// Everything that a person or program without a component of its own to ask for needs: the front door.
    pub(crate) const FRONT: Self = Self::parts(&[Component::Omnipass]);
    /// What moves mobile money.
    pub(crate) const MOBILE_MONEY: Self =
        Self::parts(&[Component::Omnipass, Component::Omnibridge, Component::Omnipay]);
    /// The pages and operations of `/auth`.
    pub(crate) const SSO: Self = Self::parts(&[Component::Omnipass, Component::Sso]);

    const fn parts(components: &'static [Component]) -> Self {
        Self { components, in_maintenance: false }
    }

    /// What an operation needs. Omnipass is the front door: nothing goes without it.
    ///
    /// Source: spec/omnigate/concepts.md section 2 names the components; which operations are whose is our choice.
    pub(crate) fn of(spec: &Spec) -> Self {
        const LEDGER: &[&str] = &[
            "/wallet",
            "/currency",
            "/tier",
            "/fee",
            "/bridge",
            "/system/bridge",
            "/system/currency",
            "/system/tier",
            "/system/fee",
            "/static/currency",
        ];
        let path = spec.paths.first().copied().unwrap_or_default();
        if path.ends_with("/unlock") {
            return Self { components: &[], in_maintenance: true };
        }
        if spec.base == "/auth" {
            return Self::SSO;
        }
        if path.starts_with("/payment") {
            return Self::MOBILE_MONEY;
        }
        if LEDGER.iter().any(|start| path.starts_with(start)) {
            return Self::parts(&[Component::Omnipass, Component::Omnibridge]);
        }
        Self { in_maintenance: spec.name == "SetSystemAttribute", ..Self::FRONT }
    }
}

/// Requests under way.
#[derive(Debug, Default)]
pub(crate) struct Crowd(Arc<AtomicU32>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Inside(Arc<AtomicU32>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Crowd {
    fn enter(&self, most: u32) -> Option<Inside> {
        let inside = Inside(self.0.clone());
        // Counted first, so that the drop of one that is too many counts it out again.
        (self.0.fetch_add(1, Ordering::AcqRel) < most).then_some(inside)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}

/// Lets a request in; what is returned is to be held until it is answered.
///
/// # Errors
/// `MAINTENANCE_IN_PROGRESS` while a component that it needs is locked or under maintenance; `TOO_BUSY` if as many
/// requests are under way as may be. Nothing was done in either case.
pub(crate) fn enter(app: &App, needs: Needs) -> Result<Inside, Refusal> {
    is_open(app, needs)?;
    let inside = app.crowd().enter(app.settings().get(settings::MAX_IN_FLIGHT));
    inside.ok_or_else(|| {
        Refusal::because(Code::TOO_BUSY, "Too many requests are under way. Nothing was done; try again later")
    })
}

/// Whether the components that a request needs work.
pub(crate) fn is_open(app: &App, needs: Needs) -> Result<(), Refusal> {
    for component in needs.components {
        if app.sealer().is_locked(*component) {
            return Err(seal::locked(*component));
        }
        if !needs.in_maintenance && is_maintained(app, *component) {
            return Err(Refusal::because(
                Code::MAINTENANCE_IN_PROGRESS,
                format!("The component {component} is under maintenance. Nothing was done; try again later"),
            ));
        }
    }
    Ok(())
}

fn is_maintained(app: &App, component: Component) -> bool {
    let setting = match component {
        Component::Omnipass => settings::MAINTENANCE_OMNIPASS,
        Component::Omnibridge => settings::MAINTENANCE_OMNIBRIDGE,
        Component::Omnipay => settings::MAINTENANCE_OMNIPAY,
        Component::Sso => return false,
    };
    app.settings().get(setting)
}

/// What stops requests now, in words, for operators; nothing if nothing does.
pub(crate) fn stopped(app: &App) -> Option<String> {
    let list = |word: &str, is: &dyn Fn(Component) -> bool| {
        let names: Vec<_> =
            Component::ALL.into_iter().filter(|component| is(*component)).map(Component::name).collect();
        (!names.is_empty()).then(|| format!("{word}: {}", names.join(", ")))
    };
    let locked = list("locked", &|component| app.sealer().is_locked(component));
    let maintained = list("under maintenance", &|component| is_maintained(app, component));
    let words: Vec<_> = locked.into_iter().chain(maintained).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_sdk_core::operation;

    #[test]
    fn a_crowd_has_an_end() {
        let crowd = Crowd::default();
        let first = crowd.enter(2);
        let second = crowd.enter(2);
        assert!(first.is_some() && second.is_some() && crowd.enter(2).is_none());
        assert_eq!(crowd.count(), 2, "who was turned away does not count");
        drop(first);
        assert!(crowd.enter(2).is_some());
    }

    #[test]
    fn each_operation_needs_the_front_door_but_for_unlocking() {
        for spec in operation::all() {
            let needs = Needs::of(&spec);
            let unlocks = spec.paths[0].ends_with("/unlock");
            assert_eq!(needs.components.is_empty(), unlocks, "{}", spec.name);
            assert!(unlocks || needs.components.contains(&Component::Omnipass), "{}", spec.name);
            let pays = spec.paths[0].starts_with("/payment");
            assert_eq!(needs.components.contains(&Component::Omnipay), pays, "{}", spec.name);
            assert!(!spec.money || needs.components.contains(&Component::Omnibridge), "{} moves money", spec.name);
        }
    }
}
