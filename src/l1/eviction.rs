//! The eviction policy.
//!
//! S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023), with SIEVE
//! (Zhang et al., "SIEVE is simpler than LRU", NSDI 2024) for its main queue, so that one bit per
//! entry is enough. A hit only sets the bit, if it is not set yet.
//!
//! - A new entry is on *probation*: a queue with a tenth of the weight. When it reaches the head,
//!   it is promoted if it has been read, and evicted otherwise.
//! - The *main queue* has a hand, which moves from the oldest entry to the newest. An entry that
//!   was read since the hand passed it is spared, and keeps its position; others are evicted. Items
//!   cannot be taken from the middle of a queue, so that the main queue is two: the entries ahead
//!   of the hand, with the newest at the end, and those that it has passed, in the same order. When
//!   none is ahead, the two swap roles.
//! - A new entry goes to the main queue at once if its key was recently evicted on probation, or
//!   removed from the main queue by the user. The latter is not in the papers. It matters most for
//!   a cache that writes invalidate: a write does not change how often a key is read.
//!
//! # Nodes
//!
//! A queue holds nodes: a key and a ticket. The entry's tag in the map has the same ticket. A key
//! that is removed leaves its node behind. If it returns, it gets a new ticket and a new node, so
//! that the old node is *dead* and not mistaken for the new one. An entry whose value is replaced
//! keeps its ticket and its position. A dead node is dropped when it is found. (Tickets wrap around
//! after 2^30. A dead node that is still there then, for the same key, would be mistaken for a live
//! one: the key has two nodes, and the policy is off by one.)
//!
//! To limit dead nodes and expired entries, insertions *sweep*: each inspects a few nodes and puts
//! the live ones back at the end. (An insertion that replaces an entry which cannot expire does
//! not: it adds no node.) If there is room, neither probation nor the hand moves by itself, and an
//! insertion inspects two nodes of each. If there is none, probation moves, and it inspects one
//! node of each main queue, which keeps its position relative to the hand. So each node is
//! inspected within about as many insertions as there are nodes, and there are at most about twice
//! as many nodes as entries. Expired entries stay until something is inserted.
//!
//! # The bound
//!
//! The weight of an entry is added under the lock of its key, before it is inserted, and subtracted
//! after it has left. So the sum is never less than the weight of the entries. A thread that has
//! added to it evicts until the sum is within the bound or no queue has a node. It may find none
//! because another thread is inspecting one. That thread puts the node back and *then* loads the
//! sum, which includes the added weight: adding and loading are sequentially consistent, like the
//! queues, so that at least one of the threads sees the other. So once all are done, the sum is
//! within the bound.
//!
//! All other words are relaxed. Tickets only need to be unique, which any read-modify-write
//! ensures. The weight on probation, the hand's queue and the ghosts are hints: a thread that reads
//! an old value tries the wrong queue first, and then the other.
//!
//! # Coherence
//!
//! This file never creates, copies or moves a value. It only removes entries from the map or
//! changes their tags, under the lock of the key. So at any time L1 has for a key either the entry
//! that it would have without a bound, or none. The proof in `fence/stripe.rs` is about the fills
//! that are still there, and holds for any subset of them.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::cached::Cached;
use super::ghosts::{Ghosts, KeyHash};
use super::removal::RemovalCause;
use super::tag::Tag;
use crate::sync::{AtomicU64, Entry, Key, Map, Primitives, Queue};

/// Probation's share of the weight is one part in this many.
const PROBATION: u64 = 10;

/// The number of entries that an insertion spares before it evicts one regardless. Without a limit,
/// an insertion might not end if nearly all entries have been read.
const MOST_SPARED: u32 = 64;

/// The number of nodes per queue that an insertion inspects if it evicts nothing. Each insertion
/// adds one.
const SWEPT: u32 = 2;

/// The position of an entry in a queue.
pub(super) struct Node<K> {
    key: K,
    ticket: u32,
}

/// The queue of a node.
#[derive(Clone, Copy)]
enum Line {
    Probation,
    /// The main queue with this index.
    Main(usize),
}

/// The result of inspecting a node.
enum Look<V> {
    /// Its entry has left.
    Dead,
    /// Its entry has this tag now.
    Lives(Tag),
    /// Its entry had this tag, and was removed.
    Removed(Cached<V>, Tag, RemovalCause),
}

/// The queues and sums of a bounded tier.
pub(super) struct Eviction<K: Key, P: Primitives> {
    capacity: u64,
    /// The weight of all entries.
    used: P::AtomicU64,
    /// The weight of those on probation. A hint for the queue to evict from next.
    on_probation: P::AtomicU64,
    tickets: P::AtomicU64,
    probation: P::Queue<Node<K>>,
    main: [P::Queue<Node<K>>; 2],
    /// The index of the queue that is ahead of the hand.
    ahead: P::AtomicU64,
    /// Keys that were evicted on probation.
    evicted: Ghosts<P>,
    /// Keys that were removed from the main queue. Separate from the others, which would soon take
    /// all slots.
    removed: Ghosts<P>,
}

impl<K: Key, P: Primitives> Eviction<K, P> {
    pub(super) fn new(capacity: u64, entries: u64) -> Self {
        Eviction {
            capacity,
            used: P::AtomicU64::new("L1.used", 0),
            on_probation: P::AtomicU64::new("L1.on-probation", 0),
            tickets: P::AtomicU64::new("L1.tickets", 0),
            probation: P::Queue::new("L1.probation"),
            main: [P::Queue::new("L1.main-0"), P::Queue::new("L1.main-1")],
            ahead: P::AtomicU64::new("L1.ahead", 0),
            evicted: Ghosts::new(entries),
            removed: Ghosts::new(entries),
        }
    }

    /// Accounts for an entry that is about to be inserted, in place of one with the tag `old` if
    /// there is one. Called under the key's lock. Returns its tag.
    #[track_caller]
    pub(super) fn admit(&self, key: KeyHash, old: Option<Tag>, weight: u32) -> Tag {
        self.used.fetch_add(weight.into(), Ordering::SeqCst);
        let tag = match old {
            Some(old) => old.with_weight(weight),
            None => {
                let known = self.evicted.remembers(key) || self.removed.remembers(key);
                Tag::new(self.tickets.fetch_add(1, Ordering::Relaxed), weight, known)
            }
        };
        if !tag.is_main() {
            self.on_probation.fetch_add(weight.into(), Ordering::Relaxed);
        }
        tag
    }

    /// Accounts for an entry that has left or was replaced.
    #[track_caller]
    pub(super) fn release(&self, tag: Tag) {
        let weight = u64::from(tag.weight()).wrapping_neg();
        // A thread that does not see this yet evicts one more.
        self.used.fetch_add(weight, Ordering::Relaxed);
        if !tag.is_main() {
            self.on_probation.fetch_add(weight, Ordering::Relaxed);
        }
    }

    /// Accounts for an entry that the user removed.
    #[track_caller]
    pub(super) fn forget(&self, key: &K, tag: Tag) {
        self.release(tag);
        if tag.is_main() {
            self.removed.remember(KeyHash::of(key));
        }
    }

    /// Adds a node for a new entry with this tag.
    #[track_caller]
    pub(super) fn enqueue(&self, key: K, tag: Tag) {
        let node = Node { key, ticket: tag.ticket() };
        if tag.is_main() {
            self.main[self.ahead()].push(node);
        } else {
            self.probation.push(node);
        }
    }

    /// Called after an insertion: sweeps if `sweeps` is set, and evicts until the bound holds.
    /// `newcomer` is the weight that the insertion added to the end of probation. Calls `removed`
    /// with each removed entry, under no lock.
    #[track_caller]
    pub(super) fn settle<V: Entry>(
        &self,
        map: &P::Map<K, Cached<V>>,
        newcomer: u32,
        sweeps: bool,
        now: Duration,
        mut removed: impl FnMut(&K, Cached<V>, RemovalCause),
    ) {
        // The sweep first: a thread that holds a node must load the sum after it has put the node
        // back.
        if sweeps {
            self.sweep(map, now, &mut removed);
        }
        let mut spared = 0;
        while self.is_full() {
            let Some((line, node)) = self.next(newcomer) else { return };
            let spare = |tag: Tag| match line {
                _ if !tag.is_visited() || spared == MOST_SPARED => None,
                Line::Probation => Some(tag.promoted()),
                Line::Main(_) => Some(tag.unvisited()),
            };
            match self.look(map, &node, now, spare) {
                Look::Dead => {}
                Look::Lives(tag) => {
                    spared += 1;
                    match line {
                        Line::Probation => {
                            let weight = u64::from(tag.weight()).wrapping_neg();
                            self.on_probation.fetch_add(weight, Ordering::Relaxed);
                            self.main[self.ahead()].push(node);
                        }
                        Line::Main(side) => self.main[other(side)].push(node),
                    }
                }
                Look::Removed(cached, tag, cause) => {
                    if cause == RemovalCause::Size && !tag.is_main() {
                        self.evicted.remember(KeyHash::of(&node.key));
                    }
                    removed(&node.key, cached, cause);
                }
            }
        }
    }

    /// Inspects some nodes, and removes dead and expired ones.
    #[track_caller]
    fn sweep<V: Entry>(
        &self,
        map: &P::Map<K, Cached<V>>,
        now: Duration,
        removed: &mut impl FnMut(&K, Cached<V>, RemovalCause),
    ) {
        let mut pass = |node: Node<K>, behind: &P::Queue<Node<K>>| match self.look(map, &node, now, Some) {
            Look::Dead => {}
            Look::Lives(_) => behind.push(node),
            Look::Removed(cached, _, cause) => removed(&node.key, cached, cause),
        };
        if self.is_full() {
            for queue in &self.main {
                if let Some(node) = queue.pop() {
                    pass(node, queue);
                }
            }
            return;
        }
        for _ in 0..SWEPT {
            if let Some(node) = self.probation.pop() {
                pass(node, &self.probation);
            }
            if let Some((side, node)) = self.next_in_main() {
                pass(node, &self.main[other(side)]);
            }
        }
    }

    #[track_caller]
    fn is_full(&self) -> bool {
        self.used.load(Ordering::SeqCst) > self.capacity
    }

    /// Removes the node's entry if it has expired, or if `spare` returns no new tag.
    #[track_caller]
    fn look<V: Entry>(
        &self,
        map: &P::Map<K, Cached<V>>,
        node: &Node<K>,
        now: Duration,
        spare: impl FnOnce(Tag) -> Option<Tag>,
    ) -> Look<V> {
        let mut look = Look::Dead;
        let mut cause = RemovalCause::Expired;
        let removed = map.remove_unless(&node.key, |cached, tag| {
            let tag = Tag(tag);
            if tag.ticket() != node.ticket {
                return Some(tag.0);
            }
            if cached.has_expired(now) {
                return None;
            }
            cause = RemovalCause::Size;
            let spared = spare(tag)?;
            look = Look::Lives(spared);
            Some(spared.0)
        });
        let Some((cached, tag)) = removed else { return look };
        self.release(Tag(tag));
        Look::Removed(cached, Tag(tag), cause)
    }

    /// The next node to evict. It comes from probation while that has its share of the weight,
    /// without the entry that was just inserted.
    #[track_caller]
    fn next(&self, newcomer: u32) -> Option<(Line, Node<K>)> {
        let others = self.on_probation.load(Ordering::Relaxed).saturating_sub(newcomer.into());
        let on_probation = || self.probation.pop().map(|node| (Line::Probation, node));
        let in_main = || self.next_in_main().map(|(side, node)| (Line::Main(side), node));
        if others >= (self.capacity / PROBATION).max(1) {
            on_probation().or_else(in_main)
        } else {
            in_main().or_else(on_probation)
        }
    }

    /// The node at the hand, and the index of its queue.
    #[track_caller]
    fn next_in_main(&self) -> Option<(usize, Node<K>)> {
        let ahead = self.ahead();
        if let Some(node) = self.main[ahead].pop() {
            return Some((ahead, node));
        }
        let node = self.main[other(ahead)].pop()?;
        // If this fails, another thread has swapped the queues.
        self.ahead.replace(ahead as u64, other(ahead) as u64, Ordering::Relaxed);
        Some((other(ahead), node))
    }

    #[track_caller]
    fn ahead(&self) -> usize {
        self.ahead.load(Ordering::Relaxed) as usize
    }
}

fn other(side: usize) -> usize {
    1 - side
}

impl<K: Key, P: Primitives> fmt::Debug for Eviction<K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Eviction").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl<K: Key, P: Primitives> Eviction<K, P> {
    /// The accounted weight, on probation and in total.
    pub(super) fn weights(&self) -> (u64, u64) {
        (self.on_probation.load(Ordering::SeqCst), self.used.load(Ordering::SeqCst))
    }

    /// Each node: its key and its ticket.
    pub(super) fn nodes(&self) -> Vec<(K, u32)> {
        let mut nodes = Vec::new();
        for queue in [&self.probation, &self.main[0], &self.main[1]] {
            let of_queue: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
            for node in of_queue {
                nodes.push((node.key.clone(), node.ticket));
                queue.push(node);
            }
        }
        nodes
    }
}
