//! The strategies of a mode.

use std::fmt::Debug;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use crate::graph::{Options as GraphOptions, RecordedStep};
use crate::stateful::{Checkpoint, Visited};
use crate::strategy::{AnyStrategy, StateModel, StateStrategy, Strategy};

/// Creates the strategies of a search. Only the [modes](crate::mode) implement it.
pub trait StrategySource: Debug + Send + Sync + UnwindSafe + RefUnwindSafe + 'static {
    /// Creates the strategy of a search with one worker.
    fn strategy(&self) -> NewStrategy;

    /// The seed, if the schedules are random.
    fn seed(&self) -> Option<u64> {
        None
    }

    /// Creates the strategies of `jobs` workers. A search that cannot be divided has one.
    /// `shares_always`: whether each worker always offers work.
    fn for_workers(&self, _jobs: usize, _shares_always: bool) -> WorkerStrategies<'_> {
        WorkerStrategies { strategies: vec![Box::new(|| self.strategy())], states: None }
    }
}

/// A strategy. It hides the private types of strategies from the public traits of modes.
#[expect(missing_debug_implementations, reason = "no other crate can name it")]
pub struct NewStrategy(pub(crate) AnyStrategy);

impl NewStrategy {
    /// A strategy that selects schedules, without states.
    pub(crate) fn of_schedules(strategy: impl Strategy + 'static) -> Self {
        NewStrategy(AnyStrategy::Schedules(Box::new(strategy)))
    }

    /// A search of execution graphs.
    pub(crate) fn of_graphs(options: GraphOptions) -> Self {
        NewStrategy(AnyStrategy::Graphs(Box::new(crate::graph::Search::new(options))))
    }

    /// The replay of an execution graph.
    pub(crate) fn of_graph(steps: Vec<RecordedStep>) -> Self {
        NewStrategy(AnyStrategy::Graphs(Box::new(crate::graph::Search::replay(steps))))
    }

    /// A strategy that selects schedules by their states.
    pub(crate) fn of_states(strategy: impl StateStrategy + 'static, model: StateModel) -> Self {
        NewStrategy(AnyStrategy::States(Box::new(strategy), model))
    }
}

/// Creates a worker's strategy, on the worker's OS thread.
pub(crate) type MakeStrategy<'a> = Box<dyn FnOnce() -> NewStrategy + Send + 'a>;

/// The strategy of each worker.
#[expect(missing_debug_implementations, reason = "no other crate can name it")]
pub struct WorkerStrategies<'a> {
    pub(crate) strategies: Vec<MakeStrategy<'a>>,
    /// The states that the workers share, if they search states.
    pub(crate) states: Option<SharedStates<'a>>,
}

impl<'a> WorkerStrategies<'a> {
    /// Strategies that are connected by these work queues, without states.
    pub(crate) fn connected<Q: Send + 'a>(
        queues: Vec<Q>,
        make: impl Fn(Q) -> NewStrategy + Clone + Send + 'a,
    ) -> Self {
        let make = |queue| {
            let make = make.clone();
            Box::new(move || make(queue)) as MakeStrategy<'a>
        };
        WorkerStrategies { strategies: queues.into_iter().map(make).collect(), states: None }
    }
}

/// The states that workers share.
pub(crate) struct SharedStates<'a> {
    pub(crate) visited: Arc<Visited>,
    pub(crate) model: StateModel,
    /// The checkpoint that the search resumes from.
    pub(crate) resumed: Option<&'a Checkpoint>,
    pub(crate) is_checkpointing: bool,
}
