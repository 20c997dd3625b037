//! Other functions of libc: system calls, random bytes, output, and effects that are not modelled.

use std::arch::naked_asm;
use std::ffi::{c_int, c_long, c_uint, c_void};

use crate::fs::in_task;
use crate::futex::futex;
use crate::outside::outside;
use crate::real::{Real, system_call};
use crate::site::CallFrame;
use crate::{effects, program};

/// `syscall`, which is variadic: seven arguments, of which the last is on the stack.
#[doc(hidden)]
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn syscall() {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbp",
        "push qword ptr [rbp + 16]",
        "call {}",
        "add rsp, 16",
        "pop rbp",
        "ret",
        sym call
    )
}

/// # Safety
///
/// As for the system call. In a task `frame` is the caller's frame.
unsafe extern "C" fn call(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
    frame: *const CallFrame,
) -> c_long {
    let arguments = [a, b, c, d, e, f];
    let modelled = match number {
        _ if !in_task() => None,
        // SAFETY: the caller's call.
        libc::SYS_futex => outside(|| unsafe { futex(arguments, frame) }),
        // SAFETY: the caller's call.
        libc::SYS_getrandom => Some(Ok(unsafe { random(a as *mut c_void, b, 0) } as usize)),
        libc::SYS_sched_yield => Some(Ok(0)),
        _ => {
            outside(|| {
                program::end_step(frame as usize);
                match number {
                    libc::SYS_gettid => {}
                    libc::SYS_clone | libc::SYS_clone3 | libc::SYS_fork | libc::SYS_vfork => {
                        effects::incomplete(format!(
                            "the system call {number} starts a thread or process that is not explored"
                        ));
                    }
                    _ => effects::incomplete(format!(
                        "the program makes the system call {number}, which is not modelled"
                    )),
                }
            });
            None
        }
    };
    let result = match modelled {
        Some(result) => result.map_err(|error| error as isize),
        // SAFETY: the caller's call.
        None => match unsafe { system_call(number, arguments) } {
            error @ -4095..0 => Err(-error),
            value => Ok(value as usize),
        },
    };
    match result {
        Ok(value) => value as c_long,
        Err(error) => {
            // SAFETY: the `errno` of the current thread control block.
            unsafe { *libc::__errno_location() = error as c_int };
            -1
        }
    }
}

/// Random bytes: in a task they depend on its number, and on how many it has received.
///
/// # Safety
///
/// `to` must have room for `size` bytes.
unsafe fn random(to: *mut c_void, size: usize, _: c_uint) -> isize {
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts_mut(to.cast::<u8>(), size) };
    let task = outside(program::current) as u64;
    for part in bytes.chunks_mut(8) {
        let nth = outside(|| {
            program::with_task(|its| {
                its.randoms += 1;
                its.randoms
            })
        });
        // SplitMix64.
        let mut word = (task << 32 | nth).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        part.copy_from_slice(&(word ^ word >> 31).to_ne_bytes()[..part.len()]);
    }
    size as isize
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(to: *mut c_void, size: usize, flags: c_uint) -> isize {
    if in_task() {
        // SAFETY: the caller's call.
        return unsafe { random(to, size, flags) };
    }
    // SAFETY: the caller's call.
    match unsafe { system_call(libc::SYS_getrandom, [to as usize, size, flags as usize, 0, 0, 0]) } {
        error @ -4095..0 => {
            // SAFETY: the `errno` of the current thread.
            unsafe { *libc::__errno_location() = -error as c_int };
            -1
        }
        count => count,
    }
}

/// Forwards a function to libc, and records that a task has called it.
macro_rules! unmodelled {
    ($($name:ident $inner:ident $note:ident;)*) => {$(
        extern "C" fn $inner() -> usize {
            if in_task() {
                outside(|| $note(stringify!($name)));
            }
            static REAL: Real = Real::new(
                match std::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                    Ok(name) => name,
                    Err(_) => unreachable!(),
                });
            REAL.address()
        }

        #[doc(hidden)]
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            // Saves the registers of the arguments, and continues in libc.
            naked_asm!(
                "push rbp", "mov rbp, rsp",
                "push rdi", "push rsi", "push rdx", "push rcx", "push r8", "push r9", "push rax", "push rax",
                "call {}",
                "mov r11, rax",
                "pop rax", "pop rax", "pop r9", "pop r8", "pop rcx", "pop rdx", "pop rsi", "pop rdi",
                "pop rbp",
                "jmp r11",
                sym $inner
            )
        }
    )*};
}

fn listed(name: &str) {
    effects::unmodelled(name);
}

fn refused(name: &str) {
    effects::incomplete(format!("the program calls {name}, which is not modelled"));
}

unmodelled! {
    open real_open listed;
    openat real_openat listed;
    accept4 real_accept4 refused;
    bind real_bind refused;
    listen real_listen refused;
    sendto real_sendto refused;
    sendmsg real_sendmsg refused;
    recvfrom real_recvfrom refused;
    recvmsg real_recvmsg refused;
    select real_select refused;
    pipe2 real_pipe2 refused;
    timerfd_create real_timerfd_create refused;
    inotify_init1 real_inotify_init1 refused;
    fork real_fork refused;
    execve real_execve refused;
    posix_spawn real_posix_spawn refused;
    posix_spawnp real_posix_spawnp refused;
    kill real_kill refused;
    raise real_raise refused;
    sigaction real_sigaction refused;
    signal real_signal refused;
    clone real_clone refused;
    pthread_mutex_lock real_pthread_mutex_lock refused;
    pthread_cond_wait real_pthread_cond_wait refused;
    pthread_rwlock_rdlock real_pthread_rwlock_rdlock refused;
    pthread_rwlock_wrlock real_pthread_rwlock_wrlock refused;
    pthread_key_create real_pthread_key_create refused;
    sem_wait real_sem_wait refused;
}
