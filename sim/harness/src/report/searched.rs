//! Why cases were not searched by the usual engine.

use super::Judged;
use super::columns::shortened;
use crate::number::counted;

/// The maximum length of a name beside its reason.
const LONGEST: usize = 40;

impl Judged<'_> {
    /// Why the engine is not the usual one, if so: `searched by states: more than 100,000
    /// schedules`.
    pub fn searched_by(&self) -> Option<String> {
        let what = self.report.searched().1;
        self.report.engine_reason.as_ref().map(|why| format!("searched by {what}s: {why}"))
    }
}

/// The notes below a table of the cases: a line for each reason.
pub(super) fn notes(cases: &[Judged<'_>]) -> String {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    for judged in cases {
        let Some(why) = judged.searched_by() else { continue };
        let name = judged.case.name.as_str();
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    let line = |(why, names): &(String, Vec<&str>)| match names[..] {
        _ if names.len() == cases.len() => format!("  {why}\n"),
        [name] => format!("  {}: {why}\n", shortened(name, LONGEST)),
        _ => format!("  {}: {why}\n", counted(names.len() as u64, "case")),
    };
    reasons.iter().map(line).collect()
}
