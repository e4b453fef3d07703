//! The list of all operations: routers, documents and tests walk it.

#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the list names every operation already"))]

use super::*;

macro_rules! list {
    (read { $($read:ident)+ } write { $($write:ident)+ }) => {
        /// The operations that change nothing.
        pub const READ_SPECS: &[fn() -> Spec] = &[$($read::spec),+];

        #[cfg(feature = "write")]
        const WRITE_SPECS: &[fn() -> Spec] = &[$($write::spec),+];

        /// All operations that this build knows: without the feature `write` only those that change nothing.
        #[must_use]
        pub fn all() -> Vec<Spec> {
            let specs = READ_SPECS.iter();
            #[cfg(feature = "write")]
            let specs = specs.chain(WRITE_SPECS);
            specs.map(|spec| spec()).collect()
        }
    };
}

list! {
    read {
        GetProfile GetAPIKeyList GetProfileExtendedAttributeList
        GetTeamList ListRoles GetProfileList GetSystemUser
        ListApplications
        GetUser ListUsers ListMobileTokens GetMe
        GetUserMFAStatus GetUserMFASeed
        GetWallet GetWalletList GetWalletListByUpid GetWalletTransactionList GetWalletTransactionDetails
        GetWalletListByName
        GetPaymentStatus GetPaymentTransactionList
        GetProfileCurrencyList GetPublicCurrencyList GetCirculation GetSystemCurrencyList
        GetTierData ListFeeSchedules
        GetSystemAttributeList
        GetPublicRoleList GetSettings GetOperationOutcome
        GetWalletDepositAddress GetTrustLines GetProfileAddressList
        GetSystemActiveBridgeList GetSystemBridgeBalances GetExternalAccountIdentifierField
        GetSystemBridgeExternalAccountAttributeList GetSystemBridgeExternalAccountList
        ListBridgeDeposits ListBridgeOrders
    }
    write {
        CreateProfile UpdateProfile UpdateSystemProfile CreateAPIKey DeleteAPIKey
        SetExtendedAttribute DeleteExtendedAttribute
        AddTeamUser UpdateTeamUser DeleteTeamUser UpdateSystemUser
        CreateRole DeleteRole AssignRoleRight UnassignRoleRight
        CreateApplication DeleteApplication RotateApplicationSecret RotateSigningKey
        CreateUser UpdateUser CreateMobileToken RevokeMobileToken RevokeMobileTokens
        CreateWallet WalletTransfer CreditWallet DebitWallet ManualDeposit CloseWithdraw
        Login ActivationEmail ResetUserPassword ChangeUserPassword ChangeUserEmail EnableUserMFA DisableUserMFA
        PlaceHold CaptureHold ReleaseHold RefundTransaction
        CreatePaymentRequest AcceptPayment RefusePayment UpdateMerchantInfo
        SetTier AssignTier DeleteTier SetFeeSchedule AssignFeeSchedule DeleteFeeSchedule
        CreateExtendedCurrency CreateBridgeCurrency CreateSystemBridgeCurrency IssueGatewayCurrency RedeemCurrency
        UnlockSystemComponent SetSystemAttribute
        CreateWalletDepositAddress WalletWithdraw WalletWithdrawTest IssueIOU CreateProfileAddress
        SetAddressTrustline SetAddressAttribute UpdateBridgeExternalAccount
        AssignBridgeDeposit
    }
}
