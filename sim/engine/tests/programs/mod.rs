//! The programs of the literature, with known numbers of classes.

use selvedge_engine::object::Cell;
use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Arc, Mutex};
use selvedge_engine::thread;

/// An array of shared variables.
pub(crate) type Variables = Arc<Vec<Cell<u64>>>;

fn variables(count: usize) -> Variables {
    Arc::new((0..count).map(|_| Cell::new(0)).collect())
}

fn atomics(count: usize) -> Arc<Vec<AtomicU64>> {
    Arc::new((0..count).map(|_| AtomicU64::new(0)).collect())
}

fn mutexes(count: usize) -> Arc<Vec<Mutex<u64>>> {
    Arc::new((0..count).map(|_| Mutex::new(0)).collect())
}

/// Spawns a task with its own reference to the shared value.
fn task<S: Send + Sync + 'static>(shared: &Arc<S>, body: impl FnOnce(&S) + Send + 'static) {
    let shared = Arc::clone(shared);
    thread::spawn(move || body(&shared));
}

/// `readers(N)`: one `w x` ‖ N × `r x`.
pub(crate) fn readers(n: usize) {
    let x = variables(1);
    task(&x, |x| x[0].set(42));
    for _ in 0..n {
        task(&x, |x| {
            x[0].get();
        });
    }
}

/// `lastzero(N)`: for j=1..N `a[j] = a[j-1] + 1` ‖ one reader scans a[N], a[N-1], … to the first 0.
pub(crate) fn lastzero(n: usize) {
    let a = variables(n + 1);
    task(&a, move |a| {
        let mut i = n;
        while a[i].get() != 0 {
            i -= 1;
        }
    });
    for j in 1..=n {
        task(&a, move |a| a[j].set(a[j - 1].get() + 1));
    }
}

/// `filesystem(N)`, Flanagan and Godefroid 2005: 26 blocks, 32 inodes, a lock each.
pub(crate) fn filesystem(n: usize) {
    const BLOCKS: usize = 26;
    const INODES: usize = 32;
    let inodes = mutexes(INODES);
    let busy = mutexes(BLOCKS);
    for id in 0..n {
        let (inodes, busy) = (Arc::clone(&inodes), Arc::clone(&busy));
        thread::spawn(move || {
            let mut inode = inodes[id % INODES].lock().unwrap();
            if *inode == 0 {
                let mut block = (id * 2) % BLOCKS;
                loop {
                    let mut taken = busy[block].lock().unwrap();
                    if *taken == 0 {
                        *taken = 1;
                        *inode = block as u64 + 1;
                        break;
                    }
                    drop(taken);
                    block = (block + 1) % BLOCKS;
                }
            }
        });
    }
}

/// `ainc(N)`: N × FAA on one variable.
pub(crate) fn ainc(n: usize) {
    let x = atomics(1);
    for _ in 0..n {
        task(&x, |x| {
            x[0].fetch_add(1, SeqCst);
        });
    }
}

/// `binc(N)`: N × FAA on each of two variables.
pub(crate) fn binc(n: usize) {
    let x = atomics(2);
    for _ in 0..n {
        task(&x, |x| {
            x[0].fetch_add(1, SeqCst);
            x[1].fetch_add(1, SeqCst);
        });
    }
}

/// `wainc(N)`: `x=42` ‖ N × FAA x.
pub(crate) fn wainc(n: usize) {
    let x = atomics(1);
    task(&x, |x| x[0].store(42, SeqCst));
    for _ in 0..n {
        task(&x, |x| {
            x[0].fetch_add(1, SeqCst);
        });
    }
}

/// `cas(N)`: thread i does CAS(x, 0, i+1).
pub(crate) fn cas(n: usize) {
    let x = atomics(1);
    for i in 0..n as u64 {
        task(&x, move |x| {
            let _ = x[0].compare_exchange(0, i + 1, SeqCst, SeqCst);
        });
    }
}

/// `casrot(N)`: thread i=1..N does CAS(x, i−1, i).
pub(crate) fn casrot(n: usize) {
    let x = atomics(1);
    for i in 1..=n as u64 {
        task(&x, move |x| {
            let _ = x[0].compare_exchange(i - 1, i, SeqCst, SeqCst);
        });
    }
}

/// `wcas(N)`: `x=2` ‖ N × CAS(x, 2, 3).
pub(crate) fn wcas(n: usize) {
    let x = atomics(1);
    task(&x, |x| x[0].store(2, SeqCst));
    for _ in 0..n {
        task(&x, |x| {
            let _ = x[0].compare_exchange(2, 3, SeqCst, SeqCst);
        });
    }
}

/// `inc(N)`: N × (`r x`; `w x`).
pub(crate) fn inc(n: usize) {
    let x = variables(1);
    for _ in 0..n {
        task(&x, |x| x[0].set(x[0].get() + 1));
    }
}

/// `n_writers(N)`: N+1 × `w x` ‖ `r x`.
pub(crate) fn n_writers(n: usize) {
    let x = variables(1);
    for i in 0..=n as u64 {
        task(&x, move |x| x[0].set(i));
    }
    task(&x, |x| {
        x[0].get();
    });
}

/// `n_writes_a_read(N)`: 2 × (N × `w x`; `r x`).
pub(crate) fn n_writes_a_read(n: usize) {
    let x = variables(1);
    for _ in 0..2 {
        task(&x, move |x| {
            for i in 0..n as u64 {
                x[0].set(i);
            }
            x[0].get();
        });
    }
}

/// `lockinc(N)`: lock; increment; unlock.
pub(crate) fn lockinc(n: usize) {
    let x = mutexes(1);
    for _ in 0..n {
        task(&x, |x| *x[0].lock().unwrap() += 1);
    }
}

/// `fib_bench(k)`: k × (`r i; r j; i = i+j`) ‖ k × (same, writes j) ‖ `r i; r j`.
pub(crate) fn fib_bench(k: usize) {
    let v = variables(2);
    for own in 0..2 {
        task(&v, move |v| {
            for _ in 0..k {
                let sum = v[0].get() + v[1].get();
                v[own].set(sum);
            }
        });
    }
    task(&v, |v| {
        v[0].get();
        v[1].get();
    });
}

/// `fib_one_variable`: 2 × (`r x; r x; w x`) ‖ `r x; r x`.
pub(crate) fn fib_one_variable(_: usize) {
    let x = variables(1);
    for _ in 0..2 {
        task(&x, |x| x[0].set(x[0].get() + x[0].get()));
    }
    task(&x, |x| {
        x[0].get();
        x[0].get();
    });
}

/// `dekker_f`: `y=1; if !x {c=1; r c}` ‖ mirror image.
pub(crate) fn dekker_f(_: usize) {
    let v = variables(3);
    for own in 0..2 {
        task(&v, move |v| {
            v[own].set(1);
            if v[1 - own].get() == 0 {
                v[2].set(1);
                v[2].get();
            }
        });
    }
}

/// `ticketlock`: N threads, each waits for its turn on a value.
pub(crate) fn ticketlock(n: usize) {
    let lock = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
    for _ in 0..n {
        task(&lock, |(ticket, serving)| {
            let mine = ticket.fetch_add(1, SeqCst);
            serving.wait_until(move |now| now == mine);
            serving.fetch_add(1, SeqCst);
        });
    }
}

/// `philosophers(N)`: each takes left, then right.
pub(crate) fn philosophers(n: usize) {
    let forks = mutexes(n);
    for i in 0..n {
        task(&forks, move |forks| {
            let left = forks[i].lock().unwrap();
            let right = forks[(i + 1) % n].lock().unwrap();
            drop((left, right));
        });
    }
}

/// `mutex_deadlock(N)`: lock, never unlock.
pub(crate) fn mutex_deadlock(n: usize) {
    let x = mutexes(1);
    for _ in 0..n {
        task(&x, |x| std::mem::forget(x[0].lock().unwrap()));
    }
}

/// `trylock_unlock(N)`: try_lock, unlock if taken.
pub(crate) fn trylock_unlock(n: usize) {
    let x = mutexes(1);
    for _ in 0..n {
        task(&x, |x| drop(x[0].try_lock()));
    }
}

/// The article's cache as operations: readers `r L1; on a miss r L2; w L1` ‖ writers `w L2; w
/// L1=∅`.
pub(crate) fn cache_aside(readers: usize, writers: usize) {
    let tiers = Arc::new((Cell::new(None), Cell::new(0)));
    for _ in 0..readers {
        task(&tiers, |(l1, l2)| {
            if l1.get().is_none() {
                l1.set(Some(l2.get()));
            }
        });
    }
    for version in 1..=writers as u64 {
        task(&tiers, move |(l1, l2)| {
            l2.set(version);
            l1.set(None);
        });
    }
}
