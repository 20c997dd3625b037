//! Connections to the simulated servers. Each has a task that executes its requests.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use selvedge_engine::native;
use selvedge_redis::{Redis, Wire, WireClient};

use super::event::{self, Caller};
use super::stream::Stream;
use super::table::{self, Key};
use crate::{effects, source};

/// A connection to a server.
pub(crate) struct Connection {
    key: Key,
    /// What has arrived at the client.
    pub(super) stream: Stream,
    /// The location of the number of requests.
    sent: u32,
    /// The requests that the server has not received, in order, and the number of all.
    requests: RefCell<VecDeque<Request>>,
    count: Cell<u64>,
    is_shut_down: Cell<bool>,
    wire: OnceCell<Wire>,
    /// The call whose request the server executes.
    requested_at: Cell<&'static Location<'static>>,
}

/// What a client sends: bytes, or the end (`None`).
struct Request {
    bytes: Option<Vec<u8>>,
    source: &'static Location<'static>,
}

/// Parts of a connection: its stream, the number of requests, and a flag for each.
const STREAM: u64 = 0;
const SENT: u64 = 1;
const FLAGS: u64 = 2;

impl Connection {
    /// Connects to a server, and starts the task of the connection.
    pub(super) fn new(key: Key, redis: &Redis) -> Rc<Self> {
        let memory = event::memory();
        let connection = Rc::new(Connection {
            key,
            stream: Stream::new(memory, key.part(STREAM), "a socket"),
            sent: memory.endpoint(key.part(SENT).0, "a connection"),
            requests: RefCell::default(),
            count: Cell::new(0),
            is_shut_down: Cell::new(false),
            wire: OnceCell::new(),
            requested_at: Cell::new(source::unknown()),
        });
        _ = connection.wire.set(redis.wire(key.0, Arc::new(Client(key))));
        table::add_connection(key, Rc::clone(&connection));
        native::spawn_server(Some("redis".to_owned()), move || serve(key));
        connection
    }

    /// Sends bytes.
    pub(super) fn send(&self, bytes: Vec<u8>, caller: Caller) {
        self.request(Some(bytes), None, caller);
    }

    /// The client sends nothing any more.
    pub(super) fn shut_down(&self, caller: Caller) {
        if !self.is_shut_down.replace(true) {
            self.request(None, None, caller);
        }
    }

    /// The client closes its end.
    pub(super) fn close(&self, caller: Caller) {
        let stream = self.stream.end.location;
        if self.is_shut_down.replace(true) {
            caller.memory.drop_stream(stream, caller.source);
        } else {
            self.request(None, Some(stream), caller);
        }
    }

    fn request(&self, bytes: Option<Vec<u8>>, dropped: Option<u32>, caller: Caller) {
        let ends = bytes.is_none();
        // Executed with the event, so that requests have the order of their events.
        let number = || {
            self.requests.borrow_mut().push_back(Request { bytes, source: caller.source });
            self.count.set(self.count.get() + 1);
            flag(self.key, self.count.get() - 1)
        };
        caller.memory.send(self.sent, dropped, caller.source, number);
        if ends && self.wire.get().is_some_and(Wire::is_blocked) {
            effects::incomplete(format!(
                "a connection is closed at {}:{} while its blocking command waits: the simulated Redis does not end \
                 the command",
                caller.source.file(),
                caller.source.line()
            ));
        }
    }
}

/// The location that a request sets, by its number.
fn flag(connection: Key, nth: u64) -> u32 {
    event::memory().endpoint(connection.part(FLAGS + nth).0, "a request")
}

/// The task of a connection: executes its requests in order. While it waits it owns nothing,
/// because a task that waits at the end of a run is discarded.
fn serve(key: Key) {
    for nth in 0.. {
        event::memory().wait_for_flag(flag(key, nth), source::unknown());
        let Some(connection) = table::connection(key) else { return };
        let request = connection.requests.borrow_mut().pop_front();
        let (Some(Request { bytes, source }), Some(wire)) = (request, connection.wire.get()) else { return };
        connection.requested_at.set(source);
        native::annotate(source, || match &bytes {
            Some(bytes) => format!("{} bytes arrive at the server", bytes.len()),
            None => "the client has closed the connection".to_owned(),
        });
        match bytes {
            Some(bytes) if wire.receive(&bytes) => {}
            Some(_) => return,
            None => {
                wire.close();
                return connection.stream.arrive(event::memory(), &[], true, source);
            }
        }
    }
}

/// The client of a wire.
struct Client(Key);

impl WireClient for Client {
    fn receive(&self, bytes: Vec<u8>, is_closed: bool) {
        if let Some(connection) = table::connection(self.0) {
            let source = connection.requested_at.get();
            connection.stream.arrive(event::memory(), &bytes, is_closed, source);
        }
    }

    fn executed(&self, describe: &dyn Fn() -> String) {
        if let Some(connection) = table::connection(self.0) {
            native::annotate(connection.requested_at.get(), describe);
        }
    }

    fn unsupported(&self, error: &str) {
        effects::incomplete(format!(
            "the program sends a command that the simulated Redis does not have: {error}"
        ));
    }
}
