//! `selvedge list`: the scenarios with their numbers of cases and their descriptions.

use std::io::Write;

use selvedge_sim::scenario::Scenario;

use crate::error::Failure;

pub(crate) fn run(scenarios: &[Scenario], out: &mut dyn Write) -> Result<u8, Failure> {
    let width = scenarios.iter().map(|scenario| scenario.name.chars().count()).max().unwrap_or(0);
    for scenario in scenarios {
        writeln!(out, "{:width$}  {:>5}  {}", scenario.name, scenario.cases.len(), scenario.about)?;
    }
    Ok(0)
}
