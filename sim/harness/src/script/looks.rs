//! Detects that a script looks into a key or a value, instead of storing and comparing it.
//!
//! [`prove`](crate::prove) runs one client of each class under renaming of threads and values. That
//! is justified if a renaming changes no step of the cache. A text that contains the name of a key
//! or the text of a value is the result of formats and concatenations, which commute with a
//! renaming, and so do comparisons for equality. The operations that call [`Machine::look`] do not:
//! they read characters, their order or their number.

use super::code::Code;
use super::machine::Machine;
use super::value::{Text, V};
use crate::history::Key;

/// The mark of a value in a string. See [`text_of`](super::value::text_of).
const MARK: &str = "@v";

impl Machine {
    /// Records that an operation depends on the characters of this text, if it has a key's name or
    /// a value in it.
    pub(crate) fn look(&self, text: &Text) {
        if self.looked.get().is_none() && self.mentions(text) {
            self.looked.set(Some(self.spot));
        }
    }

    fn mentions(&self, text: &Text) -> bool {
        match text {
            Text::Key(_) => true,
            Text::Shared(text) => {
                text.contains(MARK) || self.names.iter().any(|name| text.contains(name.name()))
            }
        }
    }
}

impl Code {
    /// Whether a string of the script contains a part of a key's name that is as long as the name
    /// without its last character, or the mark of a value: the script may make such a name itself.
    pub(crate) fn may_name(&self, keys: &[Key]) -> bool {
        let text = |value: &V| match value {
            V::Text(text) => Some(text.as_str().to_owned()),
            _ => None,
        };
        let stem = |key: &Key| {
            let mut stem = key.name().to_owned();
            stem.pop();
            stem
        };
        let is_of = |text: &str, key: &Key| text.contains(&stem(key));
        let mut texts = self.constants.iter().filter_map(text);
        texts.any(|text| text.contains(MARK) || keys.iter().any(|key| is_of(&text, key)))
    }
}
