//! std's precompiled functions that wait, wake or initialise: their atomic operations are not
//! instrumented.
//!
//! Each call announces an operation that conflicts with every other. It covers the function's
//! accesses up to its next wait on a futex, in every order. After that wait, the task announces
//! another such operation.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::fs::in_task;
use crate::outside::outside;
use crate::program;
use crate::site::{self, CallFrame};

/// Defines a wrapper: it calls [`enter`], and continues in the function with the same arguments.
macro_rules! wrap {
    ($name:ident, $export:literal, $nth:literal) => {
        #[doc(hidden)]
        #[unsafe(naked)]
        #[unsafe(export_name = $export)]
        unsafe extern "C" fn $name() {
            std::arch::naked_asm!(
                "push rbp", "mov rbp, rsp",
                "push rdi", "push rsi", "push rdx", "push rcx", "push r8", "push r9", "push rax", "push rax",
                "mov edi, {nth}",
                "mov rsi, rbp",
                "call {enter}",
                "mov r11, rax",
                "pop rax", "pop rax", "pop r9", "pop r8", "pop rcx", "pop rdx", "pop rsi", "pop rdi",
                "pop rbp",
                "jmp r11",
                nth = const $nth,
                enter = sym enter,
            )
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/wrappers.rs"));

/// Announces a call of the function with this number. Returns its address.
extern "C" fn enter(nth: usize, frame: *const CallFrame) -> usize {
    if in_task() {
        outside(|| {
            program::end_step(frame as usize);
            if program::is_alone() {
                return address(nth);
            }
            let site = site::of(frame);
            program::with(|program| program.memory).opaque(site.source);
            program::note(site, u32::MAX, false, true);
            address(nth)
        })
    } else {
        address(nth)
    }
}

/// The address of the function in the program.
fn address(nth: usize) -> usize {
    static ADDRESSES: OnceLock<Vec<usize>> = OnceLock::new();
    let addresses = ADDRESSES.get_or_init(|| {
        let file = crate::object_file::ObjectFile::open();
        let all: BTreeMap<&str, usize> = file.functions().collect();
        NAMES.iter().map(|name| all.get(name).copied().unwrap_or_default()).collect()
    });
    let address = addresses[nth];
    assert!(address != 0, "the program calls {}, which it does not contain", NAMES[nth]);
    address
}
