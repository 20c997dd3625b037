//! The pages of the book, and their parts.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the pages.
pub(crate) fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// A page's text.
#[track_caller]
pub(crate) fn page(name: &str) -> String {
    fs::read_to_string(docs().join(name)).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

/// The name of every page, sorted.
pub(crate) fn pages() -> Vec<String> {
    let entries =
        fs::read_dir(docs()).expect("the pages").map(|entry| entry.expect("it can be read").file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().expect("UTF-8")).collect();
    names.retain(|name| name.ends_with(".md"));
    names.sort();
    names
}

/// A block of code in a page.
pub(crate) struct Block {
    pub(crate) language: String,
    /// The comment before it: `file: sessions.toml`.
    pub(crate) note: Option<String>,
    pub(crate) text: String,
    /// The range of the text in the page.
    pub(crate) at: usize,
}

/// The blocks of a page, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut at, mut open, mut note) = (0, None::<Block>, None);
    for line in page.split_inclusive('\n') {
        let end = at + line.len();
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let language = language.trim().to_owned();
                open = Some(Block { language, note: note.take(), text: String::new(), at: end });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text.push_str(line),
            (None, None) => {
                let comment = line.trim().strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
                note = comment.map(str::to_owned);
            }
        }
        at = end;
    }
    assert!(open.is_none(), "a block without an end");
    blocks
}

/// The page without its code blocks.
pub(crate) fn prose(page: &str) -> String {
    let parts = page.split("\n```").enumerate().filter(|(nth, _)| nth % 2 == 0);
    // The text after a block begins with the line end of its fence.
    parts.map(|(_, part)| part).collect::<Vec<_>>().join("\n")
}

/// The rows of the tables under a heading, as cells, without the header rows.
pub(crate) fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let page = format!("\n{page}");
    let (_, section) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n#").next().expect("there is a first");
    let lines: Vec<_> = section.lines().collect();
    let is_row = |line: &str| line.starts_with("| ") && line.ends_with(" |");
    let body = lines.iter().enumerate().filter(|(at, line)| {
        let is_head = lines.get(at + 1).is_some_and(|next| next.starts_with("|---"));
        is_row(line) && !is_head
    });
    body.map(|(_, line)| {
        let inside = &line[2..line.len() - 2];
        inside.split(" | ").map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// The words of a cell that are in backticks.
pub(crate) fn code(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
