//! Programs from the papers and test suites of GenMC, Nidhugg and Concuerror. Variables are
//! atomics.

use crate::tools::Tool;

struct Threads<T: Tool, S: Send + Sync + 'static> {
    shared: T::Arc<S>,
    handles: Vec<T::JoinHandle>,
}

impl<T: Tool, S: Send + Sync + 'static> Threads<T, S> {
    fn sharing(value: S) -> Self {
        Threads { shared: T::share(value), handles: Vec::new() }
    }

    fn spawn(&mut self, body: impl FnOnce(&S) + Send + 'static) {
        let shared = self.shared.clone();
        self.handles.push(T::spawn(move || body(&*shared)));
    }

    fn join(self) {
        self.handles.into_iter().for_each(T::join);
    }
}

fn variables<T: Tool>(count: usize) -> Vec<T::Atomic> {
    (0..count).map(|_| T::atomic(0)).collect()
}

/// One `w x` ‖ n × `r x`.
pub(crate) fn readers<T: Tool>(n: usize) {
    let mut threads = Threads::<T, _>::sharing(T::atomic(0));
    threads.spawn(|x| T::store(x, 42));
    for _ in 0..n {
        threads.spawn(|x| {
            T::load(x);
        });
    }
    threads.join();
}

/// For j=1..n `a[j] = a[j-1] + 1` ‖ one reader scans `a[n]`, `a[n-1]`, … up to the first 0.
pub(crate) fn last_zero<T: Tool>(n: usize) {
    let mut threads = Threads::<T, _>::sharing(variables::<T>(n + 1));
    threads.spawn(move |a| {
        let mut i = n;
        while T::load(&a[i]) != 0 {
            i -= 1;
        }
    });
    for j in 1..=n {
        threads.spawn(move |a| T::store(&a[j], T::load(&a[j - 1]) + 1));
    }
    threads.join();
}

/// n × (`r x`; `w x`).
pub(crate) fn inc<T: Tool>(n: usize) {
    let mut threads = Threads::<T, _>::sharing(T::atomic(0));
    for _ in 0..n {
        threads.spawn(|x| T::store(x, T::load(x) + 1));
    }
    threads.join();
}

/// n × fetch-add on each of two variables.
pub(crate) fn binc<T: Tool>(n: usize) {
    let mut threads = Threads::<T, _>::sharing([T::atomic(0), T::atomic(0)]);
    for _ in 0..n {
        threads.spawn(|[x, y]| {
            T::fetch_add(x, 1);
            T::fetch_add(y, 1);
        });
    }
    threads.join();
}

/// n × (lock; increment; unlock).
pub(crate) fn lock_inc<T: Tool>(n: usize) {
    let mut threads = Threads::<T, _>::sharing(T::mutex(0));
    for _ in 0..n {
        threads.spawn(|x| T::with(x, |x| *x += 1));
    }
    threads.join();
}

/// k × (`r i; r j; i = i+j`) ‖ k × (same, writes j) ‖ `r i; r j`.
pub(crate) fn fib_bench<T: Tool>(k: usize) {
    let mut threads = Threads::<T, _>::sharing([T::atomic(1), T::atomic(1)]);
    for own in 0..2 {
        threads.spawn(move |v| {
            for _ in 0..k {
                let sum = T::load(&v[0]) + T::load(&v[1]);
                T::store(&v[own], sum);
            }
        });
    }
    threads.spawn(|v| {
        T::load(&v[0]);
        T::load(&v[1]);
    });
    threads.join();
}

/// `y=1; if !x {c=1; r c}` ‖ mirror image.
pub(crate) fn dekker<T: Tool>() {
    let mut threads = Threads::<T, _>::sharing([T::atomic(0), T::atomic(0), T::atomic(0)]);
    for own in 0..2 {
        threads.spawn(move |v| {
            T::store(&v[own], 1);
            if T::load(&v[1 - own]) == 0 {
                T::store(&v[2], 1);
                T::load(&v[2]);
            }
        });
    }
    threads.join();
}

/// n threads, each of which waits for its ticket.
pub(crate) fn ticket_lock<T: Tool>(n: usize) {
    let mut threads = Threads::<T, _>::sharing([T::atomic(0), T::atomic(0)]);
    for _ in 0..n {
        threads.spawn(|[ticket, serving]| {
            let mine = T::fetch_add(ticket, 1);
            T::wait_until(serving, move |now| now == mine);
            T::fetch_add(serving, 1);
        });
    }
    threads.join();
}
