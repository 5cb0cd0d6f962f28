//! What several tests share.

pub(crate) mod app;
pub(crate) mod clients;
#[cfg(feature = "otlp")]
pub(crate) mod collector;
pub(crate) mod description;
pub(crate) mod images;
pub(crate) mod models;
pub(crate) mod networks;
pub(crate) mod png;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod receiver;
pub(crate) mod tiff;
pub(crate) mod world;
