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

    /// Adds what was met before the search was resumed.
    pub(crate) fn resume(&mut self, met: &[(String, bool)]) {
        for (name, held) in met {
            let known = self.held.keys().find(|known| *known == name).copied();
            // A program has few of them, and they are its own: they stay until the process ends.
            self.note(known.unwrap_or_else(|| name.clone().leak()), *held);
        }
    }

    /// All that were met, and whether they have held.
    pub(crate) fn all(&self) -> Vec<(String, bool)> {
        self.held.iter().map(|(&name, &held)| (name.to_owned(), held)).collect()
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
