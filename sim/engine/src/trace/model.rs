//! A readable record of a run: its steps, and the reasons for its context switches.

use std::collections::BTreeMap;
use std::panic::Location;

use super::overlooked::overlooked;
use crate::event::{Access, Action, CHOOSE, Footprint, LocationId, Mode, Pending};
use crate::history::Registry;
use crate::run::Run;
use crate::runtime::{Ending, Execution, Switch};
use crate::schedule::Schedule;

/// A readable record of a run. `Display` writes a list of its steps with at most 100 columns, and a
/// line for each context switch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trace {
    /// The events, in order.
    pub steps: Vec<TraceStep>,
    /// How the run ended.
    pub ending: Ending,
    /// Its schedule, which [`Explorer::replay`](crate::Explorer::replay) replays.
    pub schedule: Schedule,
}

/// One event of a recorded run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TraceStep {
    /// The task's name.
    pub task: String,
    /// The reason for the context switch before this step, if there is one.
    pub turnover: Option<Turnover>,
    /// The object of the operation; none for a choice, or for an effect that the engine does not
    /// see.
    pub object: Option<String>,
    /// The operation, such as `store` or `lock`.
    pub operation: &'static str,
    /// The value before, where the engine knows it.
    pub before: Option<String>,
    /// The value after, where the operation may change it and the engine knows it.
    pub after: Option<String>,
    /// The outcome of an operation with several outcomes, such as an attempt to lock or a choice.
    pub outcome: Option<String>,
    /// The later write that the operation did not read, in words, if the run shows a weak
    /// behaviour: see [`Explorer::rc11`](crate::Explorer::rc11).
    pub overlooked: Option<String>,
    /// The source line that called the operation.
    pub source: &'static Location<'static>,
}

/// The reason for a context switch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Turnover {
    /// The previous task has ended.
    Ended {
        /// The previous task.
        task: String,
    },
    /// The previous task waits.
    Waits {
        /// The previous task.
        task: String,
        /// The operation that it waits for, such as `to lock queue`.
        what: String,
    },
    /// A preemption: the previous task was enabled, and the schedule selects another.
    Chosen {
        /// The previous task.
        task: String,
    },
}

impl Run<'_> {
    /// The trace of the run, if the explorer was [recording](crate::Explorer::recording).
    pub fn trace(&self) -> Option<Trace> {
        self.execution.is_recorded().then(|| Trace::of(self))
    }
}

impl Trace {
    /// The trace of a run that was recorded.
    pub(crate) fn of(run: &Run<'_>) -> Self {
        let execution = run.execution;
        let events = execution.trail.events();
        let names = ObjectNames::of(execution);
        let overlooked = overlooked(execution);
        let mut steps: Vec<TraceStep> = Vec::with_capacity(events.len());
        for (position, (event, recorded)) in events.iter().zip(&execution.record).enumerate() {
            let turnover = recorded.switch.map(|switch| {
                let task = steps.last().map(|last| last.task.clone()).unwrap_or_default();
                match switch {
                    Switch::Ended => Turnover::Ended { task },
                    Switch::Chosen => Turnover::Chosen { task },
                    Switch::Joins(other) => {
                        let what = format!("for the end of {}", execution.task_name(other));
                        Turnover::Waits { task, what }
                    }
                    Switch::Waits(pending) => {
                        let object = names.object(&pending).unwrap_or_default();
                        let what = format!("to {} {object}", pending.describe());
                        Turnover::Waits { task, what: what.trim_end().to_owned() }
                    }
                }
            });
            let (before, after) = values(execution, &recorded.pending, execution.trail.accesses(position));
            steps.push(TraceStep {
                task: execution.task_name(event.footprint.task),
                turnover,
                object: names.object(&recorded.pending),
                operation: done(recorded.pending.describe()),
                before,
                after,
                outcome: outcome(&recorded.pending, &event.footprint),
                overlooked: overlooked.get(position).cloned().flatten(),
                source: event.source,
            });
        }
        Trace { steps, ending: run.ending().clone(), schedule: run.schedule() }
    }
}

/// The names of objects. Several objects with the same name are numbered.
struct ObjectNames(BTreeMap<LocationId, String>);

impl ObjectNames {
    fn of(execution: &Execution) -> Self {
        let registry = &execution.registry;
        let touched = || {
            let pendings = execution.record.iter().map(|recorded| &recorded.pending);
            let actions = pendings.filter_map(|pending| pending.actions().first());
            actions.map(|&(location, _)| (location, registry.details(location).whole))
        };
        // By name, the objects in the order of creation, each with its keys in the order of their
        // use.
        let mut objects: BTreeMap<String, BTreeMap<LocationId, Vec<LocationId>>> = BTreeMap::new();
        for (location, whole) in touched() {
            let same_name = objects.entry(bare(&registry.name(location)).to_owned()).or_default();
            let keys = same_name.entry(whole.unwrap_or(location)).or_default();
            if whole.is_some() && !keys.contains(&location) {
                keys.push(location);
            }
        }
        let mut names = BTreeMap::new();
        for (name, same_name) in objects {
            let several = same_name.len() > 1;
            for (nth, (object, keys)) in same_name.into_iter().enumerate() {
                let name = if several { format!("{name} {}", nth + 1) } else { name.clone() };
                for (nth, key) in keys.into_iter().enumerate() {
                    let has_own_name = !same_name_as_whole(registry, key);
                    names.insert(
                        key,
                        if has_own_name { name.clone() } else { format!("{name}[{}]", nth + 1) },
                    );
                }
                names.insert(object, name);
            }
        }
        ObjectNames(names)
    }

    fn object(&self, pending: &Pending) -> Option<String> {
        let (location, _) = pending.actions().first()?;
        self.0.get(location).cloned()
    }
}

/// Whether the location has the name of the object that it is a key of.
fn same_name_as_whole(registry: &Registry, key: LocationId) -> bool {
    let details = registry.details(key);
    details.whole.is_none_or(|whole| registry.name(whole) == registry.name(key))
}

/// The words for an executed operation, without its object and without the condition that it waited
/// for.
fn done(operation: &'static str) -> &'static str {
    [", once unlocked", " of", " by"].iter().find_map(|end| operation.strip_suffix(end)).unwrap_or(operation)
}

/// The name without its article, which the default names have.
fn bare(name: &str) -> &str {
    name.strip_prefix("a ").or_else(|| name.strip_prefix("an ")).unwrap_or(name)
}

/// The values before and after, where the location's state is a value.
fn values(execution: &Execution, pending: &Pending, accesses: &[Access]) -> (Option<String>, Option<String>) {
    let Some((access, (location, action))) = accesses.first().zip(pending.actions().first()) else {
        return (None, None);
    };
    let Some(show) = execution.registry.details(*location).show else { return (None, None) };
    let may_change = match action {
        Action::CompareExchange { .. } => access.mode == Mode::Write,
        action => !matches!(action, Action::Read | Action::Load | Action::Await),
    };
    (Some(show(access.before)), may_change.then(|| show(access.after)))
}

/// The outcome of an operation with several outcomes.
fn outcome(pending: &Pending, event: &Footprint) -> Option<String> {
    if event.alternatives > 1 {
        let is_choice = pending.rule.is_some_and(|(rule, _)| std::ptr::eq(rule, &CHOOSE));
        let nth = if is_choice { event.choice } else { event.choice + 1 };
        return Some(format!("{nth} of {}", event.alternatives));
    }
    let mode = *event.modes().first()?;
    match pending.actions().first()?.1 {
        Action::TryLock | Action::TryLockShared => {
            let taken = matches!(mode, Mode::Acquire | Mode::AcquireShared);
            Some(if taken { "taken" } else { "would block" }.to_owned())
        }
        Action::CompareExchange { .. } if mode == Mode::Read => Some("failed".to_owned()),
        _ => None,
    }
}
