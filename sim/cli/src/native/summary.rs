//! The results of tests, for people and as JUnit.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::runs::{Exploration, Ran};

/// Writes the line of a test, and its output if it has failed or `shows_output`.
pub(crate) fn write_test(ran: &Ran, shows_output: bool, out: &mut dyn Write) -> io::Result<()> {
    let word = if ran.has_passed { "PASS" } else { "FAIL" };
    let seconds = ran.elapsed.as_secs_f64();
    let (binary, name) = (&ran.test.binary.id, &ran.test.name);
    writeln!(out, "{word:>12} [{seconds:>8.3}s] {binary} {name}: {}", explored(ran))?;
    if !ran.has_passed || shows_output {
        write!(out, "{}", ran.output)?;
    }
    Ok(())
}

/// The explorations of a test in words.
fn explored(ran: &Ran) -> String {
    if let Some(signal) = ran.signal {
        return format!("the process ended by signal {signal}");
    }
    let describe =
        |Exploration { verdict, executions, .. }: &Exploration| format!("{verdict} ({executions})");
    match ran.explorations.as_slice() {
        [] => "nothing explored".to_owned(),
        few @ ([_] | [_, _] | [_, _, _]) => few.iter().map(describe).collect::<Vec<_>>().join(", "),
        many => {
            let executions: u64 = many.iter().map(|it| it.executions).sum();
            let verdicts: BTreeSet<_> = many.iter().map(|it| it.verdict.as_str()).collect();
            let verdicts = verdicts.into_iter().collect::<Vec<_>>().join(", ");
            format!("{} explorations: {verdicts} ({executions})", many.len())
        }
    }
}

/// Writes the last lines.
pub(crate) fn write_summary(ran: &[Ran], not_run: usize, out: &mut dyn Write) -> io::Result<()> {
    let passed = ran.iter().filter(|ran| ran.has_passed).count();
    writeln!(out, "{:->12}", "")?;
    write!(out, "{:>12} {} tests run: {passed} passed, {} failed", "Summary", ran.len(), ran.len() - passed)?;
    if not_run > 0 {
        write!(out, ", {not_run} not run")?;
    }
    writeln!(out)?;
    let effects: BTreeSet<_> =
        ran.iter().flat_map(|ran| &ran.explorations).flat_map(|it| &it.effects).collect();
    if !effects.is_empty() {
        let effects: Vec<_> = effects.into_iter().map(String::as_str).collect();
        writeln!(out, "{:>12} {}", "Not modelled", effects.join(", "))?;
    }
    Ok(())
}

/// The results as JUnit XML: a suite for each binary, as nextest's.
pub(crate) fn junit(ran: &[Ran]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text += &format!("<testsuites name=\"selvedge-test\" {}>\n", counts(ran.iter()));
    let binaries: BTreeSet<_> = ran.iter().map(|ran| &ran.test.binary.id).collect();
    for binary in binaries {
        let tests = || ran.iter().filter(|ran| ran.test.binary.id == *binary);
        text += &format!("    <testsuite name=\"{}\" {}>\n", escaped(binary), counts(tests()));
        for ran in tests() {
            let (name, class, about) = (escaped(&ran.test.name), escaped(binary), escaped(&explored(ran)));
            let time = ran.elapsed.as_secs_f64();
            text += &format!("        <testcase name=\"{name}\" classname=\"{class}\" time=\"{time:.3}\">\n");
            if !ran.has_passed {
                let element = if ran.signal.is_some() { "error" } else { "failure" };
                let output = escaped(&ran.output);
                text += &format!("            <{element} message=\"{about}\">{output}</{element}>\n");
            }
            text += &format!("            <system-out>{about}</system-out>\n        </testcase>\n");
        }
        text += "    </testsuite>\n";
    }
    text + "</testsuites>\n"
}

/// The attributes with the numbers of tests, of failures and of errors.
fn counts<'a>(ran: impl Iterator<Item = &'a Ran> + Clone) -> String {
    let errors = ran.clone().filter(|ran| !ran.has_passed && ran.signal.is_some()).count();
    let failures = ran.clone().filter(|ran| !ran.has_passed && ran.signal.is_none()).count();
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", ran.count())
}

/// The text without characters that XML interprets or forbids.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' | '\t' => escaped.push(character),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
