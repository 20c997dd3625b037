//! The two-level cache.
//!
//! The protocol, whose order matters:
//!
//! ```text
//! write k:  1 open the stripe of k          read k:  1 L1 hit, not expired: return it
//!           2 remove k from L1                       2 read the stripe: token
//!           3 write Redis                            3 read Redis
//!           4 close the stripe                       4 if the stripe was closed in the token and, under
//!                                                      L1's lock of k, it is still at it: fill L1
//! ```
//!
//! `stripe.rs` argues why no fill outlives a newer write. What steps 2 and 3 of the write add, in this order: once any
//! read has seen the new version in Redis, the old one has left L1 and cannot come back, so that a later read never
//! sees it again. With 2 and 3 swapped it can.
//!
//! # Derived keys
//!
//! A write of a key is a write of all that is derived from it: it opens all their stripes before it removes any of them from
//! L1, and closes all when Redis has acknowledged everything. A value that is made from an old version carries a token from
//! before the open, or from while the stripe is open, and is not kept. Opening waits for nobody, so that its order cannot
//! deadlock; it is that of the stripes, each once, so that there is one order to think about.
//!
//! Redis gets the key's own command first, and the derived keys' deletion then. On this node nobody can tell. On another one,
//! a value that was made from the old version and put into Redis between the two is deleted; the other way round it would
//! stay.
//!
//! # What becomes of a write that is not acknowledged
//!
//! | it | the stripe |
//! |---|---|
//! | was dropped before its command was sent | is closed: nothing comes |
//! | failed, and nothing is still to come of it ([`Outcome::NotApplied`], [`Outcome::Over`]) | is closed |
//! | failed with an unknown outcome, or was dropped | stays open: it is *lost* |
//!
//! A lost write may come at any time, and L1 must not keep what it will change. The next read or write that finds the stripe
//! open asks [`Remote::settle`] whether it still can, and closes the stripe if not; so does [`TieredCache::settle`]. What
//! settling answers for is what was lost *before it was asked*: the moment is taken first. `lost.rs` is the book of them.
//!
//! A write asks too, before it sends its own command. If it did not, a lost write could come after it. That would be right by
//! the rules (it never was acknowledged, so that it may come at any time) and it would surprise whoever repeats a write that
//! timed out.
//!
//! # Loading
//!
//! ```text
//! get or load k:  1 L1 hit: return it
//!                 2 take part in k's flight; a passenger returns what it comes to
//!                 3 leader: read the stripe, in the step in which it takes the lead: token
//!                 4 L1 hit: land
//!                 5 read Redis, and take a lease if there is none; a value: fill L1 as a read does, land
//!                 6 load
//!                 7 if the stripe was closed in the token, begin to fill, if it is still at it
//!                 8 remove k from L1
//!                 9 fill Redis under the lease
//!                10 fill L1 as a read does, under the token that 7 made
//!                11 end the fill; land
//! ```
//!
//! - `flights.rs` argues who may be given the result of 2. The token of 3 is taken under the lock of the flights: whoever took
//!   a seat before it has been waiting since before anything was read.
//! - 4 is for who missed in 1 just before another flight landed: without it the value would be loaded again.
//! - The lease of 5 is taken before the load. A write by *another* node between 5 and 9 ends it, and Redis refuses the fill;
//!   such a value is returned, but kept nowhere.
//! - A write by *this* node between 3 and 7 has changed the stripe: the value is returned, and kept nowhere. After 7 a write
//!   waits, between its steps 2 and 3, until 11 or until the fill is lost. So the SET of 9 never comes after that of a write that
//!   began later, with or without a lease.
//! - The command of 9 is part of a future that its owner may keep and not poll any more: a `select!` over `&mut load` whose other
//!   branch is the write. So a write that waits polls the command too, and ends the fill when it has the answer: `fills.rs`. The
//!   wait takes no longer than the command.
//! - 8 is the write's step 2: L1 may hold "absent", or what Redis has forgotten since. Between 7 and 10 nobody else fills L1,
//!   since the stripe is not closed.
//! - 10 comes before 11, because the token of 7 ends with 11. A write that has opened meanwhile has been through its removal,
//!   and the check refuses the fill.
//! - A fill that fails or is dropped with an unknown outcome is lost as a write is. Without a lease it might come after a later
//!   write, and put an old value there: that write settles first. A remote tier that has neither leases nor
//!   [`settle`](Remote::settle) keeps this hole open.
//!
//! One flight of a key at a time also means one load at a time. So of two loads of a source of truth, the later one fills
//! Redis and L1 later: values from the source do not go backwards, also while it is being written and the cache has not been
//! told yet.
//!
//! [`Outcome::NotApplied`]: crate::remote::Outcome::NotApplied
//! [`Outcome::Over`]: crate::remote::Outcome::Over
//! [`Remote::settle`]: crate::remote::Remote::settle
//! [`Remote`]: crate::remote::Remote

mod blocking;
mod cache;
mod filling;
mod invalidate;
mod kept;
mod load;
mod lost;
mod read;
mod write;

pub use blocking::Blocking;
pub use cache::TieredCache;
pub use kept::Kept;

#[cfg(test)]
mod tests;
