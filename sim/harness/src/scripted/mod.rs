//! Scripts on our engine: the functions of a [`Script`](crate::script::Script) as the operations of a
//! cache, on the simulator's tiers.

mod build;
mod cache;

pub(crate) use build::Named;
