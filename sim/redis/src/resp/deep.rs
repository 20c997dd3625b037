//! Replies of any depth, built from their parts.
//!
//! A script's reply can nest 8,000 levels deep. Recursive code for such a reply (encoding,
//! comparing, even dropping) would overflow the stack of a task in an exploration, so such a reply
//! is stored as bytes.

use bytes::Bytes;

use super::{Protocol, Reply};

/// Maximum depth of a reply stored as a tree. redis-rs does not read deeper replies either.
const MOST_LEVELS: usize = 100;

/// A part of a reply. The items of a level follow it.
#[derive(Debug)]
pub(crate) enum Part {
    /// A reply without nested replies.
    Whole(Reply),
    /// A level with this number of items; the items of a map are pairs.
    Open(Level, usize),
}

/// The kind of a nested reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Array,
    Map,
    Set,
}

/// A reply that nests more than 100 levels deep, encoded in each protocol. Only scripts return one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deep {
    resp2: Bytes,
    resp3: Bytes,
}

impl Deep {
    /// The bytes of the reply in this protocol.
    pub fn bytes(&self, protocol: Protocol) -> &Bytes {
        match protocol {
            Protocol::Resp2 => &self.resp2,
            Protocol::Resp3 => &self.resp3,
        }
    }
}

/// Assembles a reply from its parts, of which there is at least one.
pub(crate) fn assemble(parts: Vec<Part>) -> Reply {
    if depth(&parts) > MOST_LEVELS {
        let [resp2, resp3] = [Protocol::Resp2, Protocol::Resp3].map(|protocol| encode(&parts, protocol));
        return Reply::Deep(Deep { resp2, resp3 });
    }
    // The open levels, with the number of their missing items.
    let mut open: Vec<(Level, usize, Vec<Reply>)> = Vec::new();
    for part in parts {
        let mut reply = match part {
            Part::Open(level, items) => {
                open.push((level, total(level, items), Vec::new()));
                None
            }
            Part::Whole(reply) => Some(reply),
        };
        loop {
            if let Some(reply) = reply.take() {
                let Some((_, missing, items)) = open.last_mut() else { return reply };
                items.push(reply);
                *missing -= 1;
            }
            let Some((level, _, items)) = open.pop_if(|(_, missing, _)| *missing == 0) else { break };
            reply = Some(close(level, items));
        }
    }
    Reply::Null
}

fn close(level: Level, items: Vec<Reply>) -> Reply {
    match level {
        Level::Array => Reply::Array(items),
        Level::Set => Reply::Set(items),
        Level::Map => {
            let mut items = items.into_iter();
            let pairs = std::iter::from_fn(|| items.next().zip(items.next()));
            Reply::Map(pairs.collect())
        }
    }
}

/// The number of replies that follow a level.
fn total(level: Level, items: usize) -> usize {
    if level == Level::Map { 2 * items } else { items }
}

fn depth(parts: &[Part]) -> usize {
    let (mut missing, mut deepest) = (Vec::new(), 0);
    for part in parts {
        if let Some(missing) = missing.last_mut() {
            *missing -= 1;
        }
        if let Part::Open(level, items) = part {
            missing.push(total(*level, *items));
            deepest = deepest.max(missing.len());
        }
        while missing.pop_if(|missing| *missing == 0).is_some() {}
    }
    deepest
}

fn encode(parts: &[Part], protocol: Protocol) -> Bytes {
    let mut bytes = Vec::new();
    for part in parts {
        match part {
            Part::Whole(reply) => reply.encode(protocol, &mut bytes),
            Part::Open(level, items) => {
                let (kind, items) = match (level, protocol) {
                    (Level::Map, Protocol::Resp3) => ('%', *items),
                    (Level::Set, Protocol::Resp3) => ('~', *items),
                    _ => ('*', total(*level, *items)),
                };
                bytes.extend_from_slice(format!("{kind}{items}\r\n").as_bytes());
            }
        }
    }
    bytes.into()
}
