//! The options of `selvedge prove`.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use selvedge_sim::prove::{Addition, Bounds};
use selvedge_sim::scenario::Level;

use super::{Format, duration};
use crate::shard::Shard;

/// Which clients to explore, and how.
#[derive(Debug, Args)]
pub(crate) struct ProveOptions {
    /// Name of the cache, or the file of a script: ./orders.star
    #[arg(long, value_name = "CACHE")]
    pub(crate) cache: String,

    /// Most calls of a client, in all threads together
    #[arg(long, value_name = "N")]
    pub(crate) calls: usize,

    /// Most threads of a client
    #[arg(long, value_name = "T")]
    pub(crate) threads: usize,

    /// Most keys of a client, at most 3
    #[arg(long, value_name = "K", default_value_t = 1)]
    pub(crate) keys: usize,

    /// Operations beyond get and set, and conditions, separated by commas: delete, load, update, …,
    /// expiry, remote-expiry, fault, drop, database, derived, nodes, and the specials of scenarios
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    with: Vec<Addition>,

    /// Level that no client may break: linearizable, regular, notified or eventual [default:
    /// linearizable; with nodes, notified]
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub(crate) consistency: Option<Level>,

    /// Time limit for the search of one client from one start: 500ms, 30s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) budget: Duration,

    /// Limit of stored states for a stateful search; each takes about 35 bytes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_states: Option<u64>,

    /// Time limit for all searches together
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) total_budget: Option<Duration>,

    /// Number of workers, each of which searches one client at a time; does not affect the results
    /// [default: one per core]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// Search also the clients that larger clients contain
    #[arg(long)]
    pub(crate) no_skip: bool,

    /// Only the searches of shard K of N; their results are stored for `selvedge merge`
    #[arg(long, value_name = "K/N", requires = "report")]
    pub(crate) shard: Option<Shard>,

    /// Directory for the results of a shard
    #[arg(long, value_name = "DIR", requires = "shard")]
    pub(crate) report: Option<PathBuf>,

    /// Text, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// File for the client that breaks a rule, as a scenario
    /// [default: counterexample-CACHE.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
}

impl ProveOptions {
    /// The bounds of the clients.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { calls: self.calls, threads: self.threads, keys: self.keys }
    }

    /// The additions to `get` and `set`.
    pub(crate) fn additions(&self) -> BTreeSet<Addition> {
        self.with.iter().copied().collect()
    }
}

fn level(name: &str) -> Result<Level, String> {
    let known = || Level::ALL.map(Level::name).join(", ");
    Level::ALL
        .into_iter()
        .find(|level| level.name() == name)
        .ok_or_else(|| format!("expected one of: {}", known()))
}
