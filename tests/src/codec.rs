//! Requests and answers by the operation's name: what a table-driven test calls where other code names a type.

use florin_sdk_core::FieldError;
use florin_sdk_core::operation::{self, Operation, Problems};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads and writes one operation's JSON.
#[derive(Debug)]
pub struct Codec {
    /// The operation.
    pub name: &'static str,
    /// Reads a request into its type and writes it again.
    pub request: fn(&Value) -> Result<Value, String>,
    /// The faults that the rules over several fields find in a request.
    pub faults: fn(&Value) -> Vec<FieldError>,
    /// Reads an answer into its type and writes it again.
    pub answer: fn(&Value) -> Result<Value, String>,
}

fn again<T: Serialize + DeserializeOwned>(json: &Value) -> Result<Value, String> {
    // By way of text, as on the wire: a Value could lend what a text cannot.
    let read: T = serde_json::from_str(&json.to_string()).map_err(|error| error.to_string())?;
    serde_json::to_value(read).map_err(|error| error.to_string())
}

fn faults<O: Operation>(json: &Value) -> Vec<FieldError> {
    let mut problems = Problems::default();
    O::check(&serde_json::from_value(json.clone()).expect("the request parses"), &mut problems);
    problems.0
}

macro_rules! codecs {
    ($($name:ident)+) => {
        /// One for each operation.
        pub const CODECS: &[Codec] = &[$(Codec {
            name: stringify!($name),
            request: again::<operation::$name>,
            faults: faults::<operation::$name>,
            answer: again::<<operation::$name as Operation>::Answer>,
        }),+];
    };
}

codecs! {
    GetProfile GetAPIKeyList GetProfileExtendedAttributeList
    GetTeamList ListRoles GetProfileList GetSystemUser
    GetUser ListUsers ListMobileTokens GetMe
    GetUserMFAStatus GetUserMFASeed
    GetWallet GetWalletList GetWalletListByUpid GetWalletTransactionList GetWalletTransactionDetails
    GetPaymentStatus GetPaymentTransactionList
    GetProfileCurrencyList GetPublicCurrencyList GetCirculation
    GetSystemAttributeList UnlockSystemComponent SetSystemAttribute
    GetPublicRoleList GetSettings GetOperationOutcome
    CreateProfile UpdateProfile UpdateSystemProfile CreateAPIKey DeleteAPIKey
    SetExtendedAttribute DeleteExtendedAttribute
    AddTeamUser UpdateTeamUser DeleteTeamUser UpdateSystemUser
    CreateRole DeleteRole AssignRoleRight UnassignRoleRight
    CreateUser UpdateUser CreateMobileToken RevokeMobileToken RevokeMobileTokens
    Login ActivationEmail ResetUserPassword ChangeUserPassword ChangeUserEmail EnableUserMFA DisableUserMFA
    CreateWallet WalletTransfer CreditWallet DebitWallet
    PlaceHold CaptureHold ReleaseHold RefundTransaction
    CreatePaymentRequest AcceptPayment RefusePayment
    CreateExtendedCurrency IssueGatewayCurrency RedeemCurrency
    GetWalletDepositAddress GetTrustLines GetProfileAddressList
    GetSystemActiveBridgeList GetSystemBridgeBalances GetExternalAccountIdentifierField
    GetSystemBridgeExternalAccountAttributeList GetSystemBridgeExternalAccountList
    ListBridgeDeposits ListBridgeOrders
    CreateWalletDepositAddress WalletWithdraw WalletWithdrawTest IssueIOU CreateProfileAddress
    SetAddressTrustline SetAddressAttribute UpdateBridgeExternalAccount
    AssignBridgeDeposit
    GetWalletListByName ManualDeposit CloseWithdraw UpdateMerchantInfo
    CreateBridgeCurrency CreateSystemBridgeCurrency GetSystemCurrencyList
    GetTierData SetTier AssignTier DeleteTier
    ListFeeSchedules SetFeeSchedule AssignFeeSchedule DeleteFeeSchedule
}

/// The codec of an operation.
#[must_use]
pub fn of(name: &str) -> &'static Codec {
    CODECS
        .iter()
        .find(|codec| codec.name == name)
        .unwrap_or_else(|| panic!("{name} is not in the list of tests/src/codec.rs: add it there"))
}
