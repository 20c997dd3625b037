//! Each state once: a depth-first search that continues only from states that it has not visited.
//!
//! A run is cut short at a state that has been visited, because all continuations of that state are
//! explored from the first visit. Then the next run repeats the prefix up to the last state with an
//! untried decision, and takes that decision. So each step of a program is executed once in each of
//! its states, and not once in each of its schedules, of which there are factorially many.
//!
//! Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", LNCS 1032, 1996,
//! describes the search. The fingerprint of a task without access to its stack is this engine's
//! own: see `docs/stateful-proofs.md`.

use std::sync::Arc;

use super::transition_cache::{Origin, TransitionCache};
use super::{Next, StateOptions, StateStrategy, part_done};
use crate::bound::Bound;
use crate::event::{Decision, Event, Fingerprint};
use crate::history::{FEW, Trail};
use crate::schedule::Schedule;
use crate::stateful::{Found, States, Visit, Visited};
use crate::work_queue::WorkQueue;

/// Hint shown when a step leads to another state than the same step has led to before.
const UNSEEN_STATE: &str = "a step led to another state than the same step did before, although its task \
    had the same local state and the contents of all locations were the same. The program stores something \
    that the engine does not see: look for a static, a std lock or atomic, or, between the operations of a \
    script, any data outside the engine's objects";

/// The state before one event of the trail.
#[derive(Default)]
struct Node {
    /// The decisions that remain to be tried, the next one last, each with its predicted state if
    /// there is one.
    untried: Vec<(Decision, Option<Fingerprint>)>,
    /// The number of decisions at first.
    degree: usize,
    /// The next event is atomic with the previous one, and is not chosen.
    is_atomic_with_previous: bool,
    origin: Origin,
}

/// A part of a search: the decisions that lead to a state, and the decision to be tried there.
pub(crate) type Prefix = Vec<Decision>;

/// The strategy's state: a node for each event of the trail.
pub(crate) struct StateSearch {
    /// Unused nodes beyond `depth` are retained, so that their lists need no new memory.
    nodes: Vec<Node>,
    depth: usize,
    visited: Arc<Visited>,
    /// The effects of executed steps, if steps that lead to visited states are left out.
    cache: Option<TransitionCache>,
    /// The last decision, and the predicted state if there is one.
    taken: Option<(Decision, Option<Fingerprint>)>,
    /// The source of other parts of the search, if there are other workers.
    queue: Option<WorkQueue<Prefix>>,
    /// The prefix of this part of the search, and the number of its decisions that the run has
    /// repeated.
    prefix: Prefix,
    repeated: usize,
    /// No run has repeated the prefix yet.
    is_waiting: bool,
    /// A run has taken place since the last call of `next_run`.
    has_run: bool,
    states: States,
    is_full: bool,
}

impl StateSearch {
    /// A search for states that are not in `visited`. `predicts`: whether steps whose predicted
    /// state has been visited are left out. `queue`: the source of other parts of the search.
    pub(crate) fn new(visited: Arc<Visited>, predicts: bool, queue: Option<WorkQueue<Prefix>>) -> Self {
        StateSearch {
            nodes: Vec::with_capacity(FEW),
            depth: 0,
            visited,
            cache: predicts.then(TransitionCache::default),
            taken: None,
            queue,
            prefix: Vec::new(),
            repeated: 0,
            is_waiting: false,
            has_run: false,
            states: States::default(),
            is_full: false,
        }
    }

    /// The next decision of the prefix.
    fn follow(&mut self) -> Decision {
        let decision = self.prefix[self.repeated];
        self.repeated += 1;
        if self.nodes.len() == self.depth {
            self.nodes.push(Node::default());
        }
        let node = &mut self.nodes[self.depth];
        self.depth += 1;
        node.untried.clear();
        node.origin.forget();
        (node.degree, node.is_atomic_with_previous) = (1, false);
        self.taken = Some((decision, None));
        decision
    }

    /// Queues untried decisions if another worker is idle: those nearest to the start, which
    /// usually have the most states below them.
    fn share(&mut self, trail: &Trail) {
        if !self.queue.as_ref().is_some_and(WorkQueue::wants_work) {
            return;
        }
        let own = self.depth - 1;
        // The decision that is taken next stays.
        let spare =
            |(at, node): (usize, &Node)| node.untried.len() - usize::from(at == own).min(node.untried.len());
        let from = self.nodes[..self.depth].iter().enumerate().position(|its| spare(its) > 0);
        let Some(from) = from else { return };
        let count = spare((from, &self.nodes[from])).div_ceil(2);
        for prefix in self.take_out(from, count, trail) {
            self.queue.as_ref().expect("wants_work implies a queue").put(prefix);
        }
    }

    /// Removes `count` untried decisions of a node. Returns each as a prefix that ends with it.
    fn take_out(&mut self, at: usize, count: usize, trail: &Trail) -> Vec<Prefix> {
        let before: Prefix = chosen(&trail.events()[..at]).collect();
        let mut prefixes = Vec::new();
        for (decision, state) in self.nodes[at].untried.drain(..count) {
            if !self.states.is_predicted(state, &self.visited) {
                prefixes.push([before.as_slice(), &[decision]].concat());
            }
        }
        prefixes
    }

    /// Removes the next untried decision of the last node whose predicted state has not been
    /// visited.
    fn next_decision(&mut self) -> Option<(Decision, Option<Fingerprint>)> {
        let node = &mut self.nodes[self.depth - 1];
        while let Some(next) = node.untried.pop() {
            if !self.states.is_predicted(next.1, &self.visited) {
                return Some(next);
            }
        }
        None
    }

    /// Undoes the last step, because there is no room for the state that it leads to.
    fn take_back(&mut self) {
        let before = self.nodes[..self.depth].iter_mut().rfind(|node| !node.is_atomic_with_previous);
        if let Some((node, taken)) = before.zip(self.taken) {
            node.untried.push(taken);
            self.states.transitions -= 1;
        }
    }

    /// Records the monitor's findings in a new state.
    fn note(&mut self, options: &dyn StateOptions, trail: &Trail) {
        let mut kinds = options.found();
        while kinds != 0 {
            let kind = kinds.trailing_zeros();
            kinds &= kinds - 1;
            match self.states.found.binary_search_by_key(&kind, |found| found.kind) {
                Ok(at) => self.states.found[at].states += 1,
                Err(at) => {
                    let schedule = schedule_to_here(options, trail);
                    self.states.found.insert(at, Found { kind, states: 1, schedule });
                }
            }
        }
    }
}

/// The decisions at a state. The last is tried first: that of the current task, if it is enabled.
pub(super) fn decisions(options: &dyn StateOptions) -> impl Iterator<Item = Decision> {
    let others = (0..options.tasks()).rev().filter(|&task| task != options.current());
    let of_task = |task| (0..options.alternatives(task)).rev().map(move |choice| Decision { task, choice });
    others.chain([options.current()]).flat_map(of_task)
}

/// The schedule that leads to the current state.
pub(super) fn schedule_to_here(options: &dyn StateOptions, trail: &Trail) -> Schedule {
    let decision =
        |Event { footprint: its, .. }: &Event| Decision { task: options.order(its.task), choice: its.choice };
    Schedule::new(trail.events().iter().map(decision).collect())
}

/// The decisions that chose these events.
pub(super) fn chosen(events: &[Event]) -> impl Iterator<Item = Decision> {
    let chosen = events.iter().filter(|event| !event.atomic_with_previous);
    chosen.map(|Event { footprint: its, .. }| Decision { task: its.task, choice: its.choice })
}

impl StateStrategy for StateSearch {
    fn choose(&mut self, options: &dyn StateOptions, trail: &Trail) -> Next {
        (self.has_run, self.is_waiting) = (true, false);
        if self.depth == trail.len() {
            if self.repeated < self.prefix.len() {
                return Next::Take(self.follow());
            }
            let state = options.state();
            if self.nodes.len() == self.depth {
                self.nodes.push(Node::default());
            }
            let (before, node) = self.nodes.split_at_mut(self.depth);
            let node = &mut node[0];
            node.origin.record(options);
            let before = before.iter().rfind(|node| !node.is_atomic_with_previous).zip(self.taken);
            if let Some((cache, (before, (decision, predicted)))) = self.cache.as_mut().zip(before) {
                if predicted.is_some_and(|it| it != state) {
                    return Next::Mismatch(UNSEEN_STATE.to_owned());
                }
                cache.record(&before.origin, decision, options);
            }
            let visit = self.visited.visit(state);
            if visit != Visit::New {
                if visit == Visit::Full {
                    self.is_full = true;
                    self.take_back();
                }
                return Next::Redundant;
            }
            self.depth += 1;
            node.untried.clear();
            let predicted = |decision| self.cache.as_ref()?.predict(decision, &node.origin, options);
            node.untried.extend(decisions(options).map(|decision| (decision, predicted(decision))));
            node.degree = node.untried.len();
            node.is_atomic_with_previous = false;
            self.note(options, trail);
        }
        self.taken = self.next_decision();
        match self.taken {
            Some((decision, _)) => Next::Take(decision),
            // All next states have been visited.
            None if self.nodes[self.depth - 1].degree > 0 => Next::Redundant,
            None => Next::End,
        }
    }

    fn executed(&mut self, trail: &Trail) {
        let atomic_with_previous = trail.events()[trail.len() - 1].atomic_with_previous;
        if !atomic_with_previous {
            // The steps of the prefix are counted in another part of the search.
            self.states.transitions += u64::from(self.repeated == self.prefix.len());
            return;
        }
        // The event was not chosen, and has no alternative.
        if self.nodes.len() == self.depth {
            self.nodes.push(Node::default());
        }
        let node = &mut self.nodes[self.depth];
        node.untried.clear();
        (node.degree, node.is_atomic_with_previous) = (1, true);
        self.depth += 1;
    }

    fn next_run(&mut self, trail: &mut Trail) -> bool {
        self.states.runs += u64::from(std::mem::take(&mut self.has_run));
        if self.queue.as_ref().is_some_and(WorkQueue::has_ended) {
            return false;
        }
        // Remove the events of a run that was cut short.
        while trail.len() > self.depth {
            trail.pop();
        }
        // No decision was taken where a run ended.
        self.depth = self.depth.min(trail.len());
        while trail.pop().is_some() {
            if let Some(next) = self.next_decision() {
                // To be tried once the run has reached its state again.
                self.nodes[self.depth - 1].untried.push(next);
                self.share(trail);
                return true;
            }
            self.depth -= 1;
        }
        let Some(prefix) = self.queue.as_mut().and_then(WorkQueue::next) else { return false };
        (self.depth, self.repeated, self.prefix, self.is_waiting) = (0, 0, prefix, true);
        true
    }

    fn open(&mut self, trail: &Trail) -> Vec<Prefix> {
        let mut open: Vec<Prefix> =
            self.queue.iter_mut().flat_map(|queue| queue.left().collect::<Vec<_>>()).collect();
        if std::mem::take(&mut self.is_waiting) {
            open.push(std::mem::take(&mut self.prefix));
        }
        for at in 0..self.depth.min(trail.len() + 1) {
            open.extend(self.take_out(at, self.nodes[at].untried.len(), trail));
        }
        open
    }

    fn done(&self) -> Option<f64> {
        let last = self.depth.wrapping_sub(1);
        let path = self.nodes[..self.depth].iter().enumerate();
        // The last is about to be tried; those before it are in progress.
        let done = path.map(|(i, node)| {
            (node.degree - node.untried.len() - usize::from(i != last).min(node.degree), node.degree)
        });
        Some(if self.depth == 0 { 1.0 } else { part_done(done) })
    }

    fn full(&self) -> Option<Bound> {
        self.is_full.then(|| Bound::States(self.visited.most()))
    }

    fn states(&self) -> Option<States> {
        let bytes = self.visited.bytes();
        Some(States { count: self.visited.len(), bytes, ..self.states.clone() })
    }
}
