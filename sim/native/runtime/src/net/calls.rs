//! The system calls on simulated descriptors. Errors are error numbers.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use selvedge_engine::native::{self, Waits};

use super::event::{self, Caller};
use super::server::Connection;
use super::socket::{Peer, Socket};
use super::stream::{Endpoint, Stream};
use super::table::{self, Description, Kind};
use super::{address, epoll};
use crate::effects;
use crate::site::CallFrame;

type Result<T> = std::result::Result<T, i32>;

/// Creates a socket. `None` if the network does not simulate its kind.
pub(crate) fn socket(domain: i32, kind: i32) -> Option<i32> {
    let is_stream = kind & !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) == libc::SOCK_STREAM;
    let is_internet = matches!(domain, libc::AF_INET | libc::AF_INET6);
    let new = |_| Kind::Socket(Socket::new(domain, Peer::Nobody));
    (is_stream && is_internet).then(|| table::open(kind & libc::SOCK_NONBLOCK != 0, new))
}

/// Creates a pair of connected sockets. `None` if the network does not simulate their kind.
pub(crate) fn socket_pair(domain: i32, kind: i32) -> Option<[i32; 2]> {
    let is_stream = kind & !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) == libc::SOCK_STREAM;
    if !is_stream || domain != libc::AF_UNIX {
        return None;
    }
    let mut streams = None;
    let is_nonblocking = kind & libc::SOCK_NONBLOCK != 0;
    let first = table::open(is_nonblocking, |key| {
        let memory = event::memory();
        let own = Rc::new(Stream::new(memory, key.part(0), "a socket"));
        let other = Rc::new(Stream::new(memory, key.part(1), "a socket"));
        streams = Some((Rc::clone(&other), Rc::clone(&own)));
        Kind::Socket(Socket::new(domain, Peer::Pair(own, other)))
    });
    let (own, other) = streams?;
    let second = table::open(is_nonblocking, |_| Kind::Socket(Socket::new(domain, Peer::Pair(own, other))));
    Some([first, second])
}

/// Creates an event counter.
pub(crate) fn counter(initial: u32, flags: i32, frame: *const CallFrame) -> Result<i32> {
    if flags & libc::EFD_SEMAPHORE != 0 {
        effects::incomplete("the program calls eventfd with EFD_SEMAPHORE, which is not modelled".to_owned());
        return Err(libc::EINVAL);
    }
    let new = |key: table::Key| Kind::Counter(Endpoint::new(event::memory(), key.part(0), "an eventfd"));
    let descriptor = table::open(flags & libc::EFD_NONBLOCK != 0, new);
    if initial > 0 {
        write(descriptor, u64::from(initial).to_ne_bytes().to_vec(), frame)?;
    }
    Ok(descriptor)
}

fn get(descriptor: i32) -> Result<Rc<Description>> {
    table::get(descriptor).ok_or(libc::EBADF)
}

fn with_socket<R>(descriptor: i32, act: impl FnOnce(&Socket) -> Result<R>) -> Result<R> {
    match &get(descriptor)?.kind {
        Kind::Socket(socket) => act(socket),
        _ => Err(libc::ENOTSOCK),
    }
}

/// Connects to a declared address.
pub(crate) fn connect(descriptor: i32, to: &[u8]) -> Result<()> {
    let description = get(descriptor)?;
    let Kind::Socket(socket) = &description.kind else { return Err(libc::ENOTSOCK) };
    let Some(to) = address::decode(to) else { return Err(libc::EAFNOSUPPORT) };
    if !matches!(socket.peer(), Peer::Nobody) {
        return Err(libc::EISCONN);
    }
    let Some(redis) = table::server(to) else {
        effects::incomplete(format!(
            "the program connects to {to}, where no server is declared, and the connection is refused: declare a \
             simulated Redis there with `Explorer::redis(\"{to}\")`"
        ));
        return Err(libc::ECONNREFUSED);
    };
    effects::unmodelled("failures of connections, and writes to a connection that wait");
    let connection = Connection::new(description.key, &redis);
    socket.peer.replace(Peer::Server(connection, to));
    Ok(())
}

/// Reads at most `most` bytes.
pub(crate) fn read(
    descriptor: i32,
    most: usize,
    peeks: bool,
    waits: bool,
    frame: *const CallFrame,
) -> Result<Vec<u8>> {
    let description = get(descriptor)?;
    let waits = waits && !description.is_nonblocking.get();
    match &description.kind {
        Kind::Socket(_) if most == 0 => Ok(Vec::new()),
        Kind::Socket(socket) => event::perform(frame, |caller| socket.read(most, peeks, waits, caller)),
        Kind::Counter(_) if most < 8 => Err(libc::EINVAL),
        Kind::Counter(end) => event::perform(frame, |caller| {
            let waits = if waits { Waits::Forever } else { Waits::Tries };
            match caller.memory.read_stream(end.location, u32::MAX, false, waits, caller.source) {
                native::Readable::Bytes(count) => Ok(count.to_ne_bytes().to_vec()),
                _ => Err(libc::EAGAIN),
            }
        }),
        Kind::Epoll(_) => Err(libc::EINVAL),
    }
}

/// Writes all bytes.
pub(crate) fn write(descriptor: i32, bytes: Vec<u8>, frame: *const CallFrame) -> Result<usize> {
    let (description, size) = (get(descriptor)?, bytes.len());
    match &description.kind {
        Kind::Socket(_) if size == 0 => Ok(0),
        Kind::Socket(socket) => event::perform(frame, |caller| socket.write(bytes, caller)).map(|()| size),
        Kind::Counter(end) => {
            let word = bytes.first_chunk().ok_or(libc::EINVAL)?;
            let by = u64::from_ne_bytes(*word).min(u64::from(u32::MAX)) as u32;
            event::perform(frame, |caller| end.count(by, caller));
            Ok(8)
        }
        Kind::Epoll(_) => Err(libc::EINVAL),
    }
}

/// Closes a descriptor.
pub(crate) fn close(descriptor: i32, frame: *const CallFrame) -> Result<()> {
    let Some(description) = table::close(descriptor).ok_or(libc::EBADF)? else { return Ok(()) };
    event::perform(frame, |caller: Caller| {
        epoll::forget(&description, caller);
        if let Kind::Socket(socket) = &description.kind {
            socket.close(caller);
        }
    });
    Ok(())
}

/// Shuts a socket down. Only the end of writing has an effect.
pub(crate) fn shutdown(descriptor: i32, how: i32, frame: *const CallFrame) -> Result<()> {
    with_socket(descriptor, |socket| match how {
        libc::SHUT_RD => Ok(()),
        _ => event::perform(frame, |caller| socket.shut_down(caller)),
    })
}

/// Another descriptor of the same description.
pub(crate) fn duplicate(descriptor: i32) -> Result<i32> {
    table::duplicate(descriptor).ok_or(libc::EBADF)
}

/// `fcntl`.
pub(crate) fn control(descriptor: i32, command: i32, argument: i32) -> Result<i32> {
    let description = get(descriptor)?;
    match command {
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => duplicate(descriptor),
        libc::F_GETFD => Ok(libc::FD_CLOEXEC),
        libc::F_SETFD => Ok(0),
        libc::F_GETFL if description.is_nonblocking.get() => Ok(libc::O_RDWR | libc::O_NONBLOCK),
        libc::F_GETFL => Ok(libc::O_RDWR),
        libc::F_SETFL => {
            description.is_nonblocking.set(argument & libc::O_NONBLOCK != 0);
            Ok(0)
        }
        _ => Err(libc::EINVAL),
    }
}

/// Sets whether reads wait.
pub(crate) fn set_nonblocking(descriptor: i32, is_on: bool) -> Result<()> {
    get(descriptor)?.is_nonblocking.set(is_on);
    Ok(())
}

/// The bytes of an option of a socket.
pub(crate) fn get_option(descriptor: i32, level: i32, name: i32) -> Result<Vec<u8>> {
    let number = |number: i32| Ok(number.to_ne_bytes().to_vec());
    with_socket(descriptor, |socket| match (level, name) {
        (libc::SOL_SOCKET, libc::SO_RCVTIMEO) => {
            let time = socket.patience.get().unwrap_or(0);
            let parts = [(time / 1_000_000_000) as i64, (time % 1_000_000_000 / 1_000) as i64];
            Ok(parts.iter().flat_map(|part| part.to_ne_bytes()).collect())
        }
        (libc::SOL_SOCKET, libc::SO_TYPE) => number(libc::SOCK_STREAM),
        (libc::SOL_SOCKET, libc::SO_DOMAIN) => number(socket.domain),
        _ => number(0),
    })
}

/// Sets an option of a socket. Only the time-out of reads has an effect.
pub(crate) fn set_option(descriptor: i32, level: i32, name: i32, value: &[u8]) -> Result<()> {
    with_socket(descriptor, |socket| {
        if (level, name) == (libc::SOL_SOCKET, libc::SO_RCVTIMEO) {
            let part = |at: usize| value.get(at..)?.first_chunk().map(|part| i64::from_ne_bytes(*part));
            let (Some(seconds), Some(micros)) = (part(0), part(8)) else { return Err(libc::EINVAL) };
            let time = (seconds.max(0) as u64 * 1_000_000 + micros.max(0) as u64).saturating_mul(1_000);
            socket.patience.set((time > 0).then_some(time));
        }
        Ok(())
    })
}

/// The bytes of the address of a socket's peer (`own`: of the socket itself).
pub(crate) fn name(descriptor: i32, own: bool) -> Result<Vec<u8>> {
    let port = descriptor as u16 | 0x8000;
    with_socket(descriptor, |socket| match (socket.peer(), own) {
        (Peer::Server(_, to), false) => Ok(address::encode(to)),
        (Peer::Server(..), true) => Ok(address::encode(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))),
        (Peer::Pair(..), _) => Ok((libc::AF_UNIX as u16).to_ne_bytes().to_vec()),
        (Peer::Nobody, true) => Ok(address::encode(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))),
        (Peer::Nobody, false) => Err(libc::ENOTCONN),
    })
}

/// Waits for one descriptor: until it is readable, if `reads`; writing never waits. Returns whether
/// it is readable. `milliseconds` as for `poll`.
pub(crate) fn poll(
    descriptor: i32,
    reads: bool,
    writes: bool,
    milliseconds: i32,
    frame: *const CallFrame,
) -> Result<bool> {
    let description = get(descriptor)?;
    let location = match &description.kind {
        Kind::Socket(socket) => socket.with_endpoint(|end| end.location),
        Kind::Counter(end) => Some(end.location),
        Kind::Epoll(_) => None,
    };
    let Some(location) = location.filter(|_| reads) else { return Ok(false) };
    let deadline = u64::try_from(milliseconds)
        .ok()
        .map(|time| native::known_time().saturating_add(time.saturating_mul(1_000_000)));
    Ok(event::perform(frame, |caller| {
        let poll = |waits| {
            let read = caller.memory.read_stream(location, 1, true, waits, caller.source);
            read != native::Readable::Nothing
        };
        match deadline {
            _ if writes || milliseconds == 0 => poll(Waits::Tries),
            None => poll(Waits::Forever),
            Some(deadline) => event::until(deadline, caller, |waits| {
                let is_readable = poll(waits);
                (is_readable, !is_readable)
            }),
        }
    }))
}
