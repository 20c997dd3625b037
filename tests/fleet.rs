//! `--fleet`: several processes that search one case over a Redis have the result of one process,
//! also when some are killed or join late.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use selvedge_redis_server::RedisServer;
use serde_json::Value;

/// A folder with a scenario.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, cache: &str, readers: u32, writers: u32) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fleet-{name}"));
        // The folder may exist from a previous run.
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        let folder = Folder(path);
        folder.scenario(cache, readers, writers, "");
        folder
    }

    fn scenario(&self, cache: &str, readers: u32, writers: u32, more: &str) {
        let text = format!(
            "name = \"some\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"cold\"\nremote = \"present\"\n\
             [[thread]]\nname = \"reader\"\ncount = {readers}\nops = [\"get user:1\", \"get user:1\"]\n\
             [[thread]]\nname = \"writer\"\ncount = {writers}\nops = [\"set user:1\"]\n\
             {more}[[expect]]\nconsistency = \"linearizable\"\n"
        );
        fs::write(self.0.join("some.toml"), text).expect("a file for the test");
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
        command.current_dir(&self.0).args(["explore", "some.toml"]).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The result of one process.
    fn alone(&self) -> Value {
        let words = ["--engine", "stateful", "--jobs", "1", "--format", "json"];
        result(self.command(&words).output().expect("the binary runs"))
    }

    /// The trace and the table of the case.
    fn shown(&self, words: &[&str]) -> String {
        let words = [&["--engine", "stateful"], words].concat();
        let output = self.command(&words).output().expect("the binary runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        // The summary has the time.
        text.split("\ngate: ").next().unwrap_or_default().to_owned()
    }

    /// Starts a process with one worker.
    fn member(&self, url: &str) -> Child {
        let words = ["--engine", "stateful", "--jobs", "1", "--format", "json", "--fleet", url];
        self.command(&words).spawn().expect("the binary runs")
    }

    /// The words of the error of a process that cannot take part.
    fn refused(&self, url: &str) -> String {
        let output = self.member(url).wait_with_output().expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("help: "), "{text}");
        text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
    }
}

/// The JSON result, without the fields that depend on timing or on the process.
#[track_caller]
fn result(output: Output) -> Value {
    let text = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    let mut report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no result: {}{}", text[0], text[1]));
    for other in ["events", "bytes_per_state", "wall_ms", "done", "runs"] {
        report.as_object_mut().expect("an object").remove(other);
    }
    report
}

#[track_caller]
fn all(members: Vec<Child>) -> Vec<Value> {
    members.into_iter().map(|member| result(member.wait_with_output().expect("it ends"))).collect()
}

/// The result of a process whose search is bounded, and the summary, as words.
#[track_caller]
fn bounded(member: Child) -> String {
    let Output { status, stdout, stderr } = member.wait_with_output().expect("it ends");
    let text = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(status.code() == Some(3) && text.contains("\"verdict\":\"bounded\""), "{text}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Removes the result of the last search, so that the next one starts.
fn forget(url: &str) {
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    redis::cmd("FLUSHALL").exec(&mut connection).unwrap();
}

/// The keys of the server.
fn keys(url: &str) -> Vec<String> {
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    redis::cmd("KEYS").arg("*").query(&mut connection).unwrap()
}

#[test]
fn three_processes_have_the_result_of_one() {
    let Some(server) = RedisServer::start_or_skip("a search of three processes") else { return };
    for (cache, readers, writers) in [("article", 2, 2), ("tiered", 2, 1), ("tiered", 1, 3)] {
        let folder = Folder::new("three", cache, readers, writers);
        let one = folder.alone();
        assert!(one["states"].as_u64() > Some(800), "{one}");
        let members = (0..3).map(|_| folder.member(&server.url())).collect();
        for report in all(members) {
            assert_eq!(report, one);
        }
        // A process that joins after the end receives the result, which is all that is left.
        assert_eq!(all(vec![folder.member(&server.url())]), [one]);
        assert_eq!(keys(&server.url()).len(), 1);
        let shown = folder.shown(&[]);
        assert!(cache == "tiered" || shown.contains("returned v0 after v2 had been acknowledged"), "{shown}");
        assert_eq!(folder.shown(&["--fleet", &server.url()]), shown);
        forget(&server.url());
    }
}

/// Kills one of three processes at each of `kills` seeded moments, and starts another in its place.
/// Then the rest completes the search.
fn killed(server: &RedisServer, folder: &Folder, kills: u64) {
    let one = folder.alone();
    let mut members: Vec<Child> = (0..3).map(|_| folder.member(&server.url())).collect();
    let mut seed = 17u64;
    let (mut killed, mut early) = (0, 0);
    while killed < kills {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        thread::sleep(Duration::from_millis(20 + (seed >> 33) % 150));
        let mut member = members.remove((seed >> 50) as usize % 3);
        if member.try_wait().expect("a child can be waited for").is_some() {
            early += 1;
        }
        // SIGKILL
        member.kill().expect("a child can be killed");
        member.wait().expect("a killed child can be waited for");
        killed += 1;
        members.push(folder.member(&server.url()));
    }
    assert!(early * 4 <= kills, "the search is too short: {early} processes had ended");
    for report in all(members) {
        assert_eq!(report, one);
    }
}

#[test]
fn a_killed_process_loses_nothing() {
    let Some(server) = RedisServer::start_or_skip("a search of killed processes") else { return };
    let folder = Folder::new("killed", "tiered", 1, 2);
    folder.scenario("tiered", 1, 2, "[[thread]]\nname = \"other\"\ncount = 2\nops = [\"get user:1\"]\n");
    killed(&server, &folder, 20);
}

#[test]
fn the_simulated_server_serves_a_search() {
    let folder = Folder::new("simulated", "tiered", 2, 1);
    let mut server = Command::new(env!("CARGO_BIN_EXE_selvedge"))
        .args(["redis", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let address = line.split_whitespace().find(|word| word.contains("127.0.0.1:"));
    let address = address.unwrap_or_else(|| panic!("no address: {line}"));
    let url = format!("redis://{}", address.trim_start_matches("redis://").trim_end_matches(['/', '.', ',']));
    let one = folder.alone();
    let reports = all((0..3).map(|_| folder.member(&url)).collect());
    server.kill().expect("a child can be killed");
    server.wait().expect("a killed child can be waited for");
    assert_eq!(reports, [one.clone(), one.clone(), one]);
}

#[test]
fn an_unsuitable_server_is_refused() {
    let folder = Folder::new("unsuitable", "tiered", 1, 1);
    let why = folder.refused("redis://127.0.0.1:1");
    assert!(
        why.starts_with("× cannot search with the Redis at 127.0.0.1:1:") || why.contains("127.0.0.1:1"),
        "{why}"
    );
    let Some(_) = RedisServer::start_or_skip("a server that evicts keys") else { return };
    let evicting = RedisServer::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let why = folder.refused(&evicting.expect("a server").url());
    assert!(why.contains("it evicts keys when its memory is full"), "{why}");
    let secret = RedisServer::start(&["--user", "default", "on", "nopass", "~*", "&*", "+@all", "-info"])
        .expect("a server");
    let why = folder.refused(&secret.url());
    assert!(why.contains("allow the command INFO"), "{why}");
}

/// Waits until a search is in progress.
fn until_claimed(url: &str) {
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let start = Instant::now();
    loop {
        let keys: Vec<String> = redis::cmd("KEYS").arg("*:seen").query(&mut connection).unwrap();
        if !keys.is_empty() {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no search has started");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Makes a change in the middle of the search of this process.
fn while_stopped<T>(member: &Child, change: impl FnOnce() -> T) -> T {
    let signal = |name| {
        let command = format!("kill -{name} {}", member.id());
        assert!(Command::new("sh").args(["-c", &command]).status().expect("sh runs").success(), "{command}");
    };
    signal("STOP");
    let result = change();
    signal("CONT");
    result
}

#[test]
fn another_case_of_the_same_name_cannot_join() {
    let Some(server) = RedisServer::start_or_skip("a search of two versions") else { return };
    let folder = Folder::new("versions", "tiered", 2, 2);
    let mut member = folder.member(&server.url());
    until_claimed(&server.url());
    let other = Folder::new("other-version", "tiered", 1, 2);
    // The name of a case contains its axes and caches, not its threads.
    let why = while_stopped(&member, || other.refused(&server.url()));
    member.kill().expect("a child can be killed");
    member.wait().expect("a killed child can be waited for");
    assert!(why.contains("in progress with another version of the case"), "{why}");
}

#[test]
fn a_restart_or_an_eviction_bounds_the_search() {
    let Some(mut server) = RedisServer::start_or_skip("a restarted server") else { return };
    let folder = Folder::new("restarted", "tiered", 2, 2);
    let member = folder.member(&server.url());
    until_claimed(&server.url());
    while_stopped(&member, || {
        server.crash();
        server.start_again();
    });
    let report = bounded(member);
    assert!(report.contains("restarted or replaced"), "{report}");
    let member = folder.member(&server.url());
    until_claimed(&server.url());
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let set = |name: &str, value: &str, connection: &mut redis::Connection| {
        redis::cmd("CONFIG").arg("SET").arg(name).arg(value).exec(connection).unwrap();
    };
    while_stopped(&member, || {
        set("maxmemory-policy", "volatile-ttl", &mut connection);
        set("maxmemory", "1gb", &mut connection);
        // A member reads the settings once a second.
        thread::sleep(Duration::from_millis(1_100));
    });
    let report = bounded(member);
    assert!(report.contains("evicts keys"), "{report}");
}

#[test]
fn lost_states_bound_the_search() {
    let Some(server) = RedisServer::start_or_skip("a server that loses keys") else { return };
    let folder = Folder::new("lost", "tiered", 2, 2);
    let member = folder.member(&server.url());
    until_claimed(&server.url());
    let seen = keys(&server.url()).into_iter().find(|key| key.ends_with(":seen")).expect("the set");
    let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    while_stopped(&member, || {
        let _: Option<Vec<u8>> = redis::cmd("SPOP").arg(&seen).query(&mut connection).unwrap();
    });
    let report = bounded(member);
    assert!(report.contains("lost a part of the states"), "{report}");
}

#[test]
fn a_search_by_classes_is_not_shared() {
    let folder = Folder::new("classes", "tiered", 1, 1);
    let output = folder.command(&["--engine", "optimal", "--fleet", "redis://h"]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("--shard divides the cases") && output.status.code() == Some(2), "{text}");
}
