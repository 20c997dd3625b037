//! Verdicts: the result of an exploration in one word.

use std::fmt;

use crate::bound::Bound;
use crate::number::counted;
use crate::report::{Failure, Report};
use crate::runtime::{Ending, PanicReport};
use crate::schedule::Schedule;
use crate::stateful::Unsupported;
use crate::text::wrapped;

/// The result of an exploration. The most severe result wins; the variants are in ascending order
/// of severity.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Every schedule is covered, and none failed.
    Complete {
        /// The number of executions.
        executions: u64,
    },
    /// Every schedule is covered, and none failed; but a [`sometimes`](crate::sometimes())
    /// condition never held.
    Vacuous {
        /// The names of the conditions that never held.
        never: Vec<&'static str>,
        /// The number of executions.
        executions: u64,
    },
    /// No schedule has failed so far; not every schedule is covered.
    Bounded {
        /// The bound that left schedules out.
        bound: Bound,
        /// The number of executions.
        executions: u64,
        /// The number of executions that were aborted at the bound on steps or on spins.
        too_long: u64,
        /// The part of the search that is done: see [`Progress::done`](crate::Progress::done).
        done: f64,
        /// The seed, if the schedules were random.
        seed: Option<u64>,
    },
    /// A search of states does not support the program. No schedule had failed before this was
    /// found.
    Refused {
        /// The reason.
        why: Unsupported,
    },
    /// In some schedule no task is enabled, and some tasks have not ended.
    Deadlock {
        /// One line for each waiting task: its operation and source.
        waiting: Vec<String>,
        /// A schedule that shows it.
        schedule: Schedule,
    },
    /// In some schedule a task panics, and no other task joins it.
    Panic {
        /// The task's name.
        task: String,
        /// The message and the source of the panic.
        report: PanicReport,
        /// A schedule that shows it.
        schedule: Schedule,
    },
    /// The program did not do the same when a schedule was run again. All other results are
    /// invalid.
    Nondeterministic {
        /// The first step that differs.
        difference: String,
    },
}

impl Report {
    /// The most severe result.
    pub fn verdict(&self) -> Verdict {
        Verdict::of(self)
    }
}

impl Verdict {
    pub(crate) fn of(report: &Report) -> Self {
        let executions = report.executions;
        if let Some(difference) = &report.nondeterminism {
            return Verdict::Nondeterministic { difference: difference.clone() };
        }
        if let Some(failure) = &report.failure {
            return Verdict::of_failure(failure);
        }
        if let Some(why) = report.refused {
            return Verdict::Refused { why };
        }
        match report.bound {
            Some(bound) => Verdict::Bounded {
                bound,
                executions,
                too_long: report.too_long,
                done: report.done,
                seed: report.seed,
            },
            None if report.never.is_empty() => Verdict::Complete { executions },
            None => Verdict::Vacuous { never: report.never.clone(), executions },
        }
    }

    pub(crate) fn of_failure(failure: &Failure) -> Self {
        let schedule = failure.schedule.clone();
        match &failure.ending {
            Ending::Panic { task, report } => {
                Verdict::Panic { task: task.clone(), report: report.clone(), schedule }
            }
            Ending::Deadlock(waiting) => Verdict::Deadlock { waiting: waiting.clone(), schedule },
            ending => unreachable!("{ending:?} is not a failure"),
        }
    }

    /// The failure, without the schedule.
    pub(crate) fn failure(&self) -> String {
        match self {
            Verdict::Deadlock { waiting, .. } => {
                let waiting: Vec<String> = waiting.iter().map(|line| wrapped(line, "  ")).collect();
                format!("deadlock: no task is enabled\n{}", waiting.join("\n"))
            }
            Verdict::Panic { task, report, .. } => {
                format!("panic: {task} panicked at {}: {}", report.location, report.message)
            }
            _ => String::new(),
        }
    }

    /// Whether every schedule is covered and none failed.
    pub fn is_clean(&self) -> bool {
        matches!(self, Verdict::Complete { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Complete { executions } => {
                write!(f, "complete: nothing went wrong in {}", counted(*executions, "execution"))
            }
            Verdict::Vacuous { never, executions } => {
                let never: Vec<_> = never.iter().map(|name| format!("`{name}`")).collect();
                write!(
                    f,
                    "vacuous: nothing went wrong in {}, which cover every schedule, but {} never held",
                    counted(*executions, "execution"),
                    never.join(" or ")
                )
            }
            Verdict::Bounded { bound, executions, too_long, done, seed } => {
                let bounded = match bound {
                    Bound::Steps(_)
                    | Bound::Spins { .. }
                    | Bound::Removals { .. }
                    | Bound::Unseen(_)
                    | Bound::Preemptions(_)
                    | Bound::Schedule => "kept within",
                    Bound::Executions(_)
                    | Bound::States(_)
                    | Bound::Time(_)
                    | Bound::LeftBehind { .. }
                    | Bound::Stopped => "ended by",
                };
                let executions = counted(*executions, "execution");
                write!(f, "bounded: nothing went wrong in {executions}, {bounded} {bound}")?;
                match seed {
                    Some(seed) => write!(f, ", at random from seed {seed}")?,
                    None if *done < 1.0 => {
                        write!(f, ", with about {:.1} % of the search done", done * 100.0)?;
                    }
                    None => {}
                }
                if *too_long > 0 {
                    write!(f, "; {} aborted there", counted(*too_long, "execution"))?;
                }
                Ok(())
            }
            Verdict::Deadlock { schedule, .. } | Verdict::Panic { schedule, .. } => {
                write!(f, "{}\nschedule {schedule}", self.failure())
            }
            Verdict::Refused { why } => write!(f, "refused: {why}"),
            Verdict::Nondeterministic { difference } => write!(f, "nondeterministic: {difference}"),
        }
    }
}
