//! The difference between a run and a recorded run.

use std::fmt;

use super::model::{Step, Trace};
use super::reason::verdict;

/// The first difference between a run and the recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The initial contents of the tiers, or the threads, differ.
    Start {
        /// The recorded value.
        was: String,
        /// The current value.
        is: String,
    },
    /// A step differs.
    Step {
        /// The step's number.
        step: u32,
        /// The recorded step, with its thread and its line.
        was: String,
        /// The current step; `None` if the run ends before it.
        is: Option<String>,
    },
    /// The run continues after the last recorded step.
    Longer {
        /// The number of recorded steps.
        steps: usize,
    },
    /// The steps are equal, but the results differ.
    Outcome {
        /// The recorded result.
        was: String,
        /// The current result.
        is: String,
    },
}

impl Difference {
    /// Returns the first difference between a run and the recorded run. `fits` is whether the
    /// recorded schedule covered the whole run. Ignores the lines of the source.
    pub fn between(recorded: &Trace, run: &Trace, fits: bool) -> Option<Self> {
        // An abandoned run has not yet spawned all tasks of the recorded run.
        let lanes = recorded.lanes.len().min(run.lanes.len());
        let start = |trace: &Trace| {
            let tiers: Vec<_> = trace.tiers.iter().map(ToString::to_string).collect();
            format!("{}; {}", tiers.join("; "), trace.lanes[..lanes].join(", "))
        };
        let (was, is) = (start(recorded), start(run));
        if was != is {
            return Some(Difference::Start { was, is });
        }
        for (at, step) in recorded.steps.iter().enumerate() {
            let now = run.steps.get(at);
            if now.is_none_or(|now| described(recorded, step) != described(run, now)) {
                let with_line =
                    |trace, step: &Step| format!("{}, at {}", described(trace, step), step.location);
                return Some(Difference::Step {
                    step: step.number,
                    was: with_line(recorded, step),
                    is: now.map(|now| with_line(run, now)),
                });
            }
        }
        if !fits || run.steps.len() > recorded.steps.len() {
            return Some(Difference::Longer { steps: recorded.steps.len() });
        }
        let (was, is) = (outcome(recorded), outcome(run));
        (was != is).then_some(Difference::Outcome { was, is })
    }
}

/// Formats a step with its thread and its call.
fn described(trace: &Trace, step: &Step) -> String {
    let call = step.operation.map(|id| format!(" in {}", trace.operations[id].call)).unwrap_or_default();
    format!("`{}` by {}{call}", step.what, trace.lanes[step.lane])
}

/// Formats the verdict and the replies.
fn outcome(trace: &Trace) -> String {
    let replies = trace.operations.iter().map(|span| {
        let reply = span.reply.as_deref().unwrap_or("no response");
        format!("{}'s {} → {reply}", trace.lanes[span.lane], span.call)
    });
    let replies: Vec<_> = replies.collect();
    format!("{}: {}", verdict(trace), replies.join(", "))
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Start { was, is } => write!(f, "the run starts with {is}, and not with {was}"),
            Difference::Step { step, was, is: Some(is) } => {
                write!(f, "step {step} was {was}. It is {is}")
            }
            Difference::Step { step, was, is: None } => {
                write!(
                    f,
                    "step {step} was {was}. That thread does not reach this step: it has ended or waits"
                )
            }
            Difference::Longer { steps } => {
                write!(f, "the run continues after step {steps}, the last recorded step")
            }
            Difference::Outcome { was, is } => {
                write!(f, "the steps are equal, but the result is {is}; it was {was}")
            }
        }
    }
}
