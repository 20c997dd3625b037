//! The compared engines.

use std::time::Duration;

use clap::ValueEnum;

use super::program::Program;
use crate::tools::{DepthFirst, Loom, Random, Rc11, Search, Selvedge, Shuttle, Tool};

/// An engine with a search strategy, in the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    /// Our engine with optimal DPOR.
    Selvedge,
    /// Our engine with the search of execution graphs, under weak memory.
    Rc11,
    /// loom, exhaustive.
    Loom,
    /// shuttle, depth-first.
    Shuttle,
    /// shuttle, random: a sample of schedules, for the cost per execution.
    ShuttleRandom,
}

impl Contender {
    /// The engines with which ours is compared.
    pub(crate) const PEERS: [Contender; 3] = [Contender::Loom, Contender::Shuttle, Contender::ShuttleRandom];

    /// The name in reports and arguments.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Contender::Selvedge => "selvedge",
            Contender::Rc11 => "rc11",
            Contender::Loom => "loom",
            Contender::Shuttle => "shuttle",
            Contender::ShuttleRandom => "shuttle-random",
        }
    }

    /// Whether the engine can complete a search.
    pub(crate) fn is_exhaustive(self) -> bool {
        self != Contender::ShuttleRandom
    }

    /// Whether the program uses only primitives that the engine has.
    pub(crate) fn takes_part(self, program: Program) -> bool {
        matches!(self, Contender::Selvedge | Contender::Rc11) || program.is_common()
    }

    /// Whether the engine supports the program's number of threads, which loom limits.
    pub(crate) fn can_run(self, program: Program) -> bool {
        self != Contender::Loom || program.threads() <= loom::MAX_THREADS
    }

    /// Explores the program once, within the budget. Calls `begins` at the start of each execution.
    pub(super) fn search(
        self,
        program: Program,
        budget: Duration,
        begins: impl Fn() + Send + Sync + 'static,
    ) -> Search {
        match self {
            Contender::Selvedge => search::<Selvedge>(program, budget, begins),
            Contender::Rc11 => search::<Rc11>(program, budget, begins),
            Contender::Loom => search::<Loom>(program, budget, begins),
            Contender::Shuttle => search::<Shuttle<DepthFirst>>(program, budget, begins),
            Contender::ShuttleRandom => search::<Shuttle<Random>>(program, budget, begins),
        }
    }
}

fn search<T: Tool>(program: Program, budget: Duration, begins: impl Fn() + Send + Sync + 'static) -> Search {
    T::search(budget, move || {
        begins();
        program.run::<T>();
    })
}
