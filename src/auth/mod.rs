//! Who may call: keys, scopes, principals and how often each may ask. Pure; the clock is passed in.

mod config;
mod key;
mod limiter;
mod principal;
mod scope;
mod secret;

pub use config::{AuthConfig, AuthMode, UnknownMode};
pub use key::{ApiKey, KeyHash, MalformedHash, MalformedKey};
pub use limiter::{Limiter, Quota, Rate};
pub use principal::Principal;
pub use scope::{Scope, UnknownScope};
pub use secret::{EmptySecret, Secret};
