//! The search by our own engine: each class of schedules is judged, and the simplest witness is kept and recorded.

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use selvedge_engine::{Bound, Effort, Ending, EventName, Explorer, Run, Schedule};

use super::each_run::each_run_of;
use super::rerun::rerun;
use super::{Reached, Searched, Tally};
use crate::backends::{Engine, explorer_within};
use crate::history::{History, Mark};
use crate::number::counted;
use crate::oracle::{Finding, Rule, Way, ways};
use crate::protocols::Build;
use crate::scenario::Case;
use crate::trace::Trace;
use crate::verdict::{self, Budget, Verdict};
use crate::world::Plan;

/// How many states the searches for the simplest witness of a case may visit together, and how many one of them may. They
/// are counts, so that the same case has the same witness on each machine. A state takes at most 600 bytes, so that a
/// search takes at most 80 MB.
const WITNESS_STATES: u64 = 1 << 24;
/// As [`WITNESS_STATES`].
const WITNESS_STATES_EACH: u64 = 1 << 17;

/// How long the search for the simplest witness may take beyond the time of the case's search.
pub(super) const WITNESS_GRACE: Duration = Duration::from_millis(500);

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
    let (start, plan) = (Instant::now(), Arc::new(plan));
    let (mut states, mut is_spent) = (WITNESS_STATES, false);
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
            let watch = &mut || match budget.time {
                Some(most) if start.elapsed() >= most + WITNESS_GRACE => ControlFlow::Break(()),
                _ => watch(Reached::Schedules(schedules)),
            };
            let mut effort = Effort { states, each: WITNESS_STATES_EACH, watch, is_spent };
            consider(&mut best, run, history, found, &mut effort);
            (states, is_spent) = (effort.states, effort.is_spent);
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
    let trace = best.map(|its| {
        let rerun = rerun(case, by, &plan, Explorer::replay(its.schedule), its.finding.as_ref());
        Trace { is_simplest: !is_spent, ..rerun.trace }
    });
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
        Bound::Unseen(_) => format!(
            "not complete after {searched}: an operation of the cache shares state that the engine does not see (a lock, \
             channel or cell of tokio or of std, a static), and schedules that differ in it are missing. Run that part with \
             `engine::future::block_on`, which explores each poll in every order, or build it of `LocalTier`, `Redis` and \
             the engine's own types"
        ),
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

/// Keeps the simplest schedule of the run's class that breaks the rule, if there is none simpler yet. Once the effort is
/// spent, keeps the first schedule that breaks a graver rule.
fn consider(
    best: &mut Option<Witness>,
    run: &Run<'_>,
    history: &History,
    rule: Option<Rule>,
    effort: &mut Effort<'_>,
) {
    let most = match best {
        Some(best) if best.rule > rule.map(Reverse) => return,
        Some(best) if best.rule == rule.map(Reverse) && effort.is_spent => return,
        Some(best) if best.rule == rule.map(Reverse) => best.schedule.switches(),
        _ => usize::MAX - 1,
    };
    let new = match rule {
        Some(rule) => simplest(run, history, ways(history, rule), most, effort),
        None => schedule(run, &[], most, effort).map(|schedule| (schedule, None)),
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
    effort: &mut Effort<'_>,
) -> Option<(Schedule, Option<Finding>)> {
    let mut simplest = None;
    for Way { finding, orders } in ways {
        let name = |Mark { task, index }| (task, index);
        let events = orders.iter().filter_map(|order| order.events(history));
        let order: Vec<_> = events.map(|(first, second)| (name(first), name(second))).collect();
        let Some(schedule) = schedule(run, &order, most, effort) else { continue };
        if effort.is_spent {
            return simplest.or(Some((schedule, Some(finding))));
        }
        let fewer = schedule.switches().checked_sub(1);
        simplest = Some((schedule, Some(finding)));
        match fewer {
            Some(fewer) => most = fewer,
            None => break,
        }
    }
    simplest
}

/// The simplest schedule in this order, within the effort; some schedule, once that is spent.
fn schedule(
    run: &Run<'_>,
    order: &[(EventName, EventName)],
    most: usize,
    effort: &mut Effort<'_>,
) -> Option<Schedule> {
    let simplest = run.simplest_schedule_within(order, most, effort);
    let any = || effort.is_spent.then(|| run.any_schedule(order)).flatten();
    simplest.or_else(any)
}
