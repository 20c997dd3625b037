//! The prose of code and docs: how wide it is, and which phrases it avoids.

use std::path::Path;

use super::{FOLDERS, ROOT, read, sources};

/// The most columns of a line that is a comment.
const COMMENT_WIDTH: usize = 100;

/// Phrases that a reader has to read twice, and what to write instead.
const FORBIDDEN: [(&str, &str); 33] = [
    ("told", "notified, reported, received"),
    ("tells", "reports, shows, notifies"),
    ("goes on", "resumes, continues"),
    ("go on", "resume, continue"),
    ("went on", "resumed, continued"),
    ("gone on", "resumed, continued"),
    ("what came to", "the noun"),
    ("comes to be", "becomes"),
    ("came to be", "became"),
    ("comes to the same", "has the same result"),
    ("as which one", "the index of"),
    ("is given up", "is aborted"),
    ("are given up", "are aborted"),
    ("was given up", "was aborted"),
    ("who is in turn", "the running task"),
    ("whose turn it is", "the running task"),
    ("says of", "reports about"),
    ("say the same", "agree"),
    ("what came of", "the result of"),
    ("what comes of", "the result of"),
    ("whatever it is", "any"),
    ("put by", "queued, stored"),
    ("time is over", "timeout has passed"),
    ("was over", "has ended, has passed"),
    ("were over", "have ended, have passed"),
    ("is dealt with", "is processed"),
    ("nobody", "no task, no operation"),
    ("for real", "on the server"),
    ("under way", "in progress"),
    ("met a write", "overlapped or followed a write"),
    ("made anew", "created again"),
    ("is no event", "is not an event"),
    ("are no events", "are not events"),
];

/// Every Rust file of the repository.
fn all_sources() -> Vec<String> {
    let folders = FOLDERS
        .iter()
        .flat_map(|folder| ["src", "tests", "examples", "build"].map(|part| format!("{folder}/{part}")));
    folders
        .filter(|folder| Path::new(ROOT).join(folder).is_dir())
        .flat_map(|folder| sources(&folder))
        .collect()
}

/// The scenarios, and the table of mutants.
fn tables() -> Vec<String> {
    let folders = ["sim/scenarios", "sim/mutants/scenarios"];
    let mut tables: Vec<String> = folders.into_iter().flat_map(|folder| entries(folder, ".toml")).collect();
    tables.push("sim/mutants/mutants.toml".to_owned());
    tables
}

/// The files of a folder with this ending.
fn entries(folder: &str, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(Path::new(ROOT).join(folder)).expect("the folder can be listed");
    let names = entries.map(|entry| entry.expect("a file").file_name().into_string().expect("UTF-8"));
    names.filter(|name| name.ends_with(ending)).map(|name| format!("{folder}/{name}")).collect()
}

/// Every page of the docs, the README and the changelog.
fn pages() -> Vec<String> {
    let mut pages = entries("docs", ".md");
    pages.extend(["README.md", "CHANGELOG.md"].map(str::to_owned));
    pages.sort();
    pages
}

/// The comment of a line of Rust, if the line is one.
fn comment(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("//")
}

/// The comment of a line of TOML, if the line is one.
fn toml_comment(line: &str) -> Option<&str> {
    line.strip_prefix('#')
}

#[test]
fn comments_are_at_most_100_columns_wide() {
    let mut wide = Vec::new();
    let mut look = |file: &str, comment: fn(&str) -> Option<&str>| {
        for (number, line) in read(file).lines().enumerate() {
            // A link cannot be wrapped.
            if comment(line).is_some() && line.chars().count() > COMMENT_WIDTH && !line.contains("://") {
                wide.push(format!("{file}:{}", number + 1));
            }
        }
    };
    all_sources().iter().for_each(|file| look(file, comment));
    tables().iter().for_each(|file| look(file, toml_comment));
    assert_eq!(wide, [""; 0], "wrap these comments at {COMMENT_WIDTH} columns");
}

#[test]
fn prose_avoids_phrases_that_have_to_be_read_twice() {
    let mut found = Vec::new();
    let mut look = |file: &str, number: usize, line: &str| {
        // The words of a name are prose too.
        let line = line.to_lowercase().replace('_', " ");
        for (phrase, instead) in FORBIDDEN {
            let is_whole = |&(at, _): &(usize, &str)| {
                !line[..at].ends_with(char::is_alphanumeric)
                    && !line[at + phrase.len()..].starts_with(char::is_alphanumeric)
            };
            if line.match_indices(phrase).any(|hit| is_whole(&hit)) {
                found.push(format!("{file}:{}: \"{phrase}\" — write: {instead}", number + 1));
            }
        }
    };
    for file in all_sources().into_iter().chain(pages()).chain(tables()) {
        // These lists have them all.
        if !file.ends_with("house/words.rs") && !file.ends_with("house/homonyms.rs") {
            read(&file).lines().enumerate().for_each(|(number, line)| look(&file, number, line));
        }
    }
    assert_eq!(found, [""; 0], "say it with the noun and the verb");
}

/// The terms of the glossary: the first column of its tables, split at commas.
fn terms() -> Vec<String> {
    let glossary = read("docs/glossary.md");
    let rows = glossary.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| term "));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    first
        .flat_map(|terms| terms.split(',').map(|term| term.trim().to_lowercase()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn each_term_of_the_glossary_is_used() {
    let prose = pages().into_iter().filter(|page| page != "docs/glossary.md").map(|page| read(&page));
    let comments = all_sources().into_iter().map(|file| {
        let text = read(&file);
        text.lines().filter_map(comment).collect::<Vec<_>>().join("\n")
    });
    let all = prose.chain(comments).collect::<Vec<_>>().join("\n").to_lowercase().replace('\n', " ");
    let terms = terms();
    assert!(terms.len() > 50, "the glossary is read: {terms:?}");
    let unused: Vec<_> = terms.iter().filter(|term| !all.contains(term.as_str())).collect();
    assert_eq!(unused, [""; 0], "the glossary defines terms that nothing uses");
}

/// The report's page defines the terms that it uses, in the glossary's words.
#[test]
fn the_terms_of_the_page_are_those_of_the_glossary() {
    let rows: Vec<String> = read("docs/glossary.md").lines().map(|row| row.replace(['`', '*'], "")).collect();
    let page = read("sim/harness/src/report/html/page.html");
    let terms: Vec<_> = page.lines().filter_map(|line| line.trim().strip_prefix("<dt>")).collect();
    assert!(terms.len() > 15, "the page is read: {terms:?}");
    let row = |line: &&str| {
        let text = line.replace("</dt><dd>", " | ").replace("</dd>", "");
        let text =
            ["<code>", "</code>", "<em>", "</em>"].iter().fold(text, |text, tag| text.replace(tag, ""));
        format!("| {text} |").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    };
    let unknown: Vec<_> = terms.iter().map(row).filter(|row| !rows.contains(row)).collect();
    assert_eq!(unknown, [""; 0], "the glossary defines these terms in other words");
}
