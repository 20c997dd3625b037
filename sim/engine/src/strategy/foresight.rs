//! Where a step leads, without taking it.
//!
//! What a step does is a function of where its task stands and of what it touches, and both have words in the sum that a
//! state is known by. So a step that was taken once does the same wherever these words are the same: it changes the sum by
//! the same difference. The state that it leads to is known before it is taken, and if that state was visited, it need not
//! be taken.
//!
//! This leaves out more than sleep sets do (Godefroid, Holzmann, Pirottin: "State-space caching revisited", Formal Methods in
//! System Design 7, 1995), which know of a step only that it is independent of those in between. And it is right for
//! another reason. That all successors of a state are visited although some of them sleep is argued by the order in which
//! one search visits states; with several workers there is no such order. Here nothing is left out but what is in the
//! visited set.

use rustc_hash::FxHashMap;

use super::{Options, Turn};
use crate::stateful::{Fingerprint, Input, moved_on};

/// How many steps are remembered at the most: beyond that, new ones are taken each time.
const MOST: usize = 1 << 20;

/// What a step comes to.
struct Effect {
    /// What it adds to each of the sums.
    by: Box<[Fingerprint]>,
    /// It is the task's last.
    ends: bool,
}

/// What can make a difference to a step, beside where its task stands.
#[derive(PartialEq, Eq)]
struct Inputs {
    all: Box<[Input]>,
    /// The monitor is told of it.
    is_told: bool,
}

/// The steps that have been taken.
#[derive(Default)]
pub(super) struct Foresight {
    /// By where the task stands and by its turn: by what such steps have turned out to depend on.
    inputs: FxHashMap<u128, Vec<Inputs>>,
    /// By all of these.
    steps: FxHashMap<u128, Effect>,
}

/// A state, as far as it takes to learn from the steps that are taken there.
#[derive(Default)]
pub(super) struct Place {
    sums: Vec<Fingerprint>,
    /// Where each task stands.
    tasks: Vec<Fingerprint>,
    monitor: Fingerprint,
    /// The tasks whose ends others wait for, a bit for each. What those do then is no part of the step.
    awaited: u64,
    /// The monitor has found something in the step that led here: whatever step comes next, that is no longer so.
    has_found: bool,
}

impl Place {
    /// The state that the run is in.
    pub(super) fn begin(&mut self, options: &dyn Options) {
        self.has_found = options.found() != 0;
        self.sums.clear();
        self.tasks.clear();
        let awaited = (0..options.tasks()).filter(|&task| options.is_awaited(task));
        self.awaited = awaited.fold(0, |all, task| all | 1 << task);
        if let Some(state) = options.parts().filter(|state| state.is_local()) {
            self.sums.extend(state.sums());
            self.tasks.extend((0..options.tasks()).map(|task| state.stand(task)));
            self.monitor = state.said();
        }
    }

    fn of(&self, turn: Turn) -> Fingerprint {
        self.tasks.get(turn.task as usize).copied().unwrap_or_default().with(1, turn.choice.into())
    }
}

impl Foresight {
    /// The state that this turn leads to from the one that the run is in, if that can be told.
    pub(super) fn of(&self, turn: Turn, place: &Place, options: &dyn Options) -> Option<Fingerprint> {
        let state = options.parts().filter(|state| state.is_local() && !place.has_found)?;
        let stand = place.of(turn);
        let effect = self.inputs.get(&stand.0)?.iter().find_map(|inputs| {
            let words = inputs.all.iter().map(|&input| state.holds(input));
            self.steps.get(&key(stand, words, inputs.is_told.then_some(place.monitor)).0)
        })?;
        let goes_on = effect.ends && place.awaited & 1 << turn.task != 0;
        (!goes_on && effect.by.len() == place.sums.len()).then(|| moved_on(&place.sums, &effect.by))
    }

    /// The run has come from `before` to `after` by this turn.
    pub(super) fn learn(&mut self, before: &Place, turn: Turn, after: &Place, options: &dyn Options) {
        let Some(state) = options.parts() else { return };
        let step = state.step();
        let own = 1 << turn.task;
        // What the step changes of others depends on where they stand.
        let ends = options.has_ended(turn.task);
        let is_alone = (step.tasks | step.beside) & !own == 0 && !(ends && before.awaited & own != 0);
        if !is_alone
            || step.is_renaming
            || before.has_found
            || before.sums.is_empty()
            || before.sums.len() != after.sums.len()
            || self.steps.len() >= MOST
        {
            return;
        }
        let stand = before.of(turn);
        let words = step.inputs().map(|input| step.held(input).unwrap_or_else(|| state.holds(input)));
        let key = key(stand, words, step.is_told.then_some(before.monitor));
        if self.steps.contains_key(&key.0) {
            return;
        }
        let difference = |(before, after): (&Fingerprint, &Fingerprint)| {
            let mut by = *after;
            by.take(*before);
            by
        };
        let by = before.sums.iter().zip(&after.sums).map(difference).collect();
        self.steps.insert(key.0, Effect { by, ends });
        let inputs = Inputs { all: step.inputs().collect(), is_told: step.is_told };
        let known = self.inputs.entry(stand.0).or_default();
        if !known.contains(&inputs) {
            known.push(inputs);
        }
    }
}

fn key(
    stand: Fingerprint,
    words: impl Iterator<Item = Fingerprint>,
    monitor: Option<Fingerprint>,
) -> Fingerprint {
    words.chain(monitor).fold(stand.with(2, monitor.is_some().into()), Fingerprint::and)
}
