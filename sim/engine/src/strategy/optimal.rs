//! Optimal dynamic partial order reduction: each Mazurkiewicz class exactly once.
//!
//! Abdulla, Aronis, Jonsson, Sagonas: "Optimal dynamic partial order reduction", POPL 2014; "Source Sets", JACM 64(4), 2017,
//! algorithm 2. A run is free below the sequence that it was woken for. When it has ended, each race of its new events is
//! reversed: the first event of the race is left out with all that happens after it, and what remains, followed by the
//! second event, is a sequence to be explored from where the first began, unless something that sleeps there, or is
//! already planned there, leads to the same class.

use super::wakeup::{BranchId, Forest, NONE, weak_initial};
use super::{Options, Strategy, Turn, part_done, tasks_of};
use crate::event::{Footprint, TaskId};
use crate::runtime::{FEW, Registry, Tracking, Trail};

/// The state before one event of the trail.
#[derive(Default)]
struct Node {
    /// What has been explored from here, or from further up and still leads to the same classes.
    sleep: Vec<Footprint>,
    /// What is to be explored from here; the first is the one that is being explored, if `planned`.
    branches: BranchId,
    /// Whether the event that follows in the trail is the first of `branches`.
    planned: bool,
    /// How many subtrees of it have been explored.
    explored: usize,
}

/// The strategy's state: a node for each event of the trail, and one for its end.
pub(crate) struct Optimal {
    /// Nodes are kept when they go out of use, so that their sleep sets need no new memory.
    nodes: Vec<Node>,
    depth: usize,
    forest: Forest,
    redundant: bool,
    /// The sequence that is being planned.
    sequence: Vec<Footprint>,
}

impl Optimal {
    pub(crate) fn new() -> Self {
        let mut nodes = Vec::with_capacity(FEW);
        nodes.push(Node { branches: NONE, ..Node::default() });
        Optimal {
            nodes,
            depth: 0,
            forest: Forest::new(),
            redundant: false,
            sequence: Vec::with_capacity(FEW),
        }
    }

    /// Plans the runs in which the races of this one are reversed.
    fn plan(&mut self, trail: &Trail, registry: &Registry) {
        let sequence = &mut self.sequence;
        for race in trail.new_races() {
            let node = &mut self.nodes[race.first()];
            sequence.clear();
            sequence.extend(trail.independent_of(race, race.first() + 1..trail.len()));
            let last = if race.is_wide() { trail.reversed_last(race, registry) } else { Some(race.reversed) };
            match last {
                Some(reversed) => sequence.push(reversed),
                None => {
                    // It can go on only ahead of what came later. Of that remains what needs nothing of the rest.
                    let before = trail.independent_of(race, race.first() + 1..race.second()).count();
                    let later = sequence.split_off(before);
                    sequence.push(race.reversed);
                    let mut lost = vec![race.reversed];
                    for event in later {
                        let needs = lost.iter().any(|its| its.conflicts(&event));
                        if needs { lost.push(event) } else { sequence.push(event) }
                    }
                }
            }
            let sleep = &node.sleep;
            let is_covered = |asleep: &Footprint| match weak_initial(asleep, sequence) {
                None => false,
                Some(Some(_)) => true,
                Some(None) => all_asleep(sleep, asleep.task, asleep.alternatives),
            };
            if sleep.iter().any(is_covered) {
                continue;
            }
            let alternatives: Vec<Footprint> =
                sleep.iter().filter(|asleep| asleep.alternatives > 1).copied().collect();
            node.branches = self.forest.insert(node.branches, &alternatives, sequence);
        }
    }
}

/// Whether all alternatives of the task's operation sleep.
fn all_asleep(sleep: &[Footprint], task: TaskId, alternatives: u16) -> bool {
    sleep.iter().filter(|event| event.task == task).count() >= alternatives.into()
}

/// A task that can go on and does not sleep, the current one if possible, and how many alternatives it has. If there is
/// none although some task can go on, the run is redundant.
fn free_choice(sleep: &[Footprint], options: &dyn Options, redundant: &mut bool) -> Option<(TaskId, u16)> {
    let (announced, current) = (options.announced(), options.current());
    *redundant = false;
    let mut awake = |task: TaskId| {
        let alternatives = options.alternatives(task);
        let awake = alternatives > 0 && !all_asleep(sleep, task, alternatives);
        *redundant |= alternatives > 0 && !awake;
        awake.then_some((task, alternatives))
    };
    let own = 1 << current;
    let chosen = if announced & own == 0 { None } else { awake(current) };
    let chosen = chosen.or_else(|| tasks_of(announced & !own).find_map(awake));
    *redundant &= chosen.is_none();
    chosen
}

impl Strategy for Optimal {
    fn tracking(&self) -> Tracking {
        Tracking::Races
    }

    fn choose(&mut self, options: &dyn Options, _trail: &Trail) -> Option<Turn> {
        let node = &mut self.nodes[self.depth];
        if node.branches == NONE {
            let (task, alternatives) = free_choice(&node.sleep, options, &mut self.redundant)?;
            if alternatives == 1 {
                node.planned = false;
                return Some(Turn { task, choice: 0 });
            }
            let asleep =
                |choice: u16| node.sleep.iter().any(|event| event.task == task && event.choice == choice);
            for choice in (0..alternatives).rev().filter(|&choice| !asleep(choice)) {
                node.branches = self.forest.push(options.footprint(task, choice), node.branches);
            }
        }
        node.planned = true;
        let event = self.forest.event(node.branches);
        Some(Turn { task: event.task, choice: event.choice })
    }

    fn executed(&mut self, trail: &Trail) {
        let event = &trail.events()[self.depth];
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
        node.sleep.extend(parent.sleep.iter().filter(|asleep| !asleep.conflicts(&event.footprint)));
        node.branches = if parent.planned { self.forest.child(parent.branches) } else { NONE };
        node.planned = false;
        node.explored = 0;
    }

    fn next_run(&mut self, trail: &mut Trail, registry: &mut Registry) -> bool {
        self.plan(trail, registry);
        self.redundant = false;
        while let Some(event) = trail.pop(registry) {
            self.depth -= 1;
            let node = &mut self.nodes[self.depth];
            node.sleep.push(event);
            node.explored += 1;
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

    fn done(&self) -> Option<f64> {
        let path = self.nodes[..=self.depth].iter().enumerate().map(|(i, node)| {
            let branches = self.forest.siblings(node.branches);
            // The one that is under way is among the branches if it was planned; the last node has none under way.
            let free = usize::from(i < self.depth && !node.planned);
            (node.explored, node.explored + branches + free)
        });
        Some(part_done(path))
    }
}
