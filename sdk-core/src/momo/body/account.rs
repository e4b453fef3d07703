//! Balances and account holders.

use super::{Amount, lenient};

body! {
    fields "camelCase";

    /// A balance.
    pub struct AccountBalance as "MomoAccountBalance" {
        /// What can be spent.
        #[serde(deserialize_with = "lenient::amount")]
        available_balance: Amount,
        /// In this currency.
        currency: String,
    }

    /// Whether an account holder is active.
    pub struct BooleanResult as "MomoBooleanResult" {
        /// Whether.
        result: bool,
    }

    /// What everybody may know of an account holder.
    pub struct BasicUserInfo as "MomoBasicUserInfo" {
        ;
        /// The whole name.
        name: String,
        /// When it was last changed: seconds since 1970.
        #[serde(rename = "updated_at", deserialize_with = "lenient::some_number")]
        updated_at: u64,
        /// The given name.
        #[serde(rename = "given_name")]
        given_name: String,
        /// The family name.
        #[serde(rename = "family_name")]
        family_name: String,
        /// `YYYY-MM-DD`.
        birthdate: String,
        /// Such as `sv_SE`.
        locale: String,
        /// Such as `MALE`.
        gender: String,
        /// Such as `ACTIVE`.
        status: String,
        /// The holder's id.
        #[serde(deserialize_with = "lenient::some_text")]
        sub: String,
    }
}
