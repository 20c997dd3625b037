//! What a case's files are called.

/// The longest name that a file gets, without its ending: file systems take 255 bytes.
const LONGEST: usize = 200;

/// A name that every file system takes, without its ending. Two cases may have the same.
pub(crate) fn stem(scenario: &str, case: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() || "._=,-".contains(letter) { letter } else { '_' }
    };
    format!("{scenario}.{case}").chars().map(plain).take(LONGEST).collect()
}
