//! Threads of libc: a thread that a task starts is a task.

use std::ffi::{c_char, c_int, c_void};

use selvedge_engine::native;

use crate::fs::in_task;
use crate::outside::outside;
use crate::real::real;
use crate::site::CallFrame;
use crate::task::{self, Start};
use crate::tsan::framed;
use crate::{effects, program};

type Create =
    unsafe extern "C" fn(*mut libc::pthread_t, *const libc::pthread_attr_t, Start, *mut c_void) -> c_int;

unsafe extern "C" fn create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut c_void,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if !in_task() {
        // SAFETY: the caller's call.
        return unsafe { real!(pthread_create: Create, thread, attributes, start, argument) };
    }
    outside(|| {
        program::end_step(frame as usize);
        let parent = program::current();
        let counts = program::spawns();
        let (thread, argument) = (thread as usize, argument as usize);
        native::spawn(None, move || {
            task::run(start, argument as *mut c_void, (parent, counts), |block| {
                // SAFETY: the caller of `pthread_create` passes a place for the thread's name, and
                // waits until the new task suspends for the first time.
                unsafe { *(thread as *mut libc::pthread_t) = block as libc::pthread_t };
            });
        });
    });
    0
}

unsafe extern "C" fn join(
    thread: libc::pthread_t,
    result: *mut *mut c_void,
    _: u64,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    let Some(other) = task::of_block(thread as usize).filter(|_| in_task()) else {
        type Join = unsafe extern "C" fn(libc::pthread_t, *mut *mut c_void) -> c_int;
        // SAFETY: the caller's call.
        return unsafe { real!(pthread_join: Join, thread, result) };
    };
    outside(|| {
        program::end_step(frame as usize);
        native::join(other as u8);
        program::joined(other);
    });
    if !result.is_null() {
        // SAFETY: the caller passes a place for the result. std's threads return null.
        unsafe { *result = std::ptr::null_mut() };
    }
    0
}

framed! {
    pthread_create => create;
    pthread_join => join;
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_detach(thread: libc::pthread_t) -> c_int {
    if task::of_block(thread as usize).is_some() {
        return 0;
    }
    // SAFETY: the caller's call.
    unsafe { real!(pthread_detach: unsafe extern "C" fn(libc::pthread_t) -> c_int, thread) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_setname_np(thread: libc::pthread_t, name: *const c_char) -> c_int {
    if in_task() {
        return 0;
    }
    type SetName = unsafe extern "C" fn(libc::pthread_t, *const c_char) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(pthread_setname_np: SetName, thread, name) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_getattr_np(thread: libc::pthread_t, to: *mut libc::pthread_attr_t) -> c_int {
    if in_task() {
        // The lending thread's stack is not the task's.
        return libc::ENOSYS;
    }
    type GetAttributes = unsafe extern "C" fn(libc::pthread_t, *mut libc::pthread_attr_t) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(pthread_getattr_np: GetAttributes, thread, to) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_exit(result: *mut c_void) -> ! {
    if in_task() {
        outside(|| effects::incomplete("pthread_exit ends a thread early".to_owned()));
        // SAFETY: ends the process: the task's frames cannot be left in another way.
        unsafe { libc::abort() };
    }
    // SAFETY: the caller's call.
    unsafe { real!(pthread_exit: unsafe extern "C" fn(*mut c_void) -> !, result) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sigaltstack(new: *const libc::stack_t, old: *mut libc::stack_t) -> c_int {
    if in_task() {
        if !old.is_null() {
            // SAFETY: the caller passes a place for the result. The stack is in use: std then does
            // not map another for the thread.
            unsafe { *old = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: 0, ss_size: 0 } };
        }
        return 0;
    }
    type Call = unsafe extern "C" fn(*const libc::stack_t, *mut libc::stack_t) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(sigaltstack: Call, new, old) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __cxa_thread_atexit_impl(
    destructor: unsafe extern "C" fn(*mut c_void),
    object: *mut c_void,
    library: *mut c_void,
) -> c_int {
    if in_task() {
        outside(|| task::add_destructor(destructor, object));
        return 0;
    }
    type Register =
        unsafe extern "C" fn(unsafe extern "C" fn(*mut c_void), *mut c_void, *mut c_void) -> c_int;
    // SAFETY: the caller's call.
    unsafe { real!(__cxa_thread_atexit_impl: Register, destructor, object, library) }
}
