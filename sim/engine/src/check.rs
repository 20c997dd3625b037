//! A test in one call: explores, and panics with a report if it finds a failure.

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Instant;

use crate::bound::Bound;
use crate::capability::SearchMode;
use crate::determinism::MEND_NONDETERMINISM;
use crate::explorer::Explorer;
use crate::number::{counted, grouped};
use crate::report::{Failure, Report};
use crate::run::Run;
use crate::runtime::Ending;
use crate::search::Settings;
use crate::trace::Trace;
use crate::verdict::Verdict;
use crate::witness::Effort;

/// Maximum number of further executions after the first failure, to find a simpler one.
const FURTHER_EXECUTIONS: u64 = 10_000;

/// Maximum number of states that all searches for simplest schedules visit together.
const STATES: u64 = 1 << 21;

/// Maximum number of states that one of these searches visits.
const STATES_EACH: u64 = 1 << 17;

impl<M: SearchMode> Explorer<M> {
    /// Explores the schedules of `body`, and panics on a failure. The message contains the verdict,
    /// the schedule, and the trace of the simplest failure found: the fewest context switches, then
    /// the fewest events, then the first in the order of the tasks.
    ///
    /// An exhaustive search that reaches a bound also fails, because the schedules that it left out
    /// are not checked. To accept a bounded search, inspect the [`verdict`](Report::verdict) of
    /// [`run`](Explorer::run). A random search has no end, and runs the requested number of
    /// executions.
    ///
    /// # Panics
    ///
    /// If there is a deadlock or a panic, if the search is bounded, if a
    /// [`sometimes`](crate::sometimes) condition never held in a complete search, or if the program
    /// is not deterministic.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, Mutex};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// Explorer::optimal().check(|| {
    ///     let sum = Arc::new(Mutex::new(0));
    ///     let other = Arc::clone(&sum);
    ///     let task = thread::spawn(move || *other.lock().unwrap() += 1);
    ///     *sum.lock().unwrap() += 1;
    ///     task.join().unwrap();
    ///     assert_eq!(*sum.lock().unwrap(), 2);
    /// });
    /// ```
    #[track_caller]
    pub fn check(&self, body: impl Fn() + 'static) -> Report {
        if self.mode.strategy().0.is_search_of_graphs() {
            return self.check_graphs(body);
        }
        let body = Rc::new(body);
        let (mut best, mut executions, mut last) = (None, 0, u64::MAX);
        let start = Instant::now();
        let mut until_late = || match self.settings.max_time {
            Some(most) if start.elapsed() >= most => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let mut effort =
            Effort { states: STATES, each: STATES_EACH, watch: &mut until_late, is_spent: false };
        let searched = Rc::clone(&body);
        let is_stateful = self.mode.strategy().0.by_states().is_some();
        let report = self.run_each(
            move || searched(),
            |run| {
                executions += 1;
                if is_failure(run.ending()) && !is_stateful {
                    consider(&mut best, run, &mut effort);
                    last = last.min(executions + FURTHER_EXECUTIONS);
                }
                if executions < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            },
        );
        if is_stateful && let Some(found) = &report.failure {
            let is_wanted =
                |ending: &Ending| is_failure(ending) && is_panic(ending) == is_panic(&found.ending);
            let again = Rc::clone(&body);
            let simplest =
                self.settings.simplest(None, Rc::new(move || again()), is_wanted, &mut *effort.watch);
            effort.is_spent = simplest.is_none();
            best = simplest.or_else(|| Some(found.clone()));
        }
        let is_first = effort.is_spent;
        if report.nondeterminism.is_none()
            && let Some(witness) = best
        {
            panic!("{}", self.story(&report, &witness, is_first, move || body()));
        }
        match report.verdict() {
            Verdict::Complete { .. } => report,
            Verdict::Bounded { too_long: 0, seed: Some(_), .. } => report,
            Verdict::Bounded { bound: Bound::Schedule, .. } => report,
            verdict @ Verdict::Bounded { .. } => panic!(
                "{verdict}\nThe schedules that were left out are not checked. Raise the bound, or make the program smaller; \
                 or inspect the verdict of `run`, to accept a bounded search."
            ),
            verdict => panic!("{verdict}"),
        }
    }

    /// [`check`](Explorer::check) of a search of execution graphs. It shows the first failing
    /// execution: a schedule would not identify it.
    #[track_caller]
    fn check_graphs(&self, body: impl Fn() + 'static) -> Report {
        let body = Rc::new(body);
        let mut failed = None;
        let searched = Rc::clone(&body);
        let report = self.run_each(
            move || searched(),
            |run| {
                if !is_failure(run.ending()) {
                    return ControlFlow::Continue(());
                }
                failed = Some(Failure { ending: run.ending().clone(), schedule: run.schedule() });
                ControlFlow::Break(())
            },
        );
        match (failed, report.verdict()) {
            (Some(failure), _) => panic!("{}", self.story(&report, &failure, false, move || body())),
            (None, Verdict::Complete { .. }) => report,
            (None, verdict) => panic!("{verdict}"),
        }
    }

    /// The report of a failure: the verdict, the trace, the number of failures, and the schedule.
    /// `is_first`: the search for the simplest witness was ended, and `witness` is the first one
    /// found.
    fn story(&self, report: &Report, witness: &Failure, is_first: bool, body: impl Fn() + 'static) -> String {
        let body: Rc<dyn Fn()> = Rc::new(body);
        let settings = Settings {
            max_executions: None,
            max_time: None,
            recording: true,
            on_progress: None,
            ..self.settings.clone()
        };
        let replay = Explorer { settings, ..Explorer::replay(witness.schedule.clone()) };
        let again = || {
            let (body, mut again) = (Rc::clone(&body), None);
            replay.run_each(
                move || body(),
                |run| {
                    again = Some((run.ending().clone(), run.trace()));
                    ControlFlow::Continue(())
                },
            );
            again.expect("a replay is one run")
        };
        let (ending, trace): (Ending, Option<Trace>) = again();
        let differs = |before: &Ending, now: &Ending| {
            format!(
                "nondeterministic: the schedule {} ended with {before:?}, and with {now:?} when it was run again. \
                 {MEND_NONDETERMINISM}",
                witness.schedule
            )
        };
        // The witness is another schedule of the class of the failing run: of two panics, the other
        // may come first.
        if std::mem::discriminant(&ending) != std::mem::discriminant(&witness.ending) {
            return differs(&witness.ending, &ending);
        }
        let (third, _) = again();
        if third != ending {
            return differs(&ending, &third);
        }
        let shown = Failure { ending, schedule: witness.schedule.clone() };
        let mut story = Verdict::of_failure(&shown).failure();
        story += "\n\n";
        let steps = trace.map(|trace| trace.write_steps(&mut story));
        debug_assert_eq!(steps, Some(Ok(())), "the replay records, and a text takes all that is written");
        let executions = counted(report.executions, "execution");
        let failed = match (grouped(report.panics), grouped(report.deadlocks)) {
            (panics, _) if report.deadlocks == 0 => format!("{panics} of {executions} panicked"),
            (_, deadlocks) if report.panics == 0 => format!("{deadlocks} of {executions} deadlocked"),
            (panics, deadlocks) => format!("{panics} of {executions} panicked, {deadlocks} deadlocked"),
        };
        let searched = match (report.bound, report.seed) {
            (_, Some(seed)) => format!("at random from seed {seed}"),
            (Some(Bound::Schedule), _) => "one schedule was run".to_owned(),
            (None, None) => "the search is complete".to_owned(),
            (Some(_), None) => "the search is not complete".to_owned(),
        };
        let schedule = &witness.schedule;
        let first = match is_first {
            true => " This is the first schedule found: the search for a simpler one ended at its bound.",
            false => "",
        };
        story += &format!(
            "\n{failed}; {searched}.{first}\nTo run this schedule again: Explorer::replay(\"{schedule}\".parse().unwrap())"
        );
        story
    }
}

fn is_failure(ending: &Ending) -> bool {
    matches!(ending, Ending::Panic { .. } | Ending::Deadlock(_))
}

fn is_panic(ending: &Ending) -> bool {
    matches!(ending, Ending::Panic { .. })
}

/// Stores the simplest schedule of the run's class unless `best` is simpler. Prefers a panic to a
/// deadlock.
fn consider(best: &mut Option<Failure>, run: &Run<'_>, effort: &mut Effort<'_>) {
    let most = match best {
        Some(best) if is_panic(&best.ending) && !is_panic(run.ending()) => return,
        Some(best) if is_panic(&best.ending) == is_panic(run.ending()) && effort.is_spent => return,
        Some(best) if is_panic(&best.ending) == is_panic(run.ending()) => best.schedule.switches(),
        _ => usize::MAX,
    };
    let schedule = match run.simplest_schedule_within(&[], most, effort) {
        Some(schedule) => schedule,
        None if !effort.is_spent => return,
        None => run.schedule(),
    };
    let size = |ending: &Ending, schedule: &crate::Schedule| {
        (Reverse(is_panic(ending)), schedule.switches(), schedule.len())
    };
    let new = (size(run.ending(), &schedule), &schedule);
    if best.as_ref().is_none_or(|best| new < (size(&best.ending, &best.schedule), &best.schedule)) {
        *best = Some(Failure { ending: run.ending().clone(), schedule });
    }
}
