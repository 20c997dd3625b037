//! The receiving end.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvError, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use super::channel::{Channel, Found};
use crate::runtime::Handle;

/// The receiver of a channel that was created in an exploration.
struct Registered<T> {
    channel: Arc<Channel<T>>,
    /// The number of the next message.
    next: Cell<u64>,
    source: &'static Location<'static>,
}

impl<T> Registered<T> {
    fn receive(&self, source: &'static Location<'static>) -> Option<T> {
        let message = self.channel.receive(self.next.get(), source)?;
        self.next.set(self.next.get() + 1);
        Some(message)
    }

    fn poll(&self, waits: bool, source: &'static Location<'static>) -> Found<T> {
        let found = self.channel.poll(self.next.get(), waits, source);
        if let Found::Message(_) = found {
            self.next.set(self.next.get() + 1);
        }
        found
    }
}

impl<T> Drop for Registered<T> {
    fn drop(&mut self) {
        self.channel.remove_receiver(self.next.get(), self.source);
    }
}

enum Flavor<T> {
    Engine(Registered<T>),
    /// Created outside an exploration.
    Std(Handle, mpsc::Receiver<T>),
}

/// Receives messages in the order in which they were sent.
pub struct Receiver<T>(Flavor<T>);

impl<T> Receiver<T> {
    pub(super) fn of_engine(channel: Arc<Channel<T>>, source: &'static Location<'static>) -> Self {
        Receiver(Flavor::Engine(Registered { channel, next: Cell::new(0), source }))
    }

    pub(super) fn of_std(outside: Handle, receiver: mpsc::Receiver<T>) -> Self {
        Receiver(Flavor::Std(outside, receiver))
    }

    /// Waits for a message.
    ///
    /// # Errors
    ///
    /// If there is neither a message nor a sender.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        match &self.0 {
            Flavor::Engine(own) => own.receive(Location::caller()).ok_or(RecvError),
            Flavor::Std(outside, receiver) => {
                outside.check();
                receiver.recv()
            }
        }
    }

    /// Receives a message if there is one.
    ///
    /// # Errors
    ///
    /// If there is none; the error says whether there is a sender.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match &self.0 {
            Flavor::Engine(own) => match own.poll(false, Location::caller()) {
                Found::Message(message) => Ok(message),
                Found::Empty => Err(TryRecvError::Empty),
                Found::Disconnected => Err(TryRecvError::Disconnected),
            },
            Flavor::Std(outside, receiver) => {
                outside.check();
                receiver.try_recv()
            }
        }
    }

    /// Waits for a message or the timeout. A timeout may occur at any point of a schedule; its
    /// duration is ignored.
    ///
    /// # Errors
    ///
    /// If there is none; the error says whether there is a sender.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match &self.0 {
            Flavor::Engine(own) => match own.poll(true, Location::caller()) {
                Found::Message(message) => Ok(message),
                // At a timeout the virtual clock has reached the deadline.
                Found::Empty => Err(RecvTimeoutError::Timeout),
                Found::Disconnected => Err(RecvTimeoutError::Disconnected),
            },
            Flavor::Std(outside, receiver) => {
                outside.check();
                receiver.recv_timeout(timeout)
            }
        }
    }

    /// Iterates over messages until there is neither a message nor a sender.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }

    /// Iterates over messages until there is none.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter(self)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// Iterator that waits for each message: see [`Receiver::iter`].
#[derive(Debug)]
pub struct Iter<'a, T>(&'a Receiver<T>);

/// Iterator over the available messages: see [`Receiver::try_iter`].
#[derive(Debug)]
pub struct TryIter<'a, T>(&'a Receiver<T>);

/// Iterator that waits for each message, and owns the receiver.
#[derive(Debug)]
pub struct IntoIter<T>(Receiver<T>);

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}
