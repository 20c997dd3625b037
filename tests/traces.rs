//! The witness of each control, as its reader sees it.

mod recorded;
mod shipped;

use selvedge_sim::explore::explore;
use selvedge_sim::scenario::{Case, Expected};
use selvedge_sim::trace::{lanes, reason};
use selvedge_sim::verdict::{Budget, Engine};
use shipped::scenarios;

fn witness(case: &Case) -> String {
    let trace = explore(case, Engine::Optimal, Budget::default(), &mut |_| ()).trace;
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
            recorded::check(&name, &shown);
        }
    }
}
