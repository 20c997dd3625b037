//! Caches under test, each one a file with its steps in its header.
//!
//! All but [`tiered`] are *controls*: protocols in use elsewhere, each with a violation that a
//! search must find. A search that does not find it is broken. They are generic over the
//! primitives, so that any engine can run them, and use the same local tier as
//! [`selvedge::TieredCache`]: only the protocol differs.

pub mod article;
pub mod broadcast;
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

pub use cache::CacheUnderTest;
pub use caches::{Caches, Visitor};
pub use failure::Failure;
pub use registry::Protocol;
pub use tiers::{Settings, Tiers, WarmEntry};
