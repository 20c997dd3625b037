//! Chooses the next decision, from the repeated prefix or the strategy, and checks that the program
//! behaves like in earlier runs.

use super::choice::{Point, StatePoint};
use super::ending::Ending;
use super::execution::Execution;
use crate::determinism::MEND_NONDETERMINISM;
use crate::event::{CHOOSE, Decision, Footprint, Mode, Pending, TaskId};
use crate::strategy::{AnyStrategy, Next};
use crate::text::place;

impl Execution {
    /// Returns the next decision.
    pub(super) fn decide(&mut self) -> Option<Decision> {
        if self.end.ending.is_some() || self.is_quiet() {
            return None;
        }
        self.pass_idle_deadline();
        if self.history.trail.is_repeating() {
            return self.repeated_task();
        }
        if self.end.finishing {
            return self.any_decision();
        }
        if !self.announces_as_before() {
            return None;
        }
        if self.history.trail.len() >= self.settings.max_steps {
            self.end.ending = Some(Ending::TooLong);
            return None;
        }
        if self.spins_without_hint() {
            return None;
        }
        if matches!(self.strategy, AnyStrategy::Graphs(_)) {
            return self.decide_in_graph();
        }
        let state = self.state();
        let point = Point {
            tasks: &self.tasks,
            announced: self.announcements.tasks,
            registry: &self.history.registry,
            current: self.turn.current,
        };
        let next = match (&mut self.strategy, state.zip(self.state.as_ref())) {
            (AnyStrategy::Schedules(strategy), _) => strategy.choose(&point, &self.history.trail),
            (AnyStrategy::States(strategy, _), Some((state, parts))) => {
                let monitor = self.monitor.as_deref();
                strategy.choose(&StatePoint { point, state, parts, monitor }, &self.history.trail)
            }
            (AnyStrategy::States(..) | AnyStrategy::Graphs(_), _) => {
                unreachable!("a search of states has a state")
            }
        };
        match next {
            Next::Take(decision) => return Some(decision),
            Next::End => {}
            Next::Mismatch(why) => self.end.ending = Some(Ending::Nondeterministic(why)),
            Next::Redundant => {
                self.end.is_redundant = true;
                if self.state.is_some() {
                    self.end.finishing = true;
                    return self.any_decision();
                }
            }
        }
        None
    }

    /// Returns a decision for an enabled task, preferably the current one, in a run that only has
    /// to end.
    fn any_decision(&self) -> Option<Decision> {
        if self.history.trail.len() >= self.settings.max_steps {
            return None;
        }
        let is_enabled = |task: &TaskId| self.tasks[*task as usize].alternatives(&self.history.registry) > 0;
        let mut tasks = std::iter::once(self.turn.current).chain(0..self.tasks.len() as TaskId);
        tasks.find(is_enabled).map(|task| Decision { task, choice: 0 })
    }

    /// Records the announced operations before a new event. After a repeated prefix they must equal
    /// those of the earlier run. This check alone detects a task whose own events are all in the
    /// prefix and which announces a different operation after them.
    #[inline]
    fn announces_as_before(&mut self) -> bool {
        let position = self.history.trail.len();
        let announced = match self.announcements.fingerprint {
            Some(announced) => announced,
            None => self.fingerprint_of_all(),
        };
        match self.announcements.at_events.get_mut(position) {
            Some(before) => {
                // Later entries belong to other schedules.
                if self.history.trail.is_first_new() && *before != announced {
                    self.end.ending = Some(Ending::Nondeterministic(self.describe_other_announcements()));
                    return false;
                }
                *before = announced;
            }
            None => {
                // An event that is atomic with the previous one was not chosen, and is never the
                // first new event.
                self.announcements.at_events.resize(position, 0);
                self.announcements.at_events.push(announced);
            }
        }
        true
    }

    /// Computes the fingerprint of all announced operations after a repeated prefix. From here on
    /// each operation updates it.
    fn fingerprint_of_all(&mut self) -> u64 {
        let pending =
            self.tasks.iter().enumerate().filter_map(|(id, task)| Some((id, task.pending.as_ref()?)));
        let all = pending.fold(0, |all, (id, pending)| all ^ pending.fingerprint(id as TaskId));
        self.announcements.fingerprint = Some(all);
        all
    }

    #[cold]
    fn describe_other_announcements(&self) -> String {
        let pending = self.tasks.iter().enumerate().filter_map(|(id, task)| Some((id, task.pending?)));
        let announced: Vec<String> = pending
            .map(|(id, pending)| {
                format!(
                    "{} announces to {} at {}",
                    self.task_name(id as TaskId),
                    pending.describe(),
                    place(pending.source)
                )
            })
            .collect();
        format!(
            "at step {}, the tasks announce other operations than in an earlier run with the same schedule: now \
             {}. {MEND_NONDETERMINISM}",
            self.history.trail.len() + 1,
            if announced.is_empty() {
                "no task announces an operation".to_owned()
            } else {
                announced.join(", ")
            },
        )
    }

    /// Whether `pending`, the next event of the prefix, has the same effect on the states as in the
    /// earlier run. Values that differ between runs appear as its operands or as initial values of
    /// objects.
    #[inline]
    pub(super) fn repeats_values(&self, pending: &Pending) -> bool {
        let expected = self.history.trail.expected();
        let accesses = self.history.trail.accesses(self.history.trail.len());
        let mut slots = accesses.iter().zip(pending.actions());
        // Then the outcome, a function of both, is also the same.
        pending.has_operands_of(expected)
            && slots.all(|(its, &(location, _))| {
                its.mode == Mode::Nothing || its.before == self.history.registry.state(location)
            })
            || self.repeats_outcome(pending)
    }

    /// Like [`repeats_values`](Execution::repeats_values), for an operation with other operands or
    /// other states.
    #[cold]
    fn repeats_outcome(&self, pending: &Pending) -> bool {
        let Footprint { task, choice, alternatives, .. } = self.history.trail.expected().footprint;
        let before = self.history.registry.states(pending);
        let (_, after) = pending.outcome(task, &before, choice, alternatives);
        let accesses = self.history.trail.accesses(self.history.trail.len());
        let mut states = accesses.iter().zip(before.iter().zip(&after));
        let is_choice = pending.rule.is_some_and(|(rule, _)| std::ptr::eq(rule, &CHOOSE));
        states.all(|(its, (&before, &after))| {
            its.mode == Mode::Nothing || (its.before == before && its.after == after)
        }) && (!is_choice || pending.alternatives(&before, None) == alternatives)
    }

    /// Describes the difference if [`repeats_values`](Execution::repeats_values) is false.
    #[cold]
    fn describe_other_values(&self, task: TaskId, pending: &Pending) -> String {
        let Footprint { choice, alternatives, .. } = self.history.trail.expected().footprint;
        let before = self.history.registry.states(pending);
        let (_, after) = pending.outcome(task, &before, choice, alternatives);
        let accesses = self.history.trail.accesses(self.history.trail.len());
        let slots = pending.actions().iter().zip(accesses).zip(before.iter().zip(&after));
        let difference = slots.into_iter().find_map(|((&(location, _), its), (&before, &after))| {
            let details = self.history.registry.details(location);
            let show = |word| details.show.map_or_else(|| format!("the state {word:#x}"), |show| show(word));
            let object = self.history.registry.name(location);
            match its.mode {
                Mode::Nothing => None,
                _ if its.before != before => Some(format!(
                    "{object} contains {} before it, and contained {}",
                    show(before),
                    show(its.before)
                )),
                _ if its.after != after => {
                    Some(format!("it stores {} in {object}, and stored {}", show(after), show(its.after)))
                }
                _ => None,
            }
        });
        let difference = difference.unwrap_or_else(|| {
            format!(
                "it chooses one of {}, and chose one of {alternatives}",
                pending.alternatives(&before, None)
            )
        });
        format!(
            "at step {}, {} performs another {} at {} than in an earlier run with the same schedule: \
             {difference}. A value differs between runs. {MEND_NONDETERMINISM}",
            self.history.trail.len() + 1,
            self.task_name(task),
            pending.describe(),
            place(pending.source),
        )
    }

    /// Returns the next decision of the prefix, if its task has announced the same operation as
    /// before.
    #[inline]
    fn repeated_task(&mut self) -> Option<Decision> {
        let expected = self.history.trail.expected();
        let Footprint { task, choice, .. } = expected.footprint;
        let found = self.tasks.get(task as usize).and_then(|task| task.pending.as_ref());
        if let Some(pending) = found.filter(|pending| pending.matches(expected)) {
            if self.repeats_values(pending) {
                return Some(Decision { task, choice });
            }
            self.end.ending = Some(Ending::Nondeterministic(self.describe_other_values(task, pending)));
            return None;
        }
        let found = match found {
            None => "nothing".to_owned(),
            Some(pending) => format!("an operation at {}", place(pending.source)),
        };
        self.end.ending = Some(Ending::Nondeterministic(format!(
            "at step {}, {} announced {found}; in an earlier run with the same schedule it announced the \
             operation at {}. {MEND_NONDETERMINISM}",
            self.history.trail.len() + 1,
            self.task_name(task),
            place(expected.source),
        )));
        None
    }
}
