//! Running a future on a task.

use std::any::Any;
use std::future::Future;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::event::{Action, TOKEN_OR_DEADLINE};
use crate::history::Holds;
use crate::runtime::{self, Handle};
use crate::time;

/// Counts the wakeups of a task since it last resumed.
struct Signal(Handle);

impl Wake for Signal {
    #[track_caller]
    fn wake(self: Arc<Self>) {
        self.0.wake(Location::caller());
    }

    #[track_caller]
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake(Location::caller());
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        self.0.forget();
    }
}

/// Makes the operations of a poll opaque until it is dropped.
struct Unseen {
    before: bool,
}

impl Unseen {
    #[track_caller]
    fn begin() -> Self {
        runtime::opaque();
        Unseen { before: runtime::set_unseen(true) }
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        runtime::set_unseen(self.before);
    }
}

/// Runs a future to completion. While the future is pending, the task waits for its waker, or for
/// the deadline of a [`sleep`](crate::time::sleep) in it. If the waker is never called, the
/// schedule deadlocks.
///
/// Each poll is [opaque](crate::opaque), because the future may share state that the engine cannot
/// see: see [the module](crate::future).
///
/// # Panics
///
/// Outside an exploration, if the future is pending.
///
/// # Examples
///
/// ```
/// use selvedge_engine::{Explorer, future};
/// use tokio::sync::Semaphore;
/// use std::sync::Arc;
///
/// let report = Explorer::optimal().run(|| {
///     let permits = Arc::new(Semaphore::new(1));
///     let tasks: Vec<_> = (0..2)
///         .map(|_| {
///             let permits = Arc::clone(&permits);
///             future::spawn(async move { drop(permits.acquire().await.unwrap()) })
///         })
///         .collect();
///     for task in tasks {
///         future::block_on(task).unwrap();
///     }
/// });
/// assert!(report.is_complete());
/// assert_eq!(report.deadlocks, 0);
/// ```
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let source = Location::caller();
    run(future, source, |future, context| {
        let _unseen = Unseen::begin();
        let polled = future.poll(context);
        runtime::send_wakes();
        polled
    })
}

/// Like [`block_on`], for a future that shares state only through this crate's objects. Polls are
/// no events.
///
/// For other futures this misses schedules. A search without failures therefore compares random
/// schedules, in which polls are scheduling points, with schedules that should be equivalent, and
/// is [bounded](crate::Bound::Unseen) if they differ. This detects shared state by its effects;
/// state whose effects appear in no compared schedule is not found.
///
/// # Panics
///
/// Like [`block_on`].
#[track_caller]
pub fn block_on_instrumented<F: Future>(future: F) -> F::Output {
    block_on_instrumented_at(future, Location::caller())
}

/// Like [`block_on_instrumented`], with the source location of the caller.
pub(super) fn block_on_instrumented_at<F: Future>(
    future: F,
    source: &'static Location<'static>,
) -> F::Output {
    run(future, source, |future, context| {
        runtime::pause(source);
        future.poll(context)
    })
}

fn run<F: Future>(
    future: F,
    source: &'static Location<'static>,
    poll: impl Fn(Pin<&mut F>, &mut Context<'_>) -> Poll<F::Output>,
) -> F::Output {
    let signal = Arc::new(Signal(Handle::new("a waker", Holds::Marks, 0)));
    let waker = Waker::from(Arc::clone(&signal));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    let kept: Arc<dyn Any + Send + Sync> = Arc::<Signal>::clone(&signal);
    runtime::begin_future(Arc::downgrade(&kept));
    drop(kept);
    loop {
        match poll(future.as_mut(), &mut context) {
            Poll::Ready(output) => {
                runtime::end_future();
                return output;
            }
            Poll::Pending => {
                assert!(runtime::exploring(), "block_on works only inside an exploration");
                wait(&signal.0, &waker, source);
            }
        }
    }
}

/// Waits for `signal`, or for the earliest deadline of the task's futures.
fn wait(signal: &Handle, waker: &Waker, source: &'static Location<'static>) {
    let Some((deadline, clock)) = time::earliest().zip(Handle::clock()) else {
        signal.perform(Action::Consume, source);
        return;
    };
    let granted = signal.perform_rule_with(&clock, &TOKEN_OR_DEADLINE, deadline, source);
    if granted.is_some_and(|granted| granted.before == 0) {
        time::fire(deadline, waker);
    }
}
