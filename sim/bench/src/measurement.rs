//! The result of an engine on a program, as text and as JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::number::grouped;

/// The result of an engine on a program. The fields are those of the JSON form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) program: String,
    pub(crate) engine: String,
    /// `None` if the engine hung and was killed.
    pub(crate) executions: Option<u64>,
    pub(crate) complete: bool,
    pub(crate) wall_ms: u64,
}

impl Measurement {
    /// The result as text.
    pub(crate) fn text(&self, budget: Duration) -> String {
        let Measurement { program, engine, executions, complete, wall_ms } = self;
        let executions = executions.map_or("hung".to_owned(), grouped);
        let end = if *complete { "complete".to_owned() } else { format!("timeout ({} s)", budget.as_secs()) };
        format!("{program}  {engine:<14} {executions:>12} executions  {end:<15} {wall_ms:>7} ms")
    }

    /// The result as JSON.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialize")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measurement(executions: Option<u64>, complete: bool) -> Measurement {
        Measurement { program: "1R1W".into(), engine: "shuttle".into(), executions, complete, wall_ms: 12 }
    }

    #[test]
    fn text_distinguishes_complete_incomplete_and_hung() {
        let text = |executions, complete| measurement(executions, complete).text(Duration::from_secs(20));
        assert_eq!(
            text(Some(1_781), true),
            "1R1W  shuttle               1,781 executions  complete             12 ms"
        );
        assert_eq!(
            text(Some(162), false),
            "1R1W  shuttle                 162 executions  timeout (20 s)       12 ms"
        );
        assert_eq!(
            text(None, false),
            "1R1W  shuttle                hung executions  timeout (20 s)       12 ms"
        );
    }

    #[test]
    fn json_has_the_documented_fields() {
        let json = r#"{"program":"1R1W","engine":"shuttle","executions":1781,"complete":true,"wall_ms":12}"#;
        assert_eq!(measurement(Some(1_781), true).json(), json);
    }
}
