//! The one place where private keys go to rest and come back from it.
//!
//! The sealing of secrets under the unlock password is put in here; until it is switched on a key lies as it is, in a
//! table that only the server's own database account reads.

use crate::refusal::Refusal;
use florin_sdk_core::Secret;

/// How a secret lies in its table.
#[expect(clippy::unnecessary_wraps, reason = "sealing can fail")]
pub(crate) fn seal(secret: &[u8]) -> Result<Vec<u8>, Refusal> {
    Ok(secret.to_vec())
}

/// The secret again.
///
/// # Errors
/// `LOCKED` while the component is sealed.
#[expect(clippy::unnecessary_wraps, reason = "unsealing can fail")]
pub(crate) fn unseal(sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
    Ok(sealed.to_vec())
}

/// A text, as it lies in its table.
pub(crate) fn seal_text(secret: &Secret) -> Result<Vec<u8>, Refusal> {
    seal(secret.expose().as_bytes())
}

/// The text again.
pub(crate) fn unseal_text(sealed: &[u8]) -> Result<Secret, Refusal> {
    let text = String::from_utf8(unseal(sealed)?);
    text.map(Secret::from).map_err(|_| Refusal::new(florin_sdk_core::code::Code::SYSTEM_ERROR))
}
