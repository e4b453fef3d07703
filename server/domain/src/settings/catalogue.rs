//! All attributes there are.

use super::{Attribute, Setting, Shape};
use crate::seal::Component;
use std::sync::Arc;

macro_rules! catalogue {
    (@type Number) => { u32 };
    (@type Flag) => { bool };
    (@type Host) => { Arc<str> };
    ($(#[doc = $doc:literal] $constant:ident = $component:ident $name:literal $shape:ident $({ $($limit:ident: $bound:literal),+ })? $default:literal;)+) => {
        /// Where each stands in the catalogue.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the constants' names")]
        enum Place { $($constant),+ }

        $(#[doc = $doc] pub const $constant: Setting<catalogue!(@type $shape)> = Setting::at(Place::$constant as usize);)+

        /// The catalogue.
        pub static CATALOGUE: &[Attribute] = &[
            $(Attribute {
                component: Component::$component,
                name: $name,
                doc: $doc.trim_ascii(),
                shape: Shape::$shape $({ $($limit: $bound),+ })?,
                default: $default,
            },)+
        ];
    };
}

// A line: `/// what it does, with its unit` (shown by GetSystemAttributeList), then
// `CONSTANT = Component "nameonthewire" Number { min: 1, max: 9 } "default";` or `Flag "false";` or `Host "-";`
#[rustfmt::skip]
catalogue! {
    /// Maintenance of everything that needs a credential: all of it answers 10001 but SetSystemAttribute, unlocking and health
    MAINTENANCE_OMNIPASS = Omnipass "maintenance" Flag "false";
    /// Maintenance of the ledger: wallets, currencies, bridges and mobile money answer 10001
    MAINTENANCE_OMNIBRIDGE = Omnibridge "maintenance" Flag "false";
    /// Maintenance of payments: payment requests and mobile money answer 10001
    MAINTENANCE_OMNIPAY = Omnipay "maintenance" Flag "false";

    /// Minutes without a request after which a session of a person who signed in ends
    INACTIVITY_TIMEOUT_MINUTES = Omnipass "inactivitytimeoutinminutes" Number { min: 1, max: 1440 } "15";
    /// Host name of the notifier: the host that links in mails lead to; - for that of the public address (--public-url)
    NOTIFIER_HOST = Omnipass "notifierhost" Host "-";
    /// Whether anybody may register by signing in with an external account
    PUBLIC_REGISTRATION = Omnipass "publicregistration" Flag "false";
    /// Whether public OAuth clients may use the implicit flow, with read scope only
    IMPLICIT_FLOW = Omnipass "implicitflow" Flag "false";

    /// Requests under way at once in each server process; more are answered 10002
    MAX_IN_FLIGHT = Omnipass "requestsinflight" Number { min: 1, max: 100_000 } "5000";
    /// Reads per second of each API key and provider session; 0 for no limit
    RATE_READ = Omnipass "ratelimitread" Number { min: 0, max: 1_000_000 } "50000";
    /// Writes that move no money, per second of each API key and provider session; 0 for no limit
    RATE_WRITE = Omnipass "ratelimitwrite" Number { min: 0, max: 1_000_000 } "50000";
    /// Money operations per second of each API key and provider session; 0 for no limit
    RATE_MONEY = Omnipass "ratelimitmoney" Number { min: 0, max: 1_000_000 } "50000";
    /// Operations through a bridge per second of each credential; 0 for no limit
    RATE_BRIDGE = Omnipass "ratelimitbridge" Number { min: 0, max: 1_000_000 } "1000";
    /// Reads per second of each mobile token; 0 for no limit
    RATE_MOBILE = Omnipass "ratelimitmobile" Number { min: 0, max: 1_000_000 } "50000";
    /// Requests without a credential, and with one that does not work, per second of each address; 0 for no limit
    RATE_PUBLIC = Omnipass "ratelimitpublic" Number { min: 0, max: 1_000_000 } "200";
    /// Seconds of saved-up allowance: so many seconds' worth of requests may come at once
    RATE_BURST_SECONDS = Omnipass "ratelimitburstseconds" Number { min: 1, max: 60 } "5";

    /// Whether addresses of outside networks are checked by their checksums; false: only length and characters
    ADDRESS_CHECKS = Omnibridge "addresschecks" Flag "true";

    /// Minutes after which a payment request that nobody paid ends
    PAYMENT_EXPIRY_MINUTES = Omnipay "paymentexpiryminutes" Number { min: 1, max: 10_080 } "30";
    /// Whether a payment request from a wallet that the caller may charge is paid at once, without AcceptPayment
    CHARGE_AT_ONCE = Omnipay "chargeatonce" Flag "false";
}
