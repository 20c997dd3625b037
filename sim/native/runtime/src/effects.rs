//! The program's effects that are not modelled, for the report.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Effects {
    /// Effects that are not modelled, with the number of calls.
    unmodelled: BTreeMap<String, u64>,
    /// Reasons why the search is not complete.
    incomplete: BTreeSet<String>,
    /// Bounds that left schedules out.
    bounds: BTreeSet<String>,
}

thread_local! {
    static EFFECTS: RefCell<Effects> = RefCell::default();
}

/// Clears the effects of the last exploration.
pub(crate) fn begin() {
    EFFECTS.take();
}

/// Records an effect that is not modelled.
pub(crate) fn unmodelled(what: &str) {
    EFFECTS.with_borrow_mut(|effects| match effects.unmodelled.get_mut(what) {
        Some(count) => *count += 1,
        None => drop(effects.unmodelled.insert(what.to_owned(), 1)),
    });
}

/// Records a reason why no verdict of this exploration may be `complete`.
pub(crate) fn incomplete(why: String) {
    EFFECTS.with_borrow_mut(|effects| effects.incomplete.insert(why));
}

/// Records a bound that has left schedules out: no verdict of this exploration may be `complete`.
pub(crate) fn bounded(by: String) {
    EFFECTS.with_borrow_mut(|effects| effects.bounds.insert(by));
}

/// The bounds that have left schedules out.
pub(crate) fn bounds() -> Vec<String> {
    EFFECTS.with_borrow(|effects| effects.bounds.iter().cloned().collect())
}

/// The effects that are not modelled.
pub(crate) fn all() -> Vec<String> {
    EFFECTS.with_borrow(|effects| effects.unmodelled.keys().cloned().collect())
}

/// The reasons why the exploration is not complete.
pub(crate) fn reasons() -> Vec<String> {
    EFFECTS.with_borrow(|effects| effects.incomplete.iter().cloned().collect())
}
