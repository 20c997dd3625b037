//! Which entry has to go.
//!
//! S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023), with SIEVE (Zhang et al., "SIEVE
//! is simpler than LRU", NSDI 2024) for its main queue, so that one bit an entry is enough. A hit sets the bit, if it is
//! not set yet, and does nothing else.
//!
//! - A new entry is on *probation*: a queue with a tenth of the weight. Who comes to its head without having been read is
//!   evicted; who has been read is promoted.
//! - The *main line* has a hand, which moves from the oldest entry to the newest. Who was read since the hand came by is
//!   spared, and stays where it is; who was not is evicted. Queues cannot be left in the middle, so the line is two of
//!   them: what the hand has ahead, with the newest at its end, and what it has passed, in the same order. When nothing is
//!   ahead, they change their roles.
//! - A new entry whose key was evicted on probation not long ago, or was removed from the main line by its user, goes to
//!   the main line at once. The second is not in the papers. To a cache that is invalidated by writes it matters most: a
//!   write says nothing of how often a key is read.
//!
//! # Nodes
//!
//! A queue holds nodes: a key and a ticket. The entry's tag in the map has the same ticket. A key that is removed leaves
//! its node behind, and one that comes back gets a new ticket and a new node, so that the old node is *dead* and not
//! taken for the new one. An entry whose value is replaced keeps its ticket and its place. Whoever comes across a dead
//! node drops it. (Tickets come round after 2^30. A dead node that has waited for that long, for the same key, would be
//! taken for a live one: then the key has two nodes, and the policy is off by one.)
//!
//! So that dead nodes and expired entries do not lie about for ever, insertions *sweep*: each looks at a few nodes and puts
//! those that live back behind. (One that replaces an entry which cannot expire does not: it brings no node.) If there is
//! room, neither probation nor the hand moves by itself: then it is two nodes of each. If there is none, probation moves, and
//! it is one of each queue of the main line, which keeps its place against the hand. So every node is looked at within about as many insertions as there are nodes, and there are at most
//! about twice as many nodes as entries. What has expired stays until something is inserted.
//!
//! # The bound
//!
//! The weight of an entry is added under the lock of its key, before it is there, and taken off after it has left. So the
//! sum is never less than what is there. A thread that has added to it evicts until the sum is within the bound or no
//! queue has a node. It may find none because another thread is just looking at it. That thread puts the node back and
//! *then* looks at the sum, which shows it what was added: to add and to look are sequentially consistent, as the queues
//! are, and neither thread can miss the other. So once all are done, the sum is within the bound.
//!
//! All other words are relaxed. Tickets need only be given once each, which any read-modify-write sees to. The weight on
//! probation, the hand's queue and the ghosts are hints: a thread that sees an old one looks in the wrong queue first, and
//! then in the other.
//!
//! # What it means for coherence
//!
//! Nothing here ever makes, copies or moves a value. All it does to the map is to remove an entry or to change its tag,
//! under the lock of its key. So what a key has in L1 is at any time what it would have without a bound, or nothing: the
//! argument in `stripe.rs` is about which fills are still there, and it holds for any subset of them.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::cached::Cached;
use super::ghosts::{Ghosts, Name};
use super::removal::RemovalCause;
use super::tag::Tag;
use crate::sync::{AtomicU64, Entry, Key, Map, Primitives, Queue};

/// Probation's part of the weight: one in so many.
const PROBATION: u64 = 10;

/// How many entries an insertion spares before it evicts one all the same. If nearly all have been read, there would be
/// no end of it.
const MOST_SPARED: u32 = 64;

/// How many nodes of a line an insertion looks at that evicts nothing. Each insertion adds one.
const SWEPT: u32 = 2;

/// The place of an entry in a line.
pub(super) struct Node<K> {
    key: K,
    ticket: u32,
}

/// Where a node was.
#[derive(Clone, Copy)]
enum Line {
    Probation,
    /// In this one of the two queues.
    Main(usize),
}

/// What a look at a node has come to.
enum Look<V> {
    /// Its entry is not there any more.
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
    /// The weight of those on probation. A hint only: it says which line is next to lose an entry.
    on_probation: P::AtomicU64,
    tickets: P::AtomicU64,
    probation: P::Queue<Node<K>>,
    main: [P::Queue<Node<K>>; 2],
    /// Which of the two is ahead of the hand.
    ahead: P::AtomicU64,
    /// Keys that were evicted on probation.
    evicted: Ghosts<P>,
    /// Keys that were removed from the main line. Apart from the others, which would soon have taken all places.
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

    /// An entry of the key is about to be put there, in the place of one with the tag `old`, if there is one. Under the
    /// key's lock. Returns its tag.
    #[track_caller]
    pub(super) fn admit(&self, key: Name, old: Option<Tag>, weight: u32) -> Tag {
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

    /// An entry with this tag has left, or was replaced.
    #[track_caller]
    pub(super) fn release(&self, tag: Tag) {
        let weight = u64::from(tag.weight()).wrapping_neg();
        // Who does not see it yet evicts one more.
        self.used.fetch_add(weight, Ordering::Relaxed);
        if !tag.is_main() {
            self.on_probation.fetch_add(weight, Ordering::Relaxed);
        }
    }

    /// An entry with this tag was removed by its user.
    #[track_caller]
    pub(super) fn forget(&self, key: &K, tag: Tag) {
        self.release(tag);
        if tag.is_main() {
            self.removed.remember(Name::of(key));
        }
    }

    /// A key has come that was not there, and has this tag.
    #[track_caller]
    pub(super) fn enqueue(&self, key: K, tag: Tag) {
        let node = Node { key, ticket: tag.ticket() };
        if tag.is_main() {
            self.main[self.ahead()].push(node);
        } else {
            self.probation.push(node);
        }
    }

    /// After an insertion: sweeps, if that is asked for, and evicts until all is within the bound. `newcomer` is the weight
    /// that the insertion has brought to the end of probation. `removed` is called with what had to go, under no lock.
    #[track_caller]
    pub(super) fn settle<V: Entry>(
        &self,
        map: &P::Map<K, Cached<V>>,
        newcomer: u32,
        sweeps: bool,
        now: Duration,
        mut removed: impl FnMut(&K, Cached<V>, RemovalCause),
    ) {
        // The sweep first: who holds a node has to look at the sum after it has put the node back.
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
                        self.evicted.remember(Name::of(&node.key));
                    }
                    removed(&node.key, cached, cause);
                }
            }
        }
    }

    /// Looks at some nodes for what is dead or expired.
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

    /// Removes the node's entry if it has expired, or if `spare` does not give it a new tag.
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

    /// The next node that may have to go. Probation is next as long as it has its part of the weight without what has just
    /// come.
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

    /// The node at the hand, and the queue that it was in.
    #[track_caller]
    fn next_in_main(&self) -> Option<(usize, Node<K>)> {
        let ahead = self.ahead();
        if let Some(node) = self.main[ahead].pop() {
            return Some((ahead, node));
        }
        let node = self.main[other(ahead)].pop()?;
        // If another thread has turned the hand meanwhile, it is turned already.
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
    /// The weight that the books have, on probation and in all.
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
