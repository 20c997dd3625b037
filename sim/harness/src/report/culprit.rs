//! The source line that a report names.

use std::path::Path;

use super::Judged;
use crate::oracle::Finding;
use crate::protocols::{Caches, Protocol};
use crate::scenario::SourceLine;
use crate::trace::{Effect, Step, Trace};

/// The line to look at first. For a wrong read, the step that stored the value; for a deadlock or a
/// panic, the last step; without a trace, the expectation. For a shipped cache also the
/// expectation: the reader of the report has the scenario, but not the cache's source.
pub(super) fn culprit(judged: &Judged<'_>) -> SourceLine {
    let trace = judged.report.trace.as_ref().filter(|_| judged.diff.is_none());
    let step = trace.and_then(|trace| match trace.findings.first() {
        Some(finding) => behind(trace, finding),
        None => trace.steps.last(),
    });
    step.map_or_else(|| judged.case.expected_at.clone(), |step| line_of(judged, step))
}

/// The line of a step; for a shipped cache, that of the case's expectation.
pub(super) fn line_of(judged: &Judged<'_>, step: &Step) -> SourceLine {
    if Protocol::from_name(&judged.case.cache).is_some() {
        return judged.case.expected_at.clone();
    }
    let (file, line) = step.location.rsplit_once(':').unwrap_or((&step.location, ""));
    SourceLine { file: file.to_owned(), line: line.parse().unwrap_or(1) }
}

/// The path of the file, relative to `root` if it is inside.
pub(super) fn within(root: &Path, file: &str) -> String {
    let path = Path::new(file);
    let path = path.strip_prefix(root).unwrap_or(path);
    path.strip_prefix(".").unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn behind<'t>(trace: &'t Trace, finding: &Finding) -> Option<&'t Step> {
    let own = |step: &&Step| step.operation == Some(finding.read);
    let held = |step: &Step| match step.effect? {
        Effect::Found { content, .. } | Effect::Left { content, .. } => Some(content),
        Effect::Locked { .. } => None,
    };
    let found = trace.steps.iter().rfind(|step| own(step) && held(step) == Some(finding.returned));
    let Some(found) = found else { return trace.steps.iter().rfind(own) };
    let same = |step: &&Step| {
        step.number < found.number
            && step.place == found.place
            && matches!(step.effect, Some(Effect::Left { entry, .. }) if Some(entry) == found.effect.map(Effect::entry))
    };
    let put = trace.steps.iter().rfind(same).filter(|put| held(put) == Some(finding.returned));
    Some(put.unwrap_or(found))
}
