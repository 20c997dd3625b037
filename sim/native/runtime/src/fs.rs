//! The FS base register, which selects the thread control block and with it the thread-locals.

use std::arch::asm;

use crate::region;

/// Whether the kernel lets user code write the FS base (bit 1 of `AT_HWCAP2`).
pub(crate) fn is_writable() -> bool {
    // SAFETY: reads the auxiliary vector.
    unsafe { libc::getauxval(libc::AT_HWCAP2) & 2 != 0 }
}

/// The address of the current thread control block.
#[inline(always)]
pub(crate) fn get() -> usize {
    let base: usize;
    // SAFETY: the first word of a thread control block is its own address (the x86-64 ABI for
    // thread-local storage), and every thread has one.
    unsafe { asm!("mov {}, fs:0", out(reg) base, options(nostack, preserves_flags, readonly)) };
    base
}

/// Selects another thread control block.
///
/// # Safety
///
/// `base` must be the control block of a live thread. Until the previous one is selected again, the
/// caller must not use an address of a thread-local that it computed before.
#[inline(always)]
pub(crate) unsafe fn set(base: usize) {
    // SAFETY: the caller's promise; `is_writable` was checked before the first task started.
    unsafe { asm!("wrfsbase {}", in(reg) base, options(nostack, preserves_flags)) };
}

/// Whether the running code belongs to an explored task: the task's thread control block is in the
/// task's region.
#[inline(always)]
pub(crate) fn in_task() -> bool {
    region::contains(get())
}
