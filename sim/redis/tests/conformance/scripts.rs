//! Generators of scripts.

use proptest::prelude::*;
use sha1_smol::Sha1;

use crate::lua::LIBRARY;
use crate::step::{SequenceStep, Word, Words, key, line, lines, steps, value};

const SCRIPTS: &[&str] = &[
    "return 1",
    "return {1, 2.7, 'x', true, false, {3, 'y'}, 5}",
    "return {1, nil, 3}",
    "return {ok='fine'}",
    "return {err='BAD thing'}",
    "return {err='nospace'}",
    "return {double=1.5}",
    "return {big_number='12345678901234567890'}",
    "return {verbatim_string={format='txt', string='hello'}}",
    "return {map={a=1}}",
    "return {set={x=true}}",
    "return redis.status_reply('FINE')",
    "return redis.error_reply('BAD thing')",
    "return redis.error_reply('-BAD thing')",
    "return redis.error_reply('bad')",
    "return redis.error_reply(1)",
    "return redis.sha1hex('')",
    "return {KEYS[1], KEYS[2], ARGV[1], ARGV[2]}",
    "return #KEYS + #ARGV",
    "return redis.call('GET', KEYS[1])",
    "return redis.call('SET', KEYS[1], ARGV[1])",
    "return redis.call('INCR', KEYS[1])",
    "return redis.pcall('INCR', KEYS[1])",
    "local r = redis.pcall('LPUSH', KEYS[1], 'x'); if type(r) == 'table' then return r.err end; return r",
    "return redis.call('HGETALL', KEYS[1])",
    "redis.setresp(3); return redis.call('HGETALL', KEYS[1])",
    "redis.setresp(3); return redis.call('GET', KEYS[1])",
    "redis.setresp(3); return true",
    "redis.setresp(3); return redis.call('ZSCORE', KEYS[1], 'x')",
    "redis.setresp(4)",
    "redis.setresp()",
    "return redis.call('ZSCORE', KEYS[1], 'x')",
    "return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')",
    "return redis.call('SET', KEYS[1], 3.5)",
    "return redis.call('SET', KEYS[1], 10 / 3)",
    "return redis.call('SET', KEYS[1], {})",
    "return redis.call('SET', KEYS[1])",
    "return redis.call('NOPE')",
    "return redis.call()",
    "return redis.call('SUBSCRIBE', 'x')",
    "return redis.call('MULTI')",
    "return redis.call('PUBLISH', 'news', 'from a script')",
    "redis.call('SELECT', 1); return redis.call('SET', KEYS[1], 'in 1')",
    "error('boom')",
    "error({err='BOOM in a table'})",
    "error()",
    "return nope",
    "nope = 1",
    "string.nope = 1",
    "KEYS = 1",
    "redis.call = nil",
    "return nil + 1",
    "local x\nlocal y = 1\nreturn x.y",
    "return tostring(nil)",
    "return pcall(function() error('x') end)",
    "local ok, e = pcall(redis.call, 'INCR', KEYS[1], 'x'); return {tostring(ok), e}",
    "local ok, e = pcall(redis.call, 'LPUSH', KEYS[1], 'x'); return {tostring(ok), e}",
    "return select('#', unpack({1, 2, 3}))",
    "local f = loadstring('return 1 + 1'); return f()",
    "return loadstring('return nope')()",
    "local t = {}; for i = 1, 10 do t[i] = i * i end; return t",
    "return string.format('%d-%s', 3, 'x')",
    "return type(os)",
    "return print",
    "return _VERSION",
    "return redis.REDIS_VERSION",
    "return 'ä' .. string.char(0, 255)",
    "return -1.9",
    "return 1e300",
    "return 0/0",
    "return",
    "this is no lua",
    "return {",
    "#!lua\nreturn 1",
    "#!lua flags=no-writes\nreturn redis.call('SET', KEYS[1], 1)",
    "#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])",
    "#!lua flags=nope\nreturn 1",
    "#!lua nope=1\nreturn 1",
    "#!python\nreturn 1",
    "#!lua",
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end",
    "redis.call('SET', KEYS[1], 1); redis.call('EXPIREAT', KEYS[1], 1); return redis.call('EXISTS', KEYS[1])",
    "redis.call('SET', KEYS[1], 'kept'); error('after a write')",
    "local t = setmetatable({}, {__index = function() return 'deep' end}); return t.x",
    "return math.floor(3.7)",
];

fn eval() -> impl Strategy<Value = Words> {
    let script = prop_oneof![2 => prop::sample::select(SCRIPTS), 3 => prop::sample::select(LIBRARY)];
    (script, prop::collection::vec(key(), 1..3), prop::collection::vec(value(), 0..3), 0..7).prop_map(
        |(script, keys, arguments, how)| {
            let mut words = match how {
                0 | 4 => vec![Word::from("EVALSHA"), Sha1::from(script).digest().to_string().into()],
                1 => return vec!["SCRIPT".into(), "LOAD".into(), script.into()],
                2 => vec![Word::from("EVALSHA_RO"), Sha1::from(script).digest().to_string().into()],
                3 => vec![Word::from("EVAL_RO"), script.into()],
                _ => vec![Word::from("EVAL"), script.into()],
            };
            words.push(keys.len().to_string().into());
            words.extend(keys.into_iter().map(Word::from).chain(arguments.into_iter().map(Word::from)));
            words
        },
    )
}

pub(crate) fn scripts(connections: usize) -> impl Strategy<Value = SequenceStep> {
    const OTHERS: &[&str] = &[
        "GET {}",
        "SET {} 1",
        "SET {} x",
        "DEL {}",
        "HSET {} f v",
        "ZADD {} 1.5 x",
        "LPUSH {} x",
        "MULTI",
        "EXEC",
        "SCRIPT FLUSH",
        "SCRIPT FLUSH SYNC",
        "SCRIPT FLUSH NOPE",
        "EVAL return 0",
        "EVAL_RO return 0",
        "EVAL return 1 {}",
        "EVAL return -1",
        "EVAL return x",
        "EVALSHA nope 0",
        // The script `return`, which a line above runs.
        "EVALSHA_RO 63143b6f8007b98c53ca2149822777b3566f9241 0",
        "EVALSHA_RO 63143b6f8007b98c53ca2149822777b3566f9241 0",
        "EVALSHA 63143b6f8007b98c53ca2149822777b3566f9241 0",
        "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0",
        "SCRIPT EXISTS nope",
        "SCRIPT LOAD",
        "SUBSCRIBE news",
        "RESET",
        "CLIENT TRACKING ON",
        "WATCH {}",
    ];
    let exists = prop::sample::select(SCRIPTS).prop_map(|script| {
        let hash = Sha1::from(script).digest().to_string();
        [line("SCRIPT EXISTS"), vec![hash.to_ascii_uppercase().into(), "x".into()]].concat()
    });
    prop_oneof![
        6 => steps(connections, eval()).boxed(),
        3 => steps(connections, lines(OTHERS)).boxed(),
        1 => steps(connections, exists).boxed(),
    ]
}
