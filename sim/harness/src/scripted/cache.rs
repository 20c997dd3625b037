//! A script as the cache under test: executes its functions on the simulator's tiers.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::remote::{Fill, Found, Lease, Outcome};
use selvedge::sync::{Clock as _, Map as _, Primitives as _, TierName};
use selvedge_engine::object;
use selvedge_engine::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "redis")]
use super::whole_redis::{WholeRedis, value, words};
use crate::backends::{Engine, EngineClock, EngineMap, Note, Simulated, amend_note, at_line, note};
use crate::history::{Key, OperationId, Value};
use crate::number::counted;
use crate::protocols::{CacheUnderTest, Failure, Tiers};
use crate::script::{Builtin, Data, Event, Machine, Object, Script, Step, Stop, Text, V, in_text};
use crate::trace::Place;
use crate::world::Truth;

/// The limit of functions that are spawned one by another.
const DEEPEST_SPAWN: u32 = 2;
/// The limit of functions that one call spawns.
const MOST_SPAWNED: u32 = 4;
/// The longest name of a key, in bytes.
const LONGEST_KEY: usize = 256;

/// A script as the cache under test.
pub(super) struct ScriptCache<R>(Arc<Inner<R>>);

struct Inner<R> {
    script: Arc<Script>,
    /// The node, if there are several.
    node: usize,
    remote: R,
    clock: EngineClock,
    local_ttl: Option<Duration>,
    local: L1<Key, Data, Engine>,
    /// The other shared dictionaries.
    tiers: Vec<EngineMap<Key, Data>>,
    /// The variables that functions assign.
    shared: Option<EngineMap<Key, Data>>,
    /// The locked keys are the names of locks.
    locks: object::Map<Key, ()>,
    flights: object::Map<Key, Flight>,
    /// The results of flights, by their name. `None` is a failure.
    results: EngineMap<Key, Option<Data>>,
    truth: Truth,
    /// The number of tasks that the script has spawned.
    spawned: AtomicUsize,
    /// The remote tier, if the script needs all commands.
    #[cfg(feature = "redis")]
    whole: Option<WholeRedis>,
    /// Machines that are not in use.
    idle: Mutex<Vec<Machine>>,
}

/// A load that several callers share.
#[derive(Clone)]
struct Flight {
    name: Key,
    has_landed: Arc<AtomicBool>,
}

/// What a call holds, to be released if it is dropped.
struct Call<'c, R> {
    cache: &'c Arc<Inner<R>>,
    machine: Machine,
    locks: Vec<Key>,
    /// The flights that it leads, with their keys.
    leads: Vec<(Key, Flight)>,
    /// Writes of the database before their commit.
    uncommitted: Vec<(Key, Option<Value>)>,
    /// How the last command failed.
    failure: Failure,
    /// The number of calls of `spawn` that lead to this one.
    depth: u32,
    /// The number of tasks that it has spawned.
    spawned: u32,
}

impl<R: Remote<Key, Value, Error = Failure> + 'static> ScriptCache<R> {
    /// The cache over these tiers.
    pub(super) fn new(script: &Arc<Script>, tiers: Tiers<Engine, R>, truth: &Truth) -> Self {
        let local = L1::new(tiers.clock.clone(), tiers.local_ttl);
        for warm in tiers.warm {
            local.insert(warm.key, Data::Stored(warm.value), warm.expires_at);
        }
        let named = |name: &str| EngineMap::new(TierName::Other(Key::new(name).name()));
        let shared = (!script.code.shared.is_empty()).then(|| {
            let map: EngineMap<Key, Data> = EngineMap::new(TierName::Other("variable"));
            for (name, initial) in script.shared() {
                map.insert(Key::new(name), initial);
            }
            map
        });
        ScriptCache(Arc::new(Inner {
            script: Arc::clone(script),
            node: truth.node,
            remote: tiers.remote,
            clock: tiers.clock,
            local_ttl: tiers.local_ttl,
            local,
            tiers: script.code.tiers.iter().map(|name| named(name)).collect(),
            shared,
            locks: object::Map::named("lock").unlisted(),
            flights: object::Map::named("flights").unlisted(),
            results: EngineMap::new(TierName::Other("result")),
            truth: truth.clone(),
            spawned: AtomicUsize::new(0),
            #[cfg(feature = "redis")]
            whole: script.needs_server().then(|| WholeRedis::new(truth)),
            idle: Mutex::default(),
        }))
    }

    /// Calls a function of the script.
    async fn call(&self, function: u16, arguments: &[V]) -> Result<(V, Machine), Failure> {
        #[cfg(feature = "redis")]
        if let Some(whole) = &self.0.whole {
            whole.begin();
        }
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut call = Call::new(&self.0, idle.unwrap_or_default());
        let begun = call.machine.begin(&self.0.script.code, function, arguments);
        let result = match begun {
            Ok(()) => call.run(None).await,
            Err(stop) => Err(call.stopped(stop)),
        };
        let machine = std::mem::take(&mut call.machine);
        result.map(|value| (value, machine))
    }

    fn done(&self, machine: Machine) {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(machine);
    }

    /// Calls a function whose result has no receiver.
    async fn call_for_effect(&self, function: u16, arguments: &[V]) -> Result<(), Failure> {
        let (_, machine) = self.call(function, arguments).await?;
        self.done(machine);
        Ok(())
    }

    async fn read(&self, function: u16, key: Key) -> Result<Option<Value>, Failure> {
        let (value, machine) = self.call(function, &[V::Text(Text::Key(key))]).await?;
        let content = match &value {
            V::None => Some(None),
            V::Stored(value) => Some(Some(*value)),
            V::Text(text) => in_text(text.as_str()).map(Some),
            _ => None,
        };
        let Some(content) = content else {
            let its = &self.0.script.code.functions[usize::from(function)];
            let what = format!("`{}` returned a {}", its.name, value.type_name(&machine.heap));
            let help = "it returns a value that a `set` of the scenario received, or None";
            let stop = machine.wrong_with(what, "returned here", help);
            return Err(self.0.stopped(stop));
        };
        self.done(machine);
        Ok(content)
    }
}

impl<R: Remote<Key, Value, Error = Failure> + 'static> CacheUnderTest for ScriptCache<R> {
    async fn get(&self, key: Key) -> Result<Option<Value>, Failure> {
        self.read(self.0.script.entries.get, key).await
    }

    async fn set(&self, key: Key, value: Value) -> Result<(), Failure> {
        self.call_for_effect(self.0.script.entries.set, &[V::Text(Text::Key(key)), V::Stored(value)]).await
    }

    async fn delete(&self, key: Key) -> Result<(), Failure> {
        let delete = self.0.script.entries.delete.expect("a scenario that deletes requires it");
        self.call_for_effect(delete, &[V::Text(Text::Key(key))]).await
    }

    fn writes_database(&self) -> bool {
        self.0.script.code.uses.database
    }

    fn evict(&self, key: Key) {
        match self.0.script.local_tier() {
            0 => self.0.local.remove(&key),
            tier => _ = self.0.tiers[tier - 1].remove(&key),
        }
    }

    #[cfg(feature = "redis")]
    fn expire(&self, key: Key) {
        if let Some(whole) = &self.0.whole {
            whole.expire(key);
        }
    }

    fn invalidate(&self, key: Key) {
        let Some(on_message) = self.0.script.entries.on_message else { return };
        // A message that fails is lost.
        _ = Engine::block_on(self.call_for_effect(on_message, &[V::Text(Text::Key(key))]));
    }

    fn invalidate_all(&self) {
        let Some(on_reconnect) = self.0.script.entries.on_reconnect else { return };
        _ = Engine::block_on(self.call_for_effect(on_reconnect, &[]));
    }
}

impl<R> Inner<R> {
    /// Handles a stop of the script. A mistake ends the run, a limit the call.
    fn stopped(&self, stop: Stop) -> Failure {
        match stop {
            Stop::Mistake(mistake) => {
                let message = self.script.note_mistake(mistake);
                panic!("{message}");
            }
            Stop::Limit(spot, what) => {
                self.truth.limits.note(self.script.limit(spot, &what));
                Failure { outcome: Outcome::Unknown }
            }
        }
    }
}

impl<'c, R: Remote<Key, Value, Error = Failure> + 'static> Call<'c, R> {
    fn new(cache: &'c Arc<Inner<R>>, machine: Machine) -> Self {
        let failure = Failure { outcome: Outcome::Unknown };
        Call {
            cache,
            machine,
            locks: Vec::new(),
            leads: Vec::new(),
            uncommitted: Vec::new(),
            failure,
            depth: 0,
            spawned: 0,
        }
    }

    fn stopped(&mut self, stop: Stop) -> Failure {
        self.cache.stopped(stop)
    }

    /// Executes the call until it returns.
    async fn run(&mut self, first: Option<Event>) -> Result<V, Failure> {
        let mut next = first;
        loop {
            let event = match next.take() {
                Some(event) => event,
                None => match self.machine.run(&self.cache.script.code) {
                    Ok(event) => event,
                    Err(stop) => return Err(self.stopped(stop)),
                },
            };
            match event {
                Event::Done(value) => return Ok(value),
                Event::Failed(true, _) => return Err(self.failure),
                Event::Failed(false, _) => return Err(Failure { outcome: Outcome::Unknown }),
                Event::Effect(builtin) => {
                    at_line(|| self.cache.script.line(self.machine.spot));
                    let result = self.effect(builtin).await;
                    at_line(|| None);
                    match result {
                        Ok(Ok(resumed)) => next = resumed,
                        Ok(Err(failure)) => {
                            self.failure = failure;
                            next = self.machine.resume_failed(true, "a command failed");
                        }
                        Err(stop) => return Err(self.stopped(stop)),
                    }
                }
            }
        }
    }

    fn key(&self, value: &V) -> Step<Key> {
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
    fn stored(&self, value: &V) -> Step<Value> {
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
    fn remote_key(&self, value: &V) -> Step<Key> {
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

    /// Executes an effect and resumes the machine. The outer error is of the script, the inner one of
    /// a command.
    async fn effect(&mut self, builtin: Builtin) -> Step<Result<Option<Event>, Failure>> {
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
            Builtin::Now => V::Int(cache.clock.now().as_secs() as i64),
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
    fn command(&mut self, whole: &WholeRedis, builtin: Builtin) -> Step<Result<Option<Event>, Failure>> {
        let words = words(&self.machine, builtin)?;
        let Ok(reply) = whole.send(&words) else { return Ok(Err(Failure { outcome: Outcome::Unknown })) };
        match value(&mut self.machine, builtin, &reply)? {
            Ok(value) => {
                self.machine.resume(value);
                Ok(Ok(None))
            }
            Err(error) => Ok(Ok(self.machine.resume_failed(false, &error))),
        }
    }

    /// The index of a shared dictionary: 0 is the local tier.
    fn tier(&self, value: &V) -> Step<usize> {
        match value {
            V::Tier(tier) if usize::from(*tier) == self.cache.script.local_tier() => Ok(0),
            V::Tier(tier) => Ok(usize::from(*tier)),
            _ => Err(self.machine.wrong("expected a shared dict", "called here")),
        }
    }

    fn tier_get(&self, tier: usize, key: Key) -> Option<Data> {
        let found = match tier {
            0 => self.cache.local.get(&key),
            tier => self.cache.tiers[tier - 1].get(&key),
        };
        if let Some(data) = found.as_ref().filter(|data| !matches!(data, Data::Stored(_))) {
            amend_note(|| format!("{}.get {key} → {data}", self.tier_name(tier)));
        }
        found
    }

    fn tier_set(&self, tier: usize, key: Key, data: Data) {
        let shown =
            (!matches!(data, Data::Stored(_)) && selvedge_engine::recording()).then(|| data.to_string());
        match tier {
            0 => self.cache.local.insert(key, data, self.cache.local.deadline()),
            tier => _ = self.cache.tiers[tier - 1].insert(key, data),
        }
        if let Some(shown) = shown {
            amend_note(|| format!("{} {key} = {shown}", self.tier_name(tier)));
        }
    }

    fn tier_name(&self, tier: usize) -> &str {
        match tier {
            0 => "L1",
            tier => &self.cache.script.code.tiers[tier - 1],
        }
    }

    /// A variable that functions assign.
    fn shared(&mut self, builtin: Builtin) -> Step<V> {
        let Some(V::Int(at)) = self.machine.arguments().last() else { unreachable!("the variable's number") };
        let name = Key::new(&self.cache.script.code.shared[*at as usize].0);
        let map = self.cache.shared.as_ref().expect("the script has such variables");
        if builtin == Builtin::SharedGet {
            let data = map.get(&name).unwrap_or(Data::None);
            amend_note(|| format!("{name} → {data}"));
            return self.machine.thaw(&data);
        }
        let data = self.machine.freeze(&self.machine.arguments()[0], 0)?;
        let shown = data.to_string();
        map.insert(name, data);
        amend_note(|| format!("{name} = {shown}"));
        Ok(V::None)
    }

    async fn database(&mut self, builtin: Builtin) -> Step<Result<V, Failure>> {
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

    fn lock_name(&self, lock: &V) -> Key {
        match lock {
            V::Lock(Text::Key(key)) => *key,
            V::Lock(name) => Key::new(name.as_str()),
            other => unreachable!("{other:?} is no lock"),
        }
    }

    /// Joins the flight of the name, or leads a new one.
    fn join_flight(&mut self) -> Step<Result<Option<Event>, Failure>> {
        let key = self.key(&self.machine.arguments()[0].clone())?;
        let (task, event) = selvedge_engine::next_event();
        // The same name in every schedule in which the task has the same number of events.
        let own = Flight {
            name: Key::new(&format!("{key} of task {task}, event {event}")),
            has_landed: Arc::new(AtomicBool::new(false)),
        };
        let joined = self.cache.flights.update(key, |flight| match flight {
            Some(flight) => Some(flight.clone()),
            None => {
                *flight = Some(own.clone());
                None
            }
        });
        note_of(Place::Other, || match &joined {
            Some(_) => format!("waits for the load of {key}"),
            None => format!("leads the load of {key}"),
        });
        let Some(flight) = joined else {
            self.leads.push((key, own));
            self.machine.lead(&self.cache.script.code)?;
            return Ok(Ok(None));
        };
        flight.has_landed.wait_until(|has_landed| has_landed);
        note_of(Place::Other, || format!("the load of {key} has ended"));
        match self.cache.results.get(&flight.name).flatten() {
            Some(data) => {
                amend_note(|| {
                    format!(
                        "receives {}",
                        data.stored().map_or_else(|| data.to_string(), |its| its.to_string())
                    )
                });
                let value = self.machine.thaw(&data)?;
                self.machine.resume(value);
                Ok(Ok(None))
            }
            None => Ok(Err(Failure { outcome: Outcome::Unknown })),
        }
    }

    /// Ends a flight with this result. Later callers begin a new one.
    fn land(&self, key: Key, flight: &Flight, result: Option<Data>) {
        let cache = self.cache;
        cache.results.insert(flight.name, result.clone());
        amend_note(|| match &result {
            Some(data) => {
                format!("shares {}", data.stored().map_or_else(|| data.to_string(), |its| its.to_string()))
            }
            None => "shares a failure".to_owned(),
        });
        cache.flights.remove(&key);
        note_of(Place::Other, || format!("ends the load of {key}"));
        flight.has_landed.store(true, Ordering::SeqCst);
        note_of(Place::Other, || format!("notifies the callers of {key}"));
    }

    /// Runs a function on a task of its own.
    fn spawn(&mut self) -> Step<()> {
        let code = &self.cache.script.code;
        let arguments = self.machine.arguments();
        let (function, captured) = match &arguments[0] {
            V::Function(function) => (*function, Vec::new()),
            V::Heap(at) => match &self.machine.heap[*at as usize] {
                Object::Closure(function, captured) => (*function, self.machine.freeze_all(captured, 0)?),
                _ => return Err(self.machine.wrong("this cannot be spawned", "expected a function")),
            },
            _ => return Err(self.machine.wrong("this cannot be spawned", "expected a function")),
        };
        let rest = self.machine.freeze_all(&arguments[1..], 0)?;
        let its = &code.functions[usize::from(function)];
        if rest.len() < its.required || rest.len() > its.parameters.len() {
            let takes = counted(its.parameters.len() as u64, "argument");
            let what = format!("`{}` takes {takes}, and the call has {}", its.name, rest.len());
            return Err(self.machine.wrong(what, "spawned here"));
        }
        if self.cache.truth.faults > 0 {
            self.cache.truth.limits.note("the commands of a function that a script spawns were not let fail");
        }
        // The first two limits do not depend on the schedule.
        self.spawned += 1;
        let is_deep = self.depth >= DEEPEST_SPAWN || self.spawned > MOST_SPAWNED;
        if is_deep || self.cache.spawned.fetch_add(1, Relaxed) >= self.cache.script.most_tasks() {
            let what = format!("{} spawned tasks", self.cache.script.most_tasks());
            return Err(self.machine.limit(what));
        }
        let (cache, depth) = (Arc::clone(self.cache), self.depth + 1);
        let name = its.name.clone();
        drop(Engine::spawn(&name, move || {
            Engine::enter(OperationId::MAX);
            let machine = match Machine::spawned(&cache.script.code, function, &captured, &rest) {
                Ok(machine) => machine,
                Err(stop) => {
                    cache.stopped(stop);
                    return;
                }
            };
            let mut call = Call::new(&cache, machine);
            call.depth = depth;
            // A failure has no receiver.
            _ = Engine::block_on(call.run(None));
        }));
        Ok(())
    }
}

impl<R> Drop for Call<'_, R> {
    /// A call that fails or is dropped releases its locks and ends its flights, as `with` does.
    fn drop(&mut self) {
        for name in self.locks.drain(..) {
            self.cache.locks.unlock(&name);
        }
        for (key, flight) in self.leads.drain(..) {
            self.cache.results.insert(flight.name, None);
            self.cache.flights.remove(&key);
            flight.has_landed.store(true, Ordering::SeqCst);
        }
    }
}

impl<R> fmt::Debug for ScriptCache<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptCache").field("script", &self.0.script.name()).finish_non_exhaustive()
    }
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

/// Describes the last step in a trace.
fn note_of(place: Place, what: impl FnOnce() -> String) {
    note(|step| Note { step, place, what: what(), effect: None, time: None });
}
