//! The sending ends.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::mpsc::{self, SendError, TrySendError};

use super::channel::{Channel, Refused};
use crate::runtime::Handle;

/// A sender of a channel that was created in an exploration. The receiver waits while there is one.
struct Registered<T> {
    channel: Arc<Channel<T>>,
    source: &'static Location<'static>,
}

impl<T> Registered<T> {
    /// Creates another sender.
    fn another(&self, source: &'static Location<'static>) -> Self {
        self.channel.add_sender(source);
        Registered { channel: Arc::clone(&self.channel), source }
    }
}

impl<T> Drop for Registered<T> {
    fn drop(&mut self) {
        self.channel.remove_sender(self.source);
    }
}

enum Flavor<T, S> {
    Engine(Registered<T>),
    /// Created outside an exploration.
    Std(Handle, S),
}

/// Sends messages without waiting.
pub struct Sender<T>(Flavor<T, mpsc::Sender<T>>);

/// Sends messages, and waits for room.
pub struct SyncSender<T>(Flavor<T, mpsc::SyncSender<T>>);

macro_rules! both {
    ($name:ident) => {
        impl<T> $name<T> {
            pub(super) fn of_engine(channel: Arc<Channel<T>>, source: &'static Location<'static>) -> Self {
                $name(Flavor::Engine(Registered { channel, source }))
            }

            pub(super) fn of_std(outside: Handle, sender: mpsc::$name<T>) -> Self {
                $name(Flavor::Std(outside, sender))
            }

            /// Sends a message.
            ///
            /// # Errors
            ///
            /// The message, if the receiver is gone.
            #[track_caller]
            pub fn send(&self, message: T) -> Result<(), SendError<T>> {
                match &self.0 {
                    Flavor::Engine(own) => own.channel.send(message, Location::caller()).map_err(SendError),
                    Flavor::Std(outside, sender) => {
                        outside.check();
                        sender.send(message)
                    }
                }
            }
        }

        impl<T> Clone for $name<T> {
            #[track_caller]
            fn clone(&self) -> Self {
                match &self.0 {
                    Flavor::Engine(own) => $name(Flavor::Engine(own.another(Location::caller()))),
                    Flavor::Std(outside, sender) => $name(Flavor::Std(*outside, sender.clone())),
                }
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

both!(Sender);
both!(SyncSender);

impl<T> SyncSender<T> {
    /// Sends a message if there is room; with bound 0, if the receiver waits for one.
    ///
    /// # Errors
    ///
    /// The message, if there is no room or the receiver is gone.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match &self.0 {
            Flavor::Engine(own) => {
                own.channel.try_send(message, Location::caller()).map_err(|refused| match refused {
                    Refused::Full(message) => TrySendError::Full(message),
                    Refused::Disconnected(message) => TrySendError::Disconnected(message),
                })
            }
            Flavor::Std(outside, sender) => {
                outside.check();
                sender.try_send(message)
            }
        }
    }
}
