//! The table of mutations.

use serde::Deserialize;

use crate::read;

pub(crate) const TABLE: &str = "mutants.toml";

/// A row of the table, whose header describes the fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutation {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) violations: Vec<String>,
    pub(crate) file: String,
    pub(crate) find: String,
    pub(crate) replace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    mutant: Vec<Mutation>,
}

/// Reads the rows.
pub(crate) fn table() -> Result<Vec<Mutation>, String> {
    let table: Table = toml::from_str(&read(TABLE)?).map_err(|error| format!("{TABLE}: {error}"))?;
    Ok(table.mutant)
}
