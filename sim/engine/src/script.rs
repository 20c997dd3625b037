//! Tasks that do one operation after the other, and remember nothing in between.

use std::sync::Arc;

use crate::runtime;
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
    let spawn = |Script { name, operations }: Script<O>| {
        let shared = Arc::clone(shared);
        let body = move || {
            for (done, operation) in operations.iter().enumerate() {
                runtime::boundary(done);
                perform(&shared, operation);
            }
            runtime::boundary(operations.len());
        };
        Builder::new().name(name).spawn(body).expect("a task is spawned, or the exploration panics")
    };
    scripts.into_iter().map(spawn).collect()
}
