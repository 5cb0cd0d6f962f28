//! Which addresses belong to others on the internet, and not to this machine or its network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network: its first address and the number of bits that all its addresses share.
type Network4 = ([u8; 4], u32);
type Network6 = ([u16; 8], u32);

/// What of IPv4 is not the public internet (the registry of special addresses of IANA).
const SPECIAL_4: &[Network4] = &[
    ([0, 0, 0, 0], 8),       // this network
    ([10, 0, 0, 0], 8),      // private
    ([100, 64, 0, 0], 10),   // shared by the customers of a provider
    ([127, 0, 0, 0], 8),     // loopback
    ([169, 254, 0, 0], 16),  // link-local, with the metadata services of clouds
    ([172, 16, 0, 0], 12),   // private
    ([192, 0, 0, 0], 24),    // protocols
    ([192, 0, 2, 0], 24),    // documentation
    ([192, 88, 99, 0], 24),  // relays of 6to4
    ([192, 168, 0, 0], 16),  // private
    ([198, 18, 0, 0], 15),   // benchmarks
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 4),     // multicast
    ([240, 0, 0, 0], 4),     // reserved, and broadcast
];

/// What of IPv6 is given out to the public at all.
const GLOBAL_6: Network6 = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What of that is something else.
const SPECIAL_6: &[Network6] = &[
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocols: Teredo, ORCHID
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
];

/// Addresses of IPv6 that stand for one of IPv4, and where that begins, in bytes.
const EMBEDDED: &[(Network6, usize)] = &[
    (([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), 12),    // mapped
    (([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), 12), // NAT64
    (([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), 2),     // 6to4
];

/// Whether an address belongs to somebody on the public internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => is_public_6(address),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    !SPECIAL_4
        .iter()
        .any(|(first, bits)| shares(address.to_bits(), u32::from_be_bytes(*first), *bits))
}

fn is_public_6(address: Ipv6Addr) -> bool {
    let lies_in = |(first, bits): &Network6| {
        let first = Ipv6Addr::from(*first);
        let shift = 128 - bits;
        address.to_bits() >> shift == first.to_bits() >> shift
    };
    if let Some((_, at)) = EMBEDDED.iter().find(|(network, _)| lies_in(network)) {
        let bytes = address.octets();
        return is_public_4(Ipv4Addr::new(bytes[*at], bytes[at + 1], bytes[at + 2], bytes[at + 3]));
    }
    lies_in(&GLOBAL_6) && !SPECIAL_6.iter().any(lies_in)
}

fn shares(address: u32, first: u32, bits: u32) -> bool {
    let shift = 32 - bits;
    address >> shift == first >> shift
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn no_form_of_an_inner_address_is_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::1.1.1.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    proptest! {
        #[test]
        fn what_the_standard_library_calls_inner_is_never_public(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let is_inner = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_multicast()
                || address.is_unspecified();
            prop_assert!(!(is_inner && is_public(address.into())));
        }

        #[test]
        fn an_address_of_ipv4_is_judged_alike_in_every_form(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let [a, b, c, d] = address.octets();
            let pair = |high: u8, low: u8| u16::from_be_bytes([high, low]);
            let (high, low) = (pair(a, b), pair(c, d));
            for form in [
                address.to_ipv6_mapped(),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 1, 2, 3, 4, 5),
            ] {
                prop_assert_eq!(is_public(form.into()), is_public(address.into()));
            }
            prop_assert!(!is_public(address.to_ipv6_compatible().into()));
        }

        #[test]
        fn nothing_outside_of_global_unicast_is_public_unless_it_stands_for_ipv4(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            if bits >> 125 != 1 && address.to_ipv4_mapped().is_none() && bits >> 96 != 0x0064_ff9b {
                prop_assert!(!is_public(address.into()));
            }
        }

        #[test]
        fn inner_networks_of_ipv6_are_never_public(bits: u128, kind in 0..4_usize) {
            let (first, length) = [(0xfc00, 7), (0xfe80, 10), (0xff00, 8), (0xfec0, 10)][kind];
            let mask = u128::MAX >> length;
            let address = Ipv6Addr::from_bits((bits & mask) | (first << 112));
            prop_assert!(!is_public(address.into()), "{}", address);
        }
    }
}
