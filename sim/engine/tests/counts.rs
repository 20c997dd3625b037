//! Each program of the literature has exactly as many executions as Mazurkiewicz classes, and no
//! execution is redundant.

mod programs;

use programs::*;
use selvedge_engine::Explorer;

/// Explores `program` with any number of workers, and checks the numbers of complete executions and
/// of deadlocks.
fn check(name: &str, n: usize, program: fn(usize), complete: u64, deadlocks: u64) {
    for jobs in [1, 2, 3, 8] {
        let name = format!("{name}({n}), {jobs} workers");
        let report = Explorer::optimal().jobs(jobs).sharing_always().run(move || program(n));
        assert!(report.is_complete(), "{name}: {report:?}");
        assert_eq!(report.panics, 0, "{name}");
        assert_eq!(report.redundant, 0, "{name}: sleep-set-blocked executions");
        assert_eq!(
            (report.executions - report.deadlocks, report.deadlocks),
            (complete, deadlocks),
            "{name}: complete executions and deadlocks"
        );
    }
}

macro_rules! counts {
    ($($test:ident: $program:expr, [$($n:expr => $count:expr),* $(,)?];)*) => {$(
        #[test]
        fn $test() {
            $(check(stringify!($test), $n, $program, $count, 0);)*
        }
    )*};
}

fn factorial(n: u64) -> u64 {
    (1..=n).product()
}

counts! {
    readers_counts: readers, [1 => 2, 2 => 4, 8 => 256, 13 => 8_192];
    lastzero_counts: lastzero, [5 => 64, 10 => 3_328, 15 => 147_456];
    filesystem_counts: filesystem, [14 => 2, 16 => 8, 18 => 32, 19 => 64];
    ainc_counts: ainc, [2 => 2, 5 => 120, 7 => factorial(7)];
    binc_counts: binc, [2 => 4, 3 => 36, 4 => 576];
    wainc_counts: wainc, [2 => 6, 4 => 120, 6 => factorial(7)];
    cas_counts: cas, [1 => 1, 2 => 2, 3 => 3, 6 => 6];
    casrot_counts: casrot,
        [2 => 2, 3 => 5, 4 => 14, 5 => 43, 6 => 144, 7 => 523, 8 => 2_048, 9 => 8_597];
    wcas_counts: wcas, [1 => 2, 2 => 5, 3 => 13, 5 => 81, 8 => 1_025];
    inc_counts: inc, [2 => 4, 3 => 36, 4 => 576, 5 => 14_400];
    n_writers_counts: n_writers, [4 => 720];
    n_writes_a_read_counts: n_writes_a_read, [1 => 4, 2 => 14, 3 => 50, 4 => 182];
    lockinc_counts: lockinc, [2 => 2, 4 => 24, 6 => 720];
    fib_bench_counts: fib_bench, [1 => 11, 2 => 140, 3 => 1_698, 5 => 218_243];
    fib_one_variable_counts: fib_one_variable, [0 => 36];
    dekker_f_counts: dekker_f, [0 => 3];
    ticketlock_counts: ticketlock, [2 => 2];
    trylock_unlock_counts: trylock_unlock, [3 => 21];
    cache_aside_one_writer: |readers| cache_aside(readers, 1), [1 => 5, 2 => 48, 3 => 633];
    cache_aside_two_writers: |readers| cache_aside(readers, 2), [2 => 1_016];
}

#[test]
fn philosophers_deadlock_in_one_class() {
    for n in 2..=6 {
        check("philosophers", n, philosophers, (1 << n) - 2, 1);
    }
}

#[test]
fn a_lock_that_is_never_released_deadlocks_in_every_class() {
    check("mutex_deadlock", 3, mutex_deadlock, 0, 3);
}
