//! Single-flight: one load of a key at a time, whose result the other callers share.
//!
//! A *flight* is one load of one key. It has a *leader*, which loads, and *followers*, which
//! receive the leader's result. A key has at most one flight at a time. [`FlightTable`] has the
//! flights of all keys; a [`FlightGuard`] is one caller's part in a flight. The load itself is in
//! `tiered/load.rs`.
//!
//! # Which callers may share a flight
//!
//! The leader takes a token, and then reads. A caller may share the result only if it is not too
//! old for that caller:
//!
//! - A caller that was waiting before the token was taken may: the whole read happens while it
//!   waits.
//! - A later caller may if the stripe was closed in the token and has not changed since. Then no
//!   write has begun since. So each write that was acknowledged before this call, and each version
//!   that an earlier read returned, was there when the flight began to read.
//! - Any other caller waits on *standby*. When the flight completes, the callers on standby form
//!   the next one. The first of them leads it, and takes its token then. There is still one load at
//!   a time.
//!
//! # No caller waits forever
//!
//! A leader that leaves before the flight completes (its future was dropped or its loader panicked)
//! makes the first waiting caller the leader, and wakes it. If that one leaves before it runs, it
//! does the same. A flight without callers is removed. Callers to be woken are chosen under the
//! lock under which they wait, so that no wake-up is lost.

mod guard;
mod shard;
mod table;

pub(crate) use guard::FlightGuard;
pub(crate) use shard::Joined;
pub(crate) use table::FlightTable;
