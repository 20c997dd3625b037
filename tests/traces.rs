//! The witness of each control, as shown to its reader.

use std::thread;

use crate::shipped::scenarios;
use selvedge_sim::explore::Exploration;
use selvedge_sim::report::trace_page;
use selvedge_sim::scenario::{Case, Expected};
use selvedge_sim::trace::{json, lanes, mermaid, perfetto, reason, shiviz};
use selvedge_sim::verdict::Engine;

fn witness(case: &Case) -> String {
    let trace = Exploration::of(case).engine(Engine::Optimal).run().trace;
    let trace = trace.unwrap_or_else(|| panic!("no trace of {} {}", case.scenario, case.name));
    format!("{}\n{}", lanes(&trace), reason(&trace))
}

#[test]
fn the_witness_of_each_control_is_the_recorded_one() {
    let scenarios = scenarios(&[]);
    for scenario in scenarios.iter().filter(|scenario| scenario.name.starts_with("control-")) {
        for case in &scenario.cases {
            if !matches!(case.expectation.expected, Expected::Violations(_)) {
                continue;
            }
            let shown = witness(case);
            assert_eq!(witness(case), shown, "{} {}: a second exploration", case.scenario, case.name);
            for line in shown.lines() {
                assert!(line.chars().count() <= 100, "wider than 100 columns: {line}");
            }
            let name = match scenario.axes.is_empty() {
                true => format!("trace-{}", scenario.name),
                false => format!("trace-{}-{}", scenario.name, case.labels.join("-")),
            };
            crate::recorded::check(&name, &shown);
        }
    }
}

/// The number of explorations of each control per thread, and the number of threads.
const RUNS: usize = 10;
const THREADS: usize = 2;

/// Every form of the witness.
fn forms(case: &Case) -> Vec<String> {
    let trace = Exploration::of(case).engine(Engine::Optimal).run().trace.expect("a control has one");
    let project = [lanes, reason, json, mermaid, perfetto, shiviz, trace_page];
    project.iter().map(|form| form(&trace)).collect()
}

#[test]
fn every_form_of_a_witness_is_the_same_in_each_run_and_on_each_thread() {
    let scenarios = scenarios(&[]);
    let controls = scenarios.iter().filter(|scenario| scenario.name.starts_with("control-"));
    for case in controls.flat_map(|scenario| &scenario.cases) {
        if !matches!(case.expectation.expected, Expected::Violations(_)) {
            continue;
        }
        let first = forms(case);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for run in 0..RUNS {
                        assert!(forms(case) == first, "{} {}: run {run}", case.scenario, case.name);
                    }
                });
            }
        });
    }
}
