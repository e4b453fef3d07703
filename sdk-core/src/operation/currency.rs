//! Currencies: making them, putting them into circulation and taking them out. Source: spec/omnigate/operations.json,
//! groups Currency and Static; RedeemCurrency and GetCirculation: spec/florin/extensions.md.

use super::operation;
#[cfg(feature = "write")]
use crate::id::{Txid, Waid};
use crate::model::{ProfileCurrency, PublicCurrency, SystemCurrency};
use crate::money::{Amount, CurrencyCode};

operation! {
    /// Makes a currency issued by the caller's profile: its code is the three letters, a point and the issuer's name.
    pub write struct CreateExtendedCurrency -> super::Done;
    Post "/currency/extended/create"; callers Provider; group "currencies"; timeout Standard; rate Standard;
    rights { own ["createextendedcurrency", "createcurrency"], child ["createchildextendedcurrency"], any [] }
    required {
        /// Three capital letters.
        "currencycode" currency_code: CurrencyCode = 3..=3;
        /// The full name.
        "currencyname" currency_name: String = 1..=25;
        /// Digits after the point in the books, 0 to 8.
        "currencydecimals" currency_decimals: u32 = 0..=8;
        /// Digits after the point when shown, 0 to 8.
        "displaydecimals" display_decimals: u32 = 0..=8;
    }
    optional {
        /// The issuer's name, when the profile makes its first currency: letters and digits, 12 characters at most. Kept in
        /// lower case.
        "issuername" issuer_name: String = 1..=12;
        /// A base currency whose invoices can be paid with this one at par.
        "referencecurrency" reference_currency: CurrencyCode = 3..=3;
    }
    check |op, problems| {
        let valid = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if op.issuer_name.as_deref().is_some_and(|name| !valid(name)) {
            problems.add("issuername", "must be letters and digits, with a letter first");
        }
    }
}

operation! {
    /// Makes a bridge currency of an extended one that the caller's profile issues: what it is on one network. Its code is
    /// the parent's, a point, and the bridge's name.
    pub write struct CreateBridgeCurrency -> BridgeCurrencyCreated;
    Post "/currency/bridge/create"; callers Provider; group "currencies"; timeout Bridge; rate Standard;
    rights { own ["createparentcurrency", "createcurrency"], child [], any [] }
    required {
        /// The extended currency.
        "parentcurrency" parent_currency: CurrencyCode = 5..=16;
        /// The bridge.
        "bridgename" bridge_name: String = 1..=15;
        /// The address that it is issued from on the network.
        "issueraddress" issuer_address: String = 10..=40;
        /// Whether it can be paid out over the network.
        "enablewithdraw" enable_withdraw: bool;
        /// Whether it can be paid in over the network.
        "enabledeposit" enable_deposit: bool;
    }
    optional {}
}

wire_record! {
    write
    /// Where the new currency is issued from.
    pub struct BridgeCurrencyCreated {
        /// The address on the network.
        "issueraddress" issuer_address: String;
    }
}

operation! {
    /// Makes a bridge currency for the whole platform, also of a base currency.
    pub write struct CreateSystemBridgeCurrency -> super::Done;
    Post "/system/currency/bridge/create"; callers Provider; group "currencies"; timeout Bridge; rate Standard;
    rights { own [], child [], any ["superuser"] }
    required {
        /// The base or extended currency.
        "parentcurrency" parent_currency: CurrencyCode = 3..=30;
        /// The bridge.
        "bridgename" bridge_name: String = 1..=15;
        /// Who issues it on the network; kept in lower case.
        "issuername" issuer_name: String = 1..=25;
        /// The address that it is issued from on the network.
        "issueraddress" issuer_address: String = 1..=40;
    }
    optional {
        /// Whether it can be paid in over the network. Default false.
        "enabledeposit" enable_deposit: bool;
        /// Whether it can be paid out over the network. Default false.
        "enablewithdraw" enable_withdraw: bool;
    }
}

operation! {
    /// Lists all currencies of the platform, with what only its operators see.
    pub read struct GetSystemCurrencyList -> SystemCurrencyList;
    Get "/system/currency/list"; callers Provider; group "currencies"; timeout Standard; rate Standard;
    rights { own [], child [], any ["readsystemdata"] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// All currencies.
    pub struct SystemCurrencyList {
        /// The currencies.
        "currencylist" currencies: Vec<SystemCurrency>;
    }
}

operation! {
    /// Puts new units of the caller's own currency into circulation, in the default wallet of its profile.
    pub money struct IssueGatewayCurrency -> Issued;
    Post "/currency/issue"; callers Provider; group "currencies"; timeout Standard; rate Standard;
    rights { own ["createcurrency"], child [], any [] }
    required {
        /// The three letters, or the full code of a currency of the caller's.
        "currencycode" currency_code: CurrencyCode = 3..=20;
        /// How much, in whole currency units.
        "amount" amount: Amount = 1..=12;
    }
    optional {}
}

wire_record! {
    write
    /// Where the new units are.
    pub struct Issued {
        /// The wallet.
        "waid" waid: Waid;
        /// The transaction.
        "txid" txid: Option<Txid>;
    }
}

operation! {
    /// Takes units of the caller's own currency out of circulation, from the default wallet of its profile.
    pub money struct RedeemCurrency -> super::Moved;
    Post "/currency/redeem"; callers Provider; group "currencies"; timeout Standard; rate Standard;
    rights { own ["createcurrency"], child [], any [] }
    required {
        /// The three letters, or the full code of a currency of the caller's.
        "currencycode" currency_code: CurrencyCode = 3..=20;
        /// How much, in whole currency units.
        "amount" amount: Amount = 1..=20;
    }
    optional {
        /// The client reference. Absent, the `Idempotency-Key` header is it.
        "referenceid" reference_id: String = 4..=64;
    }
    reference reference_id;
}

operation! {
    /// Reads how much of the caller's own currency was issued, redeemed and is in circulation.
    pub read struct GetCirculation -> Circulation;
    Get "/currency/{currencycode}/circulation"; callers Provider; group "currencies"; timeout Standard; rate Standard;
    rights { own ["listmycurrencies", "createcurrency"], child [], any ["readsystemdata"] }
    required {
        /// The three letters, or the full code of a currency of the caller's.
        "currencycode" currency_code: CurrencyCode = 3..=20;
    }
    optional {}
}

wire_record! {
    provider
    /// Supply of a currency, in whole currency units.
    pub struct Circulation {
        /// The full code.
        "currencycode" currency_code: CurrencyCode;
        /// All that was ever put into circulation.
        "issued" issued: Amount;
        /// All that was ever taken out.
        "redeemed" redeemed: Amount;
        /// The difference: what wallets hold now.
        "circulation" circulation: Amount;
    }
}

operation! {
    /// Lists the currencies that the caller's profile issues.
    pub read struct GetProfileCurrencyList -> ProfileCurrencyList;
    Get "/currency/list"; callers Provider; group "currencies"; timeout Standard; rate Standard;
    rights { own ["listmycurrencies", "createcurrency"], child [], any [] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// The currencies of a profile.
    pub struct ProfileCurrencyList {
        /// The currencies.
        "currencylist" currencies: Vec<ProfileCurrency>;
    }
}

operation! {
    /// Lists the currencies of the platform.
    pub read struct GetPublicCurrencyList -> PublicCurrencyList;
    Get "/static/currencylist"; callers Public; group "settings"; timeout Standard; rate Standard;
    rights { own [], child [], any [] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// The currencies of the platform.
    pub struct PublicCurrencyList {
        /// The currencies.
        "currencylist" currencies: Vec<PublicCurrency>;
    }
}
