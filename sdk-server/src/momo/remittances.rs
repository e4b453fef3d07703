//! Money goes out across a border.

use super::macros::{asks, begins, product};
use florin_sdk_core::FlorinError;

product! {
    /// Money goes out across a border: cash transfers, and the older transfers.
    ///
    /// Make one for each API user and keep it: it holds the connections, the token and the journal. All methods may be
    /// called at once and from any thread. Errors and what is done for money to move once: the module's own page.
    Remittances of Remittance as "MomoRemittances"
}

begins! {
    Remittances as "MomoRemittances" {
        /// Sends money to a payee in another country, with who sends it. MTN means it to replace `transfer`.
        cash_transfer: CashTransferOperation, CashTransfer;
        /// Sends money to a payee.
        transfer: TransferOperation, Transfer;
    }
}

asks! {
    Remittances as "MomoRemittances" {
        /// What became of a cash transfer.
        cash_transfer_status, wait_for_cash_transfer: GetCashTransfer, CashTransferResult;
        /// What became of a transfer.
        transfer_status, wait_for_transfer: GetTransfer, TransferResult;
    }
}
