//! Mutated scenarios and traces: for any content of a file, the binary ends with a documented exit
//! code, within its budget and within 1 GB, and prints nothing that a terminal interprets.
//!
//! Each run tries a few hundred. `SELVEDGE_FUZZ=20000 cargo test -p selvedge-cli --test fuzz` tries
//! more.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;

/// The exit codes of the table in docs/exit-codes.md.
const CODES: [i32; 6] = [0, 1, 2, 3, 4, 130];
/// The time limit of all cases of a file.
const BUDGET: Duration = Duration::from_millis(300);
/// The allowance of a run beyond the budget: a second, and the time of the process and its files.
const GRACE: Duration = Duration::from_millis(1_300);
/// The limit of address space, in KiB.
const MEMORY: u32 = 1 << 20;
/// The time after which a run is killed.
const PATIENCE: Duration = Duration::from_secs(20);

fn cases() -> u32 {
    env::var("SELVEDGE_FUZZ").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

/// A change of a text. Positions are fractions of its length.
#[derive(Clone, Debug)]
enum Mutation {
    /// Removes this many bytes.
    Delete(Index, usize),
    /// Copies this many bytes to another position.
    Copy(Index, usize, Index),
    /// Repeats this many bytes.
    Repeat(Index, usize, usize),
    /// Changes a byte.
    Byte(Index, u8),
    /// Inserts a word.
    Insert(Index, Index),
    /// Replaces a word.
    Word(Index, Index),
    /// Moves a line.
    Swap(Index, Index),
    /// Repeats a line.
    Lines(Index, usize),
}

/// Words with a meaning in some format, and words that should have none.
const WORDS: [&str; 48] = [
    "0",
    "1",
    "2",
    "8",
    "63",
    "64",
    "65",
    "1000",
    "-1",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "1.5",
    "true",
    "false",
    "\"\"",
    "[]",
    "{}",
    "\"$a\"",
    "\"$cache\"",
    "\"tiered\"",
    "\"article\"",
    "\"epoch\"",
    "\"warm\"",
    "\"expiring\"",
    "\"database\"",
    "\"get user:1\"",
    "\"set user:1\"",
    "\"delete user:2\"",
    "\"evict user:1\"",
    "\"notified-all user:1\"",
    "\"forget user:1\"",
    "faults = 8\n",
    "drops = 8\n",
    "count = 60\n",
    "spared = true\n",
    "specials = [\"leases\", \"keeps-absent\", \"passes-over\", \"never-settles\"]\n",
    "[[thread]]\n",
    "[axes]\n",
    "[[expect]]\n",
    "\n::error::x\n",
    "\u{1b}]0;x\u{7}",
    "\u{202e}",
    "\u{0}",
    "\"\\u001b[31m\"",
    "null",
    "\"s1:b50c50\"",
    "[[[[[[[[[[[[[[[[[[[[",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    let few = || prop_oneof![6 => 1..8usize, 2 => 8..64usize, 1 => 64..2_000usize];
    prop_oneof![
        (at(), few()).prop_map(|(at, many)| Mutation::Delete(at, many)),
        (at(), few(), at()).prop_map(|(from, many, to)| Mutation::Copy(from, many, to)),
        (at(), 1..64usize, 2..2_000usize).prop_map(|(at, many, times)| Mutation::Repeat(at, many, times)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        (at(), at()).prop_map(|(at, word)| Mutation::Insert(at, word)),
        (at(), at()).prop_map(|(at, word)| Mutation::Word(at, word)),
        (at(), at()).prop_map(|(one, other)| Mutation::Swap(one, other)),
        (at(), 2..70usize).prop_map(|(line, times)| Mutation::Lines(line, times)),
    ]
}

impl Mutation {
    fn apply(&self, text: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let length = text.len();
        let range = |at: &Index, many: usize| at.index(length)..(at.index(length) + many).min(length);
        match self {
            Mutation::Delete(at, many) => drop(text.drain(range(at, *many))),
            Mutation::Copy(from, many, to) => {
                let copy = text[range(from, *many)].to_vec();
                let to = to.index(length);
                text.splice(to..to, copy);
            }
            Mutation::Repeat(at, many, times) => {
                let range = range(at, *many);
                let copy = text[range.clone()].repeat(*times);
                text.splice(range, copy);
            }
            Mutation::Byte(at, byte) => text[at.index(length)] = *byte,
            Mutation::Insert(at, word) => {
                let at = at.index(length);
                text.splice(at..at, word.get(&WORDS).bytes());
            }
            Mutation::Word(at, word) => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-:$\".".contains(byte);
                let at = at.index(length);
                let start = text[..at].iter().rposition(|byte| !is_part(byte)).map_or(0, |end| end + 1);
                let end = text[at..].iter().position(|byte| !is_part(byte)).map_or(length, |end| at + end);
                text.splice(start..end.max(start), word.get(&WORDS).bytes());
            }
            Mutation::Swap(one, other) => {
                let mut lines: Vec<_> = text.split_inclusive(|&byte| byte == b'\n').collect();
                let (one, other) = (one.index(lines.len()), other.index(lines.len()));
                lines.swap(one, other);
                *text = lines.concat();
            }
            Mutation::Lines(line, times) => {
                let mut lines: Vec<_> = text.split_inclusive(|&byte| byte == b'\n').collect();
                let line = line.index(lines.len());
                let copies = vec![lines[line]; *times];
                lines.splice(line..=line, copies);
                *text = lines.concat();
            }
        }
    }
}

/// The result of a run.
struct Ended {
    /// `None` if a signal ended it, or the time limit did.
    code: Option<i32>,
    took: Duration,
    out: String,
}

/// Runs the binary on a file with at most 1 GB of memory.
fn run(folder: &Path, words: &[&str], file: &Path) -> Ended {
    let outputs = ["out", "err"].map(|name| folder.join(name));
    let [out, err] = outputs.each_ref().map(|path| File::create(path).expect("a file for the test"));
    let script = format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_selvedge")]).args(words).arg(file);
    command.env_remove("GITHUB_ACTIONS").stdin(Stdio::null()).stdout(out).stderr(err);
    let start = Instant::now();
    let mut child = command.spawn().expect("the binary runs");
    let code = loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status.code();
        }
        if start.elapsed() > PATIENCE {
            child.kill().and_then(|()| child.wait()).expect("it is ours");
            break None;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let read = |path: &PathBuf| String::from_utf8_lossy(&fs::read(path).expect("it is there")).into_owned();
    Ended { code, took: start.elapsed(), out: outputs.each_ref().map(read).concat() }
}

/// Checks the properties of every run.
fn check(folder: &Path, words: &[&str], file: &Path) -> Result<(), TestCaseError> {
    let mut ended = run(folder, words, file);
    // Other processes may have used the CPU.
    for _ in 0..3 {
        if ended.took > BUDGET + GRACE {
            ended = run(folder, words, file);
        }
    }
    let Ended { code, took, out } = ended;
    let start: String = out.chars().take(2_000).collect();
    prop_assert!(
        code.is_some_and(|code| CODES.contains(&code)),
        "{:?} ended with {:?}: {}",
        words,
        code,
        start
    );
    prop_assert!(took <= BUDGET + GRACE, "{:?} took {:?}: {}", words, took, start);
    let unsafe_text = out.chars().find(|its| *its != '\n' && selvedge_sim::plain::is_unsafe(*its));
    let is_page = words.contains(&"html");
    prop_assert!(is_page || unsafe_text.is_none(), "{:?} printed {:?}: {}", words, unsafe_text, start);
    let commands = out.lines().any(|line| line.trim_start().starts_with("::"));
    prop_assert!(is_page || !commands, "{:?} printed a command: {}", words, start);
    Ok(())
}

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
    fs::create_dir_all(&path).expect("a folder for the test");
    path
}

fn mutated(seeds: &[Vec<u8>], seed: Index, mutations: &[Mutation]) -> Vec<u8> {
    let mut text = seed.get(seeds).clone();
    for mutation in mutations {
        mutation.apply(&mut text);
        // Files of many megabytes are rejected by size.
        text.truncate(4 << 20);
    }
    text
}

#[test]
fn a_mutated_scenario_is_read_or_rejected() {
    let folder = folder("scenarios");
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files =
        fs::read_dir(scenarios).expect("the scenarios that ship").map(|file| file.expect("a file").path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
    files.sort();
    let seeds: Vec<_> = files.iter().map(|path| fs::read(path).expect("it is there")).collect();
    let file = folder.join("mutated.toml");
    let commands: [&[&str]; 3] = [
        &["gate", "--jobs", "1", "--total-budget", "300ms", "--max-states", "100000"],
        &["gate", "--jobs", "1", "--total-budget", "300ms", "--format", "json"],
        &["list"],
    ];
    let config = ProptestConfig {
        cases: cases(),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(seed: Index, mutations in vec(mutation(), 1..5), command in 0..10usize)| {
        fs::write(&file, mutated(&seeds, seed, &mutations)).expect("a file for the test");
        // Mostly the gate.
        let words = commands[[0, 0, 0, 0, 0, 0, 1, 1, 2, 2][command]];
        check(&folder, words, &file)?;
    });
}

#[test]
fn a_mutated_trace_is_shown_or_rejected() {
    let folder = folder("traces");
    let seeds: Vec<_> =
        ["control-article", "control-epoch", "control-lost-fill", "control-rename", "control-notified"]
            .map(|name| {
                let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
                let output =
                    command.args(["trace", name, "--format", "json"]).output().expect("the binary runs");
                assert!(output.status.success(), "{name}");
                output.stdout
            })
            .into();
    let file = folder.join("mutated.json");
    let commands: [&[&str]; 7] = [
        &["trace"],
        &["trace", "--format", "json"],
        &["trace", "--format", "mermaid"],
        &["trace", "--format", "perfetto"],
        &["trace", "--format", "shiviz"],
        &["trace", "--format", "html"],
        &["replay"],
    ];
    let config = ProptestConfig {
        cases: cases(),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(seed: Index, mutations in vec(mutation(), 1..4), command in 0..commands.len())| {
        fs::write(&file, mutated(&seeds, seed, &mutations)).expect("a file for the test");
        check(&folder, commands[command], &file)?;
    });
}
