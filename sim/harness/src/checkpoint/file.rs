//! The file format of checkpoints: a line with the version, a digest, and the data in postcard's
//! format.

use std::time::Duration;

use selvedge_engine::Checkpoint;
use serde::{Deserialize, Serialize};
use sha1_smol::Sha1;

use crate::explore::{Schedule, Unfinished};

/// The first line of the file, with the version of the format.
const MAGIC: &[u8] = b"selvedge checkpoint 1\n";

/// The length of a digest, in bytes.
const DIGEST: usize = 20;

/// A SHA-1 digest: protects against accidental damage, not against an attacker.
pub(super) type Digest = [u8; DIGEST];

/// The digest of these bytes.
pub(super) fn digest(bytes: &[u8]) -> Digest {
    Sha1::from(bytes).digest().bytes()
}

/// The data of the file.
#[derive(Serialize, Deserialize)]
pub(super) struct File {
    /// The digest of the executable that wrote the file.
    pub(super) program: Digest,
    /// The digest of the case.
    pub(super) case: Digest,
    /// 16 bytes for each state, lowest state first.
    visited: Vec<u8>,
    open: Vec<String>,
    tasks: Vec<(u32, u32, u64)>,
    /// Executions, redundant executions, and events.
    ran: (u64, u64, u64),
    /// Transitions, predicted transitions, and runs.
    stepped: (u64, u64, u64),
    found: Vec<(u32, u64, String)>,
    sometimes: Vec<(String, bool)>,
    has_met: bool,
    failed_may_land: bool,
    classes: (u64, u64),
    wall: Duration,
}

impl File {
    pub(super) fn new(program: Digest, case: Digest, unfinished: &Unfinished) -> Self {
        let Unfinished { checkpoint, has_met, failed_may_land, classes, wall } = unfinished;
        let text = |(kind, states, schedule): &(u32, u64, Schedule)| (*kind, *states, schedule.to_string());
        File {
            program,
            case,
            visited: checkpoint.visited.iter().flat_map(|state| state.to_le_bytes()).collect(),
            open: checkpoint.open.iter().map(Schedule::to_string).collect(),
            tasks: checkpoint.tasks.clone(),
            ran: (checkpoint.executions, checkpoint.redundant, checkpoint.events),
            stepped: (checkpoint.transitions, checkpoint.predicted, checkpoint.runs),
            found: checkpoint.found.iter().map(text).collect(),
            sometimes: checkpoint.sometimes.clone(),
            has_met: *has_met,
            failed_may_land: *failed_may_land,
            classes: *classes,
            wall: *wall,
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let rest = postcard::to_stdvec(self).expect("a file of plain data can be written to memory");
        [MAGIC, &digest(&rest), &rest].concat()
    }

    /// # Errors
    ///
    /// The reason why the bytes are not a checkpoint.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let rest = bytes.strip_prefix(MAGIC).ok_or("its first line is not that of this version")?;
        let damaged = "its digest does not match";
        let (sum, rest) = rest.split_at_checked(DIGEST).ok_or(damaged)?;
        if digest(rest) != sum {
            return Err(damaged.to_owned());
        }
        postcard::from_bytes(rest).map_err(|error| error.to_string())
    }

    /// # Errors
    ///
    /// The reason why the data is not a checkpoint.
    pub(super) fn into_unfinished(self) -> Result<Unfinished, String> {
        let (states, []) = self.visited.as_chunks() else { return Err("a state is truncated".to_owned()) };
        let schedule = |text: &str| text.parse::<Schedule>().map_err(|error| error.to_string());
        let found = self.found.iter().map(|(kind, states, text)| Ok((*kind, *states, schedule(text)?)));
        let checkpoint = Checkpoint {
            visited: states.iter().map(|bytes| u128::from_le_bytes(*bytes)).collect(),
            open: self.open.iter().map(|text| schedule(text)).collect::<Result<_, _>>()?,
            tasks: self.tasks,
            executions: self.ran.0,
            redundant: self.ran.1,
            events: self.ran.2,
            transitions: self.stepped.0,
            predicted: self.stepped.1,
            runs: self.stepped.2,
            found: found.collect::<Result<_, String>>()?,
            sometimes: self.sometimes,
        };
        let File { has_met, failed_may_land, classes, wall, .. } = self;
        Ok(Unfinished { checkpoint, has_met, failed_may_land, classes, wall })
    }
}
