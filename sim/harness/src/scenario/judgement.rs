//! Compares the result of a case with its expectation.

use std::fmt;

use super::{Expectation, Expected};
use crate::number::{counted, grouped};
use crate::oracle::Rule;
use crate::verdict::{CaseReport, Verdict};

/// The outcome of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// As expected.
    Pass,
    /// A rule was broken that the expectation forbids.
    Violation,
    /// The complete search of a control did not find a rule broken that it must break.
    ControlDidNotFail,
    /// A deadlock, a panic, or nondeterminism.
    Crash,
    /// A bound ended the search before it could decide.
    Bounded,
    /// No read overlapped or followed a write, so no rule could be broken.
    Vacuous,
    /// As expected, but the counts or the witness differ from the accepted baseline.
    Changed,
}

impl Outcome {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Violation => "violation",
            Outcome::ControlDidNotFail => "control-did-not-fail",
            Outcome::Crash => "crash",
            Outcome::Bounded => "bounded",
            Outcome::Vacuous => "vacuous",
            Outcome::Changed => "changed",
        }
    }

    /// The process's exit code if this is the gravest outcome.
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Pass => 0,
            Outcome::Violation | Outcome::ControlDidNotFail | Outcome::Crash | Outcome::Changed => 1,
            Outcome::Bounded => 3,
            Outcome::Vacuous => 4,
        }
    }
}

/// The outcome of a case, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The outcome.
    pub outcome: Outcome,
    /// The reason, in one sentence.
    pub why: String,
}

impl Judgement {
    /// Whether the case came out as expected.
    pub fn passed(&self) -> bool {
        self.outcome == Outcome::Pass
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Expectation {
    /// Judges the report of a case.
    pub fn judge(&self, report: &CaseReport) -> Judgement {
        let (outcome, why) = match &report.verdict {
            Verdict::Deadlock => (Outcome::Crash, "some schedule blocks forever".to_owned()),
            Verdict::Panic(message) => (Outcome::Crash, format!("some schedule panics: {message}")),
            Verdict::Nondeterministic(what) => {
                (Outcome::Crash, format!("a repeated schedule had another result: {what}"))
            }
            Verdict::Vacuous => (
                Outcome::Vacuous,
                "no read overlapped or followed a write of its key, so no rule could be broken".to_owned(),
            ),
            // `bounded = true` allows a bounded search, not a missing one.
            Verdict::Bounded(why) if report.searched().0 == 0 => {
                (Outcome::Bounded, format!("not explored: {why}"))
            }
            Verdict::Clean | Verdict::Bounded(_) | Verdict::Violated(_) => match &self.expected {
                Expected::Consistency(_) => self.judge_consistency(report),
                Expected::Violations(rules) => judge_control(report, |rule| rules.contains(&rule)),
            },
        };
        Judgement { outcome, why }
    }

    fn judge_consistency(&self, report: &CaseReport) -> (Outcome, String) {
        let broken = found(report, |rule| self.forbids(rule));
        if !broken.is_empty() {
            return (Outcome::Violation, format!("{broken}: not {self}"));
        }
        if report.complete {
            return (Outcome::Pass, format!("{self} in {}", all_schedules(report)));
        }
        let seen = format!("nothing found in {}", searched(report));
        match self.bounded {
            true => (Outcome::Pass, format!("bounded, as the scenario allows: {seen}")),
            false => (Outcome::Bounded, format!("bounded, but must be complete: {seen}")),
        }
    }
}

fn judge_control(report: &CaseReport, listed: impl Fn(Rule) -> bool) -> (Outcome, String) {
    let others = found(report, |rule| !listed(rule));
    if !others.is_empty() {
        return (Outcome::Violation, format!("{others}, which the control does not list"));
    }
    let missing: Vec<_> = Rule::ALL
        .into_iter()
        .filter(|&rule| listed(rule) && count(report, rule) == 0)
        .map(Rule::name)
        .collect();
    let missing = missing.join(", ");
    if missing.is_empty() {
        (Outcome::Pass, format!("the control fails as expected: {}", found(report, listed)))
    } else if report.complete {
        let why = format!("the control did not fail: {missing} in none of {}", all(report));
        (Outcome::ControlDidNotFail, why)
    } else {
        (
            Outcome::Bounded,
            format!("bounded, and the control has not failed: {missing} not found in {}", searched(report)),
        )
    }
}

fn count(report: &CaseReport, rule: Rule) -> u64 {
    report.violations.get(&rule).copied().unwrap_or(0)
}

/// The broken rules that `wanted` selects, with their counts: `stale in 12, lasting in 12 of 48
/// schedules`.
fn found(report: &CaseReport, wanted: impl Fn(Rule) -> bool) -> String {
    let rules: Vec<_> = Rule::ALL
        .into_iter()
        .filter(|&rule| wanted(rule) && count(report, rule) > 0)
        .map(|rule| format!("{rule} in {}", grouped(count(report, rule))))
        .collect();
    if rules.is_empty() {
        return String::new();
    }
    format!("{} of {}", rules.join(", "), all(report))
}

/// The searched schedules or states: `48 schedules`.
fn all(report: &CaseReport) -> String {
    let (count, what) = report.searched();
    counted(count, what)
}

fn all_schedules(report: &CaseReport) -> String {
    match report.searched() {
        (1, what) => format!("the only {what}"),
        _ => format!("all {}", all(report)),
    }
}

fn searched(report: &CaseReport) -> String {
    let why = match &report.verdict {
        Verdict::Bounded(why) => format!(" ({why})"),
        _ => String::new(),
    };
    format!("{}{why}", all(report))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::Outcome::{Bounded, ControlDidNotFail, Crash, Pass, Vacuous, Violation};
    use super::*;
    use crate::scenario::Level;
    use crate::verdict::Engine;

    fn level(level: Level) -> Expectation {
        Expectation { expected: Expected::Consistency(level), bounded: false }
    }

    fn control(rules: &[Rule]) -> Expectation {
        Expectation { expected: Expected::Violations(rules.iter().copied().collect()), bounded: false }
    }

    fn report(violations: &[(Rule, u64)], complete: bool) -> CaseReport {
        let violations: BTreeMap<_, _> = violations.iter().copied().collect();
        let verdict = match (violations.is_empty(), complete) {
            (true, true) => Verdict::Clean,
            (true, false) => Verdict::Bounded("stopped after 1 s".to_owned()),
            (false, _) => Verdict::Violated(violations.keys().copied().collect()),
        };
        CaseReport {
            scenario: "s".to_owned(),
            case: "c".to_owned(),
            cache: "article".to_owned(),
            engine: Engine::Optimal,
            engine_reason: None,
            schedules: 1_016,
            events: 9_000,
            states: None,
            violations,
            violating: None,
            verdict,
            complete,
            wall: Duration::ZERO,
            trace: None,
        }
    }

    #[track_caller]
    fn check(expectation: &Expectation, report: &CaseReport, outcome: Outcome, why: &str) {
        let judgement = expectation.judge(report);
        assert_eq!((judgement.outcome, judgement.why.as_str()), (outcome, why));
    }

    #[test]
    fn a_complete_search_without_a_violation_passes() {
        let why = "linearizable in all 1,016 schedules";
        check(&level(Level::Linearizable), &report(&[], true), Pass, why);
    }

    #[test]
    fn a_level_ignores_rules_that_it_does_not_forbid() {
        let inverted = report(&[(Rule::Inverted, 4)], true);
        check(&level(Level::Regular), &inverted, Pass, "regular in all 1,016 schedules");
        let why = "inverted in 4 of 1,016 schedules: not linearizable";
        check(&level(Level::Linearizable), &inverted, Violation, why);
    }

    #[test]
    fn a_bounded_search_passes_only_if_allowed() {
        let bounded = report(&[], false);
        let why = "bounded, but must be complete: nothing found in 1,016 schedules (stopped after 1 s)";
        check(&level(Level::Linearizable), &bounded, Bounded, why);
        let allowed = Expectation { bounded: true, ..level(Level::Linearizable) };
        let why = "bounded, as the scenario allows: nothing found in 1,016 schedules (stopped after 1 s)";
        check(&allowed, &bounded, Pass, why);
    }

    #[test]
    fn an_unexplored_case_never_passes() {
        let verdict = Verdict::Bounded("the bound of 1 s in all was used up".to_owned());
        let unreached = CaseReport { verdict, schedules: 0, ..report(&[], false) };
        let allowed = Expectation { bounded: true, ..level(Level::Linearizable) };
        for expectation in [allowed, control(&[Rule::Stale])] {
            check(&expectation, &unreached, Bounded, "not explored: the bound of 1 s in all was used up");
        }
    }

    #[test]
    fn a_violation_found_in_a_bounded_search_is_a_violation() {
        let allowed = Expectation { bounded: true, ..level(Level::Linearizable) };
        let why = "stale in 1 of 1,016 schedules: not linearizable";
        check(&allowed, &report(&[(Rule::Stale, 1)], false), Violation, why);
    }

    #[test]
    fn a_control_passes_once_its_violations_are_found() {
        let found = [(Rule::Stale, 292), (Rule::Lasting, 100)];
        let why = "the control fails as expected: stale in 292, lasting in 100 of 1,016 schedules";
        let control = control(&[Rule::Lasting, Rule::Stale]);
        check(&control, &report(&found, true), Pass, why);
        check(&control, &report(&found, false), Pass, why);
    }

    #[test]
    fn a_control_must_break_every_listed_rule() {
        let control = control(&[Rule::Stale, Rule::Lasting]);
        let why = "the control did not fail: lasting in none of 1,016 schedules";
        check(&control, &report(&[(Rule::Stale, 3)], true), ControlDidNotFail, why);
        let why = "bounded, and the control has not failed: \
                   stale, lasting not found in 1,016 schedules (stopped after 1 s)";
        check(&control, &report(&[], false), Bounded, why);
    }

    #[test]
    fn a_control_must_break_no_other_rule() {
        let found = [(Rule::Stale, 2), (Rule::Inverted, 4)];
        let why = "stale in 2 of 1,016 schedules, which the control does not list";
        check(&control(&[Rule::Inverted]), &report(&found, true), Violation, why);
    }

    #[test]
    fn crashes_and_vacuous_cases_fail_under_every_expectation() {
        let stale = [(Rule::Stale, 2)];
        for expectation in [level(Level::Eventual), control(&[Rule::Stale])] {
            for (verdict, outcome) in [
                (Verdict::Deadlock, Crash),
                (Verdict::Panic("boom".to_owned()), Crash),
                (Verdict::Nondeterministic("step 3".to_owned()), Crash),
                (Verdict::Vacuous, Vacuous),
            ] {
                let report = CaseReport { verdict, ..report(&stale, true) };
                assert_eq!(expectation.judge(&report).outcome, outcome, "{expectation}");
            }
        }
    }
}
