//! Scripts that send any command to the simulated Redis.

use selvedge_sim::verdict::{Engine, Verdict};

use super::{PLAIN, case, explore, one_reader};

#[test]
fn any_command_can_be_sent_and_the_late_fill_is_found() {
    let script = "
def get(key):
    value = local.get(key)
    if value == None:
        value = redis.call(\"GET\", key)
        local.set(key, value)
    return value

def set(key, value):
    redis.call(\"SET\", key, value)
    local.delete(key)
";
    let text = one_reader(PLAIN, "violations = [\"stale\", \"lasting\"]");
    let report = explore(&case(script, &text), Engine::Optimal);
    assert!(matches!(report.verdict, Verdict::Violated(_)), "{:?}", report.verdict);
    let trace = report.trace.expect("it has a violation");
    let get = trace.steps.iter().find(|step| step.what.starts_with("redis GET")).expect("a GET");
    assert!(get.location.ends_with("cache.star:5"), "{}", get.location);
}

#[test]
fn a_lua_script_is_one_step() {
    let script = "
FILL = \"if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('SET', KEYS[1], ARGV[1]) end return 1\"

def get(key):
    value = redis.get(key)
    if value == None:
        token = redis.incr(\"token\")
        redis.set(\"lease:\" + key, token)
        value = db.get(key)
        redis.eval(FILL, 2, key, \"lease:\" + key, value, token)
    return value

def set(key, value):
    db.set(key, value)
    redis.delete(key, \"lease:\" + key)
";
    let fields = "local = \"cold\"\nremote = \"absent\"\nsource = \"database\"";
    let report = explore(&case(script, &one_reader(fields, "consistency = \"regular\"")), Engine::Optimal);
    assert_eq!(report.verdict, Verdict::Clean);
    // Without the lease, the fill is late.
    let broken =
        script.replace("redis.eval(FILL, 2, key, \"lease:\" + key, value, token)", "redis.set(key, value)");
    let report = explore(&case(&broken, &one_reader(fields, "consistency = \"regular\"")), Engine::Optimal);
    assert!(matches!(report.verdict, Verdict::Violated(_)), "{:?}", report.verdict);
}
