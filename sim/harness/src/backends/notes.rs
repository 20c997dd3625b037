//! What a recorded step was in the words of the domain, noted by the primitives as they make it.
//!
//! Nothing is noted while schedules are searched: only the run that is to be shown is recorded.

use std::any::Any;
#[cfg(feature = "redis")]
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::Location;
use std::time::Duration;

use selvedge::parts::{Cached, Kept};

use crate::history::{Key, Value};
#[cfg(feature = "redis")]
use crate::trace::users::is_users;
use crate::trace::{Effect, Place};
use crate::world::Held;

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
    static SOURCES: RefCell<BTreeMap<usize, String>> = const { RefCell::new(BTreeMap::new()) };
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
        let line = format!("{}:{}", source.file(), source.line());
        SOURCES.with_borrow_mut(|sources| sources.insert(selvedge_engine::step(), line));
    }
}

/// The last step was made for the nearest line on the stack that is the user's, if the run is recorded and there is one: where
/// other crates' code is between the user's and the engine's, no caller is known.
#[cfg(feature = "redis")]
pub(crate) fn made_for_users_line() {
    if selvedge_engine::recording()
        && let Some(line) = users_line(&Backtrace::force_capture().to_string())
    {
        SOURCES.with_borrow_mut(|sources| sources.insert(selvedge_engine::step(), line));
    }
}

/// The crates whose frames are not the user's.
#[cfg(feature = "redis")]
const OURS: [&str; 4] = ["selvedge", "selvedge_engine", "selvedge_redis", "selvedge_sim"];

/// The nearest line of a printed backtrace that is the user's. What called the cache is no part of it, nor is what is below
/// the task's own stack.
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
                // The column is not told of other steps.
                let place = place.rsplit_once(':').map_or(place, |(line, _)| line);
                let place = place.strip_prefix("./").unwrap_or(place);
                // A backtrace has whole paths, also where the compiler has those within the workspace.
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
pub(crate) fn take_sources() -> BTreeMap<usize, String> {
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
    if let Some(held) = value.downcast_ref::<Held>() {
        return Some(held.content);
    }
    if let Some(cached) = value.downcast_ref::<Cached<Kept<Value>>>() {
        return Some(cached.value().clone().into_value());
    }
    value.downcast_ref::<Cached<Value>>().map(|cached| Some(*cached.value()))
}

/// When a map's value expires, if it is an entry that can.
pub(super) fn expiry(value: &dyn Any) -> Option<Duration> {
    let kept = value.downcast_ref::<Cached<Kept<Value>>>().and_then(Cached::expires_at);
    let kept = kept.or_else(|| value.downcast_ref::<Held>().and_then(|held| held.deadline));
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
