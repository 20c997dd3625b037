//! All that a schedule of a class can show of a rule: what to look for when one is to be shown.

use std::cmp::Reverse;

use super::judge::{acknowledged, judge, not_its_own, reads, returned_before};
use super::order::Order;
use super::{Finding, Rule};
use crate::history::History;

/// A way in which a schedule of a class breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What is wrong then.
    pub finding: Finding,
    /// What the schedule has in order. Each schedule of the class that has it all shows the finding.
    pub orders: Vec<Order>,
}

/// Every way in which a schedule of the class breaks the rule: each schedule that does has what one of these has in order. The
/// first of each read is what [`judge`] finds, which is content with one.
pub fn ways(history: &History, rule: Rule) -> Vec<Way> {
    let mut ways = Vec::new();
    if !matches!(rule, Rule::Stale | Rule::Inverted) {
        let mut findings = Vec::new();
        judge(history, &mut findings);
        findings.retain(|finding| finding.rule == rule);
        return findings.into_iter().map(|finding| Way { finding, orders: Vec::new() }).collect();
    }
    for (read, its, returned) in reads(history) {
        if not_its_own(history, read, returned).is_some() {
            continue;
        }
        let mut suspects: Vec<_> = match rule {
            Rule::Stale => acknowledged(history, read, its.key, returned).collect(),
            _ => returned_before(history, read, its.key, returned).collect(),
        };
        suspects.sort_by_key(|(suspect, _)| Reverse(suspect.place));
        for (suspect, newer) in suspects {
            let way = |orders| Way { finding: suspect.finding(rule, newer), orders };
            ways.extend(suspect.ways(history).into_iter().map(way));
        }
    }
    ways
}
