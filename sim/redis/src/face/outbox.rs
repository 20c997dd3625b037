//! The output queue of a socket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;

use super::shared::Mailbox;
use crate::server::Delivery;

/// Maximum size of queued output, in bytes. The connection is closed if a slow reader exceeds it.
const MOST: usize = 256 * 1024 * 1024;

/// The output queue of a socket, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    pieces: VecDeque<Piece>,
    bytes: usize,
    is_closed: bool,
}

/// One step of the socket's writer.
#[derive(Debug)]
pub(super) enum Piece {
    /// Write this.
    Bytes(Vec<u8>),
    /// Wait for this duration.
    Wait(Duration),
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Appends bytes outside of a delivery.
    pub(super) fn add(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut queue = self.lock();
        if queue.is_closed {
            return;
        }
        let mut bytes = match queue.pieces.pop_back() {
            Some(Piece::Bytes(bytes)) => bytes,
            other => {
                queue.pieces.extend(other);
                Vec::new()
            }
        };
        let before = bytes.len();
        write(&mut bytes);
        queue.bytes += bytes.len() - before;
        queue.pieces.push_back(Piece::Bytes(bytes));
        if queue.bytes > MOST {
            *queue = Queue { is_closed: true, ..Queue::default() };
        }
        drop(queue);
        self.0.changed.notify_one();
    }

    /// Waits for the next step; `None` when the queue is empty and closed.
    pub(super) async fn next(&self) -> Option<Piece> {
        loop {
            let changed = self.0.changed.notified();
            {
                let mut queue = self.lock();
                if let Some(piece) = queue.pieces.pop_front() {
                    if let Piece::Bytes(bytes) = &piece {
                        queue.bytes -= bytes.len();
                    }
                    return Some(piece);
                }
                if queue.is_closed {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Closes the queue.
    pub(super) fn end(&self) {
        self.lock().is_closed = true;
        self.0.changed.notify_one();
    }
}

impl Mailbox for Outbox {
    fn deliver(&self, delivery: Delivery, later: Option<Duration>) {
        if let Some(later) = later {
            self.lock().pieces.push_back(Piece::Wait(later));
        }
        self.add(|bytes| delivery.encode(bytes));
    }

    fn close(&self) {
        self.end();
    }
}
