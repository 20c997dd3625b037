//! The oracle, on histories written by hand and compared with brute force.

mod brute;
mod program;

use program::{Order, Run};
use selvedge_sim::oracle::{judge, vacuous};

/// Compares the oracle's findings for a run, as `rule: thread's answer < the version it should have
/// had`, with the expected ones.
#[track_caller]
fn check(run: &str, expected: &[&str]) {
    assert_eq!(said(&Run::parse(run), Order::Class), expected, "{run}");
}

/// Like [`check`], and compares the findings with brute force.
#[track_caller]
fn check_all(run: &str, expected: &[&str]) {
    check(run, expected);
    brute::agrees(&Run::parse(run));
}

fn said(run: &Run, order: Order) -> Vec<String> {
    let history = run.history(order);
    let mut findings = Vec::new();
    judge(&history, &mut findings);
    let show = |content: Option<_>| content.map_or("absent".to_owned(), |value| format!("{value:?}"));
    findings
        .iter()
        .map(|finding| {
            let thread = run.thread(history.operations()[finding.read].thread);
            let newer = finding.newer.map(|newer| format!(" < {}", show(newer))).unwrap_or_default();
            let before = finding.before.map(|before| run.thread(history.operations()[before].thread));
            let before = before.map(|before| format!(" of {before}")).unwrap_or_default();
            format!("{}: {thread} {}{newer}{before}", finding.rule, show(finding.returned))
        })
        .collect()
}

/// The article's smallest stale schedule: the writer completes before the reader fills.
const STALE: &str = "
    start k v0
    R get k
    R sees l1
    R sees redis
    W set k v1
    W writes redis k v1
    W puts l1
    W done
    R puts l1
    R read v0
    Z get k
    Z sees l1
    Z read v0
";

#[test]
fn a_read_after_the_acknowledgement_that_returns_the_old_value_is_stale() {
    check(STALE, &["stale: Z k@v0 < k@v1 of W"]);
}

#[test]
fn a_read_that_overlaps_the_write_may_return_either_version() {
    // Each of the two has an event before an event of the other: they overlap in every schedule.
    check(
        "
        start k v0
        W set k v1
        W puts flag
        R get k
        R sees redis
        R sees flag
        W writes redis k v1
        R puts flag
        R read v0
        W sees flag
        W done
        ",
        &[],
    );
}

/// An L1 hit that conflicts with no remaining step of the writer: another schedule of the class has
/// the whole write before it.
const STALE_IN_ANOTHER_ORDER: &str = "
    start k v0
    A get k
    A sees other
    A read v0
    W set k v1
    W writes redis k v1
    W done
";

#[test]
fn the_class_is_judged_and_not_the_run() {
    let run = Run::parse(STALE_IN_ANOTHER_ORDER);
    assert_eq!(said(&run, Order::Class), ["stale: A k@v0 < k@v1 of W"]);
    assert_eq!(said(&run, Order::Run), [""; 0], "the run's own order has the read before the write");
}

#[test]
fn an_event_of_the_read_before_an_event_of_the_write_keeps_them_apart() {
    check(
        "
        start k v0
        A get k
        A sees redis
        A read v0
        W set k v1
        W writes redis k v1
        W done
        ",
        &[],
    );
}

#[test]
fn a_write_whose_outcome_is_unknown_is_never_acknowledged_but_may_be_read() {
    let unknown = STALE.replace("W done", "W unknown");
    check(&unknown, &[]);
    let never_ended = STALE.replace("W done", "");
    check(&never_ended, &[]);
    check(
        "
        start k v0
        W set k v1
        W puts l1
        W unknown
        R get k
        R sees l1
        R read v1
        ",
        &[],
    );
}

#[test]
fn the_finding_names_the_newest_acknowledged_version() {
    check(
        "
        start k v0
        V set k v1
        V writes redis k v1
        V done
        W set k v2
        W writes redis k v2
        W done
        U set k v3
        U writes redis k v3
        U unknown
        R get k
        R sees l1
        R read v0
        ",
        &["stale: R k@v0 < k@v2 of W"],
    );
}

#[test]
fn a_session_is_in_program_order() {
    check(
        "
        start k v0
        S get k
        S sees l1
        S read v0
        S set k v1
        S writes redis k v1
        S done
        ",
        &[],
    );
    check(
        "
        start k v0
        S set k v1
        S writes redis k v1
        S done
        S get k
        S sees l1
        S read v0
        ",
        &["stale: S k@v0 < k@v1 of S"],
    );
}

#[test]
fn an_older_version_after_a_newer_read_is_inverted_while_the_write_is_in_progress() {
    check(
        "
        start k v0
        R get k
        R sees l1
        R sees redis
        W set k v1
        W writes redis k v1
        S get k
        S sees redis
        S read v1
        R puts l1
        R read v0
        S get k
        S sees l1
        S read v0
        W puts l1
        W done
        ",
        &["inverted: S k@v0 < k@v1 of S"],
    );
}

#[test]
fn of_two_earlier_reads_the_first_that_saw_the_newest_is_named() {
    check(
        "
        start k v0
        V set k v1
        V writes redis k v1
        A get k
        A sees redis
        A read v1
        W set k v2
        W writes redis k v2
        B get k
        B sees redis
        B read v2
        C get k
        C sees redis
        C read v2
        R get k
        R sees l1
        R read v0
        ",
        &["inverted: R k@v0 < k@v2 of B"],
    );
}

#[test]
fn an_absence_that_a_second_delete_explains_is_not_stale() {
    let run = |last: &str| {
        format!(
            "
            start k absent
            W set k v1
            W writes redis k v1
            W done
            D delete k
            D writes redis k absent
            D done
            R get k
            {last}
            R read absent
            "
        )
    };
    check(&run("R sees redis"), &[]);
    // It read another content, and can come before the invocation of the deletion.
    check(&run("R sees l1"), &["stale: R absent < k@v1 of W"]);
}

#[test]
fn a_delete_that_was_called_before_the_write_ended_explains_an_absence() {
    check(
        "
        start k absent
        W set k v1
        D delete k
        D puts l1
        W puts l1
        W writes redis k v1
        W done
        D writes redis k absent
        D done
        R get k
        R sees other
        R read absent
        ",
        &[],
    );
}

#[test]
fn an_earlier_absence_is_taken_for_the_oldest_and_a_later_one_for_the_newest() {
    check(
        "
        start k absent
        W set k v1
        W writes redis k v1
        A get k
        A sees redis
        A read v1
        D delete k
        D writes redis k absent
        B get k
        B sees redis
        B read absent
        C get k
        C sees l1
        C read v1
        ",
        // B may have seen the absence from before v1: only A's v1 is certain, and B's absence may
        // be the newer version.
        &[],
    );
    check(
        "
        start k v0
        W set k v1
        W writes redis k v1
        D delete k
        D writes redis k absent
        B get k
        B sees redis
        B read absent
        C get k
        C sees l1
        C read v1
        ",
        &["inverted: C k@v1 < absent of B"],
    );
}

#[test]
fn an_absence_is_not_put_down_to_a_delete_that_was_called_later() {
    // A saw a value that E had stored in L1 before the source of truth. D, which is earlier at the
    // source of truth, may not have been invoked by then.
    check(
        "
        start k v0
        E delete k
        E puts l1
        A get k
        A sees l1
        A read absent
        D delete k
        D writes redis k absent
        D done
        W set k v1
        W writes redis k v1
        W done
        B get k
        B sees redis
        B read v1
        E writes redis k absent
        E done
        ",
        &["inverted: B k@v1 < absent of A"],
    );
}

/// A finds an absence without a deletion, and B the old value at the source of truth. The deletion
/// accesses `flag` before the source of truth; A and B access it if the parameters say so.
fn with_a_deletion_in_progress(a: &str, b: &str) -> String {
    format!(
        "
        start k v0
        A get k
        A sees other
        {a}
        A read absent
        B get k
        B sees redis
        {b}
        B read v0
        D delete k
        D puts flag
        D writes redis k absent
        D unknown
        "
    )
}

#[test]
fn an_absence_may_be_put_down_to_a_deletion_that_has_begun_in_some_schedules() {
    check_all(&with_a_deletion_in_progress("", ""), &["inverted: B k@v0 < absent of A"]);
    // The deletion begins after A ended, in every schedule.
    check_all(&with_a_deletion_in_progress("A sees flag", ""), &[]);
    // It begins after B. So if A ended before B began, the deletion began after A ended.
    check_all(&with_a_deletion_in_progress("", "B sees flag"), &[]);
}

/// The source of truth has D's deletion, then W's write, then E's deletion. A finds an absence
/// before W's write arrives.
fn between_two_deletions(first_of_d: &str, first_of_e: &str) -> String {
    format!(
        "
        start k v0
        D delete k
        D {first_of_d}
        E delete k
        E {first_of_e}
        A get k
        A sees l1
        A read absent
        D writes redis k absent
        D done
        W set k v1
        W puts l1
        W writes redis k v1
        W done
        B get k
        B sees redis
        B read v1
        E writes redis k absent
        E done
        "
    )
}

#[test]
fn an_absence_is_the_later_deletions_where_the_earlier_has_not_begun() {
    check_all(&between_two_deletions("sees flag", "sees flag"), &["inverted: B k@v1 < absent of A"]);
    // If the later deletion has begun, the earlier has begun, too.
    check_all(&between_two_deletions("puts flag", "sees flag"), &[]);
    check_all(&between_two_deletions("sees flag", "puts flag"), &[]);
}

#[test]
fn another_keys_value_is_crossed() {
    check(
        "
        start a v0
        start b v0
        R get a
        R sees l1
        R read b@v0
        ",
        &["crossed: R b@v0"],
    );
    check(
        "
        start a v0
        start b v0
        W set b v1
        W sees redis
        R get a
        R sees l1
        R read b@v1
        ",
        &["crossed: R b@v1"],
    );
}

#[test]
fn a_value_that_no_operation_wrote_is_a_phantom() {
    check("start k v0\nR get k\nR sees l1\nR read v7", &["phantom: R k@v7"]);
    check("start k v0\nR get k\nR sees l1\nR read absent", &["phantom: R absent"]);
    check("start k v0\nstart b v0\nR get k\nR sees l1\nR read b@v7", &["phantom: R b@v7"]);
}

#[test]
fn after_all_has_settled_a_version_that_is_not_the_last_is_lasting() {
    let run = |end: &str, answer: &str| {
        format!(
            "
            start k absent
            W set k v1
            W writes redis k v1
            W done
            D delete k
            D writes redis k absent
            D {end}
            Z joins
            Z get k settled
            Z sees l1
            Z read {answer}
            "
        )
    };
    check(&run("done", "v1"), &["stale: Z k@v1 < absent of D", "lasting: Z k@v1 < absent of D"]);
    check(&run("unknown", "v1"), &["lasting: Z k@v1 < absent of D"]);
    check(&run("done", "absent"), &[]);
}

#[test]
fn a_settled_value_that_the_truth_never_had_is_lasting() {
    check(
        "
        start k v0
        W set k v1
        W puts l1
        W unknown
        Z joins
        Z get k settled
        Z sees l1
        Z read v1
        ",
        &["lasting: Z k@v1 < k@v0"],
    );
}

/// Two updates read v0, and both write.
const TWO_UPDATES: &str = "
    start k v0
    A update k v1
    A sees redis
    A computes v0
    B update k v2
    B sees redis
    B computes v0
    A writes redis k v1
    A done
    B writes redis k v2
    B done
";

#[test]
fn of_two_updates_from_one_version_the_first_to_write_is_lost() {
    check_all(TWO_UPDATES, &["lost-update: B k@v0 < k@v1 of A"]);
    // B has read what A wrote.
    check_all(&TWO_UPDATES.replace("B computes v0", "B computes v1"), &[]);
    // The outcome of the first is unknown: it may not have been executed.
    check_all(&TWO_UPDATES.replace("A done", "A unknown"), &[]);
    // The second overwrites the first, also if its own outcome is unknown.
    check_all(&TWO_UPDATES.replace("B done", "B unknown"), &["lost-update: B k@v0 < k@v1 of A"]);
    // Refused: it writes nothing.
    let refused =
        TWO_UPDATES.replace("B update", "B compares").replace("B writes redis k v2", "B puts redis");
    check(&refused.replace("B done", "B refused"), &[]);
}

#[test]
fn an_update_that_overwrites_a_set_or_a_deletion_loses_it() {
    let after = |write: &str| {
        format!(
            "
            start k v0
            U update k v9
            U sees redis
            U computes v0
            {write}
            W done
            U writes redis k v9
            U done
            "
        )
    };
    check_all(&after("W set k v1\nW writes redis k v1"), &["lost-update: U k@v0 < k@v1 of W"]);
    check_all(&after("W delete k\nW writes redis k absent"), &["lost-update: U k@v0 < absent of W"]);
}

#[test]
fn an_absence_that_returns_before_the_update_writes_is_its_base() {
    // The same as a serial order: W, D, U. A compare-and-set would be accepted, too.
    check_all(
        "
        start k absent
        U update k v9
        U sees redis
        U computes absent
        W set k v1
        W writes redis k v1
        W done
        D delete k
        D writes redis k absent
        D done
        U writes redis k v9
        U done
        ",
        &[],
    );
}

#[test]
fn a_deletion_that_finds_its_effect_done_can_be_lost() {
    check(
        "
        start k v0
        U update k v9
        U sees redis
        U computes v0
        V delete k
        V writes redis k absent
        V unknown
        D delete k
        D finds redis k absent
        D done
        U writes redis k v9
        U done
        ",
        &["lost-update: U k@v0 < absent of D"],
    );
}

#[test]
fn an_update_from_another_keys_value_is_crossed() {
    let from = |base: &str| {
        format!(
            "
            start a v0
            start b v0
            U update a v1
            U sees l1
            U computes {base}
            U writes redis a v1
            U done
            "
        )
    };
    check(&from("b@v0"), &["crossed: U b@v0"]);
    check(&from("v7"), &["phantom: U a@v7"]);
    // It has written nothing.
    let refused = from("b@v0").replace("update", "compares").replace("writes redis a v1", "puts redis");
    check(&refused.replace("done", "refused"), &[]);
}

#[test]
fn the_value_of_a_refused_compare_and_set_is_a_phantom() {
    let run = |end: &str| {
        format!(
            "
            start k v0
            U compares k v1
            U sees redis
            U computes v0
            U puts l1
            U {end}
            R get k
            R sees l1
            R read v1
            "
        )
    };
    check(&run("refused"), &["phantom: R k@v1"]);
    check(&run("unknown"), &[]);
}

#[test]
fn a_history_is_vacuous_unless_a_read_overlapped_or_followed_a_write_of_its_key() {
    let of = |run: &str| vacuous(&Run::parse(run).history(Order::Class));
    assert!(!of(STALE));
    assert!(!of(STALE_IN_ANOTHER_ORDER), "another schedule has the write first");
    assert!(!of("start k v0\nW set k v1\nW puts l1\nR get k\nR sees l1\nR read v0"), "a write in progress");
    assert!(of(
        "start k v0\nW set k v1\nW sees redis\nW done\nZ joins\nZ get k settled\nZ sees l1\nZ read v1"
    ));
    assert!(of("start k v0\nstart b v0\nW set k v1\nW sees redis\nW done\nR get b\nR sees redis\nR read v0"));
    assert!(!of(TWO_UPDATES), "each reads what the other may have written");
    assert!(of("start k v0\nA update k v1\nA sees redis\nA computes v0\nA writes redis k v1\nA done"));
    assert!(of("start k v0\nR get k\nR sees redis\nR read v0\nR set k v1\nR sees redis\nR done"));
}
