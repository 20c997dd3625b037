//! One search of states on many machines, over a Redis server: the protocol.
//!
//! A *job* is one case on one server. Its *members* are workers of any number of processes. The
//! server has, for each job:
//!
//! - the set of claimed states, by fingerprint,
//! - the open states (claimed, and not yet acknowledged), each with a path that leads to it,
//! - the queue of the open states that no member has taken, and the taken ones with their leases,
//! - the counts of the acknowledged states.
//!
//! A member repeats: *take* open states; execute their steps; *claim* the states that these lead
//! to; *acknowledge* the taken states. Each is one Lua script, which the server executes
//! atomically.
//!
//! **No state is lost.** A claim adds a state to the set and to the open states in one script, so
//! a claimed state is open until it is acknowledged. A member acknowledges a state only after the
//! server has replied to the claims of all its successors. A state is in the member's local table
//! only after such a reply. A member that is killed leaves its states open; their leases expire,
//! and another member takes them.
//!
//! **No state is counted twice.** A state is counted when it is added to the set. Its steps and
//! findings are counted when it is removed from the open states. Each happens once, however often
//! members take, claim or acknowledge it. These counts are functions of the state and not of the
//! path, so the totals do not depend on the members.
//!
//! **Clocks do not matter.** A lease that expires too early makes two members execute the same
//! steps. A lease that expires late delays the end.
//!
//! **The end.** All claimed states are acknowledged. A member cannot add a state then, because it
//! claims successors only of states that it has taken, and these are claimed before.
//!
//! The generation of a job is a random number. Each script compares it and changes nothing if it
//! differs, so a server that has lost the job, or a new job of the same name, is noticed.

mod error;
mod job;
mod link;
mod outcome;
mod scripts;
mod worker;

pub use error::FleetError;
pub use job::{Identity, Job, LEASE, Taken};
pub use link::{Call, Link, Reply};
pub use outcome::Outcome;
pub(crate) use worker::Known;
pub use worker::{Acknowledgement, Item, Notes, Round, Worker};
