//! The suites: types of sequences, with their counts.

use std::cell::RefCell;
use std::env;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use selvedge_redis_server::RedisServer;

use crate::collections::{hashes, lists, sets, sorting};
use crate::coverage::Coverage;
use crate::described::described;
use crate::families::{
    PushSource, all_data, family, pushes, sessions, silence, strings_and_keys, transactions,
};
use crate::run::Run;
use crate::scored::sorted_sets;
use crate::scripts::scripts;
use crate::step::{SequenceStep, Words, line, steps};
use crate::streamed::{reads, streams};
use crate::texts::{any_keys, bits, random_keys, substrings};
use crate::users::{monitored, passwords, users};
use crate::waiting::waiting;

/// A type of sequence.
pub(crate) struct Suite {
    name: &'static str,
    sequences: u32,
    connections: usize,
    /// The commands that each connection sends first.
    begin: Vec<Words>,
    steps: BoxedStrategy<Vec<SequenceStep>>,
}

pub(crate) fn all() -> Vec<Suite> {
    let hello = || vec![line("HELLO 3")];
    let suite =
        |name, sequences, connections, begin, steps| Suite { name, sequences, connections, begin, steps };
    let opt = |how: &str| vec![line("HELLO 3"), line(&format!("CLIENT TRACKING ON {how}"))];
    let groups = ["a", "b"].iter().flat_map(|key| {
        let words = format!(
            "XGROUP CREATE {key} g 0 MKSTREAM|XADD {key} 5-0 f v|XADD {key} 5-1 f v|XADD {key} 6-0 f v"
        );
        words.split('|').map(line).collect::<Vec<_>>()
    });
    let groups = groups.collect();
    vec![
        suite("hashes, RESP2", 300, 1, Vec::new(), vec(family(1, hashes()), 1..40).boxed()),
        suite("hashes, RESP3", 200, 1, hello(), vec(family(1, hashes()), 1..40).boxed()),
        suite("sets, RESP2", 300, 1, Vec::new(), vec(family(1, sets()), 1..40).boxed()),
        suite("sets, RESP3", 200, 1, hello(), vec(family(1, sets()), 1..40).boxed()),
        suite("lists, RESP2", 300, 1, Vec::new(), vec(family(1, lists()), 1..40).boxed()),
        suite("lists, RESP3", 200, 1, hello(), vec(family(1, lists()), 1..40).boxed()),
        suite("sorting", 200, 1, Vec::new(), vec(family(1, sorting()), 1..40).boxed()),
        suite("sorted sets, RESP2", 500, 1, Vec::new(), vec(family(1, sorted_sets()), 1..40).boxed()),
        suite("sorted sets, RESP3", 300, 1, hello(), vec(family(1, sorted_sets()), 1..40).boxed()),
        suite("streams, RESP2", 600, 1, Vec::new(), vec(family(1, streams()), 1..60).boxed()),
        suite("streams, RESP3", 300, 1, hello(), vec(family(1, streams()), 1..60).boxed()),
        suite("groups of streams", 400, 1, groups, vec(family(1, streams()), 1..60).boxed()),
        suite("reads of streams, RESP2", 300, 4, Vec::new(), vec(reads(4), 1..40).boxed()),
        suite("reads of streams, RESP3", 150, 4, hello(), vec(reads(4), 1..40).boxed()),
        suite("substrings", 300, 1, Vec::new(), vec(family(1, substrings()), 1..40).boxed()),
        suite("substrings, RESP3", 100, 1, hello(), vec(family(1, substrings()), 1..40).boxed()),
        suite("bits", 400, 1, Vec::new(), vec(family(1, bits()), 1..40).boxed()),
        suite("random keys", 50, 1, Vec::new(), vec(steps(1, random_keys()), 1..30).boxed()),
        suite("any keys", 400, 2, Vec::new(), vec(family(2, any_keys()), 1..40).boxed()),
        suite("blocking, RESP2", 400, 4, Vec::new(), vec(waiting(4), 1..40).boxed()),
        suite("blocking, RESP3", 200, 4, hello(), vec(waiting(4), 1..40).boxed()),
        suite("blocking, tracking", 200, 4, opt("BCAST"), vec(waiting(4), 1..40).boxed()),
        suite("described, RESP2", 100, 1, Vec::new(), vec(steps(1, described()), 1..40).boxed()),
        suite("described, RESP3", 100, 1, hello(), vec(steps(1, described()), 1..40).boxed()),
        suite("users", 300, 3, Vec::new(), vec(users(), 1..40).boxed()),
        suite("passwords", 150, 3, Vec::new(), vec(passwords(), 1..40).boxed()),
        suite("monitored", 200, 3, Vec::new(), monitored().boxed()),
        suite("silence, RESP2", 100, 1, Vec::new(), silence().boxed()),
        suite("silence, RESP3", 100, 1, hello(), silence().boxed()),
        suite("scripts, RESP2", 400, 2, Vec::new(), vec(scripts(2), 1..20).boxed()),
        suite("scripts, RESP3", 300, 2, hello(), vec(scripts(2), 1..20).boxed()),
        suite("tracking, OPTIN", 200, 4, opt("OPTIN"), vec(pushes(PushSource::Tracking), 1..30).boxed()),
        suite("tracking, OPTOUT", 200, 4, opt("OPTOUT"), vec(pushes(PushSource::Tracking), 1..30).boxed()),
        suite("strings, keys, deadlines", 500, 1, Vec::new(), vec(strings_and_keys(1), 1..40).boxed()),
        suite("data, RESP2", 700, 2, Vec::new(), vec(all_data(2), 1..40).boxed()),
        suite("data, RESP3", 400, 2, hello(), vec(all_data(2), 1..40).boxed()),
        suite("transactions, RESP2", 300, 3, Vec::new(), vec(transactions(3), 1..40).boxed()),
        suite("transactions, RESP3", 200, 3, hello(), vec(transactions(3), 1..40).boxed()),
        suite("sessions, RESP2", 300, 3, Vec::new(), vec(sessions(3), 1..30).boxed()),
        suite("sessions, RESP3", 200, 3, hello(), vec(sessions(3), 1..30).boxed()),
        suite("publish, RESP2", 300, 4, Vec::new(), vec(pushes(PushSource::Publish), 1..30).boxed()),
        suite("publish, RESP3", 300, 4, hello(), vec(pushes(PushSource::Publish), 1..30).boxed()),
        suite("tracking, RESP2", 200, 4, Vec::new(), vec(pushes(PushSource::Tracking), 1..30).boxed()),
        suite("tracking, RESP3", 400, 4, hello(), vec(pushes(PushSource::Tracking), 1..30).boxed()),
    ]
}

fn number(variable: &str) -> Option<u32> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a whole number, but is {text:?}")))
}

/// Whether the suite is selected: by `SELVEDGE_SUITE`, a part of its name.
pub(crate) fn is_selected(name: &str) -> bool {
    env::var("SELVEDGE_SUITE").map_or(true, |part| name.contains(&part))
}

/// A runner for `cases` sequences, multiplied by `SELVEDGE_CONFORMANCE`.
fn runner(cases: u32) -> (TestRunner, u32) {
    let cases = cases * number("SELVEDGE_CONFORMANCE").unwrap_or(1);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number("SELVEDGE_SEED").unwrap_or(0).to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    (TestRunner::new_with_rng(config, rng), cases)
}

fn report<T: std::fmt::Debug>(name: &str, cases: u32, result: Result<(), TestError<T>>) -> u32 {
    match result {
        Ok(()) => println!("{name}: {cases} sequences"),
        Err(TestError::Fail(reason, _)) => panic!("{name}: {reason}"),
        Err(other) => panic!("{name}: {other}"),
    }
    cases
}

/// Compares sequences of valid and invalid bytes, and returns their number.
pub(crate) fn bytes(real: &RedisServer) -> u32 {
    let (mut runner, cases) = runner(400);
    let result = runner.run(&crate::bytes::bytes(), |bytes| crate::bytes::compare(real, &bytes));
    report("bytes", cases, result)
}

/// Compares values that each server has serialized for the other, and returns their number.
pub(crate) fn dumps(real: &RedisServer, coverage: &mut Coverage) -> u32 {
    let (mut runner, cases) = runner(500);
    let result = runner.run(&crate::dumps::values(), |create| crate::dumps::compare(real, &create));
    let words = |text: &str| text.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
    for command in ["DUMP k", "RESTORE k 0 payload REPLACE"] {
        (0..cases).for_each(|_| coverage.add(&words(command), true));
    }
    report("dumps", cases, result)
}

impl Suite {
    /// Runs the sequences, and returns their number.
    pub(crate) fn run(self, real: &RedisServer, coverage: &mut Coverage) -> u32 {
        if !is_selected(self.name) {
            return 0;
        }
        let (mut runner, cases) = runner(self.sequences);
        let coverage = RefCell::new(coverage);
        let result = runner.run(&self.steps, |steps| {
            let mut coverage = coverage.borrow_mut();
            let mut run = Run::new(real, self.connections, &mut coverage);
            for connection in 0..self.connections {
                for words in self.begin.clone() {
                    run.step(&SequenceStep { connection, words, then_sleep_ms: 0 })?;
                }
            }
            for step in &steps {
                run.step(step)?;
            }
            run.end(real)
        });
        report(self.name, cases, result)
    }
}
