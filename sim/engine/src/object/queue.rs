//! An unbounded FIFO queue with any number of producers and consumers.
//!
//! Its tail counts pushes, its head counts pops, and each item has a location of its own: a push
//! writes its item, and the pop that takes the item, or finds it missing, reads it. So a push
//! conflicts with other pushes and with one pop, that of its item. While the queue is not empty,
//! the push commutes with a pop of the head.

use std::collections::VecDeque;
use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::{Action, Mode, NOTHING, Rule, RuleTag};
use crate::history::Holds;
use crate::runtime::Handle;

/// The tail, and the item at the tail.
static PUSH: Rule = Rule {
    tag: RuleTag::QueuePush,
    alternatives: |_, _| 1,
    outcome: |&[tail, ..], _, _| [(Mode::Write, tail + 1), (Mode::Write, 0), NOTHING],
    may_be_disabled_by: Rule::ANY,
    what: "push to",
};

/// The head, the tail, and the item at the head. The tail is read to check for the item; a change
/// of that result is a conflict on the item alone.
static POP: Rule = Rule {
    tag: RuleTag::QueuePop,
    alternatives: |_, _| 1,
    outcome: |&[head, tail, _], _, _| {
        let taken = if head < tail { (Mode::Write, head + 1) } else { (Mode::Read, head) };
        [taken, NOTHING, (Mode::Read, 0)]
    },
    may_be_disabled_by: Rule::ANY,
    what: "pop from",
};

/// A shared queue.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::{Explorer, object::Queue, thread};
///
/// // The pop can only take the first item: it conflicts with the first push alone.
/// let report = Explorer::optimal().run(|| {
///     let queue = Arc::new(Queue::new());
///     let pushing = Arc::clone(&queue);
///     thread::spawn(move || {
///         pushing.push('a');
///         pushing.push('b');
///     });
///     assert!(matches!(queue.pop(), None | Some('a')));
/// });
/// assert_eq!(report.executions, 2);
/// ```
pub struct Queue<T> {
    head: Handle,
    tail: Handle,
    items: Mutex<VecDeque<T>>,
}

impl<T> Queue<T> {
    /// Creates an empty queue.
    #[track_caller]
    pub fn new() -> Self {
        Queue::named("a queue")
    }

    /// Creates an empty queue with this name for messages and traces.
    #[track_caller]
    pub fn named(name: &'static str) -> Self {
        Queue {
            head: Handle::new(name, Holds::Marks, 0),
            tail: Handle::new(name, Holds::Parts, 0),
            items: Mutex::new(VecDeque::new()),
        }
    }

    /// Appends an item.
    #[track_caller]
    pub fn push(&self, item: T) {
        Handle::perform_rule_on_item([self.tail], &PUSH, Location::caller());
        self.items().push_back(item);
    }

    /// Removes and returns the first item; `None` if the queue is empty.
    #[track_caller]
    pub fn pop(&self) -> Option<T> {
        Handle::perform_rule_on_item([self.head, self.tail], &POP, Location::caller());
        self.items().pop_front()
    }

    /// The number of items. Conflicts with every push, and with every pop that takes an item.
    #[track_caller]
    pub fn len(&self) -> usize {
        self.head.perform_with(Action::Read, (self.tail, Action::Read), Location::caller());
        self.items().len()
    }

    /// Whether the queue is empty.
    #[track_caller]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn items(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Queue<T> {
    #[track_caller]
    fn default() -> Self {
        Queue::new()
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}
