//! The engines that are compared.

use clap::ValueEnum;

/// An engine, in the order of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// loom.
    Loom,
    /// shuttle, with its depth-first scheduler: the one of its schedulers that can come to an end.
    Shuttle,
    /// Ours, on the same program: a lock around a plain map.
    SelvedgeLocks,
    /// Ours, on its map objects: an operation is one event on one key.
    Selvedge,
}

impl Engine {
    /// Its name in reports and arguments.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Loom => "loom",
            Engine::Shuttle => "shuttle",
            Engine::SelvedgeLocks => "selvedge-locks",
            Engine::Selvedge => "selvedge",
        }
    }
}
