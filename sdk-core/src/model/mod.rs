//! The shapes that several answers share.

mod event;

pub use event::{Event, EventData, EventType, LiveEvent};

use crate::id::{Fsid, Prid, Txid, Waid};
use crate::money::{Amount, CurrencyCode};
use crate::operation::Balance;
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

open_text_enum! {
    /// What kind of profile.
    ProfileType {
        /// A person.
        Individual = "individual",
        /// A company or the like.
        Organization = "organization",
    }
}

open_text_enum! {
    /// Whether a user, profile, wallet or key works.
    Status {
        /// It does.
        Active = "active",
        /// It does not.
        Inactive = "inactive",
    }
}

open_text_enum! {
    /// A part of the platform that is unlocked and configured by itself.
    ComponentName {
        /// Users, profiles, keys: the front door.
        Omnipass = "omnipass",
        /// The ledger.
        Omnibridge = "omnibridge",
        /// Payments.
        Omnipay = "omnipay",
    }
}

open_text_enum! {
    /// Where a transaction stands.
    TransactionState {
        /// Under way; its money is held.
        Pending = "Pending",
        /// Done.
        Completed = "Completed",
        /// Ended without effect.
        Failed = "Failed",
    }
}

open_text_enum! {
    /// What kind of transaction.
    TransactionType {
        /// Money came in from outside.
        Deposit = "deposit",
        /// Money went outside.
        Withdraw = "withdraw",
        /// Between wallets of the platform.
        Transfer = "transfer",
        /// A payment request was paid.
        Payment = "payment",
        /// New units of a currency.
        Issue = "issue",
        /// Units of a currency taken out of circulation.
        Redeem = "redeem",
        /// From a provider to its user.
        Credit = "credit",
        /// From a user to its provider.
        Debit = "debit",
        /// Money was set aside in its wallet.
        Hold = "hold",
        /// Money that was set aside was taken.
        Capture = "capture",
        /// Money that was set aside can be spent again.
        Release = "release",
        /// An earlier transaction was paid back, in whole or in part.
        Refund = "refund",
    }
}

open_text_enum! {
    /// How a withdrawal ended.
    FinalState {
        /// Its money has left.
        Completed = "Completed",
        /// Its money is back.
        Failed = "Failed",
    }
}

open_text_enum! {
    /// What a fee is for.
    FeeOperation {
        /// A transfer between wallets.
        Transfer = "transfer",
        /// A payment request that is paid.
        Payment = "payment",
        /// A withdrawal.
        Withdraw = "withdraw",
    }
}

open_text_enum! {
    /// What kind of currency.
    CurrencyType {
        /// An asset that the platform itself controls.
        Base = "base",
        /// Issued by a profile.
        Extended = "extended",
        /// Tied to one network.
        Bridge = "bridge",
    }
}

open_text_enum! {
    /// Which way a payment request goes, seen from the caller.
    PaymentDirection {
        /// The caller made it.
        Outgoing = "outgoing",
        /// The caller is asked to pay it.
        Incoming = "incoming",
    }
}

/// Where a payment request stands: a number on the wire.
///
/// Source: spec/omnigate/errors.json, `payment_status_codes`. There is no 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u32", into = "u32")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PaymentStatus {
    /// 0: just made.
    Waiting,
    /// 1: paid, for good.
    Paid,
    /// 2: paid in part.
    Partial,
    /// 3: not paid in time, for good.
    Timeout,
    /// 4: cancelled, for good.
    Canceled,
    /// 5: paid back, for good.
    Refunded,
    /// 7: a technical error, for good.
    Failed,
    /// 8: declined by the payer, for good.
    Declined,
    /// A number that this version does not know.
    Other {
        /// The number on the wire.
        number: u32,
    },
}

impl PaymentStatus {
    /// The words of the contract.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting payment",
            Self::Paid => "Paid",
            Self::Partial => "Partial amount",
            Self::Timeout => "Timeout",
            Self::Canceled => "Canceled",
            Self::Refunded => "Refunded",
            Self::Failed => "Error",
            Self::Declined => "Declined",
            Self::Other { .. } => "Unknown",
        }
    }

    /// Whether it will not change any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Partial | Self::Other { .. })
    }
}

impl From<u32> for PaymentStatus {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Waiting,
            1 => Self::Paid,
            2 => Self::Partial,
            3 => Self::Timeout,
            4 => Self::Canceled,
            5 => Self::Refunded,
            7 => Self::Failed,
            8 => Self::Declined,
            number => Self::Other { number },
        }
    }
}

impl From<PaymentStatus> for u32 {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Waiting => 0,
            PaymentStatus::Paid => 1,
            PaymentStatus::Partial => 2,
            PaymentStatus::Timeout => 3,
            PaymentStatus::Canceled => 4,
            PaymentStatus::Refunded => 5,
            PaymentStatus::Failed => 7,
            PaymentStatus::Declined => 8,
            PaymentStatus::Other { number } => number,
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for PaymentStatus {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PaymentStatus".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "enum": [0, 1, 2, 3, 4, 5, 7, 8] })
    }
}

wire_record! {
    /// Name, address and the like of a profile. An individual has the first block of names, an organization the second.
    #[derive(Default)]
    pub struct ProfileData {
        /// First name.
        "firstname" first_name: Option<String>;
        /// Last name.
        "lastname" last_name: Option<String>;
        /// E-mail address.
        "email" email: Option<String>;
        /// Administrator's first name.
        "adminfirstname" admin_first_name: Option<String>;
        /// Administrator's last name.
        "adminlastname" admin_last_name: Option<String>;
        /// Administrator's e-mail address.
        "adminemail" admin_email: Option<String>;
        /// Name of the organization.
        "organizationname" organization_name: Option<String>;
        /// Address, first line.
        "address1" address1: Option<String>;
        /// Address, second line.
        "address2" address2: Option<String>;
        /// City.
        "city" city: Option<String>;
        /// Region.
        "region" region: Option<String>;
        /// Country: two letters.
        "country" country: Option<String>;
        /// Postal code.
        "postalcode" postal_code: Option<String>;
        /// Phone number.
        "phone" phone: Option<String>;
        /// Birthday, `YYYY-MM-DD`.
        "birthday" birthday: Option<String>;
        /// Industry.
        "industry" industry: Option<String>;
        /// Registration number.
        "registrationid" registration_id: Option<String>;
    }
}

wire_record! {
    /// A wallet in a list, with its balances.
    pub struct WalletEntry {
        /// Whether it is a trading wallet.
        "trading" trading: bool;
        /// The wallet.
        "waid" waid: Waid;
        /// Whether it is the profile's default wallet.
        "default" is_default: Option<bool>;
        /// Its name.
        "walletname" wallet_name: String;
        /// One balance for each currency that it has held.
        "balances" balances: Vec<Balance>;
        /// The market of a trading wallet.
        "market" market: Option<String>;
    }
}

wire_record! {
    /// A transaction in a wallet's list, seen from that wallet: what left it is negative.
    pub struct ListedTransaction {
        /// How much came in, or, negative, went out; in whole currency units.
        "amount" amount: Amount;
        /// How much was set aside in the wallet, or, negative, no longer is: of holds only.
        "held" held: Option<Amount>;
        /// What the wallet had afterwards, spendable and set aside together.
        "balance" balance: Amount;
        /// The fee, on top of the amount.
        "fee" fee: Amount;
        /// The transaction.
        "txid" txid: Txid;
        /// What its maker wrote on it.
        "description" description: String;
        /// The currency's code.
        "currency" currency: CurrencyCode;
        /// Pending, completed or failed.
        "state" state: TransactionState;
        /// The currency's number: ISO 4217, or from 1001 up.
        "currencycode" currency_number: u32;
        /// Deposit, withdraw, transfer and so on.
        "type" kind: TransactionType;
        /// When.
        "timestamp" timestamp: Timestamp;
        /// The client reference that it was made under, if any.
        "referenceid" reference_id: Option<String>;
    }
}

wire_record! {
    /// One debit or credit of a transaction.
    pub struct Entry {
        /// The wallet.
        "waid" waid: Waid;
        /// The currency's code.
        "currencycode" currency_code: CurrencyCode;
        /// What came in, or, negative, went out; in whole currency units.
        "amount" amount: Amount;
        /// What was set aside, or, negative, no longer is: of holds only.
        "held" held: Option<Amount>;
        /// What the wallet had afterwards, spendable and set aside together.
        "balance" balance: Amount;
    }
}

wire_record! {
    /// A payment request in a list.
    pub struct ListedPayment {
        /// How much is to be paid, in whole currency units.
        "amount" amount: Amount;
        /// The currency to be paid in.
        "currency" currency: CurrencyCode;
        /// `charge`, or what else the server names.
        "type" kind: String;
        /// When it was made.
        "timestampopen" opened: Timestamp;
        /// When it was paid, declined or ran out of time.
        "timestampclose" closed: Option<Timestamp>;
        /// How to pay.
        "method" method: String;
        /// Where it stands, in words.
        "statusmessage" | "status" status_message: String;
        /// The payment request.
        "prid" prid: Prid;
        /// Whether the caller made it or is asked to pay it.
        "paymentrequestdirection" direction: PaymentDirection;
        /// Token of a payment processor, if any.
        "processortoken" processor_token: Option<String>;
        /// The maker's own reference, if any.
        "referenceid" reference_id: Option<String>;
    }
}

wire_record! {
    provider
    /// One way to pay a payment request.
    pub struct PaymentAmount {
        /// How: `wallet`, `ripple`, `bitcoin`.
        "method" method: String;
        /// How much, in whole currency units.
        "amount" amount: Amount;
        /// The currency's code.
        "currency" currency: CurrencyCode;
        /// The address to send it to.
        "paymentaddress" payment_address: Option<String>;
        /// The page to pay it at.
        "paymenturl" payment_url: Option<String>;
        /// When it can no longer be paid.
        "expiration" expiration: Option<Timestamp>;
    }
}

wire_record! {
    provider
    /// A currency that a profile issues.
    pub struct ProfileCurrency {
        /// The full name.
        "currencyname" currency_name: String;
        /// The code.
        "currencycode" currency_code: CurrencyCode;
        /// Digits after the point when shown.
        "displaydecimals" display_decimals: u32;
        /// Base, extended or bridge.
        "type" kind: CurrencyType;
        /// Whether it is shown in lists.
        "visible" visible: bool;
        /// Issuing address on its network.
        "issueraddress" issuer_address: Option<String>;
        /// Receiving address on its network.
        "receivingaddress" receiving_address: Option<String>;
        /// The base currency whose invoices can be paid with it at par.
        "referencecurrency" reference_currency: Option<CurrencyCode>;
    }
}

wire_record! {
    /// A currency of the platform.
    pub struct PublicCurrency {
        /// The full name.
        "currencyname" currency_name: String;
        /// The code.
        "currencycode" currency_code: CurrencyCode;
        /// Base, extended or bridge.
        "currencytype" kind: CurrencyType;
        /// Digits after the point in the books.
        "currencydecimals" currency_decimals: u32;
        /// Digits after the point when shown.
        "displaydecimals" display_decimals: u32;
        /// 1 base, 2 extended, 3 bridge.
        "tier" tier: u32;
        /// How it can be paid in.
        "depositmethodlist" deposit_methods: Vec<String>;
        /// How it can be paid out.
        "withdrawmethodlist" withdraw_methods: Vec<String>;
        /// The network of a bridge currency.
        "network" network: Option<String>;
        /// Issuing address on its network.
        "issueraddress" issuer_address: Option<String>;
    }
}

wire_record! {
    /// A role and its rights.
    pub struct Role {
        /// The role's name.
        "roleid" role_id: String;
        /// What it is for.
        "description" description: String;
        /// Its rights.
        "rightlist" rights: Vec<RoleRight>;
    }
}

wire_record! {
    /// A right.
    pub struct RoleRight {
        /// The right's name.
        "rightid" right_id: String;
        /// What it opens.
        "description" description: String;
    }
}

wire_record! {
    provider
    /// A KYC tier: what it allows, and how much in how much time. Limits are for each currency by itself.
    pub struct Tier {
        /// Its level: higher ones allow more.
        "level" level: u32;
        /// Its name.
        "tiername" tier_name: String;
        /// Whether cryptographic money may be deposited.
        "depositcrypto" deposit_crypto: bool;
        /// Whether other money may be deposited.
        "depositfiat" deposit_fiat: bool;
        /// Whether cryptographic money may be withdrawn.
        "withdrawcrypto" withdraw_crypto: bool;
        /// Whether other money may be withdrawn.
        "withdrawfiat" withdraw_fiat: bool;
        /// Whether cryptographic money may be transferred.
        "transfercrypto" transfer_crypto: bool;
        /// Whether other money may be transferred.
        "transferfiat" transfer_fiat: bool;
        /// Whether trading wallets may be made and used.
        "trading" trading: bool;
        /// Whether payment requests may be made.
        "createpaymentreq" create_payment_request: bool;
        /// Whether payment requests may be paid.
        "sendpayment" send_payment: bool;
        /// Whether payments may be received.
        "receivepayment" receive_payment: bool;
        /// Whether payments may be taken through a processor, and charged without the payer's own acceptance.
        "processpayment" process_payment: bool;
        /// How much of a currency the tier allows to deposit within the hours, of money of states and of what profiles issue: a decimal number; empty: any.
        "limitdepositfiatamount1" limit_deposit_fiat_1: String;
        /// How much of a currency the tier allows to deposit within the days, of money of states and of what profiles issue: a decimal number; empty: any.
        "limitdepositfiatamount2" limit_deposit_fiat_2: String;
        /// How much of a currency the tier allows to deposit within the hours, of cryptographic money: a decimal number; empty: any.
        "limitdepositcryptoamount1" limit_deposit_crypto_1: String;
        /// How much of a currency the tier allows to deposit within the days, of cryptographic money: a decimal number; empty: any.
        "limitdepositcryptoamount2" limit_deposit_crypto_2: String;
        /// How much of a currency the tier allows to withdraw within the hours, of money of states and of what profiles issue: a decimal number; empty: any.
        "limitwithdrawfiatamount1" limit_withdraw_fiat_1: String;
        /// How much of a currency the tier allows to withdraw within the days, of money of states and of what profiles issue: a decimal number; empty: any.
        "limitwithdrawfiatamount2" limit_withdraw_fiat_2: String;
        /// How much of a currency the tier allows to withdraw within the hours, of cryptographic money: a decimal number; empty: any.
        "limitwithdrawcryptoamount1" | "limitwithdrawcryptotamount1" limit_withdraw_crypto_1: String;
        /// How much of a currency the tier allows to withdraw within the days, of cryptographic money: a decimal number; empty: any.
        "limitwithdrawcryptoamount2" | "limitwithdrawcryptotamount2" limit_withdraw_crypto_2: String;
        /// How much of a currency the tier allows to transfer within the hours, of money of states and of what profiles issue. Florin's own.
        "limittransferfiatamount1" limit_transfer_fiat_1: Option<Amount>;
        /// How much of a currency the tier allows to transfer within the days, of money of states and of what profiles issue. Florin's own.
        "limittransferfiatamount2" limit_transfer_fiat_2: Option<Amount>;
        /// How much of a currency the tier allows to transfer within the hours, of cryptographic money. Florin's own.
        "limittransfercryptoamount1" limit_transfer_crypto_1: Option<Amount>;
        /// How much of a currency the tier allows to transfer within the days, of cryptographic money. Florin's own.
        "limittransfercryptoamount2" limit_transfer_crypto_2: Option<Amount>;
        /// How much of a currency the tier allows to pay within the hours, of money of states and of what profiles issue. Florin's own.
        "limitpaymentfiatamount1" limit_payment_fiat_1: Option<Amount>;
        /// How much of a currency the tier allows to pay within the days, of money of states and of what profiles issue. Florin's own.
        "limitpaymentfiatamount2" limit_payment_fiat_2: Option<Amount>;
        /// How much of a currency the tier allows to pay within the hours, of cryptographic money. Florin's own.
        "limitpaymentcryptoamount1" limit_payment_crypto_1: Option<Amount>;
        /// How much of a currency the tier allows to pay within the days, of cryptographic money. Florin's own.
        "limitpaymentcryptoamount2" limit_payment_crypto_2: Option<Amount>;
        /// The hours that each first limit is about.
        "limitdelayhours" limit_delay_hours: u32;
        /// The days that each second limit is about.
        "limitdelaydays" limit_delay_days: u32;
    }
}

wire_record! {
    provider
    /// A fee schedule.
    pub struct FeeSchedule {
        /// The schedule.
        "fsid" fsid: Fsid;
        /// Its name.
        "schedulename" schedule_name: String;
        /// Whether it is the one that profiles are on that have no other. It takes nothing.
        "default" is_default: bool;
        /// Its rules.
        "rulelist" rules: Vec<FeeRule>;
    }
}

wire_record! {
    provider
    /// How a fee is computed: the fixed part and the part of the amount, rounded down, within the bounds.
    pub struct FeeRule {
        /// What it is for.
        "operation" fee_operation: FeeOperation;
        /// The currency that it is for; absent: all that have no rule of their own.
        "feecurrency" fee_currency: Option<CurrencyCode>;
        /// The fixed part, in whole currency units.
        "fixedamount" fixed: Option<Amount>;
        /// The part of the amount, in hundredths of a percent.
        "basispoints" basis_points: u32;
        /// The least fee.
        "leastamount" least: Option<Amount>;
        /// The greatest fee.
        "mostamount" most: Option<Amount>;
    }
}

wire_record! {
    provider
    /// A currency of the platform, with what only its operators see.
    pub struct SystemCurrency {
        /// The full name.
        "currencyname" currency_name: String;
        /// The number: ISO 4217, or from 1001 up.
        "currencyid" currency_id: u32;
        /// The code.
        "currencycode" currency_code: CurrencyCode;
        /// Base, extended or bridge.
        "type" kind: CurrencyType;
        /// Digits after the point when shown.
        "decimaldisplay" display_decimals: u32;
        /// 1 base, 2 extended, 3 bridge.
        "tier" tier: u32;
        /// Whether it is shown in lists.
        "visible" visible: bool;
        /// Whether it is in the public list.
        "public" public: bool;
        /// Whether it can be used.
        "enabled" enabled: bool;
        /// How it can be paid in.
        "depositmethodlist" deposit_methods: Vec<String>;
        /// How it can be paid out.
        "withdrawmethodlist" withdraw_methods: Vec<String>;
    }
}

wire_record! {
    provider
    /// A wallet by its name, without balances.
    pub struct NamedWallet {
        /// Its name.
        "walletname" wallet_name: String;
        /// The wallet.
        "waid" waid: Waid;
    }
}
