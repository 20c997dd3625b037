//! What an engine came to on a program, and its two forms.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::number::grouped;

/// What an engine came to on a program. The fields are those of the JSON form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) program: String,
    pub(crate) engine: String,
    /// `None` if it hung and had to be ended: it did not get to say.
    pub(crate) executions: Option<u64>,
    pub(crate) complete: bool,
    pub(crate) wall_ms: u64,
}

impl Measurement {
    /// One line for people.
    pub(crate) fn text(&self, budget: Duration) -> String {
        let Measurement { program, engine, executions, complete, wall_ms } = self;
        let executions = executions.map_or("hung".to_owned(), grouped);
        let end = if *complete { "complete".to_owned() } else { format!("no end in {} s", budget.as_secs()) };
        format!("{program}  {engine:<14} {executions:>12} executions  {end:<15} {wall_ms:>7} ms")
    }

    /// One line for programs.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers only")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measurement(executions: Option<u64>, complete: bool) -> Measurement {
        Measurement { program: "1R1W".into(), engine: "shuttle".into(), executions, complete, wall_ms: 12 }
    }

    #[test]
    fn text_says_how_it_ended() {
        let text = |executions, complete| measurement(executions, complete).text(Duration::from_secs(20));
        assert_eq!(
            text(Some(1_781), true),
            "1R1W  shuttle               1,781 executions  complete             12 ms"
        );
        assert_eq!(
            text(Some(162), false),
            "1R1W  shuttle                 162 executions  no end in 20 s       12 ms"
        );
        assert_eq!(
            text(None, false),
            "1R1W  shuttle                hung executions  no end in 20 s       12 ms"
        );
    }

    #[test]
    fn json_has_the_fields_that_are_promised() {
        let json = r#"{"program":"1R1W","engine":"shuttle","executions":1781,"complete":true,"wall_ms":12}"#;
        assert_eq!(measurement(Some(1_781), true).json(), json);
    }
}
