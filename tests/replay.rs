//! `selvedge replay`: the binary replays a recorded schedule, also on a real redis-server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use redis::Commands;
use selvedge_redis_server::RedisServer;
use tempfile::TempDir;

struct Run {
    code: i32,
    stdout: String,
    /// The message in one line, without its frame.
    stderr: String,
}

/// Runs the binary and checks the exit code.
#[track_caller]
fn check(words: &[&str], code: i32) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    let Output { status, stdout, stderr } = command.args(words).output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(code), "{words:?}\n{stdout}\n{stderr}");
    let words: Vec<_> = stderr.split_whitespace().filter(|word| *word != "│").collect();
    Run { code, stdout, stderr: words.join(" ") }
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and returns its path as an argument.
    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).expect("a file for the test");
        word(&self.path(name))
    }

    /// The trace of a scenario's case, in a file.
    fn trace(&self, scenario: &str, cases: &[&str]) -> String {
        let filter = cases.iter().flat_map(|case| ["--case", case]);
        let words: Vec<_> = ["trace", scenario, "--format", "json"].into_iter().chain(filter).collect();
        self.write("a.trace.json", &check(&words, 0).stdout)
    }
}

fn word(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

const ARTICLE: &str = "\
name = \"ours\"
about = \"a test\"
cache = \"article\"
local = \"cold\"
remote = \"present\"
thread = [{ name = \"reader\", ops = [\"get user:1\"] }, { name = \"writer\", ops = [\"set user:1\"] }]
expect = [{ consistency = \"linearizable\" }]
";

#[test]
fn a_trace_of_a_shipped_scenario_needs_no_other_argument() {
    let folder = Folder::new();
    let trace = folder.trace("control-article", &[]);
    let run = check(&["replay", &trace], 0);
    contains(&run.stdout, &["Stale: observer's get user:1 returned v0", "6 steps, each as in "]);
    assert!(
        run.stdout.starts_with(&check(&["trace", "control-article"], 0).stdout),
        "the replayed trace is the recorded one"
    );
    assert_eq!(run.stderr, "");

    let page = check(&["replay", &trace, "--format", "html"], 0);
    assert!(page.stdout.starts_with("<!doctype html>"));
    contains(&page.stderr, &["6 steps, each as in "]);
}

#[test]
fn an_unexpected_violation_is_1() {
    let folder = Folder::new();
    let scenario = folder.write("ours.toml", ARTICLE);
    check(&["explore", &scenario, "--report", &word(&folder.path("report"))], 1);
    let trace = word(&folder.path("report/ours.only.trace.json"));
    contains(&check(&["replay", &trace, &scenario], 1).stdout, &["Stale: ", "6 steps"]);
    // The folder of the scenario works too.
    check(&["replay", &trace, &word(folder.0.path())], 1);
    check(&["replay", &trace, &scenario, "--cache", "tiered"], 0);
    check(&["replay", &trace, &scenario, "--cache", "article"], 1);
}

#[test]
fn a_schedule_needs_exactly_one_case() {
    let run = check(&["replay", "control-article", "--schedule", "s1:ab2c2ba"], 0);
    contains(&run.stdout, &["Stale: ", "6 steps, in the schedule s1:ab2c2ba."]);
    let run = check(&["replay", "control-article", "--schedule", "s1:ab3c2a3"], 0);
    contains(&run.stdout, &["Nothing is wrong with this run."]);

    let schedule = ["replay", "article-matrix", "--schedule", "s1:ab2c2ba"];
    contains(&check(&schedule, 2).stderr, &["a schedule belongs to one case, and", "--case"]);
    contains(&check(&[&schedule[..], &["--case", "nowhere"]].concat(), 2).stderr, &["0 cases are selected"]);
}

#[test]
fn a_schedule_that_does_not_fit_is_2() {
    for (schedule, said) in [
        ("s1:ab2c2", "at step 6, it ends here, and some task is enabled"),
        ("s1:ab9", "at step 5, it has an event of task 1"),
        ("s1:az", "task 25, which was never spawned"),
        ("s2:ab", "is of version `s2`"),
        ("ab2", "begins with its version"),
    ] {
        contains(&check(&["replay", "control-article", "--schedule", schedule], 2).stderr, &[said]);
    }
}

#[test]
fn ambiguous_arguments_are_rejected() {
    for words in [
        &["replay"][..],
        &["replay", "control-article"],
        &["replay", "a.json", "b.json"],
        &["replay", "a.json", "--case", "local"],
        &["replay", "a.json", "--schedule", "s1:ab"],
        &["replay", "control-article", "--schedule", "s1:ab", "--cache", "tiered"],
    ] {
        assert_eq!(check(words, 2).stdout, "", "{words:?}");
    }
    contains(&check(&["replay", "nowhere.json"], 2).stderr, &["cannot read nowhere.json"]);
}

#[test]
fn a_missing_scenario_of_a_trace_is_named() {
    let folder = Folder::new();
    let scenario = folder.write("ours.toml", ARTICLE);
    let trace = folder.write("a.trace.json", &check(&["trace", &scenario, "--format", "json"], 1).stdout);
    contains(&check(&["replay", &trace], 2).stderr, &["`ours`, which does not ship", "after the trace"]);
    let other = check(&["replay", &trace, "control-article"], 2);
    contains(&other.stderr, &["`ours`, which is not among the named ones"]);

    folder.write(
        "ours.toml",
        &ARTICLE
            .replace("\"cold\"", "\"$local\"")
            .replace("expect =", "axes = { local = [\"cold\"] }\nexpect ="),
    );
    contains(
        &check(&["replay", &trace, &scenario], 2).stderr,
        &["the case `only`, which the scenario `ours`"],
    );
    contains(&check(&["replay", &trace, &scenario, "--cache", "artcle"], 2).stderr, &["of the case `only`"]);

    folder.write("ours.toml", &ARTICLE.replace("article", "tiered"));
    let changed = check(&["replay", &trace, &scenario], 2);
    contains(&changed.stderr, &["of the cache `article`, but its case now has `tiered`", "--cache tiered"]);
    contains(&check(&["replay", &trace, &scenario, "--cache", "tiered"], 0).stdout, &["Nothing is wrong"]);
    contains(
        &check(&["replay", &trace, &scenario, "--cache", "teired"], 2).stderr,
        &["there is no cache `teired`", "tiered"],
    );
}

/// A cache that had another implementation when the trace was recorded.
#[test]
fn a_cache_without_a_required_ability_is_rejected() {
    let folder = Folder::new();
    let trace = folder.trace("control-lost-fill", &[]);
    let refused = check(&["replay", &trace, "--cache", "article"], 2);
    contains(&refused.stderr, &["`article` does not support `never-settles`, which the case requires"]);
}

#[test]
fn a_trace_whose_code_has_changed_names_the_first_step_that_differs() {
    let folder = Folder::new();
    let scenario = folder.write("ours.toml", &ARTICLE.replace("article", "write-through"));
    let recorded = check(&["trace", "control-article", "--format", "json"], 0).stdout;
    let recorded = recorded.replace("\"control-article\"", "\"ours\"");
    let trace = folder
        .write("a.trace.json", &recorded.replace("\"cache\": \"article\"", "\"cache\": \"write-through\""));
    let run = check(&["replay", &trace, &scenario], 2);
    assert_eq!(run.stdout, "", "a run that is not the recorded one is not shown");
    contains(
        &run.stderr,
        &[
            "no longer matches the code: step 4 was `L1.remove user:1 (was not there)` by writer in set user:1 = v1, at",
            "article.rs:",
            "It is `L1.fill user:1 = v1` by writer in set user:1 = v1, at",
            "write_through.rs:",
            "Record the trace again",
            "--cache write-through",
        ],
    );
}

#[test]
fn the_articles_stale_read_occurs_on_a_real_server_but_not_with_the_fence() {
    let Some(server) = RedisServer::start_or_skip("the article's stale read on a real server") else {
        return;
    };
    let client = redis::Client::open(server.url()).expect("its URL");
    let mut connection = client.get_connection().expect("it is there");
    // Keys of other clients remain, whatever their names.
    let () = connection.set("user:1", "somebody's").expect("a server");
    let folder = Folder::new();
    let trace = folder.trace("control-article", &[]);
    let run = check(&["replay", &trace, "--redis", &server.url()], 0);
    let (_, report) = run.stdout.split_once("\nOn redis ").expect("a report of the server");
    contains(
        report,
        &[
            &word(&server.socket()),
            "    2  GET user:1     v0\n    3  SET user:1 v1  OK\n\nReproduced on the server: observer's get user:1 returned v0, \
             which is stale.",
        ],
    );
    contains(&report.replace('\n', " "), &["At the end the server holds user:1 = v1."]);

    let fenced = check(&["replay", &trace, "--redis", &server.url(), "--cache", "tiered"], 0);
    let report = fenced.stdout.replace('\n', " ");
    contains(
        &report,
        &["Not reproduced: no read of this run broke a rule.", "At the end the server holds user:1 = v1."],
    );
    contains(
        &fenced.stdout,
        &["GET user:1     v0\n", "SET user:1 v1  OK\n", "GET user:1     v1\n", "refused"],
    );

    let keys: Vec<String> = connection.keys("*").expect("a server");
    assert_eq!(keys, ["user:1"], "only the keys of the replay are deleted");
    assert_eq!(connection.get::<_, String>("user:1").expect("a server"), "somebody's");
}

/// Deletes, an absent key, an advancing clock, two keys, a database, and a late command.
#[test]
fn other_traces_are_the_same_on_a_real_server() {
    let Some(server) = RedisServer::start_or_skip("traces on a real server") else { return };
    for (scenario, cases) in [
        ("control-epoch", &[][..]),
        ("control-shared-local-key", &[]),
        ("control-delete-first", &["local=warm"]),
        ("article-matrix", &["local=expiring", "work=backfill"]),
        ("article-matrix", &["local=warm", "remote=absent"]),
        ("control-lost-fill", &[]),
        ("control-load", &["readers=1"]),
        ("control-rename", &["local=cold"]),
    ] {
        let folder = Folder::new();
        let trace = folder.trace(scenario, cases);
        let run = check(&["replay", &trace, "--redis", &server.url()], 0);
        contains(&run.stdout.replace('\n', " "), &["each as in ", "Reproduced on the server: "]);
    }
    let mut connection =
        redis::Client::open(server.url()).and_then(|it| it.get_connection()).expect("it is there");
    assert_eq!(connection.keys::<_, Vec<String>>("*").expect("a server"), [""; 0]);
}

#[test]
fn a_url_that_is_wrong_and_a_server_that_is_away_are_2() {
    let folder = Folder::new();
    let trace = folder.trace("control-article", &[]);
    for (url, said) in [
        ("http://127.0.0.1", "cannot reach a Redis at http://127.0.0.1"),
        ("unix:///nowhere/redis.sock", "cannot reach a Redis at /nowhere/redis.sock"),
        ("redis://somebody:secret@127.0.0.1:1", "cannot reach a Redis at 127.0.0.1:1"),
        ("redis://somebody:secret@127.0.0.1:port", "cannot reach a Redis at redis://…@127.0.0.1:port"),
    ] {
        let run = check(&["replay", &trace, "--redis", url], 2);
        contains(&run.stderr, &[said, "redis://127.0.0.1:6379"]);
        assert!(!run.stderr.contains("secret"), "{}", run.stderr);
        assert_eq!((run.stdout.as_str(), run.code), ("", 2));
    }
}

#[test]
fn a_server_that_refuses_is_2_and_nothing_is_judged() {
    match RedisServer::start(&["--maxmemory", "1"]) {
        Ok(server) => {
            let folder = Folder::new();
            let trace = folder.trace("control-article", &[]);
            let run = check(&["replay", &trace, "--redis", &server.url()], 2);
            assert_eq!(run.stdout, "");
            contains(
                &run.stderr,
                &[
                    "failed before the first step, SET user:1 v0: ",
                    "OOM",
                    "the run has no verdict",
                    "expire in 10 minutes",
                ],
            );
        }
        // The test above has reported this.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => panic!("redis-server does not start: {error}"),
    }
}
