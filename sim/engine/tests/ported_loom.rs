//! The situations of loom's own tests (0.7.3, `tests/`) that apply to sequential consistency,
//! written anew.
//!
//! | loom's file | covered |
//! |---|---|
//! | `smoke.rs` | all |
//! | `atomic.rs` | `fetch_add`, `fetch_update`; not `lazy_static!`, `unsync_load` |
//! | `atomic_int.rs` | xor, maximum, minimum, compare-exchange, `fetch_update`, each width |
//! | `atomic_relaxed.rs` | a compare-exchange loop, a message; not weaker orderings |
//! | `litmus.rs` | store and load buffering, without the weak outcomes |
//! | `spec.rs` | the example of four tasks, without the weak outcomes |
//! | `mutex.rs`, `rwlock.rs`, `rwlock_regression1.rs`, `deadlock.rs` | all |
//! | `yield.rs` | as a wait for a value, and as a loop with a bound |
//! | `thread_api.rs` | joins; not ids, names, stack sizes, park |
//! | `unsafe_cell.rs` | the safe parts and their orders; unordered accesses are not an error |
//! | `arc.rs` | `try_unwrap`, a drop at the end; not leaks |
//! | `futures.rs` | a waker that two tasks call |
//! | `condvar.rs`, `mpsc.rs` | all |
//!
//! Not covered, because the primitive did not exist yet: `thread_local.rs`. Not applicable:
//! `fence.rs` (weak memory), `double_panic_in_drop.rs` (how loom unwinds its tasks).

mod outcomes;

use std::future::poll_fn;
use std::sync::{Arc, Mutex as StdMutex};
use std::task::{Poll, Waker};

use outcomes::{deadlocks, explore, outcomes, panics, set, take, task};
use selvedge_engine::object::Cell;
use selvedge_engine::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use selvedge_engine::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize,
};
use selvedge_engine::sync::{Condvar, Mutex, RwLock, mpsc};
use selvedge_engine::{Bound, Explorer, future, thread};

#[test]
fn smoke() {
    let messages = panics(|| {
        let number = Arc::new(AtomicUsize::new(0));
        let tasks = [0, 1].map(|_| {
            task(&number, |number| {
                let seen = number.load(Acquire);
                number.store(seen + 1, Release);
            })
        });
        for task in tasks {
            task.join().unwrap();
        }
        assert_eq!(number.load(Relaxed), 2, "lost");
    });
    assert_eq!(messages.len(), 1);
}

mod atomics {
    use super::*;

    #[test]
    fn additions_see_one_another() {
        let seen = outcomes(|| {
            let number = Arc::new(AtomicUsize::new(0));
            let other = task(&number, |number| number.fetch_add(1, Relaxed));
            (number.fetch_add(1, Relaxed), other.join().unwrap())
        });
        assert_eq!(seen, set([(0, 1), (1, 0)]));
    }

    macro_rules! operations {
        ($($test:ident: $atomic:ty, $int:ty;)*) => {$(
            #[test]
            fn $test() {
                let (a, b) = (11_641_914_933_775_430_211_u64 as $int, 13_209_405_719_799_650_717_u64 as $int);
                let all = outcomes(move || {
                    let new = || <$atomic>::new(a);
                    let (xor, max, min, swap) = (new(), new(), new(), new());
                    let before = [
                        xor.fetch_xor(b, SeqCst),
                        max.fetch_max(b, SeqCst),
                        min.fetch_min(b, SeqCst),
                    ];
                    let failed = swap.compare_exchange(b, a, SeqCst, SeqCst);
                    let done = swap.compare_exchange_weak(a, b, SeqCst, SeqCst);
                    let updated = [
                        xor.fetch_update(SeqCst, SeqCst, |value| Some(value ^ b)),
                        xor.fetch_update(SeqCst, SeqCst, |_| None),
                    ];
                    (before, [xor, max, min, swap].map(|atomic| atomic.load(SeqCst)), failed, done, updated)
                });
                let updated = [Ok(a ^ b), Err(a)];
                assert_eq!(all, set([([a; 3], [a, a.max(b), a.min(b), b], Err(a), Ok(a), updated)]));
            }
        )*};
    }

    operations! {
        of_u8: AtomicU8, u8;
        of_u16: AtomicU16, u16;
        of_u32: AtomicU32, u32;
        of_u64: AtomicU64, u64;
        of_usize: AtomicUsize, usize;
        of_i8: AtomicI8, i8;
        of_i16: AtomicI16, i16;
        of_i32: AtomicI32, i32;
        of_i64: AtomicI64, i64;
        of_isize: AtomicIsize, isize;
    }

    #[test]
    fn a_loop_of_compare_exchanges_loses_nothing() {
        let values = outcomes(|| {
            let number = Arc::new(AtomicUsize::new(0));
            let tasks = [0, 1].map(|_| {
                task(&number, |number| {
                    let mut seen = number.load(Relaxed);
                    while let Err(other) = number.compare_exchange(seen, seen + 1, Relaxed, Relaxed) {
                        seen = other;
                    }
                })
            });
            for task in tasks {
                task.join().unwrap();
            }
            number.load(Relaxed)
        });
        assert_eq!(values, set([2]));
    }

    /// A task that observes the flag observes the message. Orderings are ignored.
    #[test]
    fn a_message_is_passed() {
        let seen = outcomes(|| {
            let shared = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
            task(&shared, |(message, flag)| {
                message.store(1, Relaxed);
                flag.store(1, Release);
            });
            let flag = shared.1.load(Relaxed);
            (flag, shared.0.load(Relaxed))
        });
        assert_eq!(seen, set([(0, 0), (0, 1), (1, 1)]));
    }

    #[test]
    fn a_loop_that_yields_is_a_wait_for_a_value() {
        let (report, seen) = explore(|| {
            let number = Arc::new(AtomicUsize::new(0));
            task(&number, |number| number.store(1, Relaxed));
            number.wait_until(|value| value == 1)
        });
        assert_eq!((report.executions, report.deadlocks, seen), (1, 0, set([1])));
    }

    /// As a loop it has infinitely many schedules: those beyond the bound are aborted, and the
    /// report says so.
    #[test]
    fn a_loop_that_yields_meets_the_bound() {
        let report = Explorer::optimal().max_steps(50).max_executions(100).run(|| {
            let number = Arc::new(AtomicUsize::new(0));
            task(&number, |number| number.store(1, Relaxed));
            while number.load(Relaxed) != 1 {
                thread::yield_now();
            }
        });
        assert_eq!(report.bound, Some(Bound::Steps(50)));
    }
}

mod litmus {
    use super::*;

    /// loom also observes `(0, 0)`, which these orderings allow.
    #[test]
    fn store_buffering() {
        let seen = outcomes(|| {
            let shared = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
            let other = task(&shared, |(x, y)| {
                x.store(1, Relaxed);
                y.load(Relaxed)
            });
            shared.1.store(1, Relaxed);
            let own = shared.0.load(Relaxed);
            (other.join().unwrap(), own)
        });
        assert_eq!(seen, set([(0, 1), (1, 0), (1, 1)]));
    }

    #[test]
    fn load_buffering() {
        let seen = outcomes(|| {
            let shared = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
            let other = task(&shared, |(x, y)| x.store(y.load(Relaxed), Relaxed));
            let own = shared.0.load(Relaxed);
            shared.1.store(1, Relaxed);
            other.join().unwrap();
            own
        });
        assert_eq!(seen, set([0]));
    }

    /// Two stores, and two tasks that each wait for one and then read the other: at least one
    /// observes both.
    #[test]
    fn two_stores_are_seen_in_one_order() {
        let seen = outcomes(|| {
            let shared = Arc::new((AtomicBool::new(false), AtomicBool::new(false), AtomicUsize::new(0)));
            let tasks = [
                task(&shared, |(_, y, _)| y.store(true, SeqCst)),
                task(&shared, |(x, y, both)| {
                    x.wait_until(|x| x);
                    if y.load(SeqCst) {
                        both.fetch_add(1, SeqCst);
                    }
                }),
                task(&shared, |(x, y, both)| {
                    y.wait_until(|y| y);
                    if x.load(SeqCst) {
                        both.fetch_add(1, SeqCst);
                    }
                }),
            ];
            shared.0.store(true, SeqCst);
            for task in tasks {
                task.join().unwrap();
            }
            shared.2.load(SeqCst)
        });
        assert_eq!(seen, set([1, 2]));
    }
}

mod locks {
    use super::*;

    #[test]
    fn a_mutex_excludes() {
        let values = outcomes(|| {
            let shared = Arc::new((Mutex::new(0), AtomicUsize::new(0)));
            let tasks = [0, 1].map(|_| {
                task(&shared, |(lock, entered)| {
                    let mut value = lock.lock().unwrap();
                    assert_eq!(entered.fetch_add(1, SeqCst), *value);
                    *value += 1;
                })
            });
            for task in tasks {
                task.join().unwrap();
            }
            (*shared.0.lock().unwrap(), shared.1.load(SeqCst))
        });
        assert_eq!(values, set([(2, 2)]));
    }

    /// A task that observes the flag observes the value that was written before it.
    #[test]
    fn a_mutex_orders_the_accesses_around_it() {
        let seen = outcomes(|| {
            let shared = Arc::new((Cell::new(0), Mutex::new(false)));
            task(&shared, |(value, flag)| {
                value.set(1);
                *flag.lock().unwrap() = true;
            });
            let flag = *shared.1.lock().unwrap();
            flag.then(|| shared.0.get())
        });
        assert_eq!(seen, set([None, Some(1)]));
    }

    #[test]
    fn the_value_after_two_increments() {
        let values = outcomes(|| {
            let locks = Arc::new((Mutex::new(0), RwLock::new(0)));
            let tasks = [0, 1].map(|_| {
                task(&locks, |(mutex, rwlock)| {
                    *mutex.lock().unwrap() += 1;
                    *rwlock.write().unwrap() += 1;
                })
            });
            for task in tasks {
                task.join().unwrap();
            }
            let (mutex, rwlock) = take(locks);
            (mutex.into_inner().unwrap(), rwlock.into_inner().unwrap())
        });
        assert_eq!(values, set([(2, 2)]));
    }

    #[test]
    fn a_lock_in_opposite_orders_deadlocks() {
        let all = deadlocks(|| {
            let locks = Arc::new((Mutex::new(1), Mutex::new(2)));
            let one = task(&locks, |(a, b)| {
                let (a, b) = (a.lock().unwrap(), b.lock().unwrap());
                assert_eq!(*a + *b, 3);
            });
            let other = task(&locks, |(a, b)| {
                let (b, a) = (b.lock().unwrap(), a.lock().unwrap());
                assert_eq!(*a + *b, 3);
            });
            one.join().unwrap();
            other.join().unwrap();
        });
        assert_eq!(all, (1, 3));
    }

    #[test]
    fn readers_read_at_once() {
        let all = deadlocks(|| {
            let lock = Arc::new(RwLock::new(1));
            let _held = lock.read().unwrap();
            task(&lock, |lock| assert_eq!(*lock.read().unwrap(), 1)).join().unwrap();
        });
        assert_eq!(all, (0, 1));
    }

    #[test]
    fn two_readers_and_a_writer() {
        // Each reader is before or after the writer.
        let all = deadlocks(|| {
            let lock = Arc::new(RwLock::new(1));
            for _ in 0..2 {
                task(&lock, |lock| drop(lock.read().unwrap()));
            }
            *lock.write().unwrap() = 2;
        });
        assert_eq!(all, (0, 4));
    }

    #[test]
    fn three_writers() {
        let all = deadlocks(|| {
            let lock = Arc::new(RwLock::new(1));
            for _ in 0..2 {
                task(&lock, |lock| *lock.write().unwrap() += 1);
            }
            *lock.write().unwrap() += 1;
        });
        assert_eq!(all, (0, 6));
    }

    #[test]
    fn try_locks_fail_while_the_lock_is_held() {
        let all = outcomes(|| {
            let lock = RwLock::new(1);
            let free = lock.try_read().is_ok_and(|value| *value == 1);
            let written = {
                let mut value = lock.write().unwrap();
                *value = 2;
                (lock.try_write().is_err(), lock.try_read().is_err())
            };
            let read = lock.read().unwrap();
            (free, written, *read, lock.try_write().is_err())
        });
        assert_eq!(all, set([(true, (true, true), 2, true)]));
    }

    #[test]
    fn two_writers_and_an_atomic() {
        let all = deadlocks(|| {
            let shared = Arc::new((RwLock::new(1), AtomicUsize::new(0)));
            for _ in 0..2 {
                task(&shared, |(lock, atomic)| {
                    let mut value = lock.write().unwrap();
                    *value += 1;
                    atomic.fetch_add(1, Relaxed);
                });
            }
        });
        assert_eq!(all, (0, 2));
    }
}

mod threads {
    use super::*;

    #[test]
    fn joins_of_tasks_that_wait_for_a_lock() {
        let all = deadlocks(|| {
            let lock = Arc::new(Mutex::new(()));
            let held = lock.lock().unwrap();
            let tasks = [0, 1].map(|_| task(&lock, |lock| drop(lock.lock().unwrap())));
            drop(held);
            for task in tasks {
                task.join().unwrap();
            }
        });
        assert_eq!(all, (0, 2));
    }

    /// A task joins one that another task has spawned.
    #[test]
    fn a_handle_is_passed_on() {
        let all = deadlocks(|| {
            let lock = Arc::new(Mutex::new(()));
            let held = lock.lock().unwrap();
            let first = thread::spawn(|| {});
            let second = task(&lock, |lock| {
                drop(lock.lock().unwrap());
                first.join().unwrap();
            });
            let third = thread::spawn(|| {});
            drop(held);
            third.join().unwrap();
            second.join().unwrap();
        });
        assert_eq!(all, (0, 1));
    }
}

/// loom's `UnsafeCell` fails if two accesses are not ordered. This engine explores both orders.
mod cells {
    use super::*;

    #[test]
    fn a_value_behind_a_flag() {
        let seen = outcomes(|| {
            let shared = Arc::new((Cell::new(0), AtomicUsize::new(0)));
            let get =
                |(value, flag): &(Cell<u32>, AtomicUsize)| (flag.load(Acquire) == 1).then(|| value.get());
            let writer = task(&shared, |(value, flag)| {
                value.set(value.get() + 123);
                flag.store(1, Release);
            });
            let early = get(&shared);
            writer.join().unwrap();
            (early, get(&shared))
        });
        assert_eq!(seen, set([(None, Some(123)), (Some(123), Some(123))]));
    }

    #[test]
    fn a_value_without_a_flag() {
        let seen = outcomes(|| {
            let value = Arc::new(Cell::new(1));
            let other = task(&value, |value| value.set(value.get() + 1));
            value.set(value.get() + 1);
            other.join().unwrap();
            value.get()
        });
        assert_eq!(seen, set([2, 3]));
    }

    #[test]
    fn readers_of_one_value() {
        let (report, _) = explore(|| {
            let value = Arc::new(Cell::new(1));
            let first = task(&value, |value| {
                value.get();
                let value = Cell::new(value.get());
                value.set(2);
            });
            let second = task(&value, |value| value.get());
            value.get();
            first.join().unwrap();
            second.join().unwrap();
            value.set(2);
        });
        assert_eq!((report.executions, report.panics), (1, 0));
    }

    /// The other task writes after the flag that this task waited for, so the write is not ordered.
    #[test]
    fn a_write_after_the_flag() {
        let seen = outcomes(|| {
            let shared = Arc::new((AtomicUsize::new(0), Cell::new(0)));
            let other = task(&shared, |(flag, value)| {
                flag.store(1, Release);
                value.set(1);
            });
            if shared.0.load(Acquire) == 1 {
                shared.1.set(2);
            }
            other.join().unwrap();
            shared.1.get()
        });
        assert_eq!(seen, set([1, 2]));
    }
}

mod arcs {
    use super::*;

    #[test]
    fn a_value_is_taken_out_when_the_others_are_gone() {
        let taken = outcomes(|| {
            let value = Arc::new(0);
            let second = Arc::clone(&value);
            let can_drop = Arc::new(AtomicBool::new(false));
            let other = task(&can_drop, move |can_drop| {
                can_drop.wait_until(|can| can);
                drop(second);
            });
            let value = Arc::try_unwrap(value).expect_err("the other task still has it");
            can_drop.store(true, SeqCst);
            other.join().unwrap();
            Arc::try_unwrap(value)
        });
        assert_eq!(taken, set([Ok(0)]));
    }

    /// The task with the last reference reads the value: the write happens before.
    #[test]
    fn operations_in_a_drop() {
        struct State(Cell<u32>, Arc<StdMutex<Vec<u32>>>);
        impl Drop for State {
            fn drop(&mut self) {
                self.1.lock().unwrap().push(self.0.get());
            }
        }
        let seen = Arc::new(StdMutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let report = Explorer::optimal().run(move || {
            let state = Arc::new(State(Cell::new(0), Arc::clone(&log)));
            let other = Arc::clone(&state);
            let writing = thread::spawn(move || other.0.set(1));
            drop(state);
            writing.join().unwrap();
        });
        assert!(report.is_complete() && report.panics == 0);
        assert_eq!(seen.lock().unwrap().len() as u64, report.executions);
        assert!(seen.lock().unwrap().iter().all(|&value| value == 1));
    }
}

mod condvars {
    use super::*;

    #[derive(Default)]
    struct Flag {
        set: AtomicBool,
        lock: Mutex<()>,
        condvar: Condvar,
    }

    impl Flag {
        fn wait(&self) {
            let mut held = self.lock.lock().unwrap();
            while !self.set.load(SeqCst) {
                held = self.condvar.wait(held).unwrap();
            }
        }

        /// The lock is taken between the store and the notification, so no task is between its
        /// check and its wait.
        fn set(&self, notify: impl FnOnce(&Condvar)) {
            self.set.store(true, SeqCst);
            drop(self.lock.lock().unwrap());
            notify(&self.condvar);
        }
    }

    #[test]
    fn one_is_notified() {
        let all = deadlocks(|| {
            let flag = Arc::new(Flag::default());
            task(&flag, |flag| flag.set(Condvar::notify_one));
            flag.wait();
        });
        assert_eq!(all.0, 0);
    }

    #[test]
    fn all_are_notified() {
        let all = deadlocks(|| {
            let flag = Arc::new(Flag::default());
            let waiting = [0, 1].map(|_| task(&flag, Flag::wait));
            task(&flag, |flag| flag.set(Condvar::notify_all)).join().unwrap();
            for task in waiting {
                task.join().unwrap();
            }
        });
        assert_eq!(all.0, 0);
    }

    /// Without the lock in between, a task may check, and then wait for a notification that was
    /// already sent.
    #[test]
    fn a_lost_notification() {
        let (deadlocks, all) = deadlocks(|| {
            let flag = Arc::new(Flag::default());
            task(&flag, |flag| {
                flag.set.store(true, SeqCst);
                flag.condvar.notify_one();
            });
            flag.wait();
        });
        assert!(deadlocks > 0 && deadlocks < all, "{deadlocks} of {all}");
    }
}

mod channels {
    use super::*;

    #[test]
    fn two_senders() {
        let received = outcomes(|| {
            let (sender, receiver) = mpsc::channel();
            for message in [5, 6] {
                let sender = sender.clone();
                thread::spawn(move || sender.send(message).unwrap());
            }
            let first = receiver.recv().unwrap();
            (first, first + receiver.recv().unwrap())
        });
        assert_eq!(received, set([(5, 11), (6, 11)]));
    }

    #[test]
    fn a_receiver_is_dropped_with_a_message() {
        let received = outcomes(|| {
            let (sender, receiver) = mpsc::channel();
            let sending = thread::spawn(move || {
                sender.send(1).unwrap();
                sender.send(2).is_ok()
            });
            let first = receiver.recv().unwrap();
            drop(receiver);
            (first, sending.join().unwrap())
        });
        assert_eq!(received, set([(1, false), (1, true)]));
    }
}

mod futures {
    use super::*;

    /// A slot for a waker, like loom's `AtomicWaker`: it calls the newest waker.
    #[derive(Default)]
    struct Slot(Mutex<Option<Waker>>);

    impl Slot {
        fn register(&self, waker: &Waker) {
            *self.0.lock().unwrap() = Some(waker.clone());
        }

        fn wake(&self) {
            let waker = self.0.lock().unwrap().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    #[test]
    fn a_future_waits_for_two_tasks() {
        let (report, _) = explore(|| {
            let shared = Arc::new((AtomicUsize::new(0), Slot::default()));
            for _ in 0..2 {
                task(&shared, |(count, slot)| {
                    count.fetch_add(1, Relaxed);
                    slot.wake();
                });
            }
            let (count, slot) = &*shared;
            future::block_on(poll_fn(|context| {
                slot.register(context.waker());
                if count.load(Relaxed) == 2 { Poll::Ready(()) } else { Poll::Pending }
            }));
        });
        assert_eq!((report.deadlocks, report.panics), (0, 0));
    }

    /// With the check first, a wakeup between the check and the registration is lost.
    #[test]
    fn a_waker_registered_too_late() {
        let (report, _) = explore(|| {
            let shared = Arc::new((AtomicBool::new(false), Slot::default()));
            task(&shared, |(gate, slot)| {
                gate.store(true, Release);
                slot.wake();
            });
            let (gate, slot) = &*shared;
            future::block_on(poll_fn(|context| {
                if gate.load(Acquire) {
                    return Poll::Ready(());
                }
                slot.register(context.waker());
                Poll::Pending
            }));
        });
        assert!(report.deadlocks > 0 && report.deadlocks < report.executions);
    }
}
