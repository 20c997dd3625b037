//! What happened in one run: operations with their invocations and responses, and the versions that the
//! source of truth went through.
//!
//! A history is all that the [oracle](crate::oracle) sees. Order is kept as *vector clocks*, so that a question can
//! be asked of the whole class of schedules that the run stands for, and not of the run alone.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, OnceLock};

use rustc_hash::FxHasher;
use selvedge_engine::Symbol;

/// A key's name, such as `user:1`. Interned: two keys of the same name are equal, and copying one is free.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(&'static str);

impl Key {
    /// The key of this name. A name is kept until the process ends.
    pub fn new(name: &str) -> Self {
        static NAMES: OnceLock<Mutex<BTreeMap<String, &'static str>>> = OnceLock::new();
        let mut names = NAMES.get_or_init(Mutex::default).lock().unwrap_or_else(|e| e.into_inner());
        if let Some(known) = names.get(name) {
            return Key(known);
        }
        let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
        names.insert(name.to_owned(), kept);
        Key(kept)
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

/// A written value: unique by construction, so that a read tells which write it saw.
///
/// `version` 0 is what the tiers hold at the start; writes are numbered from 1 in the order in which the scenario
/// names them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Value {
    /// The key that this value was written for.
    pub key: Key,
    /// Which of the key's values it is.
    pub version: u32,
}

impl Value {
    /// What stands for the value where a search of states hashes it: threads that write the same keys can have changed
    /// places.
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

/// An operation on the cache, as it was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Read the key.
    Get,
    /// Write this value.
    Set(Value),
    /// Delete the key.
    Delete,
    /// Take the key out of the local tier.
    Evict,
    /// Take the key out of the remote tier, which is not the source of truth.
    Forget,
    /// Read the key, and make this value where no tier has one.
    Load(Value),
}

impl Call {
    /// Whether the call writes to the source of truth.
    pub fn is_write(self) -> bool {
        matches!(self, Call::Set(_) | Call::Delete)
    }
}

/// Which versions operations make by their specification: a `set` one with its value, a `delete` one that is absent, each of
/// its own key and of the keys that are derived from it; and a `load` one with the value that its own loader makes, if that
/// comes to the source of truth. What any other operation writes there makes no version, however often the cache writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Specification {
    /// Keys whose values are made from another key's, by that key.
    pub derived: BTreeMap<Key, Vec<Key>>,
}

impl Specification {
    /// Whether `call` of the key `own` makes a version of `key` with this content. A derived key is deleted, or made anew from
    /// the value.
    pub fn makes(&self, (own, call): (Key, Call), key: Key, content: Option<Value>) -> bool {
        let written = match call {
            Call::Set(value) => Some(value),
            Call::Delete => None,
            Call::Load(value) => return own == key && content == Some(value),
            Call::Get | Call::Evict | Call::Forget => return false,
        };
        if own == key {
            return content == written;
        }
        let is_derived = self.derived.get(&own).is_some_and(|made| made.contains(&key));
        is_derived && (content.is_none() || content == written.map(|value| Value { key, ..value }))
    }

    /// What `call` of the key `own` must have left at the source of truth when it is acknowledged.
    pub fn effects(&self, (own, call): (Key, Call)) -> impl Iterator<Item = (Key, Option<Value>)> {
        let written = match call {
            Call::Set(value) => Some(Some(value)),
            Call::Delete => Some(None),
            Call::Get | Call::Evict | Call::Forget | Call::Load(_) => None,
        };
        let derived = written.and_then(|_| self.derived.get(&own)).into_iter().flatten();
        written.map(|content| (own, content)).into_iter().chain(derived.map(|&key| (key, None)))
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It has not ended, or its outcome is not known (an error, a timeout, a dropped future): never acknowledged.
    Unknown,
    /// A write was acknowledged.
    Done,
    /// A read returned this; `None` is "absent".
    Read(Option<Value>),
}

/// An operation's place in [`History::operations`].
pub type OperationId = usize;

/// One event's name: the `index`-th event of `task`, counted from 1. The names are the same in every schedule of a
/// class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The task.
    pub task: u32,
    /// Which of its events, from 1.
    pub index: u32,
}

/// An operation with its invocation and its response.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The scenario's thread that called it.
    pub thread: usize,
    /// The key.
    pub key: Key,
    /// What was called.
    pub call: Call,
    /// How it ended.
    pub reply: Reply,
    /// Its first event: the invocation.
    pub first: Mark,
    /// Whether it was called after every thread had ended.
    pub settled: bool,
    /// Where its invocation clock is.
    begin: usize,
    /// Where its response clock is.
    end: usize,
}

/// A version of a key, made by one operation at the source of truth.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// The key.
    pub key: Key,
    /// What the key holds from then on; `None` is "absent".
    pub content: Option<Value>,
    /// The operation that made it; `None` for what was there at the start, and for a key that has expired.
    pub by: Option<OperationId>,
    /// The event that made it; `None` for what was there at the start.
    pub at: Option<Mark>,
}

impl Version {
    /// Whether the key has expired: nobody has made this version.
    pub(crate) fn is_expiry(&self) -> bool {
        self.by.is_none() && self.at.is_some()
    }
}

/// What happened in one run. Kept between runs, so that recording one allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct History {
    operations: Vec<Operation>,
    versions: Vec<Version>,
    clocks: Vec<u32>,
    /// What operations have left at the source of truth themselves, or found there, as their specification says.
    seen_to: Vec<(OperationId, Key)>,
    /// Operations that found the key as they were to leave it, and the place of the version that it had then.
    confirmed: Vec<(OperationId, Key, usize)>,
}

impl History {
    /// Forgets the run.
    pub fn clear(&mut self) {
        self.operations.clear();
        self.versions.clear();
        self.clocks.clear();
        self.seen_to.clear();
        self.confirmed.clear();
    }

    /// The source of truth holds this at the start. To be said of every key that the run uses, also of those
    /// that are absent: the oracle takes an answer that is no version of its key for a phantom.
    pub fn start_with(&mut self, key: Key, content: Option<Value>) {
        self.versions.push(Version { key, content, by: None, at: None });
    }

    /// An operation is called; its first event will be `first`.
    pub fn invoke(&mut self, thread: usize, key: Key, call: Call, first: Mark, settled: bool) -> OperationId {
        self.operations.push(Operation {
            thread,
            key,
            call,
            reply: Reply::Unknown,
            first,
            settled,
            begin: usize::MAX,
            end: usize::MAX,
        });
        self.operations.len() - 1
    }

    /// An operation has done its first event. `clock[t]` is the number of events of task `t` that happen before it, itself
    /// included. If it is not told, nothing happens before the event but what its task has done.
    pub fn begin(&mut self, operation: OperationId, clock: impl IntoIterator<Item = u32>) {
        self.operations[operation].begin = self.keep(clock);
    }

    /// An operation answers. `clock[t]` is the number of events of task `t` that happen before the response; the
    /// operation's own events are among them.
    pub fn respond(&mut self, operation: OperationId, reply: Reply, clock: impl IntoIterator<Item = u32>) {
        let end = self.keep(clock);
        let operation = &mut self.operations[operation];
        operation.reply = reply;
        operation.end = end;
    }

    /// Keeps a clock, its length before it. Returns where.
    fn keep(&mut self, clock: impl IntoIterator<Item = u32>) -> usize {
        let at = self.clocks.len();
        self.clocks.push(0);
        self.clocks.extend(clock);
        self.clocks[at] = (self.clocks.len() - at - 1) as u32;
        at
    }

    /// The clock that is kept there, if one is.
    fn kept(&self, at: usize) -> Option<&[u32]> {
        let len = *self.clocks.get(at)? as usize;
        Some(&self.clocks[at + 1..at + 1 + len])
    }

    /// The source of truth has a new version.
    pub fn written(&mut self, key: Key, content: Option<Value>, by: OperationId, at: Mark) {
        self.versions.push(Version { key, content, by: Some(by), at: Some(at) });
    }

    /// The source of truth has lost the key, because its deadline had passed: no operation has made this version.
    pub fn expired(&mut self, key: Key, at: Mark) {
        self.versions.push(Version { key, content: None, by: None, at: Some(at) });
    }

    /// The event `at`, of a task that is in the operation `current`, has written the key at the source of truth. `clock[t]` is
    /// the number of events of task `t` that happen before it; empty if that is not known.
    ///
    /// It makes a version if some operation's [`Specification`] says so and that operation has made none of the key yet:
    ///
    /// - `current` itself; or
    /// - the `set` or the `load` of this value, whichever task carries it out: a value is written by one operation alone; or
    /// - where nothing tells who deletes, because the task is in no operation, the first `delete`, in the order of tasks, that
    ///   happens before, has not answered, and has made no version.
    ///
    /// All else brings back, or takes away, what is not its own to change. Reads are judged by the versions that there are.
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
            self.seen_to.push((own, key));
        }
        if let Some(by) = maker.filter(|&by| !self.has_made(by, key)) {
            self.written(key, content, by, at);
        }
    }

    /// The event `at`, of a task that is in the operation `current`, has found this at the source of truth. If that is what the
    /// operation is to leave there, it need not write it: what is there stands for its version, if it is the last one. If it is
    /// no version, it is one from now on.
    pub fn found(
        &mut self,
        specification: &Specification,
        (key, content): (Key, Option<Value>),
        current: OperationId,
        at: Mark,
    ) {
        let Operation { key: own, call, first, .. } = self.operations[current];
        let is_own = first.task == at.task && specification.makes((own, call), key, content);
        if !is_own || self.seen_to.contains(&(current, key)) {
            return;
        }
        self.seen_to.push((current, key));
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

    /// The keys that the operation was to write, and has neither written in its own task nor found written. If it is acknowledged
    /// now, that is an event that has an order with whatever else writes them: see [`acknowledged`](History::acknowledged).
    pub fn owed(&self, specification: &Specification, operation: OperationId) -> Vec<Key> {
        let Operation { key, call, .. } = self.operations[operation];
        let owed = specification.effects((key, call)).map(|(key, _)| key);
        owed.filter(|&key| !self.seen_to.contains(&(operation, key))).collect()
    }

    /// The operation is acknowledged, in the event `at`: what it was to write and has not is a version from now on, though the
    /// source of truth does not have it yet.
    pub fn acknowledged(&mut self, specification: &Specification, operation: OperationId, at: Mark) {
        let Operation { key, call, .. } = self.operations[operation];
        for (key, content) in specification.effects((key, call)) {
            if !self.seen_to.contains(&(operation, key)) && !self.has_made(operation, key) {
                self.written(key, content, operation, at);
            }
        }
    }

    /// Whether the operation has made a version of the key.
    fn has_made(&self, operation: OperationId, key: Key) -> bool {
        self.versions(key).any(|version| version.by == Some(operation))
    }

    /// The operations that found the key as they were to leave it, when it had its version at this place, and wrote none.
    pub fn confirmed(&self, key: Key, place: usize) -> impl Iterator<Item = OperationId> {
        let its = self.confirmed.iter().filter(move |&&(_, its, at)| (its, at) == (key, place));
        its.map(|&(by, ..)| by).filter(move |&by| !self.has_made(by, key))
    }

    /// The same operations confirm the same versions as in the other history, which is of the same run.
    pub(crate) fn confirm_as(&mut self, other: &History) {
        self.confirmed.clone_from(&other.confirmed);
    }

    /// The operations, in the order in which the run called them.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// A key's versions, oldest first.
    pub fn versions(&self, key: Key) -> impl DoubleEndedIterator<Item = &Version> + Clone {
        self.versions.iter().filter(move |version| version.key == key)
    }

    /// The versions of all keys, of each key oldest first.
    pub(crate) fn all_versions(&self) -> &[Version] {
        &self.versions
    }

    /// The clock of an operation's response, or `None` if it has not ended.
    pub fn response(&self, operation: OperationId) -> Option<&[u32]> {
        self.kept(self.operations[operation].end)
    }

    /// An operation's last event: the response. `None` if it has not ended.
    pub fn last(&self, operation: OperationId) -> Option<Mark> {
        let task = self.operations[operation].first.task;
        Some(Mark { task, index: *self.response(operation)?.get(task as usize)? })
    }

    /// Whether `event` happens before the first event of `operation` (or is it).
    pub fn precedes_invocation(&self, event: Mark, operation: OperationId) -> bool {
        let Operation { first, begin, .. } = self.operations[operation];
        match self.kept(begin) {
            Some(clock) => clock.get(event.task as usize).is_some_and(|&seen| seen >= event.index),
            None => event.task == first.task && event.index <= first.index,
        }
    }

    /// Whether `event` happens before the response of `operation` (or is one of its events).
    pub fn precedes_response(&self, event: Mark, operation: OperationId) -> bool {
        let Some(clock) = self.response(operation) else { return false };
        clock.get(event.task as usize).is_some_and(|&seen| seen >= event.index)
    }

    /// Whether *some* schedule of the class has all of `a` before all of `b`: so it is unless an event of `b` happens
    /// before an event of `a`. An operation that has not ended precedes nothing.
    pub fn may_precede(&self, a: OperationId, b: OperationId) -> bool {
        a != b && self.response(a).is_some() && !self.precedes_response(self.operations[b].first, a)
    }
}
