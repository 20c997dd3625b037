//! Optimal dynamic partial order reduction: explores each Mazurkiewicz class exactly once.
//!
//! Abdulla, Aronis, Jonsson, Sagonas: "Optimal dynamic partial order reduction", POPL 2014; "Source
//! Sets", JACM 64(4), 2017, algorithm 2. A run follows a sequence of a wakeup tree and is
//! unrestricted after it. At the end of the run its races are reversed. The sequence for a race
//! consists of the events after the race's first event that do not happen after it, followed by the
//! second event. It is inserted at the node before the first event, unless the sleep set or the
//! wakeup tree of that node covers it. Later runs with other independent events give other
//! sequences.
//!
//! Several workers share wakeup trees: see `dpor/shared.rs`.

use std::mem;

use super::{Next, Options, Strategy, part_done, tasks_of};
use crate::determinism::IMPOSSIBLE;
use crate::dpor::{
    BranchId, Forest, NONE, Races, Route, RouteStep, SharedNode, covers_all_alternatives, weak_initial,
};
use crate::event::{Decision, Event, Footprint, TaskId};
use crate::history::{FEW, Registry, Tracking, Trail};
use crate::work_queue::WorkQueue;

/// The state before one event of the trail.
#[derive(Default)]
struct Node {
    /// The sleep set: events that have been explored from this node, or from an earlier one and
    /// still lead to the same classes.
    sleep: Vec<Footprint>,
    /// The wakeup tree of this node. Its first branch is being explored, if `planned`.
    branches: BranchId,
    /// Whether the next event of the trail is the first of `branches`.
    planned: bool,
    /// The number of subtrees of this node that have been explored.
    explored: usize,
    /// The shared tree with the other branches, if other workers may take them. They may also
    /// insert branches there; then a subtree that is explored here later does not sleep, but is on
    /// their left.
    shared: Option<SharedNode>,
}

/// The strategy's state: a node for each event of the trail, and one for its end.
pub(crate) struct OptimalDpor {
    /// Unused nodes beyond `depth` are retained, so that their sleep sets need no new memory.
    nodes: Vec<Node>,
    depth: usize,
    forest: Forest,
    /// The sequence that is being inserted.
    sequence: Vec<Footprint>,
    /// The source of other parts of the search, if there are other workers.
    queue: Option<WorkQueue<Route>>,
    /// The rest of the path to the leaf that was taken, the next decision last. The nodes on the
    /// path are complete.
    path: Vec<Decision>,
}

impl OptimalDpor {
    pub(crate) fn new(queue: Option<WorkQueue<Route>>) -> Self {
        let mut nodes = Vec::with_capacity(FEW);
        nodes.push(Node { branches: NONE, ..Node::default() });
        OptimalDpor {
            nodes,
            depth: 0,
            forest: Forest::new(),
            sequence: Vec::with_capacity(FEW),
            queue,
            path: Vec::new(),
        }
    }

    /// Inserts a sequence into a wakeup tree for each race of the last run.
    fn plan(&mut self, trail: &Trail, races: &Races, registry: &Registry) {
        let sequence = &mut self.sequence;
        for race in races.to_reverse(trail) {
            let first = races.first(race);
            let node = &mut self.nodes[first];
            // Algorithm 2: v := notdep(e, E).e', with the first event e and the second event e'.
            sequence.clear();
            sequence.extend(races.independent_of(race, trail, first + 1..trail.len()));
            let last = match race.is_wide() {
                true => races.reversed_last(race, trail, registry),
                false => Some(race.reversed),
            };
            match last {
                Some(reversed) => sequence.push(reversed),
                None => {
                    // The second event is enabled only before some of the later events. Of these,
                    // retain the events that do not depend on a removed one.
                    let before = races.independent_of(race, trail, first + 1..race.second()).count();
                    let later = sequence.split_off(before);
                    sequence.push(race.reversed);
                    let mut removed = vec![race.reversed];
                    for event in later {
                        let needs = removed.iter().any(|its| its.conflicts(&event));
                        if needs { removed.push(event) } else { sequence.push(event) }
                    }
                }
            }
            let sleep = &node.sleep;
            let is_covered = |asleep: &Footprint| match weak_initial(asleep, sequence) {
                None => false,
                Some(Some(_)) => true,
                Some(None) => covers_all_alternatives(sleep, asleep, sequence),
            };
            // Algorithm 2: insert v only if the sleep set has no weak initial of v.
            if sleep.iter().any(is_covered) {
                continue;
            }
            let alternatives: Vec<Footprint> =
                sleep.iter().filter(|asleep| asleep.alternatives > 1).copied().collect();
            match &node.shared {
                Some(shared) => shared.insert(&alternatives, sequence),
                None => node.branches = self.forest.insert(node.branches, &alternatives, sequence),
            }
        }
    }

    /// Lets the next run follow this route from the node at `from` to a leaf.
    fn follow(&mut self, from: usize, Route { steps, sleep }: Route) {
        let leaf = from + steps.len();
        if self.nodes.len() <= leaf {
            self.nodes.resize_with(leaf + 1, Node::default);
        }
        self.path.extend(steps.iter().rev().map(|step| step.decision));
        let on_path =
            steps.into_iter().map(|RouteStep { sleep, explored, shared, .. }| (sleep, explored, shared));
        let all = on_path.chain([(sleep, 0, None)]);
        for (node, (sleep, explored, shared)) in self.nodes[from..].iter_mut().zip(all) {
            *node = Node { sleep, branches: NONE, planned: false, explored, shared };
        }
    }

    /// Queues a leaf if another worker is idle: a leaf of the tree nearest to the root, below which
    /// there is usually the most work.
    fn share(&mut self, trail: &Trail) {
        if !self.queue.as_ref().is_some_and(WorkQueue::wants_work) {
            return;
        }
        for at in 0..=self.depth {
            if self.nodes[at].shared.is_none() && self.has_spare(at) {
                self.share_nodes(at, trail);
            }
            let node = &self.nodes[at];
            let Some(mut route) = node.shared.as_ref().and_then(|shared| shared.take(&node.sleep)) else {
                continue;
            };
            let step = |(event, node): (&Event, &Node)| RouteStep {
                decision: Decision { task: event.footprint.task, choice: event.footprint.choice },
                sleep: node.sleep.clone(),
                explored: node.explored,
                shared: node.shared.clone(),
            };
            let steps = trail.events()[..at].iter().zip(&self.nodes).map(step);
            route.steps.splice(..0, steps);
            self.queue.as_ref().expect("wants_work implies a queue").put(route);
            return;
        }
    }

    /// Whether an unshared node has a branch besides the one that is in progress or next.
    fn has_spare(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        self.forest.siblings(node.branches) > usize::from(node.planned || at == self.depth)
    }

    /// Shares the wakeup trees of the nodes up to `last` with the other workers.
    fn share_nodes(&mut self, last: usize, trail: &Trail) {
        let nodes = self.nodes[..=last].iter_mut().enumerate();
        for (at, node) in nodes.filter(|(_, node)| node.shared.is_none()) {
            let (current, rest) = match trail.events().get(at) {
                Some(event) if event.atomic_with_previous => continue,
                Some(event) if !node.planned => (event.footprint, mem::replace(&mut node.branches, NONE)),
                Some(event) => (event.footprint, self.forest.cut(node.branches)),
                None => (*self.forest.event(node.branches), self.forest.cut(node.branches)),
            };
            node.shared = Some(SharedNode::new(node.explored, current, &mut self.forest, rest));
        }
    }
}

/// Whether all alternatives of the task's operation are in the sleep set.
fn all_asleep(sleep: &[Footprint], task: TaskId, alternatives: u16) -> bool {
    sleep.iter().filter(|event| event.task == task).count() >= alternatives.into()
}

/// An enabled task that is not in the sleep set, the current one if possible, and the number of its
/// alternatives. Otherwise the end of the run, which is redundant if some task is enabled, but all
/// enabled tasks sleep.
fn free_choice(sleep: &[Footprint], options: &dyn Options) -> Result<(TaskId, u16), Next> {
    let (announced, current) = (options.announced(), options.current());
    let mut redundant = false;
    let mut awake = |task: TaskId| {
        let alternatives = options.alternatives(task);
        let awake = alternatives > 0 && !all_asleep(sleep, task, alternatives);
        redundant |= alternatives > 0 && !awake;
        awake.then_some((task, alternatives))
    };
    let own = 1 << current;
    let chosen = if announced & own == 0 { None } else { awake(current) };
    let chosen = chosen.or_else(|| tasks_of(announced & !own).find_map(awake));
    match chosen {
        Some(chosen) => Ok(chosen),
        None if redundant => Err(Next::Redundant),
        None => Err(Next::End),
    }
}

impl Strategy for OptimalDpor {
    fn tracking(&self) -> Tracking {
        Tracking::Races
    }

    fn choose(&mut self, options: &dyn Options, _trail: &Trail) -> Next {
        if let Some(&decision) = self.path.last() {
            let is_possible =
                decision.task < options.tasks() && decision.choice < options.alternatives(decision.task);
            return if is_possible { Next::Take(decision) } else { Next::Mismatch(IMPOSSIBLE.to_owned()) };
        }
        let node = &mut self.nodes[self.depth];
        if node.branches == NONE {
            let (task, alternatives) = match free_choice(&node.sleep, options) {
                Ok(chosen) => chosen,
                Err(end) => return end,
            };
            if alternatives == 1 {
                node.planned = false;
                return Next::Take(Decision { task, choice: 0 });
            }
            let asleep =
                |choice: u16| node.sleep.iter().any(|event| event.task == task && event.choice == choice);
            for choice in (0..alternatives).rev().filter(|&choice| !asleep(choice)) {
                node.branches = self.forest.push(options.footprint(task, choice), node.branches);
            }
        }
        node.planned = true;
        let event = self.forest.event(node.branches);
        Next::Take(Decision { task: event.task, choice: event.choice })
    }

    fn executed(&mut self, trail: &Trail) {
        if self.path.pop().is_some() {
            self.depth += 1;
            return;
        }
        let event = &trail.events()[self.depth];
        if event.atomic_with_previous {
            // The event was not chosen, but a planned sequence also contains it.
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
        node.shared = None;
    }

    fn next_run(&mut self, trail: &mut Trail, races: &Races, registry: &Registry) -> bool {
        self.plan(trail, races, registry);
        self.path.clear();
        if self.queue.as_ref().is_some_and(WorkQueue::has_ended) {
            return false;
        }
        while let Some(event) = trail.pop() {
            self.depth -= 1;
            let node = &mut self.nodes[self.depth];
            node.explored += 1;
            if node.planned {
                node.branches = self.forest.remove(node.branches);
                node.planned = false;
            }
            match &node.shared {
                Some(shared) => {
                    let Some(route) = shared.take(&node.sleep) else { continue };
                    self.follow(self.depth, route);
                }
                None => {
                    node.sleep.push(event);
                    if node.branches == NONE {
                        continue;
                    }
                }
            }
            self.share(trail);
            return true;
        }
        let Some(route) = self.queue.as_mut().and_then(WorkQueue::next) else { return false };
        self.follow(0, route);
        true
    }

    fn done(&self) -> Option<f64> {
        let path = self.nodes[..=self.depth].iter().enumerate().map(|(i, node)| {
            if let Some(shared) = &node.shared {
                return (node.explored, shared.width());
            }
            let branches = self.forest.siblings(node.branches);
            // The branch in progress is among the branches if it was planned; the last node has
            // none in progress.
            let free = usize::from(i < self.depth && !node.planned);
            (node.explored, node.explored + branches + free)
        });
        Some(part_done(path))
    }
}
