//! Making secrets, and knowing them again without keeping them.

use crate::refusal::Refusal;
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use florin_sdk_core::code::Code;
use florin_sdk_core::{Secret, id::MAX_ID};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// The fingerprint that is stored of a key or token. These have 128 random bits and more, so a plain hash is enough;
/// passwords have not, and get Argon2.
#[must_use]
pub fn fingerprint(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Random bytes from the operating system.
///
/// # Panics
/// If the operating system has none: then nothing that must be secret can be made.
#[must_use]
#[expect(clippy::expect_used, reason = "without randomness there is no way on")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// 32 upper-case hexadecimal digits: an API key, a subscription key.
#[must_use]
pub fn hex_key() -> Secret {
    let mut text = String::with_capacity(32);
    for byte in random::<16>() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    Secret::from(text)
}

/// Each number as the letter that stands at its place in the alphabet, which is gone through again and again.
pub fn spell(alphabet: &[u8], numbers: impl IntoIterator<Item = u64>) -> String {
    let len = alphabet.len() as u64;
    let letter = |number: u64| usize::try_from(number % len).ok().and_then(|place| alphabet.get(place));
    numbers.into_iter().filter_map(letter).map(|byte| char::from(*byte)).collect()
}

/// The beginning of each mobile token, by which scanners for leaked secrets know it.
pub const MOBILE_TOKEN_PREFIX: &str = "fmt_";

/// A mobile token: its prefix and 40 characters that carry 200 random bits.
#[must_use]
pub fn mobile_token() -> Secret {
    const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut text = String::from(MOBILE_TOKEN_PREFIX);
    text.push_str(&spell(ALPHABET, random::<40>().map(u64::from)));
    Secret::from(text)
}

/// A password that passes the rules: 16 characters, with lower case, upper case, digit and special character.
#[must_use]
pub fn password() -> Secret {
    const ALPHABET: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_+=%&#";
    let mut text = spell(ALPHABET, random::<12>().map(u64::from));
    text.push_str("aA2-");
    Secret::from(text)
}

/// How often a password was hashed, to make its hash or to compare with one.
static HASHED: AtomicU64 = AtomicU64::new(0);

/// How often this process has hashed a password. Those who guess at e-mail addresses cost as much as those who guess at
/// passwords, and this is how one sees it.
#[must_use]
pub fn passwords_hashed() -> u64 {
    HASHED.load(Ordering::Relaxed)
}

/// What the password of somebody who is not there is compared with: the hash of nothing that anybody knows, at the same
/// costs as all others.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Zmxvcmluc2FsdG5vYm9keQ$TzW9c1mZ1Jr4yqk7hB0t3QeVnX5uLsD8aKoRgPfC2iM";

/// The Argon2id hash of a password, with its salt and its costs in it. Takes tens of milliseconds of one core on
/// purpose: never on a thread that others wait for.
pub fn hash_password(password: &Secret) -> Result<String, Refusal> {
    let failed = |error: argon2::password_hash::Error| {
        tracing::error!(%error, "a password could not be hashed");
        Refusal::new(Code::SYSTEM_ERROR)
    };
    HASHED.fetch_add(1, Ordering::Relaxed);
    let salt = SaltString::encode_b64(&random::<16>()).map_err(failed)?;
    let hash = Argon2::default().hash_password(password.expose().as_bytes(), &salt).map_err(failed)?;
    Ok(hash.to_string())
}

/// Whether a password is the one that this hash was made of. Without a hash it never is, and takes as long to say so.
/// As slow as [`hash_password`].
pub fn verify_password(password: &Secret, hash: Option<&str>) -> Result<bool, Refusal> {
    HASHED.fetch_add(1, Ordering::Relaxed);
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODYS_HASH)).map_err(|error| {
        tracing::error!(%error, "a stored password hash cannot be read");
        Refusal::new(Code::SYSTEM_ERROR)
    })?;
    let right = Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok();
    Ok(right && hash.is_some())
}

/// What is sent in a link, to be used once: 32 characters that carry 160 random bits.
#[must_use]
pub fn link_token() -> Secret {
    const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    Secret::from(spell(ALPHABET, random::<32>().map(u64::from)))
}

/// A random number of at most 16 digits, for an id that must not be guessed.
#[must_use]
pub fn random_id() -> u64 {
    u64::from_be_bytes(random::<8>()) % (MAX_ID + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_the_form_that_the_contract_asks_for() {
        let key = hex_key();
        assert_eq!(key.expose().len(), 32);
        assert!(key.expose().bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)));
        assert_ne!(key, hex_key());
        let token = mobile_token();
        assert_eq!(token.expose().len(), 44);
        assert!(token.expose().starts_with(MOBILE_TOKEN_PREFIX));
        let link = link_token();
        assert!(link.expose().len() == 32 && link != link_token());
        let password = password();
        let has = |f: fn(char) -> bool| password.expose().chars().any(f);
        assert_eq!(password.expose().len(), 16);
        assert!(has(|c| c.is_ascii_lowercase()) && has(|c| c.is_ascii_uppercase()) && has(|c| c.is_ascii_digit()));
        assert!(has(|c| c.is_ascii_punctuation()));
    }

    #[test]
    fn a_password_is_known_again_and_nobody_has_one() {
        let (right, wrong) = (Secret::from("Mypassword$0"), Secret::from("Mypassword$1"));
        let hash = hash_password(&right).unwrap();
        assert!(verify_password(&right, Some(&hash)).unwrap());
        assert!(!verify_password(&wrong, Some(&hash)).unwrap());
        assert!(!verify_password(&right, None).unwrap());
        assert!(verify_password(&right, Some("no hash")).is_err());
    }

    #[test]
    fn the_password_of_nobody_costs_what_others_cost() {
        let costs = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        let made = hash_password(&password()).unwrap();
        assert_eq!(costs(&made), costs(NOBODYS_HASH));
        let nobodys = PasswordHash::new(NOBODYS_HASH).unwrap();
        let some = PasswordHash::new(&made).unwrap();
        assert_eq!(nobodys.hash.unwrap().len(), some.hash.unwrap().len());
    }
}
