//! Generators of blocking commands.

use proptest::prelude::*;

use crate::step::{SequenceStep, Word, line, lines, steps};

pub(crate) fn waiting(connections: usize) -> impl Strategy<Value = SequenceStep> {
    const BLOCKING: &[&str] = &[
        "BLPOP {} 0",
        "BLPOP {} {} 0",
        "BRPOP {} {} {} 100",
        "BLMOVE {} {} LEFT RIGHT 0",
        "BLMOVE {} {} RIGHT LEFT 50",
        "BRPOPLPUSH {} {} 0",
        "BLMPOP 0 2 {} {} LEFT",
        "BLMPOP 0 1 {} RIGHT COUNT 2",
        "BZPOPMIN {} 0",
        "BZPOPMAX {} {} 0",
        "BZMPOP 0 2 {} {} MIN",
        "BZMPOP 0 1 {} MAX COUNT 2",
        "WAIT 1 0",
    ];
    const WRONG: &[&str] = &[
        "BLPOP {} x",
        "BLPOP {} -1",
        "BLPOP {} inf",
        "BLPOP {} 1e300",
        "BLPOP {} 9223372036854775807",
        "BRPOP {}",
        "BLMOVE {} {} LEFT UP 0",
        "BLMOVE {} {} LEFT LEFT x",
        "BRPOPLPUSH {} {} nope",
        "BLMPOP x 1 {} LEFT",
        "BLMPOP 0 0 {} LEFT",
        "BLMPOP 0 2 {} LEFT",
        "BLMPOP -1 1 {} LEFT COUNT 0",
        "BZPOPMIN {} x",
        "BZMPOP 0 1 {} UP",
        "BZMPOP -1 1 {} MIN",
        "WAIT 0 0",
        "WAIT x 0",
        "WAIT 1 x",
        "WAIT 1 -1",
        "CLIENT UNBLOCK 999999999",
        "CLIENT UNBLOCK x",
        "CLIENT UNBLOCK 1 NOPE",
        "CLIENT UNBLOCK 1 ERROR x",
    ];
    const SHORT: &[&str] = &[
        "BLPOP {} 0.01",
        "BRPOP {} {} 0.005",
        "BLMOVE {} {} LEFT LEFT 0.01",
        "BRPOPLPUSH {} {} 0.01",
        "BLMPOP 0.01 1 {} LEFT",
        "BZPOPMIN {} 0.01",
        "BZMPOP 0.01 1 {} MIN",
        "WAIT 3 10",
    ];
    const OTHER: &[&str] = &[
        "RPUSH {} x",
        "RPUSH {} x y z",
        "LPUSH {} v",
        "ZADD {} 1 x",
        "ZADD {} 1 x 2 y 3 z",
        "LPOP {}",
        "DEL {}",
        "DEL {} {}",
        "RENAME {} {}",
        "COPY {} {} REPLACE",
        "LMOVE {} {} LEFT RIGHT",
        "SORT {} ALPHA STORE {}",
        "ZUNIONSTORE {} 1 {}",
        "SET {} 1",
        "SADD {} x",
        "MOVE {} 1",
        "SWAPDB 0 1",
        "SELECT 1",
        "SELECT 0",
        "EXPIREAT {} 1",
        "EVAL return|redis.call('RPUSH',KEYS[1],'s','t') 1 {}",
        "MULTI",
        "EXEC",
        "EXEC",
        "DISCARD",
        "WATCH {}",
        "PING",
        "LRANGE {} 0 -1",
    ];
    let unblock =
        (0..connections, prop::sample::select(&["", "TIMEOUT", "ERROR"][..])).prop_map(|(id, how)| {
            let how = Some(how).filter(|how| !how.is_empty()).map(Word::from);
            [line("CLIENT UNBLOCK"), vec![Word::Id(id)], how.into_iter().collect()].concat()
        });
    let kill = (0..connections).prop_map(|id| [line("CLIENT KILL ID"), vec![Word::Id(id)]].concat());
    let scripts = lines(OTHER).prop_map(|words| {
        let plain = |word: Word| match word {
            Word::Bytes(bytes) => Word::from(String::from_utf8_lossy(&bytes).replace('|', " ")),
            other => other,
        };
        words.into_iter().map(plain).collect()
    });
    let short = steps(connections, lines(SHORT)).prop_map(|step| SequenceStep { then_sleep_ms: 40, ..step });
    prop_oneof![
        20 => steps(connections, lines(BLOCKING)).boxed(),
        3 => steps(connections, lines(WRONG)).boxed(),
        1 => short.boxed(),
        40 => steps(connections, scripts).boxed(),
        3 => steps(connections, unblock).boxed(),
        1 => steps(connections, kill).boxed(),
    ]
}
