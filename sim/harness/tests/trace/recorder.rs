//! Writes a trace by hand.

use selvedge_sim::history::{Key, OperationId, Value};
use selvedge_sim::oracle::{Finding, Rule};
use selvedge_sim::trace::{Effect, Ending, Entry, Place, Span, Step, Tier, Trace};

/// An unfinished trace.
pub(super) struct Recorder(Trace);

pub(super) fn value(key: &str, version: u32) -> Option<Value> {
    Some(Value { key: Key::new(key), version })
}

impl Recorder {
    /// `start` has a line for each tier: `L1 empty`, `redis user:1 = v0, user:2 = v0`.
    pub(super) fn new(scenario: &str, case: &str, cache: &str, start: &[&str], lanes: &[&str]) -> Self {
        Recorder(Trace {
            scenario: scenario.to_owned(),
            case: case.to_owned(),
            cache: cache.to_owned(),
            engine: "optimal".to_owned(),
            tiers: start.iter().map(|line| tier(line)).collect(),
            faults: Vec::new(),
            blocked: Vec::new(),
            lanes: lanes.iter().map(|&name| name.to_owned()).collect(),
            steps: Vec::new(),
            operations: Vec::new(),
            findings: Vec::new(),
            ending: Ending::Complete,
            schedule: "s1:".to_owned(),
            is_simplest: true,
            code: Default::default(),
        })
    }

    /// Calls an operation, which begins with its first step.
    pub(super) fn call(&mut self, lane: usize, call: &str) -> OperationId {
        let first = self.next();
        let key = Key::new(call.split(' ').nth(1).expect("a call has a key"));
        self.0.operations.push(Span { lane, key, call: call.to_owned(), reply: None, first, last: 0 });
        self.0.operations.len() - 1
    }

    pub(super) fn reply(&mut self, operation: OperationId, reply: &str) {
        self.0.operations[operation].reply = Some(reply.to_owned());
    }

    fn next(&self) -> u32 {
        self.0.steps.len() as u32 + 1
    }

    fn push(&mut self, operation: OperationId, place: Place, what: String, effect: Option<Effect>) {
        let number = self.next();
        let span = &mut self.0.operations[operation];
        if span.last == 0 {
            span.first = number;
        }
        span.last = number;
        let lane = span.lane;
        let location = format!("src/protocols/by_hand.rs:{}", 10 + number);
        // After the lane's own steps, and after steps on the same entry, unless both are reads.
        let mut clock = vec![0; self.0.lanes.len()];
        for step in &self.0.steps {
            let entries = effect.zip(step.effect).filter(|_| step.place == place);
            let meets = entries.is_some_and(|(one, other)| {
                let changes = |effect| matches!(effect, Effect::Left { .. });
                one.entry() == other.entry() && (changes(one) || changes(other))
            });
            if meets || step.lane == lane {
                clock.iter_mut().zip(&step.clock).for_each(|(own, seen)| *own = (*own).max(*seen));
            }
        }
        clock[lane] += 1;
        self.0.schedule.push(char::from(b'b' + lane as u8));
        self.0.steps.push(Step {
            number,
            lane,
            place,
            what,
            object: None,
            effect,
            location,
            time: 0,
            operation: Some(operation),
            clock,
        });
    }

    pub(super) fn l1_get(&mut self, operation: OperationId, entry: &str, content: Option<Value>) {
        let found = content.map_or("miss".to_owned(), |value| value.to_string());
        let effect = Effect::Found { entry: Key::new(entry), content };
        self.push(operation, Place::L1, format!("L1.get {entry} → {found}"), Some(effect));
    }

    pub(super) fn l1_fill(&mut self, operation: OperationId, entry: &str, content: Option<Value>) {
        let filled = content.map_or("absent".to_owned(), |value| value.to_string());
        let effect = Effect::Left { entry: Key::new(entry), content };
        self.push(operation, Place::L1, format!("L1.fill {entry} = {filled}"), Some(effect));
    }

    pub(super) fn l1_remove(&mut self, operation: OperationId, entry: &str) {
        let effect = Effect::Left { entry: Key::new(entry), content: None };
        self.push(operation, Place::L1, format!("L1.remove {entry}"), Some(effect));
    }

    pub(super) fn redis_get(&mut self, operation: OperationId, entry: &str, content: Option<Value>) {
        let found = content.map_or("absent".to_owned(), |value| value.to_string());
        let effect = Effect::Found { entry: Key::new(entry), content };
        self.push(operation, Place::Remote, format!("redis GET {entry} → {found}"), Some(effect));
    }

    pub(super) fn redis_set(&mut self, operation: OperationId, entry: &str, content: Option<Value>) {
        let what = match content {
            Some(value) => format!("redis SETEX {entry} = {value}"),
            None => format!("redis DEL {entry}"),
        };
        let effect = Effect::Left { entry: Key::new(entry), content };
        self.push(operation, Place::Remote, what, Some(effect));
    }

    /// Adds a step without an effect on an entry.
    pub(super) fn fence(&mut self, operation: OperationId, what: &str) {
        self.push(operation, Place::Fence, what.to_owned(), None);
    }

    pub(super) fn lock(&mut self, operation: OperationId, what: &str) {
        self.push(operation, Place::Lock, what.to_owned(), None);
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.0.findings.push(finding);
    }

    pub(super) fn end(mut self, ending: Ending) -> Trace {
        self.0.ending = ending;
        self.0
    }
}

fn tier(line: &str) -> Tier {
    let (name, held) = line.split_once(' ').expect("a tier and what it holds");
    let place = if name == "L1" { Place::L1 } else { Place::Remote };
    let entries = held.split(", ").filter(|&held| held != "empty").map(|held| {
        let (entry, version) = held.split_once(" = v").expect("an entry and its version");
        let value = value(entry, version.parse().expect("a number")).expect("a value");
        Entry { entry: Key::new(entry), value, expires: None }
    });
    Tier { place, name: name.to_owned(), start: entries.collect() }
}

pub(super) fn finding(
    rule: Rule,
    (read, key, returned): (OperationId, &str, Option<Value>),
    newer: Option<Option<Value>>,
    before: Option<OperationId>,
) -> Finding {
    Finding { rule, read, key: Key::new(key), returned, newer, before }
}
