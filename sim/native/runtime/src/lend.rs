//! Thread control blocks: a thread that sleeps forever lends its own to a task.
//!
//! The task then has thread-locals, an `errno` and a `pthread_self` of its own, all at addresses in
//! its region.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Mutex;

use crate::real::{real, system_call};
use crate::{region, statics};

/// A lent control block.
struct Lent {
    /// Its address, which is also the thread's `pthread_t`.
    block: usize,
    /// The initial contents of the program's thread-locals.
    image: Vec<u8>,
}

static LENT: Mutex<[Option<Lent>; region::TASKS]> = Mutex::new([const { None }; region::TASKS]);

type Create = unsafe extern "C" fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    extern "C" fn(*mut c_void) -> *mut c_void,
    *mut c_void,
) -> libc::c_int;

/// The control block of a task, with its thread-locals in their initial state.
pub(crate) fn control_block(task: usize) -> usize {
    let mut all = LENT.lock().expect("nothing panics while it borrows the control blocks");
    let lent = all[task].get_or_insert_with(|| lend(task));
    let start = lent.block - lent.image.len();
    // SAFETY: the program's thread-locals are directly below the control block. The task does not
    // run yet, and the lending thread never runs code of the program.
    unsafe { ptr::copy_nonoverlapping(lent.image.as_ptr(), start as *mut u8, lent.image.len()) };
    lent.block
}

/// Starts the thread that lends its control block to the task.
fn lend(task: usize) -> Lent {
    let (address, size) = region::control(task);
    let mut thread = 0;
    // SAFETY: the memory is reserved for this thread alone; libc puts the control block and the
    // thread-locals at its end.
    let failed = unsafe {
        let mut attributes = MaybeUninit::uninit();
        libc::pthread_attr_init(attributes.as_mut_ptr());
        libc::pthread_attr_setstack(attributes.as_mut_ptr(), address as *mut _, size);
        real!(pthread_create: Create, &raw mut thread, attributes.as_ptr(), sleep, ptr::null_mut())
    };
    assert!(failed == 0, "no thread for the thread-locals of a task: error {failed}");
    let block = thread as usize;
    assert!(region::contains(block), "libc puts the control block of a thread in the given memory");
    let size = statics::thread_locals();
    // SAFETY: the thread-locals are initialised when `pthread_create` returns.
    let image = unsafe { std::slice::from_raw_parts((block - size) as *const u8, size) }.to_vec();
    Lent { block, image }
}

/// Sleeps until the process ends. Uses no thread-local.
extern "C" fn sleep(_: *mut c_void) -> *mut c_void {
    loop {
        // SAFETY: `pause` has no arguments.
        unsafe { system_call(libc::SYS_pause, [0; 6]) };
    }
}
