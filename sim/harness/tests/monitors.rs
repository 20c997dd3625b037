//! The monitors of a stateful search find in a case the violations that the oracle finds in its
//! classes.

use std::collections::BTreeSet;

use proptest::prelude::*;

use selvedge_engine::Schedule;
use selvedge_sim::explore::Exploration;
use selvedge_sim::oracle::Rule;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Case, OpKind, load_all, parse};
use selvedge_sim::verdict::{Budget, CaseReport, Engine};

fn search(case: &Case, engine: Engine, schedules: Option<u64>) -> CaseReport {
    Exploration::of(case).engine(engine).budget(Budget { schedules, ..Budget::default() }).run()
}

fn rules(report: &CaseReport) -> BTreeSet<Rule> {
    report.violations.keys().copied().collect()
}

/// The size of the witness: its context switches and its events.
fn size(report: &CaseReport) -> Option<(usize, usize)> {
    let schedule: Schedule = report.trace.as_ref()?.schedule.parse().expect("a trace has a schedule");
    Some((schedule.switches(), schedule.len()))
}

#[test]
fn they_agree_on_each_shipped_case() {
    let mut compared = 0;
    for scenario in load_all::<&str>(&[], &Protocol::known()).expect("the shipped scenarios have no mistake")
    {
        for case in &scenario.cases {
            let optimal = search(case, Engine::Optimal, Some(2_000));
            if !optimal.complete {
                continue;
            }
            let stateful = search(case, Engine::Stateful, None);
            // These operations leave something that no state contains: such a case is refused, not
            // searched.
            let is_unfit = |kind| {
                matches!(
                    kind,
                    OpKind::Stall | OpKind::Load | OpKind::GetMany | OpKind::Unnotified | OpKind::Heartbeat
                )
            };
            if case.threads.iter().flat_map(|thread| &thread.ops).any(|op| is_unfit(op.kind)) {
                assert!(!stateful.complete, "{} {}", scenario.name, case.name);
                continue;
            }
            assert!(stateful.complete, "{} {}: {:?}", scenario.name, case.name, stateful.verdict);
            let own = (rules(&stateful), &stateful.verdict, size(&stateful));
            let its = (rules(&optimal), &optimal.verdict, size(&optimal));
            assert_eq!(own, its, "{} {}\n{stateful}\n{optimal}", scenario.name, case.name);
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

/// A scenario on one or two keys.
fn scenario() -> impl Strategy<Value = String> {
    let op = (prop_oneof![4 => Just("get"), 2 => Just("set"), 1 => Just("delete"), 1 => Just("update"), 1 => Just("compare-and-set")], 0..3u8)
        .prop_map(|(op, key)| format!("\"{op} {}\"", if key == 2 { "order:2" } else { "user:1" }));
    let thread = proptest::collection::vec(op, 1..=2);
    let threads = proptest::collection::vec(thread, 2..=3);
    let cache = proptest::sample::select(Protocol::names());
    let local = prop_oneof![Just("cold"), Just("warm"), Just("expired"), Just("expiring")];
    let remote = prop_oneof![3 => Just("present"), 1 => Just("absent"), 1 => Just("expiring")];
    (cache, local, remote, threads).prop_map(|(cache, local, remote, threads)| {
        let threads = threads.iter().zip('a'..).map(|(ops, name)| {
            format!("{{ name = \"{name}\", ops = [{}] }}", ops.join(", "))
        });
        format!(
            "name = \"random\"\nabout = \"random\"\ncache = \"{cache}\"\nlocal = \"{local}\"\nremote = \"{remote}\"\n\
             thread = [{}]\nexpect = [{{ consistency = \"linearizable\" }}]\n",
            threads.collect::<Vec<_>>().join(", ")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1 << 16, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn they_agree_on_random_cases(text in scenario()) {
        let scenario = parse("random.toml", &text, &Protocol::known()).expect("a scenario without a mistake");
        let case = &scenario.cases[0];
        let optimal = search(case, Engine::Optimal, Some(2_000));
        prop_assume!(optimal.complete);
        let stateful = search(case, Engine::Stateful, None);
        prop_assert!(stateful.complete);
        let own = (rules(&stateful), &stateful.verdict, size(&stateful));
        let its = (rules(&optimal), &optimal.verdict, size(&optimal));
        prop_assert_eq!(own, its, "{}\n{}", stateful, optimal);
    }
}
