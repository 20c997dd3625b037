//! The local tier: results, bound, evictions and listeners.

mod accounting;
mod fixture;
mod policy;
mod removals;
mod time;
