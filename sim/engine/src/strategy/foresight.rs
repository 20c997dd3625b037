//! Where a step leads, without taking it.
//!
//! What a step does is a function of where its task stands and of what it touches, and both have words in the sum that a
//! state is known by. So a step that was taken once does the same wherever these words are the same: it puts its task's next
//! word in the place of the last, and changes the words of locations by the same difference. A monitor is told the same, and
//! says itself what it would be then. So the state that a step leads to is known before it is taken, and if that state was
//! visited, it need not be taken.
//!
//! This leaves out more than sleep sets do (Godefroid, Holzmann, Pirottin: "State-space caching revisited", Formal Methods in
//! System Design 7, 1995), which know of a step only that it is independent of those in between. And it is right for
//! another reason. That all successors of a state are visited although some of them sleep is argued by the order in which
//! one search visits states; with several workers there is no such order. Here nothing is left out but what is in the
//! visited set.

use rustc_hash::FxHashMap;

use super::Options;
use crate::event::{Fingerprint, Turn};
use crate::stateful::{Effect, Input, fate};

/// How many steps are remembered at the most: beyond that, new ones are taken each time.
const MOST: usize = 1 << 20;

/// The steps that have been taken.
#[derive(Default)]
pub(super) struct Foresight {
    /// By where the task stands and by its turn: by what such steps have turned out to depend on.
    inputs: FxHashMap<u128, Vec<Box<[Input]>>>,
    /// By all of these.
    effects: FxHashMap<u128, Effect>,
}

/// A state, as far as it takes to learn from the steps that are taken there.
#[derive(Default)]
pub(super) struct Place {
    /// What a step does depends on nothing else.
    is_local: bool,
    /// Where each task stands, and what is to become of it.
    tasks: Vec<Fingerprint>,
    /// The sums of the locations.
    locations: Vec<Fingerprint>,
    /// Whether tasks have their own names alone.
    is_named: bool,
    /// The tasks whose ends others wait for, a bit for each. What those do then is no part of the step.
    awaited: u64,
}

impl Place {
    /// The state that the run is in.
    pub(super) fn begin(&mut self, options: &dyn Options) {
        let state = options.parts().filter(|state| state.is_local());
        self.is_local = state.is_some();
        let Some(state) = state else { return };
        let tasks = || 0..options.tasks();
        self.tasks.clear();
        let fate = |task| options.monitor().map_or(Fingerprint::NONE, |monitor| fate(monitor, task));
        self.tasks.extend(tasks().map(|task| state.stand(task).and(fate(task))));
        self.locations.clear();
        self.locations.extend(state.locations());
        self.is_named = state.is_named();
        let awaited = tasks().filter(|&task| options.is_awaited(task));
        self.awaited = awaited.fold(0, |all, task| all | 1 << task);
    }

    /// Nothing is known of it.
    pub(super) fn forget(&mut self) {
        self.is_local = false;
    }

    fn of(&self, turn: Turn) -> Fingerprint {
        self.tasks[turn.task as usize].with(1, turn.choice.into())
    }
}

impl Foresight {
    /// The state that this turn leads to from the one that the run is in, if that can be told.
    pub(super) fn of(&self, turn: Turn, place: &Place, options: &dyn Options) -> Option<Fingerprint> {
        let state = options.parts().filter(|_| place.is_local)?;
        let stand = place.of(turn);
        let effect = self.inputs.get(&stand.0)?.iter().find_map(|inputs| {
            let words = inputs.iter().map(|&input| state.holds(input));
            self.effects.get(&key(stand, words).0)
        })?;
        if effect.ends && place.awaited & 1 << turn.task != 0 {
            return None;
        }
        state.after(turn.task, effect, options.monitor())
    }

    /// The run has come from `before` to the state that it is in by this turn.
    pub(super) fn learn(&mut self, before: &Place, turn: Turn, options: &dyn Options) {
        let state = options.parts().filter(|state| before.is_local && state.is_local());
        let Some(state) = state.filter(|_| self.effects.len() < MOST) else { return };
        let (stand, step) = (before.of(turn), state.step());
        let words = step.inputs().map(|input| step.held(input).unwrap_or_else(|| state.holds(input)));
        let key = key(stand, words);
        if self.effects.contains_key(&key.0) {
            return;
        }
        let effect = state.effect(turn.task, &before.locations, before.is_named, options.monitor());
        let is_alone = |its: &Effect| !(its.ends && before.awaited & 1 << turn.task != 0);
        let Some(effect) = effect.filter(is_alone) else { return };
        self.effects.insert(key.0, effect);
        let known = self.inputs.entry(stand.0).or_default();
        if !known.iter().any(|inputs| inputs.iter().copied().eq(step.inputs())) {
            known.push(step.inputs().collect());
        }
    }
}

fn key(stand: Fingerprint, words: impl Iterator<Item = Fingerprint>) -> Fingerprint {
    words.fold(stand.with(2, 0), Fingerprint::and)
}
