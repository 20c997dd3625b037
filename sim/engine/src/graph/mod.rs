//! Execution graphs under the memory model RC11, and the search that visits each consistent graph
//! once.
//!
//! The algorithm is TruSt (Kokologiannakis, Marmanis, Gladstein, Vafeiadis: "Truly stateless,
//! optimal dynamic partial order reduction", POPL 2022). Awaits are added with a value that
//! satisfies them only, so that no run waits in vain (Kokologiannakis, Marmanis, Vafeiadis:
//! "Unblocking dynamic partial order reduction", CAV 2023).

mod event;
mod execution_graph;
mod level;
mod maximal;
mod object;
mod operation;
mod plan;
mod relation;
mod replay;
mod revisit;
mod search;
mod seq_cst;
mod stuck;

pub(crate) use event::EventId;
pub(crate) use execution_graph::Graph;
pub(crate) use operation::{Announced, WaitCondition};
pub(crate) use replay::RecordedStep;
pub(crate) use search::{Move, Options, PlainAccess, Search};
