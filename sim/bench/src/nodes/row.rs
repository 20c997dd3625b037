//! A result, as text and as JSON.

use serde::Serialize;

use crate::number::short;

/// The result of a level with a number of nodes. The fields are those of the JSON form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) level: &'static str,
    pub(super) nodes: usize,
    /// The median of the writes.
    pub(super) write_us: f64,
    /// The median relative to that of a plain SET.
    pub(super) times_plain_set: f64,
    /// The commands of a write, as the server counts them: with those of scripts.
    pub(super) commands: f64,
    /// The bytes of a write that the server has received and sent.
    pub(super) bytes: f64,
}

/// The head of the table.
pub(super) fn head() -> String {
    format!(
        "{:<10} {:>5} {:>12} {:>11} {:>15} {:>12}",
        "level", "nodes", "µs per write", "× plain SET", "commands/write", "bytes/write"
    )
}

impl Row {
    /// The row as text.
    pub(super) fn text(&self) -> String {
        let Row { level, nodes, write_us, times_plain_set, commands, bytes } = self;
        let (time, times) = (short(*write_us), short(*times_plain_set));
        format!("{level:<10} {nodes:>5} {time:>12} {times:>11} {commands:>15.1} {bytes:>12.0}")
    }

    /// The row as JSON.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialize")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_aligned_with_the_head() {
        let row = Row {
            level: "Strict",
            nodes: 4,
            write_us: 250.0,
            times_plain_set: 5.0,
            commands: 14.0,
            bytes: 2_000.0,
        };
        assert_eq!(
            [head(), row.text()],
            [
                "level      nodes µs per write × plain SET  commands/write  bytes/write",
                "Strict         4          250        5.00            14.0         2000",
            ]
        );
    }
}
