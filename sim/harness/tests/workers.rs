//! A search of classes with several workers has the report of one.

use std::num::NonZeroUsize;

use selvedge_sim::explore::Exploration;
use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::{Case, parse};
use selvedge_sim::verdict::{Budget, CaseReport, Engine};

/// A case with two threads that each read twice, a reader and a writer.
fn case(cache: &str, level: &str) -> Case {
    let text = format!(
        "name = \"a\"\nabout = \"a test\"\ncache = \"{cache}\"\nlocal = \"cold\"\nremote = \"present\"\n\
         [[thread]]\nname = \"twice\"\nops = [\"get user:1\", \"get user:1\"]\n\
         [[thread]]\nname = \"once\"\nops = [\"get user:1\"]\n\
         [[thread]]\nname = \"writer\"\nops = [\"set user:1\", \"set user:1\"]\n\
         [[expect]]\nconsistency = \"{level}\"\n"
    );
    parse("a.toml", &text, &Protocol::known()).expect("no mistake").cases.remove(0)
}

fn report(case: &Case, jobs: usize) -> CaseReport {
    let budget = Budget { jobs: NonZeroUsize::new(jobs), ..Budget::default() };
    Exploration::of(case).engine(Engine::Optimal).budget(budget).run()
}

#[test]
fn the_report_of_a_search_by_classes_does_not_depend_on_the_workers() {
    // Clean; violations that the level allows, which are counted; and violations with a witness.
    for (cache, level) in [("tiered", "linearizable"), ("epoch", "regular"), ("article", "linearizable")] {
        let case = case(cache, level);
        let one = report(&case, 1);
        assert!(one.complete && one.schedules > 500, "{cache}: enough for several workers");
        for jobs in [2, 3] {
            let several = report(&case, jobs);
            assert_eq!(several.to_string(), one.to_string(), "{cache} {jobs}");
            assert_eq!((several.events, several.violating), (one.events, one.violating), "{cache} {jobs}");
            assert_eq!(several.complete, one.complete);
        }
    }
}
