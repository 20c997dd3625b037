//! The cases as a JUnit report, valid under the schema of Jenkins' xUnit plugin (junit-10.xsd),
//! which has neither `testsuites/@skipped` nor properties of a test.

use std::fmt::Write;
use std::time::Duration;

use super::Judged;
use crate::scenario::Outcome;

/// The cases as JUnit XML: a suite for each scenario, with a test for each case. A failure has the
/// outcome as its type, the reason as its message, and the full trace as its text. The test's
/// output gives the cache, the engine, the count and the verdict. Cases of one scenario must be
/// adjacent.
pub fn junit(cases: &[Judged<'_>]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text += &format!("<testsuites name=\"selvedge\" {} time=\"{}\">\n", counts(cases), time(cases));
    for scenario in cases.chunk_by(|a, b| a.case.scenario == b.case.scenario) {
        let name = attribute(&scenario[0].case.scenario);
        let (counts, time) = (counts(scenario), time(scenario));
        text += &format!("    <testsuite name=\"{name}\" {counts} skipped=\"0\" time=\"{time}\">\n");
        scenario.iter().for_each(|judged| push_test(&mut text, judged));
        text += "    </testsuite>\n";
    }
    text + "</testsuites>\n"
}

/// The attributes with the numbers of tests, of failures and of errors.
fn counts(cases: &[Judged<'_>]) -> String {
    let count = |of: fn(Outcome) -> bool| cases.iter().filter(|judged| of(judged.judgement.outcome)).count();
    let failures = count(|outcome| !matches!(outcome, Outcome::Pass | Outcome::Crash));
    let errors = count(|outcome| outcome == Outcome::Crash);
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", cases.len())
}

/// The wall time of all searches, in seconds.
fn time(cases: &[Judged<'_>]) -> String {
    seconds(cases.iter().map(|judged| judged.report.wall).sum())
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

fn push_test(text: &mut String, judged: &Judged<'_>) {
    let (outcome, report) = (judged.judgement.outcome, &judged.report);
    let (name, class) = (attribute(&judged.case.name), attribute(&judged.case.scenario));
    let time = seconds(report.wall);
    *text += &format!("        <testcase name=\"{name}\" classname=\"{class}\" time=\"{time}\">\n");
    if outcome != Outcome::Pass {
        let element = if outcome == Outcome::Crash { "error" } else { "failure" };
        let (why, evidence) = (attribute(&judged.judgement.why), escaped(&judged.evidence()));
        let kind = outcome.name();
        *text +=
            &format!("            <{element} message=\"{why}\" type=\"{kind}\">{evidence}</{element}>\n");
    }
    let (count, what) = report.searched();
    let mut about = format!("cache: {}\nengine: {}\n", report.cache, report.engine);
    if let Some(why) = &report.engine_reason {
        about += &format!("engine_reason: {why}\n");
    }
    about += &format!("{what}s: {count}\nverdict: {}\n", report.verdict.word());
    *text += &format!("            <system-out>{}</system-out>\n        </testcase>\n", escaped(&about));
}

/// Escapes text for an attribute. An XML parser would replace a line end with a space.
fn attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;")
}

/// Escapes text for an element. Omits the characters that XML 1.0 does not allow.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // An XML parser would replace them.
            '\t' | '\r' => _ = write!(out, "&#{};", character as u32),
            '\n' => out.push('\n'),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{attribute, escaped};

    #[test]
    fn text_is_escaped_for_xml() {
        assert_eq!(escaped("a<b> & \"c\"\x1b[1m\r"), "a&lt;b&gt; &amp; &quot;c&quot;[1m&#13;");
        assert_eq!((&*escaped("a\nb"), &*attribute("a\nb")), ("a\nb", "a&#10;b"));
    }
}
