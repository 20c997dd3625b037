//! The result of an exploration.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

/// The result of an exploration in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Every schedule of the visible operations was covered, under sequential consistency, and none
    /// failed.
    Complete,
    /// No schedule has failed so far; a bound left schedules out.
    Bounded,
    /// In some schedule tasks wait forever.
    Deadlock,
    /// In some schedule a thread panics, and no other thread joins it.
    Panic,
    /// The program behaved differently when a schedule was repeated.
    Nondeterministic,
    /// No schedule has failed, but the program had an effect that the runtime does not model: see
    /// [`Report::reasons`].
    Incomplete,
    /// The platform does not support exploration.
    Unsupported,
    /// The program was not built by `selvedge test`: the closure ran on real threads.
    NotExplored,
}

/// The result of an exploration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The result in one word.
    pub verdict: Verdict,
    /// Executions in which no spin failed: with the optimal search, one for each class of
    /// schedules.
    pub executions: u64,
    /// Executions in which a spin (a read in a loop) failed at least once. The search runs them,
    /// and counts them apart.
    pub spun: u64,
    /// The executions that ended in a deadlock.
    pub deadlocks: u64,
    /// The executions that ended in a panic of a thread that no other thread joined.
    pub panics: u64,
    /// The executions that were aborted at the bound on steps.
    pub too_long: u64,
    /// The operations of all executions.
    pub events: u64,
    /// The duration.
    pub elapsed: Duration,
    /// The verdict in words, with the trace of a failure.
    pub text: String,
    /// The program's effects that are not modelled.
    pub effects: Vec<String>,
    /// The reasons why the exploration is not complete although every known schedule was covered.
    pub reasons: Vec<String>,
    /// The schedule of the failure, for [`Explorer::replay`](crate::Explorer::replay).
    pub schedule: Option<String>,
}

impl Report {
    /// Whether every schedule of the visible operations was covered, and none failed.
    pub fn is_complete(&self) -> bool {
        self.verdict == Verdict::Complete
    }

    /// Appends a line to a file for `selvedge test`: the verdict, the number of executions, and the
    /// effects. Errors are ignored: the test's result does not depend on it.
    pub(crate) fn append_to(&self, file: &Path) {
        let verdict = match self.verdict {
            Verdict::Complete => "complete",
            Verdict::Bounded => "bounded",
            Verdict::Deadlock => "deadlock",
            Verdict::Panic => "panic",
            Verdict::Nondeterministic => "nondeterministic",
            Verdict::Incomplete => "incomplete",
            Verdict::Unsupported => "unsupported",
            Verdict::NotExplored => "not explored",
        };
        let mut line = format!("{verdict}\t{}", self.executions);
        for effect in &self.effects {
            line += &format!("\t{effect}");
        }
        let opened = OpenOptions::new().append(true).create(true).open(file);
        _ = opened.and_then(|mut opened| writeln!(opened, "{line}"));
    }

    /// Whether schedules were explored at all.
    pub fn is_explored(&self) -> bool {
        !matches!(self.verdict, Verdict::NotExplored | Verdict::Unsupported)
    }

    /// Whether some schedule failed.
    pub fn has_failed(&self) -> bool {
        matches!(self.verdict, Verdict::Deadlock | Verdict::Panic | Verdict::Nondeterministic)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text)?;
        if self.verdict == Verdict::Incomplete {
            write!(f, "\nThis verdict is not complete:")?;
            self.reasons.iter().try_for_each(|reason| write!(f, "\n  {reason}"))?;
        }
        write!(
            f,
            "\n{} executions, {} events, {:.1?}, sequentially consistent",
            self.executions, self.events, self.elapsed
        )?;
        if self.spun > 0 {
            write!(f, "; {} more with failed iterations of a spin", self.spun)?;
        }
        if let Some(schedule) = &self.schedule {
            write!(f, "\nTo run this schedule again: selvedge test --schedule {schedule}")?;
        }
        if !self.effects.is_empty() {
            write!(f, "\nNot modelled: {}", self.effects.join(", "))?;
        }
        Ok(())
    }
}
