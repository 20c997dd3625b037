//! The simplest schedule that comes to something: the fewest context switches, then the fewest events, then the first in
//! the order of the tasks.
//!
//! A search of states within a bound on switches, which is raised by one until there is such a schedule. What a state
//! can still come to within the bound depends on the state, on the task whose turn it was last, and on how many switches
//! and events there have been. Schedules are tried in the order of the tasks, so that the first to come to such a point
//! is before all others that do, and stays so whatever comes after it: the others need not go on.
//!
//! The bound on switches is that of Musuvathi, Qadeer: "Iterative context bounding for systematic testing of
//! multithreaded programs", PLDI 2007, but that every change of tasks counts: it is what a reader has to follow.

use super::{Options, Strategy};
use crate::dpor::Races;
use crate::event::{Event, Turn};
use crate::history::{FEW, Registry, Tracking, Trail};
use crate::stateful::{Visit, Visited};

/// How far a schedule has come, before one of its events.
#[derive(Default)]
struct Node {
    /// The turns that are still to be tried, the next one last.
    untried: Vec<Turn>,
    switches: usize,
    /// What was looked for has been found.
    found: bool,
}

/// The strategy's state.
pub(crate) struct Simplest {
    nodes: Vec<Node>,
    depth: usize,
    visited: Visited,
    /// The kind of finding that is looked for; `None` if an ending is, which is the caller's to judge.
    kind: Option<u32>,
    /// How many switches there may be.
    most: usize,
    /// Some schedule needs more.
    left_out: bool,
    /// How many states may be looked at in all.
    budget: u64,
    was_cut: bool,
}

impl Simplest {
    /// Looks for a schedule in which the monitor finds this kind, or for one that ends in a certain way.
    pub(crate) fn new(kind: Option<u32>, budget: u64) -> Self {
        Simplest {
            nodes: Vec::with_capacity(FEW),
            depth: 0,
            visited: Visited::new(None),
            kind,
            most: 0,
            left_out: false,
            budget,
            was_cut: false,
        }
    }

    /// What the schedule had come to before its last node's event, and has come to after these events, the last of which
    /// is that one: its switches, and whether what is looked for has been found.
    fn reached(&self, events: &[Event]) -> (usize, bool) {
        let Some(last) = self.depth.checked_sub(1) else { return (0, false) };
        let before = &self.nodes[last];
        let switch = match events {
            [.., other, last] => usize::from(other.footprint.task != last.footprint.task),
            _ => 0,
        };
        (before.switches + switch, before.found)
    }

    /// A node for the next event.
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

impl Strategy for Simplest {
    fn tracking(&self) -> Tracking {
        Tracking::Nothing
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Turn> {
        if self.depth == trail.len() {
            let (switches, found) = self.reached(trail.events());
            let found = found || self.kind.is_some_and(|kind| options.found() & 1 << kind != 0);
            let last = trail.events().last().map(|event| event.footprint.task);
            let place = last.map_or(0, |task| u64::from(task) + 1) << 1 | u64::from(found);
            let point = options.state().with(place, (switches as u64) << 32 | trail.len() as u64);
            if self.budget == 0 || self.visited.visit(point) != Visit::New {
                self.was_cut = true;
                return None;
            }
            self.budget -= 1;
            let most = self.most;
            let node = self.add_node((switches, found));
            let (mut stands, mut too_many) = (true, false);
            for task in (0..options.tasks()).rev() {
                let alternatives = options.alternatives(task);
                stands &= alternatives == 0;
                if switches == most && last.is_some_and(|last| last != task) {
                    too_many |= alternatives > 0;
                    continue;
                }
                node.untried.extend((0..alternatives).rev().map(|choice| Turn { task, choice }));
            }
            // At its end, the schedule is to have come to what is looked for.
            let ends = node.untried.is_empty();
            self.left_out |= too_many;
            self.was_cut = ends && (!stands || (self.kind.is_some() && !found));
        }
        self.nodes[self.depth - 1].untried.pop()
    }

    fn executed(&mut self, trail: &Trail) {
        if let [before @ .., Event { glued: true, .. }] = trail.events() {
            let reached = self.reached(before);
            self.add_node(reached);
        }
    }

    fn next_run(&mut self, trail: &mut Trail, _races: &Races, _registry: &Registry) -> bool {
        self.was_cut = false;
        // What a run that was cut short has done until its end.
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
        if self.budget == 0 || !std::mem::take(&mut self.left_out) {
            return false;
        }
        // With one switch more, from the start.
        self.most += 1;
        self.visited = Visited::new(None);
        true
    }

    fn was_redundant(&self) -> bool {
        self.was_cut
    }

    fn switches(&self) -> usize {
        self.most
    }
}
