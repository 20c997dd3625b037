//! The statics of the program: saved before the first run, and restored before each other one.
//!
//! Without this, a lazily created table or handle exists from the second run on, and the runs
//! differ.

use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

/// A writable part of the program.
struct Segment {
    start: usize,
    saved: Vec<u8>,
}

/// The writable parts of the program, as they were before the first run.
pub(crate) struct Statics(Vec<Segment>);

/// The layout of the program in memory.
#[derive(Clone, Default)]
pub(crate) struct Layout {
    /// The difference between addresses in memory and in the file.
    pub(crate) base: usize,
    /// The writable address ranges.
    writable: Vec<(usize, usize)>,
    /// The executable address ranges.
    code: Vec<(usize, usize)>,
    /// Size of the thread-locals below the control block, in bytes.
    thread_locals: usize,
}

impl Layout {
    /// The executable address ranges.
    pub(crate) fn code(&self) -> &[(usize, usize)] {
        &self.code
    }
}

/// The layout of the program.
pub(crate) fn layout() -> &'static Layout {
    static LAYOUT: OnceLock<Layout> = OnceLock::new();
    LAYOUT.get_or_init(|| {
        let mut layout = Layout::default();
        // SAFETY: the callback is called with valid arguments and this pointer.
        unsafe { libc::dl_iterate_phdr(Some(read_headers), (&raw mut layout).cast()) };
        layout
    })
}

/// The size of the program's thread-locals in bytes: they end at the control block.
pub(crate) fn thread_locals() -> usize {
    layout().thread_locals
}

/// Reads the headers of the first object, which is the program.
unsafe extern "C" fn read_headers(info: *mut libc::dl_phdr_info, _: usize, to: *mut c_void) -> libc::c_int {
    // SAFETY: libc passes a valid object; the caller of `dl_iterate_phdr` passed a `Layout`.
    let (info, layout) = unsafe { (&*info, &mut *to.cast::<Layout>()) };
    // SAFETY: the object's program headers are mapped for as long as it is.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    layout.base = info.dlpi_addr as usize;
    let range = |header: &libc::Elf64_Phdr| {
        let start = layout.base + header.p_vaddr as usize;
        (start, start + header.p_memsz as usize)
    };
    let read_only: Vec<_> = headers.iter().filter(|it| it.p_type == libc::PT_GNU_RELRO).map(range).collect();
    for header in headers {
        if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W != 0 {
            let (mut start, end) = range(header);
            for &(from, to) in &read_only {
                if from <= start && to > start {
                    // The loader protects whole pages.
                    start = to.next_multiple_of(4096).min(end);
                }
            }
            if start < end {
                layout.writable.push((start, end));
            }
        }
        if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0 {
            layout.code.push(range(header));
        }
        if header.p_type == libc::PT_TLS {
            // As glibc computes the offset of the first module (`_dl_determine_tlsoffset`).
            let align = (header.p_align as usize).max(1);
            let first = (header.p_vaddr as usize).wrapping_neg() & (align - 1);
            let size = header.p_memsz as usize;
            layout.thread_locals = (size.saturating_sub(first)).next_multiple_of(align) + first;
        }
    }
    1
}

/// Whether the address is that of a static.
pub(crate) fn contains(address: usize) -> bool {
    layout().writable.iter().any(|&(start, end)| (start..end).contains(&address))
}

impl Statics {
    /// Saves the statics.
    pub(crate) fn save() -> Self {
        let save = |&(start, end): &(usize, usize)| {
            // SAFETY: the program's own writable memory. No other thread writes it: the program's
            // other threads wait for the test.
            let saved = unsafe { std::slice::from_raw_parts(start as *const u8, end - start) }.to_vec();
            Segment { start, saved }
        };
        Statics(layout().writable.iter().map(save).collect())
    }

    /// Restores the statics.
    pub(crate) fn restore(&self) {
        for Segment { start, saved } in &self.0 {
            // SAFETY: as in `save`; no task runs between two runs, so nothing refers to the values
            // that are replaced.
            unsafe { ptr::copy_nonoverlapping(saved.as_ptr(), *start as *mut u8, saved.len()) };
        }
    }
}
