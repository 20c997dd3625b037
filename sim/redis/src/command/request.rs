//! A command as a client sends it.

use std::collections::BTreeSet;
use std::fmt;

use bytes::Bytes;

use super::spec::{Access, KeyPositions};
use super::table::find;

/// A command as a client sends it: a name and arguments.
///
/// ```
/// use selvedge_redis::{Command, Keys};
///
/// let command = Command::new(["MSET", "a", "1", "b", "2"]);
/// let Keys::Known { writes, .. } = command.keys() else { panic!() };
/// assert!(writes.iter().eq(["a", "b"]));
/// assert_eq!(Command::new(["FLUSHALL"]).keys(), Keys::All);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Command {
    words: Vec<Bytes>,
}

/// The keys that a command accesses, as derived from its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Exactly these keys.
    Known {
        /// Keys that are read and not changed. Reading an expired key removes it.
        reads: BTreeSet<Bytes>,
        /// Keys that may be changed.
        writes: BTreeSet<Bytes>,
    },
    /// Any key.
    All,
}

impl Keys {
    /// No keys.
    pub fn none() -> Self {
        Keys::Known { reads: BTreeSet::new(), writes: BTreeSet::new() }
    }
}

impl Command {
    /// Creates a command from its name and arguments.
    ///
    /// # Panics
    ///
    /// If `words` is empty.
    pub fn new(words: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        words.into_iter().map(|word| Bytes::copy_from_slice(word.as_ref())).collect::<Vec<_>>().into()
    }

    /// The name, followed by the arguments.
    pub fn words(&self) -> &[Bytes] {
        &self.words
    }

    /// The first word, as sent.
    pub fn name(&self) -> &Bytes {
        &self.words[0]
    }

    /// The keys that the command accesses. `EXEC` accesses the keys of its queued commands, which
    /// its own arguments do not contain: see [`Server::footprint`](crate::Server::footprint).
    pub fn keys(&self) -> Keys {
        let Ok(spec) = find(&self.words) else { return Keys::none() };
        let Ok(positions) = spec.keys.positions(&self.words) else { return Keys::none() };
        let keys = positions.map(|at| self.words[at].clone()).collect();
        match (spec.keys, spec.access) {
            (KeyPositions::Any, _) => Keys::All,
            (KeyPositions::None, _) => Keys::none(),
            // A script may change the keys passed to it; `WATCH` only reads its keys.
            (KeyPositions::Counted, _) => Keys::Known { reads: BTreeSet::new(), writes: keys },
            (_, Access::Read | Access::Neither) => Keys::Known { reads: keys, writes: BTreeSet::new() },
            (_, Access::Write) => Keys::Known { reads: BTreeSet::new(), writes: keys },
        }
    }
}

impl From<Vec<Bytes>> for Command {
    fn from(words: Vec<Bytes>) -> Self {
        assert!(!words.is_empty(), "a command needs at least its name");
        Command { words }
    }
}

/// Prints the command as a user would type it; escapes non-printable characters.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.words.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            let is_plain =
                !word.is_empty() && word.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'"');
            if is_plain {
                f.write_str(&String::from_utf8_lossy(word))?;
            } else {
                write!(f, "\"{}\"", word.escape_ascii())?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}
