//! Which addresses may be connected to.
//!
//! A provider names the address, so it must not become a way into the operator's own network: only public addresses are
//! connected to, checked after the name was resolved and for each connection: the connection is made to the very
//! addresses that were looked at. A sandbox may tell its own machine; `--allow-private-callbacks` also opens private
//! networks. Link-local addresses, where clouds answer with credentials, stay closed.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// What is open beside the public network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Policy {
    /// This machine, and without TLS.
    pub(crate) loopback: bool,
    /// Private networks.
    pub(crate) private: bool,
}

/// A name that leads nowhere it may.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the address is not a public one")]
pub(crate) struct NotPublic;

impl Policy {
    /// A literal address passes no resolver, so it is looked at here.
    pub(crate) fn may_send_to(self, url: &Url) -> bool {
        let address = match url.host() {
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            None => return false,
        };
        let plain = url.scheme() == "http" && (self.loopback || self.private);
        (url.scheme() == "https" || plain) && address.is_none_or(|address| self.may_connect(address))
    }

    /// Whether a connection may be made.
    fn may_connect(self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        if address.is_loopback() {
            return self.loopback;
        }
        match address {
            IpAddr::V4(v4) => (self.private && v4.is_private()) || is_public_v4(v4),
            IpAddr::V6(v6) => (self.private && v6.is_unique_local()) || is_public_v6(v6),
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let relay = a == 192 && b == 88 && c == 99;
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
        || relay
        || benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast, less the blocks for documentation and for tunnels that carry other addresses inside.
    (0x2000..0x4000).contains(&first)
        && !(first == 0x2001 && (second == 0x0db8 || second == 0))
        && first != 0x2002
        && first != 0x3fff
}

/// The system's resolver, whose answers are checked.
pub(crate) struct Checked(pub(crate) Policy);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| policy.may_connect(address.ip())).collect();
            if allowed.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: Policy = Policy { loopback: false, private: false };
    const SANDBOX: Policy = Policy { loopback: true, private: false };
    const DEVELOPMENT: Policy = Policy { loopback: true, private: true };

    fn may(policy: Policy, url: &str) -> bool {
        policy.may_send_to(&Url::parse(url).unwrap())
    }

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
            "https://[::ffff:7f00:1]/",
            "https://[::7f00:1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fd00:ec2::254]/",
            "https://0.0.0.0/",
            "https://100.64.0.1/",
            "https://255.255.255.255/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://017700000001/",
            "https://127.1/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "http://example.com/",
        ] {
            assert!(!may(PUBLIC, bad), "{bad}");
        }
        assert!(may(PUBLIC, "https://example.com/hook"));
        assert!(may(PUBLIC, "https://93.184.216.34/hook"));
        assert!(may(PUBLIC, "https://[2606:2800:220:1::1]/hook"));
        assert!(may(SANDBOX, "http://127.0.0.1:9/hook"));
        assert!(may(SANDBOX, "http://[::1]:9/hook"));
        assert!(!may(SANDBOX, "http://10.0.0.1/hook"));
        assert!(may(DEVELOPMENT, "http://10.0.0.1/hook"));
        assert!(may(DEVELOPMENT, "http://[fd00::1]/hook"));
        for policy in [PUBLIC, SANDBOX, DEVELOPMENT] {
            assert!(!may(policy, "http://169.254.169.254/latest"), "where clouds give out credentials");
            assert!(!may(policy, "https://[::ffff:169.254.169.254]/latest"));
            assert!(!may(policy, "https://[fe80::1]/"));
        }
    }
}
