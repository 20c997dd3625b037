//! A case as a snapshot has it: what came of it, and nothing that differs between two runs or two machines.

use std::fmt;

use crate::number::grouped;
use crate::trace::{lanes, reason};
use crate::verdict::{CaseReport, Engine};

/// What came of the case: the verdict, how many schedules there are, in how many of them each rule is broken, and the
/// witness; or of states, with the engine, which is said if it is not the usual one. How far a bounded search came depends on the machine: of one, neither counts nor witness are said. No time
/// and no source line is said of any.
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
