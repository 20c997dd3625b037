//! The events that clients make.

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
use super::touch::{Told, actual, covers, declared, transaction};
use crate::command::Command;
use crate::face::clock::Clock;
use crate::face::fault::Fault;
use crate::face::shared::{Shared, State};
use crate::resp::Reply;
use crate::session::ConnectionId;
use crate::time::Time;

/// What the code around a connection shares with other tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::face) enum Local {
    /// Whatever there is in the process of this number: the engine does not see it.
    Process(u32),
    /// Only what is the engine's.
    Instrumented,
}

impl Default for Local {
    fn default() -> Self {
        Local::Process(0)
    }
}

/// A client that sends commands, as far as it was made before.
pub(in crate::face) struct Sender<'a> {
    /// The database that its connection begins with.
    pub(in crate::face) database: usize,
    /// How long it waits for a reply.
    pub(in crate::face) timeout: Option<Duration>,
    /// What is on its way to it, if it may be told what it did not ask for.
    pub(in crate::face) stream: Option<Arc<Stream>>,
    /// Its connection: the one that it has, or else a new one.
    pub(in crate::face) open: &'a dyn Fn(&mut State) -> ConnectionId,
}

/// A server in an exploration.
pub(in crate::face) struct Explored {
    /// Stands for the server, as far as the engine needs to know it.
    pub(super) server: Object<()>,
    /// Each stands for what a process has in its memory.
    processes: Mutex<BTreeMap<u32, Arc<Object<()>>>>,
    pub(super) streams: Streams,
    /// The events, each as its task and its number in that, from which on some connection may be told what it did not ask
    /// for.
    told: Mutex<Vec<(u32, u32)>>,
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

/// What the clock said in the last step.
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
            told: Mutex::default(),
            faults: OnceLock::new(),
            deadlines: Mutex::default(),
            watcher: OnceLock::new(),
            now: Arc::clone(&clock.0),
        }
    }

    pub(super) fn set_faults(&self, at_most: u32, faults: Vec<Fault>) {
        let is_new = self.faults.set(Faults::new(at_most, faults)).is_ok();
        assert!(is_new, "faults are said once in a run: say all of them there");
    }

    pub(super) fn set_watcher(&self, watcher: Watcher) {
        let is_new = self.watcher.set(watcher).is_ok();
        assert!(is_new, "a run has one watcher: let that one tell the others");
    }

    /// Whether anybody wants to be told what happens.
    pub(super) fn is_watched(&self) -> bool {
        self.watcher.get().is_some()
    }

    pub(super) fn tell(&self, seen: Seen<'_>) {
        if let Some(watcher) = self.watcher.get() {
            watcher(seen);
        }
    }

    /// The commands that are executed as one: a transaction as a whole, else each for itself.
    pub(in crate::face) fn at_once(&self, commands: &[Command]) -> usize {
        if transaction(commands).is_some() { commands.len() } else { 1 }
    }

    /// From now on, this connection may be told what it did not ask for.
    #[track_caller]
    pub(in crate::face) fn may_be_told(&self, connection: ConnectionId, stream: &Arc<Stream>) {
        let event = next_event();
        self.server.write_all(|()| ());
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.streams.insert(connection, stream);
    }

    /// It has lost its connection, and has another one.
    pub(in crate::face) fn opened_anew(&self, connection: ConnectionId, stream: &Arc<Stream>) {
        self.streams.insert(connection, stream);
    }

    /// A connection is about to be closed by its client. One that may be told things is so no more, and others can notice.
    #[track_caller]
    pub(in crate::face) fn disconnects(&self, connection: ConnectionId) {
        if self.streams.get(connection).is_some() {
            self.server.write_all(|()| ());
        }
    }

    /// Whether the calling task must know that somebody may be told what he did not ask for. (Whether somebody may it cannot know:
    /// that would depend on tasks of which it has not heard.)
    pub(super) fn knows_that_it_tells(&self) -> bool {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        !told.is_empty()
            && causal_clock(|clock| {
                told.iter().any(|(task, event)| clock.get(*task as usize).is_some_and(|known| known >= event))
            })
    }

    /// Whether some connection may be told what it did not ask for.
    pub(super) fn may_tell(&self) -> bool {
        !self.told.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// What is on its way to a connection of this code.
    pub(in crate::face) fn stream(&self, local: Local) -> Arc<Stream> {
        if let Local::Process(number) = local {
            self.make_process(number);
        }
        Stream::new(local)
    }

    /// There is a process of this number.
    pub(in crate::face) fn make_process(&self, number: u32) {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        processes.entry(number).or_insert_with(process);
    }

    /// One step of the server's, with what the commands touch.
    ///
    /// They may touch more than was declared, because of something before that conflicts with what was declared. Then it is
    /// declared anew, and the first step has only looked.
    #[track_caller]
    fn step<R>(
        &self,
        shared: &Arc<Shared>,
        sender: &Sender<'_>,
        commands: &[Command],
        fault: Option<Fault>,
        act: impl FnOnce(&mut State, ConnectionId, Time) -> R,
    ) -> (R, Ahead) {
        let is_told = sender.stream.is_some();
        let ends = is_told && matches!(fault, Some(Fault::ConnectionLost | Fault::ReplyLost));
        let told = |anybody| Told { anybody: anybody || is_told, sender: is_told };
        let actual = |state: &State, connection: ConnectionId| {
            let anybody = self.may_tell() || state.server.tells_anybody();
            let is_due = state.server.next_expiry().is_some_and(|next| next <= shared.clock.now());
            // Of faults that a test has told, it depends on who is first whose command takes the next.
            if anybody && is_due || ends || state.faults.left() > 0 {
                return Touch::WriteAll;
            }
            actual(&state.server, connection, commands, told(anybody))
        };
        let mut declared = match ends {
            true => Touch::WriteAll,
            false => declared(sender.database, commands, told(self.knows_that_it_tells())),
        };
        loop {
            let turn = self.server.touch(declared.clone(), |(), now| {
                self.now.fetch_max(now.as_nanos().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
                let mut state = shared.lock();
                let connection = (sender.open)(&mut state);
                let actual = actual(&state, connection);
                if covers(&declared, &actual) { Ok((state, connection)) } else { Err(actual) }
            });
            // Still in the same step: the next begins when it is announced.
            match turn {
                Err(actual) => declared = actual,
                Ok((mut state, connection)) => {
                    let now = shared.clock.now();
                    state.expire(now);
                    let before = std::mem::take(&mut state.pushes);
                    let result = act(&mut state, connection, now);
                    let after = std::mem::take(&mut state.pushes);
                    drop(state);
                    self.dispatch(shared, before);
                    let ahead = sender.stream.as_ref().and_then(|stream| stream.last());
                    self.dispatch(shared, after);
                    self.spawn_expiry(shared);
                    return (result, ahead);
                }
            }
        }
    }

    /// A step of the test's own connection.
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

    /// Executes commands that a client has sent as one. Who they came from, and what must have come before their replies.
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

    /// Whether a message or an invalidation is lost on its way.
    #[track_caller]
    pub(super) fn loses_push(&self) -> bool {
        self.faults.get().is_some_and(Faults::of_push)
    }

    /// Tells what was executed.
    pub(in crate::face) fn executed(
        &self,
        shared: &Shared,
        connection: ConnectionId,
        commands: &[Command],
        replies: &[Reply],
    ) {
        if self.is_watched() {
            let state = shared.lock();
            self.tell(Seen::Executed { connection, commands, replies, server: &state.server });
        }
    }

    /// The replies arrive, after what was sent ahead of them, and the task goes on. If they come too late, so much time has
    /// passed.
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
            self.tell(Seen::LocalCode);
        }
    }

    #[track_caller]
    fn touch_process(&self, number: u32) {
        let process =
            self.processes.lock().unwrap_or_else(PoisonError::into_inner).get(&number).map(Arc::clone);
        process.expect("a connection's process is made with it").write_all(|()| ());
    }

    /// The task looks whether something was sent, or brings it.
    #[track_caller]
    pub(in crate::face) fn touch_pushes(&self, local: Local, stream: Option<&Stream>) {
        match (local, stream) {
            (Local::Process(number), _) => self.touch_process(number),
            (Local::Instrumented, Some(stream)) => stream.touch(),
            (Local::Instrumented, None) => {}
        }
    }

    /// Waits until all that was sent to anybody has come.
    #[track_caller]
    pub(super) fn settle(&self) {
        self.streams.last().into_iter().for_each(|arrival| self.wait_for(arrival));
    }
}

fn process() -> Arc<Object<()>> {
    Arc::new(Object::named("local code", ()))
}
