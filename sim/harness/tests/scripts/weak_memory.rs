//! Scripts under the memory model RC11. Each access of a tier, a shared dictionary or a variable is
//! an operation of an object with a lock for the key, as in a concurrent map: it acquires what
//! earlier operations on the key have released. A script has no weaker accesses.

use std::fs;

use selvedge_sim::explore::Exploration;
use selvedge_sim::scenario::Case;
use selvedge_sim::verdict::{Budget, CaseReport, Engine, Verdict};

use super::prove::{parsed, required};
use super::{PLAIN, case, explore, one_reader, shipped};

fn rc11(case: &Case) -> CaseReport {
    let budget = Budget { schedules: Some(2_000), ..Budget::default() };
    Exploration::of(case).engine(Engine::Rc11).budget(budget).run()
}

/// Each thread announces itself, and then looks for the other. One of them sees the other: with
/// plain accesses, both could miss each other's announcement.
#[test]
fn accesses_of_a_shared_dictionary_do_not_pass_each_other() {
    let announced = "
began = {}
alone = {}

def get(key):
    began[\"reader\"] = True
    if began.get(\"writer\") is None:
        alone[\"reader\"] = True
    if alone.get(\"reader\") and alone.get(\"writer\"):
        return None
    return redis.get(key)

def set(key, value):
    redis.set(key, value)
    began[\"writer\"] = True
    if began.get(\"reader\") is None:
        alone[\"writer\"] = True
";
    let case = case(announced, &one_reader(PLAIN, "consistency = \"linearizable\""));
    for report in [explore(&case, Engine::Optimal), rc11(&case)] {
        assert_eq!((report.verdict, report.complete), (Verdict::Clean, true));
    }
}

/// A complete search finds what the search of schedules finds. One that is not complete, or that
/// the model does not support, is never clean.
#[test]
fn each_shipped_script_shows_under_weak_memory_what_it_shows_otherwise() {
    let (mut complete, mut violated) = (0, 0);
    for path in shipped() {
        let text = fs::read_to_string(&path).expect("readable");
        let script = parsed(&text);
        if script.missing_feature().is_some() {
            continue;
        }
        let source = if required(&script).contains(&"database") { "source = \"database\"\n" } else { "" };
        let leases = if script.has_leases() { "specials = [\"leases\"]\n" } else { "" };
        let fields = format!("local = \"cold\"\nremote = \"present\"\n{source}{leases}");
        let case = case(&text, &one_reader(&fields, "consistency = \"linearizable\""));
        let (strong, weak) = (explore(&case, Engine::Optimal), rc11(&case));
        if !weak.complete {
            assert_ne!(weak.verdict, Verdict::Clean, "{}", path.display());
            continue;
        }
        complete += 1;
        violated += usize::from(!strong.violations.is_empty());
        assert!(strong.complete, "{}", path.display());
        assert!(strong.violations.keys().eq(weak.violations.keys()), "{}", path.display());
    }
    assert!(complete > 20 && violated > 5, "{complete} {violated}");
}
