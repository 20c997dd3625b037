//! The gate's summary: how many cases came out as expected, which did not and why, and the exit code.

use std::collections::BTreeMap;
use std::fmt;

use super::Judged;
use crate::number::{counted, grouped, lasted};
use crate::scenario::Outcome;

/// What the gate came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    passed: u64,
    /// How many schedules and how many states: what is of the one is not of the other.
    searched: BTreeMap<&'static str, u64>,
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
    /// Takes in one more case.
    pub fn add(&mut self, judged: &Judged<'_>) {
        let (count, what) = judged.report.searched();
        *self.searched.entry(what).or_default() += count;
        self.wall += judged.report.wall;
        if judged.judgement.passed() {
            self.passed += 1;
            return;
        }
        if judged.is_unexplored() {
            self.unexplored += 1;
            // One of them speaks for all.
            if self.unexplored > 1 {
                return;
            }
        }
        let judgement = &judged.judgement;
        self.fail(&judged.case.scenario, &judged.case.name, judgement.outcome, judgement.why.clone());
    }

    /// Takes in something that is wrong with a case, beyond how it came out.
    pub fn fail(&mut self, scenario: &str, case: &str, outcome: Outcome, why: String) {
        self.failed.push(Failed { scenario: scenario.to_owned(), case: case.to_owned(), outcome, why });
    }

    /// How many cases came out as expected, and how many did not.
    pub fn counts(&self) -> (u64, u64) {
        (self.passed, self.failed.len() as u64 + self.unexplored.saturating_sub(1))
    }

    /// The process's exit code. The gravest outcome decides, and its code is the lowest; that nothing ran is as grave
    /// as a vacuous case.
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
        if self.failed.is_empty() {
            return writeln!(f, "  all as expected");
        }
        writeln!(f, "  {} as expected, {} not:", grouped(passed), grouped(failed))?;
        for failed in &self.failed {
            writeln!(f, "  FAIL {} {}\n       {}", failed.scenario, failed.case, failed.why)?;
        }
        if let more @ 1.. = self.unexplored.saturating_sub(1) {
            writeln!(f, "  and {} after it, not explored either", counted(more, "case"))?;
        }
        Ok(())
    }
}
