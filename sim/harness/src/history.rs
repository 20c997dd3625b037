//! The history of one run: the operations with their invocations and responses, and the versions of
//! the source of truth.
//!
//! The [oracle](crate::oracle) reads only the history. It stores the order as *vector clocks*, so
//! that a rule can be checked for the whole class of schedules, not only for this run.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, OnceLock};

use rustc_hash::FxHasher;
use selvedge_engine::Symbol;

/// A key's name, such as `user:1`. Interned: keys of the same name are equal, and a copy is free.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(&'static str);

impl Key {
    /// Returns the key of this name. The name stays allocated until the process ends.
    pub fn new(name: &str) -> Self {
        static NAMES: OnceLock<Mutex<BTreeMap<String, &'static str>>> = OnceLock::new();
        let mut names = NAMES.get_or_init(Mutex::default).lock().unwrap_or_else(|e| e.into_inner());
        if let Some(known) = names.get(name) {
            return Key(known);
        }
        let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
        names.insert(name.to_owned(), leaked);
        Key(leaked)
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A written value. Each write has its own, so that a read identifies the write it returned.
///
/// `version` 0 is the tiers' content at the start. Writes are numbered from 1, in the scenario's
/// order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Value {
    /// The key that this value was written for.
    pub key: Key,
    /// The number of the value among the key's values.
    pub version: u32,
}

impl Value {
    /// Stands for the value in a state's fingerprint, where threads that write the same keys are
    /// exchanged.
    pub(crate) fn symbol(self) -> Symbol {
        let mut name = FxHasher::default();
        self.key.hash(&mut name);
        Symbol(name.finish() << 16 | u64::from(self.version))
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
        self.symbol().hash(state);
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.version)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@v{}", self.key, self.version)
    }
}

/// A call of an operation of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Read the key.
    Get,
    /// Write this value.
    Set(Value),
    /// Delete the key.
    Delete,
    /// Load the key again, without an answer.
    Refresh,
    /// Remove the key from the local tier.
    Evict,
    /// Remove the key from the remote tier, which is not the source of truth.
    Forget,
    /// Read the key, and load this value if no tier has one.
    Load(Value),
    /// Read the key, and write this value, which is computed from the value read.
    Update(Value),
    /// Read the key, and write this value if the source of truth still has the value read.
    CompareAndSet(Value),
    /// The node applies a notification of the key. Its reply is the content that was written.
    Notice,
    /// The node's connection for notifications is lost and made again.
    Reconnect,
    /// The node sends a command over its connection for notifications.
    Heartbeat,
    /// The node's clock passes the end of its lease.
    LeaseEnds,
    /// The remote tier closes the key for all writes.
    OpenEnds,
    /// The node stops.
    Stop,
    /// The remote tier loses its registry of nodes.
    RegistryLost,
}

impl Call {
    /// Whether the call writes to the source of truth.
    pub fn is_write(self) -> bool {
        self.written().is_some()
    }

    /// The content that the call writes to the source of truth, `Some(None)` for a deletion. `None`
    /// if the call is not a write.
    pub fn written(self) -> Option<Option<Value>> {
        match self {
            Call::Set(value) | Call::Update(value) | Call::CompareAndSet(value) => Some(Some(value)),
            Call::Delete => Some(None),
            Call::Get
            | Call::Refresh
            | Call::Evict
            | Call::Forget
            | Call::Load(_)
            | Call::Notice
            | Call::Reconnect
            | Call::Heartbeat
            | Call::LeaseEnds
            | Call::OpenEnds
            | Call::Stop
            | Call::RegistryLost => None,
        }
    }

    /// Whether the call writes a value that it computes from the value read before.
    pub fn is_update(self) -> bool {
        matches!(self, Call::Update(_) | Call::CompareAndSet(_))
    }
}

/// The versions that operations make. A `set`, an `update` and a compare-and-set make a version
/// with their value, and a `delete` an absent one, each of its own key and of the keys derived from
/// it. A `load` makes a version if its own loader's value reaches the source of truth. No other
/// write makes a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Specification {
    /// For each key, the keys derived from it.
    pub derived: BTreeMap<Key, Vec<Key>>,
}

impl Specification {
    /// Whether `call` of the key `own` makes a version of `key` with this content. A derived key is
    /// either deleted or computed anew from the value.
    pub fn makes(&self, (own, call): (Key, Call), key: Key, content: Option<Value>) -> bool {
        if let Call::Load(value) = call {
            return own == key && content == Some(value);
        }
        let Some(written) = call.written() else { return false };
        if own == key {
            return content == written;
        }
        let is_derived = self.derived.get(&own).is_some_and(|made| made.contains(&key));
        is_derived && (content.is_none() || content == written.map(|value| Value { key, ..value }))
    }

    /// The keys and contents that `call` of the key `own` must leave at the source of truth when
    /// acknowledged.
    pub fn effects(&self, (own, call): (Key, Call)) -> impl Iterator<Item = (Key, Option<Value>)> {
        let written = call.written();
        let derived = written.and_then(|_| self.derived.get(&own)).into_iter().flatten();
        written.map(|content| (own, content)).into_iter().chain(derived.map(|&key| (key, None)))
    }
}

/// The response of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Not completed, or with an unknown outcome (an error, a timeout, a dropped future): never
    /// acknowledged.
    Unknown,
    /// A write was acknowledged.
    Done,
    /// A compare-and-set was refused: it has written nothing.
    Refused,
    /// A read returned this value; `None` is "absent".
    Read(Option<Value>),
}

/// An operation's index in [`History::operations`].
pub type OperationId = usize;

/// Identifies an event: the `index`-th of `task`, from 1. The same in every schedule of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The task.
    pub task: u32,
    /// The index among its events, from 1.
    pub index: u32,
}

/// The node of a write whose acknowledgement binds the reads of every node.
pub const ANY_NODE: u32 = u32::MAX;

/// An operation with its invocation and its response.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The scenario's thread that called it.
    pub thread: usize,
    /// The node that it was called on. [`ANY_NODE`] for a write by a node that is not simulated.
    pub node: u32,
    /// The key.
    pub key: Key,
    /// The call.
    pub call: Call,
    /// The response.
    pub reply: Reply,
    /// Its first event: the invocation.
    pub first: Mark,
    /// Whether it was called after all threads had ended.
    pub settled: bool,
    /// The content from which an update has computed its value; `None` if it has read none.
    pub base: Option<Option<Value>>,
    /// Index of its invocation clock.
    begin: usize,
    /// Index of its response clock.
    end: usize,
}

/// A version of a key, made by one operation at the source of truth.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// The key.
    pub key: Key,
    /// The key's content from then on; `None` is "absent".
    pub content: Option<Value>,
    /// The operation that made it; `None` for the content at the start, and for an expiry.
    pub by: Option<OperationId>,
    /// The event that made it; `None` for the content at the start.
    pub at: Option<Mark>,
}

impl Version {
    /// Whether the key has expired: no operation made this version.
    pub(crate) fn is_expiry(&self) -> bool {
        self.by.is_none() && self.at.is_some()
    }
}

/// The history of one run. Reused for the next run, so that recording does not allocate.
#[derive(Clone, Debug, Default)]
pub struct History {
    operations: Vec<Operation>,
    versions: Vec<Version>,
    clocks: Vec<u32>,
    /// Effects of an operation's specification that its own task has written, or found, at the
    /// source of truth.
    fulfilled: Vec<(OperationId, Key)>,
    /// Operations that found their effect already there, with the index of that version.
    confirmed: Vec<(OperationId, Key, usize)>,
    /// Whether a read is judged by the operations of its own node only.
    by_node: bool,
}

impl History {
    /// Clears the history for the next run.
    pub fn clear(&mut self) {
        self.operations.clear();
        self.versions.clear();
        self.clocks.clear();
        self.fulfilled.clear();
        self.confirmed.clear();
    }

    /// From now on, judges a read by the operations of its own node only: the earlier reads, the
    /// acknowledged writes, and the notifications.
    pub fn judge_by_node(&mut self) {
        self.by_node = true;
    }

    /// Whether a read is judged by the operations of its own node only.
    pub fn is_by_node(&self) -> bool {
        self.by_node
    }

    /// Whether the end of `before` binds a later read.
    pub(crate) fn binds(&self, before: OperationId, read: OperationId) -> bool {
        let [before, read] = [before, read].map(|its| self.operations[its].node);
        !self.by_node || before == read || before == ANY_NODE
    }

    /// Adds a version of the key at the start. Required for each key of the run, including absent
    /// keys: the oracle judges a read that returns no version of its key as a phantom.
    pub fn start_with(&mut self, key: Key, content: Option<Value>) {
        self.versions.push(Version { key, content, by: None, at: None });
    }

    /// Adds the invocation of an operation. `first` will be its first event.
    pub fn invoke(&mut self, thread: usize, key: Key, call: Call, first: Mark, settled: bool) -> OperationId {
        self.invoke_at(0, thread, key, call, first, settled)
    }

    /// [`invoke`](History::invoke) on this node.
    pub fn invoke_at(
        &mut self,
        node: u32,
        thread: usize,
        key: Key,
        call: Call,
        first: Mark,
        settled: bool,
    ) -> OperationId {
        self.operations.push(Operation {
            thread,
            node,
            key,
            call,
            reply: Reply::Unknown,
            first,
            settled,
            base: None,
            begin: usize::MAX,
            end: usize::MAX,
        });
        self.operations.len() - 1
    }

    /// Records the clock of the operation's first event. `clock[t]` is the number of events of task
    /// `t` that happen before it, itself included. Without this call, only its task's events happen
    /// before it.
    pub fn begin(&mut self, operation: OperationId, clock: impl IntoIterator<Item = u32>) {
        self.operations[operation].begin = self.store_clock(clock);
    }

    /// Records the response of an operation. `clock[t]` is the number of events of task `t` that
    /// happen before the response; the operation's own events are included.
    pub fn respond(&mut self, operation: OperationId, reply: Reply, clock: impl IntoIterator<Item = u32>) {
        let end = self.store_clock(clock);
        let operation = &mut self.operations[operation];
        operation.reply = reply;
        operation.end = end;
    }

    /// Stores a clock, preceded by its length. Returns its index.
    fn store_clock(&mut self, clock: impl IntoIterator<Item = u32>) -> usize {
        let at = self.clocks.len();
        self.clocks.push(0);
        self.clocks.extend(clock);
        self.clocks[at] = (self.clocks.len() - at - 1) as u32;
        at
    }

    /// The clock stored at this index, if any.
    fn clock_at(&self, at: usize) -> Option<&[u32]> {
        let len = *self.clocks.get(at)? as usize;
        Some(&self.clocks[at + 1..at + 1 + len])
    }

    /// Adds a version of the source of truth.
    pub fn written(&mut self, key: Key, content: Option<Value>, by: OperationId, at: Mark) {
        self.versions.push(Version { key, content, by: Some(by), at: Some(at) });
    }

    /// Adds the version of an expiry. No operation made it.
    pub fn expired(&mut self, key: Key, at: Mark) {
        self.versions.push(Version { key, content: None, by: None, at: Some(at) });
    }

    /// Records that the event `at` wrote the key at the source of truth. Its task executes the
    /// operation `current`. `clock[t]` is the number of events of task `t` that happen before it;
    /// empty if unknown.
    ///
    /// The write makes a version if an operation's [`Specification`] says so and that operation has
    /// made none of the key yet. The operation is:
    ///
    /// - `current`; or
    /// - the `set` or the `load` of this value, in whichever task: only one operation writes a
    ///   value; or
    /// - for a deletion outside any operation, the first `delete`, in the order of tasks, that
    ///   happens before, has not returned, and has made no version.
    ///
    /// Any other write does not change the versions, by which reads are judged.
    pub fn wrote(
        &mut self,
        specification: &Specification,
        (key, content): (Key, Option<Value>),
        current: Option<OperationId>,
        at: Mark,
        clock: &[u32],
    ) {
        let of = |id: OperationId| (self.operations[id].key, self.operations[id].call);
        let makes = |&id: &OperationId| specification.makes(of(id), key, content);
        let own = current.filter(makes);
        let is_pending = |&id: &OperationId| {
            let first = self.operations[id].first;
            let happens_before =
                clock.is_empty() || clock.get(first.task as usize).is_some_and(|&seen| seen >= first.index);
            happens_before && self.response(id).is_none() && !self.has_made(id, key)
        };
        let mut all = 0..self.operations.len();
        let maker = own.or_else(|| match (content, current) {
            (Some(_), _) => all.find(makes),
            (None, None) => {
                all.filter(|id| makes(id) && is_pending(id)).min_by_key(|&id| self.operations[id].first)
            }
            (None, Some(_)) => None,
        });
        if let Some(own) = own.filter(|&own| self.operations[own].first.task == at.task) {
            self.fulfilled.push((own, key));
        }
        if let Some(by) = maker.filter(|&by| !self.has_made(by, key)) {
            self.written(key, content, by, at);
        }
    }

    /// Records that the event `at`, of a task that executes `current`, found this content at the
    /// source of truth. If it is the operation's effect, the operation need not write it. The last
    /// version then counts as its own; if the content is not the last version, a new version is
    /// added.
    pub fn found(
        &mut self,
        specification: &Specification,
        (key, content): (Key, Option<Value>),
        current: OperationId,
        at: Mark,
    ) {
        let Operation { key: own, call, first, .. } = self.operations[current];
        let is_own = first.task == at.task && specification.makes((own, call), key, content);
        if !is_own || self.fulfilled.contains(&(current, key)) {
            return;
        }
        self.fulfilled.push((current, key));
        if self.has_made(current, key) {
            return;
        }
        let place = self.versions(key).count();
        let is_last = self.versions(key).next_back().is_some_and(|last| last.content == content);
        if is_last {
            self.confirmed.push((current, key, place - 1));
        } else {
            self.written(key, content, current, at);
        }
    }

    /// The keys that the operation must write, and has neither written in its own task nor found
    /// written. If it is acknowledged now, that event has an order with other writes of these keys:
    /// see [`acknowledged`](History::acknowledged).
    pub fn owed(&self, specification: &Specification, operation: OperationId) -> Vec<Key> {
        let Operation { key, call, .. } = self.operations[operation];
        let owed = specification.effects((key, call)).map(|(key, _)| key);
        owed.filter(|&key| !self.fulfilled.contains(&(operation, key))).collect()
    }

    /// Records that the event `at` acknowledges the operation. The effects that it
    /// [owes](History::owed) become versions, although the source of truth does not have them yet.
    pub fn acknowledged(&mut self, specification: &Specification, operation: OperationId, at: Mark) {
        let Operation { key, call, .. } = self.operations[operation];
        for (key, content) in specification.effects((key, call)) {
            if !self.fulfilled.contains(&(operation, key)) && !self.has_made(operation, key) {
                self.written(key, content, operation, at);
            }
        }
    }

    /// Records the content from which an update computes its value. After the update has made its
    /// version, it computes it for a repetition of the write: then this has no effect.
    pub fn based_on(&mut self, update: OperationId, content: Option<Value>) {
        let key = self.operations[update].key;
        if !self.has_made(update, key) {
            self.operations[update].base = Some(content);
        }
    }

    /// Whether the operation has made a version of the key.
    fn has_made(&self, operation: OperationId, key: Key) -> bool {
        self.versions(key).any(|version| version.by == Some(operation))
    }

    /// Operations that found their effect in the key's version at this index, and made no version
    /// of it.
    pub fn confirmed(&self, key: Key, place: usize) -> impl Iterator<Item = OperationId> {
        self.found_there(key, place).filter(move |&by| !self.has_made(by, key))
    }

    /// Operations that found their effect in the key's version at this index, whether they also
    /// made a version of it later or not.
    pub(crate) fn found_there(&self, key: Key, place: usize) -> impl Iterator<Item = OperationId> {
        let its = self.confirmed.iter().filter(move |&&(_, its, at)| (its, at) == (key, place));
        its.map(|&(by, ..)| by)
    }

    /// Copies the confirmed versions, and the contents on which updates were based, from another
    /// history of the same run.
    pub(crate) fn confirm_as(&mut self, other: &History) {
        self.confirmed.clone_from(&other.confirmed);
        for (its, other) in self.operations.iter_mut().zip(&other.operations) {
            its.base = other.base;
        }
    }

    /// The operations, in the order in which the run called them.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// A key's versions, oldest first.
    pub fn versions(&self, key: Key) -> impl DoubleEndedIterator<Item = &Version> + Clone {
        self.versions.iter().filter(move |version| version.key == key)
    }

    /// The versions of all keys; those of each key oldest first.
    pub(crate) fn all_versions(&self) -> &[Version] {
        &self.versions
    }

    /// The clock of an operation's response, or `None` if it has not ended.
    pub fn response(&self, operation: OperationId) -> Option<&[u32]> {
        self.clock_at(self.operations[operation].end)
    }

    /// An operation's last event: the response. `None` if it has not ended.
    pub fn last(&self, operation: OperationId) -> Option<Mark> {
        let task = self.operations[operation].first.task;
        Some(Mark { task, index: *self.response(operation)?.get(task as usize)? })
    }

    /// Whether `event` happens before the first event of `operation`, or is that event.
    pub fn precedes_invocation(&self, event: Mark, operation: OperationId) -> bool {
        let Operation { first, begin, .. } = self.operations[operation];
        match self.clock_at(begin) {
            Some(clock) => clock.get(event.task as usize).is_some_and(|&seen| seen >= event.index),
            None => event.task == first.task && event.index <= first.index,
        }
    }

    /// Whether `event` happens before the response of `operation`, or is one of its events.
    pub fn precedes_response(&self, event: Mark, operation: OperationId) -> bool {
        let Some(clock) = self.response(operation) else { return false };
        clock.get(event.task as usize).is_some_and(|&seen| seen >= event.index)
    }

    /// Whether *some* schedule of the class has all of `a` before all of `b`: true unless an event
    /// of `b` happens before an event of `a`. An operation that has not completed precedes none.
    pub fn may_precede(&self, a: OperationId, b: OperationId) -> bool {
        a != b && self.response(a).is_some() && !self.precedes_response(self.operations[b].first, a)
    }
}
