//! Where events may go: to others on the internet, and where the settings allow it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

use super::WebhookConfig;
use super::address::is_public;

/// Longest address of a target, in bytes.
pub const LONGEST_TARGET: usize = 2048;

/// A target that may be called although it is not on the public internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A host, by its name.
    Host(String),
    /// A network, or a single address.
    Network(IpAddr, u8),
}

/// The text is neither a host nor a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a host, an address, or a network such as 10.0.0.0/8")]
pub struct InvalidAllowed;

/// Why nothing is sent to a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetRejected {
    /// The settings do not provide for webhooks.
    #[error("this service has no webhooks: webhooks.secret is not set")]
    Off,
    /// It is no URL.
    #[error("must be an absolute URL")]
    NotAUrl,
    /// It is too long.
    #[error("must have at most {limit} bytes, not {actual}")]
    TooLong {
        /// The limit.
        limit: usize,
        /// Its length.
        actual: usize,
    },
    /// It is not a URL of the web.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// It holds a user name or a password.
    #[error("must not hold a user name or a password")]
    Credentials,
    /// It is on this machine or in its network.
    #[error("must be on the public internet, and {host} is not")]
    Inner {
        /// The host, as it was given.
        host: String,
    },
}

/// Whether events may go to a target, as far as its text says. What its name stands for is
/// checked when it is called.
///
/// # Errors
/// [`TargetRejected`] if not.
pub fn check_target(target: &str, config: &WebhookConfig) -> Result<(), TargetRejected> {
    if config.secret.is_none() {
        return Err(TargetRejected::Off);
    }
    parse(target, &config.allow).map(drop)
}

/// The target as a URL.
pub(super) fn parse(target: &str, allow: &[Allowed]) -> Result<Url, TargetRejected> {
    if target.len() > LONGEST_TARGET {
        return Err(TargetRejected::TooLong { limit: LONGEST_TARGET, actual: target.len() });
    }
    let url = Url::parse(target).map_err(|_| TargetRejected::NotAUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(TargetRejected::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(TargetRejected::Credentials);
    }
    // The parser knows every way to write an address: `127.1`, `0x7f000001`, `2130706433`.
    let is_outside = match url.host() {
        None => return Err(TargetRejected::NotAUrl),
        Some(Host::Ipv4(address)) => may_call(address.into(), allow),
        Some(Host::Ipv6(address)) => may_call(address.into(), allow),
        Some(Host::Domain(name)) => !is_local(name) || is_allowed_host(name, allow),
    };
    if is_outside {
        Ok(url)
    } else {
        Err(TargetRejected::Inner { host: url.host_str().unwrap_or_default().to_owned() })
    }
}

/// Whether an address may be called.
pub(super) fn may_call(address: IpAddr, allow: &[Allowed]) -> bool {
    is_public(address)
        || allow.iter().any(|allowed| match allowed {
            Allowed::Network(first, bits) => lies_in(address.to_canonical(), *first, *bits),
            Allowed::Host(_) => false,
        })
}

/// Whether a host may be called whatever its addresses are.
pub(super) fn is_allowed_host(name: &str, allow: &[Allowed]) -> bool {
    let name = name.trim_end_matches('.');
    allow.iter().any(|allowed| match allowed {
        Allowed::Host(host) => host.eq_ignore_ascii_case(name),
        Allowed::Network(..) => false,
    })
}

/// Names that stand for this machine by definition.
fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn lies_in(address: IpAddr, first: IpAddr, bits: u8) -> bool {
    let shared = |address: u128, first: u128, length: u32| {
        let shift = length - u32::from(bits);
        address.checked_shr(shift) == first.checked_shr(shift)
    };
    match (address, first) {
        (IpAddr::V4(address), IpAddr::V4(first)) => {
            shared(address.to_bits().into(), first.to_bits().into(), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(first)) => shared(address.to_bits(), first.to_bits(), 128),
        _ => false,
    }
}

impl FromStr for Allowed {
    type Err = InvalidAllowed;

    fn from_str(text: &str) -> Result<Self, InvalidAllowed> {
        let (host, bits) =
            text.split_once('/').map_or((text, None), |(host, bits)| (host, Some(bits)));
        if let Ok(address) = host.parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(most), |bits| bits.parse().ok());
            return bits
                .filter(|bits| *bits <= most)
                .map(|bits| Self::Network(address, bits))
                .ok_or(InvalidAllowed);
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        // A name of digits alone would be read as an address.
        let is_name =
            host.bytes().any(|byte| byte.is_ascii_alphabetic()) && host.bytes().all(is_plain);
        if bits.is_none() && is_name {
            Ok(Self::Host(host.to_owned()))
        } else {
            Err(InvalidAllowed)
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => formatter.write_str(name),
            Self::Network(first, bits) => write!(formatter, "{first}/{bits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(host: &str) -> TargetRejected {
        TargetRejected::Inner { host: host.to_owned() }
    }

    #[test]
    fn targets_are_urls_of_the_web_outside() {
        for good in
            ["https://example.org/hook?a=b#c", "http://1.1.1.1:8080/", "https://[2606:4700::1]"]
        {
            assert!(parse(good, &[]).is_ok(), "{good}");
        }
        for (bad, reason) in [
            ("", TargetRejected::NotAUrl),
            ("/hook", TargetRejected::NotAUrl),
            ("https://", TargetRejected::NotAUrl),
            ("ftp://example.org", TargetRejected::Scheme),
            ("file:///etc/passwd", TargetRejected::Scheme),
            ("https://user@example.org", TargetRejected::Credentials),
            ("https://:secret@example.org", TargetRejected::Credentials),
            ("http://localhost/", inner("localhost")),
            ("http://LOCALHOST./", inner("localhost.")),
            ("http://a.localhost/", inner("a.localhost")),
            ("http://127.0.0.1/", inner("127.0.0.1")),
            ("http://127.1/", inner("127.0.0.1")),
            ("http://0x7f000001/", inner("127.0.0.1")),
            ("http://2130706433/", inner("127.0.0.1")),
            ("http://0177.0.0.1/", inner("127.0.0.1")),
            ("http://169.254.169.254/latest/meta-data", inner("169.254.169.254")),
            ("http://[::1]/", inner("[::1]")),
            ("http://[::ffff:10.0.0.1]/", inner("[::ffff:a00:1]")),
        ] {
            assert_eq!(parse(bad, &[]), Err(reason), "{bad}");
        }
        let long = format!("https://example.org/{}", "a".repeat(LONGEST_TARGET));
        assert!(matches!(
            parse(&long, &[]),
            Err(TargetRejected::TooLong { limit: LONGEST_TARGET, .. })
        ));
    }

    #[test]
    fn the_settings_can_let_inner_targets_through() {
        let allow = ["10.1.0.0/16", "hooks.internal", "localhost", "::1", "0.0.0.0/32"]
            .map(|text| text.parse::<Allowed>().unwrap());
        for good in
            ["http://10.1.2.3/", "http://[::ffff:10.1.2.3]/", "http://[::1]/", "http://localhost/"]
        {
            assert!(parse(good, &allow).is_ok(), "{good}");
        }
        for bad in ["http://10.2.0.1/", "http://127.0.0.1/", "http://[::2]/", "http://a.localhost/"]
        {
            assert!(parse(bad, &allow).is_err(), "{bad}");
        }
        assert!(is_allowed_host("HOOKS.internal.", &allow));
        assert!(!is_allowed_host("other.internal", &allow));
        assert!(lies_in("1.2.3.4".parse().unwrap(), "9.9.9.9".parse().unwrap(), 0));
    }

    #[test]
    fn what_is_allowed_reads_back_as_it_was_written() {
        for text in ["hooks.internal", "10.0.0.0/8", "fd00::/8"] {
            assert_eq!(text.parse::<Allowed>().unwrap().to_string(), text);
        }
        for bad in ["", "10.0.0.0/33", "10.0.0.0/", "host/8", "1234", "*", "a b", "http://a"] {
            assert_eq!(bad.parse::<Allowed>(), Err(InvalidAllowed), "{bad}");
        }
    }

    #[test]
    fn without_a_secret_there_are_no_webhooks() {
        let off = WebhookConfig::default();
        assert_eq!(check_target("https://example.org", &off), Err(TargetRejected::Off));
    }
}
