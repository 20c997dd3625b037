//! Sleeping in a future.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::instant::{self, Instant};
use super::timers::Timer;
use crate::runtime;

/// The future of [`sleep`].
#[must_use = "futures do nothing unless polled"]
pub struct Sleep {
    deadline: u64,
    timer: Option<Arc<Timer>>,
    source: &'static Location<'static>,
}

/// Returns a future that is ready after `duration` on the [virtual clock](super).
/// [`block_on`](crate::future::block_on) can poll it alone or combined with other futures.
///
/// # Panics
///
/// Outside an exploration.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use selvedge_engine::{Explorer, future, time};
///
/// let report = Explorer::optimal().run(|| {
///     let start = time::Instant::now();
///     future::block_on(time::sleep(Duration::from_secs(5)));
///     assert_eq!(start.elapsed(), Duration::from_secs(5));
/// });
/// assert_eq!(report.panics, 0);
/// ```
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let (_, deadline) = instant::deadline(duration).expect("time::sleep works only inside an exploration");
    Sleep { deadline, timer: None, source: Location::caller() }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Some(timer) = self.timer.take() {
            timer.stop();
        }
        let is_known = runtime::known_time().is_some_and(|now| now >= self.deadline);
        if is_known || Instant::read(self.source).nanoseconds() >= self.deadline {
            return Poll::Ready(());
        }
        self.timer = Some(Timer::start(self.deadline, context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.stop();
        }
    }
}

impl std::fmt::Debug for Sleep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sleep").field("until", &Duration::from_nanos(self.deadline)).finish_non_exhaustive()
    }
}
