//! The local tier: values with the time at which they expire, and a bound on how many there are.

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
