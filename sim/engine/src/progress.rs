//! How far an exploration has come, and an estimate of what is left.

use std::fmt;
use std::time::Duration;

use crate::number::counted;

/// How far an exploration has come.
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
    /// Which part of the search is done, from 0 to 1, as far as one can know.
    ///
    /// For a random walk, the part of the executions that it was told to make.
    ///
    /// For an exhaustive search it is the *weighted backtrack estimate* (Kilby, Slaney, Thiébaux, Walsh: "Estimating search
    /// tree size", AAAI 2006), which uses Knuth's weights ("Estimating the efficiency of backtrack programs", Mathematics of
    /// Computation 29, 1975) with the search itself as the probe: each child of a node is taken for an equal part of the
    /// node, and what has been left behind is added up. It costs the search nothing.
    ///
    /// It is *not unbiased*. Knuth's is, because its probes are random; a depth-first search probes neighbours, and says
    /// little about the far side of the tree until it gets there. Under [`Explorer::naive`](crate::Explorer::naive) the
    /// children of each node are known, so that the part only grows, and ends at 1. Under
    /// [`Explorer::optimal`](crate::Explorer::optimal) children are found while the search goes on, so that it may fall,
    /// and is too large at first. No unbiased estimate is known for that tree, because a random probe would need to know
    /// how many children a node will have. With several [workers](crate::Explorer::jobs) it is where the one stands that tells
    /// it: what is left of its path in the tree counts as done, though another may still be at it.
    pub done: f64,
}

impl Progress {
    /// Executions a second, so far.
    pub fn per_second(&self) -> f64 {
        self.executions as f64 / self.seconds()
    }

    fn seconds(&self) -> f64 {
        self.elapsed.as_secs_f64().max(1e-9)
    }

    /// How many executions are left, by [the estimate](Progress::done).
    pub fn executions_left(&self) -> f64 {
        self.executions as f64 * self.ratio()
    }

    /// How much time is left, by [the estimate](Progress::done), if it is not beyond all measure.
    pub fn time_left(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.elapsed.as_secs_f64() * self.ratio()).ok()
    }

    /// What is left for each part that is done.
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
