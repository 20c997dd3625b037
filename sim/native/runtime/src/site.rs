//! Call sites: for a call of this library, its operation of std and the user's own line.
//!
//! A site is found by a walk over the frame pointers of the program. Each return address is
//! resolved once, by the line tables of the program's file, which contain the inlined functions.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::Location;
use std::ptr;
use std::rc::Rc;

use crate::known::Encoding;
use crate::object_file::{Frame, ObjectFile};
use crate::{region, source};

/// The frame of a caller: the saved frame pointer and the return address. The assembly of the
/// exported functions makes it.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct CallFrame {
    outer: *const CallFrame,
    return_address: usize,
}

/// A step of an operation on a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Waits for the exclusive lock; tries to acquire it; releases it.
    Lock,
    TryLock,
    Unlock,
    /// The same for a shared lock.
    LockShared,
    TryLockShared,
    UnlockShared,
    /// Reads the word again after the operation has failed.
    ReadAgain,
}

/// The operation that an atomic operation is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// An operation on a lock whose word has this encoding.
    Lock(Encoding, Step),
    /// `Arc::clone` and `Weak::clone`.
    ArcClone,
    /// The drop of an `Arc` or a `Weak`.
    ArcDrop,
    /// The end of `thread::scope`.
    ScopeEnd,
    /// A reference count of std's own values, the number of panics, or a poison flag under its
    /// lock: the order is not visible, or always the same.
    Ordered,
}

/// The part for each function, by its file and name. The file is below the sources of Rust, or
/// below the folder of the registry, without the crate's version.
const PARTS: [(&str, &str, Part); 26] = {
    use Encoding::{DashMap, Mutex, ParkingLot, RwLock};
    use Step::{Lock, LockShared, ReadAgain, TryLock, TryLockShared, Unlock, UnlockShared};
    [
        ("std/src/sys/sync/mutex/futex.rs", "lock", Part::Lock(Mutex, Lock)),
        ("std/src/sys/sync/mutex/futex.rs", "try_lock", Part::Lock(Mutex, TryLock)),
        ("std/src/sys/sync/mutex/futex.rs", "unlock", Part::Lock(Mutex, Unlock)),
        ("std/src/sys/sync/rwlock/futex.rs", "read", Part::Lock(RwLock, LockShared)),
        ("std/src/sys/sync/rwlock/futex.rs", "try_read", Part::Lock(RwLock, TryLockShared)),
        ("std/src/sys/sync/rwlock/futex.rs", "write", Part::Lock(RwLock, Lock)),
        ("std/src/sys/sync/rwlock/futex.rs", "try_write", Part::Lock(RwLock, TryLock)),
        ("std/src/sys/sync/rwlock/futex.rs", "read_unlock", Part::Lock(RwLock, UnlockShared)),
        ("std/src/sys/sync/rwlock/futex.rs", "write_unlock", Part::Lock(RwLock, Unlock)),
        ("alloc/src/sync.rs", "clone", Part::ArcClone),
        ("alloc/src/sync.rs", "drop", Part::ArcDrop),
        ("std/src/panicking.rs", "count_is_zero", Part::Ordered),
        ("std/src/sync/poison.rs", "guard", Part::Ordered),
        ("std/src/sync/poison.rs", "borrow", Part::Ordered),
        ("std/src/thread/scoped.rs", "scope", Part::ScopeEnd),
        ("std/src/thread/lifecycle.rs", "spawn_unchecked", Part::Ordered),
        ("dashmap/src/lock.rs", "lock_exclusive", Part::Lock(DashMap, Lock)),
        ("dashmap/src/lock.rs", "try_lock_exclusive", Part::Lock(DashMap, TryLock)),
        ("dashmap/src/lock.rs", "unlock_exclusive", Part::Lock(DashMap, Unlock)),
        ("dashmap/src/lock.rs", "lock_shared", Part::Lock(DashMap, LockShared)),
        ("dashmap/src/lock.rs", "try_lock_shared", Part::Lock(DashMap, TryLockShared)),
        ("dashmap/src/lock.rs", "unlock_shared", Part::Lock(DashMap, UnlockShared)),
        ("dashmap/src/lock.rs", "try_lock_shared_slow", Part::Lock(DashMap, ReadAgain)),
        ("parking_lot/src/raw_mutex.rs", "lock", Part::Lock(ParkingLot, Lock)),
        ("parking_lot/src/raw_mutex.rs", "try_lock", Part::Lock(ParkingLot, TryLock)),
        ("parking_lot/src/raw_mutex.rs", "unlock", Part::Lock(ParkingLot, Unlock)),
    ]
};

/// Functions of other crates that are inlined into those with a part.
const HELPERS: [(&str, &str); 1] = [("dashmap/src/lock.rs", "try_lock_shared_fast")];

/// std's own values in an `Arc`. Precompiled code also counts their references. The task that drops
/// the last one has no visible effect.
const OWN_COUNTS: [&str; 3] =
    ["std::thread::thread::Inner", "std::thread::scoped::ScopeData", "std::thread::spawnhook::"];

/// A call site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// The identity: a hash of the return addresses up to the first function that is not std's.
    pub(crate) id: u64,
    pub(crate) part: Option<Part>,
    /// Whether the call itself is in std's precompiled code.
    pub(crate) is_precompiled: bool,
    /// Whether the call is in one of std's functions that wait.
    pub(crate) waits: bool,
    /// The innermost line of the user's own code; otherwise of a dependency, or of std. In the code
    /// of an executor that the user's line has called: the user's line that ran last.
    pub(crate) source: &'static Location<'static>,
    /// Whose line it is.
    owner: Owner,
}

/// Whose line a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// The user's, which has called the operation.
    User,
    /// The user's, which has called an executor of futures: other code of the user may be the cause.
    Executor,
    /// A dependency's or std's.
    Other,
}

/// The resolved functions of a return address.
struct Resolved {
    part: Option<Part>,
    /// Whether all its functions are std's.
    is_std: bool,
    /// Whether one of them is in std's modules of locks and other functions that wait.
    waits: bool,
    /// The innermost line outside of std, and whether it is the user's own.
    line: Option<(&'static Location<'static>, bool)>,
    std_line: Option<&'static Location<'static>>,
    /// Whether one of them runs tasks: a part of tokio's runtime.
    is_executor: bool,
}

thread_local! {
    static FILE: Rc<ObjectFile> = Rc::new(ObjectFile::open());
    static RESOLVED: RefCell<HashMap<usize, Rc<Resolved>, word_hash::Build>> = RefCell::default();
    /// The user's line that ran last.
    static LAST: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// A hasher for words that are already well distributed.
mod word_hash {
    use std::hash::{BuildHasherDefault, Hasher};

    #[derive(Default)]
    pub(super) struct WordHasher(u64);

    pub(super) type Build = BuildHasherDefault<WordHasher>;

    impl Hasher for WordHasher {
        fn finish(&self) -> u64 {
            self.0
        }

        fn write(&mut self, bytes: &[u8]) {
            for &byte in bytes {
                self.write_u64(byte.into());
            }
        }

        fn write_u64(&mut self, word: u64) {
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.0 ^= self.0 >> 29;
        }

        fn write_usize(&mut self, word: usize) {
            self.write_u64(word as u64);
        }
    }
}

/// The program's file, which is read once.
pub(crate) fn file() -> Rc<ObjectFile> {
    FILE.with(Rc::clone)
}

/// The largest number of frames that are examined.
const DEPTH: usize = 24;

/// The sites that were found before.
#[derive(Default)]
struct Cache {
    /// Whether a return address has a line of the user's own: then no outer frame matters.
    is_own: HashMap<usize, bool, word_hash::Build>,
    /// By a hash of the return addresses up to such a one.
    sites: HashMap<u64, Site, word_hash::Build>,
}

/// The return addresses of a task, the innermost first.
struct Frames(*const CallFrame);

impl Iterator for Frames {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0.is_null() || !region::is_on_stack(self.0 as usize) {
            return None;
        }
        // SAFETY: a frame pointer on the stack of the suspended caller. The program and std are
        // compiled with frame pointers; the check above rejects other values of the register, and
        // everything on a task's stack is readable.
        let CallFrame { outer, return_address } = unsafe { self.0.read() };
        self.0 = if outer <= self.0 { ptr::null() } else { outer };
        Some(return_address)
    }
}

fn mixed(hash: u64, address: usize) -> u64 {
    (hash.rotate_left(7) ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The site of the call with this frame.
pub(crate) fn of(frame: *const CallFrame) -> Site {
    let known = CACHE.with_borrow(|cache| find(cache, frame));
    let site = known.unwrap_or_else(|| {
        let (mut addresses, mut hash) = (Vec::new(), 0);
        for address in Frames(frame).take(DEPTH) {
            addresses.push(address);
            hash = mixed(hash, address);
            let is_own = matches!(resolved(address).line, Some((_, true)));
            CACHE.with_borrow_mut(|cache| cache.is_own.insert(address, is_own));
            if is_own {
                break;
            }
        }
        let site = resolve(&addresses);
        CACHE.with_borrow_mut(|cache| cache.sites.insert(hash, site));
        site
    });
    match site.owner {
        Owner::User => LAST.set(Some(site.source)),
        Owner::Executor => return Site { source: LAST.get().unwrap_or(site.source), ..site },
        Owner::Other => {}
    }
    site
}

/// The site, if it is known.
fn find(cache: &Cache, frame: *const CallFrame) -> Option<Site> {
    let mut hash = 0;
    for address in Frames(frame).take(DEPTH) {
        hash = mixed(hash, address);
        if *cache.is_own.get(&address)? {
            break;
        }
    }
    cache.sites.get(&hash).copied()
}

/// Begins a run: no line has run.
pub(crate) fn begin() {
    LAST.set(None);
}

fn resolve(addresses: &[usize]) -> Site {
    let (mut part, mut id, mut is_std, mut waits) = (None, 0_u64, true, false);
    let (mut own, mut other, mut std_line) = (None, None, None);
    let mut is_executor = false;
    for &address in addresses {
        let resolved = resolved(address);
        if is_std {
            id = (id.rotate_left(7) ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            part = part.or(resolved.part);
            std_line = std_line.or(resolved.std_line);
            is_std = resolved.is_std;
            waits |= resolved.waits;
        }
        is_executor |= resolved.is_executor;
        match resolved.line {
            Some((line, true)) => {
                own = Some(line);
                break;
            }
            Some((line, false)) => other = other.or(Some(line)),
            None => {}
        }
    }
    let source = own.or(other).or(std_line).unwrap_or_else(source::unknown);
    let is_precompiled = addresses.first().is_none_or(|&address| resolved(address).is_std);
    let owner = match own {
        _ if is_executor => Owner::Executor,
        Some(_) => Owner::User,
        None => Owner::Other,
    };
    Site { id, part, is_precompiled, waits, source, owner }
}

fn resolved(address: usize) -> Rc<Resolved> {
    if let Some(known) = RESOLVED.with_borrow(|all| all.get(&address).map(Rc::clone)) {
        return known;
    }
    // A return address is behind the call.
    let frames = file().frames(address - 1);
    let new = Rc::new(describe(&frames));
    RESOLVED.with_borrow_mut(|all| all.insert(address, Rc::clone(&new)));
    new
}

fn describe(frames: &[Frame]) -> Resolved {
    let mut resolved =
        Resolved { part: None, is_std: true, waits: false, line: None, std_line: None, is_executor: false };
    for frame in frames {
        let Some((file, line, column)) = &frame.place else { continue };
        let place = || source::make(short(file), *line, *column);
        if is_std(file) {
            let folders = ["std/src/sys/sync/", "std/src/sync/", "std/src/sys/pal/unix/futex.rs"];
            resolved.waits |= folders.iter().any(|folder| short(file).starts_with(folder));
            if resolved.line.is_none() {
                resolved.part = resolved.part.or_else(|| part_of(file, &frame.function));
                if !file.ends_with("core/src/sync/atomic.rs") {
                    resolved.std_line.get_or_insert_with(place);
                }
            }
            continue;
        }
        if resolved.line.is_none() && resolved.part.is_none() {
            let (its, name) = (without_version(short(file)), bare(&frame.function));
            if HELPERS.iter().any(|&helper| helper == (&*its, &*name)) {
                resolved.std_line.get_or_insert_with(place);
                continue;
            }
            resolved.part = part_of(file, &frame.function);
        }
        resolved.is_std = false;
        if resolved.line.is_none_or(|(_, is_own)| !is_own) {
            resolved.is_executor |= is_executor(file, &frame.function);
        }
        let is_own = !file.contains("/registry/src/") && !frame.function.contains("selvedge_native::");
        match resolved.line {
            Some((_, true)) => {}
            Some((_, false)) if !is_own => {}
            _ => resolved.line = Some((place(), is_own)),
        }
    }
    // Without a function (foreign code, or no debug information) the walk continues.
    resolved
}

/// Whether the function polls futures: one of tokio's runtime.
fn is_executor(file: &str, function: &str) -> bool {
    let names = ["poll", "poll_inner", "block_on", "run", "run_task"];
    without_version(short(file)).starts_with("tokio/src/runtime/") && names.contains(&&*bare(function))
}

fn is_std(file: &str) -> bool {
    file.starts_with("/rustc/") || file.contains("/rustlib/src/rust/library/")
}

/// The path of a file, starting with its package.
fn short(file: &str) -> &str {
    let registry = file.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    let std = file.split_once("/library/").filter(|_| is_std(file));
    registry.or(std).map_or(file, |(_, rest)| rest)
}

/// The path without the version of the crate: `dashmap-6.2.1/src/lock.rs`.
fn without_version(file: &str) -> Cow<'_, str> {
    let parts = file.split_once('/').and_then(|(folder, rest)| Some((folder.rsplit_once('-')?.0, rest)));
    parts.map_or(Cow::Borrowed(file), |(name, rest)| Cow::Owned(format!("{name}/{rest}")))
}

/// The part for a function, by its file and name.
fn part_of(file: &str, function: &str) -> Option<Part> {
    let (its, name) = (short(file), bare(function));
    let file = if is_std(file) { Cow::Borrowed(its) } else { without_version(its) };
    if file == "alloc/src/sync.rs" && OWN_COUNTS.iter().any(|value| function.contains(value)) {
        return Some(Part::Ordered);
    }
    PARTS.iter().find(|&&(its, function, _)| its == file && function == name).map(|&(_, _, part)| part)
}

/// The name of a function without its path and generic arguments.
fn bare(function: &str) -> String {
    let (mut depth, mut previous) = (0, ' ');
    let mut outside = String::with_capacity(function.len());
    for letter in function.chars() {
        match letter {
            '<' => depth += 1,
            '>' if previous != '-' => depth -= 1,
            _ if depth == 0 => outside.push(letter),
            _ => {}
        }
        previous = letter;
    }
    let name = outside.trim_end_matches(':');
    name.rsplit("::").next().unwrap_or(name).to_owned()
}
