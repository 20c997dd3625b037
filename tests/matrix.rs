//! Every shipped case, explored completely, has the expected result and the recorded number of
//! classes or states.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::shipped::scenarios;
use selvedge_sim::explore::Exploration;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Expected, Level};
use selvedge_sim::verdict::Verdict;

/// The scenarios that do not require Selvedge's cache to be linearizable. Each file gives the
/// reason.
const WEAKER: [&str; 15] = [
    "control-lost-fill",
    "control-late-fill",
    "control-lost-update",
    "control-nodes-notify-first",
    "control-nodes-strict",
    "tiered-notified",
    "tiered-notified-load",
    "tiered-passes-over",
    "tiered-unnotified",
    "tiered-notified-stripes",
    "tiered-nodes",
    "tiered-nodes-reconnect",
    "tiered-nodes-reconnect-writers",
    "tiered-nodes-bound",
    "tiered-nodes-three",
];

#[test]
fn every_case_has_the_expected_result_and_the_recorded_count() {
    let mut counts = String::new();
    let mut controls = BTreeSet::new();
    for case in scenarios(&[]).into_iter().flat_map(|scenario| scenario.cases) {
        let place = format!("{} {}", case.scenario, case.name);
        let report = Exploration::of(&case).run();
        let judgement = case.expectation.judge(&report);
        assert!(judgement.passed(), "{place}: {judgement}");
        assert!(report.complete, "{place}");
        match &case.expectation.expected {
            Expected::Violations(_) => _ = controls.insert(case.cache.clone()),
            Expected::Consistency(_) => assert_eq!(report.verdict, Verdict::Clean, "{place}"),
        }
        if case.cache == Protocol::Tiered.name() && !WEAKER.contains(&case.scenario.as_str()) {
            assert_eq!(case.expectation.expected, Expected::Consistency(Level::Linearizable), "{place}");
        }
        match &report.states {
            None => write!(counts, "{place}: {}", report.schedules).expect("a string takes it"),
            Some(its) => write!(counts, "{place}: {} states", its.states).expect("a string takes it"),
        }
        for (rule, classes) in report.violations {
            write!(counts, ", {rule} {classes}").expect("a string takes it");
        }
        counts.push('\n');
    }
    controls.remove(Protocol::Tiered.name());
    let broken = Protocol::ALL.iter().filter(|protocol| **protocol != Protocol::Tiered);
    assert_eq!(controls, broken.map(|protocol| protocol.name().to_owned()).collect());
    crate::recorded::check("matrix-classes", &counts);
}
