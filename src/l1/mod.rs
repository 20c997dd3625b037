//! The local tier: a map of values with expiry times and a bound on its size.

mod bound;
mod cached;
mod eviction;
mod ghosts;
mod removal;
mod tag;
mod tier;

pub use bound::Bound;
pub use cached::Cached;
pub use removal::{Listener, RemovalCause};
pub use tier::L1;

#[cfg(test)]
mod tests;
