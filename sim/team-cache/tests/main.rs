//! Explores the unmodified cache, and other caches over redis-rs.

mod client_side_caching;
mod expiry;
mod features;
mod stale_backfill;
mod unsupported;
mod versions;
