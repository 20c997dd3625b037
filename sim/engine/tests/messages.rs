//! Messages that the engine writes to stderr. Each test runs itself again as a child process and
//! reads its stderr.

use std::hash::Hasher;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::{Bound, Explorer, thread};

/// Set in the environment of a child process.
const CHILD: &str = "SELVEDGE_TEST_CHILD";

/// Whether this process is the child.
fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs the test with this name in a child process until its stderr contains this text or it ends.
/// Returns its stderr, and whether it succeeded if it ended.
fn child(test: &str, until: &str) -> (String, Option<bool>) {
    let mut child = Command::new(std::env::current_exe().expect("the test's binary"))
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test's binary runs");
    let mut stderr = child.stderr.take().expect("it is piped");
    let start = Instant::now();
    let (mut text, mut bytes) = (String::new(), [0; 1024]);
    while let Ok(count @ 1..) = stderr.read(&mut bytes) {
        text += &String::from_utf8_lossy(&bytes[..count]);
        if text.contains(until) || start.elapsed() > Duration::from_secs(60) {
            let ended = child.try_wait().expect("the child").map(|status| status.success());
            _ = child.kill();
            _ = child.wait();
            return (text, ended);
        }
    }
    let status = child.wait().expect("the child");
    (text, Some(status.success()))
}

#[test]
fn a_stack_overflow_is_reported_with_its_task() {
    if is_child() {
        fn deep(depth: u64) -> u64 {
            let local = std::hint::black_box([depth; 32]);
            if depth == u64::MAX { 0 } else { deep(depth + 1) + local[5] }
        }
        Explorer::optimal().run(|| {
            let task = thread::Builder::new().name("digger".to_owned()).spawn(|| deep(0)).unwrap();
            task.join().unwrap();
        });
        return;
    }
    let (stderr, ended_well) = child("a_stack_overflow_is_reported_with_its_task", "\0");
    assert_eq!(ended_well, Some(false));
    assert!(stderr.contains("selvedge-engine: digger has overflowed its stack of 262144 bytes"), "{stderr}");
    assert!(stderr.contains("Explorer::stack_size"), "{stderr}");
}

/// A fault that is not a stack overflow ends the process as it would without the engine.
#[test]
fn a_stack_overflow_of_an_os_thread_is_still_reported_by_std() {
    if is_child() {
        Explorer::optimal().run(|| ());
        fn deep(depth: u64) -> u64 {
            let local = std::hint::black_box([depth; 32]);
            if depth == u64::MAX { 0 } else { deep(depth + 1) + local[5] }
        }
        std::hint::black_box(deep(0));
        return;
    }
    let (stderr, ended_well) = child("a_stack_overflow_of_an_os_thread_is_still_reported_by_std", "\0");
    assert_eq!(ended_well, Some(false));
    assert!(stderr.contains("has overflowed its stack") && !stderr.contains("selvedge-engine"), "{stderr}");
}

#[test]
fn the_watchdog_reports_a_task_that_blocks_the_os_thread() {
    if is_child() {
        Explorer::optimal().watchdog(Duration::from_millis(300)).run(|| {
            let shared = Arc::new((std::sync::Mutex::new(0), AtomicU32::new(0)));
            for name in ["left", "right"] {
                let shared = Arc::clone(&shared);
                let body = move || {
                    shared.1.load(SeqCst);
                    let mut held = shared.0.lock().unwrap();
                    *held = shared.1.fetch_add(1, SeqCst);
                };
                thread::Builder::new().name(name.to_owned()).spawn(body).unwrap();
            }
        });
        return;
    }
    let (stderr, ended) =
        child("the_watchdog_reports_a_task_that_blocks_the_os_thread", "Explorer::watchdog");
    assert_eq!(ended, None, "{stderr}");
    let message = stderr.find("selvedge-engine: no step for").expect("the watchdog");
    let message = &stderr[message..];
    assert!(
        message.contains("right has run since its operation at") || message.contains("left has run since"),
        "{message}"
    );
    assert!(message.contains("tests/messages.rs:") && message.contains("std::sync::Mutex"), "{message}");
}

/// A panic of the engine, or of a monitor between two operations, is not an outcome of a task.
#[test]
fn an_error_outside_of_all_tasks_is_printed() {
    #[derive(Debug)]
    struct Fails;
    impl selvedge_engine::Monitor for Fails {
        fn step(&self, task: u32) {
            assert!(task == 0, "the monitor fails outside of all tasks");
        }
        fn hash(&self, _: &mut dyn Hasher) {}
        fn found(&self) -> u64 {
            0
        }
    }
    if is_child() {
        let failed = std::panic::catch_unwind(|| {
            Explorer::optimal().run(|| {
                selvedge_engine::monitor(std::rc::Rc::new(Fails));
                let x = Arc::new(AtomicU32::new(0));
                let other = Arc::clone(&x);
                thread::spawn(move || other.store(1, SeqCst));
                x.store(2, SeqCst);
            })
        });
        assert!(failed.is_err());
        // The OS thread can run other explorations.
        assert_eq!(Explorer::optimal().run(|| ()).executions, 1);
        return;
    }
    let (stderr, ended_well) = child("an_error_outside_of_all_tasks_is_printed", "\0");
    assert!(stderr.contains("the monitor fails outside of all tasks"), "{stderr}");
    assert_eq!(ended_well, Some(true), "{stderr}");
}

/// The process aborts, as the program would outside an exploration, with an explanation.
#[test]
fn a_destructor_that_panics_while_its_task_unwinds_is_reported() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("the second");
        }
    }
    if is_child() {
        Explorer::optimal().run(|| {
            thread::spawn(|| {
                let _panics = Panics;
                panic!("the first");
            });
        });
        return;
    }
    let (stderr, ended_well) = child("a_destructor_that_panics_while_its_task_unwinds_is_reported", "\0");
    assert_eq!(ended_well, Some(false));
    assert!(
        stderr.contains("selvedge-engine: the process aborts: a destructor of task 1 panicked at"),
        "{stderr}"
    );
    assert!(stderr.contains("while the task unwound: the second"), "{stderr}");
}

#[test]
fn an_exploration_inside_another_panics() {
    let report = Explorer::optimal().run(|| {
        Explorer::optimal().run(|| ());
    });
    let verdict = report.verdict().to_string();
    assert!(verdict.contains("an exploration cannot be started inside another"), "{verdict}");
    assert_eq!(Explorer::optimal().run(|| ()).executions, 1);
}

/// A loop that waits without a hint is detected, and reported with its location.
#[test]
fn a_spin_without_a_hint_is_reported_with_its_location() {
    let line = line!() + 5;
    let report = Explorer::optimal().run(|| {
        let x = Arc::new(AtomicU32::new(0));
        let other = Arc::clone(&x);
        thread::spawn(move || other.store(1, SeqCst));
        while x.load(SeqCst) == 0 {}
    });
    let Some(bound @ Bound::Spins { source, .. }) = report.bound else { panic!("{report:?}") };
    assert_eq!((source.file(), source.line()), (file!(), line));
    assert!(bound.to_string().contains("wait_until"), "{bound}");
    assert!(report.executions < 1_100, "{report:?}");
}

/// A long scan is not a spin, nor is a loop that changes a state.
#[test]
fn a_long_loop_that_changes_a_state_is_no_spin() {
    let report = Explorer::optimal().run(|| {
        let all: Vec<_> = (0..2_000).map(AtomicU32::new).collect();
        let sum: u32 = all.iter().map(|each| each.load(SeqCst)).sum();
        assert_eq!(sum, 1_999_000);
        for _ in 0..2_000 {
            all[0].fetch_add(1, SeqCst);
        }
    });
    assert!(report.is_complete(), "{report:?}");
}
