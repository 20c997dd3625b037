//! The steps of a sequence.

use std::fmt;

use proptest::prelude::*;

/// A word of a command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word {
    Bytes(Vec<u8>),
    /// The id of a connection, which differs between the servers.
    Id(usize),
}

/// One command of a connection, and a pause.
#[derive(Clone)]
pub(crate) struct SequenceStep {
    pub(crate) connection: usize,
    pub(crate) words: Vec<Word>,
    /// Waiting time after the command, in milliseconds.
    pub(crate) then_sleep_ms: u64,
}

impl<T: AsRef<[u8]>> From<T> for Word {
    fn from(bytes: T) -> Self {
        Word::Bytes(bytes.as_ref().to_vec())
    }
}

impl fmt::Debug for SequenceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.connection)?;
        for word in &self.words {
            match word {
                Word::Bytes(bytes) => write!(f, " {}", bytes.escape_ascii())?,
                Word::Id(connection) => write!(f, " <id of {connection}>")?,
            }
        }
        if self.then_sleep_ms > 0 {
            write!(f, " (then {} ms)", self.then_sleep_ms)?;
        }
        Ok(())
    }
}

/// The words of a command.
pub(crate) type Words = Vec<Word>;

/// Splits a text into words.
pub(crate) fn line(text: &str) -> Words {
    text.split(' ').map(Word::from).collect()
}

/// Steps of random connections.
pub(crate) fn steps(
    connections: usize,
    words: impl Strategy<Value = Words>,
) -> impl Strategy<Value = SequenceStep> {
    (0..connections, words).prop_map(|(connection, words)| SequenceStep {
        connection,
        words,
        then_sleep_ms: 0,
    })
}

/// Commands from templates in which `{}` stands for a key.
pub(crate) fn lines(lines: &'static [&'static str]) -> impl Strategy<Value = Words> {
    (prop::sample::select(lines), prop::collection::vec(key(), 4)).prop_map(|(text, keys)| {
        let mut keys = keys.into_iter();
        let fill = |word: &str| if word == "{}" { keys.next().unwrap_or_default() } else { word.to_owned() };
        text.split(' ').map(fill).map(Word::from).collect()
    })
}

/// One of few keys, so that commands interact.
pub(crate) fn key() -> impl Strategy<Value = String> {
    prop::sample::select(&["a", "b", "c", "ab", "user:1"][..]).prop_map(str::to_owned)
}

/// A short value: a number, a text, or arbitrary bytes.
pub(crate) fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (-20i64..20).prop_map(|number| number.to_string().into_bytes()),
        3 => prop::sample::select(&["x", "yy", "a b", "", "007", "+1", "1.5", " 1", "-0"][..])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::sample::select(&[i64::MAX, i64::MIN, i64::MAX - 3][..])
            .prop_map(|number| number.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ]
}

/// Changes some commands randomly: too many words, too few, or a different word. Commands whose
/// other forms depend on a hash table's order stay unchanged.
pub(crate) fn mutated(words: impl Strategy<Value = Words>) -> impl Strategy<Value = Words> {
    (words, prop::option::weighted(0.06, (any::<prop::sample::Index>(), 0..3, value()))).prop_map(
        |(mut words, mutation)| {
            // All members of `lex` have the same score, and each scan covers all keys: Redis does
            // not specify the replies of other commands.
            let is_fixed = ["lex", "one"].iter().any(|key| words.contains(&Word::from(key)))
                || ["SCAN", "SSCAN", "SPOP"].iter().any(|name| words[0] == Word::from(name));
            if let Some((at, how, value)) = mutation.filter(|_| !is_fixed) {
                let at = at.index(words.len());
                match how {
                    0 => words.truncate(at.max(1)),
                    1 => words.push(value.into()),
                    _ if at > 0 => words[at] = value.into(),
                    _ => {}
                }
            }
            words
        },
    )
}
