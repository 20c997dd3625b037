//! A cache protocol as a text: what a read, a write and a deletion do, step by step.
//!
//! ```text
//! get hit token fetch same(fill) / set write bump drop / delete write drop
//! ```

use std::fmt;
use std::iter::Peekable;

/// What an operation does at one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// If the local tier has the key, returns that.
    Hit,
    /// Keeps in mind what the key's counter is.
    Token,
    /// Reads the remote tier: that is what a read returns.
    Fetch,
    /// Puts what was fetched into the local tier.
    Fill,
    /// The same, under the lock of the entry, if the counter is as it was kept in mind.
    Fence,
    /// Takes the key out of the local tier.
    Drop,
    /// Writes the remote tier, or deletes there. A read writes what it has fetched, if anything.
    Write,
    /// Does to the local tier what [`Write`](Step::Write) does to the remote one.
    Put,
    /// Moves the key's counter on.
    Bump,
    /// Does all of this under the lock of the whole cache.
    Lock(Vec<Step>),
    /// Does this if the key's counter is as it was kept in mind.
    Same(Vec<Step>),
    /// Does this if the local tier has not got the key.
    Miss(Vec<Step>),
}

/// The steps that have no steps in them.
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
    /// Reads the text.
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
        assert_eq!(words.next(), Some("("), "`{word}` is no step");
        let inner = self::steps(words);
        assert_eq!(words.next(), Some(")"), "`{word}` has no end");
        steps.push(match word {
            "lock" => Step::Lock(inner),
            "same" => Step::Same(inner),
            "miss" => Step::Miss(inner),
            _ => panic!("`{word}` is no step"),
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
