//! The search by our engine: judges each class of schedules, and records the simplest witness.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use selvedge_engine::mode::{ManyRuns, SearchMode};
use selvedge_engine::{Bound, Effort, Ending, EventName, Explorer, Run, Schedule};

use super::each_run::each_run_of;
use super::rerun::rerun;
use super::search::Search;
use super::{Reached, Searched, Tally};
use crate::backends::{Engine, explorer_within};
use crate::history::{History, Mark};
use crate::number::counted;
use crate::oracle::{Evidence, Finding, Rule, evidence};
use crate::trace::Trace;
use crate::verdict::{self, Verdict};
use crate::world::{Build, Plan};

/// The maximum number of states that all searches for a case's simplest witness visit together. A
/// count, so that the witness is the same on each machine. A state takes at most 600 bytes, so a
/// search takes at most 80 MB.
const WITNESS_STATES: u64 = 1 << 24;
/// The maximum number of states that one of these searches visits.
const WITNESS_STATES_EACH: u64 = 1 << 17;

/// The time that the search for the simplest witness may exceed the case's time budget by.
pub(super) const WITNESS_GRACE: Duration = Duration::from_millis(500);

/// The number of schedules between two calls of `watch`.
const WATCHED_EVERY: u64 = 1 << 10;

/// Searches the planned case with this explorer. `by` is the engine's name in reports.
pub(super) fn search<C: Build<Engine>, M: SearchMode + ManyRuns>(
    search: &mut Search<'_, '_>,
    by: verdict::Engine,
    plan: Plan<C>,
    explorer: Explorer<M>,
) -> Searched {
    let Search { case, budget, ref mut watch, first_only, .. } = *search;
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
            if first_only {
                return ControlFlow::Break(());
            }
        }
        onwards
    });
    // The search has completed: `Break` has no effect.
    _ = watch(Reached::Schedules(schedules));
    if let Some(difference) = &report.nondeterminism {
        broken = Some(Verdict::Nondeterministic(difference.clone()));
    }
    let is_unseen = matches!(report.bound, Some(Bound::Unseen(_)));
    let mut bound = report.bound.map(|bound| ended_by(bound, &counted(schedules, "schedule")));
    // The code before an operation's first step may have run at another place of the schedule, so
    // that a finding can be false.
    if is_unseen && !tally.violations.is_empty() {
        let rules: Vec<_> = tally.violations.keys().map(|rule| rule.name()).collect();
        bound = bound.map(|bound| {
            format!("{bound}. For the same reason, these findings may be false: {}", rules.join(", "))
        });
        (tally.violations, tally.violating, best) = (BTreeMap::new(), Some(0), None);
    }
    // A search of graphs is the only one here that refuses programs.
    let refused = report.refused.map(|unsupported| format!("not searched under RC11: {unsupported}"));
    let bound = refused.or(bound).or_else(|| plan.limits.summary());
    let trace = best.map(|its| {
        let rerun = rerun(case, by, &plan, Explorer::replay(its.schedule), its.finding.as_ref());
        Trace { is_simplest: !is_spent, ..rerun.trace }
    });
    let (schedules, events) = (report.executions, report.events);
    Searched { tally, schedules, events, states: None, refused: None, bound, broken, trace }
}

/// The verdict for a deadlock or a panic.
pub(super) fn broken_by(ending: &Ending) -> Option<Verdict> {
    match ending {
        Ending::Deadlock(_) => Some(Verdict::Deadlock),
        Ending::Panic { task, report } => {
            Some(Verdict::Panic(format!("{task} panicked at {}: {}", report.location, report.message)))
        }
        Ending::Complete | Ending::TooLong | Ending::Nondeterministic(_) => None,
    }
}

/// Describes the bound that ended a search.
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

/// A violating schedule with its rank: the gravest rule, the fewest context switches, the fewest
/// events, the first in task order.
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

/// Keeps the simplest schedule of the run's class that breaks the rule, unless a simpler one is
/// known. After the effort is spent, keeps the first schedule that breaks a graver rule.
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
        Some(rule) => simplest(run, history, evidence(history, rule), most, effort),
        None => schedule(run, &[], most, effort).map(|schedule| (schedule, None)),
    };
    let Some((schedule, finding)) = new else { return };
    let new = Witness { rule: rule.map(Reverse), schedule, finding };
    if best.as_ref().is_none_or(|best| new.is_simpler_than(best)) {
        *best = Some(new);
    }
}

/// The schedule with the fewest context switches, at most `most`, that shows one of the witnesses.
/// Among equals, one of the first witness.
fn simplest(
    run: &Run<'_>,
    history: &History,
    evidence: Vec<Evidence>,
    mut most: usize,
    effort: &mut Effort<'_>,
) -> Option<(Schedule, Option<Finding>)> {
    let mut simplest = None;
    for Evidence { finding, orders } in evidence {
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

/// The simplest schedule in this order, within the effort; after the effort is spent, any schedule.
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
