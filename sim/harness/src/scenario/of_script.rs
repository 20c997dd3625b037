//! What a script supports and requires of a case.

use std::sync::LazyLock;

use super::{Ability, OpKind, Source};
use crate::script::Script;

impl Script {
    /// The features that it supports.
    pub(crate) fn abilities(&self) -> &'static [Ability] {
        /// The optional features.
        const OPTIONAL: [Ability; 4] =
            [Ability::InvalidatesAll, Ability::Leases, Ability::Loads, Ability::Refreshes];
        /// Those of each set of optional features.
        static SETS: LazyLock<Vec<Vec<Ability>>> = LazyLock::new(|| {
            let set = |bits: usize| {
                let its = OPTIONAL.into_iter().enumerate().filter(move |(at, _)| bits & (1 << at) != 0);
                let always = [Ability::Evicts, Ability::Invalidates].into_iter();
                always.chain(its.map(|(_, ability)| ability)).collect()
            };
            (0..1 << OPTIONAL.len()).map(set).collect()
        });
        let has = [self.reconnects(), self.has_leases(), self.has_load(), self.has_refresh()];
        let bits = has.iter().enumerate().map(|(at, &has)| usize::from(has) << at).sum::<usize>();
        &SETS[bits]
    }

    /// Whether it uses `db`, and a case with this source of truth has no database.
    pub(crate) fn lacks_database(&self, source: Source) -> bool {
        self.has_database() && source == Source::Remote
    }

    /// Whether a case with this operation calls `delete`, which it does not define. The caller of a
    /// cache that does not write the database deletes the key after each write.
    pub(crate) fn lacks_delete(&self, source: Source, kind: OpKind) -> bool {
        let is_called = match kind {
            OpKind::Delete => true,
            OpKind::Set | OpKind::Update | OpKind::CompareAndSet => {
                source == Source::Database && !self.has_database()
            }
            _ => false,
        };
        is_called && !self.has_delete()
    }

    /// The build that has the commands which this one lacks, if the script sends such commands.
    pub(crate) fn missing_build(&self) -> Option<String> {
        let feature = self.missing_feature()?;
        Some(format!(
            "get, set, setex and delete are always built in. For the others, build selvedge with the feature \
             `script`, as in `cargo run --release --features script -- …`, or selvedge-sim with the feature \
             `{feature}`"
        ))
    }
}

/// The advice if a script lacks `delete`.
pub(crate) const DEFINE_DELETE: &str = "define delete(key). With source = \"database\", a script that does not use `db` is notified of each write by \
     `delete`";
