//! `SUBSCRIBE`, `PUBLISH` and related commands.

use bytes::Bytes;

use super::{Answer, Call};
use crate::pubsub::Topic;
use crate::resp::Reply;

impl Call<'_> {
    /// The confirmation that a subscription began or ended.
    fn confirmation(&mut self, event: &'static str, name: Option<Bytes>) -> Reply {
        let count = Reply::count(self.session().subscriptions());
        Reply::Push(vec![Reply::text(event), name.into(), count])
    }

    /// The channels or patterns to which the connection is subscribed.
    fn subscribed(&mut self, topic: Topic) -> Vec<Bytes> {
        let session = self.session();
        match topic {
            Topic::Channel => session.channels.iter().cloned().collect(),
            Topic::Pattern => session.patterns.clone(),
        }
    }

    fn begin(&mut self, topic: Topic, name: &Bytes) {
        let session = self.session();
        let is_new = match topic {
            Topic::Channel => session.channels.insert(name.clone()),
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

fn begin(call: &mut Call<'_>, topic: Topic, event: &'static str) -> Answer {
    let names = &call.words[1..];
    let begin = |name: &Bytes| {
        call.begin(topic, name);
        call.confirmation(event, Some(name.clone()))
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
        return Ok(call.confirmation(event, None));
    }
    let end = |name: &Bytes| {
        call.end(topic, name);
        call.confirmation(event, Some(name.clone()))
    };
    Ok(Reply::Several(names.iter().map(end).collect()))
}

pub(super) fn publish(call: &mut Call<'_>) -> Answer {
    Ok(Reply::count(call.server.publish(&call.words[1], &call.words[2])))
}
