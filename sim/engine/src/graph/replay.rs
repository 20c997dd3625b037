//! The replay of one execution graph, whose events are executed in a given order.

use super::event::{Event, EventId, Label};
use super::execution_graph::{Clock, Graph};
use super::operation::{Announced, Kind, effect, holds};
use super::revisit::places;
use super::search::{Move, Search};
use crate::event::{Decision, Pending, TaskId};

/// A step of a recorded graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordedStep {
    pub(crate) decision: Decision,
    /// The number of earlier newer writes of its location.
    pub(crate) overlooked: u16,
}

impl Graph {
    /// For each step of an order of the graph's events, given by the task of each, the number of
    /// earlier events that wrote a newer value: of the value that it reads, or of the one that it
    /// writes.
    pub(crate) fn overlooked(&self, order: impl Iterator<Item = TaskId>) -> Vec<u16> {
        let mut done = vec![0; self.width()];
        let mut is_executed = vec![false; self.len()];
        let mut overlooked = Vec::new();
        for task in order {
            let own = self.of_task(task);
            let first = own.get(done[usize::from(task)]).copied();
            let newer = first.map_or(0, |first| self.newer(first, |write| is_executed[write as usize]));
            overlooked.push(newer);
            let Some(first) = first else { continue };
            is_executed[first as usize] = true;
            done[usize::from(task)] += 1;
            if let Some(&write) = own.get(done[usize::from(task)])
                && self.event(write).is_update
            {
                is_executed[write as usize] = true;
                done[usize::from(task)] += 1;
            }
        }
        overlooked
    }

    /// The number of executed writes after an event in the coherence order of its location.
    fn newer(&self, id: EventId, is_executed: impl Fn(EventId) -> bool) -> u16 {
        let event = self.event(id);
        let place = match event.label {
            Label::Read => self.place(event.location(), event.reads_from),
            Label::Write => self.place(event.location(), id),
            _ => return 0,
        };
        self.writes(event.location())[place..].iter().filter(|&&write| is_executed(write)).count() as u16
    }
}

impl Search {
    /// Chooses the next step of the recorded graph.
    pub(super) fn choose_recorded(&mut self, view: &dyn Announced) -> Move {
        let nth = self.steps();
        let Some(&step) = self.recorded.as_ref().and_then(|steps| steps.get(nth)) else {
            if let Some(race) = self.any_race(view) {
                return race;
            }
            let can_continue = |task: TaskId| view.pending(task).is_some_and(|pending| !pending.can_wait());
            return match (0..view.tasks()).any(can_continue) {
                true => misfit(nth, "it ends here, and some task is enabled"),
                false => Move::End,
            };
        };
        let Decision { task, .. } = step.decision;
        let Some(pending) = view.pending(task).copied() else {
            return misfit(nth, &format!("it has an event of task {task}, which announces none"));
        };
        let kind = self.kind_of(view, &pending);
        if let Kind::Refused(what) = kind {
            return Move::Refuse(what, pending.source);
        }
        if let Some((location, race)) = self.find_race(task, &pending, kind) {
            return Move::Race(location, race);
        }
        match self.add_recorded(view, step, &pending, kind) {
            Ok(()) => self.taken(view, task, &pending),
            Err(why) => misfit(nth, why),
        }
    }

    /// A data race between an announced access and an earlier one.
    fn any_race(&mut self, view: &dyn Announced) -> Option<Move> {
        (0..view.tasks()).find_map(|task| {
            let pending = view.pending(task).copied()?;
            let kind = self.kind_of(view, &pending);
            self.find_race(task, &pending, kind).map(|(location, race)| Move::Race(location, race))
        })
    }

    /// Adds the events of a recorded step.
    fn add_recorded(
        &mut self,
        view: &dyn Announced,
        RecordedStep { decision: Decision { task, choice }, overlooked }: RecordedStep,
        pending: &Pending,
        kind: Kind,
    ) -> Result<(), &'static str> {
        const NO_WRITE: &str = "its event overlooks more writes than there are";
        const INCOHERENT: &str = "its event overlooks a write that happens before it";
        const NO_CHOICE: &str = "it has an alternative that the operation has not";
        let edges = self.run.edges[usize::from(task)].clone();
        let writes = pending.actions().first().map_or(0, |&(its, _)| self.graph().writes(its).len());
        let place = writes.checked_sub(usize::from(overlooked)).ok_or(NO_WRITE)?;
        match kind {
            Kind::Read | Kind::Await => {
                let &(location, _) = pending.actions().first().ok_or(NO_WRITE)?;
                let clock = self.graph().next_clock(task, &edges, Clock::HappensBefore);
                if place < self.graph().floor(location, &clock) {
                    return Err(INCOHERENT);
                }
                let source = self.graph().write_at(location, place);
                let value = self.value(view, location, source);
                if kind == Kind::Await && !holds(view.condition(task), value) {
                    return Err("its event waits for another value");
                }
                let (new, order) = effect(pending, value);
                let read = Event::new(task, Label::Read, order, pending.source).at(location);
                let read = Event { reads_from: source, waits: kind == Kind::Await, ..read };
                self.graph_mut().add(read, &edges, 0);
                if let Some(new) = new {
                    let write = Event::new(task, Label::Write, pending.orders.success, pending.source);
                    let write = Event { is_update: true, values: [new, 0, 0, 0], ..write.at(location) };
                    let &place = places(self.graph(), &write, &[]).first().ok_or(INCOHERENT)?;
                    self.graph_mut().add(write, &[], place);
                }
            }
            Kind::Write(value) => {
                let &(location, _) = pending.actions().first().ok_or(NO_WRITE)?;
                let write = Event::new(task, Label::Write, pending.orders.success, pending.source);
                let write = Event { values: [value, 0, 0, 0], ..write.at(location) };
                if !places(self.graph(), &write, &edges).contains(&(place + 1)) {
                    return Err(INCOHERENT);
                }
                self.graph_mut().add(write, &edges, place + 1);
            }
            Kind::Object => {
                let sources = self.ends(pending);
                let (event, of) = self.object_event(view, task, pending, &sources, choice);
                if choice >= of {
                    return Err(NO_CHOICE);
                }
                self.graph_mut().add(event, &edges, 0);
            }
            Kind::Choice(of) if choice >= of => return Err(NO_CHOICE),
            Kind::Choice(_) | Kind::Fence | Kind::PlainRead | Kind::PlainWrite | Kind::Refused(_) => {
                _ = self.add_other(view, task, pending, kind, choice);
            }
        }
        if self.is_ordered(self.graph()) { Ok(()) } else { Err("no order of the SeqCst operations has it") }
    }
}

fn misfit(nth: usize, why: &str) -> Move {
    Move::Mismatch(format!(
        "the schedule does not fit the program: at step {}, {why}. It belongs to another program or to another \
         version of it, or the program is nondeterministic",
        nth + 1
    ))
}
