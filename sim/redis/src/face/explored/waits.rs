//! Blocking commands: operations that wait.
//!
//! A client whose command waits has no reply yet. Its task waits for an [`Arrival`], like that of a
//! push. The step that serves the command (a push to a list, say) is followed by the arrival of its
//! reply. A separate task lets the command's timeout pass, at any point after the command began to
//! wait; the clock does not advance to it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use selvedge_engine::thread;

use super::pushes::Arrival;
use super::world::Explored;
use crate::face::shared::{Shared, State};
use crate::session::ConnectionId;

/// The late replies, by connection.
#[derive(Debug, Default)]
pub(super) struct Waits(Mutex<BTreeMap<ConnectionId, Late>>);

/// A late reply.
#[derive(Debug)]
struct Late {
    arrival: Arc<Arrival>,
    /// Whether the server has sent it.
    is_sent: bool,
}

/// What follows a step: the commands that it has served or that began to wait.
#[derive(Debug, Default)]
pub(super) struct After {
    /// The arrivals of the replies that the step has sent.
    served: Vec<Arc<Arrival>>,
    /// The connection whose command has begun to wait with a timeout.
    timed: Option<(ConnectionId, Arc<Arrival>)>,
}

impl Waits {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Late>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The arrival of the connection's late reply, if its command waits or waited.
    pub(super) fn get(&self, connection: ConnectionId) -> Option<Arc<Arrival>> {
        self.lock().get(&connection).map(|late| Arc::clone(&late.arrival))
    }

    pub(super) fn forget(&self, connection: ConnectionId) {
        self.lock().remove(&connection);
    }

    /// Records the waits that begin and end with a step of this connection.
    pub(super) fn after_step(&self, state: &State, connection: ConnectionId) -> After {
        let mut waits = self.lock();
        let mut served = Vec::new();
        for (id, late) in waits.iter_mut() {
            if !late.is_sent && !state.server.is_blocked(*id) {
                late.is_sent = true;
                served.push(Arc::clone(&late.arrival));
            }
        }
        let mut timed = None;
        if state.server.is_blocked(connection) && !waits.contains_key(&connection) {
            let arrival = Arc::new(Arrival::new(0));
            waits.insert(connection, Late { arrival: Arc::clone(&arrival), is_sent: false });
            timed = state.server.has_timeout(connection).then_some((connection, arrival));
        }
        After { served, timed }
    }
}

impl Explored {
    /// Lets the late replies arrive, and starts the timeout of a command that has begun to wait.
    #[track_caller]
    pub(super) fn finish_step(&self, shared: &Arc<Shared>, after: After) {
        for arrival in after.served {
            arrival.store(1, Ordering::SeqCst);
        }
        if let Some((connection, arrival)) = after.timed {
            let shared = Arc::clone(shared);
            let pass = move || {
                if let Some(explored) = &shared.explored {
                    explored.pass_timeout(&shared, connection, &arrival);
                }
            };
            thread::Builder::new()
                .name("timeout".to_owned())
                .spawn(pass)
                .expect("the engine spawns the task, or panics");
        }
    }

    /// Ends a wait as if its timeout had passed, unless it has ended. A step.
    fn pass_timeout(&self, shared: &Arc<Shared>, connection: ConnectionId, arrival: &Arc<Arrival>) {
        let ended = self.server.write_all(|()| {
            let mut state = shared.lock();
            let is_same = self.waits.get(connection).is_some_and(|its| Arc::ptr_eq(&its, arrival));
            if !is_same || !state.server.is_blocked(connection) {
                return None;
            }
            let output = state.server.pass_timeout(connection);
            state.deliver_all(output, None);
            let after = self.waits.after_step(&state, connection);
            Some((std::mem::take(&mut state.pushes), after))
        });
        if let Some((pushes, after)) = ended {
            self.dispatch(shared, pushes);
            self.finish_step(shared, after);
        }
    }

    /// Waits for the reply of a blocking command, if it is late.
    #[track_caller]
    pub(in crate::face) fn wait_for_reply(&self, connection: ConnectionId) {
        if let Some(arrival) = self.waits.get(connection) {
            arrival.wait_until(|value| value == 1);
            self.waits.forget(connection);
        }
    }
}
