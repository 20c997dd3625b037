//! A case, what an exploration of it came to, and whether that was expected: a row of every report.

use crate::number::{counted, grouped};
use crate::scenario::{Case, Judgement, Outcome};
use crate::trace::{Look, lanes_in, reason_in};
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
    /// What differs from the accepted baseline, if anything does.
    pub diff: Option<String>,
}

impl<'s> Judged<'s> {
    /// Judges a report of this case.
    pub fn new(case: &'s Case, report: CaseReport) -> Self {
        let judgement = case.expectation.judge(&report);
        Judged { case, report, judgement, diff: None }
    }

    /// Takes what differs from the accepted baseline for a failure. A case that has failed already is not looked at: no
    /// baseline makes up for that.
    pub fn differs(&mut self, why: impl Into<String>, diff: String) {
        if self.judgement.passed() {
            self.judgement = Judgement { outcome: Outcome::Changed, why: why.into() };
            self.diff = Some(diff);
        }
    }

    /// Whether no search was made at all, since nothing was left of the budget.
    pub fn is_unexplored(&self) -> bool {
        self.report.searched().0 == 0 && self.judgement.outcome == Outcome::Bounded
    }

    /// What shows how the case came out: the difference from its baseline, or the lanes and the reason of its trace.
    /// Empty if nothing does.
    pub fn evidence(&self) -> String {
        self.evidence_in(Look::PLAIN)
    }

    /// As [`evidence`](Self::evidence), for somebody to look at.
    pub fn evidence_in(&self, look: Look) -> String {
        match (&self.diff, &self.report.trace) {
            (Some(diff), _) => diff.clone(),
            (None, Some(trace)) => format!("{}\n{}", lanes_in(trace, look), reason_in(trace, look)),
            (None, None) => String::new(),
        }
    }

    /// The verdict's word, and whether the search ended early where the word does not say so.
    pub(super) fn verdict(&self) -> String {
        let word = self.report.verdict.word();
        match &self.report.verdict {
            Verdict::Violated(_) if !self.report.complete => format!("{word}, bounded"),
            _ => word.to_owned(),
        }
    }

    /// The verdict in a few words with its numbers: `stale 292/1,016`, `clean 1,016`, `clean 22,294 states`.
    pub(super) fn short(&self) -> String {
        let (count, what) = self.report.searched();
        let all = if self.report.states.is_some() { counted(count, what) } else { grouped(count) };
        match self.report.violations.first_key_value() {
            Some((rule, &found)) => format!("{rule} {}/{all}", grouped(found)),
            None => format!("{} {all}", self.report.verdict.word()),
        }
    }

    /// `ok`, or a word that catches the eye.
    pub(super) fn mark(&self) -> &'static str {
        if self.judgement.passed() { "ok" } else { "FAIL" }
    }
}
