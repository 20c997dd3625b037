//! The programs' sources: one for all tools.

pub(super) mod async_oneshot;
pub(super) mod cache;
pub(super) mod channel;
pub(super) mod literature;
