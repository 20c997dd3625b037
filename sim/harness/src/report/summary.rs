//! The gate's summary: the number of passed cases, the failed ones with their reasons, and the exit
//! code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Judged;
use crate::number::{counted, grouped, lasted};
use crate::scenario::Outcome;

/// The result of the gate.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    passed: u64,
    /// The numbers of searched schedules and states.
    searched: BTreeMap<&'static str, u64>,
    /// The memory models of the searches.
    memory: BTreeSet<&'static str>,
    wall: std::time::Duration,
    failed: Vec<Failed>,
    unexplored: u64,
}

#[derive(Clone, Debug)]
struct Failed {
    scenario: String,
    case: String,
    outcome: Outcome,
    why: String,
}

impl Summary {
    /// Adds a case.
    pub fn add(&mut self, judged: &Judged<'_>) {
        let (count, what) = judged.report.searched();
        *self.searched.entry(what).or_default() += count;
        self.memory.insert(judged.report.engine.memory());
        self.wall += judged.report.wall;
        if judged.judgement.passed() {
            self.passed += 1;
            return;
        }
        if judged.is_unexplored() {
            self.unexplored += 1;
            // Only the first is listed; the others are counted.
            if self.unexplored > 1 {
                return;
            }
        }
        let judgement = &judged.judgement;
        self.fail(&judged.case.scenario, &judged.case.name, judgement.outcome, judgement.why.clone());
    }

    /// Adds a failure of a case, in addition to its outcome.
    pub fn fail(&mut self, scenario: &str, case: &str, outcome: Outcome, why: String) {
        self.failed.push(Failed { scenario: scenario.to_owned(), case: case.to_owned(), outcome, why });
    }

    /// The numbers of passed and failed cases.
    pub fn counts(&self) -> (u64, u64) {
        (self.passed, self.failed.len() as u64 + self.unexplored.saturating_sub(1))
    }

    /// The exit code of the process: that of the gravest outcome, which is the lowest. If no case
    /// ran, the code of a vacuous case.
    pub fn exit_code(&self) -> u8 {
        let nothing_ran = (self.passed == 0).then(|| Outcome::Vacuous.exit_code());
        self.failed.iter().map(|failed| failed.outcome.exit_code()).min().or(nothing_ran).unwrap_or(0)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (passed, failed) = self.counts();
        let cases = passed + failed;
        if cases == 0 {
            return writeln!(f, "gate: no case ran");
        }
        let searched: Vec<_> = self.searched.iter().map(|(what, count)| counted(*count, what)).collect();
        writeln!(f, "gate: {} in {}, {}", counted(cases, "case"), searched.join(" and "), lasted(self.wall))?;
        let memory: Vec<_> = self.memory.iter().copied().collect();
        writeln!(f, "  memory: {}", memory.join(" and "))?;
        if self.failed.is_empty() {
            return writeln!(f, "  all as expected");
        }
        writeln!(f, "  {} as expected, {} not:", grouped(passed), grouped(failed))?;
        for failed in &self.failed {
            writeln!(f, "  FAIL {} {}\n       {}", failed.scenario, failed.case, failed.why)?;
        }
        if let more @ 1.. = self.unexplored.saturating_sub(1) {
            writeln!(f, "  and {} after it, also not explored", counted(more, "case"))?;
        }
        Ok(())
    }
}
