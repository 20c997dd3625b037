//! The page: the report's, with a section to paste into.

use std::time::Duration;

use selvedge_sim::number::lasted;
use selvedge_sim::report::{Extension, extended_page};
use serde_json::json;

use super::examples::examples;
use super::limits::{BODY, CASES, RUN_MEMORY, RUNS, STATES};

const SECTION: &str = include_str!("page/bench.html");
const STYLE: &str = include_str!("page/bench.css");
/// In the order of their dependencies.
const SCRIPTS: [&str; 4] = [
    include_str!("page/editor.js"),
    include_str!("page/results.js"),
    include_str!("page/save.js"),
    include_str!("page/bench.js"),
];

/// The page, with the examples and the limits of a run.
pub(super) fn page(budget: Duration) -> String {
    let extension = Extension { section: SECTION, style: STYLE, script: &SCRIPTS.concat(), connects: true };
    let served = json!({
        "version": env!("SELVEDGE_VERSION"),
        "examples": examples(),
        "limits": [
            format!("{} of time and {} MiB of memory", lasted(budget), RUN_MEMORY >> 20),
            format!("{CASES} cases and {STATES} states"),
            format!("{RUNS} runs at a time"),
            format!("{} KiB of text", BODY >> 10),
        ],
    });
    let served = served.to_string().replace('<', "\\u003c");
    format!(
        "{}<script type=\"application/json\" id=\"served\">{served}</script>\n",
        extended_page(&extension)
    )
}
