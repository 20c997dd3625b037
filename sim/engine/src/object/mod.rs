//! Semantic objects: each operation is one event on the smallest set of locations that it accesses.
//!
//! The table lists the operations of an object that commute, whose order is never explored. All
//! others conflict. A test (`tests/commutativity`) runs both orders of each line in random states.
//!
//! | object | commute |
//! |---|---|
//! | [`Cell`] | `get` with `get` |
//! | [`Counter`] | `add` with `add`; `get` with `get` |
//! | [`Map`] | different keys; reads; `len`, `keys`, `to_vec` with `entry` until it ends |
//! | [`Set`] | different keys; operations that change nothing |
//! | [`Lock`] | nothing on the same lock |
//! | [`Queue`] | `push` with `pop` of another item; `pop`s of an empty queue, and `len` |
//! | [`Object`] | as declared by the caller: operations on different keys, and reads |

mod cell;
mod counter;
mod lock;
mod map;
mod outside;
mod own;
mod queue;
mod set;

pub use cell::Cell;
pub use counter::Counter;
pub use lock::Lock;
pub use map::{Entry, Map};
pub use outside::OutsideWord;
pub use own::{Object, Touch};
pub use queue::Queue;
pub use set::Set;
