//! The interface of the runtime, a shared library that `selvedge test` links into the program.
#![expect(unsafe_code, reason = "the runtime is looked up by name, and called through C functions")]

use std::ffi::{CStr, c_void};
use std::mem;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Arc;
use std::time::Duration;

use crate::explorer::Explorer;
use crate::report::{Report, Verdict};

/// As in the runtime's `explore.rs`.
#[repr(C)]
struct Request {
    strategy: u32,
    seed: u64,
    depth: u64,
    max_executions: u64,
    max_milliseconds: u64,
    max_steps: u64,
    schedule: *const u8,
    schedule_length: usize,
    servers: *const u8,
    servers_length: usize,
    stops: bool,
    body: extern "C" fn(*mut c_void),
    argument: *mut c_void,
    receive: extern "C" fn(*mut c_void, u32, *const u8, usize),
    receiver: *mut c_void,
}

/// As in the runtime's `explore.rs`.
#[repr(C)]
struct Numbers {
    executions: u64,
    spun: u64,
    deadlocks: u64,
    panics: u64,
    too_long: u64,
    events: u64,
    nanoseconds: u64,
    verdict: u32,
}

type Explore = unsafe extern "C" fn(*const Request) -> Numbers;
type Panicked = unsafe extern "C" fn(*const u8, usize, *const u8, usize, u32) -> bool;
type Caught = extern "C" fn();

/// The functions of the runtime.
#[derive(Clone, Copy)]
struct Runtime {
    explore: Explore,
    panicked: Panicked,
    caught: Caught,
}

impl Runtime {
    /// Finds the runtime, if it is linked.
    fn find() -> Option<Self> {
        let explore = find(c"selvedge_native_explore")?;
        let panicked = find(c"selvedge_native_panicked")?;
        let caught = find(c"selvedge_native_caught")?;
        // SAFETY: the runtime defines these functions with these types.
        unsafe {
            Some(Runtime {
                explore: mem::transmute::<*mut c_void, Explore>(explore),
                panicked: mem::transmute::<*mut c_void, Panicked>(panicked),
                caught: mem::transmute::<*mut c_void, Caught>(caught),
            })
        }
    }
}

#[cfg(unix)]
fn find(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the name ends with a zero byte.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

#[cfg(not(unix))]
fn find(_: &CStr) -> Option<*mut c_void> {
    None
}

/// The body of an exploration.
struct Body<'a> {
    body: &'a (dyn Fn() + Sync),
    runtime: Runtime,
}

/// The main task of a run.
extern "C" fn run(argument: *mut c_void) {
    // SAFETY: `explore` passes a `Body` that outlives the exploration.
    let Body { body, runtime } = unsafe { &*argument.cast::<Body<'_>>() };
    // The hook has recorded a panic.
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(()) => (runtime.caught)(),
        // The payload belongs to the run, whose memory is reset.
        Err(payload) => mem::forget(payload),
    }
}

/// The texts of the result.
#[derive(Default)]
struct Texts {
    text: String,
    effects: Vec<String>,
    reasons: Vec<String>,
    schedule: Option<String>,
}

extern "C" fn receive(to: *mut c_void, kind: u32, start: *const u8, length: usize) {
    // SAFETY: `explore` passes its `Texts`; the runtime passes text.
    let (texts, text) = unsafe { (&mut *to.cast::<Texts>(), std::slice::from_raw_parts(start, length)) };
    let text = String::from_utf8_lossy(text).into_owned();
    match kind {
        0 => texts.text = text,
        1 => texts.effects.push(text),
        2 => texts.reasons.push(text),
        _ => texts.schedule = Some(text),
    }
}

/// Explores the schedules of `body`, if the runtime is linked.
pub(crate) fn explore(settings: &Explorer, body: &(dyn Fn() + Sync)) -> Option<Report> {
    let runtime = Runtime::find()?;
    let previous = Arc::new(panic::take_hook());
    let outer = Arc::clone(&previous);
    panic::set_hook(Box::new(move |info| {
        if !record(runtime, info) {
            outer(info);
        }
    }));
    let body = Body { body, runtime };
    let servers = settings.servers.join("\n");
    let mut texts = Texts::default();
    let request = Request {
        strategy: settings.strategy,
        seed: settings.seed,
        depth: settings.depth,
        max_executions: settings.max_executions,
        max_milliseconds: settings.max_time.as_millis() as u64,
        max_steps: settings.max_steps,
        schedule: settings.schedule.as_ptr(),
        schedule_length: settings.schedule.len(),
        servers: servers.as_ptr(),
        servers_length: servers.len(),
        stops: settings.stops,
        body: run,
        argument: (&raw const body).cast_mut().cast(),
        receive,
        receiver: (&raw mut texts).cast(),
    };
    // SAFETY: the request and what it refers to live until the call returns.
    let numbers = unsafe { (runtime.explore)(&raw const request) };
    drop(panic::take_hook());
    panic::set_hook(Box::new(move |info| previous(info)));
    let verdict = match numbers.verdict {
        0 => Verdict::Complete,
        1 => Verdict::Bounded,
        2 => Verdict::Deadlock,
        3 => Verdict::Panic,
        4 => Verdict::Nondeterministic,
        5 => Verdict::Incomplete,
        _ => Verdict::Unsupported,
    };
    Some(Report {
        verdict,
        executions: numbers.executions - numbers.spun,
        spun: numbers.spun,
        deadlocks: numbers.deadlocks,
        panics: numbers.panics,
        too_long: numbers.too_long,
        events: numbers.events,
        elapsed: Duration::from_nanos(numbers.nanoseconds),
        text: texts.text,
        effects: texts.effects,
        reasons: texts.reasons,
        schedule: texts.schedule,
    })
}

/// Records a panic of a task. Returns whether it is one.
fn record(runtime: Runtime, info: &PanicHookInfo<'_>) -> bool {
    let message = info.payload_as_str().unwrap_or("a panic whose payload is not text");
    let (file, line) = info.location().map_or(("an unknown place", 0), |at| (at.file(), at.line()));
    // SAFETY: the arguments are text.
    unsafe { (runtime.panicked)(message.as_ptr(), message.len(), file.as_ptr(), file.len(), line) }
}
