//! Caches under test, each one a file with its steps in its header.
//!
//! All but [`tiered`] are *controls*: protocols that people ship, each with a violation that a search must find. A
//! search that no longer does is broken. They are written against the cache's seam, so that any engine can run them,
//! and are built of the same local tier as [`selvedge::TieredCache`]: what differs is the protocol alone.

pub mod article;
pub mod delayed_double_delete;
pub mod delete_first;
pub mod epoch;
pub mod shared_local_key;
pub mod tiered;
pub mod write_through;

mod cache;
mod caches;
mod failure;
mod registry;
mod tiers;
mod unfenced;

pub use cache::Cache;
pub(crate) use caches::Build;
pub use caches::{Caches, Visitor};
pub use failure::Failure;
pub use registry::Protocol;
pub use tiers::{Settings, Tiers, WarmEntry};
