//! The source of the scripts that a scenario names.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::shipped::SCRIPTS;
use crate::script::Script;

/// The source of the scripts that a scenario names.
#[derive(Clone, Debug)]
pub enum Scripts {
    /// Files, relative to the scenario's file.
    Files,
    /// The shipped scripts, and files for other names.
    Shipped,
    /// These texts, by name, and no file: a scenario from an untrusted source reads nothing else.
    Given(Arc<BTreeMap<String, String>>),
}

impl Scripts {
    /// The text of a script. `relative` is its name without `./`, and `path` its file.
    ///
    /// # Errors
    ///
    /// If the script is not in this source, or its file cannot be read.
    pub(super) fn text(&self, relative: &str, path: &Path) -> io::Result<String> {
        match self {
            Scripts::Files => Script::read(path),
            Scripts::Shipped => match SCRIPTS.iter().find(|(name, _)| *name == relative) {
                Some((_, text)) => Ok((*text).to_owned()),
                None => Script::read(path),
            },
            Scripts::Given(texts) => texts.get(relative).cloned().ok_or_else(|| {
                let names: Vec<_> = texts.keys().map(|name| format!("./{name}")).collect();
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                io::Error::new(
                    io::ErrorKind::NotFound,
                    format!("no file is read here; the scripts are: {names}"),
                )
            }),
        }
    }
}
