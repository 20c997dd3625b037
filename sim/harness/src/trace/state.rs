//! The contents of the tiers after each step.

use std::collections::BTreeMap;

use super::model::{Effect, Trace};
use crate::history::{Key, Value};

/// The contents of one tier, by entry name. An expired entry remains until an operation removes it.
pub type Content = BTreeMap<Key, Value>;

/// The contents of each tier, in the order of [`Trace::tiers`]: at the start, and after each step.
pub fn states(trace: &Trace) -> Vec<Vec<Content>> {
    let start = trace.tiers.iter().map(|tier| tier.start.iter().map(|its| (its.entry, its.value)).collect());
    let mut states: Vec<Vec<Content>> = vec![start.collect()];
    for step in &trace.steps {
        let mut state = states.last().expect("the first state is the start").clone();
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

/// A change of a tier's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// An index into [`Trace::tiers`].
    pub(super) tier: usize,
    /// The entry.
    pub(super) entry: Key,
    /// The content after the change; `None` if the entry was removed.
    pub(super) content: Option<Value>,
}

/// The change of each step, if there is one.
pub(super) fn changes(trace: &Trace) -> Vec<Option<Change>> {
    let states = states(trace);
    let change = |(at, step): (usize, &super::model::Step)| {
        let Effect::Left { entry, content } = step.effect? else { return None };
        let tier = trace.tiers.iter().position(|tier| tier.place == step.place)?;
        (states[at][tier] != states[at + 1][tier]).then_some(Change { tier, entry, content })
    };
    trace.steps.iter().enumerate().map(change).collect()
}

/// All entries that a tier has in the run, ordered by name.
pub(super) fn entries(trace: &Trace, tier: usize) -> Vec<Key> {
    let mut names: Vec<Key> =
        states(trace).iter().flat_map(|state| state[tier].keys().copied().collect::<Vec<_>>()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
