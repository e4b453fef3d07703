//! Every result code, in one table that the server and the SDKs share.
//!
//! 10000 to 10004 are Omnigate's (spec/omnigate/errors.json); 20000 and up are Florin's own
//! (spec/florin/extensions.md). A number is never used again for something else.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A result code: the number that says what became of a request.
///
/// A code that is not in the table is kept as it is, and treated as a refusal for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(pub u32);

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// Its name.
    pub name: &'static str,
    /// What it means, as a sentence that can stand in `resultmessage`.
    pub meaning: &'static str,
    /// Whether it is a decision about the request itself (a business refusal), which is kept under the client
    /// reference and answered again. After any other error nothing is kept, so that a corrected request can run.
    pub decided: bool,
}

macro_rules! codes {
    ($($number:literal $name:ident $decided:literal $meaning:literal)+) => {
        impl Code {
            $(#[doc = $meaning] pub const $name: Self = Self($number);)+
        }

        /// The table.
        pub const TABLE: &[CodeInfo] = &[
            $(CodeInfo { code: Code::$name, name: stringify!($name), meaning: $meaning, decided: $decided },)+
        ];
    };
}

#[rustfmt::skip]
codes! {
    10000 OK                      true  "Ok"
    10001 MAINTENANCE_IN_PROGRESS false "The platform is under maintenance. Nothing was done; try again later"
    10002 TOO_BUSY                false "The platform is over capacity. Nothing was done; try again later"
    10003 SYSTEM_ERROR            false "An internal error occurred. It is not known whether the request was carried out"
    10004 TOO_FAST                false "This operation is called too often. Nothing was done; try again later"
    20000 INVALID_REQUEST         false "The request is not valid"
    20001 NOT_AUTHENTICATED       false "No valid credential: send either X-APIKey or Authorization: Bearer"
    20002 TOKEN_EXPIRED           false "The token's time is over; fetch a fresh one"
    20003 FORBIDDEN               false "The credential lacks the right for this operation"
    20004 MOBILE_READ_ONLY        false "A mobile credential cannot change data; ask the provider's server to do it"
    20005 NOT_FOUND               false "There is no such object, or it is not visible to this caller"
    20006 ALREADY_EXISTS          false "This value is taken already"
    20007 REFERENCE_CONFLICT      false "The client reference was already used for another request"
    20008 REFERENCE_IN_FLIGHT     false "The first request with this client reference has not ended; ask for its outcome, or try again in a second"
    20009 INSUFFICIENT_FUNDS      true  "The available balance is too small"
    20010 LIMIT_EXCEEDED          true  "A limit would be exceeded"
    20011 NOT_PAYABLE             true  "The payment request cannot be paid or refused: it is paid, refused or expired, or it is not the caller's"
    20012 INACTIVE                true  "The user, profile, wallet, currency or key is inactive"
    20013 PAYLOAD_TOO_LARGE       false "The request body is too large"
    20014 LOCKED                  false "The component is sealed; unlock it first"
    20015 MFA_REQUIRED            false "The code of the second factor is missing or wrong"
    20016 HOLD_CLOSED             true  "The hold is captured, released or expired"
    20017 WITHDRAWAL_CLOSED       true  "The withdrawal is completed or failed already"
    20040 NETWORK_REFUSED         false "The outside network refuses"
}

impl Code {
    /// The row of the table, if it is there.
    #[must_use]
    pub fn info(self) -> Option<&'static CodeInfo> {
        TABLE.iter().find(|row| row.code == self)
    }

    /// The name, or `UNKNOWN`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.info().map_or("UNKNOWN", |row| row.name)
    }

    /// What it means.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.info()
            .map_or("The server refused the request with a code that this version does not know", |row| row.meaning)
    }

    /// See [`CodeInfo::decided`].
    #[must_use]
    pub fn is_decided(self) -> bool {
        self.info().is_some_and(|row| row.decided)
    }

    /// Whether a credential was missing, unknown, revoked or expired: a fresh one may help.
    #[must_use]
    pub fn is_about_credential(self) -> bool {
        matches!(self, Self::NOT_AUTHENTICATED | Self::TOKEN_EXPIRED)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_in_order() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} before {}", pair[0].code, pair[1].code);
        }
        let mut names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }
}
