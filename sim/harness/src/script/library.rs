//! The names that are built into scripts.

/// A module of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    Redis,
    Db,
    Json,
    Time,
    Asyncio,
    Threading,
    Logging,
}

/// A built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    // Steps of the exploration.
    TierGet,
    TierSet,
    TierDelete,
    TierPop,
    TierTtl,
    TierClear,
    TierContains,
    TierIndex,
    TierRemove,
    SharedGet,
    SharedSet,
    RedisGet,
    RedisSet,
    RedisSetex,
    RedisDelete,
    RedisGetLease,
    RedisFill,
    RedisCall,
    RedisEval,
    /// Another command of the whole simulated Redis.
    RedisCommand(&'static str),
    DbGet,
    DbSet,
    DbDelete,
    DbCommit,
    LockAcquire,
    LockRelease,
    OnceBegin,
    OnceEnd,
    Sleep,
    SleepSeconds,
    Now,
    Spawn,
    Publish,
    Choose,
    // Functions of their arguments.
    Once,
    Fail,
    Exception,
    Lock,
    NewLock,
    Print,
    Dumps,
    Loads,
    Length,
    Text,
    Integer,
    Float,
    Boolean,
    Represent,
    Type,
    IsInstance,
    Range,
    Minimum,
    Maximum,
    Absolute,
    List,
    Dict,
    Tuple,
    Sorted,
    Enumerate,
    Zip,
    Any,
    All,
    Sum,
    Reversed,
}

/// A built-in function: its name, its parameters, and the number of those that are required.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) module: Option<Module>,
    pub(crate) name: &'static str,
    pub(crate) builtin: Builtin,
    pub(crate) parameters: &'static [&'static str],
    pub(crate) required: usize,
    /// The last parameter takes all further arguments.
    pub(crate) is_variadic: bool,
}

const fn entry(
    module: Option<Module>,
    name: &'static str,
    builtin: Builtin,
    parameters: &'static [&'static str],
    required: usize,
) -> Entry {
    Entry { module, name, builtin, parameters, required, is_variadic: false }
}

const fn variadic(
    module: Option<Module>,
    name: &'static str,
    builtin: Builtin,
    parameters: &'static [&'static str],
    required: usize,
) -> Entry {
    Entry { module, name, builtin, parameters, required, is_variadic: true }
}

const REDIS: Option<Module> = Some(Module::Redis);
const DB: Option<Module> = Some(Module::Db);

/// The functions, without the methods of values.
pub(crate) const FUNCTIONS: &[Entry] = &[
    variadic(REDIS, "call", Builtin::RedisCall, &["command"], 1),
    variadic(REDIS, "execute_command", Builtin::RedisCall, &["command"], 1),
    variadic(REDIS, "delete", Builtin::RedisDelete, &["key"], 1),
    variadic(REDIS, "eval", Builtin::RedisEval, &["script"], 1),
    entry(REDIS, "fill", Builtin::RedisFill, &["key", "value", "lease"], 3),
    entry(REDIS, "get", Builtin::RedisGet, &["key"], 1),
    entry(REDIS, "get_lease", Builtin::RedisGetLease, &["key"], 1),
    entry(REDIS, "set", Builtin::RedisSet, &["key", "value", "ex", "px", "nx", "xx"], 2),
    entry(REDIS, "setex", Builtin::RedisSetex, &["key", "time", "value"], 3),
    entry(DB, "commit", Builtin::DbCommit, &[], 0),
    entry(DB, "delete", Builtin::DbDelete, &["key"], 1),
    entry(DB, "get", Builtin::DbGet, &["key"], 1),
    entry(DB, "set", Builtin::DbSet, &["key", "value"], 2),
    entry(Some(Module::Json), "dumps", Builtin::Dumps, &["value", "default"], 1),
    entry(Some(Module::Json), "loads", Builtin::Loads, &["text"], 1),
    entry(Some(Module::Time), "monotonic", Builtin::Now, &[], 0),
    entry(Some(Module::Time), "sleep", Builtin::SleepSeconds, &["seconds"], 1),
    entry(Some(Module::Time), "time", Builtin::Now, &[], 0),
    variadic(Some(Module::Asyncio), "create_task", Builtin::Spawn, &["function"], 1),
    entry(Some(Module::Asyncio), "sleep", Builtin::SleepSeconds, &["seconds"], 1),
    entry(Some(Module::Asyncio), "Lock", Builtin::NewLock, &[], 0),
    entry(Some(Module::Threading), "Lock", Builtin::NewLock, &[], 0),
    entry(Some(Module::Threading), "RLock", Builtin::NewLock, &[], 0),
    variadic(Some(Module::Logging), "debug", Builtin::Print, &["value"], 0),
    variadic(Some(Module::Logging), "error", Builtin::Print, &["value"], 0),
    variadic(Some(Module::Logging), "exception", Builtin::Print, &["value"], 0),
    variadic(Some(Module::Logging), "info", Builtin::Print, &["value"], 0),
    variadic(Some(Module::Logging), "warning", Builtin::Print, &["value"], 0),
    entry(None, "abs", Builtin::Absolute, &["number"], 1),
    entry(None, "all", Builtin::All, &["items"], 1),
    entry(None, "any", Builtin::Any, &["items"], 1),
    entry(None, "bool", Builtin::Boolean, &["value"], 1),
    entry(None, "choose", Builtin::Choose, &["n"], 1),
    entry(None, "dict", Builtin::Dict, &["items"], 0),
    entry(None, "enumerate", Builtin::Enumerate, &["items"], 1),
    entry(None, "fail", Builtin::Fail, &["message"], 0),
    entry(None, "float", Builtin::Float, &["value"], 1),
    entry(None, "int", Builtin::Integer, &["value"], 1),
    entry(None, "isinstance", Builtin::IsInstance, &["value", "type"], 2),
    entry(None, "len", Builtin::Length, &["items"], 1),
    entry(None, "list", Builtin::List, &["items"], 0),
    entry(None, "lock", Builtin::Lock, &["name"], 1),
    variadic(None, "max", Builtin::Maximum, &["items"], 1),
    variadic(None, "min", Builtin::Minimum, &["items"], 1),
    entry(None, "now", Builtin::Now, &[], 0),
    entry(None, "once", Builtin::Once, &["name", "function"], 2),
    variadic(None, "print", Builtin::Print, &["value"], 0),
    entry(None, "publish", Builtin::Publish, &["key"], 1),
    entry(None, "range", Builtin::Range, &["start", "stop", "step"], 1),
    entry(None, "repr", Builtin::Represent, &["value"], 1),
    entry(None, "reversed", Builtin::Reversed, &["items"], 1),
    entry(None, "sleep", Builtin::Sleep, &["ms"], 1),
    entry(None, "sorted", Builtin::Sorted, &["items"], 1),
    variadic(None, "spawn", Builtin::Spawn, &["function"], 1),
    entry(None, "str", Builtin::Text, &["value"], 1),
    entry(None, "sum", Builtin::Sum, &["items"], 1),
    entry(None, "tuple", Builtin::Tuple, &["items"], 0),
    entry(None, "type", Builtin::Type, &["value"], 1),
    entry(None, "zip", Builtin::Zip, &["first", "second"], 2),
    entry(None, "ConnectionError", Builtin::Exception, &["message"], 0),
    entry(None, "Exception", Builtin::Exception, &["message"], 0),
    entry(None, "KeyError", Builtin::Exception, &["message"], 0),
    entry(None, "RedisError", Builtin::Exception, &["message"], 0),
    entry(None, "RuntimeError", Builtin::Exception, &["message"], 0),
    entry(None, "TimeoutError", Builtin::Exception, &["message"], 0),
    entry(None, "ValueError", Builtin::Exception, &["message"], 0),
];

/// The methods of a shared dictionary. Their first argument is the dictionary.
pub(crate) const OF_TIER: &[Entry] = &[
    entry(None, "clear", Builtin::TierClear, &["self"], 1),
    entry(None, "delete", Builtin::TierDelete, &["self", "key"], 2),
    entry(None, "get", Builtin::TierGet, &["self", "key", "default"], 2),
    entry(None, "invalidate", Builtin::TierDelete, &["self", "key"], 2),
    entry(None, "pop", Builtin::TierPop, &["self", "key", "default"], 2),
    entry(None, "put", Builtin::TierSet, &["self", "key", "value", "ttl"], 3),
    entry(None, "remove", Builtin::TierDelete, &["self", "key"], 2),
    entry(None, "set", Builtin::TierSet, &["self", "key", "value", "ttl"], 3),
    entry(None, "ttl", Builtin::TierTtl, &["self", "key"], 2),
];

/// The methods of a lock. Their first argument is the lock.
pub(crate) const OF_LOCK: &[Entry] = &[
    entry(None, "acquire", Builtin::LockAcquire, &["self"], 1),
    entry(None, "release", Builtin::LockRelease, &["self"], 1),
];

/// The further commands that are methods of `redis`. They need the whole simulated Redis.
pub(crate) const COMMANDS: [&str; 34] = [
    "append", "decr", "decrby", "exists", "expire", "flushdb", "getdel", "getex", "getset", "hdel", "hget",
    "hgetall", "hset", "incr", "incrby", "keys", "mget", "mset", "persist", "pexpire", "psetex", "pttl",
    "rename", "sadd", "setnx", "smembers", "srem", "strlen", "touch", "ttl", "type", "unlink", "watch",
    "zadd",
];

/// Names of modules, and the modules.
pub(crate) const MODULES: [(&str, Module); 10] = [
    ("redis", Module::Redis),
    ("db", Module::Db),
    ("json", Module::Json),
    ("time", Module::Time),
    ("asyncio", Module::Asyncio),
    ("threading", Module::Threading),
    ("logging", Module::Logging),
    ("logger", Module::Logging),
    ("log", Module::Logging),
    ("orjson", Module::Json),
];

impl Module {
    /// The module's name in scripts.
    pub(crate) fn name(self) -> &'static str {
        MODULES.iter().find(|(_, module)| *module == self).map_or("", |(name, _)| name)
    }

    /// The function of this name.
    pub(crate) fn function(self, name: &str) -> Option<Builtin> {
        let entry = FUNCTIONS.iter().find(|entry| entry.module == Some(self) && entry.name == name);
        let command = || COMMANDS.iter().find(|command| self == Module::Redis && **command == name);
        entry.map(|entry| entry.builtin).or_else(|| command().map(|command| Builtin::RedisCommand(command)))
    }

    /// The names of its functions.
    pub(crate) fn names(self) -> Vec<&'static str> {
        let names = FUNCTIONS.iter().filter(|entry| entry.module == Some(self)).map(|entry| entry.name);
        let commands = COMMANDS.iter().copied().filter(|_| self == Module::Redis);
        names.chain(commands).collect()
    }
}

/// The function that is available without a module.
pub(crate) fn function(name: &str) -> Option<Builtin> {
    FUNCTIONS.iter().find(|entry| entry.module.is_none() && entry.name == name).map(|entry| entry.builtin)
}

impl Builtin {
    /// Its entry in the tables. `None` for those that no name calls.
    pub(crate) fn entry(self) -> Option<&'static Entry> {
        FUNCTIONS.iter().chain(OF_TIER).chain(OF_LOCK).find(|entry| entry.builtin == self)
    }

    /// Whether the driver executes it: it is a step of the exploration, or starts one.
    pub(crate) fn is_effect(self) -> bool {
        matches!(
            self,
            Builtin::TierGet
                | Builtin::TierSet
                | Builtin::TierDelete
                | Builtin::TierPop
                | Builtin::TierTtl
                | Builtin::TierClear
                | Builtin::TierContains
                | Builtin::TierIndex
                | Builtin::TierRemove
                | Builtin::SharedGet
                | Builtin::SharedSet
                | Builtin::RedisGet
                | Builtin::RedisSet
                | Builtin::RedisSetex
                | Builtin::RedisDelete
                | Builtin::RedisGetLease
                | Builtin::RedisFill
                | Builtin::RedisCall
                | Builtin::RedisEval
                | Builtin::RedisCommand(_)
                | Builtin::DbGet
                | Builtin::DbSet
                | Builtin::DbDelete
                | Builtin::DbCommit
                | Builtin::LockAcquire
                | Builtin::LockRelease
                | Builtin::OnceBegin
                | Builtin::OnceEnd
                | Builtin::Sleep
                | Builtin::SleepSeconds
                | Builtin::Now
                | Builtin::Spawn
                | Builtin::Publish
                | Builtin::Choose
        )
    }
}
