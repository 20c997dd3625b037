//! The primitives that the cache runs on in a simulation, one set for each engine.
//!
//! The map and the queue are models of production's: the same answers, with the engine's own locks around plain ones. A
//! differential test holds each of them to DashMap and crossbeam's queue.

mod digest;
mod engine;
mod loom;
mod notes;
mod shuttle;
mod simulated;

pub(crate) use engine::explorer as explorer_within;
pub use engine::{Engine, EngineAtomicU64, EngineClock, EngineMap, EngineMutex, EngineQueue};
pub use loom::{Loom, LoomAtomicU64, LoomClock, LoomMap, LoomMutex, LoomQueue};
pub(crate) use notes::{Note, made_for, take as take_notes, take_blocked, take_sources};
#[cfg(feature = "redis")]
pub(crate) use notes::{made_for_users_line, note};
pub use shuttle::{Draw, Shuttle, ShuttleAtomicU64, ShuttleClock, ShuttleMap, ShuttleMutex, ShuttleQueue};
pub use simulated::{Search, Simulated};
