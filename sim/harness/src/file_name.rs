//! The names of a case's files.

/// The longest stem, in bytes. File systems allow 255 for a name.
const LONGEST: usize = 200;

/// A portable file name without an extension. It may not be unique.
pub(crate) fn stem(scenario: &str, case: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() || "._=,-".contains(letter) { letter } else { '_' }
    };
    format!("{scenario}.{case}").chars().map(plain).take(LONGEST).collect()
}
