//! Scripts that loop, recurse, allocate or share too much: a message with a line, in bounded time and
//! memory.

use std::time::Instant;

use selvedge_sim::verdict::{Engine, Verdict};

use super::{PLAIN, case, explore, one_reader, read};

/// What a script does.
#[derive(Debug)]
enum Ended {
    /// The scenario is not read.
    Refused(String),
    /// A limit ended a call.
    Bounded(String),
    /// An execution found a mistake.
    Mistake(String),
}

/// Runs a script whose `get` has this body.
fn run(body: &str) -> Ended {
    let body = body.replace('\n', "\n    ");
    let script = format!("def get(key):\n    {body}\n\ndef set(key, value):\n    redis.set(key, value)\n");
    run_script(&script)
}

fn run_script(script: &str) -> Ended {
    let start = Instant::now();
    let scenario = one_reader(PLAIN, "consistency = \"eventual\"");
    let scenario = match read(script, &scenario) {
        Ok(scenario) => scenario,
        Err(mistakes) => return Ended::Refused(mistakes.0[0].to_string()),
    };
    let case = &scenario.cases[0];
    let report = explore(case, Engine::Optimal);
    assert!(start.elapsed().as_secs() < 60, "it ran for {:?}", start.elapsed());
    assert!(memory_mib() < 500, "{} MiB", memory_mib());
    let mistake = case.script.as_ref().and_then(|script| script.mistake());
    match (mistake, report.verdict) {
        (Some(mistake), _) => Ended::Mistake(mistake.to_string()),
        (None, Verdict::Bounded(why)) => Ended::Bounded(why),
        (None, other) => panic!("{other:?}"),
    }
}

/// The most memory that the process has had. 0 where it is not known.
fn memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) >> 10
}

#[test]
fn a_call_that_does_not_end_is_ended_and_the_verdict_is_bounded() {
    for (body, line, limit) in [
        ("while True:\n    pass", 2, "100000 steps"),
        ("while True:\n    redis.get(key)", 3, "100000 steps"),
        ("return get(key)", 2, "200 nested calls"),
        ("spawn(get, key)\nreturn None", 2, "12 spawned tasks"),
        (
            "for _ in range(100):\n    spawn(redis.get, key) if False else spawn(lambda: None)",
            3,
            "12 spawned tasks",
        ),
        ("x = \"a\"\nwhile True:\n    x = x + x", 4, "a string of 256 KiB"),
        ("return \"a\" * 1000000000", 2, "a string of 256 KiB"),
        ("xs = []\nwhile True:\n    xs.append(xs)", 4, "100000 steps"),
        ("xs = [0] * 1000000000\nreturn None", 2, "100000 steps"),
        ("xs = []\nwhile True:\n    xs.append([1] * 1000)", 4, "2 MiB of memory"),
        ("for x in range(10000000000):\n    pass", 2, "100000 steps"),
        ("return list(range(10000000000))", 2, "100000 steps"),
        ("return \"a\".replace(\"\", \"b\" * 200000) * 9", 2, "a string of 256 KiB"),
        (
            "x, y = [1], [1]\nfor i in range(15):\n    x, y = [x, x], [y, y]\nreturn x == y and x == y",
            5,
            "100000 steps",
        ),
    ] {
        match run(body) {
            Ended::Bounded(why) => {
                let expected =
                    format!("cache.star:{line}: a call of the script was ended at the limit of {limit}");
                assert!(why.contains(&expected), "{body}\n{why}");
            }
            other => panic!("{body}\n{other:?}"),
        }
    }
}

#[test]
fn a_cyclic_value_is_a_mistake_where_it_is_stored_shown_or_compared() {
    let cycle = "x = []\nx.append(x)\n";
    for (last, expected) in [
        ("local.set(key, x)", "a value with more than 16 levels, or a cycle"),
        ("return str(x)", "a value with more than 16 levels, or a cycle"),
        ("y = []\ny.append(y)\nreturn x == y", "a comparison of more than 16 nested values"),
    ] {
        match run(&format!("{cycle}{last}")) {
            Ended::Mistake(what) => assert_eq!(what, expected, "{last}"),
            other => panic!("{last}\n{other:?}"),
        }
    }
}

#[test]
fn a_deep_or_long_text_is_refused() {
    let nested = |open: &str, close: &str, count: usize| {
        format!("x = {}1{}\n", open.repeat(count), close.repeat(count))
    };
    for (script, expected) in [
        (nested("(", ")", 10_000), "more than 60 levels of nesting"),
        (nested("[", "]", 10_000), "more than 60 levels of nesting"),
        (nested("-", "", 10_000), "more than 60 levels of nesting"),
        (nested("not ", "", 10_000), "more than 60 levels of nesting"),
        (nested("f(", ")", 10_000), "more than 60 levels of nesting"),
        (nested("1 + ", "", 10_000), "an expression of more than 250 nested operations"),
        (format!("x = y{}\n", ".a".repeat(10_000)), "an expression of more than 250 nested operations"),
        ((0..30).map(|depth| format!("{}if 1:\n", " ".repeat(depth))).collect(), "a block inside 20 others"),
        ("#".repeat(100_000), "a script of more than 65536 bytes"),
        ("x = \"\n".to_owned(), "the string is never closed"),
    ] {
        match run_script(&script) {
            Ended::Refused(what) => assert_eq!(what, expected, "{}", &script[..40.min(script.len())]),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_variable_of_the_script_that_functions_change_is_shared_and_its_accesses_are_steps() {
    // Each read of a counter that is not atomic can lose an update: the same in each repetition.
    let script = "
calls = 0

def get(key):
    global calls
    calls += 1
    return redis.get(key)

def set(key, value):
    global calls
    calls += 1
    redis.set(key, value)
";
    let case = case(script, &one_reader(PLAIN, "consistency = \"linearizable\""));
    let report = explore(&case, Engine::Optimal);
    assert_eq!((report.verdict, report.complete), (Verdict::Clean, true));
    // Two reads and two writes of the counter in each order, and the two commands.
    assert!(report.schedules > 2, "{}", report.schedules);
    let again = explore(&case, Engine::Optimal);
    assert_eq!(report.schedules, again.schedules);
}

#[test]
fn a_constant_that_functions_change_is_a_mistake() {
    let script = "
counts = {\"calls\": 0}

def get(key):
    counts[\"calls\"] += 1
    return redis.get(key)

def set(key, value):
    redis.set(key, value)
";
    match run_script(script) {
        Ended::Mistake(what) => assert_eq!(what, "a constant of the script is changed"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_choice_is_explored_and_a_lock_that_is_never_released_is_a_deadlock() {
    let choice = "
def get(key):
    return redis.get(key) if choose(2) == 0 else None

def set(key, value):
    redis.set(key, value)
";
    let report =
        explore(&case(choice, &one_reader(PLAIN, "violations = [\"stale\", \"lasting\"]")), Engine::Optimal);
    assert!(matches!(report.verdict, Verdict::Violated(_)), "{:?}", report.verdict);
    let crossed = "
def get(key):
    with lock(\"a\"):
        with lock(\"b\"):
            return redis.get(key)

def set(key, value):
    with lock(\"b\"):
        with lock(\"a\"):
            redis.set(key, value)
";
    let report =
        explore(&case(crossed, &one_reader(PLAIN, "consistency = \"linearizable\"")), Engine::Optimal);
    assert_eq!(report.verdict, Verdict::Deadlock);
}
