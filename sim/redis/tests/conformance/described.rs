//! Generators of `COMMAND`.

use proptest::prelude::*;
use selvedge_redis::names;

use crate::step::{Words, line, lines};

pub(crate) fn described() -> impl Strategy<Value = Words> {
    const LINES: &[&str] = &[
        "COMMAND",
        "COMMAND COUNT",
        "COMMAND INFO",
        "COMMAND INFO nope GET client|id",
        "COMMAND LIST NOPE",
        "COMMAND LIST FILTERBY NOPE x",
        "COMMAND LIST FILTERBY PATTERN h*",
        "COMMAND LIST FILTERBY PATTERN z*",
        "COMMAND LIST FILTERBY PATTERN Client|get*",
        "COMMAND LIST FILTERBY ACLCAT hash",
        "COMMAND LIST FILTERBY ACLCAT sortedset",
        "COMMAND LIST FILTERBY MODULE nope",
        "COMMAND NOPE",
        "COMMAND GETKEYS GET {}",
        "COMMAND GETKEYS MSET {} 1 {} 2",
        "COMMAND GETKEYS EVAL x 2 {} {} y",
        "COMMAND GETKEYS EVAL x 0",
        "COMMAND GETKEYS ZUNIONSTORE {} 2 {} {}",
        "COMMAND GETKEYS ZUNIONSTORE {} x {} {}",
        "COMMAND GETKEYS ZINTER 2 {} {}",
        "COMMAND GETKEYS BLPOP {} {} 0",
        "COMMAND GETKEYS BLMPOP 0 1 {} LEFT",
        "COMMAND GETKEYS COPY {} {} DB 1",
        "COMMAND GETKEYS MOVE {} 1",
        "COMMAND GETKEYS BITOP AND {} {} {}",
        "COMMAND GETKEYS SORT {} STORE {}",
        "COMMAND GETKEYS OBJECT ENCODING {}",
        "COMMAND GETKEYS PING",
        "COMMAND GETKEYS NOPE x",
        "COMMAND GETKEYS GET",
        "COMMAND GETKEYS GET a b",
        "COMMAND GETKEYS KEYS *",
    ];
    // The others have subcommands that are not available here, or are not in 7.0.
    let all: Vec<&str> = names().filter(|name| !["client|setinfo", "command"].contains(name)).collect();
    let info = prop::sample::select(all).prop_map(|name| line(&format!("COMMAND INFO {name}")));
    prop_oneof![1 => info, 1 => lines(LINES)]
}
