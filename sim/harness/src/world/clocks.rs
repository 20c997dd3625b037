//! The nodes' clocks, at the level `Strict`.
//!
//! Each node has a clock of its own, which passes the end of the node's lease at any point. A
//! write's wait for the leases of other nodes ends at any point after their clocks have passed one:
//! the writer's clock may be slower, and its wait began after the request of the lease. So the
//! drift of the clocks is covered up to its bound. A wait that is too short for that ends at once.
//!
//! Time does not stop: if the clock of a node has not passed a lease during a wait, the wait moves
//! it. The clocks of nodes that always answer do not move, and a wait for those ends with the
//! answer.

use std::future;
use std::time::Duration;

use selvedge::remote::CommandFuture;
use selvedge::sync::Mutex as _;

use super::{Plan, TTL};
use crate::backends::Simulated;

/// The bound on the drift of a clock, as a part of the time.
const DRIFT: u32 = 100;

/// The nodes' clocks.
pub(super) struct Clocks<P: Simulated> {
    of_nodes: Vec<P::Clock>,
    moves: Vec<bool>,
    /// For each node, the number of leases whose ends its clock has passed. Held while a clock
    /// moves. `None` if no clock does.
    passed: Option<P::Mutex<Vec<u32>>>,
}

impl<P: Simulated> Clocks<P> {
    /// `shared` is the clock of the run, which all nodes have at the other levels.
    pub(super) fn new<C>(plan: &Plan<C>, shared: &P::Clock) -> Self {
        let moves: Vec<_> =
            (0..plan.nodes).map(|node| plan.is_strict() && plan.can_be_silent(node)).collect();
        let of_node = |&moves: &bool| if plan.is_strict() { P::clock(moves) } else { shared.clone() };
        let passed = moves.contains(&true).then(|| P::hashed("leases", vec![0; plan.nodes]));
        Clocks { of_nodes: moves.iter().map(of_node).collect(), moves, passed }
    }

    /// The clock of the node.
    pub(super) fn of(&self, node: usize) -> &P::Clock {
        &self.of_nodes[node]
    }

    /// The node's clock passes the end of the lease that it has.
    pub(super) fn pass(&self, node: usize) {
        let passed = self.passed.as_ref().expect("the clock of the node moves");
        passed.with(|passed| self.advance(node, passed));
    }

    fn advance(&self, node: usize, passed: &mut [u32]) {
        P::advance(&self.of_nodes[node], TTL);
        passed[node] += 1;
    }

    /// Waits on this node for this time.
    pub(super) fn sleep(&self, node: usize, time: Duration) -> CommandFuture<'_, ()> {
        if time < TTL + TTL / DRIFT {
            return Box::pin(future::ready(()));
        }
        let always_answers = |other: usize| other != node && !self.moves[other];
        let passed = self.passed.as_ref().filter(|_| !(0..self.moves.len()).any(always_answers));
        let Some(passed) = passed else { return Box::pin(future::pending()) };
        Box::pin(async move {
            let start = passed.with(|passed| passed.clone());
            passed.with(|passed| {
                let others = (0..start.len()).filter(|&other| other != node);
                for other in others {
                    if passed[other] == start[other] {
                        self.advance(other, passed);
                    }
                }
            });
        })
    }
}
