//! Results, as text and as JSON.

use serde::Serialize;

use crate::number::{grouped, short};

/// The result of a server for a workload. The fields are those of the JSON form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) work: &'static str,
    pub(super) server: &'static str,
    /// The median of the measurements.
    pub(super) ns_per_command: f64,
    pub(super) commands_per_second: f64,
    /// Throughput relative to the real server in the same round; the median of the rounds. `None`
    /// without a real server.
    pub(super) times_redis_server: Option<f64>,
}

/// The result of an exploration.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ExploredRow {
    pub(super) program: String,
    pub(super) schedules: u64,
    pub(super) complete: bool,
    pub(super) events: u64,
    pub(super) events_per_second: f64,
    pub(super) schedules_per_second: f64,
}

/// The memory of a server.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MemoryRow {
    pub(super) server: &'static str,
    pub(super) bytes_per_key: f64,
    /// Relative to the real server; `None` without one.
    pub(super) times_redis_server: Option<f64>,
    /// The share that is still resident after `FLUSHALL`.
    pub(super) retained: f64,
}

/// The head of the table.
pub(super) fn head() -> String {
    format!(
        "{:<5} {:<28} {:>14} {:>18} {:>15}",
        "work", "server", "ns per command", "commands/s", "× redis-server"
    )
}

/// The head of the table of memory.
pub(super) fn memory_head() -> String {
    format!("{:<28} {:>14} {:>18} {:>15}", "memory", "bytes per key", "after FLUSHALL", "× redis-server")
}

/// The head of the engine's table.
pub(super) fn explored_head() -> String {
    format!("{:<18} {:>10} {:>12} {:>16}", "under the engine", "schedules", "events", "events/s")
}

impl Row {
    /// The row as text.
    pub(super) fn text(&self) -> String {
        let Row { work, server, ns_per_command, commands_per_second, times_redis_server } = self;
        let commands = grouped(commands_per_second.round() as u64);
        let times = times_redis_server.map_or_else(|| "-".to_owned(), short);
        format!("{work:<5} {server:<28} {:>14} {commands:>18} {times:>15}", short(*ns_per_command))
    }
}

impl MemoryRow {
    /// The row as text.
    pub(super) fn text(&self) -> String {
        let MemoryRow { server, bytes_per_key, times_redis_server, retained } = self;
        let times = times_redis_server.map_or_else(|| "-".to_owned(), short);
        let retained = format!("{:.0} %", retained * 100.0);
        format!("{server:<28} {:>14} {retained:>18} {times:>15}", short(*bytes_per_key))
    }
}

impl ExploredRow {
    /// The row as text.
    pub(super) fn text(&self) -> String {
        let ExploredRow { program, schedules, events, events_per_second, complete, .. } = self;
        let (schedules, events) = (grouped(*schedules), grouped(*events));
        let rate = grouped(events_per_second.round() as u64);
        let bounded = if *complete { "" } else { "  (time limit reached)" };
        format!("{program:<18} {schedules:>10} {events:>12} {rate:>16}{bounded}")
    }
}

/// The row as JSON.
pub(super) fn json(row: &impl Serialize) -> String {
    serde_json::to_string(row).expect("strings and numbers always serialize")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row = Row {
        work: "get",
        server: "selvedge-redis, in process",
        ns_per_command: 400.0,
        commands_per_second: 2_500_000.0,
        times_redis_server: Some(50.0),
    };

    #[test]
    fn text_is_aligned_with_the_head() {
        let without = Row { times_redis_server: None, ..ROW };
        assert_eq!(
            [head(), ROW.text(), without.text()],
            [
                "work  server                       ns per command         commands/s  × redis-server",
                "get   selvedge-redis, in process              400          2,500,000            50.0",
                "get   selvedge-redis, in process              400          2,500,000               -",
            ]
        );
        let memory = MemoryRow {
            server: "selvedge-redis",
            bytes_per_key: 300.0,
            times_redis_server: Some(1.5),
            retained: 0.034,
        };
        assert_eq!(
            [memory_head(), memory.text()],
            [
                "memory                        bytes per key     after FLUSHALL  × redis-server",
                "selvedge-redis                          300                3 %            1.50",
            ]
        );
        let explored = ExploredRow {
            program: "2 clients count".to_owned(),
            schedules: 4,
            complete: false,
            events: 1_000,
            events_per_second: 5e6,
            schedules_per_second: 2e4,
        };
        assert_eq!(
            [explored_head(), explored.text()],
            [
                "under the engine    schedules       events         events/s",
                "2 clients count             4        1,000        5,000,000  (time limit reached)",
            ]
        );
    }

    #[test]
    fn json_has_the_documented_fields() {
        assert_eq!(
            json(&ROW),
            concat!(
                r#"{"work":"get","server":"selvedge-redis, in process","ns_per_command":400.0,"#,
                r#""commands_per_second":2500000.0,"times_redis_server":50.0}"#
            )
        );
    }
}
