//! Each state once.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use super::Parallel;
use crate::capability::{CountsPreemptions, ManyRuns, Sealed, SearchMode, SharesWork};
use crate::explorer::Explorer;
use crate::observer::Observer;
use crate::report::Report;
use crate::runtime::Ending;
use crate::schedule::Schedule;
use crate::search::{NewStrategy, SharedStates, StrategySource, WorkerStrategies};
use crate::stateful::{Checkpoint, Frontier, Part, TaskNumbers, Visited};
use crate::strategy::{Prefix, StateModel, StateSearch};
use crate::work_queue;

/// Explores each state once: schedules that lead to the same state are one from there on, whatever
/// their order was.
///
/// [`States::count`](crate::States::count) in [`Report::states`](crate::Report::states) is the
/// number of states. [`Report::executions`](crate::Report::executions) is the number of executions
/// that end in a new state, and [`Report::redundant`](crate::Report::redundant) the number of those
/// that were cut short at a state that had been visited.
#[derive(Clone, Debug)]
pub struct Stateful {
    max_states: Option<u64>,
    /// Steps whose predicted state has been visited are not executed.
    predicts: bool,
    model: StateModel,
    is_checkpointing: bool,
    /// The checkpoint that the search resumes from, if any.
    resumed: Option<Arc<Checkpoint>>,
}

impl Explorer<Stateful> {
    /// Explores each state once: schedules that lead to the same state are one from there on,
    /// whatever their order was. There are exponentially many states where there are factorially
    /// many classes of schedules, so that this search can be complete for a program of several
    /// tasks. But each state costs memory, and is a point of a run and not a whole run.
    ///
    /// Two states are the same if they agree in the observations of each task; the contents of each
    /// object; the clock; the remaining budget of a [bound](Explorer::max_preemptions); and the
    /// [monitor](crate::monitor()). A task with an observation never returns to the local state
    /// without it, unless it forgets: tasks forget between the operations of a
    /// [script](crate::scripted).
    ///
    /// [`run_each`](Explorer::run_each) shows the executions that end in a new state, with their
    /// schedules and endings, but without clocks. [`Report::states`](crate::Report::states) has the
    /// statistics. A program with an effect that the engine does not see
    /// ([`opaque`](crate::opaque)) is [refused](crate::Verdict::Refused): use
    /// [`optimal`](Explorer::optimal), which needs no states.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// // Five tasks store the same value: no task observes their order.
    /// let program = || {
    ///     let flag = Arc::new(AtomicU32::new(0));
    ///     for _ in 0..5 {
    ///         let flag = Arc::clone(&flag);
    ///         thread::spawn(move || flag.store(1, SeqCst));
    ///     }
    /// };
    /// assert_eq!(Explorer::optimal().run(program).executions, 120); // 5!
    /// let states = Explorer::stateful().run(program).states.unwrap();
    /// assert_eq!(states.count, 32); // which of the five have stored: 2^5
    /// ```
    pub fn stateful() -> Self {
        Explorer::new(Stateful {
            max_states: None,
            predicts: true,
            model: StateModel { is_symmetric: true, joins_movers: true, left_out: None },
            is_checkpointing: false,
            resumed: None,
        })
    }

    /// Stops at this many states, each of which takes about 32 bytes of memory.
    pub fn max_states(mut self, states: u64) -> Self {
        self.mode.max_states = Some(states);
        self
    }

    /// Executes each step in each state, including those whose predicted state has been visited.
    /// For measurements and tests of the prediction.
    #[doc(hidden)]
    pub fn without_transition_cache(mut self) -> Self {
        self.mode.predicts = false;
        self
    }

    /// Makes each operation a separate step, including the acquisition and the release of locks on
    /// which others can only wait. For measurements and tests of the reduction.
    #[doc(hidden)]
    pub fn without_movers(mut self) -> Self {
        self.mode.model.joins_movers = false;
        self
    }

    /// Omits a part of the states, so that different states are taken for the same. For tests,
    /// which check that the search then misses states.
    #[doc(hidden)]
    pub fn leaving_out(mut self, part: Part) -> Self {
        self.mode.model.left_out = Some(part);
        // Predictions would no longer agree with the states.
        self.without_transition_cache().without_movers()
    }

    /// Executes one process's part of a search that several processes share: expands the states
    /// that `frontier` assigns to it, until there are no more. `numbers` must return the same
    /// number of a task in all processes. A run ends at the first state after the expanded one, so
    /// the report has runs of this process alone; the counts of the search are in
    /// [`Expanded`](crate::Expanded).
    ///
    /// # Panics
    ///
    /// If an observer panics.
    pub fn expand(
        &self,
        body: impl Fn() + 'static,
        observer: &mut impl Observer,
        frontier: impl Frontier + 'static,
        numbers: Arc<TaskNumbers>,
    ) -> Report {
        self.settings.expand(self.mode.model, (Box::new(frontier), numbers), Rc::new(body), observer)
    }

    /// Finds the simplest schedule of `body` that runs to its end and in which the
    /// [monitor](crate::monitor()) finds this kind: the fewest context switches, then the fewest
    /// events, then the first in the order of the tasks. `None` if there is none, or if the search
    /// for it is too long. Calls `watch` after each run; stops when it returns `Break`.
    ///
    /// # Examples
    ///
    /// In the example of [`monitor`](crate::monitor()), it is the one schedule in which task 1
    /// comes right after task 2.
    pub fn simplest_finding(
        &self,
        kind: u32,
        body: impl Fn() + 'static,
        watch: impl FnMut() -> ControlFlow<()>,
    ) -> Option<Schedule> {
        let is_wanted = |ending: &Ending| *ending == Ending::Complete;
        let simplest = self.settings.simplest(Some(kind), Rc::new(body), is_wanted, watch);
        simplest.map(|its| its.schedule)
    }
}

impl Explorer<Parallel<Stateful>> {
    /// Stores a checkpoint in [`Report::checkpoint`](field@crate::Report::checkpoint) if a bound or
    /// the caller ends the search, from which the search can be [resumed](Explorer::resume).
    pub fn checkpointing(mut self) -> Self {
        self.mode.mode.is_checkpointing = true;
        self
    }

    /// Resumes an unfinished search of the same program, on this machine or another, with any
    /// number of workers. The report covers all parts of the search; bounds on executions and time
    /// apply to this part alone. If this part is also interrupted, its checkpoint replaces the
    /// first one.
    ///
    /// The observers receive the executions of this part.
    ///
    /// # Examples
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering::SeqCst}};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// let program = || {
    ///     let flag = Arc::new(AtomicU32::new(0));
    ///     for _ in 0..5 {
    ///         let flag = Arc::clone(&flag);
    ///         thread::spawn(move || flag.store(1, SeqCst));
    ///     }
    /// };
    /// let first = Explorer::stateful().max_states(20).jobs(1).checkpointing().run(program);
    /// assert!(!first.is_complete());
    /// let second = Explorer::stateful().jobs(2).resume(first.checkpoint.unwrap()).run(program);
    /// assert!(second.is_complete());
    /// assert_eq!(second.states.unwrap().count, 32); // as an uninterrupted search
    /// ```
    pub fn resume(mut self, checkpoint: Checkpoint) -> Self {
        self.mode.mode.resumed = Some(Arc::new(checkpoint));
        self.checkpointing()
    }
}

impl StrategySource for Stateful {
    fn strategy(&self) -> NewStrategy {
        let visited = Arc::new(Visited::new(self.max_states));
        NewStrategy::of_states(StateSearch::new(visited, self.predicts, None), self.model)
    }

    fn for_workers(&self, jobs: usize, shares_always: bool) -> WorkerStrategies<'_> {
        let (visited, open) = match &self.resumed {
            None => (Visited::new(self.max_states), vec![Prefix::new()]),
            Some(resumed) => {
                let open = resumed.open.iter().map(|prefix| prefix.as_decisions().to_vec()).collect();
                (Visited::resumed(&resumed.visited, self.max_states), open)
            }
        };
        let (visited, predicts, model) = (Arc::new(visited), self.predicts, self.model);
        let shared = Arc::clone(&visited);
        let strategy = move |queue| {
            let search = StateSearch::new(Arc::clone(&shared), predicts, Some(queue));
            NewStrategy::of_states(search, model)
        };
        let (resumed, is_checkpointing) = (self.resumed.as_deref(), self.is_checkpointing);
        let states = SharedStates { visited, model, resumed, is_checkpointing };
        let queues = work_queue::connected(jobs, open, shares_always);
        WorkerStrategies { states: Some(states), ..WorkerStrategies::connected(queues, strategy) }
    }
}

impl SearchMode for Stateful {}
impl SharesWork for Stateful {}
impl CountsPreemptions for Stateful {}
impl ManyRuns for Stateful {}
impl Sealed for Stateful {}
