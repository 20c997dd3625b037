//! Counts of data structures and benchmarks, as GenMC's and Miri's test suites expect them.

use selvedge_engine::mode::SearchMode;
use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use selvedge_engine::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, fence};
use selvedge_engine::{Explorer, await_until, thread};

/// The number of executions of a complete search without failures, blocked or redundant runs.
#[track_caller]
fn count<M: SearchMode>(explorer: Explorer<M>, program: impl Fn() + 'static) -> u64 {
    let report = explorer.run(program);
    assert!(report.is_complete(), "{}", report.verdict());
    assert_eq!((report.panics, report.deadlocks, report.redundant), (0, 0, 0), "{}", report.verdict());
    report.executions
}

/// Two tasks add the numbers of Fibonacci, `steps` each; a third reads both.
fn fib_bench(steps: u32) -> impl Fn() + 'static {
    move || {
        let numbers = Arc::new([AtomicU32::new(1), AtomicU32::new(1)]);
        let add = |own: usize| {
            let numbers = Arc::clone(&numbers);
            move || {
                for _ in 0..steps {
                    let sum = numbers[0].load(Acquire) + numbers[1].load(Acquire);
                    numbers[own].store(sum, Release);
                }
            }
        };
        thread::spawn(add(0));
        thread::spawn(add(1));
        let numbers = Arc::clone(&numbers);
        thread::spawn(move || assert!(numbers[0].load(Acquire) <= 144 && numbers[1].load(Acquire) <= 144));
    }
}

/// Message passing through a chain of two updates: the writer's release heads a sequence only of the
/// writes that read from it.
fn message_passing_through_two_updates() {
    let shared = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    let spawn = |body: fn(&AtomicU32, &AtomicU32)| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || body(&shared[0], &shared[1]));
    };
    spawn(|data, flag| {
        data.store(1, Relaxed);
        flag.store(0, Release);
        flag.store(1, Relaxed);
    });
    spawn(|_, flag| _ = flag.compare_exchange(2, 3, Relaxed, Relaxed));
    spawn(|_, flag| _ = flag.compare_exchange(1, 2, Relaxed, Relaxed));
    spawn(|data, flag| {
        if flag.load(Relaxed) > 2 {
            fence(Acquire);
            data.store(2, Relaxed);
        }
    });
}

#[test]
fn message_passing_through_updates_has_the_published_counts() {
    assert_eq!(count(Explorer::optimal(), message_passing_through_two_updates), 35);
    assert_eq!(count(Explorer::rc11(), message_passing_through_two_updates), 36);
}

#[test]
fn fib_bench_has_the_published_counts() {
    let sc: Vec<u64> = (1..=3).map(|steps| count(Explorer::optimal(), fib_bench(steps))).collect();
    assert_eq!(sc, [11, 140, 1_698]);
    let weak: Vec<u64> = (1..=4).map(|steps| count(Explorer::rc11(), fib_bench(steps))).collect();
    assert_eq!(weak, [11, 153, 2_258, 34_205]);
}

#[test]
#[ignore = "half a million executions"]
fn fib_bench_of_five_steps() {
    assert_eq!(count(Explorer::rc11(), fib_bench(5)), 525_630);
}

/// A work-stealing deque (Chase, Lev: "Dynamic circular work-stealing deque", SPAA 2005), with the
/// memory orders of Lê, Pop, Cohen, Nardelli ("Correct and efficient work-stealing for weak memory
/// models", PPoPP 2013) and a buffer of fixed size. Its slots are atomics: a thief may read one
/// while the owner writes it.
struct Deque {
    bottom: AtomicU64,
    top: AtomicU64,
    slots: Vec<AtomicU64>,
}

impl Deque {
    const CAPACITY: u64 = 10;

    fn new() -> Arc<Self> {
        let slots = (0..Deque::CAPACITY).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Deque { bottom: AtomicU64::new(0), top: AtomicU64::new(0), slots })
    }

    fn slot(&self, position: u64) -> &AtomicU64 {
        &self.slots[(position % Deque::CAPACITY) as usize]
    }

    fn push(&self, value: u64) {
        let bottom = self.bottom.load(Relaxed);
        let top = self.top.load(Acquire);
        if bottom.wrapping_sub(top) < Deque::CAPACITY {
            self.slot(bottom).store(value, Relaxed);
            self.bottom.store(bottom + 1, Release);
        }
    }

    fn pop(&self) {
        let bottom = self.bottom.load(Relaxed);
        self.bottom.store(bottom.wrapping_sub(1), Relaxed);
        fence(SeqCst);
        let top = self.top.load(Relaxed);
        let length = bottom.wrapping_sub(top) as i64;
        if length <= 0 {
            return self.bottom.store(bottom, Relaxed);
        }
        self.slot(bottom - 1).load(Relaxed);
        if length == 1 {
            let _is_taken = self.top.compare_exchange(top, top + 1, AcqRel, Acquire);
            self.bottom.store(bottom, Relaxed);
        }
    }

    fn steal(&self) {
        let top = self.top.load(Relaxed);
        fence(SeqCst);
        let bottom = self.bottom.load(Acquire);
        if bottom.wrapping_sub(top) as i64 > 0 {
            self.slot(top).load(Relaxed);
            let _is_taken = self.top.compare_exchange(top, top + 1, Release, Relaxed);
        }
    }
}

/// An owner that pushes, pops and pushes; and a thief for each of `steals`, with so many attempts.
fn deque(pushes: u64, pops: u64, more: u64, steals: &'static [u32]) -> impl Fn() + 'static {
    move || {
        let deque = Deque::new();
        let owned = Arc::clone(&deque);
        thread::spawn(move || {
            (0..pushes).for_each(|nth| owned.push(nth + 1));
            (0..pops).for_each(|_| owned.pop());
            (0..more).for_each(|nth| owned.push(pushes + nth + 1));
        });
        for &attempts in steals {
            let deque = Arc::clone(&deque);
            thread::spawn(move || (0..attempts).for_each(|_| deque.steal()));
        }
    }
}

#[test]
fn chase_lev_deque() {
    assert_eq!(count(Explorer::optimal(), deque(5, 3, 2, &[1])), 59);
    assert_eq!(count(Explorer::rc11(), deque(5, 3, 2, &[1])), 65);
}

#[test]
fn dq() {
    assert_eq!(count(Explorer::optimal(), deque(2, 1, 1, &[2, 1])), 1_373);
    assert_eq!(count(Explorer::rc11(), deque(2, 1, 1, &[2, 1])), 1_924);
}

/// The ring buffer of FreeBSD: each of `threads` tasks enqueues once and dequeues once. A task that
/// loses a race for a position waits forever here: such executions are not counted.
struct Ring {
    producers: [AtomicU32; 2],
    consumers: [AtomicU32; 2],
    slots: Vec<AtomicU32>,
}

impl Ring {
    const SIZE: u32 = 8;

    fn take(ends: &[AtomicU32; 2], limit: &AtomicU32, is_full: impl Fn(u32, u32) -> bool) -> Option<u32> {
        let head = ends[0].load(Relaxed);
        if is_full(head, limit.load(Relaxed)) {
            return None;
        }
        if ends[0].compare_exchange(head, (head + 1) % Ring::SIZE, AcqRel, Acquire).is_err() {
            ends[0].wait_until(|_| false);
        }
        Some(head)
    }
}

fn pass(ring: &Arc<Ring>, ends: fn(&Ring) -> &[AtomicU32; 2], head: u32) {
    let its = Arc::clone(ring);
    await_until(move || ends(&its)[1].load(Relaxed) == head);
}

fn buffer_ring(threads: u32) -> impl Fn() + 'static {
    move || {
        let new = || [AtomicU32::new(0), AtomicU32::new(0)];
        let slots = (0..Ring::SIZE).map(|_| AtomicU32::new(0)).collect();
        let ring = Arc::new(Ring { producers: new(), consumers: new(), slots });
        for own in 1..=threads {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                let is_full = |head, tail| (head + 1) % Ring::SIZE == tail;
                if let Some(head) = Ring::take(&ring.producers, &ring.consumers[1], is_full) {
                    fence(SeqCst);
                    ring.slots[head as usize].store(own, Relaxed);
                    pass(&ring, |ring| &ring.producers, head);
                    ring.producers[1].store((head + 1) % Ring::SIZE, Relaxed);
                }
                if let Some(head) = Ring::take(&ring.consumers, &ring.producers[1], |head, tail| head == tail)
                {
                    ring.slots[head as usize].load(Relaxed);
                    pass(&ring, |ring| &ring.consumers, head);
                    fence(SeqCst);
                    ring.consumers[1].store((head + 1) % Ring::SIZE, Relaxed);
                }
            });
        }
    }
}

#[test]
fn buffer_ring_of_three() {
    let complete = |report: selvedge_engine::Report| {
        assert!(report.is_complete() || report.deadlocks > 0, "{}", report.verdict());
        assert_eq!((report.panics, report.redundant), (0, 0));
        report.executions - report.deadlocks
    };
    assert_eq!(complete(Explorer::optimal().run(buffer_ring(3))), 273);
    assert_eq!(complete(Explorer::rc11().run(buffer_ring(3))), 1_218);
}

/// A stack (Treiber: "Systems programming: coping with parallelism", 1986). `next[n]` is the node
/// below node `n`; node 0 is none.
struct Stack {
    top: AtomicUsize,
    next: Vec<AtomicUsize>,
}

impl Stack {
    fn push(&self, node: usize) {
        loop {
            let top = self.top.load(Acquire);
            self.next[node].store(top, Relaxed);
            if self.top.compare_exchange(top, node, Release, Relaxed).is_ok() {
                return;
            }
        }
    }

    fn pop(&self) -> usize {
        loop {
            let top = self.top.load(Acquire);
            if top == 0 {
                return 0;
            }
            let next = self.next[top].load(Relaxed);
            if self.top.compare_exchange(top, next, Release, Relaxed).is_ok() {
                return top;
            }
        }
    }
}

fn treiber_stack(readers: usize, writers: usize) -> impl Fn() + 'static {
    move || {
        let next = (0..=writers).map(|_| AtomicUsize::new(0)).collect();
        let stack = Arc::new(Stack { top: AtomicUsize::new(0), next });
        for node in 1..=writers {
            let stack = Arc::clone(&stack);
            thread::spawn(move || stack.push(node));
        }
        for _ in 0..readers {
            let stack = Arc::clone(&stack);
            thread::spawn(move || stack.pop());
        }
    }
}

#[test]
fn treiber_stack_counts() {
    for (r, w) in [(1, 2), (1, 3), (2, 2), (0, 3)] {
        println!("treiber {r} {w}: rc11 {}", count(Explorer::rc11(), treiber_stack(r, w)));
    }
}

/// A queue (Michael, Scott: "Simple, fast, and practical non-blocking and blocking concurrent queue
/// algorithms", PODC 1996). Node 1 is the first dummy; node 0 is none.
struct Queue {
    head: AtomicUsize,
    tail: AtomicUsize,
    next: Vec<AtomicUsize>,
}

impl Queue {
    fn enqueue(&self, node: usize) {
        let mut tail;
        loop {
            tail = self.tail.load(Acquire);
            let next = self.next[tail].load(Acquire);
            if tail != self.tail.load(Acquire) {
                continue;
            }
            if next == 0 {
                if self.next[tail].compare_exchange(0, node, Release, Relaxed).is_ok() {
                    break;
                }
            } else {
                let _helped = self.tail.compare_exchange(tail, next, Release, Relaxed);
            }
        }
        let _helped = self.tail.compare_exchange(tail, node, Release, Relaxed);
    }

    fn dequeue(&self) -> Option<usize> {
        loop {
            let head = self.head.load(Acquire);
            let tail = self.tail.load(Acquire);
            let next = self.next[head].load(Acquire);
            if self.head.load(Acquire) != head {
                continue;
            }
            if head == tail {
                if next == 0 {
                    return None;
                }
                let _helped = self.tail.compare_exchange(tail, next, Release, Relaxed);
            } else if self.head.compare_exchange(head, next, Release, Relaxed).is_ok() {
                return Some(next);
            }
        }
    }
}

fn michael_scott_queue(readers: usize, writers: usize, both: usize) -> impl Fn() + 'static {
    move || {
        let next = (0..2 + writers + both).map(|_| AtomicUsize::new(0)).collect();
        let queue = Arc::new(Queue { head: AtomicUsize::new(1), tail: AtomicUsize::new(1), next });
        for nth in 0..writers + both {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                queue.enqueue(2 + nth);
                if nth >= writers {
                    queue.dequeue();
                }
            });
        }
        for _ in 0..readers {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.dequeue());
        }
    }
}

#[test]
fn michael_scott_queue_counts() {
    for (readers, writers, both, graphs) in [(1, 1, 0, 4), (2, 1, 0, 67), (1, 2, 0, 188), (0, 0, 2, 222)] {
        let program = michael_scott_queue(readers, writers, both);
        assert_eq!(count(Explorer::rc11(), program), graphs, "{readers}, {writers} and {both}");
    }
}

/// The reference counts of std's `Arc`, with the memory orders of its source.
struct Counts {
    strong: AtomicUsize,
    weak: AtomicUsize,
}

impl Counts {
    fn drop_strong(&self) {
        if self.strong.fetch_sub(1, Release) == 1 {
            fence(Acquire);
            self.drop_weak();
        }
    }

    fn drop_weak(&self) {
        if self.weak.fetch_sub(1, Release) == 1 {
            fence(Acquire);
        }
    }

    fn downgrade(&self) {
        let mut seen = self.weak.load(Relaxed);
        while let Err(value) = self.weak.compare_exchange(seen, seen + 1, Acquire, Relaxed) {
            seen = value;
        }
    }

    fn upgrade(&self) -> bool {
        let mut seen = self.strong.load(Relaxed);
        while seen > 0 {
            match self.strong.compare_exchange(seen, seen + 1, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(value) => seen = value,
            }
        }
        false
    }
}

/// The main task drops the last strong reference; another has a weak one, and reads the count or
/// upgrades it.
fn arc(upgrades: bool) -> impl Fn() + 'static {
    move || {
        let counts = Arc::new(Counts { strong: AtomicUsize::new(1), weak: AtomicUsize::new(1) });
        counts.strong.fetch_add(1, Relaxed);
        counts.drop_strong();
        counts.downgrade();
        counts.weak.fetch_add(1, Relaxed);
        let other = Arc::clone(&counts);
        let task = thread::spawn(move || {
            if !upgrades {
                other.strong.load(Relaxed);
            } else if other.upgrade() {
                other.drop_strong();
            }
            other.drop_weak();
        });
        counts.drop_strong();
        task.join().unwrap();
        assert!(!counts.upgrade());
        counts.drop_weak();
    }
}

#[test]
fn reference_counts_of_arc() {
    assert_eq!(count(Explorer::rc11(), arc(false)), 4);
    assert_eq!(count(Explorer::rc11(), arc(true)), 7);
}
