//! The process ends at the worst moment, and the next one goes on: the money moves once.

use florin_sdk_core::operation::WalletTransfer;
use florin_sdk_server::{ClientOptions, Fate, FileJournal, ProviderClient};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};

fn client(url: &str, journal: &str) -> Arc<ProviderClient> {
    let journal = Arc::new(FileJournal::open(journal).unwrap());
    ProviderClient::new(ClientOptions::new(url), "KEY".into(), journal).unwrap()
}

/// The process that ends: only the test below starts it.
#[tokio::test]
#[ignore = "the test below runs it in a process of its own"]
async fn child() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let request: WalletTransfer = serde_json::from_str(
        r#"{"amount":"1","currency":"EUR","sourcewaid":"waid_1234567812345678","destinationwaid":"waid_1234567812345678"}"#,
    )
    .unwrap();
    let client = client(&variable("TEST_URL"), &variable("TEST_JOURNAL"));
    client.wallets().transfer(request, Some("order-17".into())).await.unwrap();
    unreachable!("it should have ended before");
}

/// Which references were carried out, and how many copies came.
type Seen = Arc<Mutex<(BTreeSet<String>, u32)>>;

/// A server that carries out each reference once.
fn server() -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let state = Seen::default();
    let shared = Arc::clone(&state);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(&stream);
            let mut lines = Vec::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim_end().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                lines.push(line);
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let mut state = shared.lock().unwrap();
            let done = r#"{"resultcode":10000,"txid":"txid_1234567812345678"}"#;
            let body = match lines.iter().find_map(|line| line.strip_prefix("idempotency-key: ")) {
                Some(reference) => {
                    state.0.insert(reference.to_owned());
                    state.1 += 1;
                    done.to_owned()
                }
                None if state.0.contains("order-17") => {
                    format!("{{\"resultcode\":10000,\"outcome\":\"done\",\"answer\":{done}}}")
                }
                None => r#"{"resultcode":10000,"outcome":"unknown"}"#.to_owned(),
            };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
    });
    (url, state)
}

#[tokio::test]
async fn after_a_crash_the_next_process_goes_on() {
    for (point, carried_out_before) in [("recorded", 0), ("answered", 1)] {
        let directory = tempfile::tempdir().unwrap();
        let journal = directory.path().join("journal").display().to_string();
        let (url, state) = server();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "crash::child"])
            .env("TEST_URL", &url)
            .env("TEST_JOURNAL", &journal)
            .env("FLORIN_CRASH_POINT", point)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), None, "ended by a signal: {output:?}");
        assert_eq!(state.lock().unwrap().0.len(), carried_out_before, "{point}");

        let client = client(&url, &journal);
        let resumed = client.operations().resume_pending().await.unwrap();
        assert!(matches!(&resumed[..], [one] if matches!(one.fate, Fate::Done { .. })), "{resumed:?}");
        assert_eq!(state.lock().unwrap().0.len(), 1, "{point}");
        assert_eq!(state.lock().unwrap().1, 1, "{point}: one copy in all");
        assert!(client.operations().resume_pending().await.unwrap().is_empty());
    }
}
