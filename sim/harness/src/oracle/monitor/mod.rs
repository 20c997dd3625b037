//! The rules as an automaton: it runs along with one schedule, and says at once what that schedule breaks.
//!
//! [`judge`](super::judge) sees a whole history and speaks for its class. A search that remembers states has no history:
//! two that end in one state are one from there on. It takes every schedule's own order instead, and needs of the past
//! only what a later read can still be held to. That is what a [`Monitor`] remembers, and it is little, so that like
//! states are found to be alike. Over all schedules of a class, it finds the rules that the oracle finds in the class.

mod automaton;
mod check;
mod versions;

pub use automaton::{Monitor, OperationName};
