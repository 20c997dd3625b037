//! Pushes: messages and invalidations on their way to a connection.
//!
//! A separate task delivers each push, so a push can arrive at any point after it was sent. Pushes
//! arrive in the order in which they were sent, and a reply arrives after the pushes that were sent
//! before it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use selvedge_engine::object::Object;
use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::thread;

use super::seen::Seen;
use super::world::{Explored, Local};
use crate::face::shared::Shared;
use crate::server::Delivery;
use crate::session::ConnectionId;

/// Passes what has arrived on to the client of a wire.
type Pass = Box<dyn Fn() + Send + Sync>;

/// The pushes on their way to a connection.
pub(in crate::face) struct Stream {
    local: Local,
    /// If the connection is a wire: its client's code is instrumented, and the arrival at the
    /// client is the event.
    wire: Option<Pass>,
    /// The arrival of the last push; `None` if none was sent.
    last: Mutex<Ahead>,
    /// Represents the pushes that have arrived and were not yet received.
    arrived: Object<()>,
}

/// 1 once the push has arrived, otherwise 0.
pub(super) type Arrival = AtomicU32;

/// The arrival that must precede a reply, if a push was sent before it.
pub(in crate::face) type Ahead = Option<Arc<Arrival>>;

impl Stream {
    pub(super) fn new(local: Local) -> Arc<Self> {
        let arrived = Object::named("pushes", ());
        Arc::new(Stream { local, wire: None, last: Mutex::new(None), arrived })
    }

    /// The pushes on their way to a wire.
    pub(super) fn to_wire(pass: Pass) -> Arc<Self> {
        let arrived = Object::named("pushes", ());
        Arc::new(Stream { local: Local::Instrumented, wire: Some(pass), last: Mutex::new(None), arrived })
    }

    /// The arrival of the last push.
    pub(super) fn last(&self) -> Ahead {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A push arrives, or the task checks for pushes.
    #[track_caller]
    pub(super) fn touch(&self) {
        self.arrived.write_all(|()| ());
    }

    /// Registers a new push, or a reply that arrives in order with pushes. Returns the arrival that
    /// must precede it, and its own arrival.
    pub(super) fn send(&self) -> (Ahead, Arc<Arrival>) {
        let arrival = Arc::new(Arrival::new(0));
        let before = self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(Arc::clone(&arrival));
        (before, arrival)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("last", &self.last).finish_non_exhaustive()
    }
}

/// The streams of the connections that can receive pushes.
#[derive(Debug, Default)]
pub(super) struct Streams(Mutex<BTreeMap<ConnectionId, Arc<Stream>>>);

impl Streams {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<ConnectionId, Arc<Stream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, connection: ConnectionId, stream: &Arc<Stream>) {
        self.lock().insert(connection, Arc::clone(stream));
    }

    pub(super) fn get(&self, connection: ConnectionId) -> Option<Arc<Stream>> {
        self.lock().get(&connection).cloned()
    }

    /// The last arrival of each stream.
    pub(super) fn last(&self) -> Vec<Ahead> {
        self.lock().values().map(|stream| stream.last()).collect()
    }
}

impl Explored {
    /// Waits for the arrival, if any.
    #[track_caller]
    pub(super) fn wait_for(&self, arrival: Ahead) {
        if let Some(arrival) = arrival {
            arrival.wait_until(|value| value == 1);
            self.report(Seen::Waited);
        }
    }

    /// Spawns a task that delivers each push.
    pub(super) fn dispatch(&self, shared: &Arc<Shared>, pushes: Vec<Delivery>) {
        for delivery in pushes {
            let connection = delivery.to;
            let stream = self.streams.get(connection).unwrap_or_else(|| {
                panic!(
                    "{connection} cannot receive this push: create it before the tasks \
                     begin, with `with_resp3()`"
                )
            });
            let (before, arrival) = stream.send();
            let shared = Arc::clone(shared);
            let deliver = move || {
                let Some(explored) = &shared.explored else { return };
                explored.wait_for(before);
                let is_lost = explored.loses_push();
                if stream.wire.is_none() {
                    explored.touch_pushes(stream.local, Some(&stream));
                }
                let push = &delivery.reply;
                if is_lost {
                    explored.report(Seen::Lost { connection, push });
                } else {
                    explored.report(Seen::Arrived { connection, push });
                    shared.lock().deliver_now(delivery.clone(), None);
                    if let Some(pass) = &stream.wire {
                        pass();
                    }
                }
                arrival.store(1, Ordering::SeqCst);
                explored.report(Seen::Handled { connection });
            };
            thread::Builder::new()
                .name("push".to_owned())
                .spawn(deliver)
                .expect("the engine spawns the task, or panics");
        }
    }
}
