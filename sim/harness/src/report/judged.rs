//! A case with its result and its outcome: a row of every report.

use crate::number::{counted, grouped};
use crate::scenario::{Case, Judgement, Outcome};
use crate::trace::{Look, lanes_in, reason_in};
use crate::verdict::{CaseReport, Verdict};

/// An explored and judged case.
#[derive(Clone, Debug)]
pub struct Judged<'s> {
    /// The case.
    pub case: &'s Case,
    /// The result of its exploration.
    pub report: CaseReport,
    /// Whether the result is expected.
    pub judgement: Judgement,
    /// The difference from the accepted baseline, if any.
    pub diff: Option<String>,
}

impl<'s> Judged<'s> {
    /// Judges a report of this case.
    pub fn new(case: &'s Case, report: CaseReport) -> Self {
        let judgement = case.expectation.judge(&report);
        Judged { case, report, judgement, diff: None }
    }

    /// Fails a passing case because it differs from the accepted baseline. Does not change a failed
    /// case.
    pub fn differs(&mut self, why: impl Into<String>, diff: String) {
        if self.judgement.passed() {
            self.judgement = Judgement { outcome: Outcome::Changed, why: why.into() };
            self.diff = Some(diff);
        }
    }

    /// Whether the case was not searched, because the total budget was used up.
    pub fn is_unexplored(&self) -> bool {
        self.report.searched().0 == 0 && self.judgement.outcome == Outcome::Bounded
    }

    /// The difference from the baseline, or the trace with its reason; empty without either.
    pub fn evidence(&self) -> String {
        self.evidence_in(Look::PLAIN)
    }

    /// Same as [`evidence`](Self::evidence), with this look.
    pub fn evidence_in(&self, look: Look) -> String {
        match (&self.diff, &self.report.trace) {
            (Some(diff), _) => diff.clone(),
            (None, Some(trace)) => format!("{}\n{}", lanes_in(trace, look), reason_in(trace, look)),
            (None, None) => String::new(),
        }
    }

    /// The verdict's word; for a violation also whether the search was bounded.
    pub(super) fn verdict(&self) -> String {
        let word = self.report.verdict.word();
        match &self.report.verdict {
            Verdict::Violated(_) if !self.report.complete => format!("{word}, bounded"),
            _ => word.to_owned(),
        }
    }

    /// The verdict with its counts: `stale 292/1,016`, `clean 1,016`, `clean 22,294 states`.
    pub(super) fn short(&self) -> String {
        let (count, what) = self.report.searched();
        let all = if self.report.states.is_some() { counted(count, what) } else { grouped(count) };
        match self.report.violations.first_key_value() {
            Some((rule, &found)) => format!("{rule} {}/{all}", grouped(found)),
            None => format!("{} {all}", self.report.verdict.word()),
        }
    }

    /// `ok` or `FAIL`.
    pub(super) fn mark(&self) -> &'static str {
        if self.judgement.passed() { "ok" } else { "FAIL" }
    }
}
