//! All orders of a class that violate a rule, from which a search selects a schedule to show.

use std::cmp::Reverse;

use super::judge::{acknowledged, judge, not_its_own, reads, returned_before};
use super::order::Order;
use super::suspect::{Begun, begun};
use super::{Finding, Rule};
use crate::history::{History, Version};

/// A set of orders with which a schedule of the class violates a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The violation.
    pub finding: Finding,
    /// The required orders. Each schedule of the class that satisfies them all shows the finding.
    pub orders: Vec<Order>,
}

/// All evidence that the class violates the rule: each schedule that violates it satisfies the
/// orders of one element. The first of each read is the finding of [`judge`], which stops at one.
pub fn evidence(history: &History, rule: Rule) -> Vec<Evidence> {
    let mut all = Vec::new();
    if matches!(rule, Rule::Crossed | Rule::Phantom | Rule::LostUpdate | Rule::Lasting) {
        let mut findings = Vec::new();
        judge(history, &mut findings);
        findings.retain(|finding| finding.rule == rule);
        return findings
            .into_iter()
            .map(|finding| Evidence { orders: before_expiry(history, &finding), finding })
            .collect();
    }
    for (read, its, returned) in reads(history) {
        if not_its_own(history, read, returned).is_some() {
            continue;
        }
        let mut suspects: Vec<_> = match rule {
            Rule::Stale | Rule::BeyondBound => acknowledged(history, rule, read, its.key, returned).collect(),
            _ => returned_before(history, rule, read, its.key, returned).collect(),
        };
        suspects.sort_by_key(|(suspect, _)| Reverse(suspect.place));
        for (suspect, newer) in suspects {
            let with_orders = |orders| Evidence { finding: suspect.finding(rule, newer), orders };
            all.extend(suspect.orders_shown(history).into_iter().map(with_orders));
        }
    }
    all
}

/// The order required for a read of a value that is not its key's: a later expiry does not explain
/// it.
fn before_expiry(history: &History, finding: &Finding) -> Vec<Order> {
    let Finding { rule: Rule::Crossed | Rule::Phantom, read, key, returned, .. } = *finding else {
        return Vec::new();
    };
    let explains =
        |version: &&Version| version.content == returned && begun(history, version, read) == Begun::Never;
    let later = history.versions(key).filter(explains).filter_map(|version| version.at);
    later.map(|at| Order::EndsBefore(read, at)).collect()
}
