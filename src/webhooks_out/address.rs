//! Which addresses a webhook may be called at: public ones, and those of networks that the operator names.
//!
//! Pure. An address that carries another one inside (IPv4 in IPv6, by mapping, NAT64 or 6to4) is as public as that one.
//! **Source**: IANA's registries of special-purpose addresses, RFC 6890, read 2026-11-21.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// IPv4 that is nobody's on the Internet.
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),       // this network
    v4([10, 0, 0, 0], 8),      // private
    v4([100, 64, 0, 0], 10),   // behind a carrier's NAT
    v4([127, 0, 0, 0], 8),     // this machine
    v4([169, 254, 0, 0], 16),  // this link; the clouds' metadata among it
    v4([172, 16, 0, 0], 12),   // private
    v4([192, 0, 0, 0], 24),    // of protocols
    v4([192, 0, 2, 0], 24),    // documentation
    v4([192, 88, 99, 0], 24),  // relays of 6to4
    v4([192, 168, 0, 0], 16),  // private
    v4([198, 18, 0, 0], 15),   // benchmarks
    v4([198, 51, 100, 0], 24), // documentation
    v4([203, 0, 113, 0], 24),  // documentation
    v4([224, 0, 0, 0], 4),     // multicast
    v4([240, 0, 0, 0], 4),     // reserved, and broadcast
];
/// All of IPv6 that is given out for use on the Internet.
const PUBLIC_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// What of it is not.
const NOT_PUBLIC_V6: [Ipv6Net; 3] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),     // of protocols, Teredo among them
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),     // documentation
];
/// IPv6 that carries IPv4 in its last 32 bits: mapped (RFC 4291), and NAT64 (RFC 6052).
const CARRIES_AT_THE_END: [Ipv6Net; 2] =
    [v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96)];
/// IPv6 that carries IPv4 behind its first 16 bits: 6to4 (RFC 3056).
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);

const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(s: [u16; 8], bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]), bits)
}

/// Whether a call may go to this address: it is public, or in one of these networks.
pub fn may_be_called(address: IpAddr, networks: &[IpNet]) -> bool {
    is_public(address) || is_named(address, networks)
}

/// Whether one of these networks has this address.
pub fn is_named(address: IpAddr, networks: &[IpNet]) -> bool {
    let meant = meant(address);
    networks.iter().any(|network| network.contains(&address) || network.contains(&meant))
}

fn is_public(address: IpAddr) -> bool {
    match meant(address) {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            PUBLIC_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|network| network.contains(&address))
        }
    }
}

/// The address that is called in the end.
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(outer) = address else { return address };
    let [_, second, third, _, _, _, seventh, eighth] = outer.segments();
    let carried = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    if CARRIES_AT_THE_END.iter().any(|network| network.contains(&outer)) {
        carried(seventh, eighth)
    } else if SIX_TO_FOUR.contains(&outer) {
        carried(second, third)
    } else {
        address
    }
}

/// Reads the address of a webhook: https, or http where networks are named; no user name, no fragment. Where it names a
/// host by its IP address, that one is looked at here; a name's addresses are looked at with each call.
///
/// # Errors
/// The end of a sentence that begins with `url`.
pub fn read(text: &str, networks: &[IpNet]) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|wrong| format!("is no web address ({wrong}); it begins with https://"))?;
    let is_plain = url.scheme() == "http";
    if (url.scheme() != "https" && !is_plain) || url.host().is_none() {
        return Err("is no web address; it begins with https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        let says = "must not hold a user name or a password: they would be shown in lists and logs. Take them out; the \
                    signature proves who calls";
        return Err(says.to_owned());
    }
    if url.fragment().is_some() {
        return Err("must not hold a fragment (#…): no receiver gets to see it".to_owned());
    }
    if is_plain && networks.is_empty() {
        let says = "must begin with https://; http goes only to networks that ANDON_WEBHOOK_NETWORKS names";
        return Err(says.to_owned());
    }
    match literal(&url) {
        Some(address) if is_plain && !is_named(address, networks) => Err(plain_barred(address)),
        Some(address) if !may_be_called(address, networks) => Err(barred(address)),
        _ => Ok(url),
    }
}

/// The IP address by which a URL names its host, if it does.
pub fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

/// Why a call may not go to this address, as the end of a sentence.
pub fn barred(address: IpAddr) -> String {
    format!(
        "leads to {address}, which is no public address; use one that the world can reach, or name its network in \
         ANDON_WEBHOOK_NETWORKS"
    )
}

/// Why a call without TLS may not go to this address, as the end of a sentence.
pub fn plain_barred(address: IpAddr) -> String {
    format!(
        "leads to {address} without TLS; http goes only to networks that ANDON_WEBHOOK_NETWORKS names. Use https, or name \
         its network there"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(text: &str) -> Vec<IpNet> {
        text.split_whitespace().map(|network| network.parse().expect("a network")).collect()
    }

    #[test]
    fn only_public_addresses_are_called() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!may_be_called(private.parse().expect("an address"), &[]), "{private}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
        ] {
            assert!(may_be_called(public.parse().expect("an address"), &[]), "{public}");
        }
    }

    #[test]
    fn a_network_that_is_named_is_called_in_whatever_form() {
        let named = networks("10.1.0.0/16 fd00::/8");
        for (address, may) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("64:ff9b::a01:203", true),
            ("fd12::1", true),
            ("10.2.0.1", false),
            ("127.0.0.1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(may_be_called(address.parse().expect("an address"), &named), may, "{address}");
        }
        assert!(!is_named("1.1.1.1".parse().expect("an address"), &named));
    }

    #[test]
    fn an_address_of_a_webhook_is_https_and_hides_nothing() {
        let named = networks("127.0.0.0/8");
        for (text, has_networks, wrong) in [
            ("https://erp.plant.example/hooks?key=1", false, None),
            ("https://1.1.1.1/", false, None),
            ("https://erp.plant.example:8443", false, None),
            ("erp.plant.example", false, Some("is no web address")),
            ("ftp://erp.plant.example", false, Some("is no web address")),
            ("https://", false, Some("is no web address")),
            ("https://user@erp.plant.example", false, Some("must not hold a user name")),
            ("https://:secret@erp.plant.example", false, Some("must not hold a user name")),
            ("https://erp.plant.example/#part", false, Some("must not hold a fragment")),
            ("http://erp.plant.example", false, Some("must begin with https://")),
            ("http://erp.plant.example", true, None),
            ("http://127.0.0.1:9000/x", true, None),
            ("http://1.1.1.1/", true, Some("leads to 1.1.1.1 without TLS")),
            ("https://127.0.0.1/", false, Some("leads to 127.0.0.1, which is no public address")),
            ("https://[::1]/", false, Some("leads to ::1,")),
            ("https://[::ffff:10.0.0.1]/", false, Some("leads to ::ffff:10.0.0.1,")),
            ("https://2130706433/", false, Some("leads to 127.0.0.1,")),
            ("https://0x7f.1/", false, Some("leads to 127.0.0.1,")),
            ("https://0177.0.0.01/", false, Some("leads to 127.0.0.1,")),
            ("https://127.1/", false, Some("leads to 127.0.0.1,")),
            ("https://127.0.0.1./", false, Some("leads to 127.0.0.1,")),
            ("https://①②⑦.0.0.1/", false, Some("leads to 127.0.0.1,")),
            ("https://10.0.0.1/", true, Some("leads to 10.0.0.1,")),
        ] {
            let networks = if has_networks { &named[..] } else { &[] };
            let read = read(text, networks).map(drop);
            match wrong {
                None => assert_eq!(read, Ok(()), "{text}"),
                Some(wrong) => assert!(read.as_ref().is_err_and(|why| why.starts_with(wrong)), "{text}: {read:?}"),
            }
        }
    }
}
