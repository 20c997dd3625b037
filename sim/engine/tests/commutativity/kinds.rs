//! The kinds of objects, and the declared commutativity of their operations.

use selvedge_engine::object::{Cell, Counter, Entry, Map, Object, Queue, Set};
use selvedge_engine::sync::atomic::AtomicU64;
use selvedge_engine::sync::atomic::Ordering::SeqCst;
use selvedge_engine::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::orders::Declared::{self, AtLeastByOutcome, ByOutcome, Commute, Conflict, Impossible};
use super::orders::Kind;

/// The result of an operation that returns nothing.
const DONE: u64 = 1_000;
/// The result of an operation that found no value or was refused.
const NOTHING: u64 = 2_000;

pub(crate) struct CellKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellOp {
    Get,
    Set,
    Replace,
}

impl Kind for CellKind {
    type Shared = Cell<u64>;
    type Held<'a> = ();
    type Op = CellOp;
    const OPS: &'static [CellOp] = &[CellOp::Get, CellOp::Set, CellOp::Replace];
    const TASKS_IN_PREFIX: usize = 1;

    fn apply(cell: &Cell<u64>, (): &mut (), op: CellOp, fresh: u64) -> Option<u64> {
        Some(match op {
            CellOp::Get => cell.get(),
            CellOp::Set => {
                cell.set(fresh);
                DONE
            }
            CellOp::Replace => cell.replace(fresh),
        })
    }

    fn state(cell: &Cell<u64>) -> Vec<u64> {
        vec![cell.get()]
    }

    fn declared(a: CellOp, b: CellOp) -> Declared {
        if a == CellOp::Get && b == CellOp::Get { Commute } else { Conflict }
    }
}

pub(crate) struct CounterKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CounterOp {
    Add,
    Get,
}

impl Kind for CounterKind {
    type Shared = Counter;
    type Held<'a> = ();
    type Op = CounterOp;
    const OPS: &'static [CounterOp] = &[CounterOp::Add, CounterOp::Get];
    const TASKS_IN_PREFIX: usize = 1;

    fn apply(counter: &Counter, (): &mut (), op: CounterOp, fresh: u64) -> Option<u64> {
        Some(match op {
            CounterOp::Add => {
                counter.add(fresh as i64);
                DONE
            }
            CounterOp::Get => counter.get() as u64,
        })
    }

    fn state(counter: &Counter) -> Vec<u64> {
        vec![counter.get() as u64]
    }

    fn declared(a: CounterOp, b: CounterOp) -> Declared {
        if a == b { Commute } else { Conflict }
    }
}

pub(crate) struct MapKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapOp {
    Get(u8),
    Look(u8),
    ContainsKey(u8),
    Insert(u8),
    Remove(u8),
    /// Removes the value if there is one, and inserts one if not.
    Update(u8),
    /// Locks the key.
    Lock(u8),
    /// Ends an entry on the key with an insert.
    Unlock(u8),
    Len,
    Keys,
    UnorderedKeys,
    ToVec,
    Clear,
}

impl MapOp {
    fn key(self) -> Option<u8> {
        match self {
            MapOp::Get(key)
            | MapOp::Look(key)
            | MapOp::ContainsKey(key)
            | MapOp::Insert(key)
            | MapOp::Remove(key)
            | MapOp::Update(key)
            | MapOp::Lock(key)
            | MapOp::Unlock(key) => Some(key),
            MapOp::Len | MapOp::Keys | MapOp::UnorderedKeys | MapOp::ToVec | MapOp::Clear => None,
        }
    }

    fn is_read_only(self) -> bool {
        matches!(
            self,
            MapOp::Get(_) | MapOp::Look(_) | MapOp::ContainsKey(_) | MapOp::Len | MapOp::Keys | MapOp::ToVec
        )
    }
}

impl Kind for MapKind {
    type Shared = Map<u8, u64>;
    type Held<'a> = Vec<(u8, Entry<'a, u8, u64>)>;
    type Op = MapOp;
    const OPS: &'static [MapOp] = &[
        MapOp::Get(0),
        MapOp::Get(1),
        MapOp::ContainsKey(0),
        MapOp::Insert(0),
        MapOp::Insert(1),
        MapOp::Remove(0),
        MapOp::Look(0),
        MapOp::Update(0),
        MapOp::Update(1),
        MapOp::Lock(0),
        MapOp::Lock(1),
        MapOp::Unlock(0),
        MapOp::Len,
        MapOp::Keys,
        MapOp::UnorderedKeys,
        MapOp::ToVec,
        MapOp::Clear,
    ];
    const TASKS_IN_PREFIX: usize = 2;

    fn apply<'a>(map: &'a Map<u8, u64>, held: &mut Self::Held<'a>, op: MapOp, fresh: u64) -> Option<u64> {
        Some(match op {
            MapOp::Get(key) => map.get(&key).unwrap_or(NOTHING),
            MapOp::ContainsKey(key) => map.contains_key(&key).into(),
            MapOp::Insert(key) => map.insert(key, fresh).unwrap_or(NOTHING),
            MapOp::Remove(key) => map.remove(&key).unwrap_or(NOTHING),
            MapOp::Look(key) => map.look(&key, |&value| value).unwrap_or(NOTHING),
            MapOp::Update(key) => map.update(key, |value| {
                let before = value.take();
                *value = before.is_none().then_some(fresh);
                before.unwrap_or(NOTHING)
            }),
            MapOp::Lock(key) => {
                let entry = map.entry(key);
                let value = entry.get().unwrap_or(NOTHING);
                held.push((key, entry));
                value
            }
            MapOp::Unlock(key) => {
                let at = held.iter().position(|(locked, _)| *locked == key)?;
                held.remove(at).1.insert(fresh);
                DONE
            }
            MapOp::Len => map.len() as u64,
            MapOp::Keys => map.keys().into_iter().fold(0, |sum, key| sum * 10 + u64::from(key) + 1),
            MapOp::UnorderedKeys => {
                map.unordered_keys().into_iter().fold(0, |sum, key| sum * 10 + u64::from(key) + 1)
            }
            MapOp::ToVec => {
                let entries = map.to_vec().into_iter();
                entries.fold(0, |sum, (key, value)| (sum * 10 + u64::from(key) + 1) * 1_000 + value)
            }
            MapOp::Clear => {
                map.clear();
                DONE
            }
        })
    }

    fn state(map: &Map<u8, u64>) -> Vec<u64> {
        map.to_vec().into_iter().flat_map(|(key, value)| [key.into(), value]).collect()
    }

    fn declared(a: MapOp, b: MapOp) -> Declared {
        match (a.key(), b.key()) {
            (Some(own), Some(other)) if own != other => Commute,
            _ if a.is_read_only() && b.is_read_only() => Commute,
            // It waits for locked keys, like a write, but only reads.
            _ if [a, b].iter().all(|op| op.is_read_only() || *op == MapOp::UnorderedKeys) => AtLeastByOutcome,
            _ if matches!((a, b), (MapOp::Unlock(_), MapOp::Unlock(_))) => Impossible,
            // The second finds no key to clear; the engine does not use that.
            (None, None) if a == MapOp::Clear && b == MapOp::Clear => AtLeastByOutcome,
            (None, Some(_)) if a.is_read_only() && matches!(b, MapOp::Lock(_)) => Commute,
            (Some(_), None) if b.is_read_only() && matches!(a, MapOp::Lock(_)) => Commute,
            _ => Conflict,
        }
    }
}

pub(crate) struct SetKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetOp {
    Contains(u8),
    Insert(u8),
    Remove(u8),
    Len,
    ToVec,
}

impl SetOp {
    fn key(self) -> Option<u8> {
        match self {
            SetOp::Contains(key) | SetOp::Insert(key) | SetOp::Remove(key) => Some(key),
            SetOp::Len | SetOp::ToVec => None,
        }
    }

    fn is_read_only(self) -> bool {
        matches!(self, SetOp::Contains(_) | SetOp::Len | SetOp::ToVec)
    }
}

impl Kind for SetKind {
    type Shared = Set<u8>;
    type Held<'a> = ();
    type Op = SetOp;
    const OPS: &'static [SetOp] = &[
        SetOp::Contains(0),
        SetOp::Contains(1),
        SetOp::Insert(0),
        SetOp::Insert(1),
        SetOp::Remove(0),
        SetOp::Remove(1),
        SetOp::Len,
        SetOp::ToVec,
    ];
    const TASKS_IN_PREFIX: usize = 1;

    fn apply(set: &Set<u8>, (): &mut (), op: SetOp, _: u64) -> Option<u64> {
        Some(match op {
            SetOp::Contains(key) => set.contains(&key).into(),
            SetOp::Insert(key) => set.insert(key).into(),
            SetOp::Remove(key) => set.remove(&key).into(),
            SetOp::Len => set.len() as u64,
            SetOp::ToVec => set.to_vec().into_iter().fold(0, |sum, key| sum * 10 + u64::from(key) + 1),
        })
    }

    fn state(set: &Set<u8>) -> Vec<u64> {
        set.to_vec().into_iter().map(u64::from).collect()
    }

    fn declared(a: SetOp, b: SetOp) -> Declared {
        match (a.key(), b.key()) {
            (Some(own), Some(other)) if own != other => Commute,
            _ if a.is_read_only() && b.is_read_only() => Commute,
            _ if matches!(
                (a, b),
                (SetOp::Insert(_), SetOp::Remove(_)) | (SetOp::Remove(_), SetOp::Insert(_))
            ) =>
            {
                Conflict
            }
            _ => ByOutcome,
        }
    }
}

pub(crate) struct QueueKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueueOp {
    Push,
    Pop,
    Len,
}

impl Kind for QueueKind {
    type Shared = Queue<u64>;
    type Held<'a> = ();
    type Op = QueueOp;
    const OPS: &'static [QueueOp] = &[QueueOp::Push, QueueOp::Pop, QueueOp::Len];
    const TASKS_IN_PREFIX: usize = 1;

    fn apply(queue: &Queue<u64>, (): &mut (), op: QueueOp, fresh: u64) -> Option<u64> {
        Some(match op {
            QueueOp::Push => {
                queue.push(fresh);
                DONE
            }
            QueueOp::Pop => queue.pop().unwrap_or(NOTHING),
            QueueOp::Len => queue.len() as u64,
        })
    }

    fn state(queue: &Queue<u64>) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    fn declared(a: QueueOp, b: QueueOp) -> Declared {
        match (a, b) {
            (QueueOp::Push, QueueOp::Push) => Conflict,
            (QueueOp::Push, QueueOp::Len) | (QueueOp::Len, QueueOp::Push) => Conflict,
            (QueueOp::Len, QueueOp::Len) => Commute,
            _ => ByOutcome,
        }
    }
}

pub(crate) struct ObjectKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectOp {
    Read(usize),
    Write(usize),
    ReadAll,
    WriteAll,
}

impl Kind for ObjectKind {
    type Shared = Object<[u64; 2]>;
    type Held<'a> = ();
    type Op = ObjectOp;
    const OPS: &'static [ObjectOp] = &[
        ObjectOp::Read(0),
        ObjectOp::Read(1),
        ObjectOp::Write(0),
        ObjectOp::Write(1),
        ObjectOp::ReadAll,
        ObjectOp::WriteAll,
    ];
    const TASKS_IN_PREFIX: usize = 1;

    fn apply(object: &Object<[u64; 2]>, (): &mut (), op: ObjectOp, fresh: u64) -> Option<u64> {
        Some(match op {
            ObjectOp::Read(key) => object.read(key, |parts| parts[key]),
            ObjectOp::Write(key) => object.write(key, |parts| std::mem::replace(&mut parts[key], fresh)),
            ObjectOp::ReadAll => object.read_all(|parts| parts[0] * 1_000 + parts[1]),
            ObjectOp::WriteAll => object.write_all(|parts| {
                let old = parts[0] * 1_000 + parts[1];
                *parts = [fresh; 2];
                old
            }),
        })
    }

    fn state(object: &Object<[u64; 2]>) -> Vec<u64> {
        object.read_all(|parts| parts.to_vec())
    }

    fn declared(a: ObjectOp, b: ObjectOp) -> Declared {
        use ObjectOp::{Read, ReadAll, Write};
        match (a, b) {
            (Read(_) | ReadAll, Read(_) | ReadAll) => Commute,
            (Read(own) | Write(own), Read(other) | Write(other)) if own != other => Commute,
            _ => Conflict,
        }
    }
}

pub(crate) struct AtomicKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtomicOp {
    Load,
    Store(u64),
    Swap(u64),
    FetchAdd,
    CompareExchange(u64, u64),
    /// Waits for a value other than 0.
    Wait,
}

impl AtomicOp {
    fn is_read_only(self) -> bool {
        matches!(self, AtomicOp::Load | AtomicOp::Wait)
    }
}

impl Kind for AtomicKind {
    type Shared = AtomicU64;
    type Held<'a> = ();
    type Op = AtomicOp;
    const OPS: &'static [AtomicOp] = &[
        AtomicOp::Load,
        AtomicOp::Store(1),
        AtomicOp::Store(2),
        AtomicOp::Swap(3),
        AtomicOp::FetchAdd,
        AtomicOp::CompareExchange(0, 1),
        AtomicOp::CompareExchange(1, 2),
        AtomicOp::Wait,
    ];
    const TASKS_IN_PREFIX: usize = 1;

    fn apply(atomic: &AtomicU64, (): &mut (), op: AtomicOp, _: u64) -> Option<u64> {
        Some(match op {
            AtomicOp::Load => atomic.load(SeqCst),
            AtomicOp::Store(value) => {
                atomic.store(value, SeqCst);
                DONE
            }
            AtomicOp::Swap(value) => atomic.swap(value, SeqCst),
            AtomicOp::FetchAdd => atomic.fetch_add(1, SeqCst),
            AtomicOp::CompareExchange(expected, new) => {
                match atomic.compare_exchange(expected, new, SeqCst, SeqCst) {
                    Ok(_) => DONE,
                    Err(value) => value,
                }
            }
            AtomicOp::Wait => atomic.wait_until(|value| value != 0),
        })
    }

    fn state(atomic: &AtomicU64) -> Vec<u64> {
        vec![atomic.load(SeqCst)]
    }

    fn declared(a: AtomicOp, b: AtomicOp) -> Declared {
        use AtomicOp::{CompareExchange, Store};
        match (a, b) {
            _ if a.is_read_only() && b.is_read_only() => Commute,
            (CompareExchange(..), _) if b.is_read_only() => ByOutcome,
            (_, CompareExchange(..)) if a.is_read_only() => ByOutcome,
            (CompareExchange(..), CompareExchange(..)) => ByOutcome,
            // Two stores of one value are indistinguishable; the engine does not use that.
            (Store(own), Store(other)) if own == other => AtLeastByOutcome,
            _ => Conflict,
        }
    }
}

pub(crate) struct MutexKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MutexOp {
    Lock,
    TryLock,
    Unlock,
}

impl Kind for MutexKind {
    type Shared = Mutex<u64>;
    type Held<'a> = Option<MutexGuard<'a, u64>>;
    type Op = MutexOp;
    const OPS: &'static [MutexOp] = &[MutexOp::Lock, MutexOp::TryLock, MutexOp::Unlock];
    const TASKS_IN_PREFIX: usize = 2;

    fn apply<'a>(mutex: &'a Mutex<u64>, held: &mut Self::Held<'a>, op: MutexOp, fresh: u64) -> Option<u64> {
        let guard = match op {
            MutexOp::Lock => mutex.lock().ok(),
            MutexOp::TryLock => mutex.try_lock().ok(),
            MutexOp::Unlock => {
                *held.as_deref_mut()? = fresh;
                *held = None;
                return Some(DONE);
            }
        };
        let Some(guard) = guard else { return Some(NOTHING) };
        let seen = *guard;
        *held = Some(guard);
        Some(seen)
    }

    fn state(mutex: &Mutex<u64>) -> Vec<u64> {
        vec![mutex.try_lock().map_or(NOTHING, |value| *value)]
    }

    fn declared(a: MutexOp, b: MutexOp) -> Declared {
        match (a, b) {
            (MutexOp::TryLock, MutexOp::TryLock) => ByOutcome,
            (MutexOp::Unlock, MutexOp::Unlock) => Impossible,
            _ => Conflict,
        }
    }
}

pub(crate) struct RwLockKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RwLockOp {
    Read,
    TryRead,
    Write,
    TryWrite,
    Unlock,
}

pub(crate) enum RwLockHeld<'a> {
    Read(#[expect(dead_code, reason = "held, and then dropped")] RwLockReadGuard<'a, u64>),
    Write(RwLockWriteGuard<'a, u64>),
}

impl Kind for RwLockKind {
    type Shared = RwLock<u64>;
    type Held<'a> = Vec<RwLockHeld<'a>>;
    type Op = RwLockOp;
    const OPS: &'static [RwLockOp] =
        &[RwLockOp::Read, RwLockOp::TryRead, RwLockOp::Write, RwLockOp::TryWrite, RwLockOp::Unlock];
    const TASKS_IN_PREFIX: usize = 2;

    fn apply<'a>(lock: &'a RwLock<u64>, held: &mut Self::Held<'a>, op: RwLockOp, fresh: u64) -> Option<u64> {
        let guard = match op {
            RwLockOp::Read => lock.read().ok().map(RwLockHeld::Read),
            RwLockOp::TryRead => lock.try_read().ok().map(RwLockHeld::Read),
            RwLockOp::Write => lock.write().ok().map(RwLockHeld::Write),
            RwLockOp::TryWrite => lock.try_write().ok().map(RwLockHeld::Write),
            RwLockOp::Unlock => {
                if let RwLockHeld::Write(mut value) = held.pop()? {
                    *value = fresh;
                }
                return Some(DONE);
            }
        };
        let Some(guard) = guard else { return Some(NOTHING) };
        held.push(guard);
        Some(DONE)
    }

    fn state(lock: &RwLock<u64>) -> Vec<u64> {
        let read = lock.try_read().map_or(NOTHING, |value| *value);
        vec![read, lock.try_write().is_ok().into()]
    }

    fn declared(a: RwLockOp, b: RwLockOp) -> Declared {
        use RwLockOp::{Read, TryRead, TryWrite, Unlock, Write};
        match (a, b) {
            (Read | TryRead, Read | TryRead) | (Unlock, Unlock) => Commute,
            (Read | TryRead, Unlock) | (Unlock, Read | TryRead) => ByOutcome,
            (TryWrite, TryWrite) => ByOutcome,
            // The engine does not use whether a reader was the only one.
            (TryRead, TryWrite) | (TryWrite, TryRead) => AtLeastByOutcome,
            (Write | TryWrite, _) | (_, Write | TryWrite) => Conflict,
        }
    }
}
