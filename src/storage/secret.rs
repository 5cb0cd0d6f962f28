//! Addresses with passwords in them, which no log may show.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// The address of a service. What is shown of it has no password and no query.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The whole address.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What comes before the first colon.
    pub fn scheme(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

/// The text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address that begins with a scheme and a colon")]
pub struct NotAnAddress;

impl FromStr for SecretUrl {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let is_path = text.strip_prefix("sqlite:").is_some_and(|path| !path.is_empty());
        if is_path || Url::parse(text).is_ok_and(|url| url.has_host()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnAddress)
        }
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(mut url) = Url::parse(&self.0) else {
            return formatter.write_str(&self.0);
        };
        if url.cannot_be_a_base() || !url.has_host() {
            return formatter.write_str(&self.0);
        }
        // A user name without a password is a token.
        let hidden = match (url.password(), url.username()) {
            (Some(_), _) => url.set_password(Some("***")),
            (None, "") => Ok(()),
            (None, _) => url.set_username("***"),
        };
        if hidden.is_err() {
            return write!(formatter, "{}://***", url.scheme());
        }
        if url.query().is_some() {
            url.set_query(Some("***"));
        }
        formatter.write_str(url.as_str())
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_no_password() {
        for (address, shown) in [
            ("postgres://cogd:hunter2@db/cogd", "postgres://cogd:***@db/cogd"),
            ("postgres://db/cogd?password=hunter2", "postgres://db/cogd?***"),
            ("nats://token@broker:4222", "nats://***@broker:4222"),
            ("sqlite:data/cogd.sqlite", "sqlite:data/cogd.sqlite"),
        ] {
            let url: SecretUrl = address.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
            assert_eq!(url.expose(), address);
        }
        for wrong in ["", "cogd.sqlite", "sqlite:", "postgres:", "://"] {
            assert!(wrong.parse::<SecretUrl>().is_err(), "{wrong:?}");
        }
    }
}
