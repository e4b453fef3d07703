//! Keys, tokens, numbers and messages are sent, and are seen nowhere else.

use crate::platform::{Fault, KEY, NUMBER, Platform, SUBSCRIPTION, credentials, options, price};
use florin_sdk_server::momo::{
    AccountBalance, ApiKey, Oauth2TokenRequest, Party, PartyIdType, Provisioning, RequestToPayResult, Token, Transfer,
    read_callback,
};
use florin_sdk_server::{Journal, MemoryJournal};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

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

fn shows_nothing(text: &str) {
    for secret in [SUBSCRIPTION, KEY, NUMBER, "MARKED", "WUFSS0VE", "Bearer", "Basic"] {
        assert!(!text.contains(secret), "{secret} in {text}");
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

    let mut errors = Vec::new();
    // Servers that repeat what they were sent.
    let told =
        r#"{"code":"VALIDATION_ERROR","message":"bad number 256770000001, key MARKEDAPIKEY0123456789abcdef0123"}"#;
    let echo = r#"{"status":"256770000001","amount":"MARKED"}"#;
    let page = "<html>256770000001 MARKEDMESSAGE</html>";
    for fault in [
        Fault::Answer(400, told),
        Fault::Answer(401, told),
        Fault::Answer(500, page),
        Fault::Answer(200, echo),
        Fault::Lost { handled: true },
        Fault::NotSent,
    ] {
        let platform = Platform::new(std::iter::repeat_n(fault, 30));
        let journal = Arc::new(MemoryJournal::default());
        let collections = platform.collections_with(journal.clone());
        if let Err(error) = collections.request_to_pay(price(), None, None).await {
            errors.push(error);
        }
        let holder = || Party::msisdn(NUMBER);
        errors.push(collections.is_active(holder()).await.unwrap_err());
        // Everything in it is optional.
        errors.extend(collections.basic_user_info(holder()).await.err());
        let payout = Transfer::new("1".parse().unwrap(), "EUR".into(), "x".into(), holder());
        if let Err(error) = platform.disbursements_with(journal.clone()).transfer(payout, None, None).await {
            errors.push(error);
        }
        platform.faults.lock().unwrap().clear();
        collections.resume_pending().await.unwrap();
        shows_nothing(&format!("{collections:?} {:?}", journal.pending().await.unwrap().len()));
    }
    // A pair that is refused.
    let platform = Platform::new([]);
    platform.tokens.lock().unwrap().refused = true;
    errors.push(platform.collections().balance().await.unwrap_err());
    assert!(errors.len() >= 18);
    for error in &errors {
        shows_nothing(&format!("{error} {error:?}"));
    }

    let found = format!(
        r#"{{"amount":"1","currency":"EUR","externalId":"MARKED","status":"FAILED","reason":"EXPIRED",
            "payer":{{"partyIdType":"MSISDN","partyId":"{NUMBER}"}},"payerMessage":"MARKEDMESSAGE"}}"#
    );
    let found: RequestToPayResult = serde_json::from_str(&found).unwrap();
    let token: Token = serde_json::from_str(r#"{"access_token":"MARKED","expires_in":1}"#).unwrap();
    let key: ApiKey = serde_json::from_str(r#"{"apiKey":"MARKED"}"#).unwrap();
    let balance: AccountBalance = serde_json::from_str(r#"{"availableBalance":"1","currency":"EUR"}"#).unwrap();
    let provisioning = Provisioning::new(options("http://127.0.0.1:1"), SUBSCRIPTION.into()).unwrap();
    let grant = Oauth2TokenRequest::ciba("MARKED".into());
    shows_nothing(&format!("{found:?} {token:?} {key:?} {balance:?} {grant:?} {provisioning:?}"));
    shows_nothing(&format!("{:?} {:?} {:?}", price(), Party::msisdn(NUMBER), credentials()));
    shows_nothing(&format!("{:?}", PartyIdType::from_path("msisdn")));
    let callback = format!(r#"{{"status":"FAILED","externalId":"MARKED","payer":"{NUMBER}"}}"#);
    shows_nothing(&format!("{:?}", read_callback("PUT", "/", callback.as_bytes()).unwrap()));

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("request_to_pay") && text.contains("asked what became of it"), "{text}");
    shows_nothing(&text);
}
