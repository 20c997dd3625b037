//! The cases as a JUnit report.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::Judged;
use crate::scenario::Outcome;

/// The cases as JUnit XML: a suite for each scenario, and in it a test for each case. One that did not come out as
/// expected has the outcome as its type, why as its message, and the trace in full. Cases of one scenario stand together.
pub fn junit(cases: &[Judged<'_>]) -> String {
    let mut report = Report::new("selvedge");
    for scenario in cases.chunk_by(|a, b| a.case.scenario == b.case.scenario) {
        let mut suite = TestSuite::new(&*scenario[0].case.scenario);
        suite.add_test_cases(scenario.iter().map(test));
        suite.set_time(scenario.iter().map(|judged| judged.report.wall).sum());
        report.add_test_suite(suite);
    }
    report.set_time(cases.iter().map(|judged| judged.report.wall).sum());
    report.to_string().expect("a string takes all that is written to it")
}

fn test(judged: &Judged<'_>) -> TestCase {
    let outcome = judged.judgement.outcome;
    let mut status = match outcome {
        Outcome::Pass => TestCaseStatus::success(),
        Outcome::Crash => TestCaseStatus::non_success(NonSuccessKind::Error),
        _ => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    if outcome != Outcome::Pass {
        status.set_type(outcome.name());
        status.set_message(&*judged.judgement.why);
        status.set_description(judged.evidence());
    }
    let mut test = TestCase::new(&*judged.case.name, status);
    test.set_classname(&*judged.case.scenario);
    test.set_time(judged.report.wall);
    test.add_property(Property::new("cache", &*judged.report.cache));
    test.add_property(Property::new("engine", judged.report.engine.name()));
    if let Some(why) = &judged.report.engine_reason {
        test.add_property(Property::new("engine_reason", &**why));
    }
    let (count, what) = judged.report.searched();
    test.add_property(Property::new(format!("{what}s"), count.to_string()));
    test.add_property(Property::new("verdict", judged.report.verdict.word()));
    test
}
