//! Conditions that should hold at least once, in some schedule.

use std::collections::BTreeMap;

/// For each evaluated condition, whether it has held.
#[derive(Debug, Default)]
pub(crate) struct Sometimes {
    held: BTreeMap<&'static str, bool>,
}

impl Sometimes {
    /// Records an evaluation of a condition.
    pub(crate) fn note(&mut self, name: &'static str, holds: bool) {
        *self.held.entry(name).or_default() |= holds;
    }

    /// Adds the conditions of a checkpoint.
    pub(crate) fn resume(&mut self, met: &[(String, bool)]) {
        for (name, held) in met {
            let known = self.held.keys().find(|known| *known == name).copied();
            // A program has few distinct names, so leaking them is acceptable.
            self.note(known.unwrap_or_else(|| name.clone().leak()), *held);
        }
    }

    /// All evaluated conditions, and whether they have held.
    pub(crate) fn all(&self) -> Vec<(String, bool)> {
        self.held.iter().map(|(&name, &held)| (name.to_owned(), held)).collect()
    }

    /// Adds the conditions of another worker.
    pub(crate) fn merge(&mut self, other: Sometimes) {
        other.held.into_iter().for_each(|(name, held)| self.note(name, held));
    }

    /// The names of the conditions that have never held.
    pub(crate) fn never(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.held.iter().filter(|(_, held)| !**held).map(|(&name, _)| name)
    }
}
