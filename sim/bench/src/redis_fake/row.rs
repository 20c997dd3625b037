//! What a contender came to, in its two forms.

use serde::Serialize;

use crate::number::{grouped, short};

/// What a contender came to with some work. The fields are those of the JSON form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) work: &'static str,
    pub(super) server: &'static str,
    /// The middle one of the measurements.
    pub(super) ns_per_command: f64,
    pub(super) commands_per_second: f64,
    /// How many times as many as the real server, in the same round; the middle one of the rounds. `None` without one.
    pub(super) times_redis_server: Option<f64>,
}

/// What an exploration came to.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ExploredRow {
    pub(super) program: String,
    pub(super) schedules: u64,
    pub(super) complete: bool,
    pub(super) events: u64,
    pub(super) events_per_second: f64,
    pub(super) schedules_per_second: f64,
}

/// Above the rows.
pub(super) fn head() -> String {
    format!(
        "{:<5} {:<28} {:>14} {:>18} {:>15}",
        "work", "server", "ns per command", "commands a second", "× redis-server"
    )
}

/// Above those of the engine.
pub(super) fn explored_head() -> String {
    format!("{:<18} {:>10} {:>12} {:>16}", "under the engine", "schedules", "events", "events a second")
}

impl Row {
    /// One line for people.
    pub(super) fn text(&self) -> String {
        let Row { work, server, ns_per_command, commands_per_second, times_redis_server } = self;
        let commands = grouped(commands_per_second.round() as u64);
        let times = times_redis_server.map_or_else(|| "-".to_owned(), short);
        format!("{work:<5} {server:<28} {:>14} {commands:>18} {times:>15}", short(*ns_per_command))
    }
}

impl ExploredRow {
    /// One line for people.
    pub(super) fn text(&self) -> String {
        let ExploredRow { program, schedules, events, events_per_second, complete, .. } = self;
        let (schedules, events) = (grouped(*schedules), grouped(*events));
        let rate = grouped(events_per_second.round() as u64);
        let bounded = if *complete { "" } else { "  (its time was over)" };
        format!("{program:<18} {schedules:>10} {events:>12} {rate:>16}{bounded}")
    }
}

/// One line for programs.
pub(super) fn json(row: &impl Serialize) -> String {
    serde_json::to_string(row).expect("strings and numbers only")
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
    fn text_stands_under_the_head() {
        let without = Row { times_redis_server: None, ..ROW };
        assert_eq!(
            [head(), ROW.text(), without.text()],
            [
                "work  server                       ns per command  commands a second  × redis-server",
                "get   selvedge-redis, in process              400          2,500,000            50.0",
                "get   selvedge-redis, in process              400          2,500,000               -",
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
                "under the engine    schedules       events  events a second",
                "2 clients count             4        1,000        5,000,000  (its time was over)",
            ]
        );
    }

    #[test]
    fn json_has_the_fields_that_are_promised() {
        assert_eq!(
            json(&ROW),
            r#"{"work":"get","server":"selvedge-redis, in process","ns_per_command":400.0,"commands_per_second":2500000.0,"times_redis_server":50.0}"#
        );
    }
}
