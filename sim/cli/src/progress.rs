//! A progress bar on stderr: on a terminal only, and only after one second.

use std::cell::Cell;
use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use selvedge_sim::explore::Reached;
use selvedge_sim::number::counted;
use selvedge_sim::plain::plain;
use selvedge_sim::scenario::Case;
use terminal_size::terminal_size_of;

/// A command that ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// The interval between updates of the bar.
const INTERVAL: Duration = Duration::from_millis(50);

/// The width of the bar, in columns.
const BAR: u64 = 20;

pub(crate) struct Progress {
    cases: u64,
    done: Cell<u64>,
    began: Instant,
    case: String,
    /// When the stateful search of the case began.
    stateful_since: Option<Instant>,
    /// Whether stderr is a terminal that can erase a line.
    has_terminal: bool,
    /// When the bar was drawn last, if it is on the screen.
    drawn: Cell<Option<Instant>>,
}

impl Progress {
    /// A hidden bar.
    pub(crate) fn new(cases: u64) -> Self {
        let is_dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
        Progress {
            cases,
            done: Cell::new(0),
            began: Instant::now(),
            case: String::new(),
            stateful_since: None,
            has_terminal: io::stderr().is_terminal() && !is_dumb,
            drawn: Cell::new(None),
        }
    }

    /// Starts a case.
    pub(crate) fn begin(&mut self, case: &Case) {
        self.case = format!("{} {}", case.scenario, case.name);
        self.stateful_since = None;
        self.reached(Reached::Schedules(0));
    }

    /// Updates the progress of the case.
    pub(crate) fn reached(&mut self, reached: Reached) {
        if let Reached::States { .. } = reached {
            self.stateful_since.get_or_insert_with(Instant::now);
        }
        let time = self.stateful_since.map(|since| since.elapsed()).unwrap_or_default();
        self.show(|| format!("{}  {}", self.case, progress_text(reached, time)));
    }

    /// Updates the numbers of cases that are done and of all cases.
    pub(crate) fn counted(&mut self, done: u64, cases: u64) {
        self.done.set(done);
        self.cases = cases;
        self.show(String::new);
    }

    /// Draws the bar with this text, unless it was drawn a moment ago.
    fn show(&self, text: impl FnOnce() -> String) {
        let is_recent = self.drawn.get().is_some_and(|drawn| drawn.elapsed() < INTERVAL);
        if !self.has_terminal || self.began.elapsed() < PATIENCE || is_recent {
            return;
        }
        let text = format!("{}  {}", bar(self.done.get(), self.cases), text());
        let columns = terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0));
        let line: String = plain(&text, false).chars().take(columns.saturating_sub(1)).collect();
        draw(&line);
        self.drawn.set(Some(Instant::now()));
    }

    /// Counts the case as done.
    pub(crate) fn end(&self) {
        self.done.set(self.done.get() + 1);
    }

    /// Calls `write` with the bar hidden.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.clear();
        write()
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        if self.drawn.take().is_some() {
            draw("");
        }
    }
}

/// Replaces the terminal's current line. Errors are ignored: the bar is not a result.
fn draw(line: &str) {
    _ = write!(io::stderr(), "\r{line}\x1b[K");
}

/// The share of the cases that are done, as a bar and in numbers.
fn bar(done: u64, cases: u64) -> String {
    let filled = (done * BAR).checked_div(cases).unwrap_or(0).min(BAR);
    let part = |count: u64, of: &str| of.repeat(count as usize);
    format!("{}{} {done}/{cases} cases", part(filled, "█"), part(BAR - filled, "░"))
}

/// The progress in words; `time` is that of the stateful search.
fn progress_text(reached: Reached, time: Duration) -> String {
    match reached {
        Reached::Schedules(count) => counted(count, "schedule"),
        Reached::States { count, done } => {
            let states = counted(count, "state");
            let speed = counted((count as f64 / time.as_secs_f64().max(1e-3)) as u64, "state");
            format!("{states}, {speed} per second, about {:.1} %", done * 100.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_shown_with_their_speed_and_share() {
        let second = Duration::from_secs(2);
        assert_eq!(progress_text(Reached::Schedules(4_096), second), "4,096 schedules");
        let reached = Reached::States { count: 90_000, done: 0.1234 };
        assert_eq!(progress_text(reached, second), "90,000 states, 45,000 states per second, about 12.3 %");
    }

    #[test]
    fn the_bar_shows_the_share_of_the_cases() {
        assert_eq!(bar(0, 0), "░░░░░░░░░░░░░░░░░░░░ 0/0 cases");
        assert_eq!(bar(3, 8), "███████░░░░░░░░░░░░░ 3/8 cases");
        assert_eq!(bar(8, 8), "████████████████████ 8/8 cases");
    }
}
