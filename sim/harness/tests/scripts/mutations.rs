//! Random changes of the shipped scripts: each is refused with a message, or explored; none panics.

use std::env;
use std::fs;

use selvedge_sim::verdict::Verdict;

use super::{explore_some, one_reader, read, shipped};

/// Pieces that a mutation inserts.
const PIECES: [&str; 36] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ".",
    "=",
    "==",
    "+",
    "-",
    "*",
    "%",
    "\n",
    "\n    ",
    "    ",
    "key",
    "value",
    "None",
    "1",
    "0",
    "-1",
    "\"a\"",
    "f\"{key}\"",
    "not ",
    "if ",
    "for x in ",
    "while True:",
    "return ",
    "lambda: ",
    "with lock(key):",
    "spawn(get, key)",
    "once(key, get)",
    "choose(2)",
];

/// A random number below `below`, from a generator of 64 bits (splitmix).
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((word ^ (word >> 31)) % below.max(1) as u64) as usize
}

fn mutated(text: &str, state: &mut u64) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random(state, 3) {
        let at = text.floor_char_boundary(random(state, text.len() + 1));
        let end = text.floor_char_boundary((at + random(state, 12)).min(text.len()));
        let lines: Vec<&str> = text.lines().collect();
        let line = lines.get(random(state, lines.len())).copied().unwrap_or_default().to_owned();
        match random(state, 6) {
            0 => text.replace_range(at..end, ""),
            1 => text.insert_str(at, PIECES[random(state, PIECES.len())]),
            2 => text.replace_range(at..end, PIECES[random(state, PIECES.len())]),
            3 => text.insert_str(at, &line),
            4 => text = text.replacen(&line, "", 1),
            _ => {
                let other = lines[random(state, lines.len())].to_owned();
                text = text.replacen(&line, &other, 1);
            }
        }
    }
    text
}

#[test]
fn a_changed_script_is_refused_or_explored() {
    let count = env::var("SELVEDGE_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(400);
    let (scripts, mut state, mut explored) = (shipped(), 1, 0);
    let texts: Vec<String> = scripts.iter().map(|path| fs::read_to_string(path).expect("readable")).collect();
    for nth in 0..count {
        let script = mutated(&texts[nth % texts.len()], &mut state);
        let has_database = script.contains("db");
        let fields = match (has_database, script.contains("lease")) {
            (true, true) => {
                "local = \"cold\"\nremote = \"absent\"\nsource = \"database\"\nspecials = [\"leases\"]"
            }
            (true, false) => "local = \"warm\"\nremote = \"present\"\nsource = \"database\"",
            (false, _) => "local = \"cold\"\nremote = \"present\"",
        };
        let scenario = one_reader(fields, "consistency = \"eventual\"");
        let Ok(scenario) = read(&script, &scenario) else { continue };
        explored += 1;
        let case = &scenario.cases[0];
        let report = explore_some(case, 20);
        if let Verdict::Panic(message) = &report.verdict {
            let is_reported = case.script.as_ref().is_some_and(|script| script.mistake().is_some());
            assert!(is_reported, "mutation {nth}: {message}\n{script}");
        }
    }
    assert!(explored * 20 > count, "{explored} of {count} were explored: the mutations are too coarse");
}
