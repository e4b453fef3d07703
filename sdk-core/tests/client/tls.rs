//! TLS: the well-known roots, and a private authority beside them.

use florin_sdk_core::client::{Client, ClientOptions, Credential};
use florin_sdk_core::operation::GetWallet;
use florin_sdk_core::{FlorinError, Knowledge};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

const AUTHORITY: &str = include_str!("tls/authority.pem");

/// A server with a certificate of the private authority. Its address.
fn server() -> String {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            if stream.read(&mut [0; 4096]).is_ok() {
                let body = crate::lab::wallet().to_string();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        }
    });
    format!("https://{address}")
}

async fn call(options: ClientOptions) -> Result<(), FlorinError> {
    let options = ClientOptions { max_retries: Some(0), ..options };
    let client = Client::new(options, Credential::ApiKey("KEY".into()))?;
    client.send(&GetWallet { waid: None }).await.map(drop)
}

#[tokio::test]
async fn a_private_authority_is_trusted_if_it_is_named() {
    let options = ClientOptions::new(server());
    let error = call(options.clone()).await.unwrap_err();
    // The handshake failed: not a byte of the request has left.
    assert_eq!(error.knowledge(), Knowledge::NothingRan);
    assert!(error.to_string().contains("certificate"), "{error}");
    let pem = format!("{AUTHORITY}\n{AUTHORITY}");
    call(ClientOptions { root_certificates_pem: Some(pem), ..options }).await.unwrap();
}

#[tokio::test]
async fn the_certificate_must_be_for_the_host() {
    let options = ClientOptions {
        root_certificates_pem: Some(AUTHORITY.to_owned()),
        ..ClientOptions::new(server().replace("127.0.0.1", "localhost"))
    };
    assert!(call(options).await.unwrap_err().to_string().contains("certificate"));
}
