//! The expected result of a case.

use std::collections::BTreeSet;
use std::fmt;

use crate::oracle::Rule;

/// A consistency level, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Each read and write takes effect at one point between its invocation and its response.
    Linearizable,
    /// No read returns a version older than one acknowledged before it, and no update overwrites
    /// an acknowledged version that it has not read: no stale reads, no lost updates.
    Regular,
    /// For nodes, each judged by its own operations: no read returns a version older than an
    /// earlier read of its node returned, than a notification that its node has applied, than a
    /// write acknowledged on its node, or than the bound on staleness allows.
    Notified,
    /// After all writes have ended, reads eventually return the last version.
    Eventual,
}

impl Level {
    /// Every level.
    pub const ALL: [Level; 4] = [Level::Linearizable, Level::Regular, Level::Notified, Level::Eventual];

    /// Its name in scenarios and reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::Linearizable => "linearizable",
            Level::Regular => "regular",
            Level::Notified => "notified",
            Level::Eventual => "eventual",
        }
    }

    /// Whether a read or an update that breaks the rule breaks the level.
    pub fn forbids(self, rule: Rule) -> bool {
        match rule {
            Rule::Crossed | Rule::Phantom | Rule::Lasting => true,
            Rule::LostUpdate => self <= Level::Regular,
            Rule::Stale | Rule::OlderThanDelivered | Rule::BeyondBound | Rule::Backwards => {
                self <= Level::Notified
            }
            Rule::Inverted => self <= Level::Linearizable,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The result that a case must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No schedule breaks the level.
    Consistency(Level),
    /// A control: some schedule breaks each of these rules, and no schedule breaks another one.
    Violations(BTreeSet<Rule>),
}

/// The expected result of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The result.
    pub expected: Expected,
    /// Whether a bounded search passes. Never set for a control: it passes once its violations are
    /// found, and fails otherwise.
    pub bounded: bool,
}

impl Expectation {
    /// Whether the rule counts as a violation. For a control, every rule does.
    pub fn forbids(&self, rule: Rule) -> bool {
        match &self.expected {
            Expected::Consistency(level) => level.forbids(rule),
            Expected::Violations(_) => true,
        }
    }

    /// Whether reads are judged by their own node's operations: at the level
    /// [`Notified`](Level::Notified), or if a rule of nodes must be broken.
    pub(crate) fn is_by_node(&self) -> bool {
        match &self.expected {
            Expected::Consistency(level) => *level == Level::Notified,
            Expected::Violations(rules) => rules.iter().any(|rule| rule.is_of_nodes()),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expected {
            Expected::Consistency(level) => level.fmt(f),
            Expected::Violations(rules) => {
                let names: Vec<_> = rules.iter().map(|rule| rule.name()).collect();
                write!(f, "a control: {}", names.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Rule};

    #[test]
    fn each_level_forbids_its_rules() {
        let forbidden = |level: Level| {
            let names: Vec<_> =
                Rule::ALL.into_iter().filter(|&rule| level.forbids(rule)).map(Rule::name).collect();
            names.join(" ")
        };
        let of_nodes = "older-than-delivered beyond-bound";
        assert_eq!(
            forbidden(Level::Linearizable),
            format!("crossed phantom lost-update stale {of_nodes} inverted backwards lasting")
        );
        assert_eq!(
            forbidden(Level::Regular),
            format!("crossed phantom lost-update stale {of_nodes} backwards lasting")
        );
        assert_eq!(forbidden(Level::Notified), format!("crossed phantom stale {of_nodes} backwards lasting"));
        assert_eq!(forbidden(Level::Eventual), "crossed phantom lasting");
    }
}
