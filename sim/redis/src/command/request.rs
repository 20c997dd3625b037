//! A command as a client sends it.

use std::collections::BTreeSet;
use std::fmt;

use bytes::Bytes;

use super::spec::{Access, KeyPlaces};
use super::table::find;

/// A command as a client sends it: its name, and its arguments.
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

/// The keys that a command touches, as far as its words tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// These, and no other.
    Known {
        /// Keys that are read, and not changed. Reading a key that is past its deadline removes it.
        reads: BTreeSet<Bytes>,
        /// Keys that may be changed.
        writes: BTreeSet<Bytes>,
    },
    /// Any.
    All,
}

impl Keys {
    /// No keys.
    pub fn none() -> Self {
        Keys::Known { reads: BTreeSet::new(), writes: BTreeSet::new() }
    }
}

impl Command {
    /// A command of these words.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn new(words: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        words.into_iter().map(|word| Bytes::copy_from_slice(word.as_ref())).collect::<Vec<_>>().into()
    }

    /// All words: the name, and then the arguments.
    pub fn words(&self) -> &[Bytes] {
        &self.words
    }

    /// The first word, as it was sent.
    pub fn name(&self) -> &Bytes {
        &self.words[0]
    }

    /// The keys that the command touches. `EXEC` touches those of what was queued, which its own words do not tell: see
    /// [`Server::footprint`](crate::Server::footprint).
    pub fn keys(&self) -> Keys {
        let Ok(spec) = find(&self.words) else { return Keys::none() };
        let Ok(places) = spec.keys.places(&self.words) else { return Keys::none() };
        let keys = places.map(|place| self.words[place].clone()).collect();
        match (spec.keys, spec.access) {
            (KeyPlaces::Any, _) => Keys::All,
            (KeyPlaces::None, _) => Keys::none(),
            // A script may change what it is given; what is watched is only looked at.
            (KeyPlaces::Counted, _) => Keys::Known { reads: BTreeSet::new(), writes: keys },
            (_, Access::Read | Access::Neither) => Keys::Known { reads: keys, writes: BTreeSet::new() },
            (_, Access::Write) => Keys::Known { reads: BTreeSet::new(), writes: keys },
        }
    }
}

impl From<Vec<Bytes>> for Command {
    fn from(words: Vec<Bytes>) -> Self {
        assert!(!words.is_empty(), "a command has a name");
        Command { words }
    }
}

/// As one would type it, with what is not plain text escaped.
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
