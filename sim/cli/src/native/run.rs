//! The command.

use std::fs;
use std::io::Write;

use super::build::build;
use super::runs::{self, Ran};
use super::summary;
use crate::args::TestOptions;
use crate::error::{Failure, NativeError};

/// The exit codes: a test failed; nothing ran.
const FAILED: u8 = 1;
const NOTHING: u8 = 4;

/// Builds the tests with instrumented atomics, and runs them.
pub(crate) fn run(options: &TestOptions, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut tests = Vec::new();
    for binary in build(options)? {
        tests.extend(runs::list(&binary, options)?);
    }
    if options.list {
        for test in &tests {
            let ignored = if test.is_ignored { " (ignored)" } else { "" };
            writeln!(out, "{} {}{ignored}", test.binary.id, test.name)?;
        }
        return Ok(0);
    }
    tests.retain(|test| !test.is_ignored);
    let mut all: Vec<Ran> = Vec::new();
    let mut written = Ok(());
    runs::run(&tests, options, |ran| {
        if written.is_ok() {
            written = summary::write_test(&ran, options.no_capture, out).and_then(|()| out.flush());
        }
        all.push(ran);
    });
    written?;
    summary::write_summary(&all, tests.len() - all.len(), out)?;
    if let Some(path) = &options.junit {
        fs::write(path, summary::junit(&all)).map_err(|error| NativeError::Write(path.clone(), error))?;
    }
    Ok(match all.iter().all(|ran| ran.has_passed) {
        false => FAILED,
        true if all.is_empty() => NOTHING,
        true => 0,
    })
}
