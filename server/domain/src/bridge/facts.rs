//! The kinds of networks that are known, and what is to be known of each without asking it.

use super::address::AddressKind;
use super::network::{Attribute, Facts, Method};

const DESCRIPTION: Attribute = Attribute { name: "description", label: "Description", kind: "string", masked: false };
const ISSUING: Attribute = Attribute { name: "issuing", label: "Issues IOUs", kind: "boolean", masked: false };
const TRACKABLE: Attribute =
    Attribute { name: "trackable", label: "Deposits are looked for", kind: "boolean", masked: false };
const SECRET: Attribute = Attribute { name: "secret", label: "Secret", kind: "string", masked: true };
const PUBLIC_ADDRESS: Attribute =
    Attribute { name: "publicaddress", label: "Public address", kind: "string", masked: false };

/// The XRP Ledger: destination tags, trust lines, a reserve; final with the ledger that it is in.
///
/// Source: xrpl.org, "Reserves", "Source and Destination Tags", "Trust Lines".
pub const RIPPLE: Facts = Facts {
    name: "ripple",
    description: "Ripple bridge",
    methods: &[Method { name: "ripple", address: AddressKind::Ripple }],
    native: Some("XRP"),
    decimals: 6,
    issued_decimals: Some(8),
    tags: Some(4_294_967_295),
    trust_lines: true,
    quotes: true,
    confirmations: 1,
    least_deposit: 1,
    least_sent: 1,
    identifier: "publicaddress",
    attributes: &[PUBLIC_ADDRESS, SECRET, DESCRIPTION, ISSUING, TRACKABLE],
};

/// Stellar: memos, trust lines, a reserve; final with the ledger that it is in.
///
/// Source: developers.stellar.org, "Accounts", "Memos", "Trustlines".
pub const STELLAR: Facts = Facts {
    name: "stellar",
    description: "Stellar bridge",
    methods: &[Method { name: "stellar", address: AddressKind::Stellar }],
    native: Some("XLM"),
    decimals: 7,
    issued_decimals: Some(7),
    tags: Some(i64::MAX),
    trust_lines: true,
    quotes: false,
    confirmations: 1,
    least_deposit: 1,
    least_sent: 1,
    identifier: "publicaddress",
    attributes: &[PUBLIC_ADDRESS, SECRET, DESCRIPTION, ISSUING, TRACKABLE],
};

/// Bitcoin: an address for each wallet, three confirmations, a least amount (dust).
///
/// Source: Bitcoin Core's default relay policy for dust: 546 satoshi.
pub const BITCOIN: Facts = Facts {
    name: "bitcoin",
    description: "Bitcoin bridge",
    methods: &[Method { name: "bitcoin", address: AddressKind::Bitcoin }],
    native: Some("BTC"),
    decimals: 8,
    issued_decimals: None,
    tags: None,
    trust_lines: false,
    quotes: false,
    confirmations: 3,
    least_deposit: 1_000,
    least_sent: 546,
    identifier: "publicaddress",
    attributes: &[PUBLIC_ADDRESS, SECRET, DESCRIPTION, TRACKABLE],
};

/// A bank: payments of the day are booked at its cut-off, on working days; a payment may come back.
pub const BANK: Facts = Facts {
    name: "bank",
    description: "Bank bridge",
    methods: &[
        Method { name: "bank", address: AddressKind::BankAccount },
        Method { name: "iban", address: AddressKind::Iban },
    ],
    native: None,
    decimals: 2,
    issued_decimals: None,
    tags: None,
    trust_lines: false,
    quotes: false,
    confirmations: 1,
    least_deposit: 1,
    least_sent: 1,
    identifier: "accountnumber",
    attributes: &[
        Attribute { name: "accountnumber", label: "Account number or IBAN", kind: "string", masked: false },
        Attribute { name: "bankname", label: "Bank", kind: "string", masked: false },
        Attribute { name: "secret", label: "Password of the online access", kind: "string", masked: true },
        DESCRIPTION,
        TRACKABLE,
    ],
};

/// People: they carry out withdrawals, and book deposits.
pub const MANUAL: Facts = Facts {
    name: "manual",
    description: "Carried out by hand",
    methods: &[
        Method { name: "manual", address: AddressKind::Any },
        Method { name: "bank", address: AddressKind::BankAccount },
        Method { name: "iban", address: AddressKind::Iban },
        Method { name: "ripple", address: AddressKind::Ripple },
        Method { name: "stellar", address: AddressKind::Stellar },
        Method { name: "bitcoin", address: AddressKind::Bitcoin },
    ],
    native: None,
    decimals: 8,
    issued_decimals: None,
    tags: None,
    trust_lines: false,
    quotes: false,
    confirmations: 1,
    least_deposit: 1,
    least_sent: 1,
    identifier: "name",
    attributes: &[
        Attribute { name: "name", label: "Name", kind: "string", masked: false },
        Attribute { name: "secret", label: "Secret", kind: "string", masked: true },
        DESCRIPTION,
    ],
};
