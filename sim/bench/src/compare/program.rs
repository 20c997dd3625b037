//! The compared programs.

use std::fmt;
use std::str::FromStr;

use super::sources::{async_oneshot, cache, channel, literature};
use crate::tools::Tool;

/// The primitives of the cache's tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tiers {
    /// Values in the tool's mutexes.
    Locks,
    /// Our engine's cells: reads commute.
    Cells,
    /// Our engine's maps, with one key.
    Maps,
}

/// A program, with its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Cache { readers: usize, writers: usize, tiers: Tiers },
    Readers(usize),
    LastZero(usize),
    Inc(usize),
    Binc(usize),
    LockInc(usize),
    FibBench(usize),
    Dekker,
    TicketLock(usize),
    Pipeline(usize),
    Oneshot,
}

/// The compared programs. If a peer cannot complete a family's size of interest, the family has a
/// smaller size too.
pub(crate) const PROGRAMS: &[Program] = {
    use Program::*;
    use Tiers::*;
    &[
        Cache { readers: 1, writers: 1, tiers: Locks },
        Cache { readers: 1, writers: 1, tiers: Cells },
        Cache { readers: 1, writers: 1, tiers: Maps },
        Cache { readers: 2, writers: 1, tiers: Locks },
        Cache { readers: 2, writers: 1, tiers: Cells },
        Cache { readers: 2, writers: 1, tiers: Maps },
        Cache { readers: 2, writers: 2, tiers: Locks },
        Cache { readers: 2, writers: 2, tiers: Cells },
        Cache { readers: 2, writers: 2, tiers: Maps },
        Readers(2),
        Readers(3),
        Readers(8),
        LastZero(2),
        LastZero(3),
        LastZero(7),
        Inc(2),
        Inc(3),
        Binc(2),
        Binc(3),
        LockInc(3),
        LockInc(4),
        FibBench(1),
        FibBench(2),
        Dekker,
        TicketLock(2),
        TicketLock(3),
        Pipeline(1),
        Pipeline(2),
        Oneshot,
    ]
};

impl Program {
    /// Whether the source uses only primitives that all tools have.
    pub(crate) fn is_common(self) -> bool {
        !matches!(self, Program::Cache { tiers: Tiers::Cells | Tiers::Maps, .. })
    }

    /// The number of threads, including the main thread.
    pub(crate) fn threads(self) -> usize {
        1 + match self {
            Program::Cache { readers, writers, .. } => readers + writers,
            Program::Readers(n) | Program::LastZero(n) => n + 1,
            Program::Inc(n) | Program::Binc(n) | Program::LockInc(n) | Program::TicketLock(n) => n,
            Program::FibBench(_) => 3,
            Program::Dekker | Program::Oneshot => 2,
            Program::Pipeline(_) => channel::SOURCES + 1,
        }
    }

    /// Runs one execution on the primitives of `T`.
    pub(crate) fn run<T: Tool>(self) {
        match self {
            Program::Cache { readers, writers, tiers } => match tiers {
                Tiers::Locks => cache::cache_aside::<T, cache::Locked<T>>(readers, writers),
                Tiers::Cells => cache::cache_aside::<T, cache::InCell>(readers, writers),
                Tiers::Maps => cache::cache_aside::<T, cache::InMap>(readers, writers),
            },
            Program::Readers(n) => literature::readers::<T>(n),
            Program::LastZero(n) => literature::last_zero::<T>(n),
            Program::Inc(n) => literature::inc::<T>(n),
            Program::Binc(n) => literature::binc::<T>(n),
            Program::LockInc(n) => literature::lock_inc::<T>(n),
            Program::FibBench(k) => literature::fib_bench::<T>(k),
            Program::Dekker => literature::dekker::<T>(),
            Program::TicketLock(n) => literature::ticket_lock::<T>(n),
            Program::Pipeline(items) => channel::pipeline::<T>(items),
            Program::Oneshot => async_oneshot::oneshot::<T>(),
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Program::Cache { readers, writers, tiers } => {
                let tiers = match tiers {
                    Tiers::Locks => "",
                    Tiers::Cells => "-cells",
                    Tiers::Maps => "-maps",
                };
                write!(f, "cache-{readers}R{writers}W{tiers}")
            }
            Program::Readers(n) => write!(f, "readers({n})"),
            Program::LastZero(n) => write!(f, "lastzero({n})"),
            Program::Inc(n) => write!(f, "inc({n})"),
            Program::Binc(n) => write!(f, "binc({n})"),
            Program::LockInc(n) => write!(f, "lockinc({n})"),
            Program::FibBench(k) => write!(f, "fib_bench({k})"),
            Program::Dekker => f.write_str("dekker"),
            Program::TicketLock(n) => write!(f, "ticketlock({n})"),
            Program::Pipeline(items) => write!(f, "pipeline({items})"),
            Program::Oneshot => f.write_str("async-oneshot"),
        }
    }
}

impl FromStr for Program {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = PROGRAMS.iter().find(|program| program.to_string() == name);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = PROGRAMS.iter().map(Program::to_string).collect();
            format!("unknown program `{name}`; use one of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_programs_round_trip() {
        for program in PROGRAMS {
            assert_eq!(program.to_string().parse(), Ok(*program));
        }
        assert!("inc(99)".parse::<Program>().is_err_and(|error| error.contains("inc(3)")));
    }
}
