//! Whose turn it is: what the prefix has next, or what the strategy says. And whether the program does the same again.

use super::choice::Choice;
use super::ending::Ending;
use super::execution::Execution;
use crate::determinism::MEND_NONDETERMINISM;
use crate::event::{CHOOSE, Decision, Footprint, Mode, Pending, TaskId};
use crate::text::place;

impl Execution {
    /// Which task goes next.
    pub(super) fn decide(&mut self) -> Option<Decision> {
        if self.stopped.is_some() || self.is_quiet() {
            return None;
        }
        if self.trail.is_repeating() {
            return self.repeated_task();
        }
        if self.finishing {
            return self.any_decision();
        }
        if !self.announces_the_same() {
            return None;
        }
        if self.trail.len() >= self.max_steps {
            self.stopped = Some(Ending::TooLong);
            return None;
        }
        if self.spins_without_hint() {
            return None;
        }
        let state = self.state();
        let choice = Choice {
            tasks: &self.tasks,
            announced: self.announced,
            registry: &self.registry,
            current: self.current,
            state,
            parts: self.state.as_ref(),
            monitor: self.monitor.as_deref(),
            found: self.monitor.as_ref().map_or(0, |monitor| monitor.found()),
        };
        let turn = self.strategy.choose(&choice, &self.trail);
        if turn.is_none() && self.strategy.was_redundant() && self.state.is_some() {
            self.finishing = true;
            return self.any_decision();
        }
        if turn.is_none() {
            let replay_mismatch = self.strategy.replay_mismatch().map(str::to_owned);
            self.stopped = replay_mismatch.map(Ending::Nondeterministic);
        }
        turn
    }

    /// A task that can go on, if there is one: the current one if possible. It is one where the run is only to end.
    fn any_decision(&self) -> Option<Decision> {
        if self.trail.len() >= self.max_steps {
            return None;
        }
        let goes_on = |task: &TaskId| self.tasks[*task as usize].alternatives(&self.registry) > 0;
        let mut tasks = std::iter::once(self.current).chain(0..self.tasks.len() as TaskId);
        tasks.find(goes_on).map(|task| Decision { task, choice: 0 })
    }

    /// Notes what is announced before a new event. After a repeated prefix it must be what it was in the earlier run: a
    /// task whose own events are all in the prefix, and that announces something else after them, shows in nothing else.
    #[inline]
    fn announces_the_same(&mut self) -> bool {
        let position = self.trail.len();
        let announced = match self.fingerprint {
            Some(announced) => announced,
            None => self.fingerprint_of_all(),
        };
        match self.announced_at.get_mut(position) {
            Some(before) => {
                // Further on there is only what another schedule has left.
                if self.trail.is_first_new() && *before != announced {
                    self.stopped = Some(Ending::Nondeterministic(self.announces_otherwise()));
                    return false;
                }
                *before = announced;
            }
            None => {
                // What was atomic_with_previous to the last event was not chosen, and is never the first that is new.
                self.announced_at.resize(position, 0);
                self.announced_at.push(announced);
            }
        }
        true
    }

    /// A prefix has been repeated: from here on the fingerprint is kept up with each operation.
    fn fingerprint_of_all(&mut self) -> u64 {
        let pending =
            self.tasks.iter().enumerate().filter_map(|(id, task)| Some((id, task.pending.as_ref()?)));
        let all = pending.fold(0, |all, (id, pending)| all ^ pending.fingerprint(id as TaskId));
        self.fingerprint = Some(all);
        all
    }

    #[cold]
    fn announces_otherwise(&self) -> String {
        let pending = self.tasks.iter().enumerate().filter_map(|(id, task)| Some((id, task.pending?)));
        let announced: Vec<String> = pending
            .map(|(id, pending)| {
                format!(
                    "{} is to {} at {}",
                    self.task_name(id as TaskId),
                    pending.describe(),
                    place(pending.source)
                )
            })
            .collect();
        format!(
            "at step {}, the tasks do not announce what they announced in an earlier run with the same schedule. Now {}. \
             {MEND_NONDETERMINISM}",
            self.trail.len() + 1,
            if announced.is_empty() {
                "none of them announces anything".to_owned()
            } else {
                announced.join(", ")
            },
        )
    }

    /// Whether `pending`, which is the next event of the prefix, does to the states what it did in the earlier run. A value
    /// that differs from run to run is an operand of it, or the value that an object was made with.
    #[inline]
    pub(super) fn repeats_values(&self, pending: &Pending) -> bool {
        let expected = self.trail.expected();
        let Footprint { task, choice, alternatives, .. } = expected.footprint;
        let before = self.registry.states(pending);
        let (_, after) = pending.outcome(task, &before, choice, alternatives);
        let accesses = self.trail.accesses(self.trail.len());
        let mut states = accesses.iter().zip(before.iter().zip(&after));
        let is_choice = pending.rule.is_some_and(|(rule, _)| std::ptr::eq(rule, &CHOOSE));
        states.all(|(its, (&before, &after))| {
            its.mode == Mode::Nothing || (its.before == before && its.after == after)
        }) && (!is_choice || pending.alternatives(&before, None) == alternatives)
    }

    /// What differs, where [`repeats_values`](Execution::repeats_values) is false.
    #[cold]
    fn repeats_with_others(&self, task: TaskId, pending: &Pending) -> String {
        let Footprint { choice, alternatives, .. } = self.trail.expected().footprint;
        let before = self.registry.states(pending);
        let (_, after) = pending.outcome(task, &before, choice, alternatives);
        let accesses = self.trail.accesses(self.trail.len());
        let slots = pending.actions().iter().zip(accesses).zip(before.iter().zip(&after));
        let difference = slots.into_iter().find_map(|((&(location, _), its), (&before, &after))| {
            let details = self.registry.details(location);
            let show = |word| details.show.map_or_else(|| format!("the state {word:#x}"), |show| show(word));
            let object = self.registry.name(location);
            match its.mode {
                Mode::Nothing => None,
                _ if its.before != before => {
                    Some(format!("{object} holds {} before it, and held {}", show(before), show(its.before)))
                }
                _ if its.after != after => {
                    Some(format!("it leaves {} in {object}, and left {}", show(after), show(its.after)))
                }
                _ => None,
            }
        });
        let difference = difference.unwrap_or_else(|| {
            format!(
                "it is a choice of {}, and was one of {alternatives}",
                pending.alternatives(&before, None)
            )
        });
        format!(
            "at step {}, {} does another {} at {} than in an earlier run with the same schedule: {difference}. A value \
             differs from run to run. {MEND_NONDETERMINISM}",
            self.trail.len() + 1,
            self.task_name(task),
            pending.describe(),
            place(pending.source),
        )
    }

    /// The task of the next event of the prefix, if it has announced the same operation as before.
    #[inline]
    fn repeated_task(&mut self) -> Option<Decision> {
        let expected = self.trail.expected();
        let Footprint { task, choice, .. } = expected.footprint;
        let found = self.tasks.get(task as usize).and_then(|task| task.pending.as_ref());
        if let Some(pending) = found.filter(|pending| pending.matches(expected)) {
            if self.repeats_values(pending) {
                return Some(Decision { task, choice });
            }
            self.stopped = Some(Ending::Nondeterministic(self.repeats_with_others(task, pending)));
            return None;
        }
        let found = match found {
            None => "nothing".to_owned(),
            Some(pending) => format!("an operation at {}", place(pending.source)),
        };
        self.stopped = Some(Ending::Nondeterministic(format!(
            "at step {}, {} announced {found}; in an earlier run with the same schedule it announced the operation at {}. \
             {MEND_NONDETERMINISM}",
            self.trail.len() + 1,
            self.task_name(task),
            place(expected.source),
        )));
        None
    }
}
