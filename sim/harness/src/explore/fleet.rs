//! A search of states that many processes share over a server: see [`crate::fleet`].
//!
//! Each worker of each process is a member of the job. It expands states with the engine, and has
//! its own connection. When the job has ended, each process makes the same report from the counts
//! on the server, and searches the simplest schedule itself.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use selvedge_engine::mode::Stateful;
use selvedge_engine::{
    Bound, Ending, Expanded, Explorer, Found, Frontier, Observer, OpenState, Report, Run, Schedule,
    TaskNumbers,
};
use sha1_smol::Sha1;

use super::ours::{broken_by, ended_by};
use super::search::Search;
use super::stateful::{Watched, explorer, how_far, simplest, tally, trace};
use super::{Reached, Searched};
use crate::backends::Engine;
use crate::fleet::{
    Acknowledgement, FleetError, Identity, Item, Job, Known, Link, Notes, Outcome, Round, Worker,
};
use crate::scenario::{Case, SourceLine};
use crate::verdict::{Budget, StateCount, Verdict};
use crate::world::{Build, Plan};

/// The TTL of the keys, in seconds. A job that no process has searched for this long is removed.
/// Its result is kept as long.
const TTL: u64 = 3_600;

/// The pause of a member that waits for others.
const PAUSE: Duration = Duration::from_millis(10);

/// A connection of a member.
type AnyLink = Box<dyn Link + Send>;

/// A server over which processes share a search.
pub trait Server: Send + Sync {
    /// Connects a member. Each call of the link fails if the server may have lost data since
    /// [`identity`](Server::identity) was read.
    ///
    /// # Errors
    ///
    /// If the server cannot be used.
    fn connect(&self) -> Result<Box<dyn Link + Send>, FleetError>;

    /// The identity of the server's process and data.
    fn identity(&self) -> String;

    /// The URL without a password, for messages.
    fn place(&self) -> String;
}

/// A server, and this process among those that search over it.
pub struct Fleet {
    server: Box<dyn Server>,
    /// The digest of the executable.
    build: String,
    error: Mutex<Option<FleetError>>,
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("place", &self.server.place()).finish_non_exhaustive()
    }
}

impl Fleet {
    /// Searches over this server. `executable` is the contents of the running executable: another
    /// one may have other states.
    pub fn new(server: impl Server + 'static, executable: &[u8]) -> Self {
        let build = Sha1::from(executable).digest().to_string();
        Fleet { server: Box::new(server), build, error: Mutex::default() }
    }

    /// Takes the reason why this process could not take part in a search, if it could not. The
    /// report of that search is not valid.
    pub fn take_error(&self) -> Option<FleetError> {
        lock(&self.error).take()
    }

    /// Joins the job of this case. Starts it if there is none.
    fn join(&self, case: &Case, budget: Budget, may_land: bool) -> Result<(Job, AnyLink), FleetError> {
        let case = Case { expected_at: SourceLine { file: String::new(), line: 0 }, ..case.clone() };
        let digest = |text: String| Sha1::from(text.as_bytes()).digest().to_string();
        let named = digest(format!("{}\n{}", case.scenario, case.name));
        let server = self.server.identity();
        let identity = Identity {
            name: format!("{}{}", &named[..12], if may_land { "-landing" } else { "" }),
            build: self.build.clone(),
            case: digest(format!("{case:?} {:?} {:?}", budget.states, budget.schedules)),
            server: server.clone(),
        };
        let failed = |why| FleetError::Server {
            place: self.server.place(),
            why,
            help: "start the command again when the server is available",
        };
        let mut link = self.server.connect()?;
        for _ in 0..2 {
            let generation = format!("{:016x}{:016x}", random(), random());
            match Job::join(&mut *link, &identity, &generation, TTL).map_err(failed)? {
                Ok((job, of)) if of == server => return Ok((job, link)),
                Ok((job, _)) => {
                    // A job with a result is valid in any case; an open one may have lost states.
                    let outcome = job.outcome(&mut *link).map_err(failed)?;
                    if outcome.is_some_and(|outcome| outcome.state != "open") {
                        return Ok((job, link));
                    }
                    job.end(&mut *link, "broken", RESTARTED).map_err(failed)?;
                }
                Err(part) => {
                    let what = if part == "build" {
                        "build of selvedge"
                    } else {
                        "version of the case or of the options"
                    };
                    let (place, key) = (self.server.place(), Job::key(&identity.name));
                    return Err(FleetError::Other { place, what, key });
                }
            }
        }
        Err(failed(RESTARTED.to_owned()))
    }
}

/// Why a job cannot be continued.
const RESTARTED: &str = "the server was restarted or replaced during the search";

/// A number that no other process has.
fn random() -> u64 {
    RandomState::new().hash_one(Instant::now().elapsed())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a member's part of the search ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    /// All states are expanded.
    Complete,
    /// The job has ended.
    Ended,
    /// A run has violated the monitor's assumption.
    Surprised,
    /// The process has to stop: an interrupt, or its time budget.
    Left,
    /// The connection has failed.
    Failed(String),
}

/// What the members of a process share.
struct Process<C> {
    watched: Watched<C>,
    plan: Arc<Plan<C>>,
    notes: Mutex<Notes>,
    known: Known,
    ended: Mutex<Option<End>>,
    /// Whether the members have to stop: one has failed, or the caller stops the search.
    stops: AtomicBool,
    /// The states of all processes, and the fraction of them that is expanded.
    progress: Mutex<(u64, f64)>,
    /// The bound on states.
    most: Option<u64>,
    /// What this process has found, in case the server loses it: the states and a schedule by kind.
    found: Mutex<BTreeMap<u32, (u64, Schedule)>>,
}

impl<C: Build<Engine>> Process<C> {
    fn notes(&self) -> Notes {
        let mut notes = lock(&self.notes).clone();
        notes.has_met = self.watched.noticed.has_met.load(Ordering::Relaxed);
        let limits = self.plan.limits.summary().unwrap_or_default();
        notes.bounds.extend(limits.split("; ").filter(|limit| !limit.is_empty()).map(str::to_owned));
        notes
    }

    fn end(&self, end: End) {
        if matches!(end, End::Failed(_)) {
            self.stops.store(true, Ordering::Relaxed);
        }
        let mut ended = lock(&self.ended);
        // A reason to stop is more important than the end itself.
        if ended.as_ref().is_none_or(|known| matches!(known, End::Complete | End::Ended)) {
            *ended = Some(end);
        }
    }
}

/// A member's open states.
struct Member<C> {
    process: Arc<Process<C>>,
    worker: Arc<Mutex<Worker<AnyLink>>>,
    /// The taken states, and the current one.
    items: VecDeque<Item>,
    item: Option<Item>,
}

impl<C: Build<Engine>> Member<C> {
    fn ends(&mut self, end: End) -> Option<OpenState> {
        self.process.end(end);
        None
    }

    /// Ends the job at the bound on states, if it is reached.
    fn is_at_bound(&self) -> bool {
        let mut worker = lock(&self.worker);
        // The start is claimed, and is no state.
        let states = worker.progress().0.saturating_sub(1);
        let Some(most) = self.process.most.filter(|&most| states > most) else { return false };
        let job = worker.job().clone();
        // If the link fails, the outcome cannot be read either.
        _ = job.end(&mut worker.link, "bounded", &format!("stopped at {}", Bound::States(most)));
        true
    }
}

/// An open state of the engine.
fn opened(item: &Item) -> Option<OpenState> {
    let state = item.id.as_slice().try_into().ok().map(u128::from_be_bytes);
    let path = if item.path.is_empty() { Default::default() } else { item.path.parse().ok()? };
    Some(OpenState { state, path })
}

impl<C: Build<Engine>> Frontier for Member<C> {
    fn next(&mut self) -> Option<OpenState> {
        loop {
            let is_full = lock(&self.worker).is_full();
            if !is_full && let Some(item) = self.items.pop_front() {
                let Some(open) = opened(&item) else {
                    return self.ends(End::Failed("the server has a path that is no schedule".to_owned()));
                };
                self.item = Some(item);
                return Some(open);
            }
            if self.process.watched.is_surprised() {
                return self.ends(End::Surprised);
            }
            let notes = self.process.notes();
            let is_last = self.process.stops.load(Ordering::Relaxed);
            let keeps = !self.items.is_empty();
            let round = {
                let mut worker = lock(&self.worker);
                if is_last || keeps { worker.flush(&notes) } else { worker.round(&notes) }
            };
            *lock(&self.process.progress) = self.progress();
            match round {
                Err(why) => return self.ends(End::Failed(why)),
                Ok(Round::Ended) => return self.ends(End::Ended),
                Ok(_) if is_last => return self.ends(End::Left),
                Ok(_) if self.is_at_bound() => return self.ends(End::Ended),
                Ok(Round::Expand(items)) => self.items.extend(items),
                Ok(Round::Complete) => return self.ends(End::Complete),
                Ok(Round::Wait) if keeps => {}
                Ok(Round::Wait) => thread::sleep(PAUSE),
            }
        }
    }

    fn is_known(&self, state: u128) -> bool {
        self.process.known.has(state)
    }

    fn expanded(&mut self, expanded: Expanded) {
        let item = self.item.take().expect("an expanded state was taken");
        let Expanded { transitions, executions, found, schedule, successors, .. } = expanded;
        let expanded = Acknowledgement { id: item.id, transitions, executions, found, schedule };
        if let Some(schedule) = &expanded.schedule {
            let mut all = lock(&self.process.found);
            for kind in expanded.kinds() {
                all.entry(kind).or_insert_with(|| (0, schedule.clone())).0 += 1;
            }
        }
        let successors = successors
            .into_iter()
            .map(|(state, path)| Item { id: state.to_be_bytes().into(), path: path.to_string() });
        lock(&self.worker).add(expanded, successors);
    }

    fn progress(&self) -> (u64, f64) {
        let (claimed, acknowledged) = lock(&self.worker).progress();
        (claimed.saturating_sub(1), acknowledged as f64 / claimed.max(1) as f64)
    }
}

/// Records the failures and the bounds of runs, before the states are acknowledged.
struct Noting<'p, C>(&'p Process<C>);

impl<C: Build<Engine>> Observer for Noting<'_, C> {
    fn execution(&mut self, run: &Run<'_>) -> ControlFlow<()> {
        match run.ending() {
            Ending::Panic { .. } => lock(&self.0.notes).fail(true, &run.schedule()),
            Ending::Deadlock(_) => lock(&self.0.notes).fail(false, &run.schedule()),
            Ending::TooLong => {
                let bounds = &mut lock(&self.0.notes).bounds;
                let bound = "an execution was aborted at the bound on its steps or spins";
                if bounds.is_empty() {
                    bounds.push(bound.to_owned());
                }
            }
            Ending::Complete | Ending::Nondeterministic(_) => {}
        }
        ControlFlow::Continue(())
    }
}

/// Searches the planned case together with the other processes of `fleet`.
pub(super) fn search<C: Build<Engine>>(
    search: &mut Search<'_, '_>,
    fleet: &Fleet,
    plan: &Arc<Plan<C>>,
    classes: (u64, u64),
) -> Searched {
    let start = Instant::now();
    for may_land in [false, true] {
        match attempt(search, fleet, plan, (classes, start), may_land) {
            Ok(Some(searched)) => return searched,
            Ok(None) => {}
            Err(error) => {
                *lock(&fleet.error) = Some(error);
                break;
            }
        }
    }
    nothing()
}

/// The result of a process that did not take part.
fn nothing() -> Searched {
    Searched {
        tally: tally(&[], false),
        schedules: 0,
        events: 0,
        states: None,
        refused: None,
        bound: Some("the search with other processes failed".to_owned()),
        broken: None,
        trace: None,
    }
}

/// Searches with or without the monitor's assumption. `None` if a run violated it.
fn attempt<C: Build<Engine>>(
    search: &mut Search<'_, '_>,
    fleet: &Fleet,
    plan: &Arc<Plan<C>>,
    (classes, start): ((u64, u64), Instant),
    may_land: bool,
) -> Result<Option<Searched>, FleetError> {
    let (case, budget) = (search.case, search.budget);
    let (job, mut link) = fleet.join(case, budget, may_land)?;
    let mut links = Vec::new();
    for _ in 0..budget.jobs.map_or(1, |jobs| jobs.get()) {
        links.push(fleet.server.connect()?);
    }
    let progress = Arc::new(Mutex::new(Reached::States { count: 0, done: 0.0 }));
    // The members look at the bounds on time and states between two rounds.
    let explorer = explorer(Budget { time: None, states: None, ..budget }, &progress);
    let process = Arc::new(Process {
        watched: Watched::new(plan, may_land),
        plan: Arc::clone(plan),
        notes: Mutex::default(),
        known: Known::default(),
        ended: Mutex::default(),
        stops: AtomicBool::new(false),
        progress: Mutex::new((0, 0.0)),
        most: budget.states,
        found: Mutex::default(),
    });
    let reports: Vec<Report> = thread::scope(|scope| {
        let members = links.into_iter().map(|link| {
            let (process, explorer) = (Arc::clone(&process), explorer.clone());
            let worker = Worker::new(link, job.clone()).sharing(&process.known);
            scope.spawn(move || member(&process, &explorer, worker))
        });
        let members: Vec<_> = members.collect();
        while !members.iter().all(thread::ScopedJoinHandle::is_finished) {
            let (count, done) = *lock(&process.progress);
            let is_late = budget.time.is_some_and(|most| start.elapsed() >= most);
            if (search.watch)(Reached::States { count, done }).is_break() || is_late {
                process.stops.store(true, Ordering::Relaxed);
            }
            thread::sleep(PAUSE);
        }
        let joined = members.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|report| report.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let end = lock(&process.ended).clone().unwrap_or(End::Ended);
    let settled = match &end {
        End::Complete => job.finish(&mut *link),
        End::Surprised => job.end(&mut *link, "surprised", ""),
        End::Ended | End::Left | End::Failed(_) => Ok(()),
    };
    let outcome = settled.and_then(|()| job.outcome(&mut *link));
    let outcome = outcome.and_then(|outcome| outcome.ok_or_else(|| LOST.to_owned()));
    let (watched, runs) = (&process.watched, reports.iter().filter_map(|its| its.states.as_ref()));
    let (runs, bytes) = (runs.map(|states| states.runs).sum(), process.known.bytes());
    let events = reports.iter().map(|report| report.events).sum::<u64>();
    let has_met = watched.noticed.has_met.load(Ordering::Relaxed);
    let own =
        lock(&process.found).iter().map(|(&kind, (states, its))| (kind, *states, its.clone())).collect();
    let failure = lock(&process.notes).failure.as_deref().and_then(Outcome::schedule);
    let local = Outcome { has_met, failure, found: own, ..Outcome::default() };
    let (outcome, lost) = match outcome {
        Ok(outcome) => (outcome, None),
        Err(why) => (local, Some(why)),
    };
    if outcome.state == "surprised" {
        return Ok(None);
    }
    let Outcome { states: count, transitions, ref found, .. } = outcome;
    let done = if outcome.state == "done" { 1.0 } else { outcome.expanded as f64 / count.max(1) as f64 };
    let states = StateCount { states: count, transitions, runs, bytes, done };
    let found: Vec<Found> =
        found.iter().map(|(kind, states, schedule)| Found::new(*kind, *states, schedule.clone())).collect();
    let far = how_far(&states);
    let bound = match (&*outcome.state, lost) {
        (_, Some(why)) => Some(format!("{why}, after {far}")),
        ("done", None) if outcome.bounds.is_empty() => None,
        ("done", None) => Some(outcome.bounds.join("; ")),
        ("open", None) => Some(match end {
            End::Failed(ref why) => format!("{why}, after {far}"),
            _ if budget.time.is_some_and(|time| start.elapsed() >= time) => {
                ended_by(Bound::Time(budget.time.unwrap_or_default()), &far)
            }
            _ => ended_by(Bound::Stopped, &far),
        }),
        ("refused" | "nondeterministic", None) => None,
        (_, None) => Some(format!("{}, after {far}", outcome.why)),
    };
    let is_interrupted = matches!(end, End::Left);
    drop(reports);
    let failure = outcome.failure.clone();
    let broken = failure.as_ref().and_then(|schedule| {
        let mut broken = None;
        Explorer::replay(schedule.clone()).run_each(watched.body(), |run| {
            broken = broken_by(run.ending());
            ControlFlow::Continue(())
        });
        broken
    });
    let reached = Reached::States { count, done };
    let simplest = |kind| {
        (!is_interrupted).then(|| simplest(search, &explorer, watched, kind, reached, start)).flatten()
    };
    let trace = trace(case, plan, failure, &found, simplest);
    let nondeterministic =
        (outcome.state == "nondeterministic").then(|| Verdict::Nondeterministic(outcome.why.clone()));
    Ok(Some(Searched {
        tally: tally(&found, outcome.has_met),
        schedules: classes.0 + outcome.executions,
        events: classes.1 + events,
        states: Some(states),
        refused: (outcome.state == "refused").then(|| outcome.why.clone()),
        bound,
        broken: nondeterministic.or(broken),
        trace,
    }))
}

/// Why there is no outcome.
const LOST: &str = "the server has lost the search, or another process has started it again";

/// Expands states until the job ends. Ends it if the case cannot be searched.
fn member<C: Build<Engine>>(
    process: &Arc<Process<C>>,
    explorer: &Explorer<Stateful>,
    worker: Worker<AnyLink>,
) -> Report {
    let worker = Arc::new(Mutex::new(worker));
    let names = Arc::clone(&worker);
    let numbers: Arc<TaskNumbers> =
        Arc::new(move |parent, segment, nth| lock(&names).number(&format!("{parent}.{segment}.{nth}")));
    let frontier = Member {
        process: Arc::clone(process),
        worker: Arc::clone(&worker),
        items: VecDeque::new(),
        item: None,
    };
    let report = explorer.expand(process.watched.body(), &mut Noting(process), frontier, numbers);
    let broken = report.nondeterminism.as_ref().map(|why| ("nondeterministic", why.clone()));
    let broken = broken.or_else(|| report.refused.map(|why| ("refused", why.to_string())));
    let why = broken.or_else(|| match report.bound {
        // The notes have the first ones, and the last one is no property of the search.
        None | Some(Bound::Steps(_) | Bound::Spins { .. } | Bound::Removals { .. } | Bound::Stopped) => None,
        Some(bound @ Bound::Unseen(_)) => Some(("bounded", ended_by(bound, "all states"))),
        Some(bound) => Some(("bounded", format!("stopped at {bound}"))),
    });
    if let Some((state, why)) = why {
        let mut worker = lock(&worker);
        let job = worker.job().clone();
        let ended = job.end(&mut worker.link, state, &why);
        process.end(ended.map_or_else(End::Failed, |()| End::Ended));
        // The other members would complete a search that this one has not.
        process.stops.store(true, Ordering::Relaxed);
    }
    report
}
