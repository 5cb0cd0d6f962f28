//! What a model promises, with closures for networks.
