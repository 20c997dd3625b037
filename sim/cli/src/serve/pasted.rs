//! The body of a request: the pasted texts, and the action.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde_json::Value;

/// The most scripts.
const SCRIPTS: usize = 16;

/// A request of the page.
#[derive(Debug)]
pub(super) struct Pasted {
    pub(super) action: Action,
    /// The scenario's text.
    pub(super) scenario: String,
    /// The texts of the scripts, by name.
    pub(super) scripts: BTreeMap<String, String>,
}

/// The action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Explore the scenario.
    Explore,
    /// Find the smallest client of this script that is not consistent.
    Smallest {
        /// The script's name.
        script: String,
        /// The most calls of a client.
        calls: NonZeroUsize,
        /// The most threads of a client.
        threads: NonZeroUsize,
    },
}

impl Pasted {
    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// If the body is not as the page sends it.
    pub(super) fn read(body: &str) -> Result<Self, String> {
        let body: Value =
            serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
        let text = |value: &Value, of: &str| -> Result<String, String> {
            value.as_str().map(str::to_owned).ok_or_else(|| format!("`{of}` is not a string"))
        };
        let number = |of: &str| {
            let count = body[of].as_u64().and_then(|count| usize::try_from(count).ok());
            count.and_then(NonZeroUsize::new).ok_or_else(|| format!("`{of}` is not a positive number"))
        };
        let scripts = body["scripts"].as_object().ok_or("`scripts` is not an object")?;
        if scripts.len() > SCRIPTS {
            return Err(format!("there are more than {SCRIPTS} scripts"));
        }
        let scripts: Result<_, String> =
            scripts.iter().map(|(name, its)| Ok((name.clone(), text(its, name)?))).collect();
        let action = match &*text(&body["action"], "action")? {
            "explore" => Action::Explore,
            "smallest" => Action::Smallest {
                script: text(&body["script"], "script")?,
                calls: number("calls")?,
                threads: number("threads")?,
            },
            other => return Err(format!("unknown action: {other}")),
        };
        Ok(Pasted { action, scenario: text(&body["scenario"], "scenario")?, scripts: scripts? })
    }
}
