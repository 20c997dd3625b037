//! What the tiers hold after each step.

use std::collections::BTreeMap;

use super::model::{Effect, Trace};
use crate::history::{Key, Value};

/// What one tier holds: its entries by their names. An entry that has expired is there until something removes it.
pub type Content = BTreeMap<Key, Value>;

/// What the tiers hold, in the order of [`Trace::tiers`]: at the start, and then after each step.
pub fn states(trace: &Trace) -> Vec<Vec<Content>> {
    let start = trace.tiers.iter().map(|tier| tier.start.iter().map(|its| (its.entry, its.value)).collect());
    let mut states: Vec<Vec<Content>> = vec![start.collect()];
    for step in &trace.steps {
        let mut state = states.last().expect("there is a start").clone();
        let tier = trace.tiers.iter().position(|tier| tier.place == step.place);
        match (tier, step.effect) {
            (Some(tier), Some(Effect::Left { entry, content: Some(value) })) => {
                state[tier].insert(entry, value);
            }
            (Some(tier), Some(Effect::Left { entry, content: None })) => {
                state[tier].remove(&entry);
            }
            _ => {}
        }
        states.push(state);
    }
    states
}

/// A change of what a tier holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// An index into [`Trace::tiers`].
    pub(super) tier: usize,
    /// The entry.
    pub(super) entry: Key,
    /// What it holds from now on; `None` is "nothing".
    pub(super) content: Option<Value>,
}

/// What each step changed, if it did.
pub(super) fn changes(trace: &Trace) -> Vec<Option<Change>> {
    let states = states(trace);
    let change = |(at, step): (usize, &super::model::Step)| {
        let Effect::Left { entry, content } = step.effect? else { return None };
        let tier = trace.tiers.iter().position(|tier| tier.place == step.place)?;
        (states[at][tier] != states[at + 1][tier]).then_some(Change { tier, entry, content })
    };
    trace.steps.iter().enumerate().map(change).collect()
}

/// The entries that a tier ever holds, in the order of their names.
pub(super) fn entries(trace: &Trace, tier: usize) -> Vec<Key> {
    let mut names: Vec<Key> =
        states(trace).iter().flat_map(|state| state[tier].keys().copied().collect::<Vec<_>>()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
