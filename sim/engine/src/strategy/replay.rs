//! One recorded schedule.

use super::{Options, Strategy};
use crate::Schedule;
use crate::dpor::Races;
use crate::event::Decision;
use crate::history::{Registry, Tracking, Trail};

/// The schedule, and the reason why it does not match the program.
pub(crate) struct Replay {
    schedule: Schedule,
    /// Whether the run continues after the end of the schedule, with the fewest switches.
    continues: bool,
    replay_mismatch: Option<String>,
}

impl Replay {
    pub(crate) fn new(schedule: Schedule, continues: bool) -> Self {
        Replay { schedule, continues, replay_mismatch: None }
    }
}

impl Strategy for Replay {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Decision> {
        let decision = self.schedule.as_decisions().get(trail.len()).copied();
        let mut enabled = std::iter::once(options.current())
            .chain(0..options.tasks())
            .filter(|&task| options.alternatives(task) > 0);
        let wrong = match decision {
            None if self.continues => return enabled.next().map(|task| Decision { task, choice: 0 }),
            None if enabled.next().is_none() => return None,
            None => "it ends here, and some task is enabled".to_owned(),
            Some(Decision { task, .. }) if task >= options.tasks() => {
                format!("it has an event of task {task}, which was never spawned")
            }
            Some(Decision { task, choice }) => match options.alternatives(task) {
                0 => format!("it has an event of task {task}, which has ended or is not enabled"),
                alternatives if choice >= alternatives => {
                    format!("it has alternative {choice} of task {task}, whose operation has {alternatives}")
                }
                _ => return decision,
            },
        };
        self.replay_mismatch = Some(format!(
            "the schedule does not fit the program: at step {}, {wrong}. It belongs to another program or to \
             another version of it, or the program does not do the same in every run",
            trail.len() + 1
        ));
        None
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, _trail: &mut Trail, _races: &Races, _registry: &Registry) -> bool {
        false
    }

    fn replay_mismatch(&self) -> Option<&str> {
        self.replay_mismatch.as_deref()
    }
}
