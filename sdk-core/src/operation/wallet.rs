//! Wallets, balances and the ledger's transactions. Source: spec/omnigate/operations.json, group Wallet; CreditWallet
//! and DebitWallet: spec/florin/extensions.md.

use super::operation;
#[cfg(feature = "write")]
use crate::id::Uuid;
use crate::id::{Hoid, Txid, Upid, Waid};
#[cfg(feature = "write")]
use crate::model::FinalState;
use crate::model::{Entry, ListedTransaction, NamedWallet, TransactionState, TransactionType, WalletEntry};
use crate::money::{Amount, CurrencyCode};
use crate::timestamp::Timestamp;

operation! {
    /// Makes a wallet on the caller's profile, or on another one that the caller may change.
    pub write struct CreateWallet -> CreatedWallet;
    Post "/wallet/create"; callers Provider; group "wallets"; timeout Standard; rate Standard;
    rights { own ["modifymyprofile"], child ["modifychildprofile"], any ["modifyallprofiles"] }
    required {
        /// A name for the wallet.
        "walletname" wallet_name: String = 1..=30;
    }
    optional {
        /// The profile to add it to; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
        /// Make it a trading wallet. Default false.
        "trading" trading: bool;
        /// The market of a trading wallet.
        "market" market: String = 1..=20;
    }
    check |op, problems| {
        if op.trading == Some(true) && op.market.is_none() {
            problems.add("market", "is required for a trading wallet");
        }
    }
}

wire_record! {
    write
    /// The new wallet.
    pub struct CreatedWallet {
        /// Its name.
        "walletname" wallet_name: String;
        /// The wallet.
        "waid" waid: Waid;
    }
}

operation! {
    /// Reads a wallet and its balances: the caller's default wallet, or the given one.
    pub read struct GetWallet -> Wallet;
    Get "/wallet/{waid}" "/wallet"; callers Both; group "wallets"; timeout Standard; rate Standard;
    rights { own ["readwalletbalances"], child ["readchildwalletbalances"], any ["readallbalances", "readallwallets"] }
    required {}
    optional {
        /// Which wallet; the caller's default one when absent.
        "waid" waid: Waid = 21..=21;
    }
}

wire_record! {
    /// A wallet and its balances, as of the server's last commit.
    pub struct Wallet {
        /// The profile that it belongs to.
        "upid" upid: Upid;
        /// Whether it is a trading wallet.
        "trading" trading: bool;
        /// The wallet.
        "waid" waid: Waid;
        /// Whether it is the profile's default wallet.
        "default" is_default: bool;
        /// A short code for people: 10 characters, upper and lower case alike.
        "shortcode" short_code: String;
        /// Its name.
        "walletname" wallet_name: String;
        /// Whether it is in expert mode.
        "expertmode" expert_mode: bool;
        /// One balance for each currency that it has held.
        "balances" balances: Vec<Balance>;
        /// The market of a trading wallet.
        "market" market: Option<String>;
    }
}

wire_record! {
    /// What a wallet holds of one currency, in whole currency units.
    pub struct Balance {
        /// The currency's full name.
        "currencyname" currency_name: String;
        /// The currency's code.
        "currencycode" currency_code: CurrencyCode;
        /// What can be spent.
        "available" available: Amount;
        /// What is set aside for payments and withdrawals under way.
        "held" held: Amount;
        /// `available` and `held` together.
        "total" total: Amount;
    }
}

operation! {
    /// Lists the wallets of the caller's profile with their balances.
    pub read struct GetWalletList -> WalletList;
    Get "/wallet/list"; callers Both; group "wallets"; timeout Standard; rate Standard;
    rights { own ["readwalletbalances"], child [], any [] }
    required {}
    optional {}
}

wire_record! {
    unexported
    /// Wallets with their balances.
    pub struct WalletList {
        /// The wallets, the default one first.
        "walletlist" wallets: Vec<WalletEntry>;
    }
}

operation! {
    /// Lists the wallets of one profile with their balances.
    pub read struct GetWalletListByUpid -> ProfileWalletList;
    Get "/wallet/list/{upid}"; callers Provider; group "wallets"; timeout Standard; rate Standard;
    rights { own ["readwalletbalances"], child ["readchildwalletbalances"], any ["readallbalances", "readallwallets"] }
    required {
        /// Whose wallets.
        "upid" upid: Upid = 21..=21;
    }
    optional {}
}

wire_record! {
    provider
    /// The wallets of a profile.
    pub struct ProfileWalletList {
        /// The profile's default wallet.
        "defaultwalletid" default_wallet: Waid;
        /// The wallets, the default one first.
        "walletlist" wallets: Vec<WalletEntry>;
    }
}

operation! {
    /// Finds wallets by their whole name, upper and lower case alike: the caller's own, or everybody's for a superuser.
    pub read struct GetWalletListByName -> NamedWalletList;
    Get "/wallet/list/name_{walletname}"; callers Provider; group "wallets"; timeout Standard; rate Standard;
    rights { own ["readwalletbalances"], child [], any ["superuser"] }
    required {
        /// The name.
        "walletname" wallet_name: String = 1..=30;
    }
    optional {}
}

wire_record! {
    provider
    /// Wallets of one name.
    pub struct NamedWalletList {
        /// The default wallet of the caller's own profile.
        "defaultwalletid" default_wallet: Option<Waid>;
        /// The wallets, without balances.
        "walletlist" wallets: Vec<NamedWallet>;
    }
}

operation! {
    /// Lists a wallet's transactions, newest first.
    pub read("uniffi") struct GetWalletTransactionList -> TransactionList;
    Get "/wallet/{waid}/transactionlist" "/wallet/transactionlist"; callers Both; group "transactions"; timeout Standard; rate Standard;
    rights { own ["listmyswallettx"], child ["listchildswallettx"], any ["listallwallettx"] }
    required {}
    optional {
        /// Which wallet; the caller's default one when absent.
        "waid" waid: Waid = 21..=21;
        /// At most so many, 1 to 200. Default 50.
        "limit" limit: u32 = 1..=200;
        /// Go on after this cursor, from `next` of the page before.
        "after" after: String = 1..=64;
        /// Only the transaction that was made under this client reference.
        "referenceid" reference_id: String = 1..=255;
        /// Only transactions at or after this time.
        "from" from: Timestamp;
        /// Only transactions before this time.
        "to" to: Timestamp;
    }
}

wire_record! {
    /// A page of a wallet's transactions.
    pub struct TransactionList {
        /// The transactions, newest first.
        "transactionlist" | "transactions" transactions: Vec<ListedTransaction>;
        /// The cursor of the next page; absent at the end.
        "next" next: Option<String>;
    }
}

operation! {
    /// Reads everything about one transaction of the caller's wallets.
    pub read struct GetWalletTransactionDetails -> TransactionDetails;
    Get "/wallet/transaction/{txid}"; callers Both; group "transactions"; timeout Standard; rate Standard;
    rights { own ["listmyswallettx"], child ["listchildswallettx"], any ["listallwallettx"] }
    required {
        /// Which transaction.
        "txid" txid: Txid = 21..=21;
    }
    optional {}
}

wire_record! {
    /// One transaction. Amounts are positive here, in whole currency units.
    pub struct TransactionDetails {
        /// The transaction.
        "txid" txid: Txid;
        /// Result code of the bridge, where one took part.
        "errorcode" error_code: Option<u32>;
        /// Message of the bridge, where one took part.
        "errormessage" error_message: Option<String>;
        /// When it began.
        "timestampstart" started: Timestamp;
        /// When it reached its final state.
        "timestampfinal" finished: Option<Timestamp>;
        /// The currency's code.
        "currency" currency: CurrencyCode;
        /// How much was moved.
        "amount" amount: Amount;
        /// The fee, on top of the amount.
        "fee" fee: Amount;
        /// Pending, completed or failed.
        "state" state: TransactionState;
        /// How it was moved; `internal` within the platform.
        "method" method: String;
        /// Deposit, withdraw, transfer and so on.
        "type" kind: TransactionType;
        /// What its maker wrote on it.
        "description" description: Option<String>;
        /// The currency's number: ISO 4217, or from 1001 up.
        "currencycode" currency_number: u32;
        /// The wallet that paid.
        "sourcewaid" source_waid: Option<Waid>;
        /// The wallet that received.
        "destinationwaid" destination_waid: Option<Waid>;
        /// What the paying wallet had afterwards; only for who may read that wallet.
        "sourcebalance" source_balance: Option<Amount>;
        /// What the receiving wallet had afterwards; only for who may read that wallet.
        "destinationbalance" destination_balance: Option<Amount>;
        /// Id of the transaction on an outside network.
        "externaltransactionid" external_transaction_id: Option<String>;
        /// Paying address on an outside network.
        "externalsourceaddress" external_source_address: Option<String>;
        /// Receiving address on an outside network.
        "externaldestinationaddress" external_destination_address: Option<String>;
        /// The client reference that it was made under, if any.
        "referenceid" reference_id: Option<String>;
        /// The hold that it placed, captured or released.
        "hoid" hoid: Option<Hoid>;
        /// The transaction that it pays back.
        "originaltxid" original_txid: Option<Txid>;
        /// How much of it was paid back by now, if any.
        "refunded" refunded: Option<Amount>;
        /// The debits and credits, of the wallets that the caller may read.
        "entries" entries: Option<Vec<Entry>>;
    }
}

operation! {
    /// Moves money from one wallet of the platform to another.
    pub money struct WalletTransfer -> Transferred;
    Post "/wallet/transfer"; callers Provider; group "wallets"; timeout Standard; rate Standard;
    rights { own ["initiatetransfer"], child ["chargechildprofile"], any [] }
    required {
        /// How much, in whole currency units.
        "amount" amount: Amount = 1..=20;
        /// The currency's code.
        "currency" currency: CurrencyCode = 3..=16;
        /// The wallet that receives.
        "destinationwaid" destination_waid: Waid = 21..=21;
        /// The wallet that pays.
        "sourcewaid" source_waid: Waid = 21..=21;
    }
    optional {
        /// The bridge currency, when the destination is a trading wallet.
        "bridgecurrency" bridge_currency: CurrencyCode = 10..=32;
        /// A text for the transaction.
        "description" description: String = 1..=40;
    }
}

wire_record! {
    write
    /// The new transaction.
    pub struct Transferred {
        /// The transaction.
        "txid" txid: Txid;
    }
}

operation! {
    /// Gives a user money from the default wallet of the caller's profile.
    pub money struct CreditWallet -> Moved;
    Post "/wallet/credit"; callers Provider; group "wallets"; timeout Standard; rate Standard;
    rights { own ["initiatetransfer"], child [], any [] }
    required {
        /// The currency's code.
        "currency" currency: CurrencyCode = 3..=16;
        /// How much, in whole currency units.
        "amount" amount: Amount = 1..=20;
    }
    optional {
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String = 1..=255;
        /// The user; instead of `provideruserid`.
        "uuid" uuid: Uuid = 21..=21;
        /// A wallet; instead of a user, whose default wallet is meant.
        "waid" waid: Waid = 21..=21;
        /// The client reference. Absent, the `Idempotency-Key` header is it.
        "referenceid" reference_id: String = 4..=64;
        /// A text for the transaction.
        "description" description: String = 1..=40;
    }
    reference reference_id;
    check |op, problems| {
        problems.exactly_one(&[
            ("provideruserid", op.provider_user_id.is_some()),
            ("uuid", op.uuid.is_some()),
            ("waid", op.waid.is_some()),
        ]);
    }
}

wire_record! {
    write
    /// The new transaction, and the wallet at its other end.
    pub struct Moved {
        /// The transaction.
        "txid" txid: Txid;
        /// The wallet that was credited or debited.
        "waid" waid: Waid;
    }
}

operation! {
    /// Takes money from a user into the default wallet of the caller's profile.
    pub money struct DebitWallet -> Moved;
    Post "/wallet/debit"; callers Provider; group "wallets"; timeout Standard; rate Standard;
    rights { own ["initiatetransfer"], child ["chargechildprofile"], any [] }
    required {
        /// The currency's code.
        "currency" currency: CurrencyCode = 3..=16;
        /// How much, in whole currency units.
        "amount" amount: Amount = 1..=20;
    }
    optional {
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String = 1..=255;
        /// The user; instead of `provideruserid`.
        "uuid" uuid: Uuid = 21..=21;
        /// A wallet; instead of a user, whose default wallet is meant.
        "waid" waid: Waid = 21..=21;
        /// The client reference. Absent, the `Idempotency-Key` header is it.
        "referenceid" reference_id: String = 4..=64;
        /// A text for the transaction.
        "description" description: String = 1..=40;
    }
    reference reference_id;
    check |op, problems| {
        problems.exactly_one(&[
            ("provideruserid", op.provider_user_id.is_some()),
            ("uuid", op.uuid.is_some()),
            ("waid", op.waid.is_some()),
        ]);
    }
}

operation! {
    /// Enters money that came in from outside, once: whoever calls has seen it. Final at once.
    pub money struct ManualDeposit -> Moved;
    Post "/wallet/deposit"; callers Provider; group "wallets"; timeout Standard; rate Standard;
    rights { own ["manualdeposit"], child ["manualdeposit"], any [] }
    required {
        /// The currency's code.
        "currency" currency: CurrencyCode = 3..=32;
        /// How much came in, in whole currency units.
        "amount" amount: Amount = 1..=20;
    }
    optional {
        /// The provider's own name for the user.
        "provideruserid" provider_user_id: String = 1..=255;
        /// The user; instead of `provideruserid`.
        "uuid" uuid: Uuid = 21..=21;
        /// A wallet; instead of a user, whose default wallet is meant.
        "waid" waid: Waid = 21..=21;
        /// How it came in: `bank`, `ripple` and so on. Default `bank`.
        "method" method: String = 1..=15;
        /// The id of the transaction outside.
        "externaltransactionid" external_transaction_id: String = 1..=100;
        /// The address that paid.
        "externalsourceaddress" external_source_address: String = 1..=100;
        /// The client reference. Absent, the `Idempotency-Key` header is it.
        "referenceid" reference_id: String = 4..=64;
        /// A text for the transaction.
        "description" description: String = 1..=40;
    }
    reference reference_id;
    check |op, problems| {
        problems.exactly_one(&[
            ("provideruserid", op.provider_user_id.is_some()),
            ("uuid", op.uuid.is_some()),
            ("waid", op.waid.is_some()),
        ]);
    }
}

operation! {
    /// Ends a withdrawal that people send, once: completed, and the money has left, or failed, and it is back.
    pub money struct CloseWithdraw -> Transferred;
    Post "/wallet/withdraw/{txid}/close"; callers Provider; group "wallets"; timeout Standard; rate Standard;
    rights { own ["closewithdraw"], child ["closewithdraw"], any [] }
    required {
        /// Which withdrawal.
        "txid" txid: Txid = 21..=21;
        /// How it ended.
        "state" state: FinalState;
    }
    optional {
        /// The id of the transaction outside.
        "externaltransactionid" external_transaction_id: String = 1..=100;
        /// The result code outside.
        "errorcode" error_code: u32 = 0..=4_294_967_295;
        /// What was said outside.
        "errormessage" error_message: String = 1..=200;
        /// The client reference. Absent, the `Idempotency-Key` header is it.
        "referenceid" reference_id: String = 4..=64;
    }
    reference reference_id;
}
