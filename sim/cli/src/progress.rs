//! A progress bar on stderr: on a terminal alone, and only of what takes more than a second.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use selvedge_sim::scenario::Case;

/// What is over sooner than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Progress {
    bar: ProgressBar,
    began: Instant,
    case: String,
}

impl Progress {
    /// No bar as yet.
    pub(crate) fn new(cases: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(cases), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{bar:20} {pos}/{len} cases  {wide_msg}");
        bar.set_style(style.expect("the template is sound"));
        Progress { bar, began: Instant::now(), case: String::new() }
    }

    /// A case begins.
    pub(crate) fn begin(&mut self, case: &Case) {
        self.case = format!("{} {}", case.scenario, case.name);
        self.reached(0);
    }

    /// The case has come so far.
    pub(crate) fn reached(&self, schedules: u64) {
        if self.began.elapsed() < PATIENCE {
            return;
        }
        if self.bar.is_hidden() {
            // Stays hidden where stderr is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_message(format!("{}  {} schedules", self.case, HumanCount(schedules)));
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
