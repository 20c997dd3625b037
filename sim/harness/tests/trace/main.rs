//! Traces written by hand, and their displayed forms.

mod document;
mod projections;
mod recorder;

use recorder::{Recorder, finding, value};
use selvedge_sim::oracle::Rule;
use selvedge_sim::trace::{Ending, Trace, lanes, reason};

/// Compares the displayed forms of a trace with snapshots, and checks their width.
fn check(name: &str, trace: &Trace) {
    let shown = format!("{}\n{}", lanes(trace), reason(trace));
    for line in shown.lines() {
        assert!(line.chars().count() <= 100, "wider than 100 columns: {line}");
        assert_eq!(line, line.trim_end(), "ends in blanks");
    }
    recorded(&format!("trace-by-hand-{name}"), &shown);
}

/// Compares the text with the snapshot of this name.
fn recorded(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

const ARTICLE: [&str; 3] = ["reader-1", "writer-1", "observer"];

fn article() -> Trace {
    let (old, new) = (value("user:1", 0), value("user:1", 1));
    let mut trace = Recorder::new(
        "article",
        "local=cold, remote=present, 1 reader, 1 writer",
        "article",
        &["L1 empty", "redis user:1 = v0"],
        &ARTICLE,
    );
    let get = trace.call(0, "get user:1");
    trace.l1_get(get, "user:1", None);
    trace.redis_get(get, "user:1", old);
    let set = trace.call(1, "set user:1 = v1");
    trace.redis_set(set, "user:1", new);
    trace.l1_remove(set, "user:1");
    trace.reply(set, "done");
    trace.l1_fill(get, "user:1", old);
    trace.reply(get, "v0");
    let after = trace.call(2, "get user:1");
    trace.l1_get(after, "user:1", old);
    trace.reply(after, "v0");
    trace.find(finding(Rule::Stale, (after, "user:1", old), Some(new), Some(set)));
    trace.find(finding(Rule::Lasting, (after, "user:1", old), Some(new), Some(set)));
    trace.end(Ending::Complete)
}

#[test]
fn the_articles_stale_read() {
    check("stale", &article());
}

#[test]
fn a_finding_of_another_schedule_is_described_as_such() {
    let mut trace = article();
    trace.findings.clear();
    trace.findings.push(finding(
        Rule::Stale,
        (0, "user:1", value("user:1", 0)),
        Some(value("user:1", 1)),
        Some(1),
    ));
    check("not-shown", &trace);
}

#[test]
fn a_clean_run() {
    let mut trace = article();
    trace.findings.clear();
    check("clean", &trace);
}

#[test]
fn a_lasting_value_that_was_there_from_the_start() {
    let (old, new) = (value("user:1", 0), None);
    let start = ["L1 user:1 = v0", "redis user:1 = v0"];
    let mut trace =
        Recorder::new("rename", "local=warm", "wrong-local-key", &start, &["writer-1", "observer"]);
    let delete = trace.call(0, "delete user:1");
    trace.redis_set(delete, "user:1", None);
    trace.l1_remove(delete, "user_profile:1");
    trace.reply(delete, "unknown");
    let after = trace.call(1, "get user:1");
    trace.l1_get(after, "user:1", old);
    trace.reply(after, "v0");
    trace.find(finding(Rule::Lasting, (after, "user:1", old), Some(new), Some(delete)));
    check("lasting", &trace.end(Ending::Complete));
}

#[test]
fn a_late_write_through_after_a_deletion() {
    let written = value("user:1", 1);
    let start = ["L1 empty", "redis empty"];
    let lanes = ["writer-1", "writer-2", "observer"];
    let mut trace = Recorder::new("write-through", "2 writers", "write-through", &start, &lanes);
    let set = trace.call(0, "set user:1 = v1");
    trace.redis_set(set, "user:1", written);
    let delete = trace.call(1, "delete user:1");
    trace.redis_set(delete, "user:1", None);
    trace.l1_remove(delete, "user:1");
    trace.reply(delete, "done");
    trace.l1_fill(set, "user:1", written);
    trace.reply(set, "done");
    let after = trace.call(2, "get user:1");
    trace.l1_get(after, "user:1", written);
    trace.reply(after, "v1");
    trace.find(finding(Rule::Stale, (after, "user:1", written), Some(None), Some(delete)));
    check("deletion", &trace.end(Ending::Complete));
}

#[test]
fn an_inverted_read_of_the_epoch_protocol() {
    let (old, new) = (value("user:1", 0), value("user:1", 1));
    let start = ["L1 empty", "redis user:1 = v0"];
    let lanes = ["reader-1", "reader-2", "writer-1"];
    let mut trace = Recorder::new("epoch", "2 and 1 gets", "epoch", &start, &lanes);
    let other = trace.call(1, "get user:1");
    trace.l1_get(other, "user:1", None);
    trace.fence(other, "generation user:1 → 0");
    trace.redis_get(other, "user:1", old);
    let set = trace.call(2, "set user:1 = v1");
    trace.redis_set(set, "user:1", new);
    let first = trace.call(0, "get user:1");
    trace.l1_get(first, "user:1", None);
    trace.fence(first, "generation user:1 → 0");
    trace.redis_get(first, "user:1", new);
    trace.l1_fill(first, "user:1", new);
    trace.reply(first, "v1");
    trace.l1_fill(other, "user:1", old);
    trace.reply(other, "v0");
    let second = trace.call(0, "get user:1");
    trace.l1_get(second, "user:1", old);
    trace.reply(second, "v0");
    trace.fence(set, "generation user:1 = 1");
    trace.l1_remove(set, "user:1");
    trace.reply(set, "done");
    trace.find(finding(Rule::Inverted, (second, "user:1", old), Some(new), Some(first)));
    check("inverted", &trace.end(Ending::Complete));
}

#[test]
fn a_crossed_read() {
    let (mine, theirs) = (value("user:1", 0), value("user:2", 0));
    let start = ["L1 empty", "redis user:1 = v0, user:2 = v0"];
    let mut trace = Recorder::new("key-mapping", "-", "one-local-key", &start, &["reader-1", "reader-2"]);
    let other = trace.call(1, "get user:2");
    trace.l1_get(other, "profile", None);
    let get = trace.call(0, "get user:1");
    trace.l1_get(get, "profile", None);
    trace.redis_get(get, "user:1", mine);
    trace.l1_fill(get, "profile", mine);
    trace.reply(get, "v0");
    trace.redis_get(other, "user:2", theirs);
    trace.l1_fill(other, "profile", theirs);
    trace.reply(other, "v0");
    let again = trace.call(0, "get user:1");
    trace.l1_get(again, "profile", theirs);
    trace.reply(again, "user:2's v0");
    trace.find(finding(Rule::Crossed, (again, "user:1", theirs), None, None));
    check("crossed", &trace.end(Ending::Complete));
}

#[test]
fn a_phantom() {
    let ghost = value("user:1", 7);
    let mut trace = Recorder::new("phantom", "-", "broken", &["redis user:1 = v0"], &["reader-1"]);
    let get = trace.call(0, "get user:1");
    trace.l1_fill(get, "user:1", ghost);
    trace.l1_get(get, "user:1", ghost);
    trace.reply(get, "v7");
    trace.find(finding(Rule::Phantom, (get, "user:1", ghost), None, None));
    let absent = trace.call(0, "get user:2");
    trace.redis_get(absent, "user:2", None);
    trace.reply(absent, "absent");
    trace.find(finding(Rule::Phantom, (absent, "user:2", None), None, None));
    check("phantom", &trace.end(Ending::Complete));
}

#[test]
fn a_deadlock() {
    let lanes = ["writer-1", "writer-2"];
    let mut trace = Recorder::new("two-locks", "-", "locks", &["L1 empty", "redis empty"], &lanes);
    let one = trace.call(0, "set user:1 = v1");
    trace.fence(one, "lock stripe 1");
    let two = trace.call(1, "set user:2 = v1");
    trace.fence(two, "lock stripe 2");
    trace.redis_set(one, "user:1", value("user:1", 1));
    trace.redis_set(two, "user:2", value("user:2", 1));
    check(
        "deadlock",
        &trace.end(Ending::Deadlock(vec![
            "writer-1 waits for stripe 2, which writer-2 has held since step 2 (src/protocols/locks.rs:40)"
                .to_owned(),
            "writer-2 waits for stripe 1, which writer-1 has held since step 1 (src/protocols/locks.rs:40)"
                .to_owned(),
        ])),
    );
}

#[test]
fn locks_are_shown_of_a_run_that_ends_in_them_and_numbered_otherwise() {
    let mut trace = Recorder::new("locks", "-", "locks", &["L1 empty"], &["reader-1"]);
    let get = trace.call(0, "get user:1");
    trace.lock(get, "locks the flights");
    trace.l1_get(get, "user:1", value("user:1", 0));
    trace.lock(get, "unlocks the flights");
    trace.reply(get, "v0");
    let mut trace = trace.end(Ending::Complete);
    let shown = lanes(&trace);
    assert!(!shown.contains("locks the") && shown.contains("    3  ╰ v0"), "{shown}");
    trace.ending = Ending::Deadlock(Vec::new());
    let shown = lanes(&trace);
    assert!(shown.contains("    3  │ unlocks the flights\n       ╰ v0"), "{shown}");
}

#[test]
fn a_panic() {
    let mut trace = Recorder::new("checked", "-", "checked", &["L1 empty", "redis empty"], &ARTICLE);
    let get = trace.call(0, "get user:1");
    trace.l1_get(get, "user:1", None);
    let set = trace.call(1, "set user:1 = v1");
    trace.redis_set(set, "user:1", value("user:1", 1));
    trace.redis_get(get, "user:1", value("user:1", 1));
    check("panic", &trace.end(Ending::Panic("a value appeared under the fence: user:1@v1".to_owned())));
}

/// Many threads on keys of this name: too many for the width.
fn crowd(threads: usize, key: &str) -> Trace {
    let (old, new) = (value(key, 0), value(key, 1));
    let start = ["L1 empty".to_owned(), format!("redis {key} = v0")];
    let names: Vec<String> =
        (1..threads).map(|n| format!("reader-{n}")).chain(["writer-1".to_owned()]).collect();
    let mut trace = Recorder::new(
        "article",
        "local=cold, remote=present",
        "article",
        &start.each_ref().map(String::as_str),
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let gets: Vec<_> = (0..threads - 1).map(|lane| trace.call(lane, &format!("get {key}"))).collect();
    trace.l1_get(gets[0], key, None);
    trace.redis_get(gets[0], key, old);
    let set = trace.call(threads - 1, &format!("set {key} = v1"));
    trace.redis_set(set, key, new);
    for &get in &gets[2..] {
        trace.l1_get(get, key, None);
        trace.redis_get(get, key, new);
        trace.l1_fill(get, key, new);
        trace.reply(get, "v1");
    }
    trace.l1_remove(set, key);
    trace.reply(set, "done");
    trace.l1_fill(gets[0], key, old);
    trace.reply(gets[0], "v0");
    trace.l1_get(gets[1], key, old);
    trace.reply(gets[1], "v0");
    trace.find(finding(Rule::Stale, (gets[1], key, old), Some(new), Some(set)));
    trace.end(Ending::Complete)
}

#[test]
fn lanes_that_are_too_narrow_wrap_in_their_cells() {
    check("five-lanes", &crowd(5, "user:1"));
    check("four-lanes-long-keys", &crowd(4, "tenant:acme-industries:user_profile:settings:42"));
}

#[test]
fn six_lanes_are_a_list() {
    check("six-lanes", &crowd(6, "tenant:acme-industries:user_profile:settings:42"));
}
