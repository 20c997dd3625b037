//! Several processes over one remote tier: what keeps the local tier of each *node* (one
//! [`TieredCache`] in one process) from missing the others' writes.
//!
//! A builder selects one of two levels:
//!
//! - The single-process level, by [`local_ttl`] or [`single_process`]: a node sees another node's
//!   write when its local entry expires. This is the default.
//! - [`Notified`], by [`Builder::notified`]: the server notifies each node of the writes by others.
//!
//! # The level `Notified`
//!
//! The guarantees, if the remote tier is the source of truth:
//!
//! 1. A node's reads never go backwards: a read returns no version older than one that an earlier,
//!    completed read *of the same node* returned.
//! 2. After a notification has arrived at a node, no read that begins there returns an older
//!    version.
//! 3. A node that may have missed a notification serves nothing from its local tier until its
//!    connection delivers them again. Its reads query the remote tier meanwhile.
//! 4. No read returns a version that was overwritten more than [`within`](Notified::within) before
//!    the read began, by a write that was acknowledged. The node measures this on its own monotonic
//!    clock, and does not rely on a background task to do so.
//! 5. After a write by the node itself was acknowledged, no read that begins there returns an older
//!    version, as with one process.
//!
//! It is weaker than linearizable: until the notification arrives, a read can return the version
//! before another node's write, also after a read on a third node has returned the new one.
//!
//! With a source of truth *behind* the remote tier ([`get_or_load`]) this level is not proven. Set
//! a [`local_ttl`] too: it limits the age of an entry whatever happens.
//!
//! # The protocol
//!
//! ```text
//! read k:  0 if the horizon has passed, go to 2   notification of k:  1 advance the stripe of k
//!          1 L1 hit, not expired: return it                           2 remove k from L1
//!          2 read the stripe: token
//!          3 read Redis                           heartbeat:  1 read the clock: asked
//!          4 if the stripe was closed in the                  2 send a command
//!            token and, under L1's lock of k,                 3 at its answer:
//!            it can be advanced from it:                        horizon = asked + bound
//!            fill L1, return
//!          5 as in 0 and 1: return a hit          connect:  1 read the clock: asked
//!          6 advance the stripe, remove k                   2 turn notifications on, wait
//!            from L1, return the value of 3                 3 advance all stripes
//!                                                           4 clear L1
//! loss:    1 horizon = 0                                    5 horizon = asked + bound
//! ```
//!
//! Writes by the node itself are those of one process (`tiered/mod.rs`). The differences are in
//! reads: a fill *advances* the stripe, and a read that cannot fill does not just return.
//!
//! **Why it holds.** Consider an entry E of k that a read F has filled, a hit of E, and an earlier,
//! completed read R of the same node. `A < B` is the order of the stripe's modifications.
//!
//! - R has filled L1 in 4, by advancing the stripe in C. If C precedes F's token, F has queried
//!   Redis after R had its value: E is not older. If C comes after F's fill, it has replaced E. In
//!   between, F's own advance fails.
//! - R has returned its value in 6, after it advanced the stripe in C. If C precedes F's token: as
//!   above. If C comes after F's fill, the removal of 6 has removed E. In between, F's advance
//!   fails.
//! - R was a hit of another entry. The one that was filled later was also queried later, since its
//!   token follows the earlier fill; and it has replaced the earlier one.
//! - With a notification in place of R, the same two cases hold: this is the second guarantee.
//!
//! A fill must advance the stripe, and not only compare it: otherwise two reads of the same token
//! can fill in the order opposite to that of their queries, and the older value comes last. For the
//! same reason a read that does not fill removes the entry, unless it can return that entry
//! instead. The second is the common case, when many reads miss the same key at once: the first
//! fills, and the others return its entry.
//!
//! **The horizon.** Notifications of one connection arrive in order, before the answers to later
//! commands over it. So at the answer of a heartbeat, the node has applied the notification of each
//! write that was acknowledged before `asked`, and a read that finds the horizon ahead returns
//! nothing that was overwritten more than `bound` ago. 0 precedes 1: an entry that is found after
//! the horizon was read is at least as new as the horizon promises.
//!
//! **The loss of the connection.** After a loss the horizon is 0. Reads still fill L1, but do not
//! serve it. Notifications are on again after 2 of the connect. An entry that was queried before
//! is removed by 4, or its fill is refused because of 3; the notification of a later write arrives.
//! So 3 precedes 4, and 5 is last.
//!
//! [`TieredCache`]: crate::TieredCache
//! [`get_or_load`]: crate::TieredCache::get_or_load
//! [`Builder::notified`]: crate::Builder::notified
//! [`local_ttl`]: crate::Builder::local_ttl
//! [`single_process`]: crate::Builder::single_process

mod node;
mod notified;

pub use node::{Node, Notifies};
pub use notified::Notified;
