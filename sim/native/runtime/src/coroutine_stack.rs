//! Entering a task: its code runs on the stack and with the control block of its region.

use std::arch::naked_asm;
use std::ffi::c_void;

/// Calls `function(argument)` on another stack and with another control block, and returns when it
/// has returned.
///
/// # Safety
///
/// `stack` must be the end of unused memory, aligned to 16; `block` the control block of a live
/// thread; `own` the current control block. The function must not unwind.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn call(
    function: extern "C" fn(*mut c_void),
    argument: *mut c_void,
    stack: usize,
    block: usize,
    own: usize,
) {
    // The frame pointer is cleared, so that a walk of the task's frames ends here.
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "mov rbx, rsp",
        "mov r12, r8",
        "mov rsp, rdx",
        "wrfsbase rcx",
        "mov rax, rdi",
        "mov rdi, rsi",
        "xor ebp, ebp",
        "call rax",
        "wrfsbase r12",
        "mov rsp, rbx",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}
