//! The process ends at the worst moment, and the next one goes on: the payer is asked once.

use crate::platform::{credentials, options, price};
use florin_sdk_server::momo::Collections;
use florin_sdk_server::{Fate, FileJournal};
use std::process::Command;
use std::sync::Arc;
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn client(url: &str, journal: &str) -> Arc<Collections> {
    Collections::new(options(url), credentials(), Arc::new(FileJournal::open(journal).unwrap())).unwrap()
}

/// The process that ends: only the test below starts it.
#[tokio::test]
#[ignore = "the test below runs it in a process of its own"]
async fn child() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let collections = client(&variable("TEST_URL"), &variable("TEST_JOURNAL"));
    collections.request_to_pay(price(), None, None).await.unwrap();
    unreachable!("it should have ended before");
}

#[tokio::test]
async fn after_a_crash_the_next_process_goes_on() {
    for (point, arrived) in [("recorded", false), ("answered", true)] {
        let directory = tempfile::tempdir().unwrap();
        let journal = directory.path().join("journal").display().to_string();
        let host = MockServer::start().await;
        let token = ResponseTemplate::new(200)
            .set_body_string(r#"{"access_token":"t","token_type":"access_token","expires_in":3600}"#);
        Mock::given(path("/collection/token/")).respond_with(token).mount(&host).await;
        let requests = Mock::given(method("POST")).and(path("/collection/v1_0/requesttopay"));
        requests.respond_with(ResponseTemplate::new(202)).expect(1).mount(&host).await;
        let asked = Mock::given(method("GET")).and(path_regex("^/collection/v1_0/requesttopay/[0-9a-f-]{36}$"));
        let answer = if arrived {
            let mut body = serde_json::to_value(price()).unwrap();
            body["status"] = "PENDING".into();
            ResponseTemplate::new(200).set_body_json(body)
        } else {
            ResponseTemplate::new(404).set_body_string(r#"{"code":"RESOURCE_NOT_FOUND"}"#)
        };
        asked.respond_with(answer).expect(1).mount(&host).await;

        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "crash::child"])
            .env("TEST_URL", host.uri())
            .env("TEST_JOURNAL", &journal)
            .env("FLORIN_CRASH_POINT", point)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), None, "ended by a signal: {output:?}");
        let sent = host.received_requests().await.unwrap();
        assert_eq!(sent.iter().any(|request| request.url.path().ends_with("/requesttopay")), arrived, "{point}");

        let collections = client(&host.uri(), &journal);
        let resumed = collections.resume_pending().await.unwrap();
        assert!(matches!(&resumed[..], [one] if matches!(one.fate, Fate::Done { .. })), "{resumed:?}");
        assert!(collections.resume_pending().await.unwrap().is_empty());
        host.verify().await;
    }
}
