//! Predicts the state after a step without executing the step.
//!
//! A step is a function of its task's local state and of the contents of the locations that it
//! accesses. Both have a fingerprint in the sum that identifies a state. So the effect of a step is
//! the same wherever these fingerprints are the same: it replaces the fingerprint of its task and
//! changes the sum of the locations by the same difference. The monitor receives the same report
//! and computes its own next state. So the state after the step is known beforehand, and if it has
//! been visited, the step need not be executed.
//!
//! This leaves out more steps than sleep sets (Godefroid, Holzmann, Pirottin: "State-space caching
//! revisited", Formal Methods in System Design 7, 1995), which use only the independence of steps.
//! The proof is also different: sleep sets rely on the order in which one search visits states, and
//! several workers have no such order. Here a step is left out only if its state is in the visited
//! set.

use rustc_hash::FxHashMap;

use super::StateOptions;
use crate::event::{Decision, Fingerprint};
use crate::stateful::{Effect, Input, pending_effects};

/// The largest number of cached steps. Further steps are executed each time.
const MOST: usize = 1 << 20;

/// The effects of the steps that have been executed.
#[derive(Default)]
pub(super) struct TransitionCache {
    /// By local state and decision: the sets of inputs that such steps have depended on.
    inputs: FxHashMap<u128, Vec<Box<[Input]>>>,
    /// By local state, decision and contents of all inputs.
    effects: FxHashMap<u128, Effect>,
}

/// The data of a state that is needed to record a step from it.
#[derive(Default)]
pub(super) struct Origin {
    /// The effect of each step depends only on its task's local state and on its inputs.
    is_local: bool,
    /// The local state and the pending effects of each task.
    tasks: Vec<Fingerprint>,
    /// The sum of the locations in each view.
    locations: Vec<Fingerprint>,
    /// Whether each task is identified by its number, without symmetry.
    is_named: bool,
    /// The set of tasks whose end other tasks wait for, one bit each. The reaction of the waiting
    /// tasks is not part of the step.
    awaited: u64,
}

impl Origin {
    /// Records the current state of the run.
    pub(super) fn record(&mut self, options: &dyn StateOptions) {
        let state = options.parts().filter(|state| state.is_local());
        self.is_local = state.is_some();
        let Some(state) = state else { return };
        let tasks = || 0..options.tasks();
        self.tasks.clear();
        let effects =
            |task| options.monitor().map_or(Fingerprint::NONE, |monitor| pending_effects(monitor, task));
        self.tasks.extend(tasks().map(|task| state.local_state(task).and(effects(task))));
        self.locations.clear();
        self.locations.extend(state.locations());
        self.is_named = state.is_named();
        let awaited = tasks().filter(|&task| options.is_awaited(task));
        self.awaited = awaited.fold(0, |all, task| all | 1 << task);
    }

    /// Forgets the state.
    pub(super) fn forget(&mut self) {
        self.is_local = false;
    }

    fn key_of(&self, decision: Decision) -> Fingerprint {
        self.tasks[decision.task as usize].with(1, decision.choice.into())
    }
}

impl TransitionCache {
    /// The state after this decision in the current state, if the cache contains the step.
    pub(super) fn predict(
        &self,
        decision: Decision,
        origin: &Origin,
        options: &dyn StateOptions,
    ) -> Option<Fingerprint> {
        let state = options.parts().filter(|_| origin.is_local)?;
        let local_state = origin.key_of(decision);
        let effect = self.inputs.get(&local_state.0)?.iter().find_map(|inputs| {
            let contents = inputs.iter().map(|&input| (input, state.holds(input)));
            self.effects.get(&key(local_state, contents).0)
        })?;
        if effect.ends && origin.awaited & 1 << decision.task != 0 {
            return None;
        }
        state.after(decision.task, effect, options.monitor())
    }

    /// Records the step that led from `before` to the current state by this decision.
    pub(super) fn record(&mut self, before: &Origin, decision: Decision, options: &dyn StateOptions) {
        let state = options.parts().filter(|state| before.is_local && state.is_local());
        let Some(state) = state.filter(|_| self.effects.len() < MOST) else { return };
        let (local_state, step) = (before.key_of(decision), state.last_transition());
        let contents =
            step.inputs().map(|input| (input, step.held(input).unwrap_or_else(|| state.holds(input))));
        let key = key(local_state, contents);
        if self.effects.contains_key(&key.0) {
            return;
        }
        let effect = state.effect(decision.task, &before.locations, before.is_named, options.monitor());
        let is_alone = |its: &Effect| !(its.ends && before.awaited & 1 << decision.task != 0);
        let Some(effect) = effect.filter(is_alone) else { return };
        self.effects.insert(key.0, effect);
        let known = self.inputs.entry(local_state.0).or_default();
        if !known.iter().any(|inputs| inputs.iter().copied().eq(step.inputs())) {
            known.push(step.inputs().collect());
        }
    }
}

/// The key of a step's effect. It includes the inputs themselves, because different locations may
/// have the same contents.
fn key(local_state: Fingerprint, contents: impl Iterator<Item = (Input, Fingerprint)>) -> Fingerprint {
    contents.fold(local_state.with(2, 0), |all, (input, contents)| {
        let (kind, number) = match input {
            Input::Location(location) => (3, location.into()),
            Input::End(task) => (4, task.into()),
        };
        all.with(kind, number).and(contents)
    })
}
