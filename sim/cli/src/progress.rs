//! A progress bar on stderr: on a terminal only, and only after one second.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use selvedge_sim::explore::Reached;
use selvedge_sim::number::counted;
use selvedge_sim::scenario::Case;

/// A command that ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    bar: ProgressBar,
    began: Instant,
    case: String,
    /// When the stateful search of the case began.
    stateful_since: Option<Instant>,
}

impl Progress {
    /// A hidden bar.
    pub(crate) fn new(cases: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(cases), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{bar:20} {pos}/{len} cases  {wide_msg}");
        bar.set_style(style.expect("the template is sound"));
        Progress { bar, began: Instant::now(), case: String::new(), stateful_since: None }
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
        if self.began.elapsed() < PATIENCE {
            return;
        }
        if self.bar.is_hidden() {
            // Stays hidden where stderr is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        let time = self.stateful_since.map(|since| since.elapsed()).unwrap_or_default();
        self.bar.set_message(format!("{}  {}", self.case, progress_text(reached, time)));
    }

    /// Counts the case as done.
    pub(crate) fn end(&self) {
        self.bar.inc(1);
    }

    /// Calls `write` with the bar hidden.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
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
}
