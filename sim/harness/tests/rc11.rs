//! Shipped cases under weak memory, with the orderings that ship.

use std::fmt::Write;

use selvedge_sim::explore::{Exploration, Schedule, replay};
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Case, Expected, load, load_all};
use selvedge_sim::verdict::{Budget, CaseReport, Engine, Verdict};

/// The number of graphs at which the search of a case ends, so that all cases together take
/// seconds.
const MOST: u64 = 1_000;

fn rc11(case: &Case) -> CaseReport {
    let budget = Budget { schedules: Some(MOST), ..Budget::default() };
    Exploration::of(case).engine(Engine::Rc11).budget(budget).run()
}

/// Every shipped case of at most 1,000 execution graphs is explored completely and has the expected
/// result; no case shows what its scenario forbids. The snapshot has the numbers of graphs, and the
/// reason why a case is not explored.
#[test]
fn every_small_case_has_the_expected_result_and_the_recorded_number_of_graphs() {
    let (mut counts, mut complete) = (String::new(), 0);
    let scenarios =
        load_all::<&str>(&[], &Protocol::known()).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    for case in scenarios.into_iter().flat_map(|scenario| scenario.cases) {
        let place = format!("{} {}", case.scenario, case.name);
        let report = rc11(&case);
        if report.complete {
            let judgement = case.expectation.judge(&report);
            assert!(judgement.passed(), "{place}: {judgement}");
            complete += 1;
        } else if let Expected::Consistency(_) = case.expectation.expected {
            assert!(matches!(report.verdict, Verdict::Bounded(_)), "{place}: {:?}", report.verdict);
        }
        let result = match &report.verdict {
            Verdict::Bounded(why) if report.schedules < MOST => {
                let reason = why.split(", which the search").next().unwrap_or(why);
                // Without the line, which changes with the file.
                reason.rsplit_once(':').map_or(reason, |(reason, _)| reason).to_owned()
            }
            _ if !report.complete => format!("more than {MOST} graphs"),
            _ => format!("{} graphs", report.schedules),
        };
        write!(counts, "{place}: {result}").expect("a string takes it");
        for (rule, graphs) in report.violations.iter().filter(|_| report.complete) {
            write!(counts, ", {rule} {graphs}").expect("a string takes it");
        }
        counts.push('\n');
    }
    assert!(complete > 100, "{complete} cases are complete");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("rc11-graphs", counts));
}

/// The witness of a control is the schedule of its graph, which is replayed from its text.
#[test]
fn a_witness_is_replayed() {
    let case = load("control-article", &Protocol::known()).unwrap().remove(0).cases.remove(0);
    let trace = rc11(&case).trace.expect("a control has a trace");
    assert_eq!(trace.engine, "rc11");
    assert!(trace.schedule.starts_with("g1:"), "{}", trace.schedule);
    let schedule: Schedule = trace.schedule.parse().unwrap();
    let again = replay::<Protocol>(&case, schedule, trace.findings.first(), None);
    assert_eq!(again.misfit, None);
    assert_eq!(again.trace.engine, "rc11");
    assert_eq!(again.trace.findings, trace.findings);
    assert_eq!(again.trace.steps.len(), trace.steps.len());
}

/// The default engine assumes sequential consistency, and a report names the engine.
#[test]
fn auto_does_not_choose_weak_memory() {
    let case = load("control-article", &Protocol::known()).unwrap().remove(0).cases.remove(0);
    assert_eq!(Exploration::of(&case).run().engine, Engine::Optimal);
}
