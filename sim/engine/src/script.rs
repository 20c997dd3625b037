//! Scripts: tasks that execute operations one after the other, and forget their history in between.

use std::panic;
use std::sync::Arc;

use crate::runtime;
use crate::stateful::Alike;
use crate::thread::{Builder, JoinHandle};

/// The operations of a task of [`scripted`], in order.
#[derive(Clone, Debug)]
pub struct Script<O> {
    /// The task's name, for messages and traces.
    pub name: String,
    /// Its operations.
    pub operations: Vec<O>,
}

/// Spawns a task for each script. A task executes its operations one after the other, by calling
/// `perform` with the shared data and the operation.
///
/// Between two operations a task's local state is only the number of completed operations. A
/// [search of states](crate::Explorer::stateful) relies on this: after a read the task is in the
/// same state for each result of the read.
///
/// # The caller's promise
///
/// All data that operations store for later ones is in objects of this crate: `perform` is a
/// function without state of its own, and `shared` and the operations contain no mutable data
/// except such objects. Data that does not affect control flow, such as statistics or a
/// [monitor](crate::monitor()), is exempt. A program that stores data in a static, a
/// [`thread_local!`](crate::thread_local), or a std lock or atomic breaks the promise, and the
/// search then takes different states for the same.
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
///     let reads = vec![Op::Read, Op::Read, Op::Read];
///     let reader = Script { name: "reader".to_owned(), operations: reads };
///     let writer = Script { name: "writer".to_owned(), operations: vec![Op::Write] };
///     scripted(&map, [reader, writer], |map, operation| match operation {
///         Op::Read => drop(map.get(&"key")),
///         Op::Write => drop(map.insert("key", 1)),
///     });
/// };
/// // The progress of the reader, and whether the writer has written: a read's result is forgotten.
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

/// Spawns a task for each script, as [`scripted`] does, and waits until all of them have ended.
/// Panics if one of them has panicked.
///
/// Scripts with the same [class](Alike::class) are symmetric: a [search of
/// states](crate::Explorer::stateful) takes states for the same if they differ only by an exchange
/// of such tasks.
///
/// # The caller's promise
///
/// The promise of [`scripted`]. In addition, scripts of a class have the same operations, except
/// for their [symbols](Alike::symbols). Nothing distinguishes such tasks: no operation observes its
/// task's name or [`ThreadId`](crate::thread::ThreadId). Symbols are hashed as
/// [`Symbol`](crate::Symbol) wherever they are stored, and are only compared for equality.
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
///     let script = || Script { name: "adder".to_owned(), operations: vec![(), ()] };
///     let adder = |_| (script(), Alike::default());
///     symmetric(&sum, (0..4).map(adder), |sum, ()| drop(sum.fetch_add(1, SeqCst)));
/// };
/// // How many of the four have added nothing, once, and twice.
/// assert_eq!(Explorer::stateful().run(program).states.unwrap().count, 15);
/// ```
///
/// # Panics
///
/// As [`spawn`](crate::thread::spawn); if scripts of one class have different numbers of symbols;
/// and if a script panics.
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

/// Forgets the task's history, as a task of [`scripted`] does between two operations: its local
/// state is the same for every history. For a setup with several variants. Call it once in a task,
/// and not in a task with a script.
///
/// # The caller's promise
///
/// The promise of [`scripted`], for all earlier actions of the task: the data that they leave for
/// later is in objects of this crate in the same state in every schedule, or is hashed by the run's
/// [monitor](crate::monitor()) as long as anything depends on it.
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
/// // At the start, after the choice, and at the end.
/// assert_eq!((states(false), states(true)), (1 + 3 + 3, 1 + 1 + 1));
/// ```
pub fn forget() {
    runtime::boundary(0, None);
}
