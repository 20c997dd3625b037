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
        // Functions that catch errors do not catch this one.
        "while true do xpcall(function() while true do end end, tostring) end",
        "while true do xpcall(error, function() while true do end end) end",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "while true do load(function() while true do end end) end",
        "while true do ('x'):gsub('x', function() while true do end end) end",
        "while true do pcall(table.sort, {2, 1}, function() while true do end end) end",
    ] {
        is_stopped(script);
    }
}

/// The work of a library function counts too, although the interpreter counts one step for it.
#[test]
fn a_library_function_that_does_not_end_is_stopped() {
    for script in [
        "return string.find(('a'):rep(200), ('.-'):rep(20) .. 'b')",
        "return string.match(('a'):rep(200), ('a*'):rep(20) .. 'b')",
        "return string.gsub(('a'):rep(200), ('.-'):rep(20) .. 'b', '')",
        "for x in ('a'):rep(200):gmatch(('.-'):rep(20) .. 'b') do end",
        "while true do pcall(string.find, ('a'):rep(200), ('.-'):rep(20) .. 'b') end",
        "return string.find(('a'):rep(1000), ('(a?)'):rep(30) .. ('a?'):rep(1000) .. 'b')",
        "table.insert({}, -2147483648, 1)",
        "local t = {}; for i = 1, 1e9 do table.insert(t, 1, i) end",
        "local s = ('x'):rep(1000000); while true do s:find('yy', 1, true) end",
        "return load(function() return ' ' end)",
    ] {
        is_stopped(script);
    }
}

fn is_stopped(script: &str) {
    let redis = Redis::new();
    let text = error(eval(&redis, script));
    assert!(text.contains("endless loop"), "{script}: {text}");
    assert_eq!(eval(&redis, "return 1"), Reply::Integer(1), "after {script}");
}

/// In Lua 5.1, each `a?` is a recursive call of the matcher.
#[test]
fn a_long_pattern_does_not_overflow_the_stack() {
    let find = || {
        let redis = Redis::new();
        let script = "return {string.find(('a'):rep(40000), ('a?'):rep(40000))}";
        assert_eq!(eval(&redis, script), Reply::Array(vec![Reply::Integer(1), Reply::Integer(40_000)]));
        let script = "return {string.find(('a'):rep(40000), ('a?'):rep(39999) .. '(a)b')}";
        assert!(error(eval(&redis, script)).contains("endless loop"));
        // Calls back into the script are limited too.
        let script = "local f; f = function(x) return (x:gsub('.', f)) end; return f('x')";
        assert!(error(eval(&redis, script)).contains("C stack overflow"));
    };
    // The stack size of a task in an exploration.
    std::thread::Builder::new().stack_size(256 << 10).spawn(find).expect("a thread").join().expect("it ends");
}

#[test]
fn bytecode_is_not_loaded() {
    let redis = Redis::new();
    for script in [
        "return loadstring(string.dump(function() return 1 end))",
        "return load(function() return string.dump(function() return 1 end) end)",
        "local n, code = 0, string.dump(function() return 1 end); \
         return load(function() n = n + 1; return code:sub(n, n) end)",
    ] {
        assert_eq!(eval(&redis, script), Reply::Null, "{script}");
    }
    let text = error(redis.call([&b"EVAL"[..], b"\x1bLuaQ", b"0"]));
    assert!(text.ends_with("user_script:1: unexpected symbol near 'char(27)'"), "{text}");
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
        "getmetatable('').left = 1",
        "rawset(string, 'left', 1)",
        "rawset(redis, 'left', 1)",
        "rawset(getmetatable('').__index, 'left', 1)",
        "rawset(getmetatable(_G), '__index', function() return 1 end)",
        "setmetatable(string, {__index = {left = 1}})",
        "setmetatable(_G, {__index = {left = 1}})",
        "table.insert(string, 1)",
    ] {
        eval(&redis, script);
        let seen = "local ok, it = pcall(function() return left end); \
                    return {tostring(ok and it), tostring(string.left), tostring(redis.left), #KEYS}";
        let none = [Reply::bulk("false"), Reply::bulk("nil"), Reply::bulk("nil"), Reply::Integer(0)];
        assert_eq!(eval(&redis, seen), Reply::Array(none.into()), "after {script}");
    }
    for library in ["string", "table", "math", "coroutine", "redis", "_G"] {
        let change = format!("for name in pairs({library}) do pcall(rawset, {library}, name, nil) end");
        eval(&redis, &change);
        eval(&redis, &format!("for name in pairs({library}) do {library}[name] = nil end"));
    }
    eval(&redis, "collectgarbage('stop'); collectgarbage('setpause', 10000)");
    let works =
        "local t = {3, 1, 2}; table.sort(t); return ('x'):rep(2) .. table.concat(t) .. math.floor(1.5)";
    assert_eq!(eval(&redis, works), Reply::bulk("xx1231"));
    let random = "return tostring(math.random())";
    assert_eq!(eval(&redis, random), eval(&redis, random), "each script starts with the same seed");
}

/// Redis ends such a reply at the limit of Lua's stack. Recursive code at that depth would overflow
/// the stack of a task in an exploration.
#[test]
fn a_cyclic_table_gives_a_finite_reply() {
    let nest = || {
        let mut server = Server::new();
        let connection = server.connect();
        let command = Command::new(["EVAL", "local t = {}; t[1] = t; return t", "0"]);
        let delivery = server.execute(connection, &command, Time::START).deliveries.remove(0);
        let mut bytes = Vec::new();
        delivery.encode(&mut bytes);
        let expected = "*1\r\n".repeat(7995) + "-ERR reached lua stack limit\r\n";
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
        drop(delivery.clone());
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(nest).expect("a thread").join().expect("it ends");
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
        assert!(text.contains("not in its KEYS"), "{text}");
    }
    for script in ["return redis.call('PUBLISH', KEYS[1], 1)", "return redis.call('SELECT', 1)"] {
        let text = error(eval(script));
        assert!(text.contains("does not only access its KEYS"), "{text}");
    }
    assert_eq!(eval("return redis.call('PING')"), Reply::status("PONG"));
}
