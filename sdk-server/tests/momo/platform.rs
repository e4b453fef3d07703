//! MoMo in memory: it takes each reference once, hands out tokens that end, and loses what it is told to lose.

use async_trait::async_trait;
use florin_sdk_core::client::ClientOptions;
use florin_sdk_core::client::transport::{Lost, Transport, WireAnswer, WireRequest};
use florin_sdk_core::retry::Outcome;
use florin_sdk_server::momo::{Collections, Credentials, Disbursements, Options, Party, RequestToPay, Target};
use florin_sdk_server::{Journal, MemoryJournal};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

pub(crate) const SUBSCRIPTION: &str = "MARKEDSUBSCRIPTION0123456789abcd";
pub(crate) const USER: &str = "c72025f5-5cd1-4630-99e4-8ba4722fad56";
pub(crate) const KEY: &str = "MARKEDAPIKEY0123456789abcdef0123";
pub(crate) const NUMBER: &str = "256770000001";

/// What befalls an exchange that is not for a token.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Nothing comes back; the request is handled, or not.
    Lost { handled: bool },
    /// The request never left.
    NotSent,
    /// This instead, and nothing is done.
    Answer(u16, &'static str),
    /// The transport panics.
    Panic,
}

pub(crate) struct Platform {
    /// For the exchanges to come; when there is none left all goes well.
    pub(crate) faults: Mutex<VecDeque<Fault>>,
    /// Method and path of what came, tokens aside.
    pub(crate) log: Mutex<Vec<String>>,
    /// What was begun, by path and reference, with how often it was asked about.
    begun: Mutex<HashMap<String, (Value, u32)>>,
    /// How often a reference is asked about before it is final.
    pub(crate) open_for: Mutex<u32>,
    pub(crate) tokens: Mutex<Tokens>,
}

pub(crate) struct Tokens {
    pub(crate) life_s: u64,
    /// How long it takes to get one.
    pub(crate) takes: Duration,
    pub(crate) refused: bool,
    /// When each was handed out; its number is its place.
    pub(crate) issued: Vec<Instant>,
}

impl Platform {
    pub(crate) fn new(faults: impl IntoIterator<Item = Fault>) -> Arc<Self> {
        let tokens = Tokens { life_s: 3600, takes: Duration::from_millis(50), refused: false, issued: Vec::new() };
        Arc::new(Self {
            faults: Mutex::new(faults.into_iter().collect()),
            log: Mutex::default(),
            begun: Mutex::default(),
            open_for: Mutex::new(0),
            tokens: Mutex::new(tokens),
        })
    }

    pub(crate) fn collections(self: &Arc<Self>) -> Arc<Collections> {
        self.collections_with(Arc::new(MemoryJournal::default()))
    }

    pub(crate) fn collections_with(self: &Arc<Self>, journal: Arc<dyn Journal>) -> Arc<Collections> {
        Collections::with_transport(options("http://127.0.0.1"), credentials(), journal, Arc::clone(self) as _).unwrap()
    }

    pub(crate) fn disbursements_with(self: &Arc<Self>, journal: Arc<dyn Journal>) -> Arc<Disbursements> {
        Disbursements::with_transport(options("http://127.0.0.1"), credentials(), journal, Arc::clone(self) as _)
            .unwrap()
    }

    /// How many references were begun.
    pub(crate) fn begun(&self) -> usize {
        self.begun.lock().unwrap().len()
    }

    /// Something of somebody's under a reference.
    pub(crate) fn put(&self, path: &str, reference: &str, body: Value) {
        self.begun.lock().unwrap().insert(format!("{path}/{reference}"), (body, 0));
    }

    /// The methods of what came, tokens aside: `P` for a POST, `G` for a GET.
    pub(crate) fn came(&self) -> String {
        self.log.lock().unwrap().iter().map(|line| &line[..1]).collect()
    }

    fn handle(&self, request: &WireRequest) -> (u16, Value) {
        // Both versions are asked about in one place.
        let path = request.target.replace("/v2_0/", "/v1_0/");
        if request.method.as_str() == "POST" {
            let reference = request.headers["x-reference-id"].to_str().unwrap();
            let body: Value = serde_json::from_slice(request.body.as_deref().unwrap()).unwrap();
            let mut begun = self.begun.lock().unwrap();
            let place = format!("{path}/{reference}");
            if begun.contains_key(&place) {
                return (409, json!({ "code": "RESOURCE_ALREADY_EXIST", "message": "Duplicated reference id." }));
            }
            begun.insert(place, (body, 0));
            return (202, Value::Null);
        }
        if path.ends_with("/account/balance") {
            return (200, json!({ "availableBalance": "1000", "currency": "EUR" }));
        }
        let open_for = *self.open_for.lock().unwrap();
        match self.begun.lock().unwrap().get_mut(&path) {
            None => (404, json!({ "code": "RESOURCE_NOT_FOUND", "message": "Requested resource was not found." })),
            Some((body, asked)) => {
                *asked += 1;
                let mut answer = body.clone();
                answer["status"] = json!(if *asked > open_for { "SUCCESSFUL" } else { "PENDING" });
                (200, answer)
            }
        }
    }

    async fn token(&self, request: &WireRequest) -> WireAnswer {
        // echo -n user:key | base64
        let pair = "YzcyMDI1ZjUtNWNkMS00NjMwLTk5ZTQtOGJhNDcyMmZhZDU2Ok1BUktFREFQSUtFWTAxMjM0NTY3ODlhYmNkZWYwMTIz";
        assert_eq!(request.headers["authorization"], format!("Basic {pair}"));
        assert_eq!(request.headers["content-length"], "0");
        assert!(!request.headers.contains_key("content-type"));
        let takes = self.tokens.lock().unwrap().takes;
        tokio::time::sleep(takes).await;
        let mut tokens = self.tokens.lock().unwrap();
        if tokens.refused {
            return answer(401, &json!({ "error": "login_failed" }));
        }
        tokens.issued.push(Instant::now());
        let token = format!("MARKEDTOKEN{}", tokens.issued.len());
        let life = tokens.life_s;
        answer(200, &json!({ "access_token": token, "token_type": "access_token", "expires_in": life }))
    }

    fn knows(&self, bearer: &str) -> bool {
        let tokens = self.tokens.lock().unwrap();
        let number = bearer.strip_prefix("Bearer MARKEDTOKEN").and_then(|number| number.parse::<usize>().ok());
        let issued = number.and_then(|number| tokens.issued.get(number - 1));
        issued.is_some_and(|at| at.elapsed() < Duration::from_secs(tokens.life_s))
    }
}

pub(crate) fn answer(status: u16, body: &Value) -> WireAnswer {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    WireAnswer { status, request_id: None, body }
}

#[async_trait]
impl Transport for Platform {
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
        assert_eq!(request.headers["ocp-apim-subscription-key"], SUBSCRIPTION);
        assert_eq!(request.headers["x-target-environment"], "sandbox");
        if request.target.ends_with("/token/") {
            return Ok(self.token(&request).await);
        }
        self.log.lock().unwrap().push(format!("{} {}", request.method.as_str(), request.target));
        let lost = |outcome| Lost { outcome, reason: "lost".to_owned() };
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            Some(Fault::NotSent) => return Err(lost(Outcome::NotSent)),
            Some(Fault::Lost { handled: false }) => return Err(lost(Outcome::NoAnswer)),
            Some(Fault::Answer(status, body)) => {
                return Ok(WireAnswer { status, request_id: None, body: body.as_bytes().to_vec() });
            }
            Some(Fault::Panic) => panic!("as asked"),
            Some(Fault::Lost { handled: true }) | None => {}
        }
        if !self.knows(request.headers["authorization"].to_str().unwrap()) {
            return Ok(answer(401, &json!({ "code": "TOKEN_EXPIRED" })));
        }
        let (status, body) = self.handle(&request);
        if fault.is_some() { Err(lost(Outcome::NoAnswer)) } else { Ok(answer(status, &body)) }
    }
}

pub(crate) fn options(base_url: &str) -> Options {
    let mut options = Options::new(Target::Local { base_url: base_url.to_owned() });
    options.client = ClientOptions { jitter_percent: 0, ..options.client };
    options
}

pub(crate) fn credentials() -> Credentials {
    Credentials { subscription_key: SUBSCRIPTION.into(), api_user: USER.to_owned(), api_key: KEY.into() }
}

pub(crate) fn price() -> RequestToPay {
    let mut price = RequestToPay::new("25.50".parse().unwrap(), "EUR".into(), "inv-1001".into(), Party::msisdn(NUMBER));
    price.payer_message = Some("MARKEDMESSAGE".into());
    price
}
