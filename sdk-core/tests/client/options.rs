//! Options are checked once, and say what is wrong with them.

use crate::lab::{Lab, Reply, read_call, wallet};
use florin_sdk_core::FlorinError;
use florin_sdk_core::client::transport::{HttpTransport, WireRequest};
use florin_sdk_core::client::{CancelToken, Client, ClientOptions, Credential, Transport};
use florin_sdk_core::operation::{GetOperationOutcome, Method};
use reqwest::header::HeaderMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

fn fault(options: ClientOptions) -> Option<String> {
    match Client::new(options, Credential::ApiKey("KEY".into())) {
        Ok(_) => None,
        Err(FlorinError::InvalidInput { field, .. }) => Some(field),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn base_urls() {
    for good in ["https://wallet.example.com", "https://wallet.example.com:8443/florin/", "http://127.0.0.1:8040"] {
        assert_eq!(fault(ClientOptions::new(good)), None, "{good}");
    }
    for bad in [
        "",
        "wallet.example.com",
        "ftp://wallet.example.com",
        "https://",
        "file:///etc/passwd",
        "data:,x",
        "https://user:pass@wallet.example.com",
        "https://wallet.example.com/?a=b",
        "https://wallet.example.com/#a",
    ] {
        assert_eq!(fault(ClientOptions::new(bad)).as_deref(), Some("base_url"), "{bad}");
    }
}

#[test]
fn numbers_have_bounds() {
    let base = || ClientOptions::new("https://wallet.example.com");
    for (options, field) in [
        (ClientOptions { timeout_scale_percent: 0, ..base() }, "timeout_scale_percent"),
        (ClientOptions { timeout_scale_percent: 10_001, ..base() }, "timeout_scale_percent"),
        (ClientOptions { retry_delay_scale_percent: u32::MAX, ..base() }, "retry_delay_scale_percent"),
        (ClientOptions { max_retries: Some(11), ..base() }, "max_retries"),
        (ClientOptions { jitter_percent: 101, ..base() }, "jitter_percent"),
        (ClientOptions { user_agent: Some("a\nb".into()), ..base() }, "user_agent"),
        (ClientOptions { root_certificates_pem: Some("none".into()), ..base() }, "root_certificates_pem"),
    ] {
        assert_eq!(fault(options).as_deref(), Some(field));
    }
    let extremes = ClientOptions {
        timeout_scale_percent: 10_000,
        retry_delay_scale_percent: 10_000,
        max_retries: Some(10),
        jitter_percent: 100,
        ..base()
    };
    assert_eq!(fault(extremes), None);
}

#[tokio::test(start_paused = true)]
async fn a_path_of_the_base_url_stays() {
    let lab = Lab::new(|_| Reply::Json(wallet()));
    for slash in ["", "/"] {
        let options = ClientOptions {
            base_url: format!("http://{}/florin{slash}", lab.address),
            user_agent: Some("shop/1.0".into()),
            ..lab.options()
        };
        let client = lab.client_with(options, Credential::ApiKey("KEY".into()));
        client.send(&read_call()).await.unwrap();
    }
    for request in lab.requests() {
        assert_eq!(request.line, "GET /florin/api/v1/wallet HTTP/1.1");
        assert_eq!(request.header("user-agent"), Some("shop/1.0"));
    }
}

#[tokio::test(start_paused = true)]
async fn texts_in_a_path_cannot_leave_it() {
    let lab = Lab::new(|_| crate::lab::outcome("unknown"));
    let ask = async |reference: &str| {
        let question = GetOperationOutcome { reference: reference.into(), operation: None };
        lab.client().send(&question).await
    };
    for bad in ["", ".", ".."] {
        assert!(matches!(ask(bad).await, Err(FlorinError::InvalidInput { .. })), "{bad:?}");
    }
    ask("../a/b?c#d%2e ä\r\n").await.unwrap();
    let [request] = &lab.requests()[..] else { panic!() };
    assert_eq!(request.line, "GET /api/v1/operation/..%2Fa%2Fb%3Fc%23d%252e%20%C3%A4%0D%0A HTTP/1.1");
}

#[tokio::test(start_paused = true)]
async fn reads_can_be_cancelled() {
    let lab = Lab::new(|_| Reply::code(10001));
    let token = CancelToken::new();
    let client = lab.client().cancelled_by(Arc::clone(&token));
    let call = tokio::spawn(async move {
        let first = client.send(&read_call()).await;
        (first, client.send(&read_call()).await)
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!token.is_cancelled());
    token.cancel();
    token.cancel();
    assert!(token.is_cancelled());
    let (first, second) = call.await.unwrap();
    assert_eq!(first, Err(FlorinError::Cancelled));
    assert_eq!(second, Err(FlorinError::Cancelled), "also those to come");
    assert_eq!(lab.now(), 30);
    assert_eq!(lab.requests().len(), 1);
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = ClientOptions::new(format!("http://{}", listener.local_addr().unwrap()));
    let transport = Arc::new(HttpTransport::new(&options).unwrap());
    let request = WireRequest {
        method: Method::Get,
        target: "/api/v1/wallet".to_owned(),
        headers: HeaderMap::new(),
        body: None,
        timeout: Duration::from_secs(60),
    };
    let call = tokio::spawn({
        let transport = Arc::clone(&transport);
        async move { transport.exchange(request).await }
    });
    let (socket, _) = listener.accept().await.unwrap();
    let mut came = [0; 1024];
    let mut read = async || loop {
        socket.readable().await.unwrap();
        match socket.try_read(&mut came) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            read => break read.unwrap(),
        }
    };
    assert_ne!(read().await, 0, "the request");
    call.abort();
    let end = tokio::time::timeout(Duration::from_secs(30), read()).await;
    assert_eq!(end.expect("it goes on for nobody"), 0, "the end of the connection");
}
