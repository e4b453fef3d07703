//! The MoMo surface: MTN's API on our books. Each operation of the contract is mounted from its definition; a handler
//! translates its request, asks the domain, and translates the answer.
//!
//! Source: spec/momo/contract.md.

mod account;
mod approval;
mod asked;
mod exchange;
mod holder;
mod operator;
mod payment;
mod provisioning;
mod reply;
pub mod sandbox;
pub mod settler;
mod state;
mod twin;

pub(crate) use reply::no_such_route;
pub(crate) use state::State;

use crate::app::App;
use axum::Router;
use exchange::Routes;
use florin_sdk_core::momo as op;
use florin_sdk_core::momo::Product;

/// All operations of the contract, with their handlers.
fn routes() -> Routes {
    Routes::default()
        .write::<op::CreateApiUser>(provisioning::create_api_user)
        .write::<op::CreateApiKey>(provisioning::create_api_key)
        .read::<op::GetApiUser>(provisioning::get_api_user)
        .write::<op::CreateAccessToken>(provisioning::create_access_token)
        .write::<op::BcAuthorizeOperation>(approval::bc_authorize)
        .write::<op::CreateOauth2Token>(approval::create_oauth2_token)
        .read::<op::GetUserInfoWithConsent>(holder::get_user_info_with_consent)
        .read::<op::GetAccountBalance>(account::get_account_balance)
        .read::<op::GetAccountBalanceInCurrency>(account::get_account_balance_in_currency)
        .read::<op::ValidateAccountHolderStatus>(holder::validate_account_holder_status)
        .read::<op::GetBasicUserInfo>(holder::get_basic_user_info)
        .write::<op::RequestToPayOperation>(payment::request_to_pay)
        .read::<op::GetRequestToPay>(payment::get_request_to_pay)
        .write::<op::RequestToPayDeliveryNotification>(payment::deliver)
        .write::<op::RequestToWithdrawV1>(payment::request_to_withdraw)
        .write::<op::RequestToWithdrawV2>(payment::request_to_withdraw)
        .read::<op::GetRequestToWithdraw>(payment::get_request_to_withdraw)
        .write::<op::CreatePreApproval>(approval::create_pre_approval)
        .read::<op::GetPreApproval>(approval::get_pre_approval)
        .read::<op::GetApprovedPreApprovals>(approval::get_approved_pre_approvals)
        .write::<op::CancelPreApproval>(approval::cancel_pre_approval)
        .write::<op::CreateInvoiceOperation>(payment::create_invoice)
        .read::<op::GetInvoice>(payment::get_invoice)
        .write::<op::CancelInvoiceOperation>(payment::cancel_invoice)
        .write::<op::CreatePaymentOperation>(payment::create_payment)
        .read::<op::GetPayment>(payment::get_payment)
        .write::<op::TransferOperation>(payment::transfer)
        .read::<op::GetTransfer>(payment::get_transfer)
        .write::<op::DepositV1>(payment::deposit)
        .write::<op::DepositV2>(payment::deposit)
        .read::<op::GetDeposit>(payment::get_deposit)
        .write::<op::RefundV1>(payment::refund)
        .write::<op::RefundV2>(payment::refund)
        .read::<op::GetRefund>(payment::get_refund)
        .write::<op::CashTransferOperation>(payment::cash_transfer)
        .read::<op::GetCashTransfer>(payment::get_cash_transfer)
}

/// The surface. Provisioning is a sandbox's; elsewhere API users are made by the operator, as at MTN by its portal.
pub(crate) fn router(app: &App) -> Router<App> {
    let sandbox = app.sandbox();
    let surface = routes()
        .router(|product| sandbox || product != Product::Provisioning)
        .merge(twin::router())
        .merge(operator::router());
    if sandbox { surface.merge(sandbox::router()) } else { surface }
}

/// Whether a path is one of this surface's.
pub(crate) fn owns(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(first, "collection" | "disbursement" | "remittance" | "provisioning" | "v1_0" | "apiuser")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_mounted_once_and_the_routes_do_not_overlap() {
        let mut mounted = routes().ids();
        let mut listed: Vec<_> = op::all().iter().map(|spec| spec.id).collect();
        mounted.sort_unstable();
        listed.sort_unstable();
        assert_eq!(mounted, listed);
        let _ = routes().router(|_| true); // axum panics if two overlap
    }

    #[test]
    fn each_path_is_known_as_this_surfaces() {
        for spec in op::all() {
            for product in spec.products {
                assert!(spec.paths_of(*product).all(|path| owns(&path)), "{}", spec.id);
            }
        }
        assert!(!owns("/api/v1/wallet/list") && !owns("/"));
    }
}
