//! Runs a program as a cache.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Poll, Waker};

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::sync::{AtomicU64, Mutex, Primitives};
use selvedge_sim::history::{Key, Value};
use selvedge_sim::protocols::{CacheUnderTest, Caches, Failure, Tiers, Visitor};

use super::program::{Program, Step};

/// The caches that are programs: a cache's name is its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random {
    text: &'static str,
    program: &'static Program,
}

impl Caches for Random {
    const ALL: &'static [Self] = &[];
    const ON_PEERS: bool = false;
    const BY_STATES: bool = true;
    const VALUES_ARE_OPAQUE: bool = true;

    fn name(self) -> &'static str {
        self.text
    }

    fn from_name(name: &str) -> Option<Self> {
        let program = Box::leak(Box::new(Program::parse(name)));
        Some(Random { text: name.to_owned().leak(), program })
    }

    fn build<P, R, V>(self, tiers: Tiers<P, R>, visitor: V) -> V::Output
    where
        P: Primitives,
        R: Remote<Key, Value, Error = Failure> + 'static,
        V: Visitor,
    {
        let l1 = L1::new(tiers.clock, tiers.local_ttl);
        for warm in tiers.warm {
            l1.insert(warm.key, warm.value, warm.expires_at);
        }
        visitor.visit(Running::<P, R> {
            program: self.program,
            l1,
            remote: tiers.remote,
            counters: ["first", "second"].map(|name| P::AtomicU64::new(name, 0)),
            lock: P::Mutex::new("cache", ()),
        })
    }
}

/// A program over its tiers.
struct Running<P: Primitives, R> {
    program: &'static Program,
    l1: L1<Key, Value, P>,
    remote: R,
    counters: [P::AtomicU64; 2],
    lock: P::Mutex<()>,
}

/// The local state of an operation.
struct Call {
    key: Key,
    /// The value to write; `Some(None)` is a deletion, and `None` a read.
    writes: Option<Option<Value>>,
    fetched: Option<Value>,
    token: u64,
    is_locked: bool,
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure>> Running<P, R> {
    fn call(
        &self,
        steps: &[Step],
        key: Key,
        writes: Option<Option<Value>>,
    ) -> Result<Option<Value>, Failure> {
        let mut call = Call { key, writes, fetched: None, token: 0, is_locked: false };
        match self.all(steps, &mut call)? {
            ControlFlow::Break(hit) => Ok(Some(hit)),
            ControlFlow::Continue(()) => Ok(call.fetched),
        }
    }

    fn all(&self, steps: &[Step], call: &mut Call) -> Result<ControlFlow<Value>, Failure> {
        for step in steps {
            if let ControlFlow::Break(hit) = self.step(step, call)? {
                return Ok(ControlFlow::Break(hit));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn step(&self, step: &Step, call: &mut Call) -> Result<ControlFlow<Value>, Failure> {
        let Running { l1, remote, lock, .. } = self;
        let key = call.key;
        let counter = &self.counters[usize::from(key.name() != super::KEYS[0])];
        let written = call.writes.unwrap_or(call.fetched);
        match step {
            Step::Hit => {
                if let Some(value) = l1.get(&key) {
                    return Ok(ControlFlow::Break(value));
                }
            }
            Step::Token => call.token = counter.load(SeqCst),
            Step::Fetch => call.fetched = now(remote.get(&key))?.map(|found| found.value),
            Step::Fill => call.fetched.into_iter().for_each(|value| l1.insert(key, value, l1.deadline())),
            Step::Fence => {
                if let Some(value) = call.fetched {
                    l1.insert_if(key, value, l1.deadline(), || counter.load(SeqCst) == call.token);
                }
            }
            Step::Drop => l1.remove(&key),
            Step::Write => match written {
                Some(value) => now(remote.set(&key, &value, None))?,
                None if call.writes.is_some() => now(remote.delete(&key))?,
                None => {}
            },
            Step::Put => match written {
                Some(value) => l1.insert(key, value, l1.deadline()),
                None if call.writes.is_some() => l1.remove(&key),
                None => {}
            },
            Step::Bump => drop(counter.fetch_add(1, SeqCst)),
            Step::Lock(steps) if !call.is_locked => {
                call.is_locked = true;
                let result = lock.with(|()| self.all(steps, call));
                call.is_locked = false;
                return result;
            }
            Step::Lock(steps) => return self.all(steps, call),
            Step::Same(steps) if counter.load(SeqCst) == call.token => return self.all(steps, call),
            Step::Miss(steps) if l1.get(&key).is_none() => return self.all(steps, call),
            Step::Same(_) | Step::Miss(_) => {}
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl<P: Primitives, R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest for Running<P, R> {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        self.call(&self.program.get, key, None)
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.call(&self.program.set, key, Some(Some(value))).map(drop)
    }

    fn evict(&self, key: Key) {
        self.l1.remove(&key);
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        self.call(&self.program.delete, key, Some(None)).map(drop)
    }
}

/// The result of a command. Without faults, it completes when it is first polled.
fn now<T>(command: impl Future<Output = T>) -> T {
    match pin!(command).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a command waits"),
    }
}
