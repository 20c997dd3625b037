//! The tables of the reference agree with the parser and the command's help.

use std::collections::BTreeMap;
use std::process::Command;

use selvedge_sim::diagnostic::Diagnostic;
use selvedge_sim::oracle::Rule;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Level, Local, OpKind, RemoteStart, Source, Special, parse};

use crate::pages::{code, page, rows};

/// The names in the first column of the tables under a heading; of `get KEY`, the first word.
fn first_cells(name: &str, heading: &str) -> Vec<String> {
    let first = |row: Vec<String>| {
        let words = code(&row[0]);
        assert!(!words.is_empty(), "{row:?}");
        words[0].split(' ').next().expect("a word").to_owned()
    };
    rows(&page(name), heading).into_iter().map(first).collect()
}

/// The fields that the parser expects in place of an unknown one.
fn fields_beside(broken: &str) -> Vec<String> {
    let text = format!(
        "name = \"a\"\nabout = \"a test\"\ncache = \"tiered\"\nlocal = \"cold\"\nremote = \"present\"\n{broken}\n"
    );
    let mistakes = parse("a.toml", &text, &["tiered"]).expect_err("it has a field too many");
    let said = mistakes.0[0].place().expect("a place").label.to_owned();
    let fields = said.strip_prefix("expected one of: ").unwrap_or_else(|| panic!("{said}"));
    fields.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_reference_has_every_field_of_the_parser() {
    let rest =
        "thread = [{ name = \"r\", ops = [\"get k\"] }]\nexpect = [{ consistency = \"linearizable\" }]";
    for (heading, broken) in [
        ("## A scenario", format!("nothing = 1\n{rest}")),
        ("## A thread", rest.replace("ops", "nothing = 1, ops")),
        ("## Expectations", rest.replace("consistency", "nothing = 1, consistency")),
    ] {
        let mut of_page = first_cells("scenarios.md", heading);
        // The section also has the tables of the levels and the operations.
        let others = Level::ALL.map(Level::name).into_iter().chain(OpKind::ALL.map(OpKind::name));
        of_page.retain(|name| others.clone().all(|other| other != name));
        assert_eq!(of_page, fields_beside(&broken), "{heading}");
    }
}

#[test]
fn the_reference_has_every_value_of_a_field() {
    let operations = first_cells("scenarios.md", "## A thread");
    assert!(operations.ends_with(&OpKind::ALL.map(|kind| kind.name().to_owned())), "{operations:?}");
    assert_eq!(first_cells("scenarios.md", "## Caches"), Protocol::names());
    let starts = first_cells("scenarios.md", "## The tiers at the start");
    let (local, remote) = (Local::ALL.map(Local::name), RemoteStart::ALL.map(RemoteStart::name));
    assert_eq!(starts, [&local[..], &remote].concat());
    assert_eq!(first_cells("scenarios.md", "## The source of truth"), Source::ALL.map(Source::name));
    assert_eq!(first_cells("scenarios.md", "## Faults"), Special::ALL.map(Special::name));
    let levels = rows(&page("scenarios.md"), "## Expectations");
    for level in Level::ALL {
        let row = levels.iter().find(|row| row[0] == format!("`{level}`")).expect("a row for each level");
        let mut forbidden: Vec<_> =
            Rule::ALL.into_iter().filter(|&rule| level.forbids(rule)).map(Rule::name).collect();
        let mut documented: Vec<_> = row[1].split(", ").collect();
        forbidden.sort_unstable();
        documented.sort_unstable();
        assert_eq!(documented, forbidden, "{level}");
    }
}

#[test]
fn the_rules_are_those_of_the_oracle() {
    let rules = rows(&page("reading-a-trace.md"), "## The rules");
    assert_eq!(rules.len(), Rule::ALL.len());
    for (row, rule) in rules.iter().zip(Rule::ALL) {
        assert_eq!(row[0], format!("`{rule}`"));
        // The strongest level that allows such a read is the next weaker one.
        let broken =
            Level::ALL.into_iter().filter(|level| level.forbids(rule)).max().expect("some level forbids it");
        assert!(row[2] == broken.name() || row[2] == "anything" && broken == Level::Eventual, "{row:?}");
    }
}

/// The table of exit codes agrees with the command's help.
#[test]
fn the_exit_codes_are_those_of_the_help() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_selvedge")).arg("--help").output().expect("the binary runs");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let (_, codes) = help.split_once("Exit codes:\n").expect("a list of codes");
    // A long line continues on the next one.
    let codes = codes.replace("\n     ", " ");
    let of_help: BTreeMap<String, String> = codes
        .lines()
        .filter_map(|line| line.trim().split_once("  "))
        .map(|(code, text)| (code.to_owned(), text.trim().to_owned()))
        .collect();
    assert_eq!(of_help.len(), 6);
    let text = page("exit-codes.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    let documented: BTreeMap<_, _> = rows
        .filter(|(code, _)| code.parse::<u8>().is_ok())
        .map(|(code, text)| (code.to_owned(), text.to_owned()))
        .collect();
    assert_eq!(documented, of_help);
}

/// The table of exit codes has every command of the binary.
#[test]
fn each_command_has_its_exit_codes() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_selvedge")).arg("--help").output().expect("the binary runs");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let (_, commands) = help.split_once("Commands:\n").expect("a list of commands");
    let commands = commands.lines().take_while(|line| !line.trim().is_empty());
    let mut commands: Vec<_> = commands
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.trim().split(' ').next().expect("a word").to_owned())
        .filter(|name| name != "help")
        .collect();
    commands.sort();
    let cells = rows(&page("exit-codes.md"), "# Exit codes").into_iter().map(|row| row[0].clone());
    let mut documented: Vec<String> = cells.flat_map(|cell| code(&cell)).collect();
    documented.sort();
    assert_eq!(documented, commands);
}
