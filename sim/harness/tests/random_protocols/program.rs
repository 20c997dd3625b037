//! A cache protocol as text: the steps of a read, a write and a deletion.
//!
//! ```text
//! get hit token fetch same(fill) / set write bump drop / delete write drop
//! ```

use std::fmt;
use std::iter::Peekable;

/// One step of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Returns the local entry, if there is one.
    Hit,
    /// Saves the key's counter.
    Token,
    /// Reads the remote tier, which gives a read's result.
    Fetch,
    /// Stores the fetched value in the local tier.
    Fill,
    /// The same, under the lock of the entry, if the counter equals the saved one.
    Fence,
    /// Removes the key from the local tier.
    Drop,
    /// Writes the remote tier, or deletes there. A read writes the value that it fetched, if there
    /// is one.
    Write,
    /// Applies [`Write`](Step::Write) to the local tier.
    Put,
    /// Increments the key's counter.
    Bump,
    /// Executes all of these under the lock of the whole cache.
    Lock(Vec<Step>),
    /// Executes these if the key's counter equals the saved one.
    Same(Vec<Step>),
    /// Executes these if the local tier does not have the key.
    Miss(Vec<Step>),
}

/// The steps without nested steps.
const PLAIN: [(&str, Step); 9] = [
    ("hit", Step::Hit),
    ("token", Step::Token),
    ("fetch", Step::Fetch),
    ("fill", Step::Fill),
    ("fence", Step::Fence),
    ("drop", Step::Drop),
    ("write", Step::Write),
    ("put", Step::Put),
    ("bump", Step::Bump),
];

/// A protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) get: Vec<Step>,
    pub(super) set: Vec<Step>,
    pub(super) delete: Vec<Step>,
}

impl Program {
    /// Parses the text.
    pub(super) fn parse(text: &str) -> Self {
        let of = |name: &str| {
            let its = text.split('/').find_map(|part| part.trim().strip_prefix(name));
            let spaced = its.unwrap_or_default().replace('(', " ( ").replace(')', " ) ");
            steps(&mut spaced.split_whitespace().peekable())
        };
        Program { get: of("get "), set: of("set "), delete: of("delete ") }
    }
}

fn steps<'t>(words: &mut Peekable<impl Iterator<Item = &'t str>>) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(word) = words.next_if(|word| *word != ")") {
        if let Some((_, plain)) = PLAIN.iter().find(|(name, _)| *name == word) {
            steps.push(plain.clone());
            continue;
        }
        assert_eq!(words.next(), Some("("), "`{word}` is not a step");
        let inner = self::steps(words);
        assert_eq!(words.next(), Some(")"), "`{word}` has no end");
        steps.push(match word {
            "lock" => Step::Lock(inner),
            "same" => Step::Same(inner),
            "miss" => Step::Miss(inner),
            _ => panic!("`{word}` is not a step"),
        });
    }
    steps
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Program { get, set, delete } = self;
        write!(f, "get {} / set {} / delete {}", said(get), said(set), said(delete))
    }
}

fn said(steps: &[Step]) -> String {
    let say = |step: &Step| match step {
        Step::Lock(inner) => format!("lock({})", said(inner)),
        Step::Same(inner) => format!("same({})", said(inner)),
        Step::Miss(inner) => format!("miss({})", said(inner)),
        plain => PLAIN.iter().find(|(_, step)| step == plain).map_or("?", |(name, _)| name).to_owned(),
    };
    steps.iter().map(say).collect::<Vec<_>>().join(" ")
}
