//! Optimal dynamic partial order reduction: each Mazurkiewicz class exactly once.
//!
//! Abdulla, Aronis, Jonsson, Sagonas: "Optimal dynamic partial order reduction", POPL 2014; "Source Sets", JACM 64(4), 2017,
//! algorithm 2. A run is free below the sequence that it was woken for. When it has ended, each race of its new events is
//! reversed: the first event of the race is left out with all that happens after it, and what remains, followed by the
//! second event, is a sequence to be explored from where the first began, unless something that sleeps there, or is
//! already planned there, leads to the same class.

use super::wakeup::{BranchId, Forest, NONE, weak_initial};
use super::{Options, Strategy};
use crate::event::{Event, TaskId};
use crate::runtime::{Registry, Tracking, Trail};

/// The state before one event of the trail.
#[derive(Default)]
struct Node {
    /// What has been explored from here, or from further up and still leads to the same classes.
    sleep: Vec<Event>,
    /// What is to be explored from here; the first is the one that is being explored, if `planned`.
    branches: BranchId,
    /// Whether the event that follows in the trail is the first of `branches`.
    planned: bool,
}

/// The strategy's state: a node for each event of the trail, and one for its end.
pub(crate) struct Optimal {
    /// Nodes are kept when they go out of use, so that their sleep sets need no new memory.
    nodes: Vec<Node>,
    depth: usize,
    forest: Forest,
    sequence: Vec<Event>,
    redundant: bool,
}

impl Optimal {
    pub(crate) fn new() -> Self {
        let root = Node { branches: NONE, ..Node::default() };
        Optimal {
            nodes: vec![root],
            depth: 0,
            forest: Forest::default(),
            sequence: Vec::new(),
            redundant: false,
        }
    }

    /// Plans the runs in which the races of this one are reversed.
    fn plan(&mut self, trail: &Trail) {
        let events = trail.events();
        for race in trail.races() {
            let node = &mut self.nodes[race.first];
            let first = &events[race.first];
            self.sequence.clear();
            for (i, event) in events.iter().enumerate().skip(race.first + 1) {
                if trail.clock(i)[first.task as usize] < first.index {
                    self.sequence.push(*event);
                }
            }
            self.sequence.push(race.reversed);
            if node.sleep.iter().any(|asleep| weak_initial(asleep, &self.sequence).is_some()) {
                continue;
            }
            node.branches = self.forest.insert(node.branches, &mut self.sequence);
        }
    }
}

impl Strategy for Optimal {
    fn tracking(&self) -> Tracking {
        Tracking::Races
    }

    fn choose(&mut self, options: &dyn Options, _trail: &Trail) -> Option<TaskId> {
        let node = &mut self.nodes[self.depth];
        node.planned = node.branches != NONE;
        if node.planned {
            return Some(self.forest.event(node.branches).task);
        }
        let awake = |task: TaskId| !node.sleep.iter().any(|asleep| asleep.task == task);
        let current = options.current();
        if options.is_enabled(current) && awake(current) {
            return Some(current);
        }
        let chosen = (0..options.tasks()).find(|&task| options.is_enabled(task) && awake(task));
        self.redundant = chosen.is_none() && (0..options.tasks()).any(|task| options.is_enabled(task));
        chosen
    }

    fn executed(&mut self, trail: &Trail) {
        let event = trail.events()[self.depth];
        if event.glued {
            // It was not chosen, but a planned sequence has it too.
            let node = &mut self.nodes[self.depth];
            node.planned = node.branches != NONE;
        }
        self.depth += 1;
        if self.nodes.len() == self.depth {
            self.nodes.push(Node::default());
        }
        let [parent, node] = self.nodes.get_disjoint_mut([self.depth - 1, self.depth]).expect("two nodes");
        node.sleep.clear();
        node.sleep.extend(parent.sleep.iter().filter(|asleep| !asleep.conflicts(&event)));
        node.branches = if parent.planned { self.forest.child(parent.branches) } else { NONE };
        node.planned = false;
    }

    fn next_run(&mut self, trail: &mut Trail, registry: &mut Registry) -> bool {
        self.plan(trail);
        self.redundant = false;
        while let Some(event) = trail.pop(registry) {
            self.depth -= 1;
            let node = &mut self.nodes[self.depth];
            node.sleep.push(event);
            if node.planned {
                node.branches = self.forest.remove(node.branches);
                node.planned = false;
            }
            if node.branches != NONE {
                return true;
            }
        }
        false
    }

    fn was_redundant(&self) -> bool {
        self.redundant
    }
}
