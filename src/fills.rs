//! Fills of Redis that are under way, and the writes that wait for them.
//!
//! A write waits for the fills of its stripes (`stripe.rs` says why). A fill's command is part of the future of a load, and
//! the owner of that future may keep it alive without polling it: a `select!` over `&mut load` whose other branch is the write.
//! If the load alone could make progress, the write would wait forever. So a command that is not answered at once is *shared*
//! here, and each write that waits polls it as well.
//!
//! - One task polls a command at a time. It takes the command out of the book, polls it without the lock, and puts it back.
//! - The command gets a waker that wakes its load and all writes that wait. A task that finds the command taken is woken when
//!   it is put back.
//! - The task that gets the answer ends the fill. A load that is dropped takes its command with it, and the fill is lost; if
//!   another task polls the command at that moment, that task loses it.
//!
//! A fill that ends changes its stripe first and wakes the waiting writes then. A write looks at its stripes *under the lock*:
//! it sees the change, or its waker is in the list when the lock is next taken. So no wake-up is lost.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::sync::{Mutex, Primitives};
use crate::wakers::Wakers;

/// A fill's command; `T` is its answer.
pub(crate) type Command<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The fills of a cache.
pub(crate) struct Fills<T: Send + 'static, P: Primitives>(P::Mutex<Book<T>>);

struct Book<T> {
    /// Writes that wait for a fill to end.
    waiting: Wakers,
    /// The shared commands, by stripe. A stripe has one fill at a time; an earlier one may still be here, ended, with its load to
    /// be woken.
    shared: BTreeMap<(usize, Number), Shared<T>>,
    last: u64,
}

struct Shared<T> {
    /// `None` while a task polls it.
    command: Option<Command<T>>,
    /// The task of the load.
    load: Waker,
    /// Tasks that found the command taken.
    wanting: Wakers,
    is_abandoned: bool,
}

/// Identifies a shared command. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(u64);

/// What came of polling a command.
pub(crate) enum Step<T> {
    /// It is not answered yet.
    Wait,
    /// Another task has ended the fill.
    Over,
    /// The answer. The caller ends the fill.
    Answer(T),
    /// Its load was dropped, or it panicked with this. The caller loses the fill.
    Lost(Option<Box<dyn Any + Send>>),
}

impl<T: Send + 'static, P: Primitives> Fills<T, P> {
    pub(crate) fn new() -> Self {
        Fills(P::Mutex::new("wakers", Book { waiting: Wakers::default(), shared: BTreeMap::new(), last: 0 }))
    }

    /// Shares the command of the stripe's fill, which its load has polled once.
    #[track_caller]
    pub(crate) fn share(&self, stripe: usize, command: Command<T>, load: &Waker) -> Number {
        let (number, waiting) = self.0.with(|book| {
            book.last += 1;
            let number = Number(book.last);
            let (load, wanting) = (load.clone(), Wakers::default());
            let shared = Shared { command: Some(command), load, wanting, is_abandoned: false };
            book.shared.insert((stripe, number), shared);
            (number, book.waiting.clone())
        });
        // They found nothing to poll.
        waiting.wake_all();
        number
    }

    /// Polls the shared command for its load.
    #[track_caller]
    pub(crate) fn carry_on(&self, stripe: usize, number: Number, waker: &Waker) -> Step<T> {
        let taken = self.0.with(|book| {
            let waiting = book.waiting.clone();
            let shared = book.shared.get_mut(&(stripe, number))?;
            shared.load.clone_from(waker);
            Some(shared.take(waker, waiting))
        });
        match taken {
            None => Step::Over,
            Some(None) => Step::Wait,
            Some(Some((command, waker))) => self.poll(stripe, number, command, &waker),
        }
    }

    /// Polls the shared commands of these stripes for a write. `None` if `has_ended` says that it need not wait. It is called
    /// under the lock.
    #[track_caller]
    pub(crate) fn wait_for(
        &self,
        stripes: &[usize],
        waker: &Waker,
        has_ended: impl FnOnce() -> bool,
    ) -> Option<Vec<(usize, Number, Step<T>)>> {
        let taken = self.0.with(|book| {
            if has_ended() {
                return None;
            }
            book.waiting.add(waker);
            let mut taken = Vec::new();
            for (&(stripe, number), shared) in &mut book.shared {
                if stripes.contains(&stripe)
                    && let Some(its) = shared.take(waker, book.waiting.clone())
                {
                    taken.push((stripe, number, its));
                }
            }
            Some(taken)
        })?;
        let mut steps = Vec::with_capacity(taken.len());
        for (stripe, number, (command, waker)) in taken {
            steps.push((stripe, number, self.poll(stripe, number, command, &waker)));
        }
        Some(steps)
    }

    #[track_caller]
    fn poll(&self, stripe: usize, number: Number, mut command: Command<T>, waker: &Waker) -> Step<T> {
        let mut context = Context::from_waker(waker);
        // Nothing of it is used after a panic.
        match panic::catch_unwind(AssertUnwindSafe(|| command.as_mut().poll(&mut context))) {
            Ok(Poll::Ready(answer)) => return Step::Answer(answer),
            Ok(Poll::Pending) => {}
            Err(panic) => return Step::Lost(Some(panic)),
        }
        let put_back = self.0.with(|book| {
            match book.shared.get_mut(&(stripe, number)).filter(|its| !its.is_abandoned) {
                Some(shared) => {
                    shared.command = Some(command);
                    Ok(std::mem::take(&mut shared.wanting))
                }
                None => Err(command),
            }
        });
        match put_back {
            Ok(wanting) => {
                wanting.wake_all();
                Step::Wait
            }
            // The command is dropped without the lock.
            Err(_) => Step::Lost(None),
        }
    }

    /// The load is dropped. Returns whether it loses the fill: not if that has ended, or another task polls the command.
    #[track_caller]
    pub(crate) fn abandon(&self, stripe: usize, number: Number) -> bool {
        let command = self.0.with(|book| {
            let shared = book.shared.get_mut(&(stripe, number))?;
            shared.is_abandoned = true;
            shared.command.take()
        });
        // Dropped without the lock.
        command.is_some()
    }

    /// The stripe's fill has ended; if its command was shared, as this one. Call it after the stripe has changed.
    #[track_caller]
    pub(crate) fn ended(&self, stripe: usize, number: Option<Number>) {
        let (waiting, shared) = self.0.with(|book| {
            let shared = number.and_then(|number| book.shared.remove(&(stripe, number)));
            (std::mem::take(&mut book.waiting), shared)
        });
        waiting.wake_all();
        if let Some(shared) = shared {
            shared.load.wake();
        }
    }
}

impl<T> Shared<T> {
    /// Takes the command out, with a waker for its next poll. If it is taken, the task is noted.
    fn take(&mut self, waker: &Waker, mut waiting: Wakers) -> Option<(Command<T>, Waker)> {
        let Some(command) = self.command.take() else {
            self.wanting.add(waker);
            return None;
        };
        waiting.add(&self.load);
        Some((command, waiting.into_one()))
    }
}

impl<T: Send + 'static, P: Primitives> fmt::Debug for Fills<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fills").finish_non_exhaustive()
    }
}
