//! The search by our own engine: each class of schedules is judged, and the simplest witness is kept and recorded.

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::sync::Arc;

use selvedge_engine::{Bound, Ending, Explorer, Run, Schedule};

use super::each_run::each_run_of;
use super::rerun::rerun;
use super::{Reached, Searched, Tally};
use crate::backends::{Engine, explorer_within};
use crate::history::{History, Mark};
use crate::number::counted;
use crate::oracle::{Finding, Rule, Way, ways};
use crate::protocols::Build;
use crate::scenario::Case;
use crate::verdict::{self, Budget, Verdict};
use crate::world::Plan;

/// How many schedules go by between two looks at whoever watches the search.
const WATCHED_EVERY: u64 = 1 << 10;

/// Searches the planned case with this explorer, which reports call `by`, within the budget, and until `watch` breaks it
/// off.
pub(super) fn search<C: Build<Engine>>(
    case: &Case,
    by: verdict::Engine,
    plan: Plan<C>,
    explorer: Explorer,
    budget: Budget,
    watch: &mut (dyn FnMut(Reached) -> ControlFlow<()> + Send),
) -> Searched {
    let plan = Arc::new(plan);
    let (mut tally, mut best, mut broken, mut schedules) = (Tally::new(), None, None, 0);
    let report = each_run_of(&plan, &explorer_within(explorer, budget), |run, history| {
        schedules += 1;
        let onwards = if schedules % WATCHED_EVERY == 0 {
            watch(Reached::Schedules(schedules))
        } else {
            ControlFlow::Continue(())
        };
        let found = match run.ending() {
            Ending::Complete => {
                let rules = tally.observe(history).iter().map(|finding| finding.rule);
                rules.filter(|&rule| case.expectation.forbids(rule)).min()
            }
            ending @ (Ending::Deadlock(_) | Ending::Panic { .. }) => {
                broken = broken.take().or_else(|| broken_by(ending));
                None
            }
            Ending::TooLong | Ending::Nondeterministic(_) => return onwards,
        };
        if found.is_some() || *run.ending() != Ending::Complete {
            consider(&mut best, run, history, found);
        }
        onwards
    });
    // The search is over: nothing is left to be broken off.
    _ = watch(Reached::Schedules(schedules));
    if let Some(difference) = &report.nondeterminism {
        broken = Some(Verdict::Nondeterministic(difference.clone()));
    }
    let bound = report.bound.map(|bound| ended_by(bound, &counted(schedules, "schedule")));
    let bound = bound.or_else(|| plan.limits.told());
    let trace =
        best.map(|its| rerun(case, by, &plan, Explorer::replay(its.schedule), its.finding.as_ref()).trace);
    let (schedules, events) = (report.executions, report.events);
    Searched { tally, schedules, events, states: None, refused: None, bound, broken, trace }
}

/// A deadlock or a panic, as a verdict.
pub(super) fn broken_by(ending: &Ending) -> Option<Verdict> {
    match ending {
        Ending::Deadlock(_) => Some(Verdict::Deadlock),
        Ending::Panic { task, report } => {
            Some(Verdict::Panic(format!("{task} panicked at {}: {}", report.location, report.message)))
        }
        Ending::Complete | Ending::TooLong | Ending::Nondeterministic(_) => None,
    }
}

/// What ended a search before it was complete, in words.
pub(super) fn ended_by(bound: Bound, searched: &str) -> String {
    match bound {
        Bound::Stopped => format!("interrupted after {searched}"),
        bound => format!("stopped at {bound}, after {searched}"),
    }
}

/// The budget that ended a search, in words.
pub(super) fn spent(budget: Budget, schedules: u64) -> String {
    let bound = match (budget.schedules, budget.time) {
        (Some(most), _) if schedules >= most => format!("the bound of {}", counted(most, "schedule")),
        (_, Some(time)) => format!("the bound of {time:?}"),
        _ => "its bound".to_owned(),
    };
    format!("stopped at {bound}, after {}", counted(schedules, "schedule"))
}

/// A schedule that shows something, and how it compares: the gravest rule, the fewest switches, the fewest events, the
/// first in the order of the tasks.
struct Witness {
    rule: Option<Reverse<Rule>>,
    schedule: Schedule,
    finding: Option<Finding>,
}

impl Witness {
    fn is_simpler_than(&self, other: &Witness) -> bool {
        let size = |its: &Witness| (Reverse(its.rule), its.schedule.switches(), its.schedule.len());
        (size(self), &self.schedule) < (size(other), &other.schedule)
    }
}

/// Keeps the simplest schedule of the run's class that breaks the rule, if there is none simpler yet.
fn consider(best: &mut Option<Witness>, run: &Run<'_>, history: &History, rule: Option<Rule>) {
    let most = match best {
        Some(best) if best.rule > rule.map(Reverse) => return,
        Some(best) if best.rule == rule.map(Reverse) => best.schedule.switches(),
        _ => usize::MAX - 1,
    };
    let new = match rule {
        Some(rule) => simplest(run, history, ways(history, rule), most),
        None => run.simplest_schedule(&[], most).map(|schedule| (schedule, None)),
    };
    let Some((schedule, finding)) = new else { return };
    let new = Witness { rule: rule.map(Reverse), schedule, finding };
    if best.as_ref().is_none_or(|best| new.is_simpler_than(best)) {
        *best = Some(new);
    }
}

/// The schedule with the fewest switches, and at most so many, that shows one of these; of several that have as few, one of the
/// first that is shown.
fn simplest(
    run: &Run<'_>,
    history: &History,
    ways: Vec<Way>,
    mut most: usize,
) -> Option<(Schedule, Option<Finding>)> {
    let mut simplest = None;
    for Way { finding, orders } in ways {
        let name = |Mark { task, index }| (task, index);
        let events = orders.iter().filter_map(|order| order.events(history));
        let order: Vec<_> = events.map(|(first, second)| (name(first), name(second))).collect();
        let Some(schedule) = run.simplest_schedule(&order, most) else { continue };
        let fewer = schedule.switches().checked_sub(1);
        simplest = Some((schedule, Some(finding)));
        match fewer {
            Some(fewer) => most = fewer,
            None => break,
        }
    }
    simplest
}
