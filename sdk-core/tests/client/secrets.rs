//! A marked secret is sent, and is seen nowhere else.

use crate::lab::{Lab, Reply, read_call};
use florin_sdk_core::client::{Credential, MoneyCall};
use florin_sdk_core::operation::{AcceptPayment, Done};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

const MARKED: &str = "MARKED5ECRET";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Alone in a process: what other tests do at the same time decides, now and then, whether `tracing` listens to a
/// place in the code.
#[test]
fn secrets_are_in_no_log_no_debug_text_and_no_error() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "secrets::in_a_process_of_its_own"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test(start_paused = true)]
#[ignore = "the test above runs it"]
async fn in_a_process_of_its_own() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let accept = AcceptPayment {
        prid: "prid_1234567812345678".parse().unwrap(),
        currency: "EUR.acme".parse().unwrap(),
        method: "wallet".into(),
        total_amount: "1".parse().unwrap(),
        payment_processor_information: Some(format!("{{\"card\":\"{MARKED}\"}}").parse().unwrap()),
    };
    let mut texts = Vec::new();
    for credential in [Credential::ApiKey(MARKED.into()), Credential::Bearer(MARKED.into())] {
        // The server, too, may repeat in an answer what it was sent: an Ok that does not decode.
        let echo = format!("{{\"resultcode\":10000,\"upid\":\"{MARKED}\"}}");
        let mut replies = [
            Reply::http("200 OK", "application/json", &echo),
            Reply::http("200 OK", "text/plain", MARKED),
            Reply::Cut,
            Reply::Cut,
            Reply::code(20001),
            Reply::code(10002),
            Reply::code(20001),
        ]
        .into_iter();
        let lab = Lab::new(move |_| replies.next().unwrap_or(Reply::code(20001)));
        texts.push(format!("{credential:?}"));
        let client = lab.client_with(lab.options(), credential);
        texts.push(format!("{client:?}"));
        let error = client.send(&read_call()).await.unwrap_err();
        texts.push(format!("{error} {error:?}"));
        let call = MoneyCall::new(&accept, None).unwrap();
        texts.push(format!("{call:?}"));
        for _ in 0..3 {
            if let Err(error) = client.send_money::<Done>(&call).await {
                texts.push(format!("{error} {error:?}"));
            }
        }
        assert!(lab.requests().iter().any(|request| request.body.contains(MARKED)), "it is sent");
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for part in ["AcceptPayment", "attempt=3", "outcome=InvalidAnswer", "outcome=NoAnswer", "code=20001", "request_id="]
    {
        assert!(log.contains(part), "{part} is not in the log: {log}");
    }
    for text in texts.iter().chain([&log]) {
        assert!(!text.contains(MARKED), "{text}");
    }
}
