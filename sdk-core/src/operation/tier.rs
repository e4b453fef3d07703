//! KYC tiers. Source: spec/omnigate/operations.json, group Tier; SetTier and AssignTier are Florin's own.

use super::operation;
#[cfg(feature = "write")]
use crate::id::Upid;
use crate::model::Tier;
#[cfg(feature = "write")]
use crate::money::Amount;

operation! {
    /// Lists the tiers: what each allows, and how much in how much time.
    pub read struct GetTierData -> TierList;
    Get "/system/tiers"; callers Provider; group "tiers"; timeout Standard; rate Unlimited;
    rights { own [], child [], any ["readsystemdata", "tiermanagement"] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// The tiers.
    pub struct TierList {
        /// The tiers, the lowest first.
        "tierlist" tiers: Vec<Tier>;
    }
}

operation! {
    /// Makes a tier, or says anew what one allows. A switch that is absent allows; a limit that is absent is none.
    pub write struct SetTier -> super::Done;
    Post "/system/tiers"; callers Provider; group "tiers"; timeout Standard; rate Unlimited;
    rights { own [], child [], any ["tiermanagement"] }
    required {
        /// Its level: higher ones allow more.
        "level" level: u32 = 0..=1000;
        /// Its name.
        "tiername" tier_name: String = 1..=30;
    }
    optional {
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
        /// How much of a currency may be deposited within the hours, in whole currency units.
        "limitdepositfiatamount1" limit_deposit_fiat_1: Amount = 1..=25;
        /// How much of a currency may be deposited within the days.
        "limitdepositfiatamount2" limit_deposit_fiat_2: Amount = 1..=25;
        /// The same of cryptographic money, within the hours.
        "limitdepositcryptoamount1" limit_deposit_crypto_1: Amount = 1..=25;
        /// The same of cryptographic money, within the days.
        "limitdepositcryptoamount2" limit_deposit_crypto_2: Amount = 1..=25;
        /// How much of a currency may be withdrawn within the hours.
        "limitwithdrawfiatamount1" limit_withdraw_fiat_1: Amount = 1..=25;
        /// How much of a currency may be withdrawn within the days.
        "limitwithdrawfiatamount2" limit_withdraw_fiat_2: Amount = 1..=25;
        /// The same of cryptographic money, within the hours.
        "limitwithdrawcryptoamount1" | "limitwithdrawcryptotamount1" limit_withdraw_crypto_1: Amount = 1..=25;
        /// The same of cryptographic money, within the days.
        "limitwithdrawcryptoamount2" | "limitwithdrawcryptotamount2" limit_withdraw_crypto_2: Amount = 1..=25;
        /// How much of a currency may be transferred within the hours.
        "limittransferfiatamount1" limit_transfer_fiat_1: Amount = 1..=25;
        /// How much of a currency may be transferred within the days.
        "limittransferfiatamount2" limit_transfer_fiat_2: Amount = 1..=25;
        /// The same of cryptographic money, within the hours.
        "limittransfercryptoamount1" limit_transfer_crypto_1: Amount = 1..=25;
        /// The same of cryptographic money, within the days.
        "limittransfercryptoamount2" limit_transfer_crypto_2: Amount = 1..=25;
        /// How much of a currency may be paid within the hours.
        "limitpaymentfiatamount1" limit_payment_fiat_1: Amount = 1..=25;
        /// How much of a currency may be paid within the days.
        "limitpaymentfiatamount2" limit_payment_fiat_2: Amount = 1..=25;
        /// The same of cryptographic money, within the hours.
        "limitpaymentcryptoamount1" limit_payment_crypto_1: Amount = 1..=25;
        /// The same of cryptographic money, within the days.
        "limitpaymentcryptoamount2" limit_payment_crypto_2: Amount = 1..=25;
        /// The hours that each first limit is about, 1 to 8760. Default 24.
        "limitdelayhours" limit_delay_hours: u32 = 1..=8760;
        /// The days that each second limit is about, 1 to 3660. Default 30.
        "limitdelaydays" limit_delay_days: u32 = 1..=3660;
    }
}

operation! {
    /// Puts a profile on a tier.
    pub write struct AssignTier -> super::Done;
    Post "/system/tiers/assign"; callers Provider; group "tiers"; timeout Standard; rate Unlimited;
    rights { own [], child [], any ["tiermanagement"] }
    required {
        /// Whose tier.
        "upid" upid: Upid = 21..=21;
        /// The level of the tier.
        "level" level: u32 = 0..=1000;
    }
    optional {}
}

operation! {
    /// Deletes a tier. Whoever is on it moves to the next lower one; the lowest cannot be deleted.
    pub write struct DeleteTier -> super::Done;
    Delete "/system/tiers/{level}"; callers Provider; group "tiers"; timeout Standard; rate Unlimited;
    rights { own [], child [], any ["tiermanagement"] }
    required {
        /// The level of the tier.
        "level" level: u32 = 0..=1000;
    }
    optional {}
}
