//! Why cases were searched by another engine than is usual.

use super::Judged;
use super::columns::shortened;
use crate::number::counted;

/// No name is longer beside its reason.
const LONGEST: usize = 40;

impl Judged<'_> {
    /// Why it was searched as it was, if there is something to say: `searched by states: more than 100,000 schedules`.
    pub fn searched_by(&self) -> Option<String> {
        let what = self.report.searched().1;
        self.report.engine_reason.as_ref().map(|why| format!("searched by {what}s: {why}"))
    }
}

/// What is to be said of that below a table of the cases: a line for each reason.
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
