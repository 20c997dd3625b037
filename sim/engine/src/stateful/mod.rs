//! States, for a search that visits each of them once.
//!
//! The state of a program consists of the local state of each task and the contents of each object.
//! The engine cannot inspect the local state of a task, because a task is a stack of native frames.
//! But a task is deterministic, so that its local state is a function of its observations.
//! Therefore every operation adds its results to the task's fingerprint, and a task receives
//! nothing else. The contents of an object with one word are
//! that word. Other contents (the value in a mutex) are a function of the writer's local state: a
//! causal chain leads from the writer's fingerprint to the object's fingerprint, and on to each
//! reader. `docs/stateful-proofs.md` contains the proof.

mod checkpoint;
mod frontier;
mod monitor;
mod monitor_digest;
mod part;
mod renaming;
mod state;
mod states;
mod symmetric_view;
mod task_view;
mod transition;
mod unsupported;
mod visited;
mod wakers;

pub use checkpoint::Checkpoint;
pub use frontier::{Expanded, Frontier, OpenState, TaskNumbers};
pub use monitor::Monitor;
pub(crate) use monitor_digest::pending_effects;
pub use part::Part;
pub use renaming::{Alike, Name, Symbol, hash_unordered};
pub(crate) use state::State;
pub use states::{Found, States};
pub(crate) use task_view::TaskView;
use transition::Transition;
pub(crate) use transition::{Effect, Input};
pub use unsupported::Unsupported;
pub(crate) use visited::{Visit, Visited};
pub(crate) use wakers::Signal;
