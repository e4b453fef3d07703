//! Events on their way out: each is sent to the address that its profile named, until it is taken or given up.
//!
//! A provider names the address, so it must not become a way into the operator's own network: only public addresses
//! are connected to, checked after the name was resolved and for each connection. A sandbox may tell its own machine.

use crate::app::App;
use crate::signing::sign;
use florin_domain::Refusal;
use florin_domain::notify::{self, Target};
use florin_domain::store::Writer;
use florin_sdk_core::Upid;
use http::Method;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{self, JoinError, JoinSet};
use url::{Host, Url};

/// How many profiles are told something at once.
const AT_ONCE: usize = 16;

/// How long a receiver may take.
const TIME: Duration = Duration::from_secs(10);

/// How long to sleep when nothing seems to happen: what failed before becomes due by itself.
const IDLE: Duration = Duration::from_secs(1);

/// Delivers events until it is dropped. Each profile is told one thing at a time, so that one that does not listen
/// holds up nobody else.
pub async fn run(app: App) {
    let client = match client(app.sandbox()) {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "events cannot be delivered");
            return;
        }
    };
    let mut sending = JoinSet::new();
    let mut busy: HashMap<task::Id, Upid> = HashMap::new();
    loop {
        if let Err(error) = start(&app, &client, &mut sending, &mut busy).await {
            tracing::warn!(%error, "events could not be read");
        }
        // Whichever comes first: one was sent, one was written, or one that failed before has become due.
        tokio::select! {
            Some(sent) = sending.join_next_with_id() => {
                let id = sent.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
                busy.remove(&id);
                if let Err(error) = sent {
                    tracing::error!(%error, "a delivery panicked");
                }
            }
            () = app.news().notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Starts to send what is due, as far as there is room.
async fn start(
    app: &App,
    client: &reqwest::Client,
    sending: &mut JoinSet<()>,
    busy: &mut HashMap<task::Id, Upid>,
) -> Result<(), Refusal> {
    while busy.len() < AT_ONCE {
        let excluded: Vec<Upid> = busy.values().copied().collect();
        let Some((event, target)) = app.read(move |store| notify::next_due(store, &excluded)).await? else {
            return Ok(());
        };
        let upid = event.upid;
        let (app, client) = (app.clone(), client.clone());
        let handle = sending.spawn(async move {
            if let Err(error) = deliver(&app, &client, event.number, target).await {
                tracing::warn!(%error, "a delivery could not be noted; it may be sent again");
            }
        });
        busy.insert(handle.id(), upid);
    }
    Ok(())
}

/// Sends an event, and writes down how that ended.
async fn deliver(app: &App, client: &reqwest::Client, number: i64, target: Option<Target>) -> Result<(), Refusal> {
    let once = target.as_ref().is_some_and(|target| target.once);
    if once && !app.write(move |store| notify::take(store, number), |_: &Refusal| false).await? {
        return Ok(());
    }
    let taken = match target {
        Some(target) => send(client, app, number, &target).await,
        None => false,
    };
    let most = app.momo().callback_attempts();
    let note = move |store: &mut dyn Writer| {
        if once { notify::taken(store, number, taken, most) } else { notify::attempted(store, number, taken) }
    };
    app.write(note, |_: &Refusal| false).await
}

async fn send(client: &reqwest::Client, app: &App, number: i64, target: &Target) -> bool {
    let Some(url) = Url::parse(&target.url).ok().filter(|url| may_send_to(url, app.sandbox())) else {
        tracing::warn!(event = number, "the address of an event is not allowed");
        return false;
    };
    let method = if target.put { Method::PUT } else { Method::POST };
    let mut request = client
        .request(method, url)
        .header("content-type", "application/json")
        .header("webhook-id", format!("evt_{number}"))
        .body(target.body.clone());
    if let Some(signing) = &target.signing {
        let Some(headers) = sign(signing, app.now(), &target.body) else {
            tracing::error!(event = number, "an event could not be signed");
            return false;
        };
        request = request.headers(headers);
    }
    if let Some((user, password)) = &target.basic_auth {
        request = request.basic_auth(user, Some(password.expose()));
    }
    match request.send().await {
        Ok(response) => response.status().is_success(),
        Err(error) => {
            tracing::info!(event = number, error = %error.without_url(), "an event was not taken");
            false
        }
    }
}

/// A literal address passes no resolver, so it is looked at here.
fn may_send_to(url: &Url, sandbox: bool) -> bool {
    let address = match url.host() {
        Some(Host::Domain(_)) => None,
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        None => return false,
    };
    let allowed = address.is_none_or(|address| may_connect(address, sandbox));
    matches!(url.scheme(), "https" | "http") && allowed && (url.scheme() == "https" || sandbox)
}

/// Only addresses of the public network; in a sandbox also this machine's own.
fn may_connect(address: IpAddr, sandbox: bool) -> bool {
    if address.is_loopback() {
        return sandbox;
    }
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| is_public_v6(v6), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (18..20).contains(&b);
    !(a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a >= 240
        || shared
        || protocol
        || benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast, less the blocks for documentation and for tunnels that carry other addresses inside.
    (0x2000..0x4000).contains(&first) && !(first == 0x2001 && (second == 0x0db8 || second == 0)) && first != 0x2002
}

/// The system's resolver, whose answers are checked.
struct PublicOnly {
    sandbox: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let sandbox = self.sandbox;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| may_connect(address.ip(), sandbox)).collect();
            if allowed.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn client(sandbox: bool) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(Policy::none())
        .timeout(TIME)
        .user_agent(concat!("florin/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(PublicOnly { sandbox }));
    Ok(builder.build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_into_a_private_network() {
        for bad in [
            "http://127.0.0.1/",
            "https://127.0.0.1/",
            "https://10.0.0.1/",
            "https://192.168.1.1/",
            "https://172.16.0.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://0.0.0.0/",
            "https://100.64.0.1/",
            "https://255.255.255.255/",
            "https://2130706433/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "http://example.com/",
        ] {
            let url = Url::parse(bad).unwrap();
            assert!(!may_send_to(&url, false), "{bad}");
        }
        assert!(may_send_to(&Url::parse("https://example.com/hook").unwrap(), false));
        assert!(may_send_to(&Url::parse("https://93.184.216.34/hook").unwrap(), false));
        assert!(may_send_to(&Url::parse("http://127.0.0.1:9/hook").unwrap(), true));
        assert!(!may_send_to(&Url::parse("http://10.0.0.1/hook").unwrap(), true));
    }
}
