//! A search that somebody breaks off keeps what it has found until then.

use std::ops::ControlFlow;

use selvedge_sim::explore::explore_while;
use selvedge_sim::oracle::Rule;
use selvedge_sim::protocols::Protocol;
use selvedge_sim::scenario::parse;
use selvedge_sim::trace::reason;
use selvedge_sim::verdict::{Budget, Engine, Verdict};

/// The first schedule is crossed, and there are more than anybody can wait for.
const CROSSED: &str = r#"
    name = "crossed"
    about = "a test"
    cache = "shared-local-key"
    local = "cold"
    remote = "present"
    thread = [
        { name = "user-1", ops = ["get user:1"] },
        { name = "user-2", ops = ["get user:2"] },
        { name = "writer", count = 12, ops = ["set user:1"] },
    ]
    expect = [{ consistency = "linearizable" }]
"#;

#[test]
fn a_violation_outlives_the_search_that_found_it() {
    let scenario = parse("crossed.toml", CROSSED, &["shared-local-key"]).expect("it has no mistake");
    let case = &scenario.cases[0];
    let mut looks = 0;
    let report = explore_while::<Protocol>(case, Engine::Optimal, Budget::default(), &mut |schedules| {
        looks += 1;
        assert!(schedules > 0);
        ControlFlow::Break(())
    });
    assert_eq!(looks, 2, "once on the way, and once at the end");
    assert!(!report.complete);
    assert!(report.violations[&Rule::Crossed] > 0);
    assert!(matches!(&report.verdict, Verdict::Violated(rules) if rules.contains(&Rule::Crossed)));
    let trace = report.trace.as_ref().expect("the simplest schedule so far");
    assert!(reason(trace).starts_with("Crossed: "), "{}", reason(trace));
    let judgement = case.expectation.judge(&report);
    assert_eq!((judgement.passed(), judgement.outcome.exit_code()), (false, 1));
}
