//! The entry points for `selvedge-native`, which is a part of the program.

use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use crate::fs::{self, in_task};
use crate::net::Declared;
use crate::outside::{self, outside};
use crate::program::{self, Learned};
use crate::rules::{self, Rule};
use crate::search::{self, Found, Settings};
use crate::statics::Statics;
use crate::{effects, precompiled, region, task, uninstrumented, vdso};

/// The maximum number of times that an exploration restarts with the learned effects.
const RESTARTS: usize = 64;

/// The request of the program. `selvedge-native` has the same type.
#[repr(C)]
#[derive(Debug)]
pub struct Request {
    /// 0 optimal, 1 naive, 2 random, 3 PCT, 4 replay.
    strategy: u32,
    seed: u64,
    depth: u64,
    /// 0: no bound, here and below.
    max_executions: u64,
    max_milliseconds: u64,
    max_steps: u64,
    schedule: *const u8,
    schedule_length: usize,
    /// The addresses of simulated servers, separated by line ends.
    servers: *const u8,
    servers_length: usize,
    /// Whether the search ends with the first failure.
    stops: bool,
    /// The body, and its argument.
    body: extern "C" fn(*mut c_void),
    argument: *mut c_void,
    /// Receives text: its kind, its bytes.
    receive: extern "C" fn(*mut c_void, u32, *const u8, usize),
    receiver: *mut c_void,
}

/// The numbers of the result. `selvedge-native` has the same type.
#[repr(C)]
#[derive(Debug)]
pub struct Numbers {
    executions: u64,
    spun: u64,
    deadlocks: u64,
    panics: u64,
    too_long: u64,
    events: u64,
    nanoseconds: u64,
    /// 0 complete, 1 bounded, 2 deadlock, 3 panic, 4 nondeterministic, 5 incomplete, 6 unsupported.
    verdict: u32,
}

/// Kinds of text.
const VERDICT: u32 = 0;
const EFFECT: u32 = 1;
const REASON: u32 = 2;
const SCHEDULE: u32 = 3;

/// Explores the program.
///
/// # Safety
///
/// The request must be valid: `selvedge-native` makes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn selvedge_native_explore(request: *const Request) -> Numbers {
    // SAFETY: the caller's promise.
    let request = unsafe { &*request };
    let send = |kind, text: &str| (request.receive)(request.receiver, kind, text.as_ptr(), text.len());
    let mut numbers = Numbers {
        executions: 0,
        spun: 0,
        deadlocks: 0,
        panics: 0,
        too_long: 0,
        events: 0,
        nanoseconds: 0,
        verdict: 6,
    };
    if let Err(why) = prepare() {
        send(VERDICT, &why);
        return numbers;
    }
    // SAFETY: the caller passes text.
    let (schedule, servers) = unsafe {
        (
            std::slice::from_raw_parts(request.schedule, request.schedule_length),
            std::slice::from_raw_parts(request.servers, request.servers_length),
        )
    };
    let servers = match declared(&String::from_utf8_lossy(servers)) {
        Ok(servers) => servers,
        Err(why) => {
            send(VERDICT, &why);
            return numbers;
        }
    };
    let settings = Settings {
        strategy: request.strategy,
        seed: request.seed,
        depth: request.depth as usize,
        max_executions: (request.max_executions > 0).then_some(request.max_executions),
        max_milliseconds: (request.max_milliseconds > 0).then_some(request.max_milliseconds),
        max_steps: (request.max_steps > 0).then_some(request.max_steps as usize),
        schedule: String::from_utf8_lossy(schedule).into_owned(),
        stops: request.stops,
    };
    let main = Main { body: request.body, argument: request.argument };
    let explored = panic::catch_unwind(AssertUnwindSafe(|| explore(&settings, servers, main)));
    let Ok(found) = explored else {
        send(VERDICT, "an error of the engine, which is printed above");
        return numbers;
    };
    numbers.executions = found.report.executions;
    numbers.spun = found.spun;
    numbers.deadlocks = found.report.deadlocks;
    numbers.panics = found.report.panics;
    numbers.too_long = found.report.too_long;
    numbers.events = found.events;
    numbers.nanoseconds = found.report.elapsed.as_nanos() as u64;
    let (reasons, bounds) = (effects::reasons(), effects::bounds());
    numbers.verdict = search::verdict(&found.report, !reasons.is_empty(), !bounds.is_empty());
    let story = match found.story.strip_prefix("complete: ") {
        Some(rest) if !bounds.is_empty() => &format!("bounded: {rest}, with {}", bounds.join(", ")),
        _ => &found.story,
    };
    send(VERDICT, story);
    effects::all().iter().for_each(|effect| send(EFFECT, effect));
    reasons.iter().for_each(|reason| send(REASON, reason));
    if let Some(failure) = &found.report.failure {
        send(SCHEDULE, &failure.schedule.to_string());
    }
    numbers
}

/// The declared servers.
fn declared(text: &str) -> Result<Vec<Declared>, String> {
    text.lines().zip(0..).map(|(line, nth)| Declared::parse(line, nth)).collect()
}

fn prepare() -> Result<(), String> {
    thread_local! {
        static RESERVED: RefCell<Option<Result<(), String>>> = const { RefCell::new(None) };
    }
    static ONCE: std::sync::OnceLock<Result<(), String>> = std::sync::OnceLock::new();
    let prepared = ONCE.get_or_init(|| {
        if !fs::is_writable() {
            return Err(
                "native mode needs the instruction wrfsbase: Linux 5.9 on x86-64 with FSGSBASE".to_owned()
            );
        }
        vdso::replace();
        region::reserve().map_err(|error| format!("no address space for the tasks: {error}"))
    });
    prepared.clone()
}

/// The main task of the program.
#[derive(Clone, Copy)]
struct Main {
    body: extern "C" fn(*mut c_void),
    argument: *mut c_void,
}

extern "C" fn start(main: *mut c_void) -> *mut c_void {
    // SAFETY: `explore` passes a `Main` that outlives the run.
    let Main { body, argument } = unsafe { *main.cast::<Main>() };
    body(argument);
    std::ptr::null_mut()
}

fn explore(settings: &Settings, servers: Vec<Declared>, main: Main) -> Found {
    outside::begin();
    uninstrumented::watch();
    let statics = Rc::new(Statics::save());
    let main = Box::into_raw(Box::new(main));
    let mut learned = Learned { locks_as_code: !rules::applies(Rule::Locks), ..Learned::default() };
    let mut found;
    let mut restarts = 0;
    loop {
        effects::begin();
        let (statics, knows, servers) = (Rc::clone(&statics), learned.clone(), servers.clone());
        let body = Rc::new(move || {
            statics.restore();
            region::reset();
            program::begin(&knows, &servers);
            task::run(start, main.cast(), (0, Vec::new()), |_| {});
        });
        // The engine may reject a run because its operations had other effects than assumed. The
        // next search uses the learned effects.
        let body_of_search = Rc::clone(&body) as Rc<dyn Fn()>;
        let searched = panic::catch_unwind(AssertUnwindSafe(|| search::run(settings, body_of_search)));
        let new = program::end().unwrap_or_default();
        restarts += 1;
        found = match searched {
            Ok(found) => found,
            Err(_) if new != learned && restarts <= RESTARTS => {
                learned = new;
                continue;
            }
            Err(error) => panic::resume_unwind(error),
        };
        vdso::report();
        if precompiled::NAMES.is_empty() {
            effects::incomplete("the precompiled functions of this version of std are not known".to_owned());
        }
        if new == learned || found.report.nondeterminism.is_some() {
            search::write_verdict(settings, &mut found, body);
            program::end();
            break;
        }
        if restarts > RESTARTS {
            effects::incomplete(
                "each search finds more words that code without instrumentation changes".to_owned(),
            );
            search::write_verdict(settings, &mut found, body);
            program::end();
            break;
        }
        learned = new;
    }
    uninstrumented::report();
    statics.restore();
    // SAFETY: no run is left that could use it.
    drop(unsafe { Box::from_raw(main) });
    found
}

/// Records a panic of the current task. Returns whether there is one.
///
/// # Safety
///
/// The arguments must be text: `selvedge-native` passes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn selvedge_native_panicked(
    message: *const u8,
    message_length: usize,
    file: *const u8,
    file_length: usize,
    line: u32,
) -> bool {
    if !in_task() {
        return false;
    }
    // SAFETY: the caller's promise.
    let text = |start, length| unsafe { String::from_utf8_lossy(std::slice::from_raw_parts(start, length)) };
    outside(|| {
        let report =
            (text(message, message_length).into_owned(), format!("{}:{line}", text(file, file_length)));
        program::with_task(|task| task.panic = Some(report));
    });
    true
}

/// The main task has caught all its panics, and ends.
#[unsafe(no_mangle)]
pub extern "C" fn selvedge_native_caught() {
    if in_task() {
        outside(|| program::with_task(|task| task.panic = None));
    }
}
