//! What must come of a case.

use std::collections::BTreeSet;
use std::fmt;

use crate::oracle::Rule;

/// A consistency level, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Reads and writes take effect at one point each, between invocation and response.
    Linearizable,
    /// No read returns a version older than one acknowledged before it: zero stale reads.
    Regular,
    /// Once writes have ended, reads come to return the last version.
    Eventual,
}

impl Level {
    /// All of them.
    pub const ALL: [Level; 3] = [Level::Linearizable, Level::Regular, Level::Eventual];

    /// Its name in scenarios and reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::Linearizable => "linearizable",
            Level::Regular => "regular",
            Level::Eventual => "eventual",
        }
    }

    /// Whether a read that breaks the rule breaks the level.
    pub fn forbids(self, rule: Rule) -> bool {
        match rule {
            Rule::Crossed | Rule::Phantom | Rule::Lasting => true,
            Rule::Stale => self <= Level::Regular,
            Rule::Inverted => self <= Level::Linearizable,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which result a case must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No schedule breaks the level.
    Consistency(Level),
    /// A control: each of these rules is broken in some schedule, and no other rule in any.
    Violations(BTreeSet<Rule>),
}

/// What must come of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Which result.
    pub expected: Expected,
    /// Whether a search that ended before every schedule was seen is good enough. Never set of a control: one that
    /// was found needs no more searching, and one that was not has not passed.
    pub bounded: bool,
}

impl Expectation {
    /// Whether the rule counts against the cache. For a control every rule does.
    pub fn forbids(&self, rule: Rule) -> bool {
        match &self.expected {
            Expected::Consistency(level) => level.forbids(rule),
            Expected::Violations(_) => true,
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
    fn each_level_forbids_what_the_design_says() {
        let forbidden = |level: Level| {
            let names: Vec<_> =
                Rule::ALL.into_iter().filter(|&rule| level.forbids(rule)).map(Rule::name).collect();
            names.join(" ")
        };
        assert_eq!(forbidden(Level::Linearizable), "crossed phantom stale inverted lasting");
        assert_eq!(forbidden(Level::Regular), "crossed phantom stale lasting");
        assert_eq!(forbidden(Level::Eventual), "crossed phantom lasting");
    }
}
