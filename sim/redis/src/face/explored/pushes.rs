//! What the server sends unasked, on its way to a connection.
//!
//! Each message and invalidation is brought by a task of its own, so that it can arrive at any point after it was sent. They
//! arrive in the order in which they were sent; and a reply does not arrive before what was sent ahead of it.

use std::collections::BTreeMap;
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

/// What is on its way to a connection.
#[derive(Debug)]
pub(in crate::face) struct Stream {
    local: Local,
    /// Whether what was sent last has come; `None` if nothing was sent.
    last: Mutex<Ahead>,
    /// Stands for what has come and was not taken yet.
    come: Object<()>,
}

/// Is 1 once it has come.
type Arrival = AtomicU32;

/// What must have come before a reply does, if anything was sent ahead of it.
pub(in crate::face) type Ahead = Option<Arc<Arrival>>;

impl Stream {
    pub(super) fn new(local: Local) -> Arc<Self> {
        Arc::new(Stream { local, last: Mutex::new(None), come: Object::named("pushes", ()) })
    }

    /// What was sent last.
    pub(super) fn last(&self) -> Ahead {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something comes, or is looked for.
    #[track_caller]
    pub(super) fn touch(&self) {
        self.come.write_all(|()| ());
    }

    /// Something more is sent: what must have come before it, and what is set when it has come.
    fn send(&self) -> (Ahead, Arc<Arrival>) {
        let arrival = Arc::new(Arrival::new(0));
        let before = self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(Arc::clone(&arrival));
        (before, arrival)
    }
}

/// The streams of the connections that may be told things.
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

    /// What was sent last to each.
    pub(super) fn last(&self) -> Vec<Ahead> {
        self.lock().values().map(|stream| stream.last()).collect()
    }
}

impl Explored {
    /// Waits until this has come, if it is anything.
    #[track_caller]
    pub(super) fn wait_for(&self, arrival: Ahead) {
        if let Some(arrival) = arrival {
            arrival.wait_until(|come| come == 1);
            self.tell(Seen::Waited);
        }
    }

    /// Sends these on their way.
    pub(super) fn dispatch(&self, shared: &Arc<Shared>, pushes: Vec<Delivery>) {
        for delivery in pushes {
            let connection = delivery.to;
            let stream = self.streams.get(connection).unwrap_or_else(|| {
                panic!(
                    "{connection} is sent what it did not ask for, and was not made for that: make it before the tasks \
                     begin, with `with_resp3()`"
                )
            });
            let (before, arrival) = stream.send();
            let shared = Arc::clone(shared);
            let bring = move || {
                let Some(explored) = &shared.explored else { return };
                explored.wait_for(before);
                let is_lost = explored.loses_push();
                explored.touch_pushes(stream.local, Some(&stream));
                let push = &delivery.reply;
                if is_lost {
                    explored.tell(Seen::Lost { connection, push });
                } else {
                    explored.tell(Seen::Arrived { connection, push });
                    shared.lock().bring(delivery.clone(), None);
                }
                arrival.store(1, Ordering::SeqCst);
                explored.tell(Seen::Handled { connection });
            };
            thread::Builder::new()
                .name("push".to_owned())
                .spawn(bring)
                .expect("the engine spawns, or panics itself");
        }
    }
}
