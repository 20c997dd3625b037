//! Panics inside an exploration are outcomes of a schedule: they are kept, and not printed once per schedule.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic;
use std::sync::Once;

/// A panic of a task: what it said, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicReport {
    /// The message.
    pub message: String,
    /// `file:line` of the panic.
    pub location: String,
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static LAST_LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Panics on this OS thread are kept and not printed while this lives.
pub(crate) struct Quiet(bool);

impl Quiet {
    pub(crate) fn new() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let previous = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if QUIET.get() {
                    let location = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
                    LAST_LOCATION.with(|last| *last.borrow_mut() = location);
                } else {
                    previous(info);
                }
            }));
        });
        Quiet(QUIET.replace(true))
    }
}

impl Quiet {
    /// Runs what is no part of the exploration: its panics are printed.
    pub(crate) fn interrupt<R>(&self, action: impl FnOnce() -> R) -> R {
        let quiet = QUIET.replace(self.0);
        let result = action();
        QUIET.set(quiet);
        result
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.set(self.0);
    }
}

/// The payload of this panic goes to a task that may resume it, and no hook runs then: where it was is kept until the
/// next panic.
pub(crate) fn may_be_resumed(report: PanicReport) {
    LAST_LOCATION.set(Some(report.location));
}

/// The report of a panic that has just been caught on this OS thread.
pub(crate) fn describe_payload(payload: &(dyn Any + Send)) -> PanicReport {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic whose payload is not text".to_owned());
    let location = LAST_LOCATION.with(|last| last.borrow_mut().take());
    PanicReport { message, location: location.unwrap_or_else(|| "an unknown place".to_owned()) }
}
