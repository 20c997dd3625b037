//! Ctrl-C in the middle: the search ends, and what was found is kept. A second one ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The exit code of a command that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// Whether somebody has had enough.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// By a signal to this process.
    pub(crate) fn of_process() -> Self {
        let interrupt = Interrupt::default();
        for signal in [SIGINT, SIGTERM] {
            // The first one finds the flag unset. Where a signal cannot be caught, it ends the process, as it always did.
            _ = flag::register_conditional_shutdown(signal, INTERRUPTED.into(), Arc::clone(&interrupt.0));
            _ = flag::register(signal, Arc::clone(&interrupt.0));
        }
        interrupt
    }

    /// Whether it has happened.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
