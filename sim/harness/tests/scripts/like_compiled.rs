//! A script has the schedules and the violations of the compiled protocol that has the same steps.

use selvedge_sim::protocols::{Caches, Protocol};
use selvedge_sim::scenario::parse;
use selvedge_sim::verdict::Engine;

use super::{case, explore};

const ARTICLE: &str = "
def get(key):
    value = local.get(key)
    if value == None:
        value = redis.get(key)
        if value != None:
            local.set(key, value)
    return value

def set(key, value):
    redis.set(key, value)
    local.delete(key)

def delete(key):
    redis.delete(key)
    local.delete(key)
";

/// The scenario with these tiers and operations.
fn scenario(cache: &str, fields: &str, reader: &str, writer: &str) -> String {
    format!(
        "name = \"a\"\nabout = \"a test\"\ncache = \"{cache}\"\n{fields}\n\
         [[thread]]\nname = \"reader\"\ncount = 2\nops = [{reader}]\n\
         [[thread]]\nname = \"writer\"\nops = [{writer}]\n\
         [[expect]]\nconsistency = \"eventual\"\n"
    )
}

#[test]
fn a_script_has_the_schedules_of_the_compiled_protocol() {
    let starts = [
        "local = \"cold\"\nremote = \"present\"",
        "local = \"warm\"\nremote = \"present\"",
        "local = \"expired\"\nremote = \"absent\"",
        "local = \"expiring\"\nremote = \"present\"",
        "local = \"cold\"\nremote = \"expiring\"",
        "local = \"cold\"\nremote = \"absent\"\nsource = \"database\"",
        "local = \"cold\"\nremote = \"present\"\nfaults = 1",
        "local = \"cold\"\nremote = \"present\"\ndrops = 1",
    ];
    let works =
        [("\"get user:1\"", "\"set user:1\""), ("\"get user:1\"", "\"delete user:1\", \"evict user:1\"")];
    let mut compared = 0;
    for start in starts {
        for (reader, writer) in works {
            let script = case(ARTICLE, &scenario("./cache.star", start, reader, writer));
            let compiled = parse("a.toml", &scenario("article", start, reader, writer), &Protocol::known());
            let compiled = compiled.expect("the scenario has no mistake").cases.remove(0);
            let [ours, theirs] = [&script, &compiled].map(|case| explore(case, Engine::Optimal));
            assert_eq!(
                (ours.schedules, ours.events, &ours.violations, ours.violating),
                (theirs.schedules, theirs.events, &theirs.violations, theirs.violating),
                "{start} {reader} {writer}"
            );
            compared += theirs.schedules;
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn the_search_by_states_finds_what_the_search_by_classes_finds() {
    for start in
        ["local = \"cold\"\nremote = \"present\"", "local = \"expiring\"\nremote = \"present\"\nfaults = 1"]
    {
        let text = scenario("./cache.star", start, "\"get user:1\"", "\"set user:1\"");
        let case = case(ARTICLE, &text);
        let [classes, states] = [Engine::Optimal, Engine::Stateful].map(|engine| explore(&case, engine));
        assert!(classes.complete && states.complete, "{:?}", states.verdict);
        assert!(classes.violations.keys().eq(states.violations.keys()), "{start}");
    }
}
