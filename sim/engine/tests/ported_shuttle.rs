//! The situations of shuttle's own tests (0.9.9, `tests/basic` and `tests/demo`), written anew. Where shuttle's depth-first
//! search counts interleavings, the numbers here are of classes.
//!
//! | shuttle's file | covered |
//! |---|---|
//! | `basic/mutex.rs` | all |
//! | `basic/rwlock.rs` | all but `try_lock_implied_by_std`, in which a lock that the engine does not see decides what is done; a second shared lock of the same task is granted here, as std mostly does, and refused there |
//! | `basic/atomic.rs` | reorderings, compare-exchange, read-modify-writes; not `AtomicPtr`, 128 bits, `fetch_update` and its like, futures |
//! | `basic/panic.rs` | poisoning, waiting while the holder panics; not the semaphore, the channel |
//! | `basic/clocks.rs` | mutex, reader-writer lock, threads; not barrier, condvar, channels, `Once` |
//! | `basic/dfs.rs` | all |
//! | `basic/execution.rs` | the bound on steps, use outside an exploration; context switches are not counted here |
//! | `basic/thread.rs` | yield point, join, name; not scope, park, thread locals, `thread::current` |
//! | `basic/replay.rs` | a failing schedule, deadlocks, a schedule that ends early or asks for what cannot go on, a long one |
//! | `basic/uncontrolled_nondeterminism.rs` | a random number that decides what is announced |
//! | `basic/timeout.rs` | the bound on time |
//! | `demo/surw.rs` | the short task beside the long one |
//!
//! Not covered, for want of the primitive: `barrier`, `condvar`, `mpsc`, `once`, `lazy_static`, `demo/bounded_buffer`,
//! `future/*`, `demo/async_match_deadlock`. Not meaningful here: `pct`, `portfolio`, `shrink` (schedulers of its own),
//! `annotation`, `labels`, `tag`, `tracing`, `metrics`, `config`, `task`, `resource_signatures` (its own interfaces),
//! `teardown` (how it takes down its tasks).

mod outcomes;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicU64 as StdAtomicU64;
use std::sync::{Arc, PoisonError, TryLockError};
use std::time::Duration;

use outcomes::{deadlocks, explore, outcomes, panics};
use selvedge_engine::object::Object;
use selvedge_engine::sync::atomic::Ordering::{Relaxed, SeqCst};
use selvedge_engine::sync::atomic::{AtomicBool, AtomicI8, AtomicU64, AtomicUsize};
use selvedge_engine::sync::{Mutex, RwLock};
use selvedge_engine::{Bound, Ending, Explorer, causal_clock, next_event, thread};

fn set<T: Ord, const N: usize>(values: [T; N]) -> BTreeSet<T> {
    values.into()
}

/// Spawns a task with its own reference to what is shared.
fn task<S, T>(shared: &Arc<S>, body: impl FnOnce(&S) -> T + Send + 'static) -> thread::JoinHandle<T>
where
    S: Send + Sync + 'static,
    T: Send + 'static,
{
    let shared = Arc::clone(shared);
    thread::spawn(move || body(&shared))
}

/// The value, once every task that shared it has ended.
fn take<S>(shared: Arc<S>) -> S {
    Arc::into_inner(shared).expect("every task has ended")
}

mod mutex {
    use super::*;

    #[test]
    fn two_tasks_lock_and_increment() {
        let (report, _) = explore(|| {
            let lock = Arc::new(Mutex::new(0));
            task(&lock, |lock| *lock.lock().unwrap() += 1);
            *lock.lock().unwrap() += 1;
        });
        assert_eq!((report.executions, report.deadlocks), (2, 0));
    }

    pub(super) fn opposite_orders() {
        let locks = Arc::new((Mutex::new(0), Mutex::new(0)));
        task(&locks, |(one, two)| {
            let _one = one.lock().unwrap();
            let _two = two.lock().unwrap();
        });
        let _two = locks.1.lock().unwrap();
        let _one = locks.0.lock().unwrap();
    }

    #[test]
    fn locks_in_opposite_orders_deadlock_in_one_class() {
        assert_eq!(deadlocks(opposite_orders), (1, 3));
    }

    pub(super) fn increments_in_two_steps() {
        let lock = Arc::new(Mutex::new(0));
        let tasks = [0, 1].map(|_| {
            task(&lock, |lock| {
                let seen = *lock.lock().unwrap();
                *lock.lock().unwrap() = seen + 1;
            })
        });
        for task in tasks {
            task.join().unwrap();
        }
        assert_eq!(*lock.lock().unwrap(), 2, "racing increments");
    }

    #[test]
    fn increments_in_two_steps_race() {
        let message = panics(increments_in_two_steps);
        assert!(message.iter().all(|message| message.contains("racing increments")));
        assert_eq!(message.len(), 1);
    }

    #[test]
    fn increments_under_the_lock_do_not() {
        let values = outcomes(|| {
            let lock = Arc::new(Mutex::new(0));
            let tasks = [0, 1].map(|_| task(&lock, |lock| *lock.lock().unwrap() += 1));
            for task in tasks {
                task.join().unwrap();
            }
            take(lock).into_inner().unwrap()
        });
        assert_eq!(values, set([2]));
    }

    /// The multiplication comes before, between or after the increments.
    #[test]
    fn an_unlock_lets_others_in() {
        let values = outcomes(|| {
            let lock = Arc::new(Mutex::new(0));
            let adding = task(&lock, |lock| {
                *lock.lock().unwrap() += 1;
                *lock.lock().unwrap() += 1;
            });
            let multiplying = task(&lock, |lock| *lock.lock().unwrap() *= 2);
            adding.join().unwrap();
            multiplying.join().unwrap();
            take(lock).into_inner().unwrap()
        });
        assert_eq!(values, set([2, 3, 4]));
    }

    /// A try-lock inside another lock tells what the multiplication, which holds the first, has come to.
    #[test]
    fn a_mutex_inside_a_reader_writer_lock() {
        let values = outcomes(|| {
            let shared = Arc::new((Mutex::new(()), RwLock::new(()), Object::new(0)));
            let adding = task(&shared, |(lock, rwlock, value)| {
                {
                    let _held = lock.lock().unwrap();
                    value.write_all(|value| *value += 1);
                }
                {
                    let _outer = rwlock.write().unwrap();
                    match lock.try_lock() {
                        Ok(_held) => value.write_all(|value| *value += 2),
                        Err(_) => value.write_all(|value| *value += 6),
                    }
                }
                let _held = lock.lock().unwrap();
                value.write_all(|value| *value += 3);
            });
            let multiplying = task(&shared, |(lock, _, value)| {
                let _held = lock.lock().unwrap();
                value.write_all(|value| *value *= 2);
            });
            adding.join().unwrap();
            multiplying.join().unwrap();
            shared.2.read_all(|value| *value)
        });
        assert_eq!(values, set([6, 7, 9, 11, 12, 17]));
    }

    /// Adds, if nobody holds the lock.
    fn try_add(lock: &Mutex<u64>, step: u64) {
        match lock.try_lock() {
            Ok(mut value) => *value += step,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Poisoned(_)) => panic!("nobody has panicked"),
        }
    }

    #[test]
    fn one_of_two_try_locks_succeeds_or_both() {
        let values = outcomes(|| {
            let lock = Arc::new(Mutex::new(0));
            let tasks = [0, 1].map(|_| task(&lock, |lock| try_add(lock, 1)));
            for task in tasks {
                task.join().unwrap();
            }
            take(lock).into_inner().unwrap()
        });
        assert_eq!(values, set([1, 2]));
    }

    #[test]
    fn a_lock_beside_two_try_locks() {
        let values = outcomes(|| {
            let lock = Arc::new(Mutex::new(0));
            let locking = task(&lock, |lock| *lock.lock().unwrap() += 1);
            let trying = task(&lock, |lock| {
                try_add(lock, 1);
                try_add(lock, 2);
            });
            locking.join().unwrap();
            trying.join().unwrap();
            take(lock).into_inner().unwrap()
        });
        assert_eq!(values, set([1, 2, 3, 4]));
    }

    #[test]
    fn a_second_lock_of_the_same_task_deadlocks() {
        let all = deadlocks(|| {
            let lock = Mutex::new(());
            let _one = lock.lock().unwrap();
            let _two = lock.lock();
        });
        assert_eq!(all, (1, 1));
    }

    #[test]
    fn a_second_try_lock_of_the_same_task_is_refused() {
        let refused = outcomes(|| {
            let lock = Mutex::new(());
            let _one = lock.try_lock().unwrap();
            matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
        });
        assert_eq!(refused, set([true]));
    }

    #[test]
    fn a_guard_is_dropped_by_a_panic() {
        let messages = panics(|| {
            let lock = Mutex::new(0);
            let _held = lock.lock().unwrap();
            panic!("expected panic");
        });
        assert_eq!(messages, set(["expected panic".to_owned()]));
    }

    /// Of two tasks that wait, either may be next, whichever came first.
    #[test]
    fn locks_are_not_fair() {
        let orders = outcomes(|| {
            let shared = Arc::new((Mutex::new(Vec::new()), Mutex::new(Vec::new()), AtomicUsize::new(0)));
            let held = shared.0.lock().unwrap();
            let tasks = [0, 1].map(|me| {
                task(&shared, move |(lock, arrived, count)| {
                    arrived.lock().unwrap().push(me);
                    count.fetch_add(1, SeqCst);
                    lock.lock().unwrap().push(me);
                })
            });
            shared.2.wait_until(|count| count == 2);
            drop(held);
            for task in tasks {
                task.join().unwrap();
            }
            let (lock, arrived, _) = take(shared);
            (arrived.into_inner().unwrap(), lock.into_inner().unwrap())
        });
        let (up, down) = (vec![0, 1], vec![1, 0]);
        let all = [(&up, &up), (&up, &down), (&down, &up), (&down, &down)];
        assert_eq!(orders, set(all.map(|(a, b)| (a.clone(), b.clone()))));
    }
}

mod rwlock {
    use super::*;

    #[test]
    fn two_readers_hold_the_lock_at_once() {
        let counts = outcomes(|| {
            let shared = Arc::new((RwLock::new(0), AtomicUsize::new(0)));
            let read = |(lock, readers): &(RwLock<u32>, AtomicUsize)| {
                let value = lock.read().unwrap();
                assert_eq!(*value, 0);
                let before = readers.fetch_add(1, SeqCst);
                readers.fetch_sub(1, SeqCst);
                before + 1
            };
            let other = task(&shared, read);
            let own = read(&shared);
            own.max(other.join().unwrap())
        });
        assert_eq!(counts, set([1, 2]));
    }

    #[test]
    fn readers_and_writers_in_opposite_orders_deadlock() {
        let all = deadlocks(|| {
            let locks = Arc::new((RwLock::new(0), RwLock::new(0)));
            task(&locks, |(one, two)| {
                let _one = one.read().unwrap();
                let _two = two.read().unwrap();
            });
            let _two = locks.1.write().unwrap();
            let _one = locks.0.write().unwrap();
        });
        assert_eq!(all, (1, 3));
    }

    #[test]
    fn two_writers() {
        let all = deadlocks(|| {
            let lock = Arc::new(RwLock::new(1));
            for _ in 0..2 {
                task(&lock, |lock| *lock.write().unwrap() += 1);
            }
        });
        assert_eq!(all, (0, 2));
    }

    /// Each waits for the other while it holds the lock: only two that read at once get through.
    #[test]
    fn two_readers_that_wait_for_one_another() {
        let all = deadlocks(|| {
            let shared = Arc::new((RwLock::new(1), [AtomicBool::new(false), AtomicBool::new(false)]));
            for me in 0..2 {
                task(&shared, move |(lock, here)| {
                    let _held = lock.read().unwrap();
                    here[me].store(true, SeqCst);
                    here[1 - me].wait_until(|here| here);
                });
            }
        });
        assert_eq!(all, (0, 1));
    }

    #[test]
    fn two_readers_and_a_writer() {
        let seen = outcomes(|| {
            let lock = Arc::new(RwLock::new(1));
            let readers = [0, 1].map(|_| task(&lock, |lock| *lock.read().unwrap()));
            *lock.write().unwrap() += 1;
            readers.map(|reader| reader.join().unwrap())
        });
        assert_eq!(seen, set([[1, 1], [1, 2], [2, 1], [2, 2]]));
    }

    #[test]
    fn a_default_value() {
        #[derive(Debug)]
        struct Point(u32, u32);
        impl Default for Point {
            fn default() -> Self {
                Point(21, 42)
            }
        }
        let seen = outcomes(|| {
            let point: RwLock<Point> = RwLock::default();
            let point = point.read().unwrap();
            (point.0, point.1)
        });
        assert_eq!(seen, set([(21, 42)]));
    }

    #[test]
    fn the_value_after_two_writers() {
        let values = outcomes(|| {
            let lock = Arc::new(RwLock::new(0));
            let writers = [0, 1].map(|_| task(&lock, |lock| *lock.write().unwrap() += 1));
            for writer in writers {
                writer.join().unwrap();
            }
            take(lock).into_inner().unwrap()
        });
        assert_eq!(values, set([2]));
    }

    /// Adds, if nobody holds the lock.
    fn try_add(lock: &RwLock<u64>, step: u64) {
        match lock.try_write() {
            Ok(mut value) => *value += step,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Poisoned(_)) => panic!("nobody has panicked"),
        }
    }

    #[test]
    fn one_of_two_try_writes_succeeds_or_both() {
        let values = outcomes(|| {
            let lock = Arc::new(RwLock::new(0));
            let tasks = [0, 1].map(|_| task(&lock, |lock| try_add(lock, 1)));
            for task in tasks {
                task.join().unwrap();
            }
            take(lock).into_inner().unwrap()
        });
        assert_eq!(values, set([1, 2]));
    }

    #[test]
    fn what_is_granted_std_grants_too() {
        let granted = outcomes(|| {
            let locks = Arc::new((RwLock::new(()), std::sync::RwLock::new(())));
            let tasks = [0, 1].map(|_| {
                task(&locks, |(own, std)| {
                    (0..2).all(|_| {
                        let read = own.try_read().is_ok_and(|_own| std.try_read().is_err());
                        let write = own.try_write().is_ok_and(|_own| std.try_write().is_err());
                        !read && !write
                    })
                })
            });
            tasks.map(|task| task.join().unwrap())
        });
        assert_eq!(granted, set([[true, true]]));
    }

    /// The read comes anywhere between the writes, or is refused.
    #[test]
    fn a_write_two_try_writes_and_a_try_read() {
        let values = outcomes(|| {
            let lock = Arc::new(RwLock::new(0));
            let writing = task(&lock, |lock| *lock.write().unwrap() += 1);
            let trying = task(&lock, |lock| {
                try_add(lock, 1);
                try_add(lock, 2);
            });
            let read = match lock.try_read() {
                Ok(value) => Some(*value),
                Err(TryLockError::WouldBlock) => None,
                Err(TryLockError::Poisoned(_)) => panic!("nobody has panicked"),
            };
            writing.join().unwrap();
            trying.join().unwrap();
            (take(lock).into_inner().unwrap(), read)
        });
        let mut expected = BTreeSet::new();
        for last in 1..=4 {
            expected.insert((last, None));
            // If the first try-write was refused, the value is never 2.
            expected.extend((0..=last).filter(|&read| (last, read) != (3, 2)).map(|read| (last, Some(read))));
        }
        assert_eq!(values, expected);
    }

    #[test]
    fn what_a_task_gets_that_holds_the_lock() {
        let all = outcomes(|| {
            let lock = RwLock::new(());
            let read = {
                let _held = lock.read().unwrap();
                (lock.try_read().is_ok(), lock.try_write().is_ok())
            };
            let write = {
                let _held = lock.write().unwrap();
                (lock.try_read().is_ok(), lock.try_write().is_ok())
            };
            (read, write)
        });
        assert_eq!(all, set([((true, false), (false, false))]));
    }

    #[test]
    fn to_upgrade_or_downgrade_a_lock_deadlocks() {
        let upgrade = deadlocks(|| {
            let lock = RwLock::new(());
            let _read = lock.read().unwrap();
            let _write = lock.write();
        });
        let downgrade = deadlocks(|| {
            let lock = RwLock::new(());
            let _write = lock.write().unwrap();
            let _read = lock.read();
        });
        let twice = deadlocks(|| {
            let lock = RwLock::new(());
            let _one = lock.write().unwrap();
            let _two = lock.write();
        });
        assert_eq!([upgrade, downgrade, twice], [(1, 1); 3]);
    }
}

mod atomic {
    use super::*;

    #[test]
    fn stores_are_not_reordered() {
        let seen = outcomes(|| {
            let shared = Arc::new((AtomicI8::new(0), AtomicI8::new(0)));
            let writing = task(&shared, |(x, y)| {
                x.store(1, SeqCst);
                y.store(1, SeqCst);
            });
            let reading = task(&shared, |(x, y)| {
                let y = y.load(SeqCst);
                (x.load(SeqCst), y)
            });
            writing.join().unwrap();
            reading.join().unwrap()
        });
        assert_eq!(seen, set([(0, 0), (1, 0), (1, 1)]));
    }

    #[test]
    fn a_store_is_not_moved_before_a_load() {
        let seen = outcomes(|| {
            let shared = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
            let one = task(&shared, |(x, y)| {
                let x = x.load(SeqCst);
                y.store(1, SeqCst);
                x
            });
            let two = task(&shared, |(x, y)| {
                let y = y.load(SeqCst);
                x.store(1, SeqCst);
                y
            });
            (one.join().unwrap(), two.join().unwrap())
        });
        assert_eq!(seen, set([(0, 0), (0, 1), (1, 0)]));
    }

    #[test]
    fn a_load_is_not_moved_before_a_store() {
        let seen = outcomes(|| {
            let shared = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
            let one = task(&shared, |(x, y)| {
                x.store(1, SeqCst);
                y.load(SeqCst)
            });
            let two = task(&shared, |(x, y)| {
                y.store(1, SeqCst);
                x.load(SeqCst)
            });
            (one.join().unwrap(), two.join().unwrap())
        });
        assert_eq!(seen, set([(0, 1), (1, 0), (1, 1)]));
    }

    #[test]
    fn a_read_modify_write_is_one_step() {
        let values = outcomes(|| {
            let x = Arc::new(AtomicU64::new(0));
            let stores = [1, 2].map(|value| task(&x, move |x| x.store(value, SeqCst)));
            x.fetch_add(5, SeqCst);
            for store in stores {
                store.join().unwrap();
            }
            take(x).into_inner()
        });
        assert_eq!(values, set([1, 2, 6, 7]));
    }

    /// What it observed happens before what follows: the other store if it succeeded, and nothing if it failed.
    #[test]
    fn a_compare_exchange_and_its_clock() {
        let results = outcomes(|| {
            let x = Arc::new(AtomicU64::new(0));
            let store = task(&x, |x| x.store(1, SeqCst));
            let result = x.compare_exchange(1, 5, SeqCst, SeqCst);
            let sees_store = causal_clock(|clock| clock[1] > 0);
            store.join().unwrap();
            (result, sees_store)
        });
        assert_eq!(results, set([(Ok(1), true), (Err(0), false)]));
    }

    #[test]
    fn a_flag() {
        let results = outcomes(|| {
            let x = Arc::new(AtomicBool::new(false));
            let store = task(&x, |x| x.store(true, SeqCst));
            let result = x.compare_exchange(false, true, SeqCst, SeqCst);
            store.join().unwrap();
            (result, x.fetch_nand(true, SeqCst), x.load(SeqCst))
        });
        assert_eq!(results, set([(Ok(false), true, false), (Err(true), true, false)]));
    }

    #[test]
    fn other_orderings_are_accepted() {
        let seen = outcomes(|| {
            let x = Arc::new(AtomicU64::new(0));
            let store = task(&x, |x| x.store(1, Relaxed));
            let seen = x.load(Relaxed);
            store.join().unwrap();
            seen
        });
        assert_eq!(seen, set([0, 1]));
    }
}

mod panic {
    use super::*;

    #[test]
    fn a_panic_poisons_the_lock_that_was_held_and_no_other() {
        let all = outcomes(|| {
            let locks = Arc::new((Mutex::new(()), Mutex::new(()), RwLock::new(()), RwLock::new(())));
            let others = (locks.1.lock().unwrap(), locks.3.write().unwrap());
            let panicking = task(&locks, |(mutex, _, rwlock, _)| {
                catch_unwind(AssertUnwindSafe(|| {
                    let _held = (mutex.lock().unwrap(), rwlock.write().unwrap());
                    panic!("expected");
                }))
                .is_err()
            });
            assert!(panicking.join().unwrap());
            drop(others);
            let poisoned = (locks.0.lock().is_err(), locks.2.write().is_err());
            let others = (locks.1.lock().is_err(), locks.3.write().is_err());
            let (mutex, _, rwlock, _) = take(locks);
            assert!(mutex.into_inner().is_err() && rwlock.into_inner().is_err());
            (poisoned, others)
        });
        assert_eq!(all, set([((true, true), (false, false))]));
    }

    /// Whether it waited or came early, the main task gets the lock.
    #[test]
    fn a_task_waits_for_a_lock_whose_holder_panics() {
        let poisoned = outcomes(|| {
            let shared = Arc::new((Mutex::new(0), AtomicBool::new(false)));
            let holding = task(&shared, |(lock, flag)| {
                let result = catch_unwind(AssertUnwindSafe(|| {
                    let _held = lock.lock().unwrap();
                    flag.store(true, SeqCst);
                    panic!("expected");
                }));
                assert!(result.is_err());
            });
            let (mut value, poisoned) = match shared.0.lock() {
                Ok(value) => (value, false),
                Err(poisoned) => (PoisonError::into_inner(poisoned), true),
            };
            *value += 1;
            drop(value);
            holding.join().unwrap();
            assert!(shared.0.lock().is_err());
            poisoned
        });
        assert_eq!(poisoned, set([false, true]));
    }

    #[test]
    fn a_reader_and_a_writer_wait_for_a_lock_whose_holder_panics() {
        let values = outcomes(|| {
            let lock = Arc::new(RwLock::new(0));
            let holding = task(&lock, |lock| {
                let result = catch_unwind(AssertUnwindSafe(|| {
                    let _held = lock.write().unwrap();
                    panic!("expected");
                }));
                assert!(result.is_err());
            });
            let reading = task(&lock, |lock| *lock.read().unwrap_or_else(PoisonError::into_inner));
            *lock.write().unwrap_or_else(PoisonError::into_inner) += 1;
            holding.join().unwrap();
            assert!(lock.write().is_err());
            reading.join().unwrap()
        });
        assert_eq!(values, set([0, 1]));
    }
}

mod clocks {
    use super::*;

    /// A task that takes a lock has in its clock all that held it before, and nobody else.
    #[test]
    fn a_lock_hands_on_the_clock_of_who_held_it() {
        outcomes(|| {
            let shared = Arc::new((Mutex::new(BTreeSet::new()), AtomicBool::new(false)));
            let bystander = task(&shared, |(_, flag)| flag.store(true, SeqCst));
            let tasks = [0, 1].map(|_| {
                task(&shared, |(holders, _)| {
                    let mut holders = holders.lock().unwrap();
                    holders.insert(next_event().0);
                    causal_clock(|clock| {
                        for (task, &seen) in clock.iter().enumerate() {
                            assert_eq!(seen > 0, holders.contains(&(task as u32)), "{clock:?}");
                        }
                    });
                })
            });
            for task in tasks {
                task.join().unwrap();
            }
            bystander.join().unwrap();
        });
    }

    /// A reader has the writers before it in its clock, and of the other readers only those who came before a writer.
    #[test]
    fn a_shared_lock_hands_on_the_clocks_of_writers() {
        outcomes(|| {
            let shared = Arc::new(RwLock::new(false));
            let writer = task(&shared, |lock| *lock.write().unwrap() = true);
            let readers = [2, 3].map(|me: usize| {
                task(&shared, move |lock| {
                    let written = lock.read().unwrap();
                    causal_clock(|clock| {
                        assert_eq!(clock[1] > 0, *written, "{clock:?}");
                        assert!(*written || clock[5 - me] == 0, "{clock:?}");
                    });
                })
            });
            for task in readers {
                task.join().unwrap();
            }
            writer.join().unwrap();
        });
    }

    #[test]
    fn a_join_hands_on_the_clock_of_the_task() {
        let (report, _) = explore(|| {
            let flag = Arc::new(AtomicBool::new(false));
            let tasks = [1, 2, 3].map(|me: usize| {
                task(&flag, move |flag| {
                    causal_clock(|clock| assert!(clock.iter().all(|&seen| seen == 0), "{clock:?}"));
                    flag.load(SeqCst);
                    causal_clock(|clock| assert_eq!(clock[me], 1));
                })
            });
            for (joined, task) in tasks.into_iter().enumerate() {
                task.join().unwrap();
                let joined = joined + 1;
                causal_clock(|clock| {
                    for (task, &seen) in clock.iter().enumerate() {
                        assert_eq!(seen > 0, (1..=joined).contains(&task), "{clock:?}");
                    }
                });
            }
        });
        assert_eq!((report.executions, report.panics), (1, 0));
    }
}

/// Shuttle's depth-first search counts interleavings, in which a task's start and end are steps; these are classes.
mod dfs {
    use super::*;

    fn classes(body: impl Fn() + 'static) -> u64 {
        explore(body).0.executions
    }

    #[test]
    fn tasks_that_do_nothing() {
        assert_eq!(classes(|| {}), 1);
        // There: 2.
        assert_eq!(classes(|| drop(thread::spawn(|| {}))), 1);
    }

    #[test]
    fn two_tasks_and_a_lock() {
        // There: 15.
        let classes = classes(|| {
            let lock = Arc::new(Mutex::new(0));
            task(&lock, |lock| *lock.lock().unwrap() += 1);
            *lock.lock().unwrap() += 1;
        });
        assert_eq!(classes, 2);
    }

    #[test]
    fn to_yield_is_no_step() {
        // There: 50,050.
        let classes = classes(|| {
            let yielding = || (0..3).for_each(|_| thread::yield_now());
            thread::spawn(yielding);
            thread::spawn(yielding);
            yielding();
        });
        assert_eq!(classes, 1);
    }

    #[test]
    fn the_bound_on_executions_is_reported() {
        let report = Explorer::optimal().max_executions(1).run(|| {
            let lock = Arc::new(Mutex::new(0));
            task(&lock, |lock| *lock.lock().unwrap() += 1);
            *lock.lock().unwrap() += 1;
        });
        assert_eq!((report.executions, report.bound), (1, Some(Bound::Executions(1))));
    }

    #[test]
    fn the_bound_on_steps_is_reported() {
        let report = Explorer::optimal().max_steps(20).run(|| {
            let flag = AtomicBool::new(false);
            (0..100).for_each(|_| flag.store(true, SeqCst));
        });
        assert_eq!(report.bound, Some(Bound::Steps(20)));
    }

    #[test]
    fn the_bound_on_time_is_reported() {
        let report = Explorer::optimal().max_time(Duration::ZERO).run(|| {
            let lock = Arc::new(Mutex::new(0));
            task(&lock, |lock| *lock.lock().unwrap() += 1);
            *lock.lock().unwrap() += 1;
        });
        assert_eq!((report.executions, report.bound), (1, Some(Bound::Time(Duration::ZERO))));
    }
}

mod threads {
    use super::*;

    #[test]
    fn either_task_goes_first() {
        let seen = outcomes(|| {
            let flag = Arc::new(AtomicBool::new(false));
            task(&flag, |flag| flag.store(true, SeqCst));
            flag.load(SeqCst)
        });
        assert_eq!(seen, set([false, true]));
    }

    #[test]
    fn a_join_returns_what_the_task_returned_after_all_it_did() {
        let seen = outcomes(|| {
            let lock = Arc::new(Mutex::new(false));
            let handle = task(&lock, |lock| {
                *lock.lock().unwrap() = true;
                1
            });
            (handle.join().unwrap(), *lock.lock().unwrap())
        });
        assert_eq!(seen, set([(1, true)]));
    }

    #[test]
    fn a_task_whose_handle_is_dropped_still_runs() {
        let ended = Arc::new(StdAtomicU64::new(0));
        let count = Arc::clone(&ended);
        let report = Explorer::optimal().run(move || {
            let lock = Arc::new(Mutex::new(false));
            let count = Arc::clone(&count);
            drop(task(&lock, move |lock| {
                *lock.lock().unwrap() = true;
                count.fetch_add(1, Relaxed);
            }));
            *lock.lock().unwrap() = true;
        });
        assert_eq!((report.executions, ended.load(Relaxed)), (2, 2));
    }

    #[test]
    fn a_name_is_in_the_messages() {
        let mut waiting = Vec::new();
        Explorer::optimal().run_each(
            || {
                let lock = Arc::new(Mutex::new(()));
                let other = Arc::clone(&lock);
                let _held = lock.lock().unwrap();
                let builder = thread::Builder::new().name("producer".to_owned());
                builder.spawn(move || drop(other.lock())).unwrap().join().unwrap();
            },
            |run| {
                if let Ending::Deadlock(lines) = run.ending() {
                    waiting.extend_from_slice(lines);
                }
                std::ops::ControlFlow::Continue(())
            },
        );
        assert_eq!(waiting[0], "main waits for the end of producer");
        assert!(waiting[1].starts_with("producer waits to lock a mutex, at "), "{waiting:?}");
    }

    #[test]
    fn outside_an_exploration_a_lock_is_std_s() {
        let lock = Mutex::new(0);
        *lock.lock().unwrap() += 1;
        assert_eq!(lock.into_inner().unwrap(), 1);
    }
}

mod replay {
    use super::*;

    /// The schedules that end in a panic or a deadlock.
    fn failing(body: impl Fn() + 'static) -> Vec<Vec<(u32, u32)>> {
        let mut failing = Vec::new();
        Explorer::optimal().run_each(body, |run| {
            if *run.ending() != Ending::Complete {
                failing.push(run.schedule().into_iter().collect());
            }
            std::ops::ControlFlow::Continue(())
        });
        failing
    }

    #[test]
    fn a_panic() {
        for schedule in failing(mutex::increments_in_two_steps) {
            let report = Explorer::replay(schedule).run(mutex::increments_in_two_steps);
            assert_eq!((report.executions, report.panics), (1, 1));
        }
    }

    #[test]
    fn a_deadlock() {
        for schedule in failing(mutex::opposite_orders) {
            let report = Explorer::replay(schedule).run(mutex::opposite_orders);
            assert_eq!((report.executions, report.deadlocks), (1, 1));
        }
    }

    fn three_locks_in_a_circle() {
        let locks = Arc::new([Mutex::new(0), Mutex::new(0), Mutex::new(0)]);
        let take_two = |own: usize| {
            move |locks: &[Mutex<i32>; 3]| {
                let _one = locks[own].lock().unwrap();
                let _two = locks[(own + 1) % 3].lock().unwrap();
            }
        };
        task(&locks, take_two(0));
        task(&locks, take_two(1));
        take_two(2)(&locks);
    }

    #[test]
    fn a_deadlock_of_three() {
        let schedules = failing(three_locks_in_a_circle);
        assert_eq!(schedules.len(), 1);
        let report = Explorer::replay(schedules[0].clone()).run(three_locks_in_a_circle);
        assert_eq!(report.deadlocks, 1);
    }

    /// A schedule that ends early, or gives a turn to a task that cannot go on, leaves tasks behind that hold locks. They
    /// are taken down, and what they hold is dropped.
    #[test]
    fn a_schedule_that_leads_nowhere() {
        for schedule in [vec![(0, 0)], vec![(0, 0), (1, 0), (0, 0)], vec![(1, 0), (2, 0), (1, 0)]] {
            let report = Explorer::replay(schedule).run(three_locks_in_a_circle);
            assert_eq!((report.executions, report.panics), (1, 0));
        }
    }

    fn many_steps() {
        let counter = Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = (0..30)
            .map(|_| {
                task(&counter, |counter| {
                    for _ in 0..100 {
                        counter.fetch_add(1, SeqCst);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.join().unwrap();
        }
        assert_eq!(counter.load(SeqCst), 0, "so much work, and all for nothing");
    }

    #[test]
    fn a_long_schedule() {
        let mut schedule = Vec::new();
        let report = Explorer::optimal().max_executions(1).run_each(many_steps, |run| {
            schedule = run.schedule().into_iter().collect();
            std::ops::ControlFlow::Continue(())
        });
        assert_eq!((report.panics, schedule.len()), (1, 3_001));
        assert_eq!(Explorer::replay(schedule).run(many_steps).panics, 1);
    }
}

#[test]
fn a_program_that_is_not_deterministic_is_told() {
    let runs = StdAtomicU64::new(0);
    let report = Explorer::optimal().run(move || {
        let random = runs.fetch_add(1, Relaxed);
        let shared = Arc::new((AtomicBool::new(false), Mutex::new(0), AtomicU64::new(0)));
        task(&shared, move |(flag, lock, counter)| {
            flag.load(SeqCst);
            if random.is_multiple_of(2) {
                *lock.lock().unwrap() += 1;
            } else {
                counter.fetch_add(1, SeqCst);
            }
            flag.load(SeqCst);
        });
        shared.0.store(true, SeqCst);
    });
    let difference = report.nondeterminism.expect("it does something else each time");
    assert!(difference.contains("look for random numbers"), "{difference}");
}

/// A short task beside a long one: a random walk nearly never lets the short one wait until the end. Here it is one class of
/// twenty-six.
#[test]
fn a_short_task_beside_a_long_one() {
    let (report, last) = explore(|| {
        let value = Arc::new(AtomicU64::new(2));
        let short = task(&value, |value| value.store(0, SeqCst));
        let long = task(&value, |value| (0..25).for_each(|_| value.store(1, SeqCst)));
        short.join().unwrap();
        long.join().unwrap();
        value.load(SeqCst)
    });
    assert_eq!((report.executions, last), (26, set([0, 1])));
}
