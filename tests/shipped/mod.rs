//! The shipped scenarios.

use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Scenario, load_all};

/// Loads the shipped scenarios of these names; without names, all of them.
pub(crate) fn scenarios(names: &[&str]) -> Vec<Scenario> {
    load_all(names, &Protocol::known()).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}
