//! Every case that ships, explored to the end: it comes out as it must, and in as many classes or states as it did.

mod recorded;
mod shipped;

use std::collections::BTreeSet;
use std::fmt::Write;

use selvedge_sim::explore::explore;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Expected, Level};
use selvedge_sim::verdict::{Budget, Engine, Verdict};
use shipped::scenarios;

/// Where our own cache is not asked to be linearizable. Each of these says why.
const WEAKER: [&str; 7] = [
    "control-lost-fill",
    "control-late-fill",
    "tiered-told",
    "tiered-told-load",
    "tiered-passes-over",
    "tiered-untold",
    "tiered-told-stripes",
];

#[test]
fn every_case_comes_out_as_expected_and_in_as_many_classes_or_states_as_recorded() {
    let mut counts = String::new();
    let mut controls = BTreeSet::new();
    for case in scenarios(&[]).into_iter().flat_map(|scenario| scenario.cases) {
        let place = format!("{} {}", case.scenario, case.name);
        let report = explore(&case, Engine::Auto, Budget::default(), &mut |_| ());
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
    recorded::check("matrix-classes", &counts);
}
