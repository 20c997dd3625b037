//! Atomic operations of the program that the compiler does not instrument: `fetch_max`, `fetch_min`
//! and updates of floats, which become loops with a compare-exchange after the instrumentation.
//!
//! They are found in the program's code by their instruction, and by its line: it is in
//! `core::sync::atomic`. A breakpoint replaces each. When one is reached it is removed, and the
//! exploration is not complete.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::object_file::ObjectFile;
use crate::real::real;
use crate::{effects, statics};

/// The instruction that a breakpoint is: `int3`.
const BREAKPOINT: u8 = 0xcc;

/// The prefix `lock`, which a breakpoint replaces.
const LOCK: u8 = 0xf0;

const PAGE: usize = 4096;

/// An instruction of the program.
struct Instruction {
    address: usize,
    place: String,
    is_reached: AtomicBool,
}

static ALL: OnceLock<Vec<Instruction>> = OnceLock::new();

/// Sets the breakpoints.
pub(crate) fn watch() {
    let all = ALL.get_or_init(|| {
        let all = find();
        if !all.is_empty() {
            install();
            all.iter().for_each(|it| set(it.address, BREAKPOINT));
        }
        all
    });
    // Those that an earlier exploration has reached.
    all.iter().filter(|it| it.is_reached.swap(false, SeqCst)).for_each(|it| set(it.address, BREAKPOINT));
}

/// Reports the instructions that were reached.
pub(crate) fn report() {
    for it in ALL.get().into_iter().flatten().filter(|it| it.is_reached.load(SeqCst)) {
        effects::incomplete(format!(
            "fetch_max, fetch_min or a float's update, not instrumented, at {}",
            it.place
        ));
    }
}

fn find() -> Vec<Instruction> {
    let file = ObjectFile::open();
    let mut all = Vec::new();
    for &(start, end) in statics::layout().code() {
        // SAFETY: the program's code, which is readable and never changes.
        let code = unsafe { std::slice::from_raw_parts(start as *const u8, end - start) };
        for (at, _) in code.windows(4).enumerate().filter(|(_, bytes)| is_compare_exchange(bytes)) {
            let frames = file.frames(start + at);
            let is_in = |file: &str, what: &str| file.ends_with(what);
            let places: Vec<_> = frames.iter().filter_map(|frame| frame.place.as_ref()).collect();
            let is_atomic = places.iter().any(|(file, ..)| is_in(file, "core/src/sync/atomic.rs"));
            // The outermost function: precompiled code is std's own.
            let is_own = frames.last().and_then(|frame| frame.place.as_ref()).is_some_and(|(file, ..)| {
                !file.starts_with("/rustc/") && !file.contains("/rustlib/src/rust/library/")
            });
            let own = places.iter().find(|(file, ..)| !file.contains("/library/core/"));
            if is_atomic && (is_own || is_generic(frames.last().map_or("", |frame| &frame.function))) {
                let place = own.map_or_else(|| "core".to_owned(), |(file, line, _)| format!("{file}:{line}"));
                all.push(Instruction { address: start + at, place, is_reached: AtomicBool::new(false) });
            }
        }
    }
    all
}

/// Whether the function is one of the atomics' own, compiled for the program without optimisation.
fn is_generic(function: &str) -> bool {
    ["max", "min", "update"].iter().any(|part| function.contains(part))
}

/// `lock cmpxchg`, with or without a prefix for the size of the operands.
fn is_compare_exchange(bytes: &[u8]) -> bool {
    let opcode = |at: usize| bytes[at] == 0x0f && matches!(bytes[at + 1], 0xb0 | 0xb1);
    bytes[0] == LOCK && (opcode(1) || (matches!(bytes[1], 0x40..=0x4f | 0x66) && opcode(2)))
}

/// Writes one byte of the program's code.
fn set(address: usize, byte: u8) {
    let page = address & !(PAGE - 1);
    let (writable, fixed) =
        (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC, libc::PROT_READ | libc::PROT_EXEC);
    // SAFETY: a byte of an instruction of the program. Only the OS thread that explores runs its
    // code: the others wait.
    unsafe {
        if libc::mprotect(page as *mut c_void, PAGE, writable) == 0 {
            ptr::write_volatile(address as *mut u8, byte);
            libc::mprotect(page as *mut c_void, PAGE, fixed);
        } else if let Some(it) = ALL.get().into_iter().flatten().find(|it| it.address == address) {
            it.is_reached.store(true, SeqCst);
        }
    }
}

fn install() {
    type Action = unsafe extern "C" fn(c_int, *const libc::sigaction, *mut libc::sigaction) -> c_int;
    // SAFETY: all zeros is a valid `sigaction`; the handler has the type that SA_SIGINFO requires.
    unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = on_breakpoint as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO;
        real!(sigaction: Action, libc::SIGTRAP, &raw const action, ptr::null_mut());
    }
}

extern "C" fn on_breakpoint(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the OS passes the context. The handler uses no thread-local and allocates nothing.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let address = registers[libc::REG_RIP as usize] as usize - 1;
        if let Some(it) = ALL.get().into_iter().flatten().find(|it| it.address == address) {
            it.is_reached.store(true, SeqCst);
            set(address, LOCK);
            registers[libc::REG_RIP as usize] = address as i64;
        }
    }
}
