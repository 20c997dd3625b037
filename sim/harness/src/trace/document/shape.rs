//! The document's own types, so that renaming an internal field does not change the format.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) scenario: String,
    pub(super) case: String,
    pub(super) cache: String,
    pub(super) engine: String,
    pub(super) schedule: String,
    /// If omitted: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) simplest: Option<bool>,
    pub(super) verdict: String,
    pub(super) reason: String,
    pub(super) tasks: Vec<String>,
    pub(super) tiers: Vec<Tier>,
    #[serde(default)]
    pub(super) faults: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) blocked: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) code: BTreeMap<String, String>,
    pub(super) operations: Vec<Operation>,
    pub(super) steps: Vec<StepRecord>,
    pub(super) violations: Vec<Violation>,
    pub(super) marks: Vec<Mark>,
    pub(super) ending: Ending,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Tier {
    pub(super) name: String,
    pub(super) place: PlaceTag,
    pub(super) start: Vec<StartEntry>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StartEntry {
    pub(super) entry: String,
    pub(super) value: Value,
    pub(super) expires_ms: Option<u64>,
}

#[derive(PartialEq, Serialize, Deserialize)]
pub(super) struct Value {
    pub(super) key: String,
    pub(super) version: u32,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PlaceTag {
    L1,
    #[serde(rename = "l1 b")]
    L1OfB,
    #[serde(rename = "l1 c")]
    L1OfC,
    Remote,
    Database,
    Fence,
    Lock,
    Clock,
    Other,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Operation {
    pub(super) task: usize,
    pub(super) key: String,
    pub(super) call: String,
    pub(super) reply: Option<String>,
    pub(super) first: u32,
    pub(super) last: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StepRecord {
    pub(super) step: u32,
    pub(super) task: usize,
    pub(super) operation: Option<usize>,
    pub(super) place: PlaceTag,
    pub(super) event: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) object: Option<String>,
    pub(super) effect: Option<Effect>,
    pub(super) location: String,
    pub(super) time_ms: u64,
    pub(super) clock: Vec<u32>,
    pub(super) after: Vec<u32>,
    pub(super) tiers: Vec<Vec<Entry>>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Effect {
    Found { entry: String, content: Option<Value> },
    Left { entry: String, content: Option<Value> },
    Locked { entry: String },
}

#[derive(PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) entry: String,
    pub(super) value: Value,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Violation {
    pub(super) rule: String,
    pub(super) read: usize,
    pub(super) key: String,
    pub(super) returned: Option<Value>,
    pub(super) newer: Option<Newer>,
    pub(super) before: Option<usize>,
}

/// Distinguishes "no version" from "the version is an absence".
#[derive(Serialize, Deserialize)]
pub(super) struct Newer {
    pub(super) content: Option<Value>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) role: Role,
    pub(super) at: Moment,
    pub(super) step: u32,
    pub(super) operation: Option<usize>,
    pub(super) note: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Read,
    Found,
    Source,
    Put,
    Written,
    Cleared,
    Over,
    Lost,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Moment {
    Invocation,
    Step,
    Response,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Ending {
    Complete,
    Deadlock { waiting: Vec<String> },
    Panic { message: String },
}
