//! The network to the remote tier: commands can fail, arrive late, or lose their caller.

use std::collections::BTreeSet;
use std::future;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use selvedge::remote::Outcome;
use selvedge::sync::Mutex as _;
use selvedge_engine::hash_unordered;

use super::Recorder;
use super::faults::{Fault, Faults, Sent};
use crate::backends::Simulated;
use crate::protocols::Failure;

/// The panic payload of a loader whose fault is a panic.
#[derive(Debug)]
pub(super) struct PlannedPanic;

/// The network to the remote tier.
pub(super) struct Network<P: Simulated> {
    pub(super) faults: Faults,
    recorder: Arc<Recorder>,
    /// Commands in flight without a caller. `None` if there are no faults.
    limbo: Option<P::Mutex<Limbo>>,
    settles: bool,
    /// One thread for each of them.
    threads: Mutex<Vec<P::JoinHandle>>,
}

/// The commands that have not arrived.
#[derive(Default)]
struct Limbo(BTreeSet<Sent>);

impl Hash for Limbo {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_unordered(&self.0, state);
    }
}

impl<P: Simulated> Network<P> {
    pub(super) fn new(faults: Faults, recorder: &Arc<Recorder>, settles: bool) -> Self {
        let limbo = faults.is_any().then(|| P::hashed("network", Limbo::default()));
        Network { faults, recorder: Arc::clone(recorder), limbo, settles, threads: Mutex::default() }
    }

    /// Sends a command and waits for its reply. `carry_out` executes it.
    pub(super) async fn send<T: Send>(
        self: &Arc<Self>,
        carry_out: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let failure = |outcome| Err(Failure { outcome });
        let Some((fault, sent)) = self.faults.next::<P>(P::current()) else { return Ok(carry_out()) };
        match fault {
            Fault::Panic | Fault::DroppedWaiting => Ok(carry_out()),
            Fault::Refused => failure(Outcome::NotApplied),
            Fault::Lost => failure(Outcome::Unknown),
            Fault::Late => {
                self.send_late(sent, carry_out);
                failure(Outcome::Unknown)
            }
            Fault::Stalled | Fault::StalledDropped => {
                let operation = P::current();
                pending_once().await;
                // Another task may execute it.
                let current = P::current();
                P::enter(operation);
                let answer = carry_out();
                P::enter(current);
                Ok(answer)
            }
            Fault::StalledSent | Fault::StalledSentDropped => {
                let answer = carry_out();
                pending_once().await;
                Ok(answer)
            }
            Fault::Dropped => future::pending().await,
            Fault::DroppedLate => {
                self.send_late(sent, carry_out);
                future::pending().await
            }
        }
    }

    /// Loads from the source of truth. `read` executes the load.
    pub(super) async fn load<T>(&self, read: impl FnOnce() -> T) -> Result<T, Failure> {
        match self.faults.next::<P>(P::current()) {
            Some((Fault::Refused, _)) => Err(Failure { outcome: Outcome::NotApplied }),
            Some((Fault::Panic, _)) => std::panic::resume_unwind(Box::new(PlannedPanic)),
            Some((Fault::Dropped, _)) => future::pending().await,
            Some((Fault::Stalled | Fault::StalledDropped, _)) => {
                pending_once().await;
                Ok(read())
            }
            _ => Ok(read()),
        }
    }

    /// Lets the command arrive at a later point, unless it is settled before.
    fn send_late<T>(self: &Arc<Self>, sent: Sent, carry_out: impl FnOnce() -> T + Send + 'static) {
        let limbo = self.limbo.as_ref().expect("only a run with faults sends late commands");
        let (network, operation) = (Arc::clone(self), P::current());
        limbo.with(|limbo| {
            self.recorder.sent_late(operation);
            limbo.0.insert(sent);
        });
        let thread = P::spawn("network", move || {
            // The command depends only on the sending operation and on the command's index in it.
            if network.recorder.is_watched() {
                P::forget();
            }
            P::enter(operation);
            let limbo = network.limbo.as_ref().expect("only a run with faults sends late commands");
            limbo.with(|limbo| {
                if limbo.0.remove(&sent) {
                    carry_out();
                }
                network.recorder.arrived(operation);
            });
        });
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    /// Discards the commands in flight, if the network can settle.
    pub(super) fn settle(&self) -> bool {
        if let Some(limbo) = self.limbo.as_ref().filter(|_| self.settles) {
            limbo.with(|limbo| limbo.0.clear());
        }
        self.settles
    }

    /// Waits until all commands have arrived or been discarded.
    pub(super) fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        threads.into_iter().for_each(P::join);
    }
}

/// Returns pending from its first poll, and wakes no task.
async fn pending_once() {
    let mut is_first = true;
    future::poll_fn(|_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
}
