//! Sockets: connections to declared addresses, and pairs of connected sockets.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use selvedge_engine::native::{self, Waits};

use super::event::{self, Caller};
use super::server::Connection;
use super::stream::{Endpoint, Stream};

/// A socket.
pub(crate) struct Socket {
    pub(super) peer: RefCell<Peer>,
    /// The time-out of reads in nanoseconds.
    pub(super) patience: Cell<Option<u64>>,
    pub(super) domain: i32,
}

/// The other end of a socket.
#[derive(Clone)]
pub(crate) enum Peer {
    /// It is not connected.
    Nobody,
    Server(Rc<Connection>, SocketAddr),
    /// The other socket of a pair: what this one and the other can read.
    Pair(Rc<Stream>, Rc<Stream>),
}

impl Socket {
    pub(super) fn new(domain: i32, peer: Peer) -> Self {
        Socket { peer: RefCell::new(peer), patience: Cell::new(None), domain }
    }

    pub(super) fn peer(&self) -> Peer {
        self.peer.borrow().clone()
    }

    /// What is registered in an epoll.
    pub(super) fn with_endpoint<R>(&self, act: impl FnOnce(&Endpoint) -> R) -> Option<R> {
        match self.peer() {
            Peer::Nobody => None,
            Peer::Server(connection, _) => Some(act(&connection.stream.end)),
            Peer::Pair(own, _) => Some(act(&own.end)),
        }
    }

    /// Reads. `None`: nothing is there.
    pub(super) fn read(&self, most: usize, peeks: bool, waits: bool, caller: Caller) -> Result<Vec<u8>, i32> {
        let peer = self.peer();
        let stream: &Stream = match &peer {
            Peer::Nobody => return Err(libc::ENOTCONN),
            Peer::Server(connection, _) => &connection.stream,
            Peer::Pair(own, _) => own,
        };
        let read = |patience| stream.read(most, peeks, patience, caller);
        let read = match self.patience.get() {
            _ if !waits => read(Waits::Tries),
            None => read(Waits::Forever),
            Some(time) => {
                let deadline = native::known_time().saturating_add(time);
                event::until(deadline, caller, |patience| {
                    let read = read(patience);
                    let is_late = read.is_none();
                    (read, is_late)
                })
            }
        };
        read.ok_or(libc::EAGAIN)
    }

    /// Writes everything.
    pub(super) fn write(&self, bytes: Vec<u8>, caller: Caller) -> Result<(), i32> {
        match self.peer() {
            Peer::Nobody => return Err(libc::ENOTCONN),
            Peer::Server(connection, _) => connection.send(bytes, caller),
            Peer::Pair(_, other) => other.arrive(caller.memory, &bytes, false, caller.source),
        }
        Ok(())
    }

    /// Sends nothing any more.
    pub(super) fn shut_down(&self, caller: Caller) -> Result<(), i32> {
        match self.peer() {
            Peer::Nobody => return Err(libc::ENOTCONN),
            Peer::Server(connection, _) => connection.shut_down(caller),
            Peer::Pair(_, other) => other.arrive(caller.memory, &[], true, caller.source),
        }
        Ok(())
    }

    /// Closes the socket.
    pub(super) fn close(&self, caller: Caller) {
        match self.peer.replace(Peer::Nobody) {
            Peer::Nobody => {}
            Peer::Server(connection, _) => connection.close(caller),
            Peer::Pair(_, other) => other.arrive(caller.memory, &[], true, caller.source),
        }
    }
}
