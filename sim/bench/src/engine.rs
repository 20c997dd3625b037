//! The compared engines.

use clap::ValueEnum;

/// An engine, in the order of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchEngine {
    /// loom.
    Loom,
    /// shuttle with its depth-first scheduler, the only one that can complete.
    Shuttle,
    /// Selvedge on the same program: a mutex around a map.
    SelvedgeLocks,
    /// Selvedge on its map objects: an operation is one event on one key.
    Selvedge,
}

impl BenchEngine {
    /// The name in reports and arguments.
    pub(crate) fn name(self) -> &'static str {
        match self {
            BenchEngine::Loom => "loom",
            BenchEngine::Shuttle => "shuttle",
            BenchEngine::SelvedgeLocks => "selvedge-locks",
            BenchEngine::Selvedge => "selvedge",
        }
    }
}
