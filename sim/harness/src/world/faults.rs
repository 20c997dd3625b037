//! The faults of a run. They are chosen before the threads start, so that each choice is explored,
//! and no thread's faults depend on another's.
//!
//! The choice is not in an object of the engine, and the threads forget their history between
//! operations. A planned fault is therefore part of the state until its operation has returned, so
//! that states with different pending faults differ. The number of commands that an operation has
//! sent follows from its thread's position.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use selvedge_engine::Name;

use super::limits::MORE_COMMANDS;
use super::{Limits, Plan, Recorder};
use crate::backends::Simulated;
use crate::history::OperationId;
use crate::scenario::{OpKind, Source};

/// A fault of a command, a load or an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Fails with the report that it was not executed. Of a load: the loader fails.
    Refused,
    /// Fails with an unknown outcome, and is never executed.
    Lost,
    /// Fails with an unknown outcome, and is executed at a later point.
    Late,
    /// The loader panics.
    Panic,
    /// The operation is dropped while it waits for the reply; the command is never executed.
    Dropped,
    /// The operation is dropped while it waits for the reply; the command is executed at a later
    /// point.
    DroppedLate,
    /// The operation is dropped while it waits for another operation.
    DroppedWaiting,
    /// The operation's future stalls; the command is executed when it is polled again.
    Stalled,
    /// The operation's future stalls, and is then dropped.
    StalledDropped,
    /// The operation's future stalls after its command was executed; the reply waits.
    StalledSent,
    /// The operation's future stalls after its command was executed, and is then dropped.
    StalledSentDropped,
}

/// A fault and the command that it affects.
#[derive(Clone, Copy, Debug)]
struct PlannedFault {
    thread: usize,
    call: usize,
    /// Index among the operation's commands, from 0. A load counts as one.
    command: u32,
    fault: Fault,
}

/// Identifies a command. The same in every schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sent {
    /// The sending task. Each of the scenario's threads has one.
    task: u32,
    call: usize,
    /// Index among the operation's commands, from 0.
    command: u32,
}

impl Hash for Sent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (Name(self.task), self.call, self.command).hash(state);
    }
}

/// The faults of a run.
#[derive(Debug)]
pub(super) struct Faults {
    planned: Vec<PlannedFault>,
    /// Whether any run of the case can have faults.
    is_any: bool,
    /// For a cache that may send any commands: the number of each operation's commands that can
    /// fail.
    covered: BTreeMap<(usize, usize), u32>,
    limits: Arc<Limits>,
    /// The operations in progress. Only its own thread accesses each.
    operations: Mutex<BTreeMap<OperationId, InProgress>>,
}

#[derive(Clone, Copy, Debug)]
struct InProgress {
    thread: usize,
    call: usize,
    /// The number of commands that it has sent.
    commands: u32,
    /// It waits for a reply, and is dropped before it receives it.
    will_be_dropped: bool,
    /// It waits while its future is not polled; whether it is then dropped.
    stalled: Option<bool>,
}

impl Faults {
    /// Chooses the faults, within the bounds of the plan.
    pub(super) fn choose<P: Simulated, C>(plan: &Plan<C>, recorder: &Recorder) -> Self {
        let mut planned = Vec::new();
        for (most, possible) in [(plan.faults, &failures as &dyn Fn(_, _) -> _), (plan.drops, &drops)] {
            let mut left = candidates(plan, possible);
            for _ in 0..most {
                if left.is_empty() {
                    break;
                }
                let chosen = P::choose(left.len() + 1, |chosen| {
                    let its = left.get(chosen.checked_sub(1)?)?;
                    let thread = &plan.threads[its.thread];
                    let call = thread.calls[its.call];
                    let (verb, key) = (call.kind.name(), call.key);
                    let what = its.command_name(call.kind);
                    Some(format!("{what} of {verb} {key}, {}: {}", thread.name, its.fault.description()))
                });
                // Each set of faults is chosen in one order only. The first alternative is to stop.
                let Some(chosen) = chosen.checked_sub(1) else { break };
                planned.push(left[chosen]);
                left.drain(..=chosen);
            }
        }
        planned.extend(stalls::<P, C>(plan));
        for its in &planned {
            recorder.plan_fault(its.thread, its.call, (its.command, its.fault as u32));
        }
        if recorder.is_watched() {
            P::forget();
        }
        Faults {
            planned,
            is_any: plan.faults + plan.drops > 0 || plan.has(OpKind::Stall),
            covered: if plan.sends_anything { covered(plan) } else { BTreeMap::new() },
            limits: Arc::clone(&plan.limits),
            operations: Mutex::default(),
        }
    }

    /// Whether any run of the case can have faults.
    pub(super) fn is_any(&self) -> bool {
        self.is_any
    }

    /// Starts an operation.
    pub(super) fn begin(&self, operation: OperationId, thread: usize, call: usize) {
        if self.is_any() {
            let own = InProgress { thread, call, commands: 0, will_be_dropped: false, stalled: None };
            self.operations().insert(operation, own);
        }
    }

    /// The fault of the operation's next command, and that command.
    pub(super) fn next<P: Simulated>(&self, operation: OperationId) -> Option<(Fault, Sent)> {
        if !self.is_any() {
            return None;
        }
        let mut operations = self.operations();
        let own = operations.get_mut(&operation)?;
        let command = own.commands;
        own.commands += 1;
        if self.covered.get(&(own.thread, own.call)).is_some_and(|&most| command >= most) {
            self.limits.note(MORE_COMMANDS);
        }
        let is_it = |its: &&PlannedFault| {
            (its.thread, its.call, its.command) == (own.thread, own.call, command)
                && its.fault != Fault::DroppedWaiting
        };
        let fault = self.planned.iter().find(is_it)?.fault;
        own.will_be_dropped = matches!(fault, Fault::Dropped | Fault::DroppedLate);
        own.stalled = match fault {
            Fault::Stalled | Fault::StalledSent => Some(false),
            Fault::StalledDropped | Fault::StalledSentDropped => Some(true),
            _ => None,
        };
        let task = P::next_event().map_or(own.thread as u32, |mark| mark.task);
        Some((fault, Sent { task, call: own.call, command }))
    }

    /// Whether the waiting operation must be dropped now.
    pub(super) fn drops(&self, operation: OperationId) -> bool {
        let Some(own) = self.operations().get(&operation).copied() else { return false };
        let waits = |its: &PlannedFault| {
            (its.thread, its.call, its.fault) == (own.thread, own.call, Fault::DroppedWaiting)
        };
        own.will_be_dropped || self.planned.iter().any(waits)
    }

    /// `Some` if the waiting operation's future stalls now; whether it is then dropped.
    pub(super) fn stalls(&self, operation: OperationId) -> Option<bool> {
        self.operations().get(&operation)?.stalled
    }

    fn operations(&self) -> MutexGuard<'_, BTreeMap<OperationId, InProgress>> {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PlannedFault {
    fn command_name(&self, of: OpKind) -> &'static str {
        match (self.fault, of, self.command) {
            (Fault::DroppedWaiting, ..) => "a wait",
            (_, OpKind::Get | OpKind::Stall, 1) => "the load",
            (_, OpKind::Get | OpKind::Stall, 2) => "the fill",
            (_, OpKind::Update | OpKind::CompareAndSet, 0) => "the first command",
            (_, OpKind::Update | OpKind::CompareAndSet, 1) => "the second command",
            (_, OpKind::Update | OpKind::CompareAndSet, 2) => "the third command",
            (_, OpKind::Update | OpKind::CompareAndSet, 3) => "the fourth command",
            (_, _, 0) => "the command",
            _ => "the deletion of the derived keys",
        }
    }
}

impl Fault {
    fn description(self) -> &'static str {
        match self {
            Fault::Refused => "refused",
            Fault::Lost => "fails, and never arrives",
            Fault::Late => "fails, and arrives later",
            Fault::Panic => "the loader panics",
            Fault::Dropped => "the future is dropped, and the command never arrives",
            Fault::DroppedLate => "the future is dropped, and the command arrives later",
            Fault::DroppedWaiting => "the future is dropped",
            Fault::Stalled => "not polled until the thread has nothing else to do",
            Fault::StalledDropped => "not polled, and dropped when the thread has nothing else to do",
            Fault::StalledSent => "carried out, and not polled until the thread has nothing else to do",
            Fault::StalledSentDropped => {
                "carried out, not polled, and dropped when the thread has nothing else to do"
            }
        }
    }
}

/// All possible faults of the plan's operations, given the possible faults of one operation.
fn candidates<C>(
    plan: &Plan<C>,
    possible: &dyn Fn(OpKind, Source) -> Vec<(u32, &'static [Fault])>,
) -> Vec<PlannedFault> {
    let mut candidates = Vec::new();
    for (thread, its) in plan.threads.iter().enumerate().filter(|(_, its)| !its.spared) {
        for (call, planned) in its.calls.iter().enumerate() {
            let deletes_derived = plan.derived.contains_key(&planned.key);
            for (command, faults) in possible(planned.kind, plan.source) {
                // The last command of a write deletes the derived keys.
                let last = match (planned.kind, plan.source) {
                    (OpKind::Set | OpKind::Delete, _) => Some(1),
                    (OpKind::Update | OpKind::CompareAndSet, Source::Remote) => Some(2),
                    (OpKind::Update | OpKind::CompareAndSet, Source::Database) => Some(4),
                    _ => None,
                };
                if Some(command) == last && !deletes_derived {
                    continue;
                }
                let all = faults.iter().map(|&fault| PlannedFault { thread, call, command, fault });
                candidates.extend(all);
            }
        }
    }
    candidates
}

/// The number of each operation's commands that can fail. A write of a database repeats its
/// deletion until it is acknowledged, so that it has no such number.
fn covered<C>(plan: &Plan<C>) -> BTreeMap<(usize, usize), u32> {
    let mut covered = BTreeMap::new();
    for (thread, its) in plan.threads.iter().enumerate().filter(|(_, its)| !its.spared) {
        for (call, planned) in its.calls.iter().enumerate() {
            let most = match (planned.kind, plan.source) {
                (OpKind::Get, Source::Remote) => 1,
                (OpKind::Get, Source::Database) => 3,
                (OpKind::Set | OpKind::Delete, Source::Remote) => {
                    1 + u32::from(plan.derived.contains_key(&planned.key))
                }
                (OpKind::Update | OpKind::CompareAndSet, Source::Remote) => {
                    2 + u32::from(plan.derived.contains_key(&planned.key))
                }
                _ => continue,
            };
            covered.insert((thread, call), most);
        }
    }
    covered
}

/// Chooses the command at which each `stall` stalls, and how it continues.
fn stalls<P: Simulated, C>(plan: &Plan<C>) -> Vec<PlannedFault> {
    let mut chosen = Vec::new();
    for (thread, its) in plan.threads.iter().enumerate() {
        for (call, planned) in its.calls.iter().enumerate().filter(|(_, its)| its.kind == OpKind::Stall) {
            let points: Vec<_> = (0..COMMANDS_OF_A_LOAD)
                .flat_map(|command| {
                    STALLS.iter().map(move |&fault| PlannedFault { thread, call, command, fault })
                })
                // The read can precede or follow the wait: the second case is a slower read.
                .filter(|its| its.command == COMMANDS_OF_A_LOAD - 1 || !is_sent(its.fault))
                .take_while(|its| plan.source == Source::Database || its.command == 0)
                .collect();
            let at = P::choose(points.len(), |at| {
                let (its, verb) = (points[at], planned.kind.name());
                let what = its.command_name(planned.kind);
                Some(format!(
                    "{what} of {verb} {}, {}: {}",
                    planned.key,
                    plan.threads[thread].name,
                    its.fault.description()
                ))
            });
            chosen.push(points[at]);
        }
    }
    chosen
}

fn is_sent(fault: Fault) -> bool {
    matches!(fault, Fault::StalledSent | Fault::StalledSentDropped)
}

/// A read that loads sends a GET, loads, and fills.
const COMMANDS_OF_A_LOAD: u32 = 3;
const STALLS: &[Fault] =
    &[Fault::Stalled, Fault::StalledDropped, Fault::StalledSent, Fault::StalledSentDropped];

const FAILS: &[Fault] = &[Fault::Refused];
const WRITE_FAILS: &[Fault] = &[Fault::Refused, Fault::Lost, Fault::Late];
const READ_OR_WRITE_FAILS: &[Fault] = &[Fault::Refused, Fault::Lost, Fault::Late, Fault::Panic];
const LOAD_FAILS: &[Fault] = &[Fault::Refused, Fault::Panic];
const IS_DROPPED: &[Fault] = &[Fault::Dropped];
const WRITE_IS_DROPPED: &[Fault] = &[Fault::Dropped, Fault::DroppedLate];
const WAIT_IS_DROPPED: &[Fault] = &[Fault::DroppedWaiting];

/// The possible faults of each command of an operation. A read that loads sends a GET, loads, and
/// fills.
fn failures(kind: OpKind, source: Source) -> Vec<(u32, &'static [Fault])> {
    match (kind, source) {
        (OpKind::Get | OpKind::Refresh, Source::Remote) | (OpKind::GetMany, _) => vec![(0, FAILS)],
        (OpKind::Load, _) => vec![(0, FAILS), (1, FAILS), (2, WRITE_FAILS)],
        (OpKind::Get | OpKind::Refresh, Source::Database) => {
            vec![(0, FAILS), (1, LOAD_FAILS), (2, WRITE_FAILS)]
        }
        (OpKind::Set | OpKind::Delete, _) => vec![(0, WRITE_FAILS), (1, WRITE_FAILS)],
        // A local hit sends no GET: any command may be the write.
        (OpKind::Update | OpKind::CompareAndSet, Source::Remote) => {
            (0..=2).map(|command| (command, WRITE_FAILS)).collect()
        }
        (OpKind::Update | OpKind::CompareAndSet, Source::Database) => {
            let its = |command| if command == 1 { READ_OR_WRITE_FAILS } else { WRITE_FAILS };
            (0..=4).map(|command| (command, its(command))).collect()
        }
        (OpKind::Evict | OpKind::Forget | OpKind::Notified | OpKind::NotifiedAll | OpKind::Unnotified, _) => {
            Vec::new()
        }
        (OpKind::Stall | OpKind::Reconnect | OpKind::Heartbeat, _) => Vec::new(),
        (OpKind::LeaseEnds | OpKind::OpenEnds | OpKind::Stop | OpKind::RegistryLost, _) => Vec::new(),
    }
}

/// The points at which an operation can be dropped. A write of the database must be completed by
/// its caller.
fn drops(kind: OpKind, source: Source) -> Vec<(u32, &'static [Fault])> {
    match (kind, source) {
        (OpKind::Get | OpKind::Refresh, Source::Remote) | (OpKind::GetMany, _) => vec![(0, IS_DROPPED)],
        (OpKind::Load, _) => vec![(0, IS_DROPPED), (2, WRITE_IS_DROPPED), (0, WAIT_IS_DROPPED)],
        (OpKind::Get | OpKind::Refresh, Source::Database) => {
            vec![(0, IS_DROPPED), (1, IS_DROPPED), (2, WRITE_IS_DROPPED), (0, WAIT_IS_DROPPED)]
        }
        (OpKind::Set | OpKind::Delete, Source::Remote) => vec![(0, WRITE_IS_DROPPED), (1, WRITE_IS_DROPPED)],
        (OpKind::Update | OpKind::CompareAndSet, Source::Remote) => {
            (0..=2).map(|command| (command, WRITE_IS_DROPPED)).collect()
        }
        (OpKind::Set | OpKind::Delete | OpKind::Update | OpKind::CompareAndSet, Source::Database) => {
            Vec::new()
        }
        (OpKind::Evict | OpKind::Forget | OpKind::Notified | OpKind::NotifiedAll | OpKind::Unnotified, _) => {
            Vec::new()
        }
        (OpKind::Stall | OpKind::Reconnect | OpKind::Heartbeat, _) => Vec::new(),
        (OpKind::LeaseEnds | OpKind::OpenEnds | OpKind::Stop | OpKind::RegistryLost, _) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Fault, candidates, drops, failures};
    use crate::protocols::{Caches, Protocol};
    use crate::scenario::parse;
    use crate::world::Plan;

    /// The scenario reader counts the commands that can arrive late: each has a task of its own.
    #[test]
    fn a_case_counts_each_command_that_can_arrive_late() {
        for source in ["remote", "database"] {
            let text = format!(
                "name = \"a\"\nabout = \"a test\"\ncache = \"tiered\"\nlocal = \"cold\"\nremote = \"present\"\n\
                 source = \"{source}\"\nderived = {{ a = [\"b\"] }}\nfaults = 8\n\
                 [[thread]]\nname = \"one\"\nops = [\"get a\", \"set a\", \"set c\", \"delete a\", \"update a\", \"update c\", \"compare-and-set a\", \"compare-and-set c\", \"evict a\", \"notified a\"]\n\
                 [[thread]]\nname = \"two\"\nspared = true\nops = [\"set a\"]\n\
                 [[expect]]\nconsistency = \"linearizable\"\n"
            );
            let case = parse("a.toml", &text, &Protocol::known()).expect("no mistake").cases.remove(0);
            let plan = Plan::<Protocol>::new(&case);
            let all = [candidates(&plan, &failures), candidates(&plan, &drops)].concat();
            let late = all.iter().filter(|its| matches!(its.fault, Fault::Late | Fault::DroppedLate));
            let late: BTreeSet<_> = late.map(|its| (its.thread, its.call, its.command)).collect();
            assert_eq!(case.tasks() - 3, late.len(), "{source}: {late:?}");
        }
    }
}
