//! A script as the cache under test: executes its functions on the simulator's tiers.

use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use selvedge::Remote;
use selvedge::parts::L1;
use selvedge::remote::Outcome;
use selvedge::sync::{Map as _, Primitives as _, TierName};
use selvedge_engine::object;
use selvedge_engine::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "redis")]
use super::whole_redis::WholeRedis;
use crate::backends::{Engine, EngineClock, EngineMap, Note, at_line, note};
use crate::history::{Key, Value};
use crate::protocols::{CacheUnderTest, Failure, Tiers};
use crate::script::{Data, Event, Machine, Script, Stop, Text, V, in_text};
use crate::trace::Place;
use crate::world::Truth;

/// The limit of functions that are spawned one by another.
pub(super) const DEEPEST_SPAWN: u32 = 2;
/// The limit of functions that one call spawns.
pub(super) const MOST_SPAWNED: u32 = 4;
/// The longest name of a key, in bytes.
pub(super) const LONGEST_KEY: usize = 256;

/// A script as the cache under test.
pub(super) struct ScriptCache<R>(Arc<Inner<R>>);

pub(super) struct Inner<R> {
    pub(super) script: Arc<Script>,
    /// The node, if there are several.
    pub(super) node: usize,
    pub(super) remote: R,
    pub(super) clock: EngineClock,
    pub(super) local_ttl: Option<Duration>,
    pub(super) local: L1<Key, Data, Engine>,
    /// The other shared dictionaries.
    pub(super) tiers: Vec<EngineMap<Key, Data>>,
    /// The variables that functions assign.
    pub(super) shared: Option<EngineMap<Key, Data>>,
    /// The locked keys are the names of locks.
    pub(super) locks: object::Map<Key, ()>,
    pub(super) flights: object::Map<Key, Flight>,
    /// The results of flights, by their name. `None` is a failure.
    pub(super) results: EngineMap<Key, Option<Data>>,
    pub(super) truth: Truth,
    /// The keys of the case.
    pub(super) names: Arc<[Key]>,
    /// The number of tasks that the script has spawned.
    pub(super) spawned: AtomicUsize,
    /// The remote tier, if the script needs all commands.
    #[cfg(feature = "redis")]
    pub(super) whole: Option<WholeRedis>,
    /// Machines that are not in use.
    pub(super) idle: Mutex<Vec<Machine>>,
}

/// A load that several callers share.
#[derive(Clone)]
pub(super) struct Flight {
    pub(super) name: Key,
    pub(super) has_landed: Arc<AtomicBool>,
}

/// What a call holds, to be released if it is dropped.
pub(super) struct Call<'c, R> {
    pub(super) cache: &'c Arc<Inner<R>>,
    pub(super) machine: Machine,
    pub(super) locks: Vec<Key>,
    /// The flights that it leads, with their keys.
    pub(super) leads: Vec<(Key, Flight)>,
    /// Writes of the database before their commit.
    pub(super) uncommitted: Vec<(Key, Option<Value>)>,
    /// How the last command failed.
    pub(super) failure: Failure,
    /// The number of calls of `spawn` that lead to this one.
    pub(super) depth: u32,
    /// The number of tasks that it has spawned.
    pub(super) spawned: u32,
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
            names: truth.start.iter().map(|(key, _)| *key).collect(),
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
        call.note_look();
        if result.is_err() {
            self.0.script.note_failure();
        }
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

    async fn reload(&self, key: Key) -> Result<Option<Value>, Failure> {
        self.read(self.0.script.entries.load.expect("a scenario that loads requires it"), key).await
    }

    async fn refresh(&self, key: Key) -> Result<(), Failure> {
        let refresh = self.0.script.entries.refresh.expect("a scenario that refreshes requires it");
        self.call_for_effect(refresh, &[V::Text(Text::Key(key))]).await
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
    pub(super) fn stopped(&self, stop: Stop) -> Failure {
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
    pub(super) fn new(cache: &'c Arc<Inner<R>>, mut machine: Machine) -> Self {
        machine.names.clone_from(&cache.names);
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
    pub(super) async fn run(&mut self, first: Option<Event>) -> Result<V, Failure> {
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
}

impl<R> Call<'_, R> {
    fn note_look(&self) {
        if let Some(spot) = self.machine.looked.take() {
            self.cache.script.note_look(spot);
        }
    }
}

impl<R> Drop for Call<'_, R> {
    /// A call that fails or is dropped releases its locks and ends its flights, as `with` does.
    fn drop(&mut self) {
        self.note_look();
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

/// Describes the last step in a trace.
pub(super) fn note_of(place: Place, what: impl FnOnce() -> String) {
    note(|step| Note { step, place, what: what(), effect: None, time: None });
}
