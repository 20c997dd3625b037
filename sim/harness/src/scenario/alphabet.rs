//! The characters of names: of scenarios, threads, axes, labels and keys. Names are printed
//! unescaped on terminals, in CI logs and in file formats, so they must not contain what these
//! interpret.

/// The longest name, in characters.
const LONGEST: usize = 100;

/// The rule for names, in words.
pub(super) const NAME: &str =
    "at most 100 letters, digits and printable ASCII characters, the first of them not `:` or a space";

/// The error in a name, if any.
pub(super) fn name_error(name: &str) -> Option<String> {
    if let Some(character) = name.chars().find(|&character| !is_allowed(character)) {
        return Some(format!("a name with the character U+{:04X}", u32::from(character)));
    }
    if name.chars().count() > LONGEST {
        return Some(format!("a name of {} characters", name.chars().count()));
    }
    // `::` begins a command for GitHub's runner.
    if name.starts_with([':', ' ']) || name.ends_with(' ') {
        return Some(format!("the name `{name}` begins or ends with a space, or begins with `:`"));
    }
    None
}

fn is_allowed(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, ' '..='~')
}

/// Whether the text is one line without characters that a terminal interprets.
pub(super) fn is_line(text: &str) -> bool {
    !text.chars().any(crate::plain::is_unsafe)
}

#[cfg(test)]
mod tests {
    use super::name_error;

    #[test]
    fn a_name_has_no_character_that_a_terminal_or_a_runner_interprets() {
        for sound in ["user:1", "control-article", "every kind", "2", "straße", "*", "a[1]", "$x", "(none)"]
        {
            assert_eq!(name_error(sound), None, "{sound}");
        }
        let long = "a".repeat(101);
        for bad in
            ["a\nb", "a\x1b[31m", "\x07", "a\u{202e}b", "a\u{200b}b", "::error::x", " a", "a ", "a\tb", &long]
        {
            assert!(name_error(bad).is_some(), "{bad:?}");
        }
    }
}
