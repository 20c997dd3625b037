//! A scenario's cases as a grid: one axis across, the others down.

use super::columns::{WIDTH, aligned, width};
use super::searched::notes;
use super::{Judged, table};
use crate::scenario::{Axis, Scenario};

/// The scenario's cases as a grid. The last axis that fits into 100 columns runs across. A cell has
/// the verdict, the number of schedules (or states) that break the gravest rule, and their total.
/// `!` marks an unexpected result. If no axis fits, returns a [`table`].
pub fn grid(scenario: &Scenario, cases: &[Judged<'_>]) -> String {
    let mut grids = (0..scenario.axes.len()).rev().map(|across| rows(&scenario.axes, across, cases));
    match grids.find(|rows| width(rows) <= WIDTH) {
        Some(rows) => {
            format!("{}: {}\n{}{}", scenario.name, scenario.about, aligned(&rows, &[]), notes(cases))
        }
        None => table(scenario, cases),
    }
}

fn rows(axes: &[Axis], across: usize, cases: &[Judged<'_>]) -> Vec<Vec<String>> {
    let without = |cells: Vec<String>| -> Vec<String> {
        cells.into_iter().enumerate().filter(|(at, _)| *at != across).map(|(_, cell)| cell).collect()
    };
    let Axis { name, labels } = &axes[across];
    // Some cases may be excluded.
    let is_shown = |label: &&String| cases.iter().any(|judged| judged.case.labels[across] == **label);
    let labels: Vec<_> = labels.iter().filter(is_shown).collect();
    let mut head = without(axes.iter().map(|axis| axis.name.clone()).collect());
    let down = head.len();
    head.extend(labels.iter().map(|label| format!("{name}={label}")));
    let mut rows = vec![head];
    for judged in cases {
        let key = without(judged.case.labels.clone());
        let row = rows.iter().skip(1).position(|row| row[..down] == key).map_or(rows.len(), |row| row + 1);
        if row == rows.len() {
            rows.push(key);
            rows[row].resize(down + labels.len(), String::new());
        }
        let unexpected = if judged.judgement.passed() { "" } else { " !" };
        if let Some(column) = labels.iter().position(|label| **label == judged.case.labels[across]) {
            rows[row][down + column] = format!("{}{unexpected}", judged.short());
        }
    }
    rows
}
