//! Whatever goes wrong on the way: money moves at most once, and an error says what is true.

use crate::lab::{TXID, transfer, transferred};
use async_trait::async_trait;
use florin_sdk_core::client::transport::{Lost, WireAnswer, WireRequest};
use florin_sdk_core::client::{Client, ClientOptions, Credential, MoneyCall, Transport};
use florin_sdk_core::operation::Transferred;
use florin_sdk_core::retry::Outcome;
use florin_sdk_core::{FlorinError, Knowledge};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// What befalls one exchange.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    /// No connection.
    NotSent,
    /// The request is lost.
    LostRequest,
    /// It is handled, and the answer is lost.
    LostAnswer,
    /// Nothing comes back; the request is handled so many exchanges later.
    Late(u8),
    /// It is handled, and somebody on the way answers in HTML.
    Garbage,
    /// Handled or not, the server says that it does not know.
    SystemError(bool),
    /// One of the codes that say that nothing ran.
    Busy(u8),
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        2 => Just(Fault::None),
        1 => Just(Fault::NotSent),
        1 => Just(Fault::LostRequest),
        1 => Just(Fault::LostAnswer),
        1 => (1..9_u8).prop_map(Fault::Late),
        1 => Just(Fault::Garbage),
        1 => any::<bool>().prop_map(Fault::SystemError),
        1 => (0..3_u8).prop_map(Fault::Busy),
    ]
}

/// How the server decides.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    CarryOut,
    /// A business refusal, which is kept under the reference.
    RefuseForGood,
    /// One that is not kept: no such wallet.
    Refuse,
}

#[derive(Default)]
struct Server {
    decided: Option<Value>,
    moved: u32,
    late: Vec<u8>,
}

impl Server {
    /// As the real one: under one reference once, and the first answer again.
    fn handle(&mut self, rule: Rule) -> Value {
        if let Some(answer) = &self.decided {
            return answer.clone();
        }
        let answer = match rule {
            Rule::CarryOut => {
                self.moved += 1;
                transferred()
            }
            Rule::RefuseForGood => json!({ "resultcode": 20009, "resultmessage": "too little" }),
            Rule::Refuse => return json!({ "resultcode": 20005, "resultmessage": "no such wallet" }),
        };
        self.decided.insert(answer).clone()
    }

    fn outcome(&self) -> Value {
        match &self.decided {
            None => json!({ "resultcode": 10000, "outcome": "unknown" }),
            Some(answer) if answer["resultcode"] == 10000 => {
                json!({ "resultcode": 10000, "outcome": "done", "answer": answer })
            }
            Some(answer) => json!({
                "resultcode": 10000, "outcome": "refused", "refusalcode": answer["resultcode"],
                "refusalmessage": answer["resultmessage"],
            }),
        }
    }

    /// Copies that were on the way all the time arrive.
    fn time_passes(&mut self, rule: Rule) {
        for left in &mut self.late {
            *left -= 1;
        }
        for left in std::mem::take(&mut self.late) {
            if left > 0 {
                self.late.push(left);
            } else {
                self.handle(rule);
            }
        }
    }
}

struct Net {
    rule: Rule,
    faults: Mutex<Vec<Fault>>,
    server: Mutex<Server>,
}

#[async_trait]
impl Transport for Net {
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
        let mut server = self.server.lock().unwrap();
        server.time_passes(self.rule);
        let asks = request.target.starts_with("/api/v1/operation/");
        let answer =
            |value: Value| Ok(WireAnswer { status: 200, request_id: None, body: value.to_string().into_bytes() });
        let lost = |outcome| Err(Lost { outcome, reason: "lost".to_owned() });
        let mut handle = || if asks { server.outcome() } else { server.handle(self.rule) };
        match self.faults.lock().unwrap().pop().unwrap_or(Fault::None) {
            Fault::None => answer(handle()),
            Fault::NotSent => lost(Outcome::NotSent),
            Fault::LostRequest => lost(Outcome::NoAnswer),
            Fault::LostAnswer => {
                handle();
                lost(Outcome::NoAnswer)
            }
            Fault::Late(exchanges) => {
                if !asks {
                    server.late.push(exchanges);
                }
                lost(Outcome::NoAnswer)
            }
            Fault::Garbage => {
                handle();
                Ok(WireAnswer { status: 502, request_id: None, body: b"<html>".to_vec() })
            }
            Fault::SystemError(handled) => {
                if handled {
                    handle();
                }
                answer(json!({ "resultcode": 10003 }))
            }
            Fault::Busy(which) => {
                let codes = [10001, 10002, 10004];
                answer(json!({ "resultcode": codes[usize::from(which)] }))
            }
        }
    }
}

fn check(rule: Rule, mut faults: Vec<Fault>) -> Result<(), TestCaseError> {
    faults.reverse();
    let net = Arc::new(Net { rule, faults: Mutex::new(faults), server: Mutex::default() });
    let client = Client::with_transport(
        ClientOptions::new("http://127.0.0.1"),
        Credential::ApiKey("KEY".into()),
        Arc::clone(&net) as _,
    )
    .unwrap();
    let call = MoneyCall::new(&transfer(), Some("ref-1".into())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();

    let mut result: Result<Transferred, FlorinError> = runtime.block_on(client.send_money(&call));
    // Who is in doubt goes on until the trouble is over.
    for _ in 0..50 {
        verify(&net, &result)?;
        match &result {
            Err(error) if error.knowledge() == Knowledge::InDoubt => {
                prop_assert_eq!(error.reference(), Some("ref-1"));
                result = runtime.block_on(client.resume_money(&call));
            }
            _ => return Ok(()),
        }
    }
    Err(TestCaseError::fail("still in doubt"))
}

/// Whatever was said must stay true when all that is still on the way has arrived.
fn verify(net: &Net, result: &Result<Transferred, FlorinError>) -> Result<(), TestCaseError> {
    let server = net.server.lock().unwrap();
    let to_come = !server.late.is_empty() && server.decided.is_none() && net.rule == Rule::CarryOut;
    let moved = server.moved + u32::from(to_come);
    prop_assert!(moved <= 1);
    match result {
        Ok(done) => {
            prop_assert_eq!(done.txid.to_string(), TXID);
            prop_assert_eq!(server.moved, 1);
        }
        Err(error) => match error.knowledge() {
            Knowledge::Refused | Knowledge::NothingRan => prop_assert_eq!(moved, 0, "{}", error),
            Knowledge::InDoubt => {}
        },
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn money_moves_once_and_errors_are_true(
        rule in prop_oneof![4 => Just(Rule::CarryOut), 1 => Just(Rule::RefuseForGood), 1 => Just(Rule::Refuse)],
        faults in proptest::collection::vec(fault(), 0..16),
    ) {
        check(rule, faults)?;
    }
}
