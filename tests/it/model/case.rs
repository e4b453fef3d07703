//! One sequence of steps, on the server and in the model.

use super::ledger::{BASIS_POINTS, FIXED, LIMIT_UNITS, Ledger, OK, Status, is_decided};
use super::step::{Step, WALLETS};
use super::wire::Wire;
use florin_domain::Refusal;
use florin_domain::currency::need_currency;
use florin_domain::ledger::{self, HouseWallet};
use florin_domain::store::Record;
use florin_sdk_core::model::{FeeOperation, PaymentStatus};
use florin_sdk_core::operation::{
    self, AssignFeeSchedule, AssignTier, GetCirculation, GetPaymentStatus, GetWallet, SetFeeSchedule, SetTier, Spec,
};
use florin_sdk_core::{Amount, CurrencyCode, Fsid, Upid, Waid};
use florin_tests::http::{Answer, Target};
use florin_tests::world;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A tick of the model, and what lasts how many. What lasts ends well between two ticks, so that the time that the test
/// itself takes decides nothing.
const TICK_MS: u32 = 1_000_000;
const SHORT: (u32, u32) = (1500, 2);
const LONG: (u32, u32) = (15_500, 16);
/// A payment request's half hour.
const REQUEST_TICKS: u32 = 2;

/// A request that was decided under a client reference.
struct Sent {
    /// Who sent it.
    apikey: String,
    spec: Spec,
    fields: Value,
    key: String,
    answer: Answer,
}

pub(super) struct Case<'a> {
    wire: &'a Wire,
    number: usize,
    /// The provider, which is new: nothing of another case is its own.
    apikey: String,
    currency: CurrencyCode,
    wallets: Vec<Waid>,
    /// Whose they are.
    owners: Vec<Upid>,
    /// The fee schedule of those who are charged.
    fsid: Fsid,
    withdrawals: Vec<String>,
    model: Ledger,
    /// The ids of what the model knows by its place.
    holds: Vec<String>,
    moved: Vec<String>,
    requests: Vec<String>,
    /// Transactions that cannot be paid back.
    others: Vec<String>,
    sent: Vec<Sent>,
    steps: usize,
    requested: usize,
    keyed: bool,
}

/// Which of a list's is meant, if it has any.
fn choose<T>(index: usize, of: &[T]) -> Option<usize> {
    index.checked_rem(of.len())
}

fn text(units: i128) -> String {
    format!("{}.{:02}", units / 100, units % 100)
}

fn units(amount: Amount) -> i128 {
    amount.units(2).expect("two digits")
}

impl<'a> Case<'a> {
    /// A new provider, the `number`th.
    pub(super) fn new(wire: &'a Wire, number: usize) -> Self {
        let name = format!("c{number}");
        let upid = wire.ok(&wire.key, &world::new_merchant(&name)).upid;
        let roles = ["ewallet-admin", "merchant-admin", "issuer-rw", "adapter-admin"];
        let apikey = wire.ok(&wire.key, &world::new_key("Its own", &roles, Some(upid)));
        let apikey = apikey.api_key.expose().to_owned();
        wire.ok(&apikey, &world::new_currency("CUR", Some(&name)));
        let mut wallets = vec![wire.ok(&apikey, &GetWallet { waid: None }).waid];
        let mut owners = vec![upid];
        for user in 1..WALLETS {
            let user = wire.ok(&apikey, &world::new_user(&format!("user {user}")));
            wallets.push(user.waid);
            owners.push(user.upid);
        }
        let currency: CurrencyCode = format!("CUR.{name}").parse().expect("a code");
        let fsid = charges(wire, &currency);
        let limit = Amount::from_units(LIMIT_UNITS, 2).expect("an amount");
        wire.ok(
            &wire.key,
            &SetTier {
                limit_transfer_fiat_2: Some(limit),
                limit_payment_fiat_2: Some(limit),
                limit_deposit_fiat_2: Some(limit),
                limit_withdraw_fiat_2: Some(limit),
                ..SetTier::new(LIMITED, "Limited".to_owned())
            },
        );
        Self {
            wire,
            number,
            apikey,
            currency,
            wallets,
            owners,
            fsid,
            withdrawals: Vec::new(),
            model: Ledger::default(),
            holds: Vec::new(),
            moved: Vec::new(),
            requests: Vec::new(),
            others: Vec::new(),
            sent: Vec::new(),
            steps: 0,
            requested: 0,
            keyed: false,
        }
    }

    /// Some for everybody, so that most steps do something.
    pub(super) fn begin(&mut self) -> Result<(), TestCaseError> {
        self.take(Step::Issue(20_000), true)?;
        (1..WALLETS).try_for_each(|user| self.take(Step::Credit(user, 4000), true))
    }

    /// Does a step here and there, and compares.
    pub(super) fn take(&mut self, step: Step, keyed: bool) -> Result<(), TestCaseError> {
        self.keyed = keyed;
        self.act(step)?;
        self.add_up()?;
        // What the server shows of one wallet now and then, of all at the end.
        self.steps += 1;
        if self.steps.is_multiple_of(4) { self.compare(self.steps / 4 % WALLETS) } else { Ok(()) }
    }

    /// Sends a request, expects a code, and gives the ids that the answer names.
    fn call(&mut self, name: &str, fields: Value, expected: u32) -> Result<Value, TestCaseError> {
        self.call_as(&self.apikey.clone(), name, fields, expected)
    }

    /// The same, by somebody else.
    fn call_as(&mut self, apikey: &str, name: &str, fields: Value, expected: u32) -> Result<Value, TestCaseError> {
        let spec = operation::all().into_iter().find(|spec| spec.name == name).expect("an operation");
        self.requested += 1;
        let key = format!("key-{}-{}", self.number, self.requested);
        let target = Target::of(&spec, &fields);
        let answer = self.wire.send(apikey, self.keyed.then_some(key.as_str()), &target);
        let said = answer.text();
        prop_assert_eq!(
            (answer.status, answer.code(), answer.is_replay()),
            (200, expected, false),
            "{} {}",
            name,
            said
        );
        let json = answer.json().map(Value::Object).unwrap_or_default();
        if self.keyed && is_decided(expected) {
            self.sent.push(Sent { apikey: apikey.to_owned(), spec, fields, key, answer });
        }
        Ok(json)
    }

    /// The same, of a transaction between two wallets: the model has just noted it if it succeeds.
    fn moves(&mut self, name: &str, fields: Value, expected: u32) -> Result<(), TestCaseError> {
        let answer = self.call(name, fields, expected)?;
        if expected == OK {
            self.moved.push(id(&answer, "txid"));
        }
        Ok(())
    }

    /// The same, of a transaction that cannot be paid back.
    fn stays(&mut self, name: &str, fields: Value, expected: u32) -> Result<Value, TestCaseError> {
        let answer = self.call(name, fields, expected)?;
        if expected == OK {
            self.others.push(id(&answer, "txid"));
        }
        Ok(answer)
    }

    #[expect(clippy::too_many_lines, reason = "a table is shown in one piece")]
    fn act(&mut self, step: Step) -> Result<(), TestCaseError> {
        let currency = self.currency.to_string();
        let wallet = |index: usize| self.wallets[index].to_string();
        let with = |mut fields: Value, amount: Option<u32>| {
            fields["amount"] = amount.map_or(Value::Null, |units| json!(text(units.into())));
            fields
        };
        match step {
            Step::Issue(units) => {
                let expected = self.model.issue(units.into());
                let fields = with(json!({ "currencycode": currency }), Some(units));
                self.stays("IssueGatewayCurrency", fields, expected)?;
            }
            Step::Redeem(units) => {
                let expected = self.model.redeem(units.into());
                let fields = with(json!({ "currencycode": currency }), Some(units));
                self.stays("RedeemCurrency", fields, expected)?;
            }
            Step::Transfer(from, to, units) => {
                let fields = json!({ "sourcewaid": wallet(from), "destinationwaid": wallet(to), "currency": currency });
                let expected = self.model.transfer(from, to, units.into());
                self.moves("WalletTransfer", with(fields, Some(units)), expected)?;
            }
            Step::Credit(to, units) => {
                let fields = with(json!({ "waid": wallet(to), "currency": currency }), Some(units));
                let expected = self.model.own(0, to, units.into());
                self.moves("CreditWallet", fields, expected)?;
            }
            Step::Debit(from, units) => {
                let fields = with(json!({ "waid": wallet(from), "currency": currency }), Some(units));
                let expected = self.model.own(from, 0, units.into());
                self.moves("DebitWallet", fields, expected)?;
            }
            Step::Hold(of, units, long) => {
                let (seconds, ticks) = if long { LONG } else { SHORT };
                let fields = json!({ "waid": wallet(of), "currency": currency, "expiresinseconds": seconds });
                let expected = self.model.hold(of, units.into(), ticks);
                let answer = self.stays("PlaceHold", with(fields, Some(units)), expected)?;
                if expected == OK {
                    self.holds.push(id(&answer, "hoid"));
                }
            }
            Step::Capture(index, units) => {
                let Some(index) = choose(index, &self.holds) else { return Ok(()) };
                let fields = with(json!({ "hoid": self.holds[index] }), units);
                let expected = self.model.capture(index, units.map(i128::from));
                self.moves("CaptureHold", fields, expected)?;
            }
            Step::Release(index) => {
                let Some(index) = choose(index, &self.holds) else { return Ok(()) };
                let fields = json!({ "hoid": self.holds[index] });
                let expected = self.model.release(index);
                self.stays("ReleaseHold", fields, expected)?;
            }
            Step::Refund(index, units) => {
                let Some(index) = choose(index, &self.moved) else { return Ok(()) };
                let fields = with(json!({ "txid": self.moved[index] }), units);
                let expected = self.model.refund(index, units.map(i128::from));
                self.stays("RefundTransaction", fields, expected)?;
            }
            Step::RefundOther(index) => {
                let Some(index) = choose(index, &self.others) else { return Ok(()) };
                let fields = json!({ "txid": self.others[index] });
                self.call("RefundTransaction", fields, 20000)?;
            }
            Step::Ask(payer, units) => {
                let fields = json!({ "sourcewaid": wallet(payer), "currency": currency, "method": "wallet" });
                let expected = self.model.ask(payer, units.into(), REQUEST_TICKS);
                let answer = self.call("CreatePaymentRequest", with(fields, Some(units)), expected)?;
                if expected == OK {
                    self.requests.push(id(&answer, "prid"));
                }
            }
            Step::Accept(index, by) => return self.accept(index, by),
            Step::Refuse(index) => {
                let Some(index) = choose(index, &self.requests) else { return Ok(()) };
                let fields = json!({ "prid": self.requests[index] });
                let expected = self.model.refuse(index);
                self.call("RefusePayment", fields, expected)?;
            }
            Step::Deposit(to, units) => {
                let fields = with(json!({ "waid": wallet(to), "currency": currency }), Some(units));
                let expected = self.model.deposit(to, units.into());
                self.stays("ManualDeposit", fields, expected)?;
            }
            Step::Withdraw(of, units) => return self.withdraw(of, units.into()),
            Step::Close(index, complete) => return self.close(index, complete),
            Step::Charge(of, on) => {
                self.model.charged[of] = on;
                let fsid = on.then_some(self.fsid);
                self.wire.ok(&self.wire.key, &AssignFeeSchedule { upid: self.owners[of], fsid });
            }
            Step::Limit(of, on) => {
                self.model.limited[of] = on;
                let level = if on { LIMITED } else { 1 };
                self.wire.ok(&self.wire.key, &AssignTier { upid: self.owners[of], level });
            }
            Step::Bad(index) => return self.bad(index),
            Step::Repeat(index) => return self.repeat(index),
            Step::Conflict(index) => return self.conflict(index),
            Step::Wait(ticks) => {
                self.wire.clock.advance(ticks * TICK_MS);
                self.model.pass(ticks);
            }
            Step::Sweep => self.wire.sweep(),
        }
        Ok(())
    }

    fn accept(&mut self, index: usize, by: i32) -> Result<(), TestCaseError> {
        let Some(index) = choose(index, &self.requests) else { return Ok(()) };
        let units = self.model.asked(index) + i128::from(by);
        let fields = json!({
            "prid": self.requests[index], "currency": self.currency, "method": "wallet", "totalamount": text(units),
        });
        let expected = self.model.accept(index, units);
        let answer = self.call("AcceptPayment", fields, expected)?;
        if expected == OK {
            // The answer does not name it; the newest transaction of the provider's wallet is it.
            prop_assert!(answer.get("txid").is_none());
            let waid = Some(self.wallets[0]);
            let newest = operation::GetWalletTransactionList {
                waid,
                limit: Some(1),
                ..operation::GetWalletTransactionList::new()
            };
            let newest = self.wire.ok(&self.apikey, &newest).transactions.remove(0).txid;
            self.moved.push(newest.to_string());
        }
        Ok(())
    }

    /// A withdrawal, which people are to carry out. Only the platform may ask for one out of another's wallet.
    fn withdraw(&mut self, of: usize, units: i128) -> Result<(), TestCaseError> {
        let fields = json!({
            "waid": self.wallets[of], "currency": self.currency, "amount": text(units), "method": "manual",
            "destinationaddress": "Cash desk 7",
        });
        let expected = self.model.withdraw(of, units);
        let answer = self.call_as(&self.wire.key, "WalletWithdraw", fields, expected)?;
        if expected == OK {
            self.withdrawals.push(id(&answer, "txid"));
        }
        Ok(())
    }

    /// What it has come to outside.
    fn close(&mut self, index: usize, complete: bool) -> Result<(), TestCaseError> {
        let Some(index) = choose(index, &self.withdrawals) else { return Ok(()) };
        let state = if complete { "Completed" } else { "Failed" };
        let fields = json!({ "txid": self.withdrawals[index], "state": state });
        let expected = self.model.close(index, complete);
        self.call("CloseWithdraw", fields, expected).map(|_| ())
    }

    /// Requests that are wrong whatever the books hold.
    fn bad(&mut self, index: usize) -> Result<(), TestCaseError> {
        let (one, other) = (self.wallets[1].to_string(), self.wallets[2].to_string());
        let currency = self.currency.to_string();
        let transfer = |field: &str, value: Value| {
            let mut fields = json!({
                "sourcewaid": one, "destinationwaid": other, "currency": currency, "amount": "0.01",
            });
            fields[field] = value;
            ("WalletTransfer", fields)
        };
        let nobody = |prefix: &str| format!("{prefix}_0000000000000007");
        // Whatever there is.
        let too_much = if self.model.limited[1] { 20010 } else { 20009 };
        let wrong = [
            (transfer("amount", json!("0.001")), 20000),
            (transfer("amount", json!("-1")), 20000),
            (transfer("amount", json!("1e3")), 20000),
            (transfer("amount", Value::Null), 20000),
            (transfer("amount", json!("99999999999999999.99")), too_much),
            (transfer("currency", json!("XYZ.nobody")), 20000),
            (transfer("destinationwaid", json!(nobody("waid"))), 20005),
            (transfer("destinationwaid", json!(nobody("txid"))), 20000),
            (("IssueGatewayCurrency", json!({ "currencycode": "XYZ.nobody", "amount": "1" })), 20005),
            (("CaptureHold", json!({ "hoid": nobody("hoid") })), 20005),
            (("ReleaseHold", json!({ "hoid": nobody("hoid") })), 20005),
            (("RefundTransaction", json!({ "txid": nobody("txid") })), 20005),
            (("RefusePayment", json!({ "prid": nobody("prid") })), 20005),
            (("PlaceHold", json!({ "waid": one, "currency": currency, "amount": "1", "expiresinseconds": 59 })), 20000),
            (
                ("DebitWallet", json!({ "waid": one, "provideruserid": "x", "currency": currency, "amount": "1" })),
                20000,
            ),
        ];
        let ((name, fields), code) = wrong[index % wrong.len()].clone();
        self.call(name, fields, code).map(|_| ())
    }

    /// An earlier request again gets its answer again.
    fn repeat(&mut self, index: usize) -> Result<(), TestCaseError> {
        let Some(sent) = choose(index, &self.sent).map(|index| &self.sent[index]) else { return Ok(()) };
        let answer = self.wire.send(&sent.apikey, Some(&sent.key), &Target::of(&sent.spec, &sent.fields));
        prop_assert!(answer.is_replay(), "{} as {}: {}", sent.spec.name, sent.key, answer.text());
        prop_assert_eq!(answer.text(), sent.answer.text());
        Ok(())
    }

    /// Its reference for another amount does nothing.
    fn conflict(&mut self, index: usize) -> Result<(), TestCaseError> {
        let Some(sent) = choose(index, &self.sent).map(|index| &self.sent[index]) else { return Ok(()) };
        let field = ["amount", "totalamount"].into_iter().find(|field| sent.fields[*field].is_string());
        let Some(field) = field else { return Ok(()) };
        let mut fields = sent.fields.clone();
        fields[field] = json!("0.07");
        if sent.fields[field] == fields[field] {
            return Ok(());
        }
        let answer = self.wire.send(&sent.apikey, Some(&sent.key), &Target::of(&sent.spec, &fields));
        prop_assert_eq!(answer.code(), 20007, "{} as {}: {}", sent.spec.name, sent.key, answer.text());
        Ok(())
    }

    /// What must be so after each step: all balances of the currency sum to zero, each is what the model says, and none but
    /// those that stand for what is outside the books is below zero.
    fn add_up(&self) -> Result<(), TestCaseError> {
        let (code, wallets) = (self.currency.clone(), self.wallets.clone());
        let (ours, issuance, outside, fees) = self.wire.read(move |store| {
            let currency = need_currency(store, "currency", &code)?;
            let houses =
                store.list::<HouseWallet>(HouseWallet::query().any_of(HouseWallet::currency, &[0, currency.number]))?;
            let mut total = |waid: Waid| -> Result<(i128, bool), Refusal> {
                let found = store.get::<ledger::Balance>((waid, currency.number))?;
                Ok(found
                    .map_or((0, true), |found| (found.available + found.held, found.available.min(found.held) >= 0)))
            };
            let ours = wallets.into_iter().map(&mut total).collect::<Result<Vec<_>, _>>()?;
            let issuance = currency.issuance.map_or(Ok((0, true)), &mut total)?.0;
            let (mut outside, mut fees) = (0, 0);
            for house in houses {
                let sum = if house.is_outside() { &mut outside } else { &mut fees };
                *sum += total(house.waid)?.0;
            }
            Ok((ours, issuance, outside, fees))
        });
        for (wallet, (total, sound)) in ours.iter().enumerate() {
            prop_assert!(*sound, "wallet {} is below zero", wallet);
            prop_assert_eq!(*total, self.model.available[wallet] + self.model.held(wallet), "wallet {}", wallet);
        }
        prop_assert_eq!(issuance, self.model.redeemed - self.model.issued, "issued");
        prop_assert_eq!(outside, self.model.withdrawn - self.model.deposited, "outside");
        prop_assert_eq!(fees, self.model.fees, "fees");
        let all: i128 = ours.iter().map(|(total, _)| total).sum();
        prop_assert_eq!(all + issuance + outside + fees, 0, "the currency's balances");
        Ok(())
    }

    fn compare(&self, wallet: usize) -> Result<(), TestCaseError> {
        let shown = self.wire.ok(&self.apikey, &GetWallet { waid: Some(self.wallets[wallet]) });
        let shown = shown.balances.iter().find(|balance| balance.currency_code == self.currency);
        let found = shown.map_or((0, 0, 0), |shown| (units(shown.available), units(shown.held), units(shown.total)));
        let (available, held) = (self.model.available[wallet], self.model.held(wallet));
        prop_assert_eq!(found, (available, held, available + held), "wallet {}", wallet);
        Ok(())
    }

    /// Compares all that the model knows.
    pub(super) fn end(&self) -> Result<(), TestCaseError> {
        (0..WALLETS).try_for_each(|wallet| self.compare(wallet))?;
        let supply = self.wire.ok(&self.apikey, &GetCirculation { currency_code: self.currency.clone() });
        prop_assert_eq!((units(supply.issued), units(supply.redeemed)), (self.model.issued, self.model.redeemed));
        for (index, prid) in self.requests.iter().enumerate() {
            let found = self.wire.ok(&self.apikey, &GetPaymentStatus { prid: prid.parse().expect("an id") }).status;
            let expected = match self.model.status(index) {
                Status::Waiting => PaymentStatus::Waiting,
                // The contract's "refunded" is not emitted.
                Status::Paid | Status::Refunded => PaymentStatus::Paid,
                Status::Declined => PaymentStatus::Declined,
                Status::Timeout => PaymentStatus::Timeout,
            };
            prop_assert_eq!(found, expected, "{}", prid);
        }
        Ok(())
    }
}

/// The level of the tier of those who are limited.
const LIMITED: u32 = 7;

/// A fee schedule for transfers, payments and withdrawals of a currency.
fn charges(wire: &Wire, currency: &CurrencyCode) -> Fsid {
    let mut fsid = None;
    for operation in [FeeOperation::Transfer, FeeOperation::Payment, FeeOperation::Withdraw] {
        let rule = SetFeeSchedule {
            fsid,
            schedule_name: Some("Charged".to_owned()),
            fee_operation: Some(operation),
            fee_currency: Some(currency.clone()),
            fixed: Amount::from_units(FIXED, 2).ok(),
            basis_points: u32::try_from(BASIS_POINTS).ok(),
            ..SetFeeSchedule::new()
        };
        fsid = Some(wire.ok(&wire.key, &rule).fsid);
    }
    fsid.expect("a schedule")
}

fn id(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_else(|| panic!("no {field} in {answer}")).to_owned()
}
