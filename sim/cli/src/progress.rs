//! A progress bar on stderr: on a terminal alone, and only of what takes more than a second.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use selvedge_sim::explore::Reached;
use selvedge_sim::number::counted;
use selvedge_sim::scenario::Case;

/// What is over sooner than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    bar: ProgressBar,
    began: Instant,
    case: String,
    /// Since when the case has been searched by states.
    by_states: Option<Instant>,
}

impl Progress {
    /// No bar as yet.
    pub(crate) fn new(cases: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(cases), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{bar:20} {pos}/{len} cases  {wide_msg}");
        bar.set_style(style.expect("the template is sound"));
        Progress { bar, began: Instant::now(), case: String::new(), by_states: None }
    }

    /// A case begins.
    pub(crate) fn begin(&mut self, case: &Case) {
        self.case = format!("{} {}", case.scenario, case.name);
        self.by_states = None;
        self.reached(Reached::Schedules(0));
    }

    /// The case has come so far.
    pub(crate) fn reached(&mut self, reached: Reached) {
        if let Reached::States { .. } = reached {
            self.by_states.get_or_insert_with(Instant::now);
        }
        if self.began.elapsed() < PATIENCE {
            return;
        }
        if self.bar.is_hidden() {
            // Stays hidden where stderr is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        let time = self.by_states.map(|since| since.elapsed()).unwrap_or_default();
        self.bar.set_message(format!("{}  {}", self.case, told(reached, time)));
    }

    /// The case is over.
    pub(crate) fn end(&self) {
        self.bar.inc(1);
    }

    /// Does something while the bar is out of the way.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// How far a case has come; if it is searched by states, in this time.
fn told(reached: Reached, time: Duration) -> String {
    match reached {
        Reached::Schedules(count) => counted(count, "schedule"),
        Reached::States { count, done } => {
            let states = counted(count, "state");
            let speed = counted((count as f64 / time.as_secs_f64().max(1e-3)) as u64, "state");
            format!("{states}, {speed} a second, about {:.1} %", done * 100.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_with_their_speed_and_share() {
        let second = Duration::from_secs(2);
        assert_eq!(told(Reached::Schedules(4_096), second), "4,096 schedules");
        let reached = Reached::States { count: 90_000, done: 0.1234 };
        assert_eq!(told(reached, second), "90,000 states, 45,000 states a second, about 12.3 %");
    }
}
