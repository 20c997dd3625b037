//! What a test says to a server in an exploration.

use std::sync::Arc;

use super::seen::Seen;
use super::world::{Explored, Local, StepClock};
use crate::face::api::Redis;
use crate::face::fault::Fault;
use crate::face::shared::Shared;

impl Redis {
    /// An empty server in an exploration of `selvedge-engine`: to be made in the body that is explored, before its tasks
    /// begin. What its connections send, and what the methods here do to keys, are events.
    ///
    /// A command is two. The server executes it: then the next task may go first. And the reply arrives. What the task does
    /// from there to its next command, and what all others of its process do between theirs, is taken for blocks of code
    /// whose order matters; use [`begin_local_code`](Redis::begin_local_code) where such a block begins otherwise, and
    /// [`with_instrumented_code`](crate::Connection::with_instrumented_code) where there is nothing that the engine does not
    /// see. The clock is the engine's. A key that is given a deadline expires at any point from then on, as a schedule has it:
    /// in a step of a task `expiry`, which writes that key, and which the clock does not show. A connection that is to be told things is made with
    /// [`with_resp3`](crate::Connection::with_resp3); what it is told arrives in tasks of their own.
    ///
    /// ```
    /// use redis::Commands;
    /// use selvedge_engine::{Explorer, thread};
    /// use selvedge_redis::Redis;
    ///
    /// // Two tasks count, each with a GET and a SET. In how many ways can that go, and how often is a count lost?
    /// let report = Explorer::optimal().run(|| {
    ///     let redis = Redis::explored();
    ///     let tasks = [(); 2].map(|()| {
    ///         let mut connection = redis.connection().with_instrumented_code();
    ///         thread::spawn(move || {
    ///             let count: i64 = connection.get::<_, Option<i64>>("count").unwrap().unwrap_or(0);
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

    /// At most so many of these things go wrong in a run, each at any point: the exploration covers all.
    /// [`Fault::Delayed`] is for connections that [wait](crate::Connection::with_response_timeout) no longer than that. To
    /// be called once, before the tasks begin.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored), or this was said before.
    pub fn explore_faults(&self, at_most: u32, faults: impl IntoIterator<Item = Fault>) {
        self.exploration().set_faults(at_most, faults.into_iter().collect());
    }

    /// Deadlines that are given while they are held pass only when they are [let pass](Redis::pass_deadline), or when the
    /// clock goes past them. Otherwise each passes at any point.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    pub fn hold_deadlines(&self, are_held: bool) {
        self.exploration().hold_deadlines(are_held);
    }

    /// Each deadline that is given from now on passes at any point, or is late: then it passes at any point after
    /// [`pass_late_deadlines`](Redis::pass_late_deadlines). The exploration covers both. For a program one task of which
    /// [waits until no other can go on](selvedge_engine::quiesce), and would else find that all deadlines have passed.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    pub fn let_deadlines_be_late(&self) {
        self.exploration().let_deadlines_be_late();
    }

    /// Each deadline that is [late](Redis::let_deadlines_be_late) passes at any point from now on. To be called when the tasks
    /// have ended that have given keys a deadline.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    pub fn pass_late_deadlines(&self) {
        self.exploration().pass_late_deadlines(&self.shared);
    }

    /// The deadline of a key of database 0 passes now, in a step of the calling task, whatever the clock shows. A key that
    /// has no deadline stays.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    #[track_caller]
    pub fn pass_deadline(&self, key: impl AsRef<[u8]>) {
        let place = (0, bytes::Bytes::copy_from_slice(key.as_ref()));
        self.exploration().pass(&self.shared, &place, None);
    }

    /// The calling task begins a block of code that may touch what other tasks of the process of this number have in their
    /// memory, such as a look into a local cache before any command was sent.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored), or has no connection [in that process](crate::Connection::in_process).
    #[track_caller]
    pub fn begin_local_code(&self, process: u32) {
        self.exploration().local_code(Local::Process(process));
    }

    /// Waits until all messages and invalidations that were sent so far have arrived, or were lost.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored).
    #[track_caller]
    pub fn settle(&self) {
        self.exploration().settle();
    }

    /// Has `watch` told what happens, as it happens: for histories and traces. It is called in the step that it is told of, and
    /// must not touch anything that the tasks share. To be called once, before the tasks begin.
    ///
    /// # Panics
    ///
    /// If the server is not [explored](Redis::explored), or this was said before.
    pub fn watch_steps(&self, watch: impl Fn(Seen<'_>) + Send + Sync + 'static) {
        self.exploration().set_watcher(Box::new(watch));
    }

    fn exploration(&self) -> &Explored {
        self.shared
            .explored
            .as_ref()
            .expect("this Redis is in no exploration: make it with `Redis::explored()`")
    }
}
