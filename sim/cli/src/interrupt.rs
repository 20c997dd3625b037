//! Ctrl-C during a search ends it, and the results so far are reported. A second one ends the
//! process; so does the first one when no search is running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The exit code of a command that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// Whether the user has interrupted the command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    is_set: Arc<AtomicBool>,
    /// Whether no search polls `is_set`, so that a signal has to end the process.
    is_idle: Arc<AtomicBool>,
}

/// Guard of a search that polls [`Interrupt::is_set`].
#[derive(Debug)]
pub(crate) struct Searching(Arc<AtomicBool>);

impl Drop for Searching {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Interrupt {
    /// Set by SIGINT and SIGTERM.
    pub(crate) fn of_process() -> Self {
        let interrupt = Interrupt::default();
        interrupt.is_idle.store(true, Ordering::Relaxed);
        for signal in [SIGINT, SIGTERM] {
            // The handlers run in this order: the first signal finds `is_set` unset. If no handler
            // can be installed, a signal ends the process.
            for condition in [&interrupt.is_idle, &interrupt.is_set] {
                _ = flag::register_conditional_shutdown(signal, INTERRUPTED.into(), Arc::clone(condition));
            }
            _ = flag::register(signal, Arc::clone(&interrupt.is_set));
        }
        interrupt
    }

    /// Whether a signal has arrived.
    pub(crate) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// Until the guard is dropped, a signal does not end the process.
    pub(crate) fn searching(&self) -> Searching {
        self.is_idle.store(false, Ordering::Relaxed);
        Searching(Arc::clone(&self.is_idle))
    }
}
