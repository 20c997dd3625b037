//! The order of one run, instead of its class.

use selvedge_engine::Run;

use crate::history::{History, Mark};

/// The history in the run's own total order of events. The [oracle](crate::oracle) then finds the
/// violations of this schedule alone.
pub fn own_order(run: &Run<'_>, history: &History) -> History {
    let after_all = run.steps().len() as u32 + 1;
    let moment = |mark: Mark| {
        let at = run.steps().position(|step| (step.task, step.index) == (mark.task, mark.index));
        at.map_or(after_all, |at| at as u32 + 1)
    };
    let line = |index: u32| Mark { task: 0, index };
    let mut own = History::default();
    if history.is_by_node() {
        own.judge_by_node();
    }
    for version in history.all_versions() {
        match (version.by, version.at) {
            (Some(by), Some(at)) => own.written(version.key, version.content, by, line(moment(at))),
            (None, Some(at)) => own.expired(version.key, line(moment(at))),
            _ => own.start_with(version.key, version.content),
        }
    }
    for (id, its) in history.operations().iter().enumerate() {
        own.invoke_at(its.node, its.thread, its.key, its.call, line(moment(its.first)), its.settled);
        if let Some(last) = history.last(id) {
            own.respond(id, its.reply, [moment(last)]);
        }
    }
    own.confirm_as(history);
    own
}
