//! The functions that the compiler's instrumentation calls: `__tsan_…`.
//!
//! Each is a few instructions that make a frame and pass its address on, because the call site
//! identifies the operation. Outside of a task it is the atomic operation itself.

use std::arch::{asm, naked_asm};
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst};

use crate::atomic::{self, Operation};
use crate::fs::in_task;
use crate::outside::outside;
use crate::site::CallFrame;

/// Defines an exported function with up to five arguments that calls `$to` with the address of its
/// own frame as the sixth.
macro_rules! framed {
    ($($name:ident => $to:expr;)*) => {$(
        #[doc(hidden)]
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                "push rbp", "mov rbp, rsp", "mov r9, rbp", "call {}", "pop rbp", "ret", sym $to
            )
        }
    )*};
}
pub(crate) use framed;

/// Functions that replace the value by a function of it: their names, the methods of std's atomics
/// outside of tasks, and the new value from the old one and the operand.
macro_rules! modifications {
    ($word:ident: $($name:ident, $outside:ident, $new:expr;)*) => {$(
        pub(super) unsafe extern "C" fn $name(
            a: usize,
            v: u64,
            _: u64,
            _: u64,
            _: u64,
            f: *const CallFrame,
        ) -> u64 {
            if in_task() {
                return modify(a, $new, v, f);
            }
            // SAFETY: the instrumented program's operation.
            unsafe { at(a) }.$outside(v as $word, SeqCst).into()
        }
    )*};
}

macro_rules! width {
    ($size:literal, $atomic:ident, $word:ident, $module:ident: $load:ident $store:ident $exchange:ident $add:ident
     $sub:ident $and:ident $or:ident $xor:ident $nand:ident $cas:ident) => {
        mod $module {
            use super::*;

            const SIZE: usize = $size;

            fn task(address: usize, operation: Operation, frame: *const CallFrame) -> u64 {
                outside(|| atomic::perform(address, SIZE, operation, frame))
            }

            fn modify(
                address: usize,
                apply: fn(u64, u64) -> u64,
                operand: u64,
                frame: *const CallFrame,
            ) -> u64 {
                task(address, Operation::Modify(apply, ($word::MAX as u64) & operand), frame)
            }

            /// The atomic at this address.
            ///
            /// # Safety
            ///
            /// The program must perform an atomic operation of this size on the address.
            unsafe fn at<'a>(address: usize) -> &'a $atomic {
                // SAFETY: the caller's promise.
                unsafe { &*(address as *const $atomic) }
            }

            pub(super) unsafe extern "C" fn load(
                a: usize,
                _: u64,
                _: u64,
                _: u64,
                _: u64,
                f: *const CallFrame,
            ) -> u64 {
                if in_task() {
                    return task(a, Operation::Load, f);
                }
                // SAFETY: the instrumented program's operation.
                unsafe { at(a) }.load(SeqCst).into()
            }

            pub(super) unsafe extern "C" fn store(
                a: usize,
                v: u64,
                _: u64,
                _: u64,
                _: u64,
                f: *const CallFrame,
            ) {
                if in_task() {
                    task(a, Operation::Store(($word::MAX as u64) & v), f);
                    return;
                }
                // SAFETY: as above.
                unsafe { at(a) }.store(v as $word, SeqCst);
            }

            modifications! { $word:
                exchange, swap, |_, new| new;
                add, fetch_add, |old, v| (old as $word).wrapping_add(v as $word).into();
                sub, fetch_sub, |old, v| (old as $word).wrapping_sub(v as $word).into();
                and, fetch_and, |old, v| old & v;
                or, fetch_or, |old, v| old | v;
                xor, fetch_xor, |old, v| old ^ v;
                nand, fetch_nand, |old, v| (!(old & v) as $word).into();
            }

            pub(super) unsafe extern "C" fn compare_exchange(
                a: usize,
                old: u64,
                new: u64,
                _: u64,
                _: u64,
                f: *const CallFrame,
            ) -> u64 {
                let (old, new) = (old as $word, new as $word);
                if in_task() {
                    return task(a, Operation::CompareExchange { expected: old.into(), new: new.into() }, f);
                }
                // SAFETY: as above.
                match unsafe { at(a) }.compare_exchange(old, new, SeqCst, SeqCst) {
                    Ok(before) | Err(before) => before.into(),
                }
            }
        }

        framed! {
            $load => $module::load;
            $store => $module::store;
            $exchange => $module::exchange;
            $add => $module::add;
            $sub => $module::sub;
            $and => $module::and;
            $or => $module::or;
            $xor => $module::xor;
            $nand => $module::nand;
            $cas => $module::compare_exchange;
        }
    };
}

width!(1, AtomicU8, u8, bits8: __tsan_atomic8_load __tsan_atomic8_store __tsan_atomic8_exchange
    __tsan_atomic8_fetch_add __tsan_atomic8_fetch_sub __tsan_atomic8_fetch_and __tsan_atomic8_fetch_or
    __tsan_atomic8_fetch_xor __tsan_atomic8_fetch_nand __tsan_atomic8_compare_exchange_val);
width!(2, AtomicU16, u16, bits16: __tsan_atomic16_load __tsan_atomic16_store __tsan_atomic16_exchange
    __tsan_atomic16_fetch_add __tsan_atomic16_fetch_sub __tsan_atomic16_fetch_and __tsan_atomic16_fetch_or
    __tsan_atomic16_fetch_xor __tsan_atomic16_fetch_nand __tsan_atomic16_compare_exchange_val);
width!(4, AtomicU32, u32, bits32: __tsan_atomic32_load __tsan_atomic32_store __tsan_atomic32_exchange
    __tsan_atomic32_fetch_add __tsan_atomic32_fetch_sub __tsan_atomic32_fetch_and __tsan_atomic32_fetch_or
    __tsan_atomic32_fetch_xor __tsan_atomic32_fetch_nand __tsan_atomic32_compare_exchange_val);
width!(8, AtomicU64, u64, bits64: __tsan_atomic64_load __tsan_atomic64_store __tsan_atomic64_exchange
    __tsan_atomic64_fetch_add __tsan_atomic64_fetch_sub __tsan_atomic64_fetch_and __tsan_atomic64_fetch_or
    __tsan_atomic64_fetch_xor __tsan_atomic64_fetch_nand __tsan_atomic64_compare_exchange_val);

/// Replaces 128 bits by the result of a function of them. Returns the bits before.
///
/// # Safety
///
/// The program must perform an atomic operation of this size on the address, so that its processor
/// has the instruction.
unsafe fn change(address: usize, to: impl Fn(u128) -> u128) -> u128 {
    let mut before = 0;
    loop {
        let new: u128 = to(before);
        let (low, high): (u64, u64);
        // SAFETY: the caller's promise. LLVM reserves `rbx`, which is restored.
        unsafe {
            asm!(
                "xchg {new}, rbx",
                "lock cmpxchg16b [{address}]",
                "mov rbx, {new}",
                new = inout(reg) new as u64 => _,
                address = in(reg) address,
                in("rcx") (new >> 64) as u64,
                inlateout("rax") before as u64 => low,
                inlateout("rdx") (before >> 64) as u64 => high,
                options(nostack),
            );
        }
        let seen = join(low, high);
        if seen == before {
            return before;
        }
        before = seen;
    }
}

fn wide(address: usize, writes: bool, frame: *const CallFrame, to: impl Fn(u128) -> u128) -> u128 {
    // SAFETY: the instrumented program's operation.
    let action = || unsafe { change(address, to) };
    if in_task() { outside(|| atomic::wide(address, writes, frame, action)) } else { action() }
}

fn join(low: u64, high: u64) -> u128 {
    u128::from(low) | u128::from(high) << 64
}

macro_rules! wide {
    ($($name:ident => $inner:ident($writes:literal): |$old:ident, $a:ident, $b:ident| $new:expr;)*) => {
        $(extern "C" fn $inner(address: usize, al: u64, ah: u64, bl: u64, bh: u64, f: *const CallFrame) -> u128 {
            let ($a, $b) = (join(al, ah), join(bl, bh));
            let _ = ($a, $b);
            wide(address, $writes, f, |$old| $new)
        })*
        framed! {$($name => $inner;)*}
    };
}

wide! {
    __tsan_atomic128_load => load128(false): |old, _a, _b| old;
    __tsan_atomic128_store => store128(true): |_old, a, _b| a;
    __tsan_atomic128_exchange => exchange128(true): |_old, a, _b| a;
    __tsan_atomic128_fetch_add => add128(true): |old, a, _b| old.wrapping_add(a);
    __tsan_atomic128_fetch_sub => sub128(true): |old, a, _b| old.wrapping_sub(a);
    __tsan_atomic128_fetch_and => and128(true): |old, a, _b| old & a;
    __tsan_atomic128_fetch_or => or128(true): |old, a, _b| old | a;
    __tsan_atomic128_fetch_xor => xor128(true): |old, a, _b| old ^ a;
    __tsan_atomic128_fetch_nand => nand128(true): |old, a, _b| !(old & a);
    __tsan_atomic128_compare_exchange_val => cas128(true): |old, a, b| if old == a { b } else { old };
}

extern "C" fn thread_fence(_: u64, _: u64, _: u64, _: u64, _: u64, frame: *const CallFrame) {
    std::sync::atomic::fence(SeqCst);
    if in_task() {
        outside(|| atomic::fence(frame));
    }
}

framed! {
    __tsan_atomic_thread_fence => thread_fence;
}

macro_rules! nothing {
    ($($name:ident)*) => {$(
        #[doc(hidden)]
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            naked_asm!("ret")
        }
    )*};
}

nothing! {
    __tsan_init __tsan_func_entry __tsan_func_exit __tsan_atomic_signal_fence
    __tsan_read1 __tsan_read2 __tsan_read4 __tsan_read8 __tsan_read16
    __tsan_write1 __tsan_write2 __tsan_write4 __tsan_write8 __tsan_write16
    __tsan_read_write1 __tsan_read_write2 __tsan_read_write4 __tsan_read_write8 __tsan_read_write16
    __tsan_unaligned_read2 __tsan_unaligned_read4 __tsan_unaligned_read8 __tsan_unaligned_read16
    __tsan_unaligned_write2 __tsan_unaligned_write4 __tsan_unaligned_write8 __tsan_unaligned_write16
    __tsan_unaligned_read_write2 __tsan_unaligned_read_write4 __tsan_unaligned_read_write8
    __tsan_unaligned_read_write16
    __tsan_read_range __tsan_write_range __tsan_vptr_update __tsan_vptr_read
    __tsan_ignore_thread_begin __tsan_ignore_thread_end
}
