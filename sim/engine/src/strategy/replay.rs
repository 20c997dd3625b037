//! One recorded schedule.

use super::{Options, Strategy};
use crate::Schedule;
use crate::dpor::Races;
use crate::event::Turn;
use crate::history::{Registry, Tracking, Trail};

/// The schedule, and the reason why it does not match the program.
pub(crate) struct Replay {
    schedule: Schedule,
    /// Whether the run continues after the end of the schedule, with the fewest switches.
    goes_on: bool,
    misfit: Option<String>,
}

impl Replay {
    pub(crate) fn new(schedule: Schedule, goes_on: bool) -> Self {
        Replay { schedule, goes_on, misfit: None }
    }
}

impl Strategy for Replay {
    fn tracking(&self) -> Tracking {
        Tracking::Clocks
    }

    fn choose(&mut self, options: &dyn Options, trail: &Trail) -> Option<Turn> {
        let turn = self.schedule.as_turns().get(trail.len()).copied();
        let mut able = std::iter::once(options.current())
            .chain(0..options.tasks())
            .filter(|&task| options.alternatives(task) > 0);
        let wrong = match turn {
            None if self.goes_on => return able.next().map(|task| Turn { task, choice: 0 }),
            None if able.next().is_none() => return None,
            None => "it ends here, and the program could go on".to_owned(),
            Some(Turn { task, .. }) if task >= options.tasks() => {
                format!("it has a turn of task {task}, which was never spawned")
            }
            Some(Turn { task, choice }) => match options.alternatives(task) {
                0 => format!("it has a turn of task {task}, which has ended or cannot go on"),
                alternatives if choice >= alternatives => {
                    format!("it has alternative {choice} of task {task}, whose operation has {alternatives}")
                }
                _ => return turn,
            },
        };
        self.replay_mismatch = Some(format!(
            "the schedule does not fit the program: at step {}, {wrong}. It is of another program or of another version \
             of it, or the program does not do the same in every run",
            trail.len() + 1
        ));
        None
    }

    fn executed(&mut self, _trail: &Trail) {}

    fn next_run(&mut self, _trail: &mut Trail, _races: &Races, _registry: &Registry) -> bool {
        false
    }

    fn misfit(&self) -> Option<&str> {
        self.misfit.as_deref()
    }
}
