//! Timeouts of futures.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use super::sleep;

/// The timeout ended before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl Error for Elapsed {}

/// Waits for `future`, for at most `duration` on the [virtual clock](super). The timeout may end at
/// any point at which the future is pending; the future is then dropped.
///
/// # Errors
///
/// If the timeout ends and the future is not ready.
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
/// // The spawned task sleeps for a second. A timeout of a minute can still end first, because the
/// // task may be arbitrarily slow.
/// let report = Explorer::optimal().run(|| {
///     let task = future::spawn(time::sleep(Duration::from_secs(1)));
///     let _done_or_elapsed = future::block_on(time::timeout(Duration::from_secs(60), task));
/// });
/// assert!(report.is_complete());
/// assert!(report.executions > 1);
/// ```
#[track_caller]
pub fn timeout<F: Future>(
    duration: Duration,
    future: F,
) -> impl Future<Output = Result<F::Output, Elapsed>> + use<F> {
    let mut sleep = sleep(duration);
    async move {
        let mut future = pin!(future);
        poll_fn(|context| {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(value));
            }
            Pin::new(&mut sleep).poll(context).map(|()| Err(Elapsed))
        })
        .await
    }
}
