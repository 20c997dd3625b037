//! Compares the monitor with the oracle: in one schedule's own order, they find the same rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::planned::Planned;
use super::state::State;
use super::versions::Content;
use crate::history::{Call, History, Key, Mark, OperationId, Reply, Specification, Value};
use crate::oracle::{Rule, judge, vacuous};

/// One event of an operation.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It reads its key at the source of truth.
    Look,
    /// It writes, independent of its call.
    Write(usize, Content),
    /// It sends a command that writes later, or never.
    Late(usize, Content),
    /// It reads its key at the source of truth, or finds this content in a copy, and computes its
    /// value from it. Not a look for other calls than updates.
    Compute(Option<Content>),
}

#[derive(Clone, Debug)]
struct Operation {
    node: u32,
    key: usize,
    call: Call,
    steps: Vec<Step>,
    reply: Reply,
}

const KEYS: [&str; 2] = ["k", "m"];

/// The maximum number of `set`s.
const SETS: u32 = 9;

fn key(key: usize) -> Key {
    Key::new(KEYS[key])
}

/// Mostly the first key, so that operations meet.
fn a_key() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0usize), 1 => Just(1)]
}

fn content(of: usize) -> impl Strategy<Value = Content> {
    let own = move |version| Some(Value { key: key(of), version });
    prop_oneof![
        3 => Just(None),
        8 => prop_oneof![6 => 0..4u32, 1 => Just(SETS + 1)].prop_map(own),
        1 => (0..2u32).prop_map(move |version| Some(Value { key: key(1 - of), version })),
    ]
}

fn step(of: usize, call: Call) -> impl Strategy<Value = Step> {
    let called = call.written().flatten();
    let compute = proptest::option::weighted(0.4, content(of)).prop_map(Step::Compute);
    let other = || a_key().prop_flat_map(|of| (Just(of), content(of)));
    prop_oneof![
        6 => Just(Step::Look),
        6 => Just(if call.is_write() { Step::Write(of, called) } else { Step::Look }),
        2 => Just(if call.is_write() { Step::Late(of, called) } else { Step::Look }),
        1 => other().prop_map(|(of, content)| Step::Write(of, content)),
        1 => other().prop_map(|(of, content)| Step::Late(of, content)),
        if call.is_update() { 6 } else { 1 } => compute,
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    a_key().prop_flat_map(|of| {
        let set = (1..4u32).prop_map(move |version| Call::Set(Value { key: key(of), version }));
        let update = Just(Call::Update(Value { key: key(of), version: 1 }));
        let compare = Just(Call::CompareAndSet(Value { key: key(of), version: 1 }));
        let call = prop_oneof![
            4 => Just(Call::Get),
            3 => set,
            2 => Just(Call::Delete),
            1 => Just(Call::Evict),
            3 => update,
            2 => compare,
            2 => Just(Call::Notice)
        ];
        (0..2u32, Just(of), call, content(of), prop::bool::weighted(0.8), any::<bool>()).prop_flat_map(
            |(node, of, call, returned, answers, is_refused)| {
                let reply = match call {
                    _ if !answers => Reply::Unknown,
                    Call::Get | Call::Notice => Reply::Read(returned),
                    Call::CompareAndSet(_) if is_refused => Reply::Refused,
                    _ => Reply::Done,
                };
                prop::collection::vec(step(of, call), 1..4).prop_map(move |steps| Operation {
                    node,
                    key: of,
                    call,
                    steps,
                    reply,
                })
            },
        )
    })
}

/// Gives each `set` its own value, unique also among both keys, because one is derived from the
/// other.
fn unique(mut threads: Vec<Vec<Operation>>) -> Vec<Vec<Operation>> {
    let mut version = 0;
    for its in threads.iter_mut().flatten() {
        let Some(Some(value)) = its.call.written() else { continue };
        version += 1;
        let new = Value { version, ..value };
        its.call = match its.call {
            Call::Update(_) => Call::Update(new),
            Call::CompareAndSet(_) => Call::CompareAndSet(new),
            _ => Call::Set(new),
        };
        for step in &mut its.steps {
            if let Step::Write(_, content) | Step::Late(_, content) = step
                && *content == Some(value)
            {
                *content = Some(new);
            }
        }
    }
    threads
}

/// The source of truth's content at the start: no content that a `set` writes.
fn at_start(of: usize) -> impl Strategy<Value = Content> {
    prop_oneof![Just(None), Just(Some(Value { key: key(of), version: 0 }))]
}

/// One run, passed to the monitor and recorded as a history, in its own order.
struct Run {
    state: State,
    history: History,
    specification: Specification,
    /// The contents of the source of truth.
    held: [Content; 2],
    events: u32,
    found: u64,
    has_met: bool,
}

impl Run {
    fn new(start: [Content; 2], threads: &[Vec<Operation>], failed_may_land: bool, by_node: bool) -> Self {
        // A write of the first key deletes the second.
        let specification = Specification { derived: [(key(0), vec![key(1)])].into() };
        let mut planned =
            Planned { failed_may_land, by_node, specification: specification.clone(), ..Planned::default() };
        let mut history = History::default();
        if by_node {
            history.judge_by_node();
        }
        for (of, content) in start.into_iter().enumerate() {
            planned.at_start.insert(key(of), vec![content]);
            history.start_with(key(of), content);
        }
        for its in threads.iter().flatten() {
            let refusable = matches!(its.call, Call::CompareAndSet(_));
            let called = if refusable { &mut planned.compared } else { &mut planned.called };
            called.entry(key(its.key)).or_default().extend(its.call.written());
            if its.call.is_update() {
                planned.updated.insert(key(its.key));
            }
        }
        let state = State::new(&Arc::new(planned));
        Run { state, history, specification, held: start, events: 0, found: 0, has_met: false }
    }

    fn call(&mut self, (thread, node): (usize, u32), of: usize, call: Call, settled: bool) -> OperationId {
        let first = Mark { task: 0, index: self.events + 1 };
        let operation = self.history.invoke_at(node, thread, key(of), call, first, settled);
        assert_eq!(self.state.call(thread as u32, node, key(of), call, settled), operation);
        operation
    }

    /// An event of the operation, in its own task or in another, which writes this or reads its
    /// key.
    fn event(&mut self, task: usize, by: OperationId, is_own: bool, writes: Option<(usize, Content)>) {
        self.events += 1;
        self.state.step(task as u32);
        let at = Mark { task: u32::from(!is_own), index: self.events };
        // The value of a write that has not been called is unknown.
        let is_called = |content: Content| {
            let calls =
                |value| self.history.operations().iter().any(|its| its.call.written() == Some(Some(value)));
            content.is_none_or(|value| value.version == 0 || value.version > SETS || calls(value))
        };
        let writes = writes.filter(|&(_, content)| is_called(content));
        let Run { specification, history, state, .. } = self;
        match writes {
            Some((of, content)) => {
                self.held[of] = content;
                state.written(Some(by), key(of), content);
                history.wrote(specification, (key(of), content), Some(by), at, &[]);
            }
            None => {
                let of = history.operations()[by].key;
                let content = self.held[usize::from(of != key(0))];
                state.found_there(by, of, content);
                history.found(specification, (of, content), by, at);
            }
        }
        self.found |= self.state.found;
    }

    fn compute(&mut self, by: OperationId, base: Content) {
        self.state.based_on(by, base);
        self.history.based_on(by, base);
    }

    fn answer(&mut self, operation: OperationId, reply: Reply) {
        if !self.state.is_surprised {
            assert_eq!(self.state.owed(operation), self.history.owed(&self.specification, operation));
        }
        self.has_met |= self.state.answer(operation, reply);
        self.found |= self.state.found;
        if reply == Reply::Done {
            self.history.acknowledged(&self.specification, operation, Mark { task: 0, index: self.events });
        }
        // Events of a command in flight are of task 1.
        self.history.respond(operation, reply, [self.events, self.events]);
    }

    fn arrive(&mut self, task: usize, (by, writes): (OperationId, Option<(usize, Content)>)) {
        self.event(task, by, false, writes);
        self.state.arrived(by);
        self.found |= self.state.found;
    }
}

/// Executes the operations in the order of `turns`. A command in flight is another task, with one
/// event.
fn play(
    start: [Content; 2],
    threads: &[Vec<Operation>],
    turns: &[(usize, bool)],
    settled: [Content; 2],
    failed_may_land: bool,
    by_node: bool,
) -> Run {
    let mut run = Run::new(start, threads, failed_may_land, by_node);
    let mut at = vec![(0, 0); threads.len()];
    let mut open: BTreeMap<usize, OperationId> = BTreeMap::new();
    let mut late: Vec<(OperationId, Option<(usize, Content)>)> = Vec::new();
    let mut turns = turns.iter().cycle();
    loop {
        let ready: Vec<usize> =
            (0..threads.len()).filter(|&thread| at[thread].0 < threads[thread].len()).collect();
        if ready.is_empty() && late.is_empty() {
            break;
        }
        let &(turn, arrives) = turns.next().expect("a cycle does not end");
        let turn = turn % (ready.len() + late.len());
        let Some(&thread) = ready.get(turn) else {
            let (by, writes) = late.remove(turn - ready.len());
            run.arrive(threads.len() + 1, (by, writes.filter(|_| arrives)));
            continue;
        };
        let (its, step) = at[thread];
        let planned = &threads[thread][its];
        if step == 0 {
            open.insert(thread, run.call((thread, planned.node), planned.key, planned.call, false));
        }
        let by = open[&thread];
        let writes = match planned.steps[step] {
            Step::Write(of, content) => Some((of, content)),
            Step::Look | Step::Late(..) | Step::Compute(_) => None,
        };
        run.event(thread, by, true, writes);
        if let (Step::Compute(copy), true) = (planned.steps[step], planned.call.is_update()) {
            run.compute(by, copy.unwrap_or(run.held[planned.key]));
        }
        if let Step::Late(of, content) = planned.steps[step] {
            run.state.sent_late(by);
            late.push((by, Some((of, content))));
        }
        at[thread].1 += 1;
        if at[thread].1 == planned.steps.len() {
            at[thread] = (its + 1, 0);
            run.answer(by, planned.reply);
        }
    }
    for (of, returned) in settled.into_iter().enumerate() {
        let read = run.call((threads.len(), 1), of, Call::Get, true);
        run.event(threads.len(), read, true, None);
        run.answer(read, Reply::Read(returned));
    }
    run
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40_000))]

    #[test]
    fn it_finds_what_the_oracle_finds_in_the_runs_own_order(
        threads in prop::collection::vec(prop::collection::vec(operation(), 1..4), 2..4),
        turns in prop::collection::vec((0usize..12, prop::bool::weighted(0.8)), 24),
        start in (at_start(0), at_start(1)),
        settled in (content(0), content(1)),
        failed_may_land in any::<bool>(),
        by_node in any::<bool>(),
    ) {
        let settled = [settled.0, settled.1];
        let run = play([start.0, start.1], &unique(threads), &turns, settled, failed_may_land, by_node);
        if !failed_may_land && run.state.is_surprised {
            return Ok(());
        }
        let mut findings = Vec::new();
        judge(&run.history, &mut findings);
        let expected = findings.iter().fold(0, |all, finding| all | 1u64 << finding.rule as u32);
        let names = |bits: u64| Rule::ALL.into_iter().filter(|&rule| bits & 1 << rule as u32 != 0).collect::<Vec<_>>();
        prop_assert_eq!(names(run.found), names(expected), "{:#?}", run.history);
        // The oracle also counts writes that execute after the read but had begun: another schedule
        // has them before it.
        prop_assert!(!run.has_met || !vacuous(&run.history), "{:#?}", run.history);
        // No judgement is pending.
        prop_assert!(run.state.operations.is_empty());
        prop_assert!(run.state.keys.values().all(|its| its.undecided.is_empty() && its.unexplained.is_empty()));
    }
}
