//! All consistent graphs of a small straight-line program, by trial: every reads-from and every
//! coherence order is tested against the axioms, which are written down as in the paper (Lahav,
//! Vafeiadis, Kang, Hur, Dreyer: "Repairing sequential consistency in C/C++11", PLDI 2017), with
//! the release sequences of C++20. It shares no code with the engine.

use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use super::program::{Graphs, Op, Program};

/// The model that decides which graphs are consistent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    /// With the order of SeqCst operations of GenMC, which is stronger than that of the paper: scb
    /// contains `po ; hb ; po`, also if po relates the read and the write of one operation.
    Rc11,
    /// As published.
    Published,
    SequentialConsistency,
}

/// A set of events, one bit each; a relation is a set for each event.
type Relation = Vec<u64>;

/// The read or the write of an operation, or a fence.
#[derive(Clone, Copy)]
struct Part {
    thread: usize,
    is_write: bool,
    is_fence: bool,
    location: usize,
    order: Ordering,
}

fn releases(order: Ordering) -> bool {
    matches!(order, Release | AcqRel | SeqCst)
}

fn acquires(order: Ordering) -> bool {
    matches!(order, Acquire | AcqRel | SeqCst)
}

fn then(first: &Relation, second: &Relation) -> Relation {
    let step = |set: &u64| (0..second.len()).filter(|&e| set >> e & 1 != 0).fold(0, |all, e| all | second[e]);
    first.iter().map(step).collect()
}

fn union(all: &[&Relation]) -> Relation {
    (0..all[0].len()).map(|e| all.iter().fold(0, |set, relation| set | relation[e])).collect()
}

fn closure(mut relation: Relation) -> Relation {
    for through in 0..relation.len() {
        for from in 0..relation.len() {
            if relation[from] >> through & 1 != 0 {
                relation[from] |= relation[through];
            }
        }
    }
    relation
}

fn is_acyclic(relation: Relation) -> bool {
    closure(relation).iter().enumerate().all(|(e, set)| set >> e & 1 == 0)
}

fn identity(len: usize, holds: impl Fn(usize) -> bool) -> Relation {
    (0..len).map(|e| if holds(e) { 1 << e } else { 0 }).collect()
}

/// The number of consistent graphs with each outcome.
pub(crate) fn enumerated(program: &Program, model: Model) -> Graphs {
    let ops: Vec<(usize, usize, Op)> = program
        .iter()
        .enumerate()
        .flat_map(|(thread, ops)| ops.iter().enumerate().map(move |(nth, &op)| (thread, nth, op)))
        .collect();
    let mut graphs = Graphs::new();
    let mut sources = vec![None; ops.len()];
    choose_sources(program, &ops, 0, &mut sources, model, &mut graphs);
    graphs
}

fn reads(op: Op) -> bool {
    !matches!(op, Op::Store(..) | Op::Fence(_))
}

fn may_write(op: Op) -> bool {
    !matches!(op, Op::Load(..) | Op::Fence(_))
}

/// Tries every source of the reads from operation `next` on. `None` is the initial write.
fn choose_sources(
    program: &Program,
    ops: &[(usize, usize, Op)],
    next: usize,
    sources: &mut Vec<Option<usize>>,
    model: Model,
    graphs: &mut Graphs,
) {
    if next == ops.len() {
        return choose_orders(program, ops, sources, model, graphs);
    }
    if !reads(ops[next].2) {
        return choose_sources(program, ops, next + 1, sources, model, graphs);
    }
    let can_be_read = |&other: &usize| {
        let (its, own) = (ops[other].2, ops[next].2);
        other != next && may_write(its) && its.location() == own.location()
    };
    let candidates: Vec<usize> = (0..ops.len()).filter(can_be_read).collect();
    for source in std::iter::once(None).chain(candidates.into_iter().map(Some)) {
        sources[next] = source;
        choose_sources(program, ops, next + 1, sources, model, graphs);
    }
    sources[next] = None;
}

/// The value that each operation reads and the one that it writes. `None` if the sources are cyclic
/// or an operation reads from one that does not write.
fn values(ops: &[(usize, usize, Op)], sources: &[Option<usize>]) -> Option<Vec<(Option<u64>, Option<u64>)>> {
    let mut values: Vec<Option<(Option<u64>, Option<u64>)>> = vec![None; ops.len()];
    for _ in 0..=ops.len() {
        for (nth, &(_, _, op)) in ops.iter().enumerate() {
            let read = match (reads(op), sources[nth]) {
                (false, _) => None,
                (true, None) => Some(0),
                (true, Some(source)) => match values[source] {
                    None => continue,
                    Some((_, None)) => return None,
                    Some((_, Some(written))) => Some(written),
                },
            };
            let seen = read.unwrap_or(0);
            let written = match op {
                Op::Load(..) | Op::Fence(_) => None,
                Op::Store(_, value, _) | Op::Swap(_, value, _) => Some(value),
                Op::Add(_, value, _) => Some(seen.wrapping_add(value)),
                Op::Cas(_, expected, new, ..) => (seen == expected).then_some(new),
            };
            values[nth] = Some((read, written));
        }
    }
    values.into_iter().collect()
}

/// Tries every coherence order.
fn choose_orders(
    program: &Program,
    ops: &[(usize, usize, Op)],
    sources: &[Option<usize>],
    model: Model,
    graphs: &mut Graphs,
) {
    let Some(values) = values(ops, sources) else { return };
    let mut parts = Vec::new();
    let (mut read_of, mut write_of) = (vec![usize::MAX; ops.len()], vec![usize::MAX; ops.len()]);
    for (nth, &(thread, _, op)) in ops.iter().enumerate() {
        let (read, written) = values[nth];
        let (order, failure) = match op {
            Op::Load(_, order) | Op::Store(_, _, order) | Op::Add(_, _, order) | Op::Swap(_, _, order) => {
                (order, order)
            }
            Op::Cas(_, _, _, success, failure) => (success, failure),
            Op::Fence(order) => (order, order),
        };
        let part = Part {
            thread,
            is_write: false,
            is_fence: matches!(op, Op::Fence(_)),
            location: op.location().unwrap_or(usize::MAX),
            order: if written.is_some() || !matches!(op, Op::Cas(..)) { order } else { failure },
        };
        if read.is_some() {
            read_of[nth] = parts.len();
            parts.push(part);
        }
        if written.is_some() {
            write_of[nth] = parts.len();
            parts.push(Part { is_write: true, ..part });
        }
        if part.is_fence {
            parts.push(part);
        }
    }
    let len = parts.len();
    let empty = vec![0; len];
    let mut po = empty.clone();
    for (second, its) in parts.iter().enumerate() {
        for (first, other) in parts[..second].iter().enumerate() {
            if other.thread == its.thread {
                po[first] |= 1 << second;
            }
        }
    }
    let mut rf = empty.clone();
    for (nth, source) in sources.iter().enumerate() {
        if let (true, Some(source)) = (reads(ops[nth].2), source) {
            rf[write_of[*source]] |= 1 << read_of[nth];
        }
    }
    if !is_acyclic(union(&[&po, &rf])) {
        return;
    }
    let by_location: Vec<Vec<usize>> = (0..3)
        .map(|location| (0..len).filter(|&e| parts[e].is_write && parts[e].location == location).collect())
        .collect();
    let graph = Graph { parts: &parts, sources, read_of: &read_of, write_of: &write_of, po: &po, rf: &rf };
    let mut chosen: Vec<Vec<usize>> = vec![Vec::new(); 3];
    let mut consistent = 0;
    permute(&by_location, 0, &mut chosen, &mut |orders| {
        consistent += u64::from(graph.is_consistent(orders, model))
    });
    if consistent > 0 {
        let outcome = program
            .iter()
            .enumerate()
            .map(|(thread, _)| {
                let own = ops.iter().enumerate().filter(|(_, (its, ..))| *its == thread);
                own.filter_map(|(nth, _)| values[nth].0).collect()
            })
            .collect();
        *graphs.entry(outcome).or_default() += consistent;
    }
}

/// Calls `visit` with each order of the writes of each location.
fn permute(
    all: &[Vec<usize>],
    location: usize,
    chosen: &mut Vec<Vec<usize>>,
    visit: &mut dyn FnMut(&[Vec<usize>]),
) {
    if location == all.len() {
        return visit(chosen);
    }
    if chosen[location].len() == all[location].len() {
        return permute(all, location + 1, chosen, visit);
    }
    for &write in &all[location] {
        if !chosen[location].contains(&write) {
            chosen[location].push(write);
            permute(all, location, chosen, visit);
            chosen[location].pop();
        }
    }
}

struct Graph<'a> {
    parts: &'a [Part],
    sources: &'a [Option<usize>],
    read_of: &'a [usize],
    write_of: &'a [usize],
    po: &'a Relation,
    rf: &'a Relation,
}

impl Graph<'_> {
    fn is_consistent(&self, orders: &[Vec<usize>], model: Model) -> bool {
        let Graph { parts, po, rf, .. } = self;
        let len = parts.len();
        let mut co = vec![0; len];
        let mut rb = vec![0; len];
        let mut rmw = vec![0; len];
        for order in orders {
            for (nth, &write) in order.iter().enumerate() {
                for &later in &order[nth + 1..] {
                    co[write] |= 1 << later;
                }
            }
        }
        for (nth, &read) in self.read_of.iter().enumerate().filter(|(_, read)| **read != usize::MAX) {
            let order = &orders[parts[read].location];
            let first = match self.sources[nth] {
                None => 0,
                Some(source) => order.iter().position(|&its| its == self.write_of[source]).unwrap() + 1,
            };
            for &later in &order[first..] {
                rb[read] |= 1 << later;
            }
            if self.write_of[nth] != usize::MAX {
                rmw[read] |= 1 << self.write_of[nth];
            }
        }
        // Atomicity: rmw ∩ (rb ; co) = ∅
        let between = then(&rb, &co);
        if rmw.iter().zip(&between).any(|(own, other)| own & other != 0) {
            return false;
        }
        if model == Model::SequentialConsistency {
            return is_acyclic(union(&[po, rf, &co, &rb]));
        }
        let is = |holds: &dyn Fn(&Part) -> bool| identity(len, |e| holds(&parts[e]));
        // rs = [W] ; (rf ; rmw)*
        let writes = is(&|part| part.is_write);
        let chains = union(&[&identity(len, |_| true), &closure(then(rf, &rmw))]);
        let sequence = then(&writes, &chains);
        let release_fences = is(&|part| part.is_fence && releases(part.order));
        let acquire_fences = is(&|part| part.is_fence && acquires(part.order));
        let releasing_writes = is(&|part| part.is_write && releases(part.order));
        let acquiring_reads = is(&|part| !part.is_write && !part.is_fence && acquires(part.order));
        let begin = union(&[&releasing_writes, &then(&release_fences, &then(po, &writes))]);
        let reads = is(&|part| !part.is_write && !part.is_fence);
        let end = union(&[&acquiring_reads, &then(&reads, &then(po, &acquire_fences))]);
        let sw = then(&then(&then(&begin, &sequence), rf), &end);
        let hb = closure(union(&[po, &sw]));
        let eco = closure(union(&[rf, &co, &rb]));
        // Coherence: hb ; eco? is irreflexive.
        let loops = then(&hb, &eco);
        if (0..len).any(|e| (hb[e] | loops[e]) >> e & 1 != 0) {
            return false;
        }
        let same = |a: usize, b: usize| parts[a].location == parts[b].location && !parts[a].is_fence;
        let only = |relation: &Relation, holds: &dyn Fn(usize, usize) -> bool| -> Relation {
            let row = |e: usize| {
                (0..len)
                    .filter(|&to| relation[e] >> to & 1 != 0 && holds(e, to))
                    .fold(0, |all, to| all | 1 << to)
            };
            (0..len).map(row).collect()
        };
        let po_elsewhere = only(po, &|a, b| model == Model::Rc11 || !same(a, b));
        let hb_here = only(&hb, &same);
        let scb = union(&[po, &then(&then(&po_elsewhere, &hb), &po_elsewhere), &hb_here, &co, &rb]);
        let sc = is(&|part| part.order == SeqCst);
        let sc_fences = is(&|part| part.order == SeqCst && part.is_fence);
        let hb_maybe = union(&[&identity(len, |_| true), &hb]);
        let psc_base = then(
            &then(&union(&[&sc, &then(&sc_fences, &hb_maybe)]), &scb),
            &union(&[&sc, &then(&hb_maybe, &sc_fences)]),
        );
        let psc_fences = then(&then(&sc_fences, &union(&[&hb, &then(&then(&hb, &eco), &hb)])), &sc_fences);
        is_acyclic(union(&[&psc_base, &psc_fences]))
    }
}

#[test]
fn the_enumeration_distinguishes_the_models() {
    let store_buffering = |order| {
        vec![
            vec![Op::Store(0, 1, order), Op::Load(1, order)],
            vec![Op::Store(1, 1, order), Op::Load(0, order)],
        ]
    };
    let counts = |program: &Program| {
        [Model::Rc11, Model::SequentialConsistency]
            .map(|model| enumerated(program, model).values().sum::<u64>())
    };
    assert_eq!(counts(&store_buffering(Relaxed)), [4, 3]);
    assert_eq!(counts(&store_buffering(SeqCst)), [3, 3]);
}
