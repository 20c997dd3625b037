//! Semantic objects: each operation is one event on the smallest set of locations that it accesses.
//!
//! The table lists the operations of an object that commute, whose order is never explored. All
//! others conflict. A test (`tests/commutativity`) runs both orders of each line in random states.
//!
//! | object | commute |
//! |---|---|
//! | [`Cell`] | `get` with `get` |
//! | [`Counter`] | `add` with `add`; `get` with `get` |
//! | [`Map`] | operations on different keys; reads (`get`, `look`, `contains_key`, `len`, `keys`, `to_vec`) with one another, and `len` and its like with `entry` until it ends |
//! | [`Set`] | operations on different keys; `contains`, `len`, `to_vec`, an `insert` that finds its key and a `remove` that does not, with one another |
//! | [`Lock`] | nothing on the same lock |
//! | [`Queue`] | `push` with a `pop` that takes another item; a `pop` that finds nothing with another, and with `len` |
//! | [`Object`] | as declared by the caller: operations on different keys, and reads |

mod cell;
mod counter;
mod lock;
mod map;
mod own;
mod queue;
mod set;

pub use cell::Cell;
pub use counter::Counter;
pub use lock::Lock;
pub use map::{Entry, Map};
pub use own::{Object, Touch};
pub use queue::Queue;
pub use set::Set;
