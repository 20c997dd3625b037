//! What a recorded step was in the words of the domain, noted by the primitives as they make it.
//!
//! Nothing is noted while schedules are searched: only the run that is to be shown is recorded.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::Location;
use std::time::Duration;

use selvedge::parts::{Cached, Kept};

use crate::history::{Key, Value};
use crate::trace::{Effect, Place};

/// What a step was.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    /// How many steps the run had when it was noted: the step's number, from 1.
    pub(crate) step: usize,
    pub(crate) place: Place,
    pub(crate) what: String,
    pub(crate) effect: Option<Effect>,
    /// What the clock shows from this step on, if it was moved.
    pub(crate) time: Option<Duration>,
}

thread_local! {
    static NOTES: RefCell<Vec<Note>> = const { RefCell::new(Vec::new()) };
    /// The steps, from 1, that were made for a line which is not the one that called the engine.
    static SOURCES: RefCell<BTreeMap<usize, &'static Location<'static>>> = const { RefCell::new(BTreeMap::new()) };
    static BLOCKED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes what the last step was, if the run is recorded.
pub(crate) fn note(make: impl FnOnce(usize) -> Note) {
    if selvedge_engine::recording() {
        let step = selvedge_engine::step();
        NOTES.with_borrow_mut(|notes| notes.push(make(step)));
    }
}

/// The notes since this was last called.
pub(crate) fn take() -> Vec<Note> {
    NOTES.take()
}

/// The last step was made for this line, if the run is recorded. An async function cannot be `#[track_caller]`: this is
/// how its caller's line comes into a trace.
pub(crate) fn made_for(source: &'static Location<'static>) {
    if selvedge_engine::recording() {
        SOURCES.with_borrow_mut(|sources| sources.insert(selvedge_engine::step(), source));
    }
}

/// These tasks of the cache's were still blocked when the observer began, if the run is recorded.
pub(crate) fn blocked(lines: &[String]) {
    if selvedge_engine::recording() {
        BLOCKED.with_borrow_mut(|blocked| blocked.extend_from_slice(lines));
    }
}

/// The tasks that were blocked, since this was last called.
pub(crate) fn take_blocked() -> Vec<String> {
    BLOCKED.take()
}

/// The lines that steps were made for since this was last called.
pub(crate) fn take_sources() -> BTreeMap<usize, &'static Location<'static>> {
    SOURCES.take()
}

/// The key, if it is one of the scenario's.
pub(super) fn key(key: &dyn Any) -> Option<Key> {
    key.downcast_ref::<Key>().copied()
}

/// What an entry holds for a reader of the scenario: `Some(None)` is "absent", and `None` is "not known", of an entry of
/// a type that is a cache's own.
pub(super) type Content = Option<Option<Value>>;

/// What a map's value holds.
pub(super) fn content(value: &dyn Any) -> Content {
    if let Some(value) = value.downcast_ref::<Value>() {
        return Some(Some(*value));
    }
    if let Some(value) = value.downcast_ref::<Option<Value>>() {
        return Some(*value);
    }
    if let Some(cached) = value.downcast_ref::<Cached<Kept<Value>>>() {
        return Some(cached.value().clone().into_value());
    }
    value.downcast_ref::<Cached<Value>>().map(|cached| Some(*cached.value()))
}

/// When a map's value expires, if it is an entry that can.
pub(super) fn expiry(value: &dyn Any) -> Option<Duration> {
    let kept = value.downcast_ref::<Cached<Kept<Value>>>().and_then(Cached::expires_at);
    kept.or_else(|| value.downcast_ref::<Cached<Value>>().and_then(Cached::expires_at))
}

/// The content as a trace says it.
pub(super) fn shown(content: Content, absent: &str) -> String {
    match content {
        Some(Some(value)) => value.to_string(),
        Some(None) => absent.to_owned(),
        None => "?".to_owned(),
    }
}
