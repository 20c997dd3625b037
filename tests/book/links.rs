//! Every page of the book is a chapter, and every link has a target.

use std::collections::BTreeSet;
use std::fs;

use crate::pages::{docs, page, pages, prose};

/// The targets of the links in a text.
fn targets(text: &str) -> Vec<String> {
    let after = text.split("](").skip(1);
    after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// The anchors that mdBook and GitHub create for a page's headings.
fn anchors(name: &str) -> BTreeSet<String> {
    let text = prose(&page(name));
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading.to_lowercase();
        let kept = kept.chars().filter(|&c| c.is_alphanumeric() || c == ' ' || c == '-' || c == '_');
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_page_is_a_chapter_once() {
    let mut chapters = targets(&page("SUMMARY.md"));
    chapters.sort();
    let mut all = pages();
    all.retain(|name| name != "SUMMARY.md");
    assert_eq!(chapters, all);
}

#[test]
fn the_book_is_built_from_this_folder() {
    let book: toml::Table =
        fs::read_to_string(docs().join("book.toml")).expect("it is there").parse().expect("TOML");
    assert_eq!(book["book"]["src"].as_str(), Some("."));
    assert!(book["book"]["title"].as_str().is_some_and(|title| !title.is_empty()));
    assert_eq!(book["build"]["create-missing"].as_bool(), Some(false));
    let into = book["build"]["build-dir"].as_str().expect("a folder");
    assert!(into.starts_with("../target/"), "{into} is not in the target folder");
}

#[test]
fn every_link_of_every_page_has_a_target() {
    let mut links = 0;
    for name in pages() {
        for target in targets(&prose(&page(&name))) {
            if target.starts_with("https://") {
                continue;
            }
            links += 1;
            let (path, anchor) =
                target.split_once('#').map_or((&*target, None), |(path, at)| (path, Some(at)));
            assert!(path.is_empty() || docs().join(path).exists(), "docs/{name}: {target}");
            if let Some(anchor) = anchor {
                let of = if path.is_empty() { &name } else { path };
                assert!(anchors(of).contains(anchor), "docs/{name}: {of} has no heading for #{anchor}");
            }
        }
    }
    assert!(links > 40, "{links}");
}
