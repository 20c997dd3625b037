//! The gate's summary: how many cases came out as expected, which did not and why, and the exit code.

use std::fmt;

use super::Judged;
use crate::number::{counted, grouped, lasted};
use crate::scenario::Outcome;

/// What the gate came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    passed: u64,
    schedules: u64,
    wall: std::time::Duration,
    failed: Vec<Failed>,
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
        self.schedules += judged.report.schedules;
        self.wall += judged.report.wall;
        if judged.judgement.passed() {
            self.passed += 1;
            return;
        }
        self.failed.push(Failed {
            scenario: judged.case.scenario.clone(),
            case: judged.case.name.clone(),
            outcome: judged.judgement.outcome,
            why: judged.judgement.why.clone(),
        });
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
        let cases = self.passed + self.failed.len() as u64;
        if cases == 0 {
            return writeln!(f, "gate: no case ran");
        }
        let searched = counted(self.schedules, "schedule");
        writeln!(f, "gate: {} in {searched}, {}", counted(cases, "case"), lasted(self.wall))?;
        if self.failed.is_empty() {
            return writeln!(f, "  all as expected");
        }
        writeln!(f, "  {} as expected, {} not:", grouped(self.passed), grouped(self.failed.len() as u64))?;
        for failed in &self.failed {
            writeln!(f, "  FAIL {} {}\n       {}", failed.scenario, failed.case, failed.why)?;
        }
        Ok(())
    }
}
