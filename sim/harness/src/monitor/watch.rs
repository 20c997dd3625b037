//! The operations of a run as they are invoked and answer, judged as they do.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use selvedge_engine::Monitor;

use super::ranks::Ranks;
use super::versions::{Content, Floor, Place, Versions};
use crate::history::{Call, Key, Reply};
use crate::oracle::Rule;

/// What the threads of a case can write, and what there is at the start: what a read may return, of each key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Possible {
    pub(crate) contents: BTreeMap<Key, BTreeSet<Content>>,
    pub(crate) at_start: BTreeMap<Key, Vec<Content>>,
}

impl Possible {
    fn has(&self, key: Key, content: Content) -> bool {
        self.contents.get(&key).is_some_and(|contents| contents.contains(&content))
    }
}

/// An operation that has been called and has not answered.
#[derive(Clone, Debug)]
struct UnderWay {
    key: Key,
    call: Call,
    settled: bool,
    /// It has done its first event.
    is_invoked: bool,
    /// The newest version that it has made.
    wrote: Option<Place>,
    /// Of a read: what it must not be older than.
    floor: Floor,
}

#[derive(Debug, Default)]
struct State {
    keys: BTreeMap<Key, Versions>,
    /// By task: each is in one operation at the most.
    under_way: BTreeMap<u32, UnderWay>,
    /// The rules that were broken in this step, a bit for each.
    found: u64,
    /// In this step something was invoked, was written or has answered.
    is_touched: bool,
}

/// The monitor of a run. Clones are of the same run.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    possible: Arc<Possible>,
    state: Arc<Mutex<State>>,
    /// Whether in any run a read overlapped or followed a write of its key.
    has_met: Arc<AtomicBool>,
}

/// The bit of a rule.
fn bit(rule: Rule) -> u64 {
    1 << rule as u32
}

impl Watch {
    /// A run begins.
    pub(crate) fn new(possible: &Arc<Possible>, has_met: &Arc<AtomicBool>) -> Self {
        let versions =
            |contents: &Vec<Content>| Versions { contents: contents.clone(), ..Versions::default() };
        let keys = possible.at_start.iter().map(|(&key, contents)| (key, versions(contents)));
        let state = State { keys: keys.collect(), ..State::default() };
        Watch {
            possible: Arc::clone(possible),
            state: Arc::new(Mutex::new(state)),
            has_met: Arc::clone(has_met),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task calls an operation, which begins with its next event.
    pub(crate) fn call(&self, task: u32, key: Key, call: Call, settled: bool) {
        let floor = Floor::default();
        let called = UnderWay { key, call, settled, is_invoked: false, wrote: None, floor };
        self.state().under_way.insert(task, called);
    }

    /// The task has written to the source of truth, in its last event.
    pub(crate) fn written(&self, task: u32, key: Key, content: Content) {
        let state = &mut *self.state();
        state.is_touched = true;
        let (place, inverted) = state.keys.entry(key).or_default().write(task, content);
        for other in state.under_way.values_mut().filter(|other| other.key == key) {
            other.floor.written(task, place);
        }
        if let Some(own) = state.under_way.get_mut(&task).filter(|own| own.key == key) {
            own.wrote = Some(place);
        }
        if inverted {
            state.found |= bit(Rule::Inverted);
        }
    }

    /// The operation of the task answers, in the task's last event.
    pub(crate) fn answer(&self, task: u32, reply: Reply) {
        let state = &mut *self.state();
        state.invoke(task);
        state.is_touched = true;
        let Some(own) = state.under_way.remove(&task) else { return };
        let versions = state.keys.entry(own.key).or_default();
        match (reply, own.wrote) {
            (Reply::Done, Some(place)) => versions.acknowledge(place),
            (Reply::Read(returned), _) => {
                if !own.settled && versions.has_write {
                    self.has_met.store(true, Ordering::Relaxed);
                }
                state.found |= self.judge(own, returned, &state.under_way, versions);
            }
            _ => {}
        }
    }

    /// What is wrong with a read that has returned this.
    fn judge(
        &self,
        read: UnderWay,
        returned: Content,
        under_way: &BTreeMap<u32, UnderWay>,
        versions: &mut Versions,
    ) -> u64 {
        if !self.possible.has(read.key, returned) {
            let is_others = |value: crate::history::Value| {
                value.key != read.key && self.possible.has(value.key, Some(value))
            };
            return bit(if returned.is_some_and(is_others) { Rule::Crossed } else { Rule::Phantom });
        }
        let will_write = |its: &UnderWay| {
            its.key == read.key && its.is_invoked && its.wrote.is_none() && writes(its.call) == Some(returned)
        };
        let writers = under_way.iter().filter(|(_, its)| will_write(its)).map(|(&task, _)| task).collect();
        let broken = versions.read(returned, read.floor, writers);
        let mut found = 0;
        if broken.stale {
            found |= bit(Rule::Stale);
        }
        if broken.inverted {
            found |= bit(Rule::Inverted);
        }
        if read.settled && versions.contents.last().is_some_and(|last| *last != returned) {
            found |= bit(Rule::Lasting);
        }
        found
    }
}

/// What a call writes, if it does.
fn writes(call: Call) -> Option<Content> {
    match call {
        Call::Get | Call::Evict | Call::Forget => None,
        Call::Set(value) => Some(Some(value)),
        Call::Delete => Some(None),
    }
}

impl State {
    fn ranks(&self, key: Key, versions: &Versions) -> Ranks {
        let reads = self.under_way.values().filter(|its| its.key == key && its.is_invoked);
        Ranks::new(versions, reads.map(|its| &its.floor))
    }

    /// The task has done an event: what it has called begins with it, if it has not begun.
    fn invoke(&mut self, task: u32) {
        let Some(own) = self.under_way.get_mut(&task).filter(|own| !own.is_invoked) else { return };
        let versions = self.keys.entry(own.key).or_default();
        own.is_invoked = true;
        self.is_touched = true;
        if own.call.is_write() {
            versions.has_write = true;
        } else {
            own.floor = versions.floor.clone();
        }
    }
}

impl Monitor for Watch {
    fn step(&self, task: u32) {
        let mut state = self.state();
        (state.found, state.is_touched) = (0, false);
        state.invoke(task);
    }

    fn hash(&self, mut to: &mut dyn Hasher) {
        let state = self.state();
        state.found.hash(&mut to);
        for (key, versions) in &state.keys {
            state.ranks(*key, versions).hash(versions, to);
        }
    }

    fn hash_task(&self, task: u32, to: &mut dyn Hasher) {
        let state = self.state();
        let Some(own) = state.under_way.get(&task).filter(|own| own.is_invoked) else { return };
        let Some(versions) = state.keys.get(&own.key) else { return };
        let ranks = state.ranks(own.key, versions);
        ranks.hash_made(own.wrote, to);
        ranks.hash_floor(&own.floor, to);
    }

    fn is_touched(&self) -> bool {
        self.state().is_touched
    }

    fn found(&self) -> u64 {
        self.state().found
    }
}
