//! Tasks that borrow: their lifetime is erased, and the lender is blocked until they have ended.

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
    /// The tasks that were spawned in the scope.
    pub(crate) children: Mutex<Vec<TaskId>>,
    /// The number of erased bodies that have neither returned nor been dropped.
    alive: Arc<AtomicUsize>,
    /// Invariant in both lifetimes, as in std: a scope cannot be used as a longer or a shorter one.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A body that borrows. Fields are dropped in this order: it counts as alive until all captured
/// values are dropped.
struct Body<'a> {
    body: Box<dyn FnOnce() + 'a>,
    alive: Alive,
}

/// Counts one body as alive.
struct Alive(Arc<AtomicUsize>);

/// Aborts the process if it is dropped while a body is alive.
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
    /// Erases the lifetime of a task's body.
    ///
    /// # Safety
    ///
    /// Safe to call: [`enclose`] alone upholds these conditions, independently of the rest of the
    /// engine.
    ///
    /// 1. Values borrowed for `'scope` live until `enclose` returns or unwinds: the caller of
    ///    `enclose` cannot name `'scope`, so `'scope` outlives the call.
    /// 2. `enclose` creates every scope, because no other code can set the private fields.
    /// 3. Each erased body counts as alive from here until it has returned or unwound and all
    ///    captured values are dropped. A leaked body stays alive forever.
    /// 4. `enclose` neither returns nor unwinds while a body is alive: its barrier aborts the
    ///    process instead. The engine prevents this case: the scope joins its children, also if its
    ///    body panicked, and an aborted run unwinds the youngest task first, so children before
    ///    their parents.
    pub(crate) fn erase(&'scope self, body: Box<dyn FnOnce() + 'scope>) -> Box<dyn FnOnce()> {
        let body = Body { body, alive: Alive::new(&self.alive) };
        let body: Box<dyn FnOnce() + 'scope> = Box::new(move || body.run());
        // SAFETY: only the lifetime changes, and the body does not outlive `'scope`: see 1 to 4
        // above.
        unsafe { mem::transmute::<Box<dyn FnOnce() + 'scope>, Box<dyn FnOnce()>>(body) }
    }
}

/// Runs `body` with a scope, then `wait`, which joins the tasks that were spawned in the scope.
/// Returns both results once every task has ended.
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
