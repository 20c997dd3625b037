//! The page about the protocol shows the gate's results.

use std::fmt::Write;
use std::fs;

use selvedge_mutants::Mutant;
use selvedge_sim::protocols::Caches;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PAGE: &str = "docs/protocol.md";
const SNAPSHOT: &str = "<!-- snapshot: ";
const TABLE: &str = "<!-- the table of the mutants -->";

fn read(path: &str) -> String {
    fs::read_to_string(format!("{ROOT}/{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The content of a snapshot, without its header.
fn snapshot(name: &str) -> String {
    let file = read(&format!("snapshots/{name}.snap"));
    file.splitn(3, "---\n").nth(2).expect("a head between two lines").to_owned()
}

/// A row for each mutant, the broken ones first.
fn table() -> String {
    let mut rows = String::from("| what is changed | breaks | trace |\n|---|---|---|\n");
    let mutants = Mutant::ALL.iter().filter(|mutant| **mutant != Mutant::Unmutated);
    let (right, wrong): (Vec<&Mutant>, Vec<&Mutant>) = mutants.partition(|it| it.violations().is_empty());
    for mutant in wrong.into_iter().chain(right) {
        let rules = mutant.violations();
        let (rules, trace) = if rules.is_empty() {
            ("nothing".to_owned(), "-".to_owned())
        } else {
            let name = mutant.name();
            (rules.join(", "), format!("[{name}](../snapshots/mutant-{name}.snap)"))
        };
        writeln!(rows, "| {} | {rules} | {trace} |", mutant.about()).expect("a string takes all");
    }
    rows
}

/// The page with its current traces and table.
fn renewed(page: &str) -> String {
    let (text, _) = page.split_once(TABLE).expect("the page has the table's place");
    let mut parts = text.split(SNAPSHOT);
    let mut new = parts.next().expect("what comes first").to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" -->\n```text\n").expect("a block follows");
        let (_, rest) = rest.split_once("```\n").expect("the block ends");
        write!(new, "{SNAPSHOT}{name} -->\n```text\n{}```\n{rest}", snapshot(name))
            .expect("a string takes all");
    }
    format!("{new}{TABLE}\n\n{}", table())
}

/// `UPDATE_DOCS=1` updates the page. A separate test checks the mutants, so nothing can be accepted
/// here that the gate does not find.
#[test]
fn the_page_shows_the_results_of_the_gate() {
    let page = read(PAGE);
    let renewed = renewed(&page);
    assert!(renewed.matches("```text").count() >= 3, "the page has traces");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(format!("{ROOT}/{PAGE}"), &renewed).expect("the page can be written");
    } else {
        assert!(
            page == renewed,
            "{PAGE} is not up to date: run this test with UPDATE_DOCS=1, and read what changes"
        );
    }
}
