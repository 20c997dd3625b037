//! The modes of an [`Explorer`](crate::Explorer): the selection of schedules.
//!
//! An explorer has its mode as a type parameter, and only the settings that its mode supports. An
//! invalid combination of mode and setting does not compile.
//!
//! | mode | one execution for each | runs | preemption bound | workers |
//! |---|---|---|---|---|
//! | [`Optimal`] | class of schedules | many | no | yes |
//! | [`Naive`] | interleaving | many | yes | no |
//! | [`Stateful`] | new final state | many | yes | yes |
//! | [`Rc11`] | execution graph of weak memory | many | no | no |
//! | [`Random`], [`Pct`] | sample | many | yes | no |
//! | [`Replay`] | given schedule | one | no | no |
//!
//! Two modes contain another one. [`PreemptionBounded`] is the result of
//! [`max_preemptions`](crate::Explorer::max_preemptions), and [`Parallel`] the result of
//! [`jobs`](crate::Explorer::jobs). [`Any`] is a mode that is selected at run time.
//!
//! The last three columns are traits: [`ManyRuns`], which has bounds on executions and time,
//! [`CountsPreemptions`] and [`SharesWork`]. A mode whose executions run one after another on the
//! caller's OS thread implements [`SearchMode`].
//!
//! # Combinations that do not compile
//!
//! The optimal search runs one schedule for many, and the others may have fewer preemptions:
//!
//! ```compile_fail,E0277
//! selvedge_engine::Explorer::optimal().max_preemptions(2);
//! ```
//!
//! A search of schedules has no states:
//!
//! ```compile_fail,E0599
//! selvedge_engine::Explorer::naive().max_states(100);
//! ```
//!
//! ```compile_fail,E0599
//! selvedge_engine::Explorer::optimal().jobs(2).checkpointing();
//! ```
//!
//! ```compile_fail,E0599
//! # let checkpoint: selvedge_engine::Checkpoint = unreachable!();
//! selvedge_engine::Explorer::optimal().jobs(2).resume(checkpoint);
//! ```
//!
//! A preemption bound is part of the state, and the workers do not share such states:
//!
//! ```compile_fail,E0277
//! selvedge_engine::Explorer::stateful().max_preemptions(2).jobs(2);
//! ```
//!
//! A checkpoint belongs to a search with workers, also if it is one worker:
//!
//! ```compile_fail,E0599
//! selvedge_engine::Explorer::stateful().checkpointing();
//! ```
//!
//! The naive search, random searches and replays have one worker:
//!
//! ```compile_fail,E0277
//! selvedge_engine::Explorer::naive().jobs(2);
//! ```
//!
//! ```compile_fail,E0277
//! selvedge_engine::Explorer::random(1, 100).jobs(2);
//! ```
//!
//! ```compile_fail,E0277
//! selvedge_engine::Explorer::replay("s1:ba".parse().unwrap()).jobs(2);
//! ```
//!
//! A replay is one run, without a bound:
//!
//! ```compile_fail,E0277
//! selvedge_engine::Explorer::replay("s1:ba".parse().unwrap()).max_executions(2);
//! ```
//!
//! ```compile_fail,E0277
//! selvedge_engine::Explorer::replay("s1:ba".parse().unwrap()).max_preemptions(2);
//! ```
//!
//! The body of a search with workers is shared by OS threads:
//!
//! ```compile_fail,E0277
//! let local = std::rc::Rc::new(());
//! selvedge_engine::Explorer::optimal().jobs(2).run(move || drop(local.clone()));
//! ```

mod any;
mod naive;
mod optimal;
mod parallel;
mod preemption_bounded;
mod random;
mod rc11;
mod replay;
mod stateful;

pub use any::Any;
pub use naive::Naive;
pub use optimal::Optimal;
pub use parallel::Parallel;
pub use preemption_bounded::PreemptionBounded;
pub use random::{Pct, Random};
pub use rc11::Rc11;
pub use replay::Replay;
pub use stateful::Stateful;

pub use crate::capability::{CountsPreemptions, ManyRuns, SearchMode, SharesWork};
