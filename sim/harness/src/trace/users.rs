//! The lines of user code in a run: those outside the simulator, the core and the dependencies.

use std::collections::BTreeMap;

use super::model::Trace;
use super::text::wrap;
use crate::look::{Line, Look, Tint};

/// This file's path from the compiler, which locates the simulator's sources.
const HERE: &str = file!();
/// This file's path in the workspace.
const WITHIN: &str = "sim/harness/src/trace/users.rs";
/// The folders of the workspace that are not user code.
const OURS: [&str; 4] = ["src/", "sim/engine/src/", "sim/harness/src/", "sim/redis/src/"];
/// The maximum number of steps that are listed for a line.
const STEPS: usize = 8;

/// Whether the location is in user code.
pub(crate) fn is_users(location: &str) -> bool {
    let root = HERE.strip_suffix(WITHIN);
    let within = root.and_then(|root| location.strip_prefix(root)).unwrap_or(location);
    let is_ours = root.is_some() && OURS.iter().any(|ours| within.starts_with(ours));
    let location = location.replace('\\', "/");
    let is_others = ["/registry/src/", "/rustc/", "/library/std/", "/library/core/", "/library/alloc/"];
    // The output of a build script, in a folder that differs between machines.
    let is_generated = location.contains("/build/") && location.contains("/out/");
    let is_foreign = is_generated || is_others.iter().any(|others| location.contains(others));
    !is_ours && !location.is_empty() && !is_foreign
}

/// The lines of user code, each with its step numbers; empty if there are none.
pub(super) fn lines(trace: &Trace, look: Look) -> String {
    let mut steps = BTreeMap::<&str, Vec<u32>>::new();
    for step in trace.steps.iter().filter(|step| is_users(&step.location)) {
        steps.entry(&step.location).or_default().push(step.number);
    }
    let mut lines: Vec<_> = steps.into_iter().collect();
    lines.sort_by_key(|(_, steps)| steps[0]);
    let mut out = String::new();
    for (at, (location, steps)) in lines.into_iter().enumerate() {
        let mut numbers: Vec<_> = steps.iter().take(STEPS).map(u32::to_string).collect();
        if steps.len() > STEPS {
            numbers.push("…".to_owned());
        }
        let word = if steps.len() == 1 { "step" } else { "steps" };
        let code = trace.code.get(location).map(|code| format!(" │ {code}")).unwrap_or_default();
        let text = format!("{location}: {word} {}{code}", numbers.join(", "));
        for (nth, part) in wrap(&text, look.width - 10).iter().enumerate() {
            let mut line = Line::default();
            line.push(Tint::Frame, if at + nth == 0 { "lines" } else { "" });
            line.pad_to(10);
            line.push(Tint::Plain, part);
            out.push_str(&line.text(look));
            out.push('\n');
        }
    }
    if out.is_empty() { out } else { format!("\n{out}") }
}

#[cfg(test)]
mod tests {
    use super::is_users;

    #[test]
    fn a_users_line_is_neither_ours_nor_a_dependencys() {
        for theirs in [
            "tests/cache.rs:7",
            "/home/me/shop/src/cache.rs:41",
            "sim/team-cache/src/lib.rs:33",
            "app/src/main.rs:1",
        ] {
            assert!(is_users(theirs), "{theirs}");
        }
        for other in [
            "sim/harness/src/protocols/article.rs:41",
            "src/tiered/read.rs:9",
            "sim/redis/src/face/client.rs:1",
            "/home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/redis-1.8.0/src/aio.rs:3",
            "/rustc/0123/library/core/src/future.rs:1",
            "",
        ] {
            assert!(!is_users(other), "{other}");
        }
    }
}
