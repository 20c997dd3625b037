//! What a run does otherwise than a recorded one.

use std::fmt;

use super::model::{Step, Trace};
use super::reason::verdict;

/// The first thing that a run does otherwise than the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The tiers, or the threads, are others from the start.
    Start {
        /// What was recorded.
        was: String,
        /// What it is now.
        is: String,
    },
    /// A step is another.
    Step {
        /// Its number.
        step: u32,
        /// What was recorded, with its thread and its line.
        was: String,
        /// What it is now; `None` if the run does not come so far.
        is: Option<String>,
    },
    /// After the last step that was recorded the run goes on.
    Longer {
        /// How many steps were recorded.
        steps: usize,
    },
    /// Each step is the same, and yet something else came of it.
    Outcome {
        /// What was recorded.
        was: String,
        /// What it is now.
        is: String,
    },
}

impl Difference {
    /// The first difference of a run from the recorded one. `fits` says whether the recorded schedule was good for the
    /// whole of the run. Where the source's lines are is no difference.
    pub fn between(recorded: &Trace, run: &Trace, fits: bool) -> Option<Self> {
        // A run that was given up has not yet spawned all that the recorded one has.
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
            if now.is_none_or(|now| told(recorded, step) != told(run, now)) {
                let with_line = |trace, step: &Step| format!("{}, at {}", told(trace, step), step.location);
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

/// Who does what, for which call.
fn told(trace: &Trace, step: &Step) -> String {
    let call = step.operation.map(|id| format!(" in {}", trace.operations[id].call)).unwrap_or_default();
    format!("`{}` by {}{call}", step.what, trace.lanes[step.lane])
}

/// What was answered, and what is wrong with it.
fn outcome(trace: &Trace) -> String {
    let replies = trace.operations.iter().map(|span| {
        let reply = span.reply.as_deref().unwrap_or("no answer");
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
                write!(f, "step {step} was {was}. That thread does not come so far: it has ended, or waits")
            }
            Difference::Longer { steps } => {
                write!(f, "the run goes on after step {steps}, which was the last")
            }
            Difference::Outcome { was, is } => {
                write!(f, "each step is the same, but what came of it is {is}; it was {was}")
            }
        }
    }
}
