//! Lua's patterns, without recursion and with a bounded number of steps.
//!
//! The semantics are those of `lstrlib.c` of Lua 5.1, with the same order of alternatives. There,
//! each `?`, each capture and each attempt of a repetition is a recursive call of `match`: a long
//! pattern overflows the stack, and nested repetitions take exponential time that no hook of the
//! interpreter sees. Here, the alternatives are a list of [`Choice`]s, no longer than the pattern,
//! and each step is counted.

use std::ops::Range;

/// The maximum number of captures in a pattern (`LUA_MAXCAPTURES`).
const MOST_CAPTURES: usize = 32;

/// The reason why matching failed with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The pattern is malformed: Lua's message.
    Malformed(&'static str),
    /// No steps are left.
    OutOfSteps,
}

/// The content of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Capture {
    /// A part of the subject.
    Text(Range<usize>),
    /// `()`: a position in the subject, from 0.
    Position(usize),
    /// The pattern ended inside the capture.
    Unfinished,
}

/// A pattern and its subject.
#[derive(Debug)]
pub(super) struct Matcher<'a> {
    subject: &'a [u8],
    pattern: &'a [u8],
    captures: Vec<(usize, Length)>,
    choices: Vec<Choice>,
    /// The remaining steps.
    steps: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Open,
    Position,
    Bytes(usize),
}

/// An alternative to try, or an effect to undo, if the rest of the pattern does not match. `rest`
/// is the start of that rest.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// `*`, `+`: one repetition fewer than `count`, from `start`.
    Fewer { start: usize, count: usize, rest: usize },
    /// `-`: one more repetition of `item`, at `at`.
    More { at: usize, item: usize, rest: usize },
    /// `?`: without the item.
    Without { at: usize, rest: usize },
    /// Undo the opening of a capture.
    Opened,
    /// Undo the closing of this capture.
    Closed(usize),
}

impl<'a> Matcher<'a> {
    /// Creates a matcher. As in Lua, the pattern ends at its first NUL. `steps` is the maximum
    /// number of steps.
    pub(super) fn new(subject: &'a [u8], pattern: &'a [u8], steps: u64) -> Self {
        let end = pattern.iter().position(|byte| *byte == 0).unwrap_or(pattern.len());
        Matcher { subject, pattern: &pattern[..end], captures: Vec::new(), choices: Vec::new(), steps }
    }

    /// The remaining steps.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// The end of the match that starts at `start`, if there is one.
    pub(super) fn match_at(&mut self, start: usize) -> Result<Option<usize>, Fault> {
        self.captures.clear();
        self.choices.clear();
        let (mut at, mut item) = (start, 0);
        loop {
            self.step(1)?;
            match self.advance(at, item)? {
                Next::Matched(end) => return Ok(Some(end)),
                Next::Go(next) => (at, item) = next,
                Next::Failed => match self.retry()? {
                    Some(next) => (at, item) = next,
                    None => return Ok(None),
                },
            }
        }
    }

    /// The captures of the last match; the whole match if the pattern has none.
    pub(super) fn captures(&self, whole: Range<usize>) -> Vec<Capture> {
        if self.captures.is_empty() {
            return vec![Capture::Text(whole)];
        }
        self.explicit_captures()
    }

    /// The captures of the last match.
    pub(super) fn explicit_captures(&self) -> Vec<Capture> {
        let capture = |&(start, length): &(usize, Length)| match length {
            Length::Open => Capture::Unfinished,
            Length::Position => Capture::Position(start),
            Length::Bytes(bytes) => Capture::Text(start..start + bytes),
        };
        self.captures.iter().map(capture).collect()
    }

    fn step(&mut self, steps: usize) -> Result<(), Fault> {
        self.steps = self.steps.checked_sub(steps as u64).ok_or(Fault::OutOfSteps)?;
        Ok(())
    }

    /// The byte at an index of the pattern; NUL after its end.
    fn byte(&self, index: usize) -> u8 {
        self.pattern.get(index).copied().unwrap_or(0)
    }

    fn advance(&mut self, at: usize, item: usize) -> Result<Next, Fault> {
        match (self.byte(item), self.byte(item + 1)) {
            (b'(', b')') => self.open(at, Length::Position, item + 2),
            (b'(', _) => self.open(at, Length::Open, item + 1),
            (b')', _) => self.close(at, item + 1),
            (b'%', b'b') => self.balanced(at, item + 2),
            (b'%', b'f') => self.frontier(at, item + 2),
            (b'%', digit) if digit.is_ascii_digit() => self.back_reference(at, digit, item + 2),
            (0, _) => Ok(Next::Matched(at)),
            (b'$', 0) => Ok(if at == self.subject.len() { Next::Matched(at) } else { Next::Failed }),
            _ => self.item(at, item),
        }
    }

    /// Matches a single character or class with its quantifier.
    fn item(&mut self, at: usize, item: usize) -> Result<Next, Fault> {
        let end = self.class_end(item)?;
        self.step(end - item)?;
        let rest = end + 1;
        let matches = |it: &Self, at: usize| it.matches(at, item, end);
        match self.byte(end) {
            b'?' if matches(self, at) => {
                self.choices.push(Choice::Without { at, rest });
                Ok(Next::Go((at + 1, rest)))
            }
            b'?' => Ok(Next::Go((at, rest))),
            b'+' if !matches(self, at) => Ok(Next::Failed),
            suffix @ (b'*' | b'+') => {
                let start = if suffix == b'+' { at + 1 } else { at };
                let mut count = 0;
                while matches(self, start + count) {
                    self.step(end - item)?;
                    count += 1;
                }
                self.choices.push(Choice::Fewer { start, count, rest });
                Ok(Next::Go((start + count, rest)))
            }
            b'-' => {
                self.choices.push(Choice::More { at, item, rest });
                Ok(Next::Go((at, rest)))
            }
            _ => Ok(if matches(self, at) { Next::Go((at + 1, end)) } else { Next::Failed }),
        }
    }

    /// The positions from which to retry after a failure: in the subject and in the pattern.
    fn retry(&mut self) -> Result<Option<(usize, usize)>, Fault> {
        while let Some(choice) = self.choices.pop() {
            match choice {
                Choice::Fewer { count: 0, .. } => {}
                Choice::Fewer { start, count, rest } => {
                    self.choices.push(Choice::Fewer { start, count: count - 1, rest });
                    return Ok(Some((start + count - 1, rest)));
                }
                Choice::More { at, item, rest } => {
                    self.step(rest - item)?;
                    if self.matches(at, item, rest - 1) {
                        self.choices.push(Choice::More { at: at + 1, item, rest });
                        return Ok(Some((at + 1, rest)));
                    }
                }
                Choice::Without { at, rest } => return Ok(Some((at, rest))),
                Choice::Opened => drop(self.captures.pop()),
                Choice::Closed(capture) => self.captures[capture].1 = Length::Open,
            }
        }
        Ok(None)
    }

    fn open(&mut self, at: usize, length: Length, rest: usize) -> Result<Next, Fault> {
        if self.captures.len() >= MOST_CAPTURES {
            return Err(Fault::Malformed("too many captures"));
        }
        self.captures.push((at, length));
        self.choices.push(Choice::Opened);
        Ok(Next::Go((at, rest)))
    }

    fn close(&mut self, at: usize, rest: usize) -> Result<Next, Fault> {
        let open = self.captures.iter().rposition(|(_, length)| *length == Length::Open);
        let open = open.ok_or(Fault::Malformed("invalid pattern capture"))?;
        self.captures[open].1 = Length::Bytes(at - self.captures[open].0);
        self.choices.push(Choice::Closed(open));
        Ok(Next::Go((at, rest)))
    }

    /// `%bxy`
    fn balanced(&mut self, at: usize, item: usize) -> Result<Next, Fault> {
        let (first, last) = (self.byte(item), self.byte(item + 1));
        if first == 0 || last == 0 {
            return Err(Fault::Malformed("unbalanced pattern"));
        }
        // Lua's subject ends with a NUL, which no pattern contains.
        if self.subject.get(at) != Some(&first) {
            return Ok(Next::Failed);
        }
        let mut depth = 1;
        for index in at + 1..self.subject.len() {
            self.step(1)?;
            let byte = self.subject[index];
            if byte == last {
                depth -= 1;
                if depth == 0 {
                    return Ok(Next::Go((index + 1, item + 2)));
                }
            } else if byte == first {
                depth += 1;
            }
        }
        Ok(Next::Failed)
    }

    /// `%f[set]`
    fn frontier(&mut self, at: usize, item: usize) -> Result<Next, Fault> {
        if self.byte(item) != b'[' {
            return Err(Fault::Malformed("missing '[' after '%f' in pattern"));
        }
        let end = self.class_end(item)?;
        self.step(end - item)?;
        let previous = if at == 0 { 0 } else { self.subject[at - 1] };
        let current = self.subject.get(at).copied().unwrap_or(0);
        let is_at = !self.in_set(previous, item, end - 1) && self.in_set(current, item, end - 1);
        Ok(if is_at { Next::Go((at, end)) } else { Next::Failed })
    }

    /// `%1`
    fn back_reference(&mut self, at: usize, digit: u8, rest: usize) -> Result<Next, Fault> {
        let index = usize::from(digit).checked_sub(usize::from(b'1'));
        let capture = index.and_then(|index| self.captures.get(index)).copied();
        match capture {
            None | Some((_, Length::Open)) => Err(Fault::Malformed("invalid capture index")),
            // Lua compares its negative length as a large one.
            Some((_, Length::Position)) => Ok(Next::Failed),
            Some((start, Length::Bytes(bytes))) => {
                self.step(bytes / 8)?;
                let captured = &self.subject[start..start + bytes];
                let is_same = self.subject[at..].starts_with(captured);
                Ok(if is_same { Next::Go((at + bytes, rest)) } else { Next::Failed })
            }
        }
    }

    /// The end of the character or class at `item`.
    fn class_end(&self, item: usize) -> Result<usize, Fault> {
        let mut index = item + 1;
        match self.byte(item) {
            b'%' if self.byte(index) == 0 => Err(Fault::Malformed("malformed pattern (ends with '%')")),
            b'%' => Ok(index + 1),
            b'[' => {
                if self.byte(index) == b'^' {
                    index += 1;
                }
                loop {
                    let byte = self.byte(index);
                    if byte == 0 {
                        return Err(Fault::Malformed("malformed pattern (missing ']')"));
                    }
                    index += 1;
                    if byte == b'%' && self.byte(index) != 0 {
                        index += 1;
                    }
                    if self.byte(index) == b']' {
                        return Ok(index + 1);
                    }
                }
            }
            _ => Ok(index),
        }
    }

    /// Whether there is a character at `at`, and the class from `item` to `end` contains it.
    fn matches(&self, at: usize, item: usize, end: usize) -> bool {
        let Some(&byte) = self.subject.get(at) else { return false };
        match self.byte(item) {
            b'.' => true,
            b'%' => in_class(byte, self.byte(item + 1)),
            b'[' => self.in_set(byte, item, end - 1),
            other => other == byte,
        }
    }

    /// Whether the set from `[` to `]` contains the byte.
    fn in_set(&self, byte: u8, open: usize, close: usize) -> bool {
        let is_negated = self.byte(open + 1) == b'^';
        let mut index = open + 1 + usize::from(is_negated);
        while index < close {
            let found = match self.byte(index) {
                b'%' => {
                    index += 1;
                    in_class(byte, self.byte(index))
                }
                first if self.byte(index + 1) == b'-' && index + 2 < close => {
                    index += 2;
                    (first..=self.byte(index)).contains(&byte)
                }
                other => other == byte,
            };
            if found {
                return !is_negated;
            }
            index += 1;
        }
        is_negated
    }
}

enum Next {
    /// Continue at this position of the subject and of the pattern.
    Go((usize, usize)),
    Failed,
    Matched(usize),
}

/// Whether a class such as `%a` contains the byte, in the locale "C".
fn in_class(byte: u8, class: u8) -> bool {
    let is_in = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte.is_ascii_whitespace() || byte == 0x0b,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    is_in == class.is_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use mlua::{Function, Lua, MultiValue};
    use proptest::prelude::*;

    use crate::script::machine::Machine;

    /// Pieces of valid and invalid patterns.
    const PIECES: [&str; 36] = [
        "a", "b", "c", ".", "%a", "%d", "%S", "%w", "%z", "%%", "[ab]", "[^a]", "[a-c]", "[%a-]", "[]a]",
        "(", ")", "()", "*", "+", "-", "?", "%1", "%2", "%b()", "%bab", "%f[a]", "%f[^b]", "^", "$", "[",
        "%", "]", "\0", "(a)", "(.-)",
    ];

    /// The result of a library function as text; its error without the position.
    fn outcome(lua: &Lua, function: &Function, arguments: &[&[u8]]) -> String {
        let arguments = arguments.iter().map(|it| lua.create_string(it).map(mlua::Value::String));
        let arguments: MultiValue = arguments.collect::<Result<_, _>>().expect("memory");
        match function.call::<MultiValue>(arguments) {
            Ok(values) => {
                let texts = values.into_iter().map(|value| match lua.coerce_string(value) {
                    Ok(Some(text)) => text.as_bytes().escape_ascii().to_string(),
                    _ => "nil".to_owned(),
                });
                texts.collect::<Vec<_>>().join(", ")
            }
            Err(error) => {
                let text = error.to_string();
                let text = text.lines().next().unwrap_or_default().trim_start_matches("runtime error: ");
                format!("error: {text}")
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Compares with Lua's own functions, for patterns that these can process.
        #[test]
        fn agrees_with_lua(
            pattern in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..6),
            subject in "[abc()1 \0-]{0,10}",
            replacement in "[ab%012]{0,4}",
        ) {
            let (ours, theirs) = (Machine::new(), Lua::new());
            ours.prepare().expect("memory");
            let pattern = pattern.concat();
            let [subject, pattern, replacement] = [&subject, &pattern, &replacement].map(|it| it.as_bytes());
            let all = "return function(...) local t = {}; \
                       for a, b in string.gmatch(...) do t[#t + 1] = tostring(a) .. tostring(b) end; \
                       return table.concat(t, ' ') end";
            for name in ["find", "match", "gsub", "all"] {
                let found = [&ours.lua, &theirs].map(|lua| {
                    let function: Function = match name {
                        "all" => lua.load(all).eval().expect("a function"),
                        name => lua.load(format!("return string.{name}")).eval().expect("a function"),
                    };
                    outcome(lua, &function, &[subject, pattern, replacement][..if name == "gsub" { 3 } else { 2 }])
                });
                prop_assert_eq!(&found[0], &found[1], "{}", name);
            }
        }
    }
}
