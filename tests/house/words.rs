//! The prose of code and docs: how wide it is, and which phrases it avoids.

use std::path::Path;

use super::{FOLDERS, ROOT, read, sources};

/// The most columns of a line that is a comment.
const COMMENT_WIDTH: usize = 100;

/// Phrases that a reader has to read twice, and what to write instead.
const FORBIDDEN: [(&str, &str); 22] = [
    ("is told", "is notified, receives, returns"),
    ("are told", "are notified, receive"),
    ("was told", "was notified, received"),
    ("tells of", "reports, notifies of"),
    ("told of", "notified of"),
    ("goes on with", "resumes, continues"),
    ("go on with", "resume, continue"),
    ("gone on with", "resumed, continued"),
    ("goes on to", "continues to"),
    ("what came to", "the noun"),
    ("comes to be", "becomes"),
    ("came to be", "became"),
    ("as which one", "the index of"),
    ("is given up", "is aborted"),
    ("are given up", "are aborted"),
    ("was given up", "was aborted"),
    ("who is in turn", "the running task"),
    ("whose turn it is", "the running task"),
    ("says of", "reports about"),
    ("what came of", "the result of"),
    ("whatever it is", "any"),
    ("put by", "queued, stored"),
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

/// Every page of the docs, and the READMEs.
fn pages() -> Vec<String> {
    let docs = std::fs::read_dir(Path::new(ROOT).join("docs")).expect("the docs can be listed");
    let names = docs.map(|entry| entry.expect("a page").file_name().into_string().expect("UTF-8"));
    let mut pages: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    pages.push("README.md".to_owned());
    pages.sort();
    pages
}

/// The comment of a line of Rust, if the line is one.
fn comment(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("//")
}

#[test]
fn comments_are_at_most_100_columns_wide() {
    let mut wide = Vec::new();
    for file in all_sources() {
        for (number, line) in read(&file).lines().enumerate() {
            // A link cannot be wrapped.
            if comment(line).is_some() && line.chars().count() > COMMENT_WIDTH && !line.contains("://") {
                wide.push(format!("{file}:{}", number + 1));
            }
        }
    }
    assert_eq!(wide, [""; 0], "wrap these comments at {COMMENT_WIDTH} columns");
}

#[test]
fn prose_avoids_phrases_that_have_to_be_read_twice() {
    let mut found = Vec::new();
    let mut look = |file: &str, number: usize, line: &str| {
        let line = line.to_lowercase();
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
    for file in all_sources() {
        // This list has them all.
        if file.ends_with("house/words.rs") {
            continue;
        }
        for (number, line) in read(&file).lines().enumerate() {
            if let Some(comment) = comment(line) {
                look(&file, number, comment);
            }
        }
    }
    for page in pages() {
        read(&page).lines().enumerate().for_each(|(number, line)| look(&page, number, line));
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
