//! The simplest schedule with a given result: the fewest context switches, then the fewest events,
//! then the first in the order of the tasks.
//!
//! A search of states with a bound on switches, which grows by one until there is such a schedule.
//! The results that are reachable within the bound depend on the state, on the last task, and on
//! the numbers of switches and events so far. Schedules are tried in the order of the tasks. So the
//! first schedule that reaches such a point precedes all others that do, and remains so with any
//! continuation: the others are cut short.
//!
//! The bound on switches is the bound of Musuvathi, Qadeer: "Iterative context bounding for
//! systematic testing of multithreaded programs", PLDI 2007, except that every switch counts,
//! because a reader has to follow each.

use std::cell::Cell;
use std::rc::Rc;

use super::{Next, StateOptions, StateStrategy};
use crate::event::{Decision, Event};
use crate::history::{FEW, Trail};
use crate::stateful::{Visit, Visited};

/// The progress of a schedule before one of its events.
#[derive(Default)]
struct Node {
    /// The decisions that remain to be tried, the next one last.
    untried: Vec<Decision>,
    switches: usize,
    /// Whether the monitor has found the wanted kind.
    found: bool,
}

/// The strategy's state.
pub(crate) struct Simplest {
    nodes: Vec<Node>,
    depth: usize,
    visited: Visited,
    /// The kind of finding that is wanted; `None` if the caller judges the ending instead.
    kind: Option<u32>,
    /// The largest number of switches.
    most: usize,
    /// Some schedule needs more switches.
    left_out: bool,
    /// The number of points that may still be visited.
    budget: u64,
    /// A wanted schedule has been found: one with more switches is not simpler.
    has_found: Rc<Cell<bool>>,
}

impl Simplest {
    /// A search for a schedule in which the monitor finds `kind`, or for any schedule that runs to
    /// its end. Visits at most `budget` points. Once the caller sets `has_found`, the search ends
    /// with the present number of switches.
    pub(crate) fn new(kind: Option<u32>, budget: u64, has_found: Rc<Cell<bool>>) -> Self {
        Simplest {
            nodes: Vec::with_capacity(FEW),
            depth: 0,
            visited: Visited::new(None),
            kind,
            most: 0,
            left_out: false,
            budget,
            has_found,
        }
    }

    /// The number of switches after these events, the last of which is the event of the last node,
    /// and whether the monitor had found the wanted kind before that event.
    fn reached(&self, events: &[Event]) -> (usize, bool) {
        let Some(last) = self.depth.checked_sub(1) else { return (0, false) };
        let before = &self.nodes[last];
        let switch = match events {
            [.., other, last] => usize::from(other.footprint.task != last.footprint.task),
            _ => 0,
        };
        (before.switches + switch, before.found)
    }

    /// Adds a node for the next event.
    fn add_node(&mut self, (switches, found): (usize, bool)) -> &mut Node {
        if self.nodes.len() == self.depth {
            self.nodes.push(Node::default());
        }
        let node = &mut self.nodes[self.depth];
        self.depth += 1;
        (node.switches, node.found) = (switches, found);
        node.untried.clear();
        node
    }
}

impl StateStrategy for Simplest {
    fn choose(&mut self, options: &dyn StateOptions, trail: &Trail) -> Next {
        let mut is_cut = false;
        if self.depth == trail.len() {
            let (switches, found) = self.reached(trail.events());
            let found = found || self.kind.is_some_and(|kind| options.found() & 1 << kind != 0);
            let last = trail.events().last().map(|event| event.footprint.task);
            let place = last.map_or(0, |task| u64::from(task) + 1) << 1 | u64::from(found);
            let point = options.state().with(place, (switches as u64) << 32 | trail.len() as u64);
            if self.budget == 0 || self.visited.visit(point) != Visit::New {
                return Next::Redundant;
            }
            self.budget -= 1;
            let most = self.most;
            let node = self.add_node((switches, found));
            let (mut is_final, mut too_many) = (true, false);
            for task in (0..options.tasks()).rev() {
                let alternatives = options.alternatives(task);
                is_final &= alternatives == 0;
                if switches == most && last.is_some_and(|last| last != task) {
                    too_many |= alternatives > 0;
                    continue;
                }
                node.untried.extend((0..alternatives).rev().map(|choice| Decision { task, choice }));
            }
            // At the end of a schedule, the monitor must have found the wanted kind.
            let ends = node.untried.is_empty();
            self.left_out |= too_many;
            is_cut = ends && (!is_final || (self.kind.is_some() && !found));
        }
        match self.nodes[self.depth - 1].untried.pop() {
            Some(decision) => Next::Take(decision),
            None if is_cut => Next::Redundant,
            None => Next::End,
        }
    }

    fn executed(&mut self, trail: &Trail) {
        if let [before @ .., Event { atomic_with_previous: true, .. }] = trail.events() {
            let reached = self.reached(before);
            self.add_node(reached);
        }
    }

    fn next_run(&mut self, trail: &mut Trail) -> bool {
        // Remove the events of a run that was cut short.
        while trail.len() > self.depth {
            trail.pop();
        }
        self.depth = self.depth.min(trail.len());
        while self.budget > 0 && trail.pop().is_some() {
            if !self.nodes[self.depth - 1].untried.is_empty() {
                return true;
            }
            self.depth -= 1;
        }
        if self.budget == 0 || self.has_found.get() || !std::mem::take(&mut self.left_out) {
            return false;
        }
        // Start again, with one more switch.
        self.most += 1;
        self.visited = Visited::new(None);
        true
    }
}
