//! Explores every client of a cache up to a bound, instead of the clients that scenarios list.
//!
//! A *client* is a multiset of threads, each a sequence of calls. A [`Family`] is the set of all
//! clients within [`Bounds`] whose calls are of some operations, with the starts of the tiers from
//! which each client runs. [`prove`] explores one client of each equivalence class under renaming
//! of threads, keys and values, from every start. If no search finds a violation, and all are
//! complete, every client of the family is consistent.
//!
//! # Renaming
//!
//! Threads are interchangeable: they differ in their names only. Values are numbered by the writes
//! that make them. Keys are interchangeable if the cache treats them alike: it stores values,
//! returns them and compares keys and values for equality.
//!
//! # Clients that are not run
//!
//! `contained.rs` states which clients need no search of their own, because larger clients of the
//! same family contain all of their schedules, and proves it.

mod additions;
pub(crate) mod clients;
mod contained;
mod family;
mod proof;
mod run;
mod scripts;
mod search;

pub use additions::Addition;
pub use family::{Bounds, Family, FamilyError, Start};
pub use proof::{ByCalls, Counterexample, Outcome, Proof};
pub use run::{Request, prove};
pub use search::fails;
