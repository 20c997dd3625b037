//! The simulated Redis as a remote tier and source of truth.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use selvedge_engine::next_event;
use selvedge_redis::{Command, Fault, Keys, Redis, Reply, Seen};

use crate::backends::{Engine, Note, made_for_users_line, note};
use crate::history::{Key, Value};
use crate::trace::{Effect, Place};
use crate::world::Truth;

/// The simulated Redis of one run, created on first use.
#[derive(Clone)]
pub(crate) struct Server(Arc<Inner>);

struct Inner {
    redis: OnceLock<Redis>,
    truth: Truth,
    /// Whether the cache has been built.
    begun: Arc<AtomicBool>,
    misuse: Arc<Misuse>,
}

/// Why the run says nothing about the cache: the first reason. It is reported between steps,
/// because a panic within a step of the server would leave the server inconsistent.
type Misuse = OnceLock<String>;

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.0.redis.get()).finish()
    }
}

impl Server {
    pub(crate) fn new(truth: &Truth) -> Self {
        let redis = OnceLock::new();
        Server(Arc::new(Inner { redis, truth: truth.clone(), begun: Arc::default(), misuse: Arc::default() }))
    }

    /// Returns the server, with the scenario's initial contents.
    pub(crate) fn get(&self) -> Redis {
        let Inner { redis, truth, begun, misuse } = &*self.0;
        redis.get_or_init(|| start(truth.clone(), Arc::clone(begun), Arc::clone(misuse))).clone()
    }

    /// Checks that no compare-and-set is executed at the simulator's own remote tier, where the
    /// cache uses the server.
    pub(crate) fn assert_unused(&self, key: Key) {
        assert!(
            self.0.redis.get().is_none(),
            "the scenario compares and sets {key} in a cache over a server: implement \
             `FallibleCache::compare_and_set` with a command of the server, such as a script"
        );
    }

    /// Expires a key that has had a deadline since the start, if the cache uses the server.
    pub(crate) fn expire(&self, key: Key) {
        if let Some(redis) = self.0.redis.get() {
            redis.pass_deadline(key.name());
        }
    }

    /// Begins an operation of the cache. If the cache uses the server, this is a step of local
    /// code. The observer waits until all messages have arrived.
    pub(crate) fn begin_operation(&self) {
        if let Some(redis) = self.begin() {
            redis.begin_local_code(0);
        }
    }

    /// Begins an operation of a cache whose shared state is all in the engine's objects: its local
    /// code is no step.
    pub(crate) fn begin_instrumented(&self) {
        self.begin();
    }

    fn begin(&self) -> Option<&Redis> {
        let redis = self.0.redis.get()?;
        self.0.begun.store(true, Ordering::Relaxed);
        let (task, _) = next_event();
        if task == 0 {
            redis.settle();
            redis.pass_late_deadlines();
        }
        if let Some(misuse) = self.0.misuse.get() {
            panic!("{misuse}");
        }
        Some(redis)
    }
}

fn start(truth: Truth, begun: Arc<AtomicBool>, misuse: Arc<Misuse>) -> Redis {
    let redis = Redis::explored();
    // An initial entry expires when the scenario's clock advances.
    redis.hold_deadlines(true);
    for (key, value) in &truth.start {
        match (value, truth.ttl) {
            (Some(value), Some(ttl)) => redis.set_for(key.name(), value.text(), ttl),
            (Some(value), None) => redis.set(key.name(), value.text()),
            (None, _) => {}
        }
    }
    redis.hold_deadlines(false);
    // The observer runs after all enabled tasks. A deadline may pass later.
    redis.let_deadlines_be_late();
    if truth.faults > 0 {
        redis.explore_faults(truth.faults, [Fault::Refused, Fault::ConnectionLost, Fault::ReplyLost]);
    }
    let ordered = redis.clone();
    truth.order.by(move || ordered.begin_local_code(0));
    // Redis owns its observer, which must not own Redis.
    let truth = Truth { order: Arc::default(), ..truth };
    let held: BTreeMap<Key, Option<Value>> = truth.start.iter().copied().collect();
    // The value of each key, and the last reply to each task.
    let known = Mutex::new((held, BTreeMap::<u32, String>::new()));
    redis.watch_steps(move |seen| {
        let (held, replied) = &mut *known.lock().unwrap_or_else(PoisonError::into_inner);
        let (task, _) = next_event();
        match seen {
            Seen::Executed { commands, replies, server, .. } => {
                if let Some(reason) = replies.iter().find_map(unsupported) {
                    _ = misuse.set(reason);
                }
                for (&key, held) in held.iter_mut() {
                    let stored = server.string(0, key.name().as_bytes());
                    let now = stored.map(|bytes| version(key, &String::from_utf8_lossy(bytes))).transpose();
                    let now = now.unwrap_or_else(|reason| {
                        _ = misuse.set(reason);
                        None
                    });
                    let is_written = commands.iter().any(|command| may_write(command, key));
                    match (now != *held, is_written) {
                        (true, true) => truth.written::<Engine>(key, now),
                        (false, true) if now.is_none() => truth.written::<Engine>(key, now),
                        // No command wrote the key: its deadline has passed.
                        (true, false) => truth.expired::<Engine>(key),
                        (false, _) => truth.found::<Engine>(key, now),
                    }
                    *held = now;
                }
                if !begun.load(Ordering::Relaxed) {
                    return;
                }
                note(|step| {
                    let stored = |name: &[u8]| {
                        server.string(0, name).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
                    };
                    let (note, reply) = executed(step, commands, replies, held, &stored);
                    replied.insert(task, reply);
                    note
                });
            }
            Seen::Expired { database: 0, key: name, is_removed, .. } => {
                let key = held.keys().find(|key| key.name().as_bytes() == name).copied();
                if let Some(key) = key.filter(|_| is_removed) {
                    held.insert(key, None);
                    truth.expired::<Engine>(key);
                }
                let what = match is_removed {
                    true => format!("redis expires {}", String::from_utf8_lossy(name)),
                    false => format!("redis keeps {}", String::from_utf8_lossy(name)),
                };
                let effect = key.filter(|_| is_removed).map(|entry| Effect::Left { entry, content: None });
                note(|step| Note { step, place: Place::Remote, what, effect, time: None });
            }
            Seen::Due { key, is_late, .. } => note(|step| {
                let when = if is_late { "after" } else { "before" };
                plain(
                    step,
                    format!("{} is to expire {when} the observer begins", String::from_utf8_lossy(key)),
                )
            }),
            // Accesses during the construction of the cache belong to no operation.
            _ if !begun.load(Ordering::Relaxed) => {}
            Seen::LocalCode => note(|step| {
                let what = replied.remove(&task).map(|reply| format!("{reply} arrives"));
                plain(step, what.unwrap_or_else(|| "local code".to_owned()))
            }),
            Seen::Arrived { push, .. } => note(|step| plain(step, format!("{} arrives", reply_text(push)))),
            Seen::Lost { push, .. } => note(|step| plain(step, format!("{} is lost", reply_text(push)))),
            Seen::Handled { .. } => note(|step| plain(step, "is processed".to_owned())),
            Seen::Waited => note(|step| plain(step, "earlier pushes have arrived".to_owned())),
            _ => {}
        }
        if begun.load(Ordering::Relaxed) {
            made_for_users_line();
        }
    });
    redis
}

/// The misuse of a command that the server does not have: the cache continues with an error that a
/// Redis server may not reply.
fn unsupported(reply: &Reply) -> Option<String> {
    let Reply::Error(error) = reply else { return None };
    let reason = "the cache sends a command that the simulated Redis does not have, so that nothing can be said about the \
                  cache";
    reply.is_unsupported().then(|| format!("{reason}: {}", String::from_utf8_lossy(error)))
}

/// The version in a key's stored text.
fn version(key: Key, text: &str) -> Result<Value, String> {
    Value::in_text(key, text).ok_or_else(|| {
        format!(
            "{key} holds {text:?} in Redis, which is none of the scenario's values: the cache must store the text that \
             `Value::text` returns"
        )
    })
}

fn may_write(command: &Command, key: Key) -> bool {
    match command.keys() {
        Keys::Known { writes, .. } => writes.contains(key.name().as_bytes()),
        Keys::All => true,
    }
}

fn plain(step: usize, what: String) -> Note {
    Note { step, place: Place::Other, what, effect: None, time: None }
}

/// Formats commands for a trace: values as versions, replies as `→ v1`. Also returns the text of
/// the reply that arrives.
fn executed(
    step: usize,
    commands: &[Command],
    replies: &[Reply],
    held: &BTreeMap<Key, Option<Value>>,
    stored: &dyn Fn(&[u8]) -> Option<String>,
) -> (Note, String) {
    let short = |text: String| {
        held.keys().fold(text, |text, &key| match Value::in_text(key, &text) {
            Some(value) => text.replace(&value.text(), &value.to_string()),
            None => text,
        })
    };
    let all: Vec<String> = commands.iter().map(|command| short(command.to_string())).collect();
    let mut what = format!("redis {}", all.join("; "));
    let reply = replies.last().map(|reply| short(reply_text(reply)));
    match (&reply, replies.last()) {
        (None, _) => what += " → (the reply is lost)",
        (_, Some(Reply::Status(_))) => {}
        (Some(reply), _) => what += &format!(" → {reply}"),
    }
    let effect = match commands {
        [only] => effect(only, held).or_else(|| effect_on_own_key(only, replies.last()?, held, stored)),
        _ => None,
    };
    let note = Note { step, place: Place::Remote, what, effect, time: None };
    (note, reply.unwrap_or_else(|| "an error".to_owned()))
}

/// The effect of a command on one of the scenario's keys.
fn effect(command: &Command, held: &BTreeMap<Key, Option<Value>>) -> Option<Effect> {
    let Keys::Known { reads, writes } = command.keys() else { return None };
    let (&entry, &content) =
        held.iter().find(|(key, _)| reads.iter().chain(&writes).any(|its| *its == key.name()))?;
    match writes.is_empty() {
        true => Some(Effect::Found { entry, content }),
        false => Some(Effect::Left { entry, content }),
    }
}

/// The effect of a command on a key of the cache's own, if it stores one of the scenario's values,
/// or none.
fn effect_on_own_key(
    command: &Command,
    reply: &Reply,
    held: &BTreeMap<Key, Option<Value>>,
    stored: &dyn Fn(&[u8]) -> Option<String>,
) -> Option<Effect> {
    let Keys::Known { reads, writes } = command.keys() else { return None };
    let mut names = reads.iter().chain(&writes);
    let name = names.next()?;
    if names.any(|other| other != name) {
        return None;
    }
    let value = |text: &str| held.keys().find_map(|&key| Value::in_text(key, text));
    let entry = Key::new(&String::from_utf8_lossy(name));
    if writes.is_empty() {
        let content = match reply {
            Reply::Null | Reply::NullArray => None,
            reply => Some(value(&reply_text(reply))?),
        };
        return Some(Effect::Found { entry, content });
    }
    // A key that is not a string contains the value that the command stored.
    let content = match (stored(name), value(&command.to_string())) {
        (Some(text), _) => Some(value(&text)?),
        (None, Some(value)) => Some(value),
        (None, None) if matches!(reply, Reply::Integer(_)) => None,
        (None, None) => return None,
    };
    Some(Effect::Left { entry, content })
}

/// Formats a reply in a few words.
fn reply_text(reply: &Reply) -> String {
    match reply {
        Reply::Null | Reply::NullArray => "absent".to_owned(),
        Reply::Integer(number) => number.to_string(),
        Reply::Bulk(bytes) | Reply::Status(bytes) | Reply::Error(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        Reply::Array(replies) | Reply::Push(replies) => {
            replies.iter().map(reply_text).collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    }
}
