//! The report of a case as a snapshot, without parts that differ between runs or machines.

use std::fmt;

use crate::number::grouped;
use crate::trace::{lanes, reason};
use crate::verdict::{CaseReport, Engine};

/// The verdict, the number of schedules (or states), the number that break each rule, and the
/// witness. The engine is shown unless it is the usual one. A bounded search has neither counts nor
/// a witness: its progress depends on the machine. Times and source lines are omitted.
impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &str| writeln!(f, "{name:10}{value}");
        line("cache", &self.cache)?;
        if self.engine != Engine::Optimal {
            line("engine", self.engine.name())?;
        }
        line("verdict", self.verdict.word())?;
        if !self.complete {
            return line("search", "bounded");
        }
        let (count, what) = self.searched();
        line(&format!("{what}s"), &grouped(count))?;
        for (rule, classes) in &self.violations {
            line(rule.name(), &grouped(*classes))?;
        }
        match &self.trace {
            Some(trace) => write!(f, "\n{}\n{}", lanes(trace), reason(trace)),
            None => Ok(()),
        }
    }
}
