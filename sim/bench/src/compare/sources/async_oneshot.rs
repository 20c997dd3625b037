//! A future that waits for a value sent by another thread.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::tools::Tool;

#[derive(Default)]
struct State {
    value: Option<u64>,
    waker: Option<Waker>,
}

type Shared<T> = <T as Tool>::Arc<<T as Tool>::Mutex<State>>;

struct Receiver<T: Tool>(Shared<T>);

impl<T: Tool> Future for Receiver<T> {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        T::with(&self.0, |state| match state.value {
            Some(value) => Poll::Ready(value),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        })
    }
}

fn send<T: Tool>(shared: &Shared<T>, value: u64) {
    let waker = T::with(shared, |state| {
        state.value = Some(value);
        state.waker.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Awaits two values in order, each sent by its own thread.
pub(crate) fn oneshot<T: Tool>() {
    let channels: [Shared<T>; 2] = std::array::from_fn(|_| T::share(T::mutex(State::default())));
    let senders = channels.clone().map(|channel| T::spawn(move || send::<T>(&channel, 21)));
    let [first, second] = channels.map(Receiver::<T>);
    let sum = T::block_on(async { first.await + second.await });
    assert_eq!(sum, 42);
    senders.into_iter().for_each(T::join);
}
