//! The events of clients.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use selvedge_engine::object::{Object, Touch};
use selvedge_engine::{causal_clock, next_event, thread};

use super::expiry::Deadlines;
use super::faults::Faults;
use super::pushes::{Ahead, Stream, Streams};
use super::seen::{Seen, Watcher};
use super::touch::{Receivers, actual, covers, declared, transaction};
use super::waits::Waits;
use crate::face::clock::Clock;
use crate::face::fault::Fault;
use crate::face::shared::{Shared, State};
use crate::request::Command;
use crate::resp::Reply;
use crate::session::ConnectionId;
use crate::time::Time;

/// The state that the code around a connection shares with other tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::face) enum Local {
    /// Any state of the process with this number. The engine does not see it.
    Process(u32),
    /// Only objects of the engine.
    Instrumented,
}

impl Default for Local {
    fn default() -> Self {
        Local::Process(0)
    }
}

/// A client that sends commands. Its connection is opened with the first command.
pub(in crate::face) struct Sender<'a> {
    /// The initial database of its connection.
    pub(in crate::face) database: usize,
    /// Its response timeout.
    pub(in crate::face) timeout: Option<Duration>,
    /// The pushes on their way to it, if it can receive any.
    pub(in crate::face) stream: Option<Arc<Stream>>,
    /// Returns its connection, and opens one if there is none.
    pub(in crate::face) open: &'a dyn Fn(&mut State) -> ConnectionId,
}

/// A server in an exploration.
pub(in crate::face) struct Explored {
    /// Represents the server in the engine.
    pub(super) server: Object<()>,
    /// Each represents the memory of a process.
    processes: Mutex<BTreeMap<u32, Arc<Object<()>>>>,
    pub(super) streams: Streams,
    pub(super) waits: Waits,
    /// The events after which some connection can receive pushes, as the task and the event's index
    /// in it.
    receiver_events: Mutex<Vec<(u32, u32)>>,
    faults: OnceLock<Faults>,
    pub(super) deadlines: Mutex<Deadlines>,
    watcher: OnceLock<Watcher>,
    /// The virtual time of the last step, in nanoseconds.
    now: Arc<AtomicU64>,
}

impl fmt::Debug for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explored").field("server", &self.server).finish_non_exhaustive()
    }
}

/// The virtual time of the last step.
#[derive(Debug, Default)]
pub(super) struct StepClock(Arc<AtomicU64>);

impl Clock for StepClock {
    fn now(&self) -> Time {
        Time::START.after(Duration::from_nanos(self.0.load(Ordering::Relaxed)))
    }
}

impl Explored {
    pub(super) fn new(clock: &StepClock) -> Self {
        Explored {
            server: Object::named("redis", ()),
            processes: Mutex::new([(0, process())].into()),
            streams: Streams::default(),
            waits: Waits::default(),
            receiver_events: Mutex::default(),
            faults: OnceLock::new(),
            deadlines: Mutex::default(),
            watcher: OnceLock::new(),
            now: Arc::clone(&clock.0),
        }
    }

    pub(super) fn set_faults(&self, at_most: u32, faults: Vec<Fault>) {
        let is_new = self.faults.set(Faults::new(at_most, faults)).is_ok();
        assert!(is_new, "set the faults of a run once, all together");
    }

    pub(super) fn set_watcher(&self, watcher: Watcher) {
        let is_new = self.watcher.set(watcher).is_ok();
        assert!(is_new, "a run has one watcher: combine the watchers into one");
    }

    /// Whether a watcher is set.
    pub(super) fn is_watched(&self) -> bool {
        self.watcher.get().is_some()
    }

    pub(super) fn report(&self, seen: Seen<'_>) {
        if let Some(watcher) = self.watcher.get() {
            watcher(seen);
        }
    }

    /// The number of commands that execute as one event: all commands of a transaction, otherwise
    /// one.
    pub(in crate::face) fn event_size(&self, commands: &[Command]) -> usize {
        if transaction(commands).is_some() { commands.len() } else { 1 }
    }

    /// Lets the connection receive pushes from now on.
    #[track_caller]
    pub(in crate::face) fn enable_pushes(&self, connection: ConnectionId, stream: &Arc<Stream>) {
        let event = next_event();
        self.server.write_all(|()| ());
        self.receiver_events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.streams.insert(connection, stream);
    }

    /// Registers the new connection of a client that has lost its connection.
    pub(in crate::face) fn reconnected(&self, connection: ConnectionId, stream: &Arc<Stream>) {
        self.streams.insert(connection, stream);
    }

    /// A client is about to close its connection. If it can receive pushes, this is a step, because
    /// other tasks can observe the closing.
    #[track_caller]
    pub(in crate::face) fn disconnects(&self, connection: ConnectionId) {
        if self.streams.get(connection).is_some() {
            self.server.write_all(|()| ());
        }
    }

    /// Whether the registration of a receiver of pushes happens before the calling task's next
    /// event. A declaration must not depend on registrations that are concurrent with it.
    pub(super) fn has_causal_receivers(&self) -> bool {
        let events = self.receiver_events.lock().unwrap_or_else(PoisonError::into_inner);
        !events.is_empty()
            && causal_clock(|clock| {
                events
                    .iter()
                    .any(|(task, event)| clock.get(*task as usize).is_some_and(|known| known >= event))
            })
    }

    /// Whether any connection can receive pushes.
    pub(super) fn has_receivers(&self) -> bool {
        !self.receiver_events.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The stream of pushes to a connection in this code.
    pub(in crate::face) fn stream(&self, local: Local) -> Arc<Stream> {
        if let Local::Process(number) = local {
            self.make_process(number);
        }
        Stream::new(local)
    }

    /// Creates the process with this number, if it does not exist.
    pub(in crate::face) fn make_process(&self, number: u32) {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        processes.entry(number).or_insert_with(process);
    }

    /// Executes one step of the server, with the parts that the commands touch.
    ///
    /// The commands may touch more parts than declared, because of an earlier event that conflicts
    /// with the declaration. Then the step only reads, and the actual parts are declared in another
    /// step.
    #[track_caller]
    fn step<R>(
        &self,
        shared: &Arc<Shared>,
        sender: &Sender<'_>,
        commands: &[Command],
        fault: Option<Fault>,
        act: impl FnOnce(&mut State, ConnectionId, Time) -> R,
    ) -> (R, Ahead) {
        let can_receive = sender.stream.is_some();
        let ends = can_receive && matches!(fault, Some(Fault::ConnectionLost | Fault::ReplyLost));
        let receivers = |any| Receivers { any: any || can_receive, sender: can_receive };
        let actual = |state: &State, connection: ConnectionId| {
            let any = self.has_receivers() || state.server.sends_pushes();
            let is_due = state.server.next_expiry().is_some_and(|next| next <= shared.clock.now());
            // The order of commands decides which of them takes a fault that the test has injected.
            if any && is_due || ends || state.faults.left() > 0 {
                return Touch::WriteAll;
            }
            actual(&state.server, connection, commands, receivers(any))
        };
        let mut declared = match ends {
            true => Touch::WriteAll,
            false => declared(sender.database, commands, receivers(self.has_causal_receivers())),
        };
        loop {
            let attempt = self.server.touch(declared.clone(), |(), now| {
                self.now.fetch_max(now.as_nanos().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
                let mut state = shared.lock();
                let connection = (sender.open)(&mut state);
                let actual = actual(&state, connection);
                if covers(&declared, &actual) { Ok((state, connection)) } else { Err(actual) }
            });
            // Still the same step: the next one begins when it is announced.
            match attempt {
                Err(actual) => declared = actual,
                Ok((mut state, connection)) => {
                    let now = shared.clock.now();
                    state.expire(now);
                    let before = std::mem::take(&mut state.pushes);
                    let result = act(&mut state, connection, now);
                    let after = std::mem::take(&mut state.pushes);
                    let waits = self.waits.after_step(&state, connection);
                    drop(state);
                    self.dispatch(shared, before);
                    let ahead = sender.stream.as_ref().and_then(|stream| stream.last());
                    self.dispatch(shared, after);
                    self.spawn_expiry(shared);
                    self.finish_step(shared, waits);
                    return (result, ahead);
                }
            }
        }
    }

    /// Executes a step of the test's own connection.
    #[track_caller]
    pub(in crate::face) fn call<R>(
        &self,
        shared: &Arc<Shared>,
        connection: ConnectionId,
        command: &Command,
        act: impl FnOnce(&mut State, Time) -> R,
    ) -> R {
        let sender = Sender { database: 0, timeout: None, stream: None, open: &|_| connection };
        let act = |state: &mut State, _, now| act(state, now);
        self.step(shared, &sender, std::slice::from_ref(command), None, act).0
    }

    /// Executes commands that a client has sent as one. Returns their connection, and the arrival
    /// that must precede their replies.
    #[track_caller]
    pub(in crate::face) fn send(
        &self,
        shared: &Arc<Shared>,
        sender: &Sender<'_>,
        commands: &[Command],
    ) -> (ConnectionId, Ahead) {
        let fault = self.faults.get().and_then(|faults| faults.of_command(sender.timeout));
        let run = |state: &mut State, connection, now| {
            for (at, command) in commands.iter().enumerate() {
                if !state.server.is_connected(connection) {
                    break;
                }
                let is_last = at + 1 == commands.len();
                let is_here = match fault {
                    Some(Fault::ReplyLost | Fault::Delayed(_)) => is_last,
                    _ => true,
                };
                if let Some(fault) = fault.filter(|_| is_here) {
                    state.faults.add_first(fault);
                }
                state.send(connection, command.clone(), now);
            }
            connection
        };
        self.step(shared, sender, commands, fault, run)
    }

    /// Whether the next message or invalidation is lost.
    #[track_caller]
    pub(super) fn loses_push(&self) -> bool {
        self.faults.get().is_some_and(Faults::of_push)
    }

    /// Reports executed commands to the watcher.
    pub(in crate::face) fn executed(
        &self,
        shared: &Shared,
        connection: ConnectionId,
        commands: &[Command],
        replies: &[Reply],
    ) {
        if self.is_watched() {
            let state = shared.lock();
            self.report(Seen::Executed { connection, commands, replies, server: &state.server });
        }
    }

    /// The replies arrive after the pushes before them, and the task resumes. Late replies first
    /// advance the clock by the delay `late`.
    #[track_caller]
    pub(in crate::face) fn arrive(&self, local: Local, ahead: Ahead, late: Option<Duration>) {
        self.wait_for(ahead);
        if let Some(late) = late {
            thread::sleep(late);
        }
        self.local_code(local);
    }

    /// The task begins a block of local code.
    #[track_caller]
    pub(in crate::face) fn local_code(&self, local: Local) {
        if let Local::Process(number) = local {
            self.touch_process(number);
            self.report(Seen::LocalCode);
        }
    }

    #[track_caller]
    fn touch_process(&self, number: u32) {
        let process =
            self.processes.lock().unwrap_or_else(PoisonError::into_inner).get(&number).map(Arc::clone);
        process.expect("a connection's process is created with it").write_all(|()| ());
    }

    /// The task checks for pushes, or delivers one.
    #[track_caller]
    pub(in crate::face) fn touch_pushes(&self, local: Local, stream: Option<&Stream>) {
        match (local, stream) {
            (Local::Process(number), _) => self.touch_process(number),
            (Local::Instrumented, Some(stream)) => stream.touch(),
            (Local::Instrumented, None) => {}
        }
    }

    /// Waits until all pushes sent so far have been handled.
    #[track_caller]
    pub(super) fn settle(&self) {
        self.streams.last().into_iter().for_each(|arrival| self.wait_for(arrival));
    }
}

fn process() -> Arc<Object<()>> {
    Arc::new(Object::named("local code", ()))
}
