//! What every request passes on its way in and out, one concern per file.

pub(super) mod access;
pub(super) mod authenticate;
pub(super) mod cors;
pub(super) mod panic;
pub(super) mod problems;
pub(super) mod request_id;
pub(super) mod security;
pub(super) mod trace;
