//! The engines that are compared.

use std::time::Duration;

use clap::ValueEnum;

use super::program::Program;
use crate::tools::{DepthFirst, Loom, Random, Search, Selvedge, Shuttle, Tool};

/// An engine with one of its searches, in the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    /// Our engine, optimal.
    Selvedge,
    /// loom, exhaustive.
    Loom,
    /// shuttle, depth first.
    Shuttle,
    /// shuttle, random: a sample of so many schedules, which says what one costs.
    ShuttleRandom,
}

impl Contender {
    /// Those that ours is compared with.
    pub(crate) const PEERS: [Contender; 3] = [Contender::Loom, Contender::Shuttle, Contender::ShuttleRandom];

    /// Its name in reports and arguments.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Contender::Selvedge => "selvedge",
            Contender::Loom => "loom",
            Contender::Shuttle => "shuttle",
            Contender::ShuttleRandom => "shuttle-random",
        }
    }

    /// Whether it comes to an end by having run all schedules.
    pub(crate) fn is_exhaustive(self) -> bool {
        self != Contender::ShuttleRandom
    }

    /// Whether the program is written with what it has.
    pub(crate) fn takes_part(self, program: Program) -> bool {
        self == Contender::Selvedge || program.is_common()
    }

    /// Whether it can run the program at all: loom has a fixed number of threads.
    pub(crate) fn can_run(self, program: Program) -> bool {
        self != Contender::Loom || program.threads() <= loom::MAX_THREADS
    }

    /// Explores the program once, within the budget. `begins` is called when an execution begins.
    pub(super) fn search(
        self,
        program: Program,
        budget: Duration,
        begins: impl Fn() + Send + Sync + 'static,
    ) -> Search {
        match self {
            Contender::Selvedge => search::<Selvedge>(program, budget, begins),
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
