//! The automaton.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::mem;

use super::check::Check;
use super::versions::{Awaited, Bounds, Versions};
use crate::history::{Call, Key, Reply, Value};
use crate::oracle::Rule;

/// An operation's name, which is the same in every schedule: which of its thread's calls it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationName {
    /// The scenario's thread.
    pub thread: usize,
    /// Which of the thread's calls.
    pub call: usize,
}

/// Judges one schedule while it runs, in its own order.
///
/// An operation is invoked at its first event, and answers at its last.
///
/// ```
/// use selvedge_sim::history::{Call, Key, Reply, Value};
/// use selvedge_sim::oracle::{Monitor, OperationName, Rule};
///
/// let key = Key::new("user:1");
/// let (old, new) = (Value { key, version: 0 }, Value { key, version: 1 });
/// let (write, read) = (OperationName { thread: 0, call: 0 }, OperationName { thread: 1, call: 0 });
///
/// let mut monitor = Monitor::default();
/// monitor.start_with(key, Some(old));
/// monitor.call(write, key, Call::Set(new), false);
/// monitor.step(0);
/// monitor.written(key, Some(new), write);
/// monitor.respond(write, Reply::Done);
/// monitor.call(read, key, Call::Get, false);
/// monitor.step(1);
/// monitor.respond(read, Reply::Read(Some(old)));
/// assert!(monitor.found().contains(&Rule::Stale));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    keys: BTreeMap<Key, Versions>,
    /// By thread: each has one at a time.
    under_way: BTreeMap<usize, UnderWay>,
    /// The writes that have begun and are not acknowledged: they may still make versions.
    writers: BTreeMap<OperationName, (Key, Call)>,
    undecided: BTreeSet<Check>,
    found: BTreeSet<Rule>,
    met: bool,
}

#[derive(Clone, Debug, Hash)]
struct UnderWay {
    name: OperationName,
    key: Key,
    call: Call,
    settled: bool,
    /// What a read of the key is held to, from the operation's first event on.
    bounds: Option<Bounds>,
}

impl Monitor {
    /// The source of truth holds this at the start. To be said of every key, as for [`History::start_with`].
    ///
    /// [`History::start_with`]: crate::history::History::start_with
    pub fn start_with(&mut self, key: Key, content: Option<Value>) {
        self.keys.entry(key).or_default().start_with(content);
    }

    /// An operation is called. It is invoked by its thread's next event.
    pub fn call(&mut self, name: OperationName, key: Key, call: Call, settled: bool) {
        self.under_way.insert(name.thread, UnderWay { name, key, call, settled, bounds: None });
    }

    /// The thread has done an event. What was found in the step before is forgotten.
    pub fn step(&mut self, thread: usize) {
        self.found.clear();
        self.met = false;
        self.begin(thread);
    }

    fn begin(&mut self, thread: usize) {
        let Some(operation) = self.under_way.get_mut(&thread).filter(|it| it.bounds.is_none()) else {
            return;
        };
        let versions = self.keys.entry(operation.key).or_default();
        operation.bounds = Some(versions.bounds.clone());
        if operation.call.is_write() {
            versions.is_written = true;
            self.writers.insert(operation.name, (operation.key, operation.call));
        }
    }

    /// The source of truth has a new version, by the event that has just been done.
    pub fn written(&mut self, key: Key, content: Option<Value>, by: OperationName) {
        let place = self.keys.entry(key).or_default().push(content, by);
        for operation in self.under_way.values_mut().filter(|operation| operation.key == key) {
            if let Some(bounds) = &mut operation.bounds {
                bounds.written(content, by, place);
            }
        }
        for mut check in mem::take(&mut self.undecided) {
            check.written(key, content, by, place);
            self.decide(check);
        }
    }

    /// An operation answers, with the event that its thread did last.
    pub fn respond(&mut self, name: OperationName, reply: Reply) {
        // One without any event is invoked as it answers.
        self.begin(name.thread);
        let Some(operation) = self.under_way.remove(&name.thread) else { return };
        if operation.call.is_write() && reply != Reply::Unknown {
            self.writers.remove(&name);
        }
        for versions in self.keys.values_mut() {
            versions.end(name, reply == Reply::Done);
        }
        if let Reply::Read(returned) = reply {
            self.judge(operation, returned);
        }
    }

    fn judge(&mut self, operation: UnderWay, returned: Option<Value>) {
        let UnderWay { key, settled, bounds, .. } = operation;
        self.met |= !settled && self.keys[&key].is_written;
        if !self.knows(key, returned) {
            let crossed = returned.is_some_and(|value| value.key != key && self.knows(value.key, returned));
            self.found.insert(if crossed { Rule::Crossed } else { Rule::Phantom });
            return;
        }
        if settled && self.keys[&key].last().is_some_and(|last| last != returned) {
            self.found.insert(Rule::Lasting);
        }
        let writers: BTreeSet<_> = self
            .writers
            .iter()
            .filter(|(_, write)| may_write(write, key, returned))
            .map(|(&by, _)| by)
            .collect();
        let versions = self.keys.get_mut(&key).expect("a key that is read has versions");
        let check = Check::new(key, returned, bounds.unwrap_or_default(), versions, writers.clone());
        match versions.oldest(returned) {
            Some(place) => versions.bounds.returned = versions.bounds.returned.max(Some(place)),
            None if writers.is_empty() => {}
            None => {
                versions.bounds.awaited.insert(Awaited { content: returned, from: writers });
            }
        }
        self.decide(check);
    }

    /// Whether the key has had this content, or somebody has begun to write it.
    fn knows(&self, key: Key, content: Option<Value>) -> bool {
        self.keys.get(&key).is_some_and(|versions| versions.newest(content).is_some())
            || self.writers.values().any(|write| *write == (key, content.map_or(Call::Delete, Call::Set)))
    }

    fn decide(&mut self, check: Check) {
        if check.is_decided() {
            self.found.extend(check.found());
        } else {
            self.undecided.insert(check);
        }
    }

    /// The run is over: nothing more is written.
    pub fn end(&mut self) {
        for check in mem::take(&mut self.undecided) {
            self.found.extend(check.found());
        }
    }

    /// The rules that were broken in this step: since the last event, or by the end.
    pub fn found(&self) -> &BTreeSet<Rule> {
        &self.found
    }

    /// Whether in this step a read has ended which overlapped or followed a write of its key. Where none ever does, the
    /// case is vacuous.
    pub fn met(&self) -> bool {
        self.met
    }
}

/// Feeds in all that later judgements depend on, and what was found in this step.
impl Hash for Monitor {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Monitor { keys, under_way, writers, undecided, found, met } = self;
        (keys, under_way, undecided, found, met).hash(state);
        writers.keys().for_each(|name| name.hash(state));
    }
}

/// Whether this write may make a version of the key with this content. What it makes of other keys than its own, nobody
/// here knows.
fn may_write(&(its, call): &(Key, Call), key: Key, content: Option<Value>) -> bool {
    its != key
        || match call {
            Call::Set(value) => content == Some(value),
            _ => content.is_none(),
        }
}
