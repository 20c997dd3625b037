//! The sources of the programs, shared by all tools.

pub(super) mod async_oneshot;
pub(super) mod cache;
pub(super) mod channel;
pub(super) mod literature;
