//! The result of a job.

use std::collections::BTreeMap;

use selvedge_engine::Schedule;

/// The state and the counts of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// `open`, or how the job ended: `done`, `broken`, `bounded`, `refused`, `nondeterministic`,
    /// `surprised`.
    pub state: String,
    /// The reason, unless it is `open` or `done`.
    pub why: String,
    /// The number of distinct states.
    pub states: u64,
    /// The number of states whose steps have been executed.
    pub expanded: u64,
    /// The number of steps of these.
    pub transitions: u64,
    /// The number of executions that ended in one of these.
    pub executions: u64,
    /// By kind of finding, the number of states and a schedule.
    pub found: Vec<(u32, u64, Schedule)>,
    /// Whether a read has overlapped or followed a write of its key.
    pub has_met: bool,
    /// A schedule that ends in a panic or a deadlock.
    pub failure: Option<Schedule>,
    /// The bounds that left schedules out, in order.
    pub bounds: Vec<String>,
}

impl Outcome {
    /// The outcome of a job with these fields.
    pub(super) fn of(fields: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let number = |name: &str| text(name).parse().unwrap_or(0u64);
        let found = fields.iter().filter_map(|(name, states)| {
            let kind = name.strip_prefix("found:")?;
            let schedule = Outcome::schedule(&text(&format!("shows:{kind}")))?;
            Some((kind.parse().ok()?, states.parse().ok()?, schedule))
        });
        let mut found: Vec<_> = found.collect();
        found.sort_unstable_by_key(|&(kind, ..)| kind);
        // The start is an open state, but not a state.
        let has_started = u64::from(number("acked") > 0);
        Outcome {
            state: text("state"),
            why: text("why"),
            states: number("claimed").saturating_sub(1),
            expanded: number("acked") - has_started,
            transitions: number("transitions"),
            executions: number("executions"),
            found,
            has_met: fields.contains_key("met"),
            failure: Outcome::schedule(&text("failure")),
            bounds: fields.keys().filter_map(|name| Some(name.strip_prefix("bound:")?.to_owned())).collect(),
        }
    }

    /// The schedule after its rank, which compares as text.
    pub(crate) fn schedule(ranked: &str) -> Option<Schedule> {
        ranked.split_once(' ')?.1.parse().ok()
    }
}
