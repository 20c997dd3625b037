//! `SUBSCRIBE`, `PUBLISH` and related commands.

use bytes::Bytes;

use super::client::subcommand_syntax;
use super::{Answer, Call, ErrorReply};
use crate::glob::matches;
use crate::pubsub::Topic;
use crate::resp::Reply;

impl Call<'_> {
    /// The confirmation that a subscription began or ended.
    fn confirmation(&mut self, topic: Topic, event: &'static str, name: Option<Bytes>) -> Reply {
        let session = self.session();
        let count = if topic == Topic::Shard { session.shards.len() } else { session.subscriptions() };
        let count = Reply::count(count);
        Reply::Push(vec![Reply::text(event), name.into(), count])
    }

    /// The channels or patterns to which the connection is subscribed.
    fn subscribed(&mut self, topic: Topic) -> Vec<Bytes> {
        let session = self.session();
        match topic {
            Topic::Channel => session.channels.iter().cloned().collect(),
            Topic::Pattern => session.patterns.clone(),
            Topic::Shard => session.shards.iter().cloned().collect(),
        }
    }

    fn begin(&mut self, topic: Topic, name: &Bytes) {
        let session = self.session();
        let is_new = match topic {
            Topic::Channel => session.channels.insert(name.clone()),
            Topic::Shard => session.shards.insert(name.clone()),
            Topic::Pattern if session.patterns.contains(name) => false,
            Topic::Pattern => {
                session.patterns.push(name.clone());
                true
            }
        };
        if is_new {
            self.server.subscriptions.add(topic, name, self.connection);
        }
    }

    fn end(&mut self, topic: Topic, name: &Bytes) {
        let session = self.session();
        match topic {
            Topic::Channel => _ = session.channels.remove(name),
            Topic::Shard => _ = session.shards.remove(name),
            Topic::Pattern => session.patterns.retain(|pattern| pattern != name),
        }
        self.server.subscriptions.remove(topic, name, self.connection);
    }
}

pub(super) fn subscribe(call: &mut Call<'_>) -> Answer {
    begin(call, Topic::Channel, "subscribe")
}

pub(super) fn psubscribe(call: &mut Call<'_>) -> Answer {
    begin(call, Topic::Pattern, "psubscribe")
}

pub(super) fn ssubscribe(call: &mut Call<'_>) -> Answer {
    if call.session().transaction.is_some() {
        return Err(ErrorReply::fixed("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"));
    }
    begin(call, Topic::Shard, "ssubscribe")
}

pub(super) fn sunsubscribe(call: &mut Call<'_>) -> Answer {
    end(call, Topic::Shard, "sunsubscribe")
}

fn begin(call: &mut Call<'_>, topic: Topic, event: &'static str) -> Answer {
    let names = &call.words[1..];
    let begin = |name: &Bytes| {
        call.begin(topic, name);
        call.confirmation(topic, event, Some(name.clone()))
    };
    Ok(Reply::Several(names.iter().map(begin).collect()))
}

pub(super) fn unsubscribe(call: &mut Call<'_>) -> Answer {
    end(call, Topic::Channel, "unsubscribe")
}

pub(super) fn punsubscribe(call: &mut Call<'_>) -> Answer {
    end(call, Topic::Pattern, "punsubscribe")
}

fn end(call: &mut Call<'_>, topic: Topic, event: &'static str) -> Answer {
    let names = match &call.words[1..] {
        [] => call.subscribed(topic),
        names => names.to_vec(),
    };
    if names.is_empty() {
        return Ok(call.confirmation(topic, event, None));
    }
    let end = |name: &Bytes| {
        call.end(topic, name);
        call.confirmation(topic, event, Some(name.clone()))
    };
    Ok(Reply::Several(names.iter().map(end).collect()))
}

pub(super) fn publish(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.server.publish(&call.words[1], &call.words[2])))
}

pub(super) fn spublish(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.server.publish_sharded(&call.words[1], &call.words[2])))
}

/// `PUBSUB CHANNELS`.
pub(super) fn channels(call: &mut Call<'_>) -> Answer {
    active(call, Topic::Channel)
}

/// `PUBSUB SHARDCHANNELS`.
pub(super) fn shard_channels(call: &mut Call<'_>) -> Answer {
    active(call, Topic::Shard)
}

fn active(call: &Call<'_>, topic: Topic) -> Answer {
    if call.words.len() > 3 {
        return Err(subcommand_syntax(call));
    }
    let pattern = call.words.get(2);
    let topics = call.server.subscriptions.topics(topic);
    let found = topics.filter(|(name, _)| pattern.is_none_or(|pattern| matches(pattern, name)));
    Ok(Reply::Array(found.map(|(name, _)| Reply::Bulk(name.clone())).collect()))
}

/// `PUBSUB NUMSUB`.
pub(super) fn numsub(call: &mut Call<'_>) -> Answer {
    Ok(subscribers(call, Topic::Channel))
}

/// `PUBSUB SHARDNUMSUB`.
pub(super) fn shard_numsub(call: &mut Call<'_>) -> Answer {
    Ok(subscribers(call, Topic::Shard))
}

fn subscribers(call: &Call<'_>, topic: Topic) -> Reply {
    let count = |name: &Bytes| {
        let mut topics = call.server.subscriptions.topics(topic);
        topics.find(|(other, _)| *other == name).map_or(0, |(_, count)| count)
    };
    let pairs =
        call.words[2..].iter().flat_map(|name| [Reply::Bulk(name.clone()), Reply::count(count(name))]);
    Reply::Array(pairs.collect())
}

/// `PUBSUB NUMPAT`.
pub(super) fn numpat(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.server.subscriptions.topics(Topic::Pattern).count()))
}
