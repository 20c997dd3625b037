//! Families of clients of a script.
//!
//! A script can look into the names of keys and into values, where a compiled cache is required not
//! to, and its calls can fail without a fault. So its families have conditions of their own:
//!
//! - Keys are never exchanged: each client runs with each assignment of its keys.
//! - Threads are exchanged only as long as no execution has [looked into](crate::script) a key or a
//!   value. Otherwise the family is run *by name*: each order of the threads is a client, because
//!   the order determines the numbers of the values. The theorem is then one about these names.
//! - A client that larger ones contain is skipped only if the script spawns no task, and if no call
//!   has failed in any execution. The proof in `contained.rs` requires that each call has ended
//!   with an answer before the observer reads. The steps of a skipped client before its observer
//!   are steps of a larger client, and its observer's reads are calls of a larger client: if no
//!   call of those has failed, none of these fails.
//! - A warm local tier has plain values. If an execution finds a mistake, the script may store
//!   something else there, such as pairs, which a scenario cannot give it: then each client runs
//!   from a cold local tier only, and the theorem has this condition. A mistake that remains is an
//!   error.
//! - A shard sees a part of the executions, so it can decide neither: its families are run by name,
//!   without skipping.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Addition;
use super::family::{Bounds, Family, FamilyError, error};
use crate::diagnostic::Diagnostic as _;
use crate::scenario::{DEFINE_DELETE, Local, Special};
use crate::script::Script;

impl Family {
    /// The family of all clients of a script within `bounds`, like [`new`](Family::new).
    ///
    /// # Errors
    ///
    /// Also if the script lacks a function that the clients call, uses what the family lacks, or
    /// sends commands that this build does not have.
    pub fn of_script(
        script: &Arc<Script>,
        bounds: Bounds,
        additions: &BTreeSet<Addition>,
    ) -> Result<Self, FamilyError> {
        let name = script.name().strip_prefix("./").unwrap_or(script.name()).to_owned();
        if let Some(help) = script.missing_build() {
            return Err(error(format!("{name} sends commands that this build does not have"), help));
        }
        let mut family = Family::of(name.clone(), Some(Arc::clone(script)), bounds, additions)?;
        if script.lacks_database(family.source) {
            let what = format!("{name} uses `db`, but the clients have no database");
            return Err(error(what, "add the database: --with database"));
        }
        if script.has_leases() && !family.specials.contains(&Special::Leases) {
            let what = format!("{name} uses leases, but the remote tier has none");
            return Err(error(what, "add them and the database: --with database,leases"));
        }
        let lacking = family.operations.iter().find(|&&kind| script.lacks_delete(family.source, kind));
        if let Some(kind) = lacking {
            let what = format!("{name} defines no `delete`, which `{kind}` calls");
            return Err(error(what, DEFINE_DELETE));
        }
        // A script has no stripes.
        family.starts.retain(|start| !start.shares_stripe);
        family.by_name = script.code.may_name(&family.keys_from(family.starts[0]));
        Ok(family)
    }

    /// The family for a part of its searches, or for the combination of such parts. The same for a
    /// compiled cache.
    pub fn in_parts(self) -> Self {
        let is_script = self.script.is_some();
        Family { by_name: self.by_name || is_script, in_parts: is_script, ..self }
    }

    /// The family by name, if the searches so far have shown that it is required.
    pub(super) fn to_be_named(&self) -> Option<Self> {
        let script = self.script.as_ref().filter(|_| !self.by_name)?;
        script.looked().map(|_| Family { by_name: true, ..self.clone() })
    }

    /// The family from a cold local tier only, if an execution has found a mistake in the script.
    /// Forgets the mistake.
    pub(super) fn to_be_cold(&self) -> Option<Self> {
        let script = self.script.as_ref().filter(|script| !self.in_parts && script.mistake().is_some())?;
        if self.is_cold() {
            return None;
        }
        script.forget_mistake();
        let cold = self.starts.iter().copied().filter(|start| start.local == Local::Cold).collect();
        Some(Family { starts: cold, ..self.clone() })
    }

    /// Whether each client starts from a cold local tier.
    pub(super) fn is_cold(&self) -> bool {
        self.starts.iter().all(|start| start.local == Local::Cold)
    }

    /// Whether a client that larger ones contain may be skipped.
    pub(super) fn may_skip(&self) -> bool {
        let spawns = self.script.as_ref().is_some_and(|script| script.spawns());
        !self.in_parts && !spawns && !self.has_failed()
    }

    /// Whether a call of a script has failed in an execution so far.
    pub(super) fn has_failed(&self) -> bool {
        self.script.as_ref().is_some_and(|script| script.has_failed())
    }

    /// The error in the script that an execution has found.
    pub(super) fn mistake(&self) -> Option<FamilyError> {
        let script = self.script.as_ref()?;
        let mistake = script.mistake()?;
        let line = mistake.place().map_or(1, |label| label.excerpt.position(label.span.start).0);
        let help = mistake.help().unwrap_or_else(|| "correct the script".to_owned());
        Some(error(format!("{}:{line}: {mistake}", script.name()), help))
    }

    /// A short name of the cache, for a scenario's name and file.
    pub fn label(&self) -> String {
        if self.script.is_none() {
            return self.cache.clone();
        }
        let stem = std::path::Path::new(&self.cache).file_stem().unwrap_or_default().to_string_lossy();
        let known = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        stem.chars().map(|its| if known(its) { its } else { '-' }).take(60).collect()
    }

    /// The restriction of the theorem to names, in words.
    pub(super) fn named(&self) -> Option<String> {
        let script = self.script.as_ref().filter(|_| self.by_name)?;
        let keys: Vec<String> = self.keys_from(self.starts[0]).iter().map(ToString::to_string).collect();
        let of = if keys.len() == 1 { "the key" } else { "the keys" };
        let why = script.looked().map(|line| format!(", because {line} looks into a key or a value"));
        Some(format!("{of} {} and values numbered by thread{}", keys.join(", "), why.unwrap_or_default()))
    }
}
