//! Channels, as in [`std::sync::mpsc`].
//!
//! The order of sends is explored, because the receiver observes it. A send commutes with the
//! receipt of an earlier message, so one producer and one consumer have one class of schedules,
//! regardless of the number of messages.
//!
//! Outside an exploration they are std's channels.
//!
//! # Examples
//!
//! ```
//! use selvedge_engine::sync::mpsc;
//! use selvedge_engine::{Explorer, thread};
//!
//! let report = Explorer::optimal().run(|| {
//!     let (sender, receiver) = mpsc::channel();
//!     for task in 0..2 {
//!         let sender = sender.clone();
//!         thread::spawn(move || sender.send(task).unwrap());
//!     }
//!     drop(sender);
//!     assert_eq!(receiver.iter().sum::<i32>(), 1);
//! });
//! assert_eq!((report.executions, report.panics), (2, 0)); // either sends first
//! ```

mod channel;
mod receiver;
mod sender;

pub use receiver::{IntoIter, Iter, Receiver, TryIter};
pub use sender::{Sender, SyncSender};
pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use std::panic::Location;
use std::sync::Arc;
use std::sync::mpsc;

use crate::history::Holds;
use crate::runtime::{self, Handle};
use channel::Channel;

/// Creates an unbounded channel: sends never wait.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    if runtime::exploring() {
        let (channel, source) = (Arc::new(Channel::new(None)), Location::caller());
        (Sender::of_engine(Arc::clone(&channel), source), Receiver::of_engine(channel, source))
    } else {
        let (sender, receiver) = mpsc::channel();
        let outside = Handle::new("a channel", Holds::Marks, 0);
        (Sender::of_std(outside, sender), Receiver::of_std(outside, receiver))
    }
}

/// Creates a channel for at most `bound` messages: a send waits until there is room. With bound 0
/// it waits until its message is received.
#[track_caller]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    if runtime::exploring() {
        let (channel, source) = (Arc::new(Channel::new(Some(bound as u64))), Location::caller());
        (SyncSender::of_engine(Arc::clone(&channel), source), Receiver::of_engine(channel, source))
    } else {
        let (sender, receiver) = mpsc::sync_channel(bound);
        let outside = Handle::new("a channel", Holds::Marks, 0);
        (SyncSender::of_std(outside, sender), Receiver::of_std(outside, receiver))
    }
}
