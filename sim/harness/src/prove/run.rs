//! Proves or refutes a family.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::clients::Client;
use super::family::{Family, FamilyError, Symbol};
use super::proof::{ByCalls, Counterexample, Outcome, Proof};
use super::search::{Searched, fails, in_order};
use crate::explore::{Exploration, Reached};
use crate::number::{grouped, lasted};
use crate::scenario::{Ability, Case};
use crate::verdict::{Budget, CaseReport, Engine, Verdict};

/// How to explore a family.
pub struct Request<'r> {
    /// The search engine.
    pub engine: Engine,
    /// The bounds of the search of each client from each start.
    pub budget: Budget,
    /// The bound on the time of all searches together.
    pub total: Option<Duration>,
    /// The number of workers. Each searches one client at a time.
    pub jobs: NonZeroUsize,
    /// Whether to skip clients that larger ones contain.
    pub skips_contained: bool,
    /// Only the searches of this shard: its number, from 1, and the number of shards.
    pub shard: Option<(u32, u32)>,
    /// Runs an exploration for the caches of the family.
    pub explore: &'r (dyn Fn(Exploration<'_, '_>) -> CaseReport + Sync),
    /// Whether to end the searches, and report the results so far.
    pub stop: &'r (dyn Fn() -> bool + Sync),
    /// Receives the numbers of completed searches and of all searches.
    pub progress: &'r (dyn Fn(u64, u64) + Sync),
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Request { engine, budget, total, jobs, skips_contained, shard, .. } = self;
        f.debug_struct("Request")
            .field("engine", engine)
            .field("budget", budget)
            .field("total", total)
            .field("jobs", jobs)
            .field("skips_contained", skips_contained)
            .field("shard", shard)
            .finish_non_exhaustive()
    }
}

/// A client and the index of a start.
type Combination = (usize, usize);

/// Explores every client of the family from every start: first those that no larger client
/// contains, in the order of their size. If one fails, searches the smaller ones that were skipped,
/// so that the counterexample is the smallest. A script has its own abilities.
///
/// # Errors
///
/// If the cache, which has these abilities, does not support a client of the family. If the cache
/// is a script in which an execution has found a mistake:
/// [`Script::mistake`](crate::script::Script) has it with its excerpt.
pub fn prove(family: &Family, abilities: &[Ability], request: &Request<'_>) -> Result<Proof, FamilyError> {
    let began = Instant::now();
    family.check_abilities(abilities)?;
    let mut family = match request.shard {
        Some(_) => family.clone().in_parts(),
        None => family.clone(),
    };
    // What executions show of a script can restrict its family, each restriction once.
    loop {
        let proof = search(&family, request, began);
        let restricted = match &proof {
            Ok(Proof { outcome: Outcome::Bounded(_), .. }) => None,
            Ok(_) => family.to_be_named(),
            Err(_) => family.to_be_cold(),
        };
        match restricted {
            Some(restricted) => family = restricted,
            None => return proof,
        }
    }
}

/// Searches the clients of the family.
fn search(family: &Family, request: &Request<'_>, began: Instant) -> Result<Proof, FamilyError> {
    let clients = family.clients()?;
    let pairs =
        (0..clients.len()).flat_map(|client| (0..family.starts.len()).map(move |start| (client, start)));
    let applies = |&(client, start): &Combination| family.applies(&clients[client], family.starts[start]);
    let all: Vec<Combination> = pairs.filter(applies).collect();
    let prover = Prover { family, request, clients: &clients, all: &all, began };
    let (contained, own): (Vec<Combination>, Vec<Combination>) =
        all.iter().copied().partition(|&(client, start)| {
            request.skips_contained && family.is_contained(&clients[client], family.starts[start])
        });
    // The searches of clients of one size take about equally long.
    let is_own = |&(at, _): &(usize, Combination)| {
        request.shard.is_none_or(|(number, of)| at as u32 % of + 1 == number)
    };
    let own: Vec<Combination> = own.into_iter().enumerate().filter(is_own).map(|(_, its)| its).collect();
    let mut reports = prover.search(&own);
    let failed = reports.last().filter(|(_, report)| fails(report)).map(|(combination, _)| *combination);
    let mut required = own.len();
    // Of a shard's failure, smaller clients are searched when all shards are merged.
    if let Some(failed) = failed.filter(|_| request.shard.is_none()) {
        let smaller: Vec<_> = contained.iter().copied().take_while(|its| *its < failed).collect();
        reports.extend(prover.search(&smaller));
    } else if family.has_failed() && request.skips_contained {
        // A call of a script has failed, so that the rule for contained clients does not hold.
        required += contained.len();
        reports.extend(prover.search(&contained));
    }
    match family.mistake() {
        Some(mistake) => Err(mistake),
        None => Ok(prover.proof(reports, required)),
    }
}

struct Prover<'p> {
    family: &'p Family,
    request: &'p Request<'p>,
    clients: &'p [Client<Symbol>],
    /// Every client with each of its starts, the smallest first.
    all: &'p [Combination],
    began: Instant,
}

impl Prover<'_> {
    fn case(&self, (client, start): Combination) -> Case {
        self.family.case(&self.clients[client], self.family.starts[start])
    }

    /// The remaining time, if it is bounded.
    fn left(&self) -> Option<Duration> {
        self.request.total.map(|total| total.saturating_sub(self.began.elapsed()))
    }

    /// Explores the combination. `None` if there is no time left, or if the search is to stop.
    fn explore(&self, case: &Case, first_only: bool) -> Option<CaseReport> {
        let left = self.left();
        if (self.request.stop)() || left.is_some_and(|left| left.is_zero()) {
            return None;
        }
        let budget = self.request.budget;
        // The workers search different clients, so each search has one.
        let budget = Budget { time: budget.time.into_iter().chain(left).min(), jobs: None, ..budget };
        let stop = self.request.stop;
        let watch = &mut |_: Reached| if stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let exploration = Exploration::of(case).engine(self.request.engine).budget(budget).watch(watch);
        let exploration = if first_only { exploration.stop_at_violation() } else { exploration };
        Some((self.request.explore)(exploration))
    }

    /// Searches the combinations in order, up to the first that fails.
    fn search(&self, list: &[Combination]) -> Vec<(Combination, CaseReport)> {
        let search = |at: usize| self.explore(&self.case(list[at]), true);
        let progress = |done: usize| (self.request.progress)(done as u64, list.len() as u64);
        let searched = in_order(list.len(), self.request.jobs.get(), &search, &progress);
        searched.into_iter().map(|Searched { at, report }| (list[at], report)).collect()
    }

    fn proof(&self, mut reports: Vec<(Combination, CaseReport)>, own: usize) -> Proof {
        let failed = reports.iter().filter(|(_, report)| fails(report)).map(|(at, _)| *at).min();
        if let Some(failed) = failed {
            reports.retain(|(at, _)| *at <= failed);
        }
        let calls = |client: usize| self.family.size(&self.clients[client]).0;
        let mut by_calls = vec![ByCalls::default(); self.family.bounds.calls];
        for client in 0..self.clients.len() {
            by_calls[calls(client) - 1].clients += 1;
        }
        let mut searched = BTreeSet::new();
        for ((client, _), report) in &reports {
            let its = &mut by_calls[calls(*client) - 1];
            its.searches += 1;
            its.searched += u64::from(searched.insert(*client));
            match report.states {
                Some(states) => its.states += states.states,
                None => its.schedules += report.schedules,
            }
            its.wall += report.wall;
        }
        let outcome = match failed {
            Some(failed) => self.refuted(failed, &reports),
            None => self.without_failure(&reports, own),
        };
        Proof {
            family: self.family.clone(),
            clients: self.clients.len() as u64,
            searched: searched.len() as u64,
            by_calls,
            wall: self.began.elapsed(),
            outcome,
        }
    }

    /// Explores the client that failed to the end, for its counts and its simplest trace.
    fn refuted(&self, failed: Combination, reports: &[(Combination, CaseReport)]) -> Outcome {
        let case = self.case(failed);
        let first = reports.iter().find(|(at, _)| *at == failed).map(|(_, report)| report.clone());
        let whole = self.explore(&case, false).filter(fails);
        let report = whole.or(first).expect("the client was searched");
        let before = self.all.iter().take_while(|its| **its < failed).count();
        let complete = reports.iter().filter(|(at, report)| *at < failed && report.complete).count();
        let size = self.family.size(&self.clients[failed.0]);
        let is_smallest = complete == before;
        Outcome::Refuted(Box::new(Counterexample { case, size, report, is_smallest }))
    }

    fn without_failure(&self, reports: &[(Combination, CaseReport)], own: usize) -> Outcome {
        let complete = reports.iter().filter(|(_, report)| report.complete).count();
        if complete < own {
            let done = format!("{} of {}", grouped(complete as u64), search_count(own as u64));
            let total = self.request.total.unwrap_or_default();
            let why = match reports.iter().find(|(_, report)| !report.complete) {
                _ if self.left() == Some(Duration::ZERO) => {
                    format!("the bound of {} in all was used up", lasted(total))
                }
                _ if (self.request.stop)() => "interrupted".to_owned(),
                Some((_, CaseReport { verdict: Verdict::Bounded(why), .. })) => why.clone(),
                _ => "some searches are missing".to_owned(),
            };
            return Outcome::Bounded(format!("{done} complete: {why}"));
        }
        if let Some((number, of)) = self.request.shard {
            return Outcome::Part(format!("shard {number}/{of}"));
        }
        if reports.iter().all(|(_, report)| report.verdict == Verdict::Vacuous) {
            return Outcome::Vacuous;
        }
        Outcome::Proved
    }
}

/// `1 search`, `2,000 searches`.
fn search_count(count: u64) -> String {
    match count {
        1 => "1 search".to_owned(),
        _ => format!("{} searches", grouped(count)),
    }
}
