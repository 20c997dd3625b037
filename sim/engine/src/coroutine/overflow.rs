//! Reports the task that has overflowed its stack.
//!
//! A stack overflow accesses the guard page, and the OS sends SIGSEGV (or SIGBUS). std's handler
//! recognizes only the stacks of OS threads, so the process would end without a message. This
//! handler recognizes the guard page of the running coroutine, writes the owner of the stack, and
//! aborts. It forwards every other fault to the previous handler. It runs on an alternate stack,
//! because the coroutine's stack is full.
//!
//! Nothing is installed on platforms without signals.

use std::fmt;

/// The owner of a stack.
#[derive(Debug)]
pub(crate) struct Label {
    /// The task's number.
    pub(crate) task: u8,
    /// The task's name, if it has one.
    pub(crate) name: Option<Box<str>>,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.task) {
            (Some(name), _) => f.write_str(name),
            (None, 0) => f.write_str("main"),
            (None, task) => write!(f, "task {task}"),
        }
    }
}

/// Ensures that an overflow on this OS thread is reported.
#[inline]
pub(super) fn watch() {
    #[cfg(unix)]
    signal::install();
}

#[cfg(unix)]
mod signal {
    use std::cell::RefCell;
    use std::fmt::Write as _;
    use std::mem;
    use std::ptr;
    use std::sync::OnceLock;

    use super::super::RUNNING;

    /// Size in bytes of an alternate stack that std has not allocated.
    const ALTERNATE: usize = 64 << 10;

    /// The signals that an access to a guard page may raise.
    const SIGNALS: [libc::c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

    /// The previous handlers of the signals, and the size of a page in bytes.
    static BEFORE: OnceLock<([libc::sigaction; 2], usize)> = OnceLock::new();

    /// The alternate stack of an OS thread for which std has not installed one.
    struct Alternate(#[expect(dead_code, reason = "the OS has its address")] Box<[u8]>);

    impl Drop for Alternate {
        fn drop(&mut self) {
            let none =
                libc::stack_t { ss_sp: ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: ALTERNATE };
            // SAFETY: the arguments are valid, and the OS thread is not on its alternate stack: it
            // runs this destructor.
            unsafe { libc::sigaltstack(&raw const none, ptr::null_mut()) };
        }
    }

    thread_local! {
        /// Whether this OS thread has been prepared, and the alternate stack installed for it.
        static PREPARED: RefCell<Option<Option<Alternate>>> = const { RefCell::new(None) };
    }

    pub(super) fn install() {
        let is_prepared = PREPARED.with_borrow_mut(|prepared| {
            let was = prepared.is_some();
            prepared.get_or_insert_with(alternate);
            was
        });
        if !is_prepared {
            BEFORE.get_or_init(replace_handlers);
        }
    }

    /// Installs an alternate stack for the OS thread, if it has none.
    fn alternate() -> Option<Alternate> {
        // SAFETY: all zeros is a valid `stack_t`, and the pointers are valid for the calls.
        unsafe {
            let mut current: libc::stack_t = mem::zeroed();
            let failed = libc::sigaltstack(ptr::null(), &raw mut current) != 0;
            if failed || current.ss_flags & libc::SS_DISABLE == 0 {
                return None;
            }
            let mut memory = vec![0; ALTERNATE].into_boxed_slice();
            let own = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: ALTERNATE };
            (libc::sigaltstack(&raw const own, ptr::null_mut()) == 0).then(|| Alternate(memory))
        }
    }

    fn replace_handlers() -> ([libc::sigaction; 2], usize) {
        // SAFETY: all zeros is a valid `sigaction`. The handler has the signature that SA_SIGINFO
        // requires, and is async-signal-safe.
        unsafe {
            let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
            let before = SIGNALS.map(|signal| {
                let mut before: libc::sigaction = mem::zeroed();
                let mut own: libc::sigaction = mem::zeroed();
                own.sa_sigaction = on_fault as *const () as libc::sighandler_t;
                own.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                libc::sigaction(signal, &raw const own, &raw mut before);
                before
            });
            (before, page)
        }
    }

    extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: the OS calls this with valid arguments. Access to a const-initialized
        // thread-local without a destructor takes no lock and allocates nothing; the OS thread
        // first accessed it when it started the coroutine. `RUNNING` is valid while its coroutine
        // runs: see `suspend`.
        let (running, address) = unsafe { (RUNNING.get().as_ref(), (*info).si_addr().addr()) };
        let before = BEFORE.get();
        let page = before.map_or(4096, |(_, page)| *page);
        if let Some(running) = running
            && (running.limit..running.limit + page).contains(&address)
        {
            let mut text = Text { bytes: [0; 512], length: 0 };
            let (label, bytes) = (&running.label, running.base - running.limit - page);
            let _ = write!(
                text,
                "\nselvedge-engine: {label} has overflowed its stack of {bytes} bytes. Give each task a larger stack with \
                 Explorer::stack_size, or this one with thread::Builder::stack_size. No stack is large \
                 enough for an infinite recursion\n"
            );
            // SAFETY: the bytes are valid; both functions are async-signal-safe.
            unsafe {
                libc::write(2, text.bytes.as_ptr().cast(), text.length);
                libc::abort();
            }
        }
        let nth = usize::from(signal != SIGNALS[0]);
        // SAFETY: the previous handler is called with its declared signature, or installed again:
        // then the instruction faults again.
        unsafe {
            match before {
                Some((before, _)) if is_function(before[nth].sa_sigaction) => {
                    let handler = before[nth].sa_sigaction;
                    if before[nth].sa_flags & libc::SA_SIGINFO != 0 {
                        type Informed = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
                        mem::transmute::<libc::sighandler_t, Informed>(handler)(signal, info, context);
                    } else {
                        mem::transmute::<libc::sighandler_t, extern "C" fn(libc::c_int)>(handler)(signal);
                    }
                }
                Some((before, _)) => {
                    libc::sigaction(signal, &raw const before[nth], ptr::null_mut());
                }
                None => {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
        }
    }

    fn is_function(handler: libc::sighandler_t) -> bool {
        handler != libc::SIG_DFL && handler != libc::SIG_IGN
    }

    /// A buffer for text that needs no allocation. Longer text is truncated.
    struct Text {
        bytes: [u8; 512],
        length: usize,
    }

    impl std::fmt::Write for Text {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let room = &mut self.bytes[self.length..];
            let count = text.len().min(room.len());
            room[..count].copy_from_slice(&text.as_bytes()[..count]);
            self.length += count;
            Ok(())
        }
    }
}
