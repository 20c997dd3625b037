//! The progress of an exploration, with an estimate of the remaining work.

use std::fmt;
use std::time::Duration;

use crate::number::counted;

/// The progress of an exploration.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// Executions so far.
    pub executions: u64,
    /// Their events.
    pub events: u64,
    /// The different states so far, of a search of [states](crate::Explorer::stateful).
    pub states: Option<u64>,
    /// The time since the start.
    pub elapsed: Duration,
    /// The part of the search that is done, from 0 to 1, as an estimate.
    ///
    /// For a random strategy: the part of the planned executions.
    ///
    /// For an exhaustive search: the *weighted backtrack estimate* (Kilby, Slaney, Thiébaux, Walsh:
    /// "Estimating search tree size", AAAI 2006), which uses Knuth's weights ("Estimating the
    /// efficiency of backtrack programs", Mathematics of Computation 29, 1975) with the search
    /// itself as the probe: each child of a node is taken for an equal part of the node, and the
    /// completed parts are added up. It costs the search nothing.
    ///
    /// The estimate is *biased*. Knuth's is unbiased, because its probes are random; a depth-first
    /// search probes neighbours, and contains little information about the other side of the tree.
    /// Under [`Explorer::naive`](crate::Explorer::naive) the children of each node are known, so
    /// that the estimate only grows, and ends at 1. Under
    /// [`Explorer::optimal`](crate::Explorer::optimal) children are found during the search, so
    /// that the estimate may fall, and is too large at first. No unbiased estimate is known for
    /// this tree, because a random probe would need the final number of a node's children. With
    /// several [workers](crate::Explorer::jobs) it is the estimate of the worker that reports: all
    /// work to the left of its path counts as done, although another worker may still be in
    /// progress there.
    pub done: f64,
}

impl Progress {
    /// Executions per second so far.
    pub fn per_second(&self) -> f64 {
        self.executions as f64 / self.seconds()
    }

    fn seconds(&self) -> f64 {
        self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The number of executions that remain, by [the estimate](Progress::done).
    pub fn executions_left(&self) -> f64 {
        self.executions as f64 * self.ratio()
    }

    /// The time that remains, by [the estimate](Progress::done). `None` if it exceeds a `Duration`.
    pub fn time_left(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.elapsed.as_secs_f64() * self.ratio()).ok()
    }

    /// The remaining part of the search, relative to the part that is done.
    fn ratio(&self) -> f64 {
        (1.0 - self.done).max(0.0) / self.done.max(f64::MIN_POSITIVE)
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, noun) = self.states.map_or((self.executions, "execution"), |states| (states, "state"));
        let speed = (count as f64 / self.seconds()) as u64;
        write!(f, "{}, {speed} a second", counted(count, noun))?;
        write!(f, ", about {:.1} % done", self.done * 100.0)
    }
}
