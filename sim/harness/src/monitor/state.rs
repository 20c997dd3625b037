//! The operations of a run, judged as they are invoked and return.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::floor::Floor;
use super::name::{OperationName, OperationNames};
use super::overwritten::Writer;
use super::planned::Planned;
use super::versions::{Broken, Content, Contents, Versions};
use crate::history::{Call, Key, OperationId, Reply};
use crate::oracle::Rule;

/// An operation that may still write: it has not returned, or has commands in flight.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// 0 unless reads are judged by node.
    pub(super) node: u32,
    key: Key,
    call: Call,
    settled: bool,
    /// Its first event has executed.
    is_invoked: bool,
    has_answered: bool,
    /// It has returned and may still write: a failed or refused write, or a load whose value is not
    /// at the source of truth.
    pub(super) has_failed: bool,
    /// The number of its commands in flight without a caller.
    late: u32,
    /// The content from which an update has computed its value.
    pub(super) base: Option<Content>,
    /// For a read in progress: the contents that it must not return.
    pub(super) floor: Floor,
    /// For a write in progress, per key: the contents older than the version that it has made or
    /// confirmed.
    pub(super) older: BTreeMap<Key, Contents>,
    /// The keys of which it has made a version, at most one each.
    pub(super) made: BTreeSet<Key>,
    /// Effects of its specification that its own task has written or found.
    fulfilled: BTreeSet<Key>,
}

/// Identifier of a planned fault (opaque here).
pub(crate) type FaultId = (u32, u32);

/// The state of the rules in a run.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) keys: BTreeMap<Key, Versions>,
    /// At most one operation per task is in progress.
    pub(super) operations: BTreeMap<OperationName, Operation>,
    pub(super) pending_faults: BTreeSet<(OperationName, FaultId)>,
    /// The writes in progress that an update has overwritten unread. They are lost if they are
    /// acknowledged.
    pub(super) overwritten: OperationNames,
    /// The rules violated in this step, one bit each.
    pub(super) found: u64,
    /// In this step an operation was invoked, has written, or has returned.
    pub(super) is_touched: bool,
    /// The value of a write that had ended [has landed](Planned::failed_may_land).
    pub(super) is_surprised: bool,
    planned: Arc<Planned>,
    /// The reports of this step; `None` if another task reported in it.
    pub(super) reports: Option<Vec<StepReport>>,
    /// The task of this step.
    running: u32,
    /// All calls, by number.
    names: Vec<OperationName>,
    /// The number of calls of each task.
    calls: BTreeMap<u32, u32>,
}

/// A report of the task of this step, with the index of its call.
#[derive(Clone, Copy, Debug)]
pub(super) enum StepReport {
    Called {
        node: u32,
        key: Key,
        call: Call,
        settled: bool,
    },
    /// It has written, in this call; `None` if the cache wrote outside any call.
    Written {
        call: Option<u32>,
        key: Key,
        content: Content,
    },
    /// It has found this content at the source of truth.
    Found {
        call: u32,
        key: Key,
        content: Content,
    },
    /// It computes its value from this content.
    Based {
        call: u32,
        content: Content,
    },
    Answered {
        call: u32,
        reply: Reply,
    },
}

impl Operation {
    /// Whether it was invoked and has not returned.
    pub(super) fn is_in_progress(&self) -> bool {
        self.is_invoked && !self.has_answered
    }
}

impl State {
    /// Creates the state at the start of a run.
    pub(super) fn new(planned: &Arc<Planned>) -> Self {
        let versions =
            |(&key, contents): (&Key, &Vec<Content>)| (key, Versions::new(contents.iter().copied()));
        let mut keys: BTreeMap<Key, Versions> = planned.at_start.iter().map(versions).collect();
        for (key, versions) in keys.iter_mut().filter(|(key, _)| planned.updated.contains(key)) {
            let contents = planned.at_start[key].iter();
            contents.for_each(|&content| versions.writes.written(content, Writer::Unknown));
        }
        State { keys, planned: Arc::clone(planned), ..State::default() }
    }

    /// Whether reads are judged by node.
    pub(super) fn is_by_node(&self) -> bool {
        self.planned.by_node
    }

    /// Whether any task has called an operation. All tasks exist then.
    pub(super) fn has_begun(&self) -> bool {
        !self.names.is_empty()
    }

    /// Records the call of an operation, which begins with the task's next event.
    pub(super) fn call(&mut self, task: u32, node: u32, key: Key, call: Call, settled: bool) -> OperationId {
        let node = if self.planned.by_node { node } else { 0 };
        let calls = self.calls.entry(task).or_default();
        let name = OperationName { task, call: *calls };
        *calls += 1;
        let operation = Operation {
            node,
            key,
            call,
            settled,
            is_invoked: false,
            has_answered: false,
            has_failed: false,
            late: 0,
            base: None,
            floor: Floor::default(),
            older: BTreeMap::new(),
            made: BTreeSet::new(),
            fulfilled: BTreeSet::new(),
        };
        self.operations.insert(name, operation);
        self.names.push(name);
        self.report(task, StepReport::Called { node, key, call, settled });
        self.names.len() - 1
    }

    /// Records an event of the task. Clears the findings of the previous step.
    pub(super) fn step(&mut self, task: u32) {
        (self.found, self.is_touched) = (0, false);
        self.running = task;
        self.reports.get_or_insert_default().clear();
        let call = self.calls.get(&task).copied().unwrap_or_default();
        if let Some(call) = call.checked_sub(1) {
            self.invoke(OperationName { task, call });
        }
    }

    /// Invokes the operation, unless it has begun.
    fn invoke(&mut self, name: OperationName) {
        let Some(own) = self.operations.get_mut(&name).filter(|own| !own.is_invoked) else { return };
        own.is_invoked = true;
        self.is_touched = true;
        let versions = self.keys.entry(own.key).or_default();
        if own.call == Call::Get {
            own.floor = versions.floors.get(&own.node).cloned().unwrap_or_default();
        }
        if own.call.is_write() {
            versions.is_written_by(Some(name));
        }
    }

    /// Records that the last event, of a task in operation `current` or in none, wrote the key.
    pub(super) fn written(&mut self, current: Option<OperationId>, key: Key, content: Content) {
        let current = current.and_then(|current| self.names.get(current).copied());
        match current {
            Some(OperationName { task, call }) => {
                self.report(task, StepReport::Written { call: Some(call), key, content })
            }
            None => self.report(self.running, StepReport::Written { call: None, key, content }),
        }
        self.written_in(current, key, content);
    }

    /// Records that the key expired at the source of truth in the last event. No operation made
    /// this version, so that none is unexpected.
    pub(super) fn expired(&mut self, key: Key) {
        self.reports = None;
        self.is_touched = true;
        let versions = self.keys.entry(key).or_default();
        let (others, broken) = versions.expire();
        if self.planned.updated.contains(&key) {
            versions.writes.written(None, Writer::Unknown);
        }
        self.has_new_version(None, key, None, &others);
        self.note(broken);
    }

    /// Finds the operation that made a version with this write, if any: as
    /// [`History::wrote`](crate::history::History::wrote).
    fn written_in(&mut self, current: Option<OperationName>, key: Key, content: Content) {
        self.is_touched = true;
        let specification = &self.planned.specification;
        let makes = |its: &Operation| specification.makes((its.key, its.call), key, content);
        let own = current.filter(|name| self.operations.get(name).is_some_and(makes));
        let mut all = self.operations.iter();
        let is_pending = |its: &Operation| its.is_in_progress() && !its.made.contains(&key);
        let maker = own.or_else(|| match (content, current) {
            (Some(_), _) => all.find(|(_, its)| makes(its)).map(|(&name, _)| name),
            (None, None) => all.find(|(_, its)| makes(its) && is_pending(its)).map(|(&name, _)| name),
            (None, Some(_)) => None,
        });
        if let Some(name) = own.filter(|name| name.task == self.running) {
            self.operations.get_mut(&name).expect("the operation was just found").fulfilled.insert(key);
        }
        match maker {
            Some(by) => self.make(by, key, content),
            // The value is of a failed write, if any operation writes it.
            None if content.is_some_and(|value| self.planned.is_written(key, value))
                && !self.keys.get(&key).is_some_and(|its| its.has(content)) =>
            {
                self.is_surprised = true;
                self.new_version(None, key, content);
            }
            None => {}
        }
    }

    /// Makes the operation's version of the key, unless it has made one.
    fn make(&mut self, by: OperationName, key: Key, content: Content) {
        let Some(its) = self.operations.get_mut(&by) else { return };
        if !its.made.insert(key) {
            return;
        }
        if let Some(base) = its.base.filter(|_| its.key == key) {
            let writes = &self.keys.entry(key).or_default().writes;
            let (is_lost, in_progress) = writes.overwritten(by, base);
            self.overwritten.extend(in_progress);
            if is_lost {
                self.break_rule(Rule::LostUpdate);
            }
        }
        self.new_version(Some(by), key, content);
    }

    /// The operation, as far as its write can be lost.
    fn writer(&self, by: Option<OperationName>) -> Writer {
        let Some(name) = by else { return Writer::Unknown };
        match self.operations.get(&name) {
            Some(its) if !its.call.is_write() || its.has_failed => Writer::Unknown,
            Some(its) if its.has_answered => Writer::Acknowledged,
            Some(_) => Writer::InProgress(name),
            None => Writer::Unknown,
        }
    }

    /// Records the content from which an update computes its value: as
    /// [`History::based_on`](crate::history::History::based_on).
    pub(super) fn based_on(&mut self, update: OperationId, content: Content) {
        let Some(&name) = self.names.get(update) else { return };
        self.report(name.task, StepReport::Based { call: name.call, content });
        self.based_in(name, content);
    }

    fn based_in(&mut self, name: OperationName, content: Content) {
        if let Some(its) = self.operations.get_mut(&name).filter(|its| !its.made.contains(&its.key)) {
            its.base = Some(content);
            self.is_touched = true;
        }
    }

    /// Records that the last event, of a task in operation `current`, found this content at the
    /// source of truth.
    pub(super) fn found_there(&mut self, current: OperationId, key: Key, content: Content) {
        let Some(&name) = self.names.get(current) else { return };
        self.report(name.task, StepReport::Found { call: name.call, key, content });
        self.found_in(name, key, content);
    }

    /// As [`History::found`](crate::history::History::found).
    fn found_in(&mut self, name: OperationName, key: Key, content: Content) {
        let Some(its) = self.operations.get_mut(&name).filter(|_| name.task == self.running) else { return };
        let makes = self.planned.specification.makes((its.key, its.call), key, content);
        if !makes || !its.fulfilled.insert(key) || its.made.contains(&key) {
            return;
        }
        self.is_touched = true;
        let versions = self.keys.entry(key).or_default();
        if versions.last == Some(content) {
            its.older.entry(key).or_insert_with(|| versions.others(content));
            // If the key has expired, this is also the deletion's version.
            versions.expired = None;
            if self.planned.updated.contains(&key) {
                let writer = self.writer(Some(name));
                self.keys.entry(key).or_default().writes.confirmed(content, writer);
            }
        } else {
            self.make(name, key, content);
        }
    }

    /// As [`History::owed`](crate::history::History::owed).
    pub(super) fn owed(&self, operation: OperationId) -> Vec<Key> {
        let Some(its) = self.operations.get(&self.names[operation]) else { return Vec::new() };
        let effects = self.planned.specification.effects((its.key, its.call));
        effects.map(|(key, _)| key).filter(|key| !its.fulfilled.contains(key)).collect()
    }

    fn new_version(&mut self, by: Option<OperationName>, key: Key, content: Content) {
        let writer = self.writer(by);
        let versions = self.keys.entry(key).or_default();
        let (others, broken) = versions.write(by, content);
        if self.planned.updated.contains(&key) {
            versions.writes.written(content, writer);
        }
        self.has_new_version(by, key, content, &others);
        self.note(broken);
    }

    /// Updates the operations in progress for a new version. `others` are older.
    fn has_new_version(&mut self, by: Option<OperationName>, key: Key, content: Content, others: &Contents) {
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

    /// Records that the operation has sent a command that executes later, or never.
    pub(super) fn sent_late(&mut self, operation: OperationId) {
        self.reports = None;
        if let Some(its) = self.names.get(operation).and_then(|name| self.operations.get_mut(name)) {
            its.late += 1;
            self.is_touched = true;
        }
    }

    /// Records that such a command has executed, or is discarded.
    pub(super) fn arrived(&mut self, operation: OperationId) {
        self.reports = None;
        let Some(&name) = self.names.get(operation) else { return };
        let Some(its) = self.operations.get_mut(&name) else { return };
        its.late -= 1;
        self.is_touched = true;
        if its.has_answered && its.late == 0 && !self.may_land(name) {
            self.ended(name);
        }
    }

    /// Records the response, in its task's last event. Returns whether it is a read that met a
    /// write of its key.
    pub(super) fn answer(&mut self, operation: OperationId, reply: Reply) -> bool {
        let name = self.names[operation];
        self.report(name.task, StepReport::Answered { call: name.call, reply });
        self.answer_by(name, reply)
    }

    /// Repeats a step of the task with these reports. Returns as [`answer`](State::answer).
    pub(super) fn repeat(&mut self, task: u32, reports: &[StepReport]) -> bool {
        self.step(task);
        let mut has_met = false;
        for &report in reports {
            match report {
                StepReport::Called { node, key, call, settled } => {
                    _ = self.call(task, node, key, call, settled);
                }
                StepReport::Written { call, key, content } => {
                    self.written_in(call.map(|call| OperationName { task, call }), key, content);
                }
                StepReport::Found { call, key, content } => {
                    self.found_in(OperationName { task, call }, key, content)
                }
                StepReport::Based { call, content } => self.based_in(OperationName { task, call }, content),
                StepReport::Answered { call, reply } => {
                    has_met |= self.answer_by(OperationName { task, call }, reply)
                }
            }
        }
        has_met
    }

    /// Adds the task's report, if it is the task of this step.
    fn report(&mut self, task: u32, its: StepReport) {
        match &mut self.reports {
            Some(reports) if task == self.running => reports.push(its),
            reports => *reports = None,
        }
    }

    fn answer_by(&mut self, name: OperationName, reply: Reply) -> bool {
        self.is_touched = true;
        self.invoke(name);
        self.pending_faults.retain(|(its, _)| *its != name);
        if self.operations.get(&name).is_some_and(|its| its.settled) {
            self.end_failed();
        }
        if reply == Reply::Done {
            self.acknowledged(name);
        }
        let own = self.operations.get_mut(&name).expect("an operation returns after its call");
        own.has_answered = true;
        let (node, key, call, settled, late) = (own.node, own.key, own.call, own.settled, own.late);
        let base = own.base;
        let floor = std::mem::take(&mut own.floor);
        let older = std::mem::take(&mut own.older);
        own.has_failed = match call {
            Call::Load(_) => !own.made.contains(&key),
            call => call.is_write() && matches!(reply, Reply::Unknown | Reply::Refused),
        };
        if call.is_write() {
            self.outcome(name, reply);
        }
        if let (Call::CompareAndSet(value), Reply::Unknown) = (call, reply) {
            let versions = self.keys.entry(key).or_default();
            versions.possible.insert(Some(value));
            versions.unexplained.remove(&Some(value));
        }
        if let (Some(base), Reply::Done) = (base, reply) {
            self.is_known(key, base);
        }
        if reply == Reply::Done {
            for (key, older) in older {
                let versions = self.keys.entry(key).or_default();
                versions.floors.entry(node).or_default().stale.extend(older);
            }
        }
        if late == 0 {
            if !self.may_land(name) {
                self.ended(name);
            }
        } else if reply == Reply::Done {
            for versions in self.keys.values_mut() {
                let floor = versions.floors.entry(node).or_default();
                floor.promises.acknowledged.insert(name);
            }
        }
        if let Reply::Read(returned) = reply {
            match call {
                Call::Notice => self.keys.entry(key).or_default().delivered(node, returned),
                _ => self.judge(node, key, returned, floor, settled),
            }
        }
        let versions = self.keys.entry(key).or_default();
        match call {
            Call::Get => !settled && versions.is_written,
            call => call.is_update() && versions.is_written && versions.sole_writer != Some(name),
        }
    }

    /// The outcome of a write is known: it can be lost only if it is acknowledged.
    fn outcome(&mut self, name: OperationName, reply: Reply) {
        let is_acknowledged = reply == Reply::Done;
        if self.overwritten.remove(&name) && is_acknowledged {
            self.break_rule(Rule::LostUpdate);
        }
        for versions in self.keys.values_mut() {
            versions.writes.answered(name, is_acknowledged);
        }
    }

    /// Whether the key has had this content, or an operation may have written it. If not, it is
    /// unexplained from now on.
    fn is_known(&mut self, key: Key, content: Content) -> bool {
        let versions = self.keys.entry(key).or_default();
        let is_known =
            versions.has(content) || versions.possible.contains(&content) || self.planned.calls(key, content);
        if !is_known {
            versions.unexplained.insert(content);
        }
        is_known
    }

    /// As [`History::acknowledged`](crate::history::History::acknowledged).
    fn acknowledged(&mut self, name: OperationName) {
        let its = &self.operations[&name];
        let effects = self.planned.specification.effects((its.key, its.call));
        let owed: Vec<_> = effects.filter(|(key, _)| !its.fulfilled.contains(key)).collect();
        for (key, content) in owed {
            self.make(name, key, content);
        }
    }

    /// Whether the failed operation may still write.
    fn may_land(&self, name: OperationName) -> bool {
        self.planned.failed_may_land && self.operations.get(&name).is_some_and(|its| its.has_failed)
    }

    /// Ends all failed operations, because all threads have ended.
    fn end_failed(&mut self) {
        let failed = self.operations.iter().filter(|(_, its)| its.has_failed);
        let failed: Vec<OperationName> = failed.map(|(&name, _)| name).collect();
        for name in failed {
            self.ended(name);
        }
    }

    /// The operation can write nothing more.
    fn ended(&mut self, name: OperationName) {
        self.operations.remove(&name);
        for its in self.operations.values_mut() {
            its.floor.promises.ended(name);
        }
        let mut broken = Broken::default();
        for versions in self.keys.values_mut() {
            broken.add(versions.ended(name));
        }
        self.note(broken);
    }

    /// Judges a read that was invoked under this floor.
    fn judge(&mut self, node: u32, key: Key, returned: Content, floor: Floor, settled: bool) {
        let specification = &self.planned.specification;
        let may_write = |its: &Operation| specification.makes((its.key, its.call), key, returned);
        let begun = self.operations.iter().filter(|(_, its)| its.is_invoked && may_write(its));
        let writers: OperationNames = begun.map(|(&name, _)| name).collect();
        let is_known = self.is_known(key, returned);
        let broken = self.keys.entry(key).or_default().read(node, returned, floor, writers);
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

    /// Nothing more is written: an unexplained result of a read is crossed or phantom.
    fn explain(&mut self, key: Key) {
        let unexplained = self.keys.get_mut(&key).map(|its| std::mem::take(&mut its.unexplained));
        for returned in unexplained.into_iter().flatten() {
            let is_others = returned.is_some_and(|value| {
                let its = self.keys.get(&value.key);
                let has = its.is_some_and(|its| its.has(returned) || its.possible.contains(&returned));
                value.key != key && (has || self.planned.calls(value.key, returned))
            });
            self.break_rule(if is_others { Rule::Crossed } else { Rule::Phantom });
        }
    }

    fn note(&mut self, broken: Broken) {
        if broken.stale {
            self.break_rule(Rule::Stale);
        }
        if broken.delivered {
            self.break_rule(Rule::OlderThanDelivered);
        }
        if broken.inverted {
            self.break_rule(if self.planned.by_node { Rule::Backwards } else { Rule::Inverted });
        }
    }

    fn break_rule(&mut self, rule: Rule) {
        self.found |= 1 << rule as u32;
    }
}
