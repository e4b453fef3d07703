//! From where a request comes.

use http::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;

/// The other end of the connection; the listener puts it on each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The address that a request comes from: the other end of the connection; behind proxies that are trusted, the last
/// address in `X-Forwarded-For` that is none of theirs. What a client writes there itself stands before that.
pub(crate) fn source(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
    let mut source = peer.to_canonical();
    if !is_trusted(source) {
        return source;
    }
    let said = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let said: Vec<&str> = said.flat_map(|value| value.split(',')).map(str::trim).collect();
    for text in said.into_iter().rev() {
        let Ok(address) = text.parse::<IpAddr>() else { break };
        source = address.to_canonical();
        if !is_trusted(source) {
            break;
        }
    }
    source
}

/// What an address is counted as: itself, or of version 6 its network of 64 bits, as its holder has all of that.
pub(crate) fn mark(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].iter().map(|net| net.parse().unwrap()).collect();
        let source = |peer: &str, said: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in said {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            super::source(ip(peer), &headers, &trusted).to_string()
        };
        assert_eq!(source("192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(source("192.0.2.1", &["198.51.100.7"]), "192.0.2.1", "anybody can write that");
        assert_eq!(source("10.1.1.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(source("10.1.1.1", &["203.0.113.9, 198.51.100.7, 10.2.2.2"]), "198.51.100.7", "two proxies");
        assert_eq!(source("10.1.1.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7", "two headers");
        assert_eq!(source("10.1.1.1", &["203.0.113.9, nonsense"]), "10.1.1.1");
        assert_eq!(source("10.1.1.1", &[]), "10.1.1.1");
        assert_eq!(source("::ffff:10.1.1.1", &["2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn a_network_of_version_6_counts_as_one() {
        assert_eq!(mark(ip("2001:db8::1")), mark(ip("2001:db8::2")));
        assert_ne!(mark(ip("2001:db8::1")), mark(ip("2001:db8:0:1::1")));
        assert_eq!(mark(ip("::ffff:192.0.2.1")), mark(ip("192.0.2.1")));
        assert_ne!(mark(ip("192.0.2.1")), mark(ip("192.0.2.2")));
    }
}
