//! The table: for each operation that is about money a request that succeeds, and the same with one thing changed.

use super::owner::Owner;
use florin_sdk_core::model::FinalState;
use florin_sdk_core::operation::{self, Operation, Spec};
use florin_tests::sample;
use florin_tests::world::{self, amount};
use serde_json::{Value, json};

/// Addresses of others on ripple, from the contract's examples.
const RECEIVERS: [&str; 2] = ["rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B", "rpmGcKEqTFDHd3tvAWFENNLhy2HMy7Yj89"];

/// A row. What the request is about is made anew for each, so that each can succeed once.
pub(super) struct Row {
    pub(super) spec: Spec,
    pub(super) request: Value,
    /// The field that holds the amount, if there is one.
    pub(super) amount: Option<&'static str>,
    /// The field that names what it is about, and what else it could name.
    target: &'static str,
    other: Value,
}

impl Row {
    /// The request with another amount.
    pub(super) fn other_amount(&self) -> Option<Value> {
        self.amount.map(|field| self.with(field, json!("1.26")))
    }

    /// The request about another target.
    pub(super) fn other_target(&self) -> Value {
        self.with(self.target, self.other.clone())
    }

    /// Whether its path names the target: then that is part of what a client reference is for, and the same reference on
    /// another target is another one.
    pub(super) fn target_in_path(&self) -> bool {
        self.spec.paths.iter().any(|path| path.contains(&format!("{{{}}}", self.target)))
    }

    /// The request with another value in a field.
    pub(super) fn with(&self, field: &str, value: Value) -> Value {
        let mut request = self.request.clone();
        let before = request.as_object_mut().expect("an object").insert(field.to_owned(), value.clone());
        assert!(before.is_some_and(|before| before != value), "{}: {field}", self.spec.name);
        request
    }
}

/// All operations that are about money.
pub(super) fn operations() -> Vec<Spec> {
    let money: Vec<_> = operation::all().into_iter().filter(|spec| spec.money).collect();
    assert!(money.len() >= 12, "the list of operations has its money operations");
    money
}

/// The row of an operation, for an owner.
pub(super) async fn row(owner: &Owner, spec: Spec) -> Row {
    let currency = || owner.currency.clone();
    let (user, name, other) = (&owner.user, "provideruserid", json!(owner.other.provider_user_id));
    let (request, amount, target, other) = match spec.name {
        "WalletTransfer" => {
            let mut request = world::transfer(user.waid, owner.waid, "1.25");
            request.currency = currency();
            (fields(&request), Some("amount"), "destinationwaid", json!(owner.other.waid))
        }
        "CreditWallet" => {
            let request = operation::CreditWallet { currency: currency(), ..world::credit_of(user, "1.25") };
            (fields(&request), Some("amount"), name, other)
        }
        "DebitWallet" => {
            let request = operation::DebitWallet { currency: currency(), ..world::debit_of(user, "1.25") };
            (fields(&request), Some("amount"), name, other)
        }
        "ManualDeposit" => {
            let request = operation::ManualDeposit {
                provider_user_id: Some(user.provider_user_id.clone()),
                ..operation::ManualDeposit::new(currency(), amount("1.25"))
            };
            (fields(&request), Some("amount"), name, other)
        }
        "PlaceHold" => {
            let request = operation::PlaceHold { currency: currency(), ..world::hold_of(user, "1.25") };
            (fields(&request), Some("amount"), name, other)
        }
        "CaptureHold" => {
            let request = operation::CaptureHold {
                amount: Some(amount("1.25")),
                ..operation::CaptureHold::new(owner.spare_hold("3").await)
            };
            (fields(&request), Some("amount"), "hoid", json!(owner.spare_hold("3").await))
        }
        "ReleaseHold" => {
            let request = operation::ReleaseHold::new(owner.spare_hold("1.25").await);
            (fields(&request), None, "hoid", json!(owner.spare_hold("1.25").await))
        }
        "RefundTransaction" => {
            let request = operation::RefundTransaction {
                amount: Some(amount("1.25")),
                ..operation::RefundTransaction::new(owner.spare_debit("3").await)
            };
            (fields(&request), Some("amount"), "txid", json!(owner.spare_debit("3").await))
        }
        "CreatePaymentRequest" => {
            let request = operation::CreatePaymentRequest { currency: currency(), ..world::payment_of(user, "1.25") };
            (fields(&request), Some("amount"), "sourcewaid", json!(owner.other.waid))
        }
        "AcceptPayment" => {
            let prid = owner.spare_request("1.25").await;
            let request = operation::AcceptPayment::new(prid, currency(), "wallet".to_owned(), amount("1.25"));
            (fields(&request), Some("totalamount"), "prid", json!(owner.spare_request("1.25").await))
        }
        "RefusePayment" => {
            let request = operation::RefusePayment { prid: owner.spare_request("1.25").await };
            (fields(&request), None, "prid", json!(owner.spare_request("1.25").await))
        }
        "IssueGatewayCurrency" => {
            let request = operation::IssueGatewayCurrency { currency_code: currency(), amount: amount("1.25") };
            (fields(&request), Some("amount"), "currencycode", json!(owner.second_currency))
        }
        "RedeemCurrency" => {
            let request =
                operation::RedeemCurrency { currency_code: currency(), amount: amount("1.25"), reference_id: None };
            (fields(&request), Some("amount"), "currencycode", json!(owner.second_currency))
        }
        "WalletWithdraw" => {
            let (method, to) = ("manual".to_owned(), "Cash desk 7".to_owned());
            let request = operation::WalletWithdraw::new(amount("1.25"), currency(), method, to);
            (fields(&request), Some("amount"), "destinationaddress", json!("Cash desk 8"))
        }
        "CloseWithdraw" => {
            let spare = async || {
                let (method, to) = ("manual".to_owned(), "Cash desk 7".to_owned());
                let request = operation::WalletWithdraw::new(amount("1.25"), currency(), method, to);
                owner.api.ok(&request).await.txid
            };
            let request = operation::CloseWithdraw::new(spare().await, FinalState::Failed);
            (fields(&request), None, "txid", json!(spare().await))
        }
        "AssignBridgeDeposit" => {
            let lost = sample::unassigned(&owner.api).await;
            let request = operation::AssignBridgeDeposit::new("ripple".to_owned(), lost, user.waid);
            (fields(&request), None, "waid", json!(owner.other.waid))
        }
        "IssueIOU" => {
            let (network, usd) = ("ripple".to_owned(), "USD".parse().expect("a code"));
            let (from, to) = (owner.issuer.clone(), RECEIVERS[0].to_owned());
            let request = operation::IssueIOU::new(network, from, to, usd, amount("1.25"));
            (fields(&request), Some("amount"), "receiveraddress", json!(RECEIVERS[1]))
        }
        name => panic!("{name} is about money and has no row in tests/it/matrix/table.rs: write it"),
    };
    Row { spec, request, amount, target, other }
}

/// The fields that are set.
fn fields<O: Operation>(request: &O) -> Value {
    let mut fields = serde_json::to_value(request).expect("a request");
    fields.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    fields
}
