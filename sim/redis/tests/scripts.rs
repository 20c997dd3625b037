//! Restrictions of scripts. The conformance test compares their other behaviour with a real
//! redis-server.

use selvedge_redis::{Command, Redis, Reply, Server, Time};

fn eval(redis: &Redis, script: &str) -> Reply {
    redis.call(["EVAL", script, "0"])
}

fn error(reply: Reply) -> String {
    match reply {
        Reply::Error(text) => String::from_utf8_lossy(&text).into_owned(),
        other => panic!("expected an error, got {other:?}"),
    }
}

#[test]
fn a_script_that_does_not_terminate_is_stopped() {
    for script in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
    ] {
        let redis = Redis::new();
        let text = error(eval(&redis, script));
        assert!(text.contains("does it end?"), "{script}: {text}");
        assert_eq!(eval(&redis, "return 1"), Reply::Integer(1), "after {script}");
    }
}

#[test]
fn the_memory_of_a_script_is_limited() {
    let redis = Redis::new();
    let text = error(eval(&redis, "local t = 'x'; while true do t = t .. t end"));
    assert!(text.contains("memory"), "{text}");
    assert_eq!(eval(&redis, "return 1"), Reply::Integer(1));
}

#[test]
fn scripts_are_isolated() {
    let redis = Redis::new();
    for script in [
        "rawset(_G, 'left', 1)",
        "left = 1",
        "loadstring('left = 1')()",
        "string.left = 1",
        "KEYS[1] = 'x'; ARGV.left = 1",
        "redis.left = 1",
        "getmetatable('').__index.left = 1",
    ] {
        eval(&redis, script);
        let seen = "local ok, it = pcall(function() return left end); \
                    return {tostring(ok and it), tostring(string.left), tostring(redis.left), #KEYS}";
        let none = [Reply::bulk("false"), Reply::bulk("nil"), Reply::bulk("nil"), Reply::Integer(0)];
        assert_eq!(eval(&redis, seen), Reply::Array(none.into()), "after {script}");
    }
    let random = "return tostring(math.random())";
    assert_eq!(eval(&redis, random), eval(&redis, random), "each script starts with the same seed");
}

#[test]
fn a_cyclic_table_gives_a_finite_reply() {
    let redis = Redis::new();
    let Reply::Array(items) = eval(&redis, "local t = {}; t[1] = t; return t") else {
        panic!("expected an array")
    };
    assert_eq!(items.len(), 1);
}

#[test]
fn access_to_undeclared_keys_can_be_rejected() {
    let mut server = Server::new();
    let connection = server.connect();
    server.require_declared_keys();
    let mut eval = |script: &str| {
        let command = Command::new(["EVAL", script, "1", "given"]);
        server.execute(connection, &command, Time::START).deliveries.remove(0).reply
    };
    assert_eq!(eval("return redis.call('SET', KEYS[1], 1)"), Reply::OK);
    for script in ["return redis.call('SET', 'other', 1)", "return redis.call('KEYS', '*')"] {
        let text = error(eval(script));
        assert!(text.contains("not given as one of its KEYS"), "{text}");
    }
}
