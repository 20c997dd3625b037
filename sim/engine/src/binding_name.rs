//! Names objects after the fields and variables that hold them.
//!
//! An object that is created without a name is `a mutex` in messages, which does not help if there
//! are several. The call that creates it usually stands behind the name that the program has for
//! it: `hits: Mutex::new(0)` or `let hits = Arc::new(Mutex::new(0))`. The source file is read when
//! a message or a trace needs the name; if the file is not there, the object keeps its default
//! name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The names of objects that are created without one, apart from atomics (`an AtomicU32`).
const DEFAULT_NAMES: [&str; 15] = [
    "a barrier",
    "a cell",
    "a channel",
    "a condvar",
    "a counter",
    "a lazy lock",
    "a map",
    "a mutex",
    "a once",
    "a once-lock",
    "a queue",
    "a reader-writer lock",
    "a set",
    "an Arc",
    "an object",
];

/// Whether an object of this name was created without a name.
pub(crate) fn is_default_name(name: &str) -> bool {
    DEFAULT_NAMES.contains(&name) || name.strip_prefix("an Atomic").is_some_and(|kind| !kind.contains(' '))
}

/// A source file, line and column.
type Position = (&'static str, u32, u32);

thread_local! {
    /// The names that were looked up.
    static NAMES: RefCell<HashMap<Position, Option<String>>> = RefCell::default();
}

/// The name of the field or variable that is initialized by the call at `source`.
pub(crate) fn binding_name(source: &'static std::panic::Location<'static>) -> Option<String> {
    // A variable of the engine's own is not a name for the user.
    let own_folder = file!().trim_end_matches("binding_name.rs");
    if source.file().starts_with(own_folder) {
        return None;
    }
    let position = (source.file(), source.line(), source.column());
    if let Some(known) = NAMES.with_borrow(|names| names.get(&position).cloned()) {
        return known;
    }
    let name = read_line(source.file(), source.line())
        .and_then(|line| name_before(line.get(..source.column() as usize - 1)?).map(str::to_owned));
    NAMES.with_borrow_mut(|names| names.insert(position, name.clone()));
    name
}

/// A line of a source file. Its path is relative to the workspace, which contains the current
/// folder.
fn read_line(file: &str, line: u32) -> Option<String> {
    let current = std::env::current_dir().ok()?;
    let candidates = current.ancestors().map(|folder| folder.join(file));
    let path: PathBuf = candidates.into_iter().find(|path| Path::is_file(path))?;
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().nth(line as usize - 1).map(str::to_owned)
}

/// The last field or variable of the text, if what follows its name can only be the start of its
/// value: constructors that wrap the value, or a type.
fn name_before(text: &str) -> Option<&str> {
    let mut rest = without_earlier_elements(text.trim_end())?;
    // `Arc::new(`, `Some(`, `Box::<dyn Any>::new(`, `[`, `&`.
    while let Some(before) = rest.strip_suffix(['(', '[', '&']) {
        rest = before.trim_end_matches(is_of_path).trim_end();
    }
    let declared = match rest.strip_suffix('=') {
        Some(assigned) => {
            let assigned = assigned.trim_end();
            let start = assigned.rfind("let ").map_or(0, |at| at + "let ".len());
            let pattern = &assigned[start..];
            let end = pattern.find(':').unwrap_or(pattern.len());
            pattern[..end].trim().trim_start_matches("mut ")
        }
        None => rest.strip_suffix(':').filter(|before| !before.ends_with(':'))?,
    };
    let start = declared.rfind(|c: char| !is_of_name(c)).map_or(0, |at| at + 1);
    let name = &declared[start..];
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name != "_";
    let is_all = start == 0 || declared[..start].ends_with(['{', ',', ' ', '.', '(']);
    (is_name && is_all).then_some(name)
}

/// The text up to the bracket of the array that it ends in, if it ends between two elements. `None`
/// if it ends between other items.
fn without_earlier_elements(text: &str) -> Option<&str> {
    if !text.ends_with(',') {
        return Some(text);
    }
    let mut closed = 0u32;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' | ']' | '}' => closed += 1,
            '[' if closed == 0 => return Some(&text[..=at]),
            '(' | '{' if closed == 0 => return None,
            '(' | '[' | '{' => closed -= 1,
            _ => {}
        }
    }
    None
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_of_path(c: char) -> bool {
    is_of_name(c) || matches!(c, ':' | '<' | '>')
}

#[cfg(test)]
mod tests {
    use super::name_before;

    #[test]
    fn names_are_found_before_constructors() {
        for (text, expected) in [
            ("    hits: ", Some("hits")),
            ("Shared { hits: ", Some("hits")),
            ("    Shared { misses: 0, hits: Arc::new(", Some("hits")),
            ("let hits = ", Some("hits")),
            ("let mut hits = Arc::new(", Some("hits")),
            ("let hits: Mutex<u32> = ", Some("hits")),
            ("let hits = Box::<Mutex<u32>>::new(", Some("hits")),
            ("let hits = [", Some("hits")),
            ("self.hits = Some(", Some("hits")),
            ("static HITS: Mutex<u32> = ", Some("HITS")),
            ("let (hits, misses) = (", None),
            ("let [hits, misses] = [", None),
            ("hits: [Mutex::new(0), Mutex::new(1), ", Some("hits")),
            ("let hits = Arc::new([Mutex::new([0]), ", Some("hits")),
            ("let hits = Counts::new(Mutex::new(0), ", None),
            ("Mutex::new(0), ", None),
            ("thread::spawn(move || ", None),
            ("if a == ", None),
            ("", None),
            ("let _ = ", None),
        ] {
            assert_eq!(name_before(text), expected, "{text:?}");
        }
    }
}
