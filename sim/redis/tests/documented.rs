//! The page of commands says what there is.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../COMMANDS.md");

#[test]
fn the_page_of_commands_has_each_that_there_is() {
    let (there, _) = PAGE.split_once("## Not there").expect("a part of its own");
    let rows = there.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let documented: BTreeSet<_> = rows.map(|(name, _)| name.to_ascii_lowercase().replace(' ', "|")).collect();
    assert_eq!(documented, selvedge_redis::names().map(str::to_owned).collect());
}
