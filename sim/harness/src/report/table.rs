//! A scenario's cases as a table.

use super::Judged;
use super::columns::{Side, WIDTH, aligned, shortened, width};
use super::searched::notes;
use crate::number::grouped;
use crate::oracle::Rule;
use crate::scenario::Scenario;

/// The scenario's cases as an aligned table of at most 100 columns: the labels, the numbers of
/// schedules or states in all and for each broken rule, the verdict, and whether it was expected.
/// Below it, why some were searched by states.
pub fn table(scenario: &Scenario, cases: &[Judged<'_>]) -> String {
    let broken = |rule: &Rule| cases.iter().any(|judged| judged.report.violations.contains_key(rule));
    let rules: Vec<_> = Rule::ALL.into_iter().filter(broken).collect();
    let counted = counted(cases);
    let numbers = numbers(&counted, &rules, cases);
    let mut labels = labels(scenario, cases);
    let mut rows = joined(&labels, &numbers);
    if width(&rows) > WIDTH {
        // Columns for the labels are too wide; one column with the case's name can be shortened.
        let left = WIDTH.saturating_sub(width(&numbers) + 2);
        let names = cases.iter().map(|judged| vec![shortened(&judged.case.name, left)]);
        labels = std::iter::once(vec!["case".to_owned()]).chain(names).collect();
        rows = joined(&labels, &numbers);
    }
    let mut sides = vec![Side::Left; labels[0].len()];
    sides.resize(sides.len() + counted.len() + rules.len(), Side::Right);
    format!("{}: {}\n{}{}", scenario.name, scenario.about, aligned(&rows, &sides), notes(cases))
}

/// The counted nouns in these cases: schedules, states, or both.
fn counted(cases: &[Judged<'_>]) -> Vec<&'static str> {
    let is_counted = |what: &&str| cases.iter().any(|judged| judged.report.searched().1 == *what);
    ["schedule", "state"].into_iter().filter(is_counted).collect()
}

fn labels(scenario: &Scenario, cases: &[Judged<'_>]) -> Vec<Vec<String>> {
    let head = scenario.axes.iter().map(|axis| axis.name.clone()).collect();
    std::iter::once(head).chain(cases.iter().map(|judged| judged.case.labels.clone())).collect()
}

fn numbers(counted: &[&str], rules: &[Rule], cases: &[Judged<'_>]) -> Vec<Vec<String>> {
    let mut head: Vec<String> = counted.iter().map(|what| format!("{what}s")).collect();
    head.extend(rules.iter().map(|rule| rule.name().to_owned()));
    head.extend(["verdict".to_owned(), String::new()]);
    let row = |judged: &Judged<'_>| {
        let report = &judged.report;
        let count = |rule| report.violations.get(rule).map_or("-".to_owned(), |&classes| grouped(classes));
        let (searched, what) = report.searched();
        let searched = |its: &&str| if *its == what { grouped(searched) } else { "-".to_owned() };
        let mut row: Vec<String> = counted.iter().map(searched).collect();
        row.extend(rules.iter().map(count));
        row.extend([judged.verdict(), judged.mark().to_owned()]);
        row
    };
    std::iter::once(head).chain(cases.iter().map(row)).collect()
}

fn joined(left: &[Vec<String>], right: &[Vec<String>]) -> Vec<Vec<String>> {
    left.iter().zip(right).map(|(left, right)| [left.as_slice(), right].concat()).collect()
}
