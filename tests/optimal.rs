//! The optimal search: it explores each class of schedules once, and judges it for all its
//! schedules.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use crate::shipped::scenarios;
use selvedge_engine::{Class, Explorer, Run};
use selvedge_sim::explore::each_run;
use selvedge_sim::history::{History, Mark, Operation};
use selvedge_sim::oracle::{Rule, judge};
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Case, parse};

fn article_case(name: &str) -> Case {
    let cases = scenarios(&["article-classes"]).remove(0).cases;
    cases.into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

fn broken(history: &History) -> BTreeSet<Rule> {
    let mut findings = Vec::new();
    judge(history, &mut findings);
    findings.iter().map(|finding| finding.rule).collect()
}

/// When an operation begins, for an oracle that uses the order of the run.
#[derive(Clone, Copy)]
enum Begun {
    /// At its call: as soon as its thread has completed the previous operation.
    AtCall,
    /// At its first event: this orders as many operations as any order of the run can.
    AtFirstEvent,
}

/// The history for an oracle that uses the order of the run: each event is a moment, and all
/// moments are totally ordered.
fn in_run_order(run: &Run<'_>, history: &History, begun: Begun) -> History {
    let moment = |mark: Mark| {
        let at = run.steps().position(|step| (step.task, step.index) == (mark.task, mark.index));
        Mark { task: 0, index: at.map_or(0, |at| at as u32 + 1) }
    };
    let mut line = History::default();
    for operation in history.operations() {
        let first = match begun {
            // The main task waits for all others before it calls; the wait is not an event.
            Begun::AtCall if !operation.settled => {
                let before = moment(Mark { index: operation.first.index - 1, ..operation.first });
                Mark { index: before.index + 1, ..before }
            }
            _ => moment(operation.first),
        };
        let id = line.invoke(operation.thread, operation.key, operation.call, first, operation.settled);
        if let Some(base) = operation.base {
            line.based_on(id, base);
        }
    }
    for key in history.operations().iter().map(|operation| operation.key).collect::<BTreeSet<_>>() {
        for version in history.versions(key) {
            match (version.by, version.at) {
                (Some(by), Some(at)) => line.written(key, version.content, by, moment(at)),
                _ => line.start_with(key, version.content),
            }
        }
    }
    for (id, operation) in history.operations().iter().enumerate() {
        let task = operation.first.task;
        let events = history.response(id).expect("the run is complete")[task as usize];
        line.respond(id, operation.reply, [moment(Mark { task, index: events }).index]);
    }
    line
}

/// The number of classes with a stale read among the counted reads: judged as classes, and by the
/// order of one run of each.
fn stale_both_ways(case: &Case, begun: Begun, counts: fn(&Operation) -> bool) -> (u64, u64) {
    let stale = |history: &History| {
        let mut findings = Vec::new();
        judge(history, &mut findings);
        let stale = findings.iter().filter(|finding| finding.rule == Rule::Stale);
        u64::from(stale.map(|finding| &history.operations()[finding.read]).any(counts))
    };
    let (mut as_class, mut in_run) = (0, 0);
    let report = each_run::<Protocol>(case, &Explorer::optimal(), |run, history| {
        as_class += stale(history);
        in_run += stale(&in_run_order(run, history, begun));
        ControlFlow::Continue(())
    });
    assert!(report.is_complete());
    (as_class, in_run)
}

/// The brute-force result of a case: its interleavings and classes.
struct BruteForce {
    interleavings: u64,
    /// For each class, the rules broken in at least one of its schedules, in that schedule's order.
    classes: HashMap<Class, BTreeSet<Rule>>,
}

/// Judges every interleaving by its own order. `None` if there are more than `most`.
fn brute_force(case: &Case, most: u64) -> Option<BruteForce> {
    let mut classes = HashMap::<_, BTreeSet<_>>::new();
    let report = each_run::<Protocol>(case, &Explorer::naive().max_executions(most), |run, history| {
        let broken = broken(&in_run_order(run, history, Begun::AtFirstEvent));
        classes.entry(run.class()).or_default().extend(broken);
        ControlFlow::Continue(())
    });
    report.is_complete().then_some(BruteForce { interleavings: report.executions, classes })
}

/// Each class of the optimal search, with the oracle's result.
fn optimal(case: &Case) -> HashMap<Class, BTreeSet<Rule>> {
    let mut classes = HashMap::new();
    let report = each_run::<Protocol>(case, &Explorer::optimal(), |run, history| {
        let seen = classes.insert(run.class(), broken(history));
        assert_eq!(seen, None, "no class is explored twice");
        ControlFlow::Continue(())
    });
    assert!(report.is_complete());
    assert_eq!(report.redundant, 0);
    classes
}

/// Checks the article's cache, with one get per reader and one set per writer, against known
/// numbers.
#[track_caller]
fn check_article(name: &str, interleavings: u64, classes: usize, stale: usize) {
    let case = article_case(name);
    let brute = brute_force(&case, u64::MAX).expect("no bound");
    let optimal = optimal(&case);
    assert_eq!(brute.interleavings, interleavings, "{name}: interleavings");
    assert_eq!(optimal.len(), classes, "{name}: classes");
    assert_eq!(optimal, brute.classes, "{name}");
    let stale_classes = optimal.values().filter(|broken| broken.contains(&Rule::Stale)).count();
    assert_eq!(stale_classes, stale, "{name}: stale classes");
}

/// Spawning and joining the threads, the initial content of the tiers and the observer's read add
/// no interleaving.
#[test]
fn the_articles_classes_and_stale_classes_are_those_of_brute_force() {
    check_article("local=cold,readers=1,writers=1", 10, 5, 1);
    check_article("local=cold,readers=2,writers=1", 534, 48, 12);
    check_article("local=cold,readers=2,writers=2", 23_792, 1_016, 292);
    check_article("local=warm,readers=2,writers=1", 30, 7, 0);
    check_article("local=warm,readers=2,writers=2", 1_848, 172, 28);
}

#[test]
fn brute_force_agrees_wherever_it_completes() {
    let mut agreed = 0;
    for case in scenarios(&[]).into_iter().flat_map(|scenario| scenario.cases) {
        if let Some(brute) = brute_force(&case, 3_000) {
            assert_eq!(optimal(&case), brute.classes, "{}: {}", case.scenario, case.name);
            agreed += 1;
        }
    }
    assert!(agreed >= 70, "brute force completed in only {agreed} cases");
}

/// Each thread calls its one operation when it starts, so the run's order makes all of them
/// concurrent. Only the observer's read is ordered: it is last, and shows a stale entry if that
/// still exists.
#[test]
fn the_runs_own_order_hides_stale_reads_of_the_article() {
    for (name, all, by_threads) in [
        ("local=cold,readers=2,writers=1", (12, 12), (2, 0)),
        ("local=cold,readers=2,writers=2", (292, 280), (32, 0)),
        ("local=warm,readers=2,writers=2", (28, 28), (4, 0)),
    ] {
        let case = article_case(name);
        assert_eq!(stale_both_ways(&case, Begun::AtCall, |_| true), all, "{name}");
        assert_eq!(stale_both_ways(&case, Begun::AtCall, |read| !read.settled), by_threads, "{name}");
    }
}

/// The last event of the set does not conflict with the get, and the entry may expire, so that the
/// observer's read does not show the version that a reader saw.
#[test]
fn the_runs_own_order_hides_stale_reads_under_either_definition() {
    let text = r#"
        name = "delete-first-expiring"
        about = "the local delete before the write, and an entry that may expire"
        cache = "delete-first"
        local = "expiring"
        remote = "present"
        thread = [
            { name = "reader", count = 2, ops = ["get user:1"] },
            { name = "writer", ops = ["set user:1"] },
        ]
        expect = [{ violations = ["stale", "inverted", "lasting"] }]
    "#;
    let scenario = parse("delete-first-expiring.toml", text, &Protocol::known());
    let case = scenario.expect("no mistake in it").cases.remove(0);
    assert_eq!(stale_both_ways(&case, Begun::AtFirstEvent, |_| true), (38, 36));
    assert_eq!(stale_both_ways(&case, Begun::AtCall, |_| true), (38, 36));
}
