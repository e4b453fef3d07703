//! The application password: sealing the platform, unlocking a component, opening it again.
//!
//! Deriving a key takes a tenth of a second of one core and 64 MiB on purpose: never on a thread that others wait for.

use super::{DataKey, Hidden, Purpose, SealKey, Sealed};
use crate::refusal::Refusal;
use crate::secrets;
use crate::store::Writer;
use argon2::{Algorithm, Argon2, Params, Version};
use florin_sdk_core::Secret;
use florin_sdk_core::code::Code;
use std::fmt;

/// KiB of memory, and how often through it: the second choice of RFC 9106.
const COSTS: (u32, u32) = (64 * 1024, 3);

/// The wrapping key of one component.
fn wrapping_key(password: &Secret, salt: &[u8; 32], (memory, passes): (u32, u32)) -> Result<DataKey, Refusal> {
    let failed = |error: argon2::Error| {
        tracing::error!(%error, "a key could not be derived");
        Refusal::new(Code::SYSTEM_ERROR)
    };
    let params = Params::new(memory, passes, 1, Some(32)).map_err(failed)?;
    let mut key = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password.expose().as_bytes(), salt, &mut key).map_err(failed)?;
    Ok(DataKey(Hidden::new(key)))
}

/// What a wrapped key is bound to.
fn place(row: &SealKey) -> Purpose {
    Purpose::of(row.component, SealKey::wrapped, row.component)
}

/// The data key of a component. Takes the same time whether the password is right or wrong.
///
/// # Errors
/// `FORBIDDEN` if the password is wrong, or the row was changed.
pub fn unlock(row: &SealKey, password: &Secret) -> Result<DataKey, Refusal> {
    if let Some(open) = &row.open {
        return Ok(DataKey(open.clone()));
    }
    let wrong = || Refusal::because(Code::FORBIDDEN, "This is not the application password");
    let (wrapped, salt) = row.wrapped.as_ref().zip(row.salt.as_ref()).ok_or_else(wrong)?;
    let wrapping = wrapping_key(password, salt, (row.memory, row.passes))?;
    let key = wrapping.open(&place(row).bound, &wrapped.0).ok_or_else(wrong)?;
    let key = <[u8; 32]>::try_from(key).map_err(|_| wrong())?;
    Ok(DataKey(Hidden::new(key)))
}

/// A key's row as it was read, and as it shall be.
#[derive(Clone)]
pub struct Closed {
    before: SealKey,
    after: SealKey,
}

impl fmt::Debug for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key of {}", self.after.component)
    }
}

/// The rows with their keys wrapped under `password`. `current` opens those that are wrapped already.
pub fn prepare_close(rows: Vec<SealKey>, password: &Secret, current: Option<&Secret>) -> Result<Vec<Closed>, Refusal> {
    let wrap = |row: SealKey| {
        let key = current_key(&row, current)?;
        let salt = secrets::random();
        let wrapped = wrapping_key(password, &salt, COSTS)?.seal(&place(&row).bound, key.bytes())?;
        let (memory, passes) = COSTS;
        let after =
            SealKey { open: None, wrapped: Some(Sealed(wrapped)), salt: Some(salt), memory, passes, ..row.clone() };
        Ok(Closed { before: row, after })
    };
    rows.into_iter().map(wrap).collect()
}

/// The rows with their keys open again.
pub fn prepare_open(rows: Vec<SealKey>, current: &Secret) -> Result<Vec<Closed>, Refusal> {
    let open = |row: SealKey| {
        let key = current_key(&row, Some(current))?;
        let after = SealKey { open: Some(key.0), wrapped: None, salt: None, memory: 0, passes: 0, ..row.clone() };
        Ok(Closed { before: row, after })
    };
    rows.into_iter().map(open).collect()
}

fn current_key(row: &SealKey, current: Option<&Secret>) -> Result<DataKey, Refusal> {
    match (&row.open, current) {
        (Some(open), _) => Ok(DataKey(open.clone())),
        (None, Some(current)) => unlock(row, current),
        (None, None) => Err(Refusal::because(
            Code::FORBIDDEN,
            "The platform is sealed already: its present application password is needed",
        )),
    }
}

/// Writes what was prepared: all of it, or nothing if a row is not as it was read.
pub fn close(store: &mut dyn Writer, prepared: &[Closed]) -> Result<(), Refusal> {
    for Closed { before, after } in prepared {
        let row = store.claim::<SealKey>(after.component)?;
        if row.as_ref() != Some(before) {
            return Err(Refusal::because(Code::TOO_BUSY, "The keys were changed meanwhile; nothing was done"));
        }
        store.update(&SealKey { changed: store.now(), ..after.clone() })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Component, Sealer};
    use super::*;
    use florin_sdk_core::Timestamp;

    fn row(component: Component) -> SealKey {
        SealKey {
            component,
            open: Some(DataKey::random().0),
            wrapped: None,
            salt: None,
            memory: 0,
            passes: 0,
            changed: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn only_the_password_opens_a_closed_key() {
        let (password, wrong) = (Secret::from("18j182n2^03%m1)I"), Secret::from("18j182n2^03%m1)l"));
        let open = row(Component::Omnipay);
        let key = unlock(&open, &wrong).unwrap();
        let closed = prepare_close(vec![open.clone()], &password, None).unwrap().remove(0).after;
        assert!(closed.is_sealed() && closed.open.is_none());
        assert_eq!(unlock(&closed, &password).unwrap(), key);
        assert_eq!(unlock(&closed, &wrong).unwrap_err().code, Code::FORBIDDEN);

        // What was sealed before opens after, with the key that came out.
        let (before, after) = (Sealer::default(), Sealer::default());
        let place = Purpose::of(Component::Omnipay, SealKey::wrapped, "x");
        before.install(Component::Omnipay, key);
        let sealed = before.seal(&place, b"secret").unwrap();
        after.install(Component::Omnipay, unlock(&closed, &password).unwrap());
        assert_eq!(*after.unseal(&place, &sealed).unwrap(), b"secret");

        // A row that was exchanged for another component's, or changed, does not open.
        let moved = SealKey { component: Component::Omnipass, ..closed.clone() };
        assert_eq!(unlock(&moved, &password).unwrap_err().code, Code::FORBIDDEN);
        let salted = SealKey { salt: Some([7; 32]), ..closed.clone() };
        assert_eq!(unlock(&salted, &password).unwrap_err().code, Code::FORBIDDEN);

        // Another password, and back to none.
        assert_eq!(prepare_close(vec![closed.clone()], &wrong, None).unwrap_err().code, Code::FORBIDDEN);
        let changed = prepare_close(vec![closed], &wrong, Some(&password)).unwrap().remove(0).after;
        assert_eq!(unlock(&changed, &password).unwrap_err().code, Code::FORBIDDEN);
        assert_eq!(unlock(&changed, &wrong).unwrap(), unlock(&open, &wrong).unwrap());
        let reopened = prepare_open(vec![changed], &wrong).unwrap().remove(0).after;
        assert_eq!(reopened.open, open.open);
    }

    #[test]
    fn a_row_shows_no_key() {
        let row = row(Component::Sso);
        assert!(format!("{row:?}").contains("open: Some(***)"), "{row:?}");
    }
}
