//! A case, what an exploration of it came to, and whether that was expected: a row of every report.

use crate::number::grouped;
use crate::scenario::{Case, Judgement};
use crate::verdict::{CaseReport, Verdict};

/// A case that was explored and judged.
#[derive(Clone, Debug)]
pub struct Judged<'s> {
    /// The case.
    pub case: &'s Case,
    /// What its exploration came to.
    pub report: CaseReport,
    /// Whether that was expected.
    pub judgement: Judgement,
}

impl<'s> Judged<'s> {
    /// Judges a report of this case.
    pub fn new(case: &'s Case, report: CaseReport) -> Self {
        let judgement = case.expectation.judge(&report);
        Judged { case, report, judgement }
    }

    /// The verdict's word, and whether the search ended early where the word does not say so.
    pub(super) fn verdict(&self) -> String {
        let word = self.report.verdict.word();
        match &self.report.verdict {
            Verdict::Violated(_) if !self.report.complete => format!("{word}, bounded"),
            _ => word.to_owned(),
        }
    }

    /// The verdict in a few words with its numbers: `stale 292/1,016`, `clean 1,016`.
    pub(super) fn short(&self) -> String {
        let schedules = grouped(self.report.schedules);
        match self.report.violations.first_key_value() {
            Some((rule, &classes)) => format!("{rule} {}/{schedules}", grouped(classes)),
            None => format!("{} {schedules}", self.report.verdict.word()),
        }
    }

    /// `ok`, or a word that catches the eye.
    pub(super) fn mark(&self) -> &'static str {
        if self.judgement.passed() { "ok" } else { "FAIL" }
    }
}
