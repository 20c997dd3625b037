//! `EVAL`, `EVALSHA` and `SCRIPT`.

use super::arguments::is;
use super::{Answer, Call, ErrorReply};
use crate::resp::Reply;

pub(super) fn eval(call: &mut Call<'_>) -> Answer {
    let keys = call.spec.keys.positions(call.words)?.len();
    let hash = call.server.scripts.load(&call.words[1])?;
    crate::script::run(call, &hash, keys)
}

pub(super) fn evalsha(call: &mut Call<'_>) -> Answer {
    // A text of another length cannot be a hash. Redis does not check it further.
    if call.words[1].len() != 40 {
        return Err(ErrorReply::NO_SCRIPT);
    }
    let keys = call.spec.keys.positions(call.words)?.len();
    let hash = String::from_utf8_lossy(&call.words[1]).to_ascii_lowercase();
    if !call.server.scripts.contains(&hash) {
        return Err(ErrorReply::NO_SCRIPT);
    }
    crate::script::run(call, &hash, keys)
}

pub(super) fn load(call: &mut Call<'_>) -> Answer {
    call.server.scripts.load(&call.words[2]).map(Reply::bulk)
}

pub(super) fn exists(call: &mut Call<'_>) -> Answer {
    let known = call.words[2..].iter().map(|hash| {
        let hash = String::from_utf8_lossy(hash).to_ascii_lowercase();
        Reply::from(call.server.scripts.contains(&hash))
    });
    Ok(Reply::Array(known.collect()))
}

pub(super) fn flush(call: &mut Call<'_>) -> Answer {
    match &call.words[2..] {
        [] => {}
        [how] if is(how, "sync") || is(how, "async") => {}
        _ => return Err(ErrorReply::fixed("ERR SCRIPT FLUSH only support SYNC|ASYNC option")),
    }
    call.server.scripts.clear();
    Ok(Reply::OK)
}
