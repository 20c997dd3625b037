//! Ctrl-C in the middle of a search: it ends, and what was found is kept. A second one ends the process; and so does the first
//! one where nothing is searched.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The exit code of a command that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// Whether somebody has had enough.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    is_set: Arc<AtomicBool>,
    /// Whether nobody looks at `is_set`, so that a signal has to end the process.
    is_idle: Arc<AtomicBool>,
}

/// Somebody looks whether there was an interrupt, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Searching(Arc<AtomicBool>);

impl Drop for Searching {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Interrupt {
    /// By a signal to this process.
    pub(crate) fn of_process() -> Self {
        let interrupt = Interrupt::default();
        interrupt.is_idle.store(true, Ordering::Relaxed);
        for signal in [SIGINT, SIGTERM] {
            // They are called in this order, and the first signal finds `is_set` unset. Where a signal cannot be caught, it
            // ends the process, as it always did.
            for condition in [&interrupt.is_idle, &interrupt.is_set] {
                _ = flag::register_conditional_shutdown(signal, INTERRUPTED.into(), Arc::clone(condition));
            }
            _ = flag::register(signal, Arc::clone(&interrupt.is_set));
        }
        interrupt
    }

    /// Whether it has happened.
    pub(crate) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// From now on, somebody looks whether it has happened.
    pub(crate) fn searching(&self) -> Searching {
        self.is_idle.store(false, Ordering::Relaxed);
        Searching(Arc::clone(&self.is_idle))
    }
}
