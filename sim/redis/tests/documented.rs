//! Compares COMMANDS.md with the table of commands.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../COMMANDS.md");

#[test]
fn the_page_lists_exactly_the_available_commands() {
    let (available, _) = PAGE.split_once("## Not available").expect("a section of unavailable commands");
    let rows = available.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let documented: BTreeSet<_> = rows.map(|(name, _)| name.to_ascii_lowercase().replace(' ', "|")).collect();
    assert_eq!(documented, selvedge_redis::names().map(str::to_owned).collect());
}
