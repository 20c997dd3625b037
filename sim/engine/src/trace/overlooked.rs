//! Weak behaviours in words: reads of a value that had been overwritten.

use crate::event::LocationId;
use crate::graph::{EventId, Graph};
use crate::runtime::Execution;

/// For each step of a run of an execution graph: the newest write that was executed before the step
/// and that its read overlooks, in words. Empty for other runs.
pub(super) fn overlooked(execution: &Execution) -> Vec<Option<String>> {
    let Some(graph) = execution.current_graph() else { return Vec::new() };
    let steps = steps(execution, graph);
    let mut step_of = vec![usize::MAX; graph.len()];
    for (step, events) in steps.iter().enumerate() {
        events.iter().for_each(|&event| step_of[event as usize] = step);
    }
    let note = |(step, events): (usize, &Vec<EventId>)| {
        let &read = events.first()?;
        let event = graph.event(read);
        if !event.is_read() {
            return None;
        }
        let location = event.location();
        let later = &graph.writes(location)[graph.place(location, event.reads_from)..];
        let newest = later.iter().rev().find(|&&write| step_of[write as usize] < step)?;
        let read = execution.history.trail.accesses(step).first().map_or(0, |access| access.before);
        let written = graph.event(*newest).values[0];
        Some(format!(
            "read {}, though {} was written at step {}: nothing orders the two",
            shown(execution, location, read),
            shown(execution, location, written),
            step_of[*newest as usize] + 1
        ))
    };
    steps.iter().enumerate().map(note).collect()
}

fn shown(execution: &Execution, location: LocationId, word: u64) -> String {
    let show = execution.history.registry.details(location).show;
    show.map_or_else(|| format!("{word:#x}"), |show| show(word))
}

/// The events of the graph at each step of the run.
fn steps(execution: &Execution, graph: &Graph) -> Vec<Vec<EventId>> {
    let mut done = vec![0; graph.width()];
    let mut steps = Vec::new();
    for event in execution.history.trail.events() {
        let task = usize::from(event.footprint.task);
        let its = graph.of_task(event.footprint.task);
        let mut events: Vec<EventId> = its.get(done[task]).copied().into_iter().collect();
        if let Some(&write) = its.get(done[task] + 1)
            && graph.event(write).is_update
        {
            events.push(write);
        }
        done[task] += events.len();
        steps.push(events);
    }
    steps
}
