//! A command as a client sends it.

use std::fmt;

use bytes::Bytes;

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
