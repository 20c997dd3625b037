//! Semantic objects: each operation is one event, on as little as it really touches.

mod cell;
mod counter;
mod map;

pub use cell::Cell;
pub use counter::Counter;
pub use map::{Entry, Map};
