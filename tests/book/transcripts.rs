//! The transcripts in the pages are output of the command.

use std::fs;
use std::path::Path;
use std::process::Command;

use selvedge_redis_server::RedisServer;
use tempfile::TempDir;

use crate::listings::shown;
use crate::pages::{Block, blocks, docs, page};

/// The URL in the pages; the tests' own server has another.
const URL: &str = "redis://127.0.0.1:6379";

/// A page, executed from start to end in a separate folder.
struct Reader {
    folder: TempDir,
    /// `None` without a redis-server on this machine: its transcripts are not checked.
    server: Option<RedisServer>,
}

impl Reader {
    /// The expected text of the block.
    fn follow(&self, block: &Block) -> String {
        match (block.language.as_str(), block.note.as_deref().and_then(|note| note.split_once(": "))) {
            ("console", _) => self.run(&block.text),
            (_, Some(("file", name))) => {
                let path = self.folder.path().join(name);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the page");
                fs::write(path, &block.text).expect("a file for the page");
                block.text.clone()
            }
            (_, Some(("edit", name))) => {
                self.edit(name, &block.text);
                block.text.clone()
            }
            (_, Some(("rust", path))) => shown(path),
            _ => block.text.clone(),
        }
    }

    /// Replaces the lines that set the same fields.
    fn edit(&self, name: &str, lines: &str) {
        let path = self.folder.path().join(name);
        let mut text = fs::read_to_string(&path).expect("an earlier block has made it");
        for line in lines.lines() {
            let (field, _) = line.split_once(" = ").expect("a field");
            let old = text.lines().find(|old| old.starts_with(&format!("{field} = "))).expect("it is there");
            text = text.replacen(&old.to_owned(), line, 1);
        }
        fs::write(path, text).expect("a file for the page");
    }

    /// The block with the current output of its commands.
    fn run(&self, block: &str) -> String {
        let mut shown = String::new();
        let mut commands = block.split("$ ").skip(1).peekable();
        assert!(block.starts_with("$ ") && commands.peek().is_some(), "{block}");
        for part in commands {
            let (command, printed) = part.split_once('\n').expect("a line");
            shown += &format!("$ {command}\n");
            shown += &match (command.contains(URL), &self.server) {
                (true, None) => printed.to_owned(),
                (true, Some(server)) => {
                    let printed = self.print(&command.replace(URL, &server.url()));
                    printed.replace(&server.socket().display().to_string(), "127.0.0.1:6379")
                }
                (false, _) => self.print(command),
            };
        }
        shown
    }

    /// The output of a command, without the numbers that differ between runs.
    fn print(&self, command: &str) -> String {
        let binaries = Path::new(env!("CARGO_BIN_EXE_selvedge")).parent().expect("a folder");
        let path = format!("{}:{}", binaries.display(), std::env::var("PATH").expect("a path"));
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(self.folder.path()).env("PATH", path);
        let output = shell.env_remove("GITHUB_ACTIONS").output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        let lines = printed.lines().map(|line| match line.rsplit_once(", ") {
            Some((cases, _)) if line.starts_with("gate: ") => format!("{cases}, …\n"),
            _ if line.starts_with("On redis ") => {
                let (_, place) = line.split_once(" at ").expect("its place");
                format!("On redis 7.0.15 at {place}\n")
            }
            _ => format!("{line}\n"),
        });
        lines.collect()
    }
}

#[track_caller]
fn check(name: &str, commands: usize) {
    let text = page(name);
    let blocks = blocks(&text);
    let consoles = blocks.iter().filter(|block| block.language == "console");
    assert_eq!(consoles.count(), commands, "the blocks of commands in {name}");
    let server = text.contains(URL).then(|| RedisServer::start_or_skip(name)).flatten();
    let reader = Reader { folder: tempfile::tempdir().expect("a folder"), server };
    let (mut renewed, mut end) = (String::new(), 0);
    for block in &blocks {
        renewed += &text[end..block.at];
        renewed += &reader.follow(block);
        end = block.at + block.text.len();
    }
    renewed += &text[end..];
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(docs().join(name), renewed).expect("the page can be written");
    } else {
        assert!(
            renewed == text,
            "docs/{name} is not what the commands print: run this with UPDATE_DOCS=1\n{renewed}"
        );
    }
}

#[test]
fn the_first_hour_matches_its_transcripts() {
    check("first-hour.md", 7);
}

#[test]
fn the_trace_to_learn_from_is_what_the_command_prints() {
    check("reading-a-trace.md", 1);
}

#[test]
fn the_scenario_with_every_field_is_explored() {
    check("scenarios.md", 1);
}

#[test]
fn the_first_script_has_the_trace_that_the_command_prints() {
    check("scripts.md", 1);
}
