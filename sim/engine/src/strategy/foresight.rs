//! Where a step leads, without taking it.
//!
//! Two steps of different tasks that touch nothing of what the other changes lead to the same state in either order. And a
//! state is known by a sum in which each step changes words of its own. So what a step has changed in the sum where it was
//! taken, it changes after the other as well: the state that it leads to there is known before it is taken, and if that
//! state was visited, it need not be taken.
//!
//! This does what sleep sets do (Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", LNCS 1032,
//! 1996), which leave such a step out because another order of the two has been gone. That a state's successors are all
//! visited in the end is then argued by the order in which the search visits states, and holds of one worker. Here it is
//! seen: nothing is left out but what is in the visited set.

use std::rc::Rc;

use super::{Options, Turn};
use crate::event::{LocationId, TaskId};
use crate::stateful::{Fingerprint, Step, moved_on};

/// A step that was taken in an earlier state, and that would do the same in this one.
struct Foreseen {
    turn: Turn,
    /// What it adds to each sum.
    by: Vec<Fingerprint>,
    touched: Vec<LocationId>,
    moved: Vec<LocationId>,
    /// The monitor is told of it.
    is_touching: bool,
    /// What it changes of what the monitor has to say of tasks is of its own alone.
    is_alone: bool,
}

/// What is known of the steps that can be taken in a state.
#[derive(Default)]
pub(super) struct Foresight {
    sums: Vec<Fingerprint>,
    /// The monitor has found something in the step that led here: that is no longer so after whatever step comes next.
    has_found: bool,
    steps: Vec<Rc<Foreseen>>,
}

impl Foresight {
    /// The strategy is asked in a new state, to which `turn` led from that of `before`.
    pub(super) fn begin(&mut self, before: Option<(&mut Foresight, Turn)>, options: &dyn Options) {
        self.steps.clear();
        self.sums.clear();
        self.sums.extend(options.sums());
        self.has_found = options.found() != 0;
        if let Some((before, turn)) = before
            && let Some(step) = options.step()
        {
            before.pass_on(turn.task, step, self);
            before.learn(turn, step, self);
        }
    }

    /// What can still be foreseen after this step of the task.
    fn pass_on(&self, task: TaskId, step: &Step, after: &mut Foresight) {
        if step.tasks & !(1 << task) != 0 || step.is_renaming || self.has_found || after.has_found {
            return;
        }
        let stays = |its: &&Rc<Foreseen>| {
            its.turn.task != task
                && !(its.is_touching && step.is_touching)
                && (!its.is_touching || its.is_alone)
                && step.beside & 1 << its.turn.task == 0
                && are_apart(&its.touched, &step.moved)
                && are_apart(&step.touched, &its.moved)
        };
        after.steps.extend(self.steps.iter().filter(stays).cloned());
    }

    /// What this step has come to here.
    fn learn(&mut self, turn: Turn, step: &Step, after: &Foresight) {
        if self.steps.iter().any(|its| its.turn == turn) {
            return;
        }
        let own = 1 << turn.task;
        if step.tasks & !own != 0 || step.is_renaming || self.has_found || self.sums.len() != after.sums.len() {
            return;
        }
        let by = self.sums.iter().zip(&after.sums).map(|(before, after)| {
            let mut by = *after;
            by.take(*before);
            by
        });
        self.steps.push(Rc::new(Foreseen {
            turn,
            by: by.collect(),
            touched: step.touched.clone(),
            moved: step.moved.clone(),
            is_touching: step.is_touching,
            is_alone: step.beside & !own == 0,
        }));
    }

    /// The state that this turn leads to, if that can be told.
    pub(super) fn of(&self, turn: Turn) -> Option<Fingerprint> {
        let its = self.steps.iter().find(|its| its.turn == turn)?;
        (!self.has_found && its.by.len() == self.sums.len()).then(|| moved_on(&self.sums, &its.by))
    }
}

fn are_apart(some: &[LocationId], others: &[LocationId]) -> bool {
    !some.iter().any(|location| others.contains(location))
}
