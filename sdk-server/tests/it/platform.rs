//! A platform in memory: it carries out each reference once, and loses what it is told to lose.

use async_trait::async_trait;
use florin_sdk_core::client::transport::{Lost, WireAnswer, WireRequest};
use florin_sdk_core::client::{Client, ClientOptions, Credential, Transport};
use florin_sdk_core::operation::{AcceptPayment, CreditWallet, WalletTransfer};
use florin_sdk_core::retry::Outcome;
use florin_sdk_server::{Journal, ProviderClient};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

pub(crate) const KEY: &str = "MARKEDKEY0123456789ABCDEF0123456";

/// What befalls an exchange.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Nothing comes back; the request is handled, or not.
    Lost { handled: bool },
    /// This result code, and nothing runs.
    Code(u32),
    /// Handled as usual, after so many seconds.
    Slow(u64),
    /// The transport panics.
    Panic,
}

type Watch = Box<dyn Fn(&WireRequest) + Send + Sync>;

#[derive(Default)]
pub(crate) struct Platform {
    /// For the exchanges to come; when there is none left all goes well.
    pub(crate) faults: Mutex<VecDeque<Fault>>,
    /// Path and body of what came.
    pub(crate) log: Mutex<Vec<(String, Value)>>,
    decided: Mutex<HashMap<String, Value>>,
    watch: Option<Watch>,
}

impl Platform {
    pub(crate) fn new(faults: impl IntoIterator<Item = Fault>) -> Arc<Self> {
        Arc::new(Self { faults: Mutex::new(faults.into_iter().collect()), ..Self::default() })
    }

    /// Calls `watch` with each request before anything else.
    pub(crate) fn watched(watch: impl Fn(&WireRequest) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { watch: Some(Box::new(watch)), ..Self::default() })
    }

    pub(crate) fn client(self: &Arc<Self>, journal: Arc<dyn Journal>) -> Arc<ProviderClient> {
        let options = ClientOptions { jitter_percent: 0, ..ClientOptions::new("http://127.0.0.1") };
        let client = Client::with_transport(options, Credential::ApiKey(KEY.into()), Arc::clone(self) as _);
        ProviderClient::from_client(client.unwrap(), journal)
    }

    /// How many references were carried out.
    pub(crate) fn carried_out(&self) -> usize {
        let decided = self.decided.lock().unwrap();
        decided.values().filter(|answer| answer["resultcode"] == 10000).count()
    }

    /// How many copies of calls that move money came.
    pub(crate) fn copies(&self) -> usize {
        self.log.lock().unwrap().iter().filter(|(path, _)| !path.contains("/operation/")).count()
    }

    fn handle(&self, request: &WireRequest, body: &Value) -> Value {
        let mut decided = self.decided.lock().unwrap();
        if let Some(question) = request.target.strip_prefix("/api/v1/operation/") {
            let (reference, operation) = question.split_once("?operation=").unwrap();
            return match decided.get(&format!("{operation} {reference}")) {
                None => json!({ "resultcode": 10000, "outcome": "unknown" }),
                Some(answer) if answer["resultcode"] == 10000 => {
                    json!({ "resultcode": 10000, "outcome": "done", "answer": answer })
                }
                Some(answer) => json!({
                    "resultcode": 10000, "outcome": "refused", "refusalcode": answer["resultcode"],
                    "refusalmessage": answer["resultmessage"],
                }),
            };
        }
        let operation = match request.target.as_str() {
            "/api/v1/wallet/transfer" => "WalletTransfer",
            "/api/v1/wallet/credit" => "CreditWallet",
            "/api/v1/payment/accept" => "AcceptPayment",
            other => panic!("{other}"),
        };
        let reference = request.headers["idempotency-key"].to_str().unwrap();
        let answer = match body["amount"].as_str() {
            Some("666") => json!({ "resultcode": 20009, "resultmessage": "too little" }),
            _ => json!({
                "resultcode": 10000, "resultmessage": "Ok", "txid": "txid_1234567812345678",
                "waid": "waid_1234567812345678",
            }),
        };
        decided.entry(format!("{operation} {reference}")).or_insert(answer).clone()
    }
}

#[async_trait]
impl Transport for Platform {
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
        if let Some(watch) = &self.watch {
            watch(&request);
        }
        assert_eq!(request.headers["x-apikey"], KEY);
        let body: Value = request.body.as_deref().map_or(Value::Null, |b| serde_json::from_slice(b).unwrap());
        self.log.lock().unwrap().push((request.target.clone(), body.clone()));
        let fault = self.faults.lock().unwrap().pop_front();
        let answer = match fault {
            None => self.handle(&request, &body),
            Some(Fault::Code(code)) => json!({ "resultcode": code }),
            Some(Fault::Panic) => panic!("as asked"),
            Some(Fault::Slow(seconds)) => {
                tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
                self.handle(&request, &body)
            }
            Some(Fault::Lost { handled }) => {
                if handled {
                    self.handle(&request, &body);
                }
                return Err(Lost { outcome: Outcome::NoAnswer, reason: "lost".to_owned() });
            }
        };
        Ok(WireAnswer { status: 200, request_id: None, body: answer.to_string().into_bytes() })
    }
}

pub(crate) fn transfer() -> WalletTransfer {
    WalletTransfer {
        amount: "12.50".parse().unwrap(),
        currency: "EUR.acme".parse().unwrap(),
        source_waid: "waid_1111111111111111".parse().unwrap(),
        destination_waid: "waid_2222222222222222".parse().unwrap(),
        bridge_currency: None,
        description: None,
    }
}

/// One that is refused, as the account has too little.
pub(crate) fn too_much() -> WalletTransfer {
    WalletTransfer { amount: "666".parse().unwrap(), ..transfer() }
}

pub(crate) fn credit() -> CreditWallet {
    CreditWallet {
        currency: "EUR.acme".parse().unwrap(),
        amount: "1".parse().unwrap(),
        provider_user_id: Some("alice".into()),
        uuid: None,
        waid: None,
        reference_id: None,
        description: None,
    }
}

pub(crate) const CARD: &str = "MARKEDCARD";

pub(crate) fn accept(with_card: bool) -> AcceptPayment {
    AcceptPayment {
        prid: "prid_1234567812345678".parse().unwrap(),
        currency: "EUR.acme".parse().unwrap(),
        method: "wallet".into(),
        total_amount: "1".parse().unwrap(),
        payment_processor_information: with_card.then(|| format!("{{\"card\":\"{CARD}\"}}").parse().unwrap()),
    }
}
