//! The address space: each task has one region, at an address that depends only on its number.
//!
//! ```text
//! 0        64K     8M+64K  8M+128K        9M            1G
//! | guard  | stack | guard | control block | heap →      |
//! ```
//!
//! The heap is never reused within a run: the address of an allocation depends only on the
//! allocations that the same task made before. So an address names the same object in all schedules
//! of a class.

use std::io;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The lowest address of the first region. No mapping of the kernel's own choice is near it.
const BASE: usize = 0x1000_0000_0000;

/// The size of a region.
const SIZE: usize = 1 << 30;

/// The number of regions: as many as the engine has tasks.
pub(crate) const TASKS: usize = selvedge_engine::MAX_TASKS;

const GUARD: usize = 64 << 10;
const STACK: usize = 8 << 20;
const CONTROL: usize = GUARD + STACK + GUARD;
const HEAP: usize = 9 << 20;

/// The alignment of every allocation, and the size of the header before it.
const UNIT: usize = 16;

/// The next free address of each heap.
static NEXT: [AtomicUsize; TASKS] = [const { AtomicUsize::new(0) }; TASKS];

/// The lowest address of each stack that a call of this library has seen in this run.
static LOWEST: [AtomicUsize; TASKS] = [const { AtomicUsize::new(usize::MAX) }; TASKS];

/// The part of a stack below the lowest known address that is cleared too: code between two calls
/// may have used it.
const SLACK: usize = 16 << 10;

/// Whether an address is in a region.
#[inline(always)]
pub(crate) fn contains(address: usize) -> bool {
    address.wrapping_sub(BASE) < TASKS * SIZE
}

/// The task whose region contains this address.
#[inline(always)]
pub(crate) fn task_of(address: usize) -> usize {
    (address - BASE) / SIZE
}

fn start(task: usize) -> usize {
    BASE + task * SIZE
}

/// The highest address of the task's stack.
pub(crate) fn stack_top(task: usize) -> usize {
    start(task) + GUARD + STACK
}

/// Whether the address is on the stack of its task.
pub(crate) fn is_on_stack(address: usize) -> bool {
    contains(address) && (address - BASE) % SIZE < GUARD + STACK
}

/// The memory for the thread that lends the task its control block: address and size.
pub(crate) fn control(task: usize) -> (usize, usize) {
    (start(task) + CONTROL, HEAP - CONTROL)
}

/// The part of a heap's region that an address is in, for messages: the offset in the heap.
pub(crate) fn heap_offset(address: usize) -> Option<usize> {
    contains(address).then(|| (address - BASE) % SIZE).and_then(|offset| offset.checked_sub(HEAP))
}

/// Reserves the address space of all regions. Physical memory is used on the first access.
pub(crate) fn reserve() -> io::Result<()> {
    let (read_write, flags) = (
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE,
    );
    // SAFETY: a new mapping, which replaces no other.
    let mapped = unsafe { libc::mmap(BASE as *mut _, TASKS * SIZE, read_write, flags, -1, 0) };
    if mapped as usize != BASE {
        return Err(io::Error::last_os_error());
    }
    for task in 0..TASKS {
        for guard in [start(task), start(task) + GUARD + STACK] {
            // SAFETY: part of the new mapping, which nothing uses yet.
            unsafe { libc::mprotect(guard as *mut _, GUARD, libc::PROT_NONE) };
        }
    }
    Ok(())
}

/// Begins a run: every heap is empty. Clears the memory that the last run has used: code may copy
/// bytes that it has not written, and a run must not depend on those of earlier runs.
pub(crate) fn reset() {
    for task in 0..TASKS {
        let heap = start(task) + HEAP;
        let end = NEXT[task].swap(heap, Relaxed);
        if end > heap {
            // SAFETY: the heap, which nothing uses between two runs.
            unsafe { ptr::write_bytes(heap as *mut u8, 0, end - heap) };
        }
        let lowest = LOWEST[task].swap(usize::MAX, Relaxed);
        if lowest != usize::MAX {
            let lowest = lowest.saturating_sub(SLACK).max(start(task) + GUARD);
            // SAFETY: the stack, which nothing uses between two runs.
            unsafe { ptr::write_bytes(lowest as *mut u8, 0, stack_top(task) - lowest) };
        }
    }
}

/// Records a stack pointer of a task.
pub(crate) fn note_stack(task: usize, stack: usize) {
    if stack < LOWEST[task].load(Relaxed) {
        LOWEST[task].store(stack, Relaxed);
    }
}

/// Allocates memory for a task, or returns null. The block is preceded by its size.
pub(crate) fn allocate(task: usize, size: usize, align: usize) -> *mut u8 {
    let align = align.max(UNIT);
    let next = NEXT[task].load(Relaxed);
    let block = (next + UNIT).next_multiple_of(align);
    let end = match block.checked_add(size) {
        Some(end) if end <= start(task) + SIZE => end.next_multiple_of(UNIT),
        _ => return ptr::null_mut(),
    };
    NEXT[task].store(end, Relaxed);
    // SAFETY: the header and the block are in the task's heap, at addresses that no other block of
    // this run contains.
    unsafe { ((block - UNIT) as *mut usize).write(size) };
    block as *mut u8
}

/// Set in the header of a block that has been freed.
const FREED: usize = 1 << 63;

/// The size of a block.
///
/// # Safety
///
/// `block` must be a block of [`allocate`] of this run.
pub(crate) unsafe fn size_of(block: *mut u8) -> usize {
    // SAFETY: `allocate` has written the header.
    unsafe { block.sub(UNIT).cast::<usize>().read() & !FREED }
}

/// Marks a block as freed. Returns whether it was freed before.
///
/// # Safety
///
/// As for [`size_of`].
pub(crate) unsafe fn set_freed(block: *mut u8) -> bool {
    // SAFETY: `allocate` has written the header, and the memory is not reused in this run.
    unsafe {
        let header = block.sub(UNIT).cast::<usize>();
        let before = header.read();
        header.write(before | FREED);
        before & FREED != 0
    }
}
