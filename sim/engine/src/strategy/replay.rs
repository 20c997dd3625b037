//! One recorded schedule.

use super::{Next, Options, Strategy};
use crate::bound::Bound;
use crate::dpor::Races;
use crate::event::Decision;
use crate::history::{Registry, Tracking, Trail};
use crate::schedule::Schedule;

/// The strategy's state.
pub(crate) struct RecordedSchedule {
    schedule: Schedule,
    /// Whether the run continues after the end of the schedule, with the fewest switches.
    continues: bool,
}

impl RecordedSchedule {
    pub(crate) fn new(schedule: Schedule, continues: bool) -> Self {
        RecordedSchedule { schedule, continues }
    }
}

impl Strategy for RecordedSchedule {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Next {
        let decision = self.schedule.as_decisions().get(trail.len()).copied();
        let mut enabled = std::iter::once(options.current())
            .chain(0..options.tasks())
            .filter(|&task| options.alternatives(task) > 0);
        let wrong = match decision {
            None => match enabled.next() {
                None => return Next::End,
                Some(task) if self.continues => return Next::Take(Decision { task, choice: 0 }),
                Some(_) => "it ends here, and some task is enabled".to_owned(),
            },
            Some(Decision { task, .. }) if task >= options.tasks() => {
                format!("it has an event of task {task}, which was never spawned")
            }
            Some(decision @ Decision { task, choice }) => match options.alternatives(task) {
                0 => format!("it has an event of task {task}, which has ended or is not enabled"),
                alternatives if choice >= alternatives => {
                    format!("it has alternative {choice} of task {task}, whose operation has {alternatives}")
                }
                _ => return Next::Take(decision),
            },
        };
        Next::Mismatch(format!(
            "the schedule does not fit the program: at step {}, {wrong}. It belongs to another program or to \
             another version of it, or the program is nondeterministic",
            trail.len() + 1
        ))
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, _trail: &mut Trail, _races: &Races, _registry: &Registry) -> bool {
        false
    }

    fn left_out(&self) -> Option<Bound> {
        Some(Bound::Schedule)
    }
}
