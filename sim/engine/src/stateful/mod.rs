//! States: what they are to a search that goes into each of them once.
//!
//! A program's state is where each task stands and what each object holds. The first cannot be looked at, because a task
//! is a stack of native frames; but a task is deterministic, so that where it stands is a function of what it has
//! observed. So every operation hands what its task learns to the task's fingerprint, and what is learnt is all that the
//! task is given ([`Granted`](crate::runtime::Granted)). An object that holds one word holds that word. What holds more
//! (the value in a mutex) is a function of what its writer knew: a causal chain, from the writer's fingerprint to the
//! object's, and on to whoever looks. `docs/stateful.md` argues why that is sound.

mod checkpoint;
mod monitor;
mod part;
mod renaming;
mod says;
mod side;
mod state;
mod states;
mod step;
mod unfit;
mod visited;
mod wakers;

pub use checkpoint::Checkpoint;
pub use monitor::Monitor;
pub use part::Part;
pub use renaming::{Alike, Name, Symbol, hash_unordered};
pub(crate) use says::fate;
pub(crate) use state::State;
pub use states::{Found, States};
use step::Step;
pub(crate) use step::{Effect, Input};
pub use unfit::Unfit;
pub(crate) use visited::{Visit, Visited};
pub(crate) use wakers::Signal;
