//! A result, as text and as JSON.

use serde::Serialize;

use crate::number::{grouped, short};

/// The result of a client for a workload. The fields are those of the JSON form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) work: &'static str,
    pub(super) cache: &'static str,
    pub(super) tasks: usize,
    /// The median of the measurements.
    pub(super) ns_per_op: f64,
    pub(super) ops_per_second: f64,
    /// Throughput relative to redis-rs alone in the same round; the median of the rounds.
    pub(super) times_redis_rs: f64,
}

/// The head of the table.
pub(super) fn head() -> String {
    format!(
        "{:<14} {:>5}  {:<18} {:>10} {:>14} {:>12}",
        "work", "tasks", "cache", "ns per op", "ops/s", "× redis-rs"
    )
}

impl Row {
    /// The row as text.
    pub(super) fn text(&self) -> String {
        let Row { work, cache, tasks, ns_per_op, ops_per_second, times_redis_rs } = self;
        let (nanoseconds, times) = (short(*ns_per_op), short(*times_redis_rs));
        let operations = grouped(ops_per_second.round() as u64);
        format!("{work:<14} {tasks:>5}  {cache:<18} {nanoseconds:>10} {operations:>14} {times:>12}")
    }

    /// The row as JSON.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialize")
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
    fn text_is_aligned_with_the_head() {
        assert_eq!(
            [head(), ROW.text()],
            [
                "work           tasks  cache               ns per op          ops/s   × redis-rs",
                "get, warm         32  TieredCache              62.5     16,000,000         48.0",
            ]
        );
    }

    #[test]
    fn json_has_the_documented_fields() {
        assert_eq!(
            ROW.json(),
            concat!(
                r#"{"work":"get, warm","cache":"TieredCache","tasks":32,"ns_per_op":62.5,"#,
                r#""ops_per_second":16000000.0,"times_redis_rs":48.0}"#
            )
        );
    }
}
