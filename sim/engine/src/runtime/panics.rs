//! Panics inside an exploration are outcomes of a schedule: they are recorded and not printed.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic;
use std::sync::Once;

use super::life_cycle::aborting;
use super::{condition, current};
use crate::coroutine;

/// The message and the location of a task's panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicReport {
    /// The message.
    pub message: String,
    /// `file:line` of the panic.
    pub location: String,
}

/// Maximum number of recorded panics per task that the task has caught itself.
const MAX_RECORDED: usize = 16;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    /// The panics that began on this OS thread, each with its coroutine (`None` outside of all
    /// tasks).
    static BEGUN: RefCell<Vec<(Option<usize>, PanicReport)>> = const { RefCell::new(Vec::new()) };
}

/// While it exists, panics of tasks on this OS thread are recorded and not printed. The engine's
/// own are printed.
pub(crate) struct Quiet(bool);

impl Quiet {
    pub(crate) fn new() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let previous = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                let task = coroutine::running();
                // Outside of all tasks only a condition may panic, because the engine evaluates it
                // in hypothetical states.
                if !QUIET.get() || (task.is_none() && !condition::is_evaluating()) {
                    return previous(info);
                }
                if info.payload_as_str() == Some(IN_CLEANUP) {
                    return explain_abort(task);
                }
                let location = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
                let report = PanicReport {
                    message: info.payload_as_str().unwrap_or(NO_TEXT).to_owned(),
                    location: location.unwrap_or_else(|| NO_PLACE.to_owned()),
                };
                begun(task, report);
            }));
        });
        Quiet(QUIET.replace(true))
    }
}

impl Quiet {
    /// Runs code that is not part of the exploration: its panics are printed.
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

/// The message of std's panic after a panic has left a destructor while its task unwound. std then
/// aborts the process.
const IN_CLEANUP: &str = "panic in a destructor during cleanup";

/// Explains the abort after a destructor of this coroutine has panicked while its task unwound.
/// This hook is the last code that runs before std aborts.
fn explain_abort(task: Option<usize>) {
    let cause = BEGUN.with_borrow(|begun| begun.iter().rfind(|(whose, _)| *whose == task).cloned());
    let (message, location) = cause
        .map_or((NO_TEXT.to_owned(), NO_PLACE.to_owned()), |(_, report)| (report.message, report.location));
    let why = if aborting() {
        "The task was unwound because its run was aborted (a deadlock, a panic of another task, or a bound): \
         the destructor may depend on a task that was already unwound. Do not unwrap results in destructors"
    } else {
        "The program would also abort outside an exploration. Do not panic in destructors if std::thread::panicking()"
    };
    let name = current::current_task_name().unwrap_or_else(|| "a task".to_owned());
    eprintln!(
        "selvedge-engine: the process aborts: a destructor of {name} panicked at {location} \
         while the task unwound: {message}\n{why}"
    );
}

const NO_TEXT: &str = "a panic whose payload is not text";

const NO_PLACE: &str = "an unknown place";

/// Forgets the panics of earlier runs.
pub(super) fn forget() {
    BEGUN.with_borrow_mut(Vec::clear);
}

/// Records the begin of a panic of this coroutine.
fn begun(task: Option<usize>, report: PanicReport) {
    BEGUN.with_borrow_mut(|begun| {
        let its = |begun: &Vec<(Option<usize>, PanicReport)>| {
            begun.iter().filter(|(whose, _)| *whose == task).count()
        };
        if its(begun) >= MAX_RECORDED {
            // The first may still be unwinding, so the last recorded one is replaced.
            let last = begun.iter().rposition(|(whose, _)| *whose == task);
            last.map(|last| begun.remove(last));
        }
        begun.push((task, report));
    });
}

/// Records the location of a panic whose payload goes to a task that may resume it: no hook runs
/// then.
pub(crate) fn may_be_resumed(report: PanicReport) {
    begun(coroutine::running(), report);
}

/// Describes a panic of the running coroutine that was just caught, unless a destructor has caught
/// it in between. Forgets the panics that the coroutine began meanwhile: they were caught.
pub(crate) fn describe_payload(payload: &(dyn Any + Send)) -> PanicReport {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| NO_TEXT.to_owned());
    let task = coroutine::running();
    let location = BEGUN.with_borrow_mut(|begun| {
        let is_it =
            |(whose, report): &(Option<usize>, PanicReport)| *whose == task && report.message == message;
        let found = begun.iter().rposition(is_it).map(|at| begun[at].1.location.clone());
        begun.retain(|(whose, _)| *whose != task);
        found
    });
    PanicReport { message, location: location.unwrap_or_else(|| NO_PLACE.to_owned()) }
}
