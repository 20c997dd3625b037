//! The memory functions of libc. A task allocates in its region.

use std::ffi::c_void;
use std::ptr;

use crate::fs::{self, in_task};
use crate::outside::outside;
use crate::real::real;
use crate::{program, region};

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_free(block: *mut c_void);
    fn __libc_memalign(align: usize, size: usize) -> *mut c_void;
}

fn allocate(size: usize, align: usize) -> *mut c_void {
    region::allocate(region::task_of(fs::get()), size, align).cast()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    if in_task() {
        return allocate(size, 1);
    }
    // SAFETY: the caller's call.
    unsafe { __libc_malloc(size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    if in_task() {
        let Some(size) = count.checked_mul(size) else { return ptr::null_mut() };
        // The heap is cleared between runs, and not reused within one.
        return allocate(size, 1);
    }
    // SAFETY: the caller's call.
    unsafe { __libc_calloc(count, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    if !in_task() {
        // SAFETY: the caller's call.
        return unsafe { __libc_realloc(block, size) };
    }
    let new = allocate(size, 1);
    if !block.is_null() && !new.is_null() {
        // SAFETY: both blocks have at least as many bytes, and a new block overlaps no other.
        unsafe {
            ptr::copy_nonoverlapping(block.cast::<u8>(), new.cast(), size.min(malloc_usable_size(block)))
        };
        // SAFETY: the caller gives the block up.
        unsafe { free(block) };
    }
    new
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(block: *mut c_void) {
    if region::contains(block as usize) {
        if in_task() {
            // SAFETY: the caller's block.
            let size = unsafe { region::size_of(block.cast()) };
            // SAFETY: as above.
            if unsafe { region::set_freed(block.cast()) } {
                outside(program::freed_twice);
            }
            outside(|| program::freed(block as usize, size));
        }
        return;
    }
    // A block from before the exploration is part of the state that every run begins with.
    if !in_task() {
        // SAFETY: the caller's call.
        unsafe { __libc_free(block) };
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memalign(align: usize, size: usize) -> *mut c_void {
    if in_task() {
        return allocate(size, align);
    }
    // SAFETY: the caller's call.
    unsafe { __libc_memalign(align, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's call.
    unsafe { memalign(align, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(to: *mut *mut c_void, align: usize, size: usize) -> libc::c_int {
    // SAFETY: the caller's call.
    let block = unsafe { memalign(align, size) };
    if block.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller passes a place for the result.
    unsafe { *to = block };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc_usable_size(block: *mut c_void) -> usize {
    if region::contains(block as usize) {
        // SAFETY: the caller's block.
        return unsafe { region::size_of(block.cast()) };
    }
    // SAFETY: the caller's call.
    unsafe { real!(malloc_usable_size: unsafe extern "C" fn(*mut c_void) -> usize, block) }
}
