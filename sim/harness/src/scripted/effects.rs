//! The effects of a script that are commands, and the choice of each effect.

use super::cache::{Call, LONGEST_KEY, note_of};
#[cfg(feature = "redis")]
use super::whole_redis::{WholeRedis, value, words};
use crate::backends::{Engine, Simulated};
use crate::history::{Key, Value};
use crate::protocols::Failure;
use crate::script::{Builtin, Event, Object, Ran, Text, V, in_text};
use crate::trace::Place;
use selvedge::Remote;
use selvedge::remote::{Fill, Found, Lease};
use selvedge::sync::{Clock as _, Map as _};
use std::time::Duration;

/// The omission of a case whose time does not pass, if the script looks at it.
const NO_TIME: &str = "the script reads the clock, and no time passes in this case: let it pass with local = \"expiring\" or \
    remote = \"expiring\"";

impl<R: Remote<Key, Value, Error = Failure> + 'static> Call<'_, R> {
    pub(super) fn key(&self, value: &V) -> Ran<Key> {
        let name = match value {
            V::Text(Text::Key(key)) => return Ok(*key),
            V::Text(text) => text.as_str().to_owned(),
            V::Int(number) => format!("#{number}"),
            V::Heap(at) if matches!(self.machine.heap[*at as usize], Object::Tuple(_)) => {
                self.machine.shown(value)?
            }
            _ => {
                let what = format!("a {} cannot be a key", value.type_name(&self.machine.heap));
                return Err(self.machine.wrong(what, "expected a string, a number or a tuple of them"));
            }
        };
        if name.len() > LONGEST_KEY {
            return Err(self.machine.limit(format!("a key of {LONGEST_KEY} bytes")));
        }
        Ok(Key::new(&name))
    }

    /// The value of the cache that is written to the remote tier or the database.
    pub(super) fn stored(&self, value: &V) -> Ran<Value> {
        let stored = match value {
            V::Stored(value) => Some(*value),
            V::Text(text) => in_text(text.as_str()),
            _ => None,
        };
        stored.ok_or_else(|| {
            let what = format!("a {} is written where a value of the cache is expected", value.type_name(&self.machine.heap));
            let help = "write the value that `set` receives. Other data can be in `local` and in shared dicts; or use \
                        redis.call(\"SET\", …), which selects the whole simulated Redis";
            self.machine.wrong_with(what, "written here", help)
        })
    }

    /// The key of a command. If the remote tier is the source of truth, the scenario's keys are its
    /// keys.
    pub(super) fn remote_key(&self, value: &V) -> Ran<Key> {
        let key = self.key(value)?;
        let truth = &self.cache.truth;
        if truth.is_source && !truth.start.iter().any(|(its, _)| *its == key) {
            let what = format!("`{key}` is none of the scenario's keys");
            let help = "Redis is the source of truth, so its keys are the keys of the scenario's operations: use the whole \
                        key in both, such as \"get user:1\"";
            return Err(self.machine.wrong_with(what, "sent here", help));
        }
        Ok(key)
    }

    /// Executes an effect and resumes the machine. The outer error is of the script, the inner one
    /// of a command.
    pub(super) async fn effect(&mut self, builtin: Builtin) -> Ran<Result<Option<Event>, Failure>> {
        let cache = self.cache;
        let argument =
            |call: &Self, at: usize| call.machine.arguments().get(at).cloned().unwrap_or(V::Missing);
        #[cfg(feature = "redis")]
        if let Some(whole) = cache.whole.as_ref().filter(|_| is_command(builtin)) {
            return self.command(whole, builtin);
        }
        let result = match builtin {
            Builtin::TierGet | Builtin::TierIndex | Builtin::TierContains => {
                let tier = self.tier(&argument(self, 0))?;
                let key = self.key(&argument(self, 1))?;
                let found = self.tier_get(tier, key);
                match (builtin, found) {
                    (Builtin::TierContains, found) => {
                        let is_not = matches!(argument(self, 2), V::Bool(true));
                        V::Bool(found.is_some() != is_not)
                    }
                    (_, Some(data)) => self.machine.thaw(&data)?,
                    (Builtin::TierIndex, None) => {
                        return Ok(Ok(self.machine.resume_failed(false, "the key does not exist")));
                    }
                    (_, None) => match argument(self, 2) {
                        V::Missing => V::None,
                        default => default,
                    },
                }
            }
            Builtin::TierSet => {
                let tier = self.tier(&argument(self, 0))?;
                let key = self.key(&argument(self, 1))?;
                let data = self.machine.freeze(&argument(self, 2), 0)?;
                self.tier_set(tier, key, data);
                V::None
            }
            Builtin::TierDelete | Builtin::TierRemove => {
                let tier = self.tier(&argument(self, 0))?;
                let key = self.key(&argument(self, 1))?;
                match tier {
                    0 => cache.local.remove(&key),
                    tier => _ = cache.tiers[tier - 1].remove(&key),
                }
                V::None
            }
            Builtin::TierPop => {
                let tier = self.tier(&argument(self, 0))?;
                let key = self.key(&argument(self, 1))?;
                let found = match tier {
                    0 if !self.machine.drops_result(&cache.script.code) => {
                        let help = "call `get` before: the two are separate steps in most caches";
                        return Err(self.machine.wrong_with(
                            "`pop` of the local tier returns nothing",
                            "used here",
                            help,
                        ));
                    }
                    0 => {
                        cache.local.remove(&key);
                        None
                    }
                    tier => cache.tiers[tier - 1].remove(&key).map(|(data, _)| data),
                };
                match found {
                    Some(data) => self.machine.thaw(&data)?,
                    None => match argument(self, 2) {
                        V::Missing => V::None,
                        default => default,
                    },
                }
            }
            Builtin::TierTtl => {
                let tier = self.tier(&argument(self, 0))?;
                let key = self.key(&argument(self, 1))?;
                let is_there = self.tier_get(tier, key).is_some();
                let ttl = cache.local_ttl.filter(|_| tier == 0);
                match (is_there, ttl) {
                    (false, _) => V::Int(-2),
                    (true, None) => V::Int(-1),
                    (true, Some(ttl)) => V::Int(ttl.as_secs() as i64),
                }
            }
            Builtin::TierClear => {
                match self.tier(&argument(self, 0))? {
                    0 => cache.local.clear(),
                    tier => cache.tiers[tier - 1].clear(|_, _, _| {}),
                }
                V::None
            }
            Builtin::SharedGet | Builtin::SharedSet => self.shared(builtin)?,
            Builtin::RedisGet => {
                let key = self.remote_key(&argument(self, 0))?;
                match cache.remote.get(&key).await {
                    Ok(found) => found.map_or(V::None, |Found { value, .. }| V::Stored(value)),
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            Builtin::RedisSet | Builtin::RedisSetex => {
                let (value, ttl) = match builtin {
                    Builtin::RedisSet => (1, argument(self, 2)),
                    _ => (2, argument(self, 1)),
                };
                if builtin == Builtin::RedisSet && !matches!(argument(self, 3), V::Missing | V::None) {
                    return Err(self
                        .machine
                        .wrong("`px` is not supported: use `ex`, in seconds", "called here"));
                }
                if (4..6).any(|at| !matches!(argument(self, at), V::Missing | V::None | V::Bool(false))) {
                    let help = "send redis.call(\"SET\", key, value, \"NX\"), which selects the whole simulated Redis";
                    return Err(self.machine.wrong_with(
                        "`nx` and `xx` are not supported here",
                        "called here",
                        help,
                    ));
                }
                let key = self.remote_key(&argument(self, 0))?;
                let value = self.stored(&argument(self, value))?;
                let ttl = match ttl {
                    V::Missing | V::None => None,
                    V::Int(seconds @ 1..) => Some(Duration::from_secs(seconds as u64)),
                    V::Float(seconds) if seconds > 0.0 && seconds < 1e12 => {
                        Some(Duration::from_secs_f64(seconds))
                    }
                    _ => {
                        return Err(self
                            .machine
                            .wrong("the time to live is not a positive number", "called here"));
                    }
                };
                match cache.remote.set(&key, &value, ttl).await {
                    Ok(()) => V::Bool(true),
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            Builtin::RedisDelete => {
                let keys = self.machine.arguments().to_vec();
                for key in &keys {
                    let key = self.remote_key(key)?;
                    if let Err(failure) = cache.remote.delete(&key).await {
                        return Ok(Err(failure));
                    }
                }
                V::Int(keys.len() as i64)
            }
            Builtin::RedisGetLease => {
                let key = self.remote_key(&argument(self, 0))?;
                match cache.remote.get_for_fill(&key).await {
                    Ok((found, lease)) => {
                        let value = found.map_or(V::None, |Found { value, .. }| V::Stored(value));
                        let pair = vec![value, V::Lease(lease.token())];
                        self.machine.object(Object::Tuple(pair))?
                    }
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            Builtin::RedisFill => {
                let key = self.remote_key(&argument(self, 0))?;
                let value = self.stored(&argument(self, 1))?;
                let lease = match argument(self, 2) {
                    V::Lease(Some(token)) => Lease::new(token),
                    V::Lease(None) => Lease::none(),
                    _ => {
                        return Err(self
                            .machine
                            .wrong("the lease is not one of redis.get_lease", "called here"));
                    }
                };
                match cache.remote.fill(&key, &value, None, lease).await {
                    Ok(fill) => V::Bool(matches!(fill, Fill::Filled)),
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            Builtin::RedisCall | Builtin::RedisEval | Builtin::RedisCommand(_) => {
                return Err(self
                    .machine
                    .wrong("this command needs the whole simulated Redis", "called here"));
            }
            Builtin::DbGet | Builtin::DbSet | Builtin::DbDelete | Builtin::DbCommit => {
                match self.database(builtin).await? {
                    Ok(result) => result,
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            Builtin::LockAcquire => {
                let name = self.lock_name(&argument(self, 0));
                if self.locks.contains(&name) {
                    return Err(self
                        .machine
                        .wrong("the lock is held by this call: it would wait for itself", "locked here"));
                }
                cache.locks.lock(&name);
                note_of(Place::Lock, || format!("locks {name}"));
                self.locks.push(name);
                V::Bool(true)
            }
            Builtin::LockRelease => {
                let name = self.lock_name(&argument(self, 0));
                let Some(at) = self.locks.iter().position(|held| *held == name) else {
                    return Err(self.machine.wrong("the lock is not held by this call", "released here"));
                };
                self.locks.remove(at);
                cache.locks.unlock(&name);
                note_of(Place::Lock, || format!("unlocks {name}"));
                V::None
            }
            Builtin::OnceBegin => return self.join_flight(),
            Builtin::OnceEnd => {
                let (key, flight) = self.leads.pop().expect("the call leads a flight");
                let result = match self.machine.has_failed() {
                    true => None,
                    false => Some(self.machine.freeze(&argument(self, 0), 0)?),
                };
                self.land(key, &flight, result);
                return Ok(Ok(self.machine.landed()));
            }
            // A delay forbids no schedule.
            Builtin::Sleep | Builtin::SleepSeconds => {
                cache.clock.now();
                V::None
            }
            Builtin::Now => {
                if !cache.clock.moves() {
                    cache.truth.limits.note(NO_TIME);
                }
                V::Int(cache.clock.now().as_secs() as i64)
            }
            Builtin::Spawn => {
                self.spawn()?;
                V::None
            }
            Builtin::Publish => {
                let key = self.key(&argument(self, 0))?;
                cache.truth.publish.publish(cache.node, key);
                V::None
            }
            Builtin::Choose => {
                let V::Int(alternatives @ 1..=64) = argument(self, 0) else {
                    return Err(self.machine.wrong("choose(n) needs a number from 1 to 64", "called here"));
                };
                let chosen =
                    Engine::choose(alternatives as usize, |chosen| Some(format!("chooses {chosen}")));
                V::Int(chosen as i64)
            }
            other => unreachable!("{other:?} is no effect"),
        };
        self.machine.resume(result);
        Ok(Ok(None))
    }

    /// Sends a command to the whole simulated Redis.
    #[cfg(feature = "redis")]
    pub(super) fn command(
        &mut self,
        whole: &WholeRedis,
        builtin: Builtin,
    ) -> Ran<Result<Option<Event>, Failure>> {
        let words = words(&self.machine, builtin)?;
        if looks_into(&words) {
            self.cache.script.note_look(self.machine.spot);
        }
        let Ok(reply) = whole.send(&words) else {
            return Ok(Err(Failure { outcome: selvedge::remote::Outcome::Unknown }));
        };
        match value(&mut self.machine, builtin, &reply)? {
            Ok(value) => {
                self.machine.resume(value);
                Ok(Ok(None))
            }
            Err(error) => Ok(Ok(self.machine.resume_failed(false, &error))),
        }
    }

    pub(super) async fn database(&mut self, builtin: Builtin) -> Ran<Result<V, Failure>> {
        let truth = &self.cache.truth;
        let Some(database) = truth.database.clone() else {
            let help = "add source = \"database\" to the scenario";
            return Err(self.machine.wrong_with("the scenario has no database", "called here", help));
        };
        if builtin == Builtin::DbCommit {
            for (key, content) in std::mem::take(&mut self.uncommitted) {
                database.write(key, content);
            }
            return Ok(Ok(V::None));
        }
        let key = self.key(&self.machine.arguments()[0].clone())?;
        if !truth.start.iter().any(|(its, _)| *its == key) {
            let what = format!("`{key}` is none of the scenario's keys");
            let help =
                "the database is the source of truth, so its keys are the keys of the scenario's operations";
            return Err(self.machine.wrong_with(what, "called here", help));
        }
        let content = match builtin {
            Builtin::DbGet => {
                // A transaction reads its own writes.
                let own = self.uncommitted.iter().rev().find(|(its, _)| *its == key);
                if let Some((_, content)) = own {
                    return Ok(Ok(content.map_or(V::None, V::Stored)));
                }
                return Ok(database.load(key).await.map(|content| content.map_or(V::None, V::Stored)));
            }
            Builtin::DbSet => Some(self.stored(&self.machine.arguments()[1].clone())?),
            _ => None,
        };
        match self.cache.script.code.uses.commit {
            true => self.uncommitted.push((key, content)),
            false => database.write(key, content),
        }
        Ok(Ok(V::None))
    }
}

/// Whether the command can depend on the characters of keys or values, or on their order. See
/// [`Machine::look`](crate::script::Machine::look). A program in Lua is not analysed.
#[cfg(feature = "redis")]
fn looks_into(words: &[Vec<u8>]) -> bool {
    const BY_EQUALITY: [&str; 43] = [
        "DECR",
        "DECRBY",
        "DEL",
        "DISCARD",
        "EXEC",
        "EXISTS",
        "EXPIRE",
        "EXPIREAT",
        "FLUSHALL",
        "FLUSHDB",
        "GET",
        "GETDEL",
        "GETEX",
        "GETSET",
        "HDEL",
        "HEXISTS",
        "HGET",
        "HINCRBY",
        "HLEN",
        "HMGET",
        "HSET",
        "HSETNX",
        "INCR",
        "INCRBY",
        "LLEN",
        "LPUSH",
        "LRANGE",
        "MGET",
        "MSET",
        "MSETNX",
        "MULTI",
        "PERSIST",
        "PEXPIRE",
        "PSETEX",
        "PTTL",
        "RPUSH",
        "SADD",
        "SET",
        "SETEX",
        "SETNX",
        "SISMEMBER",
        "SREM",
        "TTL",
    ];
    let name = words.first().map(|name| String::from_utf8_lossy(name).to_uppercase());
    name.is_some_and(|name| !BY_EQUALITY.contains(&name.as_str()))
}

/// Whether the effect is a command of the remote tier that the whole simulated Redis executes.
#[cfg(feature = "redis")]
fn is_command(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::RedisGet
            | Builtin::RedisSet
            | Builtin::RedisSetex
            | Builtin::RedisDelete
            | Builtin::RedisCall
            | Builtin::RedisEval
            | Builtin::RedisCommand(_)
    )
}
