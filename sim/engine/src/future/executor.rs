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

/// How often a task has been woken since it last went on.
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

/// The operations of a poll are opaque while this lives.
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

/// Runs a future to its end. While it is pending the task waits for the future's waker, or for the deadline of a
/// [`sleep`](crate::time::sleep) in it: a wake-up that is never sent is a deadlock of that schedule.
///
/// Each poll is [opaque](crate::opaque), because the future may share what the engine does not see: see
/// [the module](crate::future).
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

/// As [`block_on`], for a future that shares state with others only through this crate's objects. No poll is an event of
/// its own.
///
/// Of any other future this misses schedules. A search that found nothing wrong compares some random schedules, in which
/// polls wait for their turn, with what it takes for the same, and is [bounded](crate::Bound::Unseen) if they differ. That
/// finds shared state by its effects; state whose effects no compared schedule shows is not found.
///
/// # Panics
///
/// As [`block_on`].
#[track_caller]
pub fn block_on_instrumented<F: Future>(future: F) -> F::Output {
    block_on_instrumented_at(future, Location::caller())
}

/// As [`block_on_instrumented`], for whoever called at `source`.
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

/// Waits until `signal` is given, or until a deadline passes that a future of the task waits for.
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
