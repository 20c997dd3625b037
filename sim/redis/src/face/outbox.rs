//! What is to be written to a socket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;

use super::shared::Mailbox;
use crate::server::Delivery;

/// How much may wait for a client that does not read. With more, the connection is closed.
const MOST: usize = 256 * 1024 * 1024;

/// What is to be written to a socket, in order.
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

/// A step of writing.
#[derive(Debug)]
pub(super) enum Piece {
    /// Write this.
    Bytes(Vec<u8>),
    /// Wait so long.
    Wait(Duration),
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Adds bytes that are no delivery.
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

    /// The next step, when there is one; `None` when all is written that ever will be.
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

    /// Nothing is added any more.
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
