//! Every client of a cache up to a bound.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use selvedge_sim::explore::Exploration;
use selvedge_sim::oracle::Rule;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::prove::{Addition, Bounds, Counterexample, Family, Outcome, Proof, Request, prove};
use selvedge_sim::scenario::{Level, parse};
use selvedge_sim::verdict::{Budget, Engine};

fn family(cache: Protocol, calls: usize, threads: usize, keys: usize, with: &[&str]) -> Family {
    let with: BTreeSet<Addition> = with.iter().map(|name| name.parse().expect("an addition")).collect();
    Family::new(cache.name(), Bounds { calls, threads, keys }, &with).expect("a family")
}

fn run(family: &Family, skips_contained: bool, jobs: usize) -> Proof {
    let cache = Protocol::from_name(&family.cache).expect("a cache");
    let request = Request {
        engine: Engine::Auto,
        budget: Budget::default(),
        total: None,
        jobs: NonZeroUsize::new(jobs).expect("a worker"),
        skips_contained,
        shard: None,
        explore: &|exploration| exploration.run(),
        stop: &|| false,
        progress: &|_, _| {},
    };
    prove(family, cache.abilities(), &request).expect("the cache supports the family")
}

#[track_caller]
fn refuted(proof: &Proof) -> &Counterexample {
    match &proof.outcome {
        Outcome::Refuted(found) => found,
        other => panic!("{proof}: {other:?}"),
    }
}

/// The rule that skips contained clients loses nothing: with and without it, the verdict and the
/// smallest client are the same, for correct and for broken caches.
#[test]
fn skipping_contained_clients_changes_no_result() {
    let mut skipped = 0;
    for &cache in Protocol::ALL {
        for (calls, threads, keys, with) in [
            (3, 3, 1, &[][..]),
            (3, 2, 2, &[]),
            (3, 2, 1, &["delete", "evict"]),
            (3, 2, 1, &["update"]),
            (3, 2, 1, &["database", "forget"]),
            (3, 2, 1, &["notified"]),
            (3, 2, 1, &["expiry", "remote-expiry"]),
        ] {
            let family = family(cache, calls, threads, keys, with);
            // The level decides whether the rule applies, and which rules it forbids.
            let weaker = [Level::Regular, Level::Eventual].into_iter().filter(|_| with.is_empty());
            for level in [Level::Linearizable].into_iter().chain(weaker) {
                let family = family.clone().consistency(level);
                let (short, long) = (run(&family, true, 1), run(&family, false, 1));
                assert_eq!(short.clients, long.clients);
                skipped += long.searched.saturating_sub(short.searched);
                match (&short.outcome, &long.outcome) {
                    (Outcome::Refuted(short), Outcome::Refuted(long)) => {
                        assert_eq!(short.case, long.case, "{cache} {with:?} {level}");
                        assert_eq!(short.report.violations, long.report.violations);
                        assert!(short.is_smallest && long.is_smallest);
                    }
                    (Outcome::Proved, Outcome::Proved) => {
                        assert!(short.searched <= long.searched);
                        assert_eq!(long.searched, long.clients, "without the rule all are searched");
                    }
                    (short, long) => panic!("{cache} {with:?} {level}: {short:?}, but {long:?}"),
                }
            }
        }
    }
    assert!(skipped > 100, "the rule applies: {skipped}");
}

/// Each shipped control is found without its scenario.
#[test]
fn each_control_is_found_and_its_client_is_the_smallest() {
    use Protocol::*;
    use Rule::*;
    for (cache, calls, threads, keys, with, size, rules) in [
        (Article, 3, 3, 1, &[][..], (2, 2, 1), &[Stale, Lasting][..]),
        (DeleteFirst, 3, 3, 1, &[], (2, 2, 1), &[Stale, Lasting]),
        (DelayedDoubleDelete, 3, 3, 1, &[], (2, 2, 1), &[Stale, Lasting]),
        (WriteThrough, 3, 3, 1, &[], (2, 2, 1), &[Stale, Lasting]),
        // The scenario has three threads, but two show it.
        (Epoch, 4, 3, 1, &[], (4, 2, 1), &[Inverted]),
        (SharedLocalKey, 3, 3, 2, &[], (2, 1, 2), &[Crossed]),
        (BroadcastNoReconnect, 2, 2, 1, &["nodes", "reconnect"], (2, 2, 1), &[OlderThanDelivered, Lasting]),
        (Article, 2, 2, 1, &["nodes"], (2, 2, 1), &[Stale, Lasting]),
        (Article, 3, 2, 1, &["database"], (2, 2, 1), &[Stale, Lasting]),
        (Article, 2, 2, 1, &["database", "derived"], (1, 1, 1), &[Stale, Lasting]),
        (Article, 2, 2, 1, &["notified"], (2, 2, 1), &[Stale, Lasting]),
        (Article, 2, 2, 1, &["notified-all"], (2, 2, 1), &[Stale, Lasting]),
        (Tiered, 2, 2, 1, &["database", "notified"], (2, 2, 1), &[Stale, Lasting]),
        (Tiered, 2, 2, 1, &["database", "fault", "never-settles"], (2, 1, 1), &[Stale, Lasting]),
        (Tiered, 2, 2, 1, &["update"], (2, 2, 1), &[LostUpdate]),
        (Tiered, 2, 2, 1, &["nodes", "notifies-first"], (2, 2, 1), &[Lasting]),
    ] {
        let proof = run(&family(cache, calls, threads, keys, with), true, 2);
        let found = refuted(&proof);
        assert_eq!(found.size, size, "{cache} {with:?}: {proof}");
        let broken: Vec<_> = found.report.violations.keys().copied().collect();
        assert_eq!(broken, rules, "{cache} {with:?}: {proof}");
        assert!(found.is_smallest && found.report.trace.is_some(), "{cache} {with:?}");
        // The scenario is the same client.
        let text = found.case.to_toml("a counterexample");
        let case = parse("found.toml", &text, &Protocol::known()).expect("a scenario").cases.remove(0);
        let again = Exploration::of(&case).run();
        assert_eq!(again.violations, found.report.violations, "{text}");
    }
}

#[test]
fn the_reconnect_that_drops_too_early_takes_three_calls() {
    let family = family(Protocol::BroadcastDropsEarly, 3, 3, 1, &["nodes", "reconnect"]);
    let proof = run(&family, true, 2);
    let found = refuted(&proof);
    assert_eq!((found.size, found.is_smallest), ((3, 3, 1), true), "{proof}");
}

#[test]
fn the_shipped_cache_is_linearizable_for_all_clients_of_three_calls() {
    for (with, text) in [
        (
            &[][..],
            "linearizable for all clients of up to 3 calls of get and set by up to 3 threads on 1 key: \
             29 clients, 20 searched",
        ),
        (
            &["load", "delete", "evict", "keeps-absent"],
            "linearizable for all clients of up to 3 calls of get, set, delete, evict and load by up to 3 \
             threads on 1 key, with keeps-absent: 330 clients, 300 searched",
        ),
        (
            &["expiry", "remote-expiry", "fault"],
            "linearizable for all clients of up to 3 calls of get and set by up to 3 threads on 1 key, with \
             expiry at any point, remote expiry at any point and up to 1 fault: 29 clients, 29 searched",
        ),
    ] {
        let family = family(Protocol::Tiered, 3, 3, 1, with);
        let proof = run(&family, true, 2);
        assert_eq!(proof.to_string(), text);
        assert_eq!(proof.exit_code(), 0);
    }
}

/// A load shares the result of a load that has read the key before it expired, although its thread
/// has already seen that it is absent. No scenario had loads and keys that expire.
#[test]
fn a_shared_load_can_return_a_key_that_has_expired() {
    let family = family(Protocol::Tiered, 3, 2, 1, &["load", "remote-expiry"]);
    let proof = run(&family, true, 2);
    let found = refuted(&proof);
    assert_eq!((found.size, found.is_smallest), ((3, 2, 1), true), "{proof}");
    assert_eq!(found.report.violations.keys().collect::<Vec<_>>(), [&Rule::Inverted]);
}

/// The keys can be exchanged if either all share a stripe of the cache or no two do.
#[test]
fn the_keys_are_in_one_stripe_or_in_different_ones() {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let family = family(Protocol::Tiered, 3, 3, 3, &[]);
    let cases = family.starts.iter().map(|&start| (start.shares_stripe, family.keys_from(start)));
    for (shares, keys) in cases {
        let stripes: BTreeSet<_> = (keys.iter())
            .map(|key| {
                let mut hasher = DefaultHasher::new();
                key.hash(&mut hasher);
                // The simulated cache has 8 stripes.
                hasher.finish() % 8
            })
            .collect();
        assert_eq!(stripes.len(), if shares { 1 } else { 3 }, "{keys:?}");
    }
}

#[test]
fn the_result_does_not_depend_on_the_number_of_workers() {
    let counts = |proof: &Proof| {
        let by_calls: Vec<_> = (proof.by_calls.iter())
            .map(|its| (its.clients, its.searched, its.searches, its.schedules, its.states))
            .collect();
        (proof.to_string(), by_calls)
    };
    for (cache, calls) in [(Protocol::Tiered, 3), (Protocol::Epoch, 4)] {
        let family = family(cache, calls, 3, 1, &[]);
        assert_eq!(counts(&run(&family, true, 1)), counts(&run(&family, true, 3)));
    }
}

#[test]
fn clients_that_cannot_break_a_rule_are_vacuous() {
    let proof = run(&family(Protocol::Tiered, 1, 1, 1, &[]), true, 1);
    assert!(matches!(proof.outcome, Outcome::Vacuous), "{proof}");
    assert_eq!(proof.exit_code(), 4);
}

/// A folder for the files of a test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("prove-{name}"));
    _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder for the test");
    path
}

#[track_caller]
fn selvedge(folder: &Path, words: &[&str], code: i32) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    let command = command.args(words).current_dir(folder).env_remove("GITHUB_ACTIONS");
    let Output { status, stdout, stderr } = command.output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(code), "{words:?}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

#[test]
fn the_command_writes_the_client_for_the_gate() {
    let folder = folder("gate");
    let words = ["prove", "--cache", "article", "--calls", "3", "--threads", "2"];
    let (stdout, _) = selvedge(&folder, &words, 1);
    let first = "stale in 1, lasting in 1 of 5 schedules: not linearizable; the smallest client: 2 calls by 2 \
                 threads on 1 key\n";
    assert!(stdout.starts_with(first), "{stdout}");
    assert!(stdout.contains("Stale: observer's get user:1 returned v0"), "{stdout}");
    assert!(stdout.ends_with("`selvedge gate counterexample-article.toml` runs it\n"), "{stdout}");
    let (stdout, _) = selvedge(&folder, &["gate", "counterexample-article.toml"], 1);
    assert!(stdout.contains("FAIL prove-article only: stale in 1, lasting in 1"), "{stdout}");
    let (stdout, _) =
        selvedge(&folder, &[&words[..], &["--format", "json", "--scenario", "x.toml"]].concat(), 1);
    let line: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((&line["verdict"], &line["complete"]), (&"stale".into(), &false.into()));
    assert_eq!(line["client"]["scenario"], "x.toml");
    assert_eq!(
        fs::read(folder.join("x.toml")).ok(),
        fs::read(folder.join("counterexample-article.toml")).ok()
    );
}

#[test]
fn the_command_prints_the_verdict_in_one_line() {
    let folder = folder("line");
    let words = ["prove", "--cache", "tiered", "--calls", "3", "--threads", "2"];
    let (stdout, _) = selvedge(&folder, &words, 0);
    let (first, rest) = stdout.split_once('\n').expect("a line");
    assert_eq!(
        first,
        "linearizable for all clients of up to 3 calls of get and set by up to 2 threads on 1 key: 25 clients, \
         16 searched"
    );
    assert!(rest.contains("from 6 starts (local cold, warm, expired; remote present, absent)"), "{rest}");
    let (stdout, _) = selvedge(&folder, &[&words[..], &["--format", "json"]].concat(), 0);
    let line: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((&line["verdict"], &line["complete"]), (&"clean".into(), &true.into()));
    assert_eq!((&line["clients"], &line["searched"]), (&25.into(), &16.into()));
}

/// An incomplete search never prints the theorem.
#[test]
fn a_budget_that_ends_makes_the_verdict_bounded() {
    let folder = folder("budget");
    let words = ["prove", "--cache", "tiered", "--calls", "3", "--threads", "3"];
    for (budget, why) in [
        (&["--total-budget", "0s"][..], "0 of 117 searches complete: the bound of 0 ms in all was used up"),
        (&["--budget", "0ms"], "searches complete: stopped at the bound of 0ns"),
    ] {
        let (stdout, _) = selvedge(&folder, &[&words[..], budget].concat(), 3);
        assert!(stdout.starts_with("bounded, nothing found for clients of up to 3 calls"), "{stdout}");
        assert!(stdout.contains(why), "{stdout}");
        assert!(!stdout.contains("for all clients"), "{stdout}");
    }
}

#[test]
fn a_family_that_cannot_be_run_is_2_with_advice() {
    let folder = folder("mistakes");
    let words = ["prove", "--calls", "2", "--threads", "2", "--cache"];
    for (more, parts) in [
        (&["tierd"][..], &["unknown cache: `tierd`", "tiered"][..]),
        (&["article", "--with", "load"], &["`article` does not support `load`"]),
        (&["tiered", "--with", "lod"], &["expected one of: delete"]),
        (&["tiered", "--with", "forget"], &["`forget` without `database`"]),
        (&["tiered", "--with", "database,load"], &["`load` with `database`"]),
        (&["tiered", "--with", "reconnect"], &["`reconnect` without `nodes`"]),
        (&["tiered", "--with", "leases"], &["`leases` without `database`"]),
        (&["tiered", "--with", "nodes,remote-expiry"], &["`nodes` with `remote-expiry`"]),
        (&["tiered", "--with", "nodes,database"], &["`nodes` with `database`"]),
        (&["tiered", "--keys", "4"], &["a bound of 4 keys", "from 1 to 3"]),
    ] {
        let (_, stderr) = selvedge(&folder, &[&words[..], more].concat(), 2);
        let folded = stderr.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(folded.contains(part), "no {part:?} in {stderr}");
        }
    }
}
