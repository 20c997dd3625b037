//! The methods of a server in an exploration.

use std::sync::Arc;

use super::seen::Seen;
use super::world::{Explored, Local, StepClock};
use crate::face::api::Redis;
use crate::face::fault::Fault;
use crate::face::shared::Shared;

impl Redis {
    /// An empty server in an exploration of `selvedge-engine`. Create it in the explored body,
    /// before its tasks start. The commands of its connections, and the methods here that access
    /// keys, are events.
    ///
    /// A command is two events. In the first, the server executes it, and the search may switch to
    /// another task. In the second, the reply arrives. Between two commands, a task executes code
    /// that the engine does not see, and blocks of such code in one process are explored in each
    /// order. [`begin_local_code`](Redis::begin_local_code) marks the start of a block at another
    /// point; [`with_instrumented_code`](crate::Connection::with_instrumented_code) declares that
    /// there is no such code. The clock is the engine's. A key with a deadline expires at any point
    /// after the deadline was set, in a step of a task `expiry` that writes the key; the clock does
    /// not advance to the deadline. A connection that receives pushes is created with
    /// [`with_resp3`](crate::Connection::with_resp3); a separate task delivers each push.
    ///
    /// ```
    /// use redis::Commands;
    /// use selvedge_engine::{Explorer, thread};
    /// use selvedge_redis::Redis;
    ///
    /// // How many schedules have two counting tasks, and how many lose an update?
    /// let report = Explorer::optimal().run(|| {
    ///     let redis = Redis::explored();
    ///     let tasks = [(); 2].map(|()| {
    ///         let mut connection = redis.connection().with_instrumented_code();
    ///         thread::spawn(move || {
    ///             let count = connection.get::<_, Option<i64>>("count").unwrap().unwrap_or(0);
    ///             connection.set::<_, _, ()>("count", count + 1).unwrap();
    ///         })
    ///     });
    ///     tasks.into_iter().for_each(|task| task.join().unwrap());
    ///     assert_eq!(redis.get("count").unwrap(), "2");
    /// });
    /// assert_eq!((report.executions, report.panics), (4, 2));
    /// ```
    pub fn explored() -> Self {
        let clock = StepClock::default();
        let explored = Explored::new(&clock);
        Self::of(Shared::explored(Arc::new(clock), explored))
    }

    /// Injects at most `at_most` of these faults per run. Each can occur at any point; the
    /// exploration covers all points. [`Fault::Delayed`] applies to connections whose [response
    /// timeout](crate::Connection::with_response_timeout) is not longer than the delay. Call this
    /// once, before the tasks start.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored), or this was called before.
    pub fn explore_faults(&self, at_most: u32, faults: impl IntoIterator<Item = Fault>) {
        self.exploration().set_faults(at_most, faults.into_iter().collect());
    }

    /// Holds the deadlines that are set from now on: a held deadline passes only by
    /// [`pass_deadline`](Redis::pass_deadline), or when the clock reaches it. `false` lets new
    /// deadlines pass at any point again.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    pub fn hold_deadlines(&self, are_held: bool) {
        self.exploration().hold_deadlines(are_held);
    }

    /// Lets each deadline that is set from now on pass at any point, or be late: a late deadline
    /// passes at any point after [`pass_late_deadlines`](Redis::pass_late_deadlines). The
    /// exploration covers both. Use it if one task [waits until no other task can
    /// run](selvedge_engine::quiesce): it would otherwise run only after all deadlines have passed.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    pub fn let_deadlines_be_late(&self) {
        self.exploration().let_deadlines_be_late();
    }

    /// Lets each [late](Redis::let_deadlines_be_late) deadline pass at any point from now on. Call
    /// it when the tasks that set deadlines have ended.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    pub fn pass_late_deadlines(&self) {
        self.exploration().pass_late_deadlines(&self.shared);
    }

    /// Lets the deadline of a key of database 0 pass now, in a step of the calling task, whatever
    /// the clock shows. A key without a deadline is not removed.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    #[track_caller]
    pub fn pass_deadline(&self, key: impl AsRef<[u8]>) {
        let target = (0, bytes::Bytes::copy_from_slice(key.as_ref()));
        self.exploration().pass(&self.shared, &target, None);
    }

    /// Begins a block of code of the calling task that can access memory shared with other tasks of
    /// the process with this number, such as a lookup in a local cache before the first command.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored), or has no connection
    /// [in that process](crate::Connection::in_process).
    #[track_caller]
    pub fn begin_local_code(&self, process: u32) {
        self.exploration().local_code(Local::Process(process));
    }

    /// Waits until all messages and invalidations sent so far have arrived or are lost.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    #[track_caller]
    pub fn settle(&self) {
        self.exploration().settle();
    }

    /// Calls `watch` in each step with a description of the step: for histories and traces. `watch`
    /// must not access any state that the tasks share. Call this once, before the tasks start.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored), or this was called before.
    pub fn watch_steps(&self, watch: impl Fn(Seen<'_>) + Send + Sync + 'static) {
        self.exploration().set_watcher(Box::new(watch));
    }

    fn exploration(&self) -> &Explored {
        self.shared
            .explored
            .as_ref()
            .expect("this Redis is not in an exploration: create it with `Redis::explored()`")
    }
}
