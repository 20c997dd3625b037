//! The descriptors of the simulated network in the current run.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use selvedge_redis::Redis;

pub(crate) use super::address::Declared;
use super::epoll::Epoll;
use super::server::Connection;
use super::socket::Socket;
use super::stream::Endpoint;
use crate::program;
use crate::region::TASKS;

/// The lowest number of a simulated descriptor. The kernel gives small ones.
const FIRST: i32 = 1 << 24;

/// The number of descriptors of each task. They are not reused within a run: a descriptor names the
/// same object in all schedules of a class.
const EACH: i32 = 1 << 16;

/// The identity of something on the network, the same in all schedules of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(super) u64);

impl Key {
    /// The `nth` part of something.
    pub(super) fn part(self, nth: u64) -> Key {
        Key(self.0 << 24 | (nth + 1))
    }
}

/// An open file description: descriptors that were duplicated share it.
pub(crate) struct Description {
    pub(super) key: Key,
    pub(super) is_nonblocking: Cell<bool>,
    pub(super) kind: Kind,
}

/// The kind of an open file description.
pub(crate) enum Kind {
    Socket(Socket),
    /// An event counter.
    Counter(Endpoint),
    Epoll(Epoll),
}

#[derive(Default)]
struct Network {
    servers: Vec<(Declared, Redis)>,
    open: BTreeMap<i32, Rc<Description>>,
    /// The connections to servers, by number, also after their descriptors were closed.
    connections: BTreeMap<u64, Rc<Connection>>,
    /// The number of descriptors that each task has opened.
    opened: Vec<i32>,
}

thread_local! {
    static NETWORK: RefCell<Network> = RefCell::default();
}

/// Begins a run, with empty servers at these addresses. Called by its main task.
pub(crate) fn begin(declared: &[Declared]) {
    let servers = declared.iter().map(|declared| (declared.clone(), Redis::explored())).collect();
    let new = Network { servers, opened: vec![0; TASKS], ..Network::default() };
    // The last run's objects are dropped outside of the borrow.
    drop(NETWORK.replace(new));
}

/// Ends an exploration.
pub(crate) fn end() {
    drop(NETWORK.take());
}

/// Whether a descriptor is one of the simulated network.
pub(crate) fn is_virtual(descriptor: i32) -> bool {
    descriptor >= FIRST
}

/// The server at an address.
pub(super) fn server(address: SocketAddr) -> Option<Redis> {
    NETWORK.with_borrow(|network| {
        let found = network.servers.iter().find(|(declared, _)| declared.is_at(address));
        found.map(|(_, redis)| redis.clone())
    })
}

/// The declared addresses.
pub(super) fn declared() -> Vec<Declared> {
    NETWORK.with_borrow(|network| network.servers.iter().map(|(declared, _)| declared.clone()).collect())
}

/// A number for a new descriptor of the current task.
fn new_number() -> i32 {
    let task = program::current();
    NETWORK.with_borrow_mut(|network| {
        let opened = &mut network.opened[task];
        *opened += 1;
        FIRST + task as i32 * EACH + *opened
    })
}

/// Opens a description. Returns its first descriptor.
pub(super) fn open(is_nonblocking: bool, kind: impl FnOnce(Key) -> Kind) -> i32 {
    let number = new_number();
    let key = Key(number as u64);
    let description =
        Rc::new(Description { key, is_nonblocking: Cell::new(is_nonblocking), kind: kind(key) });
    NETWORK.with_borrow_mut(|network| network.open.insert(number, description));
    number
}

/// Another descriptor of the same description.
pub(super) fn duplicate(descriptor: i32) -> Option<i32> {
    let description = get(descriptor)?;
    let number = new_number();
    NETWORK.with_borrow_mut(|network| network.open.insert(number, description));
    Some(number)
}

/// The description of a descriptor.
pub(super) fn get(descriptor: i32) -> Option<Rc<Description>> {
    NETWORK.with_borrow(|network| network.open.get(&descriptor).cloned())
}

/// Closes a descriptor. Returns the description if it was the last one.
pub(super) fn close(descriptor: i32) -> Option<Option<Rc<Description>>> {
    NETWORK.with_borrow_mut(|network| {
        let description = network.open.remove(&descriptor)?;
        let is_shared = network.open.values().any(|other| Rc::ptr_eq(other, &description));
        Some((!is_shared).then_some(description))
    })
}

/// Adds a connection to a server.
pub(super) fn add_connection(key: Key, connection: Rc<Connection>) {
    NETWORK.with_borrow_mut(|network| network.connections.insert(key.0, connection));
}

/// The connection with this key.
pub(super) fn connection(key: Key) -> Option<Rc<Connection>> {
    NETWORK.with_borrow(|network| network.connections.get(&key.0).cloned())
}

/// The epoll whose set has this location.
pub(super) fn epoll_at(set: u32) -> Option<Rc<Description>> {
    let is_it = |description: &&Rc<Description>| match &description.kind {
        Kind::Epoll(epoll) => epoll.location() == set,
        _ => false,
    };
    NETWORK.with_borrow(|network| network.open.values().find(is_it).cloned())
}
