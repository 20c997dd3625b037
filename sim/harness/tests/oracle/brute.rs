//! Brute force: random runs, every schedule of their class, and the rules in the run's own order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use selvedge_sim::history::{Call, Key, Reply, Value};
use selvedge_sim::oracle as sim;
use selvedge_sim::oracle::{Evidence, Rule, evidence, judge};

use super::program::{Act, Order, Run, Truth};

/// The effects of an operation on the objects: the source of truth (0), two copies of it (1, 2),
/// and one that no operation writes (3).
#[derive(Clone, Debug)]
enum Plan {
    /// Reads `looks` in order; then copies the last content to `fill`, which can be the source of
    /// truth. Replies with the content, or with `answer`.
    Get { looks: Vec<usize>, fill: Option<usize>, answer: Option<u32> },
    /// Writes the source of truth several times, and copies before and after it. Can read an object
    /// first.
    Write {
        look: Option<usize>,
        delete: bool,
        acknowledged: bool,
        before: Option<usize>,
        times: usize,
        after: Option<usize>,
    },
    /// Computes a value from the content of an object, and writes it to the source of truth, unless
    /// it `compares` the two and they differ. Can write a copy before.
    Update { look: usize, compares: bool, acknowledged: bool, before: Option<usize> },
}

fn plan() -> impl Strategy<Value = Plan> {
    let copy = || proptest::option::weighted(0.4, 1usize..3);
    let fill = prop_oneof![4 => copy(), 1 => Just(Some(0))];
    let times = prop_oneof![1 => Just(0usize), 6 => Just(1), 2 => Just(2)];
    let looks = prop::collection::vec(0usize..4, 1..3);
    let answer = proptest::option::weighted(0.6, prop_oneof![3 => Just(0u32), 2 => 1u32..4]);
    let look = proptest::option::weighted(0.3, 0usize..4);
    let from = prop_oneof![3 => Just(0usize), 2 => 1usize..4];
    let update = (from, prop::bool::weighted(0.3), prop::bool::weighted(0.8), copy());
    prop_oneof![
        (looks, fill, answer).prop_map(|(looks, fill, answer)| Plan::Get { looks, fill, answer }),
        (look, any::<bool>(), prop::bool::weighted(0.8), copy(), times, copy()).prop_map(
            |(look, delete, acknowledged, before, times, after)| Plan::Write {
                look,
                delete,
                acknowledged,
                before,
                times,
                after
            }
        ),
        update.prop_map(|(look, compares, acknowledged, before)| Plan::Update {
            look,
            compares,
            acknowledged,
            before
        }),
    ]
}

/// The maximum number of events of a run, because all schedules of its class are enumerated.
const EVENTS: usize = 10;

/// Executes the plans in the order of `turns`. Reads return the contents of the objects. Omits an
/// operation that exceeds the maximum.
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
            let is_event = |step: &&Step| {
                !matches!(step, Step::Invoke(_) | Step::Compute | Step::Answer(_) | Step::Acknowledge(_))
            };
            let events = more.iter().filter(is_event).count();
            if events <= room {
                room -= events;
                steps.extend(more);
            }
        }
        steps.reverse();
        left.push(steps);
    }
    let mut held = [first; 4];
    let mut seen = vec![None; threads.len()];
    let mut is_refused = vec![false; threads.len()];
    let mut turns = turns.iter().cycle();
    while left.iter().any(|steps| !steps.is_empty()) {
        let mut thread = turns.next().expect("turns go round") % threads.len();
        while left[thread].is_empty() {
            thread = (thread + 1) % threads.len();
        }
        let event = |object: usize, writes, truth| Act::Event { object: object.to_string(), writes, truth };
        let act = match left[thread].pop().expect("a thread with steps left") {
            Step::Invoke(call) => Act::Invoke { key, call, settled: false },
            Step::Look(object) => {
                seen[thread] = held[object];
                event(object, false, (object == 0).then_some(Truth::Finds(key, held[0])))
            }
            Step::Fill(object) => {
                held[object] = seen[thread];
                event(object, true, (object == 0).then_some(Truth::Writes(key, held[0])))
            }
            Step::Put(object, content) => {
                held[object] = content;
                event(object, true, (object == 0).then_some(Truth::Writes(key, content)))
            }
            Step::Compute => Act::Compute(seen[thread]),
            Step::Compare(content) => {
                is_refused[thread] = held[0] != seen[thread];
                if is_refused[thread] {
                    event(0, true, None)
                } else {
                    held[0] = content;
                    event(0, true, Some(Truth::Writes(key, content)))
                }
            }
            Step::Order => event(0, true, None),
            Step::Answer(None) => Act::Respond(Reply::Read(seen[thread])),
            Step::Answer(Some(0)) => Act::Respond(Reply::Read(None)),
            Step::Answer(Some(more)) => Act::Respond(Reply::Read(Some(Value { key, version: more - 1 }))),
            Step::Acknowledge(_) if std::mem::take(&mut is_refused[thread]) => Act::Respond(Reply::Refused),
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
    /// Computes the update's value from the content last seen.
    Compute,
    /// Writes the source of truth if it still has that content.
    Compare(Option<Value>),
    /// The event before the acknowledgement of a write that its own task did not execute.
    Order,
    Answer(Option<u32>),
    Acknowledge(bool),
}

fn steps_of(plan: &Plan, key: Key, version: &mut u32) -> Vec<Step> {
    match *plan {
        Plan::Get { ref looks, fill, answer } => {
            let looks = looks.iter().map(|&object| Step::Look(object));
            let fill = fill.map(Step::Fill);
            [Step::Invoke(Call::Get)]
                .into_iter()
                .chain(looks)
                .chain(fill)
                .chain([Step::Answer(answer)])
                .collect()
        }
        Plan::Update { look, compares, acknowledged, before } => {
            *version += 1;
            let value = Value { key, version: *version };
            let call = if compares { Call::CompareAndSet(value) } else { Call::Update(value) };
            let write = if compares { Step::Compare(Some(value)) } else { Step::Put(0, Some(value)) };
            let before = before.filter(|_| !compares).map(|object| Step::Put(object, Some(value)));
            [Step::Invoke(call), Step::Look(look), Step::Compute]
                .into_iter()
                .chain(before)
                .chain([write, Step::Acknowledge(acknowledged)])
                .collect()
        }
        Plan::Write { look, delete, acknowledged, before, times, after } => {
            *version += 1;
            let content = (!delete).then_some(Value { key, version: *version });
            let call = content.map_or(Call::Delete, Call::Set);
            let put = |object: usize| Step::Put(object, content);
            [Step::Invoke(call)]
                .into_iter()
                .chain(look.map(Step::Look))
                .chain(before.map(put))
                .chain((0..times).map(|_| put(0)))
                .chain(after.map(put))
                .chain((times == 0).then_some(Step::Order))
                .chain([Step::Acknowledge(acknowledged)])
                .collect()
        }
    }
}

/// An operation's first and last event.
struct Extent {
    call: Call,
    reply: Reply,
    base: Option<Option<Value>>,
    first: usize,
    last: usize,
}

/// A rule, the read that breaks it, and the operation before it.
type Shown = (Rule, usize, usize);

/// The findings in any schedule of the class: for each rule and read, the newest version that it
/// should have returned. Also returns the number of schedules. Checks that each item of `evidence`
/// shows its finding.
fn brute(run: &Run, evidence: &[Evidence]) -> (BTreeMap<(Rule, usize), Option<Value>>, usize) {
    let before = run.happens_before();
    let mut extents: Vec<Extent> = Vec::new();
    let mut versions: Vec<(Option<Value>, Option<usize>)> = vec![(run.start[0].1, None)];
    // The operations that found at the source of truth the content that they were to write, and its
    // position then.
    let mut confirmed: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open = BTreeMap::new();
    let mut events = 0;
    for (thread, act) in &run.acts {
        match act {
            Act::Invoke { call, .. } => {
                open.insert(thread, extents.len());
                let (call, reply) = (*call, Reply::Unknown);
                extents.push(Extent { call, reply, base: None, first: usize::MAX, last: 0 });
            }
            Act::Compute(content) => extents[open[thread]].base = Some(*content),
            Act::Event { truth, .. } => {
                let by = open[thread];
                let extent = &mut extents[by];
                extent.first = extent.first.min(events);
                extent.last = events;
                events += 1;
                let is_for = |call: Call, content: Option<Value>| match call {
                    Call::Set(value) | Call::Update(value) | Call::CompareAndSet(value) => {
                        content == Some(value)
                    }
                    Call::Delete => content.is_none(),
                    _ => false,
                };
                match *truth {
                    Some(Truth::Writes(_, content)) => {
                        // The operation that was called with this content, or, for a value, any.
                        let called = (0..extents.len()).find(|&other| {
                            is_for(extents[other].call, content) && (other == by || content.is_some())
                        });
                        let maker = if is_for(extents[by].call, content) { Some(by) } else { called };
                        if maker.is_some() && versions.iter().all(|&(_, made)| made != maker) {
                            versions.push((content, maker));
                        }
                    }
                    Some(Truth::Finds(_, content)) if is_for(extents[by].call, content) => {
                        let has_made = versions.iter().any(|&(_, made)| made == Some(by));
                        if !has_made && !confirmed.contains_key(&by) {
                            if versions.last().is_some_and(|last| last.0 == content) {
                                confirmed.insert(by, versions.len() - 1);
                            } else {
                                versions.push((content, Some(by)));
                            }
                        }
                    }
                    _ => {}
                }
            }
            Act::Join => events += 1,
            Act::Respond(reply) => {
                let by = open[thread];
                extents[by].reply = *reply;
                let has_made = versions.iter().any(|&(_, made)| made == Some(by));
                let content = match extents[by].call {
                    Call::Set(value) | Call::Update(value) | Call::CompareAndSet(value) => Some(value),
                    _ => None,
                };
                if *reply == Reply::Done && !has_made && !confirmed.contains_key(&by) {
                    versions.push((content, Some(by)));
                }
            }
        }
    }
    // The version that each write made.
    let of = |by: usize| versions.iter().position(|&(_, made)| made == Some(by));
    let writes: Vec<(usize, usize)> =
        (0..extents.len()).filter_map(|by| Some((by, of(by).or(confirmed.get(&by).copied())?))).collect();
    let mut found: BTreeMap<(Rule, usize), usize> = BTreeMap::new();
    found.extend(lost_updates(&extents, &versions, &writes));
    let mut at = vec![usize::MAX; events];
    let mut schedules = 0;
    every_schedule(&before, &mut at, 0, &mut |at| {
        schedules += 1;
        let shown = shown(&extents, &versions, &writes, at);
        for &((rule, read, _), place) in &shown {
            let newest = found.entry((rule, read)).or_default();
            *newest = place.max(*newest);
        }
        let has = |order: &sim::Order| match *order {
            sim::Order::Precedes(a, b) => at[extents[a].last] < at[extents[b].first],
            sim::Order::HasBegun(a, b) => at[extents[a].first] <= at[extents[b].last],
            sim::Order::EndsBefore(..) => unreachable!("nothing expires in these programs"),
        };
        let in_order =
            evidence.iter().filter(|it| it.orders.iter().all(has)).map(|Evidence { finding, .. }| {
                (finding.rule, finding.read, finding.before.expect("both rules name what was before"))
            });
        let in_order: BTreeSet<Shown> = in_order.collect();
        let shown: BTreeSet<Shown> = shown.into_iter().map(|(shown, _)| shown).collect();
        assert_eq!(in_order, shown, "{at:?} {evidence:#?} {run:#?}");
    });
    (found.into_iter().map(|(key, place)| (key, versions[place].0)).collect(), schedules)
}

/// The updates that overwrite an acknowledged write, with the newest such version. An update is
/// atomic if it could have read and written at one point: at some version with the content that it
/// has read, all later acknowledged writes follow its own.
fn lost_updates(
    extents: &[Extent],
    versions: &[(Option<Value>, Option<usize>)],
    writes: &[(usize, usize)],
) -> Vec<((Rule, usize), usize)> {
    let mut lost = Vec::new();
    for &(update, made) in writes {
        let Some(base) = extents[update].base else { continue };
        let overwritten = |read: usize| {
            let others = writes.iter().filter(|&&(by, _)| by != update && extents[by].reply == Reply::Done);
            others.map(|&(_, place)| place).filter(|&place| read < place && place < made).max()
        };
        let origins = (0..made).filter(|&place| versions[place].0 == base);
        // The origin with which the least is lost.
        if let Some(Some(newest)) = origins.map(overwritten).min() {
            lost.push(((Rule::LostUpdate, update), newest));
        }
    }
    lost
}

/// Calls `visit` with each order of the events that happens-before permits, as each event's time.
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

/// The rules of the design, in one schedule.
fn shown(
    extents: &[Extent],
    versions: &[(Option<Value>, Option<usize>)],
    writes: &[(usize, usize)],
    at: &[usize],
) -> BTreeSet<(Shown, usize)> {
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
        for &(by, place) in writes {
            let write = &extents[by];
            if write.reply == Reply::Done && precedes(write, read) && newest < place {
                shown.insert(((Rule::Stale, id, by), place));
            }
        }
        for (before, earlier) in extents.iter().enumerate().filter(|(_, earlier)| precedes(earlier, read)) {
            let Reply::Read(seen) = earlier.reply else { continue };
            let Some(&oldest) = candidates(earlier, seen).first() else { continue };
            if newest < oldest {
                shown.insert(((Rule::Inverted, id, before), oldest));
            }
        }
    }
    shown
}

/// Compares the oracle's findings for the run with brute force.
#[track_caller]
pub(super) fn agrees(run: &Run) {
    let history = run.history(Order::Class);
    let evidence: Vec<Evidence> =
        [Rule::Stale, Rule::Inverted].into_iter().flat_map(|rule| evidence(&history, rule)).collect();
    let (expected, schedules) = brute(run, &evidence);
    let mut findings = Vec::new();
    judge(&history, &mut findings);
    findings.retain(|finding| matches!(finding.rule, Rule::LostUpdate | Rule::Stale | Rule::Inverted));
    let newer = |finding: &sim::Finding| finding.newer.expect("these rules name a newer version");
    let found: BTreeMap<_, _> =
        findings.iter().map(|finding| ((finding.rule, finding.read), newer(finding))).collect();
    assert_eq!(found.len(), findings.len(), "one finding for each rule and read");
    assert_eq!(found, expected, "{schedules} schedules of {run:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_oracle_finds_what_some_schedule_of_the_class_shows(
        threads in prop::collection::vec(prop::collection::vec(plan(), 1..3), 2..5),
        turns in prop::collection::vec(0usize..4, 24),
        absent_at_start in any::<bool>(),
    ) {
        agrees(&play(&threads, &turns, absent_at_start));
    }
}
