//! The clocks of the vDSO, the code that the kernel maps into each process: libc and some crates
//! (rustix) call its functions directly, past the functions that this library replaces.
//!
//! The first instructions of each such function are replaced by a jump. The functions then read the
//! virtual clock in a task, and make the system call outside.

use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{ptr, slice};

use crate::effects;
use crate::fs::in_task;
use crate::libc_time::get_time;
use crate::real::system_call;
use crate::site::CallFrame;
use crate::tsan::framed;

const PAGE: usize = 4096;

/// `mov r11, to; jmp r11`.
const JUMP: usize = 13;

unsafe extern "C" fn clock(
    clock: libc::clockid_t,
    to: *mut libc::timespec,
    _: u64,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if in_task() {
        // SAFETY: the caller's call.
        return unsafe { get_time(clock, to, 0, 0, 0, frame) };
    }
    // SAFETY: the caller's call.
    unsafe { system_call(libc::SYS_clock_gettime, [clock as usize, to as usize, 0, 0, 0, 0]) as c_int }
}

unsafe extern "C" fn time_of_day(
    to: *mut libc::timeval,
    zone: usize,
    _: u64,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> c_int {
    if !in_task() {
        // SAFETY: the caller's call.
        return unsafe { system_call(libc::SYS_gettimeofday, [to as usize, zone, 0, 0, 0, 0]) as c_int };
    }
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the result.
    unsafe { get_time(libc::CLOCK_REALTIME, &raw mut now, 0, 0, 0, frame) };
    if !to.is_null() {
        // SAFETY: the caller passes a place for the result.
        unsafe { *to = libc::timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec / 1_000 } };
    }
    0
}

unsafe extern "C" fn time(
    to: *mut libc::time_t,
    _: u64,
    _: u64,
    _: u64,
    _: u64,
    frame: *const CallFrame,
) -> libc::time_t {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the result.
    unsafe { clock(libc::CLOCK_REALTIME, &raw mut now, 0, 0, 0, frame) };
    if !to.is_null() {
        // SAFETY: the caller passes a place for the result.
        unsafe { *to = now.tv_sec };
    }
    now.tv_sec
}

framed! {
    selvedge_vdso_clock_gettime => clock;
    selvedge_vdso_gettimeofday => time_of_day;
    selvedge_vdso_time => time;
}

/// The replaced functions.
fn replacements() -> [(&'static CStr, usize); 3] {
    [
        (c"__vdso_clock_gettime", selvedge_vdso_clock_gettime as *const () as usize),
        (c"__vdso_gettimeofday", selvedge_vdso_gettimeofday as *const () as usize),
        (c"__vdso_time", selvedge_vdso_time as *const () as usize),
    ]
}

/// Whether a function could not be replaced: some kernels do not allow it.
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// Replaces the functions.
pub(crate) fn replace() {
    // SAFETY: reads the auxiliary vector.
    let base = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) } as usize;
    if base == 0 {
        return;
    }
    let found = replacements().into_iter().filter_map(|(name, to)| Some((find(base, name)?, to)));
    let jumps: Vec<_> = found.collect();
    let is_replaced = jumps.iter().all(|&((_, size), _)| size >= JUMP) && write(base, &jumps);
    HAS_FAILED.store(!is_replaced, Relaxed);
}

/// Reports that a function could not be replaced.
pub(crate) fn report() {
    if HAS_FAILED.load(Relaxed) {
        effects::incomplete(
            "the kernel does not let the clocks of the vDSO be replaced: crates that read them show real time"
                .to_owned(),
        );
    }
}

/// The start and the size of a function of the vDSO at `base`.
fn find(base: usize, name: &CStr) -> Option<(usize, usize)> {
    // SAFETY: the kernel maps a complete ELF file at this address, whose headers, dynamic section,
    // symbols and names are readable; their sizes are in the file itself.
    unsafe {
        let header = &*(base as *const libc::Elf64_Ehdr);
        let headers = slice::from_raw_parts(
            (base + header.e_phoff as usize) as *const libc::Elf64_Phdr,
            header.e_phnum.into(),
        );
        let load = headers.iter().find(|it| it.p_type == libc::PT_LOAD)?;
        let bias = base.wrapping_add(load.p_offset as usize).wrapping_sub(load.p_vaddr as usize);
        let dynamic = headers.iter().find(|it| it.p_type == libc::PT_DYNAMIC)?;
        let entries = slice::from_raw_parts(
            bias.wrapping_add(dynamic.p_vaddr as usize) as *const [u64; 2],
            dynamic.p_memsz as usize / 16,
        );
        let entry = |tag: u64| {
            entries.iter().take_while(|entry| entry[0] != 0).find(|entry| entry[0] == tag).map(|it| it[1])
        };
        const STRTAB: u64 = 5;
        const SYMTAB: u64 = 6;
        const STRSZ: u64 = 10;
        let address = |tag| Some(bias.wrapping_add(entry(tag)? as usize));
        let (names, symbols, size) = (address(STRTAB)?, address(SYMTAB)?, entry(STRSZ)?);
        // The names follow the symbols in every vDSO; the hash table is not needed then.
        let count = names.checked_sub(symbols)? / size_of::<libc::Elf64_Sym>();
        let symbols = slice::from_raw_parts(symbols as *const libc::Elf64_Sym, count);
        let is_it = |symbol: &&libc::Elf64_Sym| {
            u64::from(symbol.st_name) < size
                && CStr::from_ptr((names + symbol.st_name as usize) as *const _) == name
                && symbol.st_shndx != 0
        };
        let symbol = symbols.iter().find(is_it)?;
        Some((bias.wrapping_add(symbol.st_value as usize), symbol.st_size as usize))
    }
}

/// Writes the jumps: the start of each function, and the new address.
fn write(base: usize, jumps: &[((usize, usize), usize)]) -> bool {
    let (writable, fixed) =
        (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC, libc::PROT_READ | libc::PROT_EXEC);
    // SAFETY: the process' own copy of the vDSO, as a whole: the kernel refuses to protect a part
    // of it. Each function has at least `JUMP` bytes. No other thread of the program runs: they
    // wait for the test.
    unsafe {
        let size = size(base).next_multiple_of(PAGE);
        if libc::mprotect(base as *mut c_void, size, writable) != 0 {
            return false;
        }
        for &((start, _), to) in jumps {
            let mut jump = [0_u8; JUMP];
            jump[..2].copy_from_slice(&[0x49, 0xbb]);
            jump[2..10].copy_from_slice(&to.to_ne_bytes());
            jump[10..].copy_from_slice(&[0x41, 0xff, 0xe3]);
            ptr::copy_nonoverlapping(jump.as_ptr(), start as *mut u8, JUMP);
        }
        libc::mprotect(base as *mut c_void, size, fixed) == 0
    }
}

/// The size of the vDSO at `base` in bytes.
///
/// # Safety
///
/// The kernel must have mapped it.
unsafe fn size(base: usize) -> usize {
    // SAFETY: the headers are those of an ELF file, in memory.
    let headers = unsafe {
        let header = &*(base as *const libc::Elf64_Ehdr);
        let first = (base + header.e_phoff as usize) as *const libc::Elf64_Phdr;
        slice::from_raw_parts(first, header.e_phnum.into())
    };
    let ends = headers.iter().filter(|it| it.p_type == libc::PT_LOAD).map(|it| it.p_vaddr + it.p_memsz);
    ends.max().unwrap_or(0) as usize
}
