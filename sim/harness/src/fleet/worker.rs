//! A member of a job: takes states, and claims and acknowledges the results.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashSet;
use selvedge_engine::{MAX_TASKS, Schedule};

use super::job::{Job, LEASE};
use super::link::Link;

/// The largest number of states that a member takes at once.
const MOST: usize = 128;

/// The number of successors after which a member claims them.
const MANY: usize = 1_024;

/// A state, as the server stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its fingerprint, in 16 bytes; or another text for the start of the search.
    pub id: Vec<u8>,
    /// The text of the schedule that leads to it; empty for the start of the search.
    pub path: String,
}

/// The counts of an expanded state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acknowledgement {
    /// See [`Item::id`].
    pub id: Vec<u8>,
    /// The number of its steps.
    pub transitions: u64,
    /// The number of executions that end in it or in one of its steps.
    pub executions: u64,
    /// The kinds of its findings, one bit each.
    pub found: u64,
    /// A schedule that leads to it, if there are findings.
    pub schedule: Option<Schedule>,
}

impl Acknowledgement {
    /// The kinds of its findings.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = u32> {
        (0..u64::BITS).filter(|kind| self.found & 1 << kind != 0)
    }

    /// The arguments of the script.
    pub(super) fn arguments(&self) -> [Vec<u8>; 5] {
        let kinds = self.kinds().map(|kind| kind.to_string());
        let schedule = self.schedule.as_ref().map(|its| format!("{:09} {its}", its.len()));
        [
            self.id.clone(),
            self.transitions.to_string().into(),
            self.executions.to_string().into(),
            kinds.collect::<Vec<_>>().join(",").into(),
            schedule.unwrap_or_default().into(),
        ]
    }
}

/// Observations in any of the executed steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// A read has overlapped or followed a write of its key.
    pub has_met: bool,
    /// The rank and the schedule of the failure to show. The least text of all members wins.
    pub failure: Option<String>,
    /// The bounds that left schedules out.
    pub bounds: Vec<String>,
}

impl Notes {
    /// Adds an execution that failed.
    pub fn fail(&mut self, is_panic: bool, schedule: &Schedule) {
        let text =
            format!("{}-{:09}-{:09} {schedule}", u8::from(!is_panic), schedule.switches(), schedule.len());
        if self.failure.as_ref().is_none_or(|known| text < *known) {
            self.failure = Some(text);
        }
    }
}

/// The states that are known to be claimed, for all workers of a process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(Arc<Mutex<FxHashSet<u128>>>);

/// The next action of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Round {
    /// Expand these states.
    Expand(Vec<Item>),
    /// Wait: other members expand the last states.
    Wait,
    /// All states are expanded.
    Complete,
    /// The job has ended otherwise, or the server has lost it.
    Ended,
}

/// A member of a job.
#[derive(Debug)]
pub struct Worker<L> {
    /// The connection.
    pub link: L,
    job: Job,
    known: Known,
    lease: u64,
    /// The states to claim, and those to acknowledge after that.
    successors: Vec<Item>,
    expanded: Vec<Acknowledgement>,
    /// The numbers of claimed and acknowledged states of the job.
    progress: (u64, u64),
    /// Why the numbers of tasks are not those of the job, and how many are not.
    misnumbered: Option<(String, u32)>,
}

impl<L: Link> Worker<L> {
    /// A member with a local table of its own.
    pub fn new(link: L, job: Job) -> Self {
        let (known, lease) = (Known::default(), LEASE);
        let (successors, expanded, progress) = (Vec::new(), Vec::new(), (1, 0));
        Worker { link, job, known, lease, successors, expanded, progress, misnumbered: None }
    }

    /// Shares the local table with other workers of the process.
    pub(crate) fn sharing(self, known: &Known) -> Self {
        Worker { known: known.clone(), ..self }
    }

    /// Sets the lease, in milliseconds. With 0, other members may always take what this one has
    /// taken: the worst case for the protocol.
    pub fn lease(self, lease: u64) -> Self {
        Worker { lease, ..self }
    }

    /// The job.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The numbers of claimed and acknowledged states, including the start, when they were last
    /// read.
    pub fn progress(&self) -> (u64, u64) {
        self.progress
    }

    /// Adds an expanded state with the states that its steps lead to.
    pub fn add(&mut self, expanded: Acknowledgement, successors: impl IntoIterator<Item = Item>) {
        self.successors.extend(successors);
        self.expanded.push(expanded);
    }

    /// Whether the results should be sent before the next state is expanded.
    pub fn is_full(&self) -> bool {
        self.successors.len() >= MANY
    }

    /// Claims the successors, acknowledges the expanded states, and takes others.
    ///
    /// # Errors
    ///
    /// If the link fails. The member must not continue then.
    pub fn round(&mut self, notes: &Notes) -> Result<Round, String> {
        self.send(notes, MOST)
    }

    /// Like [`round`](Self::round), without taking states.
    ///
    /// # Errors
    ///
    /// If the link fails.
    pub fn flush(&mut self, notes: &Notes) -> Result<Round, String> {
        self.send(notes, 0)
    }

    /// The number of the task with this name, the same for all members. If the job has ended, or
    /// the link fails, the number is arbitrary, and the next round fails.
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        let why = match self.job.number(&mut self.link, name) {
            Ok(Some(number)) => return number,
            Ok(None) => "the search has ended".to_owned(),
            Err(why) => why,
        };
        let (_, count) = self.misnumbered.get_or_insert((why, 0));
        *count += 1;
        // From the other end, so that the numbers differ.
        (MAX_TASKS as u32).saturating_sub(*count)
    }

    fn send(&mut self, notes: &Notes, most: usize) -> Result<Round, String> {
        if let Some((why, _)) = &self.misnumbered {
            return Err(why.clone());
        }
        let mut ids = FxHashSet::default();
        self.successors.retain(|item| !self.known.contains(&item.id) && ids.insert(item.id.clone()));
        if !self.successors.is_empty() {
            if !self.job.claim(&mut self.link, &self.successors)? {
                return Ok(Round::Ended);
            }
            // Another worker of the process leaves a known state out of its claims. So a state is
            // known only now, when it cannot be lost.
            self.known.add(self.successors.drain(..).map(|item| item.id));
        }
        let bounds = (most, self.lease);
        let taken = self.job.acknowledge_and_take(&mut self.link, &self.expanded, notes, bounds)?;
        let Some(taken) = taken else { return Ok(Round::Ended) };
        self.expanded.clear();
        if most == 0 {
            return Ok(Round::Wait);
        }
        self.progress = (taken.claimed, taken.acknowledged);
        Ok(match taken.items {
            items if !items.is_empty() => Round::Expand(items),
            _ if taken.claimed == taken.acknowledged => Round::Complete,
            _ => Round::Wait,
        })
    }
}

impl Known {
    fn contains(&self, id: &[u8]) -> bool {
        id.try_into().is_ok_and(|id| self.has(u128::from_be_bytes(id)))
    }

    fn add(&self, ids: impl Iterator<Item = Vec<u8>>) {
        let states = ids.filter_map(|id| id.as_slice().try_into().ok().map(u128::from_be_bytes));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(states);
    }

    /// Whether the state with this fingerprint is known.
    pub(crate) fn has(&self, state: u128) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&state)
    }

    /// The memory of the table in bytes, about.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).capacity() as u64 * 17 * 8 / 7
    }
}
