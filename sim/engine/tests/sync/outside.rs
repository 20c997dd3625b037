//! Outside an exploration the objects are std's; inside, they must be created there.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, TrySendError};
use std::time::Duration;

use selvedge_engine::sync::{Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, mpsc};
use selvedge_engine::{Ending, Explorer};

#[test]
fn os_threads_synchronize_outside() {
    let shared = Arc::new((Mutex::new(0), Condvar::new(), Barrier::new(2), Once::new(), OnceLock::new()));
    let (sender, receiver) = mpsc::sync_channel(1);
    let other = Arc::clone(&shared);
    let thread = std::thread::spawn(move || {
        let (mutex, condvar, barrier, once, lock) = &*other;
        let (number, result) = condvar.wait_timeout(mutex.lock().unwrap(), Duration::ZERO).unwrap();
        assert_eq!((*number, result.timed_out()), (0, true));
        drop(number);
        once.call_once(|| ());
        assert_eq!(lock.get_or_init(|| 1), &1);
        barrier.wait();
        drop(condvar.wait_while(mutex.lock().unwrap(), |number| *number == 0).unwrap());
        receiver.iter().sum::<u32>()
    });
    let (mutex, condvar, barrier, once, lock) = &*shared;
    barrier.wait();
    assert!(once.is_completed() && lock.get() == Some(&1));
    *mutex.lock().unwrap() = 1;
    condvar.notify_all();
    (1..4).for_each(|number| sender.send(number).unwrap());
    drop(sender);
    assert_eq!(thread.join().unwrap(), 6);
    assert_eq!(*LazyLock::new(|| 1), 1);

    let (sender, receiver) = mpsc::sync_channel(1);
    assert_eq!((sender.try_send(1), sender.try_send(2)), (Ok(()), Err(TrySendError::Full(2))));
    assert_eq!(receiver.recv(), Ok(1));
    assert_eq!(receiver.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
}

#[test]
fn an_object_created_outside_is_refused() {
    let (sender, _receiver) = mpsc::channel();
    let condvar = Arc::new(Condvar::new());
    let programs: [Box<dyn Fn()>; 2] =
        [Box::new(move || sender.send(1).unwrap()), Box::new(move || condvar.notify_one())];
    for program in programs {
        let mut message = String::new();
        Explorer::optimal().run_each(program, |run| {
            if let Ending::Panic { report, .. } = run.ending() {
                message.clone_from(&report.message);
            }
            std::ops::ControlFlow::Continue(())
        });
        assert!(message.starts_with("this object was not created in this run"), "{message}");
    }
}
