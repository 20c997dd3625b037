//! Generators of commands about users, and of a monitor.

use proptest::prelude::*;

use crate::step::{SequenceStep, Word, line, lines, steps};

/// Connection 0 stays the default user, with all permissions.
pub(crate) fn users() -> impl Strategy<Value = SequenceStep> {
    const RULES: &[&str] = &[
        "on",
        "off",
        "nopass",
        "resetpass",
        "reset",
        ">secret",
        ">other",
        "<secret",
        "#30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4",
        "!30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4",
        "#nope",
        "~*",
        "~a",
        "~u*",
        "%R~b",
        "%W~b",
        "%RW~c",
        "%X~c",
        "allkeys",
        "resetkeys",
        "&*",
        "&news",
        "allchannels",
        "resetchannels",
        "+@all",
        "allcommands",
        "-@all",
        "nocommands",
        "+get",
        "-get",
        "+set",
        "+@read",
        "-@write",
        "+@string",
        "+client|id",
        "-client",
        "+@nope",
        "+nope",
        "nope",
    ];
    const COMMANDS: &[&str] = &[
        "AUTH u secret",
        "AUTH u secret",
        "AUTH u other",
        "AUTH v secret",
        "AUTH default x",
        "AUTH x",
        "AUTH",
        "AUTH a b c",
        "HELLO 3 AUTH u secret",
        "HELLO 2 AUTH u nope",
        "ACL WHOAMI",
        "RESET",
        "GET {}",
        "SET {} 1",
        "MGET {} {}",
        "MSET {} 1 {} 2",
        "COPY {} {}",
        "LMOVE {} {} LEFT LEFT",
        "ZUNIONSTORE {} 2 {} {}",
        "KEYS *",
        "MOVE {} 1",
        "PUBLISH news x",
        "PUBLISH sport x",
        "PING",
        "CLIENT ID",
        "CLIENT GETNAME",
        "MULTI",
        "EXEC",
        "EVAL return|redis.pcall('GET',KEYS[1]) 1 {}",
        "EVAL return|redis.call('SET','a',1) 0",
        "NOPE",
    ];
    const ADMIN: &[&str] = &[
        "ACL USERS",
        "ACL WHOAMI",
        "ACL DELUSER u",
        "ACL DELUSER nope",
        "ACL DELUSER default",
        "ACL GETUSER nope",
        "ACL CAT",
        "ACL CAT nope",
        "ACL CAT HASH",
        "ACL NOPE",
        "ACL SETUSER a\tb on",
        "ACL DRYRUN u GET {}",
        "ACL DRYRUN u SET {} 1",
        "ACL DRYRUN u PUBLISH news x",
        "ACL DRYRUN nope GET {}",
        "ACL DRYRUN u NOPE {}",
        "ACL DRYRUN u GET",
        "PING",
    ];
    let rules = prop::collection::vec(prop::sample::select(RULES), 0..5);
    let set_user = rules.prop_map(|rules| {
        let words = rules.into_iter().map(Word::from);
        [line("ACL SETUSER u"), words.collect()].concat()
    });
    let fixed = prop::sample::select(
        &[
            "ACL SETUSER u on >secret ~* &* +@all",
            "ACL SETUSER u on nopass ~a &news +@read +multi +exec +eval",
            "ACL SETUSER u reset on >secret %R~* +@all -@dangerous",
        ][..],
    )
    .prop_map(line);
    let plain = |word: Word| match word {
        Word::Bytes(bytes) => Word::from(String::from_utf8_lossy(&bytes).replace('|', " ")),
        other => other,
    };
    let commands = lines(COMMANDS).prop_map(move |words| {
        if words[0] == Word::from("EVAL") { words.into_iter().map(plain).collect() } else { words }
    });
    prop_oneof![
        2 => set_user.prop_map(|words| SequenceStep { connection: 0, words, then_sleep_ms: 0 }).boxed(),
        2 => fixed.prop_map(|words| SequenceStep { connection: 0, words, then_sleep_ms: 0 }).boxed(),
        3 => lines(ADMIN).prop_map(|words| SequenceStep { connection: 0, words, then_sleep_ms: 0 }).boxed(),
        12 => steps(2, commands)
            .prop_map(|step| SequenceStep { connection: step.connection + 1, ..step })
            .boxed(),
    ]
}

/// A password of the default user, which connection 0 sets and removes.
pub(crate) fn passwords() -> impl Strategy<Value = SequenceStep> {
    const LINES: &[&str] = &[
        "AUTH secret",
        "AUTH nope",
        "AUTH default secret",
        "PING",
        "GET {}",
        "RESET",
        "HELLO 3",
        "HELLO 3 AUTH default secret",
        "MULTI",
        "EXEC",
        "QUIT",
    ];
    const ADMIN: &[&str] = &[
        "CONFIG SET requirepass secret",
        "CONFIG GET requirepass",
        "CONFIG SET requirepass secret requirepass x",
        "ACL GETUSER default",
        "ACL LIST",
    ];
    prop_oneof![
        1 => lines(ADMIN).prop_map(|words| SequenceStep { connection: 0, words, then_sleep_ms: 0 }),
        4 => steps(2, lines(LINES)).prop_map(|step| SequenceStep { connection: step.connection + 1, ..step }),
    ]
}

/// Connection 2 monitors the others, except at the end.
pub(crate) fn monitored() -> impl Strategy<Value = Vec<SequenceStep>> {
    const LINES: &[&str] = &[
        "SET {} 1",
        "GET {}",
        "ECHO a\"b\\c\td\u{7}\u{e9}",
        "SELECT 1",
        "SELECT 0",
        "MULTI",
        "EXEC",
        "EXEC",
        "DISCARD",
        "AUTH default x",
        "HELLO 3",
        "CONFIG GET save",
        "CLIENT ID",
        "NOPE",
        "GET",
        "INCR {}",
        "EVAL return|redis.call('INCR',KEYS[1]) 1 {}",
    ];
    const OWN: &[&str] =
        &["MONITOR", "MONITOR", "MONITOR", "RESET", "PING", "GET {}", "PUBLISH a b", "MONITOR x"];
    let plain = |word: Word| match word {
        Word::Bytes(bytes) => Word::from(String::from_utf8_lossy(&bytes).replace('|', " ")),
        other => other,
    };
    let others = lines(LINES).prop_map(move |words| words.into_iter().map(plain).collect());
    let own = |words| SequenceStep { connection: 2, words, then_sleep_ms: 0 };
    let step = prop_oneof![5 => steps(2, others).boxed(), 1 => lines(OWN).prop_map(own).boxed()];
    // The commands that compare the keyspace are not monitored.
    prop::collection::vec(step, 1..40).prop_map(move |mut all| {
        all.push(own(line("RESET")));
        all
    })
}
