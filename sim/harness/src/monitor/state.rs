//! The operations of a run as they are invoked and answer, judged as they do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::floor::Floor;
use super::name::{Name, Names};
use super::planned::Planned;
use super::versions::{Broken, Content, Contents, Versions};
use crate::history::{Call, Key, OperationId, Reply};
use crate::oracle::Rule;

/// An operation that may still write: it has not answered, or has commands on their way.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    key: Key,
    call: Call,
    settled: bool,
    /// It has done its first event.
    is_invoked: bool,
    has_answered: bool,
    /// It has answered, and has perhaps still to write: it was a write that has failed, or a load whose value is not at the
    /// source of truth.
    pub(super) has_failed: bool,
    /// How many commands it has on their way that nobody waits for.
    late: u32,
    /// Of a read that is invoked and has not answered: what it must not return.
    pub(super) floor: Floor,
    /// Of a write that has not answered, of each key: what is older than the version that it has made, or has found made.
    pub(super) older: BTreeMap<Key, Contents>,
    /// The keys of which it has made a version: none makes two.
    pub(super) made: BTreeSet<Key>,
    /// What its own task has written, or found written, as its specification says.
    seen_to: BTreeSet<Key>,
}

/// What is still to go wrong with an operation, in the words of those who let it.
pub(crate) type Mishap = (u32, u32);

/// What the rules need to know of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) keys: BTreeMap<Key, Versions>,
    /// Of each task at most one has not answered.
    pub(super) operations: BTreeMap<Name, Operation>,
    pub(super) mishaps: BTreeSet<(Name, Mishap)>,
    /// The rules that were broken in this step, a bit for each.
    pub(super) found: u64,
    /// In this step something was invoked, was written, or has answered.
    pub(super) is_touched: bool,
    /// The value of a write that was over [has landed](Planned::failed_may_land).
    pub(super) is_surprised: bool,
    planned: Arc<Planned>,
    /// What was told in this step, if all of it is of the task whose step it is.
    pub(super) told: Option<Vec<Told>>,
    /// The task whose step it is.
    mover: u32,
    /// All that were called, by their numbers.
    names: Vec<Name>,
    /// How many each task has called.
    calls: BTreeMap<u32, u32>,
}

/// What the task whose step it is has told, of which of its calls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    Called {
        key: Key,
        call: Call,
        settled: bool,
    },
    /// It has written, in this call or, for the cache alone, in none.
    Written {
        call: Option<u32>,
        key: Key,
        content: Content,
    },
    /// It has found this at the source of truth.
    Found {
        call: u32,
        key: Key,
        content: Content,
    },
    Answered {
        call: u32,
        reply: Reply,
    },
}

impl Operation {
    /// It has begun, and has not answered.
    pub(super) fn is_under_way(&self) -> bool {
        self.is_invoked && !self.has_answered
    }
}

impl State {
    /// A run begins.
    pub(super) fn new(planned: &Arc<Planned>) -> Self {
        let versions =
            |(&key, contents): (&Key, &Vec<Content>)| (key, Versions::new(contents.iter().copied()));
        let keys = planned.at_start.iter().map(versions).collect();
        State { keys, planned: Arc::clone(planned), ..State::default() }
    }

    /// Whether any task has called anything: all are there then.
    pub(super) fn has_begun(&self) -> bool {
        !self.names.is_empty()
    }

    /// The task calls an operation, which begins with its next event.
    pub(super) fn call(&mut self, task: u32, key: Key, call: Call, settled: bool) -> OperationId {
        let calls = self.calls.entry(task).or_default();
        let name = Name { task, call: *calls };
        *calls += 1;
        let operation = Operation {
            key,
            call,
            settled,
            is_invoked: false,
            has_answered: false,
            has_failed: false,
            late: 0,
            floor: Floor::default(),
            older: BTreeMap::new(),
            made: BTreeSet::new(),
            seen_to: BTreeSet::new(),
        };
        self.operations.insert(name, operation);
        self.names.push(name);
        self.tell(task, Told::Called { key, call, settled });
        self.names.len() - 1
    }

    /// The task has done an event. What was found in the step before is forgotten.
    pub(super) fn step(&mut self, task: u32) {
        (self.found, self.is_touched) = (0, false);
        self.mover = task;
        self.told.get_or_insert_default().clear();
        let call = self.calls.get(&task).copied().unwrap_or_default();
        if let Some(call) = call.checked_sub(1) {
            self.invoke(Name { task, call });
        }
    }

    /// The operation begins, if it has not begun.
    fn invoke(&mut self, name: Name) {
        let Some(own) = self.operations.get_mut(&name).filter(|own| !own.is_invoked) else { return };
        own.is_invoked = true;
        self.is_touched = true;
        let versions = self.keys.entry(own.key).or_default();
        if own.call == Call::Get {
            own.floor = versions.floor.clone();
        }
        versions.is_written |= own.call.is_write();
    }

    /// A task that is in this operation, or in none, has written the key, in the last event.
    pub(super) fn written(&mut self, current: Option<OperationId>, key: Key, content: Content) {
        let current = current.and_then(|current| self.names.get(current).copied());
        match current {
            Some(Name { task, call }) => self.tell(task, Told::Written { call: Some(call), key, content }),
            None => self.tell(self.mover, Told::Written { call: None, key, content }),
        }
        self.written_in(current, key, content);
    }

    /// The source of truth has lost the key in the last event. No operation has done that, so that none is surprising.
    pub(super) fn expired(&mut self, key: Key) {
        self.told = None;
        self.is_touched = true;
        let (others, broken) = self.keys.entry(key).or_default().expire();
        self.has_new_version(None, key, None, &others);
        self.note(broken);
    }

    /// Which operation has thereby made a version, if one has: as [`History::wrote`](crate::history::History::wrote) has it.
    fn written_in(&mut self, current: Option<Name>, key: Key, content: Content) {
        self.is_touched = true;
        let specification = &self.planned.specification;
        let makes = |its: &Operation| specification.makes((its.key, its.call), key, content);
        let own = current.filter(|name| self.operations.get(name).is_some_and(makes));
        let mut all = self.operations.iter();
        let is_pending = |its: &Operation| its.is_under_way() && !its.made.contains(&key);
        let maker = own.or_else(|| match (content, current) {
            (Some(_), _) => all.find(|(_, its)| makes(its)).map(|(&name, _)| name),
            (None, None) => all.find(|(_, its)| makes(its) && is_pending(its)).map(|(&name, _)| name),
            (None, Some(_)) => None,
        });
        if let Some(name) = own.filter(|name| name.task == self.mover) {
            self.operations.get_mut(&name).expect("it is there").seen_to.insert(key);
        }
        match maker {
            Some(by) => self.make(by, key, content),
            // Whose value it is has failed, if it is anybody's.
            None if content.is_some_and(|value| self.planned.is_written(key, value)) => {
                if !self.keys.get(&key).is_some_and(|its| its.has(content)) {
                    self.is_surprised = true;
                    self.new_version(None, key, content);
                }
            }
            None => {}
        }
    }

    /// The operation makes a version of the key, unless it has made one.
    fn make(&mut self, by: Name, key: Key, content: Content) {
        if self.operations.get_mut(&by).is_some_and(|its| its.made.insert(key)) {
            self.new_version(Some(by), key, content);
        }
    }

    /// A task that is in this operation has found this at the source of truth, in the last event.
    pub(super) fn found_there(&mut self, current: OperationId, key: Key, content: Content) {
        let Some(&name) = self.names.get(current) else { return };
        self.tell(name.task, Told::Found { call: name.call, key, content });
        self.found_in(name, key, content);
    }

    /// As [`History::found`](crate::history::History::found).
    fn found_in(&mut self, name: Name, key: Key, content: Content) {
        let Some(its) = self.operations.get_mut(&name).filter(|_| name.task == self.mover) else { return };
        let makes = self.planned.specification.makes((its.key, its.call), key, content);
        if !makes || !its.seen_to.insert(key) || its.made.contains(&key) {
            return;
        }
        self.is_touched = true;
        let versions = self.keys.entry(key).or_default();
        if versions.last == Some(content) {
            its.older.entry(key).or_insert_with(|| versions.others(content));
            // It is a deletion's version, too, if the key has expired.
            versions.expired = None;
        } else {
            self.make(name, key, content);
        }
    }

    /// As [`History::owed`](crate::history::History::owed).
    pub(super) fn owed(&self, operation: OperationId) -> Vec<Key> {
        let Some(its) = self.operations.get(&self.names[operation]) else { return Vec::new() };
        let effects = self.planned.specification.effects((its.key, its.call));
        effects.map(|(key, _)| key).filter(|key| !its.seen_to.contains(key)).collect()
    }

    fn new_version(&mut self, by: Option<Name>, key: Key, content: Content) {
        let (others, broken) = self.keys.entry(key).or_default().write(by, content);
        self.has_new_version(by, key, content, &others);
        self.note(broken);
    }

    /// Operations under way have this version to reckon with; `others` are older.
    fn has_new_version(&mut self, by: Option<Name>, key: Key, content: Content, others: &Contents) {
        for (&name, its) in &mut self.operations {
            if its.key == key {
                its.floor.written(by, content, others);
            }
            if Some(name) == by && its.call != Call::Get && !its.has_answered {
                its.older.insert(key, others.clone());
            } else if let Some(older) = its.older.get_mut(&key) {
                older.remove(&content);
            }
        }
    }

    /// The operation has sent a command that is carried out at some later point, or never.
    pub(super) fn sent_late(&mut self, operation: OperationId) {
        self.told = None;
        if let Some(its) = self.names.get(operation).and_then(|name| self.operations.get_mut(name)) {
            its.late += 1;
            self.is_touched = true;
        }
    }

    /// Such a command has been carried out, or will not be any more.
    pub(super) fn arrived(&mut self, operation: OperationId) {
        self.told = None;
        let Some(&name) = self.names.get(operation) else { return };
        let Some(its) = self.operations.get_mut(&name) else { return };
        its.late -= 1;
        self.is_touched = true;
        if its.has_answered && its.late == 0 && !self.may_land(name) {
            self.over(name);
        }
    }

    /// The operation answers, in its task's last event. Returns whether it is a read that has met a write of its key.
    pub(super) fn answer(&mut self, operation: OperationId, reply: Reply) -> bool {
        let name = self.names[operation];
        self.tell(name.task, Told::Answered { call: name.call, reply });
        self.answer_by(name, reply)
    }

    /// The task does a step in which it tells this. Returns as [`answer`](State::answer).
    pub(super) fn repeat(&mut self, task: u32, told: &[Told]) -> bool {
        self.step(task);
        let mut has_met = false;
        for &told in told {
            match told {
                Told::Called { key, call, settled } => drop(self.call(task, key, call, settled)),
                Told::Written { call, key, content } => {
                    self.written_in(call.map(|call| Name { task, call }), key, content);
                }
                Told::Found { call, key, content } => self.found_in(Name { task, call }, key, content),
                Told::Answered { call, reply } => has_met |= self.answer_by(Name { task, call }, reply),
            }
        }
        has_met
    }

    /// Notes what the task has told, if it is the one whose step it is.
    fn tell(&mut self, task: u32, its: Told) {
        match &mut self.told {
            Some(told) if task == self.mover => told.push(its),
            told => *told = None,
        }
    }

    fn answer_by(&mut self, name: Name, reply: Reply) -> bool {
        self.is_touched = true;
        self.invoke(name);
        self.mishaps.retain(|(its, _)| *its != name);
        if self.operations.get(&name).is_some_and(|its| its.settled) {
            self.all_over();
        }
        if reply == Reply::Done {
            self.acknowledged(name);
        }
        let own = self.operations.get_mut(&name).expect("who answers has been called");
        own.has_answered = true;
        let (key, call, settled, late) = (own.key, own.call, own.settled, own.late);
        let floor = std::mem::take(&mut own.floor);
        let older = std::mem::take(&mut own.older);
        own.has_failed = match call {
            Call::Set(_) | Call::Delete => reply == Reply::Unknown,
            Call::Load(_) => !own.made.contains(&key),
            Call::Get | Call::Evict | Call::Forget => false,
        };
        if reply == Reply::Done {
            for (key, older) in older {
                self.keys.entry(key).or_default().floor.stale.extend(older);
            }
        }
        if late == 0 {
            if !self.may_land(name) {
                self.over(name);
            }
        } else if reply == Reply::Done {
            for versions in self.keys.values_mut() {
                versions.floor.promises.acknowledged.insert(name);
            }
        }
        if let Reply::Read(returned) = reply {
            self.judge(key, returned, floor, settled);
        }
        call == Call::Get && !settled && self.keys.entry(key).or_default().is_written
    }

    /// As [`History::acknowledged`](crate::history::History::acknowledged).
    fn acknowledged(&mut self, name: Name) {
        let its = &self.operations[&name];
        let effects = self.planned.specification.effects((its.key, its.call));
        let owed: Vec<_> = effects.filter(|(key, _)| !its.seen_to.contains(key)).collect();
        for (key, content) in owed {
            self.make(name, key, content);
        }
    }

    /// Whether what the operation was to write can still be written, though it has failed.
    fn may_land(&self, name: Name) -> bool {
        self.planned.failed_may_land && self.operations.get(&name).is_some_and(|its| its.has_failed)
    }

    /// No thread is left: what has failed has failed.
    fn all_over(&mut self) {
        let failed = self.operations.iter().filter(|(_, its)| its.has_failed);
        let failed: Vec<Name> = failed.map(|(&name, _)| name).collect();
        for name in failed {
            self.over(name);
        }
    }

    /// The operation writes nothing any more.
    fn over(&mut self, name: Name) {
        self.operations.remove(&name);
        for its in self.operations.values_mut() {
            its.floor.promises.over(name);
        }
        let mut broken = Broken::default();
        for versions in self.keys.values_mut() {
            broken.add(versions.over(name));
        }
        self.note(broken);
    }

    /// A read that was invoked under this floor has returned this.
    fn judge(&mut self, key: Key, returned: Content, floor: Floor, settled: bool) {
        let specification = &self.planned.specification;
        let may_write = |its: &Operation| specification.makes((its.key, its.call), key, returned);
        let begun = self.operations.iter().filter(|(_, its)| its.is_invoked && may_write(its));
        let writers: Names = begun.map(|(&name, _)| name).collect();
        let versions = self.keys.entry(key).or_default();
        let is_known = versions.has(returned) || self.planned.calls(key, returned);
        if !is_known {
            versions.unexplained.insert(returned);
        }
        let broken = versions.read(returned, floor, writers);
        self.note(broken);
        if settled {
            let versions = self.keys.entry(key).or_default();
            let is_last = versions.last.is_none_or(|last| last == returned);
            if is_known && !is_last && versions.expired != Some(returned) {
                self.break_rule(Rule::Lasting);
            }
            self.explain(key);
        }
    }

    /// Nothing is written any more: what reads of the key returned that never was its own is somebody else's or nobody's.
    fn explain(&mut self, key: Key) {
        let unexplained = self.keys.get_mut(&key).map(|its| std::mem::take(&mut its.unexplained));
        for returned in unexplained.into_iter().flatten() {
            let is_others = returned.is_some_and(|value| {
                let has = self.keys.get(&value.key).is_some_and(|its| its.has(returned));
                value.key != key && (has || self.planned.calls(value.key, returned))
            });
            self.break_rule(if is_others { Rule::Crossed } else { Rule::Phantom });
        }
    }

    fn note(&mut self, broken: Broken) {
        if broken.stale {
            self.break_rule(Rule::Stale);
        }
        if broken.inverted {
            self.break_rule(Rule::Inverted);
        }
    }

    fn break_rule(&mut self, rule: Rule) {
        self.found |= 1 << rule as u32;
    }
}
