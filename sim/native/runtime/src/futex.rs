//! Waiting and waking on a word, as the system call `futex`.

use selvedge_engine::native::{self, Waited};

use crate::known::Encoding;
use crate::program;
use crate::site::{self, CallFrame, Site};

/// The result of a system call: a value, or an error number.
type Result<T> = std::result::Result<T, i32>;

const WAIT: i32 = libc::FUTEX_WAIT;
const WAKE: i32 = libc::FUTEX_WAKE;
const WAIT_BITSET: i32 = libc::FUTEX_WAIT_BITSET;
const WAKE_BITSET: i32 = libc::FUTEX_WAKE_BITSET;

/// Executes the system call. Runs outside of the task. `None` if it is not modelled.
///
/// # Safety
///
/// The arguments must be valid for the system call.
pub(crate) unsafe fn futex(arguments: [usize; 6], frame: *const CallFrame) -> Option<Result<usize>> {
    let [address, operation, value, timeout, _, bits] = arguments;
    let command = operation as i32 & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME);
    program::end_step(frame as usize);
    let every = u32::MAX as usize;
    match command {
        WAIT => {
            // SAFETY: the caller's promise: a timeout, or null.
            let relative = unsafe { (timeout as *const libc::timespec).as_ref() };
            let deadline = relative.map(|it| native::known_time().saturating_add(nanoseconds(it)));
            Some(wait(address, value as u32, deadline, frame))
        }
        WAIT_BITSET if bits as u32 as usize == every => {
            // SAFETY: as above.
            let absolute = unsafe { (timeout as *const libc::timespec).as_ref() };
            let deadline =
                absolute.map(|it| nanoseconds(it).saturating_sub(crate::libc_time::start_of(operation)));
            Some(wait(address, value as u32, deadline, frame))
        }
        WAKE => Some(Ok(wake(address, value as u32, frame))),
        WAKE_BITSET if bits as u32 as usize == every => Some(Ok(wake(address, value as u32, frame))),
        _ => None,
    }
}

fn nanoseconds(time: &libc::timespec) -> u64 {
    (time.tv_sec.max(0) as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec.max(0) as u64)
}

/// Waits until a task wakes the current one, if the word has the expected value.
fn wait(address: usize, expected: u32, deadline: Option<u64>, frame: *const CallFrame) -> Result<usize> {
    let site = site::of(frame);
    let known = program::with(|program| program.known.get(address).copied());
    let encoding = known.map_or(Encoding::Word, |word| word.encoding);
    if encoding == Encoding::Mutex && deadline.is_none() {
        // Precompiled code waits for a lock whose other users are instrumented: it acquires the
        // lock when it resumes.
        let location = program::locate(address, 4, encoding);
        if known.is_some_and(|word| word.value as u32 != expected) {
            return Err(libc::EAGAIN);
        }
        program::perform(location, native::Op::Lock, true, site);
        return Ok(0);
    }
    let location = program::locate(address, 4, encoding);
    let (memory, opaque) = (program::with(|program| program.memory), is_opaque(site));
    let waited = memory.futex_wait(address as u64, expected, deadline.is_some(), opaque, site.source);
    program::note(site, location, false, opaque);
    match waited {
        Waited::Mismatch => Err(libc::EAGAIN),
        Waited::Woken => Ok(0),
        Waited::Spuriously => Err(libc::EINTR),
        Waited::TimedOut => {
            native::sleep_until(deadline.unwrap_or(0), site.source);
            if opaque {
                memory.opaque(site.source);
            }
            program::note(site, location, false, opaque);
            Err(libc::ETIMEDOUT)
        }
    }
}

/// Whether an invisible effect follows the operation.
fn is_opaque(site: Site) -> bool {
    site.is_precompiled || program::with(|program| program.learned.followed.contains(&site.id))
}

fn wake(address: usize, most: u32, frame: *const CallFrame) -> usize {
    let site = site::of(frame);
    let (memory, opaque) = (program::with(|program| program.memory), is_opaque(site));
    let woken = memory.futex_wake(address as u64, most, opaque, site.source);
    program::note(site, u32::MAX, false, opaque);
    woken as usize
}
