//! Counts the oracle's findings over the schedules.

use std::collections::BTreeMap;

use crate::history::History;
use crate::oracle::{Finding, Rule, judge, vacuous};

/// The findings so far.
#[derive(Debug)]
pub(crate) struct Tally {
    /// The number of schedules that break each rule.
    pub(crate) violations: BTreeMap<Rule, u64>,
    /// The number of schedules that break any rule; `None` if it is not counted.
    pub(crate) violating: Option<u64>,
    /// Whether all schedules so far were vacuous.
    pub(crate) vacuous: bool,
    findings: Vec<Finding>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Tally { violations: BTreeMap::new(), violating: Some(0), vacuous: true, findings: Vec::new() }
    }

    /// The tally of this and of the `other` schedules.
    pub(crate) fn merge(mut self, other: Tally) -> Tally {
        for (rule, count) in other.violations {
            *self.violations.entry(rule).or_default() += count;
        }
        self.violating = self.violating.zip(other.violating).map(|(own, more)| own + more);
        self.vacuous &= other.vacuous;
        self
    }

    /// Judges a history, and returns its findings.
    pub(crate) fn observe(&mut self, history: &History) -> &[Finding] {
        self.vacuous = self.vacuous && vacuous(history);
        self.findings.clear();
        judge(history, &mut self.findings);
        if let (Some(violating), false) = (&mut self.violating, self.findings.is_empty()) {
            *violating += 1;
        }
        for rule in Rule::ALL {
            if self.findings.iter().any(|finding| finding.rule == rule) {
                *self.violations.entry(rule).or_default() += 1;
            }
        }
        &self.findings
    }
}
