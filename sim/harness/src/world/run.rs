//! Running a plan once.

use std::sync::Arc;
use std::time::Duration;

use super::store::Store;
use super::{Plan, Recorder};
use crate::backends::Simulated;
use crate::history::{Call, Key, Reply, Value};
use crate::protocols::{Build, Cache, Tiers, Visitor, WarmEntry};
use crate::scenario::Local;

/// How long a local entry lives, where it can expire.
pub(crate) const TTL: Duration = Duration::from_secs(60);

/// Runs the plan once, inside an execution of `P`'s engine: sets the tiers up, runs the threads until all have ended,
/// and reads every key once more.
pub(crate) fn run<P: Simulated, N: Build<P>>(plan: &Arc<Plan<N>>, recorder: &Arc<Recorder>) {
    recorder.begin();
    let clock = P::clock(plan.local == Local::Expiring);
    for &key in &plan.keys {
        recorder.starts_with(key, plan.versions_at_start(key));
    }
    let at_start = plan.keys.iter().map(|&key| (key, plan.at_start(key)));
    let remote = Store::<P>::new(at_start, Arc::clone(recorder), plan.server.clone());
    let (local_ttl, expires_at) = match plan.local {
        Local::Cold | Local::Warm => (None, None),
        Local::Expired => (Some(TTL), Some(Duration::ZERO)),
        Local::Expiring => (Some(TTL), Some(TTL)),
    };
    let warm = |&key: &Key| WarmEntry { key, value: Value { key, version: 0 }, expires_at };
    let warm = match plan.local {
        Local::Cold => Vec::new(),
        Local::Warm | Local::Expired | Local::Expiring => plan.keys.iter().map(warm).collect(),
    };
    let tiers = Tiers::<P, _> { remote, clock: clock.clone(), local_ttl, warm };
    plan.cache.build(tiers, Threads::<P, N> { plan, recorder, clock });
}

/// Runs the threads on the cache.
struct Threads<'a, P: Simulated, N> {
    plan: &'a Arc<Plan<N>>,
    recorder: &'a Arc<Recorder>,
    clock: P::Clock,
}

impl<P: Simulated, N: Build<P>> Visitor for Threads<'_, P, N>
where
    P::Clock: 'static,
{
    type Output = ();

    fn visit<C: Cache>(self, cache: C) {
        let Threads { plan, recorder, clock } = self;
        let cache = Arc::new(cache);
        let mut handles = Vec::with_capacity(plan.threads.len() + 1);
        for (thread, its) in plan.threads.iter().enumerate() {
            let (plan, recorder, cache) = (Arc::clone(plan), Arc::clone(recorder), Arc::clone(&cache));
            handles.push(P::spawn(&its.name, move || {
                for &(key, call) in &plan.threads[thread].calls {
                    perform::<P, C>(&cache, &recorder, thread, key, call, false);
                }
            }));
        }
        if plan.local == Local::Expiring {
            handles.push(P::spawn("clock", move || P::advance(&clock, TTL)));
        }
        handles.into_iter().for_each(P::join);
        for &key in &plan.keys {
            perform::<P, C>(&cache, recorder, plan.threads.len(), key, Call::Get, true);
        }
    }
}

fn perform<P: Simulated, C: Cache>(
    cache: &C,
    recorder: &Recorder,
    thread: usize,
    key: Key,
    call: Call,
    settled: bool,
) {
    let operation = recorder.invoke::<P>(thread, key, call, settled);
    let reply = match call {
        Call::Get => Reply::Read(P::block_on(cache.get(key))),
        Call::Set(value) => {
            P::block_on(cache.set(key, value));
            Reply::Done
        }
        Call::Delete => {
            P::block_on(cache.delete(key));
            Reply::Done
        }
    };
    recorder.respond::<P>(operation, reply);
}
