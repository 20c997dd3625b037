//! What a contender came to, in its two forms.

use serde::Serialize;

use crate::number::{grouped, short};

/// What a contender came to with some work. The fields are those of the JSON form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) work: &'static str,
    pub(super) cache: &'static str,
    pub(super) tasks: usize,
    /// The middle one of the measurements.
    pub(super) ns_per_op: f64,
    pub(super) ops_per_second: f64,
    /// How many times as many as redis-rs alone, in the same round; the middle one of the rounds.
    pub(super) times_redis_rs: f64,
}

/// Above the rows.
pub(super) fn head() -> String {
    format!(
        "{:<14} {:>5}  {:<18} {:>10} {:>14} {:>12}",
        "work", "tasks", "cache", "ns per op", "ops a second", "× redis-rs"
    )
}

impl Row {
    /// One line for people.
    pub(super) fn text(&self) -> String {
        let Row { work, cache, tasks, ns_per_op, ops_per_second, times_redis_rs } = self;
        let (nanoseconds, times) = (short(*ns_per_op), short(*times_redis_rs));
        let operations = grouped(ops_per_second.round() as u64);
        format!("{work:<14} {tasks:>5}  {cache:<18} {nanoseconds:>10} {operations:>14} {times:>12}")
    }

    /// One line for programs.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers only")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row = Row {
        work: "get, warm",
        cache: "TieredCache",
        tasks: 32,
        ns_per_op: 62.5,
        ops_per_second: 16_000_000.0,
        times_redis_rs: 48.0,
    };

    #[test]
    fn text_stands_under_the_head() {
        assert_eq!(
            [head(), ROW.text()],
            [
                "work           tasks  cache               ns per op   ops a second   × redis-rs",
                "get, warm         32  TieredCache              62.5     16,000,000         48.0",
            ]
        );
    }

    #[test]
    fn json_has_the_fields_that_are_promised() {
        assert_eq!(
            ROW.json(),
            r#"{"work":"get, warm","cache":"TieredCache","tasks":32,"ns_per_op":62.5,"ops_per_second":16000000.0,"times_redis_rs":48.0}"#
        );
    }
}
