//! Applications: who may ask a person for access.

use super::Denial;
use crate::identity::need_profile;
use crate::refusal::Refusal;
use crate::secrets;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::{Secret, Timestamp, Upid};
use url::{Host, Url};

/// The most applications of a profile.
const MAX_APPLICATIONS: usize = 100;

/// The most redirect addresses of an application.
pub const MAX_REDIRECTS: usize = 10;

/// The longest redirect address (contract: 1 to 2048).
const MAX_REDIRECT_LEN: usize = 2048;

record! {
    /// An application.
    Application in "application" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// What it calls itself: 8 characters.
        client_id: String,
        /// The profile that it belongs to.
        upid: Upid,
        /// The name that people see.
        name: String,
        /// Whether it cannot keep a secret: it runs in a browser, or is installed on people's devices.
        public: bool,
        /// SHA-256 of its secret, of one that keeps it.
        secret: Option<[u8; 32]>,
        /// Where people are sent back to: addresses, a line each.
        redirects: String,
        /// When it was made.
        created: Timestamp,
        /// When it was deleted.
        deleted: Option<Timestamp>,
    }
}

/// Whether an application can keep a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It runs on a server and keeps its secret.
    Confidential,
    /// It runs in a browser or on people's devices.
    Public,
}

impl Application {
    /// Where people may be sent back to.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.redirects.lines()
    }

    /// Whether people may be sent back there: only to an address that is the same, character for character.
    #[must_use]
    pub fn sends_back_to(&self, uri: &str) -> bool {
        self.addresses().any(|known| known == uri)
    }
}

/// What a new application is made from.
#[derive(Debug, Clone)]
pub struct NewApplication {
    /// The name that people see.
    pub name: String,
    /// Whether it keeps a secret.
    pub kind: Kind,
    /// Where people are sent back to.
    pub redirects: Vec<String>,
}

/// Whether people may be sent to this address by an application of this kind; the reason if not.
///
/// Source: spec/omnigate/concepts.md, section 7, scenario B; RFC 8252, sections 7 and 8; RFC 9700, section 4.1.
pub fn check_redirect(uri: &str, kind: Kind) -> Result<(), &'static str> {
    if !(1..=MAX_REDIRECT_LEN).contains(&uri.len()) {
        return Err("must have 1 to 2048 characters");
    }
    if !uri.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b';' | b',')) {
        return Err("must be visible ASCII characters, without quotes, angle brackets, backslash, comma and semicolon");
    }
    if uri.contains('#') {
        return Err("must not have a fragment");
    }
    let url = Url::parse(uri).map_err(|_| "must be an absolute address")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not have a user name or password");
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(()),
        "http" => match url.host() {
            Some(Host::Ipv4(ip)) if ip.is_loopback() => Ok(()),
            Some(Host::Ipv6(ip)) if ip.is_loopback() => Ok(()),
            Some(Host::Domain("localhost")) => Ok(()),
            _ => Err("must be https; http is for this very device only (127.0.0.1, [::1], localhost)"),
        },
        scheme if scheme.contains('.') => {
            let rest = uri.split_once(':').map(|(_, rest)| rest).unwrap_or_default();
            if kind == Kind::Confidential {
                Err("must be https: an own scheme is for installed applications, which keep no secret")
            } else if rest.is_empty() || (rest.starts_with('/') && !rest.starts_with("//")) {
                Ok(())
            } else {
                Err("must have one slash after its own scheme, as in com.example.app:/callback")
            }
        }
        _ => Err("must be https, or an own scheme with a period in it, as in com.example.app:/callback"),
    }
}

fn check_redirects(redirects: &[String], kind: Kind) -> Result<(), Refusal> {
    if !(1..=MAX_REDIRECTS).contains(&redirects.len()) {
        return Err(Refusal::field("redirecturis", format!("must have 1 to {MAX_REDIRECTS} elements")));
    }
    for uri in redirects {
        check_redirect(uri, kind).map_err(|reason| Refusal::field("redirecturis", format!("{uri}: {reason}")))?;
    }
    Ok(())
}

/// A new client id: 8 characters.
fn new_client_id() -> String {
    const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    secrets::spell(ALPHABET, secrets::random::<8>().map(u64::from))
}

/// Makes an application of the profile `upid`. Its secret, if it has one, is returned here and never again.
pub fn create(
    store: &mut dyn Writer,
    upid: Upid,
    new: NewApplication,
) -> Result<(Application, Option<Secret>), Refusal> {
    check_redirects(&new.redirects, new.kind)?;
    if new.name.trim().is_empty() {
        return Err(Refusal::field("name", "must not be blank"));
    }
    need_profile(store.reader(), upid)?;
    if list(store.reader(), upid)?.len() >= MAX_APPLICATIONS {
        return Err(Refusal::because(
            Code::LIMIT_EXCEEDED,
            format!("A profile has at most {MAX_APPLICATIONS} applications"),
        ));
    }
    let secret = (new.kind == Kind::Confidential).then(super::new_secret);
    let row = Application {
        number: store.next_id().cast_signed(),
        client_id: new_client_id(),
        upid,
        name: new.name,
        public: new.kind == Kind::Public,
        secret: secret.as_ref().map(|secret| secrets::fingerprint(secret.expose())),
        redirects: new.redirects.join("\n"),
        created: store.now(),
        deleted: None,
    };
    store.insert(&row)?;
    Ok((row, secret))
}

/// The applications of a profile, oldest first.
pub fn list(store: &mut dyn Reader, upid: Upid) -> Result<Vec<Application>, Refusal> {
    let query = Application::query().eq(Application::upid, upid).ascending(Application::number);
    let mut all = store.list::<Application>(query)?;
    all.retain(|application| application.deleted.is_none());
    Ok(all)
}

/// The application with this client id.
pub fn by_client_id(store: &mut dyn Reader, client_id: &str) -> Result<Option<Application>, Refusal> {
    let found = store.first::<Application>(Application::query().eq(Application::client_id, client_id))?;
    Ok(found.filter(|application| application.deleted.is_none()))
}

fn claim(store: &mut dyn Writer, upid: Upid, client_id: &str) -> Result<Application, Refusal> {
    let found = by_client_id(store.reader(), client_id)?.filter(|found| found.upid == upid);
    let number = found.ok_or_else(Refusal::not_found)?.number;
    store.claim::<Application>(number)?.ok_or_else(Refusal::not_found)
}

/// Deletes an application of the profile `upid`. All that people granted it ends at once.
pub fn delete(store: &mut dyn Writer, upid: Upid, client_id: &str) -> Result<(), Refusal> {
    let mut row = claim(store, upid, client_id)?;
    row.deleted = Some(store.now());
    Ok(store.update(&row)?)
}

/// Gives an application another secret; the one before is no longer good. It is returned here and never again.
pub fn rotate_secret(store: &mut dyn Writer, upid: Upid, client_id: &str) -> Result<Secret, Refusal> {
    let mut row = claim(store, upid, client_id)?;
    if row.public {
        return Err(Refusal::field("clientid", "is of an application that keeps no secret"));
    }
    let secret = super::new_secret();
    row.secret = Some(secrets::fingerprint(secret.expose()));
    store.update(&row)?;
    Ok(secret)
}

/// The application that shows this client id and secret. One that keeps no secret shows none.
pub fn authenticate(store: &mut dyn Reader, client_id: &str, secret: Option<&Secret>) -> Result<Application, Denial> {
    let found = by_client_id(store, client_id)?.ok_or(Denial::InvalidClient)?;
    let shown = secret.map(|secret| secrets::fingerprint(secret.expose()));
    if found.secret == shown { Ok(found) } else { Err(Denial::InvalidClient) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_people_may_be_sent() {
        let both = ["https://merchant.example/auth-endpoint", "https://m.example/?a=b", "http://127.0.0.1:9000/cb"];
        let also = ["http://[::1]:1/", "http://localhost/cb"];
        for uri in both.iter().chain(&also) {
            assert_eq!(check_redirect(uri, Kind::Public), Ok(()), "{uri}");
            assert_eq!(check_redirect(uri, Kind::Confidential), Ok(()), "{uri}");
        }
        for uri in ["com.omnigate.app:/oauth2callback", "com.omnigate.app:"] {
            assert_eq!(check_redirect(uri, Kind::Public), Ok(()), "{uri}");
            assert!(check_redirect(uri, Kind::Confidential).is_err(), "{uri}");
        }
        for uri in [
            "",
            "merchant.example/cb",
            "http://merchant.example/cb",
            "http://127.0.0.1.evil.example/",
            "https://user@merchant.example/",
            "https://merchant.example/#here",
            "https://merchant.example/a b",
            "https://merchant.example/\nSet-Cookie:x",
            "javascript:alert(1)",
            "data:text/html,x",
            "myapp:/callback",
            "com.example.app://callback",
            "com.example.app:callback",
            "https://m.example/;script-src",
        ] {
            assert!(check_redirect(uri, Kind::Public).is_err(), "{uri}");
        }
        assert!(check_redirect(&format!("https://m.example/{}", "a".repeat(2048)), Kind::Public).is_err());
    }
}
