//! The replies and pushes that have arrived at a connection in this process.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use redis::aio::AsyncPushSender;
use redis::{PushInfo, RedisResult, Value};

use super::shared::Mailbox;
use crate::resp::{Protocol, Reply};
use crate::server::{Delivery, DeliveryKind};

/// Capacity of the queue of [`Connection::next_push`](super::Connection::next_push). When it is
/// full, the oldest message is dropped.
const WAITING: usize = 10_000;

/// Replies and pushes that have arrived. Shared with the server, which adds to it.
#[derive(Clone, Default)]
pub(super) struct Inbox(Arc<Contents>);

#[derive(Default)]
struct Contents {
    arrived: Mutex<Arrived>,
    changed: Condvar,
}

#[derive(Default)]
pub(super) struct Arrived {
    pub(super) replies: VecDeque<(Reply, Option<Duration>)>,
    pub(super) pushes: VecDeque<PushInfo>,
    pub(super) sender: Option<Arc<dyn AsyncPushSender>>,
    pub(super) is_closed: bool,
    /// The number of next replies to discard: the futures of their blocking commands were dropped.
    abandoned: usize,
    /// The tasks that wait for a reply.
    wakers: Vec<Waker>,
}

impl Arrived {
    /// Whether a reply has arrived, or none will.
    pub(super) fn has_reply(&self) -> bool {
        !self.replies.is_empty() || self.is_closed
    }

    /// Whether the next reply is that of the next command.
    pub(super) fn is_in_order(&self) -> bool {
        self.abandoned == 0 || self.is_closed
    }
}

/// Discards the reply of a blocking command whose future is dropped before it.
pub(super) struct Abandoned<'i>(pub(super) Option<&'i Inbox>);

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        if let Some(inbox) = self.0 {
            let mut arrived = inbox.lock();
            // It may have arrived by now.
            if arrived.replies.pop_front().is_none() {
                arrived.abandoned += 1;
            }
        }
    }
}

impl Inbox {
    pub(super) fn lock(&self) -> MutexGuard<'_, Arrived> {
        self.0.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Empties the inbox for a new connection to the server.
    pub(super) fn reopen(&self) {
        let mut arrived = self.lock();
        *arrived = Arrived { sender: arrived.sender.take(), ..Arrived::default() };
    }

    /// Wakes the waiting threads and tasks.
    fn wake(&self) {
        let wakers = std::mem::take(&mut self.lock().wakers);
        self.0.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Blocks the thread until the condition holds.
    pub(super) fn wait_blocking(&self, holds: fn(&Arrived) -> bool) {
        let mut arrived = self.lock();
        while !holds(&arrived) {
            arrived = self.0.changed.wait(arrived).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until the condition holds.
    pub(super) async fn wait(&self, holds: fn(&Arrived) -> bool) {
        poll_fn(|context| {
            let mut arrived = self.lock();
            if holds(&arrived) {
                return Poll::Ready(());
            }
            arrived.wakers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// The replies that have arrived and were not taken yet.
    #[cfg(feature = "engine")]
    pub(super) fn replies(&self) -> Vec<Reply> {
        self.lock().replies.iter().map(|(reply, _)| reply.clone()).collect()
    }
}

impl Mailbox for Inbox {
    fn deliver(&self, delivery: Delivery, later: Option<Duration>) {
        let mut arrived = self.lock();
        if delivery.kind == DeliveryKind::Reply {
            if arrived.abandoned > 0 {
                arrived.abandoned -= 1;
            } else {
                arrived.replies.push_back((delivery.reply, later));
            }
            drop(arrived);
            self.wake();
            return;
        }
        let Some(push) = push_info(&delivery.reply) else { return };
        match &arrived.sender {
            // A closed receiver has stopped listening on purpose.
            Some(sender) => _ = sender.send(push),
            None => {
                arrived.pushes.push_back(push);
                if arrived.pushes.len() > WAITING {
                    arrived.pushes.pop_front();
                }
            }
        }
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.wake();
    }
}

/// Encodes the reply, and decodes it with redis-rs.
pub(super) fn parsed(reply: &Reply, protocol: Protocol) -> RedisResult<Value> {
    let mut bytes = Vec::new();
    reply.encode(protocol, &mut bytes);
    redis::parse_redis_value(&bytes)
}

fn push_info(reply: &Reply) -> Option<PushInfo> {
    match parsed(reply, Protocol::Resp3) {
        Ok(Value::Push { kind, data }) => Some(PushInfo { kind, data }),
        _ => None,
    }
}
