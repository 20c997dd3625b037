//! The two-level cache.
//!
//! The protocol; its order matters:
//!
//! ```text
//! write k:  1 open the stripe of k     read k:  1 L1 hit, not expired: return it
//!           2 remove k from L1                  2 read the stripe: token
//!           3 write Redis                       3 read Redis
//!           4 close the stripe                  4 if the stripe was closed in the token and, under
//!                                                 L1's lock of k, it is still at it: fill L1
//! ```
//!
//! `fence/stripe.rs` proves that no fill outlives a newer write. Steps 2 and 3 of the write, in
//! this order, add this: once a read has seen the new version in Redis, the old one has left L1 and
//! cannot return, so that no later read sees it. With 2 and 3 swapped, one can.
//!
//! # Derived keys
//!
//! A write of a key also writes all keys derived from it: it opens all their stripes before it
//! removes any of them from L1, and closes all when Redis has acknowledged every command. A value
//! computed from an old version carries a token from before the open or from while the stripe is
//! open, and is not cached. Opening never waits, so that its order cannot deadlock. Stripes are
//! opened in ascending order, without duplicates, so that there is one order to consider.
//!
//! The key's own command goes to Redis first, then the deletion of the derived keys. In this
//! process the order cannot be observed. In another one, a value that was computed from the old
//! version and stored in Redis between the two is deleted; with the opposite order it would stay.
//!
//! # Writes that are not acknowledged
//!
//! | the write | its stripes |
//! |---|---|
//! | was dropped before its command was sent | are closed: it cannot take effect |
//! | failed with [`Outcome::NotApplied`] or [`Outcome::Over`] | are closed |
//! | failed with an unknown outcome, or was dropped | stay open: the write is *lost* |
//!
//! A lost write may take effect at any time, and L1 must not cache its keys before that. The next
//! read or write that finds the stripe open calls [`Remote::settle`], and closes the stripe if the
//! lost write can no longer take effect; so does [`TieredCache::settle`]. Settling covers the
//! writes that were lost *before the call*: the moment is taken first. `fence/losses.rs` records
//! the lost writes.
//!
//! A write settles before it sends its own command. Otherwise a lost write could take effect after
//! it. That would be correct (it was never acknowledged, so that it may take effect at any time),
//! but it would surprise a caller that repeats a write after a timeout.
//!
//! # Loading
//!
//! ```text
//! get or load k:  1 L1 hit: return it
//!                 2 join k's flight; a follower returns its result
//!                 3 leader: read the stripe, in the step in which it takes the lead: token
//!                 4 L1 hit: complete
//!                 5 read Redis, and take a lease if there is no value;
//!                   otherwise fill L1 as a read does, complete
//!                 6 load
//!                 7 if the stripe was closed in the token, begin to fill, if it is still at it
//!                 8 remove k from L1
//!                 9 fill Redis under the lease
//!                10 fill L1 as a read does, under the token that 7 made
//!                11 end the fill; complete
//! ```
//!
//! - `flights/mod.rs` proves which callers may share the result of 2. The token of 3 is taken under
//!   the lock of the flights: a caller that joined before it has been waiting since before the
//!   first read.
//! - 4 is for a caller that missed in 1 just before another flight completed. Without it the value
//!   would be loaded again.
//! - The lease of 5 is taken before the load. A write by *another* process between 5 and 9 ends it,
//!   and Redis refuses the fill. The value is returned, but not cached.
//! - A write by *this* process between 3 and 7 has changed the stripe. The value is returned, but
//!   not cached. After 7 a write waits, between its steps 2 and 3, until 11 or until the fill is
//!   lost. So the SET of 9 never follows that of a write that began later, with or without a lease.
//! - The command of 9 is part of a future that its owner may keep without polling it: a `select!`
//!   over `&mut load` whose other branch is the write. So a waiting write polls the command too,
//!   and ends the fill when it has the answer: `fence/fills.rs`. The wait takes no longer than the
//!   command.
//! - 8 is the write's step 2: L1 may hold "absent", or an entry that Redis no longer has. Between 7
//!   and 10 no other fill of L1 succeeds, because the stripe is not closed.
//! - 10 precedes 11, because the token of 7 ends with 11. A write that has opened in the meantime
//!   has made its removal, and the check refuses the fill.
//! - A fill that fails or is dropped with an unknown outcome is lost, like a write. Without a lease
//!   it might take effect after a later write, and store an old value: that write settles first. A
//!   remote tier with neither leases nor [`settle`](Remote::settle) leaves this hole open.
//!
//! One flight of a key at a time also means one load at a time. So of two loads of a source of
//! truth, the later one fills Redis and L1 later: values from the source do not go back in time,
//! even while it is being written and the cache has not been notified yet.
//!
//! [`Outcome::NotApplied`]: crate::remote::Outcome::NotApplied
//! [`Outcome::Over`]: crate::remote::Outcome::Over
//! [`Remote::settle`]: crate::remote::Remote::settle
//! [`Remote`]: crate::remote::Remote

mod blocking;
mod cache;
mod invalidate;
mod load;
mod read;
mod settle;
mod strict;
mod write;

pub use blocking::Blocking;
pub use cache::TieredCache;
pub(crate) use strict::OwnCoordinator;

#[cfg(test)]
mod tests;
