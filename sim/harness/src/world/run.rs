//! Running a plan once.

use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use selvedge_engine::{Alike, Script};

use super::mishaps::Mishaps;
use super::network::{Network, PlannedPanic};
use super::plan::PlannedCall;
use super::store::Store;
use super::{Acknowledging, Plan, Recorder, Truth};
use crate::backends::Simulated;
use crate::history::{Call, Key, OperationId, Reply, Specification, Value};
use crate::protocols::{Build, Cache, Failure, Settings, Tiers, Visitor, WarmEntry};
use crate::scenario::{Local, OpKind, Special};

/// How long a local entry lives, where it can expire.
pub(crate) const TTL: Duration = Duration::from_secs(60);

/// Runs the plan once, inside an execution of `P`'s engine: sets the tiers up, runs the threads until all have ended,
/// and reads every key once more.
pub(crate) fn run<P: Simulated, N: Build<P>>(plan: &Arc<Plan<N>>, recorder: &Arc<Recorder>)
where
    P::Clock: 'static,
{
    P::begin();
    recorder.begin(|| Specification { derived: plan.derived.clone() });
    let clock = P::clock(plan.local == Local::Expiring);
    for &key in &plan.keys {
        recorder.starts_with(key, plan.versions_at_start(key));
    }
    let settles = !plan.specials.contains(&Special::NeverSettles);
    let network = Arc::new(Network::<P>::new(Mishaps::choose::<P, N>(plan, recorder), recorder, settles));
    let store = Store::new(plan, recorder, &network);
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
    let settings = Settings {
        derived: plan.derived.clone(),
        absent_ttl: plan.specials.contains(&Special::KeepsAbsent).then_some(TTL),
        passes_over: plan.specials.contains(&Special::PassesOver),
    };
    let tiers = Tiers::<P, _> { remote: store.clone(), clock: clock.clone(), local_ttl, warm, settings };
    let truth = Truth {
        recorder: Arc::clone(recorder),
        start: plan.keys.iter().map(|&key| (key, plan.at_start(key))).collect(),
        order: Arc::default(),
    };
    let order = Arc::clone(&truth.order);
    plan.cache.build(tiers, &truth, Threads::<P, N> { plan, recorder, clock, store, network, order });
}

/// Runs the threads on the cache.
struct Threads<'a, P: Simulated, N> {
    plan: &'a Arc<Plan<N>>,
    recorder: &'a Arc<Recorder>,
    clock: P::Clock,
    store: Store<P>,
    network: Arc<Network<P>>,
    order: Arc<Acknowledging>,
}

impl<P: Simulated, N: Build<P>> Visitor for Threads<'_, P, N>
where
    P::Clock: 'static,
{
    type Output = ();

    fn visit<C: Cache>(self, cache: C) {
        let Threads { plan, recorder, clock, store, network, order } = self;
        let (recorder, store) = (Arc::clone(recorder), Clone::clone(&store));
        let caller = Caller { cache, recorder, clock, store, network: Arc::clone(&network), order };
        let caller = Arc::new(caller);
        let alike = plan.alike();
        let threads = plan.threads.iter().zip(alike).enumerate().map(|(thread, (its, alike))| {
            let step = |(call, &planned): (usize, &PlannedCall)| Step::Call { thread, call, planned };
            let operations = its.calls.iter().enumerate().map(step).collect();
            (Script { name: its.name.clone(), operations }, alike)
        });
        let ticks = (plan.local == Local::Expiring).then(|| {
            let alike = Alike { class: plan.threads.len() as u32, symbols: Vec::new() };
            (Script { name: "clock".to_owned(), operations: vec![Step::Expire] }, alike)
        });
        P::scripted(&caller, threads.chain(ticks), Caller::take);
        network.join();
        // What the cache has started itself may have something left to do.
        P::quiesce();
        for &key in &plan.keys {
            let read = PlannedCall { kind: OpKind::Get, key, call: Call::Get };
            caller.perform(plan.threads.len(), 0, read, true);
        }
    }
}

/// What a thread does in one go.
enum Step {
    Call {
        thread: usize,
        /// Which of the thread's calls it is.
        call: usize,
        planned: PlannedCall,
    },
    /// Entries that can expire do.
    Expire,
}

/// Calls the cache, and has it noted. All threads share it.
struct Caller<P: Simulated, C> {
    cache: C,
    recorder: Arc<Recorder>,
    clock: P::Clock,
    store: Store<P>,
    network: Arc<Network<P>>,
    order: Arc<Acknowledging>,
}

impl<P: Simulated, C: Cache> Caller<P, C> {
    fn take(&self, step: &Step) {
        match *step {
            Step::Call { thread, call, planned } => self.perform(thread, call, planned, false),
            Step::Expire => P::advance(&self.clock, TTL),
        }
    }

    fn perform(&self, thread: usize, call: usize, planned: PlannedCall, settled: bool) {
        let first = P::next_event();
        let operation = self.recorder.invoke::<P>(thread, planned.key, planned.call, settled);
        self.network.mishaps.begin(operation, thread, call);
        let reply = if self.network.mishaps.is_any() {
            self.until_dropped(operation, self.call(planned))
        } else {
            Some(P::block_on(self.call(planned)))
        };
        // Without an answer, nobody knows.
        let reply = reply.and_then(Result::ok).unwrap_or(Reply::Unknown);
        if reply == Reply::Done {
            self.order_acknowledgement(operation);
        }
        // An operation is invoked with its first event and answers with its last. One that touches nothing is somewhere too, and can
        // be anywhere.
        if first.is_some() && P::next_event() == first {
            P::choose(1, |_| Some("touches nothing".to_owned()));
        }
        self.recorder.respond::<P>(operation, reply);
        P::enter(OperationId::MAX);
    }

    /// What the operation has not written itself is perhaps still to be written, by a task that it does not wait for, or has been
    /// lost. It is a version once it is acknowledged, at the latest: with an event, whose order with whatever else writes the key is
    /// the same in all schedules of a class.
    fn order_acknowledgement(&self, operation: OperationId) {
        let owed = self.recorder.owed(operation);
        owed.iter().for_each(|&key| self.store.acknowledge(key));
        if !owed.is_empty() {
            self.order.step();
        }
    }

    async fn call(&self, PlannedCall { kind, key, call }: PlannedCall) -> Result<Reply, Failure> {
        let Caller { cache, store, .. } = self;
        match (kind, call) {
            (OpKind::Evict, _) => cache.evict(key),
            (OpKind::Forget, _) => store.forget(key),
            (OpKind::Told | OpKind::ToldAll, Call::Set(value)) => {
                store.write_elsewhere(key, value);
                match kind {
                    OpKind::Told => cache.invalidate(key),
                    _ => cache.invalidate_all(),
                }
            }
            (_, Call::Get) if store.has_database() => {
                return cache.load(key, || store.load(key)).await.map(Reply::Read);
            }
            (_, Call::Get) => return cache.get(key).await.map(Reply::Read),
            (_, write) if store.has_database() => {
                store.write_database(key, if let Call::Set(value) = write { Some(value) } else { None });
                // Not acknowledged before it is done. Each fault is of one command, so that this comes to an end.
                while cache.delete(key).await.is_err() {}
            }
            (_, Call::Set(value)) => cache.set(key, value).await?,
            (_, _) => cache.delete(key).await?,
        }
        Ok(Reply::Done)
    }

    /// Runs the operation to its end, or until it is to be dropped, or to its loader's panic: then there is no answer.
    fn until_dropped<T>(&self, operation: OperationId, call: impl Future<Output = T>) -> Option<T> {
        let mishaps = &self.network.mishaps;
        let run = || {
            P::block_on(async {
                let mut call = pin!(call);
                let answer = poll_fn(|context| match call.as_mut().poll(context) {
                    Poll::Ready(answer) => Poll::Ready(Some(answer)),
                    Poll::Pending if mishaps.drops(operation) => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                });
                answer.await
            })
        };
        match panic::catch_unwind(AssertUnwindSafe(run)) {
            Ok(answer) => answer,
            Err(panic) if panic.is::<PlannedPanic>() => None,
            Err(panic) => panic::resume_unwind(panic),
        }
    }
}
