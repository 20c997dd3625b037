//! The primitives that the cache runs on in a simulation, one set for each engine.
//!
//! The map is a model of production's: the same answers, with the engine's own locks around a plain map. A
//! differential test holds each of them to DashMap.

mod loom;
mod shuttle;
mod simulated;

pub use loom::{Loom, LoomAtomicU64, LoomClock, LoomMap};
pub use shuttle::{Shuttle, ShuttleAtomicU64, ShuttleClock, ShuttleMap};
pub use simulated::{Search, Simulated};
