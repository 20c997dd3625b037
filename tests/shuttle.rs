//! shuttle and Selvedge's engine give the same verdicts for the same scenarios. Also random
//! schedules of programs that are too large for a complete search.

use selvedge_sim::backends::Draw;
use selvedge_sim::explore::draw;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::parse;
use selvedge_sim::verdict::{Engine, Verdict};

#[test]
fn shuttle_gives_the_same_verdicts() {
    crate::peer::has_the_same_verdicts(Engine::Shuttle);
}

#[test]
fn shuttle_finds_in_the_controls_what_optimal_finds() {
    crate::peer::finds_in_the_controls_what_ours_finds(Engine::Shuttle);
}

/// Eight tasks, including the clock, on two keys.
const TASKS: &str = r#"
    name = "eight-tasks"
    about = "too many schedules for all of them"
    cache = "CACHE"
    local = "expiring"
    remote = "present"
    source = "$source"
    specials = SPECIALS
    thread = [
        { name = "reader", count = 3, ops = ["get user:1", "get user:2", "get user:1"] },
        { name = "writer", count = 2, ops = ["set user:1", "get user:1", "set user:2"] },
        { name = "deletes", ops = ["delete user:1", "get user:1", "delete user:2"] },
        { name = "other", ops = OTHER },
    ]
    axes.source = SOURCES
    expect = [{ consistency = CONSISTENCY }]
"#;

/// Runs thousands of schedules of each strategy. The same search finds the violation of the
/// article's cache.
#[track_caller]
fn eight_tasks(other: &str, sources: &str, consistency: &str) {
    let text = TASKS.replace("OTHER", other).replace("SOURCES", sources).replace("CONSISTENCY", consistency);
    // The article's cache does not store that a key is absent.
    let cases = [("article", "[]"), ("tiered", r#"["keeps-absent"]"#)].map(|(cache, specials)| {
        let text = text.replace("CACHE", cache).replace("SPECIALS", specials);
        parse("eight-tasks.toml", &text, &Protocol::known()).expect("no mistake in it").cases
    });
    for case in cases.iter().flatten() {
        for by in [Draw::Random, Draw::Pct { depth: 4 }] {
            let report = draw(case, by, 7, 1_500);
            let is_ours = case.cache == Protocol::Tiered.name();
            let is_right = match report.verdict {
                Verdict::Bounded(_) => is_ours && report.schedules == 1_500,
                Verdict::Violated(_) => !is_ours,
                _ => false,
            };
            assert!(is_right, "{} {by:?}: {:?} in {}", case.name, report.verdict, report.schedules);
        }
    }
}

#[test]
fn eight_tasks_read_load_write_delete_and_evict() {
    let room = r#"["evict user:1", "evict user:2"]"#;
    eight_tasks(room, r#"["remote", "database"]"#, r#""linearizable""#);
}

#[test]
fn eight_tasks_with_notifications_from_another_node() {
    let node = r#"["notified user:1", "notified-all user:2", "notified user:1"]"#;
    eight_tasks(node, r#"["remote"]"#, r#""regular""#);
}
