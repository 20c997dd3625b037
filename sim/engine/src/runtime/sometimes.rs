//! Conditions that should hold at some time, in some schedule.

use std::collections::BTreeMap;

/// Of each condition that was met so far, whether it has held.
#[derive(Debug, Default)]
pub(crate) struct Sometimes {
    held: BTreeMap<&'static str, bool>,
}

impl Sometimes {
    /// The condition holds now, or does not.
    pub(crate) fn note(&mut self, name: &'static str, holds: bool) {
        *self.held.entry(name).or_default() |= holds;
    }

    /// Adds what another worker has met.
    pub(crate) fn merge(&mut self, other: Sometimes) {
        other.held.into_iter().for_each(|(name, held)| self.note(name, held));
    }

    /// Those that have never held, by name.
    pub(crate) fn never(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.held.iter().filter(|(_, held)| !**held).map(|(&name, _)| name)
    }
}
