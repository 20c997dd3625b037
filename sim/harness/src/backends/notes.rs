//! Notes that describe recorded steps in terms of the domain. The primitives write them.
//!
//! A search takes no notes. Only the run that is shown is recorded.

use std::any::Any;
#[cfg(feature = "redis")]
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::Location;
use std::time::Duration;

use selvedge::parts::{Cached, Lookup};

use super::Held;
use crate::history::{Key, Value};
use crate::script::Data;
#[cfg(feature = "redis")]
use crate::trace::users::is_users;
use crate::trace::{Effect, Place};

/// The description of a step.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    /// The step's number, from 1: the number of the run's steps when the note was taken.
    pub(crate) step: usize,
    pub(crate) place: Place,
    pub(crate) what: String,
    pub(crate) effect: Option<Effect>,
    /// The clock's time from this step on, if the step moved the clock.
    pub(crate) time: Option<Duration>,
}

thread_local! {
    /// For each task, the line of a script that its steps belong to.
    static LINES: RefCell<Vec<Option<String>>> = const { RefCell::new(Vec::new()) };
    static NOTES: RefCell<Vec<Note>> = const { RefCell::new(Vec::new()) };
    /// Source lines of steps, by step number from 1, where they differ from the line that called
    /// the engine.
    static SOURCES: RefCell<BTreeMap<usize, String>> = const { RefCell::new(BTreeMap::new()) };
    static BLOCKED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Adds a note about the last step, if the run is recorded.
pub(crate) fn note(make: impl FnOnce(usize) -> Note) {
    if selvedge_engine::recording() {
        let step = selvedge_engine::step();
        NOTES.with_borrow_mut(|notes| notes.push(make(step)));
        let (task, _) = selvedge_engine::next_event();
        let line = LINES.with_borrow(|lines| lines.get(task as usize).cloned().flatten());
        if let Some(line) = line {
            SOURCES.with_borrow_mut(|sources| sources.insert(step, line));
        }
    }
}

/// Attributes the task's steps from now on to this line of a script, if the run is recorded.
pub(crate) fn at_line(line: impl FnOnce() -> Option<String>) {
    if selvedge_engine::recording() {
        let (task, _) = selvedge_engine::next_event();
        LINES.with_borrow_mut(|lines| {
            lines.resize(lines.len().max(task as usize + 1), None);
            lines[task as usize] = line();
        });
    }
}

/// Replaces the text of the last note, if the run is recorded.
pub(crate) fn amend(what: impl FnOnce() -> String) {
    if selvedge_engine::recording() {
        NOTES.with_borrow_mut(|notes| {
            if let Some(last) = notes.last_mut() {
                last.what = what();
            }
        });
    }
}

/// Returns the notes since the previous call.
pub(crate) fn take() -> Vec<Note> {
    // A run that was abandoned within a step of a script has left its line.
    LINES.take();
    NOTES.take()
}

/// Attributes the last step to this line, if the run is recorded. An async function cannot be
/// `#[track_caller]`, so its caller passes the line.
pub(crate) fn made_for(source: &'static Location<'static>) {
    if selvedge_engine::recording() {
        let line = format!("{}:{}", source.file(), source.line());
        SOURCES.with_borrow_mut(|sources| sources.insert(selvedge_engine::step(), line));
    }
}

/// Attributes the last step to the nearest line of user code on the stack, if the run is recorded
/// and there is one. `#[track_caller]` does not work through other crates' code.
#[cfg(feature = "redis")]
pub(crate) fn made_for_users_line() {
    if selvedge_engine::recording()
        && let Some(line) = users_line(&Backtrace::force_capture().to_string())
    {
        SOURCES.with_borrow_mut(|sources| sources.insert(selvedge_engine::step(), line));
    }
}

/// Crates whose frames are not user code.
#[cfg(feature = "redis")]
const OURS: [&str; 4] = ["selvedge", "selvedge_engine", "selvedge_redis", "selvedge_sim"];

/// The nearest line of user code in a printed backtrace. Excludes the caller of the cache, and
/// frames below the task's own stack.
#[cfg(feature = "redis")]
fn users_line(backtrace: &str) -> Option<String> {
    let mut is_ours = true;
    for line in backtrace.lines().map(str::trim) {
        match line.strip_prefix("at ") {
            None => {
                let name = line.split_once(": ").map_or(line, |(_, name)| name);
                if name.contains("selvedge_sim::world::") || name.contains("corosensei::") {
                    return None;
                }
                let path = name.trim_start_matches(['<', '&', '*']);
                is_ours = OURS.contains(&path.split("::").next().unwrap_or_default());
            }
            Some(place) if !is_ours => {
                // Other steps have no column.
                let place = place.rsplit_once(':').map_or(place, |(line, _)| line);
                let place = place.strip_prefix("./").unwrap_or(place);
                // A backtrace has absolute paths, even where the compiler uses paths relative to
                // the workspace.
                let root = env!("CARGO_MANIFEST_DIR").strip_suffix("sim/harness");
                let place = root.and_then(|root| place.strip_prefix(root)).unwrap_or(place);
                if is_users(place) {
                    return Some(place.to_owned());
                }
            }
            Some(_) => {}
        }
    }
    None
}

/// Records the cache's tasks that were blocked when the observer began, if the run is recorded.
pub(crate) fn blocked(lines: &[String]) {
    if selvedge_engine::recording() {
        BLOCKED.with_borrow_mut(|blocked| blocked.extend_from_slice(lines));
    }
}

/// Returns the blocked tasks since the previous call.
pub(crate) fn take_blocked() -> Vec<String> {
    BLOCKED.take()
}

/// Returns the attributed lines since the previous call.
pub(crate) fn take_sources() -> BTreeMap<usize, String> {
    SOURCES.take()
}

/// The key, if its type is the scenario's.
pub(super) fn key(key: &dyn Any) -> Option<Key> {
    key.downcast_ref::<Key>().copied()
}

/// The content of an entry, in terms of the scenario: `Some(None)` is "absent". `None` is
/// "unknown", for an entry of the cache's own type.
pub(super) type Content = Option<Option<Value>>;

/// The content of a value that a script has stored.
fn content_of(data: &Data) -> Content {
    match data {
        Data::None => Some(None),
        data => data.stored().map(Some),
    }
}

/// The content of a map's value.
pub(super) fn content(value: &dyn Any) -> Content {
    if let Some(value) = value.downcast_ref::<Value>() {
        return Some(Some(*value));
    }
    if let Some(value) = value.downcast_ref::<Option<Value>>() {
        return Some(*value);
    }
    if let Some(held) = value.downcast_ref::<Held>() {
        return Some(held.content);
    }
    if let Some(cached) = value.downcast_ref::<Cached<Lookup<Value>>>() {
        return Some(cached.value().clone().into_value());
    }
    if let Some(cached) = value.downcast_ref::<Cached<Data>>() {
        return content_of(cached.value());
    }
    if let Some(data) = value.downcast_ref::<Data>() {
        return content_of(data);
    }
    value.downcast_ref::<Cached<Value>>().map(|cached| Some(*cached.value()))
}

/// The expiry time of a map's value, if it has one.
pub(super) fn expiry(value: &dyn Any) -> Option<Duration> {
    let kept = value.downcast_ref::<Cached<Lookup<Value>>>().and_then(Cached::expires_at);
    let kept = kept.or_else(|| value.downcast_ref::<Held>().and_then(|held| held.deadline));
    let kept = kept.or_else(|| value.downcast_ref::<Cached<Data>>().and_then(Cached::expires_at));
    kept.or_else(|| value.downcast_ref::<Cached<Value>>().and_then(Cached::expires_at))
}

/// A remark that a write has the entry open; empty if none has.
pub(super) fn open<V: 'static>(value: Option<&V>) -> String {
    let held = value.and_then(|value| (value as &dyn Any).downcast_ref::<Held>());
    held.filter(|held| held.open != 0).map_or_else(String::new, |_| " (open)".to_owned())
}

/// Formats the content for a trace.
pub(super) fn shown(content: Content, absent: &str) -> String {
    match content {
        Some(Some(value)) => value.to_string(),
        Some(None) => absent.to_owned(),
        None => "?".to_owned(),
    }
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use super::users_line;

    #[test]
    fn the_nearest_line_of_the_users_is_found() {
        let backtrace = "   0: selvedge_sim::backends::notes::made_for_users_line
             at ./src/backends/notes.rs:60:9
   1: <client::cmd::Cmd>::query_async::{closure#0}
             at /home/me/.cargo/registry/src/index/client-1.8.0/src/cmd.rs:500:20
   2: <core::pin::Pin<P> as core::future::future::Future>::poll
             at /rustc/0123/library/core/src/future/future.rs:133:9
   3: <shop::cache::Orders<C>>::get::{closure#0}
             at ./app/src/cache.rs:34:70
   4: shop::main
             at ./src/main.rs:3:1
";
        assert_eq!(users_line(backtrace).as_deref(), Some("app/src/cache.rs:34"));
        let (before, _) = backtrace.split_once("   3:").expect("a third frame");
        let caller = "   3: selvedge_sim::world::run::perform\n             at ./src/world/run.rs:1:1\n   4: shop::main\n             at ./src/main.rs:3:1\n";
        assert_eq!(users_line(&format!("{before}{caller}")), None);
        assert_eq!(users_line(""), None);
    }
}
