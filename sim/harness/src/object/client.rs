//! Clients of an object: one, or all up to a bound.

use std::sync::{Arc, Mutex, PoisonError};

use selvedge_engine::object::Counter;
use selvedge_engine::{Explorer, Report, thread};

use super::Object;
use super::history::History;
use super::order::{MOST_CALLS, is_linearizable};
use crate::prove::clients::{Client, Enumeration, Program};

/// The maximum number of clients of a proof.
const MOST_CLIENTS: usize = 100_000;

/// Compares an implementation with its sequential specification. `build` creates a new object,
/// whose state is `specification`; `call` executes an operation on it.
pub fn linearizable<O, I, B, C>(specification: O, build: B, call: C) -> Linearizable<O, B, C>
where
    O: Object,
    I: Send + Sync + 'static,
    B: Fn() -> I + Send + Sync + 'static,
    C: Fn(&I, O::Operation) -> O::Answer + Send + Sync + 'static,
{
    let implementation = Arc::new((build, call));
    let (client, operations) = (Vec::new(), Vec::new());
    Linearizable { specification, implementation, client, operations, calls: 3, threads: 2 }
}

/// An implementation, its specification, and the clients that call it. Created by
/// [`linearizable`].
#[derive(Clone)]
#[must_use = "nothing runs until it is checked or proved"]
pub struct Linearizable<O: Object, B, C> {
    specification: O,
    implementation: Arc<(B, C)>,
    client: Client<O::Operation>,
    operations: Vec<O::Operation>,
    calls: usize,
    threads: usize,
}

/// The result of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectProof {
    /// The number of clients, one of each class under renaming of threads.
    pub clients: u64,
    /// The executed schedules of all clients.
    pub executions: u64,
}

impl<O: Object, B, C> Linearizable<O, B, C> {
    /// Adds a thread with its operations, in order, to the client of [`check`](Self::check).
    pub fn thread(mut self, operations: impl IntoIterator<Item = O::Operation>) -> Self {
        self.client.push(Program::new(0, operations.into_iter().collect()));
        self
    }

    /// Sets the operations of the clients of [`prove`](Self::prove).
    pub fn operations(mut self, operations: impl IntoIterator<Item = O::Operation>) -> Self {
        self.operations = operations.into_iter().collect();
        self
    }

    /// Sets the maximum number of calls of a client of [`prove`](Self::prove). The default is 3.
    pub fn calls(self, calls: usize) -> Self {
        Linearizable { calls, ..self }
    }

    /// Sets the maximum number of threads of a client of [`prove`](Self::prove). The default is 2.
    pub fn threads(self, threads: usize) -> Self {
        Linearizable { threads, ..self }
    }
}

impl<O, I, B, C> Linearizable<O, B, C>
where
    O: Object,
    I: Send + Sync + 'static,
    B: Fn() -> I + Send + Sync + 'static,
    C: Fn(&I, O::Operation) -> O::Answer + Send + Sync + 'static,
{
    /// Explores every schedule of the client of the [threads](Self::thread).
    ///
    /// # Panics
    ///
    /// If a history is not linearizable, with this history and the trace of the simplest schedule;
    /// if a schedule deadlocks or panics; if the search is not complete; if there is no thread, or
    /// if there are more than 64 calls.
    #[track_caller]
    pub fn check(&self) -> Report {
        assert!(!self.client.is_empty(), "the client has no thread: add one with .thread(…)");
        self.run(&self.client)
    }

    /// Explores every schedule of every client within the bounds, the smallest clients first.
    ///
    /// # Panics
    ///
    /// Like [`check`](Self::check), at the smallest client that fails. Also if there is no
    /// operation, or if there are more than 100,000 clients.
    #[track_caller]
    pub fn prove(&self) -> ObjectProof {
        assert!(!self.operations.is_empty(), "no client calls anything: add .operations(…)");
        let enumeration = Enumeration {
            alphabet: &self.operations,
            nodes: 1,
            calls: self.calls,
            threads: self.threads,
            renamings: &[],
            orders_threads: false,
            most: MOST_CLIENTS,
        };
        let clients = enumeration.all();
        let clients = clients.unwrap_or_else(|| panic!("more than {MOST_CLIENTS} clients: lower the bounds"));
        let mut proof = ObjectProof { clients: clients.len() as u64, executions: 0 };
        for client in &clients {
            proof.executions += self.run(client).executions;
        }
        proof
    }

    /// Explores every schedule of the client.
    #[track_caller]
    fn run(&self, client: &Client<O::Operation>) -> Report {
        let calls: usize = client.iter().map(|program| program.calls.len()).sum();
        assert!(calls <= MOST_CALLS, "a client of {calls} calls: a history has at most {MOST_CALLS}");
        let (implementation, specification) = (Arc::clone(&self.implementation), self.specification.clone());
        let threads: Vec<_> = client.iter().map(|program| program.calls.clone()).collect();
        Explorer::optimal().check(move || execute(&implementation, &specification, &threads))
    }
}

/// Executes the client once, and panics if its history is not linearizable.
///
/// The order of invocations and responses is part of the schedule: an invocation reads a counter,
/// and a response adds to it. So an invocation and a response conflict, and two of a kind commute.
/// All schedules of a class then agree on the calls that end before others begin, and have one
/// history.
fn execute<O, I, B, C>(implementation: &Arc<(B, C)>, specification: &O, threads: &[Vec<O::Operation>])
where
    O: Object,
    I: Send + Sync + 'static,
    B: Fn() -> I + Send + Sync + 'static,
    C: Fn(&I, O::Operation) -> O::Answer + Send + Sync + 'static,
{
    let object = Arc::new((implementation.0)());
    let order = Arc::new(Counter::named("responses", 0));
    // Recorded in the order of the events: no task runs between an event and its record.
    let history = Arc::new(Mutex::new(History::<O>::default()));
    let tasks: Vec<_> = (threads.iter().cloned().enumerate())
        .map(|(thread, operations)| {
            let (object, order, history) = (Arc::clone(&object), Arc::clone(&order), Arc::clone(&history));
            let implementation = Arc::clone(implementation);
            thread::spawn(move || {
                for operation in operations {
                    order.get();
                    let call = lock(&history).invoke(thread, operation);
                    let answer = (implementation.1)(&object, operation);
                    order.add(1);
                    lock(&history).respond(call, answer);
                }
            })
        })
        .collect();
    for task in tasks {
        if let Err(panic) = task.join() {
            std::panic::resume_unwind(panic);
        }
    }
    let history = lock(&history).clone();
    if !is_linearizable(&history, specification) {
        panic!("not linearizable: no order of these calls explains their answers\n{history}");
    }
}

fn lock<O: Object>(history: &Mutex<History<O>>) -> std::sync::MutexGuard<'_, History<O>> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<O: Object, B, C> std::fmt::Debug for Linearizable<O, B, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Linearizable { client, operations, calls, threads, .. } = self;
        let mut all = f.debug_struct("Linearizable");
        all.field("client", client).field("operations", operations);
        all.field("calls", calls).field("threads", threads).finish_non_exhaustive()
    }
}
