//! Random choices: `SPOP`, `SRANDMEMBER`, `HRANDFIELD`, `ZRANDMEMBER`, `RANDOMKEY`. The choice
//! depends only on the key and on the number of earlier choices from its value.

use bytes::Bytes;

use super::arguments::{integer, is, positive};
use super::{Answer, Call, ErrorReply};
use crate::notify::Events;
use crate::resp::{Protocol, Reply};

pub(super) fn spop(call: &mut Call<'_>) -> Answer {
    let (key, count) = match call.words {
        [_, key] => (key, None),
        [_, key, count] => (key, Some(positive(count)?)),
        _ => return Err(ErrorReply::SYNTAX),
    };
    let none = if count.is_some() { Reply::Set(Vec::new()) } else { Reply::Null };
    let Some(set) = call.members_to_change(key)? else { return Ok(none) };
    if count == Some(0) {
        return Ok(none);
    }
    let members: Vec<Bytes> = set.iter().collect();
    let wanted = count.unwrap_or(1);
    check_choices(call, if wanted < members.len() { members.len() } else { 1 })?;
    let chosen = call.data().draw(key).distinct(members.len(), wanted);
    let chosen: Vec<Bytes> = chosen.into_iter().map(|at| members[at].clone()).collect();
    let Some(set) = call.members_to_change(key)? else { return Ok(none) };
    chosen.iter().for_each(|member| _ = set.remove(member));
    let is_empty = set.len() == 0;
    call.notify(Events::SET, "spop", key);
    if is_empty {
        call.remove_empty(key);
    }
    call.modified(key);
    let mut chosen = chosen.into_iter().map(Reply::Bulk);
    Ok(match count {
        Some(_) => Reply::Set(chosen.collect()),
        None => chosen.next().unwrap_or(none),
    })
}

/// Rejects a choice between several alternatives if the server explores: the search would cover one
/// of them, and be reported as complete.
fn check_choices(call: &Call<'_>, alternatives: usize) -> Result<(), ErrorReply> {
    if alternatives > 1 && call.server.settings.rejects_random_choices {
        let before = "ERR An exploration does not cover the random choices of ";
        return Err(ErrorReply::about(before, &call.words[0], ". Choose in the program, with choose()"));
    }
    Ok(())
}

/// The count of `SRANDMEMBER` and related commands.
#[derive(Clone, Copy, Debug)]
struct Count {
    /// Negative: elements may repeat.
    number: i64,
    /// The option `WITHVALUES` or `WITHSCORES`.
    with_values: bool,
}

/// The number that C cannot negate is out of range.
fn drawn_count(word: &Bytes) -> Result<i64, ErrorReply> {
    let number = integer(word)?;
    if number == i64::MIN {
        let (least, most) = (-i64::MAX, i64::MAX);
        let text = format!("ERR value is out of range, value must between {least} and {most}");
        return Err(ErrorReply::new(text));
    }
    Ok(number)
}

pub(super) fn srandmember(call: &mut Call<'_>) -> Answer {
    let (key, count) = match call.words {
        [_, key] => (key, None),
        [_, key, count] => (key, Some(Count { number: drawn_count(count)?, with_values: false })),
        _ => return Err(ErrorReply::SYNTAX),
    };
    let elements = call.members(key)?.map(|set| set.iter().map(|member| vec![Reply::Bulk(member)]).collect());
    draw(call, key, elements, count)
}

pub(super) fn hrandfield(call: &mut Call<'_>) -> Answer {
    let (key, count) = parse(call, "withvalues")?;
    let elements = call.hash(key)?.map(|hash| {
        let pair =
            |(field, value): (&Bytes, &Bytes)| vec![Reply::Bulk(field.clone()), Reply::Bulk(value.clone())];
        hash.iter().map(pair).collect()
    });
    draw(call, key, elements, count)
}

pub(super) fn zrandmember(call: &mut Call<'_>) -> Answer {
    let (key, count) = parse(call, "withscores")?;
    let elements = call.scores(key)?.map(|set| {
        let pair = |(member, score): (&Bytes, f64)| vec![Reply::Bulk(member.clone()), Reply::Double(score)];
        set.iter().map(pair).collect()
    });
    draw(call, key, elements, count)
}

fn parse<'a>(call: &Call<'a>, option: &str) -> Result<(&'a Bytes, Option<Count>), ErrorReply> {
    match call.words {
        [_, key] => Ok((key, None)),
        [_, key, count, options @ ..] => {
            let number = drawn_count(count)?;
            let with_values = match options {
                [] => false,
                [word] if is(word, option) => true,
                _ => return Err(ErrorReply::SYNTAX),
            };
            if with_values && number.unsigned_abs() > i64::MAX.unsigned_abs() / 2 {
                return Err(ErrorReply::fixed("ERR value is out of range"));
            }
            Ok((key, Some(Count { number, with_values })))
        }
        _ => Err(ErrorReply::SYNTAX),
    }
}

/// Maximum number of elements that may repeat in one reply. Redis sends them piece by piece.
const MOST_REPEATED: u64 = 10_000_000;

/// Chooses elements, each of which is one or two replies. `None`: the key does not exist.
fn draw(call: &mut Call<'_>, key: &Bytes, elements: Option<Vec<Vec<Reply>>>, count: Option<Count>) -> Answer {
    let Some(elements) = elements else {
        return Ok(if count.is_some() { Reply::Array(Vec::new()) } else { Reply::Null });
    };
    let returns_all =
        count.is_some_and(|its| its.number > 1 && its.number.unsigned_abs() >= elements.len() as u64);
    let is_empty = count.is_some_and(|its| its.number == 0);
    check_choices(call, if returns_all || is_empty { 1 } else { elements.len() })?;
    let mut draw = call.data().draw(key);
    let Some(Count { number, with_values }) = count else {
        return Ok(elements[draw.index(elements.len())][0].clone());
    };
    let wanted = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
    let chosen: Vec<usize> = match number {
        ..0 if number.unsigned_abs() > MOST_REPEATED => {
            return Err(ErrorReply::fixed("ERR value is out of range"));
        }
        ..0 => (0..wanted).map(|_| draw.index(elements.len())).collect(),
        // All elements are returned in their own order.
        _ if wanted >= elements.len() && wanted != 1 => (0..elements.len()).collect(),
        _ => draw.distinct(elements.len(), wanted),
    };
    let is_nested = call.protocol == Protocol::Resp3;
    let mut replies = Vec::new();
    for at in chosen {
        match with_values {
            false => replies.push(elements[at][0].clone()),
            true if is_nested => replies.push(Reply::Array(elements[at].clone())),
            true => replies.extend(elements[at].iter().cloned()),
        }
    }
    Ok(Reply::Array(replies))
}

pub(super) fn randomkey(call: &mut Call<'_>) -> Answer {
    let mut keys: Vec<Bytes> =
        call.server.keys(call.database, call.server.now).map(Bytes::copy_from_slice).collect();
    keys.sort();
    if keys.is_empty() {
        return Ok(Reply::Null);
    }
    check_choices(call, keys.len())?;
    let at = call.data().draw_key().index(keys.len());
    Ok(Reply::Bulk(keys.swap_remove(at)))
}
