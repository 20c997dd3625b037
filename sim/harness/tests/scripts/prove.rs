//! Every client of a script, up to a bound.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::sync::Arc;

use selvedge_sim::prove::{Bounds, Counterexample, Family, FamilyError, Outcome, Proof, Request, prove};
use selvedge_sim::scenario::Level;
use selvedge_sim::script::Script;
use selvedge_sim::verdict::{Budget, Engine};

use super::{explore, shipped};

pub(crate) fn parsed(text: &str) -> Arc<Script> {
    Script::parse("./cache.star", text).unwrap_or_else(|errors| panic!("{errors:#?}\n{text}"))
}

/// The family of up to so many calls, threads and keys, with these additions.
pub(crate) fn family(
    script: &Arc<Script>,
    (calls, threads, keys): (usize, usize, usize),
    with: &[&str],
) -> Result<Family, FamilyError> {
    let with: BTreeSet<_> = with.iter().map(|name| name.parse().expect("an addition")).collect();
    Family::of_script(script, Bounds { calls, threads, keys }, &with)
}

pub(crate) fn run(family: &Family, skips_contained: bool) -> Result<Proof, FamilyError> {
    let request = Request {
        engine: Engine::Auto,
        budget: Budget::default(),
        total: None,
        jobs: NonZeroUsize::MIN,
        skips_contained,
        shard: None,
        explore: &|exploration| exploration.run(),
        stop: &|| false,
        progress: &|_, _| {},
    };
    prove(family, &[], &request)
}

fn proof_of(text: &str, bounds: (usize, usize, usize), with: &[&str]) -> Proof {
    let family = family(&parsed(text), bounds, with).expect("a family");
    run(&family, true).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[track_caller]
fn refuted(proof: &Proof) -> &Counterexample {
    match &proof.outcome {
        Outcome::Refuted(found) => found,
        other => panic!("{proof}: {other:?}"),
    }
}

/// The additions that a script requires.
pub(crate) fn required(script: &Script) -> Vec<&'static str> {
    let mut with = Vec::new();
    if script.has_database() || script.has_leases() {
        with.push("database");
    }
    if script.has_leases() {
        with.push("leases");
    }
    with
}

/// A correct cache with one tier, whose `get` has this code before it.
fn plain(before: &str) -> String {
    format!(
        "def get(key):\n    {before}\n    return redis.get(key)\n\n\ndef set(key, value):\n    redis.set(key, value)\n"
    )
}

/// The rule that skips contained clients loses nothing: for each shipped script, the verdict and
/// the smallest client are the same with and without it.
#[test]
fn skipping_contained_clients_changes_no_result() {
    let (mut skipped, mut proved, mut refuted) = (0, 0, 0);
    for path in shipped() {
        let text = fs::read_to_string(&path).expect("readable");
        let first = parsed(&text);
        if first.missing_feature().is_some() {
            continue;
        }
        let with = required(&first);
        // A script that spawns has many schedules.
        let calls = if text.contains("spawn(") || text.contains("create_task(") { 2 } else { 3 };
        for level in [Level::Linearizable, Level::Regular] {
            let of = |skips| {
                // What executions have shown of a script is recorded in it.
                let script = parsed(&text);
                let family = family(&script, (calls, 2, 1), &with).expect("a family").consistency(level);
                run(&family, skips).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            };
            let (short, long) = (of(true), of(false));
            assert_eq!(short.clients, long.clients, "{}", path.display());
            skipped += long.searched.saturating_sub(short.searched);
            match (&short.outcome, &long.outcome) {
                (Outcome::Refuted(short), Outcome::Refuted(long)) => {
                    assert_eq!(short.case.threads, long.case.threads, "{} {level}", path.display());
                    assert_eq!(short.case.local, long.case.local, "{} {level}", path.display());
                    assert_eq!(short.report.violations, long.report.violations, "{}", path.display());
                    assert_eq!(short.is_smallest, long.is_smallest, "{}", path.display());
                    refuted += 1;
                }
                (Outcome::Proved, Outcome::Proved) => {
                    assert_eq!(long.searched, long.clients, "{}: without the rule all are", path.display());
                    proved += 1;
                }
                (Outcome::Bounded(_), Outcome::Bounded(_)) => {}
                (short, long) => panic!("{} {level}: {short:?}, but {long:?}", path.display()),
            }
        }
    }
    assert!(skipped > 100 && proved > 10 && refuted > 10, "{skipped} {proved} {refuted}");
}

/// A call that fails is never acknowledged, so that the read which a larger client appends is not
/// stale where the observer's read is lasting. Only the client of one call shows it.
#[test]
fn contained_clients_are_searched_if_a_call_has_failed() {
    let script = "
failures = {}

def get(key):
    value = local.get(key)
    if value is None:
        return redis.get(key)
    local.delete(key)
    return value

def set(key, value):
    redis.set(key, value)
    if failures.get(key) is None:
        failures[key] = True
        fail(\"the local entry stays\")
    local.delete(key)
";
    let proof = proof_of(script, (2, 1, 1), &[]);
    let found = refuted(&proof);
    assert_eq!((found.size, found.is_smallest), ((1, 1, 1), true), "{proof}");
    // No call fails in a client that skips the failure: the rule applies again.
    let without = script.replace("        fail(\"the local entry stays\")\n", "");
    let proof = proof_of(&without, (2, 1, 1), &[]);
    assert!(matches!(proof.outcome, Outcome::Proved) && proof.searched < proof.clients, "{proof}");
}

#[test]
fn no_client_of_a_script_that_spawns_is_skipped() {
    let proof = proof_of(&plain("spawn(lambda: None)"), (2, 2, 1), &[]);
    assert!(matches!(proof.outcome, Outcome::Proved), "{proof}");
    assert_eq!(proof.searched, proof.clients);
    let proof = proof_of(&plain("pass"), (2, 2, 1), &[]);
    assert!(proof.searched < proof.clients, "{proof}");
}

/// Choices, locks, variables of the script and flights do not affect the rule.
#[test]
fn a_choice_and_a_variable_are_explored_in_each_client() {
    let choice = plain("choose(2)")
        .replace("return redis.get(key)", "return redis.get(key) if choose(2) == 0 else None");
    let found = proof_of(&choice, (2, 2, 1), &[]);
    assert_eq!(refuted(&found).size, (1, 1, 1), "{found}");
    // The third call of any client is wrong: the observer's read after two calls.
    let counted = "
calls = 0

def get(key):
    global calls
    calls = calls + 1
    return None if calls == 3 else redis.get(key)

def set(key, value):
    global calls
    calls = calls + 1
    redis.set(key, value)
";
    let found = proof_of(counted, (3, 2, 1), &[]);
    assert_eq!(refuted(&found).size, (2, 1, 1), "{found}");
}

/// A script that looks into keys or values can tell clients apart which differ in names.
#[test]
fn a_script_that_looks_into_a_name_is_run_by_name() {
    let clients = |text: &str| proof_of(text, (3, 2, 1), &[]).clients;
    let by_class = clients(&plain("pass"));
    for before in [
        "key.startswith(\"u\")",
        "key.split(\":\")",
        "len(key)",
        "key[0]",
        "key[1:]",
        "\"r\" in key",
        "key < \"x\"",
        "sorted([key, \"x\"])",
        "[it for it in key]",
        "f\"{key}/{redis.get(key)}\".endswith(\"1\")",
        "str(redis.get(key)).replace(\"1\", \"2\")",
        "x = \"user:\" + str(1)",
    ] {
        let proof = proof_of(&plain(before), (3, 2, 1), &[]);
        assert!(matches!(proof.outcome, Outcome::Proved), "{before}: {proof}");
        assert!(proof.clients > by_class, "{before}: {proof}");
        let text = proof.to_string();
        assert!(text.contains(", for the key user:1 and values numbered by thread"), "{text}");
    }
    let text = proof_of(&plain("len(key)"), (3, 2, 1), &[]).to_string();
    assert!(text.contains("because ./cache.star:2 looks into a key or a value"), "{text}");
    for before in [
        "key == \"special\"",
        "x = f\"lock/{key}\"",
        "local.get(f\"{key}/x\")",
        "{\"x\": 1}.get(key)",
        "\"a\".startswith(\"b\")",
        "redis.get(key) == \"none\"",
    ] {
        let proof = proof_of(&plain(before), (3, 2, 1), &[]);
        assert!(matches!(proof.outcome, Outcome::Proved), "{before}: {proof}");
        assert_eq!(proof.clients, by_class, "{before}: {proof}");
        assert!(!proof.to_string().contains(", for the key"), "{proof}");
    }
}

/// The two keys of a client can be exchanged for a compiled cache, which treats them alike.
#[test]
fn the_keys_of_a_script_are_not_exchanged() {
    let proof = proof_of(&plain("pass"), (1, 1, 2), &[]);
    // A read and a write of each.
    assert_eq!(proof.clients, 4, "{proof}");
}

#[test]
fn a_family_that_a_script_cannot_run_is_refused_with_advice() {
    let database = "def get(key):\n    return db.get(key)\n\ndef set(key, value):\n    db.set(key, value)\n";
    let leases =
        "def get(key):\n    return redis.get_lease(key)[0]\n\ndef set(key, value):\n    redis.delete(key)\n";
    for (text, with, expected) in [
        (plain("pass"), &["delete"][..], "cache.star defines no `delete`, which `delete` calls"),
        (plain("pass"), &["database"], "cache.star defines no `delete`, which `set` calls"),
        (plain("pass"), &["load"], "the cache `cache.star` does not support `load`"),
        (plain("pass"), &["notified-all"], "the cache `cache.star` does not support `notified-all`"),
        (plain("pass"), &["nodes", "database"], "`nodes` with `database`"),
        (database.to_owned(), &[], "cache.star uses `db`, but the clients have no database"),
        (leases.to_owned(), &["database"], "cache.star uses leases, but the remote tier has none"),
    ] {
        let script = parsed(&text);
        let error =
            family(&script, (2, 2, 1), with).and_then(|family| run(&family, true)).expect_err(expected);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn nodes_and_messages_of_a_script_are_in_its_clients() {
    let silent = "
def get(key):
    value = local.get(key)
    if value is None:
        value = redis.get(key)
        local[key] = value
    return value

def set(key, value):
    redis.set(key, value)
    local.delete(key)
";
    let proof = proof_of(silent, (2, 2, 1), &["nodes"]);
    let found = refuted(&proof);
    // The client of the gate is the same.
    assert_eq!(explore(&found.case, Engine::Optimal).violations, found.report.violations);
    let plain = proof_of(&plain("pass"), (2, 2, 1), &["nodes"]);
    assert!(matches!(plain.outcome, Outcome::Proved), "{plain}");
}

/// A warm local tier has plain values, which a script that stores pairs cannot read.
#[test]
fn a_script_that_stores_pairs_runs_from_a_cold_local_tier() {
    let pairs = "
def get(key):
    entry = local.get(key)
    if entry is not None:
        value, written = entry
        return value
    return redis.get(key)

def set(key, value):
    redis.set(key, value)
    local[key] = (value, True)
";
    let proof = proof_of(pairs, (2, 1, 1), &[]);
    assert!(matches!(proof.outcome, Outcome::Proved), "{proof}");
    assert!(proof.to_string().contains(" on 1 key, with a cold local tier: "), "{proof}");
    // Two concurrent writes store their pairs in another order.
    let found = proof_of(pairs, (2, 2, 1), &[]);
    assert_eq!(refuted(&found).size, (2, 2, 1), "{found}");
}

/// A hostile script never has a complete proof.
#[test]
fn a_limit_or_a_mistake_is_no_proof() {
    for before in [
        "while True:\n        pass",
        "get(key)",
        "x = \"a\" * 1000000000",
        "xs = []\n    while True:\n        xs.append([1] * 1000)",
        "spawn(get, key)",
        "now()",
    ] {
        let proof = proof_of(&plain(before), (1, 1, 1), &[]);
        assert!(matches!(proof.outcome, Outcome::Bounded(_)), "{before}: {proof}");
        assert_eq!(proof.exit_code(), 3);
        assert!(!proof.to_string().contains("for all clients"), "{proof}");
    }
    for (before, expected) in [
        ("x = 1 + key", "./cache.star:2: `+` cannot be applied to a number and a string"),
        (
            "x = []\n    x.append(x)\n    local[key] = x",
            "./cache.star:4: a value with more than 16 levels, or a cycle",
        ),
    ] {
        let family = family(&parsed(&plain(before)), (1, 1, 1), &[]).expect("a family");
        let error = run(&family, true).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_family_is_identified_by_the_text_of_its_script() {
    let of = |text: &str| format!("{:?}", family(&parsed(text), (2, 2, 1), &[]).expect("a family"));
    assert_eq!(of(&plain("pass")), of(&plain("pass")));
    assert_ne!(of(&plain("pass")), of(&plain("x = 1")));
}
