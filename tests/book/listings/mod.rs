//! Every Rust listing of every page is compiled, and its tests run.
//!
//! A comment before a listing names its file: `<!-- rust: PATH -->` for a whole file, and
//! `<!-- part of: PATH -->` for some of its paragraphs. The page omits the attributes of tests that
//! cannot pass here.

mod baskets;
mod before;
mod oversold;
mod repaired;

use std::fs;

use crate::pages::{blocks, docs, page, pages};

/// The text of a file as a page shows it.
pub(crate) fn shown(path: &str) -> String {
    let text = fs::read_to_string(docs().join("..").join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let is_shown = |line: &&str| !line.starts_with("#[should_panic") && !line.starts_with("#[ignore");
    text.split_inclusive('\n').filter(is_shown).collect()
}

/// The lines without their indentation.
fn unindented(text: &str) -> String {
    text.trim().lines().map(str::trim_start).collect::<Vec<_>>().join("\n")
}

/// Whether the file has the paragraphs of the listing, in this order.
fn has_paragraphs(file: &str, listing: &str) -> bool {
    let (file, mut from) = (unindented(file), 0);
    listing.split("\n\n").map(unindented).all(|paragraph| match file[from..].find(&paragraph) {
        Some(at) => {
            from += at + paragraph.len();
            true
        }
        None => false,
    })
}

#[test]
fn every_listing_is_compiled() {
    let mut listings = 0;
    for name in pages().into_iter().chain(["../README.md".to_owned()]) {
        for block in blocks(&page(&name)).into_iter().filter(|block| block.language.starts_with("rust")) {
            listings += 1;
            let text = &block.text;
            let note = block.note.as_deref().and_then(|note| note.split_once(": "));
            let (is_shown, path) = match note {
                Some(("rust", path)) => (shown(path) == *text, path),
                Some(("part of", path)) => (has_paragraphs(&shown(path), text), path),
                _ => panic!("docs/{name}: no comment names the file of this listing:\n{text}"),
            };
            assert!(["src/", "tests/"].iter().any(|part| path.contains(part)), "{path} is compiled");
            assert!(is_shown, "docs/{name}: this is not in {path}:\n{text}");
        }
    }
    assert!(listings >= 9, "{listings}");
}

#[test]
fn a_changed_listing_is_detected() {
    let file = "fn a() {\n    1\n}\n\nfn b() {\n    2\n}\n";
    assert!(has_paragraphs(file, "    fn a() {\n        1\n    }\n\n    fn b() {"));
    assert!(!has_paragraphs(file, "fn b() {\n    2\n}\n\nfn a() {"), "in another order");
    assert!(!has_paragraphs(file, "fn a() {\n    2\n}"));
}
