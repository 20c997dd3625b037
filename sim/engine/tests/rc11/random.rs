//! Random programs: the search visits exactly the graphs of the enumeration.
//!
//! `SELVEDGE_RC11_PROGRAMS=1000000` sets the number of programs, and `PROPTEST_RNG_SEED` the first.

use std::env;

use selvedge_engine::Explorer;
use selvedge_engine::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use super::enumerate::{Model, enumerated};
use super::program::{Op, Program, count, explored};

/// A small generator of random numbers (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", OOPSLA 2014).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// The orders of the operations of a program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Orders {
    Any,
    SeqCst,
}

fn operation(numbers: &mut Numbers, locations: usize, orders: Orders) -> Op {
    let location = numbers.below(locations);
    let value = 1 + numbers.next() % 2;
    let any = |numbers: &mut Numbers, all: &[Ordering]| match orders {
        Orders::Any => numbers.of(all),
        Orders::SeqCst => SeqCst,
    };
    let update = |numbers: &mut Numbers| any(numbers, &[Relaxed, Acquire, Release, AcqRel, SeqCst]);
    match numbers.below(if orders == Orders::Any { 12 } else { 10 }) {
        0..4 => Op::Load(location, any(numbers, &[Relaxed, Acquire, SeqCst])),
        4..7 => Op::Store(location, value, any(numbers, &[Relaxed, Release, SeqCst])),
        7 => Op::Add(location, value, update(numbers)),
        8 => Op::Swap(location, value, update(numbers)),
        9 => {
            let (expected, success) = (numbers.next() % 3, update(numbers));
            Op::Cas(location, expected, value, success, any(numbers, &[Relaxed, Acquire, SeqCst]))
        }
        _ => Op::Fence(numbers.of(&[Acquire, Release, AcqRel, SeqCst])),
    }
}

/// A program with 2 to 4 threads, at most 5 operations in each and `most` in all.
fn program(numbers: &mut Numbers, orders: Orders, most: usize) -> Program {
    let locations = 1 + numbers.below(3);
    let mut program = vec![Vec::new(); 2 + numbers.below(3)];
    for _ in 0..2 + numbers.below(most - 1) {
        let thread = numbers.below(program.len());
        if program[thread].len() < 5 {
            program[thread].push(operation(numbers, locations, orders));
        }
    }
    program
}

fn number_of_programs(default: u64) -> u64 {
    env::var("SELVEDGE_RC11_PROGRAMS").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

fn seed() -> u64 {
    env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// The smallest program that still fails: without any one operation it does not.
fn smallest(mut program: Program, fails: impl Fn(&Program) -> bool) -> Program {
    loop {
        let places: Vec<(usize, usize)> = (0..program.len())
            .flat_map(|thread| (0..program[thread].len()).map(move |nth| (thread, nth)))
            .collect();
        let without = places.into_iter().map(|(thread, nth)| {
            let mut smaller = program.clone();
            smaller[thread].remove(nth);
            smaller
        });
        match without.into_iter().find(|smaller| fails(smaller)) {
            Some(smaller) => program = smaller,
            None => return program,
        }
    }
}

fn agrees(program: &Program) -> bool {
    let explored = std::panic::catch_unwind(|| explored(Explorer::rc11(), program));
    explored.is_ok_and(|graphs| graphs == enumerated(program, Model::Rc11))
}

#[test]
fn the_search_visits_each_consistent_graph_once() {
    let mut numbers = Numbers(seed());
    for _ in 0..number_of_programs(3_000) {
        let program = program(&mut numbers, Orders::Any, 7);
        if !agrees(&program) {
            let program = smallest(program, |program| !agrees(program));
            let found = explored(Explorer::rc11(), &program);
            assert_eq!(found, enumerated(&program, Model::Rc11), "{program:#?}");
            unreachable!("the program is not deterministic");
        }
    }
}

#[test]
fn the_search_agrees_with_the_published_model_too() {
    let mut numbers = Numbers(seed() ^ 0xc11);
    for _ in 0..number_of_programs(1_000) {
        let program = program(&mut numbers, Orders::Any, 7);
        let found = explored(Explorer::rc11().published_seq_cst(), &program);
        assert_eq!(found, enumerated(&program, Model::Published), "{program:#?}");
    }
}

#[test]
fn the_graphs_of_sequential_consistency_are_among_those_of_rc11() {
    let mut numbers = Numbers(seed() ^ 0x5c);
    for _ in 0..number_of_programs(1_000) {
        let program = program(&mut numbers, Orders::Any, 7);
        let weak = explored(Explorer::rc11(), &program);
        let strong = explored(Explorer::optimal(), &program);
        for (outcome, graphs) in &strong {
            assert!(weak.get(outcome).is_some_and(|weak| weak >= graphs), "{outcome:?} of {program:#?}");
        }
        assert_eq!(strong, enumerated(&program, Model::SequentialConsistency), "{program:#?}");
    }
}

#[test]
fn seq_cst_operations_are_sequentially_consistent() {
    let mut numbers = Numbers(seed() ^ 0x5c5c);
    for _ in 0..number_of_programs(1_000) {
        let program = program(&mut numbers, Orders::SeqCst, 9);
        let weak = explored(Explorer::rc11(), &program);
        assert_eq!(weak, explored(Explorer::optimal(), &program), "{program:#?}");
        assert_eq!(count(&weak), count(&explored(Explorer::optimal(), &program)));
    }
}
