//! Replays of schedules: unchanged, on another cache, and on a server.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};

use selvedge_sim::explore::{Exploration, Replay, Server, follow, replay};
use selvedge_sim::history::{Key, Value};
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Case, load, load_all};
use selvedge_sim::trace::{Command, Difference, FailureCause, Trace};
use selvedge_sim::verdict::Engine;

/// The cases of a shipped scenario.
fn cases(name: &str) -> Vec<Case> {
    load(name, &Protocol::known()).expect("it ships").remove(0).cases
}

fn recorded(case: &Case) -> Option<Trace> {
    Exploration::of(case).engine(Engine::Optimal).run().trace
}

fn article() -> (Case, Trace) {
    let case = cases("control-article").remove(0);
    let trace = recorded(&case).expect("a control has a trace");
    (case, trace)
}

fn again(case: &Case, trace: &Trace, server: Option<Box<dyn Server>>) -> Replay {
    let schedule = trace.schedule.parse().expect("a schedule");
    replay::<Protocol>(case, schedule, trace.findings.first(), server)
}

/// Every shipped control whose cases are all small, with its traces. The order of commands does not
/// determine the messages between nodes, so the controls of nodes are left out of replays by order.
fn controls() -> Vec<(Case, Trace)> {
    let shipped = load_all::<&str>(&[], &Protocol::known()).expect("they ship");
    let small =
        shipped.into_iter().filter(|it| it.name.starts_with("control-") || it.name == "article-classes");
    let cases = small.flat_map(|scenario| scenario.cases).filter(|case| case.nodes == 1);
    let traces: Vec<_> = cases.filter_map(|case| recorded(&case).map(|trace| (case, trace))).collect();
    assert!(traces.len() >= 8, "{}", traces.len());
    traces
}

#[test]
fn a_recorded_schedule_has_the_same_result() {
    for (case, trace) in controls() {
        let Replay { trace: now, misfit, transcript } = again(&case, &trace, None);
        assert_eq!(misfit, None, "{}", case.name);
        assert_eq!(Difference::between(&trace, &now, true), None, "{}", case.name);
        assert_eq!(now.findings, trace.findings, "{}", case.name);
        assert!(transcript.is_none());
    }
}

#[test]
fn on_its_own_cache_the_order_has_the_same_result() {
    for (case, trace) in controls() {
        let schedule = follow::<Protocol>(&case, &trace);
        let Replay { trace: now, misfit, .. } = replay::<Protocol>(&case, schedule, None, None);
        assert_eq!(misfit, None, "{} {}", case.scenario, case.name);
        let rules = |trace: &Trace| trace.findings.iter().map(|it| it.rule).collect::<Vec<_>>();
        let missed = rules(&trace).into_iter().min() < rules(&now).into_iter().min();
        assert!(!missed && !now.findings.is_empty(), "{} {}", case.scenario, case.name);
    }
}

#[test]
fn on_the_cache_with_the_fence_no_order_shows_anything() {
    // One of the controls is that cache itself, on a Redis that does not execute its commands as
    // required.
    for (mut case, trace) in controls().into_iter().filter(|(case, _)| case.cache != "tiered") {
        case.cache = "tiered".to_owned();
        let schedule = follow::<Protocol>(&case, &trace);
        let Replay { trace: now, misfit, .. } = replay::<Protocol>(&case, schedule, None, None);
        assert_eq!(misfit, None, "{} {}", case.scenario, case.name);
        assert_eq!(now.findings, [], "{} {}", case.scenario, case.name);
        assert!(now.operations.iter().all(|span| span.reply.is_some()), "{} {}", case.scenario, case.name);
    }
}

#[test]
fn the_first_step_that_differs_is_named() {
    let (mut case, trace) = article();
    case.cache = "write-through".to_owned();
    let Replay { trace: now, misfit, .. } = again(&case, &trace, None);
    let difference = Difference::between(&trace, &now, misfit.is_none()).expect("another cache");
    let Difference::Step { step: 4, was, is: Some(is) } = &difference else { panic!("{difference}") };
    assert!(was.starts_with("`L1.remove user:1 (was not there)` by writer in set user:1 = v1, at "), "{was}");
    assert!(is.starts_with("`L1.fill user:1 = v1` by writer in set user:1 = v1, at "), "{is}");
}

#[test]
fn a_thread_that_ends_earlier_or_later_is_a_difference() {
    let (case, trace) = article();
    let mut shorter = trace.clone();
    let last = shorter.steps.pop().expect("it has steps");
    shorter.schedule = trace.schedule.strip_suffix('a').expect("the observer is last").to_owned();
    let now = again(&case, &shorter, None);
    assert!(now.misfit.is_some());
    let difference = Difference::between(&shorter, &now.trace, false);
    assert_eq!(difference, Some(Difference::Longer { steps: shorter.steps.len() }));

    let difference = Difference::between(&trace, &now.trace, false).expect("a step less");
    assert!(difference.to_string().contains("does not reach this step"), "{difference}");
    assert!(difference.to_string().contains(&format!("step {}", last.number)), "{difference}");
}

#[test]
fn another_start_is_a_difference() {
    let (mut case, trace) = article();
    case.remote = selvedge_sim::scenario::RemoteStart::Absent;
    let now = again(&case, &trace, None);
    let difference = Difference::between(&trace, &now.trace, now.misfit.is_none()).expect("it is");
    assert!(difference.to_string().contains("redis empty"), "{difference}");
}

/// The contents of a test server.
type Held = Arc<Mutex<BTreeMap<Key, Value>>>;

/// A simulated server that fails at its nth command.
struct Memory {
    held: Held,
    commands: usize,
    forgets_at: usize,
    fails_at: usize,
}

impl Memory {
    fn new() -> Self {
        Memory { held: Held::default(), commands: 0, forgets_at: usize::MAX, fails_at: usize::MAX }
    }

    fn next(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.commands += 1;
        if self.commands == self.forgets_at {
            self.held.lock().expect("not poisoned").clear();
        }
        if self.commands < self.fails_at { Ok(()) } else { Err("the line is cut".into()) }
    }
}

impl Server for Memory {
    fn get(&mut self, key: Key) -> Result<Option<Value>, Box<dyn Error + Send + Sync>> {
        self.next()?;
        Ok(self.held.lock().expect("not poisoned").get(&key).copied())
    }

    fn set(&mut self, key: Key, value: Value) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.next()?;
        self.held.lock().expect("not poisoned").insert(key, value);
        Ok(())
    }

    fn delete(&mut self, key: Key) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.next()?;
        self.held.lock().expect("not poisoned").remove(&key);
        Ok(())
    }
}

#[test]
fn a_server_gets_each_command_in_its_step() {
    for (case, trace) in controls() {
        let server = Memory::new();
        let held = Arc::clone(&server.held);
        let Replay { trace: now, transcript, .. } = again(&case, &trace, Some(Box::new(server)));
        let transcript = transcript.expect("there is a server");
        assert!(transcript.failure.is_none(), "{:?}", transcript.failure);
        assert_eq!(Difference::between(&trace, &now, true), None);
        assert_eq!(now.findings, trace.findings);
        let remote: Vec<_> = now.steps.iter().filter(|step| step.what.starts_with("redis ")).collect();
        let steps: Vec<_> = remote.iter().map(|step| step.number).collect();
        assert_eq!(transcript.answers.iter().map(|answer| answer.step).collect::<Vec<_>>(), steps);
        for (answer, step) in transcript.answers.iter().zip(remote) {
            let word = answer.command.to_string();
            let word = word.split_once(' ').expect("a command and a key").0;
            assert!(step.what.starts_with(&format!("redis {word} ")), "{} {word}", step.what);
        }
        let held = held.lock().expect("not poisoned");
        for (key, content) in transcript.left {
            assert_eq!(held.get(&key).copied(), content);
        }
    }
}

/// The first three commands belong to the set-up, the reader, and the writer.
#[test]
fn a_server_that_fails_gets_no_more_commands_and_reports_the_step() {
    let (case, trace) = article();
    let user = Key::new("user:1");
    let v = |version| Value { key: user, version };
    let expected = [
        (1, None, Command::Set(user, v(0))),
        (2, Some(2), Command::Get(user)),
        (3, Some(3), Command::Set(user, v(1))),
        (4, None, Command::Get(user)),
    ];
    for (fails_at, step, command) in expected {
        let server = Memory { fails_at, ..Memory::new() };
        let transcript = again(&case, &trace, Some(Box::new(server))).transcript.expect("there is a server");
        let failure = transcript.failure.expect("it fails");
        assert_eq!((failure.step, failure.command), (step, command));
        assert!(
            matches!(&failure.why, FailureCause::Failed(error) if error.to_string() == "the line is cut")
        );
        assert_eq!(transcript.answers.len(), fails_at.saturating_sub(2));
        assert_eq!(transcript.left, []);
    }
}

#[test]
fn a_server_that_forgets_is_found_out() {
    let (case, trace) = article();
    let server = Memory { forgets_at: 2, ..Memory::new() };
    let transcript = again(&case, &trace, Some(Box::new(server))).transcript.expect("there is a server");
    let failure = transcript.failure.expect("it has forgotten");
    let expected = Some(Value { key: Key::new("user:1"), version: 0 });
    assert!(matches!(failure.why, FailureCause::Other { held: None, expected: it } if it == expected));
    assert_eq!(failure.step, Some(2));
}
