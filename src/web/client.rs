//! Who is asking, as far as the network tells: the peer's address, or the one a trusted proxy names.
//!
//! `X-Forwarded-For` counts only where the peer is one of `ANDON_TRUSTED_PROXIES`, and then from the right: the
//! first address that is not such a proxy is the client. What a stranger writes into the header is never believed.

use crate::app::App;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The network that a request comes from, as text: an IPv4 address, or what one IPv6 subscriber has.
#[derive(Clone, Debug)]
pub struct Network(pub String);

impl FromRequestParts<App> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(network(of(&parts.extensions, &parts.headers, &app.settings.trusted_proxies)).to_string()))
    }
}

/// What one subscriber has: an IPv4 address, or the upper half of an IPv6 address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

/// The address of the client whose request has these extensions and headers.
pub fn of(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    address(peer, headers, trusted)
}

/// The client's address.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    if !is_trusted(&peer) {
        return peer;
    }
    let chain = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = chain.flat_map(|value| value.split(',')).map(str::trim).collect();
    let named = hops.iter().rev().map_while(|hop| hop.parse::<IpAddr>().ok());
    let mut nearest = peer;
    for ip in named {
        nearest = ip;
        if !is_trusted(&ip) {
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_about_its_neighbour() {
        let trusted: Vec<IpNet> =
            vec!["10.0.0.0/8".parse().expect("a network"), "127.0.0.1/32".parse().expect("a network")];
        let table = [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "192.0.2.66, 198.51.100.1, 10.1.2.3", "198.51.100.1"),
            ("127.0.0.1", "rubbish, 10.1.2.3", "10.1.2.3"),
            ("127.0.0.1", "", "127.0.0.1"),
        ];
        for (peer, header, client) in table {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", header.parse().expect("a header"));
            let peer: IpAddr = peer.parse().expect("an address");
            assert_eq!(address(peer, &headers, &trusted).to_string(), client, "{peer} says {header}");
        }
    }
}
