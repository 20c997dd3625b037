//! Several processes over one remote tier: what keeps the local tier of each *node* (one
//! [`TieredCache`] in one process) from missing the others' writes.
//!
//! A builder selects one of three levels:
//!
//! - The single-process level, by [`local_ttl`] or [`single_process`]: a node sees another node's
//!   write when its local entry expires. This is the default.
//! - [`Notified`], by [`Builder::notified`]: the server notifies each node of the writes by others.
//! - [`Strict`], by [`Builder::strict`]: the nodes together are linearizable. A write waits for the
//!   other nodes.
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
//! # The protocol of `Notified`
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
//! # The level `Strict`
//!
//! The guarantee, if the remote tier is the source of truth: reads and writes of all nodes are
//! linearizable, as if there were one process. The conditions:
//!
//! - Each writer of these keys uses this level. A write by another program, an expiry or an
//!   eviction in the remote tier, and `FLUSHALL` are not writes of this level: an entry may be
//!   served until it expires, or until it is written again. `FLUSHALL` is noticed at the next
//!   renewal of the lease.
//! - The clocks of two nodes differ in speed by at most one percent. They need not show the same
//!   time. The clock of a suspended machine stops: do not suspend a machine with a node.
//! - The remote tier is linearizable itself, so that it does not lose acknowledged writes.
//!
//! The price: a hit reads the clock and one word, and sends no request. A write has two round trips
//! instead of one, and waits in between until each other node has answered: usually one more. If a
//! node has stopped or has lost its connection, the first write waits until its lease has ended,
//! and removes it from the registry.
//!
//! This is the protocol of leases of Gray and Cheriton ("Leases: an efficient fault-tolerant
//! mechanism for distributed file cache consistency", SOSP 1989), with one lease per node for all
//! keys. The remote tier has, beside the values, the keys that are *open* for a write, and the
//! *registry* of the nodes that may hold a lease.
//!
//! ```text
//! write k:  1 open the stripe of k           read k:  0 if the lease has ended, go to 2
//!           2 remove k from L1                        1 L1 hit, not expired: return it
//!           3a open k in Redis: notifies the          2 read the stripe: token
//!              nodes, returns the registry            3 read Redis: the value, and whether
//!           3b wait until each node in it has           k is open
//!              answered, or until its lease           4 if k was not open, and the stripe was
//!              has ended since the reply to 3a          closed in the token and, under L1's
//!           3c write Redis, if k is still open          lock of k, is still at it: fill L1
//!              for this write, and close k;
//!              otherwise begin again at 3a   opening of k:  1 advance the stripe of k
//!           4 close the stripe                              2 remove k from L1
//!                                                           3 answer the writer
//!
//! renewal:  1 read the clock: asked          connect:  1 read the clock: asked
//!           2 register the node                        2 subscribe, then register the node
//!           3 at the reply:                            3 advance all stripes, clear L1
//!               lease ends = asked + length            4 lease ends = asked + length
//! ```
//!
//! **Why it holds.** An entry that a node may serve is equal to the value in Redis. Consider an
//! entry E of k with a version that the write W replaces in 3c, and the query of Redis that has
//! read E.
//!
//! - The query follows 3a. It has found k open, because k is open from 3a to 3c, and E was not
//!   stored.
//! - The query precedes 3a. So does the token. If the node has answered, it has advanced the stripe
//!   and then removed k: E's fill was refused, or E was removed, before 3c. If it has not answered,
//!   the lease under which it could serve E has ended before 3c: the request of that lease precedes
//!   the reply to 3a, because a reply to a later request follows the notification of the opening on
//!   the same connection, and the node has applied it then. A connection that was lost meanwhile is
//!   followed by `connect`, whose 3 has the effect of the notification.
//! - The node is not in the registry. Then it has no lease: it was removed by a write that has
//!   outlasted the lease, and only if it had not renewed it since (each renewal has a number); or
//!   it registers after 3a, and its 3 of `connect` removes E.
//!
//! So a hit returns the version that Redis has at the moment when the lease is checked, and 0
//! precedes 1 for the reason given for the horizon.
//!
//! **Time.** The lease is counted from before its request, and the wait of 3b from after the reply
//! to 3a, longer than the lease by one percent. So no clock is compared with another, and that of
//! the server decides nothing. How long a key stays open does depend on it: a writer may die
//! between 3a and 3c. If the time is too short, 3c is refused. While a key is open its reads query
//! Redis; after the death of a writer that lasts for two leases and a second at most.
//!
//! **A lost registry.** If Redis loses the registry, it does not know the nodes that hold leases.
//! So a registry is complete only after a write has waited for a whole lease. The first write of
//! all waits for that too.
//!
//! **Loads.** [`get_or_load`] stores a value in Redis only under a lease for fills, which each
//! write of this level ends, and does not open the key for that. So the absence of a key is not
//! cached locally at this level.
//!
//! [`TieredCache`]: crate::TieredCache
//! [`get_or_load`]: crate::TieredCache::get_or_load
//! [`Builder::notified`]: crate::Builder::notified
//! [`Builder::strict`]: crate::Builder::strict
//! [`local_ttl`]: crate::Builder::local_ttl
//! [`single_process`]: crate::Builder::single_process

mod node;
mod notified;
mod strict;

pub use node::{Coordinates, Node, Notifies};
pub use notified::Notified;
pub use strict::Strict;
