//! Runs a plan once.

use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use selvedge::remote::Coordinator;
use selvedge_engine::{Alike, Script};

use super::connections::{ConnectedNode, Connections};
use super::faults::Faults;
use super::network::{Network, PlannedPanic};
use super::plan::PlannedCall;
use super::store::Store;
use super::{Acknowledging, Build, Conditional, Database, Plan, Publish, Recorder, Truth};
use crate::backends::Simulated;
use crate::history::{ANY_NODE, Call, Key, OperationId, Reply, Specification, Value};
use crate::protocols::{CacheUnderTest, Failure, Settings, Tiers, Visitor, WarmEntry};
use crate::scenario::{Local, NODES, OpKind, RemoteStart, Source, Special};

/// Time to live of an entry that can expire.
pub(crate) const TTL: Duration = Duration::from_secs(60);

/// Runs the plan once, in an execution of `P`'s engine: creates the tiers, runs all threads to
/// their end, and then reads every key.
pub(crate) fn run<P: Simulated, N: Build<P>>(plan: &Arc<Plan<N>>, recorder: &Arc<Recorder>)
where
    P::Clock: 'static,
{
    P::begin();
    recorder.begin(plan.by_node, || Specification { derived: plan.derived.clone() });
    let has_unnotified = plan.has(OpKind::Unnotified);
    let clock = P::clock(plan.has_clock() || has_unnotified);
    for &key in &plan.keys {
        recorder.starts_with(key, plan.versions_at_start(key));
    }
    let settles = !plan.specials.contains(&Special::NeverSettles);
    let network = Arc::new(Network::<P>::new(Faults::choose::<P, N>(plan, recorder), recorder, settles));
    let connections = Arc::new(Connections::<P>::new(plan, recorder, &clock));
    let store = Store::new(plan, recorder, &network, &connections, &clock);
    let (local_ttl, expires_at) = match plan.local {
        // An entry that another node's write does not remove must expire.
        Local::Cold | Local::Warm if plan.nodes > 1 => (None, None),
        Local::Cold if plan.only_absences_expire() => (None, None),
        Local::Cold | Local::Warm if has_unnotified => (Some(TTL), Some(TTL)),
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
        derived: plan.declared.clone(),
        absent_ttl: plan.specials.contains(&Special::KeepsAbsent).then_some(TTL),
        passes_over: plan.specials.contains(&Special::PassesOver),
        one_entry: plan.specials.contains(&Special::OneEntry),
        notified: (plan.nodes > 1).then_some(TTL),
    };
    let truth = Truth {
        recorder: Arc::clone(recorder),
        start: plan.keys.iter().map(|&key| (key, plan.at_start(key))).collect(),
        ttl: (plan.remote == RemoteStart::Expiring).then_some(TTL),
        is_source: plan.source == Source::Remote,
        faults: plan.faults,
        order: Arc::default(),
        conditional: Conditional::at(&store),
        database: store.has_database().then(|| Database::of(&store)),
        publish: {
            let connections = Arc::clone(&connections);
            Publish::new(move |node, key| connections.publish(node, key))
        },
        limits: Arc::clone(&plan.limits),
        node: 0,
    };
    let order = Arc::clone(&truth.order);
    let stalled = Arc::<Stalled>::default();
    let world = World { recorder, clock: &clock, network: &network, connections: &connections };
    let nodes = (0..plan.nodes).map(|node| {
        let (store, warm, settings) = (store.of_node(node), warm.clone(), settings.clone());
        P::building(node);
        let clock = world.connections.clocks.of(node).clone();
        let coordinator =
            plan.is_strict().then(|| Arc::new(store.clone()) as Arc<dyn Coordinator<_, _, Error = _>>);
        let tiers = Tiers::<P, _> { remote: store.clone(), clock, local_ttl, warm, settings, coordinator };
        let order = Arc::clone(&order);
        let truth = Truth { node, ..truth.clone() };
        plan.cache.build(tiers, &truth, NewNode { plan, world, store, order, node, stalled: &stalled })
    });
    run_threads(plan, world, Nodes(nodes.collect()));
}

/// The parts of the world that all nodes share.
struct World<'a, P: Simulated> {
    recorder: &'a Arc<Recorder>,
    clock: &'a P::Clock,
    network: &'a Arc<Network<P>>,
    connections: &'a Arc<Connections<P>>,
}

impl<P: Simulated> Clone for World<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Simulated> Copy for World<'_, P> {}

/// All nodes, in order. With one node, the only cache.
struct Nodes(Vec<Arc<dyn Node>>);

/// A node, whose type is that of its cache.
trait Node: Send + Sync {
    /// Executes a step of a thread.
    fn execute(&self, step: &ThreadStep);
    /// Reads the key after all threads have ended.
    fn observe(&self, observer: usize, key: Key);
    /// Lets the key expire in the remote tier, if its deadline has passed.
    fn expire(&self, key: Key);
    fn as_connected(self: Arc<Self>) -> Arc<dyn ConnectedNode>;
}

impl Nodes {
    fn execute(&self, step: &ThreadStep) {
        self.0[step.node()].execute(step);
    }
}

/// Runs the threads on the nodes.
fn run_threads<P: Simulated, N>(plan: &Arc<Plan<N>>, world: World<'_, P>, nodes: Nodes)
where
    P::Clock: 'static,
{
    let World { network, connections, .. } = world;
    let (nodes, alike) = (Arc::new(nodes), plan.alike());
    let connected = nodes.0.iter().map(|node| Arc::downgrade(&Arc::clone(node).as_connected()));
    connections.set_nodes(connected.collect());
    let expires = plan.remote == RemoteStart::Expiring;
    let threads = plan.threads.iter().zip(alike).enumerate().map(|(thread, (its, alike))| {
        let node = its.node;
        let step = |(call, &planned): (usize, &PlannedCall)| ThreadStep::Call { node, thread, call, planned };
        let stalls = its.calls.iter().any(|call| call.kind == OpKind::Stall);
        let resume = stalls.then_some(ThreadStep::Resume { node, thread });
        let operations = its.calls.iter().enumerate().map(step).chain(resume).collect();
        (Script { name: its.name.clone(), operations }, alike)
    });
    let ticks = plan.has_clock().then(|| {
        let alike = Alike { class: plan.threads.len() as u32, symbols: Vec::new() };
        let expires = if expires { plan.keys.clone() } else { Vec::new() };
        (Script { name: "clock".to_owned(), operations: vec![ThreadStep::Expire(expires)] }, alike)
    });
    P::scripted(&nodes, threads.chain(ticks), Nodes::execute);
    network.join();
    connections.join();
    // Tasks that the cache has spawned may not have ended.
    P::quiesce();
    if expires && plan.source == Source::Remote {
        // The clock has advanced by now.
        plan.keys.iter().for_each(|&key| nodes.0[0].expire(key));
    }
    for node in &nodes.0 {
        plan.keys.iter().for_each(|&key| node.observe(plan.threads.len(), key));
    }
}

/// Creates a node of its cache.
struct NewNode<'a, P: Simulated, N> {
    plan: &'a Arc<Plan<N>>,
    world: World<'a, P>,
    store: Store<P>,
    order: Arc<Acknowledging>,
    node: usize,
    stalled: &'a Arc<Stalled>,
}

impl<P: Simulated, N: Build<P>> Visitor for NewNode<'_, P, N>
where
    P::Clock: 'static,
{
    type Output = Arc<dyn Node>;

    fn visit<C: CacheUnderTest>(self, cache: C) -> Arc<dyn Node> {
        let NewNode { plan, world, store, order, node, stalled } = self;
        let World { recorder, clock, network, connections } = world;
        Arc::new_cyclic(|me| Caller {
            cache,
            node,
            recorder: Arc::clone(recorder),
            clock: clock.clone(),
            store,
            network: Arc::clone(network),
            connections: Arc::clone(connections),
            keys: plan.keys.clone(),
            order,
            me: Weak::clone(me),
            stalled: Arc::downgrade(stalled),
        })
    }
}

/// The index of the node with this name.
fn node_of(name: Key) -> usize {
    NODES.iter().position(|node| *node == name.name()).expect("the scenario names a node")
}

/// A task's operation between two boundaries.
enum ThreadStep {
    Call {
        node: usize,
        thread: usize,
        /// Index among the thread's calls.
        call: usize,
        planned: PlannedCall,
    },
    /// Polls the thread's stalled futures to their end, or drops them.
    Resume { node: usize, thread: usize },
    /// Lets entries expire, and these keys of a custom remote tier.
    Expire(Vec<Key>),
}

impl ThreadStep {
    /// The node that executes it.
    fn node(&self) -> usize {
        match *self {
            ThreadStep::Call { node, .. } | ThreadStep::Resume { node, .. } => node,
            ThreadStep::Expire(_) => 0,
        }
    }
}

/// Futures that are not polled.
type Stalled = Mutex<Vec<StalledCall>>;

struct StalledCall {
    thread: usize,
    operation: OperationId,
    call: Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send>>,
    is_dropped: bool,
}

/// Calls the cache and records the history. Shared by all threads.
struct Caller<P: Simulated, C> {
    cache: C,
    node: usize,
    recorder: Arc<Recorder>,
    clock: P::Clock,
    store: Store<P>,
    network: Arc<Network<P>>,
    connections: Arc<Connections<P>>,
    order: Arc<Acknowledging>,
    keys: Vec<Key>,
    me: Weak<Self>,
    /// Weak, because the futures hold the caller.
    stalled: Weak<Stalled>,
}

impl<P: Simulated, C: CacheUnderTest> Node for Caller<P, C>
where
    P::Clock: 'static,
{
    fn execute(&self, step: &ThreadStep) {
        match step {
            &ThreadStep::Resume { thread, .. } => self.resume(thread),
            &ThreadStep::Call { thread, call, planned, .. } => self.perform(thread, call, planned, false),
            ThreadStep::Expire(keys) => {
                P::advance(&self.clock, TTL);
                keys.iter().for_each(|&key| self.cache.expire(key));
            }
        }
    }

    fn observe(&self, observer: usize, key: Key) {
        let read = PlannedCall { kind: OpKind::Get, key, call: Call::Get };
        self.perform(observer, 0, read, true);
    }

    fn expire(&self, key: Key) {
        self.store.expire(key);
    }

    fn as_connected(self: Arc<Self>) -> Arc<dyn ConnectedNode> {
        self
    }
}

impl<P: Simulated, C: CacheUnderTest> ConnectedNode for Caller<P, C>
where
    P::Clock: 'static,
{
    fn time(&self) -> Duration {
        self.cache.node_time()
    }

    fn notified(&self, key: Key) {
        self.cache.invalidate(key);
    }

    fn heard(&self, asked: Duration) {
        self.cache.heard(asked);
    }

    fn lost(&self) {
        self.cache.lost();
    }

    fn connecting(&self) {
        self.cache.connecting();
    }

    fn connected(&self, asked: Duration) {
        self.cache.connected(asked);
    }

    fn answered(&self, write: u64, node: u64) {
        self.cache.answered(write, node);
    }
}

impl<P: Simulated, C: CacheUnderTest> Caller<P, C> {
    fn perform(&self, thread: usize, call: usize, planned: PlannedCall, settled: bool) {
        let first = P::next_event();
        // A write by a node that is not simulated.
        let node = if planned.kind == OpKind::Unnotified { ANY_NODE } else { self.node as u32 };
        let operation = self.recorder.invoke::<P>((node, thread), planned.key, planned.call, settled);
        self.network.faults.begin(operation, thread, call);
        let reply = if planned.kind == OpKind::Stall {
            self.until_stalled(thread, operation, planned)
        } else if self.network.faults.is_any() {
            self.until_dropped(operation, self.call(planned))
        } else {
            Some(P::block_on(self.call(planned)))
        };
        // Without a response, the outcome is unknown.
        let reply = reply.and_then(Result::ok).unwrap_or(Reply::Unknown);
        if reply == Reply::Done {
            self.order_acknowledgement(operation);
        }
        // An operation is invoked with its first event and returns with its last. An operation
        // without an event needs one: its place in the order is free.
        if first.is_some() && P::next_event() == first {
            P::choose(1, |_| Some("touches nothing".to_owned()));
        }
        P::observed(match reply {
            Reply::Unknown => 0,
            Reply::Done => 1,
            Reply::Read(None) => 2,
            Reply::Read(Some(value)) => 3 + u64::from(value.version),
            Reply::Refused => u64::MAX,
        });
        self.recorder.respond::<P>(operation, reply);
        P::enter(OperationId::MAX);
    }

    /// An effect that the operation has not written itself may be written later, by a task for
    /// which it does not wait, or be lost. It becomes a version at the acknowledgement at the
    /// latest. The acknowledgement is therefore an event, whose order with other writes of the key
    /// is the same in all schedules of a class.
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
            (OpKind::Refresh, _) => cache.refresh(key).await?,
            (OpKind::Load, Call::Get) => return cache.reload(key).await.map(Reply::Read),
            (OpKind::Reconnect, _) => self.connections.reconnect(node_of(key)),
            (OpKind::Heartbeat, _) => self.connections.heartbeat(node_of(key)),
            (OpKind::LeaseEnds, _) => self.connections.clocks.pass(node_of(key)),
            (OpKind::OpenEnds, _) => store.end_open(key),
            (OpKind::Stop, _) => self.connections.stop(node_of(key)),
            (OpKind::RegistryLost, _) => store.lose_registry(key),
            (OpKind::Unnotified, Call::Set(value)) => {
                self.connections.silence();
                store.write_elsewhere(key, value);
                P::advance(&self.clock, TTL);
            }
            (OpKind::GetMany, _) => {
                let values = cache.get_many(&self.keys).await?;
                let of_key = self.keys.iter().position(|its| *its == key);
                let value = of_key.and_then(|at| values[at]);
                // A key that no tier has may be in the database.
                let is_unknown = value.is_none() && store.has_database();
                return Ok(if is_unknown { Reply::Unknown } else { Reply::Read(value) });
            }
            (_, Call::Update(_) | Call::CompareAndSet(_)) => return self.update(key, call).await,
            (_, Call::Load(value)) => return cache.load(key, || store.make(value)).await.map(Reply::Read),
            (OpKind::Notified | OpKind::NotifiedAll, Call::Set(value)) => {
                store.write_elsewhere(key, value);
                match kind {
                    OpKind::Notified => cache.invalidate(key),
                    _ => cache.invalidate_all(),
                }
            }
            (_, Call::Get) if self.loads() => {
                return cache.load(key, || store.load(key)).await.map(Reply::Read);
            }
            (_, Call::Get) => return cache.get(key).await.map(Reply::Read),
            (_, write) if self.loads() => {
                store.write_database(key, if let Call::Set(value) = write { Some(value) } else { None });
                // Not acknowledged before it is done. Each fault affects one command, so that this
                // loop ends.
                while cache.delete(key).await.is_err() {}
            }
            (_, Call::Set(value)) => cache.set(key, value).await?,
            (_, _) => cache.delete(key).await?,
        }
        Ok(Reply::Done)
    }

    /// Whether a database is behind the remote tier, and this loads from it and writes it.
    fn loads(&self) -> bool {
        self.store.has_database() && !self.cache.writes_database()
    }

    /// Reads the key, computes a value from the content, and writes it. A database is read through
    /// the cache, and written as by a `set`.
    async fn update(&self, key: Key, call: Call) -> Result<Reply, Failure> {
        let Caller { cache, store, recorder, .. } = self;
        let operation = P::current();
        let (value, compares) = match call {
            Call::Update(value) => (value, false),
            Call::CompareAndSet(value) => (value, true),
            call => unreachable!("{call:?} is not an update"),
        };
        if !self.loads() && !compares {
            let compute = |seen| {
                recorder.based_on(operation, seen);
                value
            };
            return cache.update(key, compute).await.map(|()| Reply::Done);
        }
        let seen = match store.has_database() {
            true => cache.load(key, || store.load(key)).await?,
            false => cache.get(key).await?,
        };
        recorder.based_on(operation, seen);
        let is_set = if store.has_database() {
            let is_set = match compares {
                true => store.compare_and_set_database(key, seen, value),
                false => {
                    store.write_database(key, Some(value));
                    true
                }
            };
            // Also after a refusal, whose cause may be the cache's copy.
            while cache.delete(key).await.is_err() {}
            is_set
        } else {
            cache.compare_and_set(key, seen, value, || store.compare_and_set(key, seen, value)).await?
        };
        Ok(if is_set { Reply::Done } else { Reply::Refused })
    }

    /// Runs the operation to its end, or until its future stalls. A stalled operation has no
    /// response.
    fn until_stalled(
        &self,
        thread: usize,
        operation: OperationId,
        planned: PlannedCall,
    ) -> Option<Result<Reply, Failure>> {
        let caller = self.me.upgrade().expect("the threads hold the caller");
        let mut call: Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(async move { caller.call(planned).await });
        let mut is_dropped = false;
        let answer = P::block_on(poll_fn(|context| match call.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => match self.network.faults.stalls(operation) {
                Some(then) => {
                    is_dropped = then;
                    Poll::Ready(None)
                }
                None => Poll::Pending,
            },
        }));
        if answer.is_none()
            && let Some(stalled) = self.stalled.upgrade()
        {
            let left = StalledCall { thread, operation, call, is_dropped };
            stalled.lock().unwrap_or_else(PoisonError::into_inner).push(left);
        }
        answer
    }

    fn resume(&self, thread: usize) {
        let Some(stalled) = self.stalled.upgrade() else { return };
        let its = |left: &mut StalledCall| left.thread == thread;
        let left: Vec<_> =
            stalled.lock().unwrap_or_else(PoisonError::into_inner).extract_if(.., its).collect();
        for StalledCall { operation, call, is_dropped, .. } in left {
            P::enter(operation);
            if is_dropped {
                drop(call);
            } else {
                // The response has no receiver.
                let _ = P::block_on(call);
            }
            P::enter(OperationId::MAX);
        }
    }

    /// Runs the operation until it completes, is dropped, or its loader panics. In the last two
    /// cases it has no response.
    fn until_dropped<T>(&self, operation: OperationId, call: impl Future<Output = T>) -> Option<T> {
        let faults = &self.network.faults;
        let run = || {
            P::block_on(async {
                let mut call = pin!(call);
                let answer = poll_fn(|context| match call.as_mut().poll(context) {
                    Poll::Ready(answer) => Poll::Ready(Some(answer)),
                    Poll::Pending if faults.drops(operation) => Poll::Ready(None),
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
