//! The cases as a JUnit report, valid under the schema of Jenkins' xUnit plugin (junit-10.xsd),
//! which has neither `testsuites/@skipped` nor properties of a test.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Judged;
use crate::scenario::Outcome;

/// The cases as JUnit XML: a suite for each scenario, with a test for each case. A failed one has
/// the outcome as its type, the reason as its message, and the full trace. The test's output is
/// what was searched. Cases of one scenario must be adjacent.
pub fn junit(cases: &[Judged<'_>]) -> String {
    let mut report = Report::new("selvedge");
    for scenario in cases.chunk_by(|a, b| a.case.scenario == b.case.scenario) {
        let mut suite = TestSuite::new(&*scenario[0].case.scenario);
        suite.add_test_cases(scenario.iter().map(test));
        suite.set_time(scenario.iter().map(|judged| judged.report.wall).sum());
        report.add_test_suite(suite);
    }
    report.set_time(cases.iter().map(|judged| judged.report.wall).sum());
    let text = report.to_string().expect("a string takes all that is written to it");
    // The schema forbids this attribute; no case is skipped.
    text.replacen(" skipped=\"0\"", "", 1)
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
    let report = &judged.report;
    let (count, what) = report.searched();
    let mut about = format!("cache: {}\nengine: {}\n", report.cache, report.engine);
    if let Some(why) = &report.engine_reason {
        about += &format!("engine_reason: {why}\n");
    }
    about += &format!("{what}s: {count}\nverdict: {}\n", report.verdict.word());
    test.set_system_out(about);
    test
}
