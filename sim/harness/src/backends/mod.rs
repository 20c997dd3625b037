//! The cache's primitives for simulation: one set for each engine.
//!
//! The map and the queue model production's: they return the same results, and use the engine's
//! locks around plain collections. A differential test compares them with DashMap and crossbeam's
//! queue.

mod digest;
mod engine;
mod held;
#[cfg(any(feature = "loom", feature = "shuttle"))]
mod locked;
#[cfg(feature = "loom")]
mod loom;
mod notes;
#[cfg(feature = "shuttle")]
mod shuttle;
mod simulated;

pub(crate) use engine::explorer as explorer_within;
pub use engine::{Engine, EngineAtomicU64, EngineClock, EngineMap, EngineMutex, EngineQueue};
pub(crate) use held::Held;
#[cfg(any(feature = "loom", feature = "shuttle"))]
pub use locked::{Entries, LockedMap, LockedQueue};
#[cfg(feature = "loom")]
pub use loom::{Loom, LoomAtomicU64, LoomClock, LoomMutex};
#[cfg(feature = "redis")]
pub(crate) use notes::made_for_users_line;
pub(crate) use notes::{
    Note, amend as amend_note, at_line, made_for, note, take as take_notes, take_blocked, take_sources,
};
#[cfg(feature = "shuttle")]
pub use shuttle::{Draw, Shuttle, ShuttleAtomicU64, ShuttleClock, ShuttleMutex};
pub use simulated::{Search, Simulated};
