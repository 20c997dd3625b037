//! `XCLAIM` and `XAUTOCLAIM`: pending entries of a stream get another consumer.

use bytes::Bytes;

use super::arguments::{at_least, is};
use super::stream_groups::no_key_or_group;
use super::stream_ids;
use super::streams::{entry_reply, id_reply};
use super::{Answer, Call, ErrorReply};
use crate::keyspace::StreamId;
use crate::resp::{Reply, whole_number};

/// What a claim changes.
#[derive(Clone, Copy, Debug)]
struct Claim<'a> {
    key: &'a Bytes,
    group: &'a Bytes,
    consumer: &'a Bytes,
    /// Entries that were delivered less than so many milliseconds ago stay.
    least_idle: i64,
    /// The new time of delivery.
    delivered_at: i64,
    /// The new number of deliveries; otherwise it is increased, unless only identifiers are
    /// returned.
    deliveries: Option<i64>,
    /// Also claims entries that are not pending.
    forces: bool,
    only_ids: bool,
}

/// The result of a claim of one entry.
enum Claimed {
    Reply(Reply),
    /// It is not pending, or was delivered too recently.
    Not,
    /// The stream does not have it: it is no longer pending.
    Gone,
}

impl Claim<'_> {
    fn run(&self, call: &mut Call<'_>, id: StreamId) -> Claimed {
        let now = call.now();
        let Some(stream) = call.found_stream(self.key) else { return Claimed::Not };
        let exists = stream.contains(id);
        let Some(group) = stream.groups.get_mut(self.group) else { return Claimed::Not };
        if !exists {
            return if group.pending.remove(&id).is_some() { Claimed::Gone } else { Claimed::Not };
        }
        let deliveries = match group.pending.get(&id) {
            Some(pending) if self.least_idle > 0 && now - pending.delivered_at < self.least_idle => {
                return Claimed::Not;
            }
            Some(pending) => pending.deliveries,
            None if self.forces => 1,
            None => return Claimed::Not,
        };
        call.see_consumer(self.key, self.group, self.consumer);
        let Some(stream) = call.found_stream(self.key) else { return Claimed::Not };
        let Some(group) = stream.groups.get_mut(self.group) else { return Claimed::Not };
        group.deliver(id, self.consumer, self.delivered_at);
        if let Some(pending) = group.pending.get_mut(&id) {
            pending.deliveries = self.deliveries.unwrap_or(deliveries + i64::from(!self.only_ids));
        }
        Claimed::Reply(match stream.get(id) {
            Some(words) if !self.only_ids => entry_reply((id, words)),
            _ => id_reply(id),
        })
    }
}

fn number(word: &[u8], error: &'static str) -> Result<i64, ErrorReply> {
    whole_number(word).ok_or(ErrorReply::fixed(error))
}

pub(super) fn xclaim(call: &mut Call<'_>) -> Answer {
    let [_, key, group, consumer, least_idle, rest @ ..] = call.words else { return call.wrong_arity() };
    if !call.stream(key)?.is_some_and(|stream| stream.groups.contains_key(group)) {
        return Err(no_key_or_group(key, group));
    }
    let least_idle = number(least_idle, "ERR Invalid min-idle-time argument for XCLAIM")?.max(0);
    let ids: Vec<_> = rest.iter().map_while(|word| stream_ids::strict(word, 0).ok()).collect();
    let now = call.now();
    let (mut deliveries, mut delivered_at, mut last) = (None, None, StreamId::MIN);
    let (mut forces, mut only_ids) = (false, false);
    let mut options = &rest[ids.len()..];
    while let Some((word, after)) = options.split_first() {
        options = match after {
            _ if is(word, "force") => {
                forces = true;
                after
            }
            _ if is(word, "justid") => {
                only_ids = true;
                after
            }
            [idle, after @ ..] if is(word, "idle") => {
                let idle = number(idle, "ERR Invalid IDLE option argument for XCLAIM")?;
                delivered_at = Some(now.wrapping_sub(idle));
                after
            }
            [time, after @ ..] if is(word, "time") => {
                delivered_at = Some(number(time, "ERR Invalid TIME option argument for XCLAIM")?);
                after
            }
            [count, after @ ..] if is(word, "retrycount") => {
                deliveries = Some(number(count, "ERR Invalid RETRYCOUNT option argument for XCLAIM")?);
                after
            }
            [id, after @ ..] if is(word, "lastid") => {
                last = stream_ids::strict(id, 0)?;
                after
            }
            _ => return Err(ErrorReply::about("ERR Unrecognized XCLAIM option '", word, "'")),
        };
    }
    if let Some(group) = call.group_to_change(key, group) {
        group.last = group.last.max(last);
    }
    let claim = Claim {
        key,
        group,
        consumer,
        least_idle,
        // A time that cannot be is replaced.
        delivered_at: delivered_at.filter(|time| (0..=now).contains(time)).unwrap_or(now),
        deliveries: deliveries.filter(|count| *count >= 0),
        forces,
        only_ids,
    };
    let mut claimed = Vec::new();
    for id in ids {
        if let Claimed::Reply(reply) = claim.run(call, id) {
            claimed.push(reply);
        }
    }
    Ok(Reply::Array(claimed))
}

/// Redis looks at this many pending entries for each entry that `XAUTOCLAIM` may return.
const ATTEMPTS: usize = 10;

pub(super) fn xautoclaim(call: &mut Call<'_>) -> Answer {
    let [_, key, group, consumer, least_idle, start, options @ ..] = call.words else {
        return call.wrong_arity();
    };
    let least_idle = number(least_idle, "ERR Invalid min-idle-time argument for XAUTOCLAIM")?.max(0);
    let start = stream_ids::start(start)?;
    let (mut count, mut only_ids) = (100, false);
    let mut rest = options;
    while let Some((word, after)) = rest.split_first() {
        rest = match after {
            [number, after @ ..] if is(word, "count") => {
                let error = "ERR COUNT must be > 0";
                let number = at_least(1, number, error)?;
                let most = i64::MAX / 16;
                let number = Some(number).filter(|number| *number <= most).ok_or(ErrorReply::fixed(error))?;
                count = number as usize;
                after
            }
            _ if is(word, "justid") => {
                only_ids = true;
                after
            }
            _ => return Err(ErrorReply::SYNTAX),
        };
    }
    let found = call.stream(key)?.and_then(|stream| stream.groups.get(group));
    let pending = &found.ok_or_else(|| no_key_or_group(key, group))?.pending;
    let mut ids = pending.range(start..).map(|(id, _)| *id).collect::<Vec<_>>().into_iter().peekable();
    let delivered_at = call.now();
    let claim =
        Claim { key, group, consumer, least_idle, delivered_at, deliveries: None, forces: false, only_ids };
    let (mut claimed, mut gone) = (Vec::new(), Vec::new());
    for _ in 0..count.saturating_mul(ATTEMPTS) {
        if claimed.len() + gone.len() >= count {
            break;
        }
        let Some(id) = ids.next() else { break };
        match claim.run(call, id) {
            Claimed::Reply(reply) => claimed.push(reply),
            Claimed::Gone => gone.push(id_reply(id)),
            Claimed::Not => {}
        }
    }
    let next = ids.peek().copied().unwrap_or_default();
    Ok(Reply::Array(vec![id_reply(next), Reply::Array(claimed), Reply::Array(gone)]))
}
