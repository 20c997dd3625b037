//! Brute force: random runs, every schedule of their class, and the rules in the run's own order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use selvedge_sim::history::{Call, Key, Reply, Value};
use selvedge_sim::oracle::{Rule, judge};

use super::program::{Act, Order, Run};

/// What an operation does to the objects: the truth (0) and two copies of it (1, 2).
#[derive(Clone, Debug)]
enum Plan {
    /// Look at these, one after the other; then copy what the last one held.
    Get { looks: Vec<usize>, fill: Option<usize> },
    /// Write the truth, and what is written to these copies before and after it.
    Write { delete: bool, acknowledged: bool, before: Option<usize>, after: Option<usize> },
}

fn plan() -> impl Strategy<Value = Plan> {
    let copy = || proptest::option::of(1usize..3);
    prop_oneof![
        (prop::collection::vec(0usize..3, 1..3), copy()).prop_map(|(looks, fill)| Plan::Get { looks, fill }),
        (any::<bool>(), prop::bool::weighted(0.8), copy(), copy()).prop_map(
            |(delete, acknowledged, before, after)| Plan::Write { delete, acknowledged, before, after }
        ),
    ]
}

/// The most events of a run: the schedules of a class are enumerated.
const EVENTS: usize = 10;

/// Plays the plans, a thread's turn after another's: the values that are read come from what the objects
/// hold. An operation for which there is no more room is left out.
fn play(threads: &[Vec<Plan>], turns: &[usize], absent_at_start: bool) -> Run {
    let key = Key::new("k");
    let first = (!absent_at_start).then_some(Value { key, version: 0 });
    let mut run = Run { start: vec![(key, first)], ..Run::default() };
    let mut version = 0;
    let mut room = EVENTS;
    let mut left: Vec<Vec<Step>> = Vec::new();
    for (thread, plans) in threads.iter().enumerate() {
        run.threads.push(format!("T{thread}"));
        let mut steps = Vec::new();
        for plan in plans {
            let more = steps_of(plan, key, &mut version);
            let events = more.len() - 2;
            if events <= room {
                room -= events;
                steps.extend(more);
            }
        }
        steps.reverse();
        left.push(steps);
    }
    let mut held = [first; 3];
    let mut seen = vec![None; threads.len()];
    let mut turns = turns.iter().cycle();
    while left.iter().any(|steps| !steps.is_empty()) {
        let mut thread = turns.next().expect("turns go round") % threads.len();
        while left[thread].is_empty() {
            thread = (thread + 1) % threads.len();
        }
        let event =
            |object: usize, writes, version| Act::Event { object: object.to_string(), writes, version };
        let act = match left[thread].pop().expect("a thread with steps left") {
            Step::Invoke(call) => Act::Invoke { key, call, settled: false },
            Step::Look(object) => {
                seen[thread] = held[object];
                event(object, false, None)
            }
            Step::Fill(object) => {
                held[object] = seen[thread];
                event(object, true, None)
            }
            Step::Put(object, content) => {
                held[object] = content;
                event(object, true, (object == 0).then_some((key, content)))
            }
            Step::Answer => Act::Respond(Reply::Read(seen[thread])),
            Step::Acknowledge(true) => Act::Respond(Reply::Done),
            Step::Acknowledge(false) => Act::Respond(Reply::Unknown),
        };
        run.acts.push((thread, act));
    }
    run
}

enum Step {
    Invoke(Call),
    Look(usize),
    Fill(usize),
    Put(usize, Option<Value>),
    Answer,
    Acknowledge(bool),
}

fn steps_of(plan: &Plan, key: Key, version: &mut u32) -> Vec<Step> {
    match *plan {
        Plan::Get { ref looks, fill } => {
            let looks = looks.iter().map(|&object| Step::Look(object));
            let fill = fill.map(Step::Fill);
            [Step::Invoke(Call::Get)].into_iter().chain(looks).chain(fill).chain([Step::Answer]).collect()
        }
        Plan::Write { delete, acknowledged, before, after } => {
            *version += 1;
            let content = (!delete).then_some(Value { key, version: *version });
            let call = content.map_or(Call::Delete, Call::Set);
            let put = |object: usize| Step::Put(object, content);
            [Step::Invoke(call)]
                .into_iter()
                .chain(before.map(put))
                .chain([put(0)])
                .chain(after.map(put))
                .chain([Step::Acknowledge(acknowledged)])
                .collect()
        }
    }
}

/// An operation's first and last event.
struct Extent {
    reply: Reply,
    first: usize,
    last: usize,
}

/// What some schedule of the class shows: for each rule and read, the newest version that it should have
/// returned. And the number of schedules.
fn brute(run: &Run) -> (BTreeMap<(Rule, usize), Option<Value>>, usize) {
    let before = run.happens_before();
    let mut extents: Vec<Extent> = Vec::new();
    let mut versions: Vec<(Option<Value>, Option<usize>)> = vec![(run.start[0].1, None)];
    let mut open = BTreeMap::new();
    let mut events = 0;
    for (thread, act) in &run.acts {
        match act {
            Act::Invoke { .. } => {
                open.insert(thread, extents.len());
                extents.push(Extent { reply: Reply::Unknown, first: usize::MAX, last: 0 });
            }
            Act::Event { version, .. } => {
                let extent = &mut extents[open[thread]];
                extent.first = extent.first.min(events);
                extent.last = events;
                if let Some((_, content)) = version {
                    versions.push((*content, Some(open[thread])));
                }
                events += 1;
            }
            Act::Join => events += 1,
            Act::Respond(reply) => extents[open[thread]].reply = *reply,
        }
    }
    let mut found: BTreeMap<(Rule, usize), usize> = BTreeMap::new();
    let mut at = vec![usize::MAX; events];
    let mut schedules = 0;
    every_schedule(&before, &mut at, 0, &mut |at| {
        schedules += 1;
        for (key, place) in shown(&extents, &versions, at) {
            let newest = found.entry(key).or_default();
            *newest = place.max(*newest);
        }
    });
    (found.into_iter().map(|(key, place)| (key, versions[place].0)).collect(), schedules)
}

/// Calls `visit` with each order of the events that happens-before allows, as each event's time.
fn every_schedule(before: &[u64], at: &mut Vec<usize>, now: usize, visit: &mut impl FnMut(&[usize])) {
    if now == before.len() {
        return visit(at);
    }
    for event in 0..before.len() {
        let ready = (0..before.len())
            .all(|other| other == event || before[event] & (1 << other) == 0 || at[other] < now);
        if at[event] == usize::MAX && ready {
            at[event] = now;
            every_schedule(before, at, now + 1, visit);
            at[event] = usize::MAX;
        }
    }
}

/// The rules as the design has them, in one schedule.
fn shown(
    extents: &[Extent],
    versions: &[(Option<Value>, Option<usize>)],
    at: &[usize],
) -> BTreeSet<((Rule, usize), usize)> {
    let precedes = |a: &Extent, b: &Extent| at[a.last] < at[b.first];
    let candidates = |read: &Extent, returned: Option<Value>| -> Vec<usize> {
        (0..versions.len())
            .filter(|&place| versions[place].0 == returned)
            .filter(|&place| versions[place].1.is_none_or(|by| at[extents[by].first] < at[read.last]))
            .collect()
    };
    let mut shown = BTreeSet::new();
    for (id, read) in extents.iter().enumerate() {
        let Reply::Read(returned) = read.reply else { continue };
        let Some(&newest) = candidates(read, returned).last() else { continue };
        for (place, (_, by)) in versions.iter().enumerate() {
            let Some(write) = by.map(|by| &extents[by]) else { continue };
            if write.reply == Reply::Done && precedes(write, read) && newest < place {
                shown.insert(((Rule::Stale, id), place));
            }
        }
        for earlier in extents.iter().filter(|earlier| precedes(earlier, read)) {
            let Reply::Read(seen) = earlier.reply else { continue };
            let Some(&oldest) = candidates(earlier, seen).first() else { continue };
            if newest < oldest {
                shown.insert(((Rule::Inverted, id), oldest));
            }
        }
    }
    shown
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_oracle_finds_what_some_schedule_of_the_class_shows(
        threads in prop::collection::vec(prop::collection::vec(plan(), 1..3), 2..4),
        turns in prop::collection::vec(0usize..3, 24),
        absent_at_start in any::<bool>(),
    ) {
        let run = play(&threads, &turns, absent_at_start);
        let (expected, schedules) = brute(&run);
        let mut findings = Vec::new();
        judge(&run.history(Order::Class), &mut findings);
        let found: BTreeMap<_, _> = findings
            .iter()
            .map(|finding| ((finding.rule, finding.read), finding.newer.expect("both rules name a newer version")))
            .collect();
        prop_assert_eq!(found.len(), findings.len(), "one finding for each rule and read");
        prop_assert_eq!(found, expected, "{} schedules of {:#?}", schedules, run);
    }
}
