//! Money goes out.

use super::macros::{asks, begins, product};
use florin_sdk_core::FlorinError;

product! {
    /// Money goes out: transfers, deposits, refunds of requests to pay.
    ///
    /// Make one for each API user and keep it: it holds the connections, the token and the journal. All methods may be
    /// called at once and from any thread. Errors and what is done for money to move once: the module's own page.
    Disbursements of Disbursement as "MomoDisbursements"
}

begins! {
    Disbursements as "MomoDisbursements" {
        /// Sends money to a payee.
        transfer: TransferOperation, Transfer;
        /// Puts money into a payee's account: version 2, whose callback is a PUT.
        deposit: DepositV2, Transfer;
        /// As `deposit`, in version 1, whose callback is a POST.
        deposit_v1: DepositV1, Transfer;
        /// Gives back money of a request to pay: version 2, whose callback is a PUT.
        refund: RefundV2, Refund;
        /// As `refund`, in version 1, whose callback is a POST.
        refund_v1: RefundV1, Refund;
    }
}

asks! {
    Disbursements as "MomoDisbursements" {
        /// What became of a transfer.
        transfer_status, wait_for_transfer: GetTransfer, TransferResult;
        /// What became of a deposit, of either version.
        deposit_status, wait_for_deposit: GetDeposit, TransferResult;
        /// What became of a refund, of either version.
        refund_status, wait_for_refund: GetRefund, RefundResult;
    }
}
