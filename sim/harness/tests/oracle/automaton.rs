//! The automaton, held to the oracle: in one schedule's own order they find the same rules.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use selvedge_sim::history::{Call, Key};
use selvedge_sim::oracle::{Monitor, OperationName, Rule, judge, vacuous};

use super::brute::{plan, play};
use super::program::{Act, Order, Run};

/// What an automaton that runs along finds, and whether a read met a write.
fn along(run: &Run) -> (BTreeSet<Rule>, bool) {
    let mut monitor = Monitor::default();
    for &(key, content) in &run.start {
        monitor.start_with(key, content);
    }
    let (mut found, mut met) = (BTreeSet::new(), false);
    let mut calls: BTreeMap<usize, usize> = BTreeMap::new();
    for (thread, act) in &run.acts {
        let call = calls.entry(*thread).or_default();
        let name = OperationName { thread: *thread, call: *call };
        match act {
            Act::Invoke { key, call, settled } => monitor.call(name, *key, *call, *settled),
            Act::Event { version, .. } => {
                monitor.step(*thread);
                if let Some((key, content)) = version {
                    monitor.written(*key, *content, name);
                }
            }
            Act::Join => {}
            Act::Respond(reply) => {
                monitor.respond(name, *reply);
                *call += 1;
            }
        }
        found.extend(monitor.found());
        met |= monitor.met();
    }
    monitor.end();
    found.extend(monitor.found());
    (found, met)
}

/// The run with its invocations and responses where a history has them: each operation's right before its first event,
/// and right after its last.
fn tight(run: Run) -> Run {
    let mut acts: Vec<(usize, Act)> = Vec::new();
    let mut called = BTreeMap::new();
    for (thread, act) in run.acts {
        match act {
            Act::Invoke { .. } => {
                called.insert(thread, act);
            }
            Act::Event { .. } | Act::Join => {
                acts.extend(called.remove(&thread).map(|call| (thread, call)));
                acts.push((thread, act));
            }
            Act::Respond(_) => {
                let last = acts.iter().rposition(|(other, _)| *other == thread);
                acts.insert(last.expect("an operation has events") + 1, (thread, act));
            }
        }
    }
    Run { acts, ..run }
}

#[test]
fn a_version_that_was_seen_before_the_truth_had_it_holds_later_reads_once_it_has_a_place() {
    let run = |rest: &str| {
        let begin = "
            start k v0
            W set k v1
            W puts l1
            A get k
            A sees l1
            A read v1
            B get k
            B sees redis
            B read v0
        ";
        along(&Run::parse(&format!("{begin}{rest}"))).0
    };
    assert!(run("").is_empty());
    assert!(run("W unknown").is_empty());
    let written = run("W writes redis k v1\nW done");
    assert_eq!(written, BTreeSet::from([Rule::Inverted]));
}

#[test]
fn an_absence_is_mended_by_a_delete_that_was_called_and_comes_to_be_later() {
    let run = |rest: &str| {
        let begin = "
            start k absent
            W set k v1
            W writes redis k v1
            W done
            D delete k
            D puts l1
            R get k
            R sees l1
            R read absent
        ";
        along(&Run::parse(&format!("{begin}{rest}"))).0
    };
    assert_eq!(run("D unknown"), BTreeSet::from([Rule::Stale]));
    assert!(run("D writes redis k absent\nD done").is_empty());
}

#[test]
fn what_was_found_in_a_step_is_not_found_in_the_next() {
    let key = Key::new("k");
    let mut monitor = Monitor::default();
    monitor.start_with(key, None);
    let read = OperationName { thread: 0, call: 0 };
    monitor.call(read, key, Call::Get, true);
    monitor.step(0);
    let phantom = selvedge_sim::history::Value { key, version: 7 };
    monitor.respond(read, selvedge_sim::history::Reply::Read(Some(phantom)));
    assert_eq!(monitor.found(), &BTreeSet::from([Rule::Phantom]));
    monitor.step(0);
    assert!(monitor.found().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_automaton_finds_what_the_oracle_finds_in_the_runs_own_order(
        threads in prop::collection::vec(prop::collection::vec(plan(), 1..3), 2..4),
        turns in prop::collection::vec(0usize..3, 24),
        absent_at_start in any::<bool>(),
    ) {
        let run = tight(play(&threads, &turns, absent_at_start));
        let history = run.history(Order::Run);
        let mut findings = Vec::new();
        judge(&history, &mut findings);
        let expected: BTreeSet<Rule> = findings.iter().map(|finding| finding.rule).collect();
        let (found, met) = along(&run);
        prop_assert_eq!(found, expected, "{:#?}", run);
        prop_assert_eq!(met, !vacuous(&history), "{:#?}", run);
    }
}
