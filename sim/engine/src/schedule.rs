//! Schedules, and their text format.

use std::fmt;
use std::iter::Peekable;
use std::str::{CharIndices, FromStr};

use crate::event::{Decision, MAX_TASKS, TaskId};

/// The version at the start of a schedule's text.
const VERSION: &str = "s1";

/// The version at the start of the text of an execution graph.
const GRAPH_VERSION: &str = "g1";

/// The largest number of events in a schedule's text, so that a mistyped number cannot fill the
/// memory.
const MOST_EVENTS: usize = 1 << 24;

/// The number of tasks with a single letter.
const LETTERS: u32 = 26;

/// An order of events: the task and the alternative of each event.
///
/// The text consists of a version, a colon, and the events. A letter is a task: `a` is the main
/// task, `b` is task 1, and `Aa` follows `z`. A number after it is the number of consecutive events
/// of the task. A dot with a number is the alternative of the operation, if it is not the first.
/// The text has the same meaning on every machine, and is safe in shells and URLs.
///
/// A schedule of a search of [execution graphs](crate::Explorer::rc11) also identifies what is read
/// and overwritten. Its version is `g1`. A tilde with a number after an event is the number of
/// earlier events that wrote a newer value of its atomic: a read overlooks these, and a write comes
/// before them in coherence order.
///
/// # Examples
///
/// ```
/// use selvedge_engine::Schedule;
///
/// let schedule: Schedule = "s1:bc2.1a".parse().unwrap();
/// assert_eq!(schedule.decisions().collect::<Vec<_>>(), [(1, 0), (2, 1), (2, 1), (0, 0)]);
/// assert_eq!(schedule.switches(), 2);
/// assert_eq!(schedule.to_string(), "s1:bc2.1a");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Schedule {
    decisions: Vec<Decision>,
    /// For each event of an execution graph, the number of earlier newer writes.
    overlooked: Option<Vec<u16>>,
}

impl Schedule {
    pub(crate) fn new(decisions: Vec<Decision>) -> Self {
        Schedule { decisions, overlooked: None }
    }

    /// The schedule of an execution graph.
    pub(crate) fn of_graph(self, overlooked: Vec<u16>) -> Self {
        Schedule { overlooked: Some(overlooked), ..self }
    }

    /// Whether it is the schedule of an execution graph.
    pub fn is_graph(&self) -> bool {
        self.overlooked.is_some()
    }

    /// For each event, the number of earlier events that wrote a newer value of its atomic. `None`
    /// if it is not the schedule of an execution graph.
    pub(crate) fn overlooked(&self) -> Option<&[u16]> {
        self.overlooked.as_deref()
    }

    /// Each event with the number of earlier newer writes.
    fn events(&self) -> Vec<(Decision, u16)> {
        let overlooked = |nth: usize| self.overlooked.as_ref().map_or(0, |all| all[nth]);
        self.decisions.iter().enumerate().map(|(nth, &decision)| (decision, overlooked(nth))).collect()
    }

    pub(crate) fn as_decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The task's number and the alternative of each event (0 if there is only one alternative).
    pub fn decisions(&self) -> impl ExactSizeIterator<Item = (u32, u32)> + '_ {
        self.decisions.iter().map(|decision| (decision.task.into(), decision.choice.into()))
    }

    /// The number of events.
    pub fn len(&self) -> usize {
        self.decisions.len()
    }

    /// Whether it has no events.
    pub fn is_empty(&self) -> bool {
        self.decisions.is_empty()
    }

    /// The number of context switches.
    pub fn switches(&self) -> usize {
        self.decisions.windows(2).filter(|pair| pair[0].task != pair[1].task).count()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", if self.overlooked.is_some() { GRAPH_VERSION } else { VERSION })?;
        for block in self.events().chunk_by(PartialEq::eq) {
            let (Decision { task, choice }, overlooked) = block[0];
            let (group, letter) = (u32::from(task) / LETTERS, u32::from(task) % LETTERS);
            if group > 0 {
                write!(f, "{}", letter_of('A', group - 1))?;
            }
            write!(f, "{}", letter_of('a', letter))?;
            if block.len() > 1 {
                write!(f, "{}", block.len())?;
            }
            if choice > 0 {
                write!(f, ".{choice}")?;
            }
            if overlooked > 0 {
                write!(f, "~{overlooked}")?;
            }
        }
        Ok(())
    }
}

fn letter_of(first: char, nth: u32) -> char {
    char::from_u32(u32::from(first) + nth).expect("a letter")
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({self})")
    }
}

/// The error in a schedule's text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleError {
    /// It does not begin with a version.
    NoVersion,
    /// Its version is not supported.
    Version(String),
    /// The character at this index (from 1) is not the letter of a task.
    Task(usize, Option<char>),
    /// The character at this index names a task with a too large number.
    NoSuchTask(usize, u32),
    /// The number of events at this index is 0, or too large.
    Count(usize),
    /// The alternative at this index is missing, or too large.
    Choice(usize),
    /// The number of overlooked writes at this index is missing, or too large.
    Overlooked(usize),
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScheduleError::NoVersion => {
                write!(f, "a schedule begins with its version, as in `{VERSION}:ab2a`; this one has none")
            }
            ScheduleError::Version(version) => {
                write!(
                    f,
                    "the schedule is of version `{version}`, but this engine reads `{VERSION}` and \
                     `{GRAPH_VERSION}`: replay it with the release that printed it"
                )
            }
            ScheduleError::Task(at, Some(found)) => {
                write!(f, "character {at} of the schedule is `{found}`, where a task's letter should be")
            }
            ScheduleError::Task(at, None) => {
                write!(f, "the schedule is cut off at character {at}, where a task's letter should be")
            }
            ScheduleError::NoSuchTask(at, task) => {
                write!(
                    f,
                    "character {at} of the schedule names task {task}, but an exploration has at most \
                     {MAX_TASKS} tasks"
                )
            }
            ScheduleError::Count(at) => {
                write!(
                    f,
                    "the number of events at character {at} of the schedule is 0, or takes the schedule over \
                           {MOST_EVENTS} events"
                )
            }
            ScheduleError::Overlooked(at) => {
                write!(
                    f,
                    "character {at} of the schedule should be the number of newer writes that the event \
                     overlooks, at most {}",
                    u16::MAX
                )
            }
            ScheduleError::Choice(at) => {
                write!(
                    f,
                    "character {at} of the schedule should be the number of an alternative, at most {}",
                    u16::MAX
                )
            }
        }
    }
}

impl std::error::Error for ScheduleError {}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let text = text.trim();
        let (version, _) = text.split_once(':').ok_or(ScheduleError::NoVersion)?;
        let is_graph = version == GRAPH_VERSION;
        if version != VERSION && !is_graph {
            return Err(ScheduleError::Version(version.to_owned()));
        }
        let mut characters = text.char_indices().peekable();
        characters.nth(version.len());
        let (mut decisions, mut overlooked) = (Vec::new(), Vec::new());
        while let Some(&(at, _)) = characters.peek() {
            let task = task(&mut characters, text)?;
            let count = match number(&mut characters) {
                None => 1,
                Some(count) => usize::try_from(count)
                    .ok()
                    .filter(|&count| count > 0 && decisions.len() + count <= MOST_EVENTS)
                    .ok_or(ScheduleError::Count(place(text, at) + 1))?,
            };
            let mut numbered = |mark: char| -> Result<u16, usize> {
                let Some((at, _)) = characters.next_if(|&(_, found)| found == mark) else { return Ok(0) };
                let number = number(&mut characters).and_then(|number| u16::try_from(number).ok());
                number.ok_or(place(text, at) + 1)
            };
            let choice = numbered('.').map_err(ScheduleError::Choice)?;
            let newer = if is_graph { numbered('~').map_err(ScheduleError::Overlooked)? } else { 0 };
            decisions.resize(decisions.len() + count, Decision { task, choice });
            overlooked.resize(decisions.len(), newer);
        }
        Ok(Schedule { decisions, overlooked: is_graph.then_some(overlooked) })
    }
}

/// The index of the character, from 1.
fn place(text: &str, at: usize) -> usize {
    text[..at].chars().count() + 1
}

fn task(characters: &mut Peekable<CharIndices<'_>>, text: &str) -> Result<TaskId, ScheduleError> {
    let start = characters.peek().map_or(text.len(), |&(at, _)| at);
    let group = characters.next_if(|(_, found)| found.is_ascii_uppercase());
    let group = group.map_or(0, |(_, letter)| u32::from(letter) - u32::from('A') + 1);
    match characters.next() {
        Some((_, letter)) if letter.is_ascii_lowercase() => {
            let task = group * LETTERS + u32::from(letter) - u32::from('a');
            let known = TaskId::try_from(task).ok().filter(|&task| usize::from(task) < MAX_TASKS);
            known.ok_or(ScheduleError::NoSuchTask(place(text, start), task))
        }
        Some((at, found)) => Err(ScheduleError::Task(place(text, at), Some(found))),
        None => Err(ScheduleError::Task(place(text, text.len()), None)),
    }
}

/// Parses a number, if there is one. Saturates at `u64::MAX`.
fn number(characters: &mut Peekable<CharIndices<'_>>) -> Option<u64> {
    let mut number = None;
    while let Some((_, digit)) = characters.next_if(|(_, found)| found.is_ascii_digit()) {
        let digit = u64::from(digit) - u64::from('0');
        number = Some(number.unwrap_or(0u64).saturating_mul(10).saturating_add(digit));
    }
    number
}

impl FromIterator<(u32, u32)> for Schedule {
    /// The schedule with these events: the task and the alternative of each.
    ///
    /// # Panics
    ///
    /// If a number exceeds those of tasks or alternatives.
    fn from_iter<I: IntoIterator<Item = (u32, u32)>>(decisions: I) -> Self {
        let decision = |(task, choice)| Decision {
            task: TaskId::try_from(task)
                .ok()
                .filter(|&task| usize::from(task) < MAX_TASKS)
                .expect("a task's number is less than MAX_TASKS"),
            choice: u16::try_from(choice).expect("an alternative's number is at most 65,535"),
        };
        Schedule::new(decisions.into_iter().map(decision).collect())
    }
}
