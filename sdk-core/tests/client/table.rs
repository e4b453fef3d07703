//! Every row of the error table, for what reads, what writes and what moves money.

use crate::lab::{Lab, Reply, outcome, read_call, send_transfer, transferred, wallet};
use florin_sdk_core::client::transport::{HttpTransport, WireRequest};
use florin_sdk_core::client::{ClientOptions, Transport};
use florin_sdk_core::operation::{CreateUser, Method, TimeoutClass};
use florin_sdk_core::retry::{Next, Outcome, RULES};
use florin_sdk_core::{FlorinError, Knowledge};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::Duration;
use tokio::net::TcpSocket;

/// A row, written down once more by hand: how to bring it about, and what must follow.
struct Row {
    outcome: Outcome,
    reply: Reply,
    /// Tenths of a second.
    delay: u128,
    nothing_ran: bool,
}

/// All but `NotSent`, which needs a server that is not there.
fn rows() -> Vec<Row> {
    let row = |outcome, reply, delay_s: u128, nothing_ran| Row { outcome, reply, delay: delay_s * 10, nothing_ran };
    vec![
        row(Outcome::Maintenance, Reply::code(10001), 10, true),
        row(Outcome::TooBusy, Reply::code(10002), 10, true),
        row(Outcome::SystemError, Reply::code(10003), 10, false),
        row(Outcome::TooFast, Reply::code(10004), 5, true),
        row(Outcome::InFlight, Reply::code(20008), 1, false),
        row(Outcome::NoAnswer, Reply::Cut, 10, false),
        row(Outcome::InvalidAnswer, Reply::http("502 Bad Gateway", "text/html", "<html>no</html>"), 10, false),
    ]
}

fn user() -> CreateUser {
    CreateUser { provider_user_id: "alice".to_owned(), display_name: None, metadata: None }
}

fn created_user() -> Value {
    json!({
        "resultcode": 10000, "resultmessage": "Ok", "uuid": "uuid_1234567812345678",
        "upid": "upid_1234567812345678", "waid": "waid_1234567812345678", "provideruserid": "alice",
    })
}

/// The same answer, `times` times, then success; the server knows nothing of any reference.
fn failing(reply: &Reply, times: usize, success: Value) -> Lab {
    let reply = reply.clone();
    let mut left = times;
    Lab::new(move |request| {
        if request.asks() {
            return outcome("unknown");
        }
        match left.checked_sub(1) {
            Some(rest) => {
                left = rest;
                reply.clone()
            }
            None => Reply::Json(success.clone()),
        }
    })
}

#[test]
fn the_rows_here_are_the_rows_there() {
    let here: Vec<_> = rows().iter().map(|row| row.outcome).collect();
    for rule in &RULES {
        assert!(here.contains(&rule.outcome) || rule.outcome == Outcome::NotSent);
    }
    assert_eq!(RULES.len(), here.len() + 1);
}

#[test]
fn the_table_is_the_published_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/spec/omnigate/errors.json");
    let published: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let find = |name: &str| {
        let both = [&published["result_codes"], &published["non_code_conditions"]];
        let mut rows = both.iter().flat_map(|list| list.as_array().unwrap());
        rows.find(|row| row["name"] == name).unwrap().clone()
    };
    for (outcome, name) in [
        (Outcome::Maintenance, "MAINTENANCE_IN_PROGRESS"),
        (Outcome::TooBusy, "TOO_BUSY"),
        (Outcome::SystemError, "SYSTEM_ERROR"),
        (Outcome::TooFast, "TOO_FAST"),
        (Outcome::NoAnswer, "COMMUNICATION_TIMEOUT"),
        (Outcome::InvalidAnswer, "INVALID_RESPONSE"),
    ] {
        let (rule, row) = (outcome.rule(), find(name));
        assert_eq!(rule.delay_s, row["retry_delay_s"], "{name}");
        assert_eq!(rule.max_retries, row["max_retries"], "{name}");
        assert_eq!(rule.plain == Next::Again, row["retry_non_financial"] == true, "{name}");
        assert_eq!(rule.money == Next::Again, row["retry_financial"] == true, "{name}");
        if let Some(code) = row["code"].as_u64() {
            let code = florin_sdk_core::code::Code(u32::try_from(code).unwrap());
            assert_eq!(Outcome::of(code), Some(outcome));
            assert_eq!(code.name(), name);
        }
    }
    let longest = |class: TimeoutClass| u64::try_from(class.duration().as_millis()).unwrap();
    for row in published["timeouts"].as_array().unwrap() {
        let category = row["category"].as_str().unwrap();
        let class = if category.contains("Bridge") || category.contains("WithdrawTest") {
            TimeoutClass::Bridge
        } else {
            TimeoutClass::Standard
        };
        assert_eq!(row["timeout_ms"], longest(class), "{category}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_twice_and_then_unavailable() {
    for Row { outcome, reply, delay, .. } in rows() {
        let lab = failing(&reply, 9, wallet());
        let error = lab.client().send(&read_call()).await.unwrap_err();
        assert!(matches!(error, FlorinError::Unavailable { .. }), "{outcome:?}: {error}");
        assert_eq!(lab.sent_at(), [0, delay, 2 * delay], "{outcome:?}");
        assert_eq!(lab.requests().len(), 3, "{outcome:?}");
        assert_eq!(lab.now(), 2 * delay, "no delay before giving up: {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_recovers_succeeds() {
    for Row { outcome, reply, delay, .. } in rows() {
        for failures in 1..=2 {
            let lab = failing(&reply, failures, wallet());
            let wallet = lab.client().send(&read_call()).await.unwrap();
            assert_eq!(wallet.wallet_name, "main");
            assert_eq!(lab.sent_at().len(), failures + 1, "{outcome:?}");
            assert_eq!(lab.now(), failures as u128 * delay, "{outcome:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_repeated_and_in_doubt_where_it_may_have_run() {
    for Row { outcome, reply, delay, nothing_ran } in rows() {
        let lab = failing(&reply, 9, created_user());
        let error = lab.client().send(&user()).await.unwrap_err();
        if nothing_ran {
            assert!(matches!(error, FlorinError::Unavailable { .. }), "{outcome:?}: {error}");
        } else {
            assert!(
                matches!(&error, FlorinError::InDoubt { operation, reference: None, .. } if operation == "CreateUser"),
                "{outcome:?}: {error}"
            );
        }
        assert_eq!(lab.sent_at(), [0, delay, 2 * delay], "{outcome:?}");
        for failures in 1..=2 {
            let lab = failing(&reply, failures, created_user());
            lab.client().send(&user()).await.unwrap();
            assert_eq!(lab.sent_at().len(), failures + 1, "{outcome:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn money_is_sent_again_at_once_only_if_nothing_ran() {
    for Row { outcome, reply, delay, nothing_ran } in rows() {
        let lab = failing(&reply, 9, transferred());
        let error = send_transfer(&lab.client()).await.unwrap_err();
        assert_eq!(lab.sent_at(), [0, delay, 2 * delay], "{outcome:?}");
        if nothing_ran {
            assert!(matches!(error, FlorinError::Unavailable { .. }), "{outcome:?}: {error}");
            assert_eq!(lab.asked_at(), [0; 0], "{outcome:?}");
            assert_eq!(lab.now(), 2 * delay, "{outcome:?}");
        } else {
            assert_eq!(error.knowledge(), Knowledge::InDoubt, "{outcome:?}");
            assert_eq!(error.reference(), Some("ref-1"), "{outcome:?}");
            assert_eq!(lab.asked_at(), [delay, 2 * delay, 3 * delay], "{outcome:?}");
        }
        for failures in 1..=2 {
            let lab = failing(&reply, failures, transferred());
            send_transfer(&lab.client()).await.unwrap();
            assert_eq!(lab.sent_at().len(), failures + 1, "{outcome:?}");
            assert_eq!(lab.now(), failures as u128 * delay, "{outcome:?}");
            let asked = if nothing_ran { 0 } else { failures };
            assert_eq!(lab.asked_at().len(), asked, "{outcome:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_refused_has_sent_nothing() {
    let lab = Lab::closed();
    let client = lab.client();
    let error = client.send(&read_call()).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unavailable { .. }), "{error}");
    let error = client.send(&user()).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unavailable { .. }), "{error}");
    let error = send_transfer(&client).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unavailable { .. }), "{error}");
    assert_eq!(lab.sent_at(), [0, 100, 200, 200, 300, 400, 400, 500, 600]);
    assert_eq!(lab.asked_at(), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_about_has_sent_nothing() {
    // A listener whose queue is full leaves those who knock without an answer.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let wait = Duration::from_millis(200);
    let queue: Vec<_> = std::iter::from_fn(|| TcpStream::connect_timeout(&address, wait).ok()).collect();
    assert!(!queue.is_empty());

    // Without holding the clock: it jumps to the earliest timer.
    let transport = HttpTransport::new(&Lab::at(address).options()).unwrap();
    let request = WireRequest {
        method: Method::Get,
        target: "/api/v1/wallet".to_owned(),
        headers: reqwest::header::HeaderMap::new(),
        body: None,
        timeout: Duration::from_secs(5),
    };
    let start = tokio::time::Instant::now();
    let lost = transport.exchange(request).await.unwrap_err();
    assert_eq!(lost.outcome, Outcome::NotSent, "{lost:?}");
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn over_one_call_the_repeats_are_two_whatever_the_mix() {
    let mut replies = [Reply::code(10004), Reply::code(10001), Reply::Cut].into_iter();
    let lab = Lab::new(move |_| replies.next().expect("a fourth attempt"));
    let error = lab.client().send(&read_call()).await.unwrap_err();
    assert!(matches!(error, FlorinError::Unavailable { code: None, .. }), "the last: {error}");
    // After too fast 5 s, after maintenance 10 s: the delay is that of the last outcome.
    assert_eq!(lab.sent_at(), [0, 50, 150]);
}

#[tokio::test(start_paused = true)]
async fn counts_and_delays_can_be_set() {
    let options = |lab: &Lab, max_retries, percent| ClientOptions {
        max_retries: Some(max_retries),
        retry_delay_scale_percent: percent,
        ..lab.options()
    };
    let key = || florin_sdk_core::client::Credential::ApiKey("KEY".into());
    for (most, percent, expected) in
        [(0, 100, vec![0]), (1, 50, vec![0, 50]), (3, 10, vec![0, 10, 20, 30]), (2, 0, vec![0, 0, 0])]
    {
        let lab = failing(&Reply::code(10001), 9, wallet());
        let client = lab.client_with(options(&lab, most, percent), key());
        client.send(&read_call()).await.unwrap_err();
        assert_eq!(lab.sent_at(), expected);
    }
    // The random part is on top only, and not more than it may be.
    for _ in 0..20 {
        let lab = failing(&Reply::code(10001), 1, wallet());
        let jittered = ClientOptions { jitter_percent: 50, ..lab.options() };
        lab.client_with(jittered, key()).send(&read_call()).await.unwrap();
        assert!((100..=150).contains(&lab.now()), "{}", lab.now());
    }
}

#[tokio::test(start_paused = true)]
async fn each_class_has_its_own_time_out() {
    let lab = Lab::new(|_| Reply::Silence);
    let error = lab.client().send(&read_call()).await.unwrap_err();
    assert!(matches!(&error, FlorinError::Unavailable { reason, .. } if reason == "no answer within 5000 ms"));
    assert_eq!(lab.sent_at(), [0, 150, 300]);
    assert_eq!(lab.now(), 350);
    assert_eq!(lab.timeouts(), [50; 3]);

    let lab = Lab::new(|_| Reply::Silence);
    let half = ClientOptions { timeout_scale_percent: 50, ..lab.options() };
    let client = lab.client_with(half, florin_sdk_core::client::Credential::ApiKey("KEY".into()));
    client.send(&read_call()).await.unwrap_err();
    assert_eq!(lab.sent_at(), [0, 125, 250]);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_is_not_in_the_table_is_final() {
    for code in [0, 1, 9999, 10005, 19999, 20000, 20003, 20005, 20009, 20016, 4_294_967_295_u32] {
        for money in [false, true] {
            let lab = Lab::new(move |_| Reply::code(code));
            let error = if money {
                send_transfer(&lab.client()).await.unwrap_err()
            } else {
                lab.client().send(&read_call()).await.unwrap_err()
            };
            assert!(matches!(&error, FlorinError::Refused { code: found, .. } if *found == code), "{code}: {error}");
            assert_eq!(error.request_id(), Some("req-1"));
            assert_eq!(lab.requests().len(), 1, "{code}");
            assert_eq!(lab.now(), 0, "{code}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_no_answer_of_the_platform_is_an_invalid_answer() {
    let json = "application/json";
    let ok = wallet().to_string();
    for reply in [
        Reply::http("200 OK", json, ""),
        Reply::http("204 No Content", json, ""),
        Reply::http("502 Bad Gateway", "text/html", "<html><body>Bad gateway</body></html>"),
        Reply::http("200 OK", json, &ok[..ok.len() - 9]),
        Reply::http("200 OK", json, "null"),
        Reply::http("200 OK", json, "[10000]"),
        Reply::http("200 OK", json, "{}"),
        Reply::http("200 OK", json, r#"{"resultcode":"10000"}"#),
        Reply::http("200 OK", json, r#"{"resultcode":-1}"#),
        Reply::http("200 OK", json, r#"{"resultcode":10000.5}"#),
        Reply::http("200 OK", json, r#"{"resultcode":99999999999}"#),
        // Ok, yet without what it should have.
        Reply::http("200 OK", json, r#"{"resultcode":10000,"resultmessage":"Ok"}"#),
        Reply::http("200 OK", json, &ok.replace("waid_1234567812345678", "waid_1")),
        Reply::http("200 OK", json, &"[".repeat(100_000)),
        // A redirect is not followed.
        Reply::Raw("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".into()),
    ] {
        let lab = failing(&reply, 1, wallet());
        lab.client().send(&read_call()).await.unwrap();
        assert_eq!(lab.sent_at(), [0, 100], "{reply:?}");
    }
    // Cut off, or no HTTP at all: no answer.
    for reply in [
        "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"resultcode\":10000,",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"res",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\0\0\0\0",
    ] {
        let lab = failing(&Reply::Raw(reply.to_owned()), 1, wallet());
        lab.client().send(&read_call()).await.unwrap();
        assert_eq!(lab.sent_at(), [0, 100], "{reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_http_status_does_not_matter_if_there_is_a_result_code() {
    for status in
        ["200 OK", "400 Bad Request", "401 Unauthorized", "429 Too Many Requests", "500 Internal Server Error"]
    {
        let lab = Lab::new(move |_| Reply::http(status, "text/plain", &wallet().to_string()));
        lab.client().send(&read_call()).await.unwrap();
        let refusal = r#"{"resultcode":20000,"resultmessage":"no","errors":[{"field":"amount","reason":"too small"}]}"#;
        let lab = Lab::new(move |_| Reply::http(status, "application/json", refusal));
        let error = lab.client().send(&read_call()).await.unwrap_err();
        let FlorinError::Refused { name, reason, fields, .. } = error else { panic!("{error}") };
        assert_eq!((name.as_str(), reason.as_str()), ("INVALID_REQUEST", "no"));
        assert_eq!(fields[0].field, "amount");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_read_however_odd_its_other_fields_are() {
    for body in [
        r#"{"resultcode":20009}"#,
        r#"{"resultcode":20009,"resultmessage":null,"errors":null}"#,
        r#"{"resultcode":20009,"resultmessage":17,"errors":"x"}"#,
        r#"{"resultcode":20009,"resultmessage":{"a":[]},"errors":[{"field":1}]}"#,
    ] {
        let lab = Lab::new(move |_| Reply::http("200 OK", "application/json", body));
        let error = send_transfer(&lab.client()).await.unwrap_err();
        assert!(matches!(&error, FlorinError::Refused { code: 20009, fields, .. } if fields.is_empty()), "{error}");
    }
    let long = json!({ "resultcode": 20009, "resultmessage": "ä".repeat(100_000) }).to_string();
    let lab = Lab::new(move |_| Reply::http("200 OK", "application/json", &long));
    let error = send_transfer(&lab.client()).await.unwrap_err();
    assert!(error.to_string().chars().count() < 600);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_end_is_given_up() {
    let endless = format!("{{\"resultcode\":10000,\"x\":\"{}", "x".repeat(9 << 20));
    let lab = failing(&Reply::http("200 OK", "application/json", &endless), 1, wallet());
    lab.client().send(&read_call()).await.unwrap();
    assert_eq!(lab.sent_at(), [0, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_may_have_run_is_not_called_refused() {
    // The first copy made the user; the second finds the name taken.
    let mut replies = [Reply::Cut, Reply::code(20006)].into_iter();
    let lab = Lab::new(move |_| replies.next().unwrap());
    let error = lab.client().send(&user()).await.unwrap_err();
    assert!(
        matches!(&error, FlorinError::InDoubt { reference: None, reason, .. } if reason.contains("ALREADY_EXISTS")),
        "{error}"
    );
    // Nor is one called unavailable whose first copy may have run.
    let mut replies = [Reply::Cut, Reply::code(10001), Reply::code(10001)].into_iter();
    let lab = Lab::new(move |_| replies.next().unwrap());
    let error = lab.client().send(&user()).await.unwrap_err();
    assert_eq!(error.knowledge(), Knowledge::InDoubt, "{error}");
}
