//! Tasks that borrow: their lifetime is erased, and whoever lent to them is held until they have ended.

use std::marker::PhantomData;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::event::TaskId;

/// Spawns tasks that may borrow from outside of them. See [`scope`](crate::thread::scope).
pub struct Scope<'scope, 'env: 'scope> {
    /// The tasks that were spawned in it.
    pub(crate) children: Mutex<Vec<TaskId>>,
    /// How many erased bodies there are that have neither returned nor been dropped.
    alive: Arc<AtomicUsize>,
    /// Invariant in both, as std's: a scope cannot be taken for a longer or a shorter one.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A body that borrows. Fields are dropped in this order: it counts as alive until all that it captured is gone.
struct Body<'a> {
    body: Box<dyn FnOnce() + 'a>,
    alive: Alive,
}

/// One of those that are alive.
struct Alive(Arc<AtomicUsize>);

/// Nobody gets past it while a body is alive.
struct Barrier<'a>(&'a AtomicUsize);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Alive(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Barrier<'_> {
    fn drop(&mut self) {
        if self.0.load(Ordering::SeqCst) > 0 {
            eprintln!("selvedge-engine: a scope has ended before its tasks. This is a bug of the engine");
            process::abort();
        }
    }
}

impl Body<'_> {
    fn run(self) {
        let Body { body, alive } = self;
        body();
        drop(alive);
    }
}

impl<'scope> Scope<'scope, '_> {
    /// The body of a task, with its lifetime erased.
    ///
    /// # Safety
    ///
    /// Safe to call: what has to hold is held by [`enclose`] alone, whatever the rest of the engine does.
    ///
    /// 1. What is borrowed for `'scope` lives until `enclose` returns or unwinds: its caller names no `'scope`, so that it
    ///    is longer than the whole of the call.
    /// 2. There is no scope but the one that `enclose` makes, since nothing else can fill in the private fields.
    /// 3. Each erased body counts as alive from here until it has returned or unwound and all that it captured has been
    ///    dropped; one that is leaked stays alive for ever.
    /// 4. `enclose` neither returns nor unwinds while one is alive: its barrier aborts the process instead. The engine
    ///    sees to it that this does not happen. The scope joins its children, also if its body panicked; and a run that
    ///    is given up is unwound the youngest task first, where children are younger than their parents.
    pub(crate) fn erase(&'scope self, body: Box<dyn FnOnce() + 'scope>) -> Box<dyn FnOnce()> {
        let body = Body { body, alive: Alive::new(&self.alive) };
        let body: Box<dyn FnOnce() + 'scope> = Box::new(move || body.run());
        // SAFETY: only the lifetime changes, and the body does not outlive `'scope`: see 1 to 4 above.
        unsafe { mem::transmute::<Box<dyn FnOnce() + 'scope>, Box<dyn FnOnce()>>(body) }
    }
}

/// Runs `body` with a scope, and then `wait`, which waits for the tasks that were spawned in it. Returns what the two came
/// to once every task has ended.
pub(crate) fn enclose<'env, T, W>(
    body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
    wait: impl FnOnce(&Mutex<Vec<TaskId>>) -> W,
) -> (thread::Result<T>, W) {
    let scope = Scope {
        children: Mutex::new(Vec::new()),
        alive: Arc::new(AtomicUsize::new(0)),
        scope: PhantomData,
        env: PhantomData,
    };
    let _barrier = Barrier(&scope.alive);
    let result = panic::catch_unwind(AssertUnwindSafe(|| body(&scope)));
    let waited = wait(&scope.children);
    (result, waited)
}

impl std::fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("tasks", &self.children).finish_non_exhaustive()
    }
}
