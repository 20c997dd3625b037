//! Whether a case came out as its scenario expects.

use std::fmt;

use super::{Expectation, Expected};
use crate::number::{counted, grouped};
use crate::oracle::Rule;
use crate::verdict::{CaseReport, Verdict};

/// How a case came out against its expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// As expected.
    Pass,
    /// A rule was broken that the expectation forbids.
    Violation,
    /// A control was searched to the end, and a rule that it must break was not broken.
    ControlDidNotFail,
    /// A deadlock, a panic, or a case that does not do the same twice.
    Crash,
    /// The search ended before it could say.
    Bounded,
    /// No read met a write: nothing could have gone wrong.
    Vacuous,
    /// As expected, but not as it was before: the counts or the witness differ from the accepted baseline.
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

/// How a case came out, and why, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// How.
    pub outcome: Outcome,
    /// Why.
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
    /// Judges what came of a case.
    pub fn judge(&self, report: &CaseReport) -> Judgement {
        let (outcome, why) = match &report.verdict {
            Verdict::Deadlock => (Outcome::Crash, "some schedule blocks for ever".to_owned()),
            Verdict::Panic(message) => (Outcome::Crash, format!("some schedule panics: {message}")),
            Verdict::Nondeterministic(what) => {
                (Outcome::Crash, format!("the case does not do the same when it is run again: {what}"))
            }
            Verdict::Vacuous => (
                Outcome::Vacuous,
                "no read overlapped or followed a write of its key: nothing could have gone wrong".to_owned(),
            ),
            // Nothing is as good as a search, whatever the scenario allows.
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
        (Outcome::Pass, format!("the control fails as it must: {}", found(report, listed)))
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

/// The broken rules that `wanted` picks, with their counts: `stale in 12, lasting in 12 of 48 schedules`.
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

/// All that was searched: `48 schedules`.
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
            (true, false) => Verdict::Bounded("1 s was over".to_owned()),
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
    fn a_level_lets_pass_what_it_does_not_forbid() {
        let inverted = report(&[(Rule::Inverted, 4)], true);
        check(&level(Level::Regular), &inverted, Pass, "regular in all 1,016 schedules");
        let why = "inverted in 4 of 1,016 schedules: not linearizable";
        check(&level(Level::Linearizable), &inverted, Violation, why);
    }

    #[test]
    fn bounded_passes_only_where_it_is_allowed() {
        let bounded = report(&[], false);
        let why = "bounded, but must be complete: nothing found in 1,016 schedules (1 s was over)";
        check(&level(Level::Linearizable), &bounded, Bounded, why);
        let allowed = Expectation { bounded: true, ..level(Level::Linearizable) };
        let why = "bounded, as the scenario allows: nothing found in 1,016 schedules (1 s was over)";
        check(&allowed, &bounded, Pass, why);
    }

    #[test]
    fn a_case_that_was_not_reached_has_not_passed_whatever_is_allowed() {
        let verdict = Verdict::Bounded("the bound of 1 s in all was over".to_owned());
        let unreached = CaseReport { verdict, schedules: 0, ..report(&[], false) };
        let allowed = Expectation { bounded: true, ..level(Level::Linearizable) };
        for expectation in [allowed, control(&[Rule::Stale])] {
            check(&expectation, &unreached, Bounded, "not explored: the bound of 1 s in all was over");
        }
    }

    #[test]
    fn a_violation_found_in_a_bounded_search_is_a_violation() {
        let allowed = Expectation { bounded: true, ..level(Level::Linearizable) };
        let why = "stale in 1 of 1,016 schedules: not linearizable";
        check(&allowed, &report(&[(Rule::Stale, 1)], false), Violation, why);
    }

    #[test]
    fn a_control_that_was_found_passes_however_far_the_search_went() {
        let found = [(Rule::Stale, 292), (Rule::Lasting, 100)];
        let why = "the control fails as it must: stale in 292, lasting in 100 of 1,016 schedules";
        let control = control(&[Rule::Lasting, Rule::Stale]);
        check(&control, &report(&found, true), Pass, why);
        check(&control, &report(&found, false), Pass, why);
    }

    #[test]
    fn a_control_must_show_all_that_it_lists() {
        let control = control(&[Rule::Stale, Rule::Lasting]);
        let why = "the control did not fail: lasting in none of 1,016 schedules";
        check(&control, &report(&[(Rule::Stale, 3)], true), ControlDidNotFail, why);
        let why = "bounded, and the control has not failed: \
                   stale, lasting not found in 1,016 schedules (1 s was over)";
        check(&control, &report(&[], false), Bounded, why);
    }

    #[test]
    fn a_control_must_show_nothing_else() {
        let found = [(Rule::Stale, 2), (Rule::Inverted, 4)];
        let why = "stale in 2 of 1,016 schedules, which the control does not list";
        check(&control(&[Rule::Inverted]), &report(&found, true), Violation, why);
    }

    #[test]
    fn crashes_and_vacuous_cases_fail_whatever_is_expected() {
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
