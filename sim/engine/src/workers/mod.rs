//! One search on several OS threads.
//!
//! Each worker is an OS thread with an execution of its own, since coroutines and thread-locals belong to a thread. What
//! the workers share is work: a worker that has none takes some that another has left lying, and the search is over when
//! nobody has any. What an item of work is, a strategy knows; that a task or a location has the same number on each
//! worker, [`Names`] sees to.

mod jobs;
mod seat;
mod team;

pub(crate) use seat::{Seat, seats};
