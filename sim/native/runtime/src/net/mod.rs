//! The simulated network: sockets, event counters and epoll of the explored program.
//!
//! ```text
//! libc's functions --> calls --> socket, counter, epoll --> the engine's operations
//! (libc_net.rs)                    |
//!                                server: a task for each connection --> selvedge-redis
//! ```
//!
//! Descriptors of this network are numbers that the kernel never gives ([`table`]). What a stream
//! contains is here; how much of it is readable is the state of its location, so that a task waits
//! in the engine. A request is executed by the connection's own task, at any point after it was
//! sent; its reply arrives in another event. Connections are made at once, and bytes are neither
//! lost nor reordered.

mod address;
mod calls;
mod epoll;
mod event;
mod resolve;
mod server;
mod socket;
mod stream;
mod table;

pub(crate) use calls::{
    close, connect, control, counter, get_option, name, poll, read, set_nonblocking, set_option, shutdown,
    socket, socket_pair, write,
};
pub(crate) use epoll::{create as create_epoll, register, wait as wait_for_epoll};
pub(crate) use resolve::resolve;
pub(crate) use table::{Declared, begin, end, is_virtual};
