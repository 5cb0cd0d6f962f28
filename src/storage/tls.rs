//! The one provider of cryptography for every TLS connection of the process.

/// Makes `ring` the provider of TLS. Calling it again does nothing.
pub fn install_tls() {
    // An error says that the process has a provider already: ours, from an earlier call.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
