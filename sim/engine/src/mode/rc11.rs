//! Each execution graph of the memory model RC11 once.

use crate::capability::{ManyRuns, Sealed, SearchMode};
use crate::explorer::Explorer;
use crate::graph::Options;
use crate::search::{NewStrategy, StrategySource};

/// Explores each execution graph that RC11 allows exactly once: the behaviours of the program under
/// the memory orders of its atomics.
///
/// [`Report::executions`](crate::Report::executions) is the number of graphs, if the search is
/// complete. Two executions have the same graph if each read reads from the same write and the
/// writes of each location have the same coherence order.
///
/// The model is RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer: "Repairing sequential consistency in
/// C/C++11", PLDI 2017), with the release sequences of C++20. It excludes load buffering: a read
/// never observes a write that depends on it through program order and reads-from. Hardware and
/// compilers may show such behaviours for relaxed accesses.
///
/// Objects other than atomics (locks, condition variables, channels, maps) are orders of
/// operations. An operation that acquires a lock, reads or takes something synchronizes with the
/// earlier ones that release it, write or add something: as in std, a failed `try_lock` orders
/// nothing, and neither do two reads, which can hold a shared lock at the same time. Each key of a
/// [`Map`](crate::object::Map) is an object of its own. An object
/// [outside of memory](crate::object::Map::outside_memory), the [virtual clock](crate::time) and
/// the end of a timeout order nothing.
///
/// For condition variables, channels and queues this order is stronger than that of some of their
/// implementations, so a program must not rely on them for more than std guarantees.
///
/// The initial value of an object is written before all events, also if a task creates the object
/// later. `compare_exchange_weak` fails spuriously where
/// [`Explorer::spurious_failures`](crate::Explorer::spurious_failures) allows it.
///
/// It does not model operations on all keys of a map of which single keys are used,
/// [`opaque`](crate::opaque) steps, [`quiesce`](crate::quiesce) while other tasks can continue,
/// conditions on several atomics, and waits for a value that another task may overwrite before it
/// is read, if the graph has several `SeqCst` operations: such a program is
/// [refused](crate::Verdict::Refused).
///
/// The schedule of a run identifies its graph: [`Explorer::replay`](crate::Explorer::replay)
/// repeats it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rc11 {
    options: Options,
}

impl Explorer<Rc11> {
    /// Explores each execution graph that RC11 allows exactly once.
    ///
    /// # Examples
    ///
    /// Store buffering: both loads can return 0, unless all four operations are `SeqCst`.
    ///
    /// ```
    /// use selvedge_engine::sync::{Arc, atomic::{AtomicU32, Ordering}};
    /// use selvedge_engine::{Explorer, thread};
    ///
    /// let program = |order: Ordering, read: Ordering| {
    ///     move || {
    ///         let flags = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    ///         let enter = |own: usize| {
    ///             let flags = Arc::clone(&flags);
    ///             thread::spawn(move || {
    ///                 flags[own].store(1, order);
    ///                 flags[1 - own].load(read)
    ///             })
    ///         };
    ///         let (first, second) = (enter(0), enter(1));
    ///         let seen = (first.join().unwrap(), second.join().unwrap());
    ///         assert_ne!(seen, (0, 0), "both are inside");
    ///     }
    /// };
    /// let report = Explorer::rc11().run(program(Ordering::Release, Ordering::Acquire));
    /// assert_eq!((report.executions, report.panics), (4, 1));
    /// let report = Explorer::rc11().run(program(Ordering::SeqCst, Ordering::SeqCst));
    /// assert_eq!((report.executions, report.panics), (3, 0));
    /// ```
    pub fn rc11() -> Self {
        Explorer::new(Rc11 { options: Options::default() })
    }

    /// Orders `SeqCst` operations exactly as the paper does. Without it, the order is slightly
    /// stronger, as in GenMC, with whose numbers the counts agree: it also excludes the paper's
    /// example Z6.U, in which a `SeqCst` read-modify-write is the only `SeqCst` operation of its
    /// task. C++20 and Rust allow that behaviour, so that fewer barriers suffice on Power.
    pub fn published_seq_cst(mut self) -> Self {
        self.mode.options.is_published = true;
        self
    }

    /// Lets each operation of an object synchronize with all earlier ones of the object, as under
    /// sequential consistency. For tests that compare the modes.
    #[doc(hidden)]
    pub fn ordered_objects(mut self) -> Self {
        self.mode.options.orders_objects = true;
        self
    }
}

impl StrategySource for Rc11 {
    fn strategy(&self) -> NewStrategy {
        NewStrategy::of_graphs(self.options)
    }
}

impl SearchMode for Rc11 {}
impl ManyRuns for Rc11 {}
impl Sealed for Rc11 {}
