//! Everything that the cache takes from the platform.
//!
//! The cache names no atomic, map, clock or executor directly. It is generic over [`Primitives`],
//! so that the code that runs in production, on [`Std`], is the code whose schedules a simulator
//! explores.

mod clock;
mod counters;
mod mutex;
mod primitives;
mod std;
mod tier_name;

pub use clock::StdClock;
#[doc(hidden)]
pub use counters::Counters;
pub use mutex::Mutex;
pub use primitives::{AtomicU64, Clock, Entry, Insertion, Key, Map, Primitives, Queue};
pub use std::{Std, StdMap};
pub use tier_name::TierName;
