//! Bridges to outside networks: deposit addresses, withdrawals, IOUs, and the bridges themselves. Source:
//! spec/omnigate/operations.json, groups Wallet, Currency and Bridge. What an operator needs beside: ours.

use super::operation;
use crate::id::{Txid, Upid, Waid};
use crate::json::JsonObject;
#[cfg(feature = "write")]
use crate::json::{JsonValue, SecretObject};
use crate::money::{Amount, CurrencyCode};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

operation! {
    /// Makes a new address at which a wallet receives deposits of one method.
    ///
    /// On a network with destination tags the address carries the tag: `<address>-<tag>`.
    pub write struct CreateWalletDepositAddress -> DepositAddress;
    Post "/wallet/depositaddress"; callers Provider; group "wallets"; timeout Bridge; rate Standard;
    rights {
        own ["createreceivingaddress", "modifymyprofile"],
        child ["createchildreceivingaddress", "modifychildprofile"],
        any []
    }
    required {
        /// The deposit method, such as `ripple`, `stellar`, `bitcoin`, `bank` or `iban`.
        "method" method: String = 1..=15;
        /// The wallet that receives.
        "waid" waid: Waid = 21..=21;
    }
    optional {
        /// The address below which a tag is made, on a network with tags; the platform's own when absent or empty.
        "mainaddress" main_address: String = 0..=90;
    }
}

wire_record! {
    /// Where a wallet receives deposits.
    pub struct DepositAddress {
        /// The deposit method.
        "depositmethod" method: String;
        /// The address, with its destination tag on a network that has them.
        "depositaddress" address: String;
        /// The wallet that receives.
        "waid" waid: Waid;
    }
}

operation! {
    /// Reads the newest address at which a wallet receives deposits of a currency.
    pub read("uniffi") struct GetWalletDepositAddress -> DepositAddress;
    Get "/wallet/{waid}/depositaddress/{depositmethod}/{currencycode}" "/wallet/depositaddress/{depositmethod}/{currencycode}";
    callers Both; group "wallets"; timeout Standard; rate Standard;
    rights { own ["readwalletbalances"], child ["readchildwalletbalances"], any ["readallwallets"] }
    required {
        /// The deposit method, such as `ripple`.
        "depositmethod" method: String = 1..=15;
        /// A base or extended currency.
        "currencycode" currency_code: CurrencyCode = 3..=16;
    }
    optional {
        /// Which wallet; the caller's default one when absent.
        "waid" waid: Waid = 21..=21;
    }
}

operation! {
    /// Sends money from a wallet to an address outside the platform.
    ///
    /// The amount and its fee are set aside at once and the transaction is `Pending`; it is `Completed` when the network
    /// has carried it out, or `Failed`, and then all of it can be spent again.
    pub money struct WalletWithdraw -> super::Transferred;
    Post "/wallet/withdraw"; callers Provider; group "wallets"; timeout Bridge; rate Standard;
    rights { own ["initiatewithdraw"], child [], any [] }
    required {
        /// How much, in whole currency units. The fee is on top of it.
        "amount" amount: Amount = 1..=20;
        /// A base or extended currency.
        "currency" currency: CurrencyCode = 3..=16;
        /// The withdraw method: one of the currency's `withdrawmethodlist`.
        "method" method: String = 1..=15;
        /// Who receives: an address of the method's network, with `-<tag>` where that has tags.
        "destinationaddress" destination_address: String = 1..=90;
    }
    optional {
        /// The wallet that pays; the caller's default one when absent.
        "waid" waid: Waid = 21..=21;
        /// What must arrive, of a conversion on the way; with `destinationcurrency`.
        "destinationamount" destination_amount: Amount = 1..=20;
        /// What it must arrive in: three letters, `/`, the address of the issuer.
        "destinationcurrency" destination_currency: String = 3..=60;
        /// For the bridge; what it may say depends on that.
        "extrabridgedata" extra_bridge_data: JsonValue = 0..=1000;
    }
    check |op, problems| {
        if op.destination_amount.is_some() != op.destination_currency.is_some() {
            problems.add("destinationamount, destinationcurrency", "both of these or none must be given");
        }
    }
}

operation! {
    /// Says what a withdrawal would take from the wallet, without making it. On ripple only. What would be refused is refused
    /// here, too, but for too little money: then there is no path.
    pub write struct WalletWithdrawTest -> WithdrawPaths;
    Post "/wallet/withdraw/test"; callers Provider; group "wallets"; timeout Bridge; rate Standard;
    rights { own ["initiatewithdraw"], child [], any [] }
    required {
        /// The withdraw method: `ripple`.
        "method" method: String = 1..=15;
        /// Who would receive, with or without a destination tag.
        "destinationaddress" destination_address: String = 30..=50;
    }
    optional {
        /// What would leave the wallet, in whole currency units; with `currency`.
        "amount" amount: Amount = 1..=20;
        /// A base or extended currency.
        "currency" currency: CurrencyCode = 3..=16;
        /// The wallet that would pay; the caller's default one when absent.
        "waid" waid: Waid = 21..=21;
        /// What would have to arrive; with `destinationcurrency`.
        "destinationamount" destination_amount: Amount = 1..=20;
        /// What it would have to arrive in: three letters, `/`, the address of the issuer.
        "destinationcurrency" destination_currency: String = 3..=40;
    }
    check |op, problems| {
        let leaves = (op.amount.is_some(), op.currency.is_some());
        let arrives = (op.destination_amount.is_some(), op.destination_currency.is_some());
        if leaves != (true, true) && arrives != (true, true) {
            problems.add(
                "amount, currency, destinationamount, destinationcurrency",
                "amount and currency, or destinationamount and destinationcurrency must be given",
            );
        }
    }
}

wire_record! {
    write
    /// The ways in which a withdrawal could be made.
    pub struct WithdrawPaths {
        /// The ways; absent if no wallet balance suffices.
        "paths" paths: Option<Vec<WithdrawPath>>;
    }
}

wire_record! {
    write
    /// One way in which a withdrawal could be made.
    pub struct WithdrawPath {
        /// The most that would leave the wallet, without the fee, in whole currency units.
        "sourceamount" source_amount: Amount;
        /// The currency that would leave the wallet.
        "sourcecurrency" source_currency: CurrencyCode;
        /// The fee, on top of it.
        "fee" fee: Option<Amount>;
    }
}

operation! {
    /// Lists the currencies that an address of a network accepts.
    pub read struct GetTrustLines -> TrustLines;
    Get "/wallet/trustlines/{network}/{address}"; callers Provider; group "wallets"; timeout Bridge; rate Standard;
    rights { own [], child [], any [] }
    required {
        /// The network, such as `ripple`.
        "network" network: String = 1..=25;
        /// The address.
        "address" address: String = 6..=60;
    }
    optional {}
}

wire_record! {
    provider
    /// What an address accepts.
    pub struct TrustLines {
        /// Whether it accepts the network's own currency. Always true for now.
        "acceptxrps" accepts_native: bool;
        /// What else it accepts.
        "trustlines" trust_lines: Vec<TrustLine>;
    }
}

wire_record! {
    provider
    /// A currency of an issuer that an address accepts.
    pub struct TrustLine {
        /// The currency: three letters.
        "currency" currency: String;
        /// The issuer's address.
        "issueraddress" | "issueraddress " issuer_address: String;
        /// The issuer's name; empty if the platform knows none.
        "issuername" | "issuername " issuer_name: String;
    }
}

operation! {
    /// Sends IOUs on a network from an issuing address that the platform holds the key of. The books know nothing of it.
    ///
    /// It stands in no transaction list, so after an unknown outcome only the network itself can tell. An answer
    /// says that it was accepted; it is sent once, in the background.
    pub money struct IssueIOU -> super::Done;
    Post "/currency/issueiou"; callers Provider; group "currencies"; timeout Bridge; rate Standard;
    rights { own ["createcurrency"], child [], any [] }
    required {
        /// The network, such as `ripple`.
        "network" network: String = 1..=25;
        /// The issuing address: an external account of the bridge whose key the platform holds.
        "issueraddress" issuer_address: String = 6..=60;
        /// Who receives.
        "receiveraddress" receiver_address: String = 6..=60;
        /// The currency: three letters.
        "currencycode" currency_code: CurrencyCode = 3..=3;
        /// How much, in whole units.
        "amount" amount: Amount = 1..=25;
    }
    optional {
        /// The receiver's destination tag; required when the receiver is the platform's own address.
        "receiverdesttag" receiver_tag: u32;
    }
}

operation! {
    /// Makes an address at which the caller's profile receives IOUs, and notes it as the profile's extended attribute
    /// `<bridge>profileaddress`, which is written once.
    pub write struct CreateProfileAddress -> CreatedProfileAddress;
    Post "/currency/address/create" "/currency/profileaddress/create"; callers Provider; group "currencies"; timeout Bridge; rate Standard;
    rights { own ["createreceivingaddress", "createcurrency"], child [], any [] }
    required {
        /// The bridge, such as `ripple`.
        "bridgename" bridge_name: String = 2..=15;
    }
    optional {}
}

wire_record! {
    write
    /// The new address.
    pub struct CreatedProfileAddress {
        /// The bridge.
        "bridgename" bridge_name: String;
        /// The address.
        "profileaddress" profile_address: String;
    }
}

operation! {
    /// Lists the addresses at which a profile receives IOUs, and the trust lines that they need.
    pub read struct GetProfileAddressList -> ProfileAddressList;
    Get "/currency/{upid}/address" "/currency/address"; callers Provider; group "currencies"; timeout Standard; rate Standard;
    rights { own ["readmyprofile"], child ["readchildprofile"], any ["readallprofiles"] }
    required {}
    optional {
        /// Whose; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
    }
}

wire_record! {
    unexported
    /// The addresses of a profile.
    pub struct ProfileAddressList {
        /// One for each bridge, by its name.
        "profileaddresslist" addresses: BTreeMap<String, ProfileAddress>;
    }
}

wire_record! {
    provider
    /// An address at which a profile receives IOUs.
    pub struct ProfileAddress {
        /// The address.
        "profileaddress" profile_address: String;
        /// The trust lines that it needs.
        "trustlinelist" trust_lines: Vec<IssuerLine>;
    }
}

wire_record! {
    provider
    /// A currency of an issuer.
    pub struct IssuerLine {
        /// The issuer's address.
        "issueraddress" issuer_address: String;
        /// The currency: three letters.
        "currency" currency: String;
    }
}

operation! {
    /// Lets an address that the platform holds the key of accept a currency of an issuer, up to an amount.
    pub write struct SetAddressTrustline -> super::Done;
    Post "/currency/address/trustline"; callers Provider; group "currencies"; timeout Bridge; rate Standard;
    rights { own ["createcurrency"], child [], any [] }
    required {
        /// The bridge, such as `ripple`.
        "bridgename" bridge_name: String = 2..=15;
        /// The address that shall accept it: the profile's own.
        "hostedaddress" hosted_address: String = 10..=60;
        /// The issuer's address.
        "trustedaddress" trusted_address: String = 10..=60;
        /// The currency: three letters.
        "currencycode" currency_code: CurrencyCode = 3..=3;
        /// How much of it at most, in whole units.
        "amount" amount: Amount = 1..=20;
    }
    optional {}
}

operation! {
    /// Says whether an address that the platform holds the key of refuses what comes without a destination tag.
    pub write struct SetAddressAttribute -> super::Done;
    Post "/currency/address/attribute"; callers Provider; group "currencies"; timeout Bridge; rate Standard;
    rights { own ["createcurrency"], child [], any [] }
    required {
        /// The bridge, such as `ripple`.
        "bridgename" bridge_name: String = 2..=15;
        /// The address: the profile's own.
        "address" address: String = 10..=60;
    }
    optional {
        /// Whether a destination tag is required. Nothing changes when absent.
        "destinationtagrequired" destination_tag_required: bool;
    }
}

operation! {
    /// Lists the bridges that this platform has.
    pub read struct GetSystemActiveBridgeList -> BridgeList;
    Get "/system/bridge/active"; callers Provider; group "bridges"; timeout Bridge; rate Standard;
    rights { own [], child [], any ["readsystemdata"] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// The bridges.
    pub struct BridgeList {
        /// The bridges, by name.
        "bridgelist" bridges: Vec<BridgeEntry>;
    }
}

/// A bridge of this platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi-write", derive(uniffi::Record))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BridgeEntry {
    /// Its name.
    #[serde(rename = "bridgename")]
    pub bridge_name: String,
    /// What it is.
    pub description: String,
    /// Which of the bridges of that name. A server may write it as a text.
    #[serde(rename = "instanceid", deserialize_with = "number_or_text")]
    pub instance_id: u32,
    /// Whether it is to be used.
    pub enabled: bool,
    /// What its process does: `started`, `stopped`. Independent of `enabled`.
    pub status: String,
    /// How many external accounts it has.
    #[serde(rename = "externalaccountscount")]
    pub external_accounts: u32,
}

operation! {
    /// Reads what the books say and what the network says of the accounts of a bridge. May take several seconds.
    pub read struct GetSystemBridgeBalances -> BridgeBalances;
    Get "/system/bridge/{bridgename}-{instanceid}/balances"; callers Provider; group "bridges"; timeout Bridge; rate Unlimited;
    rights { own [], child [], any ["readsystemdata"] }
    required {
        /// The bridge's name.
        "bridgename" bridge_name: String = 1..=15;
        /// Which of the bridges of that name.
        "instanceid" instance_id: u32 = 0..=99;
    }
    optional {}
}

wire_record! {
    provider
    /// The balances of a bridge.
    pub struct BridgeBalances {
        /// The bridge's name.
        "bridgename" bridge_name: String;
        /// Which of the bridges of that name.
        "instanceid" instance_id: u32;
        /// What it is.
        "description" description: String;
        /// One for each external account and currency.
        "balances" balances: Vec<BridgeBalance>;
    }
}

wire_record! {
    provider
    /// What the books and the network say of one external account and currency. Amounts in whole currency units.
    pub struct BridgeBalance {
        /// The external account.
        "identifier" identifier: String;
        /// Fees that withdrawals over this bridge paid.
        "internalfee" internal_fee: Amount;
        /// What all wallets have of the currency.
        "internalbalance" internal_balance: Amount;
        /// What they can spend of it.
        "internalavail" internal_available: Amount;
        /// What is set aside of it.
        "internalheld" internal_held: Amount;
        /// What the account has on the network.
        "externalbalance" external_balance: Amount;
        /// Digits after the point.
        "precision" precision: u32;
        /// The currency: three letters.
        "currency" currency: String;
        /// The currency's number: ISO 4217, or from 1001 up.
        "currencycode" currency_number: u32;
    }
}

operation! {
    /// Sets attributes of a bridge's external account, or adds the account. Attributes that are not named stay.
    pub write struct UpdateBridgeExternalAccount -> super::Done;
    Post "/system/bridge/updateaccount"; callers Provider; group "bridges"; timeout Bridge; rate Standard;
    rights { own [], child [], any ["systemadmin"] }
    required {
        /// The bridge's name.
        "bridgename" bridge_name: String = 1..=15;
        /// Which of the bridges of that name.
        "bridgeinstanceid" | "instanceid" bridge_instance_id: u32;
        /// The attribute that identifies the account, and those to set. May hold secrets: never shown again.
        "accountdata" account_data: SecretObject = 2..=20_000;
    }
    optional {}
}

operation! {
    /// Says which attribute identifies an external account of a kind of bridge.
    pub read struct GetExternalAccountIdentifierField -> AccountIdentifier;
    Get "/system/bridge/{bridgename}/externalaccount/identifier"; callers Provider; group "bridges"; timeout Bridge; rate Standard;
    rights { own [], child [], any ["readsystemdata"] }
    required {
        /// The bridge's name.
        "bridgename" bridge_name: String = 1..=15;
    }
    optional {}
}

wire_record! {
    unexported
    /// Which attribute identifies an external account.
    pub struct AccountIdentifier {
        /// The attribute.
        "accountidentifier" identifier: AccountIdentifierField;
    }
}

wire_record! {
    provider
    /// The attribute that identifies an external account.
    pub struct AccountIdentifierField {
        /// Its name.
        "name" name: String;
        /// Its label, for people.
        "label" label: String;
        /// The type of its value: `string`, `boolean`.
        "type" kind: String;
    }
}

operation! {
    /// Lists the attributes that external accounts of a kind of bridge have.
    pub read struct GetSystemBridgeExternalAccountAttributeList -> AccountAttributeList;
    Get "/system/bridge/{bridgename}/externalaccount/attributelist"; callers Provider; group "bridges"; timeout Bridge; rate Standard;
    rights { own [], child [], any ["readsystemdata"] }
    required {
        /// The bridge's name.
        "bridgename" bridge_name: String = 1..=15;
    }
    optional {}
}

wire_record! {
    unexported
    /// The attributes of external accounts.
    pub struct AccountAttributeList {
        /// The attributes.
        "attributelist" attributes: Vec<AccountAttribute>;
    }
}

/// An attribute of external accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi-write", derive(uniffi::Record))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountAttribute {
    /// Its name.
    pub name: String,
    /// Its label, for people.
    pub label: String,
    /// The type of its value: `string`, `boolean`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether its value is a secret, shown as `********`. A server may write it as a text.
    #[serde(deserialize_with = "bool_or_text")]
    pub masked: bool,
}

operation! {
    /// Lists the external accounts of a bridge, secrets masked.
    pub read struct GetSystemBridgeExternalAccountList -> ExternalAccountList;
    Get "/system/bridge/{bridgename}-{instanceid}/externalaccountlist"; callers Provider; group "bridges"; timeout Bridge; rate Standard;
    rights { own [], child [], any ["readsystemdata"] }
    required {
        /// The bridge's name.
        "bridgename" bridge_name: String = 1..=15;
        /// Which of the bridges of that name.
        "instanceid" instance_id: u32 = 0..=99;
    }
    optional {}
}

wire_record! {
    provider
    /// The external accounts of a bridge.
    pub struct ExternalAccountList {
        /// The name of the attribute that identifies an account.
        "accountidentifier" identifier: String;
        /// The accounts.
        "externalaccountlist" accounts: Vec<ExternalAccount>;
    }
}

wire_record! {
    provider
    /// An account on an outside network that the platform uses.
    pub struct ExternalAccount {
        /// Its number.
        "id" id: u32;
        /// What it is.
        "description" description: String;
        /// `Ok`, or what is wrong with it.
        "status" status: String;
        /// Whether IOUs are issued from it.
        "issuing" issuing: bool;
        /// Whether deposits to it are looked for.
        "trackable" trackable: bool;
        /// Its attributes by name; secrets as `********`.
        "attributelist" attributes: JsonObject;
        /// What it accepts, on a network with trust lines.
        "trustlinelist" trust_lines: Option<Vec<IssuerLine>>;
    }
}

operation! {
    /// Lists what came in over a bridge, the newest first: credited, unassigned (nobody is known to have it), ignored.
    pub read("uniffi-write") struct ListBridgeDeposits -> BridgeDepositList;
    Get "/system/bridge/{bridgename}-{instanceid}/deposits"; callers Provider; group "bridges"; timeout Standard; rate Standard;
    rights { own [], child [], any ["readsystemdata"] }
    required {
        /// The bridge's name.
        "bridgename" bridge_name: String = 1..=15;
        /// Which of the bridges of that name.
        "instanceid" instance_id: u32 = 0..=99;
    }
    optional {
        /// Only those that stand so: `credited`, `unassigned` or `ignored`.
        "status" status: String = 1..=12;
        /// At most so many, 1 to 200. Default 50.
        "limit" limit: u32 = 1..=200;
        /// Go on after this cursor, from `next` of the page before.
        "after" after: String = 1..=64;
    }
}

wire_record! {
    provider
    /// A page of what came in.
    pub struct BridgeDepositList {
        /// What came in, the newest first.
        "depositlist" deposits: Vec<BridgeDeposit>;
        /// The cursor of the next page; absent at the end.
        "next" next: Option<String>;
    }
}

wire_record! {
    provider
    /// Something that came in over a bridge.
    pub struct BridgeDeposit {
        /// The network's own name for it.
        "externaltransactionid" external_transaction_id: String;
        /// `credited`, `unassigned` or `ignored`.
        "status" status: String;
        /// Why it is not credited.
        "reason" reason: Option<String>;
        /// The address that received, with its tag if one came with it.
        "depositaddress" address: String;
        /// The address that paid, as far as it is known.
        "sourceaddress" source_address: String;
        /// What came: three letters, and `/` and the issuer's address if it is an IOU.
        "asset" asset: String;
        /// How much, in whole units.
        "amount" amount: Amount;
        /// The wallet that was credited.
        "waid" waid: Option<Waid>;
        /// The transaction that credited it.
        "txid" txid: Option<Txid>;
        /// When it was seen.
        "timestamp" timestamp: Timestamp;
    }
}

operation! {
    /// Credits a wallet with what came in and nobody was known to have, once.
    pub money struct AssignBridgeDeposit -> super::Moved;
    Post "/system/bridge/deposit/assign"; callers Provider; group "bridges"; timeout Standard; rate Standard;
    rights { own [], child [], any ["manualdeposit"] }
    required {
        /// The bridge's name.
        "bridgename" bridge_name: String = 1..=15;
        /// The network's own name for it.
        "externaltransactionid" external_transaction_id: String = 1..=128;
        /// The wallet that receives it.
        "waid" waid: Waid = 21..=21;
    }
    optional {}
}

operation! {
    /// Lists what was ordered to be sent over a bridge, the newest first: withdrawals, and IOUs, of which this is the only
    /// record.
    pub read("uniffi-write") struct ListBridgeOrders -> BridgeOrderList;
    Get "/system/bridge/{bridgename}-{instanceid}/orders"; callers Provider; group "bridges"; timeout Standard; rate Standard;
    rights { own [], child [], any ["readsystemdata"] }
    required {
        /// The bridge's name.
        "bridgename" bridge_name: String = 1..=15;
        /// Which of the bridges of that name.
        "instanceid" instance_id: u32 = 0..=99;
    }
    optional {
        /// Only those that stand so: `waiting`, `sent`, `done` or `failed`.
        "status" status: String = 1..=12;
        /// At most so many, 1 to 200. Default 50.
        "limit" limit: u32 = 1..=200;
        /// Go on after this cursor, from `next` of the page before.
        "after" after: String = 1..=64;
    }
}

wire_record! {
    provider
    /// A page of what was ordered.
    pub struct BridgeOrderList {
        /// What was ordered, the newest first.
        "orderlist" orders: Vec<BridgeOrder>;
        /// The cursor of the next page; absent at the end.
        "next" next: Option<String>;
    }
}

wire_record! {
    provider
    /// Something to be sent over a bridge.
    pub struct BridgeOrder {
        /// Names it at the network.
        "orderid" order_id: String;
        /// The withdrawal that it is for; absent of an IOU.
        "txid" txid: Option<Txid>;
        /// The profile that asked for it.
        "upid" upid: Upid;
        /// `waiting`, `sent`, `done` or `failed`.
        "status" status: String;
        /// Why it failed.
        "reason" reason: Option<String>;
        /// The address that it is sent from; absent if it is the platform's main one.
        "sourceaddress" source_address: Option<String>;
        /// The address that receives, with its tag.
        "destinationaddress" destination_address: String;
        /// What leaves: three letters, and `/` and the issuer's address if it is an IOU.
        "asset" asset: String;
        /// How much, in whole units.
        "amount" amount: Amount;
        /// The network's own name for it, once it has one.
        "externaltransactionid" external_transaction_id: Option<String>;
        /// The client reference that it was made under.
        "referenceid" reference_id: Option<String>;
        /// When it was ordered.
        "timestamp" timestamp: Timestamp;
        /// When it ended.
        "timestampfinal" finished: Option<Timestamp>;
    }
}

/// A number, or a text that spells one.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u32),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(|_| serde::de::Error::custom("must be a whole number")),
    }
}

/// True or false, or a text that spells it.
fn bool_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Flag(bool),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Flag(flag) => Ok(flag),
        Either::Text(text) => text.parse().map_err(|_| serde::de::Error::custom("must be true or false")),
    }
}
