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

    /// Those that have never held, by name.
    pub(crate) fn never(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.held.iter().filter(|(_, held)| !**held).map(|(&name, _)| name)
    }
}
