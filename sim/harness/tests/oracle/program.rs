//! A run, event by event: the notation of the tests, and the history whose clocks follow from its
//! conflicts.

use std::collections::BTreeMap;

use selvedge_sim::history::{Call, History, Key, Mark, OperationId, Reply, Specification, Value};

/// The order in the history's clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Order {
    /// Happens-before: program order, conflicts and joins. This is a history's order.
    Class,
    /// The run's own total order, for an oracle that judges this one run.
    Run,
}

/// A line of a run.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Begins an operation. Its events follow.
    Invoke { key: Key, call: Call, settled: bool },
    /// An event on an object. It can write the key at the source of truth, or find this version
    /// there.
    Event { object: String, writes: bool, truth: Option<Truth> },
    /// An event after all previous events of every other thread.
    Join,
    /// The update in progress computes its value from this content.
    Compute(Option<Value>),
    /// The response of the operation.
    Respond(Reply),
}

/// An event's relation to the source of truth.
#[derive(Clone, Copy, Debug)]
pub(super) enum Truth {
    Writes(Key, Option<Value>),
    Finds(Key, Option<Value>),
}

/// A run: the initial contents of the tiers, and the threads' events in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) start: Vec<(Key, Option<Value>)>,
    pub(super) threads: Vec<String>,
    pub(super) acts: Vec<(usize, Act)>,
}

impl Run {
    /// Parses the notation: `start k v0`, `T get k`, `T set k v1`, `T update k v1`, `T compares k
    /// v1`, `T sees l1`, `T puts l1`, `T writes redis k v1` (at the source of truth), `T finds
    /// redis k v1` (there), `T computes v0`, `T joins`, `T done`, `T refused`, `T unknown`, `T read
    /// v0`.
    pub(super) fn parse(text: &str) -> Self {
        let mut run = Run::default();
        let mut reads: BTreeMap<usize, Key> = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["start", key, value] = words[..] {
                run.start.push((Key::new(key), content(Key::new(key), value)));
                continue;
            }
            let thread = run.threads.iter().position(|name| name == words[0]).unwrap_or_else(|| {
                run.threads.push(words[0].to_owned());
                run.threads.len() - 1
            });
            let event = |object: &str, writes, truth| Act::Event { object: object.to_owned(), writes, truth };
            let invoke = |key, call, settled| Act::Invoke { key, call, settled };
            let act = match words[1..] {
                ["get", key, ref rest @ ..] => {
                    reads.insert(thread, Key::new(key));
                    invoke(Key::new(key), Call::Get, rest == ["settled"])
                }
                ["set", key, value] => {
                    let key = Key::new(key);
                    invoke(key, Call::Set(content(key, value).expect("a set has a value")), false)
                }
                [verb @ ("update" | "compares"), key, value] => {
                    let key = Key::new(key);
                    reads.insert(thread, key);
                    let value = content(key, value).expect("an update has a value");
                    let call =
                        if verb == "update" { Call::Update(value) } else { Call::CompareAndSet(value) };
                    invoke(key, call, false)
                }
                ["computes", value] => Act::Compute(content(reads[&thread], value)),
                ["finds", object, key, value] => {
                    event(object, false, Some(Truth::Finds(Key::new(key), content(Key::new(key), value))))
                }
                ["refused"] => Act::Respond(Reply::Refused),
                ["delete", key] => invoke(Key::new(key), Call::Delete, false),
                ["sees", object] => event(object, false, None),
                ["puts", object] => event(object, true, None),
                ["writes", object, key, value] => {
                    event(object, true, Some(Truth::Writes(Key::new(key), content(Key::new(key), value))))
                }
                ["joins"] => Act::Join,
                ["done"] => Act::Respond(Reply::Done),
                ["unknown"] => Act::Respond(Reply::Unknown),
                ["read", value] => Act::Respond(Reply::Read(content(reads[&thread], value))),
                _ => panic!("not in the notation: {line}"),
            };
            run.acts.push((thread, act));
        }
        run
    }

    /// A thread's name.
    pub(super) fn thread(&self, thread: usize) -> &str {
        &self.threads[thread]
    }

    /// For each event, the events that happen before it, and itself, as a bit set of their indices.
    pub(super) fn happens_before(&self) -> Vec<u64> {
        let mut before: Vec<u64> = Vec::new();
        let mut events: Vec<(usize, &Act)> = Vec::new();
        for (thread, act) in &self.acts {
            if matches!(act, Act::Invoke { .. } | Act::Compute(_) | Act::Respond(_)) {
                continue;
            }
            let mut clock = 1u64 << events.len();
            for (earlier, (other, theirs)) in events.iter().enumerate() {
                if other == thread || conflict(theirs, act) {
                    clock |= before[earlier];
                }
            }
            before.push(clock);
            events.push((*thread, act));
        }
        before
    }

    /// The history of the run.
    pub(super) fn history(&self, order: Order) -> History {
        let (mut history, specification) = (History::default(), Specification::default());
        for &(key, content) in &self.start {
            history.start_with(key, content);
        }
        let before = self.happens_before();
        let mut of: Vec<usize> = Vec::new();
        let mut counts = vec![0u32; self.threads.len()];
        let mut open: BTreeMap<usize, OperationId> = BTreeMap::new();
        let mut called: BTreeMap<usize, OperationId> = BTreeMap::new();
        // For each task, the number of its events that happen before the event, or are the event.
        let clock_of = |event: usize, of: &[usize]| {
            let mut clock = vec![0; self.threads.len()];
            for (earlier, &thread) in of.iter().enumerate() {
                clock[thread] += u32::from(before[event] & (1 << earlier) != 0);
            }
            clock
        };
        let mark = |thread: usize, counts: &[u32], events: usize| match order {
            Order::Class => Mark { task: thread as u32, index: counts[thread] },
            Order::Run => Mark { task: 0, index: events as u32 },
        };
        for (thread, act) in &self.acts {
            let thread = *thread;
            match act {
                Act::Invoke { key, call, settled } => {
                    let mut first = mark(thread, &counts, of.len());
                    first.index += 1;
                    let operation = history.invoke(thread, *key, *call, first, *settled);
                    open.insert(thread, operation);
                    called.insert(thread, operation);
                }
                Act::Event { .. } | Act::Join => {
                    of.push(thread);
                    counts[thread] += 1;
                    if let Some(operation) = called.remove(&thread)
                        && order == Order::Class
                    {
                        history.begin(operation, clock_of(of.len() - 1, &of));
                    }
                    let (at, current) = (mark(thread, &counts, of.len()), open.get(&thread).copied());
                    match (act, current) {
                        (Act::Event { truth: Some(Truth::Writes(key, content)), .. }, current) => {
                            history.wrote(&specification, (*key, *content), current, at, &[]);
                        }
                        (Act::Event { truth: Some(Truth::Finds(key, content)), .. }, Some(current)) => {
                            history.found(&specification, (*key, *content), current, at);
                        }
                        _ => {}
                    }
                }
                Act::Compute(content) => history.based_on(open[&thread], *content),
                Act::Respond(reply) => {
                    let clock = match order {
                        Order::Run => vec![of.len() as u32],
                        Order::Class => {
                            let last = of
                                .iter()
                                .rposition(|&other| other == thread)
                                .expect("an operation has events");
                            clock_of(last, &of)
                        }
                    };
                    let operation = open.remove(&thread).expect("a response has an invocation");
                    if *reply == Reply::Done {
                        let at = mark(thread, &counts, of.len());
                        history.acknowledged(&specification, operation, at);
                    }
                    history.respond(operation, *reply, clock);
                }
            }
        }
        history
    }
}

fn conflict(a: &Act, b: &Act) -> bool {
    match (a, b) {
        (Act::Event { object: a, writes: first, .. }, Act::Event { object: b, writes: second, .. }) => {
            a == b && (*first || *second)
        }
        _ => true,
    }
}

fn content(key: Key, value: &str) -> Option<Value> {
    if value == "absent" {
        return None;
    }
    let (key, version) =
        value.split_once("@v").map_or((key, value), |(key, version)| (Key::new(key), version));
    let version = version.trim_start_matches('v').parse().expect("a value is `v1`, `key@v1` or `absent`");
    Some(Value { key, version })
}
