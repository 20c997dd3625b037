//! Tasks that do one operation after the other, and remember nothing in between.

use std::panic;
use std::sync::Arc;

use crate::runtime;
use crate::stateful::Alike;
use crate::thread::{Builder, JoinHandle};

/// What a task of [`scripted`] does: operations, in order.
#[derive(Clone, Debug)]
pub struct Script<O> {
    /// The task's name, for messages and traces.
    pub name: String,
    /// Its operations.
    pub operations: Vec<O>,
}

/// Spawns a task for each script. A task does its operations one after the other, by calling `perform` with what all of
/// them share and with the operation.
///
/// Between two operations nothing of a task's past matters but how far it is. That is what a
/// [search of states](crate::Explorer::stateful) makes use of: however a read came to its end, the task that has read is
/// then in the same state.
///
/// # The caller's promise
///
/// All that operations leave for later ones is in objects of this crate: `perform` is a function without a state of its
/// own, and `shared` and the operations hold nothing that changes but such objects. What nobody's control flow depends on,
/// such as statistics, or a [monitor](crate::monitor), is free. A program that keeps something in a static, a
/// [`thread_local!`](crate::thread_local), or a std lock or atomic breaks the promise, and states are taken for the same
/// that are not.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::object::Map;
/// use selvedge_engine::{Explorer, Script, scripted};
///
/// enum Op {
///     Read,
///     Write,
/// }
///
/// let program = || {
///     let map = Arc::new(Map::hashed("a map"));
///     let reader = Script { name: "reader".to_owned(), operations: vec![Op::Read, Op::Read, Op::Read] };
///     let writer = Script { name: "writer".to_owned(), operations: vec![Op::Write] };
///     scripted(&map, [reader, writer], |map, operation| match operation {
///         Op::Read => drop(map.get(&"key")),
///         Op::Write => drop(map.insert("key", 1)),
///     });
/// };
/// // How far the reader is, and whether the writer has written: what the reads have seen is forgotten.
/// assert_eq!(Explorer::stateful().run(program).states.unwrap().count, 4 * 2);
/// ```
///
/// # Panics
///
/// As [`spawn`](crate::thread::spawn).
pub fn scripted<S, O>(
    shared: &Arc<S>,
    scripts: impl IntoIterator<Item = Script<O>>,
    perform: fn(&S, &O),
) -> Vec<JoinHandle<()>>
where
    S: Send + Sync + 'static,
    O: Send + 'static,
{
    spawn_all(shared, scripts.into_iter().map(|script| (script, None)), perform)
}

/// Spawns a task for each script, as [`scripted`] does, and waits until all of them have ended. If one has panicked, so does
/// this.
///
/// Scripts of the same [class](Alike::class) are alike, and a [search of states](crate::Explorer::stateful) takes two
/// states for one if such tasks have only changed places.
///
/// # The caller's promise
///
/// As that of [`scripted`]. Besides, scripts of a class have the same operations, but for what they [write](Alike::symbols).
/// Nothing tells such tasks apart: no operation looks at its task's name or [`ThreadId`](crate::thread::ThreadId). And what
/// they write is kept where it is hashed as a [`Symbol`](crate::Symbol), and is never computed with nor compared but for
/// being the same.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
/// use selvedge_engine::{Alike, Explorer, Script, symmetric};
///
/// let program = || {
///     let sum = Arc::new(AtomicU32::new(0));
///     let adder = |_| (Script { name: "adder".to_owned(), operations: vec![(), ()] }, Alike::default());
///     symmetric(&sum, (0..4).map(adder), |sum, ()| drop(sum.fetch_add(1, SeqCst)));
/// };
/// // How many of the four have added nothing, once, and twice.
/// assert_eq!(Explorer::stateful().run(program).states.unwrap().count, 15);
/// ```
///
/// # Panics
///
/// As [`spawn`](crate::thread::spawn); if scripts of one class do not write the same number of symbols; and if a script
/// panics.
pub fn symmetric<S, O>(
    shared: &Arc<S>,
    scripts: impl IntoIterator<Item = (Script<O>, Alike)>,
    perform: fn(&S, &O),
) where
    S: Send + Sync + 'static,
    O: Send + 'static,
{
    let (scripts, alike): (Vec<_>, Vec<_>) = scripts.into_iter().unzip();
    runtime::begin_scripts(alike);
    let placed = scripts.into_iter().enumerate().map(|(place, script)| (script, Some(place)));
    for task in spawn_all(shared, placed, perform) {
        if let Err(payload) = task.join() {
            panic::resume_unwind(payload);
        }
    }
}

fn spawn_all<S, O>(
    shared: &Arc<S>,
    scripts: impl Iterator<Item = (Script<O>, Option<usize>)>,
    perform: fn(&S, &O),
) -> Vec<JoinHandle<()>>
where
    S: Send + Sync + 'static,
    O: Send + 'static,
{
    let spawn = |(Script { name, operations }, place): (Script<O>, Option<usize>)| {
        let shared = Arc::clone(shared);
        let body = move || {
            for (done, operation) in operations.iter().enumerate() {
                runtime::boundary(done, place);
                perform(&shared, operation);
            }
            runtime::boundary(operations.len(), place);
        };
        Builder::new().name(name).spawn(body).expect("a task is spawned, or the exploration panics")
    };
    scripts.map(spawn).collect()
}

/// The task forgets what it has done so far, as one of [`scripted`] does between two of its operations: however it came to
/// here, it is in the same state. For what is set up in one of several ways. Once in a task, and not in one that has a
/// script.
///
/// # The caller's promise
///
/// As for [`scripted`], of all that the task did before: what it leaves for later is in objects of this crate that are as they
/// would be in another schedule, or is fed in by the run's [monitor](crate::monitor) for as long as anything depends on it.
///
/// # Examples
///
/// ```
/// use selvedge_engine::sync::atomic::{AtomicU32, Ordering::SeqCst};
/// use selvedge_engine::{Explorer, choose, forget};
///
/// let states = |forgets: bool| {
///     let program = move || {
///         choose(3);
///         if forgets {
///             forget();
///         }
///         AtomicU32::new(0).store(1, SeqCst);
///     };
///     Explorer::stateful().run(program).states.unwrap().count
/// };
/// // At the start, when it has chosen, and at the end.
/// assert_eq!((states(false), states(true)), (1 + 3 + 3, 1 + 1 + 1));
/// ```
pub fn forget() {
    runtime::boundary(0, None);
}
