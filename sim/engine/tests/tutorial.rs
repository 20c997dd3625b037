//! The reports in `docs/engine-tutorial.md` and the crate's README are those of their programs.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use selvedge_engine::sync::Arc;
use selvedge_engine::sync::atomic::AtomicU32;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::{Explorer, thread};

#[path = "../examples/oversold.rs"]
#[expect(dead_code, reason = "its main function is the example's")]
mod oversold;

#[path = "../examples/transfers.rs"]
#[expect(dead_code, reason = "its main function is the example's")]
mod transfers;

/// The message of `check` for a failing program.
fn story(body: impl Fn() + 'static) -> String {
    let result = catch_unwind(AssertUnwindSafe(|| Explorer::optimal().check(body)));
    let payload = result.expect_err("the program is wrong");
    payload.downcast_ref::<String>().expect("the story").clone()
}

/// The words of a text. Source locations keep only the line: the path depends on the build.
fn words(text: &str) -> Vec<String> {
    let without_path = |word: &str| match word.split_once(".rs:") {
        Some((_, line)) => format!("line {line}"),
        None => word.to_owned(),
    };
    text.split_whitespace().map(without_path).collect()
}

/// Compares the page with the program's report.
fn check_page(page: &str, story: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let blocks = text.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    let shown: Vec<_> = blocks.map(words).collect();
    assert!(shown.contains(&words(story)), "{page} does not show this:\n\n{story}");
}

#[test]
fn the_tutorial_shows_the_report_of_its_example() {
    check_page("../../docs/engine-tutorial.md", &story(oversold::two_buyers));
}

#[test]
fn the_repaired_program_of_the_tutorial_is_complete() {
    fn buy(stock: &AtomicU32) -> bool {
        let mut seen = stock.load(SeqCst);
        while seen > 0 {
            match stock.compare_exchange(seen, seen - 1, SeqCst, SeqCst) {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }
    let report = Explorer::optimal().check(|| {
        let stock = Arc::new(AtomicU32::new(1));
        let other = Arc::clone(&stock);
        let buyer = thread::spawn(move || buy(&other));
        let sold = [buy(&stock), buyer.join().unwrap()];
        assert_ne!(sold, [true, true], "there was one item");
    });
    assert_eq!(report.verdict().to_string(), "complete: nothing went wrong in 4 executions");
}

#[test]
fn the_schedule_of_the_tutorial_runs_again() {
    let schedule = "s1:ab2a".parse().expect("a schedule");
    assert_eq!(Explorer::replay(schedule).run(oversold::two_buyers).panics, 1);
}

#[test]
fn the_readme_shows_the_report_of_its_program() {
    check_page("README.md", &story(transfers::transfers));
}
