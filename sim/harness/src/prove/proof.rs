//! The result of a proof.

use std::fmt;
use std::time::Duration;

use super::Family;
use crate::number::{counted, grouped, lasted};
use crate::scenario::{Case, Local, RemoteStart, Source};
use crate::verdict::CaseReport;

/// The result of exploring a family.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The family.
    pub family: Family,
    /// The number of clients, one of each class.
    pub clients: u64,
    /// The clients of which at least one start was searched.
    pub searched: u64,
    /// The searches, by the number of calls of their clients, from 1.
    pub by_calls: Vec<ByCalls>,
    /// The wall-clock time of the whole proof.
    pub wall: Duration,
    /// The result.
    pub outcome: Outcome,
}

/// The searches of all clients with the same number of calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByCalls {
    /// The clients.
    pub clients: u64,
    /// The clients that were searched.
    pub searched: u64,
    /// The searched pairs of a client and a start.
    pub searches: u64,
    /// The executed schedules of the searches by classes.
    pub schedules: u64,
    /// The visited states of the searches by states.
    pub states: u64,
    /// The time of the searches, which may have run at the same time.
    pub wall: Duration,
}

/// Whether the family is consistent.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Every search was complete, and found no violation.
    Proved,
    /// A client shows a violation, a deadlock, a panic or nondeterminism.
    Refuted(Box<Counterexample>),
    /// No violation was found, but some searches are missing or incomplete. Has the reason.
    Bounded(String),
    /// The searches of this shard were complete, and found no violation. The others decide.
    Part(String),
    /// No client has a read that overlaps or follows a write of its key.
    Vacuous,
}

/// A client that is not consistent.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The client, as a case.
    pub case: Case,
    /// Its numbers of calls, threads and keys.
    pub size: (usize, usize, usize),
    /// The result of its exploration.
    pub report: CaseReport,
    /// Whether every smaller client was searched completely, so that none shows a violation.
    pub is_smallest: bool,
}

impl Proof {
    /// The exit code of the command: 0 if proved, 1 if refuted, 3 if bounded, 4 if vacuous.
    pub fn exit_code(&self) -> u8 {
        match self.outcome {
            Outcome::Proved | Outcome::Part(_) => 0,
            Outcome::Refuted(_) => 1,
            Outcome::Bounded(_) => 3,
            Outcome::Vacuous => 4,
        }
    }

    /// The verdict in one word: `clean`, `bounded`, `vacuous`, or that of the counterexample.
    pub fn word(&self) -> &'static str {
        match &self.outcome {
            Outcome::Proved => "clean",
            Outcome::Part(_) => "part",
            Outcome::Refuted(found) => found.report.verdict.word(),
            Outcome::Bounded(_) => "bounded",
            Outcome::Vacuous => "vacuous",
        }
    }

    /// The searches of all sizes together.
    pub fn total(&self) -> ByCalls {
        let mut total = ByCalls::default();
        for its in &self.by_calls {
            total.clients += its.clients;
            total.searched += its.searched;
            total.searches += its.searches;
            total.schedules += its.schedules;
            total.states += its.states;
            total.wall += its.wall;
        }
        total
    }

    /// A table of the searches by number of calls.
    pub fn table(&self) -> String {
        let head = ["calls", "clients", "searched", "searches", "schedules", "states", "time"];
        let row = |(at, its): (usize, &ByCalls)| {
            let numbers = [at as u64 + 1, its.clients, its.searched, its.searches, its.schedules, its.states];
            numbers.map(grouped).into_iter().chain([lasted(its.wall)]).collect::<Vec<_>>()
        };
        let head = head.map(str::to_owned).to_vec();
        let rows: Vec<_> = std::iter::once(head).chain(self.by_calls.iter().enumerate().map(row)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for row in &rows {
            let cells: Vec<_> = row
                .iter()
                .enumerate()
                .map(|(at, cell)| format!("{cell:>width$}", width = width(at)))
                .collect();
            text += &format!("  {}\n", cells.join("  "));
        }
        text
    }
}

/// The verdict, in one line.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, level) = (&self.family, self.family.level);
        let counts = format!("{}, {} searched", counted(self.clients, "client"), grouped(self.searched));
        match &self.outcome {
            Outcome::Proved => write!(f, "{level} for all clients {family}: {counts}"),
            Outcome::Bounded(why) => {
                write!(f, "bounded, nothing found for clients {family}: {counts} ({why})")
            }
            Outcome::Part(shard) => write!(f, "{shard}: nothing found for clients {family}: {counts}"),
            Outcome::Vacuous => write!(
                f,
                "vacuous: in no client {family} does a read overlap or follow a write of its key: {counts}"
            ),
            Outcome::Refuted(found) => {
                let (calls, threads, keys) = found.size;
                let smallest = if found.is_smallest { "the smallest client" } else { "a client" };
                let what = found.case.expectation.judge(&found.report).why;
                write!(
                    f,
                    "{what}; {smallest}: {} by {} on {}",
                    counted(calls as u64, "call"),
                    counted(threads as u64, "thread"),
                    counted(keys as u64, "key")
                )
            }
        }
    }
}

/// `of up to 5 calls of get and set by up to 3 threads on 2 keys`.
impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations: Vec<_> = self.operations.iter().map(|kind| kind.name()).collect();
        write!(
            f,
            "of up to {} of {} by up to {} on {}",
            counted(self.bounds.calls as u64, "call"),
            listed(&operations),
            counted(self.bounds.threads as u64, "thread"),
            counted(self.bounds.keys as u64, "key")
        )?;
        let conditions = self.conditions();
        if !conditions.is_empty() {
            write!(f, ", with {}", listed(&conditions))?;
        }
        self.named().map_or(Ok(()), |named| write!(f, ", for {named}"))
    }
}

impl Family {
    /// The conditions beyond the operations, in words.
    fn conditions(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.is_cold() {
            all.push("a cold local tier".to_owned());
        }
        if self.starts.iter().any(|start| start.local == Local::Expiring) {
            all.push("expiry at any point".to_owned());
        }
        if self.starts.iter().any(|start| start.remote == RemoteStart::Expiring) {
            all.push("remote expiry at any point".to_owned());
        }
        if self.faults > 0 {
            all.push(format!("up to {}", counted(self.faults.into(), "fault")));
        }
        if self.drops > 0 {
            all.push(format!("up to {}", counted(self.drops.into(), "drop")));
        }
        if self.source == Source::Database {
            all.push("a database".to_owned());
        }
        if self.derived {
            all.push("derived keys".to_owned());
        }
        if self.nodes > 1 {
            all.push(counted(self.nodes as u64, "node"));
        }
        all.extend(self.specials.iter().map(|special| special.name().to_owned()));
        all
    }

    /// The starts, in words: `local cold, warm, expired; remote present, absent`.
    pub fn starts_text(&self) -> String {
        let (mut local, mut remote) = (Vec::new(), Vec::new());
        for start in &self.starts {
            if !local.contains(&start.local.name()) {
                local.push(start.local.name());
            }
            if !remote.contains(&start.remote.name()) {
                remote.push(start.remote.name());
            }
        }
        let stripes = match self.starts.iter().any(|start| start.shares_stripe) {
            true => "; keys in different stripes, in one stripe",
            false => "",
        };
        format!("local {}; remote {}{stripes}", local.join(", "), remote.join(", "))
    }
}

/// `get, set and delete`.
fn listed<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}
