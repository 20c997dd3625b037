//! One given schedule.

use crate::capability::SearchMode;
use crate::event::Decision;
use crate::explorer::Explorer;
use crate::graph::RecordedStep;
use crate::schedule::Schedule;
use crate::search::{NewStrategy, StrategySource};
use crate::strategy::RecordedSchedule;

/// Replays one schedule.
///
/// [`Report::executions`](crate::Report::executions) is 1. The report is
/// [bounded](crate::Bound::Schedule), unless the program differs from the one of the schedule.
#[derive(Clone, Debug)]
pub struct Replay {
    schedule: Schedule,
    continues: bool,
}

impl Explorer<Replay> {
    /// Replays one schedule, from [`Run::schedule`](crate::Run::schedule) or parsed from its text.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::{Explorer, opaque, thread};
    ///
    /// let schedule = "s1:ba".parse().unwrap();
    /// let report = Explorer::replay(schedule).run(|| {
    ///     thread::spawn(opaque);
    ///     opaque();
    /// });
    /// assert_eq!(report.executions, 1);
    /// ```
    pub fn replay(schedule: Schedule) -> Self {
        Explorer::new(Replay { schedule, continues: false })
    }

    /// Replays one schedule, such as [`Found::schedule`](crate::Found::schedule), and then
    /// continues the run to its end with the fewest context switches.
    /// [`Run::schedule`](crate::Run::schedule) then returns the whole schedule.
    pub fn continuing(schedule: Schedule) -> Self {
        Explorer::new(Replay { schedule, continues: true })
    }
}

impl StrategySource for Replay {
    fn strategy(&self) -> NewStrategy {
        if let Some(overlooked) = self.schedule.overlooked() {
            let steps = self.schedule.as_decisions().iter().zip(overlooked);
            let recorded =
                |(&decision, &overlooked): (&Decision, &u16)| RecordedStep { decision, overlooked };
            return NewStrategy::of_graph(steps.map(recorded).collect());
        }
        NewStrategy::of_schedules(RecordedSchedule::new(self.schedule.clone(), self.continues))
    }
}

impl SearchMode for Replay {}
